/*
 * What strace writes: heads, names, programs, summaries, and what only looks like that. A row is a
 * text of some lines and the calls that are in it, counted by hand. Numbers are those of
 * asm/unistd_64.h and unistd_32.h, times those of date -u.
 */
#include "base/buf.h"
#include "ingest/arch.h"
#include "ingest/strace/strace.h"
#include "store/store.h"

#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-22T07:24:11.500Z */
#define END 1795332251500

struct row {
	const char *name;
	const char *text; /* lines */
	const char *want; /* "PID COMM ARCH NR", "! REASON" for each line that says so */
};

/* clang-format off */
static const struct row rows[] = {
	/* what stands before a call */
	{"nothing", "getpid() = 7\n", "0 - x86_64 39\n"},
	{"-f -o", "17    getpid()      = 17\n", "17 - x86_64 39\n"},
	{"-f on standard error", "[pid    17] getpid() = 17\n", "17 - x86_64 39\n"},
	{"the largest pid", "4194304 getpid() = 7\n", "4194304 - x86_64 39\n"},
	{"-Y", "17<a\\76b\\n> getpid() = 17<x>\n[pid 18<c>] getuid() = 0\n",
	 "17 a>b\n x86_64 39\n18 c x86_64 102\n"},
	{"-t, -tt, -ttt", "5 07:24:11 getpid() = 5\n5 07:24:11.382193 getpid() = 5\n"
	 "5 1795332251.382193 getpid() = 5\n", "5 - x86_64 39\n5 - x86_64 39\n5 - x86_64 39\n"},
	{"whole seconds are no pid", "1795332251 getpid() = 5\n", "0 - x86_64 39\n"},
	{"-r", "5      0.000123 getpid() = 5\n     1.000123 getpid() = 5\n"
	 "5 07:24:11 (+     0.000044) getpid() = 5\n", "5 - x86_64 39\n5 - x86_64 39\n5 - x86_64 39\n"},
	{"-r in whole seconds", "     3 getpid() = 5\n5      0 getpid() = 5\n",
	 "0 - x86_64 39\n5 - x86_64 39\n"},
	{"-n, -i, both", "[  39] getpid() = 5\n[00007f9430334ad7] getpid() = 5\n"
	 "[  39] [00007f9430334ad7] getpid() = 5\n[????] [????????????????] getpid() = 5\n",
	 "0 - x86_64 39\n0 - x86_64 39\n0 - x86_64 39\n0 - x86_64 39\n"},
	{"--secontext", "5 [unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] getpid() = 5\n"
	 "[pid     6] [u:r:t] [  39] getpid() = 6\n", "5 - x86_64 39\n6 - x86_64 39\n"},
	{"all of them", "5<x> [u:r:t:s0] 1795332251.1 (+     0.1) [  39] [00007f9430334ad7] getpid() = 5\n",
	 "5 x x86_64 39\n"},
	{"CRLF", "5 getpid() = 5\r\n", "5 - x86_64 39\n"},

	/* a call counts once, at its entry */
	{"unfinished and resumed", "5 read(0,  <unfinished ...>\n6 getpid() = 6\n"
	 "5 <... read resumed>\"\", 1) = 0\n", "5 - x86_64 0\n6 - x86_64 39\n"},
	{"never returned", "5 exit_group(0) = ?\n5 pause( <detached ...>\n5 read(0,  <unfinished ...>\n",
	 "5 - x86_64 231\n5 - x86_64 34\n5 - x86_64 0\n"},
	{"restarted", "5 nanosleep({1, 0}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n"
	 "5 restart_syscall(<... resuming interrupted nanosleep ...>) = 0\n",
	 "5 - x86_64 35\n5 - x86_64 219\n"},
	{"injected", "5 getuid() = -1 EPERM (Operation not permitted) (INJECTED)\n", "5 - x86_64 102\n"},
	{"no calls", "5 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---\n5 +++ exited with 0 +++\n"
	 "6 +++ killed by SIGKILL (core dumped) +++\n > /lib/libc.so.6(read+0x4) [0x1234]\n"
	 " | 00000  68 69 0a     read(                     |\nstrace: Process 7 attached\n"
	 " <unfinished ...>\n)      = 6\n\n", ""},
	{"another process attaches", "vfork(strace: Process 8 attached\n <unfinished ...>\n", "0 - x86_64 58\n"},

	/* numbers */
	{"unknown numbers", "5 syscall_0x3e8(0x1) = -1 ENOSYS (Function not implemented)\n"
	 "5 syscall_0xffffffffffffffff(0x1) = -1 ENOSYS (x)\n5 syscall_1000(1) = -1 ENOSYS (x)\n"
	 "5 SYS_1000(1) = -1 ENOSYS (x)\n", "5 - x86_64 1000\n5 - x86_64 -1\n5 - x86_64 1000\n5 - x86_64 1000\n"},
	{"what strace could not read", "5 ????" "(<unavailable>) = ? <unavailable>\n", "! unknown-call\n"},
	{"no such call", "5 getpid() = 5\n5 frobnicate(1) = 0\n", "5 - x86_64 39\n! unknown-call\n"},
	{"newer than libseccomp 2.5", "5 mseal(0x1, 1, 0) = 0\n", "5 - x86_64 462\n"},
	{"old spellings", "5 pread(3, \"\", 1, 0) = 0\n5 _exit(0) = ?\n", "5 - x86_64 17\n5 - x86_64 60\n"},
	{"32 bit, said", "5 [ Process PID=5 runs in 32 bit mode. ]\n5 getpid() = 5\n5 mmap(NULL) = 0\n"
	 "5 [ Process PID=5 runs in 64 bit mode. ]\n5 getpid() = 5\n",
	 "5 - x86 20\n5 - x86 90\n5 - x86_64 39\n"},
	{"x32, said", "5 [ Process PID=5 runs in x32 mode. ]\n5 getpid() = 5\n5 ioctl#64(0) = 0\n5 ioctl(0) = 0\n",
	 "5 - x32 1073741863\n5 - x32 1073741840\n5 - x32 1073742338\n"},
	{"32 bit, by a name", "5 getpid() = 5\n5 mmap2(NULL) = 0\n5 getpid() = 5\n6 getpid() = 6\n5 newfstatat(3) = 0\n",
	 "5 - x86_64 39\n5 - x86 192\n5 - x86 20\n6 - x86_64 39\n5 - x86_64 262\n"},
	{"32 bit, by -n", "5 [  20] getpid() = 5\n5 [  39] getpid() = 5\n5 [1073741863] getpid() = 5\n",
	 "5 - x86 20\n5 - x86_64 39\n5 - x32 1073741863\n"},
	{"32 bit, by -i", "5 [0804900d] getpid() = 5\n5 [00007f9430334ad7] getpid() = 5\n"
	 "5 [7f5906a24829] getpid() = 5\n", "5 - x86 20\n5 - x86_64 39\n5 - x32 1073741863\n"},
	{"socketcall and ipc, as -n tells", "5 [ 102] socket(AF_UNIX) = 3\n5 [ 359] socket(AF_UNIX) = 3\n"
	 "5 [ 102] send(1) = 0\n5 [ 117] semop(1) = 0\n5 [ 397] shmat(1) = 0\n5 [ 117] shmat(1) = 0\n",
	 "5 - x86 102\n5 - x86 359\n5 - x86 102\n5 - x86 117\n5 - x86 397\n5 - x86 117\n"},
	{"socketcall and ipc without it", "5 [ Process PID=5 runs in 32 bit mode. ]\n5 socket(AF_UNIX) = 3\n"
	 "5 accept(3) = 4\n5 send(1) = 0\n5 semop(1) = 0\n5 shmat(1) = 0\n",
	 "5 - x86 359\n5 - x86 102\n5 - x86 102\n5 - x86 117\n5 - x86 397\n"},

	/* programs */
	{"execve", "5 execve(\"/bin/abcdefghijklmnopqr\", [\"x\"], 0x1 /* 2 vars */) = 0\n5 getpid() = 5\n"
	 "5 execve(\"/no\", [\"b\"], 0x1) = -1 ENOENT (No such file or directory)\n5 getpid() = 5\n",
	 "5 abcdefghijklmno x86_64 59\n5 abcdefghijklmno x86_64 39\n5 abcdefghijklmno x86_64 59\n"
	 "5 abcdefghijklmno x86_64 39\n"},
	{"escapes", "5 execve(\"/\\\"\\\\\\n\\303\\244\\x41\", [], []) = 0\n", "5 \"\\\n\303\244A x86_64 59\n"},
	{"-xx", "5 execve(\"\\x2f\\x62\", [], []) = 0\n", "5 b x86_64 59\n"},
	{"a failure in the arguments", "5 execve(\"/bin/a\", [\"x) = -1 ENOENT (\"], []) = 0 <0.1>\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 39\n"},
	{"a success in the arguments", "5 execve(\"/bin/a\", [\"x\"], []) = 0\n"
	 "5 execve(\"/bin/b\", [\"x) = 0\"], []) = -1 EACCES (Permission denied)\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 59\n5 a x86_64 39\n"},
	{"execve goes on", "5 execve(\"/bin/a\", [\"x\"], [] <unfinished ...>\n5 <... execve resumed>) = 0\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 39\n"},
	{"execveat", "5 execveat(AT_FDCWD, \"/bin/a\", [], [], 0) = 0\n5 getpid() = 5\n"
	 "5 execveat(3, \"\", [], [], AT_EMPTY_PATH) = 0\n5 getpid() = 5\n",
	 "5 a x86_64 322\n5 a x86_64 39\n5 a x86_64 322\n5 - x86_64 39\n"},
	{"children", "5 execve(\"/a\", [], []) = 0\n5 fork() = 6\n6 getpid() = 6\n"
	 "5 vfork( <unfinished ...>\n7 getpid() = 7\n7 execve(\"/b\", [], []) = 0\n5 <... vfork resumed>) = 7\n"
	 "7 getpid() = 7\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 57\n6 a x86_64 39\n5 a x86_64 58\n7 a x86_64 39\n7 a x86_64 59\n"
	 "7 b x86_64 39\n5 a x86_64 39\n"},
	{"a child of one of two programs", "5 execve(\"/a\", [], []) = 0\n6 execve(\"/b\", [], []) = 0\n"
	 "5 fork( <unfinished ...>\n6 fork( <unfinished ...>\n7 getpid() = 7\n6 <... fork resumed>) = 7\n7 getpid() = 7\n",
	 "5 a x86_64 59\n6 b x86_64 59\n5 a x86_64 57\n6 b x86_64 57\n7 - x86_64 39\n7 b x86_64 39\n"},
	{"a thread has its process's pid", "5 execve(\"/a\", [], []) = 0\n"
	 "5 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 6\n6 getpid() = 5\n"
	 "5 clone3({flags=CLONE_VM|CLONE_THREAD} <unfinished ...>\n7 getpid() = 5\n5 <... clone3 resumed>) = 7\n7 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 56\n5 a x86_64 39\n5 a x86_64 435\n5 a x86_64 39\n5 a x86_64 39\n"},
	{"PR_SET_NAME", "5 execve(\"/a\", [], []) = 0\n5 prctl(PR_SET_NAME, \"one of 15 bytes!\") = 0\n5 fork() = 6\n"
	 "6 prctl(PR_SET_NAME, \"cut\"...) = 0\n6 getpid() = 6\n6 prctl(PR_SET_NAME, \"kid\" <unfinished ...>\n6 <... prctl resumed>) = 0\n6 getpid() = 6\n"
	 "5 getpid() = 5\n6 execve(\"/b\", [], []) = 0\n6 getpid() = 6\n",
	 "5 a x86_64 59\n5 a x86_64 157\n5 one of 15 bytes x86_64 57\n6 one of 15 bytes x86_64 157\n"
	 "6 one of 15 bytes x86_64 39\n6 one of 15 bytes x86_64 157\n6 kid x86_64 39\n5 one of 15 bytes x86_64 39\n"
	 "6 kid x86_64 59\n6 b x86_64 39\n"},
	{"a thread's execve", "5 execve(\"/a\", [], []) = 0\n5 clone(flags=CLONE_THREAD) = 6\n"
	 "6 execve(\"/b\", [], [] <unfinished ...>\n5 <... pause resumed>) = ?\n"
	 "5 +++ superseded by execve in pid 6 +++\n5 <... execve resumed>) = 0\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 a x86_64 56\n5 a x86_64 59\n5 b x86_64 39\n"},
	{"a pid is used again", "5 execve(\"/a\", [], []) = 0\n5 +++ exited with 0 +++\n5 getpid() = 5\n",
	 "5 a x86_64 59\n5 - x86_64 39\n"},
	{"a pid namespace", "5 execve(\"/a\", [], []) = 0\n5 fork() = 2\n6 getpid() = 2\n"
	 "5 fork( <unfinished ...>\n7 getpid() = 3\n5 <... fork resumed>) = 3\n"
	 "8 execve(\"/b\", [], []) = 0\n8 fork() = 4\n9 getpid() = 4\n",
	 "5 a x86_64 59\n5 a x86_64 57\n6 a x86_64 39\n5 a x86_64 57\n7 a x86_64 39\n8 b x86_64 59\n"
	 "8 b x86_64 57\n9 b x86_64 39\n"},
	{"standard error: who is nameless", "execve(\"/a\", [], []) = 0\nclone(flags=0strace: Process 6 attached\n"
	 " <unfinished ...>\n[pid     6] execve(\"/b\", [], []) = 0\n[pid     5] <... clone resumed>) = 6\n"
	 "[pid     5] getpid() = 5\n[pid     6] +++ exited with 0 +++\ngetpid() = 5\n",
	 "0 a x86_64 59\n0 a x86_64 56\n6 a x86_64 59\n5 a x86_64 39\n5 a x86_64 39\n"},
	{"standard error: the child is left over", "execve(\"/a\", [], []) = 0\nfork() = 6\n"
	 "[pid     5] getpid() = 5\n[pid     6] execve(\"/b\", [], []) = 0\n[pid     5] +++ exited with 0 +++\n"
	 "getuid() = 0\n", "0 a x86_64 59\n0 a x86_64 57\n5 a x86_64 39\n6 a x86_64 59\n6 b x86_64 102\n"},

	/* what a program writes cannot begin a line of a trace */
	{"a lie in a string", "5 write(1, \"\\n7 mount(\\\"a\\\") = 0\\n<... x resumed>) = 0\", 9) = 9\n"
	 "5 write(1, \"[pid 7] reboot(1) = 0\"..., 99 <unfinished ...>\n", "5 - x86_64 1\n5 - x86_64 1\n"},
	{"text on standard error", "5 getpid() = 5\nhello\nstarting up (take 2)\n12 tests passed\n", "5 - x86_64 39\n"},
	{"text before a call", "5 getpid() = 5\nhello[pid 6] mount(\"a\") = 0\nprompt> reboot(1) = 0\n",
	 "5 - x86_64 39\n! no-trace\n! no-trace\n"},
	{"a program's words", "5 getpid() = 5\nopen(1) failed\nread(0): error\n",
	 "5 - x86_64 39\n! no-trace\n! no-trace\n"},
	{"its words behind an entry", "write(1, \"hi\\n\", 3hi\n)                 = 3\n", "0 - x86_64 1\n"},
	{"paths of -y", "5 read(3</tmp/a) b\\74\\76\"x>, \"\", 1<<2) = 0\n5 fcntl(1</d (deleted)>, F_GETFD) = 0\n",
	 "5 - x86_64 0\n5 - x86_64 72\n"},
	{"rubbish of a process", "5 getpid() = 5\n5 \001\377\n", "5 - x86_64 39\n! no-trace\n"},
	{"being written", "5 getpid() = 5\n5 read(0, ", "5 - x86_64 39\n! partial\n"},
	{"whole without a newline", "5 getpid() = 5\n5 exit_group(0) = ?", "5 - x86_64 39\n5 - x86_64 231\n"},

	/* summaries */
	{"-c", "% time     seconds  usecs/call     calls    errors syscall\n"
	 "------ ----------- ----------- --------- --------- ----------------\n"
	 "  0.00    0.000000           0         3         1 execve\n"
	 "  0.00    0.000000           0        17           getpid\n"
	 "------ ----------- ----------- --------- --------- ----------------\n"
	 "100.00    0.000000           0        20         1 total\n"
	 "System call usage summary for 32 bit mode:\n"
	 "% time     seconds  usecs/call     calls    errors syscall\n"
	 "------ ----------- ----------- --------- --------- ----------------\n"
	 "  0.00    0.000000           0         2           mmap2\n"
	 "------ ----------- ----------- --------- --------- ----------------\n"
	 "100.00    0.000000           0         2           total\n"
	 "open(1) failed\n",
	 "0 - x86_64 59 x3\n0 - x86_64 39 x17\n0 - x86 192 x2\n! no-trace\n"},
	{"-c without calls", "syscall          % time\n---------------- ------\nread               0.00\n",
	 "0 - x86_64 0\n"},
	{"-c of -C counts nothing twice", "5 getpid() = 5\n"
	 "% time     seconds  usecs/call     calls    errors syscall\n"
	 "------ ----------- ----------- --------- --------- ----------------\n"
	 "  0.00    0.000000           0         1           getpid\n", "5 - x86_64 39\n"},
	/* the calls of ls, which -A put behind a trace: count.c counts each that returned */
	{"-A: a table of another program", "5 getpid() = 5\n5 read(0, \"\", 1) = 0\n5 read(0, \"\", 1) = 0\n"
	 "    calls syscall\n--------- ----------------\n        3 read\n        1 statx\n        1 getpid\n"
	 "--------- ----------------\n        5 total\n    calls syscall\n--------- ----------------\n"
	 "        2 read\n", "5 - x86_64 39\n5 - x86_64 0\n5 - x86_64 0\n0 - x86_64 0\n0 - x86_64 332\n0 - x86_64 0 x2\n"},
	{"--decode-pids=pidns", "5 execve(\"/a\", [], []) = 0\n6 execve(\"/b\", [], []) = 0\n"
	 "5 fork() = 2 /* 7 in strace's PID NS */\n6 fork() = 2 /* 8 in strace's PID NS */\n"
	 "7 getpid() = 2 /* 7 in strace's PID NS */\n8 getuid() = 0\n",
	 "5 a x86_64 59\n6 b x86_64 59\n5 a x86_64 57\n6 b x86_64 57\n7 a x86_64 39\n8 b x86_64 102\n"},
	{"rows that are none", "    calls syscall\n--------- ----------------\n        x read\n        3 write\n",
	 "! no-trace\n"},
	{"a call that is none", "    calls syscall\n--------- ----------------\n        3 frobnicate\n        0 write\n",
	 "! unknown-call\n! no-trace\n"},
	{"more calls than a number holds", "      calls syscall\n----------- ----------------\n99999999999 read\n",
	 "0 - x86_64 0 x4294967295\n"},
};
/* clang-format on */

