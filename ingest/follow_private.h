/*
 * What the parts of following share: follow_successor.c chooses the file after the one in hand,
 * follow_rotated.c looks at those beside the log, follow_slot.c holds and knows open files,
 * follow_watch.c asks inotify, follow_notice.c tells of trouble, follow.c chooses the first file,
 * gives lines and goes from file to file. Not for other files.
 */
#ifndef SCLOG_INGEST_FOLLOW_PRIVATE_H
#define SCLOG_INGEST_FOLLOW_PRIVATE_H

#include "base/buf.h"
#include "ingest/follow.h"
#include "ingest/input.h"
#include "ingest/rotation.h"

#include <limits.h>

#define FOLLOW_PATIENCE_MS 2000 /* a rotation under way is over by then */
#define FOLLOW_NOTICES_MAX 8
#define FOLLOW_READ_MAX    64 /* files that were read to their end lately */

/* A file in hand. */
struct follow_slot {
	bool broken; /* cannot be read (further): held for its place among the others */
	struct input input;
	char *path;
	struct buf first_line;
	bool identified; /* the first line is there */
	int watch;       /* of inotify; -1 if there is none */
};

/*
 * Which files are in hand: the current one, and its successor or its predecessor. What moves from
 * one state to the next is named in its line; all else stays.
 */
enum follow_state {
	STATE_START,   /* nothing was looked for yet, or names moved while it was: begin() */
	STATE_WAITING, /* there is no file yet: begin() */
	STATE_READING, /* the current one; it is live, or its successor is looked for */
	STATE_NEXT,    /* the successor is held too: until its writer has begun it */
	STATE_LEAVING, /* it has: what is in the current one now is all that comes in order */
	STATE_LATE,    /* the successor is current; in the predecessor lines may still come */
	STATE_CLOSING, /* of the predecessor only what is there, then it is closed */
};

/* Where a file begins that is found from now on. */
enum follow_from {
	FROM_FIRST,   /* its first line */
	FROM_STORE,   /* where an earlier run stopped: no file was live yet */
	FROM_THIS_RUN /* where this run stopped: the order was lost, and files come again */
};

struct follow_read {
	dev_t dev;
	ino_t ino;
	uint64_t head; /* of its first line */
	uint64_t offset;
};

struct follow_message {
	struct follow_notice notice;
	char path[PATH_MAX];
	char text[sizeof(((struct err *)NULL)->message)];
};

struct follow {
	struct follow_options options;
	char *path;     /* as given */
	char *resolved; /* where it leads to; owned */
	uint64_t seed;

	struct follow_slot slots[2];
	struct follow_slot *current, *other;
	enum follow_state state;
	enum follow_from from;
	int64_t late_until_ms;   /* of STATE_LATE */
	enum follow_given given; /* last, lines from memory aside */
	bool racing;             /* a rotation is under way: not to be taken for an end */

	struct follow_slot *announced; /* whose lines are given */
	struct follow_file file;
	char *file_path;
	struct buf file_first_line;
	struct stat file_stat;
	uint64_t offset;
	struct line held; /* to be given after FOLLOW_FILE */
	bool has_held;

	int inotify;
	int directories[2]; /* watches: of the path, and of where a link leads */
	bool look_due;
	int64_t looked_ms;

	int trouble;              /* errno of the live file's; 0: none */
	int64_t missing_since_ms; /* the live file; 0: it is there */
	int64_t gap_since_ms;     /* names do not fit together; 0: they do */

	struct stat newest; /* rotated file, when the live one was last seen in its place; or 0s */
	bool unlisted;      /* the directory cannot be listed */

	uint64_t *heads; /* of the files that were there at the beginning */
	size_t head_count;
	struct follow_read read[FOLLOW_READ_MAX]; /* a ring */
	size_t read_count;

	struct stat last; /* with once: the live file at the beginning; 0s: there was none */

	struct follow_message *notices; /* a queue */
	size_t notice_first, notice_count;
};

/* --- follow_notice.c: what a person should know. What has no room in the queue is not told */

