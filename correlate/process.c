#include "correlate/process.h"

#include "base/mem.h"

#include <stdlib.h>

#define CAPACITY_MIN  4096
#define CHANGES_MIN   256
#define ANCESTORS_MAX 64

/* Absent index of a slot. */
#define NONE UINT32_MAX

#define NS_PER_MS 1000000

/* A start in /proc is cut to 10 ms, so never later than the fork's event but for how exactly the
 * two clocks' offset was read. */
#define CLOCKS_NS (2 * (int64_t)NS_PER_MS)

/* USER_HZ is 100 wherever a container runtime does. */
#define TICK_NS (10 * (int64_t)NS_PER_MS)

/* How much later than in /proc a fork's event may say it was: the tick, and the fork may be
 * preempted between the two. */
#define FORK_LATE_NS (60 * (int64_t)NS_PER_MS)

/* A start out of the store went through realtime and back, by offsets of two runs. */
#define RESTORED_NS (100 * (int64_t)NS_PER_MS)

/*
 * A lifetime, 64 bytes. (index, generation) names it for good: a slot that is used again has the
 * next generation, so that a link to a forgotten parent is seen to be none.
 */
struct slot {
	int64_t start_ns;
	int64_t end_ns;                    /* while it runs: its last exec */
	const struct container *container; /* of place, or of is_setup */
	const struct container *known;     /* of known_place */
	uint32_t pid;
	uint32_t generation;
	uint32_t parent, parent_generation;
	uint32_t older, newer; /* of the same bucket; those of one pid stand newest first */
	uint32_t next_ended;
	unsigned place : 2; /* by its own cgroup */
	unsigned is_setup : 1;
	unsigned verb : 2; /* if is_setup */
	unsigned looked : 1;
	/* what was last found out, or inherited at the fork; serves when the parent is forgotten */
	unsigned known_place : 2;
	unsigned known_from_setup : 1;
	unsigned known_monitor : 1;
	unsigned known_entering : 1;
	unsigned running : 1;
	unsigned start_cut : 1;     /* out of /proc: to a tick */
	unsigned start_unknown : 1; /* its first event was not a fork */
	unsigned restored : 1;
	unsigned exit_due : 1; /* the pid's one before: its exit comes after this one's fork */
	unsigned seen : 1;     /* in the scan that goes on, or begun since */
	unsigned in_ended : 1;
	unsigned ended_again : 1; /* went on after an end: goes to the queue's back when due */
	unsigned announced : 1;
	unsigned in_changes : 1;
	unsigned needed : 1; /* forked, or was asked for, since the hand passed */
};

_Static_assert(sizeof(struct slot) == 64, "a lifetime fills one cache line");

struct change {
	uint32_t index, generation;
};

struct process_table {
	struct slot *slots;
	uint32_t *buckets; /* by the low bits of the pid: as many as slots */
	uint32_t capacity, used;
	uint32_t ended_first, ended_last; /* queue of the ended, for forgetting */
	uint32_t hand;   /* next to forget when all run: they were begun in this order */
	int64_t now_ns;  /* the latest event */
	int64_t lost_ns; /* before this, events were lost */
	uint64_t dropped;
	struct change *changes; /* ring */
	uint32_t changes_capacity, changes_first, changes_count;
};

/* What the evidence comes to. */
struct answer {
	enum process_place place;
	const struct container *container;
	bool from_setup;
	bool monitor; /* from_setup, by a process that runs the runtime, for other containers too */
	bool entering;
};

struct process_table *process_table_new(void)
{
	struct process_table *table = mem_new(1, sizeof(*table));

	table->capacity = CAPACITY_MIN;
	table->slots = mem_new(table->capacity, sizeof(*table->slots));
	table->buckets = mem_new(table->capacity, sizeof(*table->buckets));
	memset(table->buckets, 0xff, table->capacity * sizeof(*table->buckets));
	table->changes_capacity = CHANGES_MIN;
	table->changes = mem_new(table->changes_capacity, sizeof(*table->changes));
	table->ended_first = table->ended_last = NONE;
	return table;
}

void process_table_free(struct process_table *table)
{
	if (!table)
		return;
	free(table->slots);
	free(table->buckets);
	free(table->changes);
	free(table);
}

size_t process_count(const struct process_table *table)
{
	return table->used;
}

