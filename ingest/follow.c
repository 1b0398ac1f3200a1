#include "ingest/follow_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define IDLE_LOOK_MS   1000 /* where inotify is silent */
#define BEHIND_LOOK_MS 50   /* while there is much to read: to hold the successor in time */
#define GRACE_MS       5000 /* a file that was left is still looked at */

/* ------- the first file */

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

/* Chooses the first file, as the current one; none is current where there is none yet. */
static void begin(struct follow *follow)
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

/* ------- from file to file */

static bool holds_next(const struct follow *follow)
{
	return follow->state == STATE_NEXT || follow->state == STATE_LEAVING;
}

static void look(struct follow *follow)
{
	follow->look_due = follow->racing = false;
	follow->looked_ms = clock_ms(CLOCK_MONOTONIC);
	follow_watch_directories(follow);
	follow_slot_lift_ends(follow);
	if (follow->state <= STATE_WAITING)
		begin(follow);
	else if (!holds_next(follow))
		follow_successor_find(follow);
	if (follow->state == STATE_LATE && follow->looked_ms >= follow->late_until_ms)
		follow->state = STATE_CLOSING;
}

static void announce(struct follow *follow, struct follow_slot *slot, const struct line *line)
{
	if (!slot->identified && line->offset == 0)
		follow_slot_identify(slot, line->text);
	follow->announced = slot;
	follow->held = *line;
	follow->has_held = true;
	follow->offset = line->offset;
	free(follow->file_path);
	follow->file_path = mem_copy(str_from(slot->path));
	buf_clear(&follow->file_first_line);
	buf_put_str(&follow->file_first_line, buf_str(&slot->first_line));
	follow->file_stat = slot->input.stat;
	follow->file = (struct follow_file){
		.path = follow->file_path,
		.stat = &follow->file_stat,
		.first_line = buf_str(&follow->file_first_line),
		.live = follow_slot_is_live(follow, slot),
	};
}

/* Goes on in a rotated copy of what was emptied in place, behind what was read of it. */
static bool go_to_copy(struct follow *follow, struct follow_slot *slot)
{
	ROTATION_AUTO rotation = {0};
	uint64_t offset = slot->input.offset;
	struct err err = ERR_INIT;
	struct stat stat;
	bool broken;

	follow_rotated_list(follow, &rotation);
	size_t copy = follow_rotated_copy(slot, &rotation, false);

	if (copy == rotation.count)
		return false;
	int fd = follow_slot_open(rotation.files[copy].path, false, &stat, &broken, &err);

	if (fd < 0)
		return false;
	follow_slot_close(follow, slot);
	follow_slot_begin(follow, slot, fd, false, rotation.files[copy].path);
	/* Shorter than what was read: then all of it was. */
	if (!slot->broken && input_skip_to(&slot->input, offset, &err) <= 0)
		slot->broken = true;
	return true;
}

static void begin_anew(struct follow *follow, struct follow_slot *slot)
{
	MEM_AUTO char *path = mem_copy(str_from(slot->path));
	bool found = slot == follow->current && !holds_next(follow) && go_to_copy(follow, slot);

	if (!found)
		follow_slot_restart(follow, slot);
	follow_notice_put(
		follow, FOLLOW_TRUNCATED, !found, path, "%s: was emptied; %s", path,
		found ? "the unread lines are read from its rotated copy"
		      : "the lines written just before may be lost: rotate it by renaming");
	follow->look_due = true;
}

static enum follow_given give(struct follow *follow, struct follow_slot *slot, struct line *line)
{
	if (follow->announced != slot) {
		announce(follow, slot, line);
		return FOLLOW_FILE;
	}
	follow->offset = slot->input.offset;
	return FOLLOW_LINE;
}

/* What advance() says when there is nothing to return yet, but more to do. */
#define GO_ON (-1)

/* The slot's next line; FOLLOW_NOTHING at its end for now. */
static int take(struct follow *follow, struct follow_slot *slot, struct line *line)
{
	struct err err = ERR_INIT;
	int result = slot->broken ? 0 : input_next(&slot->input, line, &err);

	if (result > 0)
		return (int)give(follow, slot, line);
	if (result == 0)
		return FOLLOW_NOTHING;
	if (result == -ESTALE)
		begin_anew(follow, slot);
	else
		follow_slot_break(follow, slot, err.message);
	return GO_ON;
}

/* The predecessor: late lines, and at its end the one that never got its newline. */
static int take_late(struct follow *follow, struct line *line)
{
	struct follow_slot *late = follow->other;

	if (follow->state == STATE_CLOSING && late->input.growing)
		late->input.growing = late->input.at_end = false;
	int given = take(follow, late, line);

	if (given != FOLLOW_NOTHING || follow->state == STATE_LATE)
		return given;
	follow_slot_close(follow, late);
	follow->state = STATE_READING;
	return GO_ON;
}

/* A writer begins a new file when it has done with the old one. */
static bool next_has_begun(const struct follow *follow)
{
	struct stat now;

	if (follow->other->broken || !follow->other->input.growing)
		return true;
	return fstat(follow->other->input.fd, &now) < 0 || now.st_size > 0 ||
	       !follow_slot_is_live(follow, follow->other);
}

