/*
 * The audit multicast group, with records that the kernel makes here: a child under a filter that
 * logs getppid(2) and allows the rest calls it a known number of times. Needs root, and skips with
 * the reason where the kernel makes no such records. The calls are counted by the one who makes
 * them, never by what was received.
 */
#include "ingest/multicast.h"
#include "ingest/record.h"
#include "ingest/status.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(1);
}

/* A child that makes so many calls that are logged. It does not wait to be read. */
static pid_t start_storm(unsigned calls, const char *comm)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_NAME, comm);
	install_filter();
	for (unsigned i = 0; i < calls; i++)
		syscall(SYS_getppid);
	_exit(0);
}

static void end_storm(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Of 10 ms at least, for what a busy machine brings late. */
#define BUSY_WAITS 2000

/* The clock of the stamps, cut to milliseconds as audit does (kernel/audit.c). */
static int64_t stamp_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Records name processes by the host's pids: in a pid namespace of one's own they are others. Its
 * inode number is PROC_PID_INIT_INO (include/linux/proc_ns.h). */
static bool pids_are_the_hosts(void)
{
	char name[64] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) < 0 ||
	       strcmp(name, "pid:[4026531836]") == 0;
}

/* Opens, or skips with the reason. */
static struct multicast *open_group(void)
{
	struct multicast *multicast = NULL;
	struct err err = ERR_INIT;
	char logged[256] = "";
	int fd = open("/proc/sys/kernel/seccomp/actions_logged", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, logged, sizeof(logged) - 1);

	close(fd);
	if (n <= 0 || !strstr(logged, "log")) {
		print_message("# skipped: kernel.seccomp.actions_logged is without log\n");
		skip();
	}
	if (!pids_are_the_hosts()) {
		print_message("# skipped: a pid namespace of its own\n");
		skip();
	}
	int result = multicast_open(&multicast, &err);

	if (result == -EPERM || result == -ENONET || result == -EOPNOTSUPP) {
		print_message("# skipped: %s\n", err.message);
		skip();
	}
	if (result < 0)
		fail_msg("%s", err.message);
	return multicast;
}

/* What came of one process; the machine makes other records at the same time. */
struct counts {
	uint32_t pid;
	const char *comm;
	unsigned records, others, unstamped;
	unsigned all; /* whosoever */
	bool has_serial;
	uint32_t first_serial, last_serial;
	int64_t first_ms, last_ms;
	struct record record;
};

static struct record_space space;

static void count_seccomp(struct counts *counts, const struct framed *framed)
{
	struct record *record = &counts->record;

	assert_int_equal(record_parse(framed->fields, &space, record), MALFORMED_NONE);
	if (record->pid != counts->pid)
		return;
	assert_true(str_eq(record->comm, str_from(counts->comm)));
	assert_int_equal(record->nr, SYS_getppid);
	assert_int_equal(record->code, SECCOMP_RET_LOG);
	if (counts->has_serial)
		assert_true((int32_t)(framed->serial - counts->last_serial) > 0);
	else
		counts->first_serial = framed->serial;
	counts->first_ms = counts->has_serial ? counts->first_ms : framed->ms;
	counts->has_serial = true;
	counts->last_serial = framed->serial;
	counts->last_ms = framed->ms;
	counts->records++;
}

static void count_record(void *context, uint16_t type, struct str text)
{
	struct counts *counts = context;
	struct framed framed;

	counts->all++;
	multicast_frame(type, text, &framed);
	assert_int_equal(framed.source, SOURCE_NETLINK);
	if (framed.kind == FRAMED_RECORD) {
		assert_int_equal(type, AUDIT_SECCOMP);
		assert_true(framed.has_serial && framed.full_stream && framed.node.n == 0);
		count_seccomp(counts, &framed);
	}
	counts->others += framed.kind == FRAMED_AUDIT;
	counts->unstamped += framed.kind == FRAMED_OTHER;
}

/* Records still wait in the kernel's own queue; false where one may not ask. */
static bool kernel_has_more(void)
{
	struct audit_state audit = {0};
	struct err err = ERR_INIT;

	return audit_state_get(&audit, &err) == 0 && audit.backlog > 0;
}

