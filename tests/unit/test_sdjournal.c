/*
 * The journal, as systemd-journald writes it: one of our own runs here, in a mount namespace whose
 * /run is a directory of the test's, and takes the kernel's audit records. What it has to hold is
 * told by the audit multicast group, and by how many calls were made. Needs root and journald, and
 * skips with the reason without them.
 */
#include "ingest/sdjournal.h"

#include "ingest/multicast.h"
#include "ingest/record.h"
#include "tests/idle.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CALLS 40

/* Others may keep the machine busy. */
#define WAIT_SECONDS 20

/* journald, its /run and where its files are; why there is none. */
struct daemon {
	pid_t pid;
	char run[32];
	char files[96];
	char host[HOST_NAME_MAX + 1];
	const char *missing;
	struct multicast *watcher; /* is not read, but where a test would fail */
	uint64_t watched;          /* records of everybody, so far */
};

/* The events of one process: a serial can come twice, by the audit and the kernel transport. */
struct events {
	struct daemon *daemon;
	uint32_t pid;
	char comm[16];  /* of this storm alone: the journal has older records of the same pid */
	unsigned count; /* distinct serials */
	uint32_t serials[4 * CALLS];
	int64_t ms[4 * CALLS];
	unsigned repeated; /* from the audit transport */
	bool by_audit[4 * CALLS];
	struct record record;
};

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *find_journald(void)
{
	static const char *const paths[] = {"/lib/systemd/systemd-journald",
					    "/usr/lib/systemd/systemd-journald"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* Audit= is empty: it leaves the kernel's audit as it is. */
static void run_journald(const char *run, const char *conf)
{
	const char *path = find_journald();
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(conf, "/etc/systemd/journald.conf", "none", MS_BIND, NULL) < 0 ||
	    mount(run, "/run", "none", MS_BIND, NULL) < 0)
		_exit(1);
	dup2(null, 1);
	dup2(null, 2);
	execl(path, path, (char *)NULL);
	_exit(1);
}

static bool wait_for(const char *path)
{
	for (int i = 0; i < 500 && access(path, F_OK) < 0; i++)
		usleep(10000);
	return access(path, F_OK) == 0;
}

/* Its files are in a directory named for the machine. */
static bool find_files(struct daemon *daemon)
{
	FILE *file = fopen("/etc/machine-id", "re");
	char id[33] = "", path[160];

	if (!file)
		return false;
	int n = fscanf(file, "%32s", id);

	fclose(file);
	snprintf(daemon->files, sizeof(daemon->files), "%s/log/journal/%s", daemon->run, id);
	snprintf(path, sizeof(path), "%s/system.journal", daemon->files);
	return n == 1 && wait_for(path);
}

static const char *start_journald(struct daemon *daemon)
{
	char conf[64];

	if (geteuid() != 0 || !find_journald() || access("/etc/systemd/journald.conf", F_OK) < 0)
		return "needs root and systemd-journald";
	strcpy(daemon->run, "/tmp/sclog-journal.XXXXXX");
	assert_non_null(mkdtemp(daemon->run));
	assert_int_equal(chmod(daemon->run, 0755), 0);
	snprintf(conf, sizeof(conf), "%s/journald.conf", daemon->run);
	put_file(conf, "[Journal]\nStorage=volatile\nAudit=\nForwardToSyslog=no\n"
		       "ForwardToConsole=no\nForwardToWall=no\nRateLimitBurst=0\n");
	assert_int_equal(gethostname(daemon->host, sizeof(daemon->host)), 0);
	daemon->pid = fork();
	assert_true(daemon->pid >= 0);
	if (daemon->pid == 0)
		run_journald(daemon->run, conf);
	return find_files(daemon) ? NULL : "systemd-journald does not start here";
}

/* Records name processes by the host's pids: in a pid namespace of one's own they are others. Its
 * inode number is PROC_PID_INIT_INO (include/linux/proc_ns.h). */
static bool pids_are_the_hosts(void)
{
	char name[64] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) < 0 ||
	       strcmp(name, "pid:[4026531836]") == 0;
}

static int set_up(void **state)
{
	static struct daemon daemon; /* of the one group of tests */
	struct err err = ERR_INIT;

	if (multicast_open(&daemon.watcher, &err) < 0)
		daemon.missing = "the audit group cannot be read";
	else if (!pids_are_the_hosts())
		daemon.missing = "a pid namespace of its own";
	else
		daemon.missing = start_journald(&daemon);
	*state = &daemon;
	return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *at)
{
	(void)stat;
	(void)type;
	(void)at;
	return remove(path);
}

