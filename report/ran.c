#include "report/ran.h"

void ran_add_container(struct ran *ran, int64_t ended_ms)
{
	ran->known++;
	ran->ended += ended_ms != 0;
	if (ended_ms > ran->ended_ms)
		ran->ended_ms = ended_ms;
}

static void end_container(struct ran *ran)
{
	if (ran->row && ran->is_set_up && ran->first_ms >= ran->set_up_ms) {
		if (ran->seen++ == 0 || ran->set_up_ms < ran->began_ms)
			ran->began_ms = ran->set_up_ms;
	}
	ran->row = 0;
}

static void begin_container(struct ran *ran, const struct observation *observation)
{
	end_container(ran);
	ran->row = observation->container_row;
	ran->first_ms = observation->first_ms;
	ran->is_set_up = false;
}

void ran_add(struct ran *ran, const struct observation *observation)
{
	if (observation->attribution != ATTRIBUTION_CONTAINER || !observation->container_row) {
		ran->others = true;
		return;
	}
	if (ran->row != observation->container_row)
		begin_container(ran, observation);
	if (observation->last_ms > ran->last_ms)
		ran->last_ms = observation->last_ms;
	if (observation->first_ms < ran->first_ms)
		ran->first_ms = observation->first_ms;
	if (observation->phase != PHASE_SETUP || observation->source != SOURCE_NETLINK)
		return;
	if (!ran->is_set_up || observation->first_ms < ran->set_up_ms)
		ran->set_up_ms = observation->first_ms;
	ran->is_set_up = true;
}

struct ran_span ran_span(struct ran *ran)
{
	struct ran_span span = {INT64_MIN, INT64_MAX};

	end_container(ran);
	if (ran->others || ran->known == 0)
		return span;
	if (ran->seen == ran->known)
		span.since_ms = ran->began_ms - RAN_BEFORE_MS;
	if (ran->ended == ran->known && ran->last_ms <= ran->ended_ms)
		span.until_ms = ran->ended_ms;
	return span;
}

bool ran_concerns(struct ran *ran, const struct loss *loss)
{
	struct ran_span span = ran_span(ran);

	return (!loss->has_until || loss->until_ms >= span.since_ms) &&
	       (!loss->has_since || loss->since_ms <= span.until_ms);
}
