#include "profile/compose/bases.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/document/spelling.h"
#include "profile/filter/value.h"
#include "profile/write/export.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

void base_set_release(struct base_set *bases)
{
	for (size_t i = 0; i < bases->count; i++) {
		filter_release(&bases->all[i].filter);
		filter_release(&bases->all[i].rebuilt);
		rules_release(&bases->all[i].rules);
		document_release(&bases->all[i].document);
	}
	free(bases->all);
	for (size_t i = 0; i < bases->arch_names.count; i++)
		free((void *)(uintptr_t)bases->arch_names.all[i]);
	free(bases->arch_names.all);
}

/* --- reading */

static int open_base(struct base *base, struct profile *profile,
		     const struct profile_options *options, struct err *err)
{
	struct lints notes = {0};
	bool exact;

	base->profile = profile;
	base->label = profile_info(profile).source;
	if (!profile_filter(profile))
		return err_set(err, EINVAL, "%s is not a filter: it allows everything",
			       base->label);
	int r = oci_document(profile, &base->document, &notes, &exact, err);

	lint_finish(&notes);
	if (r == 0 && !exact)
		r = err_set(err, EINVAL, "%s",
			    notes.count ? notes.all[0].message
					: "its filter is too complex for OCI rules");
	lint_release(&notes);
	if (r == 0)
		r = rules_resolve(&base->document, options, &base->rules, NULL, err);
	if (r == 0)
		return 0;
	err_prefix(err, "%s", base->label);
	return -EINVAL;
}

/* --- host and arches */

/* The machine that the result is for. Observations from another are composed for that one. */
static uint32_t find_host(const struct composing *composing)
{
	const struct needs *needs = composing->needs;
	struct needs native = {0}; /* what runs here */
	uint32_t host = arch_native();

	if (composing->options.arch)
		return composing->options.arch;
	if (composing->base_count)
		return profile_filter(composing->bases[0])->arches[0].token;
	needs_add_arch(&native, host);
	needs_add_sub_arches(&native);
	for (size_t i = 0; i < needs->arch_count; i++) {
		uint32_t token = needs->arches[i];

		for (size_t k = 0; k < native.arch_count; k++)
			if (native.arches[k] == token)
				return arch_native();
		if (i == 0 || (arch_audit(token) & ~arch_audit(host) & __AUDIT_ARCH_64BIT))
			host = token;
	}
	return host;
}

/* The arches of all bases and of the needs, in the same order every time. */
static void collect_arches(struct base_set *bases)
{
	const struct needs *needs = bases->composing->needs;
	struct needs *arches = &bases->arches;

	for (size_t i = 0; i < bases->count; i++) {
		const struct filter *filter = profile_filter(bases->all[i].profile);

		for (size_t j = 0; j < filter->arch_count; j++)
			needs_add_arch(arches, filter->arches[j].token);
	}
	for (size_t i = 0; i < needs->arch_count; i++)
		needs_add_arch(arches, needs->arches[i]);
	if (arches->arch_count == 0)
		needs_add_arch(arches, bases->options.arch);
	needs_sort_arches(arches);
	for (size_t i = 0; i < arches->arch_count; i++) {
		BUF_AUTO name = {0};

		spelling_put_arch(&name, arches->arches[i]);
		strings_add(&bases->arch_names, mem_copy(buf_str(&name)));
	}
}

/* --- building */

struct filter filter_body(const struct filter *filter)
{
	struct filter body = *filter;

	body.program += filter->stub_count;
	body.count -= filter->stub_count;
	body.stub_count = 0;
	return body;
}

/* A filter that came as a program does not tell where runc's stub ends: it is built anew. */
struct filter base_body(const struct base *base)
{
	bool from_document = profile_rules(base->profile)->document != NULL;

	return filter_body(from_document && !base->extended ? profile_filter(base->profile)
							    : &base->filter);
}

bool base_set_is_shared(const struct base_set *bases, const char *name)
{
	uint32_t call;

	for (size_t i = 0; i < bases->arches.arch_count; i++)
		if (syscall_multiplexer(bases->arches.arches[i], name, &call))
			return true;
	return syscall_is_multiplexer(name);
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
 * libseccomp drops a rule that repeats the default action. With another default, such rules would
 * take effect, and others would be dropped. So the filter is built with a default that no rule has,
 * and its returns are changed afterwards. A name that such rules refuse, and no others, keeps its
 * refusal.
 */
static int rebuild(struct base *base, const struct base_set *bases, struct err *err)
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
		const char *name = from->all[i].name;
		bool deliberate = !base_set_is_shared(bases, name);

		for (size_t k = 0; deliberate && k < from->count; k++)
			deliberate = from->all[k].action == from->default_action ||
				     strcmp(from->all[k].name, name) != 0;
		if (from->all[i].action != from->default_action || deliberate)
			rules.all[rules.count++] = from->all[i];
	}
	int r = filter_build(&rules, &bases->options, &base->rebuilt, NULL, err);

	for (size_t i = base->rebuilt.stub_count; r == 0 && i < base->rebuilt.count; i++) {
		struct sock_filter *insn = &base->rebuilt.program[i];

		if (insn->code == (BPF_RET | BPF_K) && insn->k == marker)
			insn->k = base->default_action;
	}
	free(rules.all);
	return r;
}

