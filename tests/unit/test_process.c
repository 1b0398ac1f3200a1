/*
 * The process table: each trap that the kernel sets, by hand; then a random history against a
 * plain model that forgets nothing; then an hour's worth of forks for its cost.
 *
 * `test_process bench [FORKS]` prints nanoseconds and memory.
 */
#include "correlate/process.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sys/prctl.h>

#include <cmocka.h>

#define MS    INT64_C(1000000)
#define SLACK (12 * MS) /* three ticks of 4 ms */

static const struct container web = {.id = {"web", 3}};
static const struct container db = {.id = {"db", 2}};
static const struct container pod = {.id = {"pod", 3}};
static const struct container nginx = {.id = {"nginx.service", 13}};
/* the same container, described anew */
static const struct container web_again = {.id = {"web", 3}, .name = {"web", 3}};

/* systemd, a shell of the host's and containerd, all with their cgroups known. */
enum { INIT = 1, SHELL = 50, DAEMON = 60, SHIM = 70 };

static int setup(void **state)
{
	struct process_table *table = process_table_new();

	process_rescan_begin(table);
	process_found(table, 0, INIT, 0);
	process_found(table, INIT, SHELL, 100 * MS);
	process_found(table, INIT, DAEMON, 100 * MS);
	process_rescan_end(table, 500 * MS);
	process_learn_cgroup(table, INIT, 500 * MS, PLACE_HOST, NULL);
	process_learn_cgroup(table, SHELL, 500 * MS, PLACE_HOST, NULL);
	process_learn_cgroup(table, DAEMON, 500 * MS, PLACE_SERVICE, &nginx);
	*state = table;
	return 0;
}

static int teardown(void **state)
{
	process_table_free(*state);
	return 0;
}

static struct belonging find(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	struct belonging belonging;

	process_find(table, pid, at_ns, SLACK, &belonging);
	return belonging;
}

static void assert_place(struct process_table *table, uint32_t pid, int64_t at_ns,
			 enum process_place place, const struct container *container)
{
	struct belonging belonging = find(table, pid, at_ns);

	assert_true(belonging.found);
	assert_int_equal(belonging.place, place);
	assert_ptr_equal(belonging.container, container);
}

static void assert_not_found(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	assert_false(find(table, pid, at_ns).found);
}

/* DAEMON starts the shim of web, which makes it: runc create 80 and, in the container, 90. */
static void start_web(struct process_table *table)
{
	process_fork(table, DAEMON, SHIM, 1000 * MS);
	process_exec(table, SHIM, 1001 * MS);
	process_learn_cgroup(table, SHIM, 1001 * MS, PLACE_SERVICE, &nginx);
	process_learn_setup(table, SHIM, 1001 * MS, SETUP_MONITOR, &web);
	process_fork(table, SHIM, 80, 1010 * MS);
	process_exec(table, 80, 1011 * MS);
	process_learn_cgroup(table, 80, 1011 * MS, PLACE_SERVICE, &nginx);
	process_learn_setup(table, 80, 1011 * MS, SETUP_CREATE, &web);
	process_fork(table, 80, 90, 1020 * MS);
	process_exec(table, 90, 1030 * MS);
	process_learn_cgroup(table, 90, 1030 * MS, PLACE_CONTAINER, &web);
	process_exit(table, 80, 1040 * MS);
}

static void test_host(void **state)
{
	struct process_table *table = *state;

	process_fork(table, SHELL, 100, 1000 * MS);
	assert_place(table, 100, 1000 * MS, PLACE_HOST, NULL);
	process_exec(table, 100, 1001 * MS);
	assert_false(find(table, 100, 1001 * MS).looked);
	process_learn_cgroup(table, 100, 1002 * MS, PLACE_HOST, NULL);
	assert_place(table, 100, 1003 * MS, PLACE_HOST, NULL);
	assert_true(find(table, 100, 1003 * MS).looked);
	process_fork(table, DAEMON, 101, 1004 * MS);
	assert_place(table, 101, 1004 * MS, PLACE_SERVICE, &nginx);
	/* the nearest of the two weak ones */
	process_learn_cgroup(table, 101, 1005 * MS, PLACE_HOST, NULL);
	assert_place(table, 101, 1006 * MS, PLACE_HOST, NULL);
	assert_not_found(table, 999, 1006 * MS);
}

static void test_unknown_parent(void **state)
{
	struct process_table *table = *state;

	process_fork(table, 4000, 100, 1000 * MS);
	assert_place(table, 100, 1000 * MS, PLACE_UNKNOWN, NULL);
	/* nor is a command line believed of it */
	process_learn_setup(table, 100, 1001 * MS, SETUP_EXEC, &web);
	assert_place(table, 100, 1002 * MS, PLACE_UNKNOWN, NULL);
	/* an exit without a fork: it was there before the table */
	process_exit(table, 200, 1000 * MS);
	assert_true(find(table, 200, 900 * MS).found);
	assert_true(find(table, 200, 900 * MS).ended);
	/* the same pid again is another lifetime */
	process_fork(table, SHELL, 200, 2000 * MS);
	assert_place(table, 200, 2000 * MS, PLACE_HOST, NULL);
	assert_place(table, 200, 990 * MS, PLACE_UNKNOWN, NULL);
}

