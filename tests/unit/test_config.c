/*
 * The configuration file: every key, every mistake with its line, and what root refuses.
 */
#include "cli/config.h"

#include "cli/command.h"
#include "cli/retention.h"
#include "cli/sending.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/sclog-test-config.XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static void write_file(const char *text, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

/* What the file of load() has set, and what it was to leave alone. */
static void *watch_given;
static struct retention_options retention_given;
static struct sending_options sending_given;

static const char *given(const char *option)
{
	const struct option_row *row = option_find(&command_watch.table, str_from(option));
	const struct option_list *list;

	assert_non_null(row);
	if (row->kind != OPTION_COMMA_LIST)
		return *(const char **)((char *)watch_given + row->offset);
	list = (const struct option_list *)((char *)watch_given + row->offset);
	return list->count ? list->values[list->count - 1] : NULL;
}

static void forget_given(void)
{
	if (watch_given)
		option_release(&command_watch.table, watch_given);
	free(watch_given);
	watch_given = calloc(1, command_watch.options_size);
	retention_given = (struct retention_options){0};
	sending_given = (struct sending_options){0};
	assert_non_null(watch_given);
}

static int read_file(struct config *config, struct err *err)
{
	const struct config_target target = {
		.watch = watch_given, .retention = &retention_given, .sending = &sending_given};

	return config_load(path, true, &target, config, err);
}

static int load(const char *text, struct config *config, struct err *err)
{
	forget_given();
	write_file(text, strlen(text));
	return read_file(config, err);
}

static int tear_down(void **state)
{
	(void)state;
	option_release(&command_watch.table, watch_given);
	free(watch_given);
	return unlink(path);
}

static void assert_text(const char *got, const char *want)
{
	if (!got || strcmp(got, want) != 0)
		fail_msg("'%s' is not '%s'", got ? got : "(null)", want);
}

static void test_every_key(void **state)
{
	static const char text[] = "# a comment\n"
				   "[watch]\n"
				   "source = netlink\n"
				   "file=/var/log/audit/audit.log\n"
				   "from = now ; here too\n"
				   "  \n"
				   "profile = pid:1\n"
				   "loader = oci\r\n"
				   "runtime = crun@1.8\n"
				   "node = a.b.c\n"
				   "db = /x/y z.db\n"
				   "db-group = adm\n"
				   "format = json\n"
				   "priority = -20\n"
				   "; another\n"
				   "[cgroup]\n"
				   "a = ^/a/(?<id>[^/]+)\n"
				   "b = ^/b=/(?<id>x)\n"
				   "a = ^/c/(?<id>x)\n"
				   "[fleet]\n"
				   "to = postgresql://db.example/x?sslmode=verify-full\n"
				   "node = n1\n"
				   "interval = 1h30m\n"
				   "jitter = 90s\n"
				   "[roots]\n"
				   "proc = /host/proc\n"
				   "runtime = /host";
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	if (load(text, &config, &err) < 0)
		fail_msg("%s", err.message);
	assert_text(given("source"), "netlink");
	assert_text(given("file"), "/var/log/audit/audit.log");
	assert_text(given("from"), "now");
	assert_text(given("profile"), "pid:1");
	assert_text(given("loader"), "oci");
	assert_text(given("runtime"), "crun@1.8");
	assert_text(given("node"), "a.b.c");
	assert_text(given("db"), "/x/y z.db");
	assert_text(given("db-group"), "adm");
	assert_text(given("format"), "json");
	assert_text(given("priority"), "-20");
	assert_text(sending_given.to, "postgresql://db.example/x?sslmode=verify-full");
	assert_text(sending_given.node, "n1");
	assert_text(sending_given.interval, "1h30m");
	assert_text(sending_given.jitter, "90s");
	assert_text(given("proc-root"), "/host/proc");
	assert_text(given("runtime-root"), "/host");
	assert_int_equal(config.rule_count, 3);
	assert_int_equal(config.rules[0].line, 17);
	assert_text(config.rules[0].runtime, "a");
	assert_text(config.rules[0].pattern, "^/a/(?<id>[^/]+)");
	assert_int_equal(config.rules[1].line, 18);
	assert_text(config.rules[1].pattern, "^/b=/(?<id>x)");
	assert_text(config.rules[2].runtime, "a");
	assert_int_equal(config.problem_count, 0);
	config_release(&config);
}

