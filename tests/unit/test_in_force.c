/* Which profile was in force, and when: watched, stated, merged, and of older stores. */
#include "tests/stores.h"

#include "base/buf.h"
#include "store/schema.h"

#include <unistd.h>

#define WEB "0123456789abcdef"

/* Appends "SINCE-UNTIL PROFILE (SOURCE)" of each span; - for no end, "host" for no container. */
struct listing {
	struct store *store;
	struct buf text;
};

static int list(const struct in_force_span *span, void *context)
{
	struct listing *listing = context;
	struct err err = ERR_INIT;

	buf_format(&listing->text, "%s%s%lld-", listing->text.n ? ", " : "",
		   span->container_row ? "" : "none ", (long long)span->since_ms);
	if (span->until_ms != INT64_MAX)
		buf_format(&listing->text, "%lld", (long long)span->until_ms);
	buf_put_char(&listing->text, ' ');
	assert_int_equal(query_profile(listing->store, span->profile_row, &listing->text, &err), 0);
	buf_format(&listing->text, " (%.*s)", (int)span->source.n, span->source.p);
	if (span->actions != LOGGED_ALL)
		buf_format(&listing->text, " %x", span->actions);
	return 0;
}

static void assert_spans(struct store *store, const char *expected)
{
	struct listing listing = {.store = store};
	struct err err = ERR_INIT;

	if (query_in_force(store, list, &listing, &err) < 0)
		fail_msg("%s", err.message);
	buf_put_str(&listing.text, STR(""));
	assert_string_equal(listing.text.p, expected);
	buf_release(&listing.text);
}

static void put(struct store *store, const struct store_in_force *given)
{
	struct store_in_force in_force = *given;
	struct err err = ERR_INIT;

	in_force.node = STR("vm");
	if (store_put_in_force(store, &in_force, &err) < 0 || store_commit(store, &err) < 0)
		fail_msg("%s", err.message);
}

static void watched(struct store *store, const char *profile, int64_t ms)
{
	put(store, &(struct store_in_force){.container = STR(WEB),
					    .profile = str_from(profile),
					    .source = STR(STORE_IN_FORCE_WATCHED),
					    .is_open = true,
					    .since_ms = ms});
}

static void stated(struct store *store, const char *container, const char *profile, int64_t since,
		   int64_t until)
{
	put(store, &(struct store_in_force){.container = str_from(container),
					    .profile = str_from(profile),
					    .source = STR("stated"),
					    .since_ms = since,
					    .until_ms = until});
}

/* One container, which was made anew with another profile under the same id. */
static void test_watched(void **state)
{
	struct stores *stores = *state;
	struct store *store = stores->store[0];

	watched(store, "A", 1000);
	assert_spans(store, "0- A (watch)");
	watched(store, "A", 2000);
	assert_spans(store, "0- A (watch)");
	watched(store, "B", 3000);
	assert_spans(store, "0-3000 A (watch), 3000- B (watch)");
	watched(store, "A", 4000);
	assert_spans(store, "0-3000 A (watch), 3000-4000 B (watch), 4000- A (watch)");
	watched(store, "", 5000);
	assert_spans(store, "0-3000 A (watch), 3000-4000 B (watch), 4000-5000 A (watch), "
			    "5000-  (watch)");
}

/* The kernel was told to log something else: that counts as another profile would. */
static void test_actions(void **state)
{
	struct stores *stores = *state;
	struct store *store = stores->store[0];
	struct store_in_force in_force = {.container = STR(WEB),
					  .profile = STR("A"),
					  .source = STR(STORE_IN_FORCE_WATCHED),
					  .has_actions = true,
					  .actions = LOGGED_ALL,
					  .is_open = true,
					  .since_ms = 1000};

	put(store, &in_force);
	in_force.actions = LOGGED_ALL & ~LOGGED_LOG;
	in_force.since_ms = 2000;
	put(store, &in_force);
	put(store, &in_force);
	assert_spans(store, "0-2000 A (watch), 2000- A (watch) 3f");
}

static void test_stated(void **state)
{
	struct stores *stores = *state;
	struct store *store = stores->store[0];

	stated(store, WEB, "A", 1000, 2000);
	stated(store, WEB, "A", 1000, 2000); /* the same log again */
	assert_spans(store, "1000-2000 A (stated)");
	stated(store, WEB, "A", 1000, 2500); /* it has grown */
	assert_spans(store, "1000-2500 A (stated)");
	stated(store, WEB, "B", 5000, 6000); /* another */
	assert_spans(store, "1000-2500 A (stated), 5000-6000 B (stated)");
	stated(store, WEB, "C", 1000, 2500); /* a mistake mended */
	assert_spans(store, "1000-2500 C (stated), 5000-6000 B (stated)");
	stated(store, "", "D", 1, 2);
	assert_spans(store, "none 1-2 D (stated), 1000-2500 C (stated), 5000-6000 B (stated)");
}

/* What was watched is not a matter of opinion. */
static void test_both(void **state)
{
	struct stores *stores = *state;
	struct store *store = stores->store[0];

	watched(store, "A", 1000);
	watched(store, "B", 2000);
	stated(store, WEB, "C", 0, 9000);
	assert_spans(store, "0-2000 A (watch), 0-9000 C (stated), 2000- B (watch)");
}

static void test_merged(void **state)
{
	struct stores *stores = *state;
	struct merge_result merged;
	struct err err = ERR_INIT;

	watched(stores->store[0], "A", 1000);
	watched(stores->store[0], "B", 2000);
	stated(stores->store[0], "", "C", 5, 6);
	open_store(stores, 1);
	for (int i = 0; i < 2; i++)
		if (store_merge(stores->store[1], stores->path[0], &merged, &err) < 0)
			fail_msg("%s", err.message);
	assert_spans(stores->store[1], "none 5-6 C (stated), 0-2000 A (watch), 2000- B (watch)");
}

/* A store of version 2 has the last profile of each container. */
static void test_older(void **state)
{
	struct stores *stores = *state;
	struct err err = ERR_INIT;
	struct sql sql;

	close_store(stores, 0);
	unlink(stores->path[0]);
	assert_int_equal(sql_open(&sql, stores->path[0], stores->path[0],
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &err),
			 0);
	assert_int_equal(schema_build(&sql, 0, 2, &err), 0);
	assert_int_equal(sql_run(&sql,
				 "INSERT INTO node VALUES (1, 'vm', 'vm');"
				 "INSERT INTO profile VALUES (1, 0, 'A');"
				 "INSERT INTO container VALUES"
				 " (1, 1, '" WEB "', 'web', '', '', '', '', '', NULL, 0, 1);"
				 "PRAGMA user_version = 2; PRAGMA application_id = 1396919367;",
				 &err),
			 0);
	sql_close(&sql);
	assert_int_equal(store_open(stores->path[0], STORE_READ, NULL, &stores->store[0], &err), 0);
	assert_spans(stores->store[0], "0- A (watch)");
	open_store(stores, 1);
	struct merge_result merged;

	if (store_merge(stores->store[1], stores->path[0], &merged, &err) < 0)
		fail_msg("%s", err.message);
	assert_spans(stores->store[1], "0- A (watch)");
	close_store(stores, 0);
	open_store(stores, 0);
	assert_spans(stores->store[0], "0- A (watch)");
	watched(stores->store[0], "B", 2000);
	assert_spans(stores->store[0], "0-2000 A (watch), 2000- B (watch)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_actions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_merged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_older, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
