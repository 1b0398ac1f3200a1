/*
 * A followed log: the file that is written now, after the rotated ones before it.
 *
 * Follows by inotify through rename rotation, copytruncate, deletion and re-creation; where
 * inotify says nothing (network file systems), looking once a second finds the same. Rotated
 * files (name.1, name-20261122, each perhaps .gz .xz .zst .bz2) are read oldest first, from where
 * an earlier run stopped. A file that is not held open is known by its first line, since an inode
 * number is used again as soon as it is free. No line is given twice, and no partial one: a line
 * that lacks its newline waits for it, until its file was rotated away or deleted and nothing came
 * there for some seconds.
 *
 * What is certain, and how: the file at hand is held open, so its inode number is its own. It is
 * left when it is no longer at the path, its successor was found, something was written there, and
 * nothing more came here after that; for some seconds it is still looked at, because a writer may
 * go on until it is told of the rotation (rsyslog, until HUP). Lines that come late are given,
 * after those of the new file that were already given. The successor is the file that stands one
 * number below it, while it itself is seen to have kept its number; as soon as it is found it is
 * held open as well. So nothing is missed unless two files in succession were rotated away before
 * they were read, and that is said.
 *
 * Never blocks: a path that has become a FIFO, a device or a directory is trouble, not waited
 * for. A symbolic link is followed; rotated files are looked for beside what it points at. Bounded
 * memory: two inputs' buffers, two open files (and one more for a
 * moment, to see its first line), no allocation but when a file begins.
 */
#ifndef SCLOG_INGEST_FOLLOW_H
#define SCLOG_INGEST_FOLLOW_H

#include "base/err.h"
#include "ingest/line.h"

#include <sys/stat.h>

struct follow;

/*
 * How far was the file with this first line read before? Returns 1 and the offset in its
 * (decompressed) text, 0 if never, -errno.
 */
typedef int follow_known_fn(void *context, struct str first_line, uint64_t *ret_offset,
			    struct err *err);

struct follow_options {
	const char *path; /* the live file; borrowed */
	bool from_now;    /* begin at its end: nothing that is there already */
	bool once;        /* end after what was there when it was opened */
	bool resumes;     /* this log was read before: not to know any of its files is a loss */
	follow_known_fn *known; /* NULL: nothing was read before */
	void *context;
};

/* A missing path, or a directory that is missing, is no error: it is waited for. */
int follow_open(const struct follow_options *options, struct follow **ret_follow, struct err *err);
void follow_close(struct follow *follow);

/*
 * To be polled for POLLIN; follow_next() is to be called again at least once a second, too. -1 if
 * the system has no inotify left: then that second is all there is.
 */
int follow_fd(const struct follow *follow);

enum follow_given {
	FOLLOW_NOTHING, /* for now */
	FOLLOW_LINE,    /* *ret_line; borrowed until the next call */
	FOLLOW_FILE, /* another file's lines come next, perhaps for the second time (late ones), not
			   always from its beginning: see follow_file(), follow_offset() */
	FOLLOW_NOTICE, /* something a person should know: see follow_notice() */
	FOLLOW_END,    /* only with once: all is read */
};

/* What is next. Returns an enum follow_given; trouble is a notice, and following goes on. */
int follow_next(struct follow *follow, struct line *ret_line);

/* The file whose lines come now; lives until the next FOLLOW_FILE. */
struct follow_file {
	const char *path;        /* as it is called now */
	const struct stat *stat; /* when it was opened */
	struct str first_line;   /* what it is known by */
	bool live;               /* the one that is written now, not a rotated one */
};
const struct follow_file *follow_file(const struct follow *follow);

/* Why its lines are not believed, up to the last one; empty: they are (struct input). */
const char *follow_foreign(const struct follow *follow);

/* How far that file was given out: the offset behind the last line; at FOLLOW_FILE, before its
 * first one. */
uint64_t follow_offset(const struct follow *follow);

/* True when the next line is in memory: to give it, nothing is read. */
bool follow_buffered(const struct follow *follow);

/* True when everything that was there at the last look has been given out. */
bool follow_caught_up(const struct follow *follow);

/* Why lines may be missing, or why nothing comes. */
enum follow_trouble {
	FOLLOW_MISSING,    /* there is no such file (any more); it is waited for */
	FOLLOW_UNREADABLE, /* access denied, no regular file, damaged compression */
	FOLLOW_TRUNCATED,  /* emptied in place: lossy unless a rotated copy of it was found, whose
			      rest is then read */
	FOLLOW_OUTRUN,     /* rotated away before it was read to its end */
	FOLLOW_BACK,       /* what was missing or unreadable is there again */
};

struct follow_notice {
	enum follow_trouble trouble;
	bool lossy;       /* lines may be lost by it: evidence for the store */
	const char *path; /* of the file that it is about */
	const char *text; /* one sentence for a person, with the path and what to do */
};

/* The notice that was given last; the same trouble is given once until it changes. Lives until
 * the next call of follow_next(). */
const struct follow_notice *follow_notice(const struct follow *follow);

#endif
