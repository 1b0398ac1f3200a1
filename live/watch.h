/*
 * Watching: sources are bound, what was missed is read, and then every record is attributed and
 * put as it comes, until a signal or the end of all sources.
 *
 *     listener thread          main thread                                     store thread
 *     connector, multicast ->  process table, attribution, hold, printer  ->   counting, commits
 *                              followed files, journal, kmsg, standard input
 */
#ifndef SCLOG_LIVE_WATCH_H
#define SCLOG_LIVE_WATCH_H

#include "correlate/cgroup.h"
#include "live/printer.h"
#include "store/store.h"

/* Strings are borrowed. */
struct watch_options {
	const char *const *sources; /* names, at least one; "auto" stands alone */
	size_t source_count;
	const char *db;   /* path of the store; beside it alone can be written */
	const char *file; /* of the sources that read files; NULL: the usual ones */
	const char *node; /* NULL: this host's name */
	bool once;        /* read what there is, and end */
	bool from_now;    /* skip what there is */
	int64_t from_ms;  /* skip what is older */
	bool quiet;
	unsigned verbose;
	bool sandbox;
	const char *proc_root, *runtime_root; /* NULL: / */
	int priority;                         /* nice value, setpriority(2) */
	struct cgroup_rules *rules;           /* which cgroups are containers */
	struct printer *printer;
};

/* Watches. The store is claimed already. Returns 0 when it ended as it should: by SIGTERM or
 * SIGINT, at the end of its input, or since nobody reads its output any more; 1 if with `once` a
 * log was missing or could not be read, or if its output could not be written: standard error has
 * said so. */
int watch_run(struct store *store, const struct watch_options *options, struct err *err);

#endif