static void test_backwards(void **state)
{
	struct process_table *table = *state;

	/* cgroup learned late: holds from the fork on, and for a child forked before */
	process_fork(table, SHELL, 100, 1000 * MS);
	process_fork(table, 100, 101, 1001 * MS);
	assert_place(table, 101, 1001 * MS, PLACE_HOST, NULL);
	process_learn_cgroup(table, 100, 1010 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 100, 1000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 101, 1001 * MS, PLACE_CONTAINER, &web);
	/* a container's cgroup is not undone by a later one of the host's */
	process_learn_cgroup(table, 100, 1011 * MS, PLACE_HOST, NULL);
	assert_place(table, 100, 1012 * MS, PLACE_CONTAINER, &web);
	/* but by another container's, as in a nested one */
	process_learn_cgroup(table, 101, 1013 * MS, PLACE_CONTAINER, &db);
	assert_place(table, 101, 1013 * MS, PLACE_CONTAINER, &db);
	assert_place(table, 100, 1013 * MS, PLACE_CONTAINER, &web);
}

/* On cgroup v1 a zombie's cgroup reads "/": the caller says unknown; what was read after the end
 * is nothing either. */
static void test_zombie_cgroup(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_learn_cgroup(table, 100, 2001 * MS, PLACE_UNKNOWN, NULL);
	assert_place(table, 100, 2001 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 100, 2001 * MS).looked);
	process_exit(table, 100, 2002 * MS);
	process_learn_cgroup(table, 100, 2003 * MS, PLACE_HOST, NULL);
	assert_place(table, 100, 2001 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 100, 2001 * MS).looked);
	process_learn_cgroup(table, 100, 2003 * MS, PLACE_CONTAINER, &db);
	assert_place(table, 100, 2001 * MS, PLACE_CONTAINER, &web);
}

static void test_leader_exits_first(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_exit(table, 100, 2010 * MS); /* pthread_exit() in main */
	assert_place(table, 100, 9000 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 100, 9000 * MS).ended);
	process_fork(table, 100, 101, 9001 * MS); /* by a thread of it */
	assert_place(table, 101, 9001 * MS, PLACE_CONTAINER, &web);
	process_fork(table, SHELL, 100, 9500 * MS);
	assert_place(table, 100, 9500 * MS, PLACE_HOST, NULL);
	assert_place(table, 101, 9600 * MS, PLACE_CONTAINER, &web);
}

static void test_exec_by_thread(void **state)
{
	struct process_table *table = *state;
	size_t count;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_learn_cgroup(table, 100, 2000 * MS, PLACE_CONTAINER, &db);
	count = process_count(table);
	process_exit(table, 100, 2010 * MS); /* the leader, by the kernel's hand */
	process_exec(table, 100, 2011 * MS); /* the thread, under the leader's pid */
	assert_int_equal(process_count(table), count);
	assert_place(table, 100, 3000 * MS, PLACE_CONTAINER, &db);
	assert_false(find(table, 100, 3000 * MS).ended);
	assert_false(find(table, 100, 3000 * MS).looked);
	assert_int_equal(find(table, 100, 3000 * MS).start_ns, 2000 * MS);
	process_exit(table, 100, 4000 * MS);
	assert_true(find(table, 100, 4000 * MS).ended);
	/* the leader's exit is told of after the exec, or not at all */
	process_fork(table, 90, 101, 5000 * MS);
	process_exec(table, 101, 5011 * MS);
	process_exit(table, 101, 5010 * MS);
	assert_false(find(table, 101, 5020 * MS).ended);
	process_exit(table, 101, 5030 * MS);
	assert_true(find(table, 101, 5020 * MS).ended);
}

/* 71% of the records of short processes are stamped before their own fork, by up to 8.5 ms. */
static void test_stamped_before_fork(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, SHELL, 100, 2000 * MS);
	process_exit(table, 100, 2001 * MS);
	process_fork(table, 90, 100, 3000 * MS); /* the same pid again, a second later */
	process_exit(table, 100, 3001 * MS);
	assert_place(table, 100, 3000 * MS - 8500000, PLACE_CONTAINER, &web);
	assert_place(table, 100, 3000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 100, 2000 * MS - 8500000, PLACE_HOST, NULL);
	assert_place(table, 100, 2001 * MS, PLACE_HOST, NULL);
	assert_place(table, 100, 2000 * MS - SLACK, PLACE_HOST, NULL);
}

/*
 * Seen on a virtual machine whose two processors had four busy loops to run: the coarse clock
 * stood still for more than 20 ms, and processes of 0.1 ms were stamped 12.3 to 19.5 ms before
 * their forks, though ticks are 4 ms.
 */
