#include "ingest/strace/strace_private.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/scan.h"
#include "ingest/arch.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <time.h>

/* A file's last change is stamped by the coarse clock, or in whole seconds by whoever copied it:
 * a line may seem to be that much later. */
#define SLACK_MS 2000

struct strace {
	struct strace_names *names;
	struct strace_processes *processes;
	struct strace_summary summary;
	struct buf base;         /* of an -ff: the path without the pid */
	uint32_t file_pid;       /* of an -ff: whose file it is; 0: none */
	uint32_t alone;          /* who writes lines without pid; 0: not known */
	bool calls_seen;         /* of this input: a line without pid goes on from them */
	struct strace_seen seen; /* the table of -C would count them again */
	bool has_first;
	uint64_t first_hash; /* of the first call's line: tells traces without times apart */
	uint64_t rows_hash;  /* of all rows of a summary so far: tells summaries apart */
	int64_t end_ms;
	uint64_t elapsed_us;  /* of -r: all */
	uint64_t relative_us; /* of -r: so far */
	bool has_clock;
	uint32_t clock; /* second of the day, and when that was */
	int64_t clock_ms;
	struct record record;
	struct buf identity;
	char comm[STRACE_COMM_SIZE];
	char exe[STRACE_PATH_MAX];
	char path[STRACE_PATH_MAX];
};

/* The parts of a line that are needed. */
struct content {
	struct strace_head head;
	struct str text; /* behind the head */
	size_t name_n;   /* of a call, else 0 */
	bool resumed, ended;
};

struct strace *strace_new(void)
{
	struct strace *strace = mem_new(1, sizeof(*strace));

	strace->names = strace_names_new();
	strace->processes = strace_processes_new();
	return strace;
}

void strace_free(struct strace *strace)
{
	if (!strace)
		return;
	strace_names_free(strace->names);
	strace_processes_free(strace->processes);
	buf_release(&strace->base);
	buf_release(&strace->identity);
	free(strace);
}

static struct str without_suffix(struct str path)
{
	static const struct str suffixes[] = {{".gz", 3}, {".xz", 3}, {".zst", 4}, {".bz2", 4}};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct str suffix = suffixes[i];

		if (path.n > suffix.n &&
		    memcmp(path.p + path.n - suffix.n, suffix.p, suffix.n) == 0)
			return str_of(path.p, path.n - suffix.n);
	}
	return path;
}

/* "BASE.PID"; returns the pid, 0 if that is not how path ends. */
static uint32_t split_pid(struct str path, struct str *ret_base)
{
	uint64_t pid = 0;

	path = without_suffix(path);
	size_t n = path.n;

	while (n > 0 && path.n - n < 8 && is_digit(path.p[n - 1]))
		n--;
	for (size_t i = n; i < path.n; i++)
		pid = pid * 10 + (uint64_t)(path.p[i] - '0');
	if (n < 2 || path.p[n - 1] != '.' || pid > STRACE_PID_MAX)
		return 0;
	*ret_base = str_of(path.p, n - 1);
	return (uint32_t)pid;
}

void strace_begin(struct strace *strace, const struct strace_input *input)
{
	struct str base = input->path;
	uint32_t pid = split_pid(input->path, &base);

	if (pid == 0 || strace->file_pid == 0 || !str_eq(base, buf_str(&strace->base)))
		strace_processes_clear(strace->processes);
	strace->file_pid = strace->alone = pid;
	buf_clear(&strace->base);
	buf_put_str(&strace->base, base);
	strace->summary = (struct strace_summary){.state = STRACE_SUMMARY_NONE};
	strace->calls_seen = strace->has_first = strace->has_clock = false;
	strace->seen = (struct strace_seen){0};
	strace->end_ms = input->end_ms;
	strace->elapsed_us = input->elapsed_us;
	strace->relative_us = strace->rows_hash = 0;
}