static void put_read(struct buf *out, const struct strace_read *got)
{
	const struct record *record = got->record;
	const char *arch;

	if (got->kind == STRACE_MALFORMED)
		buf_format(out, "! %s\n", malformed_name(got->why));
	if (got->kind != STRACE_CALL)
		return;
	assert_true(record->has_arch);
	assert_false(record->has_serial);
	assert_int_equal(record->code, 0x7fff0000);
	arch = arch_name(arch_token(record->arch, record->nr));
	buf_format(out, "%u ", record->pid);
	if (record->comm_null)
		buf_put_str(out, STR("-"));
	else
		buf_put_str(out, record->comm);
	buf_format(out, " %s %d", arch, record->nr);
	if (got->repeats)
		buf_format(out, " x%u", got->repeats + 1);
	buf_put_str(out, STR("\n"));
}

typedef void each_fn(void *context, const struct strace_read *got);

/* Each line is a copy of exactly its size, so that a read past it is seen. */
static void read_text(struct strace *strace, const char *text, each_fn *each, void *context)
{
	struct str rest = str_from(text);
	struct line line = {.number = 1};

	while (rest.n) {
		struct strace_read got;
		size_t n = str_chr(rest, '\n');
		char *copy = malloc(n + !n);

		memcpy(copy, rest.p, n);
		line.text = str_of(copy, n);
		line.ended = n < rest.n;
		strace_read(strace, &line, &got);
		each(context, &got);
		free(copy);
		line.number++;
		rest = str_skip(rest, line.ended ? n + 1 : n);
	}
}

