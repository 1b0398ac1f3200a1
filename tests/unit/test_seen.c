/*
 * Identities counted once: random ones against a plain set, through a real database file that is
 * flushed, closed and opened again; packed bytes, whole and damaged.
 */
#include "store/schema.h"
#include "store/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE_0 29921701ll /* of 2026-11-21 23:01 */

struct fixture {
	char path[64];
	struct sql sql;
	struct seen *seen;
	struct seen_text *text;
};

static void run(struct fixture *fixture, const char *text)
{
	struct err err = ERR_INIT;

	if (sql_run(&fixture->sql, text, &err) < 0)
		fail_msg("%s", err.message);
}

static void open_store(struct fixture *fixture)
{
	struct err err = ERR_INIT;

	if (sql_open(&fixture->sql, fixture->path, fixture->path,
		     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &err) < 0 ||
	    schema_ensure(&fixture->sql, true, &err) < 0)
		fail_msg("%s", err.message);
	run(fixture, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
	fixture->seen = seen_new();
	fixture->text = seen_text_new();
}

static void flush(struct fixture *fixture)
{
	struct err err = ERR_INIT;

	if (seen_flush(fixture->seen, &fixture->sql, &err) < 0 ||
	    seen_text_flush(fixture->text, &fixture->sql, &err) < 0)
		fail_msg("%s", err.message);
}

static void close_store(struct fixture *fixture)
{
	flush(fixture);
	run(fixture, "COMMIT");
	seen_free(fixture->seen);
	seen_text_free(fixture->text);
	sql_close(&fixture->sql);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->path, "/tmp/sclog-test-seen.XXXXXX");
	int fd = mkstemp(fixture->path);

	assert_true(fd >= 0);
	close(fd);
	open_store(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close_store(fixture);
	unlink(fixture->path);
	free(fixture);
	return 0;
}

static int add_as(struct fixture *fixture, int64_t node, int64_t ms, uint32_t serial, bool open)
{
	struct err err = ERR_INIT;

	if (seen_full(fixture->seen))
		flush(fixture);
	int result =
		seen_add(fixture->seen, &fixture->sql, node, ms, serial, TRUST_KERNEL, open, &err);

	if (result < 0)
		fail_msg("%s", err.message);
	return result;
}

static int add(struct fixture *fixture, int64_t node, int64_t ms, uint32_t serial)
{
	return add_as(fixture, node, ms, serial, false);
}

static int add_text(struct fixture *fixture, int64_t ms, uint64_t hash)
{
	struct err err = ERR_INIT;

	if (seen_text_full(fixture->text))
		flush(fixture);
	int result = seen_text_add(fixture->text, &fixture->sql, 1, ms, hash, &err);

	if (result < 0)
		fail_msg("%s", err.message);
	return result;
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* The ends of pages, of blocks and of the minute, and serials that were used twice in a minute. */
static const uint32_t serial_bases[] = {0, 200, 65500, 131000, 4294967200u};
static const uint32_t stamps[] = {0, 1, 2, 30000, 59998, 59999};

#define NODES   2
#define MINUTES 3
#define BASES   (sizeof(serial_bases) / sizeof(serial_bases[0]))
#define OFFSETS 96
#define STAMPS  (sizeof(stamps) / sizeof(stamps[0]))

static void test_random_identities(void **state)
{
	struct fixture *fixture = *state;
	static bool known[NODES][MINUTES][BASES][OFFSETS][STAMPS];

	memset(known, 0, sizeof(known));
	srandom(1);
	for (int i = 0; i < 40000; i++) {
		uint32_t node = random_below(NODES), minute = random_below(MINUTES);
		uint32_t base = random_below(BASES), offset = random_below(OFFSETS);
		uint32_t stamp = random_below(STAMPS);
		bool *was = &known[node][minute][base][offset][stamp];
		int fresh = add(fixture, node + 1, (MINUTE_0 + minute) * 60000 + stamps[stamp],
				serial_bases[base] + offset);

		assert_int_equal(fresh, !*was);
		*was = true;
		if (random_below(300) == 0)
			flush(fixture);
		if (random_below(2000) == 0) {
			close_store(fixture);
			open_store(fixture);
		}
	}
}

/* What was written is not read again; what somebody else wrote is seen after a reset. */
static void test_written_stays_known(void **state)
{
	struct fixture *fixture = *state;
	int64_t ms = MINUTE_0 * 60000;

	assert_true(add(fixture, 1, ms, 5));
	flush(fixture);
	run(fixture, "UPDATE seen SET serials = x'07'"); /* damaged: reading it is an error */
	assert_false(add(fixture, 1, ms, 5));
	assert_true(add(fixture, 1, ms, 6));
	flush(fixture);
	seen_reset(fixture->seen);
	assert_false(add(fixture, 1, ms, 5));
	assert_false(add(fixture, 1, ms, 6));
	run(fixture, "DELETE FROM seen");
	seen_reset(fixture->seen);
	assert_true(add(fixture, 1, ms, 5));
}

/* A storm: a million in order, then again. */
static void test_a_storm(void **state)
{
	struct fixture *fixture = *state;
	uint32_t fresh = 0;

	for (int again = 0; again < 2; again++)
		for (uint32_t i = 0; i < 300000; i++)
			fresh += (uint32_t)add(fixture, 1, MINUTE_0 * 60000 + i / 8, 1000 + i);
	assert_int_equal(fresh, 300000);
}

/* Each in a minute of its own: more blocks than fit into memory. */
static void test_minutes_out_of_order(void **state)
{
	struct fixture *fixture = *state;
	uint32_t fresh = 0;

	for (int again = 0; again < 2; again++)
		for (uint32_t i = 0; i < 6000; i++)
			fresh += (uint32_t)add(fixture, 1,
					       (MINUTE_0 + (int64_t)(i * 2741 % 6007)) * 60000, i);
	assert_int_equal(fresh, 6000);
}

struct unpacked {
	uint32_t serial[8], ms[8];
	size_t n;
};

static void take(uint32_t serial, uint32_t ms, void *context)
{
	struct unpacked *unpacked = context;

	assert_in_range(serial, 0, 65535);
	assert_in_range(ms, 0, 59999);
	if (unpacked->n < 8) {
		unpacked->serial[unpacked->n] = serial;
		unpacked->ms[unpacked->n] = ms;
	}
	unpacked->n++;
}

/* By hand, from the format that seen.c states. */
static void test_bytes(void **state)
{
	/* gap 2, ms 3, one; gap 0, ms + 1, two; gap 7 + 3, ms by zigzag -2 (3), one */
	static const char bytes[] = "\x1a\x48\x3f\x03\x03";
	static const uint32_t serials[] = {2, 3, 4, 15}, ms[] = {3, 4, 4, 2};
	struct unpacked unpacked = {.n = 0};

	(void)state;
	assert_true(seen_unpack(STR(bytes), take, &unpacked));
	assert_int_equal(unpacked.n, 4);
	assert_memory_equal(unpacked.serial, serials, sizeof(serials));
	assert_memory_equal(unpacked.ms, ms, sizeof(ms));
}

static const struct {
	const char *name;
	const char *bytes;
	size_t n;
} damaged[] = {
	{"a gap that ends", "\x07", 1},
	{"a gap of 65,536", "\x07\xf9\xff\x03", 4},
	{"a step that ends", "\x38", 1},
	{"before the minute", "\x38\x01", 2},
	{"after the minute", "\x38\xc0\xa9\x07", 4}, /* zigzag of 60,000 */
	{"a length that ends", "\xc0", 1},
	{"behind the block", "\xc0\xfd\xff\x03", 4}, /* 3 + 65,533 more */
	/* a millisecond, then the largest step there is: it must not overflow */
	{"the largest step", "\x08\x38\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
	{"the least step", "\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
};

static void test_damaged_bytes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct unpacked unpacked = {.n = 0};

		print_message("# %s\n", damaged[i].name);
		assert_false(seen_unpack(str_of(damaged[i].bytes, damaged[i].n), take, &unpacked));
	}
}

static void test_random_bytes_stay_in_bounds(void **state)
{
	(void)state;
	srandom(3);
	for (int round = 0; round < 100000; round++) {
		struct unpacked unpacked = {.n = 0};
		char bytes[24];
		size_t n = random_below(sizeof(bytes));

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)random_below(256);
		seen_unpack(str_of(bytes, n), take, &unpacked);
	}
}

/* Which identities are open, against a plain list, through the database. */
static void test_open_identities(void **state)
{
	enum { COUNT = 3000 };
	static bool added[COUNT], open[COUNT];
	struct fixture *fixture = *state;
	int64_t ms = MINUTE_0 * 60000 + 7;

	srandom(11);
	for (int step = 0; step < 20000; step++) {
		uint32_t at = random_below(COUNT), serial = 64000 + at;
		bool is_open = random_below(3), fresh = add_as(fixture, 1, ms, serial, is_open);

		assert_int_equal(fresh, !added[at]);
		added[at] = true;
		if (fresh) {
			open[at] = is_open;
		} else if (random_below(2)) {
			assert_int_equal(seen_claim(fixture->seen, ms, serial), open[at]);
			open[at] = false;
		}
		if (random_below(500) == 0)
			flush(fixture);
		if (random_below(4000) == 0) {
			close_store(fixture);
			open_store(fixture);
		}
	}
	/* the same serials in another minute, and used twice in this one, are other identities */
	assert_true(add(fixture, 1, ms + 60000, 64000));
	assert_false(seen_claim(fixture->seen, ms + 60000, 64000));
	assert_true(add_as(fixture, 1, ms + 1, 64000, true));
	assert_false(seen_claim(fixture->seen, ms + 1, 64000));
}

/* Two inputs at the same time: each counts equal lines for itself, and through a commit. */
static void test_texts_of_two_inputs(void **state)
{
	struct fixture *fixture = *state;
	int64_t ms = MINUTE_0 * 60000;

	seen_text_restart(fixture->text, 0);
	seen_text_restart(fixture->text, 3);
	for (int i = 0; i < 4; i++) {
		seen_text_select(fixture->text, 0);
		assert_int_equal(add_text(fixture, ms, 77), 1); /* the one that is ahead counts */
		seen_text_select(fixture->text, 3);
		assert_int_equal(add_text(fixture, ms + 5, 77), 0);
		if (i % 2)
			flush(fixture);
	}
	assert_int_equal(add_text(fixture, ms, 77), 1); /* the fifth, in the other one */
	seen_text_select(fixture->text, 0);
	assert_int_equal(add_text(fixture, ms, 77), 0);
	assert_int_equal(add_text(fixture, ms, 77), 1);
}

/* A minute takes so many texts and no more, whatever was committed in between. */
static void test_a_limit_of_texts(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	uint32_t fresh;

	for (uint64_t text = 1; text <= 20; text++) {
		int result = seen_text_add_many(fixture->text, &fixture->sql, 1, MINUTE_0 * 60000,
						text, 4, 10, &fresh, &err);

		assert_int_equal(result, text <= 10 ? SEEN_NEW : SEEN_REFUSED);
		assert_int_equal(fresh, text <= 10 ? 5 : 0);
		if (text % 7 == 0)
			assert_int_equal(seen_text_flush(fixture->text, &fixture->sql, &err), 0);
	}
	/* another minute has room */
	assert_int_equal(seen_text_add_many(fixture->text, &fixture->sql, 1, (MINUTE_0 + 1) * 60000,
					    30, 0, 10, &fresh, &err),
			 SEEN_NEW);
}

/* A commit failed: what was counted since is counted again, what came before is not. */
static void test_texts_after_a_failed_commit(void **state)
{
	struct fixture *fixture = *state;
	int64_t ms = MINUTE_0 * 60000;

	seen_text_restart(fixture->text, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_text(fixture, ms, 5), 1);
	flush(fixture);
	run(fixture, "COMMIT; BEGIN IMMEDIATE");
	seen_text_keep(fixture->text);
	for (int again = 0; again < 3; again++) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(add_text(fixture, ms, 5), 1);
		seen_text_restart(fixture->text, 0); /* another input, which is forgotten too */
		assert_int_equal(add_text(fixture, ms, 5), 0);
		if (again)
			flush(fixture);
		run(fixture, "ROLLBACK; BEGIN IMMEDIATE");
		seen_text_restore(fixture->text);
	}
}

