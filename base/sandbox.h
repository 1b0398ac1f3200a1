/*
 * sclog's own sandbox: it reads what attackers wrote, so it keeps what it needs and no more.
 *
 * What it needs was recorded by sclog itself: share/own-filter/KIND.json are profiles that
 * `make own-filter` writes from the records of the test suite. They are compiled in, with the
 * relatives of each name that another arch or C library calls instead.
 */
#ifndef SCLOG_BASE_SANDBOX_H
#define SCLOG_BASE_SANDBOX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_kind {
	SANDBOX_WRITE, /* writes a store */
	SANDBOX_READ,  /* reads stores, logs and profiles, and writes its answer alone */
	SANDBOX_FLEET, /* talks to a fleet's database, and writes a store */
	SANDBOX_WATCH, /* writes a store for long: sockets of the local kinds, to ask and to notify */
	SANDBOX_HELPER,    /* reads for a watch that has given up its rights, and writes nothing */
	SANDBOX_DESCRIBER, /* computes, and talks over sockets that are open: opens nothing */
	SANDBOX_KIND_COUNT,
};

#define SANDBOX_WRITABLE_MAX 8

struct sandbox_options {
	enum sandbox_kind kind;
	/* Folders below which files may be made, changed and removed; a path that is not there
	 * stands for the nearest folder above it that is. SQLite's temporary folders are
	 * added, but for SANDBOX_WATCH: there the caller sees to it that they lie below these. */
	const char *writable[SANDBOX_WRITABLE_MAX];
	size_t writable_count;
	/* Looks at what /proc says of other processes: no Landlock, which would forbid it like a trace
	 * of them. */
	bool looks_at_processes;
};

/*
 * From now on this thread, and the threads that it starts, can call only what that kind of command
 * was seen to call: everything else fails with ENOSYS, so that a C library takes another way
 * (seccomp(2), no_new_privs). No other program can be run, no process made, none touched. Where the
 * kernel has Landlock, nothing can be written but below the writable folders. What is open stays
 * open. Returns 0 or -errno.
 *
 * With SCLOG_SANDBOX=record in the environment every call is let through and logged instead, and the
 * process is called sclog-KIND: for `make own-filter`.
 */
int sandbox_enter(const struct sandbox_options *options, struct err *err);

#endif
