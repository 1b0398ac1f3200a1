#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/export.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Differences that an error tells of; the rest is counted. */
#define TOLD_DIFFERENCES 3

void composed_release(struct composed *composed)
{
	for (size_t i = 0; i < composed->name_count; i++)
		free((void *)(uintptr_t)composed->names[i].name);
	free(composed->names);
	buf_release(&composed->document);
	lint_release(&composed->notes);
	*composed = (struct composed){0};
}

static void composer_release(struct composer *composer)
{
	for (size_t i = 0; i < composer->composing->base_count; i++)
		compose_base_release(&composer->bases[i]);
	free(composer->bases);
	for (size_t i = 0; i < composer->arch_names.count; i++)
		free((void *)(uintptr_t)composer->arch_names.all[i]);
	free(composer->arch_names.all);
	answers_release(&composer->answers);
	regions_release(&composer->regions);
	filter_release(&composer->allowed);
	filter_release(&composer->wanted);
	free(composer->fates);
	document_release(&composer->document);
	compose_entries_release(&composer->entries);
}

static char *oci_arch_name(uint32_t token)
{
	BUF_AUTO name = {0};

	spelling_put_arch(&name, token);
	return mem_copy(buf_str(&name));
}

static bool has_arch(const struct needs *arches, uint32_t token)
{
	for (size_t i = 0; i < arches->arch_count; i++) {
		if (arches->arches[i] == token)
			return true;
	}
	return false;
}

static bool is_64bit(uint32_t token)
{
	return arch_audit(token) & __AUDIT_ARCH_64BIT;
}

/* The machine that the result is for; what was observed on another is composed for that. */
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

		if (has_arch(&native, token))
			return arch_native();
		if (i == 0 || (is_64bit(token) && !is_64bit(host)))
			host = token;
	}
	return host;
}

/* The arches of all bases and of the needs, in the same order every time. */
static void collect_arches(struct composer *composer)
{
	const struct composing *composing = composer->composing;
	struct needs *arches = &composer->arches;

	for (size_t i = 0; i < composing->base_count; i++) {
		const struct filter *filter = profile_filter(composing->bases[i]);

		for (size_t j = 0; j < filter->arch_count; j++)
			needs_add_arch(arches, filter->arches[j].token);
	}
	for (size_t i = 0; i < composing->needs->arch_count; i++)
		needs_add_arch(arches, composing->needs->arches[i]);
	if (arches->arch_count == 0)
		needs_add_arch(arches, composer->host);
	needs_sort_arches(arches);
	for (size_t i = 0; i < arches->arch_count; i++)
		strings_add(&composer->arch_names, oci_arch_name(arches->arches[i]));
}

uint32_t compose_default_of(const struct composer *composer, size_t base)
{
	const struct composing *composing = composer->composing;

	return composing->has_default ? composing->default_action
				      : composer->bases[base].rules.default_action;
}

/* What the bases, joined, answer to what no rule names. */
static uint32_t find_default(const struct composer *composer)
{
	const struct composing *composing = composer->composing;
	uint32_t value = composing->has_default ? composing->default_action : VALUE_ENOSYS;

	for (size_t i = 0; i < composing->base_count; i++) {
		uint32_t its = compose_default_of(composer, i);

		value = i ? value_milder(value, its) : its;
	}
	return value_effect(value);
}

/*
 * A filter of what the composition adds by itself. Beside bases its default is the strictest action, so
 * that it takes nothing away in a join; a rule that says the default makes no instruction.
 */
static int build_needs(const struct composer *composer, struct filter *ret_filter, struct err *err)
{
	struct document document = compose_entries_document(composer, &composer->entries,
							    composer->composing->base_count
								    ? SECCOMP_RET_KILL_PROCESS
								    : composer->default_action);
	int r = compose_build(composer, &document, ret_filter, err);

	document_release(&document);
	return r;
}

/* What passes without being needed. */
static void join_allowed(struct composer *composer)
{
	struct sock_filter kill = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_KILL_PROCESS};
	const struct filter nothing = {.program = &kill, .count = 1};
	size_t count = composer->composing->base_count;
	struct filter body = count ? compose_base_body(&composer->bases[0]) : nothing;

	composer->allowed = filter_copy(&body);
	for (size_t i = 1; i < count; i++) {
		body = compose_base_body(&composer->bases[i]);
		filter_join(&composer->allowed, &body);
	}
	if (count == 0)
		composer->allowed.big_endian = !(arch_audit(composer->host) & __AUDIT_ARCH_LE);
	regions_init(&composer->regions);
	answers_init(&composer->answers, &composer->regions, &composer->allowed);
}

/* Puts the stub that runc makes for the names in `needs` before a joint filter: what the stub lets
 * pass is for the joint one to answer. */
