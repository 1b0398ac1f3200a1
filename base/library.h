/*
 * A shared library that few commands need, loaded on first use: loading it and its dependencies takes
 * longer than most commands run.
 *
 * Its user lists the functions it calls and has a pointer to each, typed by the library's own header:
 *
 *	#define FUNCTIONS(X) X(PQclear) X(PQexec)
 *	static struct {FUNCTIONS(LIBRARY_POINTER)} libpq;
 *	static const struct library library = {"libpq.so.5", "...", {FUNCTIONS(LIBRARY_NAME)}};
 *
 *	result = library_load(&library, &libpq, err);	then libpq.PQclear(...)
 */
#ifndef SCLOG_BASE_LIBRARY_H
#define SCLOG_BASE_LIBRARY_H

#include "base/err.h"

#define LIBRARY_FUNCTIONS_MAX 32

#define LIBRARY_POINTER(function) __typeof__(function) *function;
#define LIBRARY_NAME(function)    #function,

struct library {
	const char *file;     /* "libpq.so.5": the number is its interface's version */
	const char *packages; /* "libpq5 (Debian), libpq (Fedora)" */
	const char *functions[LIBRARY_FUNCTIONS_MAX];
};

/*
 * Loads the library, unless the first pointer is set, and fills the pointers, in the order of the
 * names. It stays loaded. -ENOENT if it cannot be loaded or lacks a function; the message names the
 * packages.
 */
int library_load(const struct library *library, void *pointers, struct err *err);

#endif