/* The latest such time of the day that is not after the input's end. */
static int64_t clock_ms(struct strace *strace, uint32_t clock)
{
	int64_t last = strace->end_ms + SLACK_MS;
	time_t seconds = (time_t)(last / 1000);
	struct tm tm;

	if (strace->has_clock && strace->clock == clock)
		return strace->clock_ms;
	strace->has_clock = true;
	strace->clock = clock;
	strace->clock_ms = last;
	if (!localtime_r(&seconds, &tm))
		return last;
	tm.tm_hour = (int)(clock / 3600);
	tm.tm_min = (int)(clock / 60 % 60);
	tm.tm_sec = (int)(clock % 60);
	tm.tm_isdst = -1;
	struct tm day_before = tm;

	seconds = mktime(&tm);
	if (seconds * 1000 > last) {
		day_before.tm_mday--;
		seconds = mktime(&day_before);
	}
	strace->clock_ms = (int64_t)seconds * 1000;
	return strace->clock_ms;
}

/* So long before the end as the lines that are still to come took. */
static int64_t relative_ms(const struct strace *strace)
{
	uint64_t left = strace->elapsed_us > strace->relative_us
				? (strace->elapsed_us - strace->relative_us) / 1000
				: 0;

	return left < (uint64_t)strace->end_ms ? strace->end_ms - (int64_t)left : 0;
}

/* When the line was written, as far as that is known. */
static int64_t line_ms(struct strace *strace, const struct strace_head *head)
{
	strace->relative_us += head->relative_us;
	if (head->has_time)
		return head->ms;
	if (head->has_clock)
		return clock_ms(strace, head->clock) + head->clock_ms;
	return head->has_relative ? relative_ms(strace) : strace->end_ms;
}

/* Of a line without pid: the process that is alone. Once it has ended, that is another one. */
static struct strace_process *nameless_process(struct strace *strace)
{
	struct strace_process *process = strace_process_find(strace->processes, strace->alone);

	if (!process && !strace->file_pid && strace->calls_seen)
		process = strace_process_latest(strace->processes);
	if (process)
		strace->alone = process->pid;
	return strace_process_get(strace->processes, strace->alone);
}

/*
 * On standard error the first process gets its pid written only once there is a second one. A
 * pid that is new is the first one's if that goes on with a call, or is not about to fork.
 */
static void name_nameless(struct strace *strace, const struct content *content, uint32_t pid)
{
	struct strace_process *nameless;

	if (strace->alone || strace_process_find(strace->processes, pid))
		return;
	nameless = strace_process_find(strace->processes, 0);
	if (!nameless || (!content->resumed && nameless->pending == STRACE_PENDING_FORK))
		return;
	strace_process_name(strace->processes, pid);
	strace->alone = pid;
}

static struct strace_process *process_of(struct strace *strace, const struct content *content)
{
	const struct strace_head *head = &content->head;

	if (!head->has_pid)
		return nameless_process(strace);
	name_nameless(strace, content, head->pid);
	return strace_process_get(strace->processes, head->pid);
}

static bool is_exec(struct str name)
{
	return str_eq(name, STR("execve")) || str_eq(name, STR("execveat"));
}

static bool is_fork(struct str name)
{
	return str_eq(name, STR("clone")) || str_eq(name, STR("clone3")) ||
	       str_eq(name, STR("fork")) || str_eq(name, STR("vfork"));
}

/* --decode-pids=pidns writes the pid of the lines, if it is another, as a comment behind the result:
 * 3 and "25638 in strace's PID NS". */
static uint64_t own_pid(struct str result, uint64_t pid)
{
	static const struct str mark = {" /* ", 4}, rest = {" in strace's PID NS", 19};
	struct str number = str_skip(result, str_find(result, mark));
	uint64_t own = 0;
	const char *end;

	if (number.n == 0)
		return pid;
	number = str_skip(number, mark.n);
	end = scan_decimal(number.p, number.p + number.n, 9, &own);
	if (!str_starts(str_skip(number, (size_t)(end - number.p)), rest))
		return pid;
	return own;
}

