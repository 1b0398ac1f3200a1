/*
 * UTF-16 as UTF-8: what PowerShell and Windows' editors make of a log. A byte-order mark says so,
 * or a zero in each second byte of the first KiB.
 */
#ifndef SCLOG_INGEST_UTF16_H
#define SCLOG_INGEST_UTF16_H

#include <stdbool.h>
#include <sys/types.h>

struct utf16;

/* Where the bytes come from: 0 at the end, -1 with errno. */
typedef ssize_t utf16_read_fn(void *context, char *to, size_t size);

/* True if a text of n bytes begins so. */
bool utf16_is(const char *bytes, size_t n);

/* Free with utf16_free(). */
struct utf16 *utf16_new(utf16_read_fn *read, void *context);
void utf16_free(struct utf16 *utf16);

/* Up to size bytes of UTF-8, without the mark; size is 8 at least. Returns how many, 0 at the end, or -1 with
 * errno. A surrogate without its other half becomes U+FFFD; half a unit at the end is dropped. */
ssize_t utf16_read(struct utf16 *utf16, char *to, size_t size);

#endif