uint64_t process_dropped(const struct process_table *table)
{
	return table->dropped;
}

size_t process_memory(const struct process_table *table)
{
	return sizeof(*table) +
	       table->capacity * (sizeof(*table->slots) + sizeof(*table->buckets)) +
	       table->changes_capacity * sizeof(*table->changes);
}

static void advance(struct process_table *table, int64_t at_ns)
{
	if (at_ns > table->now_ns)
		table->now_ns = at_ns;
}

/* A lifetime's end and a stamp come from two clocks. */
static bool had_ended(const struct slot *slot, int64_t at_ns)
{
	return !slot->running && slot->end_ns + CLOCKS_NS < at_ns;
}

static bool same_container(const struct container *a, const struct container *b)
{
	return a == b || (a && b && str_eq(a->id, b->id));
}

static uint32_t *bucket_of(const struct process_table *table, uint32_t pid)
{
	return &table->buckets[pid & (table->capacity - 1)];
}

static uint32_t same_pid(const struct process_table *table, uint32_t index, uint32_t pid)
{
	while (index != NONE && table->slots[index].pid != pid)
		index = table->slots[index].older;
	return index;
}

/* The latest lifetime of pid, or NONE. */
static uint32_t newest(const struct process_table *table, uint32_t pid)
{
	return same_pid(table, *bucket_of(table, pid), pid);
}

static uint32_t older_of(const struct process_table *table, uint32_t index)
{
	const struct slot *slot = &table->slots[index];

	return same_pid(table, slot->older, slot->pid);
}

/* The latest lifetime of pid that began by then, or NONE. */
static uint32_t begun_by(const struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t index = newest(table, pid);

	while (index != NONE && table->slots[index].start_ns > at_ns)
		index = older_of(table, index);
	return index;
}

/* Puts a slot between two of its bucket, either of which may be NONE: the bucket's ends. */
static void chain_put(struct process_table *table, uint32_t index, uint32_t newer, uint32_t older)
{
	struct slot *slot = &table->slots[index];

	slot->newer = newer;
	slot->older = older;
	if (newer == NONE)
		*bucket_of(table, slot->pid) = index;
	else
		table->slots[newer].older = index;
	if (older != NONE)
		table->slots[older].newer = index;
}

static void chain_remove(struct process_table *table, uint32_t index)
{
	const struct slot *slot = &table->slots[index];

	if (slot->newer == NONE)
		*bucket_of(table, slot->pid) = slot->older;
	else
		table->slots[slot->newer].older = slot->older;
	if (slot->older != NONE)
		table->slots[slot->older].newer = slot->newer;
}

/* In front of the bucket, unless lifetimes of the pid are on file that began later. */
static void chain_insert(struct process_table *table, uint32_t index)
{
	const struct slot *slot = &table->slots[index];
	uint32_t newer = NONE;
	uint32_t later = newest(table, slot->pid);

	for (; later != NONE && table->slots[later].start_ns > slot->start_ns;
	     later = older_of(table, later))
		newer = later;
	chain_put(table, index, newer,
		  newer == NONE ? *bucket_of(table, slot->pid) : table->slots[newer].older);
}

/* Each old bucket falls into two; going through it from its end keeps the order of both. */
static void grow(struct process_table *table)
{
	uint32_t old = table->capacity;
	uint32_t *buckets = mem_new(2 * (size_t)old, sizeof(*buckets));
	uint32_t *old_buckets = table->buckets;

	memset(buckets, 0xff, 2 * (size_t)old * sizeof(*buckets));
	table->slots = mem_resize(table->slots, 2 * (size_t)old * sizeof(*table->slots));
	table->buckets = buckets;
	table->capacity = 2 * old;
	for (uint32_t i = 0; i < old; i++) {
		uint32_t index = old_buckets[i], last = NONE;

		for (; index != NONE; index = table->slots[index].older)
			last = index;
		for (uint32_t newer; last != NONE; last = newer) {
			newer = table->slots[last].newer;
			chain_put(table, last, NONE, *bucket_of(table, table->slots[last].pid));
		}
	}
	free(old_buckets);
}

static void ended_push(struct process_table *table, uint32_t index)
{
	struct slot *slot = &table->slots[index];

	slot->in_ended = 1;
	slot->ended_again = 0;
	slot->next_ended = NONE;
	if (table->ended_last == NONE)
		table->ended_first = index;
	else
		table->slots[table->ended_last].next_ended = index;
	table->ended_last = index;
}

