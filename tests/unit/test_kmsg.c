/*
 * /dev/kmsg, the real one where it can be read; and a pipe that keeps packets apart, as each read
 * of /dev/kmsg gives one entry, for what the ring does rarely: drop lines. Forms are after the
 * kernel's Documentation/ABI/testing/dev-kmsg.
 */
#include "ingest/kmsg.h"
#include "ingest/framing.h"
#include "ingest/multicast.h"
#include "ingest/record.h"
#include "ingest/status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A reader of a pipe, and its other end; writes are packets (pipe(2), O_DIRECT). */
struct ring {
	int pipe[2];
	char path[32];
};

static void ring_init(struct ring *ring)
{
	assert_int_equal(pipe2(ring->pipe, O_DIRECT | O_CLOEXEC), 0);
	snprintf(ring->path, sizeof(ring->path), "/proc/self/fd/%d", ring->pipe[0]);
}

static void ring_release(struct ring *ring)
{
	close(ring->pipe[0]);
	close(ring->pipe[1]);
}

static void ring_put(struct ring *ring, const char *entry)
{
	size_t n = strlen(entry);

	assert_int_equal(write(ring->pipe[1], entry, n), n);
}

static struct kmsg *open_kmsg(const char *path, const char *cursor, bool from_now)
{
	struct kmsg *kmsg = NULL;
	struct err err = ERR_INIT;
	int result = kmsg_open(path, str_from(cursor), from_now, &kmsg, &err);

	if (result == -ENOENT || result == -EPERM || result == -EACCES) {
		print_message("# skipped: %s\n", err.message);
		skip();
	}
	if (result < 0)
		fail_msg("%s", err.message);
	return kmsg;
}

/* The next line is this one, after so many that were lost; NULL: there is none. */
static void expect(struct kmsg *kmsg, const char *text, uint64_t lost)
{
	struct err err = ERR_INIT;
	struct line line = {0};
	uint64_t got_lost = 99;
	int result = kmsg_next(kmsg, &line, &got_lost, &err);

	if (result < 0)
		fail_msg("%s", err.message);
	assert_int_equal(result, text != NULL);
	assert_int_equal(got_lost, lost);
	if (text && !str_eq(line.text, str_from(text)))
		fail_msg("'%.*s', not '%s'", (int)line.text.n, line.text.p, text);
	assert_true(!text || (line.ended && !line.cut));
}

/* The boot id, as the kernel writes it, and a sequence number. */
static const char *cursor_of(uint64_t sequence, char text[64])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char id[37];

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%36s", id), 1);
	fclose(file);
	snprintf(text, 64, "%s %" PRIu64, id, sequence);
	return text;
}

static void expect_cursor(struct kmsg *kmsg, uint64_t sequence)
{
	char text[64];
	struct str got = kmsg_cursor(kmsg);

	if (!str_eq(got, str_from(cursor_of(sequence, text))))
		fail_msg("cursor '%.*s', not '%s'", (int)got.n, got.p, text);
}

static void test_lines(void **state)
{
	struct ring ring;

	(void)state;
	ring_init(&ring);
	struct kmsg *kmsg = open_kmsg(ring.path, "", false);

	expect(kmsg, NULL, 0);
	assert_int_equal(kmsg_cursor(kmsg).n, 0);
	ring_put(&ring, "5,7,711918371,-;audit: a\n");
	ring_put(&ring, "6,8,711918372,-;eth0: up\n SUBSYSTEM=net\n DEVICE=n2\n");
	ring_put(&ring, "6,9,711918373,-,caller=T55;a;b,c \\x5c \\x0a\n");
	expect(kmsg, "5,7,711918371,-;audit: a", 0); /* what was dropped before is not counted */
	expect_cursor(kmsg, 7);
	expect(kmsg, "6,8,711918372,-;eth0: up", 0);
	expect(kmsg, "6,9,711918373,-,caller=T55;a;b,c \\x5c \\x0a", 0);
	expect(kmsg, NULL, 0);
	expect_cursor(kmsg, 9);
	kmsg_close(kmsg);
	ring_release(&ring);
}

