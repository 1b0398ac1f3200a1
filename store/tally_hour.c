#include "store/tally_private.h"

#include "base/mem.h"
#include "store/hour.h"

#include <stdlib.h>

/* So many minutes ahead memory is asked for. */
#define SOON 12

static int compare_closed(const void *left, const void *right)
{
	const struct tally_closed *a = left, *b = right;

	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

/*
 * Orders the closed minutes by series: a counting sort, whose memory accesses do not wait for
 * each other as those along a list would.
 */
static void order_closed(struct tally *tally)
{
	uint32_t *at = mem_new(tally->series_count, sizeof(*at));
	uint32_t next = 0;

	for (size_t i = 0; i < tally->series_count; i++) {
		at[i] = next;
		next += tally->series[i].closed;
	}
	for (size_t i = 0; i < tally->closed_count; i++)
		tally->order[at[tally->closed[i].series]++] = (uint32_t)i;
	free(at);
}

struct closed_list {
	struct tally_closed *closed;
	size_t count, size;
};

static void closed_list_add(struct closed_list *list, const struct tally_closed *closed)
{
	if (list->count == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->closed = mem_resize(list->closed, list->size * sizeof(*list->closed));
	}
	list->closed[list->count++] = *closed;
}

/* The series' minutes, the one at hand included, in order of time. `from` is where the series'
 * closed ones begin in the order. */
static void gather(const struct tally *tally, const struct tally_series *series, size_t from,
		   struct closed_list *list)
{
	bool ordered = true;

	list->count = 0;
	for (size_t i = from; i < from + series->closed; i++) {
		if (i + SOON < tally->closed_count) /* each lies somewhere else */
			__builtin_prefetch(&tally->closed[tally->order[i + SOON]]);
		closed_list_add(list, &tally->closed[tally->order[i]]);
	}
	if (series->count)
		closed_list_add(list, &(struct tally_closed){.minute = series->minute,
							     .count = series->count,
							     .first = series->first,
							     .last = series->last});
	for (size_t i = 1; i < list->count; i++)
		ordered &= list->closed[i - 1].minute < list->closed[i].minute;
	if (!ordered)
		qsort(list->closed, list->count, sizeof(*list->closed), compare_closed);
}

/* The hours to be written, series by series. */
struct hours {
	struct tally *tally;
	struct sql *sql;
	bool noted;              /* each is noted as changed */
	size_t at;               /* the series at hand */
	size_t closed;           /* where its closed minutes begin in the order */
	struct closed_list list; /* its minutes */
	size_t list_at;          /* of those, the next one to be written */
	struct buf packed;
};

/* The minutes of the series at hand are all written. */
static void series_end(struct hours *hours)
{
	struct tally_series *series = &hours->tally->series[hours->at];

	hours->tally->series_new[hours->at] = false;
	hours->closed += series->closed;
	series->closed = 0;
	series->count = 0;
	hours->at++;
}

/* Goes to the first minute of the next series that has any. */
static bool series_begin(struct hours *hours)
{
	struct tally *tally = hours->tally;

	for (; hours->at < tally->series_count; hours->at++) {
		const struct tally_series *series = &tally->series[hours->at];

		if (series->closed == 0 && series->count == 0)
			continue;
		gather(tally, series, hours->closed, &hours->list);
		hours->list_at = 0;
		return true;
	}
	return false;
}

/* Takes the minutes of one hour, which is merged with its row; returns the hour. */
static int hour_take_next(struct hours *hours, struct hour *hour, int64_t *ret_number,
			  struct err *err)
{
	const struct closed_list *list = &hours->list;
	const struct tally_series *series = &hours->tally->series[hours->at];
	uint32_t number = list->closed[hours->list_at].minute / 60;
	int result = 0;

	*hour = (struct hour){.count = 0};
	*ret_number = number;
	if (!hours->tally->series_new[hours->at])
		result = hour_load(hours->sql, series->id, number, hour, err);
	while (hours->list_at < list->count && list->closed[hours->list_at].minute / 60 == number) {
		const struct tally_closed *at = &list->closed[hours->list_at++];

		hour_add(hour, at->minute, at->count, at->first, at->last);
	}
	if (result == 0 && hours->noted)
		result = hour_note(hours->sql, series->id, number, err);
	return result;
}

/* What has a row is written to it at once; the next one that has none is given. */
static int next_hour(void *context, struct sql_value row[ROWS_COLUMNS], struct err *err)
{
	struct hours *hours = context;
	struct hour hour;
	int64_t number;

	for (;;) {
		if (hours->list_at == hours->list.count) {
			if (hours->list.count)
				series_end(hours);
			hours->list.count = hours->list_at = 0;
			if (!series_begin(hours))
				return 0;
		}
		int64_t series = hours->tally->series[hours->at].id;
		int result = hour_take_next(hours, &hour, &number, err);

		if (result < 0)
			return result;
		hour_row(series, number, &hour, &hours->packed, row);
		if (!hour.on_file)
			return 1;
		result = hour_put(hours->sql, row, err);
		if (result < 0)
			return result;
	}
}

static int write_all(struct tally *tally, struct sql *sql, struct err *err)
{
	struct hours hours = {.tally = tally, .sql = sql};
	int result = hour_is_noted(sql, err);

	hours.noted = result > 0;
	if (result >= 0)
		result = tally_row_series_add(tally, sql, 0, tally->series_count, true, err);
	if (result == 0)
		result = rows_put(
			sql,
			"INSERT OR FAIL INTO hour (series, hour, count, first, last, minutes)  SELECT a, b, c, d, e, f FROM rows",
			next_hour, &hours, err);
	free(hours.list.closed);
	buf_release(&hours.packed);
	return result;
}

int tally_hour_write(struct tally *tally, struct sql *sql, struct err *err)
{
	order_closed(tally);
	int result = write_all(tally, sql, err);

	tally->closed_count = tally->open_count = 0;
	/* What was new is on disk now: keys may be forgotten, and other rows may be found. */
	tally->no_series = false;
	return result;
}
