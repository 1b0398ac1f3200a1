/*
 * The process table: which process had a pid at a given time, and whose it is.
 *
 * Each lifetime goes from its fork to its exit and knows its parent's. Evidence of the container
 * is looked for on the way from a lifetime up to its ancestors, 64 of them at most. The nearest
 * strong one decides: a container's cgroup, its own or an ancestor's, or the command line of a
 * set-up process. Where there is none, the nearest cgroup of a service or of the host does. What
 * is learned applies backwards to the fork, and to the children that have nothing better. A pid
 * that is used again is another lifetime.
 *
 * Below a set-up process the cgroup of the host or of a service decides nothing, not even one read
 * after an exec: `docker exec` moves into the container late, and a rootless container on cgroup
 * v1, or one made with --cgroups=disabled, never does. The price is that a runtime's hooks, which
 * are the host's programs, count to the container they are run for.
 *
 * Memory is bounded by PROCESS_MAX lifetimes of 64 bytes; it grows by doubling, when no lifetime
 * ended more than PROCESS_KEPT_NS ago. At the bound the ones that ended first go first. What a
 * lifetime's parent was known to be at the fork stays with it when the parent is forgotten. One
 * thread.
 */
#ifndef SCLOG_CORRELATE_PROCESS_H
#define SCLOG_CORRELATE_PROCESS_H

#include "correlate/container.h"
#include "correlate/setup.h"

/* At 1,000 forks/s four minutes of them; 17 MiB with the index. */
#define PROCESS_MAX 262144

/* Ended lifetimes are kept this long at least, unless PROCESS_MAX is in the way. */
#define PROCESS_KEPT_NS (INT64_C(600) * 1000000000)

/*
 * Audit stamps come from the coarse clock, which is as old as the last tick. A virtual machine's
 * processors are held up between two: under load, records of processes of 0.1 ms were stamped up
 * to 20 ms before their forks. No stamp is later than its record.
 */
#define PROCESS_STALE_NS (INT64_C(1000) * 1000000)

struct process_table;

struct process_table *process_table_new(void);
void process_table_free(struct process_table *table);

/* Times are CLOCK_MONOTONIC in ns, as the connector gives them. A fork of an unknown parent makes
 * a lifetime without one; an exec or exit of an unknown pid makes a lifetime that began before
 * the table did. An exec after the exit of the leader goes on with the same lifetime (a thread's
 * exec takes the leader's pid, and no fork is reported). An exit that is stamped before the last
 * exec is such a leader's, and the first exit after a fork whose pid ran still is the one's before
 * (see correlate/connector.h): both change nothing. */
void process_fork(struct process_table *table, uint32_t parent, uint32_t pid, int64_t at_ns);
void process_exec(struct process_table *table, uint32_t pid, int64_t at_ns);
void process_exit(struct process_table *table, uint32_t pid, int64_t at_ns);

/*
 * Found running in /proc: makes the lifetime unless the latest one of that pid is the same one,
 * begun no earlier (a start of /proc is cut to a tick: procfs_stat(), less procfs_suspended_ns()).
 * A parent that is not on file yet is linked when the child is found again: go through /proc
 * twice. For the first scan, for rescans, and for a pid that a record names.
 */
void process_found(struct process_table *table, uint32_t parent, uint32_t pid, int64_t start_ns);

/*
 * /proc shows that one as a zombie: its exit was told of before anybody listened, perhaps, and is
 * not to be waited for when the pid is used again. If it does come, it changes no more than when
 * it was.
 */
void process_found_ended(struct process_table *table, uint32_t pid, int64_t at_ns);

/* Is the pid's latest lifetime on file the process that /proc shows, which began then? Times as in
 * process_found(); nothing changes. */
bool process_is_latest(const struct process_table *table, uint32_t pid, int64_t start_ns);

/*
 * After events were lost: lifetimes that /proc no longer shows are ended at at_ns, a time before
 * /proc was read. Call process_rescan_begin(), process_found() for each, then process_rescan_end().
 * A lifetime that ended before at_ns answers no more for records after its end: its pid may have
 * been another's meanwhile.
 */
void process_rescan_begin(struct process_table *table);
void process_rescan_end(struct process_table *table, int64_t at_ns);

