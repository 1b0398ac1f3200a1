/*
 * The rotated files of a log, in the order in which they were written.
 *
 * auditd and logrotate number them (audit.log.1 is the newest, with logrotate's `start 0` it is
 * .0), logrotate's dateext puts a date (syslog-20261122, also with hours or -HHMMSS, an epoch, or
 * separators); each may be compressed. Where a file and its compressed copy are both there, the
 * copy is not finished and is left out. Only regular files belong to it.
 *
 * A directory cannot be listed in one moment, and a rotation is several renames: what is listed
 * here is a hint, to be checked with a file in hand (ingest/follow_successor.c says how).
 */
#ifndef SCLOG_INGEST_ROTATION_H
#define SCLOG_INGEST_ROTATION_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct rotated {
	char *path;
	struct stat stat; /* a symbolic link's target's */
	bool numbered;    /* else dated */
	unsigned number;  /* if numbered */
	const char
		*date; /* if not: its digits, in the order of time as text; part of path's memory */
	bool compressed; /* by its name */
};

struct rotation {
	struct rotated *files; /* oldest first; without the live file */
	size_t count;
};

#define ROTATION_AUTO __attribute__((cleanup(rotation_release))) struct rotation

/* Lists what belongs to the log at path. A directory that is missing gives an empty list. */
int rotation_list(const char *path, struct rotation *ret_rotation, struct err *err);
void rotation_release(struct rotation *rotation);

/* Where the file is in the list; rotation->count if it is not. */
size_t rotation_find(const struct rotation *rotation, const struct stat *stat);

/*
 * True if no file of the log can have stood between files[i] and the next one, or the live file
 * behind the last. Numbers tell, unless a rotation is under way; dates do not, and are believed.
 */
bool rotation_adjacent(const struct rotation *rotation, size_t i);

/* The same file, for as long as one of them is held open. */
static inline bool rotation_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

#endif
