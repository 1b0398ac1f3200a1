/*
 * Shapes: each record of a kernel's in each log format of sclog-formats(7), which is where the shapes
 * are read from. What comes out is the same record, or it is refused by name; never another one.
 *
 * The fields are written as the kernel writes them (kernel/auditsc.c, audit_seccomp(); kernel/audit.c,
 * audit_log_untrustedstring()), and escaped as whoever makes the shape escapes them: the comment before
 * a display of the page says how.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "ingest/framing.h"
#include "ingest/record.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define STAMP_MS 1795302094454
#define NOW_MS   1795305600000
#define PID      4711

struct sample {
	const char *name;
	const char *comm, *exe; /* NULL: (null) */
	const char *subj;       /* NULL: no LSM */
	uint32_t arch;          /* 0: kernel 3.10, which logs neither arch nor exe */
	int nr;
	uint32_t code;
	uint64_t ip;
	const char *arch_name, *call; /* libaudit's, for whoever writes names */
};

#define X86_64                        0xc000003e
#define LOG                           0x7ffc0000
#define OF(arch, nr, arch_name, call) NULL, arch, nr, LOG, 0x7f11, arch_name, call
#define MOUNT                         OF(X86_64, 165, "x86_64", "mount")
#define ANSWER(code)                  "app", "/app", NULL, X86_64, 165, code, 0x7f11, "x86_64", "mount"
#define NAMED(subj)                   "app", "/app", subj, X86_64, 165, LOG, 0x7f11, "x86_64", "mount"

/* clang-format off */
static const struct sample samples[] = {
	{"x86_64", "app", "/app", MOUNT},
	{"i386", "app", "/app", OF(0x40000003, 21, "i386", "mount")},
	{"x32", "app", "/app", OF(X86_64, 0x40000000 + 165, "x86_64", NULL)},
	{"arm", "app", "/app", OF(0x40000028, 21, "arm", "mount")},
	{"armeb", "app", "/app", OF(0x28, 21, NULL, "mount")},
	{"aarch64", "app", "/app", OF(0xc00000b7, 40, "aarch64", "mount")},
	{"mips", "app", "/app", OF(0x8, 4021, NULL, "mount")},
	{"mipsel", "app", "/app", OF(0x40000008, 4021, NULL, "mount")},
	{"mips64", "app", "/app", OF(0x80000008, 5160, NULL, "mount")},
	{"mipsel64", "app", "/app", OF(0xc0000008, 5160, NULL, "mount")},
	{"mips64n32", "app", "/app", OF(0xa0000008, 6160, NULL, "mount")},
	{"mipsel64n32", "app", "/app", OF(0xe0000008, 6160, NULL, "mount")},
	{"ppc", "app", "/app", OF(0x14, 21, "ppc", "mount")},
	{"ppc64", "app", "/app", OF(0x80000015, 21, "ppc64", "mount")},
	{"ppc64le", "app", "/app", OF(0xc0000015, 21, "ppc64le", "mount")},
	{"s390", "app", "/app", OF(0x16, 21, "s390", "mount")},
	{"s390x", "app", "/app", OF(0x80000016, 21, "s390x", "mount")},
	{"riscv64", "app", "/app", OF(0xc00000f3, 40, NULL, "mount")},
	{"loongarch64", "app", "/app", OF(0xc0000102, 40, NULL, "mount")},
	{"an arch that nobody knows", "app", "/app", OF(0x12345678, 40, NULL, NULL)},
	{"Linux 3.10", "app", NULL, NULL, 0, 165, LOG, 0x7f11, NULL, "mount"},

	{"ERRNO", ANSWER(0x50000)},
	{"TRAP", ANSWER(0x30000)},
	{"TRACE", ANSWER(0x7ff00000)},
	{"USER_NOTIF", ANSWER(0x7fc00000)},
	{"KILL_THREAD", ANSWER(0)},
	{"KILL_PROCESS", ANSWER(0x80000000)},
	{"an action that nobody knows", ANSWER(0x12340000)},

	{"a blank", "my app", "/opt/my app", MOUNT},
	{"quotes", "a\"b", "/a\"b\"", MOUNT},
	{"a backslash at the end", "a\\", "/a\\", MOUNT},
	{"backslashes", "\\n\\\\x", "/\\u0041\\\"", MOUNT},
	{"apostrophes", "it's", "/it's/'", MOUNT},
	{"a newline", "a\nb", "/a\nb", MOUNT},
	{"a byte that is no UTF-8", "\xff\xfe", "/\x80", MOUNT},
	{"Umlaute", "h\xc3\xa4", "/\xe2\x82\xac", MOUNT},
	{"an empty comm", "", "/", MOUNT},
	{"no mm", "kworker/0:1", NULL, MOUNT},
	{"neither", NULL, NULL, MOUNT},
	{"(deleted)", "app", "/app (deleted)", MOUNT},
	{"commas and bars", "a,b;c|d", "/a,b\t|c", MOUNT},
	{"braces", "{\"a\":[", "/{}[]", MOUNT},
	{"braces without quotes", "{a:[1]}", "/{}[],", MOUNT},
	{"entities", "&quot;&amp;", "/&lt;&#34;", MOUNT},
	{"brackets", "<pre>", "/</pre>", MOUNT},
	{"a field's name", "pid=1", "/exe=/x", MOUNT},
	{"a record's words", "code=0x0", "/type=1326", MOUNT},
	{"a stream's name", "stdout", "/kubernetes/stderr", MOUNT},
	{"hash", "a#012b", "/#035", MOUNT},
	{"colons", "kernel:", "/kernel:audit:", MOUNT},
	{"percent", "%s%n", "/$HOME/%x", MOUNT},
	{"grep's colours", "\033[0m", "/\033[31m", MOUNT},
	{"runc", "runc:[2:INIT]", "/", MOUNT},
	{"15 bytes", "abcdefghijklmno", "/a", MOUNT},

	{"AppArmor", NAMED("docker-default (enforce)")},
	{"AppArmor, enforced", NAMED("=snap.x.y (enforce)")},
	{"SELinux", NAMED("system_u:system_r:container_t:s0:c1,c2")},
	{"unconfined", NAMED("unconfined")},
	{"several", NAMED("?")},

	{"syscall -1", "app", "/app", OF(X86_64, -1, "x86_64", NULL)},
	{"a number without a name", "app", "/app", OF(X86_64, 9999, "x86_64", NULL)},
	{"ip 0", "app", "/app", NULL, X86_64, 165, LOG, 0, "x86_64", "mount"},
	{"vsyscall", "app", "/app", NULL, X86_64, 165, LOG, 0xffffffffff600000, "x86_64", "mount"},
};
/* clang-format on */