static void test_stamped_long_before_fork(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2019544000);
	process_exit(table, 100, 2019648000);
	assert_place(table, 100, 2000 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 100, 2000 * MS).over);
	/* not the host's process that had the pid and had ended by the stamp */
	process_fork(table, SHELL, 101, 1500 * MS);
	process_exit(table, 101, 1990 * MS);
	assert_place(table, 101, 2000 * MS, PLACE_HOST, NULL); /* of a thread, as far as is known */
	assert_true(find(table, 101, 2000 * MS).over);
	process_fork(table, 90, 101, 2015 * MS);
	assert_place(table, 101, 2000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 101, 1980 * MS, PLACE_HOST, NULL); /* it ran */
	assert_false(find(table, 101, 1980 * MS).over);
	/* the first that came, not the latest */
	process_exit(table, 101, 2020 * MS);
	process_fork(table, SHELL, 101, 2100 * MS);
	assert_place(table, 101, 2000 * MS, PLACE_CONTAINER, &web);
	/* no clock stands still for so long */
	assert_not_found(table, 100, 2019544000 - PROCESS_STALE_NS - 1);
	/* events were lost since the stamp: perhaps of another process between */
	process_rescan_begin(table);
	process_rescan_end(table, 3000 * MS);
	process_fork(table, 90, 102, 3001 * MS);
	assert_not_found(table, 102, 2980 * MS);
	assert_place(table, 102, 3000 * MS, PLACE_CONTAINER, &web);
}

/* The stamp is that of the last tick; the record came within the next 4 ms, mostly. */
static void test_reuse_within_slack(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, SHELL, 100, 2000 * MS);
	process_exit(table, 100, 2003 * MS);
	process_fork(table, 90, 100, 2006 * MS);
	process_exit(table, 100, 2020 * MS);
	assert_place(table, 100, 2000 * MS, PLACE_HOST, NULL);      /* all of the tick */
	assert_place(table, 100, 1998 * MS, PLACE_HOST, NULL);      /* two of its four ms */
	assert_place(table, 100, 2001 * MS, PLACE_HOST, NULL);      /* two, and none */
	assert_place(table, 100, 2004 * MS, PLACE_CONTAINER, &web); /* the first had ended */
	assert_place(table, 100, 2006 * MS, PLACE_CONTAINER, &web); /* begun */
	process_fork(table, SHELL, 101, 3000 * MS);
	process_exit(table, 101, 3001 * MS);
	process_fork(table, 90, 101, 3001 * MS + 1);
	assert_place(table, 101, 3000 * MS + MS / 2, PLACE_CONTAINER, &web); /* half, and three */
	assert_place(table, 101, 2997 * MS, PLACE_HOST, NULL);               /* one, and none */
}

/*
 * As seen: a stamp of 5.6 ms before the fork, and 1.1 ms before the end of the process that had the
 * pid until then. Records that came before it tell that it is later than its stamp.
 */
static void test_reuse_within_tick(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, SHELL, 100, 1110 * MS);
	process_exit(table, 100, 2001119000);
	process_fork(table, SHELL, 101, 2004 * MS);
	process_exit(table, 101, 2004500000);
	process_fork(table, 90, 100, 2005605000);
	process_exit(table, 100, 2006 * MS);
	assert_place(table, 100, 2000 * MS, PLACE_HOST, NULL); /* nothing else is known */
	assert_place(table, 101, 2000 * MS, PLACE_HOST, NULL);
	assert_place(table, 100, 2000 * MS, PLACE_CONTAINER, &web);
	/* a record from long before is not later than its stamp for that */
	assert_place(table, 100, 1990 * MS, PLACE_HOST, NULL);
}

/* docker exec: begins in the daemon's cgroup and moves later; its command line is read after
 * its first records, and the process is never seen inside. */
static void test_exec_into(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_exit(table, SHIM, 1500 * MS); /* so that only the exec names it */
	process_fork(table, DAEMON, 200, 2000 * MS);
	process_exec(table, 200, 2001 * MS);
	process_fork(table, 200, 201, 2010 * MS);
	process_learn_cgroup(table, 201, 2011 * MS, PLACE_SERVICE, &nginx);
	assert_place(table, 201, 2012 * MS, PLACE_SERVICE, &nginx);
	process_learn_cgroup(table, 200, 2013 * MS, PLACE_SERVICE, &nginx);
	process_learn_setup(table, 200, 2013 * MS, SETUP_EXEC, &web);
	assert_place(table, 201, 2012 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 200, 2000 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 201, 2012 * MS).from_setup);
	assert_true(find(table, 201, 2012 * MS).entering);
	/* a rootless container without a cgroup of its own stays in the host's after its exec */
	process_exec(table, 201, 2020 * MS);
	process_learn_cgroup(table, 201, 2021 * MS, PLACE_HOST, NULL);
	assert_place(table, 201, 2022 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 201, 2022 * MS).looked);
	/* its own cgroup, once seen, is better; it is still one that was brought in */
	process_learn_cgroup(table, 201, 2023 * MS, PLACE_CONTAINER, &web_again);
	assert_ptr_equal(find(table, 201, 2024 * MS).container, &web_again);
	assert_false(find(table, 201, 2024 * MS).from_setup);
	assert_true(find(table, 201, 2024 * MS).entering);
	process_fork(table, 201, 202, 2030 * MS);
	assert_true(find(table, 202, 2030 * MS).entering);
	/* what the container itself started was not */
	process_fork(table, 90, 91, 2040 * MS);
	assert_place(table, 91, 2040 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 91, 2040 * MS).entering);
	assert_false(find(table, 90, 2040 * MS).entering);
}

