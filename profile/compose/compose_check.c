#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/export_private.h"
#include "profile/answers/pair.h"
#include "profile/answers/region.h"
#include "profile/source.h"
#include "profile/filter/stack.h"
#include "profile/answers/survey.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

struct checker {
	const struct compose_claim *claim;
	struct profile *profile; /* the finished document, loaded */
	struct pair pair;        /* of its filter and of what passes without being needed */
	struct lints *notes;
	size_t asked;
	struct err *err;
};

static int fail(struct checker *checker, uint32_t token, int64_t nr, const char *what)
{
	char name[SYSCALL_NAME_SIZE];
	const char *arch = arch_name(token);

	syscall_name(arch_audit(token), nr, name);
	return err_set(checker->err, EPROTO,
		       "the composed profile fails its check (a mistake of sclog's): %s, number "
		       "%lld on %s, %s",
		       name, (long long)nr, arch ? arch : "an unknown arch", what);
}

/* Needed, and not left as the bases have it. */
static bool is_granted(const struct compose_claim *claim, size_t need)
{
	return claim->fates[need] != FATE_LEFT;
}

static bool is_granted_name(const struct compose_claim *claim, const char *name)
{
	const struct need *need = needs_find(claim->needs, name);

	return need && is_granted(claim, (size_t)(need - claim->needs->all));
}

