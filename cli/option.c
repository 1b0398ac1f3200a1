#include "cli/option.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "report/text.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#define HELP_INDENT 26 /* where explanations begin */

/* getopt's value of a long option: above every letter. */
#define LONG_BASE 256

static const struct option_row *row_of_letter(const struct option_table *table, int letter)
{
	for (size_t i = 0; i < table->count; i++)
		if (letter && table->rows[i].letter == letter)
			return &table->rows[i];
	return NULL;
}

static const struct option_row *row_of_value(const struct option_table *table, int value)
{
	if (value >= LONG_BASE)
		return &table->rows[value - LONG_BASE];
	return row_of_letter(table, value);
}

static void *value_of(const struct option_row *row, void *options)
{
	return (char *)options + row->offset;
}

static void list_release(struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->values[i]);
	free(list->values);
	*list = (struct option_list){0};
}

static void list_add(struct option_list *list, struct str value)
{
	list->values = mem_resize(list->values, (list->count + 1) * sizeof(*list->values));
	list->values[list->count++] = mem_copy(value);
}

/* Without the blanks around it. */
static struct str trim(struct str text)
{
	while (text.n && (text.p[0] == ' ' || text.p[0] == '\t'))
		text = str_skip(text, 1);
	while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
		text.n--;
	return text;
}

static void list_add_all(struct option_list *list, struct str values)
{
	size_t n;

	for (; (n = str_chr(values, ',')) < values.n; values = str_skip(values, n + 1))
		list_add(list, trim(str_of(values.p, n)));
	list_add(list, trim(values));
}

static void set_value(const struct option_row *row, const char *argument, void *options)
{
	void *value = value_of(row, options);

	switch (row->kind) {
	case OPTION_HEADING:
		break;
	case OPTION_FLAG:
		*(bool *)value = true;
		break;
	case OPTION_COUNT:
		(*(unsigned *)value)++;
		break;
	case OPTION_TEXT:
	case OPTION_CHOICE:
		*(const char **)value = argument;
		break;
	case OPTION_LIST:
		list_add(value, str_from(argument));
		break;
	case OPTION_COMMA_LIST:
		list_add_all(value, str_from(argument));
		break;
	case OPTION_MAYBE_LIST:
		list_add(value, argument ? str_from(argument) : STR(""));
		break;
	}
}

/* True if the word is one of "text|json|csv". */
static bool is_one_of(struct str words, struct str word)
{
	size_t n;

	for (; (n = str_chr(words, '|')) < words.n; words = str_skip(words, n + 1))
		if (str_eq(str_of(words.p, n), word))
			return true;
	return str_eq(words, word);
}

static int check_argument(const struct option_row *row, const char *argument, struct err *err)
{
	if (row->check)
		return row->check(argument, err);
	if (row->kind != OPTION_CHOICE || is_one_of(str_from(row->argument), str_from(argument)))
		return 0;
	return nearest_refuse(err, argument, row->argument);
}

static bool is_list(const struct option_row *row)
{
	return row->kind == OPTION_LIST || row->kind == OPTION_COMMA_LIST ||
	       row->kind == OPTION_MAYBE_LIST;
}

static int check_row(const struct option_row *row, void *options, struct err *err)
{
	const struct option_list *list = value_of(row, options);
	int r = 0;

	if (row->kind == OPTION_TEXT || row->kind == OPTION_CHOICE) {
		const char *text = *(const char **)value_of(row, options);

		return text ? check_argument(row, text, err) : 0;
	}
	for (size_t i = 0; is_list(row) && i < list->count && r == 0; i++)
		r = check_argument(row, list->values[i], err);
	return r;
}

/* At the end rather than one by one: a value may have come from before the command. */
static int check_rows(const struct option_table *table, void *options, struct err *err)
{
	for (size_t i = 0; i < table->count; i++)
		if (check_row(&table->rows[i], options, err) < 0)
			return err_prefix(err, "--%s", table->rows[i].name);
	return 0;
}

const struct option_row *option_find(const struct option_table *table, struct str name)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].name && str_eq(str_from(table->rows[i].name), name))
			return &table->rows[i];
	return NULL;
}

static bool is_set(const struct option_row *row, void *options)
{
	const struct option_list *list = value_of(row, options);

	return is_list(row) ? list->count > 0 : *(const char **)value_of(row, options) != NULL;
}

int option_set(const struct option_row *row, const char *argument, void *options, struct err *err)
{
	struct option_list list = {0};
	const char *text = NULL;
	struct option_row alone = *row;
	int r;

	alone.offset = 0;
	set_value(&alone, argument, is_list(row) ? (void *)&list : (void *)&text);
	r = check_row(&alone, is_list(row) ? (void *)&list : (void *)&text, err);
	list_release(&list);
	if (r == 0 && options && !is_set(row, options))
		set_value(row, argument, options);
	return r;
}

static const char *row_name(size_t i, const void *context)
{
	const struct option_table *table = context;

	while (i < table->count && !table->rows[i].name)
		i++;
	return i < table->count ? table->rows[i].name : NULL;
}

/* "--cap" where there are --caps, --cap-add and --cap-drop. */
static int ambiguous(const struct option_table *table, struct str name, struct err *err)
{
	BUF_AUTO all = {0};
	size_t n = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].name && str_starts(str_from(table->rows[i].name), name))
			buf_format(&all, "%s--%s", n++ ? ", " : "", table->rows[i].name);
	if (n < 2)
		return 0;
	return err_set(err, EINVAL, "option '--%.*s' is ambiguous: %s", (int)name.n, name.p, all.p);
}

