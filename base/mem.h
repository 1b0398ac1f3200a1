/*
 * Memory allocation that cannot fail: if memory runs out, the program ends with a message and exit
 * status 2, since error paths for it could not be tested. Callers cap every size. Free with free().
 */
#ifndef SCLOG_BASE_MEM_H
#define SCLOG_BASE_MEM_H

#include "base/str.h"

/* Zeroed memory for count items of that size. */
void *mem_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

#define MEM_HUGE (2u << 20)

/* Not zeroed. Aligned to a cache line, or to MEM_HUGE if it is at least that large. */
void *mem_aligned(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Such a large table gets huge pages, where the kernel has them, as it is written to: cheaper than a fault
 * for each small page, and what is never written to takes no memory. The contents do not change. */
void mem_huge(void *table, size_t count, size_t size);

void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull));

/* Room for one more item after `count`, in an array that only this function has allocated and grown. */
void *mem_more(void *array, size_t count, size_t size) __attribute__((returns_nonnull));

/* A NUL-terminated copy of the slice. */
char *mem_copy(struct str s) __attribute__((malloc, returns_nonnull));

/* tsearch(3). */
void *mem_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
	__attribute__((returns_nonnull));

/* tdestroy(3) that does not free the keys. */
void mem_tdestroy(void *root);

/* Ends the program because a library had no memory for `what`. */
void mem_fail(const char *what) __attribute__((noreturn));

/* For `__attribute__((cleanup(mem_cleanup)))` on a pointer from the functions above. */
void mem_cleanup(void *pointer_to_pointer);

#define MEM_AUTO __attribute__((cleanup(mem_cleanup)))

#endif
