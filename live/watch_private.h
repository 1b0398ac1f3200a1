/*
 * What the files of live/watch*.c know of each other. Not for other files.
 */
#ifndef SCLOG_LIVE_WATCH_PRIVATE_H
#define SCLOG_LIVE_WATCH_PRIVATE_H

#include "base/texts.h"
#include "live/describers.h"
#include "live/evidence.h"
#include "live/hidden.h"
#include "live/helper.h"
#include "live/listener.h"
#include "live/source.h"
#include "live/status_line.h"
#include "live/watch.h"
#include "correlate/attribute.h"
#include "correlate/hold.h"

#include <sys/utsname.h>
#include <time.h>

/* Each has a slot of the store's inputs. */
#define SOURCES_MAX STORE_SLOTS

/* Between two commits: an event is to be seen within a second. */
#define WATCH_TICK_MS 500

/* Identities of the last events, to tell those that come by another source again. */
#define RECENT_SIZE 65536

struct recent {
	int64_t ms;
	uint32_t serial;
};

struct watch {
	struct store *store;
	const struct watch_options *options;
	struct utsname host;
	struct str node;
	/* attribution */
	struct helper *helper; /* has the rights that this process gave up */
	struct procfs procfs;
	struct describers *describers;
	struct metadata *metadata;
	struct registry *registry;
	struct attributor *attributor;
	struct hold *hold;
	/* what is told */
	struct evidence evidence;
	struct hidden hidden;
	struct texts running; /* ids of the containers that ran at the last look, or since */
	struct status_line status_line;
	/* sources */
	struct connector *connector;
	struct listener *listener;
	struct intake intake; /* the sources' are set up like it */
	struct source *sources[SOURCES_MAX];
	size_t source_count;
	struct source *netlink;  /* of the sources, or NULL */
	struct source *catch_up; /* of the sources: ends once it has caught up */
	int64_t catch_up_until_ms;
	const char *catch_up_name;
	struct recent *recent; /* NULL with a single source */
	/* where we are */
	unsigned slot;                       /* of the event at hand */
	int64_t synced_ms;                   /* realtime: processes that began before are on file */
	int64_t next_tick_ms, next_retry_ms; /* monotonic */
	bool productive;                     /* a source gave something since the last wait */
	uint64_t ticks;
	uint64_t events, events_before; /* put; at the last tick */
	int64_t overran_ms;             /* monotonic: when it was said last; 0: never */
	bool said_trouble, said_restart, said_other_node;
	bool output_failed;
	struct store_shrunk said_shrunk;
	struct buf trouble_said; /* paths that could not be read, each named once */
};

/* Takes the status line off the terminal, before something else is written there. */
void watch_clear_status(void *watch);

/* watch_open.c: everything that needs privileges, which are dropped then; and its end. */
int watch_open(struct watch *watch, struct err *err);
int watch_start_listener(struct watch *watch, struct err *err);
void watch_close(struct watch *watch);

/* "netlink, after what is in ...": what is listened to. */
void watch_say_sources(const struct watch *watch);

/* watch_take.c: from what was heard, or from the other sources, to the store. Both return 1 if there
 * may be more. */
int watch_take_heard(struct watch *watch, struct err *err);
int watch_take_sources(struct watch *watch, struct err *err);
/* What nobody else keeps of what was written until now: standard input's. At the end. */
int watch_take_unkept(struct watch *watch, int64_t until_ms, struct err *err);

/* An event to attribute and put: an intake_put_fn. */
int watch_put(void *watch, struct event *event, struct str text, struct err *err);

/* Events of that source are held back: then how far it was read is not kept yet. */
bool watch_holds(const struct watch *watch, const struct source *source);

/* Tries what is held once more; `final`: all of it is decided now. */
int watch_retry_held(struct watch *watch, bool final, struct err *err);

/* Everything about processes that happened until now is on file when this returns; ms: so is all that
 * happened until that stamp, if it is not 0, which is cheaper. */
void watch_sync(struct watch *watch, int64_t ms);

/* Opens a source and adds it. */
int watch_add_source(struct watch *watch, const char *name, bool from_now, bool once,
		     struct source **ret_source, struct err *err);

/* That source is the log that is read for what came before netlink was bound. */
void watch_set_catch_up(struct watch *watch, struct source *log);
/* It is read again, for what was lost. */
int watch_begin_catch_up(struct watch *watch, struct err *err);
/* Closes it once it is done. */
int watch_end_catch_up(struct watch *watch, struct err *err);

/* watch_tick.c: what is due once a second, and the commit that is part of it. */
int watch_tick(struct watch *watch, struct err *err);

/* Says once that the store cannot be written, can be written again, or was made anew. */
void watch_say_trouble(struct watch *watch);

/* The status line, and the table of --top. */
void watch_show_status(struct watch *watch);
int watch_commit_soon(struct watch *watch, struct err *err);
/* watch_ended.c: of those that an earlier run saw; and which of them all have no process any more. */
int watch_restore_running(struct watch *watch, struct err *err);
int watch_look_for_ended(struct watch *watch, struct err *err);
/* A container runs from now on. */
int watch_put_running(struct watch *watch, struct str container, struct err *err);
/* The records are this kernel's, unless a log was named or another node. */
bool watch_is_of_this_host(const struct watch *watch);
/* What the kernel itself lost since it was last asked, and what its configuration hides. */
int watch_ask_kernel(struct watch *watch, struct err *err);

#endif