/* A call that forks, executes or renames came back. */
static void finish(struct strace *strace, struct strace_process *process, struct str result)
{
	enum strace_pending pending = process->pending;
	uint64_t value = 0;
	size_t n = 0;

	for (; n < result.n && n < 9 && is_digit(result.p[n]); n++)
		value = value * 10 + (uint64_t)(result.p[n] - '0');
	process->pending = STRACE_PENDING_NONE;
	if (pending == STRACE_PENDING_EXEC && n == 1 && value == 0)
		strace_process_exec(process);
	else if (pending == STRACE_PENDING_NAME && n == 1 && value == 0)
		strace_process_rename(process);
	else if (pending == STRACE_PENDING_FORK && value > 0)
		strace_process_fork(strace->processes, process, (uint32_t)own_pid(result, value));
}

/* What an execve is to start; execveat has a descriptor before the path. */
static void note_path(struct strace *strace, struct strace_process *process, struct str name,
		      struct str arguments)
{
	size_t n = 0;

	if (str_eq(name, STR("execveat"))) {
		size_t at = str_find(arguments, STR(", "));

		arguments = at < arguments.n ? str_skip(arguments, at + 2) : arguments;
	}
	if (!strace_unquote(arguments, strace->path, sizeof(strace->path), &n))
		n = 0;
	strace_process_set_next(process, str_of(strace->path, n));
}

static bool flags_thread(struct str arguments)
{
	return str_find(arguments, STR("CLONE_THREAD")) < arguments.n;
}

/* prctl(PR_SET_NAME, "worker"): the thread's comm from now on, unless -s has cut it. */
static bool note_name(struct strace_process *process, struct str name, struct str arguments)
{
	static const struct str option = {"PR_SET_NAME, ", 13};

	return str_eq(name, STR("prctl")) && str_starts(arguments, option) &&
	       str_find(arguments, STR("\"...")) == arguments.n &&
	       strace_unquote(str_skip(arguments, option.n), process->next_name,
			      STRACE_COMM_SIZE - 1, &process->next_name_n);
}

/* Before the call is counted: what it will do. After it: what it did. */
static void begin_call(struct strace *strace, struct strace_process *process, struct str name,
		       struct str arguments)
{
	process->pending = STRACE_PENDING_NONE;
	if (is_exec(name)) {
		process->pending = STRACE_PENDING_EXEC;
		note_path(strace, process, name, arguments);
	} else if (is_fork(name)) {
		process->pending = STRACE_PENDING_FORK;
		process->makes_thread = flags_thread(arguments);
		process->early = false;
	} else if (note_name(process, name, arguments)) {
		process->pending = STRACE_PENDING_NAME;
	}
}

static void end_call(struct strace *strace, struct strace_process *process, struct str arguments)
{
	struct str result;

	if (process->pending && strace_result(arguments, &result) == STRACE_END_RESULT)
		finish(strace, process, result);
}

static void copy_program(struct strace *strace, const struct strace_program *program)
{
	struct record *record = &strace->record;

	record->comm_null = record->exe_null = false;
	record->comm = str_of(strace->comm, program->comm_n);
	record->exe = str_of(strace->exe, program->exe_n);
	memcpy(strace->comm, program->comm, program->comm_n);
	memcpy(strace->exe, program->exe, program->exe_n);
}

static bool failed(struct str arguments)
{
	struct str result;

	return strace_result(arguments, &result) == STRACE_END_RESULT && result.p[0] == '-';
}

/* Who makes the call. Of a process of which nothing is known an execve counts to what it starts.
 * -Y's comm serves where nothing else is known: strace 6.1 shows an old one after an execve. */
static void set_program(struct strace *strace, const struct content *content,
			const struct strace_process *process, struct str arguments)
{
	struct record *record = &strace->record;
	const struct strace_program *program = process->program;
	struct str comm = content->head.comm;

	record->comm = record->exe = str_of(NULL, 0);
	record->comm_null = !content->head.has_comm;
	record->exe_null = true;
	if (!program && content->head.has_comm)
		record->comm = str_of(strace->comm, strace_unescape(comm, strace->comm,
								    sizeof(strace->comm) - 1));
	else if (!program && process->pending == STRACE_PENDING_EXEC && !failed(arguments))
		program = process->next;
	if (program)
		copy_program(strace, program);
	if (process->name_n == 0)
		return;
	record->comm_null = false;
	record->comm = str_of(strace->comm, process->name_n);
	memcpy(strace->comm, process->name, process->name_n);
}

