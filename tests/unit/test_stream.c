/*
 * Which serials were delivered and which were not: gaps counted by hand, and against a plain list
 * of what each stream delivered. A loss counts only between records of a stream that carries all
 * types, and only for what no other stream of that node and boot delivered.
 */
#include "store/schema.h"
#include "store/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NODE   7
#define KERNEL channel_of(NODE, TRUST_KERNEL)

enum kind {
	END,
	FULL,    /* serials first..last of a stream of all types: every other one is SECCOMP */
	SECCOMP, /* the same, SECCOMP records alone */
	INPUT,   /* another input begins */
	COMMIT,  /* a commit in the middle of an input */
};

struct step {
	enum kind kind;
	uint32_t first, last;
	int64_t ms; /* of the first one; each further one is a millisecond later */
	int64_t node;
};

struct sums {
	uint64_t lost, filtered;
};

struct stream_case {
	const char *name;
	struct step steps[12];
	struct sums want;
};

static const struct stream_case stream_cases[] = {
	{"no gap", {{FULL, 1, 100, 0, 0}}, {0, 0}},
	{"a gap of a full stream", {{FULL, 1, 10, 0, 0}, {FULL, 15, 20, 14, 0}}, {4, 0}},
	{"a gap of one", {{FULL, 1, 10, 0, 0}, {FULL, 12, 20, 11, 0}}, {1, 0}},
	{"gaps of SECCOMP records alone cannot tell",
	 {{SECCOMP, 2, 2, 2, 0}, {SECCOMP, 4, 4, 4, 0}, {SECCOMP, 9, 9, 9, 0}},
	 {0, 5}},
	{"a rotated file that comes late fills the gap",
	 {{FULL, 1, 10, 0, 0}, {FULL, 15, 20, 14, 0}, {INPUT, 0, 0, 0, 0}, {FULL, 11, 14, 10, 0}},
	 {0, 0}},
	{"or a part of it",
	 {{FULL, 1, 10, 0, 0}, {FULL, 20, 30, 19, 0}, {INPUT, 0, 0, 0, 0}, {FULL, 12, 15, 11, 0}},
	 {5, 0}},
	{"rotated files, the newest first",
	 {{FULL, 21, 30, 20, 0},
	  {INPUT, 0, 0, 0, 0},
	  {FULL, 11, 20, 10, 0},
	  {INPUT, 0, 0, 0, 0},
	  {FULL, 1, 10, 0, 0}},
	 {0, 0}},
	{"the same file again",
	 {{FULL, 1, 10, 0, 0},
	  {FULL, 15, 20, 14, 0},
	  {INPUT, 0, 0, 0, 0},
	  {FULL, 1, 10, 0, 0},
	  {FULL, 15, 20, 14, 0}},
	 {4, 0}},
	{"another source's SECCOMP records fill a part of a full stream's gap",
	 {{FULL, 1, 10, 0, 0},
	  {FULL, 20, 30, 19, 0},
	  {INPUT, 0, 0, 0, 0},
	  {SECCOMP, 12, 13, 11, 0},
	  {SECCOMP, 19, 19, 18, 0}},
	 {6, 0}},
	{"SECCOMP records alone, then the whole",
	 {{SECCOMP, 2, 2, 1, 0}, {SECCOMP, 8, 8, 7, 0}, {INPUT, 0, 0, 0, 0}, {FULL, 1, 10, 0, 0}},
	 {0, 0}},
	{"the whole, then SECCOMP records alone",
	 {{FULL, 1, 10, 0, 0}, {INPUT, 0, 0, 0, 0}, {SECCOMP, 2, 2, 1, 0}, {SECCOMP, 8, 8, 7, 0}},
	 {0, 0}},
	{"what goes on after the full stream cannot be told",
	 {{FULL, 1, 100, 0, 0},
	  {INPUT, 0, 0, 0, 0},
	  {SECCOMP, 105, 105, 104, 0},
	  {SECCOMP, 110, 110, 109, 0}},
	 {0, 8}},
	{"a stream shows that it carries all types only after a commit",
	 {{SECCOMP, 1, 10, 0, 0}, {COMMIT, 0, 0, 0, 0}, {FULL, 11, 20, 10, 0}},
	 {0, 0}},
	{"and keeps showing it after the next one",
	 {{FULL, 1, 10, 0, 0},
	  {COMMIT, 0, 0, 0, 0},
	  {SECCOMP, 12, 12, 11, 0},
	  {SECCOMP, 14, 14, 13, 0}},
	 {2, 0}},
	{"a reboot: serials start again",
	 {{FULL, 5000, 5010, 0, 0}, {FULL, 1, 50, 3600000, 0}},
	 {0, 0}},
	{"a reboot within one second", {{FULL, 5000, 5010, 0, 0}, {FULL, 1, 50, 900, 0}}, {0, 0}},
	{"a reboot that comes to the same serials later",
	 {{FULL, 1, 50, 0, 0}, {FULL, 1, 20, 60000, 0}, {FULL, 25, 60, 60024, 0}},
	 {4, 0}},
	{"serials wrap", {{FULL, 4294967290u, 4294967295u, 0, 0}, {FULL, 0, 5, 6, 0}}, {0, 0}},
	{"and are lost where they wrap: 4294967294, 4294967295, 0, 1",
	 {{FULL, 4294967290u, 4294967293u, 0, 0}, {FULL, 2, 5, 8, 0}},
	 {4, 0}},
	{"two nodes in one file: one carries all types",
	 {{FULL, 1, 10, 0, 1},
	  {SECCOMP, 1000, 1000, 5, 2},
	  {FULL, 13, 20, 12, 1},
	  {SECCOMP, 1004, 1004, 15, 2}},
	 {2, 3}},
	{"two machines under one name",
	 {{FULL, 1000, 6000, 0, 0}, {INPUT, 0, 0, 0, 0}, {FULL, 500000, 505000, 10, 0}},
	 {0, 0}},
	{"two files, and stamps that go back by a tick where they meet",
	 {{FULL, 1, 9, 0, 0},
	  {FULL, 11, 11, 12, 0},
	  {FULL, 13, 13, 12, 0},
	  {INPUT, 0, 0, 0, 0},
	  {FULL, 10, 10, 16, 0},
	  {FULL, 12, 12, 16, 0},
	  {FULL, 14, 20, 16, 0}},
	 {0, 0}},
	/* A caller takes its stamp, its serial and its place in the queue one after the other, and
	 * may be kept off the processors between: 20 waits after its stamp, 11 after its serial. */
	{"a record that comes a commit late, and another whose stamp is old",
	 {{FULL, 1, 10, 0, 0},
	  {FULL, 12, 19, 600, 0},
	  {FULL, 20, 20, 150, 0},
	  {COMMIT, 0, 0, 0, 0},
	  {FULL, 11, 11, 595, 0},
	  {FULL, 21, 30, 900, 0}},
	 {0, 0}},
};