/* A pod's shim runs the runtime for each of its containers. */
static void test_pod(void **state)
{
	struct process_table *table = *state;

	process_fork(table, DAEMON, 300, 1000 * MS);
	process_exec(table, 300, 1001 * MS);
	process_learn_cgroup(table, 300, 1001 * MS, PLACE_SERVICE, &nginx);
	process_learn_setup(table, 300, 1001 * MS, SETUP_MONITOR, &pod);
	process_fork(table, 300, 301, 1010 * MS);
	assert_place(table, 301, 1010 * MS, PLACE_CONTAINER, &pod);
	process_exec(table, 301, 1011 * MS);
	process_learn_setup(table, 301, 1011 * MS, SETUP_CREATE, &web);
	process_fork(table, 301, 302, 1020 * MS);
	assert_place(table, 301, 1020 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 302, 1020 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 302, 1020 * MS).entering);
	process_fork(table, 300, 303, 2000 * MS);
	process_learn_setup(table, 303, 2001 * MS, SETUP_EXEC, &web);
	process_fork(table, 303, 304, 2010 * MS);
	assert_place(table, 304, 2010 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 304, 2010 * MS).entering);
}

/* `runc exec db` as the argv of a process of web's. */
static void test_faked_command_line(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_learn_setup(table, 90, 1100 * MS, SETUP_EXEC, &db); /* by its own cgroup */
	assert_place(table, 90, 1100 * MS, PLACE_CONTAINER, &web);
	process_fork(table, 90, 100, 2000 * MS); /* by its parent's */
	process_learn_setup(table, 100, 2001 * MS, SETUP_CREATE, &db);
	assert_place(table, 100, 2001 * MS, PLACE_CONTAINER, &web);
	/* moved out to the host's cgroup by a privileged one */
	process_learn_cgroup(table, 100, 2002 * MS, PLACE_HOST, NULL);
	process_learn_setup(table, 100, 2003 * MS, SETUP_MONITOR, &db);
	process_fork(table, 100, 101, 2004 * MS);
	assert_place(table, 101, 2004 * MS, PLACE_CONTAINER, &web);
	/* no cgroup of its own at all: below runc create */
	process_fork(table, 80, 110, 1039 * MS);
	process_learn_cgroup(table, 110, 1039 * MS, PLACE_HOST, NULL);
	process_learn_setup(table, 110, 1039 * MS, SETUP_EXEC, &db);
	assert_place(table, 110, 2010 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 110, 2010 * MS).entering);
	/* the host's own is believed, of either kind */
	process_fork(table, SHELL, 120, 3000 * MS);
	process_learn_setup(table, 120, 3001 * MS, SETUP_EXEC, &db);
	assert_place(table, 120, 3002 * MS, PLACE_CONTAINER, &db);
	/* one that execs the real runtime after a wrapper of that name */
	process_exec(table, 120, 3003 * MS);
	process_learn_setup(table, 120, 3003 * MS, SETUP_EXEC, &web);
	assert_place(table, 120, 3004 * MS, PLACE_CONTAINER, &web);
}

/* Docker in docker, entered by docker exec: the inner container was not. */
static void test_nested(void **state)
{
	struct process_table *table = *state;

	process_fork(table, SHELL, 200, 1000 * MS);
	process_learn_setup(table, 200, 1001 * MS, SETUP_EXEC, &web);
	process_fork(table, 200, 201, 1002 * MS);
	process_learn_cgroup(table, 201, 1003 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 201, 1003 * MS).entering);
	process_fork(table, 201, 202, 1004 * MS);
	process_learn_cgroup(table, 202, 1005 * MS, PLACE_CONTAINER, &db);
	assert_place(table, 202, 1005 * MS, PLACE_CONTAINER, &db);
	assert_false(find(table, 202, 1005 * MS).entering);
	process_fork(table, 202, 203, 1006 * MS);
	assert_place(table, 203, 1006 * MS, PLACE_CONTAINER, &db);
	assert_false(find(table, 203, 1006 * MS).entering);
}

static void test_parent_ends_first(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_fork(table, 100, 101, 2001 * MS);
	process_exit(table, 100, 2002 * MS);
	process_exit(table, 90, 2003 * MS);
	/* 100 is another's now, and no parent of 101 */
	process_fork(table, SHELL, 100, 3000 * MS);
	process_learn_cgroup(table, 100, 3001 * MS, PLACE_CONTAINER, &db);
	assert_place(table, 101, 4000 * MS, PLACE_CONTAINER, &web);
	process_fork(table, 101, 102, 4001 * MS);
	assert_place(table, 102, 4001 * MS, PLACE_CONTAINER, &web);
}

/* A deep line of forks inside a container, none of which was looked at. */
static void test_depth(void **state)
{
	struct process_table *table = *state;
	uint32_t pid;

	start_web(table);
	process_fork(table, 90, 1000, 2000 * MS);
	for (pid = 1001; pid < 1500; pid++)
		process_fork(table, pid - 1, pid, 2000 * MS + pid);
	assert_place(table, 1499, 3000 * MS, PLACE_CONTAINER, &web);
}

