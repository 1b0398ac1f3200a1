#include "ingest/follow_private.h"

#include "base/clock.h"

void follow_rotated_list(struct follow *follow, struct rotation *ret_rotation)
{
	struct err err = ERR_INIT;
	bool failed = rotation_list(follow->resolved, ret_rotation, &err) < 0;

	if (failed && !follow->unlisted)
		follow_notice_put(follow, FOLLOW_UNREADABLE, true, follow->path,
				  "%s: rotated files are not found: %s", follow->path, err.message);
	follow->unlisted = failed;
}

/*
 * Times of files are those of the kernel's last tick: what was changed just now may be changed
 * again without showing it. An older time shows every change.
 */
#define SETTLED_MS 100

static bool is_settled(const struct stat *stat)
{
	int64_t changed_ms = stat->st_ctim.tv_sec * INT64_C(1000) + stat->st_ctim.tv_nsec / 1000000;

	return clock_ms(CLOCK_REALTIME) - changed_ms > SETTLED_MS;
}

void follow_rotated_keep_newest(struct follow *follow)
{
	ROTATION_AUTO rotation = {0};

	follow_rotated_list(follow, &rotation);
	follow->newest = (struct stat){0};
	if (rotation.count && is_settled(&rotation.files[rotation.count - 1].stat))
		follow->newest = rotation.files[rotation.count - 1].stat;
}

bool follow_rotated_nothing(const struct follow *follow, const struct rotation *rotation)
{
	if (rotation->count == 0)
		return !follow->unlisted;
	const struct stat *now = &rotation->files[rotation->count - 1].stat;

	return rotation_same(now, &follow->newest) &&
	       now->st_ctim.tv_sec == follow->newest.st_ctim.tv_sec &&
	       now->st_ctim.tv_nsec == follow->newest.st_ctim.tv_nsec;
}

/* Does this file, not in hand, begin with that line? */
static bool begins_with_line(const char *path, struct str line)
{
	struct err err = ERR_INIT;
	struct input input;
	struct str first_line;
	struct stat stat;
	bool broken, same = false;
	int fd = follow_slot_open(path, false, &stat, &broken, &err);

	if (fd < 0)
		return false;
	if (input_open_fd(&input, fd, path, true, &err) == 0)
		same = input_first_line(&input, &first_line, &err) > 0 && str_eq(first_line, line);
	input_close(&input);
	return same;
}

size_t follow_rotated_copy(const struct follow_slot *slot, const struct rotation *rotation,
			   bool compressed_only)
{
	for (size_t i = rotation->count; slot->identified && i-- > 0;) {
		const struct rotated *file = &rotation->files[i];

		if (rotation_same(&file->stat, &slot->input.stat) ||
		    (compressed_only && !file->compressed))
			continue;
		if (begins_with_line(file->path, buf_str(&slot->first_line)))
			return i;
	}
	return rotation->count;
}