static void put_number(struct buf *buf, uint64_t number)
{
	buf_put(buf, &number, sizeof(number));
}

/* Without times (those of -r alone are as good as none: two traces of one program share most of
 * them) all calls are of one second, and their lines (addresses, arguments) would be as many
 * identities as there are calls. Calls of one process under one number are alike: the first is
 * (process, number, 1), the next (process, number, 2). Traces of one second may begin with the same
 * call, so that the file's time tells them apart, too. */
static struct str untimed_identity(struct strace *strace)
{
	const struct record *record = &strace->record;
	uint64_t pid = strace->file_pid ? strace->file_pid : record->pid;

	buf_clear(&strace->identity);
	put_number(&strace->identity, (uint64_t)strace->end_ms);
	put_number(&strace->identity, strace->first_hash);
	put_number(&strace->identity, pid << 32 | record->arch);
	put_number(&strace->identity, (uint64_t)(uint32_t)record->nr);
	/* what other files of an -ff tell of a process depends on which were read before */
	if (strace->file_pid)
		return buf_str(&strace->identity);
	put_number(&strace->identity, record->comm.n);
	buf_put_str(&strace->identity, record->comm);
	buf_put_str(&strace->identity, record->exe);
	return buf_str(&strace->identity);
}

/* A line with its time is known by its text. Where that has no pid, other processes (-ff) write the
 * same; and if its time is in whole seconds (-t), so do other traces. */
static struct str identity_of(struct strace *strace, const struct strace_head *head,
			      struct str text)
{
	if (!head->has_time && !head->has_clock)
		return untimed_identity(strace);
	if (head->has_pid || (head->has_fraction && !strace->file_pid))
		return text;
	buf_clear(&strace->identity);
	put_number(&strace->identity, head->has_fraction ? 0 : strace->first_hash);
	put_number(&strace->identity, strace->file_pid);
	buf_put_str(&strace->identity, text);
	return buf_str(&strace->identity);
}

/* Rows of a short program's summary are those of any other one: "0.00 0.000000 0 1 execve". */
static struct str row_identity(struct strace *strace, struct str text)
{
	strace->rows_hash = hash_bytes(strace->rows_hash, text);
	buf_clear(&strace->identity);
	put_number(&strace->identity, (uint64_t)strace->end_ms);
	put_number(&strace->identity, strace->rows_hash);
	buf_put_str(&strace->identity, text);
	return buf_str(&strace->identity);
}

static void malformed(struct strace_read *ret, enum malformed why)
{
	ret->kind = STRACE_MALFORMED;
	ret->why = why;
}

static void set_call(struct strace *strace, uint32_t token, int64_t nr)
{
	strace->record.has_arch = true;
	strace->record.arch = arch_audit(token);
	strace->record.nr = (int32_t)nr;
	strace->record.code = SECCOMP_RET_ALLOW;
	strace->record.has_serial = false;
}

/* What of a line that begins as a call speaks against it. The line that a trace being written ends
 * in says more when it is read again. */
static enum malformed doubt(const struct content *content, struct str arguments)
{
	struct str result;
	enum strace_end end = strace_result(arguments, &result);

	if (end == STRACE_END_NONE)
		return content->ended ? MALFORMED_TRACE : MALFORMED_PARTIAL;
	return end == STRACE_END_OPEN && !content->ended ? MALFORMED_PARTIAL : MALFORMED_NONE;
}

static void take_call(struct strace *strace, const struct content *content, const struct line *line,
		      struct strace_read *ret)
{
	struct str name = str_of(content->text.p, content->name_n);
	struct str arguments = str_skip(content->text, name.n + 1);
	enum malformed why = doubt(content, arguments);
	int64_t nr;