static void test_rescan(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_fork(table, 90, 101, 2000 * MS);
	process_fork(table, 90, 102, 2000 * MS);
	process_exit(table, 102, 2100 * MS);
	assert_place(table, 102, 2400 * MS, PLACE_CONTAINER, &web); /* threads, for all we know */
	/* Events are lost: 100 ended, 101 lives, 103 was forked and its child 104 has the lower
	 * start of the two but comes first; 105 has its fork queued still. */
	process_rescan_begin(table);
	process_found(table, 0, INIT, 0);
	process_found(table, INIT, SHELL, 100 * MS);
	process_found(table, INIT, DAEMON, 100 * MS);
	process_found(table, DAEMON, SHIM, 1000 * MS);
	process_found(table, SHIM, 90, 1020 * MS);
	process_found(table, SHIM, 101, 1990 * MS);
	process_found(table, 103, 104, 2520 * MS);
	process_found(table, 90, 103, 2510 * MS);
	process_found(table, 90, 105, 2990 * MS);
	process_rescan_end(table, 3000 * MS);
	process_found(table, 103, 104, 2520 * MS);
	assert_true(find(table, 100, 2500 * MS).ended);
	assert_not_found(table, 100, 3100 * MS);
	assert_place(table, 100, 2900 * MS, PLACE_CONTAINER, &web);
	assert_false(find(table, 101, 3000 * MS).ended);
	assert_int_equal(find(table, 101, 3000 * MS).start_ns, 2000 * MS);
	assert_place(table, 103, 3000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 104, 3000 * MS, PLACE_CONTAINER, &web);
	/* 102's pid may have been anybody's meanwhile */
	assert_not_found(table, 102, 2400 * MS);
	assert_place(table, 102, 2110 * MS, PLACE_CONTAINER, &web);
	/* the events that were queued come after the scan */
	size_t count = process_count(table);

	process_fork(table, 90, 105, 2995 * MS);
	process_exit(table, 100, 2600 * MS);
	assert_int_equal(process_count(table), count);
	assert_int_equal(find(table, 105, 3000 * MS).start_ns, 2995 * MS);
	assert_place(table, 105, 3000 * MS, PLACE_CONTAINER, &web);
	assert_not_found(table, 100, 2700 * MS);
	/* an exec of a pid whose fork was lost: nothing is known of it */
	process_exec(table, 102, 3500 * MS);
	assert_place(table, 102, 3500 * MS, PLACE_UNKNOWN, NULL);
	/* an exit that the scan knew of before its event came, of a pid that was used again */
	process_found(table, SHELL, 101, 3510 * MS);
	process_exit(table, 101, 3505 * MS);
	assert_place(table, 101, 3520 * MS, PLACE_HOST, NULL);
	assert_false(find(table, 101, 3520 * MS).ended);
	assert_place(table, 101, 3400 * MS, PLACE_CONTAINER, &web);
}

/* A fork whose pid still runs by the table: its exit comes late, or was lost. */
static void test_late_exit(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_fork(table, 90, 100, 2000 * MS);
	process_fork(table, SHELL, 100, 5000 * MS);
	assert_true(find(table, 100, 3000 * MS).ended);
	assert_place(table, 100, 3000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 100, 5000 * MS, PLACE_HOST, NULL);
	process_exit(table, 100, 5000 * MS + 100);
	assert_false(find(table, 100, 5000 * MS).ended);
	process_exit(table, 100, 5001 * MS);
	assert_true(find(table, 100, 5000 * MS).ended);
	/* lost: no exit is due any more once that is known */
	process_fork(table, 90, 101, 6000 * MS);
	process_fork(table, SHELL, 101, 7000 * MS);
	process_rescan_begin(table);
	process_found(table, SHELL, 101, 6990 * MS);
	process_rescan_end(table, 8000 * MS);
	process_exit(table, 101, 9000 * MS);
	assert_true(find(table, 101, 9000 * MS).ended);
}

struct told {
	unsigned count;
	struct lifetime last;
	struct lifetime all[8];
	int result;
};

static int tell(void *context, const struct lifetime *lifetime)
{
	struct told *told = context;

	if (told->result)
		return told->result;
	told->last = *lifetime;
	if (told->count < 8)
		told->all[told->count] = *lifetime;
	told->count++;
	return 0;
}

static struct told changes_of(struct process_table *table)
{
	struct told told = {0};

	assert_int_equal(process_changed(table, tell, &told), 0);
	return told;
}

/* A zombie's exit was told of before there was a table: the pid's next exit is the next one's. */
static void test_zombie_found(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	process_found(table, INIT, 100, 1900 * MS);
	process_found_ended(table, 100, 2000 * MS);
	assert_true(find(table, 100, 1950 * MS).ended);
	process_fork(table, 90, 100, 2100 * MS);
	process_exit(table, 100, 2101 * MS);
	assert_true(find(table, 100, 2100 * MS).ended);
	process_fork(table, SHELL, 100, 2200 * MS);
	assert_place(table, 100, 2100 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 100, 2200 * MS, PLACE_HOST, NULL);
	/* stamped before its fork, while nobody had the pid */
	assert_place(table, 100, 2195 * MS, PLACE_HOST, NULL);
	/* its exit comes after all */
	process_found(table, INIT, 101, 1900 * MS);
	process_found_ended(table, 101, 2000 * MS);
	process_exit(table, 101, 1999 * MS);
	process_fork(table, 90, 101, 2100 * MS);
	process_exit(table, 101, 2101 * MS);
	assert_true(find(table, 101, 2100 * MS).ended);
}

