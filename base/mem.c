#include "base/mem.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the shell gets for trouble. Nothing is cleaned up: that may need memory, too. */
#define EXIT_TROUBLE 2

static void *check(void *p, size_t size)
{
	if (!p) {
		fprintf(stderr, "sclog: out of memory (%zu bytes requested)\n", size);
		_exit(EXIT_TROUBLE);
	}
	return p;
}

void *mem_new(size_t count, size_t size)
{
	return check(calloc(count ? count : 1, size ? size : 1), count * size);
}

static size_t unit_of(size_t bytes)
{
	return bytes < MEM_HUGE ? 64 : MEM_HUGE;
}

/* In whole units. */
static size_t rounded(size_t bytes)
{
	return (bytes + unit_of(bytes) - 1) / unit_of(bytes) * unit_of(bytes);
}

void *mem_aligned(size_t count, size_t size)
{
	size_t bytes = rounded(count * size);

	return check(aligned_alloc(unit_of(bytes), bytes), bytes);
}

void mem_huge(void *table, size_t count, size_t size)
{
	madvise(table, rounded(count * size), MADV_HUGEPAGE);
}

void *mem_resize(void *p, size_t size)
{
	return check(realloc(p, size ? size : 1), size);
}

void *mem_more(void *array, size_t count, size_t size)
{
	/* at each power of two there comes room for as many again */
	return count & (count - 1) ? array : mem_resize(array, (2 * count + 1) * size);
}

char *mem_copy(struct str s)
{
	char *copy = check(malloc(s.n + 1), s.n + 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

void *mem_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
	void *found = tsearch(key, root, compare);

	if (!found)
		mem_fail("a tree");
	return found;
}

static void leave(void *key)
{
	(void)key;
}

void mem_tdestroy(void *root)
{
	tdestroy(root, leave);
}

void mem_fail(const char *what)
{
	fprintf(stderr, "sclog: out of memory (%s)\n", what);
	_exit(EXIT_TROUBLE);
}

void mem_cleanup(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
