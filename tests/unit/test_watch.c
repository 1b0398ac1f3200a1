/*
 * What watch itself notes and takes, piece by piece, in a store in memory: what the kernel says it
 * lost, processes that were forgotten, and what standard input still has at the end. The whole is
 * tested by tests/live.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "live/service.h"
#include "live/watch_private.h"
#include "ingest/status.h"
#include "tests/idle.h"
#include "tests/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/* --- the clock, which a case may set */

static int64_t ahead_s;

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, ret_time);

	ret_time->tv_sec += clock == CLOCK_REALTIME ? ahead_s : 0;
	return result;
}

/* --- a watch, as far as it is needed */

struct fixture {
	struct watch watch;
	struct cgroup_rules *rules;
	unsigned records; /* that a source gave */
	int64_t last_ms;  /* the stamp of the last one */
	unsigned decided; /* how many of them are not held back; 0: all */
	char log[64];
};

static bool described(void *context, const struct container *container, struct str trouble)
{
	(void)context;
	(void)container;
	(void)trouble;
	return true;
}

static int count_record(void *context, struct event *event, struct str text, struct err *err)
{
	struct watch *watch = context;
	struct fixture *fixture = (struct fixture *)watch; /* its first member */

	(void)err;
	fixture->last_ms = event->record->ms;
	fixture->records++;
	if (fixture->decided && fixture->records > fixture->decided)
		assert_true(hold_add(watch->hold, event, text, watch->slot, INT64_MAX));
	return 0;
}

static int setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	struct watch *watch = &fixture->watch;
	struct err err = ERR_INIT;

	ahead_s = 0;
	assert_int_equal(store_open("", STORE_MEMORY, NULL, &watch->store, &err), 0);
	assert_int_equal(procfs_open(&watch->procfs, "/proc", &err), 0);
	assert_int_equal(cgroup_rules_new(&fixture->rules, &err), 0);
	watch->registry = registry_new(NULL, described, NULL);
	const struct attributor_options options = {&watch->procfs, fixture->rules, watch->registry};

	watch->attributor = attributor_new(&options);
	watch->hold = hold_new();
	watch->node = STR("vm");
	watch->evidence = (struct evidence){
		.store = watch->store, .node = watch->node, .status_line = &watch->status_line};
	watch->intake = (struct intake){
		.store = watch->store,
		.host_name = STR("vm"),
		.put = count_record,
		.before_message = watch_clear_status,
		.context = watch,
	};
	strcpy(fixture->log, "/tmp/test_watch.XXXXXX");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	struct watch *watch = &fixture->watch;

	for (size_t i = 0; i < watch->source_count; i++)
		source_close(watch->sources[i]);
	hold_free(watch->hold);
	attributor_free(watch->attributor);
	registry_free(watch->registry);
	cgroup_rules_free(fixture->rules);
	procfs_close(&watch->procfs);
	store_close(watch->store);
	unlink(fixture->log);
	free(fixture);
	return 0;
}

/* What is committed is shown. */
static struct losses losses_now(struct fixture *fixture)
{
	commit(fixture->watch.store);
	return losses_of(fixture->watch.store, 0);
}

/* --- the end of containers */

/* A process whose leader ends while a thread of it runs on. */
static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static pid_t fork_leaderless(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, wait_for_ever, NULL);
		syscall(SYS_exit, 0);
	}
	siginfo_t info;
	struct procfs_stat stat = {0};
	struct procfs procfs;
	struct err err = ERR_INIT;

	assert_int_equal(procfs_open(&procfs, "/proc", &err), 0);
	while (procfs_stat(&procfs, (uint32_t)pid, &stat) == 0 && stat.state != 'Z')
		sched_yield();
	procfs_close(&procfs);
	/* its thread runs: there is nothing to wait for */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	return pid;
}

#define WEB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void happens(struct fixture *fixture, enum process_event_kind kind, pid_t pid)
{
	const struct process_event event = {.kind = kind,
					    .pid = (uint32_t)pid,
					    .parent = 1,
					    .at_ns = clock_ns(CLOCK_MONOTONIC)};
	const struct exec_look look = {.cgroup = STR("1:memory:/docker/" WEB "\n")};

	attribute_process(fixture->watch.attributor, &event, &look);
}

