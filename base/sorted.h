/*
 * Sorted arrays without duplicates, grown by mem_more(); and arrays of things with names.
 */
#ifndef SCLOG_BASE_SORTED_H
#define SCLOG_BASE_SORTED_H

#include <stdbool.h>
#include <stddef.h>

typedef int sorted_compare_fn(const void *one, const void *other);

/* Binary search among `count` items of that size. *ret_at: the index of the first item that is not
 * less than the key. */
bool sorted_find(const void *array, size_t count, size_t size, const void *key,
		 sorted_compare_fn *compare, size_t *ret_at);

/* Inserts a copy of the item at an index. Returns the array, which may have moved. */
void *sorted_insert(void *array, size_t count, size_t size, size_t at, const void *thing)
	__attribute__((returns_nonnull));

/* Orders strings, and structs that begin with one, their name: as strcmp(3) does. */
int sorted_by_name(const void *one, const void *other);

/* The first item of that name, in any order; NULL if there is none. */
void *named_find(const void *array, size_t count, size_t size, const char *name);

#endif