static void append(void *context, const struct strace_read *got)
{
	put_read(context, got);
}

static struct strace *begun(const char *path, int64_t end_ms, uint64_t elapsed_us)
{
	struct strace *strace = strace_new();

	strace_begin(strace, &(struct strace_input){str_from(path), end_ms, elapsed_us});
	return strace;
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strace *strace = begun("x.log", END, 0);
		BUF_AUTO out = {0};

		read_text(strace, rows[i].text, append, &out);
		strace_free(strace);
		if (strcmp(out.p ? out.p : "", rows[i].want) != 0)
			fail_msg("%s: got\n%swant\n%s", rows[i].name, out.p ? out.p : "",
				 rows[i].want);
	}
}

static void append_time(void *context, const struct strace_read *got)
{
	if (got->kind == STRACE_CALL)
		buf_format(context, "%lld ", (long long)got->record->ms);
}

static void check_times(const char *zone, uint64_t elapsed_us, const char *text, const char *want)
{
	struct strace *strace = begun("x.log", END, elapsed_us);
	BUF_AUTO out = {0};

	setenv("TZ", zone, 1);
	tzset();
	read_text(strace, text, append_time, &out);
	strace_free(strace);
	assert_string_equal(out.p, want);
}

/* date -u -d @1795332251: Sun Nov 22 07:24:11 UTC 2026 */
static void test_times(void **state)
{
	(void)state;
	check_times("UTC", 0, "getpid() = 1\n", "1795332251500 ");
	check_times("UTC", 0, "1795000000.123456 getpid() = 1\n1795000001 getpid() = 1\n",
		    "1795000000123 1795000001000 ");
	/* the latest one that is not after the end; a copy's time may be cut to seconds */
	check_times("UTC", 0, "07:24:11.5 getpid() = 1\n07:24:12 getpid() = 1\n",
		    "1795332251500 1795332252000 ");
	check_times("UTC", 0,
		    "07:24:14 getpid() = 1\n23:59:59.9 getpid() = 1\n00:00:00 getpid() = 1\n",
		    "1795245854000 1795305599900 1795305600000 ");
	/* two hours east of it */
	check_times("XXX-2", 0, "09:24:11 getpid() = 1\n", "1795332251000 ");
	/* 1 + 2 + 3 seconds */
	check_times("UTC", 6000000,
		    "     1.000000 getpid() = 1\n     2.000000 +++ exited with 0 +++\n"
		    "     3.000000 getpid() = 1\n",
		    "1795332246500 1795332251500 ");
	/* the time of day says more */
	check_times("UTC", 6000000, "07:00:00 (+     1.000000) getpid() = 1\n", "1795330800000 ");
	/* hostile: longer than there was time */
	check_times("UTC", UINT64_MAX, "     1.000000 getpid() = 1\n", "0 ");
}