static void test_a_damaged_row_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	run(fixture, "INSERT INTO seen VALUES (1, 29921701, 0, x'07', NULL)");
	run(fixture, "INSERT INTO seen_text VALUES (1, 29921701, x'0102')");
	assert_true(seen_add(fixture->seen, &fixture->sql, 1, MINUTE_0 * 60000, 5, TRUST_KERNEL,
			     false, &err) < 0);
	assert_non_null(strstr(err.message, "damaged"));
	err_clear(&err);
	assert_true(seen_text_add(fixture->text, &fixture->sql, 1, MINUTE_0 * 60000, 5, &err) < 0);
	assert_non_null(strstr(err.message, "damaged"));
	seen_reset(fixture->seen);
	seen_text_reset(fixture->text);
}

/* How often a text came in each input, second by second: new is what exceeds all before. */
static void test_texts(void **state)
{
	static const struct {
		uint32_t times[2]; /* in the first and the second half of the minute's second 7 */
		uint32_t fresh;
	} inputs[] = {{{2, 1}, 3}, {{2, 1}, 0}, {{1, 0}, 0}, {{4, 1}, 2}, {{5, 0}, 0}};
	struct fixture *fixture = *state;

	for (int flushing = 0; flushing < 2; flushing++) {
		for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
			uint32_t fresh = 0;

			seen_text_restart(fixture->text, 0);
			for (uint32_t at = 0; at < inputs[i].times[0] + inputs[i].times[1]; at++) {
				bool late = at >= inputs[i].times[0];
				int64_t ms = MINUTE_0 * 60000 + 7000 + (late ? 999 : 0);

				fresh += (uint32_t)add_text(fixture, ms, 77 + (uint64_t)flushing);
				if (flushing)
					flush(fixture);
			}
			assert_int_equal(fresh, inputs[i].fresh);
		}
	}
	/* the same text in another second, or another text, is another */
	assert_int_equal(add_text(fixture, MINUTE_0 * 60000 + 8000, 77), 1);
	assert_int_equal(add_text(fixture, MINUTE_0 * 60000 + 7000, 79), 1);
}