static void open_store(struct sql *sql)
{
	struct err err = ERR_INIT;

	assert_int_equal(sql_open(sql, ":memory:", "in memory",
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &err),
			 0);
	assert_int_equal(schema_ensure(sql, true, &err), 0);
}

static void flush(struct stream *stream, struct sql *sql)
{
	struct err err = ERR_INIT;

	if (stream_flush(stream, sql, &err) < 0)
		fail_msg("%s", err.message);
}

static int add_hole(const struct hole *hole, void *context)
{
	struct sums *sums = context;

	assert_true(hole->from_ms <= hole->to_ms);
	assert_true(hole->missing > 0);
	*(hole->filtered ? &sums->filtered : &sums->lost) += hole->missing;
	return 0;
}

static struct sums holes_of(struct sql *sql, int64_t node)
{
	struct sums sums = {0, 0};
	struct err err = ERR_INIT;

	assert_int_equal(stream_holes(sql, node, add_hole, &sums, &err), 0);
	return sums;
}

static void note(struct stream *stream, int64_t channel, int64_t ms, uint32_t serial, bool is_other)
{
	stream_note(stream, channel, serial_run_of(serial, ms, is_other));
}

static void take_step(struct stream *stream, struct sql *sql, const struct step *step)
{
	if (step->kind == INPUT || step->kind == COMMIT)
		flush(stream, sql);
	if (step->kind == INPUT)
		stream_restart(stream);
	if (step->kind == INPUT || step->kind == COMMIT)
		return;
	for (uint64_t serial = step->first; serial <= step->last; serial++)
		note(stream, channel_of(step->node ? step->node : NODE, TRUST_KERNEL),
		     step->ms + (int64_t)(serial - step->first), (uint32_t)serial,
		     step->kind == FULL && serial % 2);
}

