/*
 * A growing byte buffer, for building text and for bytes that must outlive their source.
 *
 * It owns its bytes; release it with buf_release() or BUF_AUTO. The content is always followed by a
 * NUL, so `buf.p` can be passed to C library calls if it holds text. Running out of memory ends the
 * program: callers cap what they append.
 */
#ifndef SCLOG_BASE_BUF_H
#define SCLOG_BASE_BUF_H

#include "base/str.h"

#include <stdint.h>

struct buf {
	char *p; /* NULL until something is appended */
	size_t n;
	size_t size;
};

#define BUF_AUTO __attribute__((cleanup(buf_release))) struct buf

void buf_release(struct buf *buf);

/* Empties it, but keeps the memory. */
void buf_clear(struct buf *buf);

/* Makes room for n more bytes and returns where they go. The caller fills them and adds to buf->n. */
char *buf_reserve(struct buf *buf, size_t n);

/* Append. */
void buf_put(struct buf *buf, const void *p, size_t n);
void buf_put_str(struct buf *buf, struct str s);
void buf_put_char(struct buf *buf, char c);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){.p = buf->p, .n = buf->n};
}

#endif
