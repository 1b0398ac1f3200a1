#include "report/runs.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "report/format.h"
#include "report/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Calls of one run that a line names. */
#define NAMED_MAX 8

/* The normal distribution holds 95 % within so many standard deviations. */
#define DEVIATIONS 1.959964

static void drop_first_run(struct runs *runs)
{
	free(runs->series);
	free(runs->hours);
	runs->series = NULL;
	runs->hours = NULL;
	runs->series_count = runs->hour_count = 0;
}

void runs_release(struct runs *runs)
{
	free(runs->calls);
	drop_first_run(runs);
	*runs = (struct runs){0};
}

static int compare_calls(const void *a, const void *b)
{
	const struct run_call *call_a = a, *call_b = b;

	if (call_a->arch != call_b->arch)
		return call_a->arch < call_b->arch ? -1 : 1;
	return (call_a->nr > call_b->nr) - (call_a->nr < call_b->nr);
}

/* NULL where there are too many. */
static struct run_call *call_for(struct runs *runs, uint32_t arch, int32_t nr)
{
	const struct run_call call = {.arch = arch, .nr = nr};
	size_t at;

	if (sorted_find(runs->calls, runs->call_count, sizeof(call), &call, compare_calls, &at))
		return &runs->calls[at];
	if (runs->call_count == RUNS_CALLS_MAX) {
		runs->too_many = true;
		return NULL;
	}
	runs->calls = sorted_insert(runs->calls, runs->call_count++, sizeof(call), at, &call);
	return &runs->calls[at];
}

/* The call was seen in the run at hand. */
static void see(struct runs *runs, uint32_t arch, int32_t nr)
{
	struct run_call *call = call_for(runs, arch, nr);

	if (!call || call->last == runs->count)
		return;
	call->last = runs->count;
	call->runs++;
	if (call->runs == 1)
		call->first = runs->count;
	else if (call->runs == 2)
		call->second = runs->count;
}

static void keep_series(struct runs *runs, const struct observation *observation)
{
	runs->series = mem_more(runs->series, runs->series_count, sizeof(*runs->series));
	runs->series[runs->series_count++] =
		(struct run_series){observation->series, observation->arch, observation->nr};
}

void runs_add(struct runs *runs, const struct observation *observation)
{
	if (!observation->has_arch)
		return;
	if (runs->count == 0 || observation->container_row != runs->container_row) {
		runs->count++;
		runs->container_row = observation->container_row;
	}
	if (runs->count == 1)
		keep_series(runs, observation);
	else if (runs->series || runs->hours)
		drop_first_run(runs);
	see(runs, observation->arch, observation->nr);
}

/* --- hours */

static int add_hour(size_t i, int64_t hour, void *context)
{
	struct runs *runs = context;
	const struct run_series *series = &runs->series[i];

	if (runs->hour_count == RUNS_HOURS_MAX)
		return 0;
	runs->hours = mem_more(runs->hours, runs->hour_count, sizeof(*runs->hours));
	runs->hours[runs->hour_count++] = (struct run_hour){hour, series->arch, series->nr};
	return 0;
}

int runs_read_hours(struct runs *runs, struct store *store, const struct selection *selection,
		    struct err *err)
{
	if (runs->series_count == 0)
		return 0;
	int64_t *numbers = mem_new(runs->series_count, sizeof(*numbers));

	for (size_t i = 0; i < runs->series_count; i++)
		numbers[i] = runs->series[i].number;
	int r = query_hours(store, selection, numbers, runs->series_count, add_hour, runs, err);

	free(numbers);
	free(runs->series);
	runs->series = NULL;
	runs->series_count = 0;
	return r;
}

static int compare_hours(const void *a, const void *b)
{
	const struct run_hour *hour_a = a, *hour_b = b;

	return (hour_a->hour > hour_b->hour) - (hour_a->hour < hour_b->hour);
}

void runs_finish(struct runs *runs)
{
	if (runs->count != 1 || runs->series_count)
		return;
	/* the hours are the runs now */
	runs->too_many |= runs->hour_count == RUNS_HOURS_MAX;
	runs->are_hours = true;
	runs->count = 0;
	runs->call_count = 0;
	if (runs->hour_count)
		qsort(runs->hours, runs->hour_count, sizeof(*runs->hours), compare_hours);
	for (size_t i = 0; i < runs->hour_count; i++) {
		runs->count += i == 0 || runs->hours[i].hour != runs->hours[i - 1].hour;
		see(runs, runs->hours[i].arch, runs->hours[i].nr);
	}
	drop_first_run(runs);
}

/* --- the estimate */

static int compare_pairs(const void *a, const void *b)
{
	const struct run_call *call_a = *(struct run_call *const *)a;
	const struct run_call *call_b = *(struct run_call *const *)b;

	if (call_a->first != call_b->first)
		return call_a->first < call_b->first ? -1 : 1;
	return (call_a->second > call_b->second) - (call_a->second < call_b->second);
}

/* How many different sets of so many runs there are that alone showed some call. */
static size_t count_sets(const struct runs *runs, uint32_t size, size_t *ret_calls)
{
	const struct run_call **calls = mem_new(runs->call_count, sizeof(*calls));
	size_t count = 0, sets = 0;

	for (size_t i = 0; i < runs->call_count; i++)
		if (runs->calls[i].runs == size)
			calls[count++] = &runs->calls[i];
	if (count)
		qsort(calls, count, sizeof(*calls), compare_pairs);
	for (size_t i = 0; i < count; i++)
		sets += i == 0 || compare_pairs(&calls[i - 1], &calls[i]) != 0;
	free(calls);
	*ret_calls = count;
	return sets;
}

