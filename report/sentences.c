#include "report/sentences.h"

#include "base/mem.h"

#include <stdlib.h>

/* Groups that are named although there are no others. */
#define NAMED_OF_ALL_MAX 3

struct sentence {
	struct buf names, text;
	size_t count; /* of names */
};

static struct sentence *find(struct sentences *sentences, struct str text)
{
	for (size_t i = 0; i < sentences->count; i++)
		if (str_eq(buf_str(&sentences->all[i].text), text))
			return &sentences->all[i];
	if (sentences->count == SENTENCES_MAX)
		return NULL;
	sentences->all = mem_more(sentences->all, sentences->count, sizeof(*sentences->all));
	struct sentence *added = &sentences->all[sentences->count++];

	*added = (struct sentence){.count = 0};
	buf_put_str(&added->text, text);
	return added;
}

void sentences_add(struct sentences *sentences, struct str name, struct str text)
{
	struct sentence *sentence = find(sentences, text);

	if (!sentence) {
		sentences->unlisted++;
	} else if (sentence->count++ < sentences->names_max) {
		buf_put_str(&sentence->names, sentence->count > 1 ? STR(", ") : STR(""));
		buf_put_str(&sentence->names, name);
	}
}

void sentences_end(struct sentences *sentences, const char *title, sentence_fn *each, void *context)
{
	for (size_t i = 0; i < sentences->count; i++) {
		struct sentence *sentence = &sentences->all[i];
		BUF_AUTO line = {0};

		if (sentence->count == sentences->groups && sentence->count > NAMED_OF_ALL_MAX)
			buf_format(&line, "all %zu %ss", sentence->count, sentences->noun);
		else
			buf_put_str(&line, buf_str(&sentence->names));
		if (sentence->count > sentences->names_max && sentence->count != sentences->groups)
			buf_format(&line, " and %zu more", sentence->count - sentences->names_max);
		buf_format(&line, ": %s", sentence->text.p);
		each(context, i ? NULL : title, buf_str(&line));
		buf_release(&sentence->names);
		buf_release(&sentence->text);
	}
	if (sentences->unlisted) {
		BUF_AUTO line = {0};

		buf_format(&line, "and %zu more: see --format json", sentences->unlisted);
		each(context, NULL, buf_str(&line));
	}
	free(sentences->all);
	*sentences = (struct sentences){.names_max = sentences->names_max};
}