/* The command line's stay, and the file's are checked all the same. */
static void test_command_line_first(void **state)
{
	const struct option_row *node = option_find(&command_watch.table, STR("node"));
	const struct option_row *source = option_find(&command_watch.table, STR("source"));
	static const char text[] = "[watch]\nnode = file\nsource = audit, syslog\n"
				   "[retention]\nkeep-hours = 3d\nkeep-days = 9d\n";
	static const char wrong[] = "[watch]\nsource = nowhere\n";
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load(text, &config, &err), 0);
	assert_text(given("node"), "file");
	assert_text(given("source"), "syslog");
	assert_text(retention_given.hours, "3d");
	assert_null(retention_given.minutes);
	config_release(&config);
	forget_given();
	assert_int_equal(option_set(node, "line", watch_given, &err), 0);
	assert_int_equal(option_set(source, "stdin", watch_given, &err), 0);
	retention_given.days = "1d";
	assert_int_equal(read_file(&config, &err), 0);
	assert_text(given("node"), "line");
	assert_text(given("source"), "stdin");
	assert_text(retention_given.days, "1d");
	assert_text(retention_given.hours, "3d");
	config_release(&config);
	write_file(wrong, strlen(wrong));
	assert_int_equal(read_file(&config, &err), -EINVAL);
	config_release(&config);
}

static void test_nothing_is_set_by_default(void **state)
{
	static const char *const empty[] = {"",
					    "\n\n",
					    "# x\n",
					    "[watch]\n[cgroup]\n[roots]\n",
					    "\xef\xbb\xbf[watch]\n",
					    "\xef\xbb\xbf# x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct config config;
		struct err err = ERR_INIT;

		if (load(empty[i], &config, &err) < 0)
			fail_msg("%s", err.message);
		assert_null(given("source"));
		assert_null(given("proc-root"));
		assert_null(given("priority"));
		assert_int_equal(config.rule_count, 0);
		config_release(&config);
	}
}

/* A priority of 0 is one. */
static void test_priority_zero(void **state)
{
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load("[watch]\npriority = 0\n", &config, &err), 0);
	assert_text(given("priority"), "0");
	config_release(&config);
}

/* The rules reach the table, a pattern over several lines among them. */
static void test_rules(void **state)
{
	static const char text[] = "[cgroup]\n"
				   "batch = ^/batch/ # where they are\n"
				   "\t(?<id>\n"
				   "# a comment between\n"
				   "    [0-9]+)\n"
				   "other = ^/other/(?<id>.+)\n"
				   "[watch]\n"
				   "  node = x\n";
	struct cgroup_rules *rules;
	struct cgroup_match match;
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	if (load(text, &config, &err) < 0)
		fail_msg("%s", err.message);
	assert_text(given("node"), "x"); /* the first of a section goes on with nothing */
	assert_int_equal(config.rule_count, 2);
	assert_int_equal(config.rules[1].line, 6);
	assert_int_equal(cgroup_rules_new(&rules, &err), 0);
	assert_int_equal(config_add_rules(&config, rules, &err), 0);
	config_release(&config); /* the table has its own copy */
	cgroup_match_path(rules, STR("/batch/42"), &match);
	assert_true(str_eq(match.id, STR("42")));
	assert_true(str_eq(match.runtime, STR("batch")));
	cgroup_match_path(rules, STR("/other/4/2"), &match);
	assert_true(str_eq(match.id, STR("4/2")));
	cgroup_rules_free(rules);
}

