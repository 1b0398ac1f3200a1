/*
 * Commands: each is one file cmd_NAME.c that defines command_NAME, and one word in the list
 * below.
 */
#ifndef SCLOG_CLI_COMMAND_H
#define SCLOG_CLI_COMMAND_H

#include "base/sandbox.h"
#include "cli/exit.h"
#include "cli/option.h"
#include "report/format.h"

/* The commands, in the order in which --help shows them. */
#define COMMANDS(EACH)   \
	EACH(ingest)     \
	EACH(watch)      \
	EACH(containers) \
	EACH(events)     \
	EACH(diff)       \
	EACH(profile)    \
	EACH(explain)    \
	EACH(logmode)    \
	EACH(report)     \
	EACH(doctor)     \
	EACH(prune)      \
	EACH(forget)     \
	EACH(relabel)    \
	EACH(push)       \
	EACH(fleet)

/* Every command's struct of options begins with these. */
struct global_options {
	const char *db;
	const char *format;
	bool quiet;
	unsigned verbose;
	bool no_sandbox;
	bool version;
	bool help;
};

/* clang-format off */
/* Their rows; `formats` is what --format takes: FORMAT_NAMES where a command has no other. */
#define GLOBAL_OPTION_ROWS(formats) GLOBAL_OPTION_ROWS_OF(CHOICE, formats)

#define GLOBAL_OPTION_ROWS_OF(kind, formats)                                                      \
	OPTION_TITLE("Options of all commands, before or after the command"),                     \
	OPTION(TEXT, 0, "db", "PATH", struct global_options, db,                                  \
	       "the store; default: $SCLOG_DB, else /var/lib/sclog/sclog.db for root and the XDG " \
	       "data directory for others"),                                                      \
	OPTION(kind, 0, "format", formats, struct global_options, format,                       \
	       "output format; default: the first one of the command"),                                     \
	OPTION(FLAG, 'q', "quiet", NULL, struct global_options, quiet,                            \
	       "print only what is wrong or missing"),                                            \
	OPTION(COUNT, 'v', "verbose", NULL, struct global_options, verbose,                       \
	       "print more, such as the first malformed line of each kind"),                      \
	OPTION(FLAG, 0, "no-sandbox", NULL, struct global_options, no_sandbox,                    \
	       "do not run in a seccomp sandbox"),                                                \
	OPTION(FLAG, 0, "version", NULL, struct global_options, version,                          \
	       "print the versions of sclog and of its libraries"),                               \
	OPTION(FLAG, 'h', "help", NULL, struct global_options, help, "print this help")
/* clang-format on */

/* A command as it was called. */
struct invocation {
	const struct command *command;
	const struct global_options *global;
	void *options; /* the command's own struct */
	char **operands;
	size_t operand_count;
	const char *
		output; /* where the answer is written, if not to standard output: before the sandbox */
	bool looks_at_processes; /* for running containers: before the sandbox */
	bool uses_fleet;         /* talks to its database: the sandbox has the network */
	bool sandboxed;          /* invocation_sandbox() was called */
	bool misused; /* set when the command line itself is wrong: --help is pointed to */
};

/*
 * Enters the command's sandbox unless --no-sandbox says not to. A command calls it as soon as it has
 * asked the system for names (groups) and other processes for their filters, and before it opens a
 * store or a log. Files can then be written beside the store and beside invocation->output alone.
 * Further calls change nothing.
 */
int invocation_sandbox(struct invocation *invocation, struct err *err);

/* The same, of a command that needs a fleet's database no more: it gives up the network. */
int invocation_leave_fleet(struct invocation *invocation, struct err *err);

/* A command line that --help begins with, and what it does. */
struct example {
	const char *line;
	const char *meaning;
};

#define EXAMPLES_MAX 3

struct command {
	const char *name;
	const char *summary;                   /* one line, for `sclog --help` */
	const char *synopsis;                  /* what follows its name in "Usage:" */
	struct example examples[EXAMPLES_MAX]; /* two or three; the lines fit in 80 columns */
	const char *description;               /* paragraphs, separated by newlines */
	struct option_table table;
	size_t options_size;
	enum sandbox_kind sandbox;
	bool reads_fleet;     /* --db may be the address of a fleet's database */
	const char *no_files; /* what to do instead of naming FILEs; NULL: it takes operands */
	/* Says in err what is wrong with the command line, for --help to be pointed to; NULL: nothing can be
	 * that its options' rows do not find. */
	int (*check)(const struct invocation *invocation, struct err *err);
	/* Appends what --help says after the options; NULL for nothing. */
	void (*help_more)(struct buf *buf);
	/* Returns an exit_code, or a negative errno with what went wrong in err. */
	int (*run)(struct invocation *invocation, struct err *err);
};

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#endif
