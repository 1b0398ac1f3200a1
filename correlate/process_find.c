#include "correlate/choice.h"
#include "correlate/process_private.h"

/* Lifetimes of one pid that are looked at. With kernel.pid_max at its least a pid comes again every
 * 300 forks: at 10,000 a second so many are on file within the time that matters. */
#define CANDIDATES_MAX 64

static bool is_forked(const struct process_slot *slot)
{
	return !slot->start_cut && !slot->start_unknown && !slot->restored;
}

static struct choice_candidate candidate_of(const struct process_slot *slot)
{
	return (struct choice_candidate){
		.start_ns = slot->start_ns,
		.end_ns = slot->end_ns,
		.running = slot->running,
		.forked = is_forked(slot),
	};
}

/* A record was found to be of that lifetime: if no other came into question, its fork was before. */
static void tell(struct process_table *table, uint32_t index, int64_t at_ns)
{
	const struct process_slot *slot = &table->slots[index];
	uint32_t older = process_table_older(table, index);

	if (!is_forked(slot) || slot->start_ns <= table->told_ns)
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

/* The lifetime that a record is of, or PROCESS_NONE. */
static uint32_t lifetime_at(const struct process_table *table, uint32_t pid, int64_t at_ns,
			    int64_t slack_ns)
{
	const struct choice_record record = {
		.at_ns = at_ns,
		.slack_ns = slack_ns,
		.forked_ns = table->told_ns,
		.lost_ns = table->lost_ns,
	};
	struct choice_candidate candidates[CANDIDATES_MAX];
	uint32_t indices[CANDIDATES_MAX];
	size_t count = 0;
	uint32_t index = process_table_begun_by(table, pid, at_ns + PROCESS_STALE_NS);

	for (; index != PROCESS_NONE && count < CANDIDATES_MAX;
	     index = process_table_older(table, index)) {
		indices[count] = index;
		candidates[count++] = candidate_of(&table->slots[index]);
		/* nobody before one that had ended at the stamp comes into question */
		if (!table->slots[index].running && table->slots[index].end_ns < at_ns)
			break;
	}
	size_t chosen = choice_of(candidates, count, &record);

	return chosen == CHOICE_NONE ? PROCESS_NONE : indices[chosen];
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
	const struct choice_candidate candidate = candidate_of(slot);

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
		.over = choice_had_ended(&candidate, at_ns),
		.start_ns = slot->start_ns,
	};
}