#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

/* As the kernel writes a string that a program chose. */
static void put_untrusted(struct buf *to, const char *text)
{
	bool odd = false;

	if (!text) {
		buf_put_str(to, STR("(null)"));
		return;
	}
	for (const char *p = text; *p; p++)
		odd |= *p == '"' || *p < 0x21 || *p > 0x7e;
	if (!odd) {
		buf_format(to, "\"%s\"", text);
		return;
	}
	for (const char *p = text; *p; p++)
		buf_format(to, "%02X", (unsigned char)*p);
}

static void put_fields(struct buf *to, const struct sample *sample)
{
	buf_put_str(to, STR("auid=4294967295 uid=0 gid=0 ses=4294967295"));
	if (sample->subj)
		buf_format(to, " subj=%s", sample->subj);
	buf_format(to, " pid=%d comm=", PID);
	put_untrusted(to, sample->comm);
	if (sample->arch) {
		buf_put_str(to, STR(" exe="));
		put_untrusted(to, sample->exe);
	}
	buf_put_str(to, STR(" sig=0"));
	if (sample->arch)
		buf_format(to, " arch=%x", sample->arch);
	buf_format(to, " syscall=%d compat=0 ip=0x%llx code=0x%x", sample->nr,
		   (unsigned long long)sample->ip, sample->code);
}

/* How whoever makes a shape writes a text in it. */
enum escape {
	ESCAPE_NONE,
	ESCAPE_JSON,
	ESCAPE_JSON_TWICE,
	ESCAPE_CSV,
	ESCAPE_HTML,
	ESCAPE_PYTHON,
	ESCAPE_YAML,
	ESCAPE_QUOTED, /* quoted-printable */
	ESCAPE_BARS,   /* of TeamCity */
	ESCAPE_COUNT,
};

static const char *const escape_names[ESCAPE_COUNT] = {"none",   "json", "json2",  "csv", "html",
						       "python", "yaml", "quoted", "bars"};

static enum escape escape_from_name(const char *name)
{
	for (int i = 0; i < ESCAPE_COUNT; i++)
		if (strcmp(name, escape_names[i]) == 0)
			return (enum escape)i;
	fail_msg("%s is no way of escaping", name);
	return ESCAPE_NONE;
}

static void put_html(struct buf *to, char c)
{
	static const char plain[] = "\"<>&'";
	static const char *const entities[] = {"&quot;", "&lt;", "&gt;", "&amp;", "&#39;"};
	const char *at = strchr(plain, c);

	if (at)
		buf_put_str(to, str_from(entities[at - plain]));
	else
		buf_put_char(to, c);
}

static void put_escaped(struct buf *to, struct str text, enum escape escape)
{
	BUF_AUTO once = {0};

	if (escape == ESCAPE_JSON_TWICE) {
		put_escaped(&once, text, ESCAPE_JSON);
		put_escaped(to, buf_str(&once), ESCAPE_JSON);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (escape == ESCAPE_HTML) {
			put_html(to, c);
			continue;
		}
		if (escape == ESCAPE_QUOTED && (c == '=' || c < ' ' || c > '~')) {
			buf_format(to, "=%02X", (unsigned char)c);
			continue;
		}
		if ((escape == ESCAPE_JSON && strchr("\"\\", c)) ||
		    (escape == ESCAPE_PYTHON && strchr("'\\", c)))
			buf_put_char(to, '\\');
		if (escape == ESCAPE_BARS && strchr("|'[]", c))
			buf_put_char(to, '|');
		if ((escape == ESCAPE_CSV && c == '"') || (escape == ESCAPE_YAML && c == '\''))
			buf_put_char(to, c);
		buf_put_char(to, c);
	}
}