	strace->record.ms = line_ms(strace, &content->head);
	if (why) {
		malformed(ret, why);
		return;
	}
	struct strace_process *process = process_of(strace, content);

	if (!strace->has_first)
		strace->first_hash = hash_bytes(0, line->text);
	strace->has_first = strace->calls_seen = true;
	if (!strace_number_of_call(strace->names, name, &content->head, &process->token, &nr)) {
		malformed(ret, MALFORMED_CALL);
		return;
	}
	strace_seen_add(&strace->seen, name);
	begin_call(strace, process, name, arguments);
	set_call(strace, process->token, nr);
	strace->record.pid = process->tgid;
	strace->record.ip = content->head.ip;
	set_program(strace, content, process, arguments);
	ret->kind = STRACE_CALL;
	ret->identity = identity_of(strace, &content->head, line->text);
	end_call(strace, process, arguments);
}

/* "<... execve resumed>)      = 0": the end of a call that was counted. */
static void take_resumed(struct strace *strace, const struct content *content)
{
	struct strace_process *process = process_of(strace, content);
	size_t at = str_find(content->text, STR(" resumed>"));
	struct str rest = str_skip(content->text, at);

	if (rest.n)
		end_call(strace, process, str_skip(rest, sizeof(" resumed>") - 1));
}

/* "+++ exited with 0 +++", "+++ killed by SIGKILL +++", "+++ superseded by execve in pid 5 +++" */
static void take_end(struct strace *strace, const struct content *content)
{
	static const struct str superseded = {"+++ superseded by execve in pid ", 32};
	struct strace_process *process = process_of(strace, content);
	uint64_t thread = 0;

	if (!str_starts(content->text, superseded)) {
		strace_process_exit(process);
		return;
	}
	for (size_t i = superseded.n; i < content->text.n && thread < UINT32_MAX / 10; i++) {
		if (!is_digit(content->text.p[i]))
			break;
		thread = thread * 10 + (uint64_t)(content->text.p[i] - '0');
	}
	strace_process_supersede(strace->processes, process, (uint32_t)thread);
}

/* "[ Process PID=17 runs in 32 bit mode. ]" */
static void take_mode(struct strace *strace, const struct content *content)
{
	static const struct str runs = {" runs in ", 9}, mode = {" mode. ]", 8};
	struct strace_process *process = process_of(strace, content);
	struct str word = str_skip(content->text, str_find(content->text, runs));

	if (word.n == 0)
		return;
	word = str_skip(word, runs.n);
	word.n = str_find(word, mode);
	strace_mode(word, &process->token);
}

/* A row of a summary stands for all of its calls. */
static void take_row(struct strace *strace, struct str name, uint64_t calls,
		     const struct line *line, struct strace_read *ret)
{
	struct record *record = &strace->record;
	int64_t nr;

	if (!strace_number(strace->names, strace->summary.token, name, &nr)) {
		malformed(ret, MALFORMED_CALL);
		return;
	}
	/* -C: the calls themselves stood in the trace */
	calls -= strace_seen_take(&strace->seen, name, calls);
	if (calls == 0)
		return;
	set_call(strace, strace->summary.token, nr);
	record->ms = strace->end_ms;
	record->pid = strace->file_pid;
	record->ip = 0;
	record->comm = record->exe = str_of(NULL, 0);
	record->comm_null = record->exe_null = true;
	ret->kind = STRACE_CALL;
	ret->is_row = true;
	ret->repeats = (uint32_t)((calls < UINT32_MAX ? calls : UINT32_MAX) - 1);
	ret->identity = row_identity(strace, line->text);
}

