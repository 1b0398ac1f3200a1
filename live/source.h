/*
 * Sources that are followed: a log file with its rotated ones, the journal, /dev/kmsg, standard
 * input. Each gives its lines to an intake, and its place to the store.
 *
 * The audit multicast group is not among them: the listener (live/listener.h) reads it.
 */
#ifndef SCLOG_LIVE_SOURCE_H
#define SCLOG_LIVE_SOURCE_H

#include "live/intake.h"

struct source;

/* What all sources of a watch share; borrowed. */
struct source_env {
	struct store *store;
	struct str host_name;
	const char *node; /* --node, or NULL */
	unsigned verbose;
	intake_put_fn *put;
	/* Called before what was just read is given to the intake: its processes are to be on file by
	 * then. ms is its stamp, 0 if there are several. */
	void (*sync)(void *context, int64_t ms);
	void (*before_message)(void *context);
	/* Are events of that slot held back? Then how far it was read is not kept. */
	bool (*holds)(void *context, unsigned slot);
	void *context;
};

struct source_options {
	const char *name; /* "audit", "syslog", "journal", "kmsg", "stdin" */
	const char *path; /* of a file, or NULL for the usual one */
	unsigned slot;    /* of the store's inputs */
	bool from_now;
	bool once;
};

/* Opens it: a file that is missing is waited for, anything else that fails is an error. */
int source_open(const struct source_env *env, const struct source_options *options,
		struct source **ret_source, struct err *err);
void source_close(struct source *source);

/* To be polled for POLLIN, or -1. */
int source_fd(const struct source *source);

/* Reads some lines. Returns 1 if there may be more now, 0 if not, or what put or the store said. */
int source_read(struct source *source, struct err *err);

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

/* True if there is a source of that name. */
bool source_is_known(const char *name);

#endif
