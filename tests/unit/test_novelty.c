/*
 * Novelty: which parts of an event make it another one, and what happens when there are too many.
 */
#include "report/novelty.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* An event that owns what it points to. */
struct made {
	struct record *record; /* large */
	struct container container;
	struct event event;
};

static int setup(void **state)
{
	struct made *made = calloc(1, sizeof(*made));

	made->record = calloc(1, sizeof(*made->record));
	made->record->has_arch = true;
	made->record->arch = AUDIT_ARCH_X86_64;
	made->record->nr = 161;
	made->record->code = SECCOMP_RET_LOG;
	made->record->comm = STR("nginx");
	made->container.id = STR("268887c643f8");
	made->event = (struct event){
		.record = made->record,
		.container = &made->container,
		.attribution = ATTRIBUTION_CONTAINER,
		.node = STR("worker-3"),
	};
	*state = made;
	return 0;
}

static int teardown(void **state)
{
	struct made *made = *state;

	free(made->record);
	free(made);
	return 0;
}

static void to_host(struct made *made)
{
	made->event.container = NULL;
	made->event.attribution = ATTRIBUTION_HOST;
}

/* One after the other, each changes one part of the key. */
static void change_nr(struct made *made)
{
	made->record->nr = 0; /* x86-64: read */
}

static void change_action(struct made *made)
{
	made->record->code = SECCOMP_RET_KILL_THREAD; /* 0 */
}

static void change_arch(struct made *made)
{
	made->record->arch = AUDIT_ARCH_I386;
}

static void change_no_arch(struct made *made)
{
	made->record->has_arch = false;
}

static void change_x32(struct made *made)
{
	made->record->nr |= 0x40000000;
}

static void change_container(struct made *made)
{
	made->container.id = STR("268887c643f9");
}

static void change_node(struct made *made)
{
	made->event.node = STR("worker-4");
}

static void change_bucket(struct made *made)
{
	made->event.attribution = ATTRIBUTION_UNATTRIBUTED;
}

static void change_comm(struct made *made)
{
	made->record->comm = STR("cron");
}

static void change_comm_empty(struct made *made)
{
	made->record->comm = STR("");
}

static void change_comm_null(struct made *made)
{
	made->record->comm_null = true;
}

static void test_each_part_counts(void **state)
{
	static void (*const changes[])(struct made *) = {
		change_nr,     change_action,    change_arch,       change_no_arch,
		change_x32,    change_container, change_node,       to_host,
		change_bucket, change_comm,      change_comm_empty, change_comm_null,
	};
	struct made *made = *state;
	struct novelty *novelty = novelty_new();

	assert_true(novelty_add(novelty, &made->event));
	assert_false(novelty_add(novelty, &made->event));
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		changes[i](made);
		assert_true(novelty_add(novelty, &made->event));
		assert_false(novelty_add(novelty, &made->event));
		assert_int_equal(novelty_count(novelty), i + 2);
	}
	assert_int_equal(novelty_restarts(novelty), 0);
	novelty_free(novelty);
}

static void test_the_rest_does_not(void **state)
{
	struct made *made = *state;
	struct novelty *novelty = novelty_new();

	assert_true(novelty_add(novelty, &made->event));
	made->container.name = STR("web");
	made->container.image = STR("nginx:1");
	made->record->comm = STR("sh");
	made->record->exe = STR("/bin/sh");
	made->record->pid = 4711;
	made->record->ms = 1795302094454;
	made->event.phase = PHASE_EXEC;
	made->event.source = SOURCE_NETLINK;
	assert_false(novelty_add(novelty, &made->event));
	/* names of nodes are compared by their first label */
	made->event.node = STR("Worker-3.example.org");
	assert_false(novelty_add(novelty, &made->event));
	to_host(made);
	assert_true(novelty_add(novelty, &made->event));
	made->record->exe = STR("/usr/bin/sh");
	assert_false(novelty_add(novelty, &made->event));
	novelty_free(novelty);
}

static struct observation observation_of(const struct made *made)
{
	struct observation observation = {
		.attribution = made->event.attribution,
		.node = made->event.node,
		.comm = made->record->comm,
		.comm_null = made->record->comm_null,
		.has_arch = made->record->has_arch,
		.arch = made->record->arch,
		.nr = made->record->nr,
		.code = made->record->code,
		.count = 12,
	};

	if (made->event.container)
		observation.container = made->container;
	return observation;
}

static void test_seeded_by_the_store(void **state)
{
	static void (*const changes[])(struct made *) = {
		change_nr, to_host, change_comm_null, change_bucket, change_no_arch,
	};
	struct made *made = *state;
	struct novelty *novelty = novelty_new();

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct observation observation;

		changes[i](made);
		observation = observation_of(made);
		assert_true(novelty_add_observation(novelty, &observation));
		assert_false(novelty_add(novelty, &made->event));
	}
	/* a record without arch has whatever stands in the field */
	made->record->arch = 0;
	assert_false(novelty_add(novelty, &made->event));
	novelty_free(novelty);
}

/* Every key up to the limit is known again, however often the table grew. */
static void test_full(void **state)
{
	struct made *made = *state;
	struct novelty *novelty = novelty_new();

	for (int32_t i = 0; i < NOVELTY_MAX; i++) {
		made->record->nr = i;
		assert_true(novelty_add(novelty, &made->event));
	}
	for (int32_t i = 0; i < NOVELTY_MAX; i++) {
		made->record->nr = i;
		assert_false(novelty_add(novelty, &made->event));
	}
	assert_int_equal(novelty_count(novelty), NOVELTY_MAX);
	assert_int_equal(novelty_restarts(novelty), 0);
	made->record->nr = NOVELTY_MAX;
	assert_true(novelty_add(novelty, &made->event));
	assert_int_equal(novelty_restarts(novelty), 1);
	assert_int_equal(novelty_count(novelty), 1);
	assert_false(novelty_add(novelty, &made->event));
	made->record->nr = 0;
	assert_true(novelty_add(novelty, &made->event));
	novelty_free(novelty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_part_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_rest_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_seeded_by_the_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