/* ------- the shapes: what stands in the page */

struct shape {
	char name[128], node[64], trust[16];
	unsigned records;
	enum escape escape;
	struct buf text; /* with FIELDS and EVENT in it */
};

static struct shape shapes[400];
static size_t shape_count;

static bool replace(struct buf *text, const char *what, struct str with)
{
	struct str from = buf_str(text), key = str_from(what);
	size_t at = str_find(from, key);
	BUF_AUTO copy = {0};

	if (at == from.n)
		return false;
	buf_put_str(&copy, str_skip(from, at + key.n));
	text->n = at;
	buf_put_str(text, with);
	buf_put_str(text, buf_str(&copy));
	return true;
}

/* A line of a display, as a terminal shows it. */
static void put_display(struct shape *shape, struct str line)
{
	BUF_AUTO text = {0};
	struct str backslash = STR("\\");

	if (str_starts(line, STR("\\&")))
		line = str_skip(line, 2);
	buf_put_str(&text, line);
	while (replace(&text, "\\e", backslash))
		;
	while (replace(&text, "ESC", STR("\033")))
		;
	if (text.n > 2 && memcmp(text.p, "RS", 2) == 0)
		replace(&text, "RS", STR("\036"));
	/* shapes whose quotes are shown: the usual record of the page */
	struct str whole = buf_str(&text);
	size_t from = str_find(whole, STR("auid="));
	size_t to = str_find(whole, STR("0x7ffc0000"));

	if (from < whole.n && to < whole.n) {
		BUF_AUTO rest = {0};

		buf_put_str(&rest, str_skip(whole, to + 10));
		text.n = from;
		buf_put_str(&text, STR("FIELDS"));
		buf_put_str(&text, buf_str(&rest));
	}
	buf_put_str(&shape->text, buf_str(&text));
	buf_put_char(&shape->text, '\n');
}

static void read_page(const char *path)
{
	FILE *page = fopen(path, "re");
	char line[4096], name[128] = "";
	struct shape *shape = NULL;
	bool inside = false;

	assert_non_null(page);
	while (fgets(line, sizeof(line), page)) {
		char escape[16] = "none";

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, ".It ", 4) == 0)
			snprintf(name, sizeof(name), "%.100s", line + 4);
		if (strncmp(line, ".\\\" test: ", 10) == 0) {
			assert_true(shape_count < sizeof(shapes) / sizeof(shapes[0]));
			shape = &shapes[shape_count++];
			memcpy(shape->name, name, sizeof(name));
			assert_true(sscanf(line + 10, "%u %15s %63s %15s", &shape->records,
					   shape->trust, shape->node, escape) >= 3);
			shape->escape = escape_from_name(escape);
		}
		if (strcmp(line, ".Ed") == 0)
			inside = false;
		if (inside && shape)
			put_display(shape, str_from(line));
		if (strcmp(line, ".Bd -literal") == 0)
			inside = true;
	}
	fclose(page);
}

/* ------- one record in one shape */

/* What a collector says of a record that it took apart. */
enum value { VALUE_PID, VALUE_COMM, VALUE_EXE, VALUE_ARCH, VALUE_NR, VALUE_CODE, VALUE_IP };

#define VALUE_BIT(value) (1u << (value))
#define VALUES_ALL       UINT_MAX /* the record as the kernel wrote it */

