/*
 * Attribution, evidence by evidence and trap by trap, as DESIGN reasons them. Process events are
 * given by hand; what /proc says lies in a directory made here; the clocks are this file's.
 *
 * The cgroups and command lines are those of Docker 20.10 with runc 1.1 on cgroup v1 with a
 * unified mount, shortened.
 */
#include "correlate/attribute.h"

#include "base/mem.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

/* When the attributor begins: 1,000 s after the boot; 2026-11-21T23:01:34Z. */
#define BEGAN_NS (INT64_C(1000000) * MS)
#define BEGAN_MS INT64_C(1795302094000)

#define A "268887c643f8aabbccddeeff00112233445566778899aabbccddeeff00112233"
#define B "7052a1c3f4e9aabbccddeeff00112233445566778899aabbccddeeff00112233"

#define IN_CONTAINER(id) "12:pids:/docker/" id "\n0::/docker/" id "\n"
#define IN_HOST          "12:pids:/user.slice\n0::/user.slice/user-0.slice/session-1.scope\n"
#define IN_SERVICE       "12:pids:/system.slice/nginx.service\n0::/system.slice/nginx.service\n"
#define IN_DOCKERD       "12:pids:/system.slice/docker.service\n0::/system.slice/docker.service\n"
#define IN_ROOT          "12:pids:/\n0::/\n"

#define TASK(id)   "/run/containerd/io.containerd.runtime.v2.task/moby/" id
#define SHIM(id)   "/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0-id\0" id "\0-address\0/s\0"
#define CREATE(id) "runc\0--log\0/l\0create\0--bundle\0" TASK(id) "\0--pid-file\0/p\0" id "\0"
#define EXEC(id)   "runc\0--log\0/l\0exec\0--process\0/tmp/p\0--detach\0--pid-file\0/p\0" id "\0"

/* A slice of a literal with NULs in it. */
#define BYTES(literal) str_of(literal, sizeof(literal) - 1)
#define NOTHING        str_of(NULL, 0)

/* --- the clocks, instead of libc's */

static struct {
	bool fake;
	int64_t monotonic_ns, offset_ns, suspended_ns;
	int pauses; /* so many of the next reads are followed by a pause */
} clocks;

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int64_t ns = clocks.monotonic_ns;

	ns += clock == CLOCK_REALTIME ? clocks.offset_ns : 0;
	ns += clock == CLOCK_BOOTTIME ? clocks.suspended_ns : 0;

	if (clocks.fake && clocks.pauses > 0) {
		clocks.pauses--;
		clocks.monotonic_ns += 64 * MS;
	}
	if (!clocks.fake)
		return (int)syscall(SYS_clock_gettime, clock, ret_time);
	*ret_time = (struct timespec){.tv_sec = ns / (1000 * MS), .tv_nsec = ns % (1000 * MS)};
	return 0;
}

static int64_t at(int64_t ms)
{
	return BEGAN_NS + ms * MS;
}

/* So many milliseconds after the beginning. */
static void set_time(int64_t ms)
{
	clocks.monotonic_ns = at(ms);
}

struct fixture {
	char root[64];
	struct procfs procfs;
	struct cgroup_rules *rules;
	struct metadata *metadata;
	struct registry *registry;
	struct attributor *attributor;
	struct record *record;
	struct event event; /* the one asked about last */
};

/* --- /proc and the runtime's files */

