#include "ingest/gzip.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define CHUNK_SIZE 65536

/* inflateInit2(): the largest window, and a gzip header. */
#define GZIP_WINDOW (15 + 16)

struct gzip {
	gzip_read_fn *read;
	void *context;
	z_stream stream;
	bool source_ended;
	bool between; /* before a member: an end of the source is the end of the text */
	char chunk[CHUNK_SIZE];
};

struct gzip *gzip_new(gzip_read_fn *read, void *context)
{
	struct gzip *gzip = mem_new(1, sizeof(*gzip));

	gzip->read = read;
	gzip->context = context;
	gzip->between = true;
	if (inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK)
		mem_fail("zlib");
	return gzip;
}

void gzip_free(struct gzip *gzip)
{
	if (!gzip)
		return;
	inflateEnd(&gzip->stream);
	free(gzip);
}

static int fill(struct gzip *gzip, struct err *err)
{
	if (gzip->stream.avail_in || gzip->source_ended)
		return 0;
	ssize_t n = gzip->read(gzip->context, gzip->chunk, sizeof(gzip->chunk));

	if (n < 0)
		return err_errno(err, errno, "read");
	gzip->source_ended = n == 0;
	gzip->stream.next_in = (Bytef *)gzip->chunk;
	gzip->stream.avail_in = (uInt)n;
	return 0;
}

/* A member has ended: another one may follow, or zeros that pad it (gzip ignores those). */
static void next_member(struct gzip *gzip)
{
	inflateReset(&gzip->stream);
	gzip->between = true;
}

static bool skip_padding(struct gzip *gzip)
{
	while (gzip->stream.avail_in && *gzip->stream.next_in == 0) {
		gzip->stream.next_in++;
		gzip->stream.avail_in--;
	}
	return gzip->stream.avail_in == 0;
}

/* One step; negative for damage. */
static int step(struct gzip *gzip, struct err *err)
{
	int result = fill(gzip, err);

	if (result < 0)
		return result;
	if (gzip->between && skip_padding(gzip))
		return 0;
	if (gzip->stream.avail_in == 0)
		return err_set(err, EBADMSG, "gzip data is truncated");
	gzip->between = false;
	int code = inflate(&gzip->stream, Z_NO_FLUSH);

	if (code == Z_STREAM_END)
		next_member(gzip);
	else if (code != Z_OK && code != Z_BUF_ERROR)
		return err_set(err, EBADMSG, "gzip data is damaged: %s",
			       gzip->stream.msg ? gzip->stream.msg : zError(code));
	return 0;
}

ssize_t gzip_read(struct gzip *gzip, char *to, size_t size, struct err *err)
{
	struct err damage = ERR_INIT;

	gzip->stream.next_out = (Bytef *)to;
	gzip->stream.avail_out = (uInt)size;
	while (gzip->stream.avail_out == size) {
		if (step(gzip, &damage) < 0)
			break;
		if (gzip->between && gzip->source_ended && !gzip->stream.avail_in)
			break;
	}
	size_t n = size - gzip->stream.avail_out;

	if (n || !damage.code)
		return (ssize_t)n;
	return err_set(err, damage.code, "%s", damage.message);
}

const char *gzip_library_version(void)
{
	return zlibVersion();
}
