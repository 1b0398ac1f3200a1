#include "store/seen.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/minutes.h"
#include "store/statements.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

/* Lines without a serial are few (journald's text form): so many new ones, or in so many minutes,
 * wait for one commit. */
#define MARKS_MAX   57344
#define MINUTES_MAX 4096

/* Power of two. A minute is in memory as a whole, so a very full one makes the table grow. */
#define SLOTS_LEAST 131072

/*
 * A text in a second of a node: how often it was counted, and how often it came in the input at
 * hand. A further one is new only when the input has brought more of it than were counted.
 * Inputs in other slots than the first have marks of their own, in which only `here` counts.
 */
struct mark {
	int64_t node;
	int64_t minute;
	uint64_t hash;
	uint32_t counted;
	uint32_t input; /* the input that `here` speaks of */
	uint32_t here;
	uint8_t second;
	uint8_t slot;
	bool changed;
	bool used;
};

struct minute_ref {
	int64_t node, minute;
	size_t texts; /* that are counted in it */
};

/* What is being read. */
struct inputs {
	unsigned slot; /* the one at hand */
	struct {
		uint32_t number;
		int64_t minute; /* of the latest line */
	} of[SEEN_TEXT_SLOTS];
};

struct seen_text {
	struct mark *marks; /* open addressing over slots, half of them used at most */
	size_t count, slots;
	size_t base;               /* marks that came with the first minute since the last flush */
	struct minute_ref *loaded; /* minutes whose row was read since the last flush */
	size_t loaded_count;
	uint32_t inputs_begun;
	struct inputs inputs;
	/* what a flush kept: `latest` the last one, `kept` the last that was committed */
	struct mark *latest, *kept;
	size_t latest_count, kept_count;
	struct inputs kept_inputs;
};

/* A mark as it is stored: 13 bytes, little-endian. */
#define PACKED_SIZE 13

struct seen_text *seen_text_new(void)
{
	struct seen_text *seen = mem_new(1, sizeof(*seen));

	seen->slots = SLOTS_LEAST;
	seen->marks = mem_new(seen->slots, sizeof(*seen->marks));
	return seen;
}

void seen_text_free(struct seen_text *seen)
{
	if (!seen)
		return;
	free(seen->marks);
	free(seen->loaded);
	free(seen->latest);
	free(seen->kept);
	free(seen);
}

void seen_text_restart(struct seen_text *seen, unsigned slot)
{
	seen->inputs.of[slot].number = ++seen->inputs_begun;
}

void seen_text_select(struct seen_text *seen, unsigned slot)
{
	seen->inputs.slot = slot;
}

void seen_text_reset(struct seen_text *seen)
{
	if (seen->slots > SLOTS_LEAST) {
		free(seen->marks);
		seen->slots = SLOTS_LEAST;
		seen->marks = mem_new(seen->slots, sizeof(*seen->marks));
	} else if (seen->count) {
		memset(seen->marks, 0, seen->slots * sizeof(*seen->marks));
	}
	seen->count = seen->base = 0;
	seen->loaded_count = 0;
}

bool seen_text_full(const struct seen_text *seen)
{
	return seen->count > seen->base + MARKS_MAX || seen->loaded_count >= MINUTES_MAX;
}

/* The slot of the mark, or the free one where it belongs. */
static struct mark *mark_find(const struct seen_text *seen, const struct mark *wanted)
{
	uint64_t key = hash_word(
		hash_word(hash_word(wanted->hash, (uint64_t)wanted->minute), wanted->second),
		(uint64_t)wanted->node << 8 | wanted->slot);
	size_t slot = (size_t)key & (seen->slots - 1);

	for (;; slot = (slot + 1) & (seen->slots - 1)) {
		struct mark *mark = &seen->marks[slot];

		if (!mark->used || (mark->hash == wanted->hash && mark->minute == wanted->minute &&
				    mark->second == wanted->second && mark->node == wanted->node &&
				    mark->slot == wanted->slot))
			return mark;
	}
}

static void grow(struct seen_text *seen)
{
	struct mark *old = seen->marks;
	size_t slots = seen->slots;

	seen->slots *= 2;
	seen->marks = mem_new(seen->slots, sizeof(*seen->marks));
	for (size_t i = 0; i < slots; i++)
		if (old[i].used)
			*mark_find(seen, &old[i]) = old[i];
	free(old);
}

/* The mark of these bytes, made if it is new. Lives until the next call. */
static struct mark *mark_take(struct seen_text *seen, const struct mark *wanted)
{
	struct mark *mark = mark_find(seen, wanted);

	if (mark->used)
		return mark;
	if (seen->count >= seen->slots / 2) {
		grow(seen);
		mark = mark_find(seen, wanted);
	}
	seen->count++;
	*mark = *wanted;
	return mark;
}

/* The mark that says how often a text was counted. */
static struct mark *mark_get(struct seen_text *seen, int64_t node, int64_t minute, uint8_t second,
			     uint64_t hash)
{
	const struct mark wanted = {
		.node = node, .minute = minute, .hash = hash, .second = second, .used = true};

	return mark_take(seen, &wanted);
}

