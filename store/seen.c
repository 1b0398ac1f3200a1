#include "store/seen.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/minutes.h"
#include "store/varint.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE_SERIALS   256
#define BLOCK_PAGES    256
#define PAGES_MAX      7680        /* 4 MiB */
#define BLOCKS_MAX     2048        /* 1 MiB */
#define SLOTS          4096        /* power of two, twice the blocks */
#define PAGES_RESERVED BLOCK_PAGES /* loading one block may take that many */

/* As many as the block has serials: each of them by two hosts of one name. */
#define AGAIN_MAX 65536

/* What a block can hold at most. */
#define IDENTITIES_MAX (BLOCK_PAGES * PAGE_SERIALS + AGAIN_MAX)

/* No event is stamped there: a minute has 60,000 milliseconds. */
#define UNSEEN 0xffff

/* 256 serials: the millisecond of the minute of each, or UNSEEN; a bit for each that is open. */
struct page {
	uint16_t ms[PAGE_SERIALS];
	uint64_t open[PAGE_SERIALS / 64];
};

/* So many of all blocks wait for a commit: a text may say as many as it likes. */
#define AGAIN_ALL (4 * AGAIN_MAX)

/* A serial that was used twice in a minute: by two boots, or by two hosts of one name. In order. */
struct again {
	uint16_t serial;
	uint16_t ms;
};

struct block {
	int64_t node;
	int64_t minute;
	uint32_t number; /* serial >> 16, and SEEN_TEXT_BLOCK */
	uint16_t text;   /* index + 1 of the block of texts beside it; 0: none */
	bool changed;
	bool has_open;
	uint16_t pages[BLOCK_PAGES]; /* index + 1 into the pool, 0: none of these was seen */
	struct again *again;
	size_t again_count;
};

struct seen {
	struct page *pages;
	size_t page_count;
	struct block *blocks;
	size_t block_count;
	uint16_t *slots;    /* index + 1 into blocks */
	struct block *last; /* the kernel's */
	size_t again_count;
	struct block *last_at; /* the one that the last identity went to */
};

struct seen *seen_new(void)
{
	struct seen *seen = mem_new(1, sizeof(*seen));

	seen->pages = mem_aligned(PAGES_MAX, sizeof(*seen->pages));
	seen->blocks = mem_new(BLOCKS_MAX, sizeof(*seen->blocks));
	seen->slots = mem_new(SLOTS, sizeof(*seen->slots));
	return seen;
}

void seen_free(struct seen *seen)
{
	if (!seen)
		return;
	seen_reset(seen);
	free(seen->pages);
	free(seen->blocks);
	free(seen->slots);
	free(seen);
}

void seen_reserve(struct seen *seen)
{
	mem_huge(seen->pages, PAGES_MAX, sizeof(*seen->pages));
}

void seen_reset(struct seen *seen)
{
	for (size_t i = 0; i < seen->block_count; i++)
		free(seen->blocks[i].again);
	memset(seen->slots, 0, SLOTS * sizeof(*seen->slots));
	seen->block_count = 0;
	seen->page_count = 0;
	seen->last = seen->last_at = NULL;
	seen->again_count = 0;
}

/* More than half of what there is room for is known. */
static bool is_crowded(const struct seen *seen)
{
	return seen->page_count > PAGES_MAX / 2 || seen->block_count > BLOCKS_MAX / 2 ||
	       seen->again_count > AGAIN_ALL / 2;
}

bool seen_full(const struct seen *seen)
{
	return seen->page_count > PAGES_MAX - 2 * PAGES_RESERVED - 2 ||
	       seen->block_count > BLOCKS_MAX - 3 || seen->again_count > AGAIN_ALL;
}

static uint32_t again_key(uint32_t serial, uint16_t ms)
{
	return (serial & 0xffff) << 16 | ms;
}

