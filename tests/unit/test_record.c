/*
 * Records: every variant of the kernel's text. Expected values are read off the line by hand;
 * the numbers' names come from linux/audit.h (arch) and linux/seccomp.h (code). The interpreted
 * lines are what ausearch 3.0.9 -i printed for the raw lines of the same values.
 */
#include "ingest/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define IDS    "auid=4294967295 uid=0 gid=0 ses=4294967295 "
#define NAMES  "comm=\"true\" exe=\"/usr/bin/true\" "
#define CALL   "sig=0 arch=c000003e syscall=3 compat=0 ip=0x7f2ef1723a07 "
#define LOG    "code=0x7ffc0000"
#define PLAIN  IDS "pid=19499 " NAMES CALL LOG
#define TAIL   "AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=x86_64 SYSCALL=unknown-syscall(-1)"
#define HEX_LF "comm=6E6C0A78 exe=2F746D702F6E6C0A78 "

#define X86_64  0xc000003e
#define I386    0x40000003
#define ARM     0x40000028
#define AARCH64 0xc00000b7

#define ACT_LOG 0x7ffc0000

struct good {
	const char *name;
	struct str text;
	uint32_t pid;
	bool no_arch;
	uint32_t arch;
	int32_t nr;
	uint32_t code;
	uint64_t ip;
	struct str comm; /* p NULL: (null) */
	struct str exe;
	struct str subj;
};

/* A row: what matters of it comes first, the rest is as in PLAIN. */
#define ROW(what, line, ...)                                                                  \
	{                                                                                     \
		.name = what, .text = {line, sizeof(line) - 1}, .pid = 19499, .arch = X86_64, \
		.nr = 3, .code = ACT_LOG, .ip = 0x7f2ef1723a07, .comm = {"true", 4},          \
		.exe = {"/usr/bin/true", 13}, __VA_ARGS__                                     \
	}
#define S(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define NULL_STR        \
	{               \
		NULL, 0 \
	}

