/*
 * The forms of a digest. Each writer takes the same facts; none asks the store.
 */
#ifndef SCLOG_REPORT_DIGEST_WRITE_H
#define SCLOG_REPORT_DIGEST_WRITE_H

#include "report/digest/digest.h"
#include "report/digest/drift.h"
#include "report/digest/timeline.h"
#include "store/share.h"

/*
 * The words of --format, the default first; whether it shows details, new calls and how much was seen; and
 * whether the model has the new calls of all groups at once. digest_write_WORD() writes it.
 */
#define DIGEST_FORMATS(EACH)           \
	EACH(text, true, true)         \
	EACH(markdown, true, true)     \
	EACH(html, true, false)        \
	EACH(json, true, false)        \
	EACH(prometheus, false, false) \
	EACH(junit, false, false)      \
	EACH(sarif, false, false)

#define DIGEST_FORMAT_WORD(word, detailed, with_new) "|" #word
#define DIGEST_FORMAT_NAMES                          (&("" DIGEST_FORMATS(DIGEST_FORMAT_WORD))[1])

struct digest_facts {
	const struct digest *digest;
	enum group_by by;
	const struct diff *diff;   /* NULL: no profile was asked for */
	const struct drift *drift; /* NULL: not asked for */
	struct profile_info profile;
	const struct profile *judge; /* the profile for default capabilities */
	const struct evidence *evidence;
	const struct timeline *timeline; /* NULL: not known */
	const struct selection *selection;
	const char *where; /* what commands need to read the same (report/diff.h) */
	int64_t now_ms;
	const char *mark; /* --since-last: its name, NULL for none */
	bool has_mark_ms; /* a report was made under that name before, then */
	int64_t mark_ms;
	size_t columns;       /* text: how wide */
	struct share_lag lag; /* metrics: what a fleet's database does not have yet */
};

/* Whether there is something to tell: new, refused, missing, or not to be told. */
bool digest_speaks(const struct digest_facts *facts);

/* Whether the format shows what digest_read_hours() reads. NULL: the default. */
bool digest_is_detailed(const char *format);

/* Writes the digest in the form of that word. Returns 0 or the negative errno of the write. */
int digest_write(const struct digest_facts *facts, const char *format, FILE *out);

#endif
