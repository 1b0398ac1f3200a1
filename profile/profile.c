#include "profile/profile.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/lints/advice.h"
#include "profile/lints/misbuilt.h"
#include "profile/source.h"
#include "profile/document/spelling.h"
#include "profile/answers/survey.h"
#include "profile/filter/unit.h"
#include "profile/answers/judge.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>

/*
 * Answers kept by (arch, number). A container may call any number it likes, so past this many
 * an answer is found again each time; its text is still kept once.
 */
#define MEMO_MAX (1U << 16)

/* One answer: which verdict of profile.verdicts. */
struct memo {
	bool used;
	uint32_t audit_arch;
	int64_t nr;
	size_t verdict;
};

struct profile {
	char *source;
	const char *format;
	const char *whole; /* the place that stands for all that no rule names */
	struct profile_options options;
	struct document document;
	struct unit unit;
	struct rules rules; /* of a unit and of filters: the default action, and no rule */
	struct filter filter;
	struct lints lints;
	const char **names; /* that rules have, sorted */
	size_t name_count;
	struct walk walk;
	struct memo *memo; /* hash by (arch, nr), memo_size a power of two */
	size_t memo_count, memo_size;
	struct verdict *verdicts; /* each differs from all others */
	size_t verdict_count, verdict_size;
};

static void verdict_release(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->condition_count; i++)
		free((void *)(uintptr_t)verdict->conditions[i]);
	free((void *)(uintptr_t)verdict->conditions);
	free((void *)(uintptr_t)verdict->reachable);
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->verdict_count; i++)
		verdict_release(&profile->verdicts[i]);
	free(profile->verdicts);
	free(profile->memo);
	walk_release(&profile->walk);
	free(profile->names);
	filter_release(&profile->filter);
	rules_release(&profile->rules);
	unit_release(&profile->unit);
	document_release(&profile->document);
	lint_release(&profile->lints);
	free(profile->source);
	free(profile);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(struct profile *profile)
{
	const struct unit_list *lists[] = {&profile->unit.filter, &profile->unit.log};

	profile->names = mem_new(profile->rules.count + lists[0]->count + lists[1]->count,
				 sizeof(*profile->names));
	for (size_t i = 0; i < profile->rules.count; i++)
		profile->names[profile->name_count++] = profile->rules.all[i].name;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < lists[i]->count; k++)
			profile->names[profile->name_count++] = lists[i]->all[k].name;
	}
	qsort(profile->names, profile->name_count, sizeof(*profile->names), by_name);
}

/* What a runtime was given lists its host's arch, and the 64-bit one is no other's sub-arch. */
static uint32_t host_of(const struct document *document)
{
	uint32_t host = 0;

	for (size_t i = 0; document->resolved && i < document->architectures.count; i++) {
		uint32_t token = spelling_read_arch(document->architectures.all[i], false);

		if (token == arch_native())
			return token;
		if (token && (host == 0 || (arch_audit(token) & __AUDIT_ARCH_64BIT)))
			host = token;
	}
	return host;
}

/* As moby's TweakCapabilities(): ALL added is all but the dropped; otherwise adding comes last. */
static caps tweak(caps base, caps add, caps drop)
{
	caps every = 0;

	caps_from_name(STR("ALL"), &every);
	return (add & every) == every ? every & ~drop : (base & ~drop) | add;
}

static void take_caps(struct profile_options *options, const struct document *document)
{
	bool podman = options->loader == LOADER_PODMAN ||
		      (options->loader == LOADER_AUTO && document->shape == SHAPE_PODMAN);

	if (!options->has_caps && document->has_caps)
		options->caps = document->caps;
	else if (!options->has_caps && podman)
		options->caps = caps_podman_default;
	options->caps = tweak(options->caps, options->cap_add, options->cap_drop);
}

static void take_from_document(struct profile *profile, const struct profile_source *source)
{
	struct document *document = &profile->document;
	struct profile_options *options = &profile->options;

	if (source->loader == LOADER_PODMAN)
		document->shape = SHAPE_PODMAN;
	take_caps(options, document);
	if (options->arch == 0)
		options->arch = host_of(document);
	profile->format = shape_name(document->shape);
}

static int load_document(struct profile *profile, const struct profile_source *source,
			 struct err *err)
{
	int r = document_parse(buf_str(&source->text), profile->options.select, &profile->document,
			       &profile->lints, err);