static void test_lost(void **state)
{
	struct ring ring;

	(void)state;
	ring_init(&ring);
	struct kmsg *kmsg = open_kmsg(ring.path, "", false);

	ring_put(&ring, "5,7,1,-;a\n");
	ring_put(&ring, "5,8,1,-;b\n");
	ring_put(&ring, "5,12,1,-;c\n");
	ring_put(&ring, "5,13,1,-;d\n");
	ring_put(&ring, "no number\n");
	ring_put(&ring, "5,14,1,-;e\n");
	expect(kmsg, "5,7,1,-;a", 0);
	expect(kmsg, "5,8,1,-;b", 0);
	expect(kmsg, "5,12,1,-;c", 3); /* 9, 10, 11 */
	expect(kmsg, "5,13,1,-;d", 0);
	expect(kmsg, "no number", 0);
	expect(kmsg, "5,14,1,-;e", 0);
	kmsg_close(kmsg);
	ring_release(&ring);
}

static void test_cursor(void **state)
{
	static const struct {
		uint64_t sequence;
		bool other_boot, from_now;
		const char *first;
		uint64_t lost;
	} rows[] = {
		{8, false, false, "5,9,1,-;c", 0},
		{8, false, true, "5,9,1,-;c", 0}, /* there is a place to go on from */
		{6, false, false, "5,7,1,-;a", 0},
		{2, false, false, "5,7,1,-;a", 4}, /* 3, 4, 5, 6 */
		{9, false, false, NULL, 0},
		{8, true, false, "5,7,1,-;a", 0},
		{8, true, true, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ring ring;
		char text[64];

		ring_init(&ring);
		ring_put(&ring, "5,7,1,-;a\n");
		ring_put(&ring, "5,8,1,-;b\n");
		ring_put(&ring, "5,9,1,-;c\n");
		cursor_of(rows[i].sequence, text);
		if (rows[i].other_boot)
			text[0] = text[0] == '0' ? '1' : '0';
		struct kmsg *kmsg = open_kmsg(ring.path, text, rows[i].from_now);

		expect(kmsg, rows[i].first, rows[i].lost);
		kmsg_close(kmsg);
		ring_release(&ring);
	}
}

static void test_bad_cursors(void **state)
{
	static const char *const bad[] = {"x", " ", " x", " 8x", " 99999999999999999999", "8"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ring ring;
		char text[128];

		ring_init(&ring);
		ring_put(&ring, "5,7,1,-;a\n");
		cursor_of(0, text);
		snprintf(text + 36, sizeof(text) - 36, "%s", bad[i]);
		struct kmsg *kmsg = open_kmsg(ring.path, text, false);

		expect(kmsg, "5,7,1,-;a", 0);
		kmsg_close(kmsg);
		ring_release(&ring);
	}
}

/* from_now knows its place although it gave no line out. */
static void test_from_now(void **state)
{
	struct ring ring;

	(void)state;
	ring_init(&ring);
	ring_put(&ring, "5,7,1,-;a\n");
	struct kmsg *kmsg = open_kmsg(ring.path, "", true);

	expect(kmsg, NULL, 0);
	expect_cursor(kmsg, 7);
	ring_put(&ring, "5,9,1,-;c\n");
	expect(kmsg, "5,9,1,-;c", 1);
	kmsg_close(kmsg);
	ring_release(&ring);
}

static void test_missing(void **state)
{
	struct kmsg *kmsg = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kmsg_open("/nowhere/kmsg", str_from(""), false, &kmsg, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nowhere/kmsg"));
}

static struct framing *new_framing(void)
{
	struct framing_options options = {.host = STR("vm"), .now_ms = 1795305600000};

	return framing_new(&options);
}

/* Finds a line with that text among what comes until so often nothing came, for 10 ms each. */
static bool find(struct kmsg *kmsg, const char *text, int waits, struct line *ret_line)
{
	for (int i = 0; i < waits; i++) {
		struct err err = ERR_INIT;
		uint64_t lost;
		int result = kmsg_next(kmsg, ret_line, &lost, &err);

		assert_true(result >= 0);
		if (result > 0 && str_find(ret_line->text, str_from(text)) < ret_line->text.n)
			return true;
		if (result == 0)
			usleep(10000);
		else
			i--;
	}
	return false;
}

/* Whoever may write to /dev/kmsg can claim any priority; the kernel keeps its own facility. */
static void test_real_user_space(void **state)
{
	struct framing *framing = new_framing();
	struct kmsg *kmsg = open_kmsg(KMSG_PATH, "", true);
	char text[256];
	struct line line;
	struct framed framed;
	int fd = open(KMSG_PATH, O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text),
			 "<5>audit: type=1326 audit(1795302094.454:787): auid=0 pid=%d x=\n",
			 getpid());

	(void)state;
	if (fd < 0 || write(fd, text, (size_t)n) != n) {
		print_message("# skipped: " KMSG_PATH " cannot be written\n");
		kmsg_close(kmsg);
		framing_free(framing);
		skip();
	}
	close(fd);
	snprintf(text, sizeof(text), "auid=0 pid=%d x=", getpid());
	if (!find(kmsg, text, 200, &line)) {
		print_message("# skipped: kernel.printk_devkmsg keeps what is written out\n");
		kmsg_close(kmsg);
		framing_free(framing);
		skip();
	}
	framing_read(framing, &line, &framed);
	assert_int_equal(framed.kind, FRAMED_UNTRUSTED);

	/* the same place is found again from the cursor: nothing before it comes a second time */
	struct str cursor = kmsg_cursor(kmsg);
	char *kept = strndup(cursor.p, cursor.n);
	struct kmsg *again = open_kmsg(KMSG_PATH, kept, false);

	assert_false(find(again, text, 1, &line)); /* it is in the ring: nothing to wait for */
	free(kept);
	kmsg_close(again);
	kmsg_close(kmsg);
	framing_free(framing);
}

/* A name with a backslash, which /dev/kmsg escapes and the audit group does not. */
#define ODD_NAME "sclog\\x41"

static void log_once(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	prctl(PR_SET_NAME, ODD_NAME);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(1);
	syscall(SYS_getppid);
	_exit(0);
}

struct wanted {
	uint32_t pid;
	bool found;
	uint32_t serial;
	int64_t ms;
	char comm[64];
	struct record record;
};

static struct record_space space;

static void want_record(struct wanted *wanted, const struct framed *framed)
{
	struct record *record = &wanted->record;

	if (framed->kind != FRAMED_RECORD || record_parse(framed->fields, &space, record) ||
	    record->pid != wanted->pid)
		return;
	wanted->found = true;
	wanted->serial = framed->serial;
	wanted->ms = framed->ms;
	snprintf(wanted->comm, sizeof(wanted->comm), "%.*s", (int)record->comm.n, record->comm.p);
}

static void want_from_group(void *context, uint16_t type, struct str text)
{
	struct framed framed;

	multicast_frame(type, text, &framed);
	want_record(context, &framed);
}

static void want_from_kmsg(struct wanted *wanted, struct kmsg *kmsg)
{
	struct framing *framing = new_framing();
	char pid[32];
	struct line line;

	snprintf(pid, sizeof(pid), " pid=%u ", wanted->pid);
	while (!wanted->found && find(kmsg, pid, 200, &line)) {
		struct framed framed;

		framing_read(framing, &line, &framed);
		want_record(wanted, &framed);
	}
	framing_free(framing);
}

/* Without auditd the kernel prints its records: the same one comes both ways. */
static void test_real_record(void **state)
{
	struct err err = ERR_INIT;
	struct audit_state audit = {0};
	struct multicast *group = NULL;

	(void)state;
	if (audit_state_get(&audit, &err) < 0 || audit.pid || multicast_open(&group, &err) < 0) {
		print_message("# skipped: %s\n",
			      audit.pid ? "auditd takes the records" : err.message);
		skip();
	}
	struct kmsg *kmsg = open_kmsg(KMSG_PATH, "", true);
	pid_t pid = fork();

	if (pid == 0)
		log_once();
	struct wanted group_has = {.pid = (uint32_t)pid}, kmsg_has = {.pid = (uint32_t)pid};

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 1000 && !group_has.found; i++) {
		while (multicast_receive(group, want_from_group, &group_has, &err) > 0)
			;
		usleep(10000);
	}
	want_from_kmsg(&kmsg_has, kmsg);
	kmsg_close(kmsg);
	multicast_close(group);
	if (!group_has.found || !kmsg_has.found) {
		print_message(
			"# skipped: the record was not printed (printk's limit of 10 in 5 s)\n");
		skip();
	}
	assert_string_equal(kmsg_has.comm, ODD_NAME);
	assert_string_equal(group_has.comm, ODD_NAME);
	assert_int_equal(kmsg_has.serial, group_has.serial);
	assert_true(kmsg_has.ms == group_has.ms);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),           cmocka_unit_test(test_lost),
		cmocka_unit_test(test_cursor),          cmocka_unit_test(test_bad_cursors),
		cmocka_unit_test(test_from_now),        cmocka_unit_test(test_missing),
		cmocka_unit_test(test_real_user_space), cmocka_unit_test(test_real_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
