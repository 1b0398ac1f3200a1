/*
 * What of a store is sent on, to a fleet's database or as a bundle, and how it is taken up again.
 *
 * All of it is rows of a few tables. Rows name each other by keys, which are hashes that the sender
 * makes: nothing has to be numbered by the other side. Counts are by series and day, with the
 * day's hours packed beside them (struct share_day); they are absolute, so that a row can be sent
 * as often as one likes. Evidence, containers and the profiles in force are few and are sent as a
 * whole. Identities of events stay: who takes rows trusts the sender to count each event once.
 */
#ifndef SCLOG_STORE_SHARE_H
#define SCLOG_STORE_SHARE_H

#include "base/buf.h"
#include "store/query.h"
#include "store/store.h"

#include <inttypes.h>

/* In the order in which they are sent: a row names only those of kinds before it. */
enum share_kind {
	SHARE_HEAD, /* who sends, and what: the first row */
	SHARE_NODE,
	SHARE_PROGRAM,
	SHARE_PROFILE,
	SHARE_CONTAINER,
	SHARE_SERIES,
	SHARE_DAY,
	SHARE_EMPTY, /* a day of a series in which nothing is left */
	SHARE_IN_FORCE,
	SHARE_SPAN,
	SHARE_LOSS,
	SHARE_ACKNOWLEDGED,
	SHARE_KIND_COUNT,
};

enum share_type {
	SHARE_INT,
	SHARE_TEXT,  /* UTF-8, as a rule */
	SHARE_BYTES, /* any bytes */
};

struct share_column {
	const char *name;
	enum share_type type;
};

#define SHARE_COLUMNS_MAX 20

struct share_table {
	const char *name;
	size_t count;
	struct share_column columns[SHARE_COLUMNS_MAX];
};

/* The tables, with the columns of their rows. The first column of those that have a key is that. */
extern const struct share_table share_tables[SHARE_KIND_COUNT];

struct share_value {
	bool null;
	int64_t number;   /* SHARE_INT */
	struct str bytes; /* the others */
};

/* A sender may send anything: bytes of a value that is larger than what any store of ours holds are refused. */
static inline size_t share_value_max(enum share_kind kind)
{
	return kind == SHARE_PROFILE || kind == SHARE_DAY ? 4 << 20 : 8192;
}

#define SHARE_UUID_SIZE 37
#define SHARE_NAME_SIZE 64

/* Who sends, and which part of what it has. */
struct share_head {
	char name[SHARE_NAME_SIZE]; /* of the node that sends */
	char uuid[SHARE_UUID_SIZE]; /* of its store */
	int64_t revision;           /* everything that changed up to it */
	int64_t since;              /* and after it; 0: everything */
	int64_t first_day;          /* of days before it, the sender may have dropped some */
};

/* What the other side has of the sender. */
struct share_known {
	const char *uuid; /* "": nothing */
	int64_t revision;
	bool all; /* send everything all the same */
};

/*
 * Begins to send: what has changed in the store since is settled, and stays so until
 * store_share_end(). Keys are hashed under `key`, which the same rows must always have on the same
 * other side. name: NULL for the only node of the store, else this host's.
 */
int store_share_begin(struct store *store, const char *name, const struct share_known *known,
		      uint64_t key, struct share_head *ret_head, struct err *err);

/* Whose the rows are where nobody says otherwise. */
int store_share_name(struct store *store, char name[SHARE_NAME_SIZE], struct err *err);

/* A key for what is sent once, and for another side's rows the first time. */
uint64_t store_share_random(void);

/* A row, the values in the order of its table's columns; they live until it returns. */
typedef int share_row_fn(void *context, enum share_kind kind, const struct share_value *values,
			 struct err *err);

/* Between begin and the first row: the store's nodes, and one that nothing is sent of. */
typedef void share_node_fn(void *context, struct str label);
int store_share_nodes(struct store *store, share_node_fn *each, void *context, struct err *err);
int store_share_leave_out(struct store *store, struct str node, struct err *err);

/* Gives each row, by kind, the head first. */
int store_share_rows(struct store *store, share_row_fn *each, void *context, struct err *err);
void store_share_end(struct store *store);

