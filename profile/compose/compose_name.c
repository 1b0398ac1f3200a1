#include "profile/compose/compose_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

bool compose_is_shared(const struct composer *composer, const char *name)
{
	uint32_t call;

	for (size_t i = 0; i < composer->arches.arch_count; i++)
		if (syscall_multiplexer(composer->arches.arches[i], name, &call))
			return true;
	return syscall_is_multiplexer(name);
}

/* What the bases, joined, answer to a call, all arguments considered. */
struct passing {
	bool allowed, logged, asked, refused;
};

/* What is not known depends on something: then the name is left as the bases have it. */
static struct passing ask(struct composer *composer, uint32_t token, int64_t nr)
{
	diagram answer = answers_call(&composer->answers, arch_audit(token), (uint32_t)nr);
	struct passing passing = {0};
	MEM_AUTO uint32_t *values = NULL;

	if (answer == DIAGRAM_UNKNOWN)
		return (struct passing){.allowed = true, .refused = true};
	size_t count = diagram_values(&composer->regions, answer, &values);

	for (size_t i = 0; i < count; i++) {
		enum pass pass = value_pass(values[i]);

		passing.allowed |= pass == PASS_ALLOWED;
		passing.logged |= pass == PASS_LOGGED;
		passing.asked |= pass == PASS_ASKED || pass == PASS_TRACED;
		passing.refused |= pass == PASS_REFUSED;
	}
	return passing;
}

static bool is_named(const struct composer *composer, const char *name)
{
	for (size_t i = 0; i < composer->composing->base_count; i++) {
		const struct rules *rules = &composer->bases[i].rules;

		for (size_t j = 0; j < rules->count; j++) {
			if (strcmp(rules->all[j].name, name) == 0)
				return true;
		}
	}
	return false;
}

/* Whether a base refuses it with ENOSYS by a rule of its own. */
static bool is_fallback(const struct composer *composer, uint32_t token, int64_t nr)
{
	const struct composing *composing = composer->composing;

	for (size_t i = 0; i < composing->base_count; i++) {
		if (!filter_arch(profile_filter(composing->bases[i]), token))
			continue;
		struct verdict verdict = profile_judge(composing->bases[i], arch_audit(token), nr);

		if (verdict.origin == VERDICT_BY_RULE && verdict_is_fallback(&verdict))
			return true;
	}
	return false;
}

/* False where the bases let it through. */
static bool find_kind(struct composer *composer, const char *name, uint32_t token, int64_t nr,
		      enum composed_kind *ret_kind)
{
	struct passing answers = ask(composer, token, nr);
	bool passes = answers.allowed || answers.logged;
	bool for_some = answers.asked || answers.refused || (answers.allowed && answers.logged);

	if (answers.allowed && !for_some)
		return false;
	if (passes && for_some)
		*ret_kind = COMPOSED_CONDITIONAL;
	else if (answers.asked && is_named(composer, name))
		*ret_kind = COMPOSED_CONDITIONAL;
	else if (!passes && is_fallback(composer, token, nr))
		*ret_kind = COMPOSED_FALLBACK;
	else
		*ret_kind = COMPOSED_ADDED;
	return true;
}

/* A rule is for a name on all arches: what the most careful of them says holds. *ret_asked is false
 * where no arch has a number for it, so that only socketcall or ipc can stand for it. */
static bool find_worst(struct composer *composer, const char *name, struct composed_name *ret_name,
		       bool *ret_asked)
{
	static const unsigned care[] = {
		[COMPOSED_ADDED] = 0,
		[COMPOSED_FALLBACK] = 1,
		[COMPOSED_CONDITIONAL] = 2,
	};
	bool found = false;

	*ret_asked = false;
	for (size_t i = 0; i < composer->arches.arch_count; i++) {
		uint32_t token = composer->arches.arches[i];
		enum composed_kind kind;
		int64_t nr;

		if (!syscall_number(token, name, &nr))
			continue;
		*ret_asked = true;
		if (!find_kind(composer, name, token, nr, &kind) ||
		    (found && care[kind] <= care[ret_name->kind]))
			continue;
		*ret_name = (struct composed_name){.kind = kind, .token = token};
		found = true;
	}
	return found;
}

static void put_name(struct composed *composed, const struct composed_name *found, const char *name)
{
	struct composed_name *to;

	composed->names = mem_more(composed->names, composed->name_count, sizeof(*composed->names));
	to = &composed->names[composed->name_count++];
	*to = *found;
	to->name = mem_copy(str_from(name));
}

static int by_kind(const void *a, const void *b)
{
	const struct composed_name *x = a, *y = b;

	if (x->kind != y->kind)
		return (x->kind > y->kind) - (x->kind < y->kind);
	return strcmp(x->name, y->name);
}

static enum fate decide(struct composer *composer, const char *name)
{
	struct composed_name found;
	bool asked;

	if (!find_worst(composer, name, &found, &asked))
		return asked ? FATE_PASSES : FATE_ALLOWED;
	if (found.kind != COMPOSED_ADDED && composer->composing->widen)
		found.kind = COMPOSED_WIDENED;
	put_name(composer->composed, &found, name);
	return found.kind == COMPOSED_ADDED || found.kind == COMPOSED_WIDENED ? FATE_ALLOWED
									      : FATE_LEFT;
}

void compose_names(struct composer *composer)
{
	const struct needs *needs = composer->composing->needs;
	struct composed *composed = composer->composed;

	composer->fates = mem_new(needs->count, sizeof(*composer->fates));
	if (composer->composing->base_count == 0)
		return; /* FATE_ALLOWED, all of them */
	for (size_t i = 0; i < needs->count; i++)
		composer->fates[i] = decide(composer, needs->all[i].name);
	if (composed->name_count)
		qsort(composed->names, composed->name_count, sizeof(*composed->names), by_kind);
}