static void test_cases(void **state)
{
	static const int64_t nodes[] = {NODE, 1, 2};

	(void)state;
	for (size_t i = 0; i < sizeof(stream_cases) / sizeof(stream_cases[0]); i++) {
		const struct stream_case *row = &stream_cases[i];
		struct stream stream = {0};
		struct sums got = {0, 0};
		struct sql sql;

		open_store(&sql);
		for (const struct step *step = row->steps; step->kind; step++)
			take_step(&stream, &sql, step);
		flush(&stream, &sql);
		for (size_t at = 0; at < sizeof(nodes) / sizeof(nodes[0]); at++) {
			struct sums sums = holes_of(&sql, nodes[at]);

			got.lost += sums.lost;
			got.filtered += sums.filtered;
		}
		if (got.lost != row->want.lost || got.filtered != row->want.filtered)
			fail_msg("%s: lost %llu, cannot tell %llu; should be %llu, %llu", row->name,
				 (unsigned long long)got.lost, (unsigned long long)got.filtered,
				 (unsigned long long)row->want.lost,
				 (unsigned long long)row->want.filtered);
		stream_release(&stream);
		sql_close(&sql);
	}
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* The order in which serials from..to-1 come: each may be late by up to `window` places. */
static uint32_t *local_disorder(uint32_t from, uint32_t to, uint32_t window)
{
	uint32_t n = to - from;
	uint32_t *order = malloc((n ? n : 1) * sizeof(*order));

	assert_non_null(order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = from + i;
	for (uint32_t i = 0; i < n && window; i += window) {
		uint32_t size = n - i < window ? n - i : window;

		for (uint32_t at = size; at > 1; at--) {
			uint32_t other = random_below(at), swap = order[i + at - 1];

			order[i + at - 1] = order[i + other];
			order[i + other] = swap;
		}
	}
	return order;
}

#define SERIALS 3000

/* What was delivered, in a plain list. */
struct delivered {
	bool full[SERIALS], other[SERIALS];
};

static struct sums expected(const struct delivered *delivered)
{
	struct sums sums = {0, 0};
	int first = -1, last = -1, low = SERIALS, high = -1;

	for (int i = 0; i < SERIALS; i++) {
		if (delivered->full[i]) {
			first = first < 0 ? i : first;
			last = i;
		}
		if (delivered->full[i] || delivered->other[i]) {
			low = low < i ? low : i;
			high = i;
		}
	}
	for (int i = low; i < high; i++) {
		if (delivered->full[i] || delivered->other[i])
			continue;
		if (i > first && i < last)
			sums.lost++;
		else
			sums.filtered++;
	}
	return sums;
}

static void note_joined(struct stream *stream, struct serials *serials)
{
	for (size_t i = 0; i < serials->count; i++)
		stream_note(stream, KERNEL, serials->done[i]);
	serials->count = 0;
}

/* A part of a stream as an input of its own, some of it lost, locally out of order. Serials come one
 * by one, or are joined before. */
static void deliver(struct stream *stream, struct sql *sql, struct delivered *delivered,
		    uint32_t from, uint32_t to, bool full)
{
	uint32_t *order = local_disorder(from, to, random_below(3) * 16);
	uint32_t keep = full ? 97 : 20;
	bool joined = random_below(2);
	struct serials serials = {.done = calloc(to - from, sizeof(struct serial_run))};

	stream_restart(stream);
	for (uint32_t i = 0; i < to - from; i++) {
		uint32_t serial = order[i];
		bool is_other = full && serial % 3 == 0;

		if (random_below(100) >= keep)
			continue;
		if (joined)
			serials_note(&serials, serial, 1000 + serial / 4 * 4, is_other);
		else
			note(stream, KERNEL, 1000 + serial / 4 * 4, serial, is_other);
		(full ? delivered->full : delivered->other)[serial] = true;
		if (random_below(500) == 0)
			flush(stream, sql);
	}
	serials_end(&serials);
	note_joined(stream, &serials);
	free(serials.done);
	flush(stream, sql);
	free(order);
}

/* Rotated files of a full stream in any order, some more than once, and what another source has. */
static void test_random_streams(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct delivered delivered = {{0}, {0}};
		struct stream stream = {0};
		struct sql sql;
		uint32_t *files = NULL;

		srandom(seed);
		files = local_disorder(0, 10, 10);
		open_store(&sql);
		for (uint32_t i = 0; i < 10; i++) {
			uint32_t from = 300 * files[i];

			/* the last file has been filtered: nothing but SECCOMP records */
			deliver(&stream, &sql, &delivered, from, from + 300, files[i] < 8);
			if (random_below(3) == 0)
				deliver(&stream, &sql, &delivered, from, from + 300, false);
		}
		struct sums want = expected(&delivered), got = holes_of(&sql, NODE);

		if (got.lost != want.lost || got.filtered != want.filtered)
			fail_msg("seed %u: lost %llu, cannot tell %llu; should be %llu, %llu", seed,
				 (unsigned long long)got.lost, (unsigned long long)got.filtered,
				 (unsigned long long)want.lost, (unsigned long long)want.filtered);
		free(files);
		stream_release(&stream);
		sql_close(&sql);
	}
}

/* More runs than are kept: sums stay exact, and a whole log afterwards still fills everything. */
static void test_many_runs(void **state)
{
	struct stream stream = {0};
	struct sql sql;

	(void)state;
	open_store(&sql);
	for (uint32_t i = 0; i < 20000; i++)
		note(&stream, KERNEL, i * 10, i * 10, false);
	flush(&stream, &sql);
	struct sums sums = holes_of(&sql, NODE);

	assert_int_equal(sums.lost, 0);
	assert_int_equal(sums.filtered, 9 * 19999);
	stream_restart(&stream);
	for (uint32_t i = 0; i <= 199990; i++)
		note(&stream, KERNEL, i, i, i % 7 == 0);
	flush(&stream, &sql);
	sums = holes_of(&sql, NODE);
	assert_int_equal(sums.lost, 0);
	assert_int_equal(sums.filtered, 0);
	stream_release(&stream);
	sql_close(&sql);
}

static void test_many_losses(void **state)
{
	struct stream stream = {0};
	struct sql sql;

	(void)state;
	open_store(&sql);
	for (int again = 0; again < 2; again++) {
		stream_restart(&stream);
		for (uint32_t i = 0; i < 20000; i++)
			note(&stream, KERNEL, i * 10, i * 10, i % 3 == 0);
		flush(&stream, &sql);
		struct sums sums = holes_of(&sql, NODE);

		assert_int_equal(sums.lost, 9 * 19999);
		assert_int_equal(sums.filtered, 0);
	}
	stream_release(&stream);
	sql_close(&sql);
}

static int64_t count_rows(struct sql *sql)
{
	int64_t rows = -1;
	struct err err = ERR_INIT;

	assert_int_equal(sql_number(sql, "SELECT count(*) FROM span", &rows, &err), 0);
	return rows;
}

/* Nodes and boots without end are no memory without end: a commit is asked for, and a node's
 * earliest boots are given up. */
static void test_many_nodes_and_boots(void **state)
{
	struct stream stream = {0};
	struct sql sql;

	(void)state;
	open_store(&sql);
	for (int64_t node = 1; node <= 100000 && !stream_full(&stream); node++)
		note(&stream, channel_of(node, TRUST_KERNEL), 1000, 5, false);
	assert_true(stream_full(&stream));
	assert_in_range(stream.count, 4097, 20000);
	flush(&stream, &sql);
	assert_false(stream_full(&stream));
	stream_restart(&stream);
	for (uint32_t i = 0; i < 100000; i++) {
		note(&stream, KERNEL, (int64_t)i * 60000, 100000 - i, true);
		if (stream_full(&stream))
			flush(&stream, &sql);
	}
	flush(&stream, &sql);
	struct sums sums = holes_of(&sql, NODE);

	assert_int_equal(sums.lost, 0);
	assert_in_range(count_rows(&sql), 1, 4 * 8192);
	stream_release(&stream);
	sql_close(&sql);
}

static void test_cover(void **state)
{
	static const struct {
		int64_t ms;
		int covered;
	} moments[] = {{-1, 0}, {0, 1},  {5, 1},  {8, 1},  {9, 0},
		       {12, 0}, {50, 1}, {60, 0}, {105, 0}};
	struct stream stream = {0};
	struct sql sql;
	struct err err = ERR_INIT;

	(void)state;
	open_store(&sql);
	take_step(&stream, &sql, &(struct step){FULL, 1, 10, 0, 0});
	take_step(&stream, &sql, &(struct step){FULL, 51, 60, 50, 0});
	take_step(&stream, &sql, &(struct step){INPUT, 0, 0, 0, 0});
	take_step(&stream, &sql, &(struct step){SECCOMP, 100, 110, 100, 0});
	flush(&stream, &sql);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		assert_int_equal(stream_cover(&sql, NODE, moments[i].ms, &err), moments[i].covered);
	stream_release(&stream);
	sql_close(&sql);
}

/* A text never fills a hole of the kernel's, but the kernel one of a text's; a hole of both is said
 * once. */
static void test_texts(void **state)
{
	static const struct {
		enum trust trust;
		uint32_t first, last;
	} runs[] = {
		{TRUST_KERNEL, 10, 19}, {TRUST_KERNEL, 30, 39}, /* 20 to 29: lost */
		{TRUST_TEXT, 15, 34},                           /* forged, or not: no proof */
		{TRUST_TEXT, 36, 49},                           /* 35: the kernel had it */
		{TRUST_TEXT, 60, 69},                           /* 50 to 59: lost */
	};
	struct stream stream = {0};
	struct err err = ERR_INIT;
	struct sql sql;

	(void)state;
	open_store(&sql);
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		for (uint32_t serial = runs[i].first; serial <= runs[i].last; serial++)
			note(&stream, channel_of(NODE, runs[i].trust), 1000 + serial, serial, true);
	assert_int_equal(stream_flush(&stream, &sql, &err), 0);
	struct sums sums = holes_of(&sql, NODE);

	assert_int_equal(sums.lost, 20);
	assert_int_equal(sums.filtered, 0);
	/* without the kernel's, the texts are all that is known */
	assert_int_equal(sql_run(&sql, "DELETE FROM span WHERE trust = 1", &err), 0);
	sums = holes_of(&sql, NODE);
	assert_int_equal(sums.lost, 1 + 10);
	stream_release(&stream);
	sql_close(&sql);
}

/* What two stores know of a node, joined: the same as if one had read everything. */
static void test_merge(void **state)
{
	struct stream stream = {0};
	struct sql ours, theirs;
	struct err err = ERR_INIT;

	(void)state;
	open_store(&ours);
	open_store(&theirs);
	take_step(&stream, &ours, &(struct step){FULL, 1, 10, 0, 0});
	take_step(&stream, &ours, &(struct step){FULL, 20, 30, 19, 0});
	flush(&stream, &ours);
	take_step(&stream, &theirs, &(struct step){FULL, 8, 15, 7, 3});
	flush(&stream, &theirs);
	assert_int_equal(stream_merge(&theirs, 3, TRUST_KERNEL, &ours, NODE, &err), 0);
	assert_int_equal(holes_of(&ours, NODE).lost, 4); /* 16 to 19 */
	assert_int_equal(stream_merge(&theirs, 3, TRUST_KERNEL, &ours, NODE, &err), 0);
	assert_int_equal(holes_of(&ours, NODE).lost, 4);
	stream_release(&stream);
	sql_close(&ours);
	sql_close(&theirs);
}

static int64_t number(struct sql *sql, const char *text)
{
	struct err err = ERR_INIT;
	int64_t value;

	assert_int_equal(sql_number(sql, text, &value, &err), 0);
	return value;
}

/*
 * A commit a second for hours, each with a hole: as many are lost as were left out, whatever is on
 * file already, and a commit writes what changed and no more.
 */
static void test_many_flushes(void **state)
{
	struct stream stream = {0};
	struct sql sql;

	(void)state;
	open_store(&sql);
	for (uint32_t i = 0; i < 3000; i++) {
		int before = sqlite3_total_changes(sql.db);

		for (uint32_t serial = 0; serial < 9; serial++)
			note(&stream, KERNEL, i * 1000ll + serial, i * 10 + serial, serial % 2);
		flush(&stream, &sql);
		assert_in_range(sqlite3_total_changes(sql.db) - before, 1, 2);
	}
	assert_int_equal(holes_of(&sql, NODE).lost, 2999);
	assert_int_equal(number(&sql, "SELECT count(*) FROM span"), 3000);
	/* what comes late finds its place all the same */
	for (uint32_t i = 0; i < 1000; i++)
		note(&stream, KERNEL, i * 1000ll + 9, i * 10 + 9, true);
	flush(&stream, &sql);
	assert_int_equal(holes_of(&sql, NODE).lost, 1999);
	assert_int_equal(number(&sql, "SELECT count(*) FROM span"), 2000);
	stream_release(&stream);
	sql_close(&sql);
}

struct named {
	struct hole hole;
	size_t count;
};

static int take_named(const struct hole *hole, void *context)
{
	struct named *named = context;

	named->hole = *hole;
	named->count++;
	return 0;
}

/* Exactly which serials are missing: of a hole, of one that another stream fills in the middle,
 * and of one across 2^32. */
static void test_missing_serials_are_named(void **state)
{
	static const struct {
		struct step steps[4];
		size_t ranges;
		struct serial_range want[2];
	} rows[] = {
		{{{FULL, 1, 10, 0, 0}, {FULL, 15, 20, 14, 0}}, 1, {{11, 14}}},
		{{{FULL, 1, 10, 0, 0},
		  {FULL, 21, 30, 20, 0},
		  {INPUT, 0, 0, 0, 0},
		  {SECCOMP, 14, 15, 13, 0}},
		 2,
		 {{11, 13}, {16, 20}}},
		{{{FULL, 4294967280u, 4294967290u, 0, 0}, {FULL, 3, 9, 30, 0}},
		 1,
		 {{4294967291u, 2}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream stream = {0};
		struct named named = {.count = 0};
		struct err err = ERR_INIT;
		struct sql sql;

		open_store(&sql);
		for (const struct step *step = rows[i].steps;
		     step < rows[i].steps + 4 && step->kind != END; step++)
			take_step(&stream, &sql, step);
		flush(&stream, &sql);
		assert_int_equal(stream_holes(&sql, NODE, take_named, &named, &err), 0);
		assert_int_equal(named.count, 1);
		assert_int_equal(named.hole.range_count, rows[i].ranges);
		assert_memory_equal(named.hole.ranges, rows[i].want,
				    rows[i].ranges * sizeof(rows[i].want[0]));
		stream_release(&stream);
		sql_close(&sql);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_many_runs),
		cmocka_unit_test(test_many_losses),
		cmocka_unit_test(test_many_nodes_and_boots),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_many_flushes),
		cmocka_unit_test(test_missing_serials_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
