#include "profile/write/export.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"
#include "profile/answers/proof.h"
#include "profile/answers/verdict.h"
#include "profile/document/spelling.h"
#include "profile/filter/value.h"
#include "profile/write/cover.h"
#include "profile/write/differences.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* At most this often another manner is tried for the names that differ. */
#define MAX_ROUNDS 8

struct export_name {
	const char *name;
	enum cover_manner manner; /* COVER_NONE: libseccomp makes i386's socketcall and ipc rules */
	bool pinned;              /* named only so that the stub begins where it did */
	bool conditional;
	bool inexpressible;
	bool differs;   /* the proof has found a difference */
	uint32_t token; /* whose answer decides: the host's if it has the syscall */
	uint32_t nr;    /* as the kernel shows it to a filter there */
	struct cover rules;
};

struct exporter {
	struct filter filter; /* borrowed, but for its arches */
	struct survey survey;
	uint32_t host;
	uint32_t default_action; /* one that a profile can have */
	struct regions regions;
	struct answers answers;    /* the filter's */
	struct export_name *names; /* sorted */
	size_t name_count;
	struct differences differences; /* of the proof that is running */
	struct export *export;
};

void export_release(struct export *export)
{
	lint_release(&export->differences);
	lint_release(&export->notes);
	document_release(&export->document);
}

static struct export_name *find_name(const struct exporter *exporter, const char *name)
{
	return named_find(exporter->names, exporter->name_count, sizeof(*exporter->names), name);
}

/* A rule's name counts for the stub of every arch where it resolves to a number. */
static bool is_beyond_stub(const struct exporter *exporter, const char *name)
{
	const struct filter *filter = &exporter->filter;

	for (size_t i = 0; i < filter->arch_count; i++) {
		const struct filter_arch *arch = &filter->arches[i];
		int nr = seccomp_syscall_resolve_name_arch(arch->token, name);

		if (arch->has_last && nr >= 0 && (uint32_t)nr > arch->last)
			return true;
	}
	return false;
}

static struct export_name *put_name(struct exporter *exporter, const char *name, uint32_t token,
				    uint32_t nr)
{
	struct export_name put = {.name = mem_copy(str_from(name)), .token = token, .nr = nr};

	exporter->names = mem_more(exporter->names, exporter->name_count, sizeof(put));
	exporter->names[exporter->name_count] = put;
	return &exporter->names[exporter->name_count++];
}

/* The first arch that has a name decides; 64-bit ones come first, since they see all bits. */
static void collect_names(struct exporter *exporter)
{
	const struct filter *filter = &exporter->filter;

	for (size_t i = 0; i < 2 * filter->arch_count; i++) {
		uint32_t token = filter->arches[i % filter->arch_count].token;
		bool narrow = i >= filter->arch_count;
		struct named_number *all = NULL;
		size_t count = cover_is_narrow(token) == narrow ? numbers_named(token, &all) : 0;

		for (size_t k = 0; k < count; k++)
			if (!find_name(exporter, all[k].name) && syscall_is_known(all[k].name) &&
			    !is_beyond_stub(exporter, all[k].name))
				put_name(exporter, all[k].name, token, all[k].nr);
		free(all);
	}
	if (exporter->name_count)
		qsort(exporter->names, exporter->name_count, sizeof(*exporter->names),
		      sorted_by_name);
}

/* What OCI cannot express gets the strictest of its answers, or the default if these are unknown. */
static void put_strictest(struct exporter *exporter, struct export_name *name, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	uint32_t value = exporter->default_action;

	name->rules.count = 0;
	name->conditional = false;
	name->inexpressible = true;
	if (answer != DIAGRAM_UNKNOWN) {
		size_t count = diagram_values(&exporter->regions, answer, &values);

		value = value_strictest(values, count);
	}
	if (value != exporter->default_action)
		cover_put(&name->rules, value, NULL, 0);
}

/* One rule for each answer except the default; false if that takes too many. */
static bool put_conditions(struct exporter *exporter, struct export_name *name, diagram answer,
			   const uint32_t *values, size_t count)
{
	struct regions *regions = &exporter->regions;
	bool narrow = cover_is_narrow(name->token);

	for (size_t i = 0; i < count; i++)
		if (values[i] != exporter->default_action &&
		    !cover_make(regions, diagram_where(regions, answer, values[i]), values[i],
				narrow, name->manner, &name->rules))
			return false;
	return name->rules.count <= COVER_MAX && cover_tangled(&name->rules) <= COVER_MAX_TANGLED;
}

