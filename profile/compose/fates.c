#include "profile/compose/fates.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/filter/value.h"

#include <stdlib.h>
#include <string.h>

static bool is_named(const struct base_set *bases, const char *name)
{
	for (size_t i = 0; i < bases->count; i++) {
		const struct rules *rules = &bases->all[i].rules;

		for (size_t j = 0; j < rules->count; j++)
			if (strcmp(rules->all[j].name, name) == 0)
				return true;
	}
	return false;
}

/* Whether a base refuses it with ENOSYS by a rule of its own. */
static bool is_fallback(const struct base_set *bases, uint32_t token, int64_t nr)
{
	for (size_t i = 0; i < bases->count; i++) {
		struct profile *profile = bases->all[i].profile;

		if (!filter_arch(profile_filter(profile), token))
			continue;
		struct verdict verdict = profile_judge(profile, arch_audit(token), nr);

		if (verdict.origin == VERDICT_BY_RULE && verdict_is_fallback(&verdict))
			return true;
	}
	return false;
}

/* False if the bases allow it, whatever the arguments. */
static bool find_kind(struct answers *allowed, const struct base_set *bases, const char *name,
		      uint32_t token, int64_t nr, enum composed_kind *ret_kind)
{
	diagram answer = answers_call(allowed, arch_audit(token), (uint32_t)nr);
	bool found[PASS_ALLOWED + 1] = {0};
	MEM_AUTO uint32_t *values = NULL;
	size_t count =
		answer == DIAGRAM_UNKNOWN ? 0 : diagram_values(allowed->regions, answer, &values);

	for (size_t i = 0; i < count; i++)
		found[value_pass(values[i])] = true;
	/* an unknown answer depends on something: the name is left as the bases have it */
	if (answer == DIAGRAM_UNKNOWN)
		found[PASS_ALLOWED] = found[PASS_REFUSED] = true;
	bool asked = found[PASS_ASKED] || found[PASS_TRACED];
	bool passes = found[PASS_ALLOWED] || found[PASS_LOGGED];
	bool varies = asked || found[PASS_REFUSED] || (found[PASS_ALLOWED] && found[PASS_LOGGED]);

	if (found[PASS_ALLOWED] && !varies)
		return false;
	if (passes ? varies : asked && is_named(bases, name))
		*ret_kind = COMPOSED_CONDITIONAL;
	else if (!passes && is_fallback(bases, token, nr))
		*ret_kind = COMPOSED_FALLBACK;
	else
		*ret_kind = COMPOSED_ADDED;
	return true;
}

/* A rule is for a name on all arches, so the most careful kind of all arches counts. */
static enum fate decide(struct answers *allowed, const struct base_set *bases, const char *name,
			struct composed *composed)
{
	static const unsigned care[] = {
		[COMPOSED_ADDED] = 1,
		[COMPOSED_FALLBACK] = 2,
		[COMPOSED_CONDITIONAL] = 3,
	};
	struct composed_name worst = {0};
	unsigned most = 0;
	bool has_number = false; /* else only socketcall or ipc can stand for it */

	for (size_t i = 0; i < bases->arches.arch_count; i++) {
		uint32_t token = bases->arches.arches[i];
		enum composed_kind kind;
		int64_t nr;

		if (!syscall_number(token, name, &nr))
			continue;
		has_number = true;
		if (!find_kind(allowed, bases, name, token, nr, &kind) || care[kind] <= most)
			continue;
		most = care[kind];
		worst = (struct composed_name){.kind = kind, .token = token};
	}
	if (most == 0)
		return has_number ? FATE_PASSES : FATE_ALLOWED;
	if (worst.kind != COMPOSED_ADDED && bases->composing->widen)
		worst.kind = COMPOSED_WIDENED;
	worst.name = mem_copy(str_from(name));
	composed->names = mem_more(composed->names, composed->name_count, sizeof(worst));
	composed->names[composed->name_count++] = worst;
	return worst.kind == COMPOSED_ADDED || worst.kind == COMPOSED_WIDENED ? FATE_ALLOWED
									      : FATE_LEFT;
}

static int by_kind(const void *a, const void *b)
{
	const struct composed_name *x = a, *y = b;

	if (x->kind != y->kind)
		return (x->kind > y->kind) - (x->kind < y->kind);
	return strcmp(x->name, y->name);
}

enum fate *fates_decide(const struct base_set *bases, struct composed *composed)
{
	const struct needs *needs = bases->composing->needs;
	enum fate *fates = mem_new(needs->count, sizeof(*fates));
	struct filter joint = {0};
	struct regions regions;
	struct answers allowed;

	if (bases->count == 0)
		return fates; /* FATE_ALLOWED, all of them */
	for (size_t i = 0; i < bases->count; i++) {
		struct filter body = base_body(&bases->all[i]);

		if (i == 0)
			joint = filter_copy(&body);
		else
			filter_join(&joint, &body);
	}
	regions_init(&regions);
	answers_init(&allowed, &regions, &joint);
	for (size_t i = 0; i < needs->count; i++)
		fates[i] = decide(&allowed, bases, needs->all[i].name, composed);
	if (composed->name_count)
		qsort(composed->names, composed->name_count, sizeof(*composed->names), by_kind);
	answers_release(&allowed);
	regions_release(&regions);
	filter_release(&joint);
	return fates;
}
