/*
 * Recordings: which observations become which group, what each needs, and what its evidence says.
 * Numbers are those of asm/unistd_64.h and asm/unistd_32.h; sums and orders were made by hand.
 */
#include "report/recording.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34.454Z */
#define STAMP 1795302094454

static struct observation an_observation(int32_t nr)
{
	return (struct observation){
		.container_row = 1,
		.container = {.id = STR("268887c643f88ae4"),
			      .name = STR("web"),
			      .image = STR("nginx:1"),
			      .coverage = COVERAGE_FULL},
		.attribution = ATTRIBUTION_CONTAINER,
		.node = STR("vm"),
		.comm = STR("nginx"),
		.exe = STR("/usr/sbin/nginx"),
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = nr,
		.code = SECCOMP_RET_LOG,
		.count = 1,
		.count_exact = true,
		.first_ms = STAMP,
		.last_ms = STAMP,
		.pid = 17,
	};
}

/* The same from no container. */
static struct observation an_outsider(int32_t nr, enum attribution attribution, const char *comm)
{
	struct observation observation = an_observation(nr);

	observation.container_row = 0;
	observation.container = (struct container){.has_caps = false};
	observation.coverage = COVERAGE_FULL;
	observation.attribution = attribution;
	observation.comm = str_from(comm);
	return observation;
}

static void add(struct recording *recording, struct observation observation)
{
	recording_add_observation(recording, &observation);
}

/* "a,b,c" are the group's needs. */
static void needs_are(const struct recorded_group *group, const char *names)
{
	BUF_AUTO text = {0};

	for (size_t i = 0; i < group->needs.count; i++)
		buf_format(&text, "%s%s", i ? "," : "", group->needs.all[i].name);
	assert_string_equal(text.p ? text.p : "", names);
}

static void label_is(const struct recorded_group *group, const char *label)
{
	BUF_AUTO text = {0};

	group_key_put(&text, &group->key);
	assert_string_equal(text.p, label);
}

static void evidence_is(const struct recording *recording, const struct recorded_group *group,
			const char *expected)
{
	json_t *object = recorded_evidence(recording, group);
	char *text = json_dumps(object, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

static struct recorded_group *finish(struct recording *recording, size_t count)
{
	size_t n;

	recording_finish(recording);
	struct recorded_group *groups = recording_groups(recording, &n);

	assert_int_equal(n, count);
	return groups;
}

static void two_containers_are_two_groups(void **state)
{
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);
	struct observation write = an_observation(1), read = an_observation(0);
	struct observation other = an_observation(161);

	(void)state;
	write.count = 40;
	write.first_ms = STAMP - 2000;
	read.count = 2;
	read.last_ms = STAMP + 5000;
	other.container.id = STR("3c65a588afee");
	other.container.name = STR("db");
	other.container.namespace = STR("prod");
	add(recording, write);
	add(recording, read);
	add(recording, other);
	add(recording, write);
	struct recorded_group *groups = finish(recording, 2);

	label_is(&groups[0], "container db (3c65a588afee)");
	needs_are(&groups[0], "chroot");
	assert_int_equal(groups[0].namespace_count, 1);
	assert_string_equal(groups[0].namespaces[0], "prod");
	label_is(&groups[1], "container web (268887c643f8)");
	needs_are(&groups[1], "read,write");
	assert_int_equal(groups[1].records, 82);
	assert_int_equal(groups[1].first_ms, STAMP - 2000);
	assert_int_equal(groups[1].last_ms, STAMP + 5000);
	assert_int_equal(groups[1].namespace_count, 0);
	assert_int_equal(groups[1].needs.arch_count, 1);
	assert_int_equal(groups[1].needs.arches[0], AUDIT_ARCH_X86_64);
	assert_int_equal(recording_evidence(recording)->records, 83);
	assert_true(recorded_is_complete(recording, &groups[0]));
	recording_free(recording);
}

/* A container that was run again has another id; one of another image is another container. */
static void runs_of_a_container_are_one_group(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_RUNS, RECORDING_ALL_PHASES, false);
	struct observation first = an_observation(0), second = an_observation(1);
	struct observation other = an_observation(2);

	(void)state;
	second.container.id = STR("3c65a588afee");
	other.container.id = STR("0123456789abcdef");
	other.container.image = STR("nginx:2");
	add(recording, first);
	add(recording, second);
	add(recording, other);
	struct recorded_group *groups = finish(recording, 2);

	label_is(&groups[0], "container web");
	needs_are(&groups[0], "read,write");
	assert_int_equal(groups[0].container_count, 2);
	needs_are(&groups[1], "open");
	recording_free(recording);
}