/* A minute of more texts than wait for one commit, each of them twice in its second. */
#define TEXTS 150000

static void test_a_minute_full_of_texts(void **state)
{
	struct fixture *fixture = *state;

	for (int again = 0; again < 2; again++) {
		uint32_t fresh = 0;

		seen_text_restart(fixture->text, 0);
		for (uint32_t i = 0; i < TEXTS; i++)
			for (int twice = 0; twice < 2; twice++)
				fresh += (uint32_t)add_text(fixture,
							    MINUTE_0 * 60000 + i % 60 * 1000,
							    (uint64_t)i << 32 | i);
		assert_int_equal(fresh, again ? 0 : 2 * TEXTS);
	}
}

/* A line from far in the future between the others must not make what came before it forgotten. */
static void test_a_text_of_the_future(void **state)
{
	struct fixture *fixture = *state;
	int64_t ms = MINUTE_0 * 60000;

	assert_int_equal(add_text(fixture, ms, 5), 1);
	assert_int_equal(add_text(fixture, ms + 100 * 365 * 86400000ll, 6), 1);
	assert_int_equal(add_text(fixture, ms, 7), 1);
	flush(fixture);
	assert_int_equal(add_text(fixture, ms, 5), 1);
}

static void test_texts_of_minutes_out_of_order(void **state)
{
	struct fixture *fixture = *state;
	uint32_t fresh = 0;

	for (int again = 0; again < 2; again++) {
		seen_text_restart(fixture->text, 0);
		for (uint32_t i = 0; i < 10000; i++)
			fresh += (uint32_t)add_text(
				fixture, (MINUTE_0 + (int64_t)(i * 2741 % 10007)) * 60000, i % 3);
	}
	assert_int_equal(fresh, 10000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_identities, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_written_stays_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_storm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_minutes_out_of_order, set_up, tear_down),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_damaged_bytes_are_refused),
		cmocka_unit_test(test_random_bytes_stay_in_bounds),
		cmocka_unit_test_setup_teardown(test_open_identities, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts_of_two_inputs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts_after_a_failed_commit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_damaged_row_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_minute_full_of_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_limit_of_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_text_of_the_future, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts_of_minutes_out_of_order, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