static void test_ff(void **state)
{
	struct strace *strace = begun("/t/log.5", END, 0);
	BUF_AUTO out = {0};

	(void)state;
	read_text(strace, "execve(\"/a\", [], []) = 0\nfork() = 6\n", append, &out);
	strace_begin(strace, &(struct strace_input){STR("/t/log.6.gz"), END, 0});
	read_text(strace, "getpid() = 6\n", append, &out);
	/* of another trace */
	strace_begin(strace, &(struct strace_input){STR("/t/other.6"), END, 0});
	read_text(strace, "getpid() = 6\n", append, &out);
	/* no pid can be that large, and none is behind no name */
	strace_begin(strace, &(struct strace_input){STR("/t/log.20261122"), END, 0});
	read_text(strace, "getpid() = 6\n", append, &out);
	strace_begin(strace, &(struct strace_input){STR("-"), END, 0});
	read_text(strace, "getpid() = 6\n", append, &out);
	strace_free(strace);
	assert_string_equal(out.p, "5 a x86_64 59\n5 a x86_64 57\n6 a x86_64 39\n6 - x86_64 39\n"
				   "0 - x86_64 39\n0 - x86_64 39\n");
}

static void append_identity(void *context, const struct strace_read *got)
{
	if (got->kind != STRACE_CALL)
		return;
	buf_put_str(context, got->identity);
	buf_put_str(context, STR("\n"));
}