static void put_stub(struct filter *joint, const struct filter *needs)
{
	struct filter *body = mem_new(1, sizeof(*body));

	*body = *joint;
	joint->parts = body;
	joint->part_count = 1;
	joint->stub_count = needs->stub_count;
	joint->count = needs->stub_count + 1;
	joint->program = mem_new(joint->count, sizeof(*joint->program));
	memcpy(joint->program, needs->program, needs->stub_count * sizeof(*joint->program));
	joint->program[needs->stub_count] =
		(struct sock_filter){.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
}

/* Makes composer->wanted, and what its export has to know. */
static int join_all(struct composer *composer, struct survey *survey, struct err *err)
{
	struct filter needs = {0}, *wanted = &composer->wanted;
	int r = build_needs(composer, &needs, err);
	struct filter body = compose_body(&needs);

	if (r == 0)
		*wanted = filter_copy(&body);
	for (size_t i = 0; r == 0 && i < composer->composing->base_count; i++) {
		const struct compose_base *base = &composer->bases[i];
		struct filter other =
			compose_body(base->made_of.count ? &base->made_of : &base->filter);

		filter_join(wanted, &other);
	}
	*survey = (struct survey){.default_action = composer->default_action, .checks_arch = true};
	survey->has_stub =
		needs.stub_count > 0 && value_pass(composer->default_action) < PASS_TRACED;
	if (r == 0 && survey->has_stub)
		put_stub(wanted, &needs);
	for (size_t i = 0; !survey->has_stub && i < wanted->arch_count; i++)
		wanted->arches[i].has_last = false;
	filter_release(&needs);
	return r;
}

static int refuse_differences(const struct lints *differences, struct err *err)
{
	BUF_AUTO text = {0};

	for (size_t i = 0; i < differences->count && i < TOLD_DIFFERENCES; i++)
		buf_format(&text, "%s%s", i ? "; " : "", differences->all[i].message);
	if (differences->count > TOLD_DIFFERENCES)
		buf_format(&text, "; and %zu more", differences->count - TOLD_DIFFERENCES);
	return err_set(err, EINVAL,
		       "the merged behaviour cannot be expressed as an OCI profile: "
		       "%s",
		       text.p);
}

/* What is no rule: who answers NOTIFY, and flags. Takes the document over. */
static void take_document(struct composer *composer, struct document *document)
{
	const struct compose_base *bases = composer->bases;

	document_release(&composer->document);
	composer->document = *document;
	*document = (struct document){0};
	for (size_t i = 0; i < bases[0].document.flags.count; i++)
		strings_add(&composer->document.flags, bases[0].document.flags.all[i]);
	for (size_t i = composer->composing->base_count; i-- > 0;)
		if (bases[i].document.listener_path)
			composer->document.listener_path = bases[i].document.listener_path;
}

static int open_bases(struct composer *composer, struct err *err)
{
	const struct composing *composing = composer->composing;
	int r = 0;

	composer->bases = mem_new(composing->base_count, sizeof(*composer->bases));
	for (size_t i = 0; r == 0 && i < composing->base_count; i++)
		r = compose_base_open(&composer->bases[i], composing->bases[i], &composing->options,
				      err);
	if (r < 0)
		return r;
	composer->host = find_host(composing);
	collect_arches(composer);
	for (size_t i = 0; r == 0 && i < composing->base_count; i++)
		r = compose_base_build(&composer->bases[i], composer, err);
	return r;
}

/* The wanted filter as a profile, exactly. */
static int export_wanted(struct composer *composer, const struct survey *survey, struct err *err)
{
	struct export export = {0};
	int r = export_filter(&composer->wanted, survey, composer->host, &export, err);

	if (r == 0 && export.differences.count)
		r = refuse_differences(&export.differences, err);
	else if (r == 0)
		take_document(composer, &export.document);
	export_release(&export);
	return r;
}

/* Writes the document, and asks what is written. */
static int finish(struct composer *composer, struct err *err)
{
	compose_put_newer(composer);
	document_sort_rules(&composer->document);
	buf_clear(&composer->composed->document);
	document_write(&composer->document, false, &composer->composed->document);
	return compose_check(composer, err);
}

/* Where that cannot be said: the rules as they were, if they pass the check. */
static int make_of_rules(struct composer *composer)
{
	struct err ignored = ERR_INIT;
	struct document document;
	bool fine = compose_restate(composer, &document);

	if (fine)
		take_document(composer, &document);
	document_release(&document);
	return fine ? finish(composer, &ignored) : -EINVAL;
}

static int make(struct composer *composer, struct err *err)
{
	struct survey survey;
	int r = join_all(composer, &survey, err);

	if (r == 0 && composer->composing->base_count)
		r = export_wanted(composer, &survey, err);
	else if (r == 0)
		composer->document = compose_entries_document(composer, &composer->entries,
							      composer->default_action);
	if (r == 0)
		return finish(composer, err);
	if (composer->composing->base_count == 0 || make_of_rules(composer) < 0)
		return r;
	err_clear(err);
	return 0;
}

int compose(const struct composing *composing, struct composed *ret_composed, struct err *err)
{
	struct composer composer = {.composing = composing, .composed = ret_composed};
	int r;

	*ret_composed = (struct composed){0};
	if (composing->base_count == 0 && composing->needs->count == 0)
		return err_set(err, EINVAL,
			       "no syscall is needed and there is no base: nothing to write a "
			       "profile from");
	r = open_bases(&composer, err);
	if (r == 0) {
		join_allowed(&composer);
		compose_names(&composer);
		compose_note(&composer);
		composer.default_action = find_default(&composer);
		compose_entries_make(&composer, &composer.entries);
		r = make(&composer, err);
	}
	if (r < 0)
		buf_release(&ret_composed->document);
	lint_finish(&ret_composed->notes);
	composer_release(&composer);
	return r == 0 || r == -EPROTO ? r : -EINVAL;
}