/* Answers with the same effect are one. */
static diagram answer_to(struct exporter *exporter, const struct export_name *name)
{
	diagram answer = answers_call(&exporter->answers, arch_audit(name->token), name->nr);

	return answers_map(&exporter->regions, answer, differences_effect, NULL);
}

static void make_rules(struct exporter *exporter, struct export_name *name)
{
	diagram answer = answer_to(exporter, name);
	struct regions_mark mark = regions_mark(&exporter->regions, 2);
	MEM_AUTO uint32_t *values = NULL;
	bool fine = true;

	name->rules.count = 0;
	name->inexpressible = false;
	size_t count =
		answer == DIAGRAM_UNKNOWN ? 0 : diagram_values(&exporter->regions, answer, &values);

	if (count == 1 && values[0] != exporter->default_action)
		cover_put(&name->rules, values[0], NULL, 0);
	name->conditional = count > 1;
	if (count > 1 && name->manner != COVER_NONE)
		fine = put_conditions(exporter, name, answer, values, count);
	if (!regions_keep(&exporter->regions, &mark) || !fine || count == 0)
		put_strictest(exporter, name, answer);
}

/* Names the number where the stub begins, or the next one that has a name, unless the profile names
 * one that is as large. */
static void pin_stub(struct exporter *exporter, const struct filter_arch *arch)
{
	struct named_number next;

	for (size_t i = 0; i < exporter->name_count; i++) {
		const struct export_name *name = &exporter->names[i];

		if (name->rules.count && seccomp_syscall_resolve_name_arch(
						 arch->token, name->name) >= (int64_t)arch->last)
			return;
	}
	if (!numbers_next_named(arch->token, arch->last, &next))
		return;
	struct export_name *pin = find_name(exporter, next.name);

	if (!pin) {
		pin = put_name(exporter, next.name, arch->token, next.nr);
		make_rules(exporter, pin);
	}
	if (pin->rules.count == 0)
		cover_put(&pin->rules, exporter->default_action, NULL, 0);
	pin->pinned = true;
	qsort(exporter->names, exporter->name_count, sizeof(*exporter->names), sorted_by_name);
}

/* The name's rules in the next manner; false if there is none, or it has no say in the matter. */
static bool next_manner(struct exporter *exporter, struct export_name *name)
{
	if (!name->conditional || name->inexpressible || name->manner == COVER_PLAIN)
		return false;
	name->manner = name->manner == COVER_NONE ? COVER_SHORT : COVER_PLAIN;
	make_rules(exporter, name);
	if (name->pinned && name->rules.count == 0)
		cover_put(&name->rules, exporter->default_action, NULL, 0);
	return true;
}

/* Tries the next manner for the names that differ. */
static bool improve(struct exporter *exporter)
{
	bool changed = false;

	for (size_t i = 0; i < exporter->name_count; i++) {
		if (exporter->names[i].differs)
			changed = next_manner(exporter, &exporter->names[i]) || changed;
		exporter->names[i].differs = false;
	}
	return changed;
}

/* The profile of some of the names. */
static struct document make_document(const struct exporter *exporter,
				     const struct export_name *names, size_t count)
{
	struct document document = {0};

	document_set_default(&document, exporter->default_action);
	for (size_t i = 0; i < exporter->filter.arch_count; i++) {
		BUF_AUTO arch = {0};

		spelling_put_arch(&arch, exporter->filter.arches[i].token);
		strings_add(&document.architectures, document_string(&document, arch.p));
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = document_string(&document, names[i].name);

		for (size_t j = 0; j < names[i].rules.count; j++) {
			const struct cover_rule *rule = &names[i].rules.all[j];

			document_add_name(&document, name, rule->value, rule->args,
					  rule->arg_count);
		}
	}
	document_sort_rules(&document);
	return document;
}

/* Builds the document from its text. */
static int build(const struct exporter *exporter, const struct document *document,
		 struct built *ret_built, struct err *err)
{
	struct profile_options options = profile_options_default();
	BUF_AUTO text = {0};

	options.loader = LOADER_OCI;
	options.runtime = exporter->export->runtime;
	options.arch = exporter->host;
	options.any_listener = true;
	document_write(document, false, &text);
	return built_make(ret_built, buf_str(&text), &options, NULL, err);
}