static void ended_pop(struct process_table *table)
{
	struct slot *slot = &table->slots[table->ended_first];

	table->ended_first = slot->next_ended;
	if (table->ended_first == NONE)
		table->ended_last = NONE;
	slot->in_ended = 0;
}

/* The lifetime that ended first, or NONE. Those that went on after all leave the queue, or go to
 * its back. */
static uint32_t ended_oldest(struct process_table *table)
{
	while (table->ended_first != NONE) {
		uint32_t index = table->ended_first;
		struct slot *slot = &table->slots[index];

		if (!slot->running && !slot->ended_again)
			return index;
		ended_pop(table);
		if (!slot->running)
			ended_push(table, index);
	}
	return NONE;
}

static uint32_t forget(struct process_table *table, uint32_t index)
{
	struct slot *slot = &table->slots[index];

	if (slot->running)
		table->dropped++;
	else
		ended_pop(table);
	chain_remove(table, index);
	*slot = (struct slot){.generation = slot->generation + 1};
	return index;
}

/* The oldest, about: slots are filled in the order of forks. One that was needed since the hand
 * last came by is passed over: it is the parent of what comes next. */
static uint32_t forget_running(struct process_table *table)
{
	uint32_t index = table->hand;

	while (table->slots[index].needed) {
		table->slots[index].needed = 0;
		index = (index + 1) % table->capacity;
	}
	table->hand = (index + 1) % table->capacity;
	return forget(table, index);
}

/* A slot for a new lifetime; indices stay, pointers into slots do not. */
static uint32_t slot_take(struct process_table *table)
{
	uint32_t ended = ended_oldest(table);

	if (ended != NONE && table->slots[ended].end_ns + PROCESS_KEPT_NS < table->now_ns)
		return forget(table, ended);
	if (table->used == table->capacity && table->capacity < PROCESS_MAX)
		grow(table);
	if (table->used < table->capacity) {
		table->slots[table->used] = (struct slot){0};
		return table->used++;
	}
	return ended != NONE ? forget(table, ended) : forget_running(table);
}

/* Its parent's index, or NONE if it has none or the parent is forgotten. */
static uint32_t parent_of(const struct process_table *table, const struct slot *slot)
{
	if (slot->parent == NONE ||
	    table->slots[slot->parent].generation != slot->parent_generation)
		return NONE;
	return slot->parent;
}

/* What a slot's own evidence adds to the answer for itself or a descendant; true if it decides. */
static bool take_own(const struct slot *slot, struct answer *answer)
{
	if (slot->place == PLACE_CONTAINER || slot->is_setup) {
		*answer = (struct answer){
			.place = PLACE_CONTAINER,
			.container = slot->container,
			.from_setup = slot->is_setup,
			.monitor = slot->is_setup && slot->verb == SETUP_MONITOR,
		};
		return true;
	}
	if (answer->place == PLACE_UNKNOWN) {
		answer->place = (enum process_place)slot->place;
		answer->container = slot->container;
	}
	return false;
}

/* What was known when the way up ends: at a forgotten parent, or after too many. */
static void take_known(const struct slot *slot, struct answer *answer)
{
	if (slot->known_place != PLACE_CONTAINER && answer->place != PLACE_UNKNOWN)
		return;
	*answer = (struct answer){
		.place = (enum process_place)slot->known_place,
		.container = slot->known,
		.from_setup = slot->known_from_setup,
		.monitor = slot->known_monitor,
	};
}

/*
 * Goes up from a lifetime. Once the container is known the way goes on to the nearest set-up
 * process, which tells whether the process was brought in by runc exec: of that container, since
 * containers nest.
 */
static struct answer resolve(const struct process_table *table, uint32_t index)
{
	struct answer answer = {0};
	bool decided = false;

	for (unsigned depth = 1;; depth++) {
		const struct slot *slot = &table->slots[index];
		uint32_t parent = depth < ANCESTORS_MAX ? parent_of(table, slot) : NONE;

		decided = decided || take_own(slot, &answer);
		if (slot->is_setup) {
			answer.entering = slot->verb == SETUP_EXEC &&
					  same_container(slot->container, answer.container);
			return answer;
		}
		if (!decided && parent == NONE)
			take_known(slot, &answer);
		if (slot->known_entering && same_container(slot->known, answer.container)) {
			answer.entering = true;
			return answer;
		}
		if (parent == NONE)
			return answer;
		index = parent;
	}
}

