#include "ingest/follow_private.h"

#include "base/clock.h"

#include <unistd.h>

#define RACES_MAX 8 /* at a stretch; then whatever wins it wakes us again */

enum found {
	FOUND_NOTHING, /* for now */
	FOUND_RACE,    /* names moved meanwhile: to be tried again */
	FOUND_NEXT,
};

/* Is the order still as it was when the list was made? Then what was opened is the successor. */
static bool still_in_order(struct follow *follow, const struct rotation *before, size_t i,
			   const struct stat *opened)
{
	const struct rotated *file = &before->files[i];
	ROTATION_AUTO now = {0};
	struct stat stat_now;

	if (stat(file->path, &stat_now) < 0 || !rotation_same(&stat_now, &file->stat))
		return false;
	if (file->numbered)
		return true;
	/* Dated names stay; but others may have come behind this one. */
	follow_rotated_list(follow, &now);
	size_t at = rotation_find(&now, &file->stat);

	if (at == now.count)
		return false;
	return at + 1 == now.count || rotation_same(&now.files[at + 1].stat, opened);
}

/* Names that do not fit together are a rotation under way, unless they stay so. */
static bool patience_ends(struct follow *follow)
{
	if (!follow->gap_since_ms)
		follow->gap_since_ms = clock_ms(CLOCK_MONOTONIC);
	bool ends = clock_ms(CLOCK_MONOTONIC) - follow->gap_since_ms >= FOLLOW_PATIENCE_MS;

	follow->racing |= !ends;
	return ends;
}

/* Holds what stands behind files[i] (i == count: what is oldest) as the next to be read. */
static enum found take_next(struct follow *follow, const struct rotation *rotation, size_t i)
{
	bool lost = i == rotation->count;
	size_t next = lost ? 0 : i + 1;
	bool to_live = next >= rotation->count, broken;
	const char *path = to_live ? follow->path : rotation->files[next].path;
	struct err err = ERR_INIT;
	struct stat stat;
	int fd = follow_slot_open(path, !to_live, &stat, &broken, &err);

	if (fd < 0 && to_live)
		follow_notice_trouble(follow, &err);
	if (fd < 0)
		return to_live ? FOUND_NOTHING : FOUND_RACE;
	if (rotation_same(&stat, &follow->current->input.stat) ||
	    (!lost && !still_in_order(follow, rotation, i, &stat))) {
		close(fd);
		return FOUND_RACE;
	}
	follow_slot_begin(follow, follow->other, fd, broken, path);
	if (follow->from == FROM_STORE)
		follow_slot_skip(follow, follow->other,
				 follow_slot_known_offset(follow, follow->other));
	else if (follow->from == FROM_THIS_RUN)
		follow_slot_skip(follow, follow->other,
				 follow_slot_read_offset(follow, follow->other));
	follow->state = STATE_NEXT;
	return FOUND_NEXT;
}

static enum found find_after(struct follow *follow, const struct rotation *rotation, size_t i)
{
	bool gap = !rotation_adjacent(rotation, i);

	if (gap && !patience_ends(follow))
		return FOUND_NOTHING;
	enum found found = take_next(follow, rotation, i);

	if (found == FOUND_NEXT && gap)
		follow_notice_outrun(follow, rotation->files[i].path,
				     "the file that followed it is missing");
	return found;
}

/* The file in hand is under none of the names any more: deleted, or moved elsewhere. */
static enum found find_after_loss(struct follow *follow, const struct rotation *rotation)
{
	struct rotation none = {0};
	struct stat now;

	/* A list that was made while names moved may lack a file that is there. */
	if (fstat(follow->current->input.fd, &now) == 0 && now.st_nlink && !patience_ends(follow))
		return FOUND_RACE;
	size_t copy = follow_rotated_copy(follow->current, rotation, true);

	if (copy < rotation->count)
		return find_after(follow, rotation, copy);
	if (follow_rotated_nothing(follow, rotation))
		return take_next(follow, &none, 0);
	if (follow->from == FROM_FIRST)
		follow->from = FROM_THIS_RUN;
	enum found found = take_next(follow, rotation, rotation->count);

	if (found == FOUND_NEXT)
		follow_notice_outrun(follow, follow->path,
				     "was rotated away before the next file was found");
	return found;
}

static enum found try_next(struct follow *follow)
{
	ROTATION_AUTO rotation = {0};

	follow_rotated_list(follow, &rotation);
	size_t i = rotation_find(&rotation, &follow->current->input.stat);

	if (i == rotation.count)
		return find_after_loss(follow, &rotation);
	follow_slot_rename(follow->current, rotation.files[i].path);
	return find_after(follow, &rotation, i);
}

static void see_live(struct follow *follow)
{
	follow_notice_back(follow);
	follow->from = FROM_FIRST;
	follow->gap_since_ms = 0;
	follow_rotated_keep_newest(follow);
	/* It may have gone while that list was made. */
	if (!follow_slot_is_live(follow, follow->current))
		follow->look_due = true;
}

void follow_successor_find(struct follow *follow)
{
	enum found found = FOUND_RACE;

	follow_notice_missing(follow);
	if (follow_slot_is_live(follow, follow->current)) {
		see_live(follow);
		return;
	}
	if (follow->state >= STATE_LATE) {
		/* Two files are open at most: that one has had its time. */
		follow->state = STATE_CLOSING;
		follow->look_due = true;
		return;
	}
	for (int tries = 0; tries < RACES_MAX && found == FOUND_RACE; tries++)
		found = try_next(follow);
	follow->racing |= found == FOUND_RACE;
	if (found != FOUND_NEXT)
		return;
	follow->gap_since_ms = 0;
	follow->racing = false;
	follow_rotated_keep_newest(follow);
	if (follow_slot_is_live(follow, follow->other))
		follow_notice_back(follow);
}
