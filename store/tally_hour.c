#include "store/tally_private.h"

#include "base/mem.h"
#include "store/hour.h"

#include <stdlib.h>

/* Merges minutes of one hour, already gathered in order, into its row. */
static int hour_merge(struct sql *sql, const struct tally_series *series, bool is_new,
		      const struct tally_closed *from, const struct tally_closed *to,
		      struct buf *packed, struct err *err)
{
	struct hour hour = {.count = 0};
	int64_t number = from->minute / 60;
	int result = is_new ? 0 : hour_load(sql, series->id, number, &hour, err);

	if (result < 0)
		return result;
	for (const struct tally_closed *at = from; at < to; at++)
		hour_add(&hour, at->minute, at->count, at->first, at->last);
	return hour_write(sql, series->id, number, &hour, packed, err);
}

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
	for (size_t i = from; i < from + series->closed; i++)
		closed_list_add(list, &tally->closed[tally->order[i]]);
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

static int series_write(struct tally *tally, struct sql *sql, size_t index,
			const struct closed_list *list, struct buf *packed, struct err *err)
{
	struct tally_series *series = &tally->series[index];
	bool is_new = tally->series_new[index];
	const struct tally_closed *minutes = list->closed;
	int result = is_new ? tally_row_series_add(tally, sql, series, err) : 0;

	for (size_t from = 0, to; from < list->count && result == 0; from = to) {
		uint32_t hour = minutes[from].minute / 60;

		for (to = from + 1; to < list->count && minutes[to].minute / 60 == hour;)
			to++;
		result = hour_merge(sql, series, is_new, minutes + from, minutes + to, packed, err);
	}
	tally->series_new[index] = false;
	series->closed = 0;
	series->count = 0;
	return result;
}

static int write_all(struct tally *tally, struct sql *sql, struct err *err)
{
	BUF_AUTO packed = {0};
	struct closed_list list = {0};
	size_t from = 0;
	int result = 0;

	for (size_t i = 0; i < tally->series_count && result == 0; i++) {
		const struct tally_series *series = &tally->series[i];
		size_t closed = series->closed;

		if (closed == 0 && series->count == 0)
			continue;
		gather(tally, series, from, &list);
		from += closed;
		result = series_write(tally, sql, i, &list, &packed, err);
	}
	free(list.closed);
	return result;
}

int tally_hour_write(struct tally *tally, struct sql *sql, struct err *err)
{
	order_closed(tally);
	int result = write_all(tally, sql, err);

	tally->closed_count = 0;
	/* What was new is on disk now: keys may be forgotten, and other rows may be found. */
	tally->no_series = false;
	return result;
}
