/*
 * Errors: what went wrong, in one line that says what, where and what to do.
 *
 * The caller owns the struct and passes it as the last argument. The first error that is set
 * stays; later ones are dropped, and callers up the stack may only put a prefix before it.
 * Functions return 0 or a negative errno; a positive value means "got one".
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
 * Records an error whose cause is an errno value: its text is appended after ": ".
 * Returns -code, so that a failing function can end with `return err_errno(...)`.
 */
int err_errno(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Records an error that says everything itself. Returns -code. */
int err_set(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the error at hand, if there is one. Returns -err->code. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the error, so that the struct can be used again. */
void err_clear(struct err *err);

#endif