static int keep_end(const struct container_summary *summary, void *context)
{
	*(int64_t *)context = summary->ended_ms;
	return 0;
}

static bool has_ended(struct fixture *fixture)
{
	const struct selection everything = {0};
	struct err err = ERR_INIT;
	int64_t ended_ms = -1;

	assert_int_equal(watch_look_for_ended(&fixture->watch, &err), 0);
	commit(fixture->watch.store);
	assert_int_equal(query_known_containers(fixture->watch.store, &everything, keep_end,
						&ended_ms, &err),
			 0);
	assert_true(ended_ms >= 0);
	return ended_ms != 0;
}

/* A container has ended when nothing of it runs: not while a thread does, nor where that cannot be told. */
static void a_container_ends_with_its_last_thread(void **state)
{
	const struct container web = {.id = STR(WEB), .name = STR("web")};
	struct fixture *fixture = *state;
	const struct watch_options options = {0};
	struct watch *watch = &fixture->watch;
	struct err err = ERR_INIT;
	pid_t pid = fork_leaderless();

	watch->options = &options;
	watch->connector = (void *)watch; /* it is only asked whether there is one */
	assert_int_equal(store_put_container(watch->store, watch->node, &web, &err), 0);
	assert_int_equal(watch_put_running(watch, web.id, &err), 0);
	happens(fixture, PROCESS_FORK, pid);
	happens(fixture, PROCESS_EXEC, pid);
	assert_false(has_ended(fixture));
	happens(fixture, PROCESS_EXIT, pid);
	assert_false(has_ended(fixture));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	watch->procfs.hidden = true;
	assert_false(has_ended(fixture));
	watch->procfs.hidden = false;
	assert_true(has_ended(fixture));
	assert_int_equal(watch_put_running(watch, web.id, &err), 0);
	happens(fixture, PROCESS_FORK, pid);
	happens(fixture, PROCESS_EXEC, pid);
	watch->connector = NULL; /* the table is not kept: nothing is concluded */
	assert_false(has_ended(fixture));
	texts_release(&watch->running);
	watch->options = NULL;
}

/* --- evidence */

static int write_evidence(struct fixture *fixture)
{
	struct err err = ERR_INIT;

	return evidence_write(&fixture->watch.evidence, fixture->watch.attributor, false, &err);
}

static int take_lost(struct fixture *fixture, uint32_t lost, uint32_t rate_limit)
{
	const struct audit_state state = {.enabled = true, .lost = lost, .rate_limit = rate_limit};
	struct err err = ERR_INIT;

	return evidence_take_state(&fixture->watch.evidence, &state, &err);
}

/* Between two ticks that ask, and at the end, what the kernel lost since then counts as well. */
static void kernel_is_asked_whenever_told_to(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take_lost(fixture, 100, 0), 0);
	assert_int_equal(losses_now(fixture).count, 0); /* before this watch: not its loss */
	assert_int_equal(take_lost(fixture, 112, 0), 0);
	assert_int_equal(losses_now(fixture).count, 1);
	assert_int_equal(losses_now(fixture).known, 12);
	assert_int_equal(take_lost(fixture, 112, 0), 0);
	assert_int_equal(losses_now(fixture).known, 12);
}

static int keep_span(const struct loss *loss, void *context)
{
	struct loss *kept = context;

	kept->has_since = loss->has_since;
	kept->since_ms = loss->since_ms;
	return 0;
}

/* A loss is not older than the question before; where that is long ago it may be of any time. */
static void a_loss_is_as_old_as_the_last_question(void **state)
{
	static const int64_t asked_before_ms[] = {0, 19000, 21000, -5000};
	struct fixture *fixture = *state;
	struct evidence *evidence = &fixture->watch.evidence;
	const struct selection everything = {0};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < 4; i++) {
		bool is_known = i < 2;
		struct loss loss = {0};
		struct store *store;

		assert_int_equal(store_open("", STORE_MEMORY, NULL, &store, &err), 0);
		*evidence = (struct evidence){.store = store,
					      .node = STR("vm"),
					      .status_line = &fixture->watch.status_line};
		assert_int_equal(take_lost(fixture, 100, 0), 0);
		evidence->asked_ms -= asked_before_ms[i];

		int64_t asked_ms = evidence->asked_ms;

		assert_int_equal(take_lost(fixture, 112, 0), 0);
		commit(store);
		assert_int_equal(query_losses(store, &everything, keep_span, &loss, &err), 0);
		assert_int_equal(loss.has_since, is_known);
		assert_true(!is_known || loss.since_ms <= asked_ms);
		store_close(store);
	}
}