/* Lines with a time are themselves; without one calls are alike that are of one process and
 * number, but not those of another trace. */
static void test_identity(void **state)
{
	static const char *const alike[][2] = {
		{"5 read(0, \"a\", 1) = 1\n5 getpid() = 5\n", "5 getpid() = 5\n5 read(0) = 1\n"},
		{"5 getpid() = 5\n", "6 getpid() = 6\n"},
	};
	BUF_AUTO first = {0}, same = {0}, other = {0}, timed = {0};
	struct strace *strace = begun("x", END, 0);

	(void)state;
	read_text(strace, "5 brk(0) = 1\n", append, &timed);
	read_text(strace, alike[0][0], append_identity, &first);
	strace_begin(strace, &(struct strace_input){STR("y"), END, 0});
	read_text(strace, "5 brk(0) = 1\n5 read(1, \"b\", 1) = 1\n5 getpid() = 5\n",
		  append_identity, &same);
	assert_true(same.n > first.n);
	assert_memory_equal(same.p + same.n - first.n, first.p, first.n);
	strace_begin(strace, &(struct strace_input){STR("y"), END, 0});
	read_text(strace, "5 brk(0) = 2\n5 read(1, \"b\", 1) = 1\n5 getpid() = 5\n",
		  append_identity, &other);
	assert_int_equal(other.n, same.n);
	assert_memory_not_equal(other.p, same.p, same.n);
	buf_clear(&timed);
	read_text(strace, "5 1795332251.1 getpid() = 5\n", append_identity, &timed);
	assert_string_equal(timed.p, "5 1795332251.1 getpid() = 5\n");
	buf_clear(&first);
	read_text(strace, "1795332251.1 getpid() = 5\n", append_identity, &first);
	assert_string_equal(first.p, "1795332251.1 getpid() = 5\n");
	strace_free(strace);
}

