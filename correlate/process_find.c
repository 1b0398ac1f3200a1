#include "correlate/process_private.h"

/* A lifetime's end and a stamp come from two clocks. */
static bool had_ended(const struct process_slot *slot, int64_t at_ns)
{
	return !slot->running && slot->end_ns + PROCESS_CLOCKS_NS < at_ns;
}

/* How much of the first tick after a stamp a lifetime had. */
static int64_t share_of_tick(const struct process_slot *slot, int64_t at_ns, int64_t tick_ns)
{
	int64_t from = slot->start_ns > at_ns ? slot->start_ns : at_ns;
	int64_t to =
		slot->running || slot->end_ns > at_ns + tick_ns ? at_ns + tick_ns : slot->end_ns;

	return to - from;
}

/* The latest that began within the slack of a stamp, or one before it that had not ended by from_ns
 * and fits better: a pid may be used again within the slack. */
static uint32_t best_at(const struct process_table *table, uint32_t pid, int64_t at_ns,
			int64_t from_ns, int64_t slack_ns)
{
	uint32_t best = process_table_begun_by(table, pid, at_ns + slack_ns);

	if (best == PROCESS_NONE || table->slots[best].start_ns <= from_ns)
		return best;
	int64_t share = share_of_tick(&table->slots[best], from_ns, slack_ns / 3);
	uint32_t index = process_table_older(table, best);

	for (; index != PROCESS_NONE && table->slots[index].end_ns >= from_ns;
	     index = process_table_older(table, index)) {
		int64_t other = share_of_tick(&table->slots[index], from_ns, slack_ns / 3);

		if (other < share)
			continue;
		best = index;
		share = other;
	}
	return best;
}

/*
 * The least time that a record may be of. Stamps stand still for a tick, but records come in about
 * the order in which they were made: none is from before the fork of a process that had one
 * earlier.
 */
static int64_t least_time(const struct process_table *table, int64_t at_ns, int64_t slack_ns)
{
	bool is_of_now = table->told_ns > at_ns && table->told_ns <= at_ns + slack_ns;

	return is_of_now ? table->told_ns : at_ns;
}

/* A record was found to be of that lifetime: if no other came into question, its fork was before. */
static void tell(struct process_table *table, uint32_t index, int64_t at_ns)
{
	const struct process_slot *slot = &table->slots[index];
	uint32_t older = process_table_older(table, index);

	if (slot->start_cut || slot->start_unknown || slot->restored ||
	    slot->start_ns <= table->told_ns)
		return;
	if (older == PROCESS_NONE || table->slots[older].end_ns < at_ns)
		table->told_ns = slot->start_ns;
}

/* Ended before events were lost, and the record came after that: perhaps of the pid's next. */
static bool is_doubtful(const struct process_table *table, const struct process_slot *slot,
			int64_t at_ns, int64_t slack_ns)
{
	return process_table_is_gone(table, slot) && at_ns > slot->end_ns + slack_ns;
}

/* The first that was forked between the two, or PROCESS_NONE. Of one that /proc or the store told
 * of it is not known whether the pid had others before it. */
static uint32_t forked_between(const struct process_table *table, uint32_t pid, int64_t after_ns,
			       int64_t until_ns)
{
	uint32_t first = PROCESS_NONE, index = process_table_begun_by(table, pid, until_ns);

	for (; index != PROCESS_NONE && table->slots[index].start_ns > after_ns;
	     index = process_table_older(table, index))
		first = index;
	if (first == PROCESS_NONE)
		return PROCESS_NONE;
	const struct process_slot *slot = &table->slots[first];

	return slot->start_cut || slot->start_unknown || slot->restored ? PROCESS_NONE : first;
}

/*
 * The lifetime that a record is of, or PROCESS_NONE. Where the pid was nobody's at the stamp, the
 * clock stood still for longer than the slack, and it is the next one's. Not so where events were
 * lost since: there may have been another between.
 */
static uint32_t lifetime_at(const struct process_table *table, uint32_t pid, int64_t at_ns,
			    int64_t slack_ns)
{
	int64_t from_ns = least_time(table, at_ns, slack_ns);
	uint32_t index = best_at(table, pid, at_ns, from_ns, slack_ns);
	bool is_nobodys = index == PROCESS_NONE || had_ended(&table->slots[index], at_ns);
	uint32_t next = is_nobodys && at_ns >= table->lost_ns
				? forked_between(table, pid, at_ns, at_ns + PROCESS_STALE_NS)
				: PROCESS_NONE;

	return next == PROCESS_NONE ? index : next;
}

void process_find(struct process_table *table, uint32_t pid, int64_t at_ns, int64_t slack_ns,
		  struct belonging *ret_belonging)
{
	uint32_t index = lifetime_at(table, pid, at_ns, slack_ns);

	*ret_belonging = (struct belonging){0};
	if (index == PROCESS_NONE || is_doubtful(table, &table->slots[index], at_ns, slack_ns))
		return;
	struct process_answer answer = process_answer_refresh(table, index);
	struct process_slot *slot = &table->slots[index];

	slot->needed = 1;
	if (slack_ns)
		tell(table, index, at_ns);
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
