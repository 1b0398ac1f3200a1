#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* snprintf's return value counts what it could not write; this counts what stands there. */
static size_t put_format(char *to, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static size_t put_format(char *to, size_t size, const char *format, va_list args)
{
	int n = vsnprintf(to, size, format, args);

	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

int err_errno(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (err->code)
		return -code;
	va_start(args, format);
	size_t n = put_format(err->message, sizeof(err->message), format, args);
	va_end(args);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s", strerror(code));
	err->code = code;
	return -code;
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (err->code)
		return -code;
	va_start(args, format);
	put_format(err->message, sizeof(err->message), format, args);
	va_end(args);
	err->code = code;
	return -code;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char old[sizeof(err->message)];
	va_list args;

	if (!err->code)
		return 0;
	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	size_t n = put_format(err->message, sizeof(err->message), format, args);
	va_end(args);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s", old);
	return -err->code;
}

void err_clear(struct err *err)
{
	err->code = 0;
	err->message[0] = '\0';
}
