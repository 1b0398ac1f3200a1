#include "profile/lints/lints.h"

#include "base/listing.h"
#include "ingest/arch.h"
#include "profile/document/releases.h"

#include <seccomp.h>

struct naming {
	const struct document *document;
	const struct profile_options *options;
	struct lints *lints;
};

/* Why a name of a rule has no effect. */
enum unknown_kind {
	UNKNOWN_TYPO,  /* no arch has such a syscall */
	UNKNOWN_NEWER, /* than the libseccomp that builds the filter */
	UNKNOWN_HERE,  /* --libseccomp has it, but the installed one cannot build its rule */
	UNKNOWN_KINDS,
};

/* Names of a rule with the same reason: one lint. */
struct unknown_names {
	struct listing names;
	size_t first; /* index of the first one in the rule */
};

/* UNKNOWN_KINDS if the name has an effect. */
static enum unknown_kind kind_of_name(const struct naming *naming, const char *name)
{
	const struct version *wanted = &naming->options->libseccomp;
	int64_t nr;

	if (!libseccomp_has(wanted, name))
		return UNKNOWN_NEWER;
	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return UNKNOWN_KINDS;
	for (const uint32_t *token = arch_all(); *token; token++)
		if (syscall_number(*token, name, &nr))
			return wanted->count ? UNKNOWN_HERE : UNKNOWN_NEWER;
	return UNKNOWN_TYPO;
}

static void lint_unknown(const struct naming *naming, size_t rule, enum unknown_kind kind,
			 struct unknown_names *unknown)
{
	static const enum lint_kind kinds[UNKNOWN_KINDS] = {
		[UNKNOWN_TYPO] = LINT_UNKNOWN_NAME,
		[UNKNOWN_NEWER] = LINT_NEWER_NAME,
		[UNKNOWN_HERE] = LINT_UNBUILT_NAME,
	};
	const struct version *wanted = &naming->options->libseccomp;
	const struct scmp_version *here = seccomp_version();
	char place[PLACE_SIZE];
	BUF_AUTO text = {0};

	buf_put_str(&text, STR("libseccomp "));
	for (unsigned i = 0; i < wanted->count; i++)
		buf_format(&text, "%s%u", i ? "." : "", wanted->parts[i]);
	if (!wanted->count)
		buf_format(&text, "%u.%u.%u", here->major, here->minor, here->micro);
	buf_format(&text, " %s %s",
		   kind == UNKNOWN_HERE    ? "knows"
		   : kind == UNKNOWN_NEWER ? "is too old to know"
					   : "knows no syscall",
		   listing_text(&unknown->names));
	if (kind == UNKNOWN_HERE)
		buf_format(&text, ", but this one (%u.%u.%u) does not: the rule is ignored here",
			   here->major, here->minor, here->micro);
	else
		buf_format(&text, ": the name%s no effect",
			   unknown->names.count > 1 ? "s have" : " has");
	if (unknown->names.count == 1)
		document_name_place(naming->document, rule, unknown->first, place);
	else
		document_rule_place(naming->document, rule, place);
	lint_report(naming->lints, kinds[kind], rule + 1, place, "%s", text.p);
}

void names_lint(const struct document *document, const struct profile_options *options,
		struct lints *lints)
{
	const struct naming naming = {document, options, lints};

	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];
		struct unknown_names unknown[UNKNOWN_KINDS] = {0};

		for (size_t j = 0; j < document_name_count(rule); j++) {
			const char *name = document_name(rule, j);
			enum unknown_kind kind = kind_of_name(&naming, name);
			char quoted[QUOTED_SIZE];

			if (kind == UNKNOWN_KINDS)
				continue;
			if (unknown[kind].names.count == 0)
				unknown[kind].first = j;
			listing_add(&unknown[kind].names, text_quote(name, quoted));
		}
		for (size_t k = 0; k < UNKNOWN_KINDS; k++) {
			if (unknown[k].names.count)
				lint_unknown(&naming, i, (enum unknown_kind)k, &unknown[k]);
			listing_release(&unknown[k].names);
		}
	}
}
