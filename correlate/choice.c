#include "correlate/choice.h"

/* How far two clocks that were read one after the other may be apart. */
#define CLOCKS_NS (2 * INT64_C(1000000))

bool choice_had_ended(const struct choice_candidate *candidate, int64_t at_ns)
{
	return !candidate->running && candidate->end_ns + CLOCKS_NS < at_ns;
}

int64_t choice_least_ns(const struct choice_record *record)
{
	bool is_of_now = record->forked_ns > record->at_ns &&
			 record->forked_ns <= record->at_ns + record->slack_ns;

	return is_of_now ? record->forked_ns : record->at_ns;
}

/* How much of the first tick after a time it had. */
static int64_t share_of_tick(const struct choice_candidate *candidate, int64_t from_ns,
			     int64_t tick_ns)
{
	int64_t from = candidate->start_ns > from_ns ? candidate->start_ns : from_ns;
	int64_t to = candidate->running || candidate->end_ns > from_ns + tick_ns
			     ? from_ns + tick_ns
			     : candidate->end_ns;

	return to - from;
}

static size_t best_within_slack(const struct choice_candidate *candidates, size_t count,
				const struct choice_record *record)
{
	int64_t from_ns = choice_least_ns(record), tick_ns = record->slack_ns / 3;
	size_t best = 0;

	while (best < count && candidates[best].start_ns > record->at_ns + record->slack_ns)
		best++;
	if (best == count)
		return CHOICE_NONE;
	if (candidates[best].start_ns <= from_ns)
		return best;
	for (size_t i = best + 1; i < count && candidates[i].end_ns >= from_ns; i++)
		if (share_of_tick(&candidates[i], from_ns, tick_ns) >=
		    share_of_tick(&candidates[best], from_ns, tick_ns))
			best = i;
	return best;
}

/* The first that was forked after the stamp. */
static size_t next_fork(const struct choice_candidate *candidates, size_t count,
			const struct choice_record *record)
{
	size_t after = 0;

	while (after < count && candidates[after].start_ns > record->at_ns)
		after++;
	return after && candidates[after - 1].forked ? after - 1 : CHOICE_NONE;
}

size_t choice_of(const struct choice_candidate *candidates, size_t count,
		 const struct choice_record *record)
{
	size_t best = best_within_slack(candidates, count, record);

	if (record->at_ns < record->lost_ns ||
	    (best != CHOICE_NONE && !choice_had_ended(&candidates[best], record->at_ns)))
		return best;
	size_t next = next_fork(candidates, count, record);

	return next == CHOICE_NONE ? best : next;
}
