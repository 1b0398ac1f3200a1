#include "ingest/follow.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ingest/input.h"
#include "ingest/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define IDLE_LOOK_MS   1000 /* where inotify is silent */
#define BEHIND_LOOK_MS 50   /* while there is much to read: to hold the successor in time */
#define GRACE_MS       5000 /* a file that was left is still looked at */
#define PATIENCE_MS    2000 /* a rotation under way is over by then */
#define RACES_MAX      8    /* at a stretch; then whatever wins it wakes us again */
#define NOTICES_MAX    8
#define READ_MAX       64 /* files that were read to their end lately */

/* A file in hand. */
struct slot {
	bool used;
	bool broken; /* cannot be read (further): held for its place among the others */
	struct input input;
	char *path;
	struct buf first_line;
	bool identified; /* the first line is there */
	int watch;
	bool watched;
};

/* What the second slot is for. */
enum role {
	ROLE_NONE,
	ROLE_NEXT, /* the successor of the first: to be read after it */
	ROLE_LATE, /* the predecessor of the first: lines may still come there */
};

struct read_file {
	dev_t dev;
	ino_t ino;
	uint64_t head; /* of its first line */
	uint64_t offset;
};

struct notice {
	struct follow_notice notice;
	char path[PATH_MAX];
	char text[sizeof(((struct err *)NULL)->message)];
};

struct follow {
	struct follow_options options;
	char *path;     /* as given */
	char *resolved; /* where it leads to; owned */
	uint64_t seed;

	struct slot slots[2];
	struct slot *current, *other;
	enum role role;
	int64_t late_until_ms;
	bool late_ends;   /* only what is there, then it is closed */
	bool last_pass;   /* the successor has begun: what is here now is all that comes in order */
	bool began;       /* the first file was chosen */
	bool catching_up; /* no file was live yet: each is begun where an earlier run stopped */
	bool recovering;  /* the order was lost: what was read already may come again */
	bool racing;      /* a rotation is under way: not to be taken for an end */
	bool caught_up;

	struct slot *announced; /* whose lines are given */
	struct follow_file file;
	char *file_path;
	struct buf file_first_line;
	struct stat file_stat;
	uint64_t offset;
	struct line held; /* to be given after FOLLOW_FILE */
	bool has_held;

	int inotify;
	int directories[2]; /* watches: of the path, and of where a link leads */
	bool look_due;
	int64_t looked_ms;

	bool in_trouble; /* the live file is */
	int trouble_code;
	bool is_missing, has_gap;
	int64_t missing_since_ms, gap_since_ms;

	struct stat newest; /* rotated file, when the live one was last seen in its place */
	bool has_newest;
	bool unlisted; /* the directory cannot be listed */

	uint64_t *heads; /* of the files that were there at the beginning */
	size_t head_count;
	struct read_file read[READ_MAX]; /* a ring */
	size_t read_count;

	struct stat last; /* with once: the live file at the beginning */
	bool has_last;

