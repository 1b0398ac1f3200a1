/*
 * Valgrind makes system calls of its own, which a test's seccomp filter would refuse, knows no
 * seccomp(2), and is fifty times as slow: some tests skip under it.
 */
#ifndef SCLOG_TESTS_VALGRIND_H
#define SCLOG_TESTS_VALGRIND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool under_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "vgpreload");
}

#endif
