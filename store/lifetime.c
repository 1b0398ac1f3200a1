#include "store/lifetime.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/row.h"
#include "store/varint.h"

#include <errno.h>
#include <stdlib.h>

/* So many wait for a commit: 16 seconds of 1,000 processes a second, begin and end. */
#define WAITING_MAX 32768

/* So many are read back: as many as a process table holds. */
#define LOADED_MAX 262144

struct waiting {
	int64_t node, container;
	int64_t start_ms, end_ms;
	uint32_t pid;
	uint32_t order; /* as they were put */
	bool entering;
};

struct lifetimes {
	struct waiting *waiting;
	size_t count;
};

struct lifetimes *lifetimes_new(void)
{
	return mem_new(1, sizeof(struct lifetimes));
}

void lifetimes_free(struct lifetimes *lifetimes)
{
	if (!lifetimes)
		return;
	free(lifetimes->waiting);
	free(lifetimes);
}

void lifetimes_reset(struct lifetimes *lifetimes)
{
	lifetimes->count = 0;
}

bool lifetimes_full(const struct lifetimes *lifetimes)
{
	return lifetimes->count >= WAITING_MAX;
}

void lifetimes_add(struct lifetimes *lifetimes, int64_t node, int64_t container,
		   const struct store_lifetime *lifetime)
{
	lifetimes->waiting =
		mem_more(lifetimes->waiting, lifetimes->count, sizeof(*lifetimes->waiting));
	lifetimes->waiting[lifetimes->count] = (struct waiting){
		.node = node,
		.container = container,
		.start_ms = lifetime->start_ms,
		.end_ms = lifetime->end_ms,
		.pid = lifetime->pid,
		.order = (uint32_t)lifetimes->count,
		.entering = lifetime->entering,
	};
	lifetimes->count++;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_processes(const void *left, const void *right)
{
	const struct waiting *a = left, *b = right;
	int order = compare(a->node, b->node);

	order = order ? order : compare(a->pid, b->pid);
	order = order ? order : compare(a->start_ms, b->start_ms);
	return order ? order : compare(a->order, b->order);
}

static int compare_rows(const void *left, const void *right)
{
	const struct waiting *a = left, *b = right;
	int order = compare(a->node, b->node);

	order = order ? order : compare(a->container, b->container);
	order = order ? order : compare(a->start_ms, b->start_ms);
	return order ? order : compare(a->pid, b->pid);
}

/* Of each process the last word stays. */
static void drop_replaced(struct lifetimes *lifetimes)
{
	struct waiting *all = lifetimes->waiting;
	size_t kept = 0;

	qsort(all, lifetimes->count, sizeof(*all), compare_processes);
	for (size_t i = 0; i < lifetimes->count; i++) {
		bool replaced = i + 1 < lifetimes->count && all[i + 1].node == all[i].node &&
				all[i + 1].pid == all[i].pid &&
				all[i + 1].start_ms == all[i].start_ms;

		if (!replaced)
			all[kept++] = all[i];
	}
	lifetimes->count = kept;
}

static void pack(const struct waiting *from, const struct waiting *to, struct buf *buf)
{
	int64_t start_ms = 0, pid = 0;

	for (const struct waiting *at = from; at < to; at++) {
		int64_t lasted = at->end_ms > at->start_ms ? at->end_ms - at->start_ms : 0;

		varint_put(buf, varint_zigzag(at->start_ms - start_ms));
		varint_put(buf, varint_zigzag((int64_t)at->pid - pid));
		varint_put(buf, (at->end_ms ? (uint64_t)lasted + 1 : 0) << 1 | at->entering);
		start_ms = at->start_ms;
		pid = at->pid;
	}
}

static int write_row(struct sql *sql, const struct waiting *from, const struct waiting *to,
		     int64_t now_ms, struct buf *buf, struct err *err)
{
	buf_clear(buf);
	pack(from, to, buf);
	return SQL_DO(sql,
		      "INSERT INTO lifetime (node, container, at, packed) VALUES (?1, ?2, ?3, ?4)",
		      err, sql_int(from->node), sql_int_if(from->container, from->container),
		      sql_int(now_ms), sql_blob(buf_str(buf)));
}

static int prune(struct sql *sql, int64_t now_ms, struct err *err)
{
	return SQL_DO(sql, "DELETE FROM lifetime WHERE at < ?1", err,
		      sql_int(now_ms - LIFETIME_KEPT_MS));
}

int lifetimes_flush(struct lifetimes *lifetimes, struct sql *sql, struct err *err)
{
	struct waiting *all = lifetimes->waiting;
	BUF_AUTO buf = {0};
	int64_t now_ms;

	if (lifetimes->count == 0)
		return 0;
	int result = clock_now_ms(&now_ms, err);

	drop_replaced(lifetimes);
	qsort(all, lifetimes->count, sizeof(*all), compare_rows);
	for (size_t from = 0, to; from < lifetimes->count && result == 0; from = to) {
		for (to = from + 1; to < lifetimes->count && all[to].node == all[from].node &&
				    all[to].container == all[from].container;)
			to++;
		result = write_row(sql, all + from, all + to, now_ms, &buf, err);
	}
	if (result == 0)
		result = prune(sql, now_ms, err);
	lifetimes_reset(lifetimes);
	return result;
}

/* Takes one off the front; *lifetime is the one before, all zero at first. False where the bytes
 * end or are damaged. */
static bool unpack(struct str *bytes, struct store_lifetime *lifetime)
{
	uint64_t start, pid, lasted;

	if (!varint_take(bytes, &start) || !varint_take(bytes, &pid) ||
	    !varint_take(bytes, &lasted))
		return false;
	lifetime->start_ms =
		(int64_t)((uint64_t)lifetime->start_ms + (uint64_t)varint_unzigzag(start));
	lifetime->pid += (uint32_t)varint_unzigzag(pid);
	lifetime->entering = lasted & 1;
	lasted >>= 1;
	lifetime->end_ms = lasted ? (int64_t)((uint64_t)lifetime->start_ms + lasted - 1) : 0;
	return true;
}

/* In which row each process stands last: a table of what was seen, the latest row first. */
struct latest {
	struct slot {
		uint32_t pid;
		int64_t start_ms;
		int64_t row; /* 0: free */
	} * slots;
	size_t count, size; /* size: power of two */
	int64_t from_row;   /* the earliest row that was looked at */
};

static struct slot *latest_find(const struct latest *latest, uint32_t pid, int64_t start_ms)
{
	size_t at = (size_t)hash_word(hash_word(0, (uint64_t)start_ms), pid);

	for (;; at++) {
		struct slot *slot = &latest->slots[at & (latest->size - 1)];

		if (!slot->row || (slot->pid == pid && slot->start_ms == start_ms))
			return slot;
	}
}

static void latest_grow(struct latest *latest)
{
	struct latest larger = {.count = latest->count,
				.size = latest->size ? latest->size * 2 : 1024,
				.from_row = latest->from_row};

	larger.slots = mem_new(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < latest->size; i++)
		if (latest->slots[i].row)
			*latest_find(&larger, latest->slots[i].pid, latest->slots[i].start_ms) =
				latest->slots[i];
	free(latest->slots);
	*latest = larger;
}

/* Notes a row's processes, unless a later row had them. */
static void latest_add(struct latest *latest, int64_t row, struct str packed)
{
	struct store_lifetime lifetime = {.pid = 0};

	latest->from_row = row;
	while (unpack(&packed, &lifetime)) {
		if (latest->count * 4 >= latest->size * 3)
			latest_grow(latest);
		struct slot *slot = latest_find(latest, lifetime.pid, lifetime.start_ms);

		if (slot->row)
			continue;
		*slot = (struct slot){lifetime.pid, lifetime.start_ms, row};
		latest->count++;
	}
}

static int find_latest(struct sql *sql, int64_t node, struct latest *latest, struct err *err)
{
	sqlite3_stmt *rows =
		SQL_PREPARE(sql, "SELECT id, packed FROM lifetime WHERE node = ?1 ORDER BY id DESC",
			    err, sql_int(node));
	int result;

	while ((result = sql_step(sql, rows, err)) > 0 && latest->count < LOADED_MAX)
		latest_add(latest, sqlite3_column_int64(rows, 0), sql_column_bytes(rows, 1));
	sqlite3_finalize(rows);
	return result < 0 ? result : 0;
}

/* Gives those of a row of which no later row says more. */
static int give_row(const struct latest *latest, sqlite3_stmt *row, store_lifetime_fn *each,
		    void *context)
{
	struct store_lifetime lifetime = {.pid = 0};
	struct str packed = sql_column_bytes(row, 1);
	struct container container;
	int64_t id = sqlite3_column_int64(row, 0);
	int result = 0;

	row_container(row, 2, &container);
	if (sqlite3_column_type(row, 2) != SQLITE_NULL)
		lifetime.container = &container;
	while (result == 0 && unpack(&packed, &lifetime))
		if (latest_find(latest, lifetime.pid, lifetime.start_ms)->row == id)
			result = each(context, &lifetime);
	return result;
}

int lifetimes_load(struct sql *sql, int64_t node, store_lifetime_fn *each, void *context,
		   struct err *err)
{
	struct latest latest = {.count = 0};
	int result = find_latest(sql, node, &latest, err);

	if (result == 0 && latest.count) {
		sqlite3_stmt *rows =
			SQL_GET(sql,
				"SELECT l.id, l.packed, " ROW_CONTAINER
				" FROM lifetime l LEFT JOIN container c ON c.id = l.container"
				" WHERE l.node = ?1 AND l.id >= ?2 ORDER BY l.id",
				err, sql_int(node), sql_int(latest.from_row));

		while (result >= 0 && (result = sql_step(sql, rows, err)) > 0)
			result = give_row(&latest, rows, each, context);
		sqlite3_reset(rows);
	}
	free(latest.slots);
	return result;
}
