#include "correlate/process_private.h"

/* USER_HZ is 100 wherever a container runtime does. */
#define TICK_NS (10 * (int64_t)PROCESS_NS_PER_MS)

/* How much later than in /proc a fork's event may say it was: the tick, and the fork may be
 * preempted between the two. */
#define FORK_LATE_NS (60 * (int64_t)PROCESS_NS_PER_MS)

/* A start out of the store went through realtime and back, by offsets of two runs. */
#define RESTORED_NS (100 * (int64_t)PROCESS_NS_PER_MS)

static void advance(struct process_table *table, int64_t at_ns)
{
	if (at_ns > table->now_ns)
		table->now_ns = at_ns;
}

static void end_lifetime(struct process_table *table, uint32_t index, int64_t at_ns)
{
	struct process_slot *slot = &table->slots[index];

	process_answer_refresh(table, index);
	slot->end_ns = at_ns;
	slot->running = 0;
	if (slot->in_ended)
		slot->ended_again = 1;
	else
		process_table_ended_push(table, index);
	if (slot->announced)
		process_change_push(table, index);
}

static void link_parent(struct process_table *table, uint32_t index, uint32_t parent_pid)
{
	struct process_slot *slot = &table->slots[index];
	uint32_t parent = parent_pid ? process_table_newest(table, parent_pid) : PROCESS_NONE;

	/* one that is younger than its child has the pid of a parent whose end was not seen */
	if (parent == PROCESS_NONE || parent == index ||
	    table->slots[parent].start_ns > slot->start_ns + TICK_NS + PROCESS_CLOCKS_NS)
		return;
	slot->parent = parent;
	slot->parent_generation = table->slots[parent].generation;
	table->slots[parent].needed = 1;
	if (slot->place != PLACE_UNKNOWN || slot->known_place != PLACE_UNKNOWN) {
		process_answer_refresh(table, index);
		return;
	}
	/* what the parent is known to be outlives it here */
	struct process_answer answer = process_answer_resolve(table, parent);

	process_answer_keep(table, index, &answer);
}

/* A running lifetime of pid; one that has a later one on file has ended by then. */
static uint32_t begin_lifetime(struct process_table *table, uint32_t pid, int64_t start_ns)
{
	uint32_t index = process_table_take(table);
	struct process_slot *slot = &table->slots[index];

	slot->pid = pid;
	slot->start_ns = start_ns;
	slot->parent = PROCESS_NONE;
	slot->running = 1;
	slot->seen = 1;
	process_table_insert(table, index);
	if (slot->newer != PROCESS_NONE && table->slots[slot->newer].pid == pid)
		end_lifetime(table, index, table->slots[slot->newer].start_ns);
	return index;
}

/* Is this fork the beginning of a process that the scan of /proc found before its event came? */
static bool is_fork_of(const struct process_slot *slot, int64_t at_ns)
{
	return slot->start_cut && slot->running && at_ns >= slot->start_ns - PROCESS_CLOCKS_NS &&
	       at_ns <= slot->start_ns + FORK_LATE_NS;
}

void process_fork(struct process_table *table, uint32_t parent, uint32_t pid, int64_t at_ns)
{
	uint32_t index = process_table_newest(table, pid);

	advance(table, at_ns);
	if (index != PROCESS_NONE && is_fork_of(&table->slots[index], at_ns)) {
		table->slots[index].start_ns = at_ns;
		table->slots[index].start_cut = 0;
		link_parent(table, index, parent);
		return;
	}
	bool exit_due = index != PROCESS_NONE && table->slots[index].running &&
			table->slots[index].start_ns <= at_ns;

	/* the kernel frees the pid before it tells of the exit (kernel/exit.c) */
	if (exit_due)
		end_lifetime(table, index, at_ns);
	index = begin_lifetime(table, pid, at_ns);
	table->slots[index].exit_due = exit_due;
	link_parent(table, index, parent);
}

/* The lifetime that an exec or exit is of, made if need be; PROCESS_NONE if it is of one that is
 * not on file any more while a later one is. */
static uint32_t lifetime_of_event(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t latest = process_table_newest(table, pid);
	uint32_t index = process_table_begun_by(table, pid, at_ns);

	if (index != latest)
		return index;
	if (index != PROCESS_NONE && (at_ns <= table->slots[index].end_ns ||
				      !process_table_is_gone(table, &table->slots[index])))
		return index;
	int64_t start_ns = index == PROCESS_NONE ? 0 : table->slots[index].end_ns;

	index = begin_lifetime(table, pid, start_ns);
	table->slots[index].start_unknown = 1;
	return index;
}

