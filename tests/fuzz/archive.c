/*
 * Fuzz target (libFuzzer): any bytes as an archive of a host, compressed or not: which of its members
 * are logs, whose they are, and their lines. The first byte says in which parts the archive comes.
 */
#include "base/mem.h"
#include "ingest/packed.h"
#include "ingest/tar.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* More lines than this are more of the same. */
#define LINES_MAX 4096

struct pieces {
	struct str rest;
	size_t most;
};

static ssize_t give_piece(void *context, char *to, size_t size)
{
	struct pieces *pieces = context;
	size_t n = pieces->rest.n < pieces->most ? pieces->rest.n : pieces->most;

	n = n < size ? n : size;
	if (n)
		memcpy(to, pieces->rest.p, n);
	pieces->rest = str_skip(pieces->rest, n);
	return (ssize_t)n;
}

static int take(void *context, struct input *member, struct str host, struct err *member_err,
		struct err *err)
{
	unsigned *left = context;
	struct line line;

	(void)err;
	if (memchr(host.p ? host.p : "", '\0', host.n) || host.n > 255)
		abort();
	while (!member_err->code && *left && input_next(member, &line, member_err) > 0) {
		if (line.text.n > LINE_MAX_BYTES)
			abort();
		--*left;
	}
	return *left ? 0 : -E2BIG;
}

static void read_archive(struct input *input)
{
	struct err archive_err = ERR_INIT, err = ERR_INIT;
	unsigned left = LINES_MAX;

	if (tar_is(input, &archive_err) > 0)
		packed_each(input, take, &left, &archive_err, &err);
	if (err.code)
		abort();
}

static void open_and_read(const struct input_member *member)
{
	struct err err = ERR_INIT;
	struct input input;

	if (input_open_member(&input, "a.tar", member, &err) == 0)
		read_archive(&input);
	input_close(&input);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size == 0)
		return 0;
	/* a copy of exactly that size, so that a read past it is seen */
	MEM_AUTO char *copy = mem_resize(NULL, size - 1);

	memcpy(copy, data + 1, size - 1);
	struct pieces pieces = {str_of(copy, size - 1), 1 + data[0] * 8u};
	const struct input_member whole = {.bytes = pieces.rest};
	const struct input_member parts = {.more = give_piece, .context = &pieces};

	open_and_read(&whole);
	open_and_read(&parts);
	return 0;
}
