/*
 * A byte buffer that grows: for building text and for bytes that must outlive their source.
 *
 * Owns its bytes; release it with buf_release() or the BUF_AUTO attribute. What has been put
 * stays NUL-terminated, so that `buf.p` can be handed to C library calls when it holds text.
 * Running out of memory aborts: every caller caps what it puts here.
 */
#ifndef SCLOG_BASE_BUF_H
#define SCLOG_BASE_BUF_H

#include "base/str.h"

#include <stdint.h>

struct buf {
	char *p; /* NULL while nothing was ever put */
	size_t n;
	size_t size;
};

#define BUF_AUTO __attribute__((cleanup(buf_release))) struct buf

void buf_release(struct buf *buf);

/* Forgets the bytes, keeps the memory. */
void buf_clear(struct buf *buf);

/* Makes room for n more bytes and returns where they go; the caller then adds to buf->n. */
char *buf_reserve(struct buf *buf, size_t n);

void buf_put(struct buf *buf, const void *p, size_t n);
void buf_put_str(struct buf *buf, struct str s);
void buf_put_char(struct buf *buf, char c);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){.p = buf->p, .n = buf->n};
}

#endif