static void changes_grow(struct process_table *table)
{
	uint32_t old = table->changes_capacity;

	table->changes = mem_resize(table->changes, 2 * (size_t)old * sizeof(*table->changes));
	/* the ring is full: what lies before its first entry goes behind its end */
	memcpy(table->changes + old, table->changes,
	       table->changes_first * sizeof(*table->changes));
	table->changes_capacity = 2 * old;
}

static void changes_pop(struct process_table *table)
{
	const struct change *change = &table->changes[table->changes_first];
	struct slot *slot = &table->slots[change->index];

	if (slot->generation == change->generation)
		slot->in_changes = 0;
	table->changes_first = (table->changes_first + 1) % table->changes_capacity;
	table->changes_count--;
}

static void changes_push(struct process_table *table, uint32_t index)
{
	struct slot *slot = &table->slots[index];

	if (slot->in_changes)
		return;
	if (table->changes_count == PROCESS_CHANGES_MAX)
		changes_pop(table);
	else if (table->changes_count == table->changes_capacity)
		changes_grow(table);
	slot->in_changes = 1;
	table->changes[(table->changes_first + table->changes_count++) % table->changes_capacity] =
		(struct change){index, slot->generation};
}

static void know(struct slot *slot, const struct answer *answer)
{
	slot->known = answer->container;
	slot->known_place = answer->place & 3;
	slot->known_from_setup = answer->from_setup;
	slot->known_monitor = answer->monitor;
	slot->known_entering = answer->entering;
}

/* Keeps the answer with the lifetime, and tells the store if it is news of a container. */
static void keep_answer(struct process_table *table, uint32_t index, const struct answer *answer)
{
	struct slot *slot = &table->slots[index];
	bool news = answer->place == PLACE_CONTAINER &&
		    (!slot->announced || !same_container(answer->container, slot->known) ||
		     answer->entering != slot->known_entering);

	know(slot, answer);
	if (!news)
		return;
	slot->announced = 1;
	changes_push(table, index);
}

static struct answer refresh(struct process_table *table, uint32_t index)
{
	struct answer answer = resolve(table, index);

	keep_answer(table, index, &answer);
	return answer;
}

static void end_lifetime(struct process_table *table, uint32_t index, int64_t at_ns)
{
	struct slot *slot = &table->slots[index];

	refresh(table, index);
	slot->end_ns = at_ns;
	slot->running = 0;
	if (slot->in_ended)
		slot->ended_again = 1;
	else
		ended_push(table, index);
	if (slot->announced)
		changes_push(table, index);
}

static void link_parent(struct process_table *table, uint32_t index, uint32_t parent_pid)
{
	struct slot *slot = &table->slots[index];
	uint32_t parent = parent_pid ? newest(table, parent_pid) : NONE;

	/* one that is younger than its child has the pid of a parent whose end was not seen */
	if (parent == NONE || parent == index ||
	    table->slots[parent].start_ns > slot->start_ns + TICK_NS + CLOCKS_NS)
		return;
	slot->parent = parent;
	slot->parent_generation = table->slots[parent].generation;
	table->slots[parent].needed = 1;
	if (slot->place != PLACE_UNKNOWN || slot->known_place != PLACE_UNKNOWN) {
		refresh(table, index);
		return;
	}
	/* what the parent is known to be outlives it here */
	struct answer answer = resolve(table, parent);

	keep_answer(table, index, &answer);
}

/* A running lifetime of pid; one that has a later one on file has ended by then. */
static uint32_t begin_lifetime(struct process_table *table, uint32_t pid, int64_t start_ns)
{
	uint32_t index = slot_take(table);
	struct slot *slot = &table->slots[index];

	slot->pid = pid;
	slot->start_ns = start_ns;
	slot->parent = NONE;
	slot->running = 1;
	slot->seen = 1;
	chain_insert(table, index);
	if (slot->newer != NONE && table->slots[slot->newer].pid == pid)
		end_lifetime(table, index, table->slots[slot->newer].start_ns);
	return index;
}