/* Each line: a file, how many mistakes are in it, and parts of the problems in their order. */
static const struct {
	const char *text;
	size_t count;
	const char *parts[4];
} mistakes[] = {
	{"[wacth]\nsource = auto\n", 1, {":1: unknown section [wacth]: did you mean [watch]?"}},
	{"[]\n",
	 1,
	 {":1: unknown section []: must be [watch], [retention], [fleet], [cgroup] or [roots]"}},
	{"[watch\nsource = auto\n", 2, {":1: missing ]", ":2: "}},
	{"[watch]\nsuorce = auto\n",
	 1,
	 {":2: unknown key 'suorce' in [watch]: did you mean 'source'?"}},
	{"[watch]\nproc = /p\n", 1, {":2: 'proc' is not a key of [watch]: move it to [roots]"}},
	{"[watch]\nSource = auto\n",
	 1,
	 {":2: unknown key 'Source' in [watch]: did you mean 'source'?"}},
	{"source = auto\n", 1, {":1: 'source' is outside a section: put [watch]"}},
	{"[watch]\n\nsource\n", 1, {":3: not KEY = VALUE or [SECTION]"}},
	{"[watch]\nsource =\n", 1, {":2: 'source' has no value"}},
	{"[watch]\nsource = ; none\n", 1, {":2: 'source' has no value"}},
	{"[watch]\n= auto\n", 1, {":2: no key"}},
	{"[watch]\nsource = audit|syslog\n",
	 1,
	 {":2: source: unknown source 'audit|syslog'; must be one of auto, "}},
	{"[watch]\nsource = netlink, aud\n", 1, {":2: source: unknown source 'aud' (did you mean"}},
	{"[watch]\nsource = Audit\n",
	 1,
	 {":2: source: unknown source 'Audit' (did you mean audit?)"}},
	{"[watch]\nfile = audit.log\n", 1, {":2: file: 'audit.log' must be an absolute path"}},
	{"[watch]\nfile = \"/var/log\"\n",
	 1,
	 {":2: file: '\"/var/log\"' must be an absolute path"}},
	{"[roots]\nproc = proc\n", 1, {":2: proc: 'proc' must be an absolute path"}},
	{"[watch]\nfrom = soon\n", 1, {":2: from: 'soon' must be start, now or a time ("}},
	{"[watch]\nloader = runc\nruntime = docker\nformat = csv\n",
	 3,
	 {":2: loader: 'runc' must be one of auto, docker, podman, oci, crio, containerd",
	  ":3: runtime: 'docker' must be one of runc, crun",
	  ":4: format: 'csv' must be one of text, json"}},
	{"[watch]\ncaps = CAP_FLY\nkernel = new\nlibseccomp = x\nruntime = runc@x\n",
	 4,
	 {":2: caps: ", ":3: kernel: 'new' is not", ":4: libseccomp: ", ":5: runtime: "}},
	{"[watch]\nonce = 1\nconfig = /x\n",
	 2,
	 {":2: unknown key 'once' in [watch]", ":3: unknown key 'config' in [watch]"}},
	{"[watch]\nproc-root = /p\n[roots]\nproc = /p\n", 1, {":4: proc is already set in line 2"}},
	{"[retention]\nkeep-days = soon\nkeep-hours = 0s\nkeep-weeks = 1d\n",
	 3,
	 {":2: keep-days: 'soon' is not a valid duration", ":3: keep-hours: '0s' is not",
	  ":4: unknown key 'keep-weeks' in [retention]: "}},
	{"[watch]\npriority = high\n",
	 1,
	 {":2: priority: 'high' must be a nice value from -20 to 19"}},
	{"[watch]\npriority = -21\n", 1, {":2: priority: '-21'"}},
	{"[watch]\npriority = 20\n", 1, {":2: priority: '20'"}},
	{"[watch]\npriority = 1x\n", 1, {":2: priority: '1x'"}},
	{"[watch]\npriority = 99999999999999999999\n", 1, {":2: priority: '9"}},
	{"[watch]\nnode = a\n[roots]\n[watch]\nnode = b\n",
	 1,
	 {":5: node is already set in line 2"}},
	{"[watch]\nnode = a\n db = /x\n", 1, {":3: unexpected indentation"}},
	{"[watch]\nnode = a\n # a comment\n\n  [roots]\n", 1, {":5: unexpected indentation"}},
	/* the position is pcre2's, in the whole pattern */
	{"[cgroup]\nx = /x/(?<id>[^/]+\n",
	 1,
	 {":2: pattern '/x/(?<id>[^/]+': missing closing parenthesis at position 14"}},
	{"[cgroup]\nok = (?<id>a)\nx = ^/x/\n\t(?<id>[^/]+\n[watch]\nnode=\n",
	 2,
	 {":3: pattern '^/x/ (?<id>[^/]+': missing closing parenthesis at position 16",
	  ":6: 'node' has no value"}},
	{"[cgroup]\nx = /x/[^/]+\ny = (\n",
	 2,
	 {":2: pattern '/x/[^/]+': no group 'id'", ":3: pattern '(': "}},
	/* all of them */
	{"[watch]\na = 1\nb = 2\n[cgruop]\nc = 3\nd\n",
	 4,
	 {":2: unknown key 'a'", ":3: unknown key 'b'",
	  ":4: unknown section [cgruop]: did you mean [cgroup]?", ":6: not KEY = VALUE"}},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config config;
		struct err err = ERR_INIT;

		assert_int_equal(load(mistakes[i].text, &config, &err), -EINVAL);
		print_message("# %zu: %s\n", i, err.message);
		assert_int_equal(config.problem_count, mistakes[i].count);
		assert_int_equal(strncmp(err.message, path, strlen(path)), 0);
		assert_non_null(strstr(err.message, mistakes[i].parts[0]));
		const char *at = config.problems.p;

		for (size_t k = 0; k < 4 && mistakes[i].parts[k]; k++) {
			const char *found = strstr(at, mistakes[i].parts[k]);

			if (!found)
				fail_msg("'%s' does not say '%s'", at, mistakes[i].parts[k]);
			at = found + 1;
		}
		config_release(&config);
	}
}

