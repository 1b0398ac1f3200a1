/*
 * The store from outside: each event once, counts inside any window, merging, evidence. Expected
 * values are worked out by hand or by a plain list of events.
 */
#include "tests/stores.h"

#include <errno.h>
#include <linux/audit.h>

#define MINUTE 60000ll
#define START  (29921701ll * MINUTE) /* 2026-11-21T23:01Z */

/* A number of an event that comes by a trace, whose series have no budget. */
#define TRACED 7000

/* An event, as tests speak of one. */
struct given {
	int64_t ms;
	uint32_t serial; /* 0: none */
	const char *comm;
	int32_t nr;
};

static void put(struct store *store, const struct given *given, const struct container *container)
{
	struct record record = {
		.ms = given->ms,
		.serial = given->serial,
		.has_serial = given->serial != 0,
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = given->nr,
		.code = 0x7ffc0000,
		.pid = 1,
		.comm = str_from(given->comm),
		.exe = STR("/bin/x"),
	};
	struct event event = {
		.record = &record,
		.container = container,
		.attribution = container ? ATTRIBUTION_CONTAINER : ATTRIBUTION_UNATTRIBUTED,
		.source = given->nr == TRACED ? SOURCE_STRACE : SOURCE_LOG,
		.trust = TRUST_KERNEL,
		.node = STR("vm"),
	};
	struct err err = ERR_INIT;

	if (store_put(store, &event, str_from(given->comm), &err) < 0)
		fail_msg("%s", err.message);
}

static void begin(struct store *store)
{
	struct err err = ERR_INIT;

	assert_int_equal(store_input_begin(store, "test", NULL, &err), 0);
}

/* What a query gives, by program and number. */
struct row {
	char comm[16];
	int32_t nr;
	uint64_t count;
	bool exact;
	int64_t first_ms, last_ms;
	bool contained;
};

struct rows {
	struct row all[512];
	size_t count;
};

static int take_row(const struct observation *observation, void *context)
{
	struct rows *rows = context;

	assert_in_range(rows->count, 0, 511);
	struct row *row = &rows->all[rows->count++];

	*row = (struct row){.nr = observation->nr,
			    .count = observation->count,
			    .exact = observation->count_exact,
			    .first_ms = observation->first_ms,
			    .last_ms = observation->last_ms,
			    .contained = observation->container_row != 0};
	assert_in_range(observation->comm.n, 0, sizeof(row->comm) - 1);
	memcpy(row->comm, observation->comm.p, observation->comm.n);
	return 0;
}

static void look(struct store *store, int64_t since, int64_t until, struct rows *rows)
{
	struct selection selection = {
		.has_since = true, .since_ms = since, .has_until = true, .until_ms = until};
	struct err err = ERR_INIT;

	rows->count = 0;
	if (query_observations(store, &selection, take_row, rows, &err) < 0)
		fail_msg("%s", err.message);
}

static int sum_row(const struct observation *observation, void *context)
{
	*(uint64_t *)context += observation->count;
	return 0;
}

static uint64_t total(struct store *store)
{
	static const struct selection everything;
	struct err err = ERR_INIT;
	uint64_t sum = 0;

	if (query_observations(store, &everything, sum_row, &sum, &err) < 0)
		fail_msg("%s", err.message);
	return sum;
}

/* Minutes that wait for a commit: near each other and far apart, forth and back, with counts that two
 * bytes hold and that they do not. */
static void test_waiting_minutes(void **state)
{
	static const struct {
		int64_t minute;
		uint32_t count;
	} given[] = {{0, 65535}, {1, 65536}, {2, 3},  {40000, 65537}, {-40000, 2}, {3, 1},
		     {4, 7},     {5, 65536}, {6, 11}, {7, 1},         {1, 5},      {8, 2}};
	struct stores *fixture = *state;
	struct rows rows;
	uint32_t serial = 0;

	begin(fixture->store[0]);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		for (uint32_t n = 0; n < given[i].count; n++)
			put(fixture->store[0],
			    &(struct given){START + given[i].minute * MINUTE, ++serial, "a", 0},
			    NULL);
	commit(fixture->store[0]);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		int64_t from = START + given[i].minute * MINUTE;
		uint64_t count = given[i].minute == 1 ? 65536 + 5 : given[i].count;

		look(fixture->store[0], from, from + MINUTE - 1, &rows);
		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.all[0].count, count);
		assert_true(rows.all[0].exact);
	}
	assert_int_equal(total(fixture->store[0]), serial);
}

