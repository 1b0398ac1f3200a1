/*
 * Arrays that are kept in order, each thing once. mem_more() lets them grow.
 */
#ifndef SCLOG_BASE_SORTED_H
#define SCLOG_BASE_SORTED_H

#include <stdbool.h>
#include <stddef.h>

typedef int sorted_compare_fn(const void *one, const void *other);

/* Looks for the key among `count` things of that size. *ret_at: where it is, or belongs: at the first
 * of several that are equal to it. */
bool sorted_find(const void *array, size_t count, size_t size, const void *key,
		 sorted_compare_fn *compare, size_t *ret_at);

/* Puts a copy of the thing in there. Returns the array, which has one more now. */
void *sorted_insert(void *array, size_t count, size_t size, size_t at, const void *thing)
	__attribute__((returns_nonnull));

#endif