/* The serials show what a rate limit drops, one that was taken back since then, too. */
static void rate_limited_records_are_not_counted_twice(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take_lost(fixture, 100, 50), 0);
	assert_int_equal(take_lost(fixture, 112, 0), 0);
	assert_int_equal(losses_now(fixture).count, 1);
	assert_int_equal(losses_now(fixture).known, 0);
	assert_int_equal(take_lost(fixture, 115, 0), 0);
	assert_int_equal(losses_now(fixture).known, 3);
}

static void fork_many(struct fixture *fixture, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct process_event event = {
			.kind = PROCESS_FORK, .pid = first + i, .parent = 1, .at_ns = first + i};

		attribute_process(fixture->watch.attributor, &event, &(struct exec_look){0});
	}
}

static void forgotten_processes_are_evidence(void **state)
{
	struct fixture *fixture = *state;

	fork_many(fixture, 2, PROCESS_MAX);
	assert_int_equal(write_evidence(fixture), 0);
	assert_int_equal(losses_now(fixture).count, 0); /* so many there is room for */
	fork_many(fixture, 2 + PROCESS_MAX, 3);
	assert_int_equal(attribute_forgotten(fixture->watch.attributor), 3);
	assert_int_equal(write_evidence(fixture), 0);
	struct losses losses = losses_now(fixture);

	assert_int_equal(losses.count, 1);
	assert_non_null(strstr(losses.last, "forgotten"));
	/* told of already */
	assert_int_equal(write_evidence(fixture), 0);
	assert_int_equal(losses_now(fixture).count, 1);
}

/* What could not be written then is written later, and once. */
static void evidence_without_room_comes_late(void **state)
{
	struct fixture *fixture = *state;

	fixture->watch.evidence.late = 1u << LOSS_PROCESSES | 1u << LOSS_CLOCK;
	assert_int_equal(write_evidence(fixture), 0);
	assert_int_equal(losses_now(fixture).count, 2);
	assert_int_equal(fixture->watch.evidence.late, 0);
	assert_int_equal(write_evidence(fixture), 0);
	assert_int_equal(losses_now(fixture).count, 2);
}

/* --- standard input */

static void open_source(struct fixture *fixture, const char *name, const char *path)
{
	struct watch *watch = &fixture->watch;
	const struct source_options options = {
		.name = name, .path = path, .slot = (unsigned)watch->source_count + 1};
	struct err err = ERR_INIT;

	assert_int_equal(
		source_open(&watch->intake, &options, &watch->sources[watch->source_count], &err),
		0);
	watch->source_count++;
}

static void put_text(int fd, const char *text, size_t n)
{
	assert_int_equal(write(fd, text, n), n);
}

static size_t format_record(char line[512], unsigned serial)
{
	int n = snprintf(line, 512,
			 "type=SECCOMP msg=audit(1795302294.062:%u): auid=4294967295 uid=0 gid=0"
			 " ses=4294967295 pid=21073 comm=\"storm\" exe=\"/tmp/storm\" sig=0"
			 " arch=c000003e syscall=110 compat=0 ip=0x7fd256e08829 code=0x7ffc0000\n",
			 serial);

	return (size_t)n;
}

static void put_record(int fd, unsigned serial)
{
	char line[512];

	put_text(fd, line, format_record(line, serial));
}

/* A pipe is standard input. Returns the end to write to. */
static int begin_pipe(int *ret_before)
{
	int ends[2];

	*ret_before = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	return ends[1];
}