static int build_base(struct base *base, const struct base_set *bases, struct err *err)
{
	const struct composing *composing = bases->composing;
	const struct strings *names = &bases->arch_names;
	uint32_t own = base->rules.default_action;
	char text[2][VERDICT_VALUE_SIZE];

	base->default_action = composing->has_default ? composing->default_action : own;
	/* as if the document listed them */
	free(base->rules.arches.all);
	base->rules.arches = (struct strings){mem_new(names->count, sizeof(*names->all)), 0};
	for (size_t i = 0; i < names->count; i++) {
		base->rules.arches.all[base->rules.arches.count++] = names->all[i];
		base->extended |=
			!filter_arch(profile_filter(base->profile), bases->arches.arches[i]);
	}
	if (base->default_action != own && value_pass(own) != PASS_REFUSED)
		return err_set(err, EINVAL,
			       "%s: its default action is %s; --default-action %s would be "
			       "stricter than the base",
			       base->label, verdict_value_text(own, text[0]),
			       verdict_value_text(base->default_action, text[1]));
	int r = filter_build(&base->rules, &bases->options, &base->filter, NULL, err);

	if (r == 0 && base->default_action != own)
		r = rebuild(base, bases, err);
	return r < 0 ? err_prefix(err, "%s", base->label) : 0;
}

int base_set_open(struct base_set *bases, const struct composing *composing, struct err *err)
{
	int r = 0;

	*bases = (struct base_set){.composing = composing,
				   .all = mem_new(composing->base_count, sizeof(*bases->all)),
				   .count = composing->base_count,
				   .options = composing->options};
	bases->options.loader = LOADER_OCI;
	bases->options.any_listener = true;
	for (size_t i = 0; r == 0 && i < bases->count; i++)
		r = open_base(&bases->all[i], composing->bases[i], &bases->options, err);
	if (r < 0)
		return r;
	bases->options.arch = find_host(composing);
	collect_arches(bases);
	for (size_t i = 0; r == 0 && i < bases->count; i++)
		r = build_base(&bases->all[i], bases, err);
	return r;
}

/* --- notes */

/* "x86", "x86 and x32", "arm, x86 and x32" */
static void note_arches(const struct base_set *bases, const struct base *base, struct lints *notes)
{
	const char *missing[NEEDS_ARCHES_MAX];
	size_t count = 0;
	BUF_AUTO text = {0};

	for (size_t i = 0; i < bases->arches.arch_count; i++)
		if (!filter_arch(profile_filter(base->profile), bases->arches.arches[i]))
			missing[count++] = arch_name(bases->arches.arches[i]);
	for (size_t i = 0; i < count; i++)
		buf_format(&text, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", missing[i]);
	if (count)
		lint_add(notes, 0, "",
			 "%s kills programs of %s: the architecture is added, and what that "
			 "profile allows is allowed there too",
			 base->label, text.p);
}

/* What of a merged profile, beside its rules, differs from the first. */
static void note_merged(const struct base *first, const struct base *base, struct lints *notes)
{
	char text[2][VERDICT_VALUE_SIZE];

	if (base->default_action != first->default_action)
		lint_note(notes, 2, "",
			  "the default action of %s is %s, that of %s is %s: the milder one is "
			  "used",
			  first->label, verdict_value_text(first->default_action, text[0]),
			  base->label, verdict_value_text(base->default_action, text[1]));
	bool same = first->document.flags.count == base->document.flags.count;

	for (size_t i = 0; same && i < base->document.flags.count; i++)
		same = strcmp(first->document.flags.all[i], base->document.flags.all[i]) == 0;
	if (!same)
		lint_add(notes, 2, "", "the flags of %s are ignored; those of %s are used",
			 base->label, first->label);
	if (base->document.listener_path && first->document.listener_path &&
	    strcmp(first->document.listener_path, base->document.listener_path) != 0)
		lint_add(notes, 2, "",
			 "%s has a different listenerPath; that of %s is used for SCMP_ACT_NOTIFY",
			 base->label, first->label);
}

void base_set_note(const struct base_set *bases, struct lints *notes)
{
	for (size_t i = 0; i < bases->count; i++) {
		note_arches(bases, &bases->all[i], notes);
		if (i > 0)
			note_merged(&bases->all[0], &bases->all[i], notes);
	}
}
