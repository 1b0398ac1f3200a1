/*
 * Where a store is sent to, as whom and how often: options of `sclog push`, and keys of [fleet] in
 * sclog.conf.
 */
#ifndef SCLOG_CLI_SENDING_H
#define SCLOG_CLI_SENDING_H

#include "cli/option.h"

#include <stdint.h>

struct sending_options {
	const char *to, *node, *interval, *jitter;
};

/* clang-format off */
/* `at` is where they are in `type`: "sending." or nothing. */
#define SENDING_OPTION_ROWS(type, at)                                                             \
	OPTION(TEXT, 0, "to", "FILE|URL", type, at to,                                            \
	       "write a bundle, or send to a fleet's database (postgresql://HOST/DATABASE)"),     \
	OPTION_CHECKED(TEXT, 0, "node", "NAME", type, at node, sending_check_node,                \
	       "name of the sender; default: the only node in the store, else this host's name"), \
	OPTION_CHECKED(TEXT, 0, "interval", "DURATION", type, at interval, sending_check_span,    \
	       "with --repeat: how often; default 15m"),                                          \
	OPTION_CHECKED(TEXT, 0, "jitter", "DURATION", type, at jitter, sending_check_span,        \
	       "with --repeat: begin at a random moment of this time; default: the interval")
/* clang-format on */

/* Their rows over struct sending_options alone: the keys of [fleet]. */
extern const struct option_table sending_table;

int sending_check_node(const char *text, struct err *err);
int sending_check_span(const char *text, struct err *err);

/* A span in milliseconds; `otherwise` where text is NULL. */
int64_t sending_span(const char *text, int64_t otherwise);

#endif
