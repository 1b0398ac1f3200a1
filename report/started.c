#include "report/started.h"

void started_add_container(struct started *started)
{
	started->known++;
}

static void end_container(struct started *started)
{
	if (started->row && started->is_set_up && started->first_ms >= started->set_up_ms) {
		if (started->seen++ == 0 || started->set_up_ms < started->began_ms)
			started->began_ms = started->set_up_ms;
	}
	started->row = 0;
}

static void begin_container(struct started *started, const struct observation *observation)
{
	end_container(started);
	started->row = observation->container_row;
	started->first_ms = observation->first_ms;
	started->is_set_up = false;
}

void started_add(struct started *started, const struct observation *observation)
{
	if (observation->attribution != ATTRIBUTION_CONTAINER || !observation->container_row) {
		started->others = true;
		return;
	}
	if (started->row != observation->container_row)
		begin_container(started, observation);
	if (observation->first_ms < started->first_ms)
		started->first_ms = observation->first_ms;
	if (observation->phase != PHASE_SETUP || observation->source != SOURCE_NETLINK)
		return;
	if (!started->is_set_up || observation->first_ms < started->set_up_ms)
		started->set_up_ms = observation->first_ms;
	started->is_set_up = true;
}

int64_t started_ms(struct started *started)
{
	end_container(started);
	if (started->others || started->seen == 0 || started->seen != started->known)
		return INT64_MIN;
	return started->began_ms - STARTED_BEFORE_MS;
}

bool started_concerns(int64_t began_ms, const struct loss *loss)
{
	return !loss->has_until || loss->until_ms >= began_ms;
}