/* Where a process is, as one piece of evidence says. */
enum process_place {
	PLACE_UNKNOWN,
	PLACE_HOST,
	PLACE_SERVICE,   /* container: the systemd service's */
	PLACE_CONTAINER, /* container */
};

/*
 * Its own cgroup was read at that time, while it lived; pass nothing read of a zombie, whose
 * cgroup reads "/" on v1 (PLACE_UNKNOWN is ignored, and so is what was read after the end). A
 * host's or service's cgroup says little of a set-up process, which moves later; a container's
 * decides, and a later one of the host does not undo it. container is borrowed for the table's
 * life; containers are the same if their ids are.
 */
void process_learn_cgroup(struct process_table *table, uint32_t pid, int64_t at_ns,
			  enum process_place place, const struct container *container);

/*
 * It is a set-up process of that container, by its command line; SETUP_EXEC: its children are
 * brought in later.
 *
 * A command line is only its process's own word. It is believed of a process that the host or a
 * service is known to hold, and below a monitor (a pod's shim runs the runtime for each of its
 * containers); not where the process or an ancestor is in a container by a cgroup, nor below
 * another runc create, run or exec, nor while nothing is known. So learn its cgroup first.
 */
void process_learn_setup(struct process_table *table, uint32_t pid, int64_t at_ns,
			 enum setup_verb verb, const struct container *container);

/* What the table knows of the process that had pid at a time. */
struct belonging {
	bool found; /* there is a lifetime on file */
	enum process_place place;
	const struct container *container;
	bool entering;   /* it, or an ancestor, was brought in by runc exec */
	bool from_setup; /* known by a command line, its own or an ancestor's, not by a cgroup */
	bool looked;     /* its own cgroup was read since its fork and its last exec */
	bool ended;      /* its leader did; threads may run on */
	bool over;       /* ended before that time: a thread's, or the pid's next one's, whose fork
			  * is not on file yet */
	int64_t start_ns;
};

/*
 * The latest lifetime of pid with start <= at_ns + slack_ns: audit stamps come from the coarse
 * clock and may be from before the fork. Where the pid's last process was still there at at_ns,
 * the one that had more of the first tick after it (a third of the slack) is taken, or after the
 * last fork of a process that had a record before: ask in the order of the records. Where the pid
 * was nobody's from the stamp on, the next lifetime is, if it was forked within PROCESS_STALE_NS
 * and no events were lost since the stamp.
 */
void process_find(struct process_table *table, uint32_t pid, int64_t at_ns, int64_t slack_ns,
		  struct belonging *ret_belonging);

/* How many are on file, and how many were forgotten while they ran, since all did. */
size_t process_count(const struct process_table *table);
uint64_t process_dropped(const struct process_table *table);

/* Bytes that the table holds. */
size_t process_memory(const struct process_table *table);

/* Changes that wait for process_changed() at most; the newest win. */
#define PROCESS_CHANGES_MAX 65536

/*
 * Lifetimes in containers that began, ended or were learned since the last call, for the store;
 * then they are forgotten as changed. Not those of set-up processes. Stops at the first return
 * other than 0, which it returns; that lifetime comes again.
 */
struct lifetime {
	uint32_t pid;
	int64_t start_ns;
	int64_t end_ns; /* 0: still running */
	const struct container *container;
	bool entering;
};
typedef int lifetime_fn(void *context, const struct lifetime *lifetime);
int process_changed(struct process_table *table, lifetime_fn *each, void *context);

/* Calls each for every container that a lifetime on file points to, perhaps several times. */
typedef void process_container_fn(void *context, const struct container *container);
void process_each_container(const struct process_table *table, process_container_fn *each,
			    void *context);

/* The same for lifetimes that have not ended, as far as they are known. */
void process_each_running(const struct process_table *table, process_container_fn *each,
			  void *context);

/* Of the pid's latest lifetime, ended or not; NULL: none is known. */
const struct container *process_container(const struct process_table *table, uint32_t pid);

/* One from an earlier run, out of the store: ended, or found again by its start (to 100 ms, since
 * two runs see two offsets of the clocks). Call it before the first scan. */
void process_restore(struct process_table *table, const struct lifetime *lifetime);

#endif
