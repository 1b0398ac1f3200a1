/*
 * The configuration file of watch, prune and push: /etc/sclog/sclog.conf, or --config FILE.
 *
 * Sections in brackets, KEY = VALUE lines, `#` or `;` comments. A key is the long name of an option
 * (cli/option.h), and its value is checked as the option's argument is. Every mistake is found in one
 * go, each with its line and what to do about it; a file with mistakes configures nothing.
 */
#ifndef SCLOG_CLI_CONFIG_H
#define SCLOG_CLI_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "correlate/cgroup.h"

/* A larger file is none that anybody wrote. */
#define CONFIG_SIZE_MAX (1 << 20)

/* A rule of [cgroup]. */
struct config_rule {
	unsigned line; /* where it begins */
	const char *runtime;
	const char *pattern;
};

struct retention_options;
struct sending_options;

/* The options that the file fills in where the command line left them open. NULL: only checked. */
struct config_target {
	void *watch; /* of command_watch: [watch] and [roots] */
	struct retention_options *retention;
	struct sending_options *sending; /* [fleet] */
};

/* What the options borrow, and all else of the file. */
struct config {
	struct config_rule *rules; /* in the order of the file; every pattern compiles */
	size_t rule_count;

	struct buf problems; /* every mistake: "PATH:LINE: what, what to do", one a line */
	size_t problem_count;

	char **texts; /* what the options and the rules point to */
	size_t text_count;
};

/*
 * Reads a file; path NULL is the default one. A file that is not there is an error if it must
 * exist, else an empty configuration. As root, a file that others may write to is refused, as
 * sudo(8) does it: it says which files root reads and writes.
 *
 * Returns 0, -EINVAL for mistakes in the file (all in ret_config->problems, the first in err), or
 * another -errno. Whatever it returns, call config_release() once the options are no longer used.
 */
int config_load(const char *path, bool must_exist, const struct config_target *target,
		struct config *ret_config, struct err *err);
void config_release(struct config *config);

/* Puts the rules before the built-in ones. */
int config_add_rules(const struct config *config, struct cgroup_rules *rules, struct err *err);

#endif