/* A base's conditions are decided for what every container of the group holds. */
static void capabilities_in_common(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, false);
	struct observation one = an_observation(0), two = an_observation(1);

	(void)state;
	one.container.has_caps = two.container.has_caps = true;
	one.container.caps = 0x6;
	two.container.caps = 0xc;
	add(recording, one);
	add(recording, two);
	add(recording, one);
	struct recorded_group *groups = finish(recording, 1);

	assert_true(groups[0].has_caps);
	assert_true(groups[0].caps_differ);
	assert_int_equal(groups[0].caps, 0x4);
	recording_free(recording);
}

static void capabilities_of_one_are_not_known(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, false);
	struct observation known = an_observation(0), unknown = an_observation(1);
	struct observation other = an_observation(2);

	(void)state;
	known.container.has_caps = other.container.has_caps = true;
	known.container.caps = 0x6;
	other.container.caps = 0xc;
	add(recording, known);
	add(recording, other);
	add(recording, unknown);
	add(recording, known);
	struct recorded_group *groups = finish(recording, 1);

	assert_false(groups[0].has_caps);
	assert_false(groups[0].caps_differ); /* of what is not known, nothing is in common */
	recording_free(recording);
}

static void evidence_in_its_order(void **state)
{
	const struct loss loss = {.known = true, .count = 3, .text = STR("3 records lost")};
	struct recording *recording = recording_new(GROUP_BY_IMAGE, RECORDING_ALL_PHASES, false);
	struct observation late = an_observation(0), early = an_observation(1);

	(void)state;
	late.last_ms = STAMP + 546; /* 23:01:35.000 */
	early.container.name = STR("api\n");
	early.container.id = STR("0123456789abcdef");
	early.container.coverage = COVERAGE_PARTIAL;
	early.first_ms = STAMP - 454; /* 23:01:34.000 */
	early.count = 9;
	add(recording, late);
	add(recording, early);
	evidence_add_loss(recording_evidence(recording), &loss);
	struct recorded_group *groups = finish(recording, 1);

	assert_int_equal(groups[0].coverage, COVERAGE_PARTIAL);
	assert_false(recorded_is_complete(recording, &groups[0]));
	evidence_is(
		recording, &groups[0],
		"{\"since\":\"2026-11-21T23:01:34.000Z\",\"until\":\"2026-11-21T23:01:35.000Z\",\"records\":10,\"containers\":[\"api\\\\n "
		"(0123456789ab)\",\"web "
		"(268887c643f8)\"],\"coverage\":\"partial\",\"complete\":false,\"lost\":3,\"reasons\":[\"coverage "
		"partial: a log-mode profile was active: it logs only what its base "
		"refuses\",\"3 records lost\"],\"acknowledged\":[],\"refused\":0,\"io_uring\":false,"
		"\"seen\":\"1 run; too few to estimate the chance of further calls\"}");
	recording_free(recording);
}

static void a_loss_alone_makes_it_incomplete(void **state)
{
	const struct loss losses[] = {
		{.known = true, .count = 0, .text = STR("nothing lost")},
		{.known = false, .count = 99, .text = STR("some may be lost")},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct recording *recording =
			recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

		add(recording, an_observation(0));
		evidence_add_loss(recording_evidence(recording), &losses[i]);
		struct recorded_group *groups = finish(recording, 1);

		assert_int_equal(recorded_is_complete(recording, &groups[0]), i == 0);
		assert_int_equal(recording_evidence(recording)->lost, 0);
		recording_free(recording);
	}
}

/* A container that logged nothing is a group, and says so. */
static void a_quiet_container(void **state)
{
	const struct container_summary quiet = {
		.container = {.id = STR("quiet"), .coverage = COVERAGE_NONE}, .node = STR("vm")};
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

	(void)state;
	recording_add_container(recording, &quiet);
	struct recorded_group *groups = finish(recording, 1);

	assert_int_equal(groups[0].records, 0);
	assert_int_equal(groups[0].needs.count, 0);
	evidence_is(
		recording, &groups[0],
		"{\"records\":0,\"containers\":[\"quiet\"],\"coverage\":\"none\",\"complete\":false,\"lost\":0,\"reasons\":[\"no "
		"records in this selection\",\"coverage none: an enforcing profile was "
		"active, and refusals are not logged\"],\"acknowledged\":[],\"refused\":0,\"io_uring\":false}");
	recording_free(recording);
}