/* Until the kernel has sent all, and the one that it may have in its hands. */
static void let_kernel_send(void)
{
	for (int i = 0; i < BUSY_WAITS && kernel_has_more(); i++)
		usleep(10000);
	usleep(300000);
}

/* Receives until nothing came for that long; returns how often records were dropped. */
static unsigned receive(struct multicast *multicast, multicast_record_fn *each, void *context,
			int quiet_ms)
{
	struct pollfd wait = {.fd = multicast_fd(multicast), .events = POLLIN};
	unsigned drops = 0;

	for (int quiet = 0;;) {
		struct err err = ERR_INIT;
		int n = multicast_receive(multicast, each, context, &err);

		if (n < 0 && n != -ENOBUFS)
			fail_msg("%s", err.message);
		drops += n == -ENOBUFS;
		if (n != 0 || poll(&wait, 1, quiet_ms) != 0)
			continue;
		if (quiet_ms == 0 || quiet++ == BUSY_WAITS || !kernel_has_more())
			return drops;
	}
}

/* Receives until so many came, and what comes after them. */
static unsigned receive_until(struct multicast *multicast, struct counts *counts, unsigned records)
{
	unsigned drops = 0;

	for (int i = 0; i < BUSY_WAITS / 10 && counts->records < records; i++)
		drops += receive(multicast, count_record, counts, 100);
	return drops + receive(multicast, count_record, counts, 200);
}

static void test_few(void **state)
{
	struct multicast *multicast = open_group();
	struct counts counts = {.comm = "sclog-few"};
	int64_t before_ms = stamp_ms();

	(void)state;
	assert_int_equal(multicast_granted(multicast), MULTICAST_BUFFER);
	counts.pid = (uint32_t)start_storm(3, counts.comm);
	end_storm((pid_t)counts.pid);
	int64_t after_ms = stamp_ms();

	assert_int_equal(receive_until(multicast, &counts, 3), 0);
	assert_int_equal(counts.records, 3);
	assert_true(counts.first_ms >= before_ms && counts.last_ms <= after_ms);
	assert_int_equal(multicast_dropped(multicast), 0);
	multicast_close(multicast);
}

/* Two processes at once, faster than anything a container does; nothing else is read meanwhile. */
#define STORM 100000

/* Tries on a machine that is too busy for it: the buffer holds half a second of this rate. */
#define STORM_TRIES 3

/* CPU seconds for a record: a reader who takes longer is slower than the kernel, who sends 190,000 a
 * second; one who takes less and drops some did not get the CPU. */
#define TOO_SLOW (1.0 / 190000)

struct storm {
	unsigned drops, records, dropped;
	double wall, cpu; /* the reader's, until the callers were done */
	double each;      /* of that CPU time, for a record */
};

static struct storm storm_once(struct multicast *multicast)
{
	struct counts counts = {.comm = "sclog-storm"};
	struct timespec nap = {.tv_nsec = 5000000};
	uint32_t dropped = multicast_dropped(multicast);
	struct storm storm = {.wall = seconds(CLOCK_MONOTONIC)};

	counts.pid = (uint32_t)start_storm(STORM, counts.comm);
	pid_t other = start_storm(STORM, "sclog-other");

	storm.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (pid_t ended = 0; ended == 0; nanosleep(&nap, NULL)) {
		storm.drops += receive(multicast, count_record, &counts, 0);
		ended = waitpid((pid_t)counts.pid, NULL, WNOHANG);
	}
	end_storm(other);
	storm.wall = seconds(CLOCK_MONOTONIC) - storm.wall;
	storm.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - storm.cpu;
	storm.each = storm.cpu / (counts.all + 1);
	storm.drops += receive(multicast, count_record, &counts, 300);
	storm.records = counts.records;
	storm.dropped = multicast_dropped(multicast) - dropped;
	print_message("# 2 x %d records in %.2f s, the reader's CPU %.2f s, %u dropped\n", STORM,
		      storm.wall, storm.cpu, storm.dropped);
	return storm;
}

