#include "profile/answers/spans.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

void spans_release(struct spans *spans)
{
	free(spans->all);
	*spans = (struct spans){0};
}

static void put(struct spans *spans, uint64_t first, uint64_t last)
{
	if (spans->count == spans->size) {
		spans->size = spans->size ? spans->size * 2 : 4;
		spans->all = mem_resize(spans->all, spans->size * sizeof(*spans->all));
	}
	spans->all[spans->count++] = (struct span){first, last};
}

struct spans spans_of(uint64_t first, uint64_t last)
{
	struct spans spans = {0};

	put(&spans, first, last);
	return spans;
}

struct spans spans_copy(const struct spans *spans)
{
	struct spans copy = {0};

	for (size_t i = 0; i < spans->count; i++)
		put(&copy, spans->all[i].first, spans->all[i].last);
	return copy;
}

/* Whether the span ends before `first` with a gap between them. */
static bool is_before(const struct span *span, uint64_t first)
{
	return span->last < first && first - span->last > 1;
}

void spans_add(struct spans *spans, uint64_t first, uint64_t last)
{
	struct spans result = {0};
	size_t i = 0;

	for (; i < spans->count && is_before(&spans->all[i], first); i++)
		put(&result, spans->all[i].first, spans->all[i].last);
	for (; i < spans->count && !is_before(&(struct span){first, last}, spans->all[i].first);
	     i++) {
		first = spans->all[i].first < first ? spans->all[i].first : first;
		last = spans->all[i].last > last ? spans->all[i].last : last;
	}
	put(&result, first, last);
	for (; i < spans->count; i++)
		put(&result, spans->all[i].first, spans->all[i].last);
	spans_release(spans);
	*spans = result;
}

void spans_keep(struct spans *spans, uint64_t first, uint64_t last)
{
	size_t n = 0;

	for (size_t i = 0; i < spans->count; i++) {
		struct span span = spans->all[i];

		if (span.last < first || span.first > last)
			continue;
		spans->all[n++] = (struct span){span.first > first ? span.first : first,
						span.last < last ? span.last : last};
	}
	spans->count = n;
}

void spans_remove(struct spans *spans, uint64_t first, uint64_t last)
{
	struct spans result = {0};

	for (size_t i = 0; i < spans->count; i++) {
		struct span span = spans->all[i];

		if (span.last < first || span.first > last) {
			put(&result, span.first, span.last);
			continue;
		}
		if (span.first < first)
			put(&result, span.first, first - 1);
		if (span.last > last)
			put(&result, last + 1, span.last);
	}
	spans_release(spans);
	*spans = result;
}

bool spans_contain(const struct spans *a, const struct spans *b)
{
	for (size_t i = 0, j = 0; j < b->count; j++) {
		while (i < a->count && a->all[i].last < b->all[j].first)
			i++;
		if (i == a->count || a->all[i].first > b->all[j].first ||
		    a->all[i].last < b->all[j].last)
			return false;
	}
	return true;
}

bool spans_equal(const struct spans *a, const struct spans *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->all[i].first != b->all[i].first || a->all[i].last != b->all[i].last)
			return false;
	}
	return true;
}

bool spans_is_all(const struct spans *spans, uint64_t max)
{
	return spans->count == 1 && spans->all[0].first == 0 && spans->all[0].last == max;
}

uint64_t spans_size(const struct spans *spans)
{
	uint64_t size = 0;

	for (size_t i = 0; i < spans->count; i++) {
		uint64_t n = spans->all[i].last - spans->all[i].first;

		if (n >= UINT64_MAX - size)
			return UINT64_MAX;
		size += n + 1;
	}
	return size;
}

static void put_span(const struct span *span, uint64_t max, struct buf *words)
{
	if (span->first == span->last)
		buf_format(words, "0x%" PRIx64, span->first);
	else if (span->first == 0)
		buf_format(words, "at most 0x%" PRIx64, span->last);
	else if (span->last == max)
		buf_format(words, "at least 0x%" PRIx64, span->first);
	else
		buf_format(words, "0x%" PRIx64 " to 0x%" PRIx64, span->first, span->last);
}

static void put_spans(const struct spans *spans, uint64_t max, struct str is, struct buf *words)
{
	buf_put_str(words, is);
	for (size_t i = 0; i < spans->count; i++) {
		if (i > 0)
			buf_put_str(words, i + 1 < spans->count ? STR(", ") : STR(" or "));
		put_span(&spans->all[i], max, words);
	}
}

void spans_words(const struct spans *spans, uint64_t max, struct buf *words)
{
	struct spans rest = spans_of(0, max);
	BUF_AUTO is = {0};
	BUF_AUTO is_not = {0};

	for (size_t i = 0; i < spans->count; i++)
		spans_remove(&rest, spans->all[i].first, spans->all[i].last);
	put_spans(spans, max, STR("is "), &is);
	put_spans(&rest, max, STR("is not "), &is_not);
	buf_put_str(words, buf_str(rest.count && is_not.n < is.n ? &is_not : &is));
	spans_release(&rest);
}
