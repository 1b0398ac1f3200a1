/*
 * Options: what getopt_long(3) makes of words, and what is said when it cannot.
 */
#include "base/nearest.h"
#include "cli/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORDS_MAX 16

struct options {
	bool quiet;
	unsigned verbose;
	const char *profile, *format;
	struct option_list container, comm, arch, cap_add, cap_drop;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("All"),
	OPTION(FLAG, 'q', "quiet", NULL, struct options, quiet, "say less"),
	OPTION(COUNT, 'v', "verbose", NULL, struct options, verbose, "say more"),
	OPTION(TEXT, 'p', "profile", "FILE", struct options, profile,
	       "a text that is long enough to need a second line in eighty columns, which it does"),
	OPTION(CHOICE, 0, "format", "text|json|csv", struct options, format, "how"),
	OPTION_TITLE("Lists"),
	OPTION(LIST, 0, "comm", "PATTERN", struct options, comm, "which program"),
	OPTION(LIST, 0, "container", "NAME", struct options, container, "whose"),
	OPTION(COMMA_LIST, 0, "arch", "ARCH[,ARCH...]", struct options, arch, "which"),
	OPTION(LIST, 0, "cap-add", "CAP", struct options, cap_add, "more"),
	OPTION(LIST, 0, "cap-drop", "CAP", struct options, cap_drop, "less"),
};
/* clang-format on */

static const struct option_table table = {rows, sizeof(rows) / sizeof(*rows)};

struct parsed {
	char *argv[WORDS_MAX + 2];
	int argc, operands, result;
	struct options options;
	struct err err;
};

static void parse_words(const char *const *words, bool stop, struct parsed *parsed)
{
	*parsed = (struct parsed){.argv = {(char[]){"sclog"}}, .argc = 1};
	for (; words[parsed->argc - 1]; parsed->argc++) {
		assert_in_range(parsed->argc, 1, WORDS_MAX);
		parsed->argv[parsed->argc] = (char *)(uintptr_t)words[parsed->argc - 1];
	}
	parsed->result = option_parse(&table, &parsed->options, parsed->argc, parsed->argv, stop,
				      &parsed->operands, &parsed->err);
}

static void test_values(void **state)
{
	static const char *const words[] = {"one", "-vvq",   "--profile=-", "--container",
					    "a,b", "two",    "--format",    "json",
					    "--",  "--arch", NULL};
	struct parsed parsed;

	(void)state;
	parse_words(words, false, &parsed);
	assert_int_equal(parsed.result, 0);
	assert_true(parsed.options.quiet);
	assert_int_equal(parsed.options.verbose, 2);
	assert_string_equal(parsed.options.profile, "-");
	assert_string_equal(parsed.options.format, "json");
	assert_int_equal(parsed.options.container.count, 1);
	assert_string_equal(parsed.options.container.values[0], "a,b");
	assert_int_equal(parsed.options.arch.count, 0);
	assert_int_equal(parsed.argc - parsed.operands, 3);
	assert_string_equal(parsed.argv[parsed.operands], "one");
	assert_string_equal(parsed.argv[parsed.operands + 1], "two");
	assert_string_equal(parsed.argv[parsed.operands + 2], "--arch");
	option_release(&table, &parsed.options);
}

static void test_lists(void **state)
{
	static const char *const words[] = {"--arch",        "a,b",           "--arch=c",
					    "--container=x", "--container=y", NULL};
	static const char *const arches[] = {"a", "b", "c"};
	struct parsed parsed;

	(void)state;
	parse_words(words, false, &parsed);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.options.arch.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(parsed.options.arch.values[i], arches[i]);
	assert_int_equal(parsed.options.container.count, 2);
	assert_string_equal(parsed.options.container.values[1], "y");
	option_release(&table, &parsed.options);
	assert_int_equal(parsed.options.arch.count, 0);
}

/* Before the command's name, what follows it is not looked at. */
static void test_stops_at_operand(void **state)
{
	static const char *const words[] = {"-q", "diff", "--nonsense", NULL};
	struct parsed parsed;

	(void)state;
	parse_words(words, true, &parsed);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.operands, 2);
	assert_true(parsed.options.quiet);
}

/* A short option in a word of others: optind then still stands at that word. */
static void test_short_options_with_arguments(void **state)
{
	static const char *const words[] = {"-qpfile", "-q", "-p", "other", "rest", NULL};
	struct parsed parsed;

	(void)state;
	parse_words(words, false, &parsed);
	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.profile, "other");
	assert_int_equal(parsed.argc - parsed.operands, 1);
}

