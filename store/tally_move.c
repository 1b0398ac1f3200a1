#include "store/tally_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/hour.h"

#include <stdlib.h>

void tally_moved_forget(struct tally *tally)
{
	if (tally->move_count)
		memset(tally->move_slots, 0, 2 * TALLY_MOVES_MAX * sizeof(*tally->move_slots));
	tally->move_count = 0;
}

/* The move's slot: where it is, or where it belongs. */
static size_t move_slot(const struct tally *tally, uint32_t series, uint32_t minute, bool replaces)
{
	size_t slot = (size_t)hash_word(hash_word(tally->seed + replaces, series), minute);

	for (;; slot++) {
		slot &= 2 * TALLY_MOVES_MAX - 1;
		if (!tally->move_slots[slot])
			return slot;
		const struct tally_moved *move = &tally->moves[tally->move_slots[slot] - 1];

		if (move->series == series && move->minute == minute && move->replaces == replaces)
			return slot;
	}
}

static int add_move(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		    bool replaces, struct err *err)
{
	const struct record *record = event->record;
	uint32_t minute = (uint32_t)(record->ms / MINUTE_MS);
	uint16_t ms = (uint16_t)(record->ms % MINUTE_MS);
	struct tally_series *series;
	int result = tally_series_get(tally, sql, event, node, &series, err);

	if (result < 0)
		return result;
	if (!tally->moves) {
		tally->moves = mem_new(TALLY_MOVES_MAX, sizeof(*tally->moves));
		tally->move_slots = mem_new(2 * TALLY_MOVES_MAX, sizeof(*tally->move_slots));
	}
	series->pid = record->pid;
	series->ip = record->ip;
	uint32_t index = (uint32_t)(series - tally->series);
	size_t slot = move_slot(tally, index, minute, replaces);

	if (!tally->move_slots[slot]) {
		tally->moves[tally->move_count] =
			(struct tally_moved){index, minute, 0, 0, ms, ms, replaces};
		tally->move_slots[slot] = (uint32_t)++tally->move_count;
	}
	struct tally_moved *move = &tally->moves[tally->move_slots[slot] - 1];

	move->count++;
	move->first = ms < move->first ? ms : move->first;
	move->last = ms > move->last ? ms : move->last;
	return 0;
}

int tally_move(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
	       struct err *err)
{
	return add_move(tally, sql, event, node, false, err);
}

int tally_replace(struct tally *tally, struct sql *sql, const struct event *event, int64_t node,
		  struct err *err)
{
	return add_move(tally, sql, event, node, true, err);
}

struct donors {
	int64_t *ids;
	size_t count;
};

/* The series that the events may have been counted to: of the same node, program, arch, number and
 * action, and of no container; what a text said also of the same one. Those of the same trust,
 * source and phase come first. */
static int find_donors(struct tally *tally, struct sql *sql, const struct tally_key *key,
		       bool replaces, struct donors *donors, struct err *err)
{
	sqlite3_stmt *list = SQL_GET(
		sql,
		"SELECT id FROM series WHERE program = ?1 AND nr = ?2 AND node = ?3"
		" AND (container IS NULL OR container = ?9) AND arch IS ?4"
		" AND code = ?5 AND trust <= ?8"
		" ORDER BY container IS NULL, trust = ?8 DESC, source = ?6 DESC, phase = ?7 DESC, id",
		err, sql_int(tally->programs[key->program].id), sql_int(key->nr),
		sql_int(key->node), sql_int_if(key->has_arch, key->arch), sql_int(key->code),
		sql_int(key->words[EVENT_AT_source]), sql_int(key->words[EVENT_AT_phase]),
		sql_int(replaces ? TRUST_TEXT : key->words[EVENT_AT_trust]),
		sql_int_if(replaces && key->container, key->container));
	int result;

	donors->count = 0;

	while ((result = sql_step(sql, list, err)) > 0) {
		donors->ids = mem_more(donors->ids, donors->count, sizeof(*donors->ids));
		donors->ids[donors->count++] = sqlite3_column_int64(list, 0);
	}
	sqlite3_reset(list);
	return result;
}

/* Takes the events of an hour's moves out of what one donor has. */
static int take_from_donor(struct sql *sql, int64_t donor, struct tally_moved *from,
			   struct tally_moved *to, struct buf *packed, struct err *err)
{
	int64_t number = from->minute / 60;
	uint64_t sum = 0;
	struct hour hour;
	int result = hour_load(sql, donor, number, &hour, err);

	for (struct tally_moved *move = from; move < to && result == 0; move++) {
		uint64_t taken =
			hour_take(&hour, number, move->minute % 60, move->count - move->taken);

		move->taken += (uint32_t)taken;
		sum += taken;
	}
	return result == 0 && sum ? hour_write(sql, donor, number, &hour, packed, err) : result;
}

static int compare_moves(const void *left, const void *right)
{
	const struct tally_moved *a = left, *b = right;

	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	if (a->replaces != b->replaces)
		return a->replaces ? 1 : -1;
	return a->minute < b->minute ? -1 : a->minute > b->minute;
}

/* What was taken is counted once more, to the container's series; a text that was replaced is not. */
static uint64_t count_taken(struct tally *tally, const struct tally_moved *from,
			    const struct tally_moved *to)
{
	uint64_t sum = 0;

	for (const struct tally_moved *move = from; move < to; move++) {
		int64_t base = (int64_t)move->minute * MINUTE_MS;
		struct tally_batch batch = {move->taken, base + move->first, base + move->last};

		if (!move->taken || move->replaces)
			continue;
		tally_series_add(tally, &tally->series[move->series], &batch);
		sum += move->taken;
	}
	return sum;
}

/* The moves that begin with this one, of one series, purpose and hour; returns where they end. */
static size_t moves_end(const struct tally *tally, size_t from)
{
	const struct tally_moved *first = &tally->moves[from];
	size_t to = from + 1;

	while (to < tally->move_count && tally->moves[to].series == first->series &&
	       tally->moves[to].replaces == first->replaces &&
	       tally->moves[to].minute / 60 == first->minute / 60)
		to++;
	return to;
}

int tally_moved_make(struct tally *tally, struct sql *sql, uint64_t *ret_moved, struct err *err)
{
	struct donors donors = {0};
	struct tally_moved *moves = tally->moves;
	BUF_AUTO packed = {0};
	int result = 0;

	qsort(moves, tally->move_count, sizeof(*moves), compare_moves);
	for (size_t from = 0, to; from < tally->move_count && result == 0; from = to) {
		const struct tally_moved *first = &moves[from];

		to = moves_end(tally, from);
		if (from == 0 || first[-1].series != first->series ||
		    first[-1].replaces != first->replaces)
			result = find_donors(tally, sql, &tally->series[first->series].key,
					     first->replaces, &donors, err);
		for (size_t i = 0; i < donors.count && result == 0; i++)
			result = take_from_donor(sql, donors.ids[i], moves + from, moves + to,
						 &packed, err);
		if (result == 0)
			*ret_moved += count_taken(tally, moves + from, moves + to);
	}
	tally_moved_forget(tally);
	free(donors.ids);
	return result;
}