static void test_counted_once(void **state)
{
	static const struct given events[] = {
		{START, 1, "a", 0},          {START, 2, "a", 0},
		{START + 5, 1, "a", 0}, /* the serial again, at another stamp: another boot */
		{START + 70000, 3, "b", 59}, {START, 1, "a", 0}, /* again */
	};
	struct stores *fixture = *state;

	for (int again = 0; again < 3; again++) {
		begin(fixture->store[0]);
		for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
			put(fixture->store[0], &events[i], NULL);
		commit(fixture->store[0]);
		struct put_counts counts = store_put_counts(fixture->store[0]);

		assert_int_equal(counts.fresh, again ? 0 : 4);
		assert_int_equal(counts.duplicates, again ? 5 : 1);
		assert_int_equal(total(fixture->store[0]), 4);
		close_store(fixture, 0);
		open_store(fixture, 0);
	}
	struct rows rows;

	look(fixture->store[0], 0, INT64_MAX / 2, &rows);
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.all[0].comm, "a");
	assert_int_equal(rows.all[0].count, 3);
	assert_int_equal(rows.all[0].first_ms, START);
	assert_int_equal(rows.all[0].last_ms, START + 5);
	assert_string_equal(rows.all[1].comm, "b");
	assert_int_equal(rows.all[1].first_ms, START + 70000);
}

static void test_what_is_not_committed_is_forgotten(void **state)
{
	struct stores *fixture = *state;

	put(fixture->store[0], &(struct given){START, 1, "a", 0}, NULL);
	commit(fixture->store[0]);
	put(fixture->store[0], &(struct given){START, 2, "a", 0}, NULL);
	close_store(fixture, 0);
	open_store(fixture, 0);
	assert_int_equal(total(fixture->store[0]), 1);
	put(fixture->store[0], &(struct given){START, 2, "a", 0}, NULL);
	commit(fixture->store[0]);
	assert_int_equal(store_put_counts(fixture->store[0]).fresh, 1);
}

static void test_horizon(void **state)
{
	struct stores *fixture = *state;

	close_store(fixture, 0);
	run_sql(fixture->path[0], "INSERT INTO meta VALUES ('horizon', 1795302060000)"); /* START */
	open_store(fixture, 0);
	put(fixture->store[0], &(struct given){START - 1, 1, "a", 0}, NULL);
	put(fixture->store[0], &(struct given){START, 2, "a", 0}, NULL);
	commit(fixture->store[0]);
	assert_int_equal(store_put_counts(fixture->store[0]).expired, 1);
	assert_int_equal(total(fixture->store[0]), 1);
	store_set_backfill(fixture->store[0], true);
	put(fixture->store[0], &(struct given){START - 1, 1, "a", 0}, NULL);
	commit(fixture->store[0]);
	assert_int_equal(total(fixture->store[0]), 2);
}

/* Without a serial: (second, text, how many equal lines came before in it in this input). */
static void test_without_serial(void **state)
{
	static const struct {
		int times;
		uint64_t total;
	} inputs[] = {{2, 2}, {2, 2}, {3, 3}, {1, 3}};
	struct stores *fixture = *state;

	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		begin(fixture->store[0]);
		for (int at = 0; at < inputs[i].times; at++)
			put(fixture->store[0], &(struct given){START + at * 400, 0, "a", 0}, NULL);
		commit(fixture->store[0]);
		assert_int_equal(total(fixture->store[0]), inputs[i].total);
	}
}

#define EVENTS 3000

