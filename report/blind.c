#include "report/blind.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/answers/numbers.h"
#include "profile/compose/needs.h"
#include "profile/document/resolve.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

#include <linux/seccomp.h>
#include <stdlib.h>

/* No value of a filter: a call that made no such record. */
#define OUTSIDE 0xffffffffU

/* Refinements that are kept; a container can log any number. */
#define REFINED_MAX 4096

/* What a record's action says of the arguments. */
struct refined {
	uint32_t audit_arch, code;
	int32_t nr;
	uint32_t *values; /* what the profile gives such a call, owned */
	size_t count;     /* 0: the filter in force makes no such record */
};

struct blind {
	struct profile *profile, *in_force;
	unsigned actions;
	bool flag_log;
	struct regions regions;
	struct answers asked, was; /* of the two filters */
	struct answers before;     /* of against, if there is one */
	bool has_before;
	struct texts calls[BLIND_KINDS], arches;
	bool guess;
	struct refined *refined;
	size_t refined_count;
};

static const struct {
	uint32_t action;
	unsigned logged;
	bool on_request; /* with SECCOMP_FILTER_FLAG_LOG */
} log_rules[] = {
	{SECCOMP_RET_KILL_PROCESS, LOGGED_KILL_PROCESS, false},
	{SECCOMP_RET_KILL_THREAD, LOGGED_KILL_THREAD, false},
	{SECCOMP_RET_TRAP, LOGGED_TRAP, true},
	{SECCOMP_RET_ERRNO, LOGGED_ERRNO, true},
	{SECCOMP_RET_USER_NOTIF, LOGGED_USER_NOTIF, true},
	{SECCOMP_RET_TRACE, LOGGED_TRACE, true},
	{SECCOMP_RET_LOG, LOGGED_LOG, false},
};

static uint32_t action_of(uint32_t value)
{
	return value_effect(value) & SECCOMP_RET_ACTION_FULL;
}

static bool is_logged(const struct blind *blind, uint32_t value)
{
	uint32_t action = action_of(value);

	for (size_t i = 0; i < sizeof(log_rules) / sizeof(log_rules[0]); i++)
		if (log_rules[i].action == action)
			return blind->actions & log_rules[i].logged &&
			       (blind->flag_log || !log_rules[i].on_request);
	return false;
}

static uint32_t fold_kind(uint32_t asked, uint32_t was, const void *context)
{
	const struct blind *blind = context;

	if (is_logged(blind, was))
		return BLIND_NOT;
	if (value_passes(asked))
		return value_passes(was) ? BLIND_PASSES : BLIND_NOT;
	return value_effect(asked) == value_effect(was) ? BLIND_ALREADY : BLIND_CALL;
}

/* What was refused before cannot be lost. */
static uint32_t fold_before(uint32_t kind, uint32_t before, const void *context)
{
	(void)context;
	return kind == BLIND_CALL && !value_passes(before) ? BLIND_NOT : kind;
}

struct record_of {
	const struct blind *blind;
	uint32_t code;
};

static uint32_t fold_recorded(uint32_t asked, uint32_t was, const void *context)
{
	const struct record_of *record = context;

	if (action_of(was) != record->code || !is_logged(record->blind, was))
		return OUTSIDE;
	return asked == OUTSIDE ? SECCOMP_RET_KILL_PROCESS : asked;
}

/* --- all calls */

/* The kinds that a call can be of, as bits. */
static unsigned kinds_of(struct blind *blind, diagram joint)
{
	unsigned kinds = 0;
	uint32_t *values;
	size_t count;

	if (joint == DIAGRAM_UNKNOWN) {
		blind->guess = true;
		return 1U << BLIND_CALL | 1U << BLIND_PASSES;
	}
	count = diagram_values(&blind->regions, joint, &values);
	for (size_t i = 0; i < count; i++)
		kinds |= 1U << values[i];
	free(values);
	return kinds;
}

static diagram join_call(struct blind *blind, uint32_t audit_arch, uint32_t nr, diagram_fold *fold,
			 const void *context)
{
	return answers_join(&blind->regions, answers_call(&blind->asked, audit_arch, nr),
			    answers_call(&blind->was, audit_arch, nr), fold, context);
}

static diagram kinds_on(struct blind *blind, uint32_t audit_arch)
{
	diagram joint = answers_join(&blind->regions, answers_arch(&blind->asked, audit_arch),
				     answers_arch(&blind->was, audit_arch), fold_kind, blind);

	return blind->has_before
		       ? answers_join(&blind->regions, joint,
				      answers_arch(&blind->before, audit_arch), fold_before, NULL)
		       : joint;
}

static diagram kind_of_call(struct blind *blind, uint32_t audit_arch, uint32_t nr)
{
	diagram joint = join_call(blind, audit_arch, nr, fold_kind, blind);

	return blind->has_before ? answers_join(&blind->regions, joint,
						answers_call(&blind->before, audit_arch, nr),
						fold_before, NULL)
				 : joint;
}

static void add_call(struct blind *blind, unsigned kinds, const char *name)
{
	for (size_t kind = BLIND_PASSES; kind < BLIND_KINDS; kind++)
		if (kinds & 1U << kind)
			texts_add(&blind->calls[kind], str_from(name));
}

static bool knows(const struct profile *profile, uint32_t token)
{
	const struct filter *filter = profile_filter(profile);

	return !filter || filter_arch(filter, token);
}

