/*
 * The registry: one container for each id, that stays where it is; asked of the runtimes' files at
 * the first sight, again a few times while nothing is known, and anew when it is made again.
 *
 * The files are Docker's, laid out below a temporary root as containerd lays them out.
 */
#include "correlate/registry.h"

#include "base/mem.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ID     "268887c643f8aabbccddeeff00112233445566778899aabbccddeeff00112233"
#define FOLDER "/run/containerd/io.containerd.runtime.v2.task/moby/" ID

/* metadata_coverage(): what logs everything is full, what refuses unlogged is none. */
#define LOG_ALL "{\"defaultAction\":\"SCMP_ACT_LOG\"}"
#define REFUSES "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}"

static const struct metadata_hint hint = {.id = {ID, 64}, .runtime = {"docker", 6}};

struct fixture {
	char root[64];
	struct metadata *metadata;
	struct registry *registry;
	unsigned described;
	struct container *last; /* copy of what was told last */
};

static bool told(void *context, const struct container *container, struct str trouble)
{
	struct fixture *fixture = context;

	(void)trouble;
	fixture->described++;
	container_free(fixture->last);
	fixture->last = container_copy(container);
	return true;
}

static void make_folders(const char *path)
{
	MEM_AUTO char *copy = mem_copy(str_from(path));

	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		assert_true(mkdir(copy, 0755) == 0 || errno == EEXIST);
		*at = '/';
	}
}

/* The bundle of a container under that profile. */
static void put_bundle(struct fixture *fixture, const char *profile)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s" FOLDER "/config.json", fixture->root);
	make_folders(path.p);
	FILE *file = fopen(path.p, "w");

	assert_non_null(file);
	fprintf(file, "{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":%s}}", profile);
	assert_int_equal(fclose(file), 0);
}

static int setup_bare(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	fixture->registry = registry_new(NULL, told, fixture);
	*state = fixture;
	return 0;
}

static int setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	struct err err = ERR_INIT;
	BUF_AUTO proc = {0};

	strcpy(fixture->root, "/tmp/sclog-registry.XXXXXX");
	assert_non_null(mkdtemp(fixture->root));
	buf_format(&proc, "%s/proc", fixture->root);
	assert_int_equal(mkdir(proc.p, 0755), 0);
	const struct metadata_options options = {.proc_root = proc.p,
						 .runtime_root = fixture->root};

	assert_int_equal(metadata_new(&options, &fixture->metadata, &err), 0);
	fixture->registry = registry_new(fixture->metadata, told, fixture);
	*state = fixture;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	registry_free(fixture->registry);
	metadata_free(fixture->metadata);
	container_free(fixture->last);
	if (fixture->root[0])
		nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(fixture);
	return 0;
}

/* --- without files */

static void hint_is_all_without_metadata(void **state)
{
	struct fixture *fixture = *state;
	const struct container *first = registry_container(fixture->registry, &hint);

	assert_true(str_eq(first->id, STR(ID)));
	assert_true(str_eq(first->runtime, STR("docker")));
	assert_int_equal(first->coverage, COVERAGE_UNKNOWN);
	assert_false(first->has_profile || first->has_caps);
	assert_ptr_equal(registry_container(fixture->registry, &hint), first);
	assert_ptr_equal(registry_created(fixture->registry, &hint), first);
	assert_int_equal(fixture->described, 1);
	assert_int_equal(registry_count(fixture->registry), 1);
}

static void thousands_stay_where_they_are(void **state)
{
	enum { COUNT = 20000 };
	struct fixture *fixture = *state;
	const struct container **all = mem_new(COUNT, sizeof(*all));
	char id[16];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			snprintf(id, sizeof(id), "c%u", i);
			const struct container *found = registry_container(
				fixture->registry, &(struct metadata_hint){.id = str_from(id)});

			assert_true(str_eq(found->id, str_from(id)));
			if (round)
				assert_ptr_equal(found, all[i]);
			all[i] = found;
		}
		assert_int_equal(registry_count(fixture->registry), COUNT);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		assert_true(str_eq(all[i]->id, str_from(id)));
	}
	free(all);
}

