#include "profile/profile.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "profile/lints/lints.h"
#include "profile/source.h"
#include "profile/document/spelling.h"
#include "profile/answers/survey.h"
#include "profile/filter/filter.h"
#include "profile/filter/unit.h"
#include "profile/answers/judge.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>

struct profile {
	char *source;
	const char *format;
	const char *whole; /* where lints about the whole profile are placed */
	struct profile_options options;
	struct built built; /* units and filters: only a default action and the filter */
	struct unit unit;
	struct lints lints;
	const char **names; /* of all rules, sorted */
	size_t name_count;
	struct judge judge;
};

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	judge_release(&profile->judge);
	free(profile->names);
	built_release(&profile->built);
	unit_release(&profile->unit);
	lint_release(&profile->lints);
	free(profile->source);
	free(profile);
}

static void sort_names(struct profile *profile)
{
	const struct unit_list *lists[] = {&profile->unit.filter, &profile->unit.log};

	profile->names = mem_new(profile->built.rules.count + lists[0]->count + lists[1]->count,
				 sizeof(*profile->names));
	for (size_t i = 0; i < profile->built.rules.count; i++)
		profile->names[profile->name_count++] = profile->built.rules.all[i].name;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < lists[i]->count; k++)
			profile->names[profile->name_count++] = lists[i]->all[k].name;
	}
	qsort(profile->names, profile->name_count, sizeof(*profile->names), sorted_by_name);
}

/* A config.json lists its host's arch: this machine's if it is there, otherwise the 64-bit one. */
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

static void read_caps(struct profile_options *options, const struct document *document)
{
	bool podman = options->loader == LOADER_PODMAN ||
		      (options->loader == LOADER_AUTO && document->shape == SHAPE_PODMAN);

	if (!options->has_caps && document->has_caps)
		options->caps = document->caps;
	else if (!options->has_caps && podman)
		options->caps = caps_podman_default;
	options->caps = caps_tweak(options->caps, options->cap_add, options->cap_drop);
}

static void read_from_document(struct profile *profile, const struct profile_source *source)
{
	struct document *document = &profile->built.document;
	struct profile_options *options = &profile->options;

	if (source->loader == LOADER_PODMAN)
		document->shape = SHAPE_PODMAN;
	if (options->loader == LOADER_AUTO && options->loader_version.count == 0)
		options->loader_version = source->loader_version;
	read_caps(options, document);
	if (options->arch == 0)
		options->arch = host_of(document);
	profile->format = shape_name(document->shape);
}

static int load_document(struct profile *profile, const struct profile_source *source,
			 struct err *err)
{
	int r = document_parse(buf_str(&source->text), profile->options.select,
			       &profile->built.document, &profile->lints, err);

	read_from_document(profile, source);
	if (r == 0)
		r = profile_options_complete(&profile->options, err);
	if (r == 0)
		r = built_resolve(&profile->built, &profile->options, &profile->lints, err);
	if (r < 0)
		document_locate(&profile->built.document, err);
	return r;
}

static int load_unit(struct profile *profile, const struct profile_source *source, struct err *err)
{
	int r = profile_options_complete(&profile->options, err);

	profile->format = "systemd";
	profile->whole = "SystemCallFilter=";
	profile->built.rules.loader = LOADER_SYSTEMD;
	profile->options.runtime = RUNTIME_NONE;
	if (r == 0)
		r = unit_parse(buf_str(&source->text), &source->groups, &profile->unit,
			       &profile->lints, err);
	if (r == 0)
		r = unit_build(&profile->unit, &profile->options, &profile->built.filter,
			       &profile->built.rules.default_action, err);
	profile->built.rules.off = profile->built.filter.part_count == 0;
	if (r == 0 && profile->built.rules.off)
		lint_report(&profile->lints, LINT_NO_FILTER, 0, profile->whole,
			    "no syscall is filtered or logged: everything is allowed");
	return r;
}

static int load_filters(struct profile *profile, const struct profile_source *source,
			struct err *err)
{
	int r = profile_options_complete(&profile->options, err);

