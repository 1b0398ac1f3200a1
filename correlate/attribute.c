#include "correlate/attribute.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "correlate/setup.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_MS 1000000

/* Audit stamps come from the coarse clock, which is up to a tick behind; records were seen
 * stamped two ticks before their own process's fork. PROCESS_STALE_NS is for worse. */
#define SLACK_TICKS 3

/* A realtime clock that moved so far against the monotonic one was stepped, not slewed. */
#define STEP_NS (50 * (int64_t)NS_PER_MS)

/* Texts of /proc/PID/cgroup that were looked up lately: a container's processes share one. */
#define MEMO_SIZE 256

struct memo {
	uint64_t hash; /* keyed, of the whole text; 0: empty */
	enum process_place place;
	const struct container *container;
};

/* A process of which /proc was asked because of a record: not again for each of its records. */
#define LOOKS_SIZE      4096
#define LEADERLESS_SIZE 256
#define LOOK_NEXT_NS    (20 * (int64_t)NS_PER_MS)

struct look {
	uint32_t pid;
	int64_t at_ns;
};

/* Of a process whose leader ended /proc was asked whether its threads run on. */
struct leaderless {
	struct look look;
	bool runs_on;
};

struct attributor {
	struct attributor_options options;
	struct process_table *table;
	uint64_t key;
	int64_t slack_ns;
	int64_t offset_ns; /* realtime minus monotonic */
	int64_t set_ns;    /* realtime minus CLOCK_BOOTTIME: only setting the clock moves it */
	int64_t began_ns;  /* monotonic: processes that ended before are not on file */
	bool sampled;
	bool scans_users; /* the second time through /proc, for what users say */
	struct refused_claims refused;
	uint32_t refused_pid; /* the last one's */
	struct memo memo[MEMO_SIZE];
	uint64_t memo_version; /* of the registry that memo is about */
	struct look looks[LOOKS_SIZE];
	struct leaderless leaderless[LEADERLESS_SIZE];
	char text[PROCFS_TEXT_MAX];
};

int64_t attribute_clocks(struct attributor *attributor)
{
	int64_t offset = clock_ahead_ns(CLOCK_REALTIME);
	/* The monotonic clock stands still in a suspend: that is no step. */
	int64_t set = offset - procfs_suspended_ns();
	int64_t step = attributor->sampled ? set - attributor->set_ns : 0;

	attributor->offset_ns = offset;
	attributor->set_ns = set;
	attributor->sampled = true;
	return step > STEP_NS || step < -STEP_NS ? step / NS_PER_MS : 0;
}

struct attributor *attributor_new(const struct attributor_options *options)
{
	struct attributor *attributor = mem_new(1, sizeof(*attributor));
	struct timespec tick;

	attributor->options = *options;
	attributor->table = process_table_new();
	clock_getres(CLOCK_REALTIME_COARSE, &tick);
	attributor->slack_ns = SLACK_TICKS * (int64_t)tick.tv_nsec;
	if (getrandom(&attributor->key, sizeof(attributor->key), 0) != sizeof(attributor->key))
		mem_fail("random bytes");
	attribute_clocks(attributor);
	attributor->began_ns = clock_ns(CLOCK_MONOTONIC);
	return attributor;
}

void attributor_free(struct attributor *attributor)
{
	if (!attributor)
		return;
	process_table_free(attributor->table);
	free(attributor);
}

/* NULL where there is no room for another one. */
static const struct container *container_of(struct attributor *attributor, uint32_t pid,
					    const struct cgroup_match *match)
{
	struct registry *registry = attributor->options.registry;
	struct metadata *metadata = registry_metadata(registry);
	struct metadata_hint hint = {
		.id = match->id,
		.outer = match->outer,
		.runtime = match->runtime,
		.pod_uid = match->pod_uid,
		.pid = pid,
	};

	if (match->place == CGROUP_CONTAINER && metadata)
		hint.owner = metadata_owner(metadata, match);
	const struct container *container = registry_container(registry, &hint);

	if (container || hint.outer.n == 0)
		return container;
	/* very many in one: they count to that one, as who made them might have done himself */
	hint.id = match->outer;
	hint.outer = (struct str){0};
	hint.runtime = hint.pod_uid = (struct str){0};
	return registry_container(registry, &hint);
}

static struct memo place_of(struct attributor *attributor, uint32_t pid, struct str cgroup)
{
	static const enum process_place places[] = {
		[CGROUP_UNKNOWN] = PLACE_UNKNOWN,
		[CGROUP_HOST] = PLACE_HOST,
		[CGROUP_SERVICE] = PLACE_SERVICE,
		[CGROUP_CONTAINER] = PLACE_CONTAINER,
	};
	uint64_t hash = hash_bytes(attributor->key, cgroup);
	struct memo *memo = &attributor->memo[hash % MEMO_SIZE];
	struct cgroup_match match;