/* The minute, if its row was read since the last flush; else NULL. */
static struct minute_ref *minute_find(const struct seen_text *seen, int64_t node, int64_t minute)
{
	for (size_t i = seen->loaded_count; i-- > 0;)
		if (seen->loaded[i].minute == minute && seen->loaded[i].node == node)
			return &seen->loaded[i];
	return NULL;
}

static int take_marks(struct seen_text *seen, struct sql *sql, int64_t node, int64_t minute,
		      struct str bytes, struct err *err)
{
	if (bytes.n % PACKED_SIZE)
		return err_set(err, EUCLEAN, "store '%s': text identities are damaged", sql->path);
	for (; bytes.n; bytes = str_skip(bytes, PACKED_SIZE)) {
		uint64_t hash;
		uint32_t counted;

		memcpy(&hash, bytes.p + 1, sizeof(hash));
		memcpy(&counted, bytes.p + 9, sizeof(counted));
		mark_get(seen, node, minute, (uint8_t)bytes.p[0], le64toh(hash))->counted =
			le32toh(counted);
	}
	return 0;
}

static int load_minute(struct seen_text *seen, struct sql *sql, int64_t node, int64_t minute,
		       struct err *err)
{
	sqlite3_stmt *find = SQL_GET(sql, SEEN_TEXT_FIND, err, sql_int(node), sql_int(minute));
	int result = sql_step(sql, find, err);
	struct str marks = result > 0 ? sql_column_bytes(find, 0) : str_of(NULL, 0);
	size_t texts = marks.n / PACKED_SIZE;

	if (result > 0)
		result = take_marks(seen, sql, node, minute, marks, err);
	sqlite3_reset(find);
	if (result < 0)
		return result;
	seen->loaded = mem_resize(seen->loaded, (seen->loaded_count + 1) * sizeof(*seen->loaded));
	seen->loaded[seen->loaded_count++] = (struct minute_ref){node, minute, texts};
	if (seen->loaded_count == 1)
		seen->base = seen->count;
	return 0;
}

static int ensure_minute(struct seen_text *seen, struct sql *sql, int64_t node, int64_t minute,
			 struct err *err)
{
	return minute_find(seen, node, minute) ? 0 : load_minute(seen, sql, node, minute, err);
}

int seen_text_merge(struct seen_text *seen, struct sql *sql, int64_t node, int64_t minute,
		    struct str marks, uint64_t *ret_theirs, uint64_t *ret_fresh, struct err *err)
{
	int result = ensure_minute(seen, sql, node, minute, err);

	*ret_theirs = *ret_fresh = 0;
	if (result < 0)
		return result;
	if (marks.n % PACKED_SIZE)
		return err_set(err, EUCLEAN, "text identities are damaged");
	for (; marks.n; marks = str_skip(marks, PACKED_SIZE)) {
		uint64_t hash;
		uint32_t counted;

		memcpy(&hash, marks.p + 1, sizeof(hash));
		memcpy(&counted, marks.p + 9, sizeof(counted));
		counted = le32toh(counted);
		struct mark *mark =
			mark_get(seen, node, minute, (uint8_t)marks.p[0], le64toh(hash));

		*ret_theirs += counted;
		if (counted <= mark->counted)
			continue;
		*ret_fresh += counted - mark->counted;
		mark->counted = counted;
		mark->changed = true;
	}
	return 0;
}

uint64_t seen_text_count(struct str marks)
{
	uint64_t count = 0;

	for (; marks.n >= PACKED_SIZE; marks = str_skip(marks, PACKED_SIZE)) {
		uint32_t counted;

		memcpy(&counted, marks.p + 9, sizeof(counted));
		count += le32toh(counted);
	}
	return count;
}

/* The mark that counts the text in the input at hand. */
static struct mark *mark_here(struct seen_text *seen, const struct mark *text)
{
	struct mark wanted = *text;

	wanted.slot = (uint8_t)seen->inputs.slot;
	struct mark *mark = mark_take(seen, &wanted);

	if (mark->input != seen->inputs.of[seen->inputs.slot].number) {
		mark->input = seen->inputs.of[seen->inputs.slot].number;
		mark->here = 0;
	}
	return mark;
}

int seen_text_add(struct seen_text *seen, struct sql *sql, int64_t node, int64_t ms,
		  uint64_t text_hash, struct err *err)
{
	uint32_t fresh;

	return seen_text_add_many(seen, sql, node, ms, text_hash, 0, SIZE_MAX, &fresh, err);
}

static uint32_t add_capped(uint32_t a, uint32_t b)
{
	return a < UINT32_MAX - b ? a + b : UINT32_MAX;
}

int seen_text_add_many(struct seen_text *seen, struct sql *sql, int64_t node, int64_t ms,
		       uint64_t text_hash, uint32_t repeats, size_t most, uint32_t *ret_fresh,
		       struct err *err)
{
	const struct mark text = {.node = node,
				  .minute = ms / MINUTE_MS,
				  .hash = text_hash,
				  .second = (uint8_t)(ms % MINUTE_MS / 1000),
				  .used = true};
	int result = ensure_minute(seen, sql, node, text.minute, err);

