/* Events that wait: what goes in comes out, the oldest first, when somebody wants it. */
#include "correlate/hold.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34.454Z */
#define STAMP INT64_C(1795302094454)

struct tried {
	uint32_t pid;
	unsigned slot;
	bool final;
};

/* What a retry is to do, and what it was asked. */
struct trial {
	struct hold *hold;
	uint32_t keep; /* this pid is held further unless it is final; 0: none is */
	uint32_t fail; /* at this pid it fails */
	bool keep_all; /* nothing is ever done with, final or not */
	struct tried tried[16];
	size_t count;
};

static int setup(void **state)
{
	struct trial *trial = mem_new(1, sizeof(*trial));

	trial->hold = hold_new();
	*state = trial;
	return 0;
}

static int teardown(void **state)
{
	struct trial *trial = *state;

	hold_free(trial->hold);
	free(trial);
	return 0;
}

static bool add(struct trial *trial, uint32_t pid, unsigned slot, int64_t until_ns)
{
	MEM_AUTO struct record *record = mem_new(1, sizeof(*record));
	struct event event = {.record = record, .node = STR("worker-3")};

	record->pid = pid;
	record->ms = STAMP;
	return hold_add(trial->hold, &event, STR("the line"), slot, until_ns);
}

static int try(void *context, struct event *event, struct str text, unsigned slot, bool final)
{
	struct trial *trial = context;
	uint32_t pid = event->record->pid;

	(void)text;
	assert_true(trial->count < 16);
	trial->tried[trial->count++] = (struct tried){pid, slot, final};
	if (pid == trial->fail)
		return -EIO;
	return !trial->keep_all && (final || pid != trial->keep);
}

static int retry(struct trial *trial, int64_t now_ns)
{
	trial->count = 0;
	return hold_retry(trial->hold, now_ns, try, trial);
}