	profile->format = "bpf";
	profile->whole = "filter";
	profile->built.rules.loader = LOADER_NONE;
	profile->options.runtime = RUNTIME_NONE;
	profile->built.rules.off = source->filter.part_count == 0;
	if (r < 0)
		return r;
	if (profile->built.rules.off) {
		lint_report(&profile->lints, LINT_NO_FILTER, 0, profile->whole,
			    "there is no filter: everything is allowed");
		return 0;
	}
	if (source->threads_differ)
		lint_report(&profile->lints, LINT_THREADS_DIFFER, 0, profile->whole,
			    "other threads of this process have a different number of filters: "
			    "this result is for the main thread");
	profile->built.filter = filter_copy(&source->filter);
	return 0;
}

/* Finds the arches and the default action of filters without a document. */
static void survey_filters(struct profile *profile)
{
	struct built *built = &profile->built;

	if (built->rules.loader != LOADER_NONE || built->rules.off)
		return;
	struct survey survey =
		survey_filter(&built->filter, &profile->judge.answers, profile->options.arch);

	built->rules.default_action = survey.default_action;
	if (!survey.known)
		lint_report(&profile->lints, LINT_TOO_COMPLEX, 0, profile->whole,
			    "is too complex to evaluate: the result is unknown for some or all "
			    "calls");
}

static void finish_lint(struct profile *profile)
{
	if (!profile->built.rules.off)
		advise(&profile->judge, profile->whole, &profile->lints);
	if (!profile->built.rules.off && profile->built.rules.document) {
		names_lint(&profile->built.document, &profile->options, &profile->lints);
		misbuilt_lint(&profile->judge, &profile->lints);
	}
	document_locate_lints(&profile->built.document, &profile->lints);
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
	r = loads[source->kind](profile, source, err);
	if (r < 0) {
		profile_source_prefix(err, source->name);
		profile_free(profile);
		return r;
	}
	sort_names(profile);
	profile->judge = (struct judge){.rules = &profile->built.rules,
					.filter = profile_filter(profile),
					.options = &profile->options,
					.names = profile->names,
					.name_count = profile->name_count};
	judge_start(&profile->judge);
	survey_filters(profile);
	finish_lint(profile);
	*ret_profile = profile;
	return 0;
}

const struct rules *profile_rules(const struct profile *profile)
{
	return &profile->built.rules;
}

const struct filter *profile_filter(const struct profile *profile)
{
	return built_filter(&profile->built);
}

struct answers *profile_answers(struct profile *profile)
{
	return &profile->judge.answers;
}

struct profile_info profile_info(const struct profile *profile)
{
	const struct rules *rules = &profile->built.rules;
	bool from_document = rules->loader != LOADER_SYSTEMD && rules->loader != LOADER_NONE;
	const char *action = "";

	if (from_document && profile->built.document.default_action)
		action = profile->built.document.default_action;
	else if (!from_document && !rules->off && profile->unit.filter.present &&
		 profile->unit.filter.allows)
		action = profile->unit.has_errno ? "SCMP_ACT_ERRNO" : "SCMP_ACT_KILL_PROCESS";
	else if (!from_document && !rules->off)
		action = spelling_of_action(rules->default_action);
	return (struct profile_info){
		.source = profile->source,
		.format = profile->format,
		.loader = rules->loader,
		.runtime = profile->options.runtime,
		.default_action = action,
	};
}

const struct lint *profile_lint(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->lints.count;
	return profile->lints.all;
}

bool profile_passage(const struct profile *profile, const char *syscall,
		     const struct verdict *verdict, struct passage *ret_passage)
{
	const struct document *document = &profile->built.document;

	if (!profile->built.rules.document)
		return false;
	if (verdict->origin == VERDICT_BY_RULE &&
	    document_passage_of_rule(document, syscall, verdict->action, ret_passage))
		return true;
	if (verdict->origin == VERDICT_BY_ARCH &&
	    (document_passage_of_member(document, "architectures", ret_passage) ||
	     document_passage_of_member(document, "archMap", ret_passage)))
		return true;
	return document_passage_of_member(document, "defaultAction", ret_passage);
}

struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	return judge_ask(&profile->judge, audit_arch, nr);
}