static int tear_down(void **state)
{
	struct daemon *daemon = *state;

	multicast_close(daemon->watcher);
	if (daemon->pid > 0) {
		kill(daemon->pid, SIGTERM);
		waitpid(daemon->pid, NULL, 0);
	}
	if (daemon->run[0])
		nftw(daemon->run, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static struct daemon *need(void **state)
{
	struct daemon *daemon = *state;

	if (daemon->missing) {
		print_message("# skipped: %s\n", daemon->missing);
		skip();
	}
	return daemon;
}

static struct sdjournal *open_journal(const struct daemon *daemon, const char *cursor,
				      bool from_now)
{
	struct sdjournal_options options = {.directory = daemon->files,
					    .cursor = str_from(cursor),
					    .from_now = from_now,
					    .host = str_from(daemon->host)};
	struct sdjournal *journal = NULL;
	struct err err = ERR_INIT;

	if (sdjournal_open(&options, &journal, &err) < 0)
		fail_msg("%s", err.message);
	return journal;
}

/* Until the next one is kept. A test that is skipped later, in the middle, leaks nothing. */
static char *keep_cursor(struct sdjournal *journal)
{
	static char kept[512];
	struct str cursor = sdjournal_cursor(journal);

	assert_true(cursor.n < sizeof(kept));
	snprintf(kept, sizeof(kept), "%.*s", (int)cursor.n, cursor.n ? cursor.p : "");
	return kept;
}

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

static struct record_space space;

static void note(struct events *events, const struct framed *framed, bool by_audit)
{
	assert_int_equal(record_parse(framed->fields, &space, &events->record), MALFORMED_NONE);
	if (events->record.pid != events->pid ||
	    (events->comm[0] && !str_eq(events->record.comm, str_from(events->comm))))
		return;
	assert_true(framed->has_serial);
	for (unsigned i = 0; i < events->count; i++) {
		if (events->serials[i] != framed->serial)
			continue;
		assert_true(events->ms[i] == framed->ms);
		events->repeated += by_audit && events->by_audit[i];
		events->by_audit[i] |= by_audit;
		return;
	}
	assert_true(events->count < sizeof(events->serials) / sizeof(*events->serials));
	events->serials[events->count] = framed->serial;
	events->by_audit[events->count] = by_audit;
	events->ms[events->count++] = framed->ms;
}

static void note_from_group(void *context, uint16_t type, struct str text)
{
	struct framed framed;

	multicast_frame(type, text, &framed);
	if (framed.kind == FRAMED_RECORD)
		note(context, &framed, false);
}

/* A name that no process had before, as far as this machine's log goes back. */
static void name_storm(char comm[16])
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(comm, 16, "s%llx", now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec);
}

static struct events of_storm(const struct events *storm)
{
	struct events events = {.pid = storm->pid};

	memcpy(events.comm, storm->comm, sizeof(events.comm));
	return events;
}

/* Makes the calls; what the group says of them. True unless records of others left no room. */
static bool storm_once(struct daemon *daemon, struct events *ret_events)
{
	struct multicast *group = NULL;
	struct err err = ERR_INIT;
	struct events events = {.daemon = daemon};

	if (multicast_open(&group, &err) < 0)
		fail_msg("%s", err.message);
	name_storm(events.comm);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, events.comm);
		install_filter();
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_getppid);
		_exit(0);
	}
	events.pid = (uint32_t)pid;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (time_t end = time(NULL) + WAIT_SECONDS; events.count < CALLS && time(NULL) < end;) {
		while (multicast_receive(group, note_from_group, &events, &err) > 0)
			;
		usleep(10000);
	}
	bool whole = events.count == CALLS || !multicast_dropped(group);

	multicast_close(group);
	*ret_events = events;
	return whole;
}

static struct events storm(struct daemon *daemon)
{
	struct events events;
	int tries = 0;

	while (!storm_once(daemon, &events) && ++tries < 5)
		;
	assert_int_equal(events.count, CALLS);
	return events;
}

