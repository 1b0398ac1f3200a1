#include "ingest/follow_private.h"

#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

static void add_head(struct follow *follow, const char *path, bool *any_known)
{
	struct follow_slot slot = {0};
	struct err err = ERR_INIT;
	struct str first_line;
	struct stat stat;
	uint64_t offset;
	bool broken;
	int fd = follow_slot_open(path, false, &stat, &broken, &err);

	if (fd < 0)
		return;
	if (input_open_fd(&slot.input, fd, path, true, &err) == 0 &&
	    input_first_line(&slot.input, &first_line, &err) > 0) {
		follow_slot_identify(&slot, first_line);
		follow->heads[follow->head_count++] = follow_slot_head(follow, &slot);
		*any_known |= follow_slot_ask_known(follow, &slot, &offset);
	}
	input_close(&slot.input);
	buf_release(&slot.first_line);
}

/* Which first lines are there, and was any of these files read before? */
static void survey(struct follow *follow, const struct rotation *rotation)
{
	bool any_known = false;

	free(follow->heads);
	follow->heads = mem_new(rotation->count + 1, sizeof(*follow->heads));
	follow->head_count = 0;
	for (size_t i = 0; i < rotation->count; i++)
		add_head(follow, rotation->files[i].path, &any_known);
	add_head(follow, follow->path, &any_known);
	if (follow->options.resumes && !any_known && follow->head_count)
		follow_notice_outrun(follow, follow->path,
				     "the part that was read last time was rotated away");
	follow->options.resumes = false;
}

/* Where the last line that is whole ends, in the file's first size bytes. */
static uint64_t last_line_end(int fd, uint64_t size)
{
	char block[4096];

	while (size > 0) {
		size_t n = size < sizeof(block) ? (size_t)size : sizeof(block);
		ssize_t got = pread(fd, block, n, (off_t)(size - n));
		const char *newline = got > 0 ? memrchr(block, '\n', (size_t)got) : NULL;

		if (newline)
			return size - n + (uint64_t)(newline - block) + 1;
		size -= n;
	}
	return 0;
}

/* Nothing that is there already: from the line that is not whole yet. */
static void skip_all(struct follow *follow, struct follow_slot *slot)
{
	if (!slot->broken && slot->input.growing)
		follow_slot_skip(follow, slot,
				 last_line_end(slot->input.fd, (uint64_t)slot->input.stat.st_size));
}

static bool begin_with(struct follow *follow, const char *path, const struct stat *listed)
{
	struct err err = ERR_INIT;
	struct stat stat;
	bool broken, live = !listed;
	int fd = follow_slot_open(path, !live, &stat, &broken, &err);

	if (fd < 0 && live)
		follow_notice_trouble(follow, &err);
	if (fd < 0)
		return false;
	if (listed && !rotation_same(listed, &stat)) {
		close(fd);
		return false;
	}
	follow->current = &follow->slots[0];
	follow->other = &follow->slots[1];
	follow->state = STATE_READING;
	follow_slot_begin(follow, follow->current, fd, broken, path);
	return true;
}

static void note_last(struct follow *follow)
{
	if (stat(follow->path, &follow->last) < 0)
		follow->last = (struct stat){0};
}

/* The oldest there is. While it was looked for, names may have moved: then it is tried again. */
static void begin_with_oldest(struct follow *follow)
{
	ROTATION_AUTO rotation = {0}, now = {0};

	follow_rotated_list(follow, &rotation);
	survey(follow, &rotation);
	follow->from = FROM_STORE;
	if (rotation.count)
		follow->racing =
			!begin_with(follow, rotation.files[0].path, &rotation.files[0].stat);
	else if (begin_with(follow, follow->path, NULL))
		follow_rotated_list(follow, &now);
	if (now.count) {
		follow_slot_close(follow, follow->current);
		follow->current = NULL;
		follow->racing = follow->look_due = true;
	}
	if (follow->current)
		follow_slot_skip(follow, follow->current,
				 follow_slot_known_offset(follow, follow->current));
}

void follow_begin(struct follow *follow)
{
	bool first_look = follow->state == STATE_START;

	if (first_look)
		note_last(follow);
	if (!follow->options.from_now)
		begin_with_oldest(follow);
	else if (begin_with(follow, follow->path, NULL) && first_look)
		skip_all(follow, follow->current);
	if (!follow->current)
		follow->state = first_look && follow->racing ? STATE_START : STATE_WAITING;
	follow->look_due |= follow->current != NULL;
}
