/*
 * Which of a pid's processes made a record. Times are milliseconds; a tick is 4 ms, the slack three
 * of them. What is expected follows from the rule beside each row.
 */
#include "correlate/choice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS     INT64_C(1000000)
#define NOBODY CHOICE_NONE

struct lifetime_case {
	int start, end; /* end 0: runs; start 0: there is no further one */
	bool cut;       /* its start is /proc's: no fork was heard */
};

static const struct row {
	const char *rule;
	struct lifetime_case lifetimes[4]; /* the newest first */
	int at, forked, lost;
	size_t expected;
} rows[] = {
	{"nobody had the pid", {{0}}, 100, 0, 0, NOBODY},
	{"it runs since before the stamp", {{50, 0, false}}, 100, 0, 0, 0},
	{"stamped before its fork, within the slack", {{110, 0, false}}, 100, 0, 0, 0},
	{"a fork after the slack, where nobody was", {{150, 0, false}}, 100, 0, 0, 0},
	{"but its fork was not heard", {{150, 0, true}}, 100, 0, 0, NOBODY},
	{"or events were lost since the stamp", {{150, 0, false}}, 100, 0, 120, NOBODY},
	{"the one before had all of the tick", {{108, 0, false}, {50, 107, false}}, 100, 0, 0, 1},
	{"the one before had more of the tick", {{102, 0, false}, {50, 103, false}}, 100, 0, 0, 1},
	{"the next one had more of the tick", {{101, 0, false}, {50, 101, false}}, 100, 0, 0, 0},
	{"as much: the one before", {{102, 0, false}, {50, 102, false}}, 100, 0, 0, 1},
	{"a record of a later fork came before",
	 {{102, 0, false}, {50, 103, false}},
	 100,
	 104,
	 0,
	 0},
	{"such a fork is too late to be of now",
	 {{108, 0, false}, {50, 107, false}},
	 100,
	 113,
	 0,
	 1},
	{"three within the slack",
	 {{110, 0, false}, {106, 109, false}, {101, 105, false}, {50, 100, false}},
	 100,
	 0,
	 0,
	 2},
	{"ended at the stamp, by two clocks", {{150, 0, false}, {50, 98, false}}, 100, 0, 0, 1},
	{"ended before it: the next fork's", {{150, 0, false}, {50, 97, false}}, 100, 0, 0, 0},
	{"the first fork after it of two",
	 {{180, 0, false}, {150, 160, false}, {50, 90, false}},
	 100,
	 0,
	 0,
	 1},
	{"ended before it, and no other", {{50, 90, false}}, 100, 0, 0, 0},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct choice_candidate candidates[4];
		const struct choice_record record = {
			.at_ns = row->at * MS,
			.slack_ns = 12 * MS,
			.forked_ns = row->forked * MS,
			.lost_ns = row->lost * MS,
		};
		size_t count = 0;

		for (; count < 4 && row->lifetimes[count].start; count++)
			candidates[count] = (struct choice_candidate){
				.start_ns = row->lifetimes[count].start * MS,
				.end_ns = row->lifetimes[count].end * MS,
				.running = row->lifetimes[count].end == 0,
				.forked = !row->lifetimes[count].cut,
			};
		print_message("# %s\n", row->rule);
		assert_int_equal(choice_of(candidates, count, &record), row->expected);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
