/*
 * sclog's own sandbox: it reads data written by attackers, so it keeps only the rights it needs.
 *
 * sclog recorded these itself: `make own-filter` writes the profiles share/own-filter/KIND.json from
 * the records of the test suite. They are compiled in, together with the calls that another arch or C
 * library uses instead of a listed one.
 */
#ifndef SCLOG_BASE_SANDBOX_H
#define SCLOG_BASE_SANDBOX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_kind {
	SANDBOX_WRITE,     /* writes a store */
	SANDBOX_READ,      /* reads stores, logs and profiles; writes only its output */
	SANDBOX_FLEET,     /* talks to a fleet's database, and writes a store */
	SANDBOX_WATCH,     /* runs for long, writes a store, uses local sockets */
	SANDBOX_HELPER,    /* reads files for watch, which has no rights left; writes nothing */
	SANDBOX_DESCRIBER, /* computes and talks over open sockets; opens nothing */
	SANDBOX_KIND_COUNT,
};

#define SANDBOX_WRITABLE_MAX 8

struct sandbox_options {
	enum sandbox_kind kind;
	/* Folders below which files can be created, changed and removed. A path that does not exist
	 * stands for its nearest existing parent. SQLite's temporary folders are added, except for
	 * SANDBOX_WATCH, whose caller puts them below these. */
	const char *writable[SANDBOX_WRITABLE_MAX];
	size_t writable_count;
	/* Reads /proc of other processes: no Landlock, which would deny that as it denies ptrace. */
	bool looks_at_processes;
};

/*
 * From now on this thread and the threads it starts can make only the calls recorded for that kind.
 * Any other call fails with ENOSYS, so that a C library falls back (seccomp(2), no_new_privs). No
 * program can be run, no process created or traced. If the kernel has Landlock, files can be written
 * only below the writable folders. Open files stay usable. Returns 0 or -errno.
 *
 * For `make own-filter`: with SCLOG_SANDBOX=record in the environment, all calls are allowed and
 * logged, and the process is named sclog-KIND.
 */
int sandbox_enter(const struct sandbox_options *options, struct err *err);

#endif
