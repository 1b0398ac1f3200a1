#include "correlate/process_private.h"

#include "base/mem.h"

#include <stdlib.h>

#define CAPACITY_MIN 4096
#define CHANGES_MIN  256

struct process_table *process_table_new(void)
{
	struct process_table *table = mem_new(1, sizeof(*table));

	table->capacity = CAPACITY_MIN;
	table->slots = mem_new(table->capacity, sizeof(*table->slots));
	table->buckets = mem_new(table->capacity, sizeof(*table->buckets));
	memset(table->buckets, 0xff, table->capacity * sizeof(*table->buckets));
	table->changes_capacity = CHANGES_MIN;
	table->changes = mem_new(table->changes_capacity, sizeof(*table->changes));
	table->ended_first = table->ended_last = PROCESS_NONE;
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

static void each_of(const struct process_slot *slot, process_container_fn *each, void *context)
{
	if (slot->container)
		each(context, slot->container);
	if (slot->known && slot->known != slot->container)
		each(context, slot->known);
}

void process_each_container(const struct process_table *table, process_container_fn *each,
			    void *context)
{
	for (uint32_t i = 0; i < table->used; i++)
		each_of(&table->slots[i], each, context);
}

void process_each_running(const struct process_table *table, process_container_fn *each,
			  void *context)
{
	for (uint32_t i = 0; i < table->used; i++)
		if (table->slots[i].running)
			each_of(&table->slots[i], each, context);
}

const struct container *process_container(const struct process_table *table, uint32_t pid)
{
	uint32_t index = process_table_newest(table, pid);

	return index == PROCESS_NONE ? NULL : process_answer_resolve(table, index).container;
}

uint32_t process_table_begun_by(const struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t index = process_table_newest(table, pid);

	while (index != PROCESS_NONE && table->slots[index].start_ns > at_ns)
		index = process_table_older(table, index);
	return index;
}

/* Puts a slot between two of its bucket, either of which may be PROCESS_NONE: the bucket's ends. */
static void chain_put(struct process_table *table, uint32_t index, uint32_t newer, uint32_t older)
{
	struct process_slot *slot = &table->slots[index];

	slot->newer = newer;
	slot->older = older;
	if (newer == PROCESS_NONE)
		*process_table_bucket(table, slot->pid) = index;
	else
		table->slots[newer].older = index;
	if (older != PROCESS_NONE)
		table->slots[older].newer = index;
}

static void chain_remove(struct process_table *table, uint32_t index)
{
	const struct process_slot *slot = &table->slots[index];

	if (slot->newer == PROCESS_NONE)
		*process_table_bucket(table, slot->pid) = slot->older;
	else
		table->slots[slot->newer].older = slot->older;
	if (slot->older != PROCESS_NONE)
		table->slots[slot->older].newer = slot->newer;
}

void process_table_insert(struct process_table *table, uint32_t index)
{
	const struct process_slot *slot = &table->slots[index];
	uint32_t newer = PROCESS_NONE;
	uint32_t later = process_table_newest(table, slot->pid);

	for (; later != PROCESS_NONE && table->slots[later].start_ns > slot->start_ns;
	     later = process_table_older(table, later))
		newer = later;
	chain_put(table, index, newer,
		  newer == PROCESS_NONE ? *process_table_bucket(table, slot->pid)
					: table->slots[newer].older);
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
		uint32_t index = old_buckets[i], last = PROCESS_NONE;

		for (; index != PROCESS_NONE; index = table->slots[index].older)
			last = index;
		for (uint32_t newer; last != PROCESS_NONE; last = newer) {
			newer = table->slots[last].newer;
			chain_put(table, last, PROCESS_NONE,
				  *process_table_bucket(table, table->slots[last].pid));
		}
	}
	free(old_buckets);
}

void process_table_ended_push(struct process_table *table, uint32_t index)
{
	struct process_slot *slot = &table->slots[index];

	slot->in_ended = 1;
	slot->ended_again = 0;
	slot->next_ended = PROCESS_NONE;
	if (table->ended_last == PROCESS_NONE)
		table->ended_first = index;
	else
		table->slots[table->ended_last].next_ended = index;
	table->ended_last = index;
}

static void ended_pop(struct process_table *table)
{
	struct process_slot *slot = &table->slots[table->ended_first];

	table->ended_first = slot->next_ended;
	if (table->ended_first == PROCESS_NONE)
		table->ended_last = PROCESS_NONE;
	slot->in_ended = 0;
}

/* The lifetime that ended first, or PROCESS_NONE. Those that went on after all leave the queue, or
 * go to its back. */
static uint32_t ended_oldest(struct process_table *table)
{
	while (table->ended_first != PROCESS_NONE) {
		uint32_t index = table->ended_first;
		struct process_slot *slot = &table->slots[index];

		if (!slot->running && !slot->ended_again)
			return index;
		ended_pop(table);
		if (!slot->running)
			process_table_ended_push(table, index);
	}
	return PROCESS_NONE;
}

static uint32_t forget(struct process_table *table, uint32_t index)
{
	struct process_slot *slot = &table->slots[index];

	if (slot->running)
		table->dropped++;
	else
		ended_pop(table);
	chain_remove(table, index);
	*slot = (struct process_slot){.generation = slot->generation + 1};
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

uint32_t process_table_take(struct process_table *table)
{
	uint32_t ended = ended_oldest(table);

	if (ended != PROCESS_NONE && table->slots[ended].end_ns + PROCESS_KEPT_NS < table->now_ns)
		return forget(table, ended);
	if (table->used == table->capacity && table->capacity < PROCESS_MAX)
		grow(table);
	if (table->used < table->capacity) {
		table->slots[table->used] = (struct process_slot){0};
		return table->used++;
	}
	return ended != PROCESS_NONE ? forget(table, ended) : forget_running(table);
}