/* Where the identity is among those of serials that were used again, or belongs. */
static size_t again_find(const struct block *block, uint32_t key)
{
	size_t low = 0, high = block->again_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (again_key(block->again[middle].serial, block->again[middle].ms) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool again_has(const struct block *block, uint32_t serial, uint16_t ms)
{
	size_t at = again_find(block, again_key(serial, ms));

	return at < block->again_count && block->again[at].serial == (uint16_t)serial &&
	       block->again[at].ms == ms;
}

static enum seen_added again_add(struct seen *seen, struct block *block, uint32_t serial,
				 uint16_t ms)
{
	size_t at = again_find(block, again_key(serial, ms)), count = block->again_count;

	if (again_has(block, serial, ms))
		return SEEN_KNOWN;
	if (count == AGAIN_MAX)
		return SEEN_REFUSED;
	if ((count & (count - 1)) == 0)
		block->again =
			mem_resize(block->again, (count ? count * 2 : 1) * sizeof(*block->again));
	memmove(&block->again[at + 1], &block->again[at], (count - at) * sizeof(*block->again));
	block->again[at] = (struct again){(uint16_t)serial, ms};
	block->again_count++;
	seen->again_count++;
	return SEEN_NEW;
}

static uint16_t page_new(struct seen *seen)
{
	struct page *page = &seen->pages[seen->page_count];

	memset(page->ms, 0xff, sizeof(page->ms));
	memset(page->open, 0, sizeof(page->open));
	return (uint16_t)++seen->page_count;
}

static inline enum seen_added block_add(struct seen *seen, struct block *block, uint32_t serial,
					uint16_t ms, bool open)
{
	uint16_t *index = &block->pages[serial >> 8 & 0xff];
	uint32_t at = serial & 0xff;

	if (!*index)
		*index = page_new(seen);
	struct page *page = &seen->pages[*index - 1];

	if (page->ms[at] == ms)
		return SEEN_KNOWN;
	if (page->ms[at] != UNSEEN)
		return again_add(seen, block, serial, ms);
	page->ms[at] = ms;
	page->open[at / 64] |= (uint64_t)open << at % 64;
	block->has_open |= open;
	return SEEN_NEW;
}

struct load {
	struct seen *seen;
	struct block *block;
};

static void load_one(uint32_t serial_low, uint32_t minute_ms, void *context)
{
	struct load *load = context;

	block_add(load->seen, load->block, serial_low, (uint16_t)minute_ms, false);
}

static bool is_open(const struct page *page, uint32_t at)
{
	return page->open[at / 64] >> at % 64 & 1;
}

/*
 * Which identities of a block are open, packed: the block's serials in their order (without those
 * that were used again), as lengths of runs by turns closed and open, beginning with closed. What
 * comes behind the last run is closed. All are varints.
 */
static void open_pack(const struct seen *seen, const struct block *block, struct buf *buf)
{
	uint64_t run = 0;
	bool open = false;

	for (uint32_t i = 0; i < BLOCK_PAGES; i++) {
		const struct page *page =
			block->pages[i] ? &seen->pages[block->pages[i] - 1] : NULL;

		for (uint32_t at = 0; page && at < PAGE_SERIALS; at++) {
			if (page->ms[at] == UNSEEN)
				continue;
			if (is_open(page, at) != open) {
				varint_put(buf, run);
				open = !open;
				run = 0;
			}
			run++;
		}
	}
	if (open)
		varint_put(buf, run);
}

/* The runs that are still to be taken. */
struct open_runs {
	struct str bytes;
	uint64_t left;
	bool open;
};

/* Is the next identity open? Behind the last run, none is. */
static bool open_next(struct open_runs *runs)
{
	while (runs->left == 0) {
		if (!varint_take(&runs->bytes, &runs->left))
			return false;
		runs->open = !runs->open;
	}
	runs->left--;
	return runs->open;
}

static void open_unpack(struct seen *seen, struct block *block, struct str bytes)
{
	struct open_runs runs = {.bytes = bytes, .open = true};

	for (uint32_t i = 0; i < BLOCK_PAGES; i++) {
		struct page *page = block->pages[i] ? &seen->pages[block->pages[i] - 1] : NULL;

		for (uint32_t at = 0; page && at < PAGE_SERIALS; at++) {
			if (page->ms[at] == UNSEEN || !open_next(&runs))
				continue;
			page->open[at / 64] |= (uint64_t)1 << at % 64;
			block->has_open = true;
		}
	}
}

/* Returns 1 if it is on file, 0 or -errno. */
static int block_load(struct seen *seen, struct sql *sql, struct block *block, struct err *err)
{
	sqlite3_stmt *find =
		SQL_GET(sql,
			"SELECT serials, open FROM seen WHERE node = ?1 AND minute = ?2"
			" AND block = ?3",
			err, sql_int(block->node), sql_int(block->minute), sql_int(block->number));
	int result = sql_step(sql, find, err);
	struct load load = {seen, block};

	if (result > 0 && !seen_unpack(sql_column_bytes(find, 0), load_one, &load))
		result = err_set(err, EUCLEAN, "store '%s': identities are damaged", sql->path);
	if (result > 0 && sqlite3_column_type(find, 1) != SQLITE_NULL)
		open_unpack(seen, block, sql_column_bytes(find, 1));
	sqlite3_reset(find);
	return result;
}

static size_t slot_of(int64_t node, int64_t minute, uint32_t number)
{
	uint64_t hash = hash_word(hash_word((uint64_t)minute, number), (uint64_t)node);

	return (size_t)hash & (SLOTS - 1);
}

static bool block_is(const struct block *block, int64_t node, int64_t minute, uint32_t number)
{
	return block->minute == minute && block->number == number && block->node == node;
}

static struct block *block_new(struct seen *seen, int64_t node, int64_t minute, uint32_t number)
{
	struct block *block = &seen->blocks[seen->block_count++];

	*block = (struct block){.node = node, .minute = minute, .number = number};
	return block;
}

/* The block of texts beside one of the kernel's. */
static struct block *block_text(struct seen *seen, struct block *block)
{
	if (!block->text) {
		block_new(seen, block->node, block->minute, block->number | SEEN_TEXT_BLOCK);
		block->text = (uint16_t)seen->block_count;
	}
	return &seen->blocks[block->text - 1];
}

/* The kernel's block in memory, loaded if it was not, and that of the texts beside it; NULL with an
 * error. */
static struct block *block_get(struct seen *seen, struct sql *sql, int64_t node, int64_t minute,
			       uint32_t number, struct err *err)
{
	size_t slot = slot_of(node, minute, number);

	for (; seen->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		struct block *block = &seen->blocks[seen->slots[slot] - 1];

		if (block_is(block, node, minute, number))
			return block;
	}
	struct block *block = block_new(seen, node, minute, number);

	seen->slots[slot] = (uint16_t)seen->block_count;
	int result = block_load(seen, sql, block, err);

	if (result < 0)
		return NULL;
	result = block_load(seen, sql, block_text(seen, block), err);
	if (result == 0) { /* the usual case */
		seen->block_count--;
		block->text = 0;
	}
	return result < 0 ? NULL : block;
}

/* The kernel's block of an identity. */
static inline struct block *block_of(struct seen *seen, struct sql *sql, int64_t node, int64_t ms,
				     uint32_t serial, struct err *err)
{
	int64_t minute = ms / MINUTE_MS;

	if (!seen->last || !block_is(seen->last, node, minute, serial >> 16))
		seen->last = block_get(seen, sql, node, minute, serial >> 16, err);
	return seen->last;
}

int seen_add(struct seen *seen, struct sql *sql, int64_t node, int64_t ms, uint32_t serial,
	     enum trust trust, bool open, struct err *err)
{
	struct block *block = block_of(seen, sql, node, ms, serial, err);

	if (!block)
		return -err->code;
	if (trust == TRUST_TEXT)
		block = block_text(seen, block);
	seen->last_at = block;
	enum seen_added added = block_add(seen, block, serial, (uint16_t)(ms % MINUTE_MS), open);

	block->changed |= added == SEEN_NEW;
	return added;
}

/* The page of the block that has the identity, but for those that were used again; NULL. */
static struct page *page_of(const struct seen *seen, const struct block *block, int64_t ms,
			    uint32_t serial)
{
	uint16_t index = block->pages[serial >> 8 & 0xff];
	struct page *page = index ? &seen->pages[index - 1] : NULL;

	return page && page->ms[serial & 0xff] == (uint16_t)(ms % MINUTE_MS) ? page : NULL;
}

int seen_kernel(struct seen *seen, struct sql *sql, int64_t node, int64_t ms, uint32_t serial,
		struct err *err)
{
	struct block *block = block_of(seen, sql, node, ms, serial, err);
	struct page *page = block ? page_of(seen, block, ms, serial) : NULL;

	if (!block)
		return -err->code;
	if (page)
		return is_open(page, serial & 0xff) ? SEEN_KERNEL_OPEN : SEEN_KERNEL_THERE;
	return again_has(block, serial, (uint16_t)(ms % MINUTE_MS)) ? SEEN_KERNEL_THERE
								    : SEEN_KERNEL_NOT;
}

bool seen_in_text(const struct seen *seen, int64_t ms, uint32_t serial)
{
	const struct block *text = seen->last->text ? &seen->blocks[seen->last->text - 1] : NULL;

	return text && (page_of(seen, text, ms, serial) ||
			again_has(text, serial, (uint16_t)(ms % MINUTE_MS)));
}

bool seen_claim(struct seen *seen, int64_t ms, uint32_t serial)
{
	struct page *page = page_of(seen, seen->last_at, ms, serial);
	uint32_t at = serial & 0xff;

	if (!page || !is_open(page, at))
		return false;
	page->open[at / 64] &= ~((uint64_t)1 << at % 64);
	seen->last_at->changed = true;
	return true;
}

/*
 * A block, packed: runs in order of the serial. A run is serials that follow each other, all
 * stamped in the same millisecond, as the kernel's coarse clock makes them. One byte holds
 *     bits 0-2  serials left out before the run   (7: 7 + a varint that follows)
 *     bits 3-5  milliseconds since the last run   (7: a zigzag varint follows)
 *     bits 6-7  its length, less one              (3: 3 + a varint that follows)
 * so that a quiet minute costs a byte an event and a storm three bytes a clock tick. A serial
 * that was used twice comes behind the run that ends at 65,535 or before it as a run that steps
 * back: the gap is then 65,536 more, taken modulo 65,536.
 */
struct packer {
	struct buf *buf;
	uint32_t next; /* serial after the last run */
	int64_t last_ms;
	uint32_t first; /* the run at hand */
	uint32_t length;
	uint16_t ms;
};

static void pack_run(struct packer *packer)
{
	if (packer->length == 0)
		return;
	uint32_t gap = (packer->first - packer->next) & 0xffff, more = packer->length - 1;
	int64_t step = packer->ms - packer->last_ms;
	bool small = step >= 0 && step < 7;

	buf_put_char(packer->buf, (char)((gap < 7 ? gap : 7) | (small ? (uint32_t)step : 7) << 3 |
					 (more < 3 ? more : 3) << 6));
	if (gap >= 7)
		varint_put(packer->buf, gap - 7);
	if (!small)
		varint_put(packer->buf, varint_zigzag(step));
	if (more >= 3)
		varint_put(packer->buf, more - 3);
	packer->next = packer->first + packer->length;
	packer->last_ms = packer->ms;
	packer->length = 0;
}

static void pack_one(struct packer *packer, uint32_t serial, uint16_t ms)
{
	if (packer->length && packer->ms == ms && serial == packer->first + packer->length) {
		packer->length++;
		return;
	}
	pack_run(packer);
	packer->first = serial;
	packer->ms = ms;
	packer->length = 1;
}

static void block_pack(const struct seen *seen, const struct block *block, struct buf *buf)
{
	struct packer packer = {.buf = buf};

	for (uint32_t i = 0; i < BLOCK_PAGES; i++) {
		if (!block->pages[i])
			continue;
		const struct page *page = &seen->pages[block->pages[i] - 1];

		for (uint32_t at = 0; at < PAGE_SERIALS; at++)
			if (page->ms[at] != UNSEEN)
				pack_one(&packer, i << 8 | at, page->ms[at]);
	}
	for (size_t i = 0; i < block->again_count; i++)
		pack_one(&packer, block->again[i].serial, block->again[i].ms);
	pack_run(&packer);
}

static bool unpack_run(struct str *bytes, uint64_t *gap, int64_t *step, uint64_t *length)
{
	unsigned head = (unsigned char)bytes->p[0];
	uint64_t value;

	*bytes = str_skip(*bytes, 1);
	*gap = head & 7;
	*step = head >> 3 & 7;
	*length = (head >> 6) + 1;
	if (*gap == 7) {
		if (!varint_take(bytes, &value))
			return false;
		*gap += value;
	}
	if (*step == 7) {
		if (!varint_take(bytes, &value))
			return false;
		*step = varint_unzigzag(value);
	}
	if (*length == 4) {
		if (!varint_take(bytes, &value))
			return false;
		*length += value;
	}
	return *gap <= 0xffff && *length <= 0x10000 && *step > -MINUTE_MS && *step < MINUTE_MS;
}

bool seen_unpack(struct str bytes, seen_each_fn *each, void *context)
{
	uint64_t next = 0, gap, length, all = 0;
	int64_t ms = 0, step;

	while (bytes.n) {
		if (!unpack_run(&bytes, &gap, &step, &length))
			return false;
		next = (next + gap) & 0xffff;
		ms += step;
		all += length;
		if (ms < 0 || ms >= MINUTE_MS || next + length > 0x10000 || all > IDENTITIES_MAX)
			return false;
		for (; length; length--)
			each((uint32_t)next++, (uint32_t)ms, context);
	}
	return true;
}

static int block_write(struct seen *seen, struct sql *sql, const struct block *block,
		       struct buf *buf, struct err *err)
{
	buf_clear(buf);
	block_pack(seen, block, buf);
	size_t serials_n = buf->n;

	if (block->has_open)
		open_pack(seen, block, buf);
	const struct str serials = str_of(buf->p, serials_n),
			 open = str_skip(buf_str(buf), serials_n);

	return SQL_DO(sql,
		      "INSERT OR REPLACE INTO seen (node, minute, block, serials, open)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)",
		      err, sql_int(block->node), sql_int(block->minute), sql_int(block->number),
		      sql_blob(serials),
		      open.n ? sql_blob(open) : (struct sql_value){.type = SQL_NULL});
}

int seen_flush(struct seen *seen, struct sql *sql, struct err *err)
{
	BUF_AUTO buf = {0};

	for (size_t i = 0; i < seen->block_count; i++) {
		if (!seen->blocks[i].changed)
			continue;
		int result = block_write(seen, sql, &seen->blocks[i], &buf, err);

		if (result < 0)
			return result;
		seen->blocks[i].changed = false;
	}
	if (is_crowded(seen))
		seen_reset(seen);
	return 0;
}
