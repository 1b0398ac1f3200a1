#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/source.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"
#include "profile/answers/numbers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

struct checker {
	const struct composer *composer;
	const struct composing *composing; /* the composer's */
	struct profile *profile;           /* the finished document, loaded */
	struct regions regions;
	struct answers own, allowed; /* its filter's, and of what passes without being needed */
	struct answers *bases;
	struct err *err;
};

static int fail(struct checker *checker, uint32_t token, int64_t nr, const char *what)
{
	char name[SYSCALL_NAME_SIZE];
	const char *arch = arch_name(token);

	syscall_name(arch_audit(token), nr, name);
	return err_set(checker->err, EPROTO,
		       "the composed profile fails its check (a bug in sclog): %s, number %lld "
		       "on %s, %s",
		       name, (long long)nr, arch ? arch : "an unknown architecture", what);
}

/* Needed, and not left as the bases have it. */
static bool is_granted(const struct checker *checker, size_t need)
{
	return checker->composer->fates[need] != FATE_LEFT;
}

static bool is_granted_name(const struct checker *checker, const char *name)
{
	const struct needs *needs = checker->composing->needs;
	const struct need *need = needs_find(needs, name);

	return need && is_granted(checker, (size_t)(need - needs->all));
}

/* Every needed name passes wherever it has a number. */
static int check_needs(struct checker *checker, uint32_t token)
{
	const struct needs *needs = checker->composing->needs;
	int64_t nr;

	for (size_t i = 0; i < needs->count; i++) {
		const char *name = needs->all[i].name;

		if (!is_granted(checker, i) || !syscall_number(token, name, &nr) ||
		    seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			continue;
		struct verdict verdict = profile_judge(checker->profile, arch_audit(token), nr);

		if (verdict.kind != VERDICT_ALLOWED && verdict.kind != VERDICT_LOGGED)
			return fail(checker, token, nr, "is needed but refused");
	}
	return 0;
}

/* Whether the value is a default that was asked for: what it lets through was too. */
static bool is_chosen(const struct composing *composing, uint32_t value)
{
	return composing->has_default &&
	       value_effect(value) == value_effect(composing->default_action);
}

/* How the answer to a call that is not needed stands to the bases', as bits. */
enum {
	RELATION_MORE = 1 << 0,
	RELATION_LESS = 1 << 1,
	RELATION_PASSES = 1 << 2, /* a base, its stub in front, lets it through */
};

static uint32_t relation_of(uint32_t own, uint32_t allowed, const void *context)
{
	enum pass mine = value_pass(own), theirs = value_pass(allowed);

	if (mine == theirs || (mine > theirs && is_chosen(context, own)))
		return 0;
	return mine < theirs ? RELATION_LESS : RELATION_MORE;
}

static uint32_t add_base(uint32_t relation, uint32_t base, const void *context)
{
	(void)context;
	return relation | (value_pass(base) > PASS_REFUSED ? RELATION_PASSES : 0);
}

/* The relations of one arch's calls. */
static diagram ask_arch(struct checker *checker, uint32_t audit_arch)
{
	diagram relations = answers_join(&checker->regions, answers_arch(&checker->own, audit_arch),
					 answers_arch(&checker->allowed, audit_arch), relation_of,
					 checker->composing);

	for (size_t i = 0; i < checker->composing->base_count; i++)
		relations =
			answers_join(&checker->regions, relations,
				     answers_arch(&checker->bases[i], audit_arch), add_base, NULL);
	return relations;
}

static int refuse_relation(struct checker *checker, uint32_t token, int64_t nr, bool more,
			   bool less)
{
	if (more)
		return fail(checker, token, nr,
			    "is allowed, but neither needed nor allowed by a base");
	if (less)
		return fail(checker, token, nr, "is allowed by a base, but now refused or logged");
	return 0;
}

struct wanted {
	const struct composing *composing;
	bool chosen; /* by a default that was asked for too */
};

static uint32_t is_passing(uint32_t value, const void *context)
{
	const struct wanted *wanted = context;

	return value_pass(value) >= PASS_LOGGED &&
	       (wanted->chosen || !is_chosen(wanted->composing, value));
}

/* The arguments for which a filter lets pass; DIAGRAM_UNKNOWN if that is not known. */
static region passing(struct checker *checker, struct answers *answers, uint32_t token, int64_t nr,
		      bool chosen)
{
	const struct wanted wanted = {checker->composing, chosen};
	diagram passes = answers_map(&checker->regions,
				     answers_call(answers, arch_audit(token), (uint32_t)nr),
				     is_passing, &wanted);

	return passes == DIAGRAM_UNKNOWN ? passes : diagram_where(&checker->regions, passes, 1);
}

/* The calls that needed names have in socketcall or ipc: a rule for `socket` opens its call 1. */
static region member_calls(struct checker *checker, uint32_t token, const char *name)
{
	const struct needs *needs = checker->composing->needs;
	struct regions *regions = &checker->regions;
	region calls = REGION_NONE;
	uint32_t call;

	for (size_t i = 0; i < needs->count; i++) {
		const char *family = is_granted(checker, i)
					     ? syscall_multiplexer(token, needs->all[i].name, &call)
					     : NULL;

		if (!family || strcmp(family, name) != 0)
			continue;
		calls = region_or(regions, calls,
				  region_argument(regions, 0, UINT32_MAX, COMPARE_EQ, call));
	}
	return calls;
}

static void note_undecided(struct checker *checker, uint32_t token)
{
	lint_add(&checker->composer->composed->notes, 3, "",
		 "the self-check could not determine what is allowed on %s", arch_name(token));
}

/* Apart from the calls of needed names, what passes is what passes under a base. */
static int check_family(struct checker *checker, uint32_t token, int64_t nr, const char *name,
			bool hidden)
{
	struct regions *regions = &checker->regions;
	region mine = passing(checker, &checker->own, token, nr, true);
	region by_rule = passing(checker, &checker->own, token, nr, false);
	region theirs = passing(checker, &checker->allowed, token, nr, true);

	if (mine == DIAGRAM_UNKNOWN || by_rule == DIAGRAM_UNKNOWN || theirs == DIAGRAM_UNKNOWN) {
		note_undecided(checker, token);
		return 0;
	}
	region others = region_not(regions, member_calls(checker, token, name));
	bool more = !region_within(regions, region_and(regions, by_rule, others), theirs);
	bool less = !hidden && !region_within(regions, theirs, mine);

	return refuse_relation(checker, token, nr, more, less);
}

static int check_part(void *context, const struct numbers_part *part)
{
	struct checker *checker = context;
	MEM_AUTO uint32_t *values = NULL;
	size_t count = diagram_values(&checker->regions, part->rest, &values);
	int64_t nr = part->first == UINT32_MAX ? -1 : (int64_t)part->first;
	uint32_t relations = 0;

	for (size_t i = 0; i < count; i++)
		relations |= values[i];
	bool hidden = !(relations & RELATION_PASSES);

	if (part->name && is_granted_name(checker, part->name))
		return 0; /* check_needs() */
	if (part->name && syscall_is_multiplexer(part->name) &&
	    relations & (RELATION_MORE | RELATION_LESS))
		return check_family(checker, part->token, nr, part->name, hidden);
	return refuse_relation(checker, part->token, nr, relations & RELATION_MORE,
			       (relations & RELATION_LESS) && !hidden);
}

static int check_arch(struct checker *checker, uint32_t token)
{
	int r = check_needs(checker, token);

	if (r == 0)
		r = numbers_each(&checker->regions, ask_arch(checker, arch_audit(token)), token,
				 check_part, checker);
	if (r != -E2BIG)
		return r;
	note_undecided(checker, token);
	return 0;
}

static uint32_t is_new(uint32_t own, uint32_t allowed, const void *context)
{
	(void)context;
	return value_pass(own) > PASS_REFUSED && value_pass(allowed) == PASS_REFUSED;
}

/* On arches that are in no filter nothing passes that did not. */
static int check_others(struct checker *checker)
{
	diagram passes = answers_join(&checker->regions, answers_any_arch(&checker->own),
				      answers_any_arch(&checker->allowed), is_new, NULL);
	region others = answers_other_arches(&checker->own);

	if (passes == DIAGRAM_UNKNOWN) {
		lint_add(&checker->composer->composed->notes, 3, "",
			 "the self-check could not determine what is allowed on other "
			 "architectures");
		return 0;
	}
	if (region_and(&checker->regions, others, diagram_where(&checker->regions, passes, 1)) ==
	    REGION_NONE)
		return 0;
	return err_set(checker->err, EPROTO,
		       "the composed profile fails its check (a bug in sclog): it allows "
		       "something on an architecture that it does not list");
}

static int refuse_x32(void *context, const struct numbers_part *part)
{
	return fail(context, SCMP_ARCH_X32, part->first,
		    "is allowed on an architecture that the "
		    "profile does not list");
}

/* x32 where the filter has x86_64 alone: both are one arch to the kernel. */
static int check_x32(struct checker *checker)
{
	diagram passes =
		answers_join(&checker->regions, answers_arch(&checker->own, SCMP_ARCH_X86_64),
			     answers_arch(&checker->allowed, SCMP_ARCH_X86_64), is_new, NULL);
	int r = numbers_each_in(&checker->regions, passes, SCMP_ARCH_X32, ARCH_X32_BIT,
				UINT32_MAX - 1, refuse_x32, checker);

	return r == -E2BIG ? 0 : r;
}

static void checker_start(struct checker *checker)
{
	const struct composer *composer = checker->composer;
	size_t base_count = checker->composing->base_count;

	regions_init(&checker->regions);
	answers_init(&checker->own, &checker->regions, profile_filter(checker->profile));
	answers_init(&checker->allowed, &checker->regions, &composer->allowed);
	checker->bases = mem_new(base_count, sizeof(*checker->bases));
	for (size_t i = 0; i < base_count; i++)
		answers_init(&checker->bases[i], &checker->regions,
			     compose_base_filter(&composer->bases[i]));
}

static void checker_end(struct checker *checker)
{
	for (size_t i = 0; i < checker->composing->base_count; i++)
		answers_release(&checker->bases[i]);
	free(checker->bases);
	answers_release(&checker->allowed);
	answers_release(&checker->own);
	regions_release(&checker->regions);
}

static int check_all(struct checker *checker)
{
	const struct filter *filter = profile_filter(checker->profile);
	int r = 0;

	checker_start(checker);
	for (size_t i = 0; r == 0 && i < filter->arch_count; i++)
		r = check_arch(checker, filter->arches[i].token);
	if (r == 0 && filter_arch(filter, SCMP_ARCH_X86_64) && !filter_arch(filter, SCMP_ARCH_X32))
		r = check_x32(checker);
	if (r == 0)
		r = check_others(checker);
	checker_end(checker);
	return r;
}

int compose_check(const struct composer *composer, struct err *err)
{
	struct checker checker = {
		.composer = composer, .composing = composer->composing, .err = err};
	struct profile_options options = composer->composing->options;
	struct profile_source *source = profile_source_from_text(
		"the composed profile", buf_str(&composer->composed->document));

	options.loader = LOADER_OCI;
	options.arch = composer->host;
	int r = profile_load(source, &options, &checker.profile, err);

	if (r == 0)
		r = check_all(&checker);
	profile_free(checker.profile);
	profile_source_free(source);
	return r;
}