static void nothing_at_all(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, true);

	(void)state;
	finish(recording, 0);
	assert_true(recording_evidence(recording)->incomplete);
	assert_int_equal(recording_outside(recording), 0);
	recording_free(recording);
}

/* Half a recording, as when reading failed: nothing leaks. */
static void an_unfinished_one_is_freed(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, true);

	(void)state;
	add(recording, an_observation(0));
	recording_free(recording);
	recording_free(NULL);
}

static void add_mixture(struct recording *recording)
{
	struct observation stray = an_outsider(3, ATTRIBUTION_UNATTRIBUTED, "sh");

	stray.has_arch = false;
	add(recording, an_outsider(0, ATTRIBUTION_HOST, "systemd"));
	add(recording, an_outsider(1, ATTRIBUTION_UNATTRIBUTED, "runc:[2:INIT]"));
	add(recording, an_outsider(2, ATTRIBUTION_UNATTRIBUTED, "nginx"));
	add(recording, stray);
}

static void what_is_in_no_container(void **state)
{
	static const struct {
		enum group_by by;
		bool contained, outside;
		size_t groups;
		const char *needs[3]; /* in the order of the groups */
		uint64_t left_out;
	} cases[] = {
		/* beside a container: not asked for, asked for */
		{GROUP_BY_CONTAINER, true, false, 1, {"chroot"}, 4},
		{GROUP_BY_CONTAINER, true, true, 3, {"chroot", "read", "open,write"}, 0},
		{GROUP_BY_IMAGE, true, true, 3, {"chroot", "read", "open,write"}, 0},
		{GROUP_BY_ALL, true, false, 1, {"chroot"}, 4},
		{GROUP_BY_ALL, true, true, 1, {"chroot,open,read,write"}, 0},
		{GROUP_BY_NODE, true, false, 1, {"chroot"}, 4},
		/* alone, as in a log whose containers nobody named */
		{GROUP_BY_CONTAINER, false, false, 2, {"read", "open,write"}, 0},
		{GROUP_BY_WORKLOAD, false, true, 2, {"read", "open,write"}, 0},
		{GROUP_BY_ALL, false, false, 1, {"open,read,write"}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recording *recording =
			recording_new(cases[i].by, RECORDING_ALL_PHASES, cases[i].outside);

		add_mixture(recording);
		if (cases[i].contained)
			add(recording, an_observation(161));
		struct recorded_group *groups = finish(recording, cases[i].groups);

		for (size_t j = 0; j < cases[i].groups; j++)
			needs_are(&groups[j], cases[i].needs[j]);
		assert_int_equal(recording_outside(recording), cases[i].left_out);
		recording_free(recording);
	}
}

/* A container that is known and logged nothing: the others' records are still not its own. */
static void records_beside_a_quiet_container(void **state)
{
	const struct container_summary quiet = {
		.container = {.id = STR("quiet"), .coverage = COVERAGE_FULL}, .node = STR("vm")};
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

	(void)state;
	add_mixture(recording);
	recording_add_container(recording, &quiet);
	struct recorded_group *groups = finish(recording, 1);

	label_is(&groups[0], "container quiet");
	assert_int_equal(recording_outside(recording), 4);
	recording_free(recording);
}

static void labels_of_what_is_in_no_container(void **state)
{
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

	(void)state;
	add_mixture(recording);
	struct recorded_group *groups = finish(recording, 2);

	label_is(&groups[0], "host vm");
	label_is(&groups[1], "unattributed on node vm");
	assert_int_equal(groups[0].container_count, 0);
	assert_int_equal(groups[1].records, 2);
	assert_int_equal(groups[1].evidence.without_arch, 1);
	/* the record without an arch */
	assert_false(recorded_is_complete(recording, &groups[1]));
	assert_true(recorded_is_complete(recording, &groups[0]));
	recording_free(recording);
}

static void phases(void **state)
{
	static const struct {
		unsigned phases;
		const char *needs;
		uint64_t records;
	} cases[] = {
		{RECORDING_ALL_PHASES, "chroot,read,write", 7},
		{1U << PHASE_APPLICATION, "read", 1},
		{1U << PHASE_SETUP, "write", 2},
		{1U << PHASE_EXEC, "chroot", 4},
		{1U << PHASE_EXEC | 1U << PHASE_SETUP, "chroot,write", 6},
	};
	static const int32_t numbers[] = {
		[PHASE_APPLICATION] = 0, [PHASE_SETUP] = 1, [PHASE_EXEC] = 161};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recording *recording =
			recording_new(GROUP_BY_CONTAINER, cases[i].phases, false);

		for (unsigned phase = 0; phase < 3; phase++) {
			struct observation observation = an_observation(numbers[phase]);

			observation.phase = (enum phase)phase;
			observation.count = 1U << phase;
			add(recording, observation);
		}
		struct recorded_group *groups = finish(recording, 1);

		needs_are(&groups[0], cases[i].needs);
		assert_int_equal(groups[0].records, cases[i].records);
		recording_free(recording);
	}
}