/*
 * After libseccomp has refused the profile, or did not finish it: the names whose rules it does not
 * build alone get rules that do not overlap, or else the strictest action. Such rules may contradict
 * each other on an arch whose arguments are shorter. False if nothing could be changed.
 */
static bool mend(struct exporter *exporter)
{
	bool changed = false;

	for (size_t i = 0; i < exporter->name_count; i++) {
		struct export_name *name = &exporter->names[i];
		struct document document;
		struct err ignored = ERR_INIT;
		struct built built;

		if (!name->conditional || name->inexpressible || name->manner == COVER_NONE)
			continue;
		if (syscall_is_multiplexer(name->name)) {
			name->manner = COVER_NONE;
			make_rules(exporter, name);
			name->inexpressible = true;
			changed = true;
			continue;
		}
		document = make_document(exporter, name, 1);
		bool builds = build(exporter, &document, &built, &ignored) == 0;

		built_release(&built);
		document_release(&document);
		if (!builds && !next_manner(exporter, name))
			put_strictest(exporter, name, answer_to(exporter, name));
		changed = changed || !builds;
	}
	return changed;
}

static uint32_t is_other(uint32_t filter, uint32_t profile, const void *context)
{
	(void)context;
	return value_effect(filter) != value_effect(profile);
}

static int add_fault(void *context, const struct proof_fault *fault)
{
	struct exporter *exporter = context;
	struct export_name *name = fault->name ? find_name(exporter, fault->name) : NULL;

	differences_add(&exporter->differences, fault);
	if (name)
		name->differs = true;
	return 0;
}

/* Builds the export's document and compares it with the filter, over all numbers and arguments.
 * Fills export->differences, and marks the names that differ. */
static int prove(struct exporter *exporter, struct err *err)
{
	struct export *export = exporter->export;
	struct answers made;
	const struct proof proof = {.wanted = &exporter->answers, .made = &made, .fold = is_other};
	struct built built;
	int r = build(exporter, &export->document, &built, err);

	lint_release(&export->differences);
	if (r == 0) {
		exporter->differences.regions = &exporter->regions;
		answers_init(&made, &exporter->regions, &built.filter);
		/* add_fault() never ends a proof */
		(void)proof_of_arches(&proof, add_fault, exporter);
		(void)proof_of_others(&proof, add_fault, exporter);
		answers_release(&made);
		differences_report(&exporter->differences, &export->differences);
		differences_release(&exporter->differences);
	}
	built_release(&built);
	return r;
}

/* Makes the document, proves it, and tries again while something can be done about a difference. */
static int settle(struct exporter *exporter, struct err *err)
{
	struct export *export = exporter->export;
	bool again = true;
	int r = 0;

	for (int round = 0; again && round < MAX_ROUNDS; round++) {
		err_clear(err);
		document_release(&export->document);
		export->document = make_document(exporter, exporter->names, exporter->name_count);
		r = prove(exporter, err);
		again = r == -EEXIST || r == -ETIME ? mend(exporter) : r == 0 && improve(exporter);
	}
	return r < 0 ? err_prefix(err, "the profile that was made of the filter") : 0;
}

static void note(const struct exporter *exporter)
{
	struct lints *notes = &exporter->export->notes;
	uint32_t otherwise = exporter->default_action;
	char text[VERDICT_VALUE_SIZE];
	bool notifies = false;

	if (exporter->survey.has_stub)
		lint_note(notes, 0, "",
			  "runc's stub returns ENOSYS for syscalls newer than the profile; crun "
			  "has no stub and uses the default action, %s",
			  verdict_value_text(otherwise, text));
	else if (value_pass(otherwise) < PASS_TRACED && otherwise != VALUE_ENOSYS)
		lint_note(notes, 0, "",
			  "the filter has no ENOSYS stub, but runc adds one: syscalls newer than "
			  "the profile then get ENOSYS instead of %s",
			  verdict_value_text(otherwise, text));
	if (!exporter->survey.checks_arch)
		lint_note(notes, 0, "",
			  "the filter does not refuse unknown architectures; the profile is for "
			  "the architectures of this machine and kills programs of any other");
	for (size_t i = 0; i < exporter->name_count; i++)
		for (size_t k = 0; k < exporter->names[i].rules.count; k++)
			notifies |= value_is(exporter->names[i].rules.all[k].value,
					     SECCOMP_RET_USER_NOTIF);
	if (notifies)
		lint_note(notes, 0, "",
			  "SCMP_ACT_NOTIFY needs a listener: runc refuses the profile until it "
			  "has a listenerPath");
	for (size_t i = 0; i < exporter->name_count; i++)
		if (exporter->names[i].inexpressible && exporter->names[i].manner != COVER_NONE)
			lint_note(notes, 0, "",
				  "%s: the filter's conditions need too many OCI rules or cannot "
				  "be expressed; the profile uses the strictest of its actions",
				  exporter->names[i].name);
}