/* Is what the window gives of a series what a plain list gives? */
static void compare_window(const struct given *events, const struct rows *rows, const char *comm,
			   int32_t nr, int64_t since, int64_t until)
{
	const struct row *row = NULL;
	uint64_t count = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->all[i].nr == nr && strcmp(rows->all[i].comm, comm) == 0)
			row = &rows->all[i];
	for (size_t i = 0; i < EVENTS; i++)
		count += events[i].nr == nr && strcmp(events[i].comm, comm) == 0 &&
			 events[i].ms >= since && events[i].ms <= until;
	/* the set of syscalls is exact whatever the window cuts */
	if ((row != NULL) != (count != 0))
		fail_msg("%s/%d: %llu in the window", comm, nr, (unsigned long long)count);
	if (!row)
		return;
	assert_in_range(row->first_ms, since, until);
	assert_in_range(row->last_ms, row->first_ms, until);
	if (row->exact ? row->count != count : row->count < count)
		fail_msg("%s/%d: counted %llu%s, there are %llu", comm, nr,
			 (unsigned long long)row->count, row->exact ? "" : " or less",
			 (unsigned long long)count);
	/* a window that cuts no minute is exact */
	if (since % MINUTE == 0 && (until + 1) % MINUTE == 0)
		assert_true(row->exact);
}

static void test_random_windows(void **state)
{
	static const char *const comms[] = {"a", "b", "c"};
	static struct given events[EVENTS];
	static struct rows rows;
	struct stores *fixture = *state;

	srandom(1);
	for (uint32_t i = 0; i < EVENTS; i++) {
		/* three hours, out of order; some series are rare */
		uint32_t comm = random_below(20) ? random_below(2) : 2;

		events[i] = (struct given){START + random_below(180 * 60000), i + 1, comms[comm],
					   (int32_t)random_below(comm == 2 ? 60 : 4)};
		put(fixture->store[0], &events[i], NULL);
		if (random_below(300) == 0)
			commit(fixture->store[0]);
	}
	commit(fixture->store[0]);
	for (int round = 0; round < 150; round++) {
		int64_t unit = round % 3 ? 1 : MINUTE;
		int64_t since = (START + random_below(180 * 60000)) / unit * unit;
		int64_t until = since + (2 + random_below(100)) * MINUTE - 1;

		if (unit == 1)
			until += random_below(60000);
		look(fixture->store[0], since, until, &rows);
		for (int comm = 0; comm < 3; comm++)
			for (int32_t nr = 0; nr < 60; nr++)
				compare_window(events, &rows, comms[comm], nr, since, until);
	}
}

static void test_two_writers(void **state)
{
	struct stores *fixture = *state;

	strcpy(fixture->path[1], fixture->path[0]);
	open_store(fixture, 1);
	for (uint32_t i = 0; i < 400; i++) {
		struct store *store = fixture->store[i % 2];
		char comm[16];

		/* each event twice, by both; names and series that the other one has made */
		snprintf(comm, sizeof(comm), "p%u", i / 2 % 7);
		put(store, &(struct given){START + i / 2 * 500, 1 + i / 2, comm, 0}, NULL);
		if (i % 3 == 0) {
			put(store, &(struct given){START + i / 6 * 1000, 0, comm, 0}, NULL);
		}
		commit(store);
	}
	struct put_counts one = store_put_counts(fixture->store[0]);
	struct put_counts two = store_put_counts(fixture->store[1]);

	assert_int_equal(total(fixture->store[0]), total(fixture->store[1]));
	assert_int_equal(one.fresh + two.fresh, total(fixture->store[0]));
	assert_true(one.fresh + two.fresh >= 200);
	assert_true(one.duplicates + two.duplicates >= 200);
	close_store(fixture, 1);
}

