#include "store/tally_private.h"

#include "base/mem.h"
#include "store/hour.h"

#include <stdlib.h>

/* So many series ahead memory is asked for. */
#define SOON 4

struct counted {
	uint32_t minute, count;
	uint16_t first, last;
};

struct counted_list {
	struct counted *all;
	size_t count, size;
};

static int compare_counted(const void *left, const void *right)
{
	const struct counted *a = left, *b = right;

	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

static void counted_add(struct counted_list *list, const struct counted *counted)
{
	if (list->count == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->all = mem_resize(list->all, list->size * sizeof(*list->all));
	}
	list->all[list->count++] = *counted;
}

/* The minutes of a chunk, the last one first. */
static void chunk_read(const struct tally_chunk *chunk, struct counted_list *list)
{
	for (unsigned i = chunk->used; i-- > 0;) {
		const struct tally_slot *slot = &chunk->slots[i];
		struct counted counted = {.minute = chunk->base + (uint32_t)slot->minute,
					  .count = slot->count,
					  .first = slot->first,
					  .last = slot->last};

		if (slot->count == 0)
			memcpy(&counted.count, &chunk->slots[--i], sizeof(counted.count));
		counted_add(list, &counted);
	}
}

/* The series' minutes, the one at hand included, in order of time. */
static void gather(const struct tally *tally, const struct tally_series *series,
		   struct counted_list *list)
{
	bool ordered = true;

	list->count = 0;
	if (series->count)
		counted_add(list, &(struct counted){.minute = series->minute,
						    .count = series->count,
						    .first = series->first,
						    .last = series->last});
	for (uint32_t at = series->chunk; at; at = tally->chunks[at - 1].before)
		chunk_read(&tally->chunks[at - 1], list);
	for (size_t i = 0, j = list->count; i + 1 < j--; i++) {
		struct counted last = list->all[j];

		list->all[j] = list->all[i];
		list->all[i] = last;
	}
	for (size_t i = 1; i < list->count; i++)
		ordered &= list->all[i - 1].minute < list->all[i].minute;
	if (!ordered)
		qsort(list->all, list->count, sizeof(*list->all), compare_counted);
}

/* The hours to be written, series by series. */
struct hours {
	struct tally *tally;
	struct sql *sql;
	bool noted;               /* each is noted as changed */
	size_t at;                /* the series at hand */
	struct counted_list list; /* its minutes */
	size_t list_at;           /* of those, the next one to be written */
	struct buf packed;
};

/* The minutes of the series at hand are all written. */
static void series_end(struct hours *hours)
{
	struct tally_series *series = &hours->tally->series[hours->at];

	hours->tally->series_new[hours->at] = false;
	series->chunk = 0;
	series->count = 0;
	hours->at++;
}

/* Goes to the first minute of the next series that has any. */
static bool series_begin(struct hours *hours)
{
	struct tally *tally = hours->tally;

	for (; hours->at < tally->series_count; hours->at++) {
		const struct tally_series *series = &tally->series[hours->at];

		if (!series->chunk && series->count == 0)
			continue;
		if (hours->at + SOON < tally->series_count && series[SOON].chunk)
			__builtin_prefetch(&tally->chunks[series[SOON].chunk - 1]);
		gather(tally, series, &hours->list);
		hours->list_at = 0;
		return true;
	}
	return false;
}

/* Takes the minutes of one hour, which is merged with its row; returns the hour. */
static int hour_take_next(struct hours *hours, struct hour *hour, int64_t *ret_number,
			  struct err *err)
{
	const struct counted_list *list = &hours->list;
	const struct tally_series *series = &hours->tally->series[hours->at];
	uint32_t number = list->all[hours->list_at].minute / 60;
	int result = 0;

	*hour = (struct hour){.count = 0};
	*ret_number = number;
	if (!hours->tally->series_new[hours->at])
		result = hour_load(hours->sql, series->id, number, hour, err);
	while (hours->list_at < list->count && list->all[hours->list_at].minute / 60 == number) {
		const struct counted *at = &list->all[hours->list_at++];

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
	free(hours.list.all);
	buf_release(&hours.packed);
	return result;
}

int tally_hour_write(struct tally *tally, struct sql *sql, struct err *err)
{
	int result = write_all(tally, sql, err);

	tally->chunk_count = tally->closed_count = tally->open_count = 0;
	/* What was new is on disk now: keys may be forgotten, and other rows may be found. */
	tally->no_series = false;
	return result;
}