	if (result < 0)
		return result;
	seen->inputs.of[seen->inputs.slot].minute = text.minute;
	struct mark *mark = mark_here(seen, &text);
	uint32_t here = mark->here = add_capped(add_capped(mark->here, repeats), 1);

	if (seen->inputs.slot)
		mark = mark_take(seen, &text);
	uint32_t fresh = here > mark->counted ? here - mark->counted : 0;
	struct minute_ref *in = mark->counted ? NULL : minute_find(seen, node, text.minute);

	*ret_fresh = 0;
	if (fresh == 0)
		return SEEN_KNOWN;
	if (in && in->texts >= most)
		return SEEN_REFUSED;
	if (in)
		in->texts++;
	*ret_fresh = fresh;
	mark->counted = here;
	mark->changed = true;
	return SEEN_NEW;
}

static int compare_marks(const void *left, const void *right)
{
	const struct mark *a = *(const struct mark *const *)left;
	const struct mark *b = *(const struct mark *const *)right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->minute != b->minute)
		return a->minute < b->minute ? -1 : 1;
	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

static void pack_mark(const struct mark *mark, struct buf *buf)
{
	uint64_t hash = htole64(mark->hash);
	uint32_t counted = htole32(mark->counted);

	buf_put_char(buf, (char)mark->second);
	buf_put(buf, &hash, sizeof(hash));
	buf_put(buf, &counted, sizeof(counted));
}

/* Writes one minute's marks: rows [from, to) of the sorted list. */
static int write_minute(struct sql *sql, struct mark **from, struct mark **to, struct err *err)
{
	BUF_AUTO buf = {0};
	bool changed = false;

	for (struct mark **at = from; at < to; at++) {
		if ((*at)->counted)
			pack_mark(*at, &buf);
		changed |= (*at)->changed;
	}
	if (!changed)
		return 0;
	return SQL_DO(sql,
		      "INSERT OR REPLACE INTO seen_text (node, minute, marks)"
		      " VALUES (?1, ?2, ?3)",
		      err, sql_int((*from)->node), sql_int((*from)->minute),
		      sql_blob(buf_str(&buf)));
}

static int write_marks(struct sql *sql, struct mark **marks, size_t count, struct err *err)
{
	qsort(marks, count, sizeof(struct mark *), compare_marks);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && marks[to]->node == marks[from]->node &&
				    marks[to]->minute == marks[from]->minute;)
			to++;
		int result = write_minute(sql, marks + from, marks + to, err);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Is it what an input at hand still needs: how many equal lines came before in the minutes about
 * its latest line? */
static bool is_recent(const struct seen_text *seen, const struct mark *mark)
{
	int64_t minute = seen->inputs.of[mark->slot].minute;

	return mark->input == seen->inputs.of[mark->slot].number && mark->here &&
	       mark->minute >= minute - 1 && mark->minute <= minute + 1;
}

/* Puts marks back. How often a text was counted is read again, since another writer may add to it
 * meanwhile. */
static void put_back(struct seen_text *seen, const struct mark *marks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mark wanted = marks[i];

		wanted.counted = 0;
		wanted.changed = false;
		mark_take(seen, &wanted);
	}
}

static void keep_recent(struct seen_text *seen, struct mark **marks, size_t count)
{
	size_t kept = 0;

	free(seen->latest);
	seen->latest = mem_new(count, sizeof(*seen->latest));
	for (size_t i = 0; i < count; i++)
		if (is_recent(seen, marks[i]))
			seen->latest[kept++] = *marks[i];
	seen->latest = mem_resize(seen->latest, (kept + 1) * sizeof(*seen->latest));
	seen->latest_count = kept;
	seen_text_reset(seen);
	put_back(seen, seen->latest, kept);
}

void seen_text_keep(struct seen_text *seen)
{
	free(seen->kept);
	seen->kept = seen->latest;
	seen->kept_count = seen->latest_count;
	seen->kept_inputs = seen->inputs;
	seen->latest = NULL;
	seen->latest_count = 0;
}

void seen_text_restore(struct seen_text *seen)
{
	seen_text_reset(seen);
	seen->inputs = seen->kept_inputs;
	put_back(seen, seen->kept, seen->kept_count);
}

int seen_text_flush(struct seen_text *seen, struct sql *sql, struct err *err)
{
	if (seen->count == 0) {
		seen->latest_count = 0;
		seen_text_reset(seen);
		return 0;
	}
	struct mark **marks = mem_new(seen->count, sizeof(struct mark *));
	size_t count = 0;

	for (size_t i = 0; i < seen->slots; i++)
		if (seen->marks[i].used)
			marks[count++] = &seen->marks[i];
	int result = write_marks(sql, marks, count, err);

	if (result == 0)
		keep_recent(seen, marks, count);
	free(marks);
	return result;
}
