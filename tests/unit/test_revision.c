/* What changed since a store was last sent: by day and series, whatever changed it. */
#include "tests/stores.h"

#include "base/buf.h"
#include "store/internal.h"
#include "store/revision.h"

#define DAY_MS 86400000LL

static void put(struct stores *stores, int64_t day, uint32_t serial)
{
	struct record record = {.has_serial = true,
				.serial = serial,
				.ms = day * DAY_MS + 5000,
				.has_arch = true,
				.arch = 0xc000003e,
				.nr = 1,
				.code = 0x7ffc0000,
				.comm = STR("a"),
				.exe = STR("/a")};
	const struct event event = {.record = &record,
				    .attribution = ATTRIBUTION_HOST,
				    .trust = TRUST_KERNEL,
				    .node = STR("vm")};
	struct err err = ERR_INIT;

	if (store_put(stores->store[0], &event, STR("line"), &err) < 0)
		fail_msg("%s", err.message);
	commit(stores->store[0]);
}

static struct revision next_for(struct stores *stores, const char *uuid, int64_t known)
{
	struct revision revision;
	struct err err = ERR_INIT;

	if (revision_next(&stores->store[0]->sql, uuid, known, &revision, &err) < 0)
		fail_msg("%s", err.message);
	return revision;
}

static struct revision next(struct stores *stores)
{
	return next_for(stores, "", 0);
}

/* "DAY@REVISION ..." of the rows. */
static void assert_changed(struct stores *stores, const char *expected)
{
	struct err err = ERR_INIT;
	struct sql *sql = &stores->store[0]->sql;
	sqlite3_stmt *rows = sql_prepare(
		sql, "SELECT group_concat(day || '@' || revision, ' ') FROM changed", &err);

	assert_non_null(rows);
	assert_int_equal(sql_step(sql, rows, &err), 1);
	const unsigned char *text = sqlite3_column_text(rows, 0);

	assert_string_equal(text ? (const char *)text : "", expected);
	sqlite3_finalize(rows);
}

static void test_days_that_changed(void **state)
{
	struct stores *stores = *state;

	put(stores, 20000, 1);
	assert_changed(stores, ""); /* nobody sends it */
	assert_int_equal(next(stores).number, 1);
	assert_changed(stores, "");
	put(stores, 20000, 1); /* a duplicate */
	assert_changed(stores, "");
	put(stores, 20001, 2);
	put(stores, 20002, 3);
	assert_changed(stores, "20001@2 20002@2");
	assert_int_equal(next(stores).number, 2);
	put(stores, 20002, 4);
	assert_changed(stores, "20001@2 20002@3");
}

static void test_restored(void **state)
{
	struct stores *stores = *state;
	struct revision first = next(stores), second = next_for(stores, first.uuid, 1);

	assert_int_equal(strlen(first.uuid), REVISION_UUID_SIZE - 1);
	assert_string_equal(first.uuid, second.uuid);
	assert_false(first.same);
	assert_true(second.same);
	/* a copy of before goes by another name */
	second = next_for(stores, first.uuid, 50);
	assert_false(second.same);
	assert_string_not_equal(first.uuid, second.uuid);
	assert_true(next_for(stores, second.uuid, second.number).same);
}

static void test_forgotten(void **state)
{
	const char *const comm[] = {"a"};
	const struct selection selection = {.comm = {comm, 1}};
	struct stores *stores = *state;
	struct amend_counts counts;
	struct err err = ERR_INIT;

	put(stores, 20000, 1);
	next(stores);
	assert_int_equal(next(stores).from, 0);
	if (store_forget(stores->store[0], &selection, false, &counts, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(counts.records, 1);
	assert_int_equal(next(stores).from, 3); /* 1 and 2 were sent */
}

static void test_pruned(void **state)
{
	const struct store_retention retention = {.days_ms = 10 * DAY_MS};
	struct stores *stores = *state;
	struct prune_counts counts;
	struct err err = ERR_INIT;

	next(stores);
	put(stores, 20000, 1);
	put(stores, 20100, 2);
	for (int i = 0; i < 2; i++) {
		int64_t now_ms = (20105 - i) * DAY_MS; /* the second time, the clock was set back */

		if (store_prune(stores->store[0], &retention, now_ms, false, &counts, &err) < 0)
			fail_msg("%s", err.message);
	}
	assert_changed(stores, "20100@2");
	assert_int_equal(next(stores).first_day, 20095);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_days_that_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_restored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pruned, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
