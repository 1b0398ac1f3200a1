/*
 * The fleet's database: PostgreSQL, or an engine of its protocol, that has a copy of what each
 * node's store counted.
 *
 * Its tables are those of store/share.h, each row with its sender in front; fleet_schema() says
 * them in SQL. A node is a role that may write its own rows only. Rows are absolute and hang on
 * keys that the node hashes, so that a push that ends anywhere is simply made again. Without libpq
 * everything here is an error that says so.
 */
#ifndef SCLOG_FLEET_FLEET_H
#define SCLOG_FLEET_FLEET_H

#include "store/share.h"

#define FLEET_KEEP_DAYS 365

struct fleet;

/* True of "postgresql://..." and "postgres://...". */
bool fleet_is_url(const char *db);

/* Appends the schema: what fleet_init() runs, and a database administrator may read or run. keep_days 0:
 * as it is set, of a new one FLEET_KEEP_DAYS. */
void fleet_schema(struct buf *sql, unsigned keep_days);

/* Connects. A password in the URL is an error, since everybody could read it in the process list;
 * libpq's variables, ~/.pgpass and service files have theirs. No message repeats the URL. */
int fleet_open(const char *url, struct fleet **ret_fleet, struct err *err);
void fleet_close(struct fleet *fleet);

enum fleet_made {
	FLEET_EXISTED,
	FLEET_CREATED,
	FLEET_GRANTED, /* the role of a node was there, but was not one that may push */
};

/* Makes what is missing of the schema; again, it changes nothing but the retention, and that only if
 * *keep_days is not 0. Then *keep_days is what is set. */
int fleet_init(struct fleet *fleet, unsigned *keep_days, enum fleet_made *ret_made,
	       struct err *err);

/* Makes a role for a node, a member of those that push. Its password, if it is to have one, and its
 * certificate are the administrator's. */
int fleet_add_node(struct fleet *fleet, const char *name, enum fleet_made *ret_made,
		   struct err *err);

struct fleet_forgotten {
	uint64_t rows;
	bool has_role;
};

/* Drops all rows of a node, and its role; with dry_run, only counts them. -ENOENT: there is neither. */
int fleet_forget_node(struct fleet *fleet, const char *name, bool dry_run,
		      struct fleet_forgotten *ret_forgotten, struct err *err);

/* Drops the days that are older than the retention. */
int fleet_prune(struct fleet *fleet, uint64_t *ret_days, struct err *err);

struct fleet_sender {
	struct str name, uuid;
	int64_t generation, revision;
	int64_t pushed_ms,
		behind_ms; /* behind_ms: how long ago, by the server's clock; -1: never */
	uint64_t days, records;
};
typedef int fleet_sender_fn(const struct fleet_sender *sender, void *context);
int fleet_status(struct fleet *fleet, fleet_sender_fn *each, void *context, struct err *err);

/* After fleet_status() or a function that reads: the node whose role this is, of which alone there are
 * rows to see; "" if everything is. */
const char *fleet_sees_only(const struct fleet *fleet);

/*
 * Rows that were left out. Damaged: that no sclog writes, or of a node that sent more than SENDER_ROWS_MAX
 * (fleet/read.c), so that one node cannot keep the others from being read. Of others: that a sender sent of
 * a node that is a sender itself, so that one node cannot change what is said of another.
 */
struct fleet_damage {
	uint64_t rows, of_others;
	char node[SHARE_NAME_SIZE]; /* who sent the first damaged one */
	char teller[SHARE_NAME_SIZE],
		other[SHARE_NAME_SIZE]; /* the first of others: who, of whom */
};
const struct fleet_damage *fleet_damage(const struct fleet *fleet);

/* Told now and then how many rows have gone over. */
struct fleet_progress {
	void (*rows)(void *context, uint64_t rows);
	void *context;
};

struct fleet_push {
	const char *name; /* of the node; NULL: as store_share_begin() */
	bool all;
	const struct share_head *head; /* the store is a copy of that bundle (bundle_open()) */
	const struct fleet_progress *progress; /* may be NULL */
};

struct fleet_pushed {
	struct share_head head;
	struct share_pushed last; /* for store_share_set_pushed() */
	uint64_t rows;
	unsigned attempts;
	bool known; /* the fleet has everything of the bundle */
	uint64_t
		left_out; /* nodes of the store that are senders themselves: nothing of them is sent */
	char first_left_out[SHARE_NAME_SIZE];
};

/* Sends what changed since the last time; tries again with growing pauses while the server cannot
 * be reached, and with fewer rows at a time where a statement took too long. A bundle has to go on
 * where the sender's last one ended: else -ESTALE. */
int fleet_push(struct fleet *fleet, struct store *store, const struct fleet_push *push,
	       struct fleet_pushed *ret_pushed, struct err *err);

/* What a question needs of before its window. */
enum fleet_before {
	FLEET_BEFORE_NONE,
	FLEET_BEFORE_ANY, /* of each series one day, if there is any */
	FLEET_BEFORE_ALL,
};

/*
 * Makes an empty store in memory a copy of what the fleet has of the selection: evidence, names and
 * containers as a whole, and of the counts all that it takes to answer, by days, and more where
 * that is simpler. It has to be asked with the same selection.
 */
int fleet_read(struct fleet *fleet, struct store *store, const struct selection *selection,
	       enum fleet_before before, const struct fleet_progress *progress, struct err *err);

/*
 * The same for answers that need nothing of before the window: the counts are in the store a part at a time
 * (store_set_parts()), so that memory need not hold all of them. Parts are nodes; only those of a sender that
 * has several are one. Without hours, whole days are added up by the database. The selection, the
 * progress and the fleet, which stays connected, have to live until fleet_parts_free(); after it, no
 * counts can be asked for. *ret_parts is set with an error, too.
 */
struct fleet_parts;
int fleet_read_parts(struct fleet *fleet, struct store *store, const struct selection *selection,
		     bool hours, const struct fleet_progress *progress,
		     struct fleet_parts **ret_parts, struct err *err);
void fleet_parts_free(struct fleet_parts *parts);

#endif