static void test_changed(void **state)
{
	struct process_table *table = *state;
	struct told told;

	process_fork(table, SHELL, 100, 1000 * MS);
	process_exec(table, 100, 1001 * MS);
	process_exit(table, 100, 1002 * MS);
	assert_int_equal(changes_of(table).count, 0); /* the host's */
	start_web(table);
	told = changes_of(table); /* neither the shim's nor runc's */
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.pid, 90);
	assert_int_equal(told.last.start_ns, 1020 * MS);
	assert_int_equal(told.last.end_ns, 0);
	assert_ptr_equal(told.last.container, &web);
	process_learn_cgroup(table, 90, 1100 * MS, PLACE_CONTAINER, &web);
	find(table, 90, 1100 * MS);
	assert_int_equal(changes_of(table).count, 0);
	/* one change for a beginning and an end between two calls */
	process_fork(table, 90, 100, 2000 * MS);
	process_exit(table, 100, 2001 * MS);
	told = (struct told){.result = -5};
	assert_int_equal(process_changed(table, tell, &told), -5);
	told = changes_of(table);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.pid, 100);
	assert_int_equal(told.last.end_ns, 2001 * MS);
	/* learned late */
	process_fork(table, SHELL, 110, 3000 * MS);
	assert_int_equal(changes_of(table).count, 0);
	process_learn_cgroup(table, 110, 3001 * MS, PLACE_CONTAINER, &db);
	assert_int_equal(changes_of(table).count, 1);
	/* and of another container after all */
	process_learn_cgroup(table, 110, 3002 * MS, PLACE_CONTAINER, &web);
	told = changes_of(table);
	assert_int_equal(told.count, 1);
	assert_ptr_equal(told.last.container, &web);
	process_exit(table, 110, 3003 * MS);
	process_exec(table, 110, 3004 * MS);
	told = changes_of(table);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.end_ns, 0);
}

static void test_changes_bounded(void **state)
{
	struct process_table *table = *state;
	uint32_t count = PROCESS_CHANGES_MAX + 100;
	struct told told;

	start_web(table);
	changes_of(table);
	for (uint32_t i = 0; i < count; i++)
		process_fork(table, 90, 1000 + i, 2000 * MS + i);
	told = changes_of(table);
	assert_int_equal(told.count, PROCESS_CHANGES_MAX);
	assert_int_equal(told.all[0].pid, 1000 + 100); /* the oldest hundred went */
	assert_int_equal(told.last.pid, 1000 + count - 1);
	/* those that were dropped are told of again at their end */
	process_exit(table, 1000, 3000 * MS);
	assert_int_equal(changes_of(table).last.pid, 1000);
}

static void test_restore(void **state)
{
	struct process_table *table = process_table_new();

	(void)state;
	/* 90 runs still; 91 ended before; 92 ended while nobody watched, its pid is another's */
	process_restore(table, &(struct lifetime){90, 1020 * MS, 0, &web, true});
	process_restore(table, &(struct lifetime){91, 1020 * MS, 1500 * MS, &web, false});
	process_restore(table, &(struct lifetime){92, 1030 * MS, 0, &web, false});
	process_restore(table, &(struct lifetime){93, 1030 * MS, 0, &web, false});
	process_restore(table, &(struct lifetime){93, 1100 * MS, 1200 * MS, &db, false});
	process_rescan_begin(table);
	process_found(table, 0, INIT, 0);
	process_found(table, INIT, 90, 1053 * MS); /* the clocks' offset was another */
	process_found(table, INIT, 92, 1900 * MS);
	process_rescan_end(table, 2000 * MS);
	process_learn_cgroup(table, INIT, 2000 * MS, PLACE_HOST, NULL);
	assert_place(table, 90, 2000 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 90, 2000 * MS).entering);
	assert_false(find(table, 90, 2000 * MS).ended);
	assert_place(table, 91, 1400 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 91, 1400 * MS).ended);
	assert_not_found(table, 91, 1600 * MS);
	assert_place(table, 92, 1500 * MS, PLACE_CONTAINER, &web);
	assert_true(find(table, 92, 1500 * MS).ended);
	assert_place(table, 92, 2000 * MS, PLACE_HOST, NULL);
	assert_place(table, 93, 1050 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 93, 1150 * MS, PLACE_CONTAINER, &db);
	/* children of one that was found again */
	process_fork(table, 90, 95, 2100 * MS);
	assert_place(table, 95, 2100 * MS, PLACE_CONTAINER, &web);
	process_table_free(table);
}

/* What is forgotten is what ended first; children keep what their parent was. */
static void test_forgetting(void **state)
{
	struct process_table *table = *state;
	int64_t now = 2000 * MS;
	uint32_t i;

	start_web(table);
	process_fork(table, 90, 100, now);
	process_fork(table, 100, 101, now); /* stays, its parent goes */
	process_exit(table, 100, now + 1);
	process_exit(table, 90, now + 2);
	for (i = 0; i < PROCESS_MAX + 1000; i++) {
		uint32_t pid = 1000 + i % 30000;

		now += MS;
		process_fork(table, SHELL, pid, now);
		process_exit(table, pid, now + MS / 2);
	}
	assert_int_equal(process_count(table), PROCESS_MAX);
	assert_int_equal(process_dropped(table), 0);
	assert_not_found(table, 100, 2000 * MS);
	assert_not_found(table, 90, 2000 * MS);
	assert_place(table, 101, now, PLACE_CONTAINER, &web);
	assert_place(table, SHELL, now, PLACE_HOST, NULL);
	/* each of a pid's eight lifetimes that are on file is found by its time */
	for (i = 0; i < 8; i++)
		assert_int_equal(
			find(table, 1000 + (PROCESS_MAX + 999) % 30000, now - i * 30000 * MS)
				.start_ns,
			now - i * 30000 * MS);
	process_fork(table, 101, 102, now);
	assert_place(table, 102, now, PLACE_CONTAINER, &web);
}

