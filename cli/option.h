/*
 * Options: one table per command, which both the parser and --help read.
 *
 * A row says how the option is spelt, what it takes, what it means, and where in the command's
 * own struct its value goes. Nothing else in a command knows how options are written.
 */
#ifndef SCLOG_CLI_OPTION_H
#define SCLOG_CLI_OPTION_H

#include "base/nearest.h"
#include "base/buf.h"
#include "base/err.h"

enum option_kind {
	OPTION_HEADING,    /* no option: `help` stands above the rows that follow */
	OPTION_FLAG,       /* bool: true once given */
	OPTION_COUNT,      /* unsigned: how often given */
	OPTION_TEXT,       /* const char *: the argument, borrowed from argv; the last one counts */
	OPTION_CHOICE,     /* the same, but one of the words of `argument`: "text|json|csv" */
	OPTION_LIST,       /* struct option_list: every argument given */
	OPTION_COMMA_LIST, /* the same, and each argument may hold several, set off by commas */
	OPTION_MAYBE_LIST, /* a list whose argument may be left out, which adds "": --NAME[=VALUE] */
};

/* Owned by option_release(). */
struct option_list {
	char **values;
	size_t count;
};

/* Says in err what is wrong with an argument, without the option's name, and returns -EINVAL; or 0. */
typedef int option_check_fn(const char *argument, struct err *err);

struct option_row {
	enum option_kind kind;
	char letter;          /* 0 for none */
	const char *name;     /* without its dashes */
	const char *argument; /* how --help calls it; NULL where none is taken */
	const char *help;
	size_t offset;          /* of the value in the command's struct */
	option_check_fn *check; /* of every argument; NULL: any will do */
};

/* A row, and a heading: OPTION(FLAG, 'q', "quiet", NULL, struct global_options, quiet, "..."). */
#define OPTION(option_kind, option_letter, option_name, takes, type, field, explained)          \
	{                                                                                       \
		.kind = OPTION_##option_kind, .letter = (option_letter), .name = (option_name), \
		.argument = (takes), .help = (explained), .offset = offsetof(type, field)       \
	}
/* The same, with what checks its arguments. */
#define OPTION_CHECKED(option_kind, option_letter, option_name, takes, type, field, checks,     \
		       explained)                                                               \
	{                                                                                       \
		.kind = OPTION_##option_kind, .letter = (option_letter), .name = (option_name), \
		.argument = (takes), .help = (explained), .offset = offsetof(type, field),      \
		.check = (checks)                                                               \
	}
#define OPTION_TITLE(title)                             \
	{                                               \
		.kind = OPTION_HEADING, .help = (title) \
	}

struct option_table {
	const struct option_row *rows;
	size_t count;
};

/*
 * Parses argv[1..argc) into `options`, which may hold values already (from before the command).
 * Operands move to the end of argv, and *ret_operands is the index of the first. With
 * `stop_at_operand` parsing ends there instead, as before a command's name. Options must be
 * written in full. Uses getopt_long(3) and so its global state: one thread. Returns 0, or
 * -EINVAL and what is wrong in err.
 */
int option_parse(const struct option_table *table, void *options, int argc, char **argv,
		 bool stop_at_operand, int *ret_operands, struct err *err);

/*
 * One option by its name alone, as a configuration file gives it. option_set() checks the argument,
 * which it borrows, and leaves alone what the command line has set already.
 */
const struct option_row *option_find(const struct option_table *table, struct str name);
int option_set(const struct option_row *row, const char *argument, void *options, struct err *err);

/* Frees the lists in `options`. */
void option_release(const struct option_table *table, void *options);

/* Appends the rows for people: by heading, aligned, wrapped to 80 columns. */
void option_help(const struct option_table *table, struct buf *buf);

/* "SOURCE is one of: auto, audit, syslog", as --help has it and the completion reads it. */
void option_put_names(struct buf *buf, const char *argument, nearest_name_fn *name);

/* How wide --help is. */
#define HELP_COLUMNS 80

#endif