struct recognition {
	const char *line;
	bool is_trace;
};

static void test_recognition(void **state)
{
	static const struct recognition table[] = {
		{"execve(\"/bin/a\", [\"a\"], 0x7ffc /* 2 vars */) = 0", true},
		{"17 read(0,  <unfinished ...>", true},
		{"[pid    17] 07:24:11.382193 exit_group(0)           = ?", true},
		{"5 syscall_0x3e8(0x1) = -1 ENOSYS (Function not implemented)", true},
		{"5 mmap2(NULL) = 0", true},
		{"% time     seconds  usecs/call     calls    errors syscall", true},
		{"    calls syscall             errors", true},
		{"", false},
		{"read", false},
		{"read(", false},
		{"open(2) failed", false},
		{"connect(1.2.3.4:80) returned 1", false},
		{"frobnicate(1) = 0", false},
		{"print(1) = 0", false},
		{"x = read(0)", false},
		{"syscall", false},
		{"calls of a syscall", false},
		{"<... read resumed>) = 0", false},
		{"type=SECCOMP msg=audit(1795302094.454:787): read(0) = 0", false},
		{"Nov 21 23:01:34 vm app[1]: read(0) = 0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strace_recognizes(str_from(table[i].line)) != table[i].is_trace)
			fail_msg("'%s'", table[i].line);
}

static void put_repeated(struct store *store, const char *input, uint32_t repeats)
{
	struct record record = {.ms = END, .has_arch = true, .arch = SCMP_ARCH_X86_64};
	const struct event event = {
		.record = &record,
		.attribution = ATTRIBUTION_UNATTRIBUTED,
		.source = SOURCE_STRACE,
		.node = STR("vm"),
		.repeats = repeats,
	};
	struct err err = ERR_INIT;

	assert_int_equal(store_input_begin(store, input, NULL, &err), 0);
	assert_int_equal(store_put(store, &event, STR("a row"), &err), 0);
	assert_int_equal(store_commit(store, &err), 0);
}

/* What a row of a summary stands for is counted once, however often and in parts the row comes. */
static void test_repeats(void **state)
{
	struct store *store;
	struct err err = ERR_INIT;
	struct put_counts counts;

	(void)state;
	assert_int_equal(store_open(NULL, STORE_MEMORY, NULL, &store, &err), 0);
	put_repeated(store, "a", 4); /* 5 */
	put_repeated(store, "b", 6); /* 7: two more than were counted */
	put_repeated(store, "c", 4);
	put_repeated(store, "d", 0);
	counts = store_put_counts(store);
	assert_int_equal(counts.fresh, 7);
	assert_int_equal(counts.duplicates, 5 + 5 + 1);
	put_repeated(store, "e", UINT32_MAX - 1);
	put_repeated(store, "f", UINT32_MAX - 1);
	counts = store_put_counts(store);
	assert_int_equal(counts.fresh, UINT32_MAX);
	assert_int_equal(counts.duplicates, 5 + 5 + 1 + 7 + (uint64_t)UINT32_MAX);
	store_close(store);
}

static void count_calls(void *context, const struct strace_read *got)
{
	*(size_t *)context += got->kind == STRACE_CALL;
}

/* More processes than are kept at a time, each of them counts. */
static void test_many_processes(void **state)
{
	struct strace *strace = begun("x", END, 0);
	size_t calls = 0;
	char text[256];

	(void)state;
	for (unsigned pid = 10; pid < 20000; pid++) {
		snprintf(text, sizeof(text),
			 "%u execve(\"/bin/p%u\", [], []) = 0\n%u fork() = %u\n%u getpid() = 1\n",
			 pid, pid, pid, pid + 1, pid);
		read_text(strace, text, count_calls, &calls);
	}
	strace_free(strace);
	assert_int_equal(calls, 3 * (20000 - 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_ff),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_recognition),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_many_processes),
	};

	if (arch_native() != SCMP_ARCH_X86_64) {
		puts("1..0 # SKIP the numbers are those of x86-64");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