/* Is this fork the beginning of a process that the scan of /proc found before its event came? */
static bool is_fork_of(const struct slot *slot, int64_t at_ns)
{
	return slot->start_cut && slot->running && at_ns >= slot->start_ns - CLOCKS_NS &&
	       at_ns <= slot->start_ns + FORK_LATE_NS;
}

void process_fork(struct process_table *table, uint32_t parent, uint32_t pid, int64_t at_ns)
{
	uint32_t index = newest(table, pid);

	advance(table, at_ns);
	if (index != NONE && is_fork_of(&table->slots[index], at_ns)) {
		table->slots[index].start_ns = at_ns;
		table->slots[index].start_cut = 0;
		link_parent(table, index, parent);
		return;
	}
	bool exit_due = index != NONE && table->slots[index].running &&
			table->slots[index].start_ns <= at_ns;

	/* the kernel frees the pid before it tells of the exit (kernel/exit.c) */
	if (exit_due)
		end_lifetime(table, index, at_ns);
	index = begin_lifetime(table, pid, at_ns);
	table->slots[index].exit_due = exit_due;
	link_parent(table, index, parent);
}

/* Ended, and not in /proc at the scan after events were lost: its pid is free, or another's. */
static bool is_gone(const struct process_table *table, const struct slot *slot)
{
	return !slot->running && !slot->seen && slot->end_ns <= table->lost_ns;
}

/* The lifetime that an exec or exit is of, made if need be; NONE if it is of one that is not on
 * file any more while a later one is. */
static uint32_t lifetime_of_event(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t latest = newest(table, pid);
	uint32_t index = begun_by(table, pid, at_ns);

	if (index != latest)
		return index;
	if (index != NONE &&
	    (at_ns <= table->slots[index].end_ns || !is_gone(table, &table->slots[index])))
		return index;
	int64_t start_ns = index == NONE ? 0 : table->slots[index].end_ns;

	index = begin_lifetime(table, pid, start_ns);
	table->slots[index].start_unknown = 1;
	return index;
}

void process_exec(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	advance(table, at_ns);
	uint32_t index = lifetime_of_event(table, pid, at_ns);

	if (index == NONE)
		return;
	struct slot *slot = &table->slots[index];

	slot->looked = 0;
	if (!slot->running && at_ns >= slot->end_ns && index == newest(table, pid)) {
		slot->running = 1;
		if (slot->announced)
			changes_push(table, index);
	}
	if (slot->running)
		slot->end_ns = at_ns;
	refresh(table, index);
}

void process_exit(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	advance(table, at_ns);
	uint32_t index = lifetime_of_event(table, pid, at_ns);

	if (index == NONE)
		return;
	struct slot *slot = &table->slots[index];

	if (slot->exit_due) {
		slot->exit_due = 0;
		return;
	}
	/* of a leader whose thread did an exec: told of after that, but stamped before */
	if (slot->running && at_ns < slot->end_ns)
		return;
	if (slot->running) {
		end_lifetime(table, index, at_ns);
		return;
	}
	slot->end_ns = at_ns; /* a scan, or the pid's next fork, told of it before */
	if (slot->announced)
		changes_push(table, index);
}

static bool is_found_again(struct slot *slot, int64_t start_ns)
{
	if (slot->start_unknown && slot->running) {
		slot->start_unknown = 0;
		slot->start_cut = 1;
		slot->start_ns = start_ns;
		return true;
	}
	return slot->start_ns >= start_ns - (slot->restored ? RESTORED_NS : CLOCKS_NS);
}

void process_found(struct process_table *table, uint32_t parent, uint32_t pid, int64_t start_ns)
{
	uint32_t index = newest(table, pid);

	if (index != NONE && is_found_again(&table->slots[index], start_ns)) {
		table->slots[index].seen = 1;
		if (table->slots[index].parent == NONE)
			link_parent(table, index, parent);
		return;
	}
	if (index != NONE && table->slots[index].running)
		end_lifetime(table, index, start_ns);
	index = begin_lifetime(table, pid, start_ns);
	table->slots[index].start_cut = 1;
	link_parent(table, index, parent);
}

void process_rescan_begin(struct process_table *table)
{
	for (uint32_t i = 0; i < table->used; i++)
		table->slots[i].seen = table->slots[i].exit_due = 0;
}

