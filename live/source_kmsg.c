#include "live/source_type.h"

#include "base/file.h"
#include "base/mem.h"
#include "ingest/kmsg.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct kmsg_ring {
	struct kmsg *kmsg;
	char foreign[FILE_WHY_SIZE]; /* struct input */
};

/* Another file has no end for poll(2), or all of it is one entry: reading it would spin. */
static int check_device(const char *path, struct err *err)
{
	const dev_t kmsg = makedev(1, 11); /* Documentation/admin-guide/devices.txt */
	struct stat status;

	if (stat(path, &status) < 0)
		return err_errno(err, errno, "%s", path);
	if ((S_ISCHR(status.st_mode) && status.st_rdev == kmsg) || S_ISFIFO(status.st_mode))
		return 0; /* a FIFO has an end: kmsg_next() */
	return err_set(
		err, EINVAL,
		"%s: is a %s, but not the kernel's log; read a saved log with `sclog ingest`", path,
		file_kind(status.st_mode));
}

static int open_kmsg(struct source *source, struct err *err)
{
	struct kmsg_ring *ring = source->own = mem_new(1, sizeof(*ring));
	const char *path = source->options.path ? source->options.path : KMSG_PATH;
	int result = check_device(path, err);

	if (result == 0)
		result = store_cursor(source->store, "kmsg", &source->kept, err);
	if (result == 0)
		result = kmsg_open(path, buf_str(&source->kept), source->options.from_now,
				   &ring->kmsg, err);
	if (result < 0)
		return result;
	source->fd = kmsg_fd(ring->kmsg);
	file_is_foreign(source->fd, ring->foreign);
	source->intake.foreign = ring->foreign;
	return 0;
}

static void close_kmsg(struct source *source)
{
	struct kmsg_ring *ring = source->own;

	kmsg_close(ring->kmsg);
	free(ring);
}

static int next_of_kmsg(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	const struct kmsg_ring *ring = source->own;
	uint64_t lost = 0;
	int result = kmsg_next(ring->kmsg, &ret_entry->line, &lost, err);
	struct loss_note note =
		source_loss(source, LOSS_OVERRUN, source->intake.last_ms,
			    "the kernel's log ring was overwritten before it was read");

	note.count = lost;
	if (lost && store_put_loss(source->store, &note, err) < 0)
		return -err->code;
	return result > 0 ? SOURCE_LINE : result < 0 ? result : (int)source_nothing(source);
}

static int mark_kmsg(struct source *source, struct err *err)
{
	const struct kmsg_ring *ring = source->own;

	return source_keep(source, "kmsg", kmsg_cursor(ring->kmsg), err);
}

const struct source_type source_kmsg = {
	.name = "kmsg",
	.label = KMSG_PATH,
	.open = open_kmsg,
	.close = close_kmsg,
	.next = next_of_kmsg,
	.mark = mark_kmsg,
};
