#include "ingest/serials.h"

static void done(struct serials *serials, struct serial_run run)
{
	serials->done[serials->count++] = run;
}

static void begin(struct serials *serials, uint32_t serial, int64_t ms, bool is_other)
{
	serials->run = serial_run_of(serial, ms, is_other);
	serials->growing = true;
}

static void widen(struct serial_run *run, int64_t ms, bool is_other)
{
	run->first_ms = ms < run->first_ms ? ms : run->first_ms;
	run->last_ms = ms > run->last_ms ? ms : run->last_ms;
	run->other |= is_other;
}

/* The run grows by the serials behind it that are there. */
static void grow(struct serials *serials)
{
	struct serial_run *run = &serials->run;

	for (; serials->ahead & 1; serials->ahead >>= 1) {
		uint32_t serial = run->last + 1;
		int64_t ms = serials->ahead_ms[serial % SERIALS_AHEAD];

		if (serial == 0 || ms < run->last_ms - SERIAL_SLACK_MS) {
			done(serials, *run);
			begin(serials, serial, ms, run->other);
			continue;
		}
		run->last = serial;
		widen(run, ms, false);
	}
}

/* What is missing behind the run does not come any more: the next one begins behind it. */
static void skip(struct serials *serials)
{
	bool is_other = serials->run.other;

	done(serials, serials->run);
	serials->growing = false;
	if (!serials->ahead)
		return;
	unsigned gap = (unsigned)__builtin_ctzll(serials->ahead);
	uint32_t serial = serials->run.last + 1 + gap;

	begin(serials, serial, serials->ahead_ms[serial % SERIALS_AHEAD], is_other);
	serials->ahead = serials->ahead >> gap >> 1;
	grow(serials);
}

void serials_note(struct serials *serials, uint32_t serial, int64_t ms, bool is_other)
{
	struct serial_run *run = &serials->run;
	uint32_t ahead = serial - run->last - 1;
	int64_t *at = &serials->ahead_ms[serial % SERIALS_AHEAD];

	while (serials->growing && ahead >= SERIALS_AHEAD && ahead <= INT32_MAX) {
		skip(serials);
		ahead = serial - run->last - 1;
	}
	if (!serials->growing) {
		begin(serials, serial, ms, is_other);
	} else if (ahead < SERIALS_AHEAD && (!(serials->ahead >> ahead & 1) || *at == ms)) {
		serials->ahead |= (uint64_t)1 << ahead;
		*at = ms;
		run->other |= is_other;
		grow(serials);
	} else if (serial - run->first <= run->last - run->first &&
		   ms >= run->first_ms - SERIAL_SLACK_MS && ms <= run->last_ms + SERIAL_SLACK_MS) {
		widen(run, ms, is_other);
	} else { /* late, or of another time */
		done(serials, serial_run_of(serial, ms, is_other));
	}
}

void serials_end(struct serials *serials)
{
	while (serials->growing)
		skip(serials);
}
