/*
 * Containers that other processes describe: what the files say comes through, files that cost too much
 * do not, and a file that never answers holds up nobody but its owner. That file lies in a FUSE file
 * system that this test mounts and does not serve.
 */
#include "live/describers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/child.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define USER 4711

/* KiB by which a describer may grow; AddressSanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX (1 << 20)
#else
#define GROWTH_MAX (16 << 10)
#endif

static char root[] = "/tmp/sclog-describers.XXXXXX";

static struct late {
	unsigned count;
	bool is_found, has_container;
	char name[64];
	int64_t took_ns;
} late;

static void take_late(void *context, const struct metadata_hint *hint,
		      const struct container *container, bool is_found, struct str trouble,
		      int64_t took_ns)
{
	(void)context;
	(void)hint;
	(void)trouble;
	late = (struct late){
		.count = late.count + 1,
		.is_found = is_found,
		.has_container = container != NULL,
		.took_ns = took_ns,
	};
	if (container)
		snprintf(late.name, sizeof(late.name), "%.*s", (int)container->name.n,
			 container->name.p);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* A folder and those above it, all of that user. */
static void make_folder(const char *path, uid_t uid)
{
	char part[256];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part + strlen(root); slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		mkdir(part, 0755);
		assert_int_equal(chown(part, uid ? uid : getuid(), (gid_t)-1), 0);
		if (slash)
			*slash = '/';
	}
}

/* The bundle of a container of a user's crun, or of root's. Returns the file's path. */
static const char *bundle(const char *id, uid_t uid)
{
	static char path[512];
	char folder[256];

	if (uid)
		snprintf(folder, sizeof(folder), "%s/run/user/%u/crun/%s", root, uid, id);
	else
		snprintf(folder, sizeof(folder), "%s/run/crun/%s", root, id);
	make_folder(folder, uid);
	snprintf(path, sizeof(path), "%s/config.json", folder);
	return path;
}

static void write_bundle(const char *id, uid_t uid, const char *text)
{
	const char *path = bundle(id, uid);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chown(path, uid ? uid : getuid(), (gid_t)-1), 0);
}

#define CONFIG(app)                                                                               \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}}," \
	"\"annotations\":{\"app\":\"" app "\"},"                                                  \
	"\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}}"

struct watch {
	struct helper *helper;
	struct describers *describers;
};

static struct watch start(void)
{
	const struct helper_options options = {.runtime_root = root, .sandbox = !under_valgrind()};
	struct watch watch;
	struct err err = ERR_INIT;

	assert_int_equal(helper_start(&options, &watch.helper, &err), 0);
	watch.describers = describers_new(watch.helper, take_late, NULL);
	late = (struct late){0};
	return watch;
}

static void stop(struct watch *watch)
{
	describers_free(watch->describers);
	helper_stop(watch->helper);
}

static int describe(struct watch *watch, const char *id, uint32_t owner,
		    struct container **ret_container)
{
	const struct metadata_hint hint = {
		.id = str_from(id), .owner = owner, .runtime = STR("crun")};
	BUF_AUTO trouble = {0};

	*ret_container = NULL;
	return describers_describe(watch->describers, &hint, ret_container, &trouble);
}

/* The same on a busy machine, where an answer may be late. */
static int describe_at_last(struct watch *watch, const char *id, uint32_t owner,
			    struct container **ret_container)
{
	int64_t until_ms = now_ms() + 60000;
	int result;

	do {
		result = describe(watch, id, owner, ret_container);
	} while (result == -EAGAIN && now_ms() < until_ms && usleep(1000) == 0);
	return result;
}

static void check(struct watch *watch, const char *id, uint32_t owner, const char *want_id,
		  const char *want_app)
{
	struct container *container;

	assert_int_equal(describe_at_last(watch, id, owner, &container), 1);
	assert_true(str_eq(container->id, str_from(want_id)));
	assert_true(str_eq(container->workload, str_from(want_app)));
	assert_true(str_eq(container->profile, STR("{\"defaultAction\":\"SCMP_ACT_LOG\"}")));
	assert_int_equal(container->coverage, COVERAGE_FULL);
	assert_true(container->has_caps);
	assert_int_equal(container->caps, 1 << 5); /* CAP_KILL */
	container_free(container);
}

static void test_describes(void **state)
{
	struct watch watch = start();
	struct container *container;

	(void)state;
	write_bundle("web", 0, CONFIG("shop"));
	check(&watch, "web", 0, "web", "shop");
	check(&watch, "web", 0, "web", "shop");
	assert_int_equal(describe_at_last(&watch, "none", 0, &container), 0);
	assert_true(str_eq(container->id, STR("none")));
	container_free(container);
	if (getuid() == 0) {
		write_bundle("web", USER, CONFIG("theirs"));
		check(&watch, "web", USER, "web@4711", "theirs@4711");
	}
	stop(&watch);
}

/* The most memory that a process had, in KiB. */
static long peak_of(pid_t pid)
{
	char path[64], line[256];
	long peak = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return peak;
}

