#include "base/texts.h"

#include "base/mem.h"
#include "base/sorted.h"

#include <stdlib.h>

void texts_release(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->all[i]);
	free(texts->all);
	*texts = (struct texts){0};
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void texts_sort(struct texts *texts)
{
	size_t count = 0;

	if (texts->count)
		qsort(texts->all, texts->count, sizeof(*texts->all), compare_texts);
	for (size_t i = 0; i < texts->count; i++) {
		if (count && strcmp(texts->all[count - 1], texts->all[i]) == 0)
			free(texts->all[i]);
		else
			texts->all[count++] = texts->all[i];
	}
	texts->count = count;
}

void texts_add(struct texts *texts, struct str text)
{
	if (texts->count && str_eq(str_from(texts->all[texts->count - 1]), text))
		return;
	if (texts->count == texts->size) {
		texts_sort(texts);
		if (texts->count >= texts->size / 2) {
			texts->size = texts->size ? texts->size * 2 : 8;
			texts->all = mem_resize(texts->all, texts->size * sizeof(*texts->all));
		}
	}
	texts->all[texts->count++] = mem_copy(text);
}

bool texts_find(const struct texts *texts, const char *text, size_t *ret_at)
{
	return sorted_find(texts->all, texts->count, sizeof(*texts->all), &text, compare_texts,
			   ret_at);
}

bool texts_has(const struct texts *texts, const char *text)
{
	size_t at;

	return texts_find(texts, text, &at);
}

void texts_remove(struct texts *texts, const struct texts *other)
{
	size_t count = 0;

	for (size_t i = 0; i < texts->count; i++) {
		if (texts_has(other, texts->all[i]))
			free(texts->all[i]);
		else
			texts->all[count++] = texts->all[i];
	}
	texts->count = count;
}