/* As the page spells it: what stands before the value, the value, and how it is written. */
static const struct spelling {
	enum value value;
	const char *before, *was;
	enum writing { AS_NUMBER, AS_HEX, AS_0X, AS_NAME, AS_RET, AS_STRING } writing;
} spellings[] = {
	{VALUE_PID, "\"pid\":", "7", AS_NUMBER},
	{VALUE_PID, "\"pid\":\"", "7", AS_NUMBER},
	{VALUE_PID, "\"pid\"=", "7", AS_NUMBER},
	{VALUE_PID, " pid=", "7", AS_NUMBER},
	{VALUE_PID, "\"proc.pid\":", "7", AS_NUMBER},
	{VALUE_COMM, "\"comm\":\"", "app", AS_STRING},
	{VALUE_COMM, "\"proc.name\":\"", "app", AS_STRING},
	{VALUE_COMM, "\"process\":{\"pid\":4711,\"name\":\"", "app", AS_STRING},
	{VALUE_EXE, "\"exe\":\"", "/app", AS_STRING},
	{VALUE_EXE, "\"executable\":\"", "/app", AS_STRING},
	{VALUE_EXE, "\"executable\"=\"", "/app", AS_STRING},
	{VALUE_EXE, " executable=\"", "/app", AS_STRING},
	{VALUE_EXE, "\"binary\":\"", "/app", AS_STRING},
	{VALUE_EXE, "\"proc.exepath\":\"", "/app", AS_STRING},
	{VALUE_ARCH, "\"arch\":\"", "0xc000003e", AS_0X},
	{VALUE_ARCH, "\"arch\":\"", "c000003e", AS_HEX},
	{VALUE_ARCH, "\"arch\":\"", "x86_64", AS_NAME},
	{VALUE_NR, "\"syscall\":", "165", AS_NUMBER},
	{VALUE_NR, "\"syscall\":\"", "165", AS_NUMBER},
	{VALUE_NR, "\"syscall\":\"", "mount", AS_NAME},
	{VALUE_NR, "\"syscallID\":", "165", AS_NUMBER},
	{VALUE_NR, "\"syscallID\"=", "165", AS_NUMBER},
	{VALUE_NR, " syscallID=", "165", AS_NUMBER},
	{VALUE_NR, " scid=", "165", AS_NUMBER},
	{VALUE_NR, " syscall=", "mount", AS_NAME},
	{VALUE_NR, "\"id\":", "165", AS_NUMBER},
	{VALUE_NR, "\"evt.type\":\"", "mount", AS_NAME},
	{VALUE_CODE, "\"code\":\"", "0x7ffc0000", AS_0X},
	{VALUE_CODE, "\"code\":\"", "log", AS_NAME},
	{VALUE_CODE, "\"code\":\"", "SECCOMP_RET_LOG", AS_RET},
	{VALUE_IP, "\"ip\":\"", "0x7f11", AS_0X},
};

static const struct action_names {
	uint32_t code;
	const char *word, *ret;
} action_names[] = {
	{0x50000, "errno", "SECCOMP_RET_ERRNO"},
	{0x30000, "trap", "SECCOMP_RET_TRAP"},
	{0x7ff00000, "trace", "SECCOMP_RET_TRACE"},
	{0x7fc00000, "user-notif", "SECCOMP_RET_USER_NOTIF"},
	{0, "kill-thread", "SECCOMP_RET_KILL_THREAD"},
	{0x80000000, "kill-process", "SECCOMP_RET_KILL_PROCESS"},
	{LOG, "log", "SECCOMP_RET_LOG"},
};

static const char *name_of_action(uint32_t code, enum writing writing)
{
	for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (action_names[i].code == code)
			return writing == AS_RET ? action_names[i].ret : action_names[i].word;
	return NULL;
}

/* False if this record has no such value, or none that stands in text. */
static bool put_value(struct buf *to, const struct sample *sample, const struct spelling *spelling)
{
	const char *texts[] = {[VALUE_COMM] = sample->comm,
			       [VALUE_EXE] = sample->exe,
			       [VALUE_ARCH] = sample->arch_name,
			       [VALUE_NR] = sample->call,
			       [VALUE_CODE] = name_of_action(sample->code, spelling->writing),
			       [VALUE_IP] = NULL};
	const long long numbers[] = {[VALUE_PID] = PID,
				     [VALUE_ARCH] = sample->arch,
				     [VALUE_NR] = sample->nr,
				     [VALUE_CODE] = sample->code,
				     [VALUE_IP] = (long long)sample->ip};

	if (spelling->writing <= AS_0X) {
		long long number = numbers[spelling->value];

		if (spelling->writing == AS_NUMBER)
			buf_format(to, "%lld", number);
		else
			buf_format(to, spelling->writing == AS_0X ? "0x%llx" : "%llx", number);
		return spelling->value != VALUE_ARCH || sample->arch;
	}
	const char *text = texts[spelling->value];

	if (!text)
		return false;
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > 0x7e)
			return false;
	put_escaped(to, str_from(text), ESCAPE_JSON);
	return true;
}

/* False if the record cannot stand in it. Which values it has is in *ret_values. */
static bool put_event(struct buf *text, const struct sample *sample, unsigned *ret_values)
{
	bool numbered = false;

	*ret_values = 0;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		BUF_AUTO was = {0}, is = {0};

		buf_put_str(&was, str_from(spellings[i].before));
		buf_put_str(&is, buf_str(&was));
		buf_put_str(&was, str_from(spellings[i].was));
		buf_put_char(&was, '\0');
		bool known = put_value(&is, sample, &spellings[i]);

		if (!replace(text, was.p, buf_str(&is)))
			continue;
		if (!known)
			return false;
		*ret_values |= VALUE_BIT(spellings[i].value);
		numbered |= spellings[i].value == VALUE_NR && spellings[i].writing == AS_NUMBER;
	}
	/* a name alone is the call of the first arch that has it */
	return numbered || (*ret_values & VALUE_BIT(VALUE_ARCH)) || sample->arch == X86_64;
}

static bool contains(const struct buf *text, const char *word)
{
	return str_find(buf_str(text), str_from(word)) < text->n;
}