/* inih's own buffer is 200 bytes; a longer line is an error, never a shorter one. */
static void test_long_lines(void **state)
{
	struct config config;
	struct err err = ERR_INIT;
	char text[5000];

	(void)state;
	for (size_t n = 150; n < sizeof(text) - 1; n = n < 300 ? n + 1 : n * 2) {
		size_t at = (size_t)sprintf(text, "[watch]\nnode = ");

		memset(text + at, 'n', n);
		text[at + n] = '\0';
		err_clear(&err);
		int result = load(text, &config, &err);

		if (result == 0) {
			assert_int_equal(strlen(given("node")), n);
		} else {
			assert_int_equal(result, -EINVAL);
			assert_int_equal(config.problem_count, 1);
			assert_non_null(strstr(err.message, ":2: longer than "));
		}
		if (n == 180)
			assert_int_equal(result, 0);
		config_release(&config);
	}
	/* what stands behind it is read as ever */
	memset(text, '#', 300);
	strcpy(text + 300, "\n[watch]\nnode\n");
	err_clear(&err);
	assert_int_equal(load(text, &config, &err), -EINVAL);
	assert_int_equal(config.problem_count, 2);
	assert_non_null(strstr(config.problems.p, ":1: longer"));
	assert_non_null(strstr(config.problems.p, ":3: not KEY = VALUE"));
	config_release(&config);
}

static void test_bytes(void **state)
{
	static const char nul[] = "[watch]\nnode = a\0b\nfile = x\n";
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	write_file(nul, sizeof(nul) - 1);
	assert_int_equal(read_file(&config, &err), -EINVAL);
	assert_int_equal(config.problem_count, 2);
	assert_non_null(strstr(config.problems.p, ":2: NUL byte"));
	assert_non_null(strstr(config.problems.p, ":3: file: 'x'"));
	config_release(&config);
}

