/*
 * The types of sources, one a file: what live/source.c asks of each. To add one, write
 * live/source_NAME.c with its struct source_type, and give SOURCE_TYPES its name; the options, the
 * help and the completion have it from there.
 */
#ifndef SCLOG_LIVE_SOURCE_TYPE_H
#define SCLOG_LIVE_SOURCE_TYPE_H

#include "live/source.h"

#define SOURCE_TYPES(TYPE) \
	TYPE(audit) TYPE(syslog) TYPE(netlink) TYPE(journal) TYPE(kmsg) TYPE(stdin)

struct source_type {
	const char *name;
	const char *label;        /* what messages call it, before its path if it has one */
	const char *const *paths; /* the usual ones; NULL: it has none */
	bool is_heard;            /* see source_is_heard() */

	/* Sets own, which close() then frees, after a failure too; and fd. */
	int (*open)(struct source *source, struct err *err);
	void (*close)(struct source *source);
	int (*next)(struct source *source, struct source_entry *ret_entry, struct err *err);
	/* NULL: it never gives SOURCE_FILE */
	int (*begin_file)(struct source *source, bool whole, struct err *err);
	/* NULL: never */
	bool (*is_buffered)(const struct source *source);
	/* NULL: its place is kept by nobody */
	int (*mark)(struct source *source, struct err *err);
};

struct source {
	const struct source_type *type;
	void *own; /* the type's */
	int fd;    /* to be polled for POLLIN, or -1 */
	struct store *store;
	struct source_options options;
	struct intake intake;
	struct buf label;
	bool begun; /* the store knows of it: its thread may not run before privileges are dropped */
	bool ended, caught_up;
	bool unread;     /* a file could not be read */
	struct buf kept; /* the place that the store has */
};

/* There is no more now, which is the end of a source that is read once. */
enum source_given source_nothing(struct source *source);

/* Puts the place where it was read to under that name, if the store has another one: a quiet host's
 * disk is left alone. */
int source_keep(struct source *source, const char *name, struct str place, struct err *err);

/* A loss that the source tells of, at that time: its intake's node, the label as its text. */
struct loss_note source_loss(const struct source *source, enum loss_kind kind, int64_t ms,
			     const char *detail);

#define SOURCE_TYPE_DECLARE(name) extern const struct source_type source_##name;
SOURCE_TYPES(SOURCE_TYPE_DECLARE)
#undef SOURCE_TYPE_DECLARE

#endif
