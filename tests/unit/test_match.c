/*
 * Which rows belong to a selection: the grammar of store/query.h and DESIGN's "Selection".
 */
#include "ingest/arch.h"
#include "store/match.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SHA_ID "268887c643f88ae42ca30b2d2fb714ed744d65561ffbebe283aae3c2f2d7fa1a"

/* The rows that selections are held against. */
enum row {
	WEB,    /* a container of a runtime */
	WEB_DB, /* a container that the user named */
	DB,     /* another one */
	HOST,   /* a process in no container */
	NOBODY, /* unattributed; comm (null) */
	ROW_COUNT,
};

static const struct observation rows[ROW_COUNT] = {
	[WEB] = {.container_row = 1,
		 .container = {.id = {SHA_ID, 64},
			       .name = {"web", 3},
			       .image = {"docker.io/library/nginx:1.25", 28},
			       .pod = {"front-1", 7},
			       .namespace = {"shop", 4}},
		 .attribution = ATTRIBUTION_CONTAINER,
		 .node = {"worker-1.prod.example", 21},
		 .comm = {"nginx", 5},
		 .exe = {"/usr/sbin/nginx", 15},
		 .has_arch = true,
		 .arch = AUDIT_ARCH_X86_64,
		 .nr = 161,
		 .code = 0x7ffc0000},
	[WEB_DB] = {.container_row = 2,
		    .container = {.id = {"web-db", 6}, .name = {"web-db", 6}},
		    .attribution = ATTRIBUTION_CONTAINER,
		    .node = {"worker-2", 8},
		    .comm = {"a*b", 3},
		    .exe = {"/usr/bin/[", 10},
		    .has_arch = true,
		    .arch = AUDIT_ARCH_I386,
		    .nr = 3,
		    .code = 0},
	[DB] = {.container_row = 3,
		.container = {.id = {"db", 2}, .name = {"db", 2}},
		.attribution = ATTRIBUTION_CONTAINER,
		.node = {"worker-2", 8},
		.comm = {"axb", 3},
		.exe = {"/bin/sh", 7},
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = 0x40000000 | 63,
		.code = 0x80000000},
	[HOST] = {.attribution = ATTRIBUTION_HOST,
		  .node = {"10.0.0.1", 8},
		  .comm = {"sh", 2},
		  .exe = {"/bin/sh", 7},
		  .has_arch = true,
		  .arch = AUDIT_ARCH_AARCH64,
		  .nr = 3,
		  .code = 0x50000},
	[NOBODY] = {.attribution = ATTRIBUTION_UNATTRIBUTED,
		    .node = {"10.0.0.2", 8},
		    .comm_null = true,
		    .exe_null = true,
		    .nr = 3,
		    .code = 0x7ffd0000},
};

#define BIT(row) (1u << (row))
#define ALL      (BIT(ROW_COUNT) - 1)

enum field { CONTAINER, IMAGE, POD, NAMESPACE, NODE, COMM, EXE, ARCH, ACTION };

struct match_case {
	enum field field;
	const char *values[3];
	bool host, unattributed;
	unsigned rows; /* that match */
};

