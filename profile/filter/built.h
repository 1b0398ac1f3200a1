/*
 * A document on its way to a filter: parsed, resolved, built. Whoever asks what a text does goes
 * this way.
 */
#ifndef SCLOG_PROFILE_FILTER_BUILT_H
#define SCLOG_PROFILE_FILTER_BUILT_H

#include "profile/filter/filter.h"

/* The rules borrow from the document: it stays where it is. Zeroed is valid. */
struct built {
	struct document document;
	struct rules rules;
	struct filter filter; /* none where the rules are off */
};

/* What each step says goes into lints (NULL: nowhere). built_release() is due in any case. */
int built_make(struct built *built, struct str text, const struct profile_options *options,
	       struct lints *lints, struct err *err);

/* From a document that is there already; options->arch and the kernel are known. */
int built_resolve(struct built *built, const struct profile_options *options, struct lints *lints,
		  struct err *err);
void built_release(struct built *built);

/* NULL: everything is allowed. */
const struct filter *built_filter(const struct built *built);

#endif