static void test_storm(void **state)
{
	struct multicast *multicast = open_group();
	struct storm storm = {0};

	(void)state;
	for (int i = 0; i < STORM_TRIES; i++) {
		storm = storm_once(multicast);
		/* what was dropped is said, and is what is missing, if anything is */
		assert_true(storm.records + storm.dropped >= STORM);
		assert_int_equal(storm.drops > 0, storm.dropped > 0);
		if (storm.drops == 0)
			break;
	}
	multicast_close(multicast);
	bool fast = storm.cpu < storm.wall / 3 || storm.each < TOO_SLOW;

	if (storm.drops && (under_valgrind() || fast)) {
		print_message("# skipped: this machine is too busy\n");
		skip();
	}
	assert_int_equal(storm.drops, 0);
	assert_int_equal(storm.records, STORM);
}

/*
 * With a buffer that is too small: one error, before what was in it, and the socket's count of
 * what was dropped is what is missing of the calls. The kernel takes no less than 2,304 bytes.
 */
static void test_overrun(void **state)
{
	struct multicast *multicast = open_group();
	struct counts counts = {.comm = "sclog-overrun"};
	struct err err = ERR_INIT;
	int small = 65536, large = MULTICAST_BUFFER, calls = 5000;

	(void)state;
	assert_int_equal(
		setsockopt(multicast_fd(multicast), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
		0);
	assert_int_equal(multicast_granted(multicast), small);
	counts.pid = (uint32_t)start_storm((unsigned)calls, counts.comm);
	end_storm((pid_t)counts.pid);
	let_kernel_send();
	assert_int_equal(multicast_receive(multicast, count_record, &counts, &err), -ENOBUFS);
	assert_non_null(strstr(err.message, "dropped"));
	assert_int_equal(counts.records, 0);
	/* room for what other processes may log from now on */
	(void)setsockopt(multicast_fd(multicast), SOL_SOCKET, SO_RCVBUFFORCE, &large,
			 sizeof(large));
	assert_int_equal(receive(multicast, count_record, &counts, 300), 0);
	assert_true(counts.records > 0 && counts.records < (unsigned)calls);
	if (counts.others == 0)
		assert_true(counts.records + multicast_dropped(multicast) >= (unsigned)calls);

	/* it goes on where it was read empty */
	unsigned before = counts.records;
	uint32_t dropped = multicast_dropped(multicast);

	counts.comm = "sclog-again";
	counts.has_serial = false;
	counts.pid = (uint32_t)start_storm(2, counts.comm);
	end_storm((pid_t)counts.pid);
	assert_int_equal(receive_until(multicast, &counts, before + 2), 0);
	assert_int_equal(counts.records, before + 2);
	assert_int_equal(multicast_dropped(multicast), dropped);
	multicast_close(multicast);
}

static void count_spoofed(void *context, uint16_t type, struct str text)
{
	unsigned *spoofed = context;

	(void)type;
	*spoofed += str_find(text, STR("spoofed")) < text.n;
}

/* Another process may send to our port; its message has the type and the shape of a record. */
static void test_spoofed(void **state)
{
	static const char text[] = "audit(1795302294.062:1): comm=\"spoofed\"";
	struct multicast *multicast = open_group();
	struct sockaddr_nl to = {0};
	socklen_t n = sizeof(to);
	struct {
		struct nlmsghdr header;
		char text[sizeof(text)];
	} message = {.header = {.nlmsg_len = sizeof(message), .nlmsg_type = AUDIT_SECCOMP}};
	unsigned spoofed = 0;
	struct err err = ERR_INIT;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	int taken = 0, batch;

	(void)state;
	memcpy(message.text, text, sizeof(text));
	assert_int_equal(getsockname(multicast_fd(multicast), (struct sockaddr *)&to, &n), 0);
	to.nl_groups = 0;
	assert_int_equal(
		sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to)),
		sizeof(message));
	while ((batch = multicast_receive(multicast, count_spoofed, &spoofed, &err)) > 0)
		taken += batch;
	assert_int_equal(batch, 0);
	assert_true(taken >= 1);
	assert_int_equal(spoofed, 0);
	close(fd);
	multicast_close(multicast);
}

