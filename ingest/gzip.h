/*
 * gzip, decompressed with zlib itself: libarchive gives up to 64 KiB less of a file that was cut
 * off, and does not look at the checksum. Rotated logs are gzip's more often than anything's.
 */
#ifndef SCLOG_INGEST_GZIP_H
#define SCLOG_INGEST_GZIP_H

#include "base/err.h"

#include <sys/types.h>

struct gzip;

/* Where the compressed bytes come from: 0 at the end, -1 with errno. */
typedef ssize_t gzip_read_fn(void *context, char *to, size_t size);

/* Free with gzip_free(). Members that follow one another are one text (RFC 1952, 2.2). */
struct gzip *gzip_new(gzip_read_fn *read, void *context);
void gzip_free(struct gzip *gzip);

/*
 * Decompresses up to size bytes. Returns how many, 0 at the end, or -errno once every byte before
 * the damage was given; err then says what the damage is.
 */
ssize_t gzip_read(struct gzip *gzip, char *to, size_t size, struct err *err);

/* zlib's version, for --version. */
const char *gzip_library_version(void);

#endif