	if (attributor->memo_version != registry_version(attributor->options.registry)) {
		memset(attributor->memo, 0, sizeof(attributor->memo));
		attributor->memo_version = registry_version(attributor->options.registry);
	}
	if (memo->hash == hash)
		return *memo;
	cgroup_match_text(attributor->options.rules, cgroup, &match);
	*memo = (struct memo){.hash = hash, .place = places[match.place]};
	if (match.place == CGROUP_SERVICE || match.place == CGROUP_CONTAINER) {
		memo->container = container_of(attributor, pid, &match);
		if (!memo->container)
			memo->place = PLACE_UNKNOWN;
		/* Nothing was found yet: the next sight is to ask again. */
		if (!memo->container || memo->container->name.n == 0)
			memo->hash = 0;
	}
	return *memo;
}

/* What its own cgroup says, read while it lives. */
static void learn_cgroup(struct attributor *attributor, uint32_t pid, int64_t at_ns,
			 struct str cgroup)
{
	struct memo place = place_of(attributor, pid, cgroup);

	process_learn_cgroup(attributor->table, pid, at_ns, place.place, place.container);
}

/* A user's process may name containers of that user alone: one that is on file, or has a bundle of
 * the user's, and is called as none of root's is. */
static bool may_claim(const struct attributor *attributor, const struct metadata_hint *hint)
{
	const struct registry *registry = attributor->options.registry;
	struct metadata_hint of_root = *hint;

	of_root.owner = 0;
	if (!hint->owner)
		return true;
	return !registry_find(registry, &of_root) &&
	       (registry_find(registry, hint) ||
		(registry_metadata(registry) &&
		 metadata_owns_bundle(registry_metadata(registry), hint)));
}

/* Once a process: each of several execs in a row may find the last one's command line. */
static void note_refused(struct attributor *attributor, uint32_t pid, uint32_t uid)
{
	if (attributor->refused_pid == pid)
		return;
	attributor->refused_pid = pid;
	attributor->refused.count++;
	attributor->refused.uid = uid;
}

/* Is it a set-up process, and of which container? */
static void learn_cmdline(struct attributor *attributor, uint32_t pid, int64_t at_ns,
			  struct str cmdline, uint32_t uid)
{
	struct belonging belonging;
	struct setup setup;

	if (!setup_parse(cmdline, &setup))
		return;
	/* What runs inside a container is not believed. */
	process_find(attributor->table, pid, at_ns, 0, &belonging);
	if (belonging.place == PLACE_CONTAINER && !belonging.from_setup)
		return;
	const struct metadata_hint hint = {.id = setup.id,
					   .owner = uid,
					   .runtime = setup.runtime,
					   .bundle = setup.bundle,
					   .pid = pid};
	const struct container *container = NULL;

	if (may_claim(attributor, &hint))
		container = setup.verb == SETUP_CREATE
				    ? registry_created(attributor->options.registry, &hint)
				    : registry_container(attributor->options.registry, &hint);
	if (container)
		process_learn_setup(attributor->table, pid, at_ns, setup.verb, container);
	else
		note_refused(attributor, pid, uid);
}

void attribute_process(struct attributor *attributor, const struct process_event *event,
		       const struct exec_look *look)
{
	switch (event->kind) {
	case PROCESS_FORK:
		process_fork(attributor->table, event->parent, event->pid, event->at_ns);
		break;
	case PROCESS_EXIT:
		process_exit(attributor->table, event->pid, event->at_ns);
		break;
	case PROCESS_EXEC:
		process_exec(attributor->table, event->pid, event->at_ns);
		if (look->cgroup.n)
			learn_cgroup(attributor, event->pid, event->at_ns, look->cgroup);
		if (look->has_claimant)
			learn_cmdline(attributor, event->pid, event->at_ns, look->cmdline,
				      look->claimant);
		break;
	}
}