/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct good good[] = {
	ROW("plain", PLAIN),
	ROW("enriched", PLAIN "\x1d" TAIL),
	ROW("enriched, separator lost, LOG", PLAIN TAIL),
	ROW("enriched, separator lost, KILL_THREAD", IDS "pid=19499 " NAMES CALL "code=0x0" TAIL,
	    .code = 0),
	ROW("enriched, separator lost, ERRNO", IDS "pid=19499 " NAMES CALL "code=0x50000" TAIL,
	    .code = 0x50000),
	ROW("enriched, separator lost, KILL_PROCESS",
	    IDS "pid=19499 " NAMES CALL "code=0x80000000" TAIL, .code = 0x80000000),
	ROW("enriched, separator escaped by rsyslog", PLAIN "#035" TAIL),
	ROW("enriched, separator a blank", PLAIN " " TAIL),
	ROW("newline escaped by rsyslog", PLAIN "#012"),
	ROW("CRLF", PLAIN "\r"),
	ROW("blank at the end", PLAIN " "),
	ROW("doubled blanks", IDS " pid=19499  " NAMES " " CALL "  " LOG),
	ROW("action ERRNO", IDS "pid=19499 " NAMES CALL "code=0x50000", .code = 0x50000),
	ROW("action TRAP", IDS "pid=19499 " NAMES CALL "code=0x30000", .code = 0x30000),
	ROW("action TRACE", IDS "pid=19499 " NAMES CALL "code=0x7ff00000", .code = 0x7ff00000),
	ROW("action NOTIFY", IDS "pid=19499 " NAMES CALL "code=0x7fc00000", .code = 0x7fc00000),
	ROW("action KILL_THREAD", IDS "pid=19499 " NAMES CALL "code=0x0", .code = 0),
	ROW("action KILL_PROCESS", IDS "pid=19499 " NAMES CALL "code=0x80000000",
	    .code = 0x80000000),
	ROW("action that no kernel has yet", IDS "pid=19499 " NAMES CALL "code=0x7ffd0000",
	    .code = 0x7ffd0000),
	ROW("hex with a blank", IDS "pid=20485 comm=612062 exe=2F746D702F612062 " CALL LOG,
	    .pid = 20485, .comm = S("a b"), .exe = S("/tmp/a b")),
	ROW("hex with a newline", IDS "pid=7 " HEX_LF CALL LOG,
	    .pid = 7, .comm = S("nl\nx"), .exe = S("/tmp/nl\nx")),
	ROW("hex with a quote", IDS "pid=7 comm=712278 exe=2F746D702F712278 " CALL LOG,
	    .pid = 7, .comm = S("q\"x"), .exe = S("/tmp/q\"x")),
	ROW("hex with UTF-8", IDS "pid=7 comm=C3BC6EC3AF exe=2F746D702FC3BC6EC3AF " CALL LOG,
	    .pid = 7, .comm = S("\xc3\xbcn\xc3\xaf"), .exe = S("/tmp/\xc3\xbcn\xc3\xaf")),
	ROW("hex with no UTF-8", IDS "pid=7 comm=FFFE exe=\"/x\" " CALL LOG,
	    .pid = 7, .comm = S("\xff\xfe"), .exe = S("/x")),
	ROW("hex that decodes to fields",
	    IDS "pid=7 comm=782073797363616C6C3D31 exe=\"/x\" " CALL LOG,
	    .pid = 7, .comm = S("x syscall=1"), .exe = S("/x")),
	ROW("quoted that looks like a field", IDS "pid=7 comm=\"sysc=59\" exe=\"/a/pid=9\" " CALL LOG,
	    .pid = 7, .comm = S("sysc=59"), .exe = S("/a/pid=9")),
	ROW("quoted that begins like a field", IDS "pid=7 comm=\"syscall=59\" exe=\"pid=9\" " CALL LOG,
	    .pid = 7, .comm = S("syscall=59"), .exe = S("pid=9")),
	ROW("quoted that looks like hex", IDS "pid=7 comm=\"6162\" exe=\"2F61\" " CALL LOG,
	    .pid = 7, .comm = S("6162"), .exe = S("2F61")),
	ROW("quoted (null)", IDS "pid=7 comm=\"(null)\" exe=\"(null)\" " CALL LOG,
	    .pid = 7, .comm = S("(null)"), .exe = S("(null)")),
	ROW("comm of 15 bytes", IDS "pid=7 comm=\"123456789012345\" exe=\"/x\" " CALL LOG,
	    .pid = 7, .comm = S("123456789012345"), .exe = S("/x")),
	ROW("deleted", IDS "pid=7 comm=\"gone\" exe=2F746D702F676F6E65202864656C6574656429 " CALL LOG,
	    .pid = 7, .comm = S("gone"), .exe = S("/tmp/gone (deleted)")),
	ROW("exe (null)", IDS "pid=7 comm=\"true\" exe=(null) " CALL LOG, .pid = 7, .exe = NULL_STR),
	ROW("comm (null)", IDS "pid=7 comm=(null) exe=\"/x\" " CALL LOG,
	    .pid = 7, .comm = NULL_STR, .exe = S("/x")),
	ROW("comm empty", IDS "pid=7 comm=\"\" exe=\"/x\" " CALL LOG,
	    .pid = 7, .comm = S(""), .exe = S("/x")),
	ROW("<no_memory>", IDS "pid=7 comm=\"true\" exe=\"<no_memory>\" " CALL LOG,
	    .pid = 7, .exe = S("<no_memory>")),
	ROW("<too_long>", IDS "pid=7 comm=\"true\" exe=\"<too_long>\" " CALL LOG,
	    .pid = 7, .exe = S("<too_long>")),
	ROW("runtime", IDS "pid=7 comm=\"runc:[2:INIT]\" exe=\"/\" " CALL LOG,
	    .pid = 7, .comm = S("runc:[2:INIT]"), .exe = S("/")),
	ROW("subj=?", IDS "subj=? pid=19499 " NAMES CALL LOG, .subj = S("?")),
	ROW("subj SELinux",
	    IDS "subj=system_u:system_r:container_t:s0:c575,c847 pid=19499 " NAMES CALL LOG,
	    .subj = S("system_u:system_r:container_t:s0:c575,c847")),
	ROW("subj AppArmor", IDS "subj=docker-default (enforce) pid=19499 " NAMES CALL LOG,
	    .subj = S("docker-default (enforce)")),
	ROW("subj AppArmor, second =", IDS "subj==name (enforce) pid=19499 " NAMES CALL LOG,
	    .subj = S("=name (enforce)")),
	ROW("subj unconfined", IDS "subj=unconfined pid=19499 " NAMES CALL LOG,
	    .subj = S("unconfined")),
	ROW("syscall 0", IDS "pid=19499 " NAMES
	    "sig=0 arch=c000003e syscall=0 compat=0 ip=0x7f2ef1723a07 " LOG, .nr = 0),
	ROW("syscall -1", IDS "pid=19499 " NAMES
	    "sig=0 arch=c000003e syscall=-1 compat=0 ip=0x7f2ef1723a07 " LOG, .nr = -1),
	ROW("syscall x32", IDS "pid=19499 " NAMES
	    "sig=0 arch=c000003e syscall=1073741887 compat=0 ip=0x7f2ef1723a07 " LOG,
	    .nr = 1073741887),
	ROW("syscall ARM private", IDS "pid=19499 " NAMES
	    "sig=0 arch=40000028 syscall=983045 compat=0 ip=0xb6e71234 " LOG,
	    .arch = ARM, .nr = 983045, .ip = 0xb6e71234),
	ROW("i386 on x86-64", IDS "pid=19499 " NAMES
	    "sig=0 arch=40000003 syscall=3 compat=1 ip=0xf7f2a579 " LOG,
	    .arch = I386, .ip = 0xf7f2a579),
	ROW("i386, compat=0", IDS "pid=19499 " NAMES
	    "sig=0 arch=40000003 syscall=3 compat=0 ip=0xf7f2a579 " LOG,
	    .arch = I386, .ip = 0xf7f2a579),
	ROW("killed", IDS "pid=19499 " NAMES
	    "sig=31 arch=40000003 syscall=20 compat=1 ip=0xf7f2a579 code=0x0",
	    .arch = I386, .nr = 20, .code = 0, .ip = 0xf7f2a579),
	ROW("kernel 3.10: no exe, no arch", IDS "pid=19499 comm=\"true\" sig=31 syscall=3 compat=0 "
	    "ip=0x7f2ef1723a07 code=0x0",
	    .no_arch = true, .code = 0, .exe = NULL_STR),
	ROW("ip 0", IDS "pid=19499 " NAMES "sig=0 arch=c000003e syscall=3 compat=0 ip=0x0 " LOG,
	    .ip = 0),
	ROW("ip in the upper half", IDS "pid=19499 " NAMES
	    "sig=0 arch=c000003e syscall=3 compat=0 ip=0xffffffffff600000 " LOG,
	    .ip = 0xffffffffff600000),
	ROW("another order", "syscall=3 arch=c000003e ip=0x7f2ef1723a07 exe=\"/usr/bin/true\" "
	    "comm=\"true\" ppid=1 pid=19499 auid=0 uid=0 " LOG),
	ROW("fields that end in ours", "ppid=5 xcomm=\"no\" xexe=\"no\" xarch=1 xsyscall=9 xcode=0x1 "
	    "xip=0x9 " PLAIN),
	ROW("pid of 22 bits", IDS "pid=4194304 " NAMES CALL LOG, .pid = 4194304),
};