static void end_pipe(int before)
{
	if (before < 0) {
		close(STDIN_FILENO);
		return;
	}
	dup2(before, STDIN_FILENO);
	close(before);
}

static int take(struct fixture *fixture)
{
	struct err err = ERR_INIT;
	int result = watch_take_sources(&fixture->watch, &err);

	assert_int_equal(err.code, 0);
	return result;
}

/* Nobody may have written yet, or half a line: watch has more to do than to wait for the rest, and
 * no signal would come through. */
static void standard_input_is_not_waited_for(void **state)
{
	struct fixture *fixture = *state;
	char line[512];
	int before, writer = begin_pipe(&before);
	size_t n = format_record(line, 1);

	alarm(60); /* rather than hang */
	open_source(fixture, "stdin", NULL);
	assert_int_equal(take(fixture), 0);
	put_text(writer, line, 1);
	put_text(writer, line + 1, 40);
	assert_int_equal(take(fixture), 0);
	assert_int_equal(take(fixture), 0);
	put_text(writer, line + 41, n - 42);
	assert_int_equal(take(fixture), 0);
	assert_int_equal(fixture->records, 0);
	put_text(writer, line + n - 1, 1);
	take(fixture);
	assert_int_equal(fixture->records, 1);
	/* more than fits into memory, without a newline */
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 400; i++) {
		put_text(writer, line, sizeof(line));
		take(fixture);
	}
	assert_int_equal(write(writer, "\n", 1), 1);
	put_record(writer, 2);
	put_text(writer, line, n - 1);
	assert_false(source_ended(fixture->watch.sources[0]));
	close(writer);
	for (int i = 0; i < 10 && !source_ended(fixture->watch.sources[0]); i++)
		take(fixture);
	assert_true(source_ended(fixture->watch.sources[0]));
	assert_int_equal(fixture->records, 2);
	alarm(0);
	end_pipe(before);
}

/* What was written to standard input before the end is taken; a log keeps its own for next time. */
static void standard_input_is_read_to_its_end(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	int before, writer = begin_pipe(&before), log = mkstemp(fixture->log);

	alarm(60);
	open_source(fixture, "stdin", NULL);
	open_source(fixture, "audit", fixture->log);
	for (unsigned i = 0; i < 100; i++)
		put_record(writer, i);
	put_record(log, 1000);
	assert_int_equal(watch_take_unkept(&fixture->watch, INT64_MAX, &err), 0);
	assert_int_equal(fixture->records, 100);
	/* nothing is waited for */
	assert_int_equal(watch_take_unkept(&fixture->watch, INT64_MAX, &err), 0);
	assert_int_equal(fixture->records, 100);
	alarm(0);
	close(writer);
	close(log);
	end_pipe(before);
}

/* --- the status line */

/* What a tick writes on a terminal so many columns wide. */
static void tick_on_terminal(struct fixture *fixture, unsigned short columns, char *text, int size)
{
	const struct printer_options printing = {.format = FORMAT_TEXT};
	const struct winsize window = {.ws_row = 24, .ws_col = columns};
	struct watch_options options = {.printer = printer_new(&printing)};
	int terminal, ours, before = dup(STDERR_FILENO);
	struct err err = ERR_INIT;

	fixture->watch.options = &options;
	fixture->watch.status_line.wanted = true;
	assert_int_equal(openpty(&terminal, &ours, NULL, NULL, &window), 0);
	dup2(ours, STDERR_FILENO);
	int result = watch_tick(&fixture->watch, &err);

	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	assert_int_equal(result, 0);
	ssize_t n = read(terminal, text, (size_t)size - 1);

	assert_true(n > 0);
	text[n] = '\0';
	close(ours);
	close(terminal);
	printer_free(options.printer);
}

/* In a chroot there may be no /dev/pts. */
static void need_terminals(void)
{
	int terminal, ours;

	if (openpty(&terminal, &ours, NULL, NULL, NULL) < 0) {
		print_message("# skipped: no pseudo terminals here: %s\n", strerror(errno));
		skip();
	}
	close(ours);
	close(terminal);
}