static void assert_tried(const struct trial *trial, const uint32_t *pids, size_t count)
{
	assert_int_equal(trial->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(trial->tried[i].pid, pids[i]);
}

static void oldest_comes_first(void **state)
{
	struct trial *trial = *state;

	for (uint32_t pid = 1; pid <= 3; pid++)
		assert_true(add(trial, pid, 0, 1000 * (4 - pid)));
	assert_int_equal(hold_count(trial->hold), 3);
	assert_int_equal(retry(trial, 0), 0);
	assert_tried(trial, (const uint32_t[]){1, 2, 3}, 3);
	assert_int_equal(hold_count(trial->hold), 0);
	assert_int_equal(retry(trial, 0), 0);
	assert_int_equal(trial->count, 0);
}

/* Whichever of them stays: the order holds, and what is added later comes behind it. */
static void what_is_kept_keeps_its_place(void **state)
{
	struct trial *trial = *state;

	for (uint32_t kept = 1; kept <= 3; kept++) {
		for (uint32_t pid = 1; pid <= 3; pid++)
			assert_true(add(trial, pid, 0, 1000));
		trial->keep = kept;
		assert_int_equal(retry(trial, 0), 0);
		assert_tried(trial, (const uint32_t[]){1, 2, 3}, 3);
		assert_int_equal(hold_count(trial->hold), 1);
		assert_true(add(trial, 4, 0, 1000));
		assert_true(add(trial, 5, 0, 1000));
		trial->keep = 0;
		assert_int_equal(retry(trial, 0), 0);
		assert_tried(trial, (const uint32_t[]){kept, 4, 5}, 3);
		assert_int_equal(hold_count(trial->hold), 0);
	}
}

static void final_when_its_time_is_up_and_not_before(void **state)
{
	struct trial *trial = *state;

	assert_true(add(trial, 7, 0, 700));
	assert_true(add(trial, 8, 0, 900));
	trial->keep_all = true;
	assert_int_equal(retry(trial, 699), 0);
	assert_false(trial->tried[0].final || trial->tried[1].final);
	assert_int_equal(retry(trial, 700), 0);
	assert_true(trial->tried[0].final);
	assert_false(trial->tried[1].final);
	assert_int_equal(retry(trial, INT64_MAX), 0);
	assert_true(trial->tried[0].final && trial->tried[1].final);
	/* who does not take it even then has it still: nothing is dropped */
	assert_int_equal(hold_count(trial->hold), 2);
}

static void error_ends_the_retry_and_loses_nothing(void **state)
{
	struct trial *trial = *state;

	for (uint32_t pid = 1; pid <= 4; pid++)
		assert_true(add(trial, pid, pid % 2, 1000));
	trial->fail = 3;
	assert_int_equal(retry(trial, 0), -EIO);
	assert_tried(trial, (const uint32_t[]){1, 2, 3}, 3);
	assert_int_equal(hold_count(trial->hold), 2);
	assert_int_equal(hold_count_of(trial->hold, 0), 1);
	assert_int_equal(hold_count_of(trial->hold, 1), 1);
	trial->fail = 0;
	assert_int_equal(retry(trial, 0), 0);
	assert_tried(trial, (const uint32_t[]){3, 4}, 2);
}

static void counts_are_by_slot(void **state)
{
	struct trial *trial = *state;

	for (unsigned slot = 0; slot < HOLD_SLOTS; slot++)
		assert_true(add(trial, 10 + slot, slot, 1000));
	assert_true(add(trial, 99, HOLD_SLOTS - 1, 1000));
	assert_int_equal(hold_count(trial->hold), HOLD_SLOTS + 1);
	for (unsigned slot = 0; slot < HOLD_SLOTS; slot++)
		assert_int_equal(hold_count_of(trial->hold, slot), slot == HOLD_SLOTS - 1 ? 2 : 1);
	trial->keep = 99;
	assert_int_equal(retry(trial, 0), 0);
	for (unsigned slot = 0; slot < HOLD_SLOTS; slot++) {
		assert_int_equal(trial->tried[slot].slot, slot);
		assert_int_equal(hold_count_of(trial->hold, slot), slot == HOLD_SLOTS - 1);
	}
	trial->keep = 0;
	assert_int_equal(retry(trial, 0), 0);
	assert_int_equal(trial->tried[0].slot, HOLD_SLOTS - 1);
	assert_int_equal(hold_count_of(trial->hold, HOLD_SLOTS - 1), 0);
}

static int count_one(void *context, struct event *event, struct str text, unsigned slot, bool final)
{
	uint32_t *next = context;

	(void)text;
	(void)slot;
	(void) final;
	assert_int_equal(event->record->pid, ++*next);
	return 1;
}

static void takes_so_many_and_no_more(void **state)
{
	struct trial *trial = *state;
	uint32_t last = 0;

	for (uint32_t i = 1; i <= HOLD_MAX; i++)
		assert_true(add(trial, i, i % HOLD_SLOTS, 1000));
	assert_false(add(trial, HOLD_MAX + 1, 0, 1000));
	assert_int_equal(hold_count(trial->hold), HOLD_MAX);
	assert_int_equal(hold_count_of(trial->hold, 0), HOLD_MAX / HOLD_SLOTS);
	assert_int_equal(hold_retry(trial->hold, 0, count_one, &last), 0);
	assert_int_equal(last, HOLD_MAX);
	assert_true(add(trial, 1, 0, 1000));
}

/* --- it is the same event */

static const struct container web = {.id = {"web", 3}};

static int compare(void *context, struct event *event, struct str text, unsigned slot, bool final)
{
	const struct record *record = event->record;
	bool *compared = context;

	(void) final;
	assert_int_equal(slot, 5);
	*compared = true;
	assert_true(str_eq(text, STR("a line of text")));
	assert_true(str_eq(event->node, STR("worker-3")));
	assert_ptr_equal(event->container, &web);
	assert_int_equal(event->attribution, ATTRIBUTION_CONTAINER);
	assert_int_equal(event->reason, UNATTRIBUTED_NO_LIFETIME);
	assert_int_equal(event->phase, PHASE_EXEC);
	assert_int_equal(event->source, SOURCE_NETLINK);
	assert_true(event->full_stream);
	assert_int_equal(event->coverage, COVERAGE_PARTIAL);
	assert_int_equal(record->ms, STAMP);
	assert_true(record->has_serial && record->serial == 148553);
	assert_true(record->has_arch && record->arch == AUDIT_ARCH_X86_64);
	assert_int_equal(record->pid, 21073);
	assert_int_equal(record->nr, 0); /* read(2), and no less a number */
	assert_int_equal(record->code, SECCOMP_RET_LOG);
	assert_true(record->ip == 0x7fd256e08829);
	assert_true(str_eq(record->comm, STR("runc:[2:INIT]")));
	assert_int_equal(record->exe.n, 0);
	assert_true(record->exe_null && !record->comm_null);
	return 1;
}

static void event_comes_out_as_it_went_in(void **state)
{
	struct trial *trial = *state;
	struct record *record = mem_new(1, sizeof(*record));
	char node[] = "worker-3", comm[] = "runc:[2:INIT]", text[] = "a line of text";
	const struct event event = {
		.record = record,
		.container = &web,
		.attribution = ATTRIBUTION_CONTAINER,
		.reason = UNATTRIBUTED_NO_LIFETIME,
		.phase = PHASE_EXEC,
		.source = SOURCE_NETLINK,
		.full_stream = true,
		.coverage = COVERAGE_PARTIAL,
		.node = str_from(node),
	};
	bool compared = false;

	record->ms = STAMP;
	record->serial = 148553;
	record->has_serial = record->has_arch = record->exe_null = true;
	record->pid = 21073;
	record->arch = AUDIT_ARCH_X86_64;
	record->code = SECCOMP_RET_LOG;
	record->ip = 0x7fd256e08829;
	record->comm = str_from(comm);
	assert_true(hold_add(trial->hold, &event, str_from(text), 5, 1000));
	/* the reader's buffers are used again */
	memset(node, 'x', sizeof(node));
	memset(comm, 'x', sizeof(comm));
	memset(text, 'x', sizeof(text));
	memset(record, 0xff, sizeof(*record));
	free(record);
	assert_int_equal(hold_retry(trial->hold, 0, compare, &compared), 0);
	assert_true(compared);
}

static int compare_empty(void *context, struct event *event, struct str text, unsigned slot,
			 bool final)
{
	const struct record *record = event->record;

	(void)slot;
	(void) final;
	if (record->pid != 1)
		return 1;
	*(bool *)context = true;
	assert_false(record->has_serial || record->has_arch || record->exe_null);
	assert_int_equal(record->comm.n + record->exe.n + text.n + event->node.n, 0);
	assert_int_equal(record->serial, 0);
	assert_true(record->ip == 0);
	return 1;
}

/* Each is tried with its own fields: nothing is left of the one before. */
static void nothing_is_left_of_the_one_before(void **state)
{
	struct trial *trial = *state;
	struct record *record = mem_new(1, sizeof(*record));
	struct event event = {.record = record, .node = STR("n")};
	bool compared = false;

	*record =
		(struct record){.pid = 2, .serial = 7, .ip = 9, .comm = STR("c"), .exe = STR("e")};
	record->has_serial = record->has_arch = record->exe_null = true;
	assert_true(hold_add(trial->hold, &event, STR("t"), 0, 1000));
	*record = (struct record){.pid = 1};
	event.node = str_of(NULL, 0);
	assert_true(hold_add(trial->hold, &event, str_of(NULL, 0), 0, 1000));
	free(record);
	assert_int_equal(hold_retry(trial->hold, 0, compare_empty, &compared), 0);
	assert_true(compared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(oldest_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_kept_keeps_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(final_when_its_time_is_up_and_not_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(error_ends_the_retry_and_loses_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(counts_are_by_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_so_many_and_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(event_comes_out_as_it_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_of_the_one_before, setup, teardown),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
