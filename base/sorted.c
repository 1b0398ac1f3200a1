#include "base/sorted.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

bool sorted_find(const void *array, size_t count, size_t size, const void *key,
		 sorted_compare_fn *compare, size_t *ret_at)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare((const char *)array + middle * size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = low;
	return low < count && compare((const char *)array + low * size, key) == 0;
}

void *sorted_insert(void *array, size_t count, size_t size, size_t at, const void *thing)
{
	char *grown = mem_more(array, count, size), *place = grown + at * size;

	memmove(place + size, place, (count - at) * size);
	memcpy(place, thing, size);
	return grown;
}

int sorted_by_name(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

void *named_find(const void *array, size_t count, size_t size, const char *name)
{
	const char *item = array;

	for (size_t i = 0; i < count; i++, item += size)
		if (strcmp(*(const char *const *)(const void *)item, name) == 0)
			return (void *)(uintptr_t)item;
	return NULL;
}
