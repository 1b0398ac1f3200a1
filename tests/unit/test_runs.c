/*
 * Runs: made-up workloads whose calls have known probabilities. The truth, the chance that one more run
 * shows a call that was not seen, is computed from these probabilities and from what was drawn, here.
 */
#include "report/runs.h"

#include <linux/audit.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PATHS_MAX 100
#define TRIALS    1500

/* A workload takes each of its paths in a run or not; a path makes calls of its own. */
struct workload {
	const char *name;
	size_t paths, calls;   /* calls of each path */
	double rate;           /* a path is taken in so many of the runs */
	bool is_per_run_count; /* rate is by the number of runs: how often a path is taken in all */
	bool falls;            /* the next path is rarer: rate / 1, / 2, / 3 ... */
};

static const struct workload workloads[] = {
	{"one usual path", 1, 1, 0.5, false, false},
	{"one rare path", 1, 1, 0.02, false, false},
	{"many rare paths", 100, 1, 0.01, false, false},
	{"few paths, each taken about once", 6, 1, 1, true, false},
	{"paths of five calls, each taken about once", 10, 5, 1, true, false},
	{"many paths, each taken about twice", 20, 1, 2, true, false},
	{"some usual, some rare", 100, 2, 1, false, true},
};

static const uint32_t counts[] = {1, 2, 3, 5, 10, 30, 100};

/* xorshift64* (Vigna, 2016); the seed is fixed, so that each run of the test is the same. */
static double draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)(*state * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

static double rate_of(const struct workload *workload, size_t path, uint32_t runs)
{
	double rate = workload->is_per_run_count ? workload->rate / runs : workload->rate;

	return fmin(1, workload->falls ? rate / (double)(path + 1) : rate);
}

static void add(struct runs *runs, int64_t run, int32_t nr)
{
	const struct observation observation = {
		.series = nr + 1,
		.container_row = run,
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = nr,
		.count = 1,
	};

	runs_add(runs, &observation);
}

/* Draws the runs; returns the chance that the next one takes a path that none of them took. */
static double record(const struct workload *workload, uint32_t count, uint64_t *random,
		     struct runs *runs)
{
	bool taken[PATHS_MAX] = {false};
	double known = 1;

	for (uint32_t run = 1; run <= count; run++) {
		add(runs, run, 0); /* each run makes that one */
		for (size_t path = 0; path < workload->paths; path++) {
			if (draw(random) >= rate_of(workload, path, count))
				continue;
			taken[path] = true;
			for (size_t call = 0; call < workload->calls; call++)
				add(runs, run, (int32_t)(1 + path * workload->calls + call));
		}
	}
	for (size_t path = 0; path < workload->paths; path++)
		known *= taken[path] ? 1 : 1 - rate_of(workload, path, count);
	return 1 - known;
}

static void the_interval_covers_the_truth(void **state)
{
	uint64_t random = 20261129;
	size_t worst = TRIALS;

	(void)state;
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
			size_t covered = 0;

			for (size_t trial = 0; trial < TRIALS; trial++) {
				struct runs runs = {0};
				double truth = record(&workloads[i], counts[k], &random, &runs);
				struct run_chance chance = runs_chance(&runs);

				covered +=
					truth >= chance.low - 1e-9 && truth <= chance.high + 1e-9;
				runs_release(&runs);
			}
			if (covered < TRIALS * 95 / 100)
				fail_msg("%s, %u runs: %zu of %d intervals have the truth in them",
					 workloads[i].name, counts[k], covered, TRIALS);
			worst = covered < worst ? covered : worst;
		}
	}
	/* an interval that covers always would be of no use */
	assert_true(worst < TRIALS * 99 / 100);
}

/* Without a call that was seen once: 3.84, the 95 % quantile of chi-squared, over the runs. */
static void nothing_new_is_bounded(void **state)
{
	struct runs runs = {0};

	(void)state;
	for (int64_t run = 1; run <= 100; run++)
		add(&runs, run, 39);
	struct run_chance chance = runs_chance(&runs);

	assert_int_equal(chance.once, 0);
	assert_true(chance.estimate == 0 && chance.low == 0);
	assert_true(chance.high > 0.0384 && chance.high < 0.0385);
	runs_release(&runs);
}

/* Ten runs; of the calls 1 to 5 run 3 alone made two, run 7 one; 4 was made in two, 5 in each. */
static void calls_are_counted_by_run(void **state)
{
	struct runs runs = {0};
	BUF_AUTO line = {0};

	(void)state;
	for (int64_t run = 1; run <= 10; run++) {
		add(&runs, run, 5);
		add(&runs, run, 5);
		if (run == 3)
			add(&runs, run, 1), add(&runs, run, 2);
		if (run == 7)
			add(&runs, run, 3);
		if (run == 3 || run == 7)
			add(&runs, run, 4);
	}
	struct run_chance chance = runs_chance(&runs);

	assert_int_equal(runs.count, 10);
	assert_int_equal(chance.once, 3);
	assert_true(fabs(chance.estimate - 0.2) < 1e-9); /* 2 runs of 10, not 3 calls */
	assert_true(runs_put(&runs, &line));
	assert_string_equal(line.p, "10 runs; 3 of 5 calls in one run only (write, open, "
				    "close); chance that one more run shows another call: 20% (95% "
				    "interval 0% to 83%)");
	json_t *object = runs_json(&runs);
	char *text = json_dumps(json_object_get(object, "partial"), JSON_COMPACT);

	assert_string_equal(text, "[{\"runs\":1,\"syscalls\":[\"write\",\"open\",\"close\"]},"
				  "{\"runs\":2,\"syscalls\":[\"stat\"]}]");
	free(text);
	json_decref(object);
	runs_release(&runs);
}

static void too_many_calls_say_nothing(void **state)
{
	struct runs runs = {0};
	BUF_AUTO line = {0};

	(void)state;
	for (int32_t nr = 0; nr <= RUNS_CALLS_MAX; nr++)
		add(&runs, 1, nr);
	assert_false(runs_put(&runs, &line));
	json_t *object = runs_json(&runs);

	assert_true(json_is_null(object));
	json_decref(object);
	runs_release(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_covers_the_truth),
		cmocka_unit_test(nothing_new_is_bounded),
		cmocka_unit_test(calls_are_counted_by_run),
		cmocka_unit_test(too_many_calls_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