void process_rescan_end(struct process_table *table, int64_t at_ns)
{
	for (uint32_t i = 0; i < table->used; i++) {
		const struct slot *slot = &table->slots[i];

		if (slot->running && !slot->seen && slot->start_ns < at_ns)
			end_lifetime(table, i, at_ns);
	}
	advance(table, at_ns);
	if (at_ns > table->lost_ns)
		table->lost_ns = at_ns;
}

/* The lifetime that something was read of in /proc, or NONE if it had ended by then. */
static uint32_t lifetime_read(const struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t index = begun_by(table, pid, at_ns);

	if (index == NONE)
		return NONE;
	const struct slot *slot = &table->slots[index];

	return slot->running || at_ns <= slot->end_ns ? index : NONE;
}

void process_learn_cgroup(struct process_table *table, uint32_t pid, int64_t at_ns,
			  enum process_place place, const struct container *container)
{
	uint32_t index = lifetime_read(table, pid, at_ns);

	if (index == NONE || place == PLACE_UNKNOWN)
		return;
	struct slot *slot = &table->slots[index];

	slot->looked = 1;
	if (place == PLACE_CONTAINER) {
		slot->place = PLACE_CONTAINER;
		slot->container = container;
		slot->is_setup = 0;
	} else if (slot->place != PLACE_CONTAINER) {
		slot->place = place & 3;
		if (!slot->is_setup)
			slot->container = place == PLACE_SERVICE ? container : NULL;
	}
	refresh(table, index);
}

/* May its command line say whose set-up it does? process.h says why. */
static bool is_believed(const struct process_table *table, uint32_t index)
{
	if (table->slots[index].is_setup)
		return true;
	struct answer answer = resolve(table, index);

	return answer.place == PLACE_HOST || answer.place == PLACE_SERVICE || answer.monitor;
}

void process_learn_setup(struct process_table *table, uint32_t pid, int64_t at_ns,
			 enum setup_verb verb, const struct container *container)
{
	uint32_t index = lifetime_read(table, pid, at_ns);

	if (index == NONE || !is_believed(table, index))
		return;
	struct slot *slot = &table->slots[index];

	slot->is_setup = 1;
	slot->verb = verb & 3;
	slot->container = container;
	refresh(table, index);
}

/* How much of the first tick after a stamp a lifetime had. */
static int64_t share_of_tick(const struct slot *slot, int64_t at_ns, int64_t tick_ns)
{
	int64_t from = slot->start_ns > at_ns ? slot->start_ns : at_ns;
	int64_t to =
		slot->running || slot->end_ns > at_ns + tick_ns ? at_ns + tick_ns : slot->end_ns;

	return to - from;
}

/* The latest that began by then, or one before it that had not ended at the stamp and fits
 * better: a pid may be used again within the slack. */
static uint32_t best_at(const struct process_table *table, uint32_t pid, int64_t at_ns,
			int64_t slack_ns)
{
	uint32_t best = begun_by(table, pid, at_ns + slack_ns);

	if (best == NONE || table->slots[best].start_ns <= at_ns)
		return best;
	int64_t share = share_of_tick(&table->slots[best], at_ns, slack_ns / 3);
	uint32_t index = older_of(table, best);

	for (; index != NONE && table->slots[index].end_ns >= at_ns;
	     index = older_of(table, index)) {
		int64_t other = share_of_tick(&table->slots[index], at_ns, slack_ns / 3);

		if (other < share)
			continue;
		best = index;
		share = other;
	}
	return best;
}

/* Ended before events were lost, and the record came after that: perhaps of the pid's next. */
static bool is_doubtful(const struct process_table *table, const struct slot *slot, int64_t at_ns,
			int64_t slack_ns)
{
	return is_gone(table, slot) && at_ns > slot->end_ns + slack_ns;
}

/* The first that was forked between the two, or NONE. Of one that /proc or the store told of it is
 * not known whether the pid had others before it. */
static uint32_t forked_between(const struct process_table *table, uint32_t pid, int64_t after_ns,
			       int64_t until_ns)
{
	uint32_t first = NONE, index = begun_by(table, pid, until_ns);

	for (; index != NONE && table->slots[index].start_ns > after_ns;
	     index = older_of(table, index))
		first = index;
	if (first == NONE)
		return NONE;
	const struct slot *slot = &table->slots[first];

	return slot->start_cut || slot->start_unknown || slot->restored ? NONE : first;
}