void follow_notice_put(struct follow *follow, enum follow_trouble trouble, bool lossy,
		       const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* The first of the queue was given: it lived until the next call. */
void follow_notice_drop(struct follow *follow);

/* The live file cannot be had, for now: said once until the reason changes. */
void follow_notice_trouble(struct follow *follow, const struct err *why);
/* The same where there is nothing at its path. */
void follow_notice_missing(struct follow *follow);
void follow_notice_back(struct follow *follow);
/* Lines may be lost: how that came. */
void follow_notice_outrun(struct follow *follow, const char *path, const char *how);

/* --- follow_watch.c: inotify. Its events are hints only: what is the case is looked at */

void follow_watch_slot(struct follow *follow, struct follow_slot *slot);
void follow_watch_directories(struct follow *follow);
/* Takes what events there are; sets look_due. Bounded, since a writer may be faster. */
void follow_watch_drain(struct follow *follow);

/* --- follow_slot.c: a file in hand, and how far it was read before */

/*
 * Opens without waiting for anybody. Looked at before as well, because opening has effects on some
 * devices. What may not be read is held all the same (O_PATH, *ret_broken) if that was asked for.
 * Returns the descriptor.
 */
int follow_slot_open(const char *path, bool hold, struct stat *ret_stat, bool *ret_broken,
		     struct err *err);

/* Makes an input of an open file, which becomes the slot's. What is damaged stays in the slot,
 * broken. */
void follow_slot_begin(struct follow *follow, struct follow_slot *slot, int fd, bool broken,
		       const char *path);
/* The same file from its beginning. */
void follow_slot_restart(struct follow *follow, struct follow_slot *slot);
/* Begins at an offset of an earlier run; from the beginning if the text shows that it is none. */
void follow_slot_skip(struct follow *follow, struct follow_slot *slot, uint64_t offset);
void follow_slot_close(struct follow *follow, struct follow_slot *slot);

void follow_slot_break(struct follow *follow, struct follow_slot *slot, const char *why);
void follow_slot_rename(struct follow_slot *slot, const char *path);
void follow_slot_identify(struct follow_slot *slot, struct str first_line);

/* A slot is empty until it has a path. */
static inline bool follow_slot_used(const struct follow_slot *slot)
{
	return slot->path != NULL;
}

/* Is it what stands at the log's path? */
bool follow_slot_is_live(const struct follow *follow, const struct follow_slot *slot);
/* Files may have grown: their ends are none. */
void follow_slot_lift_ends(struct follow *follow);

/* A hash of its first line. */
uint64_t follow_slot_head(const struct follow *follow, const struct follow_slot *slot);
/* Was it read by an earlier run? *ret_offset: how far. What is not known is read again: the store
 * knows what it has. */
bool follow_slot_ask_known(struct follow *follow, const struct follow_slot *slot,
			   uint64_t *ret_offset);
/* The same; 0 too where another file has that first line. */
uint64_t follow_slot_known_offset(struct follow *follow, const struct follow_slot *slot);
/* How far was it read by this run? A compressed copy has another inode. */
uint64_t follow_slot_read_offset(const struct follow *follow, const struct follow_slot *slot);

/* --- follow_rotated.c: the files beside the log */

/* Empty where the directory cannot be listed, which is told. */
void follow_rotated_list(struct follow *follow, struct rotation *ret_rotation);

/* Remembers the newest one, while the live file is in its place. */
void follow_rotated_keep_newest(struct follow *follow);
/*
 * A rename changes ctime: the newest rotated file is the one it was, so none came behind it. An
 * inode number alone would not show that.
 */
bool follow_rotated_nothing(const struct follow *follow, const struct rotation *rotation);

/* A copy of the file in hand, compressed or by copytruncate; the newest one. count if none. */
size_t follow_rotated_copy(const struct follow_slot *slot, const struct rotation *rotation,
			   bool compressed_only);

/* --- follow_successor.c */

/* Where the file in hand has gone, and what comes behind it: held as the next. */
void follow_successor_find(struct follow *follow);
#endif