static void step_on(struct follow *follow)
{
	struct follow_slot *left = follow->current;

	follow->current = follow->other;
	follow->other = left;
	follow->state = left->input.growing && !follow->options.once ? STATE_LATE : STATE_CLOSING;
	follow->late_until_ms = clock_ms(CLOCK_MONOTONIC) + GRACE_MS;
	follow->look_due = true;
}

static int end_for_now(struct follow *follow)
{
	if (follow->look_due)
		return GO_ON;
	return follow->options.once && !follow->racing ? FOLLOW_END : FOLLOW_NOTHING;
}

static int at_end(struct follow *follow)
{
	if (follow->state == STATE_LEAVING)
		step_on(follow);
	else if (follow->state == STATE_NEXT && next_has_begun(follow))
		follow->state = STATE_LEAVING;
	else
		return end_for_now(follow);
	follow_slot_lift_ends(follow);
	return GO_ON;
}

/* With once: is all given that was there at the beginning, though the file grows on? */
static bool is_past_last(const struct follow *follow)
{
	return follow->options.once && follow->current &&
	       rotation_same(&follow->current->input.stat, &follow->last) &&
	       follow->current->input.offset >= (uint64_t)follow->last.st_size;
}

static bool is_look_due(const struct follow *follow)
{
	int64_t wait = follow_caught_up(follow) ? IDLE_LOOK_MS : BEHIND_LOOK_MS;

	return follow->look_due || clock_ms(CLOCK_MONOTONIC) - follow->looked_ms >= wait;
}

static int advance(struct follow *follow, struct line *line)
{
	int given = FOLLOW_NOTHING;

	follow_watch_drain(follow);
	if (is_look_due(follow))
		look(follow);
	if (follow->notice_count)
		return GO_ON;
	if (follow->state >= STATE_LATE)
		given = take_late(follow, line);
	if (given != FOLLOW_NOTHING)
		return given;
	if (!follow->current)
		return end_for_now(follow);
	if (is_past_last(follow))
		return FOLLOW_END;
	given = take(follow, follow->current, line);
	return given == FOLLOW_NOTHING ? at_end(follow) : given;
}

static enum follow_given next_slow(struct follow *follow, struct line *ret_line)
{
	int given;

	if (follow->has_held) {
		*ret_line = follow->held;
		follow->has_held = false;
		follow->offset = follow->announced->input.offset;
		return FOLLOW_LINE;
	}
	do {
		if (follow->notice_count)
			return FOLLOW_NOTICE;
		given = advance(follow, ret_line);
	} while (given == GO_ON);
	return (enum follow_given)given;
}

int follow_next(struct follow *follow, struct line *ret_line)
{
	if (follow->announced && !follow->has_held &&
	    input_next_buffered(&follow->announced->input, ret_line)) {
		follow->offset = follow->announced->input.offset;
		return FOLLOW_LINE;
	}
	if (follow->given == FOLLOW_NOTICE)
		follow_notice_drop(follow);
	return (int)(follow->given = next_slow(follow, ret_line));
}

int follow_open(const struct follow_options *options, struct follow **ret_follow, struct err *err)
{
	struct follow *follow;

	if (strlen(options->path) >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%.80s...", options->path);
	follow = mem_new(1, sizeof(*follow));
	follow->options = *options;
	follow->path = mem_copy(str_from(options->path));
	follow->resolved = mem_copy(str_from(options->path));
	follow->notices = mem_new(FOLLOW_NOTICES_MAX, sizeof(*follow->notices));
	follow->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	follow->directories[0] = follow->directories[1] = -1;
	follow->look_due = true;
	follow->given = FOLLOW_LINE; /* not caught up */
	if (getrandom(&follow->seed, sizeof(follow->seed), 0) != sizeof(follow->seed))
		mem_fail("random bytes");
	*ret_follow = follow;
	return 0;
}

void follow_close(struct follow *follow)
{
	if (!follow)
		return;
	for (size_t i = 0; i < 2; i++) {
		follow_slot_close(follow, &follow->slots[i]);
		buf_release(&follow->slots[i].first_line);
	}
	if (follow->inotify >= 0)
		close(follow->inotify);
	buf_release(&follow->file_first_line);
	free(follow->file_path);
	free(follow->heads);
	free(follow->notices);
	free(follow->resolved);
	free(follow->path);
	free(follow);
}

int follow_fd(const struct follow *follow)
{
	return follow->inotify;
}

const struct follow_file *follow_file(const struct follow *follow)
{
	return &follow->file;
}

const char *follow_foreign(const struct follow *follow)
{
	return follow->announced ? follow->announced->input.foreign : "";
}

uint64_t follow_offset(const struct follow *follow)
{
	return follow->offset;
}

bool follow_caught_up(const struct follow *follow)
{
	return follow->given == FOLLOW_END || (follow->given == FOLLOW_NOTHING && !follow->racing);
}

bool follow_buffered(const struct follow *follow)
{
	return follow->has_held || (follow->announced && input_buffered(&follow->announced->input));
}