static void status_line_fits_its_terminal(void **state)
{
	struct fixture *fixture = *state;
	char text[512];

	need_terminals();
	open_source(fixture, "stdin", NULL);
	tick_on_terminal(fixture, 80, text, sizeof(text));
	assert_true(str_starts(str_from(text), STR("\r0 records/s")));
	assert_non_null(strstr(text, "standard input\033[K"));
	for (unsigned short columns = 2; columns < 12; columns++) {
		tick_on_terminal(fixture, columns, text, sizeof(text));
		assert_true(strlen(text) < 1 + columns + strlen("\033[K"));
		assert_null(strstr(text, "null"));
	}
}

/* --- a log */

/* How far the store has it that the file with that record as its first was read. */
static uint64_t read_before(struct fixture *fixture, unsigned serial)
{
	char line[512];
	size_t n = format_record(line, serial);
	struct err err = ERR_INIT;
	uint64_t offset;

	assert_int_equal(store_commit(fixture->watch.store, &err), 0);
	assert_true(store_read_before(fixture->watch.store, str_of(line, n - 1), &offset, &err) >=
		    0);
	return offset;
}

static void write_log(const char *path, unsigned serial, unsigned count)
{
	int log = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_true(log >= 0);
	for (unsigned i = 0; i < count; i++)
		put_record(log, serial + i);
	close(log);
}

/* The rotated file's end is not kept while its last events are held in memory alone: a kill then
 * would lose them. */
static void end_of_a_file_is_not_kept_while_events_are_held(void **state)
{
	struct fixture *fixture = *state;
	char line[512], rotated[sizeof(fixture->log) + 4];
	size_t n = format_record(line, 10); /* all have two digits */

	close(mkstemp(fixture->log));
	snprintf(rotated, sizeof(rotated), "%s.2", fixture->log);
	write_log(rotated, 10, 3);
	snprintf(rotated, sizeof(rotated), "%s.1", fixture->log);
	write_log(rotated, 20, 3);
	write_log(fixture->log, 30, 1);
	open_source(fixture, "audit", fixture->log);
	fixture->decided = 3; /* those of .2 */
	for (int i = 0; i < 10 && fixture->records < 7; i++)
		take(fixture);
	snprintf(rotated, sizeof(rotated), "%s.2", fixture->log);
	unlink(rotated);
	snprintf(rotated, sizeof(rotated), "%s.1", fixture->log);
	unlink(rotated);
	assert_int_equal(fixture->records, 7);
	assert_int_equal(read_before(fixture, 10), 3 * n);
	assert_int_equal(read_before(fixture, 20), 0);
}

/* syslog's stamp of RFC 3164 has no year, and journald's text no other; a watch runs for weeks. */
static void year_is_that_of_the_reading(void **state)
{
	struct fixture *fixture = *state;
	const int64_t days = 40;
	char line[512], stamp[32];
	struct tm tm;

	int log = mkstemp(fixture->log);

	open_source(fixture, "syslog", fixture->log);
	take(fixture);
	ahead_s = days * 86400;
	time_t now = (time_t)(clock_ms(CLOCK_REALTIME) / 1000);

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	int n = snprintf(
		line, sizeof(line),
		"%s vm audit[21073]: SECCOMP auid=4294967295 uid=0 gid=0 ses=4294967295 pid=21073 comm=\"storm\" exe=\"/tmp/storm\" sig=0"
		" arch=c000003e syscall=110 compat=0 ip=0x7fd256e08829 code=0x7ffc0000\n",
		stamp);

	put_text(log, line, (size_t)n);
	for (int i = 0; i < 10 && fixture->records == 0; i++)
		take(fixture);
	close(log);
	assert_int_equal(fixture->records, 1);
	assert_int_equal(fixture->last_ms / 1000, now);
}

/* --- the kernel's log */

static void assert_cursor(struct fixture *fixture, const char *end)
{
	BUF_AUTO place = {0};
	struct err err = ERR_INIT;

	commit(fixture->watch.store);
	assert_int_equal(store_cursor(fixture->watch.store, "kmsg", &place, &err), 0);
	assert_non_null(place.p);
	assert_true(place.n >= strlen(end));
	assert_string_equal(place.p + place.n - strlen(end), end);
}