/* True if the line is one of a summary. */
static bool take_summary(struct strace *strace, const struct line *line, struct strace_read *ret)
{
	struct str name;
	uint64_t calls;

	switch (strace_summary_read(&strace->summary, line->text, &name, &calls)) {
	case STRACE_SUMMARY_NOTHING:
		return false;
	case STRACE_SUMMARY_FRAME:
		return true;
	case STRACE_SUMMARY_ROW:
		if (line->ended)
			take_row(strace, name, calls, line, ret);
		else
			malformed(ret, MALFORMED_PARTIAL);
		return true;
	case STRACE_SUMMARY_BAD:
		malformed(ret, line->ended ? MALFORMED_TRACE : MALFORMED_PARTIAL);
		return true;
	}
	return false;
}

/* Does the name of a call of this machine stand before some "("? */
static bool may_hold_call(struct strace *strace, struct str text)
{
	int64_t nr;

	for (size_t i = 0; i < text.n; i++) {
		size_t n = strace_name_length(str_skip(text, i));

		if (n && strace_number(strace->names, arch_native(), str_of(text.p + i, n), &nr))
			return true;
		i += n;
		while (i < text.n && text.p[i] != ' ' && text.p[i] != ']' && text.p[i] != '>')
			i++;
	}
	return false;
}

/* Where the trace goes to standard error, what the program writes there stands in it, too. A call
 * may have come behind such text on its line. */
static void take_foreign(struct strace *strace, const struct content *content,
			 struct strace_read *ret)
{
	static const struct str own[] = {
		{"--- ", 4}, {"> ", 2}, {"| ", 2}, {"strace: ", 8}, {")", 1}, {"<", 1},
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (str_starts(content->text, own[i]))
			return;
	bool known_pid =
		content->head.has_pid && strace_process_find(strace->processes, content->head.pid);

	if (content->text.n && (known_pid || may_hold_call(strace, content->text)))
		malformed(ret, MALFORMED_TRACE);
}

static void take_content(struct strace *strace, const struct content *content,
			 const struct line *line, struct strace_read *ret)
{
	if (content->name_n) {
		take_call(strace, content, line, ret);
		return;
	}
	strace->relative_us += content->head.relative_us;
	if (content->resumed)
		take_resumed(strace, content);
	else if (str_starts(content->text, STR("+++ ")))
		take_end(strace, content);
	else if (str_starts(content->text, STR("[ Process PID=")))
		take_mode(strace, content);
	else if (str_starts(content->text, STR("????")))
		malformed(ret, MALFORMED_CALL);
	else
		take_foreign(strace, content, ret);
}

static struct content read_content(const struct line *line)
{
	struct content content = {.text = line->text, .ended = line->ended || line->cut};

	if (content.text.n && content.text.p[content.text.n - 1] == '\r')
		content.text.n--;
	strace_head_read(&content.text, &content.head);
	content.name_n = strace_name_length(content.text);
	content.resumed = str_starts(content.text, STR("<... "));
	while (!content.name_n && content.text.n && content.text.p[0] == ' ')
		content.text = str_skip(content.text, 1);
	return content;
}

void strace_read(struct strace *strace, const struct line *line, struct strace_read *ret)
{
	*ret = (struct strace_read){.kind = STRACE_OTHER, .record = &strace->record};
	if (take_summary(strace, line, ret))
		return;
	struct content content = read_content(line);

	take_content(strace, &content, line, ret);
}

bool strace_relative(struct str line, uint64_t *ret_us)
{
	struct strace_head head;

	strace_head_read(&line, &head);
	*ret_us = head.relative_us;
	return head.has_relative && !head.has_time && !head.has_clock;
}

bool strace_recognizes(struct str line)
{
	static const struct str unfinished = {" <unfinished ...>", 17};
	struct strace_head head;
	struct str text = line, result;

	if (strace_summary_is_head(line))
		return true;
	strace_head_read(&text, &head);
	size_t n = strace_name_length(text);

	if (n == 0)
		return false;
	struct str arguments = str_skip(text, n + 1);
	bool is_unfinished =
		arguments.n >= unfinished.n &&
		memcmp(arguments.p + arguments.n - unfinished.n, unfinished.p, unfinished.n) == 0;

	return (is_unfinished || strace_result(arguments, &result) == STRACE_END_RESULT) &&
	       strace_name_is_known(str_of(text.p, n));
}
