/*
 * Sources that are followed: a log file with its rotated ones, the audit multicast group, the
 * journal, /dev/kmsg, standard input. Who watches pulls: source_turn(), then source_next() as often
 * as wanted; what comes goes to source_intake(). A source keeps its place in the store, and puts
 * there what it lost. live/source_type.h says how to add one.
 */
#ifndef SCLOG_LIVE_SOURCE_H
#define SCLOG_LIVE_SOURCE_H

#include "live/intake.h"
#include "live/listener.h"

struct source;

/* What source_next() gives, or -errno. */
enum source_given {
	SOURCE_NOTHING, /* for now: all that was there is read */
	SOURCE_END,     /* for good */
	SOURCE_OVERRUN, /* it brought more than was taken, nobody knows how much: ask again */
	SOURCE_NOTE,    /* something was told and is evidence: ask again */
	SOURCE_FILE,    /* another file's lines come next: source_begin_file() first */
	SOURCE_LINE,    /* ret_entry->line */
	SOURCE_FRAMED,  /* ret_entry->framed, and line.text for its text */
};

/* Its slices live until the next call. */
struct source_entry {
	struct line line;
	struct framed framed;
};

struct source_options {
	const char *name;      /* a source_name_at() */
	const char *path;      /* of a file, or NULL for the usual one */
	const char *proc_root; /* the host's /proc: NULL for /proc itself */
	unsigned slot;         /* of the store's inputs */
	bool from_now;
	bool once;
};

/* Opens it: a file that is missing is waited for, anything else that fails is an error. like: what
 * its intake is set up as, but for the framing. */
int source_open(const struct intake *like, const struct source_options *options,
		struct source **ret_source, struct err *err);
void source_close(struct source *source);

/* The socket that the listener is to read for it, or NULL. */
struct multicast *source_multicast(const struct source *source);

/* The listener has begun to read that socket. is_first: nothing else is read for what came before:
 * that nobody saw it is evidence, if serials cannot show it. */
int source_listen(struct source *source, struct listener *listener, bool is_first, struct err *err);

/* It comes by the listener: behind the processes that were taken since listener_look(), and nobody
 * keeps what there is no room for. */
bool source_is_heard(const struct source *source);

/* To be polled for POLLIN, or -1. */
int source_fd(const struct source *source);

/* It is this source's turn: selects its slot of the store. */
int source_turn(struct source *source, struct err *err);

/* What is next. Returns an enum source_given. What fails ends a source whose place nobody keeps. */
int source_next(struct source *source, struct source_entry *ret_entry, struct err *err);

/* To give the next one, nothing is read that could be of a later process. */
bool source_is_buffered(const struct source *source);

/* After SOURCE_FILE. whole: every event of the file before was put, so it is kept how far that was
 * read; else a run after this one reads its end once more. */
int source_begin_file(struct source *source, bool whole, struct err *err);

struct intake *source_intake(struct source *source);

/* Hands the store how far it was read; not while events of it are held back. */
int source_mark(struct source *source, struct err *err);

/* All is read, of a source with an end (once, standard input). */
bool source_ended(const struct source *source);

/* It is caught up only after another look. */
void source_look_again(struct source *source);

/* Everything that was there at the last look was taken. */
bool source_caught_up(const struct source *source);

/* Some file of it was missing or could not be read. */
bool source_unread(const struct source *source);

/* What it still has, a later run finds again; not so of standard input. */
bool source_is_kept(const struct source *source);

/* Can this user open it anew without any capability? A file that is there and belongs to others, and
 * is for them alone, is not. */
bool source_is_ours(const struct source *source);

unsigned source_slot(const struct source *source);

/* "audit", "journal" ... */
const char *source_name(const struct source *source);

/* "/var/log/audit/audit.log", "the journal" ...: for messages. */
const char *source_label(const struct source *source);

/* The file that a source of that name reads when none is given: the first that is there, else the
 * first of the list; NULL for a source that has no file. */
const char *source_usual_path(const char *name);

/* The names of all, or NULL behind the last. */
const char *source_name_at(size_t i);

#endif