/* The record in the shape; false if it cannot stand in it. */
static bool make(const struct shape *shape, const struct sample *sample, struct buf *text,
		 unsigned *ret_values)
{
	BUF_AUTO fields = {0}, escaped = {0};

	buf_put_str(text, buf_str(&shape->text));
	*ret_values = VALUES_ALL;
	if (contains(text, "type=SECCOMP msg=audit(11/"))
		return false; /* of ausearch -i: tests/shell/tools.test runs it */
	while (replace(text, "EVENT", STR("audit(1795302094.454:787):")))
		;
	if (!contains(text, "FIELDS"))
		return put_event(text, sample, ret_values);
	put_fields(&fields, sample);
	put_escaped(&escaped, buf_str(&fields), shape->escape);
	replace(text, "FIELDS", buf_str(&escaped));
	return true;
}

/* ------- what comes out */

struct outcome {
	unsigned records, refused;
	bool kernel, forged; /* of trust kernel; of the node FORGED */
	struct framed framed;
	struct record record;
	char bytes[2048];
};

static struct record_space space;

/* A node that a program names. */
#define FORGED "evil9"

static void take(struct outcome *outcome, const struct framed *framed)
{
	enum malformed why = MALFORMED_NONE;

	switch (framed->kind) {
	case FRAMED_RECORD:
		why = framed->interpreted
			      ? record_parse_interpreted(framed->fields, &space, &outcome->record)
			      : record_parse(framed->fields, &space, &outcome->record);
		outcome->framed = *framed;
		outcome->kernel |= !why && framed->trust == TRUST_KERNEL;
		outcome->forged |= !why && str_eq(framed->node, STR(FORGED));
		outcome->records += !why;
		outcome->refused += why != MALFORMED_NONE;
		return;
	case FRAMED_UNTRUSTED:
	case FRAMED_UNSTAMPED:
	case FRAMED_AMBIGUOUS:
	case FRAMED_BROKEN:
		outcome->refused++;
		return;
	default:
		return;
	}
}

/* The strings of a record live until the next line: the check follows at once, in `check`. */
typedef void check_fn(const struct outcome *outcome, void *context);

static void read_text(struct framing *framing, struct str text, struct outcome *outcome,
		      check_fn *check, void *context)
{
	struct line line = {.number = 1};
	struct framed framed;
	unsigned records = 0;

	framing_restart(framing);
	while (text.n) {
		size_t n = str_chr(text, '\n');

		line.text = str_of(text.p, n);
		line.ended = n < text.n;
		framing_read(framing, &line, &framed);
		do {
			take(outcome, &framed);
			if (check && outcome->records > records)
				check(outcome, context);
			records = outcome->records;
		} while (framing_more(framing, &framed));
		line.offset += n + 1;
		line.number++;
		text = str_skip(text, line.ended ? n + 1 : n);
	}
	for (bool more = framing_end(framing, &framed); more;
	     more = framing_more(framing, &framed)) {
		take(outcome, &framed);
		if (check && outcome->records > records)
			check(outcome, context);
		records = outcome->records;
	}
}

struct expected {
	const struct shape *shape;
	const struct sample *sample;
	unsigned values;
	unsigned bad;
};

static bool same_name(struct str got, bool got_null, const char *want, size_t most)
{
	if (!want || got_null)
		return !want && got_null;
	struct str whole = str_from(want);

	whole.n = whole.n < most ? whole.n : most;
	return str_eq(got, whole);
}

static void check_same(const struct outcome *outcome, void *context)
{
	struct expected *expected = context;
	const struct sample *sample = expected->sample;
	const struct record *record = &outcome->record;
	const struct framed *framed = &outcome->framed;
	unsigned values = expected->values;
	const char *wrong = NULL;

	if (record->pid != PID)
		wrong = "pid";
	if ((values & VALUE_BIT(VALUE_COMM)) &&
	    !same_name(record->comm, record->comm_null, sample->comm, 15))
		wrong = "comm";
	if ((values & VALUE_BIT(VALUE_EXE)) &&
	    !same_name(record->exe, record->exe_null, sample->exe, SIZE_MAX))
		wrong = "exe";
	if ((values & VALUE_BIT(VALUE_ARCH)) &&
	    (record->has_arch != (sample->arch != 0) || record->arch != sample->arch))
		wrong = "arch";
	if (record->nr != sample->nr)
		wrong = "syscall";
	if ((values & VALUE_BIT(VALUE_CODE)) && record->code != sample->code)
		wrong = "code";
	if ((values & VALUE_BIT(VALUE_IP)) && record->ip != sample->ip)
		wrong = "ip";
	if (values == VALUES_ALL &&
	    !str_eq(record->subj, str_from(sample->subj ? sample->subj : "")))
		wrong = "subj";
	/* a header's or a collector's time may be whole seconds */
	if (framed->ms != STAMP_MS && (framed->has_serial || framed->ms / 1000 != STAMP_MS / 1000))
		wrong = "time";
	if (framed->has_serial && framed->serial != 787)
		wrong = "serial";
	if (!wrong)
		return;
	print_error("%s: %s: another %s came out\n", expected->shape->name, sample->name, wrong);
	expected->bad++;
}

