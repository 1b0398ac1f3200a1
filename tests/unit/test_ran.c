/*
 * Which losses can be of a container: those from before its start and after its end cannot, where these
 * were seen.
 */
#include "profile/source.h"
#include "report/diff.h"
#include "report/recording.h"
#include "report/ran.h"

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
	int64_t ended[2];    /* of the containers */
	int64_t until;       /* hour; 0: not known */
} rows[] = {
	{"set up under watch",
	 1,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {1, 6, PHASE_APPLICATION, SOURCE_NETLINK}},
	 5,
	 {0},
	 0},
	{"rows come by program, not by time",
	 1,
	 {{1, 6, PHASE_APPLICATION, SOURCE_NETLINK}, {1, 5, PHASE_SETUP, SOURCE_NETLINK}},
	 5,
	 {0},
	 0},
	{"the first of two",
	 2,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {2, 7, PHASE_SETUP, SOURCE_NETLINK}},
	 5,
	 {0},
	 0},
	{"no set-up", 1, {{1, 5, PHASE_APPLICATION, SOURCE_NETLINK}}, 0, {0}, 0},
	{"an exec is no start", 1, {{1, 5, PHASE_EXEC, SOURCE_NETLINK}}, 0, {0}, 0},
	{"a log names an exec a set-up", 1, {{1, 5, PHASE_SETUP, SOURCE_LOG}}, 0, {0}, 0},
	{"records from before it: started again",
	 1,
	 {{1, 3, PHASE_APPLICATION, SOURCE_NETLINK}, {1, 5, PHASE_SETUP, SOURCE_NETLINK}},
	 0,
	 {0},
	 0},
	{"one of two is not known",
	 2,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {2, 7, PHASE_APPLICATION, SOURCE_NETLINK}},
	 0,
	 {0},
	 0},
	{"one of two has no records", 2, {{1, 5, PHASE_SETUP, SOURCE_NETLINK}}, 0, {0}, 0},
	{"the host, too",
	 1,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {0, 6, PHASE_APPLICATION, SOURCE_NETLINK}},
	 0,
	 {0},
	 0},
	{"nothing", 1, {{0}}, 0, {0}, 0},
	{"an end", 1, {{1, 5, PHASE_APPLICATION, SOURCE_NETLINK}}, 0, {7}, 7},
	{"an end without records", 1, {{0}}, 0, {7}, 7},
	{"a record from after it", 1, {{1, 8, PHASE_APPLICATION, SOURCE_LOG}}, 0, {7}, 0},
	{"the last of two",
	 2,
	 {{1, 5, PHASE_SETUP, SOURCE_NETLINK}, {2, 6, PHASE_SETUP, SOURCE_NETLINK}},
	 5,
	 {9, 7},
	 9},
	{"one of two runs", 2, {{1, 5, PHASE_SETUP, SOURCE_NETLINK}}, 0, {7, 0}, 0},
	{"the host does not end", 1, {{0, 6, PHASE_APPLICATION, SOURCE_NETLINK}}, 0, {7}, 0},
};

static void a_start_and_an_end_are_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ran ran = {0};
		int64_t since = rows[i].began ? rows[i].began * HOUR - RAN_BEFORE_MS : INT64_MIN;
		int64_t until = rows[i].until ? rows[i].until * HOUR : INT64_MAX;

		for (size_t k = 0; k < rows[i].containers; k++)
			ran_add_container(&ran, rows[i].ended[k] * HOUR);
		for (size_t k = 0; k < 4 && rows[i].seen[k].hour; k++) {
			struct observation observation = observation_of(&rows[i].seen[k]);

			ran_add(&ran, &observation);
		}
		for (int again = 0; again < 2; again++) {
			struct ran_span span = ran_span(&ran);

			if (span.since_ms != since || span.until_ms != until)
				fail_msg("%s: %lld to %lld instead of %lld to %lld", rows[i].name,
					 (long long)span.since_ms, (long long)span.until_ms,
					 (long long)since, (long long)until);
		}
	}
}

/* Of a container that was set up in hour 5 and ended in hour 7, one record each: those that were lost
 * while it ran, or at a time that is not known. */
static void losses_of_other_times_do_not_count(void **state)
{
	static const struct {
		bool has_since, has_until;
		int64_t since_ms, until_ms;
		uint64_t lost; /* in all, up to then */
	} losses[] = {
		{false, true, 0, 4 * HOUR, 0},           {false, true, 0, 5 * HOUR - 1000, 1},
		{false, true, 0, 6 * HOUR, 2},           {false, false, 0, 0, 3},
		{true, true, 4 * HOUR, 5 * HOUR + 1, 4}, {true, true, 7 * HOUR + 1, 8 * HOUR, 4},
		{true, false, 7 * HOUR + 1, 0, 4},       {true, true, 7 * HOUR, 8 * HOUR, 5},
		{false, true, 0, 8 * HOUR, 6},
	};
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);
	struct observation observation = observation_of(&rows[0].seen[0]);
	const struct container_summary summary = {
		.container = observation.container, .node = observation.node, .ended_ms = 7 * HOUR};

	(void)state;
	recording_add_container(recording, &summary);
	recording_add_observation(recording, &observation);
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		const struct loss loss = {.count = 1,
					  .known = true,
					  .text = STR("1 record lost"),
					  .node = STR("vm"),
					  .has_since = losses[i].has_since,
					  .since_ms = losses[i].since_ms,
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
		cmocka_unit_test(a_start_and_an_end_are_seen),
		cmocka_unit_test(losses_of_other_times_do_not_count),
		cmocka_unit_test(of_two_groups_one_is_concerned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