static char *repeated(const char *piece, size_t bytes)
{
	size_t n = strlen(piece);
	char *text = malloc(bytes + n + 64);
	size_t at = (size_t)sprintf(text, "{\"ociVersion\":\"1.0.2\",\"a\":[");

	assert_non_null(text);
	while (at < bytes) {
		memcpy(text + at, piece, n);
		at += n;
	}
	strcpy(text + at, "{}]}");
	return text;
}

/* What costs too much is not described, in no more memory than it may take, and the next one is. */
static void test_costs(void **state)
{
	static const struct {
		const char *piece;
		size_t bytes;
	} files[] = {
		{"{},", 16 << 20},   {"{},", 4 << 20},
		{"[],", 1000 << 10}, {"\"\\u0041\",", 1000 << 10},
		{"1,", 120 << 10},   {"[", 100 << 10},
	};
	struct watch watch = start();
	struct container *container;

	(void)state;
	write_bundle("web", 0, CONFIG("shop"));
	check(&watch, "web", 0, "web", "shop");

	pid_t keeper = child_of(getpid()), describer = child_of(keeper);

	if (describer == 0)
		skip(); /* without CONFIG_PROC_CHILDREN */
	long before = peak_of(describer), ours = peak_of(getpid());

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = repeated(files[i].piece, files[i].bytes);

		write_bundle("large", 0, text);
		free(text);
		ours = peak_of(getpid());
		describe_at_last(&watch, "large", 0, &container);
		container_free(container);
		assert_in_range(peak_of(getpid()) - ours, 0, 1024);
	}
	assert_in_range(peak_of(describer) - before, 0, GROWTH_MAX);
	assert_int_equal(child_of(keeper), describer);
	check(&watch, "web", 0, "web", "shop");
	stop(&watch);
}

static char dead[256];
static int fuse = -1;

/* A file system at that folder whose server never answers. Returns false without root or /dev/fuse. */
static bool mount_dead(void)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fd);
	if (fd >= 0 && mount("dead", dead, "fuse", MS_NOSUID | MS_NODEV, options) == 0)
		fuse = fd;
	else if (fd >= 0)
		close(fd);
	return fuse >= 0;
}

/* The connection ends with its descriptor: nothing hangs any more. */
static int unmount_dead(void **state)
{
	(void)state;
	if (fuse < 0)
		return 0;
	close(fuse);
	fuse = -1;
	return umount2(dead, MNT_DETACH);
}

/* How long the longest of many questions took, while one is never answered. */
static int64_t longest_ms(struct watch *watch, const char *id, uint32_t owner, int64_t for_ms)
{
	struct container *container;
	int64_t longest = 0;

	for (int64_t until_ms = now_ms() + for_ms; now_ms() < until_ms; usleep(1000)) {
		int64_t before_ms = now_ms();

		assert_true(describe(watch, id, owner, &container) <= 0);
		container_free(container);
		if (now_ms() - before_ms > longest)
			longest = now_ms() - before_ms;
	}
	return longest;
}

static void test_dead(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	write_bundle("web", USER + 1, CONFIG("other"));
	write_bundle("web", 0, CONFIG("shop"));
	snprintf(dead, sizeof(dead), "%s", bundle("dead", USER));
	*strrchr(dead, '/') = '\0';
	if (!mount_dead())
		skip();

	struct watch watch = start();
	int64_t longest = longest_ms(&watch, "dead", USER, 3000);

	print_message("# the longest wait: %d ms\n", (int)longest);
	/* what else runs on the machine may add to it */
	assert_true(longest >= DESCRIBERS_WAIT_MS);
	assert_true(longest < DESCRIBERS_END_MS);
	assert_true(late.count >= 1);
	assert_false(late.has_container);
	assert_true(late.took_ns >= DESCRIBERS_END_MS * INT64_C(1000000));
	check(&watch, "web", 0, "web", "shop");
	check(&watch, "web", USER + 1, "web@4712", "other@4712");
	stop(&watch);
}

/* An answer that is late is not lost. */
static void test_late(void **state)
{
	struct watch watch = start();
	struct container *container;

	(void)state;
	write_bundle("web", 0, CONFIG("shop"));
	check(&watch, "web", 0, "web", "shop");

	pid_t describer = child_of(child_of(getpid()));

	if (describer == 0)
		skip();
	late = (struct late){0};
	assert_int_equal(kill(describer, SIGSTOP), 0);
	assert_int_equal(describe(&watch, "web", 0, &container), -EAGAIN);
	assert_int_equal(kill(describer, SIGCONT), 0);
	describers_take(watch.describers, DESCRIBERS_ROOT_END_MS);
	assert_int_equal(late.count, 1);
	assert_true(late.is_found);
	stop(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describes),
		cmocka_unit_test(test_costs),
		cmocka_unit_test_teardown(test_dead, unmount_dead),
		cmocka_unit_test(test_late),
	};

	if (!mkdtemp(root) || chmod(root, 0755) < 0)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) ? 1 : failed;
}