void process_exec(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	advance(table, at_ns);
	uint32_t index = lifetime_of_event(table, pid, at_ns);

	if (index == PROCESS_NONE)
		return;
	struct process_slot *slot = &table->slots[index];

	slot->looked = 0;
	if (!slot->running && at_ns >= slot->end_ns && index == process_table_newest(table, pid)) {
		slot->running = 1;
		if (slot->announced)
			process_change_push(table, index);
	}
	if (slot->running)
		slot->end_ns = at_ns;
	process_answer_refresh(table, index);
}

void process_exit(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	advance(table, at_ns);
	uint32_t index = lifetime_of_event(table, pid, at_ns);

	if (index == PROCESS_NONE)
		return;
	struct process_slot *slot = &table->slots[index];

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
		process_change_push(table, index);
}

/* Had it begun when a process of /proc did? */
static bool had_begun(const struct process_slot *slot, int64_t start_ns)
{
	return slot->start_ns >= start_ns - (slot->restored ? RESTORED_NS : PROCESS_CLOCKS_NS);
}

static bool is_found_again(struct process_slot *slot, int64_t start_ns)
{
	if (slot->start_unknown && slot->running) {
		slot->start_unknown = 0;
		slot->start_cut = 1;
		slot->start_ns = start_ns;
		return true;
	}
	return had_begun(slot, start_ns);
}

bool process_is_latest(const struct process_table *table, uint32_t pid, int64_t start_ns)
{
	uint32_t index = process_table_newest(table, pid);

	return index != PROCESS_NONE && had_begun(&table->slots[index], start_ns);
}

void process_found(struct process_table *table, uint32_t parent, uint32_t pid, int64_t start_ns)
{
	uint32_t index = process_table_newest(table, pid);

	if (index != PROCESS_NONE && is_found_again(&table->slots[index], start_ns)) {
		table->slots[index].seen = 1;
		if (table->slots[index].parent == PROCESS_NONE)
			link_parent(table, index, parent);
		return;
	}
	if (index != PROCESS_NONE && table->slots[index].running)
		end_lifetime(table, index, start_ns);
	index = begin_lifetime(table, pid, start_ns);
	table->slots[index].start_cut = 1;
	link_parent(table, index, parent);
}

void process_found_ended(struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t index = process_table_newest(table, pid);

	if (index != PROCESS_NONE && table->slots[index].running && !table->slots[index].exit_due)
		end_lifetime(table, index, at_ns);
}

void process_rescan_begin(struct process_table *table)
{
	for (uint32_t i = 0; i < table->used; i++)
		table->slots[i].seen = table->slots[i].exit_due = 0;
}

void process_rescan_end(struct process_table *table, int64_t at_ns)
{
	for (uint32_t i = 0; i < table->used; i++) {
		const struct process_slot *slot = &table->slots[i];

		if (slot->running && !slot->seen && slot->start_ns < at_ns)
			end_lifetime(table, i, at_ns);
	}
	advance(table, at_ns);
	if (at_ns > table->lost_ns)
		table->lost_ns = at_ns;
}

/* The lifetime that a restored one is, or PROCESS_NONE. Two out of the store are never the same. */
static uint32_t restored_before(const struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index =
		process_table_begun_by(table, lifetime->pid, lifetime->start_ns + RESTORED_NS);

	if (index == PROCESS_NONE || table->slots[index].restored ||
	    table->slots[index].start_ns < lifetime->start_ns - RESTORED_NS)
		return PROCESS_NONE;
	return index;
}

static uint32_t begin_restored(struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index = begin_lifetime(table, lifetime->pid, lifetime->start_ns);
	struct process_slot *slot = &table->slots[index];

	slot->restored = 1;
	if (lifetime->end_ns == 0)
		return index;
	slot->end_ns = lifetime->end_ns;
	if (!slot->running)
		return index;
	slot->running = 0;
	process_table_ended_push(table, index);
	return index;
}

void process_restore(struct process_table *table, const struct lifetime *lifetime)
{
	uint32_t index = restored_before(table, lifetime);

	if (index == PROCESS_NONE)
		index = begin_restored(table, lifetime);
	struct process_slot *slot = &table->slots[index];

	if (slot->place != PLACE_CONTAINER && !slot->is_setup) {
		slot->place = PLACE_CONTAINER;
		slot->container = lifetime->container;
	}
	slot->announced = 1; /* the store has it */
	process_answer_know(slot, &(struct process_answer){.place = PLACE_CONTAINER,
							   .container = lifetime->container,
							   .entering = lifetime->entering});
}
