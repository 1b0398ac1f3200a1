/*
 * Feeding the store: inputs are opened, read line by line, parsed, attributed and put. This is
 * the whole way of a byte from a log to the disk, and fits on one screen of feed.c.
 */
#ifndef SCLOG_CLI_FEED_H
#define SCLOG_CLI_FEED_H

#include "base/err.h"
#include "cli/stated.h"
#include "live/intake.h"
#include "store/store.h"

#include <stdint.h>

/* What the user said about the inputs; strings are borrowed. */
struct feed_options {
	struct container labels;       /* --container and others: all of this input is this one's */
	const char *map;               /* --map: file of pid=, comm=, exe=, subj= -> container */
	const char *node;              /* --node: overrides what lines say */
	const char *timezone;          /* --timezone: whose local time `ausearch -i` printed */
	const struct stated *in_force; /* --in-force: what it says of them; never NULL */
	enum coverage coverage;        /* --coverage: what the user knows of the profile in force */
	bool trust_all;                /* --trust-all: framing proves nothing, take every record */
	const char *date_order; /* --date-order: one of DATE_ORDER_NAMES, NULL: by the dates */
	const char *framing;    /* --framing: one of FRAMING_NAMES, NULL: by the first lines */
	const char *unwrap;     /* --unwrap: one of ENVELOPE_NAMES, NULL: by the first lines */
	bool mixed;             /* --mixed: looked for anew in each line */
	bool quiet;             /* no progress bar */
	unsigned verbose;       /* 1: the first malformed line of each kind is shown */
};

/* What was read; counts are exact. in.records = fresh + duplicates + expired + limited. */
struct feed_counts {
	uint64_t files;  /* inputs read to their end */
	uint64_t failed; /* inputs that could not be, or not to their end */
	uint64_t traces; /* inputs that strace wrote */
	uint64_t lines;
	uint64_t bytes; /* of text, after decompression */
	struct intake_counts in;
	uint64_t fresh; /* counted for the first time */
	uint64_t duplicates;
	uint64_t expired;
	uint64_t limited;
	uint64_t merged_stores;
	uint64_t bundles;
	uint64_t known_bundles; /* of these, those that brought nothing new */
	double seconds;         /* wall time */
};

/*
 * Reads every path ("-" is standard input, a store is merged,
 * a bundle loaded) into the store and commits. An
 * input that cannot be read is reported on standard error, counted as failed, and the others
 * are read all the same. Returns 0, or a negative errno when the store itself failed: then
 * what was committed before stays, and nothing is half-written.
 */
int feed_paths(struct store *store, char *const *paths, size_t count,
	       const struct feed_options *options, struct feed_counts *ret_counts, struct err *err);

#endif