	take_from_document(profile, source);
	if (r == 0)
		r = profile_options_complete(&profile->options, err);
	if (r == 0)
		r = rules_resolve(&profile->document, &profile->options, &profile->rules,
				  &profile->lints, err);
	if (r == 0 && !profile->rules.off)
		r = filter_build(&profile->rules, &profile->options, &profile->filter,
				 &profile->lints, err);
	if (r < 0)
		document_locate(&profile->document, err);
	return r;
}

/* Keeps what the filter knows of arches: combining gives a program, and a unit's are known. */
static int combine(struct profile *profile, const struct filter_stack *stack, struct err *err)
{
	struct filter known = profile->filter;
	int r = filter_stack_combine(stack, &profile->filter, err);

	memcpy(profile->filter.arches, known.arches, sizeof(known.arches));
	profile->filter.arch_count = known.arch_count;
	return r;
}

static int load_unit(struct profile *profile, const struct profile_source *source, struct err *err)
{
	const struct unit_text text = {
		.text = buf_str(&source->text),
		.groups = buf_str(&source->groups),
		.groups_failed = source->groups_failed.message,
		.systemd_version = source->systemd_version,
	};
	struct filter_stack stack = {0};
	int r = profile_options_complete(&profile->options, err);

	profile->format = "systemd";
	profile->whole = "SystemCallFilter=";
	profile->rules.loader = LOADER_SYSTEMD;
	profile->options.runtime = RUNTIME_NONE;
	if (r == 0)
		r = unit_parse(&text, &profile->unit, &profile->lints, err);
	if (r == 0)
		r = unit_build(&profile->unit, &profile->options, &stack, &profile->filter,
			       &profile->rules.default_action, err);
	profile->rules.off = stack.count == 0;
	if (r == 0 && profile->rules.off)
		lint_add(&profile->lints, 0, profile->whole,
			 "no system call is filtered or logged: everything is allowed");
	else if (r == 0)
		r = combine(profile, &stack, err);
	filter_stack_release(&stack);
	return r;
}

static int load_filters(struct profile *profile, const struct profile_source *source,
			struct err *err)
{
	int r = profile_options_complete(&profile->options, err);

	profile->format = "bpf";
	profile->whole = "filter";
	profile->rules.loader = LOADER_NONE;
	profile->options.runtime = RUNTIME_NONE;
	profile->rules.off = source->stack.count == 0;
	if (r < 0)
		return r;
	if (profile->rules.off) {
		lint_add(&profile->lints, 0, profile->whole,
			 "there is none: everything is allowed");
		return 0;
	}
	if (source->stack.threads_differ)
		lint_add(&profile->lints, 0, profile->whole,
			 "other threads of this process have another number of filters: this is "
			 "the main thread's answer");
	r = combine(profile, &source->stack, err);
	profile->filter.arch_count = 0;
	if (r == 0)
		profile->rules.default_action =
			survey_filter(&profile->filter, profile->options.arch).default_action;
	return r;
}

/* "FILE:LINE:COLUMN: what" for a malformed text, "FILE: what" for all else. */
static void prefix_source(struct err *err, const char *source)
{
	const char *name = profile_source_label(source);
	size_t digits = strspn(err->message, "0123456789");
	bool has_line = digits > 0 && err->message[digits] == ':';

	if (!has_line) {
		err_prefix(err, "%s", name);
		return;
	}
	char message[sizeof(err->message)];
	int code = err->code;

	memcpy(message, err->message, sizeof(message));
	err_clear(err);
	err_set(err, code, "%s:%s", name, message);
}

static unsigned line_of(const void *document, const char *place)
{
	return document_line(document, place);
}

static void finish_lint(struct profile *profile)
{
	const struct advised advised = {
		.profile = profile,
		.filter = &profile->filter,
		.rules = &profile->rules,
		.options = &profile->options,
		.whole = profile->whole,
	};

	if (!profile->rules.off)
		advise(&advised, &profile->lints);
	if (!profile->rules.off && profile->rules.document)
		misbuilt_lint(&profile->rules, &profile->options, &profile->filter,
			      &profile->lints);
	lint_locate(&profile->lints, line_of, &profile->document);
	lint_finish(&profile->lints);
}

int profile_load(const struct profile_source *source, const struct profile_options *options,
		 struct profile **ret_profile, struct err *err)
{
	static int (*const loads[])(struct profile * profile, const struct profile_source *source,
				    struct err *err) = {
		[PROFILE_SOURCE_DOCUMENT] = load_document,
		[PROFILE_SOURCE_UNIT] = load_unit,
		[PROFILE_SOURCE_FILTERS] = load_filters,
	};
	struct profile *profile = mem_new(1, sizeof(*profile));
	int r;