static bool is_dying(const struct procfs_stat *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

static int scan_found(void *context, uint32_t pid)
{
	struct attributor *attributor = context;
	struct procfs_stat stat;

	if (procfs_stat(attributor->options.procfs, pid, &stat) < 0)
		return 0;
	process_found(attributor->table, stat.parent, pid, stat.start_ns - procfs_suspended_ns());
	if (is_dying(&stat))
		process_found_ended(attributor->table, pid, clock_ns(CLOCK_MONOTONIC));
	return 0;
}

/* Reads and learns the cgroup of a process; returns false if it is gone. */
static bool look_at_cgroup(struct attributor *attributor, uint32_t pid)
{
	const struct procfs *procfs = attributor->options.procfs;
	int64_t at_ns = clock_ns(CLOCK_MONOTONIC);
	ssize_t n = procfs_read(procfs, pid, "cgroup", attributor->text, sizeof(attributor->text));
	struct procfs_stat stat;

	/* Read after the cgroup, so that both are of the same process, if it is the one on file: the
	 * pid may have been used again since the events that the table knows. */
	if (n <= 0 || procfs_stat(procfs, pid, &stat) < 0 ||
	    !process_is_latest(attributor->table, pid, stat.start_ns - procfs_suspended_ns()))
		return false;
	struct memo place = place_of(attributor, pid, str_of(attributor->text, (size_t)n));

	/* A zombie's reads "/" on cgroup v1, but the unified line still names its container. */
	if (is_dying(&stat) && place.place != PLACE_CONTAINER)
		return false;
	process_learn_cgroup(attributor->table, pid, at_ns, place.place, place.container);
	return true;
}

static int scan_look(void *context, uint32_t pid)
{
	struct attributor *attributor = context;

	scan_found(attributor, pid); /* again: now its parent is on file, whatever its pid */
	if (!look_at_cgroup(attributor, pid))
		return 0;
	ssize_t n = procfs_read(attributor->options.procfs, pid, "cmdline", attributor->text,
				sizeof(attributor->text));

	struct str cmdline = str_of(attributor->text, n > 0 ? (size_t)n : 0);
	uint32_t uid;

	if (setup_claimant(attributor->options.procfs, pid, cmdline, &uid) &&
	    (uid != 0) == attributor->scans_users)
		learn_cmdline(attributor, pid, clock_ns(CLOCK_MONOTONIC), cmdline, uid);
	return 0;
}

int attribute_scan(struct attributor *attributor, struct err *err)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);

	process_rescan_begin(attributor->table);
	int result = procfs_each(attributor->options.procfs, scan_found, attributor, err);

	process_rescan_end(attributor->table, began_ns);
	/* root's containers are on file before a user claims to run one of theirs */
	for (int pass = 0; pass < 2 && result == 0; pass++) {
		attributor->scans_users = pass == 1;
		result = procfs_each(attributor->options.procfs, scan_look, attributor, err);
	}
	return result;
}

/* False if that pid was asked about just before; asked for each record, so the clock is a cheap one. */
static bool look_begin(struct look *look, uint32_t pid)
{
	int64_t now_ns = clock_ns(CLOCK_MONOTONIC_COARSE);

	if (look->pid == pid && now_ns - look->at_ns < LOOK_NEXT_NS)
		return false;
	*look = (struct look){pid, now_ns};
	return true;
}

/* The latest evidence: what /proc says now. Returns false if it was asked just before. */
static bool look_now(struct attributor *attributor, uint32_t pid, bool found)
{
	if (!look_begin(&attributor->looks[pid % LOOKS_SIZE], pid))
		return false;
	if (!found)
		scan_found(attributor, pid);
	look_at_cgroup(attributor, pid);
	return true;
}

/* Settled only where nothing can come any more. */
static bool settle_unknown(const struct attributor *attributor, struct event *event, bool found,
			   int64_t at_ns)
{
	bool before = !found && at_ns < attributor->began_ns;

	event->attribution = ATTRIBUTION_UNATTRIBUTED;
	event->reason = found ? UNATTRIBUTED_PROCESS_GONE : UNATTRIBUTED_NO_LIFETIME;
	if (before)
		event->reason = UNATTRIBUTED_BEFORE_WATCH;
	return before;
}

static bool settle(const struct attributor *attributor, struct event *event,
		   const struct belonging *belonging, int64_t at_ns)
{
	bool is_setup = phase_of(event->record) == PHASE_SETUP;

	event->phase =
		is_setup ? PHASE_SETUP : (belonging->entering ? PHASE_EXEC : PHASE_APPLICATION);
	if (belonging->place == PLACE_UNKNOWN || (is_setup && belonging->place != PLACE_CONTAINER))
		return settle_unknown(attributor, event, belonging->found, at_ns);
	event->attribution = belonging->container ? ATTRIBUTION_CONTAINER : ATTRIBUTION_HOST;
	event->container = belonging->container;
	event->reason = UNATTRIBUTED_NONE;
	return true;
}

/* Is there a process to look at, and something to be learned from it? */
static bool is_worth_a_look(const struct attributor *attributor, const struct belonging *belonging,
			    int64_t at_ns)
{
	if (at_ns < attributor->began_ns - attributor->slack_ns)
		return false;
	if (!belonging->found)
		return true;
	if (belonging->ended || belonging->place == PLACE_CONTAINER)
		return false;
	/* Again at its first records: `docker exec` moves late. look_now() sees to the price. */
	return true;
}

/* Realtime milliseconds on the monotonic clock. Logs may say years up to 9999, which no 64 bits of
 * nanoseconds hold: what is far off stays far off. */