static int unknown(const struct option_table *table, const char *given, struct err *err)
{
	struct str name = str_skip(str_from(given), strspn(given, "-"));
	bool is_long = strncmp(given, "--", 2) == 0;
	int shown = (int)strcspn(given, "=");

	name.n = str_chr(name, '=');
	if (is_long && ambiguous(table, name, err) < 0)
		return -EINVAL;
	const char *near = name.n > 1 ? nearest_find(name, row_name, table) : NULL;

	if (near)
		return err_set(err, EINVAL, "unknown option '%.*s' (did you mean --%s?)", shown,
			       given, near);
	return err_set(err, EINVAL, "unknown option '%.*s'", shown, given);
}

/* getopt_long(3) returned '?' or ':'; `given` is the word of argv that it stopped at. */
static int refuse(const struct option_table *table, int result, const char *given, struct err *err)
{
	const struct option_row *row = row_of_value(table, optopt);
	char letter[] = {'-', (char)optopt, '\0'};

	if (!row && optopt && given[0] == '-' && given[1] == optopt)
		return unknown(table, given, err); /* -profile: one dash too few */
	if (!row)
		return unknown(table, optopt ? letter : given, err);
	if (result == ':')
		return err_set(err, EINVAL, "option '%s' needs an argument: --%s %s", given,
			       row->name, row->argument);
	return err_set(err, EINVAL, "option '--%s' takes no argument", row->name);
}

/* What getopt_long(3) wants: its own table, and the letters in a string. */
struct getopt_tables {
	struct option *longs;
	struct buf letters;
};

static void getopt_tables_release(struct getopt_tables *tables)
{
	free(tables->longs);
	buf_release(&tables->letters);
}

static struct getopt_tables make_tables(const struct option_table *table, bool stop_at_operand)
{
	struct getopt_tables tables = {.longs = mem_new(table->count + 1, sizeof(struct option))};
	size_t n = 0;

	buf_put_str(&tables.letters, stop_at_operand ? STR("+:") : STR(":"));
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (!row->name)
			continue;
		tables.longs[n++] = (struct option){
			.name = row->name,
			.has_arg = row->kind == OPTION_MAYBE_LIST ? optional_argument
				   : row->argument                ? required_argument
								  : no_argument,
			.val = LONG_BASE + (int)i,
		};
		if (row->letter)
			buf_format(&tables.letters, "%c%s", row->letter, row->argument ? ":" : "");
	}
	return tables;
}

/*
 * Whether a long option was written in full. getopt_long(3) takes any beginning that only one
 * option has, so that a script would break the day a second one gets it.
 */
static bool is_in_full(const struct option_row *row, const char *given)
{
	struct str word = str_from(given);

	if (!str_starts(word, STR("--")))
		return true;
	word = str_skip(word, 2);
	word.n = str_chr(word, '=');
	return str_eq(word, str_from(row->name));
}

/* The word of argv that the option just found was in: its argument may be the next one. */
static const char *word_at_hand(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

int option_parse(const struct option_table *table, void *options, int argc, char **argv,
		 bool stop_at_operand, int *ret_operands, struct err *err)
{
	__attribute__((cleanup(getopt_tables_release))) struct getopt_tables tables =
		make_tables(table, stop_at_operand);
	int result;

	opterr = 0;
	optind = 0; /* glibc: forget the last argv */
	while ((result = getopt_long(argc, argv, tables.letters.p, tables.longs, NULL)) != -1) {
		if (result == '?' || result == ':')
			return refuse(table, result, argv[optind > 1 ? optind - 1 : 1], err);
		const struct option_row *row = row_of_value(table, result);

		if (row && !is_in_full(row, word_at_hand(argv)))
			return unknown(table, word_at_hand(argv), err);
		if (row)
			set_value(row, optarg, options);
	}
	*ret_operands = optind;
	return check_rows(table, options, err);
}

void option_release(const struct option_table *table, void *options)
{
	for (size_t i = 0; i < table->count; i++) {
		if (is_list(&table->rows[i]))
			list_release(value_of(&table->rows[i], options));
	}
}

static void help_row(const struct option_row *row, struct buf *buf)
{
	BUF_AUTO text = {0};
	BUF_AUTO left = {0};

	if (row->letter)
		buf_format(&left, "  -%c, --%s", row->letter, row->name);
	else
		buf_format(&left, "      --%s", row->name);
	if (row->kind == OPTION_MAYBE_LIST)
		buf_format(&left, "[=%s]", row->argument);
	else if (row->argument)
		buf_format(&left, " %s", row->argument);
	text_wrap(&text, str_from(row->help), HELP_INDENT, HELP_COLUMNS);
	if (left.n + 2 > HELP_INDENT)
		buf_format(buf, "%s\n%s", left.p, text.p);
	else
		buf_format(buf, "%-*s%s", HELP_INDENT, left.p, text.p + HELP_INDENT);
}

void option_help(const struct option_table *table, struct buf *buf)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->kind == OPTION_HEADING)
			buf_format(buf, "\n%s:\n", row->help);
		else
			help_row(row, buf);
	}
}

void option_put_names(struct buf *buf, const char *argument, nearest_name_fn *name)
{
	BUF_AUTO line = {0};

	buf_format(&line, "%s is one of: ", argument);
	nearest_put_names(&line, name);
	text_wrap(buf, buf_str(&line), 0, HELP_COLUMNS);
}