	profile->source = mem_copy(str_from(source->name));
	profile->format = "";
	profile->whole = "defaultAction";
	profile->options = *options;
	walk_init(&profile->walk);
	r = loads[source->kind](profile, source, err);
	if (r < 0) {
		prefix_source(err, source->name);
		profile_free(profile);
		return r;
	}
	sort_names(profile);
	finish_lint(profile);
	*ret_profile = profile;
	return 0;
}

const struct rules *profile_rules(const struct profile *profile)
{
	return &profile->rules;
}

const struct filter *profile_filter(const struct profile *profile)
{
	return profile->rules.off ? NULL : &profile->filter;
}

static const char *default_action(const struct profile *profile)
{
	if (profile->rules.loader != LOADER_SYSTEMD && profile->rules.loader != LOADER_NONE)
		return profile->document.default_action ? profile->document.default_action : "";
	if (profile->rules.off)
		return "";
	if (profile->unit.filter.present && profile->unit.filter.allows)
		return profile->unit.has_errno ? "SCMP_ACT_ERRNO" : "SCMP_ACT_KILL_PROCESS";
	return spelling_of_action(profile->rules.default_action);
}

struct profile_info profile_info(const struct profile *profile)
{
	return (struct profile_info){
		.source = profile->source,
		.format = profile->format,
		.loader = profile->rules.loader,
		.runtime = profile->options.runtime,
		.default_action = default_action(profile),
	};
}

const struct lint *profile_lint(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->lints.count;
	return profile->lints.all;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	if (a->kind != b->kind || a->origin != b->origin ||
	    a->reachable_count != b->reachable_count || a->condition_count != b->condition_count)
		return false;
	for (size_t i = 0; i < a->reachable_count; i++) {
		if (a->reachable[i] != b->reachable[i])
			return false;
	}
	for (size_t i = 0; i < a->condition_count; i++) {
		if (strcmp(a->conditions[i], b->conditions[i]) != 0)
			return false;
	}
	return true;
}

/* Takes the verdict over; gives the index of the one that is kept. */
static size_t keep_verdict(struct profile *profile, struct verdict verdict)
{
	for (size_t i = 0; i < profile->verdict_count; i++) {
		if (!same_verdict(&profile->verdicts[i], &verdict))
			continue;
		verdict_release(&verdict);
		return i;
	}
	if (profile->verdict_count == profile->verdict_size) {
		profile->verdict_size = profile->verdict_size ? profile->verdict_size * 2 : 16;
		profile->verdicts =
			mem_resize(profile->verdicts, profile->verdict_size * sizeof(verdict));
	}
	profile->verdicts[profile->verdict_count] = verdict;
	return profile->verdict_count++;
}

static size_t judge(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	const struct judge judge = {
		.rules = &profile->rules,
		.filter = &profile->filter,
		.names = profile->names,
		.name_count = profile->name_count,
	};
	const struct question question = {
		.audit_arch = audit_arch,
		.nr = (uint32_t)nr,
		.big_endian = profile->filter.big_endian,
	};

	if (profile->rules.off)
		return keep_verdict(profile, verdict_unfiltered());
	walk_filter(&profile->walk, profile->filter.program, profile->filter.count, &question);
	return keep_verdict(profile, verdict_of(&judge, &profile->walk, audit_arch, nr));
}

static struct memo *memo_slot(const struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	uint64_t hash = ((uint64_t)nr ^ (uint64_t)audit_arch << 32) * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = hash >> 32;; i++) {
		struct memo *memo = &profile->memo[i & (profile->memo_size - 1)];

		if (!memo->used || (memo->nr == nr && memo->audit_arch == audit_arch))
			return memo;
	}
}

static void memo_grow(struct profile *profile)
{
	struct memo *old = profile->memo;
	size_t size = profile->memo_size;

	profile->memo_size = size ? size * 2 : 1024;
	profile->memo = mem_new(profile->memo_size, sizeof(*profile->memo));
	for (size_t i = 0; i < size; i++) {
		if (old[i].used)
			*memo_slot(profile, old[i].audit_arch, old[i].nr) = old[i];
	}
	free(old);
}

struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	if (profile->memo_count * 2 >= profile->memo_size)
		memo_grow(profile);
	struct memo *memo = memo_slot(profile, audit_arch, nr);

	if (memo->used)
		return profile->verdicts[memo->verdict];
	size_t at = judge(profile, audit_arch, nr);

	if (profile->memo_count < MEMO_MAX) {
		*memo = (struct memo){
			.used = true, .audit_arch = audit_arch, .nr = nr, .verdict = at};
		profile->memo_count++;
	}
	return profile->verdicts[at];
}