static void test_missing_file(void **state)
{
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(config_load("/nonexistent/sclog.conf", false, &(struct config_target){0},
				     &config, &err),
			 0);
	assert_null(given("source"));
	config_release(&config);
	assert_int_equal(config_load("/nonexistent/sclog.conf", true, &(struct config_target){0},
				     &config, &err),
			 -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent/sclog.conf"));
	config_release(&config);
	err_clear(&err);
	assert_int_equal(config_load("/tmp", true, &(struct config_target){0}, &config, &err),
			 -EINVAL);
	assert_non_null(strstr(err.message, "not a regular file"));
	config_release(&config);
	err_clear(&err);
	/* a FIFO without a writer does not hang it */
	char fifo[sizeof(path) + 8];

	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(config_load(fifo, false, &(struct config_target){0}, &config, &err),
			 -EINVAL);
	config_release(&config);
	unlink(fifo);
}

static void test_size(void **state)
{
	struct config config;
	struct err err = ERR_INIT;

	(void)state;
	write_file("", 0);
	assert_int_equal(truncate(path, CONFIG_SIZE_MAX + 1), 0);
	assert_int_equal(read_file(&config, &err), -EFBIG);
	config_release(&config);
}

/* Who may write it decides what root does. */
static void test_owner(void **state)
{
	static const struct {
		mode_t mode;
		uid_t uid;
		gid_t gid;
		const char *part; /* of the refusal; NULL: it is read */
	} rows[] = {
		{0644, 0, 0, NULL},
		{0600, 0, 1, NULL},
		{0664, 0, 0, NULL},
		{0664, 0, 1, "is writable by others: run chmod go-w"},
		{0646, 0, 0, "is writable by others: run chmod go-w"},
		{0644, 1, 0, "is owned by uid 1: run chown root"},
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("[watch]\n", 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;
		struct err err = ERR_INIT;

		assert_int_equal(chmod(path, rows[i].mode), 0);
		assert_int_equal(chown(path, rows[i].uid, rows[i].gid), 0);
		int result = read_file(&config, &err);

		assert_int_equal(result, rows[i].part ? -EPERM : 0);
		if (rows[i].part)
			assert_non_null(strstr(err.message, rows[i].part));
		config_release(&config);
	}
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* The file that is installed: as it is, and with every example in it switched on. */
static void test_shipped_file(void **state)
{
	static const char shipped[] = TESTS_DIR "/../contrib/sclog.conf";
	struct config config;
	struct err err = ERR_INIT;
	BUF_AUTO text = {0};
	char line[512];
	FILE *file = fopen(shipped, "r");

	(void)state;
	assert_non_null(file);
	BUF_AUTO plain = {0};

	while (fgets(line, sizeof(line), file)) {
		bool example = line[0] == '#' && line[1] != ' ' && line[1] != '\n';

		buf_put_str(&plain, str_from(line));
		buf_put_str(&text, str_from(line + example));
	}
	fclose(file);
	if (load(plain.p, &config, &err) < 0)
		fail_msg("%s", err.message);
	assert_null(given("source"));
	assert_int_equal(config.rule_count, 0);
	config_release(&config);
	if (load(text.p, &config, &err) < 0)
		fail_msg("%s", config.problems.p);
	/* sclog-watch(1) and DESIGN name these keys */
	assert_non_null(given("source"));
	assert_non_null(given("file"));
	assert_non_null(given("from"));
	assert_non_null(given("profile"));
	assert_non_null(given("loader"));
	assert_non_null(given("runtime"));
	assert_non_null(given("node"));
	assert_non_null(given("db"));
	assert_non_null(given("db-group"));
	assert_non_null(given("format"));
	assert_non_null(given("priority"));
	assert_non_null(given("proc-root"));
	assert_non_null(given("runtime-root"));
	assert_int_equal(config.rule_count, 2);
	struct cgroup_rules *rules;
	struct cgroup_match match;

	assert_int_equal(cgroup_rules_new(&rules, &err), 0);
	assert_int_equal(config_add_rules(&config, rules, &err), 0);
	cgroup_match_path(rules, STR("/batch/hctr6"), &match);
	assert_true(str_eq(match.id, STR("hctr6")));
	cgroup_match_path(rules,
			  STR("/nomad.slice/share.slice/"
			      "0f2e1d3c-4b5a-6978-8796-a5b4c3d2e1f0.web.scope"),
			  &match);
	assert_true(str_eq(match.id, STR("0f2e1d3c-4b5a-6978-8796-a5b4c3d2e1f0.web")));
	cgroup_rules_free(rules);
	config_release(&config);
}

/* Pieces of a file in any order, from a fixed series: it ends, it leaks nothing, and a file
 * either has problems, each with a line of the file, or none. */
static void test_random(void **state)
{
	static const char *const pieces[] = {
		"[watch]", "[cgroup]", "[roots]",      "[",
		"]",       "\n",       "\n",           "\n",
		"source",  "=",        " = ",          "auto",
		"\t",      "#",        " ;",           "x = (?<id>a)",
		"(",       "\r\n",     "\xef\xbb\xbf", "priority = 3",
		":",       "\xff",     "\v",
	};
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		BUF_AUTO text = {0};
		struct config config;
		struct err err = ERR_INIT;
		unsigned lines = 1;

		for (int i = 0; i < 30; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			const char *piece = pieces[seed % (sizeof(pieces) / sizeof(pieces[0]))];

			lines += strchr(piece, '\n') != NULL;
			buf_put_str(&text, str_from(piece));
		}
		int result = load(text.p, &config, &err);

		assert_int_equal(result<0, config.problem_count> 0);
		const char *at = config.problems.p;

		for (size_t i = 0; i < config.problem_count; i++) {
			assert_int_equal(strncmp(at, path, strlen(path)), 0);
			unsigned long line = strtoul(at + strlen(path) + 1, NULL, 10);

			assert_true(line >= 1 && line <= lines);
			at = strchr(at, '\n') + 1;
		}
		config_release(&config);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_command_line_first),
		cmocka_unit_test(test_nothing_is_set_by_default),
		cmocka_unit_test(test_priority_zero),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_shipped_file),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