/* Opens in a child after a change to it; returns -errno of the open, 0 if it worked. */
static int open_in_child(int change(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct multicast *multicast = NULL;
		struct err err = ERR_INIT;

		if (change() < 0)
			_exit(255);
		int result = multicast_open(&multicast, &err);

		multicast_close(multicast);
		_exit(result < 0 && err.message[0] ? -result : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return -WEXITSTATUS(status);
}

static int leave_network(void)
{
	return unshare(CLONE_NEWNET);
}

static int become_nobody(void)
{
	return setuid(65534);
}

static int change_nothing(void)
{
	return 0;
}

static void test_refusals(void **state)
{
	(void)state;
	multicast_close(open_group());
	assert_int_equal(open_in_child(change_nothing), 0);
	assert_int_equal(open_in_child(become_nobody), -EPERM);
	assert_int_equal(open_in_child(leave_network), -ENONET);
}

struct frame_row {
	const char *text;
	uint16_t type;
	enum framed_kind kind;
	int64_t ms;
	uint32_t serial;
	const char *fields;
};

/* Stamps as kernel/audit.c writes them: seconds, milliseconds, serial. */
static const struct frame_row frame_rows[] = {
	{"audit(1795302294.062:148553): auid=0", 1326, FRAMED_RECORD, 1795302294062, 148553,
	 "auid=0"},
	{"audit(1795302294.062:4294967295): arch=c000003e", 1300, FRAMED_AUDIT, 1795302294062,
	 4294967295, "arch=c000003e"},
	{"audit(1795302294.062:7): ", 1320, FRAMED_AUDIT, 1795302294062, 7, ""},
	{"audit(0.000:0): x", 1326, FRAMED_RECORD, 0, 0, "x"},
	{"audit(1795302294.062:4294967296): x", 1326, FRAMED_OTHER, 0, 0, NULL},
	{"audit(1795302294): x", 1326, FRAMED_OTHER, 0, 0, NULL},
	{"x audit(1795302294.062:1): x", 1326, FRAMED_OTHER, 0, 0, NULL},
	{"audit", 1326, FRAMED_OTHER, 0, 0, NULL},
	{"", 1326, FRAMED_OTHER, 0, 0, NULL},
};

static void test_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(frame_rows) / sizeof(*frame_rows); i++) {
		const struct frame_row *row = &frame_rows[i];
		size_t n = strlen(row->text);
		char *copy = malloc(n + 1); /* of its size, so that a read past it is found */
		struct framed framed;

		memcpy(copy, row->text, n);
		multicast_frame(row->type, str_of(copy, n), &framed);
		if (framed.kind != row->kind)
			fail_msg("%s: kind %d", row->text, framed.kind);
		if (row->fields &&
		    (framed.ms != row->ms || framed.serial != row->serial || !framed.has_serial ||
		     !framed.full_stream || !str_eq(framed.fields, str_from(row->fields))))
			fail_msg("%s: read wrongly", row->text);
		free(copy);
	}
}

/* auditctl's answer, "name value" a line, is the other program's. */
static bool status_says(const char *text, const char *name, uint32_t *ret_value)
{
	char pattern[64];
	int n = snprintf(pattern, sizeof(pattern), "%s ", name);
	const char *at = strstr(text, pattern);

	if (!at || (at > text && at[-1] != '\n'))
		return false;
	*ret_value = (uint32_t)strtoul(at + n, NULL, 10);
	return true;
}

static void test_status(void **state)
{
	struct audit_state status = {0};
	struct err err = ERR_INIT;
	char text[4096] = "";
	uint32_t value;
	int result = audit_state_get(&status, &err);
	FILE *auditctl;

	(void)state;
	if (result == -EPERM) {
		print_message("# skipped: %s\n", err.message);
		skip();
	}
	if (result < 0)
		fail_msg("%s", err.message);
	auditctl = popen("PATH=$PATH:/usr/sbin:/sbin auditctl -s 2>/dev/null", "r");
	assert_non_null(auditctl);
	size_t n = fread(text, 1, sizeof(text) - 1, auditctl);

	if (pclose(auditctl) != 0 || n == 0) {
		print_message("# skipped: auditctl is not there to compare with\n");
		skip();
	}
	assert_true(status_says(text, "enabled", &value) && status.enabled == (value != 0));
	assert_true(status_says(text, "pid", &value) && status.pid == value);
	assert_true(status_says(text, "rate_limit", &value) && status.rate_limit == value);
	assert_true(status_says(text, "backlog_limit", &value) && status.backlog_limit == value);
	assert_true(status_says(text, "lost", &value) && status.lost <= value);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),      cmocka_unit_test(test_storm),
		cmocka_unit_test(test_overrun),  cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_frame),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