static void take(struct sdjournal *journal, struct events *events, const char *node)
{
	struct framed framed;
	struct str text;
	struct err err = ERR_INIT;
	int result;

	while ((result = sdjournal_next(journal, &framed, &text, &err)) > 0) {
		assert_int_equal(framed.source, SOURCE_JOURNAL);
		if (framed.kind != FRAMED_RECORD)
			continue;
		bool by_audit = str_starts(text, STR("SECCOMP "));

		assert_true(by_audit || str_starts(text, STR("audit: type=1326 ")));
		assert_true(framed.full_stream);
		assert_true(str_eq(framed.node, str_from(node)));
		assert_true(sdjournal_cursor(journal).n > 0);
		note(events, &framed, by_audit);
	}
	if (result < 0)
		fail_msg("%s", err.message);
}

static void ignore(void *context, uint16_t type, struct str text)
{
	(void)context;
	(void)type;
	(void)text;
}

/* journald takes some 10,000 records a second, loses what is more, and is deaf until it has worked
 * that off: no fault of ours. */
static void skip_if_others_storm(struct daemon *daemon, struct sdjournal *journal)
{
	struct err err = ERR_INIT;
	uint32_t dropped = multicast_dropped(daemon->watcher);
	int n;

	while ((n = multicast_receive(daemon->watcher, ignore, NULL, &err)) > 0 || n == -ENOBUFS)
		daemon->watched += n > 0 ? (uint64_t)n : 0;
	if (daemon->watched + dropped < 5000)
		return;
	print_message("# skipped: other programs made %" PRIu64 " records meanwhile\n",
		      daemon->watched + dropped);
	sdjournal_close(journal);
	skip();
}

/* As many events, and the audit transport's copy of each: the kernel's own line of one may come
 * before it. */
static bool has_all(const struct events *got, const struct events *want)
{
	unsigned by_audit = 0;

	for (unsigned i = 0; i < got->count; i++)
		by_audit += got->by_audit[i];
	return got->count == want->count && by_audit == want->count;
}

/* Reads until the journal holds all events of that process, and checks them one by one. */
static void expect(struct sdjournal *journal, const struct events *want, const char *node)
{
	struct events got = of_storm(want);
	struct pollfd wait = {.fd = sdjournal_fd(journal), .events = POLLIN};

	for (time_t end = time(NULL) + WAIT_SECONDS; time(NULL) < end;) {
		take(journal, &got, node);
		if (has_all(&got, want))
			break;
		poll(&wait, 1, 100);
	}
	usleep(100000); /* none comes twice */
	take(journal, &got, node);
	if (!has_all(&got, want))
		skip_if_others_storm(want->daemon, journal);
	assert_int_equal(got.count, want->count);
	assert_int_equal(got.repeated, 0);
	for (unsigned i = 0; i < want->count; i++) {
		unsigned at = 0;

		while (at < got.count && got.serials[at] != want->serials[i])
			at++;
		assert_true(at < got.count && got.ms[at] == want->ms[i] && got.by_audit[at]);
	}
}

static void expect_none(struct sdjournal *journal, const struct events *gone)
{
	struct events got = of_storm(gone);

	take(journal, &got, "");
	assert_int_equal(got.count, 0);
}

static void test_follow(void **state)
{
	struct daemon *daemon = need(state);
	struct events before = storm(daemon);
	struct sdjournal *journal = open_journal(daemon, "", false);

	expect(journal, &before, "");
	struct events events = storm(daemon);

	expect(journal, &events, "");
	assert_false(sdjournal_outrun(journal));
	sdjournal_close(journal);
}

/* What was written meanwhile is read from the cursor on, and nothing before it. */
static void test_cursor(void **state)
{
	struct daemon *daemon = need(state);
	struct sdjournal *journal = open_journal(daemon, "", true);
	struct events first = storm(daemon);

	expect(journal, &first, "");
	char *cursor = keep_cursor(journal);

	sdjournal_close(journal);
	struct events second = storm(daemon);

	journal = open_journal(daemon, cursor, true);
	assert_false(sdjournal_outrun(journal));
	assert_true(str_eq(sdjournal_cursor(journal), str_from(cursor)));
	struct events both = of_storm(&first);

	expect(journal, &second, "");
	take(journal, &both, "");
	assert_int_equal(both.count, 0);
	sdjournal_close(journal);
}

