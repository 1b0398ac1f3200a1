/*
 * A shared library that few commands need. It is loaded when it is first used: loading it, and the
 * libraries that it needs, takes longer than most commands run.
 *
 * Its home lists the functions that it calls, and has a pointer to each, of the type that the
 * library's own header gives it:
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
	const char *packages; /* that have it: "libpq5 (Debian), libpq (Fedora)" */
	const char *functions[LIBRARY_FUNCTIONS_MAX];
};

/*
 * Loads it, unless the first pointer shows that it is loaded, and fills the pointers, which stand in the
 * order of the names. It stays loaded. -ENOENT: the library cannot be loaded, or lacks one of the
 * functions; the message names the packages.
 */
int library_load(const struct library *library, void *pointers, struct err *err);

#endif
