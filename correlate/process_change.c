#include "correlate/process_private.h"

#include "base/mem.h"

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
	const struct process_change *change = &table->changes[table->changes_first];
	struct process_slot *slot = &table->slots[change->index];

	if (slot->generation == change->generation)
		slot->in_changes = 0;
	table->changes_first = (table->changes_first + 1) % table->changes_capacity;
	table->changes_count--;
}

void process_change_push(struct process_table *table, uint32_t index)
{
	struct process_slot *slot = &table->slots[index];

	if (slot->in_changes)
		return;
	if (table->changes_count == PROCESS_CHANGES_MAX)
		changes_pop(table);
	else if (table->changes_count == table->changes_capacity)
		changes_grow(table);
	slot->in_changes = 1;
	table->changes[(table->changes_first + table->changes_count++) % table->changes_capacity] =
		(struct process_change){index, slot->generation};
}

/* Returns what each does, 0 for what is no news after all. */
static int give_change(struct process_table *table, const struct process_change *change,
		       lifetime_fn *each, void *context)
{
	const struct process_slot *slot = &table->slots[change->index];

	/* of a set-up process the command line will be read again, which a container's own
	 * processes are not asked for */
	if (slot->generation != change->generation || slot->is_setup)
		return 0;
	struct process_answer answer = process_answer_resolve(table, change->index);

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
		struct process_change change = table->changes[table->changes_first];
		int result = give_change(table, &change, each, context);

		if (result)
			return result;
		changes_pop(table);
	}
	return 0;
}