static void test_from_now(void **state)
{
	struct daemon *daemon = need(state);
	struct events before = storm(daemon);
	struct sdjournal *journal = open_journal(daemon, "", false);

	expect(journal, &before, "");
	sdjournal_close(journal);
	journal = open_journal(daemon, "", true);
	assert_true(sdjournal_cursor(journal).n >
		    0); /* the place is known before the first entry */
	expect_none(journal, &before);
	struct events events = storm(daemon);

	expect(journal, &events, "");
	sdjournal_close(journal);
}

/* SIGUSR2: systemd-journald(8). */
static void rotate(const struct daemon *daemon)
{
	usleep(300000); /* it has written what was logged so far */
	assert_int_equal(kill(daemon->pid, SIGUSR2), 0);
	usleep(300000);
}

/* What was not read yet is in a file of another name; then a new one is written. */
static void test_rotation(void **state)
{
	struct daemon *daemon = need(state);
	struct sdjournal *journal = open_journal(daemon, "", true);
	struct events events = storm(daemon);

	expect(journal, &events, "");
	for (int i = 0; i < 2; i++) {
		events = storm(daemon);
		rotate(daemon);
		expect(journal, &events, "");
		events = storm(daemon);
		expect(journal, &events, "");
	}
	char *cursor = keep_cursor(journal);

	sdjournal_close(journal);
	rotate(daemon);
	events = storm(daemon);
	journal = open_journal(daemon, cursor, false);
	assert_false(sdjournal_outrun(journal));
	expect(journal, &events, "");
	sdjournal_close(journal);
}

static void test_cursor_gone(void **state)
{
	static const char *const gone[] = {
		"s=0123456789abcdef0123456789abcdef;i=7;b=0123456789abcdef0123456789abcdef;m=1;t=1;x=1",
		"no cursor",
	};
	struct daemon *daemon = need(state);
	struct events before = storm(daemon);

	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
		struct sdjournal *journal = open_journal(daemon, gone[i], false);

		assert_true(sdjournal_outrun(journal));
		expect(journal, &before, "");
		sdjournal_close(journal);
		journal = open_journal(daemon, gone[i], true);
		assert_true(sdjournal_outrun(journal));
		expect_none(journal, &before);
		sdjournal_close(journal);
	}
}

/* How many calls of that program the events of a file have, by sclog itself in its sandbox. */
static unsigned count_calls(const char *path, const char *comm)
{
	char command[512], line[4096], name[32];
	unsigned count = 0;

	snprintf(command, sizeof(command), "\"$SCLOG\" events --format json %s", path);
	snprintf(name, sizeof(name), "\"comm\":\"%s\"", comm);
	FILE *out = popen(command, "re");

	assert_non_null(out);
	while (fgets(line, sizeof(line), out)) {
		const char *at = strstr(line, "\"count\":");

		if (strstr(line, name) && at)
			count += (unsigned)strtoul(at + 8, NULL, 10);
	}
	assert_int_equal(pclose(out), 0);
	return count;
}

/* A file of the journal by itself, named as a log. */
static void test_file(void **state)
{
	struct daemon *daemon = need(state);
	struct sdjournal *journal = open_journal(daemon, "", false);
	struct events events = storm(daemon);
	struct events got = of_storm(&events);
	struct err err = ERR_INIT;
	char path[200];

	expect(journal, &events, "");
	sdjournal_close(journal);
	snprintf(path, sizeof(path), "%s/system.journal", daemon->files);
	assert_true(sdjournal_is_file(path));
	assert_false(sdjournal_is_file("/proc/self/exe"));
	const struct sdjournal_options options = {.file = path, .host = str_from(daemon->host)};

	if (sdjournal_open(&options, &journal, &err) < 0)
		fail_msg("%s", err.message);
	take(journal, &got, "");
	assert_string_equal(sdjournal_foreign(journal), "");
	sdjournal_close(journal);
	assert_true(has_all(&got, &events));
	assert_int_equal(count_calls(path, events.comm), CALLS);
}

