#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *buf)
{
	free(buf->p);
	*buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	if (buf->p)
		buf->p[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t n)
{
	size_t need = buf->n + n + 1;

	if (need > buf->size) {
		size_t size = buf->size ? buf->size : 64;

		while (size < need)
			size *= 2;
		buf->p = mem_resize(buf->p, size);
		buf->size = size;
	}
	return buf->p + buf->n;
}

void buf_put(struct buf *buf, const void *p, size_t n)
{
	char *to = buf_reserve(buf, n);

	if (n)
		memcpy(to, p, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void buf_put_str(struct buf *buf, struct str s)
{
	buf_put(buf, s.p, s.n);
}

void buf_put_char(struct buf *buf, char c)
{
	buf_put(buf, &c, 1);
}

void buf_format(struct buf *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		mem_fail("a text");
	if (n > 0) {
		char *to = buf_reserve(buf, (size_t)n);

		vsnprintf(to, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
}