/* A call that was refused is wanted; of a program that was killed the rest is not known. */
static void refused_and_killed(void **state)
{
	static const struct {
		uint32_t arch, codes[2]; /* of i386's or x86-64's getpid and the call after it */
		bool complete;
	} cases[] = {
		{AUDIT_ARCH_I386, {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS}, false},
		{AUDIT_ARCH_I386, {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_LOG}, true},
		{AUDIT_ARCH_I386, {SECCOMP_RET_ERRNO, SECCOMP_RET_TRAP}, true},
		{AUDIT_ARCH_X86_64, {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_THREAD}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recording *recording =
			recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

		add(recording, an_observation(161)); /* logged, on x86-64 */
		for (int j = 0; j < 2; j++) {
			struct observation observation =
				an_observation(cases[i].arch == AUDIT_ARCH_I386 ? 20 + j : 39 + j);

			observation.arch = cases[i].arch;
			observation.code = cases[i].codes[j];
			observation.count = 3;
			add(recording, observation);
		}
		struct recorded_group *groups = finish(recording, 1);

		needs_are(&groups[0], cases[i].arch == AUDIT_ARCH_I386 ? "chroot,getpid,mount"
								       : "chroot,getpid,sendfile");
		assert_int_equal(recorded_is_complete(recording, &groups[0]), cases[i].complete);
		if (!cases[i].complete)
			assert_non_null(strstr(groups[0].evidence.reasons[0].text.p,
					       "architecture x86 were killed (6 records)"));
		recording_free(recording);
	}
}

/* x32 is told from x86-64 by bit 30 of the number alone. */
static void killed_on_x32(void **state)
{
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);
	struct observation observation = an_observation(0x40000000 | 39);

	(void)state;
	observation.code = SECCOMP_RET_KILL_PROCESS;
	add(recording, an_observation(0));
	add(recording, observation);
	struct recorded_group *groups = finish(recording, 1);

	assert_int_equal(groups[0].needs.arch_count, 2);
	assert_int_equal(groups[0].evidence.reason_count, 1);
	assert_non_null(
		strstr(groups[0].evidence.reasons[0].text.p, "architecture x32 were killed"));
	recording_free(recording);
}

static void workloads(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_WORKLOAD, RECORDING_ALL_PHASES, false);
	static const char *const rows[][3] = {
		/* namespace, workload, id */
		{"prod", "api", "c1"}, {"prod", "db", "c2"}, {"test", "api", "c3"},
		{"prod", "api", "c4"}, {"", "api", "c5"},    {"prod", "", "c6"},
		{"prod", "", "c7"},
	};
	static const char *const labels[] = {"workload prod/api", "workload prod/db",
					     "workload test/api", "workload api",
					     /* what no label names is one by its own name */
					     "workload prod/c6", "workload prod/c7"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct observation observation = an_observation(0);

		observation.container = (struct container){.id = str_from(rows[i][2]),
							   .namespace = str_from(rows[i][0]),
							   .workload = str_from(rows[i][1]),
							   .coverage = COVERAGE_FULL};
		add(recording, observation);
	}
	struct recorded_group *groups = finish(recording, 6);

	for (size_t i = 0; i < 6; i++)
		label_is(&groups[i], labels[i]);
	assert_int_equal(groups[0].container_count, 2);
	assert_string_equal(groups[0].containers[0], "c1");
	assert_string_equal(groups[0].containers[1], "c4");
	assert_int_equal(groups[0].namespace_count, 1);
	json_t *key = group_key_json(&groups[3].key);
	json_t *want = json_pack("{s:s,s:n,s:s}", "attribution", "container", "namespace",
				 "workload", "api");

	assert_true(json_equal(key, want));
	json_decref(key);
	json_decref(want);
	recording_free(recording);
}