/* An argument may look like an option, and like the one it belongs to. */
static void test_arguments_that_look_like_options(void **state)
{
	static const char *const words[] = {"--profile", "--quiet", "--container", "--cont", NULL};
	struct parsed parsed;

	(void)state;
	parse_words(words, false, &parsed);
	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.profile, "--quiet");
	assert_string_equal(parsed.options.container.values[0], "--cont");
	assert_false(parsed.options.quiet);
	option_release(&table, &parsed.options);
}

struct refusal {
	const char *words[4];
	const char *message;
};

static void test_refusals(void **state)
{
	static const struct refusal cases[] = {
		{{"--profil", "x"}, "unknown option '--profil' (did you mean --profile?)"},
		{{"--profil=x"}, "unknown option '--profil' (did you mean --profile?)"},
		{{"file", "--qu"}, "unknown option '--qu' (did you mean --quiet?)"},
		/* two letters from --comm, but no misspelling of it */
		{{"--cont", "x"}, "unknown option '--cont' (did you mean --container?)"},
		{{"--profil3"}, "unknown option '--profil3' (did you mean --profile?)"},
		{{"--proflie", "x"}, "unknown option '--proflie' (did you mean --profile?)"},
		{{"--fromat=x"}, "unknown option '--fromat' (did you mean --format?)"},
		{{"--zzzzzz"}, "unknown option '--zzzzzz'"},
		{{"file", "--zzzzzz", "file"}, "unknown option '--zzzzzz'"},
		{{"-x"}, "unknown option '-x'"},
		{{"-qx"}, "unknown option '-x'"},
		{{"-format", "json"}, "unknown option '-format' (did you mean --format?)"},
		{{"--cap", "x"}, "option '--cap' is ambiguous: --cap-add, --cap-drop"},
		{{"--cap=x"}, "option '--cap' is ambiguous: --cap-add, --cap-drop"},
		{{"--profile"}, "option '--profile' needs an argument: --profile FILE"},
		{{"-p"}, "option '-p' needs an argument: --profile FILE"},
		{{"--quiet=1"}, "option '--quiet' takes no argument"},
		{{"--format=xml"}, "--format: 'xml' must be one of text, json, csv"},
		{{"--format=tex"},
		 "--format: 'tex' must be one of text, json, csv (did you mean text?)"},
		{{"--format="}, "--format: '' must be one of text, json, csv"},
		{{"--format=text|json"}, "--format: 'text|json' must be one of text, json, csv"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct parsed parsed;

		parse_words(cases[i].words, false, &parsed);
		assert_int_equal(parsed.result, -EINVAL);
		assert_string_equal(parsed.err.message, cases[i].message);
		option_release(&table, &parsed.options);
	}
}

/* The help shows every option with its argument, and keeps to 80 columns. */
static void test_help(void **state)
{
	BUF_AUTO text = {0};

	(void)state;
	option_help(&table, &text);
	for (size_t i = 0; i < table.count; i++) {
		BUF_AUTO shown = {0};

		if (!rows[i].name)
			continue;
		buf_format(&shown, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
			   rows[i].argument ? rows[i].argument : "");
		assert_non_null(strstr(text.p, shown.p));
	}
	assert_non_null(strstr(text.p, "\nLists:\n"));
	assert_non_null(strstr(text.p, "  -q, --quiet"));
	for (const char *line = text.p; *line; line = strchr(line, '\n') + 1)
		assert_in_range(strchr(line, '\n') - line, 0, 80);
}

struct distance {
	const char *a, *b;
	size_t n;
};

/* Counted by hand. */
static void test_distance(void **state)
{
	static const struct distance cases[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"diff", "diff", 0},
		{"diff", "DIFF", 0},
		{"dif", "diff", 1},
		{"fidf", "diff", 2},
		{"idff", "diff", 1},
		{"doff", "diff", 1},
		{"kitten", "sitting", 3},
		{"ingets", "ingest", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str a = str_from(cases[i].a), b = str_from(cases[i].b);

		assert_int_equal(nearest_distance(a, b), cases[i].n);
		assert_int_equal(nearest_distance(b, a), cases[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_stops_at_operand),
		cmocka_unit_test(test_short_options_with_arguments),
		cmocka_unit_test(test_arguments_that_look_like_options),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