/*
 * With n runs, g1 of them alone with a call and g2 pairs alone with one: g1 / n, with the variance
 * (g1 + 2 g2) / n^2 (Good, 1953). Upwards the limit is that of a score, which holds for small numbers,
 * too: where no run was alone it is 3.84 / n.
 */
struct run_chance runs_chance(const struct runs *runs)
{
	struct run_chance chance = {.once = 0};
	size_t ignored;
	double n = runs->count, alone = (double)count_sets(runs, 1, &chance.once);
	double variance = alone + 2 * (double)count_sets(runs, 2, &ignored);
	double half = DEVIATIONS * DEVIATIONS / 2;

	if (runs->count == 0)
		return (struct run_chance){.high = 1};
	chance.estimate = alone / n;
	chance.low = fmax(0, (alone - DEVIATIONS * sqrt(variance)) / n);
	chance.high = fmin(1, (alone + half + DEVIATIONS * sqrt(variance + half / 2)) / n);
	return chance;
}

/* --- for people and programs */

static bool can_be_said(const struct runs *runs)
{
	return runs->count && !runs->too_many;
}

static void put_once(const struct runs *runs, size_t once, struct buf *line)
{
	size_t named = 0;

	buf_format(line, "%zu of %zu call%s in one %s only", once, runs->call_count,
		   runs->call_count == 1 ? "" : "s", runs->are_hours ? "hour" : "run");
	for (size_t i = 0; i < runs->call_count && named < NAMED_MAX; i++) {
		if (runs->calls[i].runs != 1)
			continue;
		buf_put_str(line, named++ ? STR(", ") : STR(" ("));
		format_put_call(line, runs->calls[i].arch, runs->calls[i].nr);
	}
	if (once > named)
		buf_format(line, " and %zu more", once - named);
	buf_put_str(line, once ? STR(")") : STR(""));
}

/* The interval never becomes smaller by rounding. */
static int percent(double chance)
{
	return (int)(chance * 100 + 0.5);
}

static int percent_low(double chance)
{
	return (int)floor(chance * 100);
}

static int percent_high(double chance)
{
	return (int)ceil(chance * 100);
}

bool runs_put(const struct runs *runs, struct buf *line)
{
	struct run_chance chance = runs_chance(runs);
	const char *unit = runs->are_hours ? "hour" : "run";

	if (!can_be_said(runs))
		return false;
	buf_format(line, "%" PRIu32 " %s%s; ", runs->count, unit, runs->count == 1 ? "" : "s");
	if (runs->count > 1)
		put_once(runs, chance.once, line);
	bool is_open = percent_low(chance.low) == 0 && percent_high(chance.high) == 100;
	int estimate = percent(chance.estimate);

	if (runs->count == 1 || (is_open && (estimate == 0 || estimate == 100))) {
		buf_format(line, "%stoo few to estimate the chance of further calls",
			   runs->count > 1 ? "; " : "");
		return true;
	}
	buf_format(line,
		   "; chance that one more %s shows another call: %d%% (95%% interval %d%% to"
		   " %d%%)",
		   unit, estimate, percent_low(chance.low), percent_high(chance.high));
	return true;
}

static json_t *with_runs_json(const struct runs *runs, uint32_t count)
{
	json_t *names = json_array();

	for (size_t i = 0; i < runs->call_count; i++) {
		BUF_AUTO name = {0};

		if (runs->calls[i].runs != count)
			continue;
		format_put_call(&name, runs->calls[i].arch, runs->calls[i].nr);
		json_array_append_new(names, json_from_str(buf_str(&name)));
	}
	return json_pack("{s:I, s:o}", "runs", (json_int_t)count, "syscalls", names);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* Those that were not seen in each run. */
static json_t *partial_json(const struct runs *runs)
{
	uint32_t *numbers = mem_new(runs->call_count, sizeof(*numbers));
	json_t *list = json_array();

	for (size_t i = 0; i < runs->call_count; i++)
		numbers[i] = runs->calls[i].runs;
	if (runs->call_count)
		qsort(numbers, runs->call_count, sizeof(*numbers), compare_numbers);
	for (size_t i = 0; i < runs->call_count && numbers[i] < runs->count; i++)
		if (i == 0 || numbers[i] != numbers[i - 1])
			json_array_append_new(list, with_runs_json(runs, numbers[i]));
	free(numbers);
	return list;
}

json_t *runs_json(const struct runs *runs)
{
	struct run_chance chance = runs_chance(runs);

	if (!can_be_said(runs))
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:i, s:i, s:i, s:o}", "unit",
			 runs->are_hours ? "hour" : "run", "runs", (json_int_t)runs->count,
			 "syscalls", (json_int_t)runs->call_count, "once", (json_int_t)chance.once,
			 "chance_percent", percent(chance.estimate), "low_percent",
			 percent_low(chance.low), "high_percent", percent_high(chance.high),
			 "partial", partial_json(runs));
}

void runs_put_flat(const struct runs *runs, json_t *object)
{
	json_t *list = json_array();
	BUF_AUTO line = {0};

	if (runs_put(runs, &line))
		json_object_set_new(object, "seen", json_from_str(buf_str(&line)));
	for (size_t i = 0; line.n && i < runs->call_count; i++) {
		BUF_AUTO text = {0};

		if (runs->calls[i].runs == runs->count)
			continue;
		format_put_call(&text, runs->calls[i].arch, runs->calls[i].nr);
		buf_format(&text, " %" PRIu32 "/%" PRIu32, runs->calls[i].runs, runs->count);
		json_array_append_new(list, json_from_str(buf_str(&text)));
	}
	if (json_array_size(list))
		json_object_set(object, "seen_in_part", list);
	json_decref(list);
}
