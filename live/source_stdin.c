#include "live/source_type.h"

#include "base/mem.h"
#include "ingest/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Opened when there is something to read: to look at its beginning is to wait for it, and nothing
 * here waits but for all sources at once, and for signals. */
static int open_stdin(struct source *source, struct err *err)
{
	struct input *input = source->own = mem_new(1, sizeof(*input));

	input->fd = -1;
	source->fd = STDIN_FILENO;
	return fcntl(STDIN_FILENO, F_GETFD) < 0 ? err_errno(err, errno, "standard input") : 0;
}

static void close_stdin(struct source *source)
{
	input_close(source->own);
	free(source->own);
}

static int begin(struct source *source, struct err *err)
{
	struct input *input = source->own;
	struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

	if (poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	int result = input_open(input, "-", err);

	input->no_wait = true;
	source->intake.foreign = input->foreign;
	return result;
}

static int next_of_stdin(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	struct input *input = source->own;
	int result = input->fd < 0 ? begin(source, err) : 0;

	if (result == 0)
		result = input_next(input, &ret_entry->line, err);
	if (result > 0)
		return SOURCE_LINE;
	if (result != -EAGAIN)
		return result < 0 ? result : SOURCE_END;
	err_clear(err);
	return SOURCE_NOTHING;
}

static bool stdin_is_buffered(const struct source *source)
{
	return input_buffered(source->own);
}

const struct source_type source_stdin = {
	.name = "stdin",
	.label = "standard input",
	.open = open_stdin,
	.close = close_stdin,
	.next = next_of_stdin,
	.is_buffered = stdin_is_buffered,
};