static void test_a_second_writer_is_told(void **state)
{
	struct stores *fixture = *state;
	struct store *other;
	struct err err = ERR_INIT;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(fixture->path[0], &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put(fixture->store[0], &(struct given){START, 1, "a", 0}, NULL);
	assert_int_equal(store_commit(fixture->store[0], &err), -EBUSY);
	assert_non_null(strstr(err.message, "another sclog is writing"));
	/* the error stays, whatever is put: nothing hangs, nothing is half-written */
	for (int i = 0; i < 20000; i++) {
		struct record record = {.comm = STR("a"), .serial = 1, .has_serial = true};
		struct event event = {.record = &record, .node = STR("vm")};
		struct err again = ERR_INIT;

		store_put(fixture->store[0], &event, STR("a"), &again);
	}
	err_clear(&err);
	assert_int_equal(store_commit(fixture->store[0], &err), -EBUSY);
	close_store(fixture, 0);
	sqlite3_close(db);
	err_clear(&err);
	assert_int_equal(store_open(fixture->path[0], STORE_READ, NULL, &other, &err), 0);
	assert_int_equal(total(other), 0);
	store_close(other);
}

static struct merge_result merge(struct stores *fixture, int from, int to)
{
	struct merge_result result;
	struct err err = ERR_INIT;

	if (store_merge(fixture->store[to], fixture->path[from], &result, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(result.records, result.added + result.duplicates);
	return result;
}

#define MERGE_EVENTS 8

struct merge_case {
	const char *name;
	struct given ours[MERGE_EVENTS], theirs[MERGE_EVENTS];
	uint64_t total;
	size_t losses;
};

#define SECOND 1000

static const struct merge_case merge_cases[] = {
	{"disjoint minutes", {{START, 1, "a", 0}}, {{START + MINUTE, 2, "a", 0}}, 2, 0},
	{"disjoint events of a minute", {{START, 1, "a", 0}}, {{START, 2, "a", 0}}, 2, 0},
	{"known: theirs are all here",
	 {{START, 1, "a", 0}, {START, 2, "a", 0}},
	 {{START, 2, "a", 0}},
	 2,
	 0},
	{"wider: ours are all there",
	 {{START, 2, "a", 0}},
	 {{START, 1, "a", 0}, {START, 2, "a", 0}, {START, 3, "b", 0}},
	 3,
	 0},
	{"wider, with other minutes of the hour beside it",
	 {{START, 2, "a", 0}, {START + MINUTE, 9, "a", 0}},
	 {{START, 1, "a", 0}, {START, 2, "a", 0}},
	 3,
	 0},
	/* a: one each, in common; b: ours alone; c: theirs alone */
	{"overlap: the larger count of each series",
	 {{START, 1, "a", 0}, {START, 2, "b", 0}},
	 {{START, 1, "a", 0}, {START, 3, "c", 0}},
	 3,
	 1},
	{"the same",
	 {{START, 1, "a", 0}, {START, 0, "a", 0}},
	 {{START, 1, "a", 0}, {START, 0, "a", 0}},
	 2,
	 1}, /* lines without serial of two stores: that they are the same is not known */
	{"lines without a serial, of other minutes",
	 {{START, 0, "a", 0}},
	 {{START + MINUTE, 0, "a", 0}},
	 2,
	 0},
	{"theirs hold our serials, but not our line without one",
	 {{START, 1, "a", 0}, {START, 0, "t", 0}},
	 {{START, 1, "a", 0}, {START, 2, "a", 0}},
	 3,
	 1},
};

static void fill(struct stores *fixture, int i, const struct given *events)
{
	if (!fixture->store[i])
		open_store(fixture, i);
	begin(fixture->store[i]);
	for (; events->comm; events++)
		put(fixture->store[i], events, NULL);
	commit(fixture->store[i]);
}

static void empty(struct stores *fixture, int i)
{
	if (fixture->store[i])
		close_store(fixture, i);
	unlink(fixture->path[i]);
}

static void test_merges(void **state)
{
	struct stores *fixture = *state;

	for (size_t i = 0; i < sizeof(merge_cases) / sizeof(merge_cases[0]); i++) {
		const struct merge_case *row = &merge_cases[i];

		print_message("# %s\n", row->name);
		empty(fixture, 0);
		empty(fixture, 1);
		fill(fixture, 0, row->ours);
		fill(fixture, 1, row->theirs);
		uint64_t before = total(fixture->store[0]);
		struct merge_result result = merge(fixture, 1, 0);

		assert_int_equal(total(fixture->store[0]), row->total);
		assert_int_equal(before + result.added, row->total);
		assert_int_equal(losses_of(fixture->store[0], 0).count, row->losses);
		/* once more: nothing changes */
		assert_int_equal(merge(fixture, 1, 0).added, 0);
		assert_int_equal(total(fixture->store[0]), row->total);
		/* and what was merged is known when it comes as a log */
		fill(fixture, 0, row->ours);
		assert_int_equal(total(fixture->store[0]), row->total);
	}
}

/* Subsets of one log, merged in a chain: as long as one holds the other, counts are exact. */
static void test_random_merges(void **state)
{
	struct stores *fixture = *state;

	for (unsigned seed = 1; seed <= 12; seed++) {
		srandom(seed);
		empty(fixture, 0);
		empty(fixture, 1);
		open_store(fixture, 0);
		open_store(fixture, 1);
		for (uint32_t i = 0; i < 2000; i++) {
			/* by minute: ours alone, theirs alone, ours of theirs, theirs of ours */
			uint32_t minute = random_below(200), half = random_below(2);
			struct given event = {START + minute * MINUTE + random_below(60000), i + 1,
					      half ? "a" : "b", (int32_t)random_below(5)};

			if (minute % 4 == 0 || minute % 4 == 3 || (minute % 4 == 2 && half))
				put(fixture->store[0], &event, NULL);
			if (minute % 4 == 1 || minute % 4 == 2 || (minute % 4 == 3 && half))
				put(fixture->store[1], &event, NULL);
		}
		commit(fixture->store[0]);
		commit(fixture->store[1]);
		merge(fixture, 1, 0);
		assert_int_equal(total(fixture->store[0]), 2000);
		assert_int_equal(losses_of(fixture->store[0], 0).count, 0);
		assert_int_equal(merge(fixture, 1, 0).added, 0);
		assert_int_equal(merge(fixture, 0, 1).records, 2000);
		assert_int_equal(total(fixture->store[1]), 2000);
	}
}

/* First and last of events that were replaced must not stay behind. */
static void test_wider_with_other_attribution(void **state)
{
	static const struct container web = {.id = {"web", 3}, .name = {"web", 3}};
	struct stores *fixture = *state;
	struct rows rows;

	put(fixture->store[0], &(struct given){START, 1, "a", 0}, NULL);
	commit(fixture->store[0]);
	open_store(fixture, 1);
	put(fixture->store[1], &(struct given){START, 1, "a", 0}, &web);
	put(fixture->store[1], &(struct given){START + 1, 2, "a", 0}, &web);
	commit(fixture->store[1]);
	merge(fixture, 1, 0);
	look(fixture->store[0], 0, INT64_MAX / 2, &rows);
	assert_int_equal(rows.count, 1);
	assert_true(rows.all[0].contained);
	assert_int_equal(rows.all[0].count, 2);
	put(fixture->store[0], &(struct given){START + 5 * MINUTE, 3, "a", 0}, NULL);
	commit(fixture->store[0]);
	look(fixture->store[0], 0, INT64_MAX / 2, &rows);
	assert_int_equal(rows.count, 2);
	for (size_t i = 0; i < rows.count; i++)
		assert_int_equal(rows.all[i].first_ms,
				 rows.all[i].contained ? START : START + 5 * MINUTE);
}

/* More programs in one shared minute than are kept in memory at a time. */
static void test_a_large_overlap(void **state)
{
	struct stores *fixture = *state;

	open_store(fixture, 1);
	for (uint32_t i = 0; i < 70000; i++) {
		char comm[16];

		snprintf(comm, sizeof(comm), "p%u", i);
		for (int at = 0; at < 2; at++)
			put(fixture->store[at],
			    &(struct given){START + i % 50, i + 1, comm, TRACED}, NULL);
	}
	put(fixture->store[0], &(struct given){START, 100000, "ours", TRACED}, NULL);
	put(fixture->store[1], &(struct given){START, 100001, "theirs", TRACED}, NULL);
	commit(fixture->store[0]);
	commit(fixture->store[1]);
	assert_int_equal(merge(fixture, 1, 0).added, 1);
	assert_int_equal(total(fixture->store[0]), 70002);
}

static void test_a_store_is_not_merged_into_itself(void **state)
{
	struct stores *fixture = *state;
	struct merge_result result;
	struct err err = ERR_INIT;

	put(fixture->store[0], &(struct given){START, 1, "a", 0}, NULL);
	assert_int_equal(store_merge(fixture->store[0], fixture->path[0], &result, &err), -EINVAL);
	assert_non_null(strstr(err.message, "itself"));
	/* what was put before it is kept */
	close_store(fixture, 0);
	open_store(fixture, 0);
	assert_int_equal(total(fixture->store[0]), 1);
}

static void test_a_hostile_store_is_refused(void **state)
{
	static const char *const changes[] = {
		"UPDATE seen SET minute = -5",
		"UPDATE seen SET minute = 9223372036854775807",
		"UPDATE seen SET serials = x'0838feffffffffffffffff01'",
		"UPDATE seen_text SET minute = 9223372036854775807",
		"UPDATE seen_text SET marks = x'01'",
		"UPDATE hour SET hour = 9223372036854775807",
		"UPDATE hour SET minutes = x'01'",
	};
	struct stores *fixture = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct merge_result result;
		struct err err = ERR_INIT;

		empty(fixture, 1);
		fill(fixture, 1, (struct given[]){{START, 1, "a", 0}, {START, 0, "b", 0}, {0}});
		close_store(fixture, 1);
		run_sql(fixture->path[1], changes[i]);
		print_message("# %s\n", changes[i]);
		assert_int_equal(store_merge(fixture->store[0], fixture->path[1], &result, &err),
				 -EUCLEAN);
		assert_int_equal(total(fixture->store[0]), 0);
	}
}

static int64_t number(const char *path, const char *query)
{
	sqlite3_stmt *row;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(row, 0);

	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

/* A store that is watched into prunes by itself, between two commits, and goes on counting. */
static void test_a_watched_store_prunes(void **state)
{
	const struct store_retention retention = {STORE_DAY_MS, 2 * STORE_DAY_MS, 3 * STORE_DAY_MS,
						  0};
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];

	setenv("SCLOG_NOW", "@1795305600", 1); /* the beginning of 2026-11-22 */
	store_set_retention(store, &retention, 0);
	for (uint32_t i = 0; i < 40; i++) {
		put(store,
		    &(struct given){1795305600000 - (i % 5) * STORE_DAY_MS - 1000, i + 1, "a", 0},
		    NULL);
		commit(store);
	}
	unsetenv("SCLOG_NOW");
	/* the first commit was of the first event; then the horizon moved */
	assert_int_equal(store_put_counts(store).expired, 4 * 8);
	assert_int_equal(total(store), 8);
	assert_int_equal(number(fixture->path[0], "SELECT value FROM meta WHERE key = 'horizon'"),
			 1795305600000 - STORE_DAY_MS);
}

static void put_loss(struct store *store, enum loss_kind kind, int64_t ms, uint64_t count,
		     const char *text)
{
	struct loss_note note = {
		.kind = kind, .ms = ms, .count = count, .node = STR("vm"), .text = str_from(text)};
	struct err err = ERR_INIT;

	assert_int_equal(store_put_loss(store, &note, &err), 0);
}

static void test_evidence(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];

	for (int again = 0; again < 2; again++) {
		/* a running total of a boot: 10, 14, 14, then another boot: 3. Two in one ms. */
		put_loss(store, LOSS_COUNTER, START, 10, "audit_lost=10");
		put_loss(store, LOSS_COUNTER, START + 5, 14, "audit_lost=14");
		put_loss(store, LOSS_COUNTER, START + 5, 12, "audit_lost=12");
		put_loss(store, LOSS_COUNTER, START + 5, 13, "audit_lost=13");
		put_loss(store, LOSS_COUNTER, START + MINUTE, 3, "audit_lost=3");
		put_loss(store, LOSS_PRINTK, START, 473, "473 callbacks suppressed");
		put_loss(store, LOSS_MALFORMED, 0, 2, "file");
		commit(store);
	}
	/* 10 + 4 + 3 of the counter, 2 malformed ones; printk's number is one of lines */
	assert_int_equal(losses_of(store, 0).known, 19);
	assert_int_equal(losses_of(store, START + MINUTE).known, 5);
	assert_int_equal(losses_of(store, START + MINUTE).count, 2);
	/* a kind that this sclog does not know is shown all the same */
	close_store(fixture, 0);
	run_sql(fixture->path[0], "INSERT INTO loss VALUES (1, 77, 0, 0, 0, 'new')");
	open_store(fixture, 0);
	assert_int_equal(losses_of(fixture->store[0], START + MINUTE).count, 3);
}

static void note(struct store *store, uint32_t serial, bool is_seccomp)
{
	struct err err = ERR_INIT;

	assert_int_equal(store_note_serial(store, STR("vm"), START + serial, serial, TRUST_KERNEL,
					   is_seccomp, &err),
			 0);
}

/* The only loss in the store is then what printk suppressed. */
static void suppress(struct store *store, int64_t ms)
{
	put_loss(store, LOSS_PRINTK, ms, 473, "473 callbacks suppressed");
	commit(store);
	assert_int_equal(losses_of(store, 0).count, 1);
}

/* What printk dropped matters only where no complete stream has it. */
static void test_printk_beside_a_full_stream(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];

	suppress(store, START + 5);
	begin(store);
	for (uint32_t serial = 1; serial <= 10; serial++)
		note(store, serial, serial % 2);
	commit(store);
	assert_int_equal(losses_of(store, 0).count, 0);
	for (uint32_t serial = 14; serial <= 20; serial++)
		note(store, serial, serial % 2);
	commit(store);
	assert_int_equal(losses_of(store, 0).known, 3);
	begin(store);
	for (uint32_t serial = 11; serial <= 13; serial++)
		note(store, serial, serial % 2);
	commit(store);
	assert_int_equal(losses_of(store, 0).count, 0);
}

