#include "ingest/follow_private.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

uint64_t follow_slot_head(const struct follow *follow, const struct follow_slot *slot)
{
	return hash_bytes(follow->seed, buf_str(&slot->first_line));
}

static void note_read(struct follow *follow, const struct follow_slot *slot)
{
	if (!slot->identified || slot->broken)
		return;
	follow->read[follow->read_count++ % FOLLOW_READ_MAX] = (struct follow_read){
		.dev = slot->input.stat.st_dev,
		.ino = slot->input.stat.st_ino,
		.head = hash_bytes(follow->seed, buf_str(&slot->first_line)),
		.offset = slot->input.offset,
	};
}

void follow_slot_close(struct follow *follow, struct follow_slot *slot)
{
	if (!follow_slot_used(slot))
		return;
	note_read(follow, slot);
	if (slot->watch >= 0)
		inotify_rm_watch(follow->inotify, slot->watch);
	if (follow->announced == slot)
		follow->announced = NULL;
	input_close(&slot->input);
	free(slot->path);
	slot->path = NULL;
	buf_clear(&slot->first_line);
	slot->broken = slot->identified = false;
}

static int check_regular(const char *path, const struct stat *stat, struct err *err)
{
	if (S_ISREG(stat->st_mode))
		return 0;
	return err_set(err, EINVAL, "%s: is a %s, not a regular file", path,
		       file_kind(stat->st_mode));
}

int follow_slot_open(const char *path, bool hold, struct stat *ret_stat, bool *ret_broken,
		     struct err *err)
{
	int fd, result;

	if (stat(path, ret_stat) < 0)
		return err_errno(err, errno, "%s", path);
	if (check_regular(path, ret_stat, err) < 0)
		return -err->code;
	*ret_broken = false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == EACCES && hold) {
		fd = open(path, O_PATH | O_CLOEXEC);
		*ret_broken = true;
	}
	if (fd < 0)
		return err_errno(err, errno, "%s: cannot open", path);
	result = fstat(fd, ret_stat) < 0 ? err_errno(err, errno, "%s", path)
					 : check_regular(path, ret_stat, err);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

void follow_slot_break(struct follow *follow, struct follow_slot *slot, const char *why)
{
	slot->broken = true;
	follow_notice_put(follow, FOLLOW_UNREADABLE, true, slot->path,
			  "%s; no more of its lines are read", why);
}

void follow_slot_identify(struct follow_slot *slot, struct str first_line)
{
	buf_clear(&slot->first_line);
	buf_put_str(&slot->first_line, first_line);
	slot->identified = true;
}

void follow_slot_begin(struct follow *follow, struct follow_slot *slot, int fd, bool broken,
		       const char *path)
{
	struct err err = ERR_INIT;
	struct str first_line;

	slot->path = mem_copy(str_from(path));
	slot->watch = -1;
	if (broken) {
		slot->input = (struct input){.fd = fd, .path = slot->path};
		fstat(fd, &slot->input.stat);
		err_errno(&err, EACCES, "%s: cannot open", path);
		follow_slot_break(follow, slot, err.message);
		return;
	}
	if (input_open_fd(&slot->input, fd, slot->path, true, &err) < 0 ||
	    input_first_line(&slot->input, &first_line, &err) < 0) {
		follow_slot_break(follow, slot, err.message);
		return;
	}
	if (input_first_line(&slot->input, &first_line, &err) > 0)
		follow_slot_identify(slot, first_line);
	follow_watch_slot(follow, slot);
}

void follow_slot_restart(struct follow *follow, struct follow_slot *slot)
{
	MEM_AUTO char *path = mem_copy(str_from(slot->path));
	int fd = dup(slot->input.fd);

	slot->identified = false;
	follow_slot_close(follow, slot);
	lseek(fd, 0, SEEK_SET);
	follow_slot_begin(follow, slot, fd, false, path);
}

void follow_slot_rename(struct follow_slot *slot, const char *path)
{
	if (strcmp(slot->path, path) == 0)
		return;
	free(slot->path);
	slot->path = mem_copy(str_from(path));
	slot->input.path = slot->path;
}

void follow_slot_skip(struct follow *follow, struct follow_slot *slot, uint64_t offset)
{
	struct err err = ERR_INIT;
	int result;

	if (offset == 0 || slot->broken)
		return;
	result = input_skip_to(&slot->input, offset, &err);
	if (result < 0)
		follow_slot_break(follow, slot, err.message);
	else if (result == 0)
		follow_slot_restart(follow, slot);
}

bool follow_slot_is_live(const struct follow *follow, const struct follow_slot *slot)
{
	struct stat live;

	return stat(follow->path, &live) == 0 && rotation_same(&live, &slot->input.stat);
}

void follow_slot_lift_ends(struct follow *follow)
{
	for (size_t i = 0; i < 2; i++)
		if (follow_slot_used(&follow->slots[i]) && follow->slots[i].input.growing)
			follow->slots[i].input.at_end = false;
}

/* Of two files with the same first line it cannot be said which of them was read. */
static bool is_ambiguous(const struct follow *follow, const struct follow_slot *slot)
{
	uint64_t head = follow_slot_head(follow, slot);
	size_t count = 0;

	for (size_t i = 0; i < follow->head_count; i++)
		count += follow->heads[i] == head;
	return count > 1;
}

bool follow_slot_ask_known(struct follow *follow, const struct follow_slot *slot,
			   uint64_t *ret_offset)
{
	struct err err = ERR_INIT;

	*ret_offset = 0;
	return follow->options.known && slot->identified &&
	       follow->options.known(follow->options.context, buf_str(&slot->first_line),
				     ret_offset, &err) > 0;
}

uint64_t follow_slot_known_offset(struct follow *follow, const struct follow_slot *slot)
{
	uint64_t offset;

	return follow_slot_ask_known(follow, slot, &offset) && !is_ambiguous(follow, slot) ? offset
											   : 0;
}

uint64_t follow_slot_read_offset(const struct follow *follow, const struct follow_slot *slot)
{
	const struct stat *stat = &slot->input.stat;
	uint64_t head = follow_slot_head(follow, slot), offset = 0;

	for (size_t i = 0; slot->identified && i < FOLLOW_READ_MAX && i < follow->read_count; i++) {
		const struct follow_read *read = &follow->read[i];
		bool same = read->dev == stat->st_dev && read->ino == stat->st_ino;

		if (read->head == head && (same || !slot->input.growing) && read->offset > offset)
			offset = read->offset;
	}
	return offset;
}
