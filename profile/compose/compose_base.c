#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/oci.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

void compose_base_release(struct compose_base *base)
{
	filter_release(&base->filter);
	filter_release(&base->made_of);
	rules_release(&base->rules);
	document_release(&base->document);
}

struct filter compose_body(const struct filter *filter)
{
	struct filter body = *filter;

	body.program += filter->stub_count;
	body.count -= filter->stub_count;
	body.stub_count = 0;
	return body;
}

/* Where runc's stub is in a filter that came as a program is not known: it is made anew. */
struct filter compose_base_body(const struct compose_base *base)
{
	bool from_document = profile_rules(base->profile)->document != NULL;

	return compose_body(from_document && !base->extended ? profile_filter(base->profile)
							     : &base->filter);
}

static struct profile_options as_oci(const struct profile_options *options)
{
	struct profile_options own = *options;

	own.loader = LOADER_OCI;
	own.any_listener = true;
	return own;
}

static int refuse_inexact(const struct lints *notes, struct err *err)
{
	const char *first = notes->count ? notes->all[0].message
					 : "its filter is too complex for OCI "
					   "rules";

	return err_set(err, EINVAL, "%s", first);
}

int compose_base_open(struct compose_base *base, struct profile *profile,
		      const struct profile_options *options, struct err *err)
{
	const struct profile_options own = as_oci(options);
	struct lints notes = {0};
	bool exact;

	*base = (struct compose_base){.profile = profile, .label = profile_info(profile).source};
	if (!profile_filter(profile))
		return err_set(err, EINVAL, "%s is not a filter: it allows everything",
			       base->label);
	int r = oci_document(profile, &base->document, &notes, &exact, err);

	lint_finish(&notes);
	if (r == 0 && !exact)
		r = refuse_inexact(&notes, err);
	lint_release(&notes);
	if (r == 0)
		r = rules_resolve(&base->document, &own, &base->rules, NULL, err);
	if (r == 0)
		return 0;
	err_prefix(err, "%s", base->label);
	return -EINVAL;
}

static int build(const struct rules *rules, const struct composer *composer,
		 struct filter *ret_filter, struct err *err)
{
	struct profile_options options = as_oci(&composer->composing->options);

	options.arch = composer->host;
	return filter_build(rules, &options, ret_filter, NULL, err);
}

int compose_build(const struct composer *composer, const struct document *document,
		  struct filter *ret_filter, struct err *err)
{
	const struct profile_options options = as_oci(&composer->composing->options);
	struct rules rules;
	int r = rules_resolve(document, &options, &rules, NULL, err);

	if (r == 0)
		r = build(&rules, composer, ret_filter, err);
	rules_release(&rules);
	return r;
}

/* Whether every rule for the name says what the default says, so that they are refusals on purpose
 * and not what another rule has overruled. */
static bool repeats_default(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->all[i].action != rules->default_action &&
		    strcmp(rules->all[i].name, name) == 0)
			return false;
	}
	return true;
}

/* Any refusal that no rule has. */
static uint32_t unused_value(const struct rules *rules)
{
	uint32_t value = SECCOMP_RET_ERRNO | (VALUE_ERRNO_MAX - 1);

	for (size_t i = 0; i < rules->count;) {
		bool used = rules->all[i].action == value;

		value -= used;
		i = used ? 0 : i + 1;
	}
	return value;
}

/*
 * With another default, rules that libseccomp has dropped for saying what the default says would
 * take effect, and others would be dropped. So the filter is built with a default that no rule has,
 * and its returns are changed then. A name that is refused by such a rule, and by no other, keeps
 * its refusal.
 */
static int build_with_default(const struct compose_base *base, const struct composer *composer,
			      uint32_t default_action, struct filter *ret_filter, struct err *err)
{
	const struct rules *from = &base->rules;
	struct document document = base->document; /* borrowed */
	struct rules rules = *from;
	uint32_t marker = unused_value(from);

	document.default_errno_ret.present = false;
	rules.document = &document;
	rules.default_action = marker;
	rules.all = mem_new(from->count, sizeof(*rules.all));
	rules.count = 0;
	for (size_t i = 0; i < from->count; i++) {
		if (from->all[i].action != from->default_action ||
		    (repeats_default(from, from->all[i].name) &&
		     !compose_is_shared(composer, from->all[i].name)))
			rules.all[rules.count++] = from->all[i];
	}
	int r = build(&rules, composer, ret_filter, err);

	for (size_t i = ret_filter->stub_count; r == 0 && i < ret_filter->count; i++) {
		struct sock_filter *insn = &ret_filter->program[i];

		if (insn->code == (BPF_RET | BPF_K) && insn->k == marker)
			insn->k = default_action;
	}
	free(rules.all);
	return r;
}

/* As if the document listed them. */
static void set_arches(struct compose_base *base, const struct composer *composer)
{
	const struct strings *names = &composer->arch_names;
	const struct filter *own = profile_filter(base->profile);

	free(base->rules.arches.all);
	base->rules.arches.all = mem_new(names->count, sizeof(*names->all));
	memcpy(base->rules.arches.all, names->all, names->count * sizeof(*names->all));
	base->rules.arches.count = names->count;
	for (size_t i = 0; i < composer->arches.arch_count; i++)
		base->extended |= !filter_arch(own, composer->arches.arches[i]);
}

int compose_base_build(struct compose_base *base, const struct composer *composer, struct err *err)
{
	const struct composing *composing = composer->composing;
	uint32_t default_action = base->rules.default_action;
	char text[2][VERDICT_VALUE_SIZE];

	set_arches(base, composer);
	if (composing->has_default && composing->default_action != default_action &&
	    value_pass(default_action) != PASS_REFUSED)
		return err_set(err, EINVAL,
			       "%s: its default action is %s; --default-action %s would be "
			       "stricter than the base",
			       base->label, verdict_value_text(default_action, text[0]),
			       verdict_value_text(composing->default_action, text[1]));
	int r = build(&base->rules, composer, &base->filter, err);

	if (r == 0 && composing->has_default && composing->default_action != default_action)
		r = build_with_default(base, composer, composing->default_action, &base->made_of,
				       err);
	return r < 0 ? err_prefix(err, "%s", base->label) : 0;
}

/* --- what is no name's matter */

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