/* A quiet host: what ended ten minutes ago makes room, and the table does not grow. */
static void test_quiet(void **state)
{
	struct process_table *table = *state;
	size_t memory = process_memory(table);
	int64_t now = 1000 * MS;

	for (uint32_t i = 0; i < 100000; i++) {
		now += 200 * MS; /* 3,000 in ten minutes */
		process_fork(table, SHELL, 1000 + i % 30000, now);
		process_exit(table, 1000 + i % 30000, now + MS);
	}
	assert_int_equal(process_memory(table), memory);
	assert_true(find(table, 1000 + (100000 - 2999) % 30000, now - 2998 * 200 * MS).found);
}

/* All run: the oldest go, and are counted. */
static void test_all_running(void **state)
{
	struct process_table *table = *state;

	start_web(table);
	for (uint32_t i = 0; i < PROCESS_MAX + 10; i++)
		process_fork(table, 90, 1000 + i, 2000 * MS + i);
	assert_int_equal(process_count(table), PROCESS_MAX);
	assert_int_equal(process_dropped(table), 6 + 10 - 1); /* runc create had ended */
	/* not those that fork */
	assert_place(table, 90, 3000 * MS, PLACE_CONTAINER, &web);
	assert_not_found(table, 1000 + 1, 3000 * MS);
	assert_place(table, 1000 + PROCESS_MAX + 9, 3000 * MS, PLACE_CONTAINER, &web);
	assert_place(table, 1000 + 100, 3000 * MS, PLACE_CONTAINER, &web);
}

/*
 * The model: every lifetime there was, in an array; whose it is by going up. Cgroups only, so that
 * the rule is simple enough to be written twice.
 */
struct model_life {
	uint32_t pid;
	int64_t start_ns, end_ns;
	bool ended;
	int parent;
	enum process_place place;
	const struct container *container;
};

#define MODEL_PIDS  400
#define MODEL_STEPS 60000

struct model {
	struct model_life *lives;
	int count;
	int running[MODEL_PIDS + 1]; /* by pid, -1: none */
};

static const struct container *model_container(const struct model *model, int i)
{
	for (; i >= 0; i = model->lives[i].parent)
		if (model->lives[i].place == PLACE_CONTAINER)
			return model->lives[i].container;
	return NULL;
}

/* The pid's last that had begun; but its next one where nobody had the pid then, which shows only
 * where the last had ended by 2 ms before: the two clocks are no nearer. */
static int model_find(const struct model *model, uint32_t pid, int64_t at_ns)
{
	int last = -1;

	for (int i = 0; i < model->count; i++) {
		const struct model_life *life = &model->lives[i];

		if (life->pid != pid)
			continue;
		if (life->start_ns <= at_ns)
			last = i;
		else if (life->start_ns <= at_ns + PROCESS_STALE_NS &&
			 (last < 0 ||
			  (model->lives[last].ended && model->lives[last].end_ns + 2 * MS < at_ns)))
			return i;
		else
			break;
	}
	return last;
}

static uint32_t random_running(const struct model *model)
{
	uint32_t pid;

	do
		pid = 1 + (uint32_t)random() % MODEL_PIDS;
	while (model->running[pid] < 0);
	return pid;
}

static void model_step(struct model *model, struct process_table *table, int64_t now)
{
	static const struct container *const containers[] = {&web, &db, &pod};
	uint32_t pid = 1 + (uint32_t)random() % MODEL_PIDS, parent = random_running(model);
	struct model_life *life = &model->lives[model->running[parent]];

	if (model->running[pid] < 0) {
		model->lives[model->count] = (struct model_life){
			.pid = pid, .start_ns = now, .parent = model->running[parent]};
		model->running[pid] = model->count++;
		process_fork(table, parent, pid, now);
	} else if (random() % 10 < 4 && pid != 1) {
		model->lives[model->running[pid]].ended = true;
		model->lives[model->running[pid]].end_ns = now;
		model->running[pid] = -1;
		process_exit(table, pid, now);
	} else if (random() % 20 == 0) {
		life->place = PLACE_CONTAINER;
		life->container = containers[random() % 3];
		process_learn_cgroup(table, parent, now, life->place, life->container);
	} else if (life->place == PLACE_UNKNOWN) {
		life->place = PLACE_HOST;
		process_exec(table, parent, now);
		process_learn_cgroup(table, parent, now, PLACE_HOST, NULL);
	}
}

static void model_check(const struct model *model, struct process_table *table, int64_t at_ns)
{
	uint32_t pid = 1 + (uint32_t)random() % MODEL_PIDS;
	int i = model_find(model, pid, at_ns);
	struct belonging belonging;

	process_find(table, pid, at_ns, 0, &belonging);
	assert_int_equal(belonging.found, i >= 0);
	if (i < 0)
		return;
	assert_int_equal(belonging.start_ns, model->lives[i].start_ns);
	assert_int_equal(belonging.ended, model->lives[i].ended);
	assert_ptr_equal(belonging.container, model_container(model, i));
}