/* Gives each day since the epoch of which something is sent, in order; between begin and end. */
typedef int share_day_fn(void *context, int64_t day);
int store_share_days(struct store *store, share_day_fn *each, void *context, struct err *err);

/* Which revision bundles have been made up to, and are from now on. */
int store_share_bundled(struct store *store, struct share_known *ret_known,
			char uuid[SHARE_UUID_SIZE], struct err *err);
int store_share_set_bundled(struct store *store, int64_t revision, struct err *err);

/* What a container's row says, but for its profile; the strings are the values'. */
struct container share_container(const struct share_value *values);

/* Whether a node's or a container's row is among those that are asked for by name, and any are. */
bool share_selects(const struct selection *selection, enum share_kind kind,
		   const struct share_value *values);

/* Whether containers are asked for by a word of theirs. */
bool share_names_containers(const struct selection *selection);

/* What a fleet's database had of the store at the last push. */
struct share_lag {
	bool any; /* else the store was never pushed */
	int64_t pushed_ms;
	uint64_t rows; /* days of series that changed since */
};

/* The last push. digest: of all rows that are sent as a whole (fleet/push.c). revision 0: there was none. */
struct share_pushed {
	int64_t revision;
	uint64_t digest;
};
int store_share_pushed(struct store *store, struct share_pushed *ret_pushed, struct err *err);
int store_share_set_pushed(struct store *store, const struct share_pushed *pushed, int64_t now_ms,
			   struct err *err);
int store_share_lag(struct store *store, struct share_lag *ret_lag, struct err *err);

/*
 * Takes up rows, in one transaction. A bundle of a sender that is known must go on where the last one
 * ended (else -ESTALE; *ret_known if it brings nothing new), and what it has replaces what came
 * from that sender before. With is_copy, the store is an empty one in memory that becomes a copy
 * of what several senders have: each begins with its head. A copy of one sender's bundle can be
 * sent on in its place, under other keys: it knows the days of which nothing is left, too.
 */
struct share_taker;
struct share_taker *share_taker_new(struct store *store, bool is_copy);
/* Others than the caller and root may have written the rows: what they state is of trust `text`, of a
 * sender of its own, and takes nothing of others' away; profiles, coverage and what is acknowledged
 * are not taken. */
void share_taker_set_foreign(struct share_taker *taker);

/*
 * Of a copy: the names of all that send, before the first row. A sender speaks for its own node, and for
 * nodes that do not send themselves. Its rows of other nodes are not taken: SHARE_OF_OTHERS, without an
 * error. What it acknowledged counts only for the evidence of nodes that it speaks for.
 */
#define SHARE_OF_OTHERS (-EPERM)
void share_taker_add_sender(struct share_taker *taker, struct str name);

int share_taker_put(struct share_taker *taker, enum share_kind kind,
		    const struct share_value *values, struct err *err);
/* The sender's rows are all there. */
int share_taker_finish(struct share_taker *taker, struct err *err);

/*
 * The counts of a copy can come in parts, after all other rows and share_taker_finish(): each part
 * takes the place of the one before. What store_set_parts() is told loads them.
 */
int share_taker_begin_part(struct share_taker *taker, struct err *err);
int share_taker_end_part(struct share_taker *taker, struct err *err);

/* Whole days of a series, added up: for answers that need no hours. */
struct share_sum {
	int64_t series; /* its key */
	int64_t count, first_ms, last_ms;
};
int share_taker_put_sum(struct share_taker *taker, const struct share_sum *sum, struct err *err);

/* A service of systemd without a series: a store leaves it out of its containers, which a copy
 * that has a part of the series cannot. */
int share_taker_drop_container(struct share_taker *taker, int64_t key, struct err *err);

/* True if the head said that all of this was taken up before: no other row is needed. */
bool share_taker_knows(const struct share_taker *taker);
/* Why a bundle cannot be loaded: its node, its revision, where, the revision there. */
#define SHARE_STALE                                                                               \
	"it has what changed on node %s after revision %" PRId64 ", and %s has less (%" PRId64    \
	"): load the bundles between first, or make one of everything with `sclog push --to FILE" \
	" --all`"

/* The head that was put last. */
const struct share_head *share_taker_head(const struct share_taker *taker);
void share_taker_free(struct share_taker *taker);

#endif