	struct notice *notices; /* a queue */
	size_t notice_first, notice_count;
	bool notice_given; /* the first of them: dropped with the next call */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Notices */

static void notify(struct follow *follow, enum follow_trouble trouble, bool lossy, const char *path,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

static void notify(struct follow *follow, enum follow_trouble trouble, bool lossy, const char *path,
		   const char *format, ...)
{
	size_t at = (follow->notice_first + follow->notice_count) % NOTICES_MAX;
	struct notice *notice = &follow->notices[at];
	va_list args;

	if (follow->notice_count == NOTICES_MAX)
		return;
	follow->notice_count++;
	va_start(args, format);
	vsnprintf(notice->text, sizeof(notice->text), format, args);
	va_end(args);
	snprintf(notice->path, sizeof(notice->path), "%s", path);
	notice->notice = (struct follow_notice){
		.trouble = trouble, .lossy = lossy, .path = notice->path, .text = notice->text};
}

/* Between two renames of a rotation there is no live file; that is no news. */
static bool is_missing_for_long(struct follow *follow)
{
	if (!follow->is_missing)
		follow->missing_since_ms = now_ms();
	follow->is_missing = true;
	return !follow->current || follow->options.once ||
	       now_ms() - follow->missing_since_ms >= PATIENCE_MS;
}

/* The live file cannot be had, for now: said once until the reason changes. */
static void live_trouble(struct follow *follow, const struct err *why)
{
	bool missing = why->code == ENOENT || why->code == ENOTDIR;

	if (missing && !is_missing_for_long(follow))
		return;
	if (follow->in_trouble && follow->trouble_code == why->code)
		return;
	follow->in_trouble = true;
	follow->trouble_code = why->code;
	notify(follow, missing ? FOLLOW_MISSING : FOLLOW_UNREADABLE, false, follow->path,
	       "%s; waiting for it", why->message);
}

static void note_missing(struct follow *follow)
{
	struct err err = ERR_INIT;
	struct stat stat_now;

	if (stat(follow->path, &stat_now) == 0)
		return;
	err_errno(&err, errno, "%s", follow->path);
	live_trouble(follow, &err);
}

static void live_is_back(struct follow *follow)
{
	follow->is_missing = false;
	if (!follow->in_trouble)
		return;
	follow->in_trouble = false;
	notify(follow, FOLLOW_BACK, false, follow->path, "%s: is there again", follow->path);
}

/* Watches */

static void watch_slot(struct follow *follow, struct slot *slot)
{
	char link[64];

	/* The inode in hand, whatever it is called now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", slot->input.fd);
	slot->watch = inotify_add_watch(follow->inotify, link,
					IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
	slot->watched = slot->watch >= 0;
}

/*
 * With every look again: for the same directory that changes nothing, for another one at its place
 * it makes a new watch.
 */
static void watch_directory(struct follow *follow, int *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;
	char directory[PATH_MAX];

	if (n + 1 >= sizeof(directory))
		return;
	snprintf(directory, sizeof(directory), "%.*s", n ? (int)n : 1, n ? path : ".");
	int made = inotify_add_watch(follow->inotify, directory,
				     IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
					     IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);

	if (made != *watch && *watch >= 0)
		inotify_rm_watch(follow->inotify, *watch);
	*watch = made;
}

static void watch_directories(struct follow *follow)
{
	char *resolved = realpath(follow->path, NULL);

	if (resolved) {
		free(follow->resolved);
		follow->resolved = resolved;
	}
	watch_directory(follow, &follow->directories[0], follow->path);
	watch_directory(follow, &follow->directories[1], follow->resolved);
}

static bool is_directory_watch(const struct follow *follow, int watch)
{
	return watch == follow->directories[0] || watch == follow->directories[1];
}

/* In /var/log much happens that is no business of this log. */
static bool concerns(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return str_starts(str_from(name), str_from(slash ? slash + 1 : path));
}

static void take_note(struct follow *follow, const struct inotify_event *event)
{
	if (!is_directory_watch(follow, event->wd))
		follow->look_due |= (event->mask & ~(uint32_t)IN_MODIFY) != 0;
	else if (event->len == 0 || concerns(follow->path, event->name) ||
		 concerns(follow->resolved, event->name))
		follow->look_due = true;
}

/* Files may have grown: their ends are none. */
static void lift_ends(struct follow *follow)
{
	for (size_t i = 0; i < 2; i++)
		if (follow->slots[i].used && follow->slots[i].input.growing)
			follow->slots[i].input.at_end = false;
}

/* Events are hints only: what is the case is looked at. Bounded, since a writer may be faster. */
static void drain(struct follow *follow)
{
	_Alignas(struct inotify_event) char bytes[16384];
	ssize_t n = follow->inotify < 0 ? -1 : read(follow->inotify, bytes, sizeof(bytes));

	if (n <= 0)
		return;
	lift_ends(follow);
	for (char *at = bytes; at < bytes + n;) {
		const struct inotify_event *event = (const void *)at;

		take_note(follow, event);
		at += sizeof(*event) + event->len;
	}
}

/* Slots */

static void note_read(struct follow *follow, const struct slot *slot)
{
	if (!slot->identified || slot->broken)
		return;
	follow->read[follow->read_count++ % READ_MAX] = (struct read_file){
		.dev = slot->input.stat.st_dev,
		.ino = slot->input.stat.st_ino,
		.head = hash_bytes(follow->seed, buf_str(&slot->first_line)),
		.offset = slot->input.offset,
	};
}

static void slot_close(struct follow *follow, struct slot *slot)
{
	if (!slot->used)
		return;
	note_read(follow, slot);
	if (slot->watched)
		inotify_rm_watch(follow->inotify, slot->watch);
	if (follow->announced == slot)
		follow->announced = NULL;
	input_close(&slot->input);
	free(slot->path);
	slot->path = NULL;
	buf_clear(&slot->first_line);
	slot->used = slot->watched = slot->broken = slot->identified = false;
}

static int check_regular(const char *path, const struct stat *stat, struct err *err)
{
	if (S_ISREG(stat->st_mode))
		return 0;
	return err_set(err, EINVAL, "%s: is a %s, no regular file", path,
		       S_ISDIR(stat->st_mode)    ? "directory"
		       : S_ISFIFO(stat->st_mode) ? "FIFO"
		       : S_ISSOCK(stat->st_mode) ? "socket"
						 : "device");
}

/*
 * Opens without waiting for anybody. Looked at before as well, because opening has effects on some
 * devices. What may not be read is held all the same (O_PATH) if that was asked for.
 */
static int open_regular(const char *path, bool hold, struct stat *ret_stat, bool *ret_broken,
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
		return err_errno(err, errno, "%s: cannot be opened", path);
	result = fstat(fd, ret_stat) < 0 ? err_errno(err, errno, "%s", path)
					 : check_regular(path, ret_stat, err);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

static void slot_break(struct follow *follow, struct slot *slot, const char *why)
{
	slot->broken = true;
	notify(follow, FOLLOW_UNREADABLE, true, slot->path,
	       "%s; its lines are not read (any further)", why);
}

static void slot_identify(struct slot *slot, struct str first_line)
{
	buf_clear(&slot->first_line);
	buf_put_str(&slot->first_line, first_line);
	slot->identified = true;
}

/* Makes an input of an open file. What is damaged stays in the slot, broken. */
static void slot_begin(struct follow *follow, struct slot *slot, int fd, bool broken,
		       const char *path)
{
	struct err err = ERR_INIT;
	struct str first_line;

	slot->used = true;
	slot->path = mem_copy(str_from(path));
	if (broken) {
		slot->input = (struct input){.fd = fd, .path = slot->path};
		fstat(fd, &slot->input.stat);
		err_errno(&err, EACCES, "%s: cannot be opened", path);
		slot_break(follow, slot, err.message);
		return;
	}
	if (input_open_fd(&slot->input, fd, slot->path, true, &err) < 0 ||
	    input_first_line(&slot->input, &first_line, &err) < 0) {
		slot_break(follow, slot, err.message);
		return;
	}
	if (input_first_line(&slot->input, &first_line, &err) > 0)
		slot_identify(slot, first_line);
	watch_slot(follow, slot);
}

/* The same file from its beginning. */
static void slot_restart(struct follow *follow, struct slot *slot)
{
	int fd = dup(slot->input.fd);
	char *path = slot->path;

	slot->path = NULL;
	slot->identified = false;
	slot_close(follow, slot);
	lseek(fd, 0, SEEK_SET);
	slot_begin(follow, slot, fd, false, path);
	free(path);
}

static void slot_rename(struct slot *slot, const char *path)
{
	if (strcmp(slot->path, path) == 0)
		return;
	free(slot->path);
	slot->path = mem_copy(str_from(path));
	slot->input.path = slot->path;
}

/* Begins at an offset of an earlier run; from the beginning if the text shows that it is none. */
static void slot_skip(struct follow *follow, struct slot *slot, uint64_t offset)
{
	struct err err = ERR_INIT;
	int result;

	if (offset == 0 || slot->broken)
		return;
	result = input_skip_to(&slot->input, offset, &err);
	if (result < 0)
		slot_break(follow, slot, err.message);
	else if (result == 0)
		slot_restart(follow, slot);
}

/* Where to begin */

static uint64_t head_of(const struct follow *follow, const struct slot *slot)
{
	return hash_bytes(follow->seed, buf_str(&slot->first_line));
}

/* Of two files with the same first line it cannot be said which of them was read. */
static bool is_ambiguous(const struct follow *follow, const struct slot *slot)
{
	uint64_t head = head_of(follow, slot);
	size_t count = 0;

	for (size_t i = 0; i < follow->head_count; i++)
		count += follow->heads[i] == head;
	return count > 1;
}

/* What is not known is read again: the store knows what it has. */
static bool ask_known(struct follow *follow, const struct slot *slot, uint64_t *ret_offset)
{
	struct err err = ERR_INIT;

	*ret_offset = 0;
	return follow->options.known && slot->identified &&
	       follow->options.known(follow->options.context, buf_str(&slot->first_line),
				     ret_offset, &err) > 0;
}

static uint64_t known_offset(struct follow *follow, const struct slot *slot)
{
	uint64_t offset;

	return ask_known(follow, slot, &offset) && !is_ambiguous(follow, slot) ? offset : 0;
}

/* How far was it read by this run? A compressed copy has another inode. */
static uint64_t read_offset(const struct follow *follow, const struct slot *slot)
{
	const struct stat *stat = &slot->input.stat;
	uint64_t head = head_of(follow, slot), offset = 0;

	for (size_t i = 0; slot->identified && i < READ_MAX && i < follow->read_count; i++) {
		const struct read_file *read = &follow->read[i];
		bool same = read->dev == stat->st_dev && read->ino == stat->st_ino;

		if (read->head == head && (same || !slot->input.growing) && read->offset > offset)
			offset = read->offset;
	}
	return offset;
}

/* The successor */

static bool is_live(const struct follow *follow, const struct slot *slot)
{
	struct stat live;

	return stat(follow->path, &live) == 0 && rotation_same(&live, &slot->input.stat);
}

static void list(struct follow *follow, struct rotation *ret_rotation)
{
	struct err err = ERR_INIT;
	bool failed = rotation_list(follow->resolved, ret_rotation, &err) < 0;

	if (failed && !follow->unlisted)
		notify(follow, FOLLOW_UNREADABLE, true, follow->path,
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
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - stat->st_ctim.tv_sec) * 1000 +
		       (now.tv_nsec - stat->st_ctim.tv_nsec) / 1000000 >
	       SETTLED_MS;
}

static void keep_newest(struct follow *follow)
{
	ROTATION_AUTO rotation = {0};

	list(follow, &rotation);
	follow->has_newest = rotation.count > 0;
	if (rotation.count)
		follow->newest = rotation.files[rotation.count - 1].stat;
	if (follow->has_newest && !is_settled(&follow->newest))
		follow->has_newest = false;
}

/*
 * A rename changes ctime: the newest rotated file is the one it was, so none came behind it. An
 * inode number alone would not show that.
 */
static bool nothing_was_rotated(const struct follow *follow, const struct rotation *rotation)
{
	if (rotation->count == 0)
		return !follow->unlisted;
	const struct stat *now = &rotation->files[rotation->count - 1].stat;

	return follow->has_newest && rotation_same(now, &follow->newest) &&
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
	int fd = open_regular(path, false, &stat, &broken, &err);

	if (fd < 0)
		return false;
	if (input_open_fd(&input, fd, path, true, &err) == 0)
		same = input_first_line(&input, &first_line, &err) > 0 && str_eq(first_line, line);
	input_close(&input);
	return same;
}

/* A copy of the file in hand, compressed or by copytruncate; the newest one. count if none. */
static size_t find_copy(const struct slot *slot, const struct rotation *rotation,
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
	list(follow, &now);
	size_t at = rotation_find(&now, &file->stat);

	if (at == now.count)
		return false;
	return at + 1 == now.count || rotation_same(&now.files[at + 1].stat, opened);
}

/* Names that do not fit together are a rotation under way, unless they stay so. */
static bool patience_ends(struct follow *follow)
{
	if (!follow->has_gap)
		follow->gap_since_ms = now_ms();
	follow->has_gap = true;
	bool ends = now_ms() - follow->gap_since_ms >= PATIENCE_MS;

	follow->racing |= !ends;
	return ends;
}

static void notify_outrun(struct follow *follow, const char *path, const char *how)
{
	notify(follow, FOLLOW_OUTRUN, true, path,
	       "%s: %s: lines may be lost; keep more or larger rotated files", path, how);
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
	int fd = open_regular(path, !to_live, &stat, &broken, &err);

	if (fd < 0 && to_live)
		live_trouble(follow, &err);
	if (fd < 0)
		return to_live ? FOUND_NOTHING : FOUND_RACE;
	if (rotation_same(&stat, &follow->current->input.stat) ||
	    (!lost && !still_in_order(follow, rotation, i, &stat))) {
		close(fd);
		return FOUND_RACE;
	}
	slot_begin(follow, follow->other, fd, broken, path);
	if (follow->catching_up)
		slot_skip(follow, follow->other, known_offset(follow, follow->other));
	else if (follow->recovering)
		slot_skip(follow, follow->other, read_offset(follow, follow->other));
	follow->role = ROLE_NEXT;
	return FOUND_NEXT;
}

static enum found find_after(struct follow *follow, const struct rotation *rotation, size_t i)
{
	bool gap = !rotation_adjacent(rotation, i);

	if (gap && !patience_ends(follow))
		return FOUND_NOTHING;
	enum found found = take_next(follow, rotation, i);

	if (found == FOUND_NEXT && gap)
		notify_outrun(follow, rotation->files[i].path,
			      "the file that followed it is not there");
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
	size_t copy = find_copy(follow->current, rotation, true);

	if (copy < rotation->count)
		return find_after(follow, rotation, copy);
	if (nothing_was_rotated(follow, rotation))
		return take_next(follow, &none, 0);
	follow->recovering = true;
	enum found found = take_next(follow, rotation, rotation->count);

	if (found == FOUND_NEXT)
		notify_outrun(follow, follow->path,
			      "was rotated away before the next file was found");
	return found;
}

static enum found try_next(struct follow *follow)
{
	ROTATION_AUTO rotation = {0};

	list(follow, &rotation);
	size_t i = rotation_find(&rotation, &follow->current->input.stat);

	if (i == rotation.count)
		return find_after_loss(follow, &rotation);
	slot_rename(follow->current, rotation.files[i].path);
	return find_after(follow, &rotation, i);
}

static void see_live(struct follow *follow)
{
	live_is_back(follow);
	follow->catching_up = follow->recovering = follow->has_gap = false;
	keep_newest(follow);
	/* It may have gone while that list was made. */
	if (!is_live(follow, follow->current))
		follow->look_due = true;
}

/* Where the file in hand has gone, and what comes behind it. */
static void find_next(struct follow *follow)
{
	enum found found = FOUND_RACE;

	note_missing(follow);
	if (is_live(follow, follow->current)) {
		see_live(follow);
		return;
	}
	if (follow->role == ROLE_LATE) {
		/* Two files are open at most: that one has had its time. */
		follow->late_ends = follow->look_due = true;
		return;
	}
	for (int tries = 0; tries < RACES_MAX && found == FOUND_RACE; tries++)
		found = try_next(follow);
	follow->racing |= found == FOUND_RACE;
	if (found != FOUND_NEXT)
		return;
	follow->has_gap = follow->racing = false;
	keep_newest(follow);
	if (is_live(follow, follow->other))
		live_is_back(follow);
}

/* The beginning */

static void add_head(struct follow *follow, const char *path, bool *any_known)
{
	struct slot slot = {0};
	struct err err = ERR_INIT;
	struct str first_line;
	struct stat stat;
	uint64_t offset;
	bool broken;
	int fd = open_regular(path, false, &stat, &broken, &err);

	if (fd < 0)
		return;
	if (input_open_fd(&slot.input, fd, path, true, &err) == 0 &&
	    input_first_line(&slot.input, &first_line, &err) > 0) {
		slot_identify(&slot, first_line);
		follow->heads[follow->head_count++] = head_of(follow, &slot);
		*any_known |= ask_known(follow, &slot, &offset);
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
		notify_outrun(follow, follow->path, "what was read last time was rotated away");
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
static void skip_all(struct follow *follow, struct slot *slot)
{
	if (!slot->broken && slot->input.growing)
		slot_skip(follow, slot,
			  last_line_end(slot->input.fd, (uint64_t)slot->input.stat.st_size));
}

static bool begin_with(struct follow *follow, const char *path, const struct stat *listed)
{
	struct err err = ERR_INIT;
	struct stat stat;
	bool broken, live = !listed;
	int fd = open_regular(path, !live, &stat, &broken, &err);

	if (fd < 0 && live)
		live_trouble(follow, &err);
	if (fd < 0)
		return false;
	if (listed && !rotation_same(listed, &stat)) {
		close(fd);
		return false;
	}
	follow->current = &follow->slots[0];
	follow->other = &follow->slots[1];
	slot_begin(follow, follow->current, fd, broken, path);
	return true;
}

static void note_last(struct follow *follow)
{
	follow->has_last = stat(follow->path, &follow->last) == 0;
}

/* The oldest there is. While it was looked for, names may have moved: then it is tried again. */
static void begin_with_oldest(struct follow *follow)
{
	ROTATION_AUTO rotation = {0}, now = {0};

	list(follow, &rotation);
	survey(follow, &rotation);
	follow->catching_up = true;
	if (rotation.count)
		follow->racing =
			!begin_with(follow, rotation.files[0].path, &rotation.files[0].stat);
	else if (begin_with(follow, follow->path, NULL))
		list(follow, &now);
	if (now.count) {
		slot_close(follow, follow->current);
		follow->current = NULL;
		follow->racing = follow->look_due = true;
	}
	if (follow->current)
		slot_skip(follow, follow->current, known_offset(follow, follow->current));
}

static void begin(struct follow *follow)
{
	if (!follow->began)
		note_last(follow);
	if (!follow->options.from_now)
		begin_with_oldest(follow);
	else if (begin_with(follow, follow->path, NULL) && !follow->began)
		skip_all(follow, follow->current);
	follow->began |= !follow->racing;
	follow->look_due |= follow->current != NULL;
}

static void look(struct follow *follow)
{
	follow->look_due = follow->racing = false;
	follow->looked_ms = now_ms();
	watch_directories(follow);
	lift_ends(follow);
	if (!follow->current)
		begin(follow);
	else if (follow->role != ROLE_NEXT)
		find_next(follow);
	if (follow->role == ROLE_LATE && follow->looked_ms >= follow->late_until_ms)
		follow->late_ends = true;
}

/* Giving */

static void announce(struct follow *follow, struct slot *slot, const struct line *line)
{
	if (!slot->identified && line->offset == 0)
		slot_identify(slot, line->text);
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
		.live = is_live(follow, slot),
	};
}

/* Goes on in a rotated copy of what was emptied in place, behind what was read of it. */
static bool go_to_copy(struct follow *follow, struct slot *slot)
{
	ROTATION_AUTO rotation = {0};
	uint64_t offset = slot->input.offset;
	struct err err = ERR_INIT;
	struct stat stat;
	bool broken;

	list(follow, &rotation);
	size_t copy = find_copy(slot, &rotation, false);

	if (copy == rotation.count)
		return false;
	int fd = open_regular(rotation.files[copy].path, false, &stat, &broken, &err);

	if (fd < 0)
		return false;
	slot_close(follow, slot);
	slot_begin(follow, slot, fd, false, rotation.files[copy].path);
	/* Shorter than what was read: then all of it was. */
	if (!slot->broken && input_skip_to(&slot->input, offset, &err) <= 0)
		slot->broken = true;
	return true;
}

static void begin_anew(struct follow *follow, struct slot *slot)
{
	MEM_AUTO char *path = mem_copy(str_from(slot->path));
	bool found =
		slot == follow->current && follow->role != ROLE_NEXT && go_to_copy(follow, slot);

	if (!found)
		slot_restart(follow, slot);
	notify(follow, FOLLOW_TRUNCATED, !found, path, "%s: was emptied; %s", path,
	       found ? "what was not read of it yet is read from its rotated copy"
		     : "what was written just before may be lost: rotate it by renaming");
	follow->look_due = true;
}

static enum follow_given give(struct follow *follow, struct slot *slot, struct line *line)
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
static int take(struct follow *follow, struct slot *slot, struct line *line)
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
		slot_break(follow, slot, err.message);
	return GO_ON;
}

/* The predecessor: late lines, and at its end the one that never got its newline. */
static int take_late(struct follow *follow, struct line *line)
{
	struct slot *late = follow->other;

	if (follow->late_ends && late->input.growing)
		late->input.growing = late->input.at_end = false;
	int given = take(follow, late, line);

	if (given != FOLLOW_NOTHING || !follow->late_ends)
		return given;
	slot_close(follow, late);
	follow->role = ROLE_NONE;
	return GO_ON;
}

/* A writer begins a new file when it has done with the old one. */
static bool next_has_begun(const struct follow *follow)
{
	struct stat now;

	if (follow->other->broken || !follow->other->input.growing)
		return true;
	return fstat(follow->other->input.fd, &now) < 0 || now.st_size > 0 ||
	       !is_live(follow, follow->other);
}

static void step_on(struct follow *follow)
{
	struct slot *left = follow->current;

	follow->current = follow->other;
	follow->other = left;
	follow->role = ROLE_LATE;
	follow->late_until_ms = now_ms() + GRACE_MS;
	follow->late_ends = !left->input.growing || follow->options.once;
	follow->last_pass = false;
	follow->look_due = true;
}

static int end_for_now(struct follow *follow)
{
	if (follow->look_due)
		return GO_ON;
	follow->caught_up = !follow->racing;
	return follow->options.once && follow->caught_up ? FOLLOW_END : FOLLOW_NOTHING;
}

static int at_end(struct follow *follow)
{
	if (follow->role != ROLE_NEXT)
		return end_for_now(follow);
	if (follow->last_pass)
		step_on(follow);
	else if (next_has_begun(follow))
		follow->last_pass = true;
	else
		return end_for_now(follow);
	lift_ends(follow);
	return GO_ON;
}

/* With once: is all given that was there at the beginning, though the file grows on? */
static bool is_past_last(const struct follow *follow)
{
	return follow->options.once && follow->has_last && follow->current &&
	       rotation_same(&follow->current->input.stat, &follow->last) &&
	       follow->current->input.offset >= (uint64_t)follow->last.st_size;
}

static bool is_look_due(const struct follow *follow)
{
	int64_t wait = follow->caught_up ? IDLE_LOOK_MS : BEHIND_LOOK_MS;

	return follow->look_due || now_ms() - follow->looked_ms >= wait;
}

static int advance(struct follow *follow, struct line *line)
{
	int given = FOLLOW_NOTHING;

	drain(follow);
	if (is_look_due(follow))
		look(follow);
	if (follow->notice_count)
		return GO_ON;
	if (follow->role == ROLE_LATE)
		given = take_late(follow, line);
	if (given != FOLLOW_NOTHING)
		return given;
	if (!follow->current)
		return end_for_now(follow);
	if (is_past_last(follow)) {
		follow->caught_up = true;
		return FOLLOW_END;
	}
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

/* A notice lives until the next call. */
static void drop_notice(struct follow *follow)
{
	follow->notice_first = (follow->notice_first + 1) % NOTICES_MAX;
	follow->notice_count--;
	follow->notice_given = false;
}

int follow_next(struct follow *follow, struct line *ret_line)
{
	if (follow->announced && !follow->has_held &&
	    input_next_buffered(&follow->announced->input, ret_line)) {
		follow->offset = follow->announced->input.offset;
		return FOLLOW_LINE;
	}
	if (follow->notice_given)
		drop_notice(follow);
	follow->caught_up = follow->caught_up && !follow->has_held;
	enum follow_given given = next_slow(follow, ret_line);

	follow->notice_given = given == FOLLOW_NOTICE;
	follow->caught_up &= given == FOLLOW_NOTHING || given == FOLLOW_END;
	return (int)given;
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
	follow->notices = mem_new(NOTICES_MAX, sizeof(*follow->notices));
	follow->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	follow->directories[0] = follow->directories[1] = -1;
	follow->look_due = true;
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
		slot_close(follow, &follow->slots[i]);
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

uint64_t follow_offset(const struct follow *follow)
{
	return follow->offset;
}

bool follow_caught_up(const struct follow *follow)
{
	return follow->caught_up;
}

const struct follow_notice *follow_notice(const struct follow *follow)
{
	return &follow->notices[follow->notice_first].notice;
}

bool follow_buffered(const struct follow *follow)
{
	return follow->has_held || (follow->announced && follow->announced->used &&
				    input_buffered(&follow->announced->input));
}