static void write_file(const struct fixture *fixture, const char *path, struct str text)
{
	BUF_AUTO whole = {0};

	buf_format(&whole, "%s/%s", fixture->root, path);
	for (char *slash = strchr(whole.p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(whole.p, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	FILE *file = fopen(whole.p, "w");

	assert_non_null(file);
	if (text.n)
		assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
}

static void show(const struct fixture *fixture, uint32_t pid, const char *name, struct str text)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
	write_file(fixture, path, text);
}

/* The process is in /proc, begun at that time; proc(5): starttime counts ticks of 1/100 s. */
static void show_process(const struct fixture *fixture, uint32_t pid, uint32_t parent, char state,
			 int64_t start_ms, struct str cgroup, struct str cmdline)
{
	char stat[256];

	snprintf(stat, sizeof(stat),
		 "%u (a) b) %c %u 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 %lld 1 1\n", pid, state,
		 parent, (long long)(at(start_ms) / (10 * MS)));
	show(fixture, pid, "stat", str_from(stat));
	show(fixture, pid, "cgroup", cgroup);
	show(fixture, pid, "cmdline", cmdline);
	show(fixture, pid, "exe", str_from("")); /* no link, but a program that is not set-uid */
	show(fixture, pid, "status", str_from("Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void hide_process(const struct fixture *fixture, uint32_t pid)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/proc/%u", fixture->root, pid);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_profile(const struct fixture *fixture, const char *id, const char *action)
{
	BUF_AUTO path = {0}, text = {0};

	buf_format(&path, TASK("%s") "/config.json", id);
	buf_format(&text,
		   "{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":{\"defaultAction\":\"%s\"}}}",
		   action);
	write_file(fixture, path.p + 1, buf_str(&text));
}

static int setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	struct err err = ERR_INIT;
	BUF_AUTO proc = {0};

	strcpy(fixture->root, "/tmp/sclog-attribute.XXXXXX");
	assert_non_null(mkdtemp(fixture->root));
	clocks.fake = true;
	clocks.offset_ns = BEGAN_MS * MS - BEGAN_NS;
	set_time(0);
	show_process(fixture, 1, 0, 'S', -900000, BYTES(IN_ROOT), BYTES("/sbin/init\0"));
	buf_format(&proc, "%s/proc", fixture->root);
	const struct metadata_options metadata = {.proc_root = proc.p,
						  .runtime_root = fixture->root};

	assert_int_equal(procfs_open(&fixture->procfs, proc.p, &err), 0);
	assert_int_equal(cgroup_rules_new(&fixture->rules, &err), 0);
	assert_int_equal(metadata_new(&metadata, &fixture->metadata, &err), 0);
	fixture->record = mem_new(1, sizeof(*fixture->record));
	*state = fixture;
	return 0;
}

static bool described(void *context, const struct container *container, struct str trouble)
{
	(void)context;
	(void)container;
	(void)trouble;
	return true;
}

static int setup_and_begin(void **state)
{
	setup(state);
	struct fixture *fixture = *state;

	fixture->registry = registry_new(fixture->metadata, described, NULL);
	const struct attributor_options options = {&fixture->procfs, fixture->rules,
						   fixture->registry};

	fixture->attributor = attributor_new(&options);
	set_time(1);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	attributor_free(fixture->attributor);
	registry_free(fixture->registry);
	metadata_free(fixture->metadata);
	cgroup_rules_free(fixture->rules);
	procfs_close(&fixture->procfs);
	nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(fixture->record);
	free(fixture);
	clocks.fake = false;
	return 0;
}

/* --- what happens, at a time in ms after the beginning */

static void fork_at(struct fixture *fixture, int64_t ms, uint32_t parent, uint32_t pid)
{
	const struct process_event event = {PROCESS_FORK, pid, parent, at(ms)};

	attribute_process(fixture->attributor, &event, &(struct exec_look){0});
}

static void exec_of(struct fixture *fixture, int64_t ms, uint32_t pid, uint32_t uid,
		    struct str cgroup, struct str cmdline)
{
	const struct process_event event = {PROCESS_EXEC, pid, 0, at(ms)};
	const struct exec_look look = {
		.cgroup = cgroup, .has_claimant = true, .claimant = uid, .cmdline = cmdline};

	attribute_process(fixture->attributor, &event, &look);
}

static void exec_at(struct fixture *fixture, int64_t ms, uint32_t pid, struct str cgroup,
		    struct str cmdline)
{
	exec_of(fixture, ms, pid, 0, cgroup, cmdline);
}

static void exit_at(struct fixture *fixture, int64_t ms, uint32_t pid)
{
	const struct process_event event = {PROCESS_EXIT, pid, 0, at(ms)};

	attribute_process(fixture->attributor, &event, &(struct exec_look){0});
}

static bool ask(struct fixture *fixture, bool final)
{
	return attribute_event(fixture->attributor, &fixture->event, final);
}

/* A record of a program stamped then; returns whether it is settled. */
static bool record_of(struct fixture *fixture, int64_t ms, uint32_t pid, const char *comm,
		      const char *exe)
{
	*fixture->record = (struct record){.ms = BEGAN_MS + ms, .pid = pid};
	fixture->record->comm = str_from(comm);
	fixture->record->exe = str_from(exe);
	fixture->event = (struct event){.record = fixture->record};
	return ask(fixture, false);
}

static bool record_at(struct fixture *fixture, int64_t ms, uint32_t pid)
{
	return record_of(fixture, ms, pid, "true", "/bin/true");
}

static bool setup_record_at(struct fixture *fixture, int64_t ms, uint32_t pid)
{
	return record_of(fixture, ms, pid, "runc:[2:INIT]", "/");
}

static void assert_container(const struct fixture *fixture, const char *id, enum phase phase)
{
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_CONTAINER);
	assert_non_null(fixture->event.container);
	assert_true(str_eq(fixture->event.container->id, str_from(id)));
	assert_int_equal(fixture->event.reason, UNATTRIBUTED_NONE);
	assert_int_equal(fixture->event.phase, phase);
}

static void assert_host(const struct fixture *fixture)
{
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_HOST);
	assert_null(fixture->event.container);
	assert_int_equal(fixture->event.reason, UNATTRIBUTED_NONE);
}

static void assert_unattributed(const struct fixture *fixture, enum unattributed reason)
{
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_UNATTRIBUTED);
	assert_null(fixture->event.container);
	assert_int_equal(fixture->event.reason, reason);
}

/* The host's shell (50) and Docker's shim of A (70), as the first scan finds them. */
static void scan(struct fixture *fixture)
{
	struct err err = ERR_INIT;

	show_process(fixture, 50, 1, 'S', -5000, BYTES(IN_HOST), BYTES("bash\0"));
	show_process(fixture, 70, 1, 'S', -4000, BYTES(IN_DOCKERD), BYTES(SHIM(A)));
	assert_int_equal(attribute_scan(fixture->attributor, &err), 0);
}

/* --- the process's own cgroup */

static void own_cgroup_decides(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES(IN_CONTAINER(A)), BYTES("true\0"));
	assert_true(record_at(fixture, 12, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* it applies backwards to the fork, and after the end */
	exit_at(fixture, 13, 100);
	assert_true(record_at(fixture, 10, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* a child that never executes anything is its parent's */
	fork_at(fixture, 12, 100, 101);
	exit_at(fixture, 13, 101);
	assert_true(record_at(fixture, 12, 101));
	assert_container(fixture, A, PHASE_APPLICATION);
}

static void host_and_service(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	assert_true(record_at(fixture, 5, 50));
	assert_host(fixture);
	fork_at(fixture, 10, 1, 100);
	exec_at(fixture, 11, 100, BYTES(IN_SERVICE), BYTES("nginx\0"));
	assert_true(record_of(fixture, 12, 100, "nginx", "/usr/sbin/nginx"));
	assert_container(fixture, "nginx.service", PHASE_APPLICATION);
}

/* Read at the exec it was the host's; by its first record it had moved in (/proc tells). */
static void cgroup_is_read_again_at_the_first_record(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES(IN_HOST), BYTES("true\0"));
	show_process(fixture, 100, 50, 'R', 10, BYTES(IN_CONTAINER(A)), BYTES("true\0"));
	set_time(30);
	assert_true(record_at(fixture, 14, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
}

/* It was on the host when it was looked at for one record; a later record finds it moved. */
static void cgroup_is_read_again_for_a_later_record(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	show_process(fixture, 100, 50, 'R', 10, BYTES(IN_HOST), BYTES("true\0"));
	set_time(30);
	assert_true(record_at(fixture, 14, 100));
	assert_host(fixture);
	show_process(fixture, 100, 50, 'R', 10, BYTES(IN_CONTAINER(A)), BYTES("true\0"));
	set_time(1030);
	assert_true(record_at(fixture, 1000, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
}

/* On cgroup v1 a zombie's reads "/": that is not the host. */
static void zombie_is_not_the_host(void **state)
{
	struct fixture *fixture = *state;

	fork_at(fixture, 10, 999, 100); /* of a parent that is not known */
	show_process(fixture, 100, 1, 'Z', 10, BYTES(IN_ROOT), NOTHING);
	set_time(20);
	assert_false(record_at(fixture, 12, 100));
	ask(fixture, true);
	assert_unattributed(fixture, UNATTRIBUTED_PROCESS_GONE);
	/* with a unified mount that line still names the container */
	fork_at(fixture, 30, 999, 101);
	show_process(fixture, 101, 1, 'Z', 30, BYTES("12:pids:/\n0::/docker/" A "\n"), NOTHING);
	set_time(40);
	assert_true(record_at(fixture, 32, 101));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* and what sits in the root's cgroup alive is the host's */
	fork_at(fixture, 50, 999, 102);
	show_process(fixture, 102, 1, 'S', 50, BYTES(IN_ROOT), NOTHING);
	set_time(60);
	assert_true(record_at(fixture, 52, 102));
	assert_host(fixture);
}

/* --- set-up */

/* docker run: shim -> runc create -> runc's child -> init, all in the host's cgroup at first. */
static void docker_run_is_known_by_runc_create(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 70, 80);
	exec_at(fixture, 11, 80, BYTES(IN_DOCKERD), BYTES(CREATE(B)));
	fork_at(fixture, 20, 80, 81);
	exec_at(fixture, 21, 81, BYTES(IN_DOCKERD), BYTES("runc\0init\0"));
	fork_at(fixture, 22, 81, 82);
	exit_at(fixture, 23, 81);
	fork_at(fixture, 23, 82, 83);
	exit_at(fixture, 24, 82);
	assert_true(setup_record_at(fixture, 25, 83));
	assert_container(fixture, B, PHASE_SETUP);
	exec_at(fixture, 30, 83, BYTES(IN_CONTAINER(B)), BYTES("true\0"));
	assert_true(record_at(fixture, 31, 83));
	assert_container(fixture, B, PHASE_APPLICATION);
	exit_at(fixture, 32, 83);
	assert_true(setup_record_at(fixture, 25, 83));
	assert_container(fixture, B, PHASE_SETUP);
}

/* docker exec begins in the cgroup of whoever calls it; the move may never be seen. */
static void docker_exec_before_the_move(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 70, 80);
	exec_at(fixture, 11, 80, BYTES(IN_DOCKERD), BYTES(EXEC(A)));
	fork_at(fixture, 20, 80, 81);
	show_process(fixture, 81, 80, 'R', 20, BYTES(IN_DOCKERD), BYTES("runc\0init\0"));
	set_time(25);
	assert_true(setup_record_at(fixture, 22, 81));
	assert_container(fixture, A, PHASE_SETUP);
	hide_process(fixture, 81);
	/* the application runs, and is gone before anybody looks */
	exec_at(fixture, 30, 81, NOTHING, NOTHING);
	exit_at(fixture, 31, 81);
	assert_true(record_at(fixture, 30, 81));
	assert_container(fixture, A, PHASE_EXEC);
}

/* Nothing known but the host's cgroup: that is never the last word of a set-up process. */
static void setup_is_never_final_as_host(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	show_process(fixture, 100, 50, 'R', 10, BYTES(IN_HOST), BYTES("runc\0init\0"));
	set_time(20);
	assert_false(setup_record_at(fixture, 15, 100));
	assert_false(ask(fixture, false));
	ask(fixture, true);
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_UNATTRIBUTED);
	assert_null(fixture->event.container);
	/* nor is a service's, which runs the runtime */
	fork_at(fixture, 10, 70, 101);
	exec_at(fixture, 11, 101, BYTES(IN_SERVICE), BYTES("runc\0init\0"));
	fork_at(fixture, 12, 1, 102);
	exec_at(fixture, 13, 102, BYTES(IN_SERVICE), BYTES("runc\0init\0"));
	assert_false(setup_record_at(fixture, 15, 102));
	ask(fixture, true);
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_UNATTRIBUTED);
}

static void setup_waits_for_the_move(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	show_process(fixture, 100, 50, 'R', 10, BYTES(IN_HOST), BYTES("runc\0init\0"));
	set_time(20);
	assert_false(setup_record_at(fixture, 15, 100));
	show(fixture, 100, "cgroup", BYTES(IN_CONTAINER(B)));
	set_time(120);
	assert_true(ask(fixture, false));
	assert_container(fixture, B, PHASE_SETUP);
}

/* Anybody can call a program runc: inside a container it is not believed. */
static void command_line_inside_a_container_is_not_believed(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES(IN_CONTAINER(A)), BYTES(CREATE(B)));
	fork_at(fixture, 12, 100, 101);
	assert_true(record_at(fixture, 13, 101));
	assert_container(fixture, A, PHASE_APPLICATION);
	assert_true(setup_record_at(fixture, 13, 100));
	assert_container(fixture, A, PHASE_SETUP);
}

/* --- which lifetime */

/* Stamps of the coarse clock are up to 8.5 ms before the fork, as was measured. */
static void stamp_before_the_fork(void **state)
{
	struct fixture *fixture = *state;
	struct timespec tick;

	clock_getres(CLOCK_REALTIME_COARSE, &tick);
	int64_t tick_ms = tick.tv_nsec / MS > 0 ? tick.tv_nsec / MS : 1;

	scan(fixture);
	fork_at(fixture, 1000, 50, 100);
	exec_at(fixture, 1001, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	exit_at(fixture, 1002, 100);
	assert_true(record_at(fixture, 1000 - 2 * tick_ms, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* nobody else had that pid, and the clock may stand still for longer */
	assert_true(record_at(fixture, 1000 - 5 * tick_ms, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* but for no second: that process was not there */
	set_time(3000);
	scan(fixture);
	fork_at(fixture, 5000, 50, 101);
	exit_at(fixture, 5001, 101);
	assert_false(record_at(fixture, 3900, 101));
	ask(fixture, true);
	assert_unattributed(fixture, UNATTRIBUTED_NO_LIFETIME);
}

/* A leader's end is told of, its threads' is not. While they run the pid is nobody else's: their
 * records, which may be very many, wait for no fork. */
static void threads_run_on_after_their_leader(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES(IN_CONTAINER(A)), BYTES("threads\0"));
	exit_at(fixture, 20, 100);
	show_process(fixture, 100, 50, 'Z', 10, BYTES(IN_ROOT), NOTHING);
	set_time(31);
	assert_true(record_at(fixture, 30, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* it is gone: the next one's fork may be on its way */
	hide_process(fixture, 100);
	set_time(61);
	assert_false(record_at(fixture, 60, 100));
	/* or /proc shows the next one already */
	show_process(fixture, 100, 50, 'R', 90, BYTES(IN_HOST), BYTES("true\0"));
	set_time(92);
	assert_false(record_at(fixture, 88, 100));
	fork_at(fixture, 91, 50, 100);
	exec_at(fixture, 92, 100, BYTES(IN_HOST), BYTES("true\0"));
	assert_true(ask(fixture, false));
	assert_host(fixture);
}

/* RFC 3339 ends in 9999, and so do the stamps that a log may say; 64 bits of nanoseconds do not. */
static void stamp_of_a_far_year(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 1000, 50, 100);
	exec_at(fixture, 1001, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	assert_true(record_at(fixture, INT64_C(253402300799999) - BEGAN_MS, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	assert_true(record_at(fixture, -BEGAN_MS, 100)); /* the epoch: long before it began */
	assert_unattributed(fixture, UNATTRIBUTED_BEFORE_WATCH);
}

static void pid_used_again_is_another_process(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 100, 50, 100);
	exec_at(fixture, 101, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	exit_at(fixture, 150, 100);
	fork_at(fixture, 200, 50, 100);
	exec_at(fixture, 201, 100, BYTES(IN_CONTAINER(B)), NOTHING);
	exit_at(fixture, 250, 100);
	fork_at(fixture, 300, 50, 100);
	show_process(fixture, 100, 50, 'R', 300, BYTES(IN_HOST), BYTES("vi\0"));
	set_time(400);
	assert_true(record_at(fixture, 120, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	assert_true(record_at(fixture, 220, 100));
	assert_container(fixture, B, PHASE_APPLICATION);
	assert_true(record_at(fixture, 320, 100));
	assert_host(fixture);
	/* /proc's process of today says nothing of the one before: late records stay with theirs */
	assert_true(record_at(fixture, 120, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
}

/* Looked up late, when the pid is another's already, whose fork is not on file yet. */
static void pid_used_again_before_the_look(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	fork_at(fixture, 100, 50, 100);
	show_process(fixture, 100, 50, 'R', 300, BYTES(IN_CONTAINER(B)), BYTES("true\0"));
	set_time(400);
	assert_true(record_at(fixture, 100, 100));
	assert_host(fixture);
	/* what is shown of the process itself counts */
	fork_at(fixture, 500, 50, 101);
	show_process(fixture, 101, 50, 'R', 500, BYTES(IN_CONTAINER(B)), BYTES("true\0"));
	set_time(600);
	assert_true(record_at(fixture, 500, 101));
	assert_container(fixture, B, PHASE_APPLICATION);
}

/* Whoever was a zombie when watch began has told of its exit. */
static void zombie_of_before(void **state)
{
	struct fixture *fixture = *state;

	show_process(fixture, 100, 1, 'Z', -500, BYTES(IN_ROOT), NOTHING);
	scan(fixture);
	hide_process(fixture, 100);
	fork_at(fixture, 50, 50, 99);
	exec_at(fixture, 51, 99, BYTES(IN_CONTAINER(A)), NOTHING);
	for (int64_t ms = 100; ms < 500; ms += 100) { /* in turn; forked 5 ms after the stamp */
		fork_at(fixture, ms + 5, ms % 200 ? 50 : 99, 100);
		exit_at(fixture, ms + 6, 100);
		set_time(ms + 10);
		assert_true(record_at(fixture, ms, 100));
		assert_true((fixture->event.container != NULL) == (ms % 200 == 0));
	}
}

/* Without fork events /proc is all there is: a process that began after the record is not it. */
static void younger_process_in_proc_is_not_taken(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	show_process(fixture, 100, 50, 'R', 500, BYTES(IN_CONTAINER(A)), BYTES("true\0"));
	set_time(600);
	record_at(fixture, 200, 100);
	ask(fixture, true);
	assert_unattributed(fixture, UNATTRIBUTED_NO_LIFETIME);
	assert_true(record_at(fixture, 550, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
}

static void before_watch(void **state)
{
	struct fixture *fixture = *state;

	show_process(fixture, 60, 1, 'S', -1000, BYTES(IN_CONTAINER(A)), BYTES("sleep\0"));
	scan(fixture);
	/* nobody was there to see it */
	assert_true(record_at(fixture, -3000, 4711));
	assert_unattributed(fixture, UNATTRIBUTED_BEFORE_WATCH);
	/* whoever runs since before that is known */
	assert_true(record_at(fixture, -500, 60));
	assert_container(fixture, A, PHASE_APPLICATION);
	/* but not what had its pid before it */
	assert_true(record_at(fixture, -2000, 60));
	assert_unattributed(fixture, UNATTRIBUTED_BEFORE_WATCH);
}

static void unknown_pid_has_no_lifetime(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	set_time(600);
	record_at(fixture, 500, 4711);
	ask(fixture, true);
	assert_unattributed(fixture, UNATTRIBUTED_NO_LIFETIME);
}

/* --- late evidence */

/* The parent's container is learned after the child's record: the child was in it all the time. */
static void evidence_comes_late(void **state)
{
	struct fixture *fixture = *state;

	fork_at(fixture, 10, 999, 100);
	fork_at(fixture, 11, 100, 101);
	exit_at(fixture, 14, 101);
	set_time(20);
	assert_false(record_at(fixture, 12, 101));
	exec_at(fixture, 30, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	assert_true(ask(fixture, false));
	assert_container(fixture, A, PHASE_APPLICATION);
}

static void process_gone(void **state)
{
	struct fixture *fixture = *state;

	fork_at(fixture, 10, 999, 100);
	exit_at(fixture, 14, 100);
	set_time(20);
	assert_false(record_at(fixture, 12, 100));
	assert_false(ask(fixture, false));
	assert_true(ask(fixture, true));
	assert_unattributed(fixture, UNATTRIBUTED_PROCESS_GONE);
}

/* Events were lost: a scan finds who runs, its parents whatever their pids, and who ended. */
static void scan_mends_what_was_lost(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	/* lost: the end of 100, runc exec 95 of the shim, its child 90 with a lower pid */
	show_process(fixture, 95, 70, 'S', 200, BYTES(IN_DOCKERD), BYTES(EXEC(A)));
	show_process(fixture, 90, 95, 'R', 210, BYTES(IN_DOCKERD), BYTES("runc\0init\0"));
	set_time(300);
	assert_int_equal(attribute_scan(fixture->attributor, &err), 0);
	assert_true(setup_record_at(fixture, 250, 90));
	assert_container(fixture, A, PHASE_SETUP);
	/* its pid may have been another's since */
	record_at(fixture, 320, 100);
	ask(fixture, true);
	assert_int_equal(fixture->event.attribution, ATTRIBUTION_UNATTRIBUTED);
}

/* --- a container that is made again */

static void container_made_again_has_its_new_profile(void **state)
{
	struct fixture *fixture = *state;

	put_profile(fixture, B, "SCMP_ACT_LOG");
	scan(fixture);
	for (int round = 0; round < 3; round++) {
		int64_t ms = 100 * round;
		uint32_t runc = 80 + 10 * (uint32_t)round, init = runc + 1;

		if (round == 1)
			put_profile(fixture, B, "SCMP_ACT_ERRNO");
		if (round == 2)
			put_profile(fixture, B, "SCMP_ACT_LOG");
		fork_at(fixture, ms + 10, 70, runc);
		exec_at(fixture, ms + 11, runc, BYTES(IN_DOCKERD), BYTES(CREATE(B)));
		fork_at(fixture, ms + 20, runc, init);
		exit_at(fixture, ms + 21, runc);
		exec_at(fixture, ms + 30, init, BYTES(IN_CONTAINER(B)), BYTES("true\0"));
		assert_true(record_at(fixture, ms + 31, init));
		assert_container(fixture, B, PHASE_APPLICATION);
		assert_int_equal(fixture->event.container->coverage,
				 round == 1 ? COVERAGE_NONE : COVERAGE_FULL);
		exit_at(fixture, ms + 40, init);
	}
}

/* --- clocks */

static void step_of_the_clock_is_told_and_followed(void **state)
{
	struct fixture *fixture = *state;
	static const int64_t steps_ms[] = {-3600000, 7200000, -60, 60};

	scan(fixture);
	assert_true(attribute_clocks(fixture->attributor) == 0);
	for (size_t i = 0; i < sizeof(steps_ms) / sizeof(steps_ms[0]); i++) {
		int64_t ms = 100 * (int64_t)(i + 1), sum_ms = 0;
		uint32_t pid = 100 + (uint32_t)i;

		clocks.offset_ns += steps_ms[i] * MS;
		for (size_t k = 0; k <= i; k++)
			sum_ms += steps_ms[k];
		assert_true(attribute_clocks(fixture->attributor) == steps_ms[i]);
		assert_true(attribute_clocks(fixture->attributor) == 0);
		fork_at(fixture, ms, 50, pid);
		exec_at(fixture, ms + 1, pid, BYTES(IN_CONTAINER(A)), NOTHING);
		assert_true(record_at(fixture, sum_ms + ms + 2, pid));
		assert_container(fixture, A, PHASE_APPLICATION);
	}
	/* the kernel's slewing is no step (adjtimex(2): 500 ppm, half a millisecond a second) */
	clocks.offset_ns += MS / 2;
	assert_true(attribute_clocks(fixture->attributor) == 0);
	/* nor is a pause of this process, or of the virtual machine, between two reads */
	for (int pauses = 1; pauses <= 6; pauses++) {
		clocks.pauses = pauses;
		assert_true(attribute_clocks(fixture->attributor) == 0);
	}
}

/* clock_gettime(2): CLOCK_MONOTONIC does not count the time that the system is suspended. */
static void suspend_is_no_step(void **state)
{
	struct fixture *fixture = *state;
	const int64_t slept_ms = 3600000;

	scan(fixture);
	clocks.suspended_ns += slept_ms * MS;
	clocks.offset_ns += slept_ms * MS;
	assert_true(attribute_clocks(fixture->attributor) == 0);
	fork_at(fixture, 100, 50, 100);
	exec_at(fixture, 101, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	assert_true(record_at(fixture, slept_ms + 102, 100));
	assert_container(fixture, A, PHASE_APPLICATION);
	clocks.offset_ns += 60 * MS; /* set by hand while it slept, or after */
	assert_true(attribute_clocks(fixture->attributor) == 60);
}

/* --- from run to run */

struct kept {
	struct attributed_lifetime all[8];
	size_t count;
};

static int keep(void *context, const struct attributed_lifetime *lifetime)
{
	struct kept *kept = context;

	assert_true(kept->count < 8);
	kept->all[kept->count++] = *lifetime;
	return 0;
}

static void lifetimes_in_containers_are_given_in_realtime(void **state)
{
	struct fixture *fixture = *state;
	struct kept kept = {0};

	scan(fixture);
	assert_int_equal(attribute_changed(fixture->attributor, keep, &kept), 0);
	kept.count = 0; /* a shim is no container's process, whatever was said of it */
	fork_at(fixture, 100, 50, 100);
	exec_at(fixture, 101, 100, BYTES(IN_CONTAINER(A)), NOTHING);
	fork_at(fixture, 100, 50, 101);
	exec_at(fixture, 101, 101, BYTES(IN_HOST), NOTHING);
	assert_int_equal(attribute_changed(fixture->attributor, keep, &kept), 0);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.all[0].pid, 100);
	assert_true(kept.all[0].start_ms == BEGAN_MS + 100);
	assert_true(kept.all[0].end_ms == 0);
	assert_true(str_eq(kept.all[0].container->id, STR(A)));
	kept.count = 0;
	assert_int_equal(attribute_changed(fixture->attributor, keep, &kept), 0);
	assert_int_equal(kept.count, 0);
	exit_at(fixture, 150, 100);
	assert_int_equal(attribute_changed(fixture->attributor, keep, &kept), 0);
	assert_int_equal(kept.count, 1);
	assert_true(kept.all[0].end_ms == BEGAN_MS + 150);
}

/* What an earlier run saw answers for records that are read late. */
static void earlier_run_answers_for_late_records(void **state)
{
	struct fixture *fixture = *state;
	const struct container web = {.id = STR(A), .name = STR("web")};
	const struct attributed_lifetime lifetime = {
		.pid = 4711,
		.start_ms = BEGAN_MS - 8000,
		.end_ms = BEGAN_MS - 7000,
		.container = registry_restore(fixture->registry, &web),
		.entering = true,
	};

	attribute_restore(fixture->attributor, &lifetime);
	scan(fixture);
	assert_true(record_at(fixture, -7500, 4711));
	assert_container(fixture, A, PHASE_EXEC);
	assert_true(str_eq(fixture->event.container->name, STR("web")));
	record_at(fixture, -9000, 4711);
	assert_unattributed(fixture, UNATTRIBUTED_BEFORE_WATCH);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_and_begin, teardown)

/* --- what a suspect chooses: uid 65534 is nobody, 1000 a real user */

#define NOBODY    65534
#define DELEGATED "/user.slice/user-65534.slice/user@65534.service/app.slice/"

static void assert_refused(struct fixture *fixture, uint32_t pid, int64_t ms, uint64_t count)
{
	fork_at(fixture, ms + 1, pid, pid + 1000);
	assert_true(record_at(fixture, ms + 2, pid + 1000));
	assert_host(fixture);
	assert_int_equal(attribute_refused(fixture->attributor).count, count);
	assert_int_equal(attribute_refused(fixture->attributor).uid, NOBODY);
}

/* Whatever a user's process calls itself, it sets up none of root's containers, whether that is
 * known or not, and whoever's bundle it names. */
static void command_lines_of_others(void **state)
{
	static const struct str claims[] = {
		{CREATE(A), sizeof(CREATE(A)) - 1},
		{EXEC(A), sizeof(EXEC(A)) - 1},
		{SHIM(A), sizeof(SHIM(A)) - 1},
		{CREATE(B), sizeof(CREATE(B)) - 1},
		{EXEC(B), sizeof(EXEC(B)) - 1},
		STR("runc\0prog\0create\0--bundle\0/x\0" A "\0"),
		STR("crun\0create\0--bundle\0/x\0" A "\0"),
		STR("conmon\0-c\0" A "\0-b\0/x\0"),
		STR("conmon\0-c\0" A "\0-b\0" TASK(A) "\0"),
		STR("/usr/bin/runc\0run\0" A "\0"),
	};
	struct fixture *fixture = *state;
	uint64_t refused = 0;

	put_profile(fixture, A, "SCMP_ACT_ERRNO");
	put_profile(fixture, B, "SCMP_ACT_ERRNO");
	scan(fixture);
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct setup parsed;
		uint32_t pid = 200 + (uint32_t)i;

		if (!setup_parse(claims[i], &parsed))
			continue; /* "prog" is no verb: no claim */
		fork_at(fixture, 10 + (int64_t)i * 10, 50, pid);
		exec_of(fixture, 11 + (int64_t)i * 10, pid, NOBODY, BYTES(IN_HOST), claims[i]);
		assert_refused(fixture, pid, 12 + (int64_t)i * 10, ++refused);
	}
	assert_int_equal(refused, 9);
}

/* A user's own bundle makes a container of that user's; not where one of root's has the id. */
static void command_lines_of_a_user(void **state)
{
	struct fixture *fixture = *state;
	BUF_AUTO bundle = {0};

	if (geteuid() != 0)
		skip();
	scan(fixture);
	write_file(fixture, "home/ann/b/config.json", BYTES("{\"ociVersion\":\"1.0.2\"}"));
	buf_format(&bundle, "%s/home/ann/b/config.json", fixture->root);
	assert_int_equal(chown(bundle.p, 1000, 1000), 0);
	fork_at(fixture, 10, 50, 100);
	exec_of(fixture, 11, 100, 1000, BYTES(IN_HOST), BYTES("runc\0run\0-b\0/home/ann/b\0web\0"));
	fork_at(fixture, 12, 100, 101);
	record_at(fixture, 13, 101);
	assert_container(fixture, "web@1000", PHASE_APPLICATION);
	/* brought into it later */
	fork_at(fixture, 20, 50, 110);
	exec_of(fixture, 21, 110, 1000, BYTES(IN_HOST), BYTES("runc\0exec\0web\0true\0"));
	fork_at(fixture, 22, 110, 111);
	record_at(fixture, 23, 111);
	assert_container(fixture, "web@1000", PHASE_EXEC);
	assert_int_equal(attribute_refused(fixture->attributor).count, 0);
	/* by somebody else; and his bundle under the id of one of root's */
	fork_at(fixture, 30, 50, 120);
	exec_of(fixture, 31, 120, NOBODY, BYTES(IN_HOST), BYTES("runc\0exec\0web\0true\0"));
	assert_refused(fixture, 120, 32, 1);
	fork_at(fixture, 40, 50, 130);
	exec_of(fixture, 41, 130, 1000, BYTES(IN_HOST),
		BYTES("runc\0run\0-b\0/home/ann/b\0" A "\0"));
	fork_at(fixture, 42, 130, 131);
	assert_true(record_at(fixture, 43, 131));
	assert_host(fixture);
}

/* In a scan what a user says comes after all that root does, whatever the pids. */
static void scanned_claims(void **state)
{
	struct fixture *fixture = *state;

	show_process(fixture, 60, 1, 'S', -5000, BYTES(IN_HOST), BYTES(CREATE(A)));
	show(fixture, 60, "status", STR("Name:\tUid:\nUid:\t65534\t0\t0\t0\n"));
	scan(fixture);
	assert_true(record_at(fixture, 5, 60));
	assert_host(fixture);
	assert_int_equal(attribute_refused(fixture->attributor).count, 1);
	assert_int_equal(attribute_refused(fixture->attributor).uid, NOBODY);
}

static const struct {
	const char *cgroup, *id;
} owned[] = {
	{"0::" DELEGATED "docker-" A ".scope\n", A "@65534"},
	{"0::" DELEGATED "user@0.service/docker-" A ".scope\n", A "@65534"},
	{"0::" DELEGATED "lxc.payload.a@0\n", "a%400@65534"},
	{"0::" DELEGATED "machine-a\\x2f" A ".scope\n", "a%2F" A "@65534"},
	{"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A
	 ".scope/container\n",
	 A "@1000"},
	/* who is root in a container names what lies in it, and no more */
	{"0::/docker/" A "/docker/" B "\n", A "/" B},
	{"0::/system.slice/docker-" A ".scope/docker-" B ".scope\n", A "/" B},
	{"0::/docker/" A "/x/docker/" A "\n", A "/" A},
	{"0::/lxc.payload.c1/lxc.payload.a@0\n", "c1/a%400"},
	{"0::" DELEGATED "docker-" A ".scope/docker-" B ".scope\n", A "@65534/" B},
	/* a service's subtree may be its user's */
	{"0::/system.slice/mine.service/nginx.service\n", "mine.service"},
};

static void cgroups_of_others(void **state)
{
	struct fixture *fixture = *state;

	scan(fixture);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		uint32_t pid = 200 + (uint32_t)i;
		int64_t ms = 10 + (int64_t)i * 10;

		print_message("# %s\n", owned[i].cgroup);
		fork_at(fixture, ms, 50, pid);
		exec_at(fixture, ms + 1, pid, str_from(owned[i].cgroup), NOTHING);
		record_at(fixture, ms + 2, pid);
		assert_container(fixture, owned[i].id, PHASE_APPLICATION);
	}
}

/* The folders above the container's tell whose it is; its own may be given to its root. */
static void owners_of_folders(void **state)
{
	static const struct {
		const char *path;
		uid_t uid;
	} folders[] = {
		{"sys/fs/cgroup/unified/mine/user@0.service/docker-" A ".scope/x", 0},
		{"sys/fs/cgroup/unified/mine", NOBODY},
		{"sys/fs/cgroup/unified/machine.slice/libpod-" B ".scope/x", 0},
		{"sys/fs/cgroup/unified/machine.slice/libpod-" B ".scope", 100000},
	};
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		BUF_AUTO path = {0};

		buf_format(&path, "%s/%s", fixture->root, folders[i].path);
		if (folders[i].uid == 0)
			write_file(fixture, folders[i].path, NOTHING);
		else
			assert_int_equal(chown(path.p, folders[i].uid, 0), 0);
	}
	scan(fixture);
	fork_at(fixture, 10, 50, 100);
	exec_at(fixture, 11, 100, BYTES("0::/mine/user@0.service/docker-" A ".scope\n"), NOTHING);
	record_at(fixture, 12, 100);
	assert_container(fixture, A "@65534", PHASE_APPLICATION);
	fork_at(fixture, 20, 50, 110);
	exec_at(fixture, 21, 110, BYTES("0::/machine.slice/libpod-" B ".scope\n"), NOTHING);
	record_at(fixture, 22, 110);
	assert_container(fixture, B, PHASE_APPLICATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(own_cgroup_decides),
		CASE(host_and_service),
		CASE(cgroup_is_read_again_at_the_first_record),
		CASE(cgroup_is_read_again_for_a_later_record),
		CASE(zombie_is_not_the_host),
		CASE(docker_run_is_known_by_runc_create),
		CASE(docker_exec_before_the_move),
		CASE(setup_is_never_final_as_host),
		CASE(setup_waits_for_the_move),
		CASE(command_line_inside_a_container_is_not_believed),
		CASE(command_lines_of_others),
		CASE(command_lines_of_a_user),
		CASE(scanned_claims),
		CASE(cgroups_of_others),
		CASE(owners_of_folders),
		CASE(stamp_before_the_fork),
		CASE(threads_run_on_after_their_leader),
		CASE(stamp_of_a_far_year),
		CASE(pid_used_again_is_another_process),
		CASE(pid_used_again_before_the_look),
		CASE(zombie_of_before),
		CASE(younger_process_in_proc_is_not_taken),
		CASE(before_watch),
		CASE(unknown_pid_has_no_lifetime),
		CASE(evidence_comes_late),
		CASE(process_gone),
		CASE(scan_mends_what_was_lost),
		CASE(container_made_again_has_its_new_profile),
		CASE(step_of_the_clock_is_told_and_followed),
		CASE(suspend_is_no_step),
		CASE(lifetimes_in_containers_are_given_in_realtime),
		CASE(earlier_run_answers_for_late_records),
	};

	return cmocka_run_group_tests_name("attribute", tests, NULL, NULL);
}