static void look_at_arch(struct blind *blind, uint32_t token)
{
	bool known = knows(blind->profile, token);
	uint32_t audit_arch = arch_audit(token);
	struct named_number *numbers;
	diagram joint = kinds_on(blind, audit_arch);
	size_t count = numbers_named(token, &numbers);

	for (size_t i = 0; i < count; i++) {
		uint32_t nr = numbers[i].nr;
		diagram call = joint == DIAGRAM_UNKNOWN ? kind_of_call(blind, audit_arch, nr)
							: diagram_at(&blind->regions, joint, 0, nr);

		/* the kernel shows some calls to no filter */
		if (profile_judge(blind->profile, audit_arch, nr).origin == VERDICT_BY_KERNEL)
			continue;
		unsigned kinds = kinds_of(blind, call);

		if (known)
			add_call(blind, kinds, numbers[i].name);
		else if (kinds & 1U << BLIND_CALL)
			texts_add(&blind->arches, str_from(arch_name(token)));
	}
	free(numbers);
}

static void add_arches(struct needs *arches, const struct profile *profile)
{
	const struct filter *filter = profile_filter(profile);

	for (size_t i = 0; filter && i < filter->arch_count; i++)
		needs_add_arch(arches, filter->arches[i].token);
}

static void look_at_all(struct blind *blind)
{
	struct needs arches = {0};

	add_arches(&arches, blind->profile);
	add_arches(&arches, blind->in_force);
	needs_add_sub_arches(&arches);
	for (size_t i = 0; i < arches.arch_count; i++)
		look_at_arch(blind, arches.arches[i]);
	needs_release(&arches);
	texts_sort(&blind->arches);
	for (size_t kind = BLIND_PASSES; kind < BLIND_KINDS; kind++)
		texts_sort(&blind->calls[kind]);
	texts_remove(&blind->calls[BLIND_ALREADY], &blind->calls[BLIND_CALL]);
}

static bool has_flag_log(const struct profile *profile)
{
	const struct strings *flags = &profile_rules(profile)->flags;

	for (size_t i = 0; i < flags->count; i++)
		if (strcmp(flags->all[i], "SECCOMP_FILTER_FLAG_LOG") == 0)
			return true;
	return false;
}

struct blind *blind_new(struct profile *profile, struct profile *against, struct profile *in_force,
			unsigned actions)
{
	struct blind *blind = mem_new(1, sizeof(*blind));

	blind->profile = profile;
	blind->in_force = in_force;
	blind->actions = actions;
	blind->flag_log = has_flag_log(in_force);
	regions_init(&blind->regions);
	answers_init(&blind->asked, &blind->regions, profile_filter(profile));
	answers_init(&blind->was, &blind->regions, profile_filter(in_force));
	blind->has_before = against != NULL;
	answers_init(&blind->before, &blind->regions, against ? profile_filter(against) : NULL);
	look_at_all(blind);
	return blind;
}

void blind_free(struct blind *blind)
{
	if (!blind)
		return;
	for (size_t i = 0; i < BLIND_KINDS; i++)
		texts_release(&blind->calls[i]);
	texts_release(&blind->arches);
	for (size_t i = 0; i < blind->refined_count; i++)
		free(blind->refined[i].values);
	free(blind->refined);
	answers_release(&blind->asked);
	answers_release(&blind->was);
	answers_release(&blind->before);
	regions_release(&blind->regions);
	free(blind);
}

void blind_keep(struct blind *blind, const struct choice *syscalls)
{
	for (size_t kind = 0; kind < BLIND_KINDS; kind++) {
		const struct texts *all = &blind->calls[kind];
		struct texts others = {0};

		for (size_t i = 0; i < all->count; i++)
			if (!choice_matches(syscalls, str_from(all->all[i])))
				texts_add(&others, str_from(all->all[i]));
		texts_sort(&others);
		texts_remove(&blind->calls[kind], &others);
		texts_release(&others);
	}
}

const struct texts *blind_calls(const struct blind *blind, enum blind_kind kind)
{
	return &blind->calls[kind];
}

const struct texts *blind_arches(const struct blind *blind)
{
	return &blind->arches;
}

bool blind_is_guess(const struct blind *blind)
{
	return blind->guess;
}

/* --- one record */

static size_t without_outside(uint32_t *values, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i] != OUTSIDE)
			values[kept++] = values[i];
	return kept;
}

static const struct refined *refine(struct blind *blind, uint32_t audit_arch, int32_t nr,
				    uint32_t code)
{
	const struct record_of record = {blind, code};

	for (size_t i = 0; i < blind->refined_count; i++) {
		const struct refined *refined = &blind->refined[i];

		if (refined->nr == nr && refined->audit_arch == audit_arch && refined->code == code)
			return refined;
	}
	if (blind->refined_count == REFINED_MAX)
		return NULL;
	diagram joint = join_call(blind, audit_arch, (uint32_t)nr, fold_recorded, &record);

	if (joint == DIAGRAM_UNKNOWN)
		return NULL;
	struct refined refined = {.audit_arch = audit_arch, .code = code, .nr = nr};

	refined.count = diagram_values(&blind->regions, joint, &refined.values);
	refined.count = without_outside(refined.values, refined.count);
	blind->refined = mem_resize(blind->refined, (blind->refined_count + 1) * sizeof(refined));
	blind->refined[blind->refined_count] = refined;
	return &blind->refined[blind->refined_count++];
}

struct verdict blind_judge(struct blind *blind, uint32_t audit_arch, int32_t nr, uint32_t code)
{
	struct verdict verdict = profile_judge(blind->profile, audit_arch, nr);
	const struct refined *refined =
		verdict.kind == VERDICT_CONDITIONAL ? refine(blind, audit_arch, nr, code) : NULL;

	if (!refined || refined->count == 0)
		return verdict;
	return verdict_narrow(&verdict, refined->values, refined->count);
}

bool blind_explains(struct blind *blind, uint32_t audit_arch, int32_t nr, uint32_t code)
{
	const struct refined *refined = refine(blind, audit_arch, nr, code);

	return !refined || refined->count > 0;
}