/* Three times the same 250, backwards and forwards: each once, sorted, and only some are listed. */
static void many_containers_of_one_group(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, false);

	(void)state;
	for (int i = 0; i < 750; i++) {
		struct observation observation = an_observation(0);
		int number = i / 250 == 1 ? 249 - i % 250 : i % 250;
		char id[16];

		observation.container.id =
			str_of(id, (size_t)snprintf(id, sizeof(id), "c%03d", number));
		observation.container.name = str_of(NULL, 0);
		add(recording, observation);
	}
	struct recorded_group *groups = finish(recording, 1);

	assert_int_equal(groups[0].container_count, 250);
	assert_string_equal(groups[0].containers[0], "c000");
	assert_string_equal(groups[0].containers[249], "c249");
	json_t *evidence = recorded_evidence(recording, &groups[0]);
	json_t *listed = json_object_get(evidence, "containers");

	assert_int_equal(json_array_size(listed), 101);
	assert_string_equal(json_string_value(json_array_get(listed, 99)), "c099");
	assert_string_equal(json_string_value(json_array_get(listed, 100)), "and 150 more");
	json_decref(evidence);
	recording_free(recording);
}

/* Reasons beyond what is kept, and beyond what is listed, are counted. */
static void many_reasons(void **state)
{
	struct recording *recording = recording_new(GROUP_BY_ALL, RECORDING_ALL_PHASES, false);
	struct observation observation = an_observation(0);

	(void)state;
	observation.container.coverage = COVERAGE_UNKNOWN;
	add(recording, observation);
	for (int i = 0; i < 300; i++)
		evidence_add_reason(recording_evidence(recording), "reason %d", i);
	struct recorded_group *groups = finish(recording, 1);
	json_t *evidence = recorded_evidence(recording, &groups[0]);
	json_t *reasons = json_object_get(evidence, "reasons");

	assert_int_equal(json_array_size(reasons), 101);
	assert_non_null(strstr(json_string_value(json_array_get(reasons, 0)), "coverage unknown"));
	assert_string_equal(json_string_value(json_array_get(reasons, 99)), "reason 98");
	assert_string_equal(json_string_value(json_array_get(reasons, 100)), "and 201 more");
	json_decref(evidence);
	recording_free(recording);
}

static void too_many_groups(void **state)
{
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);
	struct observation observation = an_observation(0);

	(void)state;
	for (int i = 0; i < RECORDING_GROUPS_MAX + 2; i++) {
		char id[16];

		observation.container.id = str_of(id, (size_t)snprintf(id, sizeof(id), "%07d", i));
		observation.count = 5;
		add(recording, observation);
	}
	observation.container.id = STR("0000000");
	add(recording, observation);
	struct recorded_group *groups = finish(recording, RECORDING_GROUPS_MAX);

	assert_int_equal(groups[0].records, 10);
	assert_false(recorded_is_complete(recording, &groups[0]));
	assert_string_equal(recording_evidence(recording)->reasons[0].text.p,
			    "more than 65536 groups: 10 records left out");
	recording_free(recording);
}

/* A number that nobody has a name for is kept apart; -1 is a number. */
static void numbers_without_names(void **state)
{
	struct recording *recording =
		recording_new(GROUP_BY_CONTAINER, RECORDING_ALL_PHASES, false);

	(void)state;
	add(recording, an_observation(-1));
	add(recording, an_observation(0));
	add(recording, an_observation(100000));
	struct recorded_group *groups = finish(recording, 1);

	needs_are(&groups[0], "read");
	assert_int_equal(groups[0].needs.unnamed_count, 2);
	assert_int_equal(groups[0].records, 3);
	recording_free(recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_containers_are_two_groups),
		cmocka_unit_test(runs_of_a_container_are_one_group),
		cmocka_unit_test(capabilities_in_common),
		cmocka_unit_test(capabilities_of_one_are_not_known),
		cmocka_unit_test(evidence_in_its_order),
		cmocka_unit_test(a_loss_alone_makes_it_incomplete),
		cmocka_unit_test(a_quiet_container),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(an_unfinished_one_is_freed),
		cmocka_unit_test(what_is_in_no_container),
		cmocka_unit_test(records_beside_a_quiet_container),
		cmocka_unit_test(labels_of_what_is_in_no_container),
		cmocka_unit_test(phases),
		cmocka_unit_test(refused_and_killed),
		cmocka_unit_test(killed_on_x32),
		cmocka_unit_test(workloads),
		cmocka_unit_test(many_containers_of_one_group),
		cmocka_unit_test(many_reasons),
		cmocka_unit_test(too_many_groups),
		cmocka_unit_test(numbers_without_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
