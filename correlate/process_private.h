/*
 * What the parts of the process table share: process_table.c keeps the lifetimes, bounded;
 * process_answer.c goes through their evidence for whose they are; process_change.c keeps the news
 * for the store; process.c begins and ends lifetimes; process_find.c finds the one of a record. Not
 * for other files.
 */
#ifndef SCLOG_CORRELATE_PROCESS_PRIVATE_H
#define SCLOG_CORRELATE_PROCESS_PRIVATE_H

#include "correlate/process.h"

/* Absent index of a slot. */
#define PROCESS_NONE UINT32_MAX

#define PROCESS_NS_PER_MS 1000000

/* A start in /proc is cut to 10 ms, so never later than the fork's event but for how exactly the
 * two clocks' offset was read. */
#define PROCESS_CLOCKS_NS (2 * (int64_t)PROCESS_NS_PER_MS)

/*
 * A lifetime, 64 bytes. (index, generation) names it for good: a slot that is used again has the
 * next generation, so that a link to a forgotten parent is seen to be none.
 */
struct process_slot {
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

_Static_assert(sizeof(struct process_slot) == 64, "a lifetime fills one cache line");

struct process_change {
	uint32_t index, generation;
};

struct process_table {
	struct process_slot *slots;
	uint32_t *buckets; /* by the low bits of the pid: as many as slots */
	uint32_t capacity, used;
	uint32_t ended_first, ended_last; /* queue of the ended, for forgetting */
	uint32_t hand;   /* next to forget when all run: they were begun in this order */
	int64_t now_ns;  /* the latest event */
	int64_t lost_ns; /* before this, events were lost */
	int64_t told_ns; /* the latest fork of a process of which there was a record */
	uint64_t dropped;
	struct process_change *changes; /* ring */
	uint32_t changes_capacity, changes_first, changes_count;
};

/* What the evidence comes to. */
struct process_answer {
	enum process_place place;
	const struct container *container;
	bool from_setup;
	bool monitor; /* from_setup, by a process that runs the runtime, for other containers too */
	bool entering;
};

/* --- process_table.c: the lifetimes on file. Indices stay, pointers end with the next take */

static inline uint32_t *process_table_bucket(const struct process_table *table, uint32_t pid)
{
	return &table->buckets[pid & (table->capacity - 1)];
}

static inline uint32_t process_table_same_pid(const struct process_table *table, uint32_t index,
					      uint32_t pid)
{
	while (index != PROCESS_NONE && table->slots[index].pid != pid)
		index = table->slots[index].older;
	return index;
}

/* The latest lifetime of pid, or PROCESS_NONE. */
static inline uint32_t process_table_newest(const struct process_table *table, uint32_t pid)
{
	return process_table_same_pid(table, *process_table_bucket(table, pid), pid);
}

/* The one of the same pid that began before this one, or PROCESS_NONE. */
static inline uint32_t process_table_older(const struct process_table *table, uint32_t index)
{
	const struct process_slot *slot = &table->slots[index];

	return process_table_same_pid(table, slot->older, slot->pid);
}

/* The latest lifetime of pid that began by then, or PROCESS_NONE. */
uint32_t process_table_begun_by(const struct process_table *table, uint32_t pid, int64_t at_ns);

/* Ended, and not in /proc at the scan after events were lost: its pid is free, or another's. */
static inline bool process_table_is_gone(const struct process_table *table,
					 const struct process_slot *slot)
{
	return !slot->running && !slot->seen && slot->end_ns <= table->lost_ns;
}

/* A slot for a new lifetime, zeroed but for its generation; at the bound another is forgotten. */
uint32_t process_table_take(struct process_table *table);
/* Its pid and its start are set: it is found from now on. In front of the bucket, unless lifetimes
 * of the pid are on file that began later. */
void process_table_insert(struct process_table *table, uint32_t index);

/* A lifetime that is in no queue has ended: it may be forgotten in its turn. */
void process_table_ended_push(struct process_table *table, uint32_t index);

/* --- process_answer.c: whose a lifetime is */

/*
 * Goes up from a lifetime. Once the container is known the way goes on to the nearest set-up
 * process, which tells whether the process was brought in by runc exec: of that container, since
 * containers nest.
 */
struct process_answer process_answer_resolve(const struct process_table *table, uint32_t index);

/* The answer becomes what is known of the lifetime, for when its parent is forgotten. */
void process_answer_know(struct process_slot *slot, const struct process_answer *answer);
/* That, and the store is told if it is news of a container. */
void process_answer_keep(struct process_table *table, uint32_t index,
			 const struct process_answer *answer);
/* Resolves and keeps. */
struct process_answer process_answer_refresh(struct process_table *table, uint32_t index);

/* --- process_change.c: news for process_changed() */

/* Once, however often it changes until then; at the bound the oldest news go. */
void process_change_push(struct process_table *table, uint32_t index);

#endif
