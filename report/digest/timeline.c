#include "report/digest/timeline.h"

#include "base/mem.h"
#include "ingest/action.h"

#include <stdlib.h>

#define HOUR_MS 3600000LL
#define DAY_MS  (24 * HOUR_MS)

/* As long as bars are hours: three days. */
#define HOURS_MAX 72

struct timeline_series {
	int64_t number;
	bool refused;
};

void timeline_release(struct timeline *timeline)
{
	free(timeline->series);
	free(timeline->bars);
	*timeline = (struct timeline){0};
}

void timeline_add(struct timeline *timeline, const struct observation *observation)
{
	timeline->series =
		mem_more(timeline->series, timeline->series_count, sizeof(*timeline->series));
	if (timeline->series_count == 0 || observation->first_ms < timeline->first_ms)
		timeline->first_ms = observation->first_ms;
	if (timeline->series_count == 0 || observation->last_ms > timeline->last_ms)
		timeline->last_ms = observation->last_ms;
	timeline->series[timeline->series_count++] = (struct timeline_series){
		.number = observation->series, .refused = action_refuses(observation->code)};
}

static int compare_series(const void *a, const void *b)
{
	const struct timeline_series *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

static int64_t begin_of(int64_t ms, int64_t unit)
{
	int64_t rest = ms % unit;

	return ms - (rest < 0 ? rest + unit : rest);
}

static void make_bars(struct timeline *timeline)
{
	int64_t days = (timeline->last_ms - begin_of(timeline->first_ms, DAY_MS)) / DAY_MS + 1;

	timeline->bar_ms = (days + TIMELINE_BARS_MAX - 1) / TIMELINE_BARS_MAX * DAY_MS;
	if (timeline->last_ms - timeline->first_ms < HOURS_MAX * HOUR_MS)
		timeline->bar_ms = HOUR_MS;
	timeline->first_ms =
		begin_of(timeline->first_ms, timeline->bar_ms > HOUR_MS ? DAY_MS : HOUR_MS);
	timeline->count = (size_t)((timeline->last_ms - timeline->first_ms) / timeline->bar_ms) + 1;
	timeline->bars = mem_new(timeline->count, sizeof(*timeline->bars));
}

static int add_hour(const struct series_hour *hour, void *context)
{
	struct timeline *timeline = context;
	const struct timeline_series key = {.number = hour->series};
	const struct timeline_series *series = timeline->last;
	int64_t at = hour->hour * HOUR_MS;

	if (!series || series->number != hour->series)
		series = bsearch(&key, timeline->series, timeline->series_count, sizeof(key),
				 compare_series);
	if (!series)
		return 0;
	timeline->last = series;
	timeline->rolled_up |= hour->last_ms - hour->first_ms >= HOUR_MS;
	if (at < timeline->first_ms)
		at = timeline->first_ms; /* a day that was rolled up begins before its first record */
	if (at > timeline->last_ms)
		return 0;
	struct timeline_bar *bar = &timeline->bars[(at - timeline->first_ms) / timeline->bar_ms];

	bar->records += hour->count;
	bar->refused += series->refused ? hour->count : 0;
	return 0;
}

/* Hours of days that were rolled up would stand at the days' beginnings. */
static void join_days(struct timeline *timeline)
{
	int64_t first_ms = begin_of(timeline->first_ms, DAY_MS);
	size_t count = 0;

	for (size_t i = 0; i < timeline->count; i++) {
		int64_t at = timeline->first_ms + (int64_t)i * HOUR_MS;
		size_t day = (size_t)((at - first_ms) / DAY_MS);
		struct timeline_bar bar = timeline->bars[i];

		timeline->bars[i] = (struct timeline_bar){0};
		timeline->bars[day].records += bar.records;
		timeline->bars[day].refused += bar.refused;
		count = day + 1;
	}
	timeline->count = count;
	timeline->first_ms = first_ms;
	timeline->bar_ms = DAY_MS;
}

int timeline_fill(struct timeline *timeline, struct store *store, struct err *err)
{
	if (timeline->series_count == 0)
		return 0;
	qsort(timeline->series, timeline->series_count, sizeof(*timeline->series), compare_series);
	make_bars(timeline);
	int r = query_every_hour(store, timeline->first_ms, timeline->last_ms, add_hour, timeline,
				 err);

	if (timeline->rolled_up && timeline->bar_ms == HOUR_MS)
		join_days(timeline);
	return r < 0 ? r : 0;
}