static const struct good interpreted[] = {
	ROW("ausearch -i", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=getppid compat=0 ip=0x7fd256e08829 code=log ",
	    .pid = 5, .nr = 110, .ip = 0x7fd256e08829, .comm = S("c"), .exe = S("/c")),
	ROW("a blank in the names", "auid=unset uid=root gid=root ses=unset pid=20485 comm=a b "
	    "exe=/tmp/a b sig=SIG0 arch=x86_64 syscall=exit_group compat=0 ip=0x7f9f34379409 "
	    "code=log ",
	    .pid = 20485, .nr = 231, .ip = 0x7f9f34379409, .comm = S("a b"), .exe = S("/tmp/a b")),
	ROW("errno", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=errno ",
	    .pid = 5, .nr = 110, .code = 0x50000, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("trap", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=trap ",
	    .pid = 5, .nr = 110, .code = 0x30000, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("trace", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=trace ",
	    .pid = 5, .nr = 110, .code = 0x7ff00000, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("user-notify", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=user-notify ",
	    .pid = 5, .nr = 110, .code = 0x7fc00000, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("i386", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=i386 syscall=read compat=1 ip=0x7fd2 code=log ",
	    .pid = 5, .arch = I386, .nr = 3, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("ARM, which libaudit calls armeb", "auid=unset uid=root gid=root ses=unset pid=5 comm=c "
	    "exe=/c sig=SIG0 arch=armeb syscall=unknown-syscall(983045) compat=0 ip=0x7fd2 code=log ",
	    .pid = 5, .arch = ARM, .nr = 983045, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("x32", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 arch=x86_64 "
	    "syscall=unknown-syscall(1073741887) compat=0 ip=0x7fd2 code=log ",
	    .pid = 5, .nr = 1073741887, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("syscall -1", "auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	    "arch=x86_64 syscall=unknown-syscall(-1) compat=0 ip=0x7fd2 code=log ",
	    .pid = 5, .nr = -1, .ip = 0x7fd2, .comm = S("c"), .exe = S("/c")),
	ROW("aarch64, (null), a newline that ausearch escaped", "auid=unset uid=root gid=root ses=unset "
	    "subj=system_u:system_r:container_t:s0:c575,c847 pid=5 comm=a\\012b exe=(null) sig=SIG0 "
	    "arch=aarch64 syscall=io_setup compat=0 ip=0x7fd2 code=log ",
	    .pid = 5, .arch = AARCH64, .nr = 0, .ip = 0x7fd2, .comm = S("a\nb"), .exe = NULL_STR,
	    .subj = S("system_u:system_r:container_t:s0:c575,c847")),
	ROW("AppArmor, empty comm", "auid=unset uid=root gid=root ses=unset "
	    "subj==docker-default (enforce) pid=5 comm= exe=/c sig=SIGSYS arch=x86_64 "
	    "syscall=set_mempolicy_home_node compat=0 ip=0x7fd2 code=log ",
	    .pid = 5, .nr = 450, .ip = 0x7fd2, .comm = S(""), .exe = S("/c"),
	    .subj = S("=docker-default (enforce)")),
};
#pragma GCC diagnostic pop
/* clang-format on */

struct bad {
	const char *name;
	struct str text;
	enum malformed why;
};

/* clang-format off */
static const struct bad bad[] = {
	{"empty", S(""), MALFORMED_FIELD},
	{"no pid", S(IDS NAMES CALL LOG), MALFORMED_FIELD},
	{"no syscall", S(IDS "pid=1 " NAMES "sig=0 arch=c000003e compat=0 ip=0x1 " LOG),
	 MALFORMED_FIELD},
	{"no code", S(IDS "pid=1 " NAMES CALL), MALFORMED_FIELD},
	{"code only in the enriched tail", S(IDS "pid=1 " NAMES CALL "\x1d" LOG), MALFORMED_FIELD},
	{"pid only inside ppid", S(IDS "ppid=1 " NAMES CALL LOG), MALFORMED_FIELD},
	{"pid no number", S(IDS "pid=x " NAMES CALL LOG), MALFORMED_NUMBER},
	{"pid empty", S(IDS "pid= " NAMES CALL LOG), MALFORMED_NUMBER},
	{"pid too large", S(IDS "pid=4294967296 " NAMES CALL LOG), MALFORMED_NUMBER},
	{"syscall no number", S(IDS "pid=1 " NAMES
	 "sig=0 arch=c000003e syscall=read compat=0 ip=0x1 " LOG), MALFORMED_NUMBER},
	{"syscall with a tail", S(IDS "pid=1 " NAMES
	 "sig=0 arch=c000003e syscall=3x compat=0 ip=0x1 " LOG), MALFORMED_NUMBER},
	{"syscall too large", S(IDS "pid=1 " NAMES
	 "sig=0 arch=c000003e syscall=99999999999999999999 compat=0 ip=0x1 " LOG),
	 MALFORMED_NUMBER},
	{"arch no number", S(IDS "pid=1 " NAMES
	 "sig=0 arch=zz syscall=3 compat=0 ip=0x1 " LOG), MALFORMED_NUMBER},
	{"arch too large", S(IDS "pid=1 " NAMES
	 "sig=0 arch=1c000003e syscall=3 compat=0 ip=0x1 " LOG), MALFORMED_NUMBER},
	{"code no number", S(IDS "pid=1 " NAMES CALL "code=zz"), MALFORMED_NUMBER},
	{"code empty", S(IDS "pid=1 " NAMES CALL "code="), MALFORMED_NUMBER},
	{"code 0x alone", S(IDS "pid=1 " NAMES CALL "code=0x"), MALFORMED_NUMBER},
	{"hex of an odd length", S(IDS "pid=1 comm=612 exe=\"/x\" " CALL LOG), MALFORMED_STRING},
	{"neither quoted nor hex", S(IDS "pid=1 comm=hello exe=\"/x\" " CALL LOG),
	 MALFORMED_STRING},
	{"quote not closed", S(IDS "pid=1 comm=\"hello exe=/x " CALL LOG), MALFORMED_STRING},
	{"pid twice", S(IDS "pid=1 pid=2 " NAMES CALL LOG), MALFORMED_DUPLICATE},
	{"syscall twice", S(IDS "pid=1 " NAMES CALL "syscall=4 " LOG), MALFORMED_DUPLICATE},
};
/* clang-format on */

static void check_string(const char *name, const char *field, struct str got, struct str want)
{
	if (!str_eq(got, want))
		fail_msg("%s: %s is '%.*s', not '%.*s'", name, field, (int)got.n, got.p,
			 (int)want.n, want.p);
}

static void check_number(const char *name, const char *field, uint64_t got, uint64_t want)
{
	if (got != want)
		fail_msg("%s: %s is %#llx, not %#llx", name, field, (unsigned long long)got,
			 (unsigned long long)want);
}

static void check_record(const struct good *row, const struct record *record)
{
	check_number(row->name, "pid", record->pid, row->pid);
	check_number(row->name, "has_arch", record->has_arch, !row->no_arch);
	if (!row->no_arch)
		check_number(row->name, "arch", record->arch, row->arch);
	check_number(row->name, "nr", (uint32_t)record->nr, (uint32_t)row->nr);
	check_number(row->name, "code", record->code, row->code);
	check_number(row->name, "ip", record->ip, row->ip);
	check_number(row->name, "comm_null", record->comm_null, row->comm.p == NULL);
	check_number(row->name, "exe_null", record->exe_null, row->exe.p == NULL);
	check_string(row->name, "comm", record->comm, row->comm);
	check_string(row->name, "exe", record->exe, row->exe);
	check_string(row->name, "subj", record->subj, row->subj);
}

typedef enum malformed parse_fn(struct str, struct record_space *, struct record *);

/* A record is parsed into memory that an earlier one used: nothing of that may shine through. */
static struct record_space space;

static struct record *dirty_record(void)
{
	static const struct str before =
		S("subj=old pid=1 comm=6F6C64 exe=6F6C64 sig=1 arch=40000028 syscall=7 ip=0x7 "
		  "code=0x30000");
	static struct record record;

	memset(&record, 0x5a, sizeof(record));
	memset(&space, 0x5a, sizeof(space));
	assert_int_equal(record_parse(before, &space, &record), MALFORMED_NONE);
	return &record;
}

/* The text stands in memory of just its size, so that a read past its end is found. */
static enum malformed parse(parse_fn *how, struct str text, struct record *record, char **ret_copy)
{
	char *copy = malloc(text.n ? text.n : 1);

	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	*ret_copy = copy;
	return how(str_of(copy, text.n), &space, record);
}

static void check_good(const struct good *row, parse_fn *how)
{
	struct record *record = dirty_record();
	char *copy;
	enum malformed why = parse(how, row->text, record, &copy);

	if (why)
		fail_msg("%s: malformed: %s", row->name, malformed_name(why));
	check_record(row, record);
	free(copy);
}

static void test_good(void **state)
{
	check_good(*state, record_parse);
}

static void test_interpreted(void **state)
{
	check_good(*state, record_parse_interpreted);
}

static void test_bad(void **state)
{
	const struct bad *row = *state;
	char *copy;
	enum malformed why = parse(record_parse, row->text, dirty_record(), &copy);

	free(copy);
	if (why != row->why)
		fail_msg("%s: %s, not %s", row->name, why ? malformed_name(why) : "accepted",
			 malformed_name(row->why));
}

/* ausearch -i prints SECCOMP_RET_KILL_THREAD and _PROCESS alike; the latter is from Linux 4.14 on, and exe=
 * from 3.14 on. */
static void test_interpreted_kill(void **state)
{
	static const struct str text = S("auid=unset pid=5 comm=c exe=/c sig=SIGSYS arch=x86_64 "
					 "syscall=getppid compat=0 ip=0x7fd2 code=kill ");
	static const struct str old = S("auid=unset pid=5 comm=c sig=SIGSYS arch=x86_64 "
					"syscall=getppid compat=0 ip=0x7fd2 code=kill ");
	struct record *record = dirty_record();

	(void)state;
	assert_int_equal(record_parse_interpreted(text, &space, record), MALFORMED_ACTION);
	assert_int_equal(record_parse_interpreted(old, &space, record), MALFORMED_NONE);
	assert_int_equal(record->code, 0);
}

/* No prefix of a record may crash; none may be taken for a record with another pid or number. */
static void test_every_prefix(void **state)
{
	static const struct str text = S(IDS "subj==name (enforce) pid=19499 " HEX_LF CALL LOG);

	(void)state;
	for (size_t n = 0; n <= text.n; n++) {
		struct record *record = dirty_record();
		char *copy;
		enum malformed why = parse(record_parse, str_of(text.p, n), record, &copy);

		if (!why) {
			assert_int_equal(record->pid, 19499);
			assert_int_equal(record->nr, 3);
		}
		free(copy);
	}
}

/* The longest exe the kernel writes: PATH_MAX bytes, all of them as hex. */
static void test_longest_exe(void **state)
{
	static char text[16384];
	struct record *record = dirty_record();
	int n = snprintf(text, sizeof(text), "%s", IDS "pid=1 comm=\"true\" exe=");

	(void)state;
	for (int i = 0; i < 4096 + 10; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "20");
	n += snprintf(text + n, sizeof(text) - (size_t)n, " %s", CALL LOG);
	assert_int_equal(record_parse(str_of(text, (size_t)n), &space, record), MALFORMED_NONE);
	assert_int_equal(record->exe.n, 4106);
	assert_int_equal(record->exe.p[4105], ' ');
}

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

int main(void)
{
	struct CMUnitTest tests[COUNT(good) + COUNT(interpreted) + COUNT(bad) + 3] = {
		cmocka_unit_test(test_interpreted_kill),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_longest_exe),
	};
	size_t n = 3;

	for (size_t i = 0; i < COUNT(good); i++)
		tests[n++] = (struct CMUnitTest){.name = good[i].name,
						 .test_func = test_good,
						 .initial_state = (void *)(uintptr_t)&good[i]};
	for (size_t i = 0; i < COUNT(interpreted); i++)
		tests[n++] =
			(struct CMUnitTest){.name = interpreted[i].name,
					    .test_func = test_interpreted,
					    .initial_state = (void *)(uintptr_t)&interpreted[i]};
	for (size_t i = 0; i < COUNT(bad); i++)
		tests[n++] = (struct CMUnitTest){.name = bad[i].name,
						 .test_func = test_bad,
						 .initial_state = (void *)(uintptr_t)&bad[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