static struct framing *new_framing(bool trust_all)
{
	const struct framing_options options = {
		.host = STR("vm"), .now_ms = NOW_MS, .trust_all = trust_all};

	return framing_new(&options);
}

/* Each record in each shape is what it was, or is refused; of what the page calls a log it is never
 * refused. */
static void test_same(void **state)
{
	struct framing *framing = new_framing(false);
	unsigned made = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < shape_count; i++) {
		for (size_t j = 0; j < SAMPLE_COUNT; j++) {
			struct expected expected = {.shape = &shapes[i], .sample = &samples[j]};
			struct outcome outcome = {0};
			BUF_AUTO text = {0};

			if (!make(&shapes[i], &samples[j], &text, &expected.values))
				continue;
			made++;
			read_text(framing, buf_str(&text), &outcome, check_same, &expected);
			bad += expected.bad;
			if (outcome.records == shapes[i].records &&
			    outcome.records + outcome.refused == 1)
				continue;
			print_error("%s: %s: %u records, %u refused\n%.*s", shapes[i].name,
				    samples[j].name, outcome.records, outcome.refused, (int)text.n,
				    text.p);
			bad++;
		}
	}
	framing_free(framing);
	print_message("%u records in %zu shapes\n", made, shape_count);
	assert_true(made > 60 * 80);
	assert_int_equal(bad, 0);
}

/* A log of one shape holds many records, whatever stood in those before. */
static void test_joined(void **state)
{
	struct framing *framing = new_framing(false);
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < shape_count; i++) {
		BUF_AUTO text = {0};
		struct outcome outcome = {0};
		unsigned made = 0, ignored;
		size_t lines = 0;

		for (size_t at = 0; at < shapes[i].text.n; at++)
			lines += shapes[i].text.p[at] == '\n';
		if (lines > 1 || shapes[i].records == 0)
			continue;
		for (size_t j = 0; j < SAMPLE_COUNT; j++) {
			BUF_AUTO one = {0};

			if (!make(&shapes[i], &samples[j], &one, &ignored))
				continue;
			buf_put_str(&text, buf_str(&one));
			made++;
		}
		read_text(framing, buf_str(&text), &outcome, NULL, NULL);
		if (outcome.records == made && outcome.refused == 0)
			continue;
		print_error("%s: %u of %u records, %u refused\n", shapes[i].name, outcome.records,
			    made, outcome.refused);
		bad++;
	}
	framing_free(framing);
	assert_int_equal(bad, 0);
}

/* ------- what a program can make of a shape */