static int64_t monotonic_ns(const struct attributor *attributor, int64_t ms)
{
	const int64_t far_ms = INT64_MAX / 2 / NS_PER_MS;

	ms = ms > far_ms ? far_ms : ms < -far_ms ? -far_ms : ms;
	return ms * NS_PER_MS - attributor->offset_ns;
}

/* Is the pid's latest process still in /proc? Its threads hold the pid after their leader's end. */
static bool runs_on(struct attributor *attributor, uint32_t pid)
{
	struct leaderless *leaderless = &attributor->leaderless[pid % LEADERLESS_SIZE];
	struct procfs_stat stat;

	if (look_begin(&leaderless->look, pid))
		leaderless->runs_on = procfs_stat(attributor->options.procfs, pid, &stat) == 0 &&
				      process_is_latest(attributor->table, pid,
							stat.start_ns - procfs_suspended_ns());
	return leaderless->runs_on;
}

/* May the fork of whoever made a record still be on its way? */
static bool may_be_of_next(struct attributor *attributor, uint32_t pid,
			   const struct belonging *belonging, int64_t at_ns)
{
	return belonging->over && clock_ns(CLOCK_MONOTONIC) < at_ns + PROCESS_STALE_NS &&
	       !runs_on(attributor, pid);
}

bool attribute_event(struct attributor *attributor, struct event *event, bool final)
{
	const struct record *record = event->record;
	int64_t at_ns = monotonic_ns(attributor, record->ms);
	int64_t slack_ns = attributor->slack_ns;
	struct belonging belonging;

	process_find(attributor->table, record->pid, at_ns, slack_ns, &belonging);
	if (is_worth_a_look(attributor, &belonging, at_ns) &&
	    look_now(attributor, record->pid, belonging.found))
		process_find(attributor->table, record->pid, at_ns, slack_ns, &belonging);
	bool is_settled = settle(attributor, event, &belonging, at_ns);

	return final || (is_settled && !may_be_of_next(attributor, record->pid, &belonging, at_ns));
}

struct refused_claims attribute_refused(const struct attributor *attributor)
{
	return attributor->refused;
}

uint64_t attribute_forgotten(const struct attributor *attributor)
{
	return process_dropped(attributor->table);
}

static void add_used(void *context, const struct container *container)
{
	struct buf *used = context;

	buf_put(used, &container, sizeof(container));
}

void attribute_sweep(struct attributor *attributor)
{
	BUF_AUTO used = {0};

	process_each_container(attributor->table, add_used, &used);
	registry_sweep(attributor->options.registry, (const struct container **)(void *)used.p,
		       used.n / sizeof(struct container *));
}

struct running {
	struct attributor *attributor;
	process_container_fn *each;
	void *context;
};

static int look_whether_running(void *context, uint32_t pid)
{
	const struct running *running = context;

	scan_found(running->attributor, pid);
	look_at_cgroup(running->attributor, pid);

	const struct container *container = process_container(running->attributor->table, pid);

	if (container)
		running->each(running->context, container);
	return 0;
}

int attribute_running(struct attributor *attributor, bool looks, process_container_fn *each,
		      void *context, struct err *err)
{
	struct running running = {attributor, each, context};

	process_each_running(attributor->table, each, context);
	return looks ? procfs_each(attributor->options.procfs, look_whether_running, &running, err)
		     : 0;
}

struct changes {
	const struct attributor *attributor;
	attributed_lifetime_fn *each;
	void *context;
};

static int give_changed(void *context, const struct lifetime *lifetime)
{
	const struct changes *changes = context;
	int64_t offset_ns = changes->attributor->offset_ns;
	const struct attributed_lifetime attributed = {
		.pid = lifetime->pid,
		.start_ms = (lifetime->start_ns + offset_ns) / NS_PER_MS,
		.end_ms = lifetime->end_ns ? (lifetime->end_ns + offset_ns) / NS_PER_MS : 0,
		.container = lifetime->container,
		.entering = lifetime->entering,
	};

	return changes->each(changes->context, &attributed);
}

int attribute_changed(struct attributor *attributor, attributed_lifetime_fn *each, void *context)
{
	struct changes changes = {attributor, each, context};

	return process_changed(attributor->table, give_changed, &changes);
}

void attribute_restore(struct attributor *attributor, const struct attributed_lifetime *lifetime)
{
	const struct lifetime restored = {
		.pid = lifetime->pid,
		.start_ns = monotonic_ns(attributor, lifetime->start_ms),
		.end_ns = lifetime->end_ms ? monotonic_ns(attributor, lifetime->end_ms) : 0,
		.container = lifetime->container,
		.entering = lifetime->entering,
	};

	if (lifetime->container)
		process_restore(attributor->table, &restored);
}