/*
 * The lifetime that a record is of, or NONE. Where the pid was nobody's at the stamp, the clock
 * stood still for longer than the slack, and it is the next one's. Not so where events were lost
 * since: there may have been another between.
 */
static uint32_t lifetime_at(const struct process_table *table, uint32_t pid, int64_t at_ns,
			    int64_t slack_ns)
{
	uint32_t index = best_at(table, pid, at_ns, slack_ns);
	bool is_nobodys = index == NONE || had_ended(&table->slots[index], at_ns);
	uint32_t next = is_nobodys && at_ns >= table->lost_ns
				? forked_between(table, pid, at_ns, at_ns + PROCESS_STALE_NS)
				: NONE;

	return next == NONE ? index : next;
}

void process_find(struct process_table *table, uint32_t pid, int64_t at_ns, int64_t slack_ns,
		  struct belonging *ret_belonging)
{
	uint32_t index = lifetime_at(table, pid, at_ns, slack_ns);

	*ret_belonging = (struct belonging){0};
	if (index == NONE || is_doubtful(table, &table->slots[index], at_ns, slack_ns))
		return;
	struct answer answer = refresh(table, index);
	struct slot *slot = &table->slots[index];

	slot->needed = 1;
	*ret_belonging = (struct belonging){
		.found = true,
		.place = answer.place,
		.container = answer.container,
		.entering = answer.entering,
		.from_setup = answer.from_setup,
		.looked = slot->looked,
		.ended = !slot->running,
		.over = had_ended(slot, at_ns),
		.start_ns = slot->start_ns,
	};
}

/* Returns what each does, 0 for what is no news after all. */
static int give_change(struct process_table *table, const struct change *change, lifetime_fn *each,
		       void *context)
{
	const struct slot *slot = &table->slots[change->index];

	/* of a set-up process the command line will be read again, which a container's own
	 * processes are not asked for */
	if (slot->generation != change->generation || slot->is_setup)
		return 0;
	struct answer answer = resolve(table, change->index);

	if (answer.place != PLACE_CONTAINER)
		return 0;
	return each(context, &(struct lifetime){
				     .pid = slot->pid,
				     .start_ns = slot->start_ns,
				     .end_ns = slot->running ? 0 : slot->end_ns,
				     .container = answer.container,
				     .entering = answer.entering,
			     });
}

int process_changed(struct process_table *table, lifetime_fn *each, void *context)
{
	while (table->changes_count) {
		struct change change = table->changes[table->changes_first];
		int result = give_change(table, &change, each, context);

		if (result)
			return result;
		changes_pop(table);
	}
	return 0;
}

/* The lifetime that a restored one is, or NONE. Two out of the store are never the same. */
static uint32_t restored_before(const struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index = begun_by(table, lifetime->pid, lifetime->start_ns + RESTORED_NS);

	if (index == NONE || table->slots[index].restored ||
	    table->slots[index].start_ns < lifetime->start_ns - RESTORED_NS)
		return NONE;
	return index;
}

static uint32_t begin_restored(struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index = begin_lifetime(table, lifetime->pid, lifetime->start_ns);
	struct slot *slot = &table->slots[index];

	slot->restored = 1;
	if (lifetime->end_ns == 0)
		return index;
	slot->end_ns = lifetime->end_ns;
	if (!slot->running)
		return index;
	slot->running = 0;
	ended_push(table, index);
	return index;
}

void process_restore(struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index = restored_before(table, lifetime);

	if (index == NONE)
		index = begin_restored(table, lifetime);
	struct slot *slot = &table->slots[index];

	if (slot->place != PLACE_CONTAINER && !slot->is_setup) {
		slot->place = PLACE_CONTAINER;
		slot->container = lifetime->container;
	}
	slot->announced = 1; /* the store has it */
	know(slot, &(struct answer){.place = PLACE_CONTAINER,
				    .container = lifetime->container,
				    .entering = lifetime->entering});
}

void process_each_container(const struct process_table *table, process_container_fn *each,
			    void *context)
{
	for (uint32_t i = 0; i < table->used; i++) {
		const struct slot *slot = &table->slots[i];

		if (slot->container)
			each(context, slot->container);
		if (slot->known && slot->known != slot->container)
			each(context, slot->known);
	}
}
