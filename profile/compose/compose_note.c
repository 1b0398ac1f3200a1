#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <string.h>

/* "x86", "x86 and x32", "arm, x86 and x32" */
static void put_missing(const struct composer *composer, const struct compose_base *base,
			struct buf *text)
{
	const struct filter *own = profile_filter(base->profile);
	const char *missing[NEEDS_ARCHES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < composer->arches.arch_count; i++) {
		if (!filter_arch(own, composer->arches.arches[i]))
			missing[count++] = arch_name(composer->arches.arches[i]);
	}
	for (size_t i = 0; i < count; i++)
		buf_format(text, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", missing[i]);
}

static void note_arches(const struct composer *composer, const struct compose_base *base)
{
	BUF_AUTO missing = {0};

	if (!base->extended)
		return;
	put_missing(composer, base, &missing);
	lint_add(&composer->composed->notes, 0, "",
		 "%s kills programs of %s: the architecture is added, and what that profile "
		 "allows is allowed there too",
		 base->label, missing.p);
}

static bool same_strings(const struct strings *a, const struct strings *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		if (strcmp(a->all[i], b->all[i]) != 0)
			return false;
	}
	return a->count == b->count;
}

/* Where a merged profile differs from the base in what is no rule. */
static void note_merged(const struct composer *composer, size_t at)
{
	const struct compose_base *first = &composer->bases[0], *base = &composer->bases[at];
	struct lints *notes = &composer->composed->notes;
	char text[2][VERDICT_VALUE_SIZE];

	if (compose_default_of(composer, at) != compose_default_of(composer, 0))
		lint_note(notes, 2, "",
			  "the default action of %s is %s, that of %s is %s: the milder one is "
			  "used",
			  first->label,
			  verdict_value_text(compose_default_of(composer, 0), text[0]), base->label,
			  verdict_value_text(compose_default_of(composer, at), text[1]));
	if (!same_strings(&first->document.flags, &base->document.flags))
		lint_add(notes, 2, "", "the flags of %s are ignored; those of %s are used",
			 base->label, first->label);
	if (base->document.listener_path && first->document.listener_path &&
	    strcmp(first->document.listener_path, base->document.listener_path) != 0)
		lint_add(notes, 2, "",
			 "%s has a different listenerPath; that of %s is used for SCMP_ACT_NOTIFY",
			 base->label, first->label);
}

void compose_note(const struct composer *composer)
{
	for (size_t i = 0; i < composer->composing->base_count; i++) {
		note_arches(composer, &composer->bases[i]);
		if (i > 0)
			note_merged(composer, i);
	}
}