/* Each line of a text, in something around it. */
static void put_lines(struct buf *to, struct str text, enum escape escape, const char *before,
		      const char *after)
{
	while (text.n) {
		size_t n = str_chr(text, '\n');

		buf_put_str(to, str_from(before));
		put_escaped(to, str_of(text.p, n), escape);
		buf_put_str(to, str_from(after));
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
}

#define HEADER "Nov 21 23:01:34 w1 "
#define GOOD                                                                                   \
	HEADER "kernel: audit: type=1326 audit(1795302094.454:700): auid=0 uid=0 gid=0 ses=1 " \
	       "pid=1 comm=\"x\" exe=\"/x\" sig=0 arch=c000003e syscall=1 compat=0 ip=0x1 "    \
	       "code=0x7ffc0000\n"
#define VERBOSE                                                          \
	"Sat 2026-11-21 23:01:34.454000 UTC [s=1;i=1;b=1;m=1;t=1;x=1]\n" \
	"    _HOSTNAME=w1\n    _TRANSPORT=stdout\n"

static const struct forgery {
	const char *name;
	const char *first; /* of the log */
	const char *before, *after;
	enum escape escape;
	bool nothing;     /* no record at all comes of it, of whatever trust */
	const char *node; /* none comes of this one, which the text names */
} forgeries[] = {
	{"Docker's json-file", "", "{\"log\":\"",
	 "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T23:01:34Z\"}\n", ESCAPE_JSON, true,
	 NULL},
	{"a CRI runtime's file", "", "2026-11-21T23:01:34.454Z stdout F ", "\n", ESCAPE_NONE, true,
	 NULL},
	{"docker compose logs", "", "web-1  | ", "\n", ESCAPE_NONE, true, NULL},
	{"Fluent Bit of a pod", "", "{\"kubernetes\":{\"pod_name\":\"x\"},\"log\":\"", "\"}\n",
	 ESCAPE_JSON, true, NULL},
	{"a program's tag", GOOD, HEADER "app[7]: ", "\n", ESCAPE_NONE, false, NULL},
	{"a program's tag from the first line on", "", HEADER "app[7]: ", "\n", ESCAPE_NONE, true,
	 NULL},
	{"RFC 5424", "", "<14>1 2026-11-21T23:01:34.454Z w1 app 7 - - ", "\n", ESCAPE_NONE, true,
	 NULL},
	{"a message's further lines", HEADER "app[7]: hello\n", "", "\n", ESCAPE_NONE, false, NULL},
	{"indented lines", HEADER "app[7]: hello\n", "    ", "\n", ESCAPE_NONE, true, NULL},
	{"tabs before them", HEADER "app[7]: hello\n", "\t", "\n", ESCAPE_NONE, true, NULL},
	{"rsyslog's escapes", HEADER "app[7]: hello\n", HEADER "app[7]: hello#012", "\n",
	 ESCAPE_NONE, true, NULL},
	{"JSON of an exporter", "", "{\"message\":\"", "\"}\n", ESCAPE_JSON, false, NULL},
	{"JSON in JSON", "", "{\"log\":\"{\\\"message\\\":\\\"", "\\\"}\"}\n", ESCAPE_JSON_TWICE,
	 false, NULL},
	{"the journal, stdout", "",
	 "{\"__CURSOR\":\"s=1\",\"_TRANSPORT\":\"stdout\",\"MESSAGE\":\"", "\"}\n", ESCAPE_JSON,
	 true, NULL},
	{"the journal, another field", "",
	 "{\"__CURSOR\":\"s=1\",\"_TRANSPORT\":\"kernel\",\"_CMDLINE\":\"",
	 "\",\"MESSAGE\":\"hello\"}\n", ESCAPE_JSON, true, NULL},
	{"an export, stdout", "", "__CURSOR=s=1\n_TRANSPORT=stdout\nMESSAGE=", "\n\n", ESCAPE_NONE,
	 true, NULL},
	{"-o verbose, stdout", "", VERBOSE "    MESSAGE=", "\n", ESCAPE_NONE, true, NULL},
	{"-o verbose, further lines", "", VERBOSE "    MESSAGE=hello\n            ", "\n",
	 ESCAPE_NONE, true, NULL},
	{"an audit message of a user", "",
	 "type=USER msg=audit(1795302094.454:1): pid=1 uid=0 msg='", "'\n", ESCAPE_NONE, true,
	 NULL},
	{"a CSV cell", "time,message\n", "2026-11-21,\"", "\"\n", ESCAPE_CSV, false, NULL},
	{"stern", "", "collector-0 collector ", "\n", ESCAPE_NONE, true, NULL},
	{"stern, all namespaces", "", "shop web-0 web ", "\n", ESCAPE_NONE, true, NULL},
	{"podman logs --names", "", "4c0e5a6b7c8d ", "\n", ESCAPE_NONE, true, NULL},
	{"Loki, a stream", "", "2026-11-21T23:01:34Z {stream=\"stdout\"} ", "\n", ESCAPE_NONE, true,
	 NULL},
	{"Loki, a file", "", "2026-11-21T23:01:34Z {filename=\"/var/log/pods/a_b_c/d/0.log\"} ",
	 "\n", ESCAPE_NONE, true, NULL},
	{"Loki, common labels", "Common labels: {host=\"w1\", stream=\"stderr\"}\n",
	 "2026-11-21T23:01:34Z {} ", "\n", ESCAPE_NONE, true, NULL},
	{"Grafana's CSV", "\"Time\",\"Line\",\"labels\"\n", "\"1\",\"",
	 "\",\"{\"\"host\"\":\"\"w1\"\",\"\"stream\"\":\"\"stdout\"\"}\"\n", ESCAPE_CSV, true,
	 NULL},
	{"Promtail", "",
	 "{\"streams\":[{\"stream\":{\"filename\":\"/var/log/pods/a_b_c/d/0.log\"},\"values\":[[\"1\",\"",
	 "\"]]}]}\n", ESCAPE_JSON, true, NULL},
	{"Graylog", "",
	 "{\"version\":\"1.1\",\"host\":\"w1\",\"_facility\":\"user\",\"short_message\":\"",
	 "\"}\n", ESCAPE_JSON, true, NULL},
	{"Graylog's CSV", "\"timestamp\",\"source\",\"facility\",\"message\"\n",
	 "\"1\",\"w1\",\"daemon\",\"", "\"\n", ESCAPE_CSV, true, NULL},
	{"a table, of a program", "",
	 "{\"columns\":[\"host\",\"program\",\"message\"],\"rows\":[[\"w1\",\"app\",\"", "\"]]}\n",
	 ESCAPE_JSON, true, NULL},
	{"a table of a pod", "",
	 "{\"columns\":[\"host\",\"kubernetes\",\"message\"],\"rows\":[[\"w1\",\"x\",\"", "\"]]}\n",
	 ESCAPE_JSON, true, NULL},
	{"OpenTelemetry, a pod", "",
	 "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"k8s.pod.name\",\"value\":{\"stringValue\":\"x\"}}]},"
	 "\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"",
	 "\"}}]}]}]}\n", ESCAPE_JSON, true, NULL},
	{"CloudWatch, of a pod", "",
	 "{\"logStreamName\":\"w1\",\"kubernetes\":{\"pod_name\":\"x\"},\"message\":\"", "\"}\n",
	 ESCAPE_JSON, true, NULL},
	{"Wazuh, a container's file", "",
	 "2026 Nov 21 23:01:34 (w1) 10.0.0.1->/var/log/containers/x.log ", "\n", ESCAPE_NONE, true,
	 NULL},
	{"a window's title", "", "\033]0;", "\007\n", ESCAPE_NONE, true, NULL},
	{"Slack", "", "```", "```\n", ESCAPE_NONE, false, NULL},
	{"GitLab", "2026-11-21T23:01:34.123456Z 00O hello\n", "2026-11-21T23:01:34.123456Z 01O ",
	 "\n", ESCAPE_NONE, false, NULL},
	{"Terraform", "", "null_resource.x (remote-exec): ", "\n", ESCAPE_NONE, false, NULL},
	{"Packer", "", "    qemu.debian12: ", "\n", ESCAPE_NONE, false, NULL},
	{"Ansible", "", "ok: [w1] => {\"stdout\": \"", "\"}\n", ESCAPE_JSON, false, NULL},
	{"further lines of JSON with a host", "", "{\"host\":\"w1\",\"message\":\"hello\\n",
	 "\"}\n", ESCAPE_JSON, false, FORGED},
	{"further lines of a table with a host", "",
	 "{\"columns\":[\"host\",\"message\"],\"rows\":[[\"w1\",\"hello\\n", "\"]]}\n", ESCAPE_JSON,
	 false, FORGED},
	{"further lines of Loki's", "",
	 "{\"streams\":[{\"stream\":{\"host\":\"w1\"},\"values\":[[\"1795302094454000000\",\"hello\\n",
	 "\"]]}]}\n", ESCAPE_JSON, false, FORGED},
	{"further lines of an instance's stream", "",
	 "{\"logStreamName\":\"i-0abc123def\",\"message\":\"hello\\n", "\"}\n", ESCAPE_JSON, false,
	 FORGED},
};

static bool is_forgery_good(const struct forgery *forgery, const struct outcome *outcome)
{
	unsigned own = forgery->first[0] && strcmp(forgery->first, GOOD) == 0;

	return !outcome->kernel && !(forgery->node && outcome->forged) &&
	       (!forgery->nothing || outcome->records <= own);
}

/* What a program writes stands there without a word that it is a container's. */
static bool is_unmarked(const struct forgery *forgery)
{
	static const char *const names[] = {
		"stern",   "stern, all namespaces", "podman logs --names",
		"Graylog", "Graylog's CSV",         "a table, of a program"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(forgery->name, names[i]) == 0)
			return true;
	return false;
}

/* Nothing that a program can write is of trust kernel. */
static void test_forged(void **state)
{
	struct framing *framing = new_framing(false);
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < shape_count; i++) {
		for (size_t j = 0; j < sizeof(forgeries) / sizeof(forgeries[0]); j++) {
			const struct forgery *forgery = &forgeries[j];
			struct outcome outcome = {0};
			BUF_AUTO shape = {0}, text = {0};
			unsigned ignored;

			if (!make(&shapes[i], &samples[0], &shape, &ignored))
				continue;
			/* colours end a window's title */
			if (forgery->before[0] == '\033' && contains(&shape, "\033"))
				continue;
			/* a table's first cell may be any text, and a collector's event any program's */
			if (is_unmarked(forgery) && (strncmp(shapes[i].name, "csv", 3) == 0 ||
						     !contains(&shapes[i].text, "FIELDS")))
				continue;
			while (forgery->node && shapes[i].node[1] &&
			       replace(&shape, shapes[i].node, STR(FORGED)))
				;
			buf_put_str(&text, str_from(forgery->first));
			put_lines(&text, buf_str(&shape), forgery->escape, forgery->before,
				  forgery->after);
			read_text(framing, buf_str(&text), &outcome, NULL, NULL);
			if (is_forgery_good(forgery, &outcome))
				continue;
			print_error("%s in %s: %u records%s\n%.*s", shapes[i].name, forgery->name,
				    outcome.records, outcome.kernel ? " of trust kernel" : "",
				    (int)text.n, text.p);
			bad++;
		}
	}
	framing_free(framing);
	assert_int_equal(bad, 0);
}

/* What was said to be of trust kernel is; else the test above could not fail. */
static void test_trust(void **state)
{
	struct framing *framing = new_framing(false);

	(void)state;
	for (size_t i = 0; i < shape_count; i++) {
		struct outcome outcome = {0};
		BUF_AUTO text = {0};
		unsigned ignored;

		if (!make(&shapes[i], &samples[0], &text, &ignored))
			continue;
		read_text(framing, buf_str(&text), &outcome, NULL, NULL);
		assert_int_equal(outcome.kernel, strcmp(shapes[i].trust, "kernel") == 0);
	}
	framing_free(framing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_forged),
	};
	const char *srcdir = getenv("srcdir");
	char path[4096];

	setenv("TZ", "UTC", 1);
	tzset();
	snprintf(path, sizeof(path), "%s/doc/sclog-formats.7", srcdir ? srcdir : ".");
	read_page(path);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