/* What is written again and again keeps a disk awake. */
static void place_is_kept_once(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->watch.store;
	struct err err = ERR_INIT;

	snprintf(fixture->log, sizeof(fixture->log), "/tmp/test_watch.%d", getpid());
	assert_int_equal(mkfifo(fixture->log, 0600), 0);
	int log = open(fixture->log, O_RDWR | O_CLOEXEC); /* it has no end, as a device */

	put_text(log, "5,7,100,-;one\n", 14);
	open_source(fixture, "kmsg", fixture->log);
	take(fixture);
	assert_int_equal(source_mark(fixture->watch.sources[0], &err), 0);
	assert_cursor(fixture, " 7");
	/* what somebody else wrote stays, so nothing was written */
	assert_int_equal(store_put_cursor(store, "kmsg", STR("mine"), &err), 0);
	assert_int_equal(source_mark(fixture->watch.sources[0], &err), 0);
	assert_cursor(fixture, "mine");
	put_text(log, "5,8,200,-;two\n", 14);
	take(fixture);
	assert_int_equal(source_mark(fixture->watch.sources[0], &err), 0);
	assert_cursor(fixture, " 8");
	close(log);
}

/* --- nothing happens */

static void nothing_is_written_while_kmsg_is_silent(void **state)
{
	struct fixture *fixture = *state;

	snprintf(fixture->log, sizeof(fixture->log), "/tmp/test_watch.%d", getpid());
	assert_int_equal(mkfifo(fixture->log, 0600), 0);
	int log = open(fixture->log, O_RDWR | O_CLOEXEC); /* it has no end, as a device */

	put_text(log, "5,7,100,-;one\n", 14);
	assert_idle("kmsg", fixture->log);
	close(log);
}

static void nothing_is_written_while_netlink_is_silent(void **state)
{
	struct multicast *multicast;
	struct err err = ERR_INIT;

	(void)state;
	if (multicast_open(&multicast, &err) < 0) {
		print_message("# skipped: %s\n", err.message);
		skip();
	}
	multicast_close(multicast);
	assert_idle("netlink", NULL);
}

/* --- the service manager (sd_notify(3)) */

static void assert_notified(int manager, const char *message)
{
	char got[256];
	ssize_t n = recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT);

	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, message);
}

/* A path, or a name that begins with '@': an abstract socket (unix(7)). */
static void manager_is_notified(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(manager, (struct sockaddr *)&address, (socklen_t)size), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	service_ready("watching");
	assert_notified(manager, "READY=1\nSTATUS=watching");
	service_status("40 records");
	assert_notified(manager, "STATUS=40 records");
	service_alive();
	assert_notified(manager, "WATCHDOG=1");
	service_stopping();
	assert_notified(manager, "STOPPING=1");
	close(manager);
	service_alive(); /* to nobody, which does not matter */
	unsetenv("NOTIFY_SOCKET");
	service_alive();
}

static void service_manager_is_notified(void **state)
{
	struct fixture *fixture = *state;
	char abstract[64];

	snprintf(fixture->log, sizeof(fixture->log), "/tmp/test_watch.%d", getpid());
	manager_is_notified(fixture->log);
	snprintf(abstract, sizeof(abstract), "@sclog-test.%d", getpid());
	manager_is_notified(abstract);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_container_ends_with_its_last_thread, setup,
						teardown),
		cmocka_unit_test_setup_teardown(kernel_is_asked_whenever_told_to, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loss_is_as_old_as_the_last_question, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rate_limited_records_are_not_counted_twice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(forgotten_processes_are_evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence_without_room_comes_late, setup, teardown),
		cmocka_unit_test_setup_teardown(standard_input_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(standard_input_is_read_to_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(status_line_fits_its_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(end_of_a_file_is_not_kept_while_events_are_held,
						setup, teardown),
		cmocka_unit_test_setup_teardown(year_is_that_of_the_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(place_is_kept_once, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_written_while_kmsg_is_silent, setup,
						teardown),
		cmocka_unit_test(nothing_is_written_while_netlink_is_silent),
		cmocka_unit_test_setup_teardown(service_manager_is_notified, setup, teardown),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
