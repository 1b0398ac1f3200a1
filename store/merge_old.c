#include "store/merge_old.h"

#include "store/hour.h"

#include <errno.h>

#define HOURS_OF_DAY 24
#define WHOLE_DAY    ((1u << HOURS_OF_DAY) - 1)

/* Counts can be added without overflow. */
#define COUNT_MAX ((int64_t)1 << 53)

static struct old_row row_of(sqlite3_stmt *row)
{
	return (struct old_row){
		.hour = sqlite3_column_int64(row, 4),
		.count = (uint64_t)sqlite3_column_int64(row, 0),
		.first_ms = sql_column_ms(row, 1),
		.last_ms = sql_column_ms(row, 2),
	};
}

bool old_day_add(struct old_day *day, sqlite3_stmt *row)
{
	struct old_row add = row_of(row);
	int64_t hours = add.hour % HOURS_OF_DAY == 0 ? HOURS_OF_DAY : 1;

	if (day->count == OLD_ROWS || add.count == 0 || add.count > COUNT_MAX ||
	    add.first_ms < add.hour * HOUR_MS || add.last_ms < add.first_ms ||
	    add.last_ms >= (add.hour + hours) * HOUR_MS)
		return false;
	day->rows[day->count++] = add;
	return true;
}

/* True if a row counts more than its hour. */
static bool has_whole_day(const struct old_day *day)
{
	return day->count && day->rows[0].last_ms >= (day->rows[0].hour + 1) * HOUR_MS;
}

/* All of the day as one row. */
static struct old_row sum_of(const struct old_day *day)
{
	struct old_row sum = {.hour = day->day * HOURS_OF_DAY};

	for (size_t i = 0; i < day->count; i++) {
		const struct old_row *row = &day->rows[i];

		if (sum.count == 0 || row->first_ms < sum.first_ms)
			sum.first_ms = row->first_ms;
		if (sum.count == 0 || row->last_ms > sum.last_ms)
			sum.last_ms = row->last_ms;
		sum.count += row->count;
	}
	return sum;
}

static bool same(const struct old_row *a, const struct old_row *b)
{
	return a->count == b->count && a->first_ms == b->first_ms && a->last_ms == b->last_ms;
}

/* What is known of both: the larger count, the earliest and the latest event. */
static struct old_row join(const struct old_row *ours, const struct old_row *theirs)
{
	return (struct old_row){
		.hour = ours->hour,
		.count = ours->count > theirs->count ? ours->count : theirs->count,
		.first_ms = ours->first_ms < theirs->first_ms ? ours->first_ms : theirs->first_ms,
		.last_ms = ours->last_ms > theirs->last_ms ? ours->last_ms : theirs->last_ms,
	};
}

static int load_ours(struct sql *sql, int64_t series, struct old_day *day, struct err *err)
{
	sqlite3_stmt *rows =
		SQL_GET(sql,
			"SELECT count, first, last, NULL, hour FROM hour WHERE series = ?1"
			" AND hour BETWEEN ?2 AND ?2 + 23 ORDER BY hour",
			err, sql_int(series), sql_int(day->day * HOURS_OF_DAY));
	int result;

	while ((result = sql_step(sql, rows, err)) > 0)
		day->rows[day->count++] = row_of(rows);
	sqlite3_reset(rows);
	return result;
}

/* Minutes are not kept: the horizon moves behind them. */
static int write_row(struct sql *sql, int64_t series, const struct old_row *row, struct err *err)
{
	const struct hour hour = {.rolled_up = true,
				  .count = row->count,
				  .first_ms = row->first_ms,
				  .last_ms = row->last_ms};

	return hour_write(sql, series, row->hour, &hour, NULL, err);
}

static int drop_row(struct sql *sql, int64_t series, const struct old_row *row, struct err *err)
{
	return hour_write(sql, series, row->hour, &(struct hour){.count = 0}, NULL, err);
}

/* Of one of the two nothing but the total of the day is known. A larger count of theirs replaces
 * hours of ours, which could not be told from its own. */
static int merge_whole_day(struct sql *sql, int64_t series, const struct old_day *ours,
			   const struct old_row *theirs, uint64_t *ret_added, uint32_t *ret_minima,
			   struct err *err)
{
	const struct old_row sum = sum_of(ours);
	const struct old_row joined = join(&sum, theirs);
	int result = 0;

	if (same(&sum, theirs))
		return 0;
	*ret_minima = WHOLE_DAY;
	if (theirs->count <= sum.count && !has_whole_day(ours))
		return 0;
	*ret_added = joined.count - sum.count;
	for (size_t i = 0; i < ours->count && result == 0; i++)
		result = drop_row(sql, series, &ours->rows[i], err);
	return result == 0 ? write_row(sql, series, &joined, err) : result;
}

static int merge_row(struct sql *sql, int64_t series, const struct old_day *ours,
		     const struct old_row *theirs, uint64_t *ret_added, uint32_t *ret_minima,
		     struct err *err)
{
	const struct old_row *row = ours->rows, *end = ours->rows + ours->count;

	while (row < end && row->hour != theirs->hour)
		row++;
	if (row == end) {
		*ret_added += theirs->count;
		return write_row(sql, series, theirs, err);
	}
	if (same(row, theirs))
		return 0;
	const struct old_row joined = join(row, theirs);

	*ret_minima |= 1u << theirs->hour % HOURS_OF_DAY;
	*ret_added += joined.count - row->count;
	return same(row, &joined) ? 0 : write_row(sql, series, &joined, err);
}

int old_day_merge(struct sql *sql, int64_t series, const struct old_day *theirs,
		  uint64_t *ret_added, uint32_t *ret_minima, struct err *err)
{
	struct old_day ours = {.day = theirs->day};
	int result = load_ours(sql, series, &ours, err);

	*ret_added = 0;
	*ret_minima = 0;
	if (result == 0 && ours.count && (has_whole_day(&ours) || has_whole_day(theirs))) {
		const struct old_row sum = sum_of(theirs);

		return merge_whole_day(sql, series, &ours, &sum, ret_added, ret_minima, err);
	}
	for (size_t i = 0; i < theirs->count && result == 0; i++)
		result =
			merge_row(sql, series, &ours, &theirs->rows[i], ret_added, ret_minima, err);
	return result;
}
