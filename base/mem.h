/*
 * Memory that is there or the program ends: with a message and exit status 2, so that
 * no caller carries a path that cannot be tested. Every size asked for here is capped by its
 * caller. Free with free().
 */
#ifndef SCLOG_BASE_MEM_H
#define SCLOG_BASE_MEM_H

#include "base/str.h"

/* Zeroed memory for count things of that size. */
void *mem_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* The same, beginning at a cache line. */
void *mem_aligned(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull));

/* Room for one more thing behind `count`, in an array that only this has made and let grow. */
void *mem_more(void *array, size_t count, size_t size) __attribute__((returns_nonnull));

/* A NUL-terminated copy of the slice; a NUL byte inside it ends what C calls see. */
char *mem_copy(struct str s) __attribute__((malloc, returns_nonnull));

/* tsearch(3). */
void *mem_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
	__attribute__((returns_nonnull));

/* tdestroy(3) of the tree alone: what its keys are is the caller's. */
void mem_tdestroy(void *root);

/* Ends the program because a library had no memory for `what`. */
void mem_fail(const char *what) __attribute__((noreturn));

/* For `__attribute__((cleanup(mem_cleanup)))` on a pointer from the functions above. */
void mem_cleanup(void *pointer_to_pointer);

#define MEM_AUTO __attribute__((cleanup(mem_cleanup)))

#endif
