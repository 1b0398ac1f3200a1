/*
 * Which losses can be of a container: those from before its start cannot, where its start was seen.
 */
#include "profile/source.h"
#include "report/diff.h"
#include "report/recording.h"
#include "report/started.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR 3600000

struct seen {
	int64_t row;
	int64_t hour;
	enum phase phase;
	enum source_kind source;
};

static struct observation observation_of(const struct seen *seen)
{
	return (struct observation){
		.container_row = seen->row,
		.container = {.id = STR("268887c643f8"), .name = STR("web")},
		.attribution = seen->row ? ATTRIBUTION_CONTAINER : ATTRIBUTION_HOST,
		.node = STR("vm"),
		.phase = seen->phase,
		.source = seen->source,
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.code = SECCOMP_RET_LOG,
		.count = 1,
		.first_ms = seen->hour * HOUR,
		.last_ms = seen->hour * HOUR,
	};
}

static const struct row {
	const char *name;
	size_t containers;
	struct seen seen[4]; /* up to the first of hour 0 */
	int64_t began;       /* hour; 0: not known */
} rows[] = {
	{"set up under watch",
	 1,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {1, 6, PHASE_APPLICATION, SOURCE_NETLINK}},
	 5},
	{"rows come by program, not by time",
	 1,
	 {{1, 6, PHASE_APPLICATION, SOURCE_NETLINK}, {1, 5, PHASE_SETUP, SOURCE_NETLINK}},
	 5},
	{"the first of two",
	 2,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {2, 7, PHASE_SETUP, SOURCE_NETLINK}},
	 5},
	{"no set-up", 1, {{1, 5, PHASE_APPLICATION, SOURCE_NETLINK}}, 0},
	{"an exec is no start", 1, {{1, 5, PHASE_EXEC, SOURCE_NETLINK}}, 0},
	{"a log names an exec a set-up", 1, {{1, 5, PHASE_SETUP, SOURCE_LOG}}, 0},
	{"records from before it: started again",
	 1,
	 {{1, 3, PHASE_APPLICATION, SOURCE_NETLINK}, {1, 5, PHASE_SETUP, SOURCE_NETLINK}},
	 0},
	{"one of two is not known",
	 2,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {2, 7, PHASE_APPLICATION, SOURCE_NETLINK}},
	 0},
	{"one of two has no records", 2, {{1, 5, PHASE_SETUP, SOURCE_NETLINK}}, 0},
	{"the host, too",
	 1,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {0, 6, PHASE_APPLICATION, SOURCE_NETLINK}},
	 0},
	{"nothing", 1, {{0}}, 0},
};

static void a_start_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct started started = {0};
		int64_t expected =
			rows[i].began ? rows[i].began * HOUR - STARTED_BEFORE_MS : INT64_MIN;

		for (size_t k = 0; k < rows[i].containers; k++)
			started_add_container(&started);
		for (size_t k = 0; k < 4 && rows[i].seen[k].hour; k++) {
			struct observation observation = observation_of(&rows[i].seen[k]);

			started_add(&started, &observation);
		}
		if (started_ms(&started) != expected || started_ms(&started) != expected)
			fail_msg("%s: %lld instead of %lld", rows[i].name,
				 (long long)started_ms(&started), (long long)expected);
	}
}

/* Five losses of one record each: long before the start, shortly before, while it was watched, of a time
 * that is not known, and a gap from before the start until after it. */
static void losses_from_before_do_not_count(void **state)
{
	static const struct {
		bool has_until;
		int64_t until_ms;
		uint64_t lost; /* in all, up to then */
	} losses[] = {
		{true, 4 * HOUR, 0}, {true, 5 * HOUR - 1000, 1}, {true, 6 * HOUR, 2},
		{false, 0, 3},       {true, 5 * HOUR + 1, 4},
	};
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);
	struct observation observation = observation_of(&rows[0].seen[0]);

	(void)state;
	recording_add_container(recording, &observation.container, observation.node);
	recording_add_observation(recording, &observation);
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		const struct loss loss = {.count = 1,
					  .known = true,
					  .text = STR("1 record lost"),
					  .node = STR("vm"),
					  .has_until = losses[i].has_until,
					  .until_ms = losses[i].until_ms};

		recording_add_loss(recording, &loss);
		assert_int_equal(recording_evidence(recording)->lost, losses[i].lost);
	}
	recording_finish(recording);
	recording_free(recording);
}

/* In a diff it counts for the group that may have run, and not for the other. */
static void of_two_groups_one_is_concerned(void **state)
{
	struct observation older =
		observation_of(&(struct seen){1, 3, PHASE_SETUP, SOURCE_NETLINK});
	struct observation newer =
		observation_of(&(struct seen){2, 9, PHASE_SETUP, SOURCE_NETLINK});
	const struct loss loss = {.count = 1,
				  .known = true,
				  .text = STR("1 record lost"),
				  .node = STR("vm"),
				  .has_until = true,
				  .until_ms = 5 * HOUR};

	const struct profile_options options = profile_options_default();
	struct profile_source *source =
		profile_source_from_text("a.json", STR("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}"));
	struct err err = ERR_INIT;
	struct profile *profile;

	(void)state;
	assert_int_equal(profile_load(source, &options, &profile, &err), 0);
	newer.container.id = STR("3c65a588afee");
	for (unsigned shown = 1; shown <= 3; shown++) {
		const char *const names[] = {"web"};
		const struct selection selection = {.container = {names, 1}};
		struct observation *both[] = {&older, &newer};
		struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);

		diff_set_active(diff, NULL, &selection);
		for (unsigned i = 0; i < 2; i++) {
			const struct container_summary summary = {.container_row =
									  both[i]->container_row,
								  .container = both[i]->container,
								  .node = both[i]->node};

			if (shown & 1u << i)
				diff_add_container(diff, &summary, NULL, NULL);
		}
		for (unsigned i = 0; i < 2; i++)
			if (shown & 1u << i)
				diff_add_observation(diff, both[i], profile, NULL);
		diff_add_loss(diff, &loss);
		assert_int_equal(diff_evidence(diff)->lost, shown & 1);
		diff_free(diff);
	}
	profile_free(profile);
	profile_source_free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_is_seen),
		cmocka_unit_test(losses_from_before_do_not_count),
		cmocka_unit_test(of_two_groups_one_is_concerned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