/* printk suppressed nothing before the last record of the kernel's own stream. */
static void test_printk_since(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];
	struct err err = ERR_INIT;

	suppress(store, START + 60 * MINUTE);
	assert_int_equal(losses_of(store, 0).since_ms, 0);
	/* anybody can write a text record, with any time */
	begin(store);
	assert_int_equal(
		store_note_serial(store, STR("vm"), START + MINUTE, 7, TRUST_TEXT, false, &err), 0);
	commit(store);
	assert_int_equal(losses_of(store, 0).since_ms, 0);
	begin(store);
	for (uint32_t serial = 1; serial <= 10; serial++)
		note(store, serial, serial % 2);
	commit(store);
	assert_int_equal(losses_of(store, 0).since_ms, START + 10 - LOSS_SOON_MS);
	/* a record after the notice: the stream covers that moment */
	begin(store);
	assert_int_equal(store_note_serial(store, STR("vm"), START + 120 * MINUTE, 11, TRUST_KERNEL,
					   false, &err),
			 0);
	commit(store);
	assert_int_equal(losses_of(store, 0).count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(test_counted_once),
		TEST(test_waiting_minutes),
		TEST(test_what_is_not_committed_is_forgotten),
		TEST(test_horizon),
		TEST(test_without_serial),
		TEST(test_random_windows),
		TEST(test_two_writers),
		TEST(test_a_second_writer_is_told),
		TEST(test_merges),
		TEST(test_random_merges),
		TEST(test_wider_with_other_attribution),
		TEST(test_a_large_overlap),
		TEST(test_a_store_is_not_merged_into_itself),
		TEST(test_a_hostile_store_is_refused),
		TEST(test_a_watched_store_prunes),
		TEST(test_evidence),
		TEST(test_printk_beside_a_full_stream),
		TEST(test_printk_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