static const struct match_case cases[] = {
	{COMM, {NULL}, false, false, ALL},
	/* names, globs, the beginning of a runtime's id */
	{CONTAINER, {"web"}, false, false, BIT(WEB)},
	{CONTAINER, {"web*"}, false, false, BIT(WEB) | BIT(WEB_DB)},
	{CONTAINER, {"*"}, false, false, BIT(WEB) | BIT(WEB_DB) | BIT(DB)},
	{CONTAINER, {"268887c643f8"}, false, false, BIT(WEB)},
	{CONTAINER, {SHA_ID}, false, false, BIT(WEB)},
	{CONTAINER, {"68887c643f8"}, false, false, 0},
	{CONTAINER, {"web-d"}, false, false, 0},
	{CONTAINER, {"d"}, false, false, 0},
	{CONTAINER, {""}, false, false, 0},
	{CONTAINER, {"db", "web"}, false, false, BIT(WEB) | BIT(DB)},
	{CONTAINER, {"none"}, false, false, 0},
	{IMAGE, {"*nginx*"}, false, false, BIT(WEB)},
	{IMAGE, {"docker.io/library/nginx:1.25"}, false, false, BIT(WEB)},
	{IMAGE, {"nginx"}, false, false, 0},
	{POD, {"front-?"}, false, false, BIT(WEB)},
	{NAMESPACE, {"shop"}, false, false, BIT(WEB)},
	{NAMESPACE, {"sho"}, false, false, 0},
	/* with --host and --unattributed only those, and named containers */
	{COMM, {NULL}, true, false, BIT(HOST)},
	{COMM, {NULL}, false, true, BIT(NOBODY)},
	{COMM, {NULL}, true, true, BIT(HOST) | BIT(NOBODY)},
	{CONTAINER, {"db"}, true, false, BIT(HOST) | BIT(DB)},
	{CONTAINER, {"db"}, false, true, BIT(NOBODY) | BIT(DB)},
	{IMAGE, {"*"}, true, false, BIT(HOST) | BIT(WEB) | BIT(WEB_DB) | BIT(DB)},
	/* nodes: by the first label, addresses as a whole */
	{NODE, {"worker-1"}, false, false, BIT(WEB)},
	{NODE, {"WORKER-1.other"}, false, false, BIT(WEB)},
	{NODE, {"worker-*"}, false, false, BIT(WEB) | BIT(WEB_DB) | BIT(DB)},
	{NODE, {"*.prod.example"}, false, false, BIT(WEB)},
	{NODE, {"Worker-[2]"}, false, false, BIT(WEB_DB) | BIT(DB)},
	{NODE, {"10.0.0.1"}, false, false, BIT(HOST)},
	{NODE, {"10"}, false, false, 0},
	{NODE, {"10.*"}, false, false, BIT(HOST) | BIT(NOBODY)},
	/* programs: whole or glob; a name with a star in it is itself, too */
	{COMM, {"nginx"}, false, false, BIT(WEB)},
	{COMM, {"ngin"}, false, false, 0},
	{COMM, {"a*b"}, false, false, BIT(WEB_DB) | BIT(DB)},
	{COMM, {"a[*]b"}, false, false, BIT(WEB_DB)},
	{EXE, {"/usr/bin/["}, false, false, BIT(WEB_DB)},
	{EXE, {"/bin/*"}, false, false, BIT(DB) | BIT(HOST)},
	{EXE, {"/usr/*"}, false, false, BIT(WEB) | BIT(WEB_DB)},
	{EXE, {"/bin/sh", "/usr/sbin/nginx"}, false, false, BIT(WEB) | BIT(DB) | BIT(HOST)},
	/* x32 is an arch of its own, by bit 30 */
	{ARCH, {"x86_64"}, false, false, BIT(WEB)},
	{ARCH, {"x86"}, false, false, BIT(WEB_DB)},
	{ARCH, {"x32"}, false, false, BIT(DB)},
	{ARCH, {"aarch64", "x32"}, false, false, BIT(DB) | BIT(HOST)},
	{ACTION, {"LOG"}, false, false, BIT(WEB)},
	{ACTION, {"KILL_THREAD"}, false, false, BIT(WEB_DB)},
	{ACTION, {"KILL_PROCESS", "ERRNO"}, false, false, BIT(DB) | BIT(HOST)},
	{ACTION, {"0x7ffd0000"}, false, false, BIT(NOBODY)}, /* an action without a name */
};

static struct choice *choice_of(struct selection *selection, enum field field)
{
	struct choice *const choices[] = {
		[CONTAINER] = &selection->container,
		[IMAGE] = &selection->image,
		[POD] = &selection->pod,
		[NAMESPACE] = &selection->namespace,
		[NODE] = &selection->node,
		[COMM] = &selection->comm,
		[EXE] = &selection->exe,
		[ARCH] = &selection->arch,
		[ACTION] = &selection->action,
	};

	return choices[field];
}

static void test_selections(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct match_case *row = &cases[i];
		struct selection selection = {.host = row->host, .unattributed = row->unattributed};
		struct choice *choice = choice_of(&selection, row->field);
		unsigned got = 0;

		choice->values = row->values;
		while (choice->count < 3 && row->values[choice->count])
			choice->count++;
		for (unsigned at = 0; at < ROW_COUNT; at++)
			got |= match_observation(&selection, &rows[at]) ? BIT(at) : 0;
		if (got != row->rows)
			fail_msg("case %zu (%s): rows %#x, should be %#x", i,
				 row->values[0] ? row->values[0] : "none", got, row->rows);
	}
}

/* Choices are joined by AND. */
static void test_choices_together(void **state)
{
	static const char *const web[] = {"web*"}, *const sh[] = {"/usr/bin/["};
	struct selection selection = {.container = {web, 1}, .exe = {sh, 1}};

	(void)state;
	assert_false(match_observation(&selection, &rows[WEB]));
	assert_true(match_observation(&selection, &rows[WEB_DB]));
	assert_false(match_observation(&selection, &rows[DB]));
}

/* A log that was read with --container ID: the id is the name, and may be cut short all the same. */
static void test_an_id_for_a_name(void **state)
{
	static const char *const begins[] = {"268887c643f8"}, *const other[] = {"268887c643f9"};
	struct selection selection = {.container = {begins, 1}};
	struct observation observation = rows[WEB];

	(void)state;
	observation.container.name = observation.container.id;
	assert_true(match_observation(&selection, &observation));
	selection.container.values = other;
	assert_false(match_observation(&selection, &observation));
	/* one digit too few for an id */
	observation.container.id.n = observation.container.name.n = 63;
	selection.container.values = begins;
	assert_false(match_observation(&selection, &observation));
}

static void test_odd_values(void **state)
{
	static const char *const star[] = {"*"};
	struct selection selection = {.comm = {star, 1}};
	struct observation observation = rows[HOST];
	static char longest[10000];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	observation.comm = STR("a\0b");
	assert_false(match_observation(&selection, &observation));
	observation.comm = str_of(longest, sizeof(longest));
	assert_false(match_observation(&selection, &observation));
	observation.comm = str_of(NULL, 0);
	assert_true(match_observation(&selection, &observation));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_choices_together),
		cmocka_unit_test(test_an_id_for_a_name),
		cmocka_unit_test(test_odd_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
