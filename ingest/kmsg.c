#include "ingest/kmsg.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One line with its properties: CONSOLE_EXT_LOG_MAX is 8192 (kernel/printk/printk.c); a reader
 * with less room than the line gets EINVAL and loses it. */
#define ENTRY_SIZE 16384

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36 /* RFC 4122's text form */

struct kmsg {
	int fd;
	bool has_sequence;
	uint64_t sequence; /* of the last line */
	uint64_t lines;    /* given out */
	char boot_id[BOOT_ID_SIZE + 1];
	char cursor[BOOT_ID_SIZE + 24];
	char entry[ENTRY_SIZE];
};

/* Without it no cursor can be trusted in another run: none is given, and none is taken. */
static void read_boot_id(struct kmsg *kmsg)
{
	if (file_read_at(AT_FDCWD, BOOT_ID_PATH, kmsg->boot_id, BOOT_ID_SIZE) != BOOT_ID_SIZE)
		kmsg->boot_id[0] = '\0';
}

static void take_cursor(struct kmsg *kmsg, struct str cursor)
{
	struct str boot_id = str_from(kmsg->boot_id);
	uint64_t sequence;

	if (boot_id.n == 0 || !str_starts(cursor, boot_id) || cursor.n < boot_id.n + 2 ||
	    cursor.p[boot_id.n] != ' ')
		return;
	const char *end = cursor.p + cursor.n, *from = cursor.p + boot_id.n + 1;

	if (scan_decimal(from, end, 18, &sequence) != end)
		return;
	kmsg->has_sequence = true;
	kmsg->sequence = sequence;
}

/*
 * Reads an entry into kmsg->entry. Returns its length, 0 if there is none now. EPIPE says that the
 * ring went on without this reader, and the next read gives the oldest line that is left; how many
 * it was is known from the numbers.
 */
static ssize_t read_entry(struct kmsg *kmsg, struct err *err)
{
	ssize_t n;

	do
		n = read(kmsg->fd, kmsg->entry, sizeof(kmsg->entry));
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n > 0)
		return n;
	if (n == 0) /* which the kernel's never does */
		return err_set(err, ENODATA, "read " KMSG_PATH ": the log ended");
	return errno == EAGAIN ? 0 : err_errno(err, errno, "read " KMSG_PATH);
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];text" */
static bool entry_sequence(struct str entry, uint64_t *ret_sequence)
{
	size_t comma = str_chr(entry, ',');
	const char *end = entry.p + entry.n, *from = entry.p + comma + 1;

	if (comma == entry.n)
		return false;
	const char *to = scan_decimal(from, end, 18, ret_sequence);

	return to > from && to < end && *to == ',';
}

/* An entry that carries no number cannot be placed, nor shows that others are missing. */
static bool is_behind(const struct kmsg *kmsg, struct str entry)
{
	uint64_t sequence;

	return kmsg->has_sequence && entry_sequence(entry, &sequence) && sequence <= kmsg->sequence;
}

static uint64_t advance(struct kmsg *kmsg, struct str entry)
{
	uint64_t sequence, lost;

	if (!entry_sequence(entry, &sequence))
		return 0;
	lost = kmsg->has_sequence && sequence > kmsg->sequence ? sequence - kmsg->sequence - 1 : 0;
	kmsg->has_sequence = true;
	kmsg->sequence = sequence;
	return lost;
}

/* By reading, not by lseek(SEEK_END), so that the place is known by its number. */
static int skip_all(struct kmsg *kmsg, struct err *err)
{
	ssize_t n;

	while ((n = read_entry(kmsg, err)) > 0)
		advance(kmsg, str_of(kmsg->entry, (size_t)n));
	return (int)n;
}

int kmsg_open(const char *path, struct str cursor, bool from_now, struct kmsg **ret_kmsg,
	      struct err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return err_set(err, errno,
			       "open %s: not permitted; run as root, or give CAP_SYSLOG", path);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	struct kmsg *kmsg = mem_new(1, sizeof(*kmsg));

	kmsg->fd = fd;
	read_boot_id(kmsg);
	take_cursor(kmsg, cursor);
	int result = from_now && !kmsg->has_sequence ? skip_all(kmsg, err) : 0;

	if (result < 0) {
		kmsg_close(kmsg);
		return result;
	}
	*ret_kmsg = kmsg;
	return 0;
}

void kmsg_close(struct kmsg *kmsg)
{
	if (!kmsg)
		return;
	close(kmsg->fd);
	free(kmsg);
}

int kmsg_fd(const struct kmsg *kmsg)
{
	return kmsg->fd;
}

int kmsg_next(struct kmsg *kmsg, struct line *ret_line, uint64_t *ret_lost, struct err *err)
{
	struct str entry;
	ssize_t n;

	*ret_lost = 0;
	do {
		n = read_entry(kmsg, err);
		if (n <= 0)
			return (int)n;
		entry = str_of(kmsg->entry, (size_t)n);
	} while (is_behind(kmsg, entry));
	*ret_lost = advance(kmsg, entry);
	/* Properties follow as lines of their own: " SUBSYSTEM=...". */
	*ret_line = (struct line){.text = str_of(entry.p, str_chr(entry, '\n')),
				  .number = ++kmsg->lines,
				  .ended = true};
	return 1;
}

struct str kmsg_cursor(struct kmsg *kmsg)
{
	if (!kmsg->has_sequence || !kmsg->boot_id[0])
		return str_of(NULL, 0);
	int n = snprintf(kmsg->cursor, sizeof(kmsg->cursor), "%s %" PRIu64, kmsg->boot_id,
			 kmsg->sequence);

	return str_of(kmsg->cursor, (size_t)n);
}