static void assert_foreign(const struct sdjournal_options *options, const char *want)
{
	struct sdjournal *journal;
	struct err err = ERR_INIT;

	if (sdjournal_open(options, &journal, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(sdjournal_foreign(journal), want);
	sdjournal_close(journal);
}

/* Trusted fields are journald's where only journald can write. */
static void test_foreign(void **state)
{
	static const char why[] = "can be written by everybody";
	struct daemon *daemon = need(state);
	char path[200], parent[200];

	snprintf(path, sizeof(path), "%s/system.journal", daemon->files);
	snprintf(parent, sizeof(parent), "%s/log/journal", daemon->run);
	const struct sdjournal_options file = {.file = path},
				       machine = {.directory = daemon->files},
				       all = {.directory = parent};

	assert_foreign(&machine, "");
	assert_foreign(&all, "");
	assert_int_equal(chmod(path, 0646), 0);
	assert_foreign(&file, why);
	assert_foreign(&machine, why);
	assert_foreign(&all, why);
	assert_int_equal(chmod(path, 0640), 0);
}

static void test_node(void **state)
{
	struct daemon *daemon = need(state);
	struct daemon elsewhere = *daemon;
	struct sdjournal *journal;
	struct events events;

	strcpy(elsewhere.host, "sclog-elsewhere");
	journal = open_journal(&elsewhere, "", true);
	events = storm(daemon);
	expect(journal, &events, daemon->host);
	sdjournal_close(journal);
}

static void send_to(const struct daemon *daemon, const char *name, struct str message)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/systemd/journal/%s", daemon->run,
		 name);
	ssize_t n =
		sendto(fd, message.p, message.n, 0, (struct sockaddr *)&address, sizeof(address));

	close(fd);
	if (n != (ssize_t)message.n)
		fail_msg("%s: %s", address.sun_path, strerror(errno));
}

static void write_kmsg(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		print_message("# /dev/kmsg cannot be written\n");
	close(fd);
}

#define FAKE_PID "4194304" /* PID_MAX_LIMIT: no process has it */
#define FAKE                                                                                 \
	"auid=4294967295 uid=0 gid=0 ses=4294967295 pid=" FAKE_PID " comm=\"x\" exe=\"/x\" " \
	"sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f code=0x7ffc0000"

/* A client can send any field; those that decide are journald's own. */
static void test_spoofed(void **state)
{
	struct daemon *daemon = need(state);
	struct sdjournal *journal = open_journal(daemon, "", true);
	struct events fake = {.pid = 4194304};

	send_to(daemon, "socket",
		STR("_TRANSPORT=audit\n_AUDIT_TYPE=1326\n_AUDIT_ID=787\n"
		    "_SOURCE_REALTIME_TIMESTAMP=1795302094454000\nMESSAGE=SECCOMP " FAKE "\n"));
	send_to(daemon, "socket",
		STR("_TRANSPORT=kernel\nMESSAGE=audit: type=1326 audit(1795302094.454:787): " FAKE
		    "\n"));
	send_to(daemon, "dev-log",
		STR("<5>kernel: audit: type=1326 audit(1795302094.454:787): " FAKE));
	/* of the kernel transport, but of user space: journald takes "audit: " for the sender */
	write_kmsg("<5>audit: type=1326 audit(1795302094.454:787): " FAKE "\n");
	write_kmsg("<5>kernel: audit: type=1326 audit(1795302094.454:787): " FAKE "\n");
	struct events events = storm(daemon);

	expect(journal, &events, "");
	sdjournal_close(journal);
	journal = open_journal(daemon, "", false);
	take(journal, &fake, "");
	assert_int_equal(fake.count, 0);
	sdjournal_close(journal);
}

static void test_idle(void **state)
{
	assert_idle("journal", need(state)->files);
}

static void assert_missing(const char *directory)
{
	struct sdjournal_options options = {.directory = directory};
	struct sdjournal *journal = NULL;
	struct err err = ERR_INIT;
	int result = sdjournal_open(&options, &journal, &err);

#ifdef HAVE_LIBSYSTEMD
	assert_int_equal(result, -ENOENT);
	assert_non_null(strstr(err.message, directory));
#else
	assert_int_equal(result, -EOPNOTSUPP);
	assert_true(err.message[0]);
#endif
}

static void test_missing(void **state)
{
	char empty[] = "/tmp/sclog-journal-XXXXXX";

	(void)state;
	assert_missing("/nowhere");
	assert_non_null(mkdtemp(empty));
	assert_missing(empty);
	assert_int_equal(rmdir(empty), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
#ifdef HAVE_LIBSYSTEMD
		cmocka_unit_test(test_follow),      cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_from_now),    cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_cursor_gone), cmocka_unit_test(test_file),
		cmocka_unit_test(test_node),        cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_foreign),     cmocka_unit_test(test_idle),
#endif
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
