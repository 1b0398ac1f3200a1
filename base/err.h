/*
 * Errors: one line that says what is wrong, where, and what to do.
 *
 * The caller owns the struct and passes it as the last argument. The first error wins: later ones
 * are dropped, and callers can only add a prefix. Functions return 0 or a negative errno; a positive
 * value means "got one".
 */
#ifndef SCLOG_BASE_ERR_H
#define SCLOG_BASE_ERR_H

#include <stdarg.h>

struct err {
	int code;          /* errno value of the first error, 0 for none */
	char message[512]; /* one line, no newline at its end */
};

#define ERR_INIT      \
	{             \
		0, "" \
	}

/*
 * Records an error caused by an errno value, whose text is appended after ": ". Returns -code, so
 * that a failing function can end with `return err_errno(...)`.
 */
int err_errno(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Records an error with a complete message. Returns -code. */
int err_set(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prepends "prefix: " to the error, if there is one. Returns -err->code. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the error, so that the struct can be reused. */
void err_clear(struct err *err);

#endif
