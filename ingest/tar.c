#include "ingest/tar.h"

#include "base/buf.h"
#include "base/library.h"
#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#define FUNCTIONS(X)                       \
	X(archive_entry_filetype)          \
	X(archive_entry_hardlink)          \
	X(archive_entry_pathname)          \
	X(archive_error_string)            \
	X(archive_read_data)               \
	X(archive_read_free)               \
	X(archive_read_new)                \
	X(archive_read_next_header)        \
	X(archive_read_open)               \
	X(archive_read_support_format_tar) \
	X(archive_set_error)

static struct {
	FUNCTIONS(LIBRARY_POINTER)
} libarchive;

static const struct library library = {INPUT_LIBRARY, {FUNCTIONS(LIBRARY_NAME)}};

/* ustar's header, of GNU tar and pax as well (POSIX pax, "ustar Interchange Format"). */
#define HEADER_SIZE 512
#define MAGIC_AT    257

struct tar {
	struct archive *archive;
	struct input *input;
	struct err input_err;
	struct buf held;
	const char *link; /* of the member at hand */
	uint64_t members;
};

/* No text holds the NULs of the fields before. */
static bool may_be(struct str so_far)
{
	return memchr(so_far.p, '\0', so_far.n < MAGIC_AT ? so_far.n : MAGIC_AT);
}

int tar_is(struct input *input, struct err *err)
{
	struct str bytes;
	int result = input_peek(input, HEADER_SIZE, may_be, &bytes, err);

	if (result < 0)
		return result;
	return bytes.n >= HEADER_SIZE && memcmp(bytes.p + MAGIC_AT, "ustar", 5) == 0;
}

/* The bound is looked at here: a member that is skipped can be as large as it likes. */
static la_ssize_t read_input(struct archive *archive, void *context, const void **ret_bytes)
{
	struct tar *tar = context;
	struct str bytes;
	int result = input_next_bytes(tar->input, &bytes, &tar->input_err);

	*ret_bytes = bytes.p;
	if (result >= 0 && tar->input->offset > TAR_BYTES_MAX)
		result = err_set(&tar->input_err, EFBIG,
				 "%s: more than %lld GiB unpacked: unpack it and name the logs",
				 tar->input->path, (long long)(TAR_BYTES_MAX >> 30));
	if (result < 0)
		libarchive.archive_set_error(archive, tar->input_err.code, "%s",
					     tar->input_err.message);
	return result < 0 ? -1 : (la_ssize_t)bytes.n;
}

int tar_open(struct input *input, struct tar **ret_tar, struct err *err)
{
	*ret_tar = NULL;
	if (library_load(&library, &libarchive, err) < 0)
		return err_prefix(err, "%s", input->path);
	struct tar *tar = mem_new(1, sizeof(*tar));

	tar->input = input;
	tar->input_err = (struct err)ERR_INIT;
	tar->archive = libarchive.archive_read_new();
	if (!tar->archive)
		mem_fail("libarchive");
	libarchive.archive_read_support_format_tar(tar->archive);
	*ret_tar = tar;
	return 0;
}

void tar_close(struct tar *tar)
{
	if (!tar)
		return;
	libarchive.archive_read_free(tar->archive);
	buf_release(&tar->held);
	free(tar);
}

struct input *tar_input(const struct tar *tar)
{
	return tar->input;
}

static int fail(struct tar *tar, struct err *err)
{
	if (tar->input_err.code)
		return err_set(err, tar->input_err.code, "%s", tar->input_err.message);
	return err_set(err, EBADMSG, "%s: damaged as a tar archive: %s", tar->input->path,
		       libarchive.archive_error_string(tar->archive));
}

const char *tar_link(const struct tar *tar)
{
	return tar->link;
}

int tar_next(struct tar *tar, const char **ret_path, struct err *err)
{
	struct archive_entry *entry;

	if (!tar->members &&
	    libarchive.archive_read_open(tar->archive, tar, NULL, read_input, NULL))
		return fail(tar, err);
	for (;;) {
		int code = libarchive.archive_read_next_header(tar->archive, &entry);

		if (code == ARCHIVE_EOF)
			return 0;
		if (code < ARCHIVE_WARN)
			return fail(tar, err);
		if (++tar->members > TAR_MEMBERS_MAX)
			return err_set(err, EFBIG,
				       "%s: more than %d members: unpack it and name the logs",
				       tar->input->path, TAR_MEMBERS_MAX);
		*ret_path = libarchive.archive_entry_pathname(entry);
		tar->link = libarchive.archive_entry_hardlink(entry);
		if (*ret_path &&
		    (tar->link || libarchive.archive_entry_filetype(entry) == AE_IFREG))
			return 1;
	}
}

static ssize_t read_more(void *context, char *to, size_t size)
{
	struct tar *tar = context;
	la_ssize_t n = libarchive.archive_read_data(tar->archive, to, size);

	if (n < 0) {
		errno = tar->input_err.code ? tar->input_err.code : EBADMSG;
		return -1;
	}
	return n;
}

int tar_open_member(struct tar *tar, struct input_member *ret_member, struct err *err)
{
	ssize_t n = 1;

	buf_clear(&tar->held);
	while (n > 0 && tar->held.n < TAR_HELD_MAX) {
		char *to = buf_reserve(&tar->held, LINE_MAX_BYTES);

		n = read_more(tar, to, LINE_MAX_BYTES);
		if (n > 0)
			tar->held.n += (size_t)n;
	}
	if (n < 0 && !tar->held.n)
		return fail(tar, err);
	/* what came before the damage counts; reading on finds the damage again */
	*ret_member = (struct input_member){.bytes = buf_str(&tar->held),
					    .more = n == 0 ? NULL : read_more,
					    .context = tar,
					    .foreign = tar->input->foreign};
	return 0;
}