/* The nearest default action that a profile can have: no runtime accepts NOTIFY. */
static uint32_t choose_default(uint32_t value)
{
	if (value == SECCOMP_RET_USER_NOTIF)
		return VALUE_ENOSYS;
	return value_is(value, SECCOMP_RET_TRAP) ? SECCOMP_RET_TRAP : value;
}

int export_filter(const struct filter *filter, const struct survey *survey, uint32_t host,
		  struct export *ret_export, struct err *err)
{
	struct exporter exporter = {.filter = *filter, .host = host, .export = ret_export};

	regions_init(&exporter.regions);
	answers_init(&exporter.answers, &exporter.regions, &exporter.filter);
	exporter.survey =
		survey ? *survey : survey_filter(&exporter.filter, &exporter.answers, host);
	exporter.default_action = choose_default(value_effect(exporter.survey.default_action));
	*ret_export =
		(struct export){.runtime = exporter.survey.has_stub ? RUNTIME_RUNC : RUNTIME_CRUN};
	collect_names(&exporter);
	/* libseccomp derives the conditions of socketcall and ipc from the rules for socket(),
	 * semop() ..., so none are written for them */
	for (size_t i = 0; i < exporter.name_count; i++) {
		struct export_name *name = &exporter.names[i];

		name->manner = syscall_is_multiplexer(name->name) ? COVER_NONE : COVER_SHORT;
		make_rules(&exporter, name);
	}
	for (size_t i = 0; i < exporter.filter.arch_count; i++)
		if (exporter.filter.arches[i].has_last)
			pin_stub(&exporter, &exporter.filter.arches[i]);
	int r = settle(&exporter, err);

	note(&exporter);
	for (size_t i = 0; i < exporter.name_count; i++) {
		cover_release(&exporter.names[i].rules);
		free((void *)(uintptr_t)exporter.names[i].name);
	}
	free(exporter.names);
	answers_release(&exporter.answers);
	regions_release(&exporter.regions);
	return r;
}

int oci_document(const struct profile *profile, struct document *ret_document, struct lints *notes,
		 bool *ret_exact, struct err *err)
{
	const struct rules *rules = profile_rules(profile);
	const struct filter *filter = profile_filter(profile);
	struct export export = {0};

	*ret_document = (struct document){0};
	*ret_exact = true;
	if (!filter)
		return err_set(err, EINVAL, "there is no filter, so no profile can be written");
	if (rules->document) {
		document_of_rules(rules, ret_document);
		return 0;
	}
	int r = export_filter(filter, NULL, arch_native(), &export, err);

	for (size_t i = 0; r == 0 && i < export.differences.count; i++) {
		struct str message = str_from(export.differences.all[i].message);
		bool other_arch = str_starts(message, STR(DIFFERENCES_OTHER_ARCH));

		/* a unit's filters let other arches through unless it says otherwise
		 * (systemd.exec(5)) */
		lint_add(notes, i, "", "cannot be expressed in OCI: %s%s", message.p,
			 rules->loader == LOADER_SYSTEMD && other_arch
				 ? "; with SystemCallArchitectures=native the unit kills those as "
				   "well"
				 : "");
	}
	for (size_t i = 0; r == 0 && i < export.notes.count; i++)
		lint_note(notes, export.differences.count + i, "", "%s",
			  export.notes.all[i].message);
	*ret_exact = export.differences.count == 0;
	*ret_document = export.document;
	export.document = (struct document){0};
	export_release(&export);
	return r;
}

int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err)
{
	struct document document;
	int r = oci_document(profile, &document, notes, ret_exact, err);

	if (r == 0)
		document_write(&document, profile_rules(profile)->document != NULL, text);
	document_release(&document);
	return r;
}
