#include "base/nearest.h"

#include "base/mem.h"

#include <errno.h>
#include <strings.h>

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return strncasecmp(&a, &b, 1) == 0;
}

size_t nearest_distance(struct str a, struct str b)
{
	/* The row above the last, the last, and the one being filled: optimal string alignment. */
	size_t rows[3][NEAREST_WORD_MAX + 1] = {0};

	if (a.n > NEAREST_WORD_MAX || b.n > NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t exchange = above[j - 1] + !same(a.p[i - 1], b.p[j - 1]);

			row[j] = min(exchange, min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a.p[i - 1], b.p[j - 2]) &&
			    same(a.p[i - 2], b.p[j - 1]))
				row[j] = min(row[j], before[j - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
}

static bool is_near(struct str a, struct str b)
{
	return nearest_distance(a, b) <= 1 + b.n / 4;
}

static bool begins_with(const char *name, struct str word)
{
	return word.n && strncasecmp(name, word.p, word.n) == 0;
}

const char *nearest_find(struct str word, nearest_name_fn *name, const void *context)
{
	const char *best = NULL;
	size_t best_distance = NEAREST_WORD_MAX + 1;
	bool best_begins = false;

	for (size_t i = 0; name(i, context); i++) {
		struct str candidate = str_from(name(i, context));
		size_t distance = nearest_distance(word, candidate);
		bool begins = begins_with(candidate.p, word);

		if (!begins && (best_begins || !is_near(word, candidate)))
			continue;
		if (begins > best_begins || distance < best_distance) {
			best = candidate.p;
			best_distance = distance;
			best_begins = begins;
		}
	}
	return best;
}

/* Words that each end in NUL, an empty one last. */
static const char *word_at(size_t i, const void *context)
{
	const char *words = context;

	for (; i && *words; i--)
		words += strlen(words) + 1;
	return *words ? words : NULL;
}

void nearest_put_choice(struct buf *buf, struct str word, const char *choices)
{
	size_t n = strlen(choices);
	MEM_AUTO char *words = mem_new(n + 2, 1);

	for (size_t i = 0; i < n; i++)
		words[i] = choices[i] == '|' ? '\0' : choices[i];
	const char *near = nearest_find(word, word_at, words);

	if (near)
		buf_format(buf, " (did you mean %s?)", near);
}

int nearest_refuse(struct err *err, const char *word, const char *choices)
{
	BUF_AUTO near = {0}, names = {0};

	for (const char *c = choices; *c; c++)
		buf_put_str(&names, *c == '|' ? STR(", ") : str_of(c, 1));
	nearest_put_choice(&near, str_from(word), choices);
	return err_set(err, EINVAL, "'%s' must be one of %s%s", word, names.p,
		       near.n ? near.p : "");
}

void nearest_put_names(struct buf *buf, nearest_name_fn *name)
{
	for (size_t i = 0; name(i, NULL); i++)
		buf_format(buf, "%s%s", i ? ", " : "", name(i, NULL));
}
