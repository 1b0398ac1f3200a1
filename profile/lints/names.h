/*
 * Names without effect: of no syscall, or of one that is newer than the libseccomp which builds the
 * filter.
 */
#ifndef SCLOG_PROFILE_LINTS_NAMES_H
#define SCLOG_PROFILE_LINTS_NAMES_H

#include "profile/document/document.h"
#include "profile/document/options.h"

/* Looks at all names of the document, those of rules that the loader drops too: a typo is a typo. */
void names_lint(const struct document *document, const struct profile_options *options,
		struct lints *lints);

#endif