/* Every needed name passes wherever it has a number. */
static int check_needs(struct checker *checker, uint32_t token)
{
	const struct needs *needs = checker->claim->needs;
	int64_t nr;

	for (size_t i = 0; i < needs->count; i++) {
		const char *name = needs->all[i].name;

		if (!is_granted(checker->claim, i) || !syscall_number(token, name, &nr) ||
		    seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			continue;
		struct verdict verdict = profile_judge(checker->profile, arch_audit(token), nr);

		checker->asked++;
		if (verdict.kind != VERDICT_ALLOWED && verdict.kind != VERDICT_LOGGED)
			return fail(checker, token, nr, "is needed and refused");
	}
	return 0;
}

/* Whether the value is a default that was asked for: what it lets through was too. */
static bool is_chosen(const struct compose_claim *claim, uint32_t value)
{
	return claim->has_default &&
	       filter_value_effect(value) == filter_value_effect(claim->default_action);
}

/* Whether stubs refuse what the bases' rules would let through. */
static bool is_hidden(struct checker *checker, uint32_t token, int64_t nr)
{
	const struct compose_claim *claim = checker->claim;
	const struct question question = {.audit_arch = arch_audit(token),
					  .nr = (uint32_t)nr,
					  .big_endian = claim->allowed->big_endian};
	struct walk *walk = &checker->pair.walk;

	for (size_t i = 0; i < claim->base_count; i++) {
		walk_filter(walk, claim->bases[i]->program, claim->bases[i]->count, &question);
		for (size_t j = 0; j < walk->path_count; j++) {
			if (compose_pass(walk->paths[j].value) > PASS_REFUSED)
				return false;
		}
	}
	return true;
}

enum relation {
	RELATION_SAME, /* as the bases have it, or as it was asked for */
	RELATION_LESS,
	RELATION_MORE,
};

/* How the answer to a call that is not needed stands to the bases'. */
static enum relation relation_of(const struct compose_claim *claim,
				 const struct pair_values *values)
{
	enum pass mine = compose_pass(values->first), theirs = compose_pass(values->second);

	if (mine == theirs || (mine > theirs && is_chosen(claim, values->first)))
		return RELATION_SAME;
	return mine < theirs ? RELATION_LESS : RELATION_MORE;
}

static int refuse_relation(struct checker *checker, uint32_t token, int64_t nr, bool more,
			   bool less)
{
	if (more)
		return fail(checker, token, nr,
			    "passes, and is neither needed nor let through so by a base");
	if (less && !is_hidden(checker, token, nr))
		return fail(checker, token, nr,
			    "passes under a base, and is refused now, or logged");
	return 0;
}

/* The arguments for which a filter lets pass, `chosen` by a default that was asked for too. */
static region passing(const struct compose_claim *claim, struct regions *regions,
		      const struct filter *filter, const struct question *question, bool chosen,
		      bool *fine)
{
	MEM_AUTO struct region_map *map = mem_new(1, sizeof(*map));
	region passes = REGION_NONE;

	region_map(regions, filter->program, filter->count, question, map);
	*fine = *fine && map->trouble == REGION_FINE;
	for (size_t i = 0; *fine && i < map->count; i++) {
		uint32_t value = map->all[i].value;

		if (compose_pass(value) >= PASS_LOGGED && (chosen || !is_chosen(claim, value)))
			passes = region_or(regions, passes, map->all[i].region);
	}
	return passes;
}

/* The calls that needed names have in socketcall or ipc: a rule for `socket` opens its call 1. */
static region member_calls(const struct compose_claim *claim, struct regions *regions,
			   uint32_t token, const char *name)
{
	region calls = REGION_NONE;
	const char *family;
	uint32_t call;

	for (size_t i = 0; i < claim->needs->count; i++) {
		if (!is_granted(claim, i) ||
		    !compose_is_member(token, claim->needs->all[i].name, &family, &call) ||
		    strcmp(family, name) != 0)
			continue;
		calls = region_or(regions, calls,
				  region_half(regions, 0, false, UINT32_MAX, COMPARE_EQ, call));
	}
	return calls;
}

static void note_undecided(struct checker *checker, uint32_t token, int64_t nr)
{
	char name[SYSCALL_NAME_SIZE];

	syscall_name(arch_audit(token), nr, name);
	lint_add(checker->notes, 3, "",
		 "the self-check could not decide for which arguments %s passes on %s", name,
		 arch_name(token));
}

/* But for the calls of needed names what passes is what passes under a base. */
static int check_family(struct checker *checker, uint32_t token, int64_t nr, const char *name)
{
	const struct compose_claim *claim = checker->claim;
	const struct question question = {.audit_arch = arch_audit(token),
					  .nr = (uint32_t)nr,
					  .big_endian = claim->allowed->big_endian};
	struct regions regions;
	bool fine = true;

	regions_init(&regions);
	const struct filter *own = profile_filter(checker->profile);
	region mine = passing(claim, &regions, own, &question, true, &fine);
	region by_rule = passing(claim, &regions, own, &question, false, &fine);
	region theirs = passing(claim, &regions, claim->allowed, &question, true, &fine);
	region others = region_not(&regions, member_calls(claim, &regions, token, name));
	bool more = !region_within(&regions, region_and(&regions, by_rule, others), theirs);
	bool less = !region_within(&regions, theirs, mine);

	fine = fine && !regions.full;
	regions_release(&regions);
	if (!fine)
		note_undecided(checker, token, nr);
	return fine ? refuse_relation(checker, token, nr, more, less) : 0;
}

static int check_number(struct checker *checker, uint32_t token, int64_t nr)
{
	struct pair_values *values;
	char name[SYSCALL_NAME_SIZE];
	bool exact, more = false, less = false;

	checker->asked++;
	if (syscall_name(arch_audit(token), nr, name)) {
		if (is_granted_name(checker->claim, name))
			return 0; /* check_needs() */
		if (compose_is_family(name))
			return check_family(checker, token, nr, name);
	}
	size_t count = pair_ask(&checker->pair, arch_audit(token), nr, &values, &exact);

	for (size_t i = 0; i < count; i++) {
		enum relation relation = relation_of(checker->claim, &values[i]);

		more = more || relation == RELATION_MORE;
		less = less || relation == RELATION_LESS;
	}
	free(values);
	if (!exact && (more || less))
		note_undecided(checker, token, nr);
	return exact ? refuse_relation(checker, token, nr, more, less) : 0;
}

/* Every number that either filter makes a difference at. */
static int check_arch(struct checker *checker, uint32_t token)
{
	const struct filter both = {.program = checker->pair.program, .count = checker->pair.count};
	uint32_t *numbers;
	size_t count = survey_numbers(&both, token, &numbers);
	int r = check_needs(checker, token);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = check_number(checker, token,
				 numbers[i] == UINT32_MAX ? -1 : (int64_t)numbers[i]);
	free(numbers);
	return r;
}

/* An arch that is in no filter: nothing of it passes that did not. */
static int check_other(struct checker *checker, uint32_t token)
{
	static const uint32_t numbers[] = {0, 1, 4, 59, 200};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t nr = arch_first_number(token) + numbers[i];
		struct pair_values *values;
		bool exact, passes = false;
		size_t count = pair_ask(&checker->pair, arch_audit(token), nr, &values, &exact);

		for (size_t j = 0; j < count; j++)
			passes = passes || (compose_pass(values[j].first) > PASS_REFUSED &&
					    compose_pass(values[j].second) == PASS_REFUSED);
		free(values);
		checker->asked++;
		if (passes)
			return fail(checker, token, nr, "passes on an arch that is not in it");
	}
	return 0;
}

static int check_all(struct checker *checker)
{
	const struct filter *filter = profile_filter(checker->profile);
	const uint32_t *tokens = arch_all();
	int r = pair_init(&checker->pair, filter, checker->claim->allowed);

	if (r < 0)
		r = err_set(checker->err, -r,
			    "a base answers too variously for the composition to be checked");
	for (size_t i = 0; r == 0 && i < filter->arch_count; i++)
		r = check_arch(checker, filter->arches[i].token);
	for (size_t i = 0; r == 0 && tokens[i]; i++) {
		if (!filter_arch(filter, tokens[i]))
			r = check_other(checker, tokens[i]);
	}
	pair_release(&checker->pair);
	return r;
}

int compose_check(const struct compose_claim *claim, struct str document, struct lints *notes,
		  size_t *ret_checked, struct err *err)
{
	struct checker checker = {.claim = claim, .notes = notes, .err = err};
	struct profile_options options = claim->options;
	struct profile_source *source = profile_source_from_text("the composed profile", document);

	options.loader = LOADER_OCI;
	int r = profile_load(source, &options, &checker.profile, err);

	if (r == 0)
		r = check_all(&checker);
	*ret_checked = checker.asked;
	profile_free(checker.profile);
	profile_source_free(source);
	return r;
}