static void id_is_bytes_not_text(void **state)
{
	struct fixture *fixture = *state;
	const struct metadata_hint one = {.id = {"a\0b", 3}}, other = {.id = {"a\0c", 3}};
	const struct container *first = registry_container(fixture->registry, &one);

	assert_ptr_not_equal(registry_container(fixture->registry, &other), first);
	assert_int_equal(first->id.n, 3);
}

/* What the store knew serves, also when there is nothing to ask. */
static void restored_is_what_was_known(void **state)
{
	struct fixture *fixture = *state;
	char id[] = ID, name[] = "web";
	const struct container known = {
		.id = str_from(id), .name = str_from(name), .coverage = COVERAGE_FULL};
	const struct container *restored = registry_restore(fixture->registry, &known);

	memset(id, 'x', sizeof(id) - 1);
	memset(name, 'x', sizeof(name) - 1);
	assert_true(str_eq(restored->id, STR(ID)));
	assert_true(str_eq(restored->name, STR("web")));
	assert_int_equal(restored->coverage, COVERAGE_FULL);
	assert_int_equal(registry_count(fixture->registry), 1);
	const struct container *seen = registry_container(fixture->registry, &hint);

	assert_true(str_eq(seen->name, STR("web")));
}

/* --- with the runtime's files */

static void first_sight_reads_the_files_and_drops_the_profile(void **state)
{
	struct fixture *fixture = *state;

	put_bundle(fixture, LOG_ALL);
	const struct container *first = registry_container(fixture->registry, &hint);

	assert_int_equal(first->coverage, COVERAGE_FULL);
	assert_int_equal(first->profile.n, 0);
	/* who was told has it */
	assert_int_equal(fixture->described, 1);
	assert_true(fixture->last->has_profile && fixture->last->profile.n > 0);
	/* it is not asked again, whatever happens to the files */
	put_bundle(fixture, REFUSES);
	assert_ptr_equal(registry_container(fixture->registry, &hint), first);
	assert_int_equal(first->coverage, COVERAGE_FULL);
	assert_int_equal(fixture->described, 1);
}

static void made_again_it_is_asked_anew_and_the_old_one_stays(void **state)
{
	struct fixture *fixture = *state;

	put_bundle(fixture, LOG_ALL);
	const struct container *before = registry_created(fixture->registry, &hint);

	assert_int_equal(before->coverage, COVERAGE_FULL);
	put_bundle(fixture, REFUSES);
	const struct container *after = registry_created(fixture->registry, &hint);

	assert_int_equal(after->coverage, COVERAGE_NONE);
	assert_int_equal(fixture->last->coverage, COVERAGE_NONE);
	assert_int_equal(fixture->described, 2);
	assert_ptr_equal(registry_container(fixture->registry, &hint), after);
	assert_int_equal(registry_count(fixture->registry), 1);
	/* an event may still point to what it was */
	assert_true(str_eq(before->id, STR(ID)));
	assert_int_equal(before->coverage, COVERAGE_FULL);
}

static void files_may_come_a_moment_later(void **state)
{
	struct fixture *fixture = *state;
	const struct container *first = registry_container(fixture->registry, &hint);

	assert_true(str_eq(first->id, STR(ID)));
	assert_int_equal(first->coverage, COVERAGE_UNKNOWN);
	assert_int_equal(fixture->described, 1); /* it is there, whatever it is */
	registry_container(fixture->registry, &hint);
	assert_int_equal(fixture->described, 1); /* no news */
	put_bundle(fixture, REFUSES);
	assert_int_equal(registry_container(fixture->registry, &hint)->coverage, COVERAGE_NONE);
	assert_int_equal(fixture->described, 2);
	assert_int_equal(first->coverage, COVERAGE_UNKNOWN);
}