static void test_model(void **state)
{
	struct model model = {.lives = mem_new(MODEL_STEPS + 1, sizeof(struct model_life))};
	struct process_table *table = process_table_new();
	int64_t now = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i <= MODEL_PIDS; i++)
		model.running[i] = -1;
	model.lives[0] = (struct model_life){.pid = 1, .parent = -1};
	model.count = 1;
	model.running[1] = 0;
	process_fork(table, 77777, 1, now);
	for (int step = 0; step < MODEL_STEPS; step++) {
		now += 1 + random() % MS;
		model_step(&model, table, now);
		/* any time so far */
		model_check(&model, table, random() % 2 ? now : now / 1000 * (random() % 1001));
	}
	assert_int_equal(process_count(table), model.count);
	assert_true(model.count > 10000); /* the table grew on the way */
	process_table_free(table);
	free(model.lives);
}

/*
 * Memory that is this process's own, counted page by page (proc(5)): the sums of /proc/PID/statm are
 * late by some pages a processor, and pages of libraries come and go as others need memory.
 */
static long anonymous_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	long kib = 0;

	if (!file)
		return 0; /* Linux before 4.14 */
	while (fgets(line, sizeof(line), file))
		(void)sscanf(line, "Anonymous: %ld", &kib);
	fclose(file);
	return kib;
}

#define LIVE 2000

/* Forks at 1,000/s, each process of which lives for two seconds; half in a container; each is
 * asked for once. Returns how many were not found or not where they belong. */
static unsigned run_forks(struct process_table *table, uint32_t from, uint32_t to)
{
	unsigned wrong = 0;

	for (uint32_t i = from; i < to; i++) {
		int64_t now = 10000 * MS + i * MS;
		uint32_t pid = 1000 + i % 4000000;
		bool inside = i & 1;
		struct belonging belonging;

		process_fork(table, inside ? 90 : SHELL, pid, now);
		process_find(table, pid, now - 4 * MS, SLACK, &belonging);
		wrong += belonging.container != (inside ? &web : NULL);
		if (i >= LIVE)
			process_exit(table, 1000 + (i - LIVE) % 4000000, now + 1);
	}
	return wrong;
}

static int discard(void *context, const struct lifetime *lifetime)
{
	(void)lifetime;
	++*(uint64_t *)context;
	return 0;
}

/* Once the table is full nothing grows. */
static void test_flat(void **state)
{
	struct process_table *table = *state;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* the kernel would make whole huge pages of some */
	start_web(table);
	assert_int_equal(run_forks(table, 0, 2 * PROCESS_MAX), 0);
	size_t memory = process_memory(table);
	long before = anonymous_kib();

	assert_int_equal(run_forks(table, 2 * PROCESS_MAX, 4 * PROCESS_MAX), 0);
	assert_int_equal(process_memory(table), memory);
	assert_true(memory <= 19 << 20);
	assert_true(anonymous_kib() <= before + 256);
	assert_int_equal(process_count(table), PROCESS_MAX);
	assert_int_equal(process_dropped(table), 0);
}

static int bench(uint32_t forks)
{
	struct process_table *table;
	struct timespec from, to;
	uint64_t told = 0;
	unsigned wrong = 0;

	setup((void **)&table);
	start_web(table);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint32_t i = 0; i < forks; i += 1000) { /* a commit a second */
		wrong += run_forks(table, i, i + 1000);
		process_changed(table, discard, &told);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);

	printf("%u forks, exits and finds: %.0f ns for the three; wrong: %u; told of: %llu; "
	       "table %zu KiB, all memory %ld KiB\n",
	       forks, ns / forks, wrong, (unsigned long long)told, process_memory(table) / 1024,
	       anonymous_kib());
	process_table_free(table);
	return wrong != 0;
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TABLE_TEST(test_host),
		TABLE_TEST(test_unknown_parent),
		TABLE_TEST(test_backwards),
		TABLE_TEST(test_zombie_cgroup),
		TABLE_TEST(test_leader_exits_first),
		TABLE_TEST(test_exec_by_thread),
		TABLE_TEST(test_stamped_before_fork),
		TABLE_TEST(test_stamped_long_before_fork),
		TABLE_TEST(test_reuse_within_slack),
		TABLE_TEST(test_reuse_within_tick),
		TABLE_TEST(test_exec_into),
		TABLE_TEST(test_pod),
		TABLE_TEST(test_faked_command_line),
		TABLE_TEST(test_nested),
		TABLE_TEST(test_parent_ends_first),
		TABLE_TEST(test_depth),
		TABLE_TEST(test_rescan),
		TABLE_TEST(test_late_exit),
		TABLE_TEST(test_zombie_found),
		TABLE_TEST(test_changed),
		TABLE_TEST(test_changes_bounded),
		TABLE_TEST(test_forgetting),
		TABLE_TEST(test_quiet),
		TABLE_TEST(test_all_running),
		TABLE_TEST(test_flat),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_model),
	};

	if (argc > 1 && strcmp(argv[1], "bench") == 0)
		return bench(argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 3600000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