/* Of a container whose files are gone, a restart of watch forgets nothing. */
static void restored_is_not_undone_by_files_that_are_gone(void **state)
{
	struct fixture *fixture = *state;
	const struct container known = {
		.id = STR(ID), .name = STR("web"), .coverage = COVERAGE_FULL};

	registry_restore(fixture->registry, &known);
	for (int i = 0; i < 6; i++) {
		const struct container *seen = registry_container(fixture->registry, &hint);

		assert_true(str_eq(seen->name, STR("web")));
		assert_int_equal(seen->coverage, COVERAGE_FULL);
	}
}

static void restored_learns_what_the_files_say(void **state)
{
	struct fixture *fixture = *state;
	const struct container known = {.id = STR(ID), .coverage = COVERAGE_FULL};

	registry_restore(fixture->registry, &known);
	put_bundle(fixture, REFUSES);
	assert_int_equal(registry_container(fixture->registry, &hint)->coverage, COVERAGE_NONE);
	assert_int_equal(fixture->described, 1);
}

static const struct container *numbered(struct fixture *fixture, uint32_t owner, const char *outer,
					unsigned number)
{
	char id[16];

	snprintf(id, sizeof(id), "c%u", number);
	return registry_container(fixture->registry,
				  &(struct metadata_hint){.id = str_from(id),
							  .owner = owner,
							  .outer = str_from(outer),
							  .runtime = STR("runc")});
}

/* However many a user or a container's root makes, others keep their room. */
static void each_has_a_share(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < REGISTRY_SHARE; i++) {
		assert_non_null(numbered(fixture, 1000, "", i));
		assert_non_null(numbered(fixture, 0, "outer", i));
	}
	assert_null(numbered(fixture, 1000, "", REGISTRY_SHARE));
	assert_null(numbered(fixture, 0, "outer", REGISTRY_SHARE));
	assert_non_null(numbered(fixture, 1000, "", 0)); /* what is there stays */
	assert_non_null(numbered(fixture, 1001, "", 0));
	assert_non_null(numbered(fixture, 0, "", 0));
	/* and after two sweeps there is room again */
	registry_sweep(fixture->registry, NULL, 0);
	registry_sweep(fixture->registry, NULL, 0);
	assert_int_equal(registry_count(fixture->registry), 0);
	assert_non_null(numbered(fixture, 1000, "", REGISTRY_SHARE));
}

static void the_cap_holds_without_a_sweep(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < REGISTRY_MAX; i++)
		assert_non_null(numbered(fixture, 0, "", i));
	assert_null(numbered(fixture, 0, "", REGISTRY_MAX));
	assert_int_equal(registry_count(fixture->registry), REGISTRY_MAX);
}

/* One id of two owners, and one in a container, are three containers. */
static void an_id_is_its_owners(void **state)
{
	struct fixture *fixture = *state;

	assert_true(str_eq(numbered(fixture, 0, "", 1)->id, STR("c1")));
	assert_true(str_eq(numbered(fixture, 65534, "", 1)->id, STR("c1@65534")));
	assert_true(str_eq(numbered(fixture, 0, "out", 1)->id, STR("out/c1")));
	assert_true(str_eq(numbered(fixture, 65534, "out", 1)->id, STR("out@65534/c1")));
	assert_int_equal(registry_count(fixture->registry), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hint_is_all_without_metadata, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(thousands_stay_where_they_are, setup_bare,
						teardown),
		cmocka_unit_test_setup_teardown(id_is_bytes_not_text, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(first_sight_reads_the_files_and_drops_the_profile,
						setup, teardown),
		cmocka_unit_test_setup_teardown(made_again_it_is_asked_anew_and_the_old_one_stays,
						setup, teardown),
		cmocka_unit_test_setup_teardown(files_may_come_a_moment_later, setup, teardown),
		cmocka_unit_test_setup_teardown(restored_is_not_undone_by_files_that_are_gone,
						setup, teardown),
		cmocka_unit_test_setup_teardown(restored_learns_what_the_files_say, setup,
						teardown),
		cmocka_unit_test_setup_teardown(restored_is_what_was_known, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(each_has_a_share, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(the_cap_holds_without_a_sweep, setup_bare,
						teardown),
		cmocka_unit_test_setup_teardown(an_id_is_its_owners, setup_bare, teardown),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
