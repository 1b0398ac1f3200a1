#include "profile/twin/logmode_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/proof.h"
#include "profile/document/spelling.h"
#include "profile/filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Situations whose signatures are kept; further ones may be proven twice. */
#define PROVEN_MAX 256

struct prover {
	struct twin_maker *maker;
	struct replaced replaced;
	size_t round;                /* each builds the twin anew */
	uint64_t proven[PROVEN_MAX]; /* situations, by their signatures */
	size_t proven_count;
};

/* One situation. */
struct situation {
	struct prover *prover;
	const struct profile_options *options;
	struct built profile, twin; /* the profile's document is the maker's */
	struct regions regions;
	struct answers answers; /* the profile's */
	bool default_logs;
	bool changed;         /* the twin, in this round */
	uint32_t wrong_token; /* of the first call that the twin answers wrongly; 0: none */
	int64_t wrong_nr;
	bool other_shape; /* the twin looks like a profile for another loader */
};

/* --- changing the twin */

static uint32_t is_logged(uint32_t value, const void *context)
{
	(void)context;
	return twin_logs(value);
}

/* False if rules made in this manner cannot describe the arguments. */
static bool add_rules(struct situation *situation, struct replaced_name *replaced,
		      uint32_t audit_arch, int64_t nr)
{
	struct regions *regions = &situation->regions;
	diagram logged =
		answers_map(regions, answers_call(&situation->answers, audit_arch, (uint32_t)nr),
			    is_logged, NULL);
	region covered = logged == DIAGRAM_UNKNOWN
				 ? REGION_NONE
				 : diagram_where(regions, logged, !situation->default_logs);
	bool made = covered != REGION_NONE && covered != REGION_ALL &&
		    cover_make(regions, covered,
			       situation->default_logs ? SCMP_ACT_ALLOW : SCMP_ACT_LOG,
			       cover_is_narrow(arch_token(audit_arch, nr)), replaced->manner,
			       &replaced->rules);

	if (!made)
		replaced->rules.count = 0;
	return made;
}

/* From the rules that go wrong: beside a default that allows, those that allow. */
static void remove_name(struct situation *situation, const char *name)
{
	const struct rules *rules = &situation->profile.rules;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) == 0 &&
		    !(twin_logs(rule->action) && situation->default_logs) &&
		    replaced_remove(&situation->prover->replaced, rule))
			situation->changed = true;
	}
}

/* Why a name is removed from rules, and what follows. */
static const char *reason(const struct situation *situation, bool stub, bool always,
			  enum cover_manner manner)
{
	static const char *const texts[2][2] = {
		{"another rule refuses it for some arguments; in the twin that rule would equal "
		 "the default and be dropped; rules at the end list the arguments for which it "
		 "is allowed",
		 "another rule refuses it for some arguments; in the twin that rule would equal "
		 "the default and be dropped; every call of it is logged"},
		{"libseccomp drops part of overlapping conditions with the same action; rules at "
		 "the end list the arguments for which it is logged",
		 "libseccomp drops part of overlapping conditions with the same action; every "
		 "call of it is logged"}};

	if (situation->default_logs && stub)
		return "on some architecture runc's stub refuses it with ENOSYS, but a twin has "
		       "no stub; every call of it is logged, on every architecture";
	if (situation->default_logs && always)
		return "another rule always refuses it; in the twin that rule would equal the "
		       "default and be dropped";
	return texts[!situation->default_logs][manner == COVER_NONE];
}

/* Every call of the name is logged, now and in every other situation. */
static void log_every_call(struct situation *situation, const char *name, bool stub, bool always)
{
	struct replaced *all = &situation->prover->replaced;
	struct replaced_name *replaced = replaced_find(all, name);

	if (!replaced || replaced->manner != COVER_NONE) {
		replaced = replaced ? replaced : replaced_add(all, name);
		replaced->rules.count = 0;
		replaced->manner = COVER_NONE;
		replaced->why = reason(situation, stub, always, COVER_NONE);
		if (!situation->default_logs)
			cover_put(&replaced->rules, SCMP_ACT_LOG, NULL, 0);
		replaced_write(all);
		situation->changed = true;
	}
	remove_name(situation, name);
}

/* False if a capability, the kernel, the arch, a tracer or a listener decides too: rules without
 * conditions cannot express that. */
static bool depends_on_arguments_alone(const struct situation *situation, const char *name)
{
	const struct rules *rules = &situation->profile.rules;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];
		const struct document_rule *from =
			&situation->prover->maker->document.rules[rule->document_rule];

		if (strcmp(rule->name, name) != 0)
			continue;
		if (!twin_logs(rule->action) && value_pass(rule->action) != PASS_ALLOWED)
			return false;
		if (rules->loader != LOADER_OCI &&
		    (from->includes.present || from->excludes.present))
			return false;
	}
	return true;
}

/* Rules for the arguments, made in the next manner that works. */
static void replace_rules(struct situation *situation, const char *name, uint32_t audit_arch,
			  int64_t nr)
{
	struct replaced *all = &situation->prover->replaced;
	struct replaced_name *replaced = replaced_find(all, name);

	if (replaced)
		replaced->manner += replaced->manner < COVER_NONE;
	else
		replaced = replaced_add(all, name);
	replaced->rules.count = 0;
	while (replaced->manner < COVER_NONE && !add_rules(situation, replaced, audit_arch, nr))
		replaced->manner++;
	if (replaced->manner == COVER_NONE) {
		replaced->manner = COVER_SHORT; /* not yet logged */
		log_every_call(situation, name, false, false);
		return;
	}
	replaced->why = reason(situation, false, false, replaced->manner);
	replaced_write(all);
	remove_name(situation, name);
	situation->changed = true;
}

/* What the rules of one name do. */
struct ways {
	bool refused, passed;
	bool variously; /* they pass in two ways: ALLOW and TRACE, for example */
};

static struct ways ways_of(const struct rules *rules, const char *name)
{
	struct ways ways = {0};
	uint32_t first = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) != 0)
			continue;
		if (twin_logs(rule->action)) {
			ways.refused = true;
			continue;
		}
		ways.variously |= ways.passed && rule->action != first;
		first = ways.passed ? first : rule->action;
		ways.passed = true;
	}
	return ways;
}

/* The twin silently allows a call that the profile does not: the twin changes. */
static void mend_call(struct situation *situation, uint32_t token, int64_t nr, const char *name,
		      bool always)
{
	const struct rules *rules = &situation->profile.rules;
	struct replaced_name *replaced = replaced_find(&situation->prover->replaced, name);
	const struct filter_arch *arch = filter_arch(&situation->profile.filter, token);
	bool stub = arch && arch->has_last && nr > (int64_t)arch->last;
	bool changed = situation->changed;
	uint32_t call;

	/* this round's filter was built before the change */
	if (replaced && replaced->round == situation->prover->round)
		return;
	situation->changed = false;
	if (situation->default_logs && !ways_of(rules, name).passed)
		; /* no rule allows it */
	else if (always || stub || (replaced && replaced->manner == COVER_NONE) ||
		 !depends_on_arguments_alone(situation, name))
		log_every_call(situation, name, stub, always);
	else
		replace_rules(situation, name, arch_audit(token), nr);
	replaced = replaced_find(&situation->prover->replaced, name);
	if (replaced)
		replaced->round = situation->prover->round;
	for (size_t i = 0; !situation->changed && syscall_is_multiplexer(name) && i < rules->count;
	     i++) {
		const char *family = syscall_multiplexer(token, rules->all[i].name, &call);

		if (family && strcmp(family, name) == 0)
			log_every_call(situation, rules->all[i].name, false, false);
	}
	situation->changed |= changed;
}

/* --- the comparison */

/* True unless the twin logs the call, or allows it as the profile does. */
static uint32_t is_wrong(uint32_t profile, uint32_t twin, const void *context)
{
	(void)context;
	return value_pass(twin) != PASS_LOGGED && (twin_logs(profile) || twin != profile);
}

/* A call that the twin answers wrongly. A number without a name has no rules. */
static int mend_fault(void *context, const struct proof_fault *fault)
{
	struct situation *situation = context;
	MEM_AUTO uint32_t *values = NULL;
	bool always = true;

	if (fault->folded == DIAGRAM_UNKNOWN)
		return err_set(situation->prover->maker->err, E2BIG,
			       "the twin cannot be compared with the profile: the filters "
			       "are too complex");
	if (!situation->wrong_token) {
		situation->wrong_token = fault->token;
		situation->wrong_nr = fault->first == UINT32_MAX ? -1 : (int64_t)fault->first;
	}
	size_t count = diagram_values(&situation->regions, fault->wanted, &values);

	for (size_t i = 0; i < count; i++)
		always = always && twin_logs(values[i]);
	if (fault->name)
		mend_call(situation, fault->token, fault->first, fault->name, always);
	return 0;
}

static int compare(struct situation *situation)
{
	struct answers *profile = &situation->answers, twin;
	const struct proof proof = {.wanted = profile, .made = &twin, .fold = is_wrong};
	char name[SYSCALL_NAME_SIZE];

	regions_init(&situation->regions);
	answers_init(profile, &situation->regions, &situation->profile.filter);
	answers_init(&twin, &situation->regions, &situation->twin.filter);
	int r = proof_of_arches(&proof, mend_fault, situation);

	answers_release(&twin);
	answers_release(profile);
	regions_release(&situation->regions);
	if (r < 0 || !situation->wrong_token || situation->changed)
		return r;
	syscall_name(arch_audit(situation->wrong_token), situation->wrong_nr, name);
	return err_set(situation->prover->maker->err, EINVAL,
		       "no twin is possible: the profile refuses %s (%lld on %s), but the twin "
		       "would not log it",
		       name, (long long)situation->wrong_nr, arch_name(situation->wrong_token));
}

/*
 * libseccomp could not build the twin. Without the refusal between them, conditions that are the same
 * on some arch can contradict each other (-EEXIST): then names whose rules have several actions are
 * logged. Or the rules at the end are too many for it.
 */
static void mend_build(struct situation *situation, int r)
{
	const struct rules *rules = &situation->profile.rules;
	struct prover *prover = situation->prover;

	for (size_t i = 0; r == -EEXIST && i < rules->count; i++) {
		struct ways ways = ways_of(rules, rules->all[i].name);

		if ((ways.passed && ways.refused) || ways.variously)
			log_every_call(situation, rules->all[i].name, false, false);
	}
	for (size_t i = 0; (r == -E2BIG || r == -ETIME) && i < prover->replaced.count; i++)
		log_every_call(situation, prover->replaced.all[i].name, false, false);
}

/* Builds and compares the twin; situation->changed if that changed it. */
static int round_of(struct situation *situation)
{
	struct twin_maker *maker = situation->prover->maker;
	BUF_AUTO text = {0};
	int r;

	situation->changed = false;
	situation->wrong_token = 0;
	situation->prover->round++;
	tree_write(&maker->document.tree, &text);
	/* the loader of the profile reads the twin, whatever the twin looks like */
	struct profile_options options = *situation->options;

	options.loader = situation->profile.rules.loader;
	r = built_make(&situation->twin, buf_str(&text), &options, NULL, maker->err);
	situation->other_shape = situation->twin.document.shape != maker->document.shape;
	if (r == 0)
		r = compare(situation);
	else
		mend_build(situation, r);
	if (r < 0 && situation->changed) {
		err_clear(maker->err);
		r = 0;
	} else if (r < 0 && situation->twin.filter.count == 0) {
		err_prefix(maker->err, "the twin");
	}
	built_release(&situation->twin);
	return r;
}

/* "x86 and x32", as architectures of a document or by their names. */
static void put_missing(struct buf *text, const struct filter *filter, const uint32_t *arches,
			bool quoted)
{
	size_t count = 0;

	for (; *arches; arches++) {
		if (filter_arch(filter, *arches))
			continue;
		buf_put_str(text, count++ ? STR(" and ") : STR(""));
		if (quoted)
			spelling_put_arch(text, *arches);
		else
			buf_put_str(text, str_from(arch_name(*arches)));
	}
}

/* A program of an arch that is not in the filter is killed at its first call. */
static void note_missing_arches(struct situation *situation)
{
	const struct twin_maker *maker = situation->prover->maker;
	const struct filter *filter = built_filter(&situation->profile);
	BUF_AUTO missing = {0};
	BUF_AUTO names = {0};
	char place[PLACE_SIZE];

	if (!filter)
		return;
	put_missing(&missing, filter, arch_companions(situation->options->arch), false);
	put_missing(&names, filter, arch_companions(situation->options->arch), true);
	if (missing.n == 0)
		return;
	snprintf(place, sizeof(place), "%s%s", maker->document.prefix,
		 situation->profile.rules.from_arch_map ? "archMap" : "architectures");
	lint_add(&maker->twin->notes, 0, place,
		 "not in the filter: %s. Such programs are killed under the twin too (the kill is "
		 "logged, and nothing after it); add %s to see what they do",
		 missing.p, names.p);
}

/* Two situations in which the same rules hold have the same signature. */
static uint64_t signature_of(const struct rules *rules, const struct profile_options *options)
{
	uint64_t hash = hash_word(options->arch, options->runtime);

	for (size_t i = 0; i < rules->count; i++)
		hash = hash_word(hash,
				 rules->all[i].document_rule << 16 | rules->all[i].document_name);
	for (size_t i = 0; i < rules->arches.count; i++)
		hash = hash_bytes(hash, str_from(rules->arches.all[i]));
	return hash;
}

/* A profile that cannot be loaded in a situation needs no twin there; the user's own must load. */
static int prove(void *context, const struct profile_options *options, bool users)
{
	struct prover *prover = context;
	struct twin_maker *maker = prover->maker;
	struct situation situation = {.prover = prover, .options = options};
	struct rules *rules = &situation.profile.rules;
	struct err err = ERR_INIT;
	int r = rules_resolve(&maker->document, options, rules, NULL, &err);

	situation.default_logs = twin_logs(rules->default_action);
	situation.changed = r == 0;
	if (r == 0) {
		uint64_t signature = signature_of(rules, options);

		for (size_t i = 0; i < prover->proven_count; i++)
			situation.changed = situation.changed && prover->proven[i] != signature;
		if (situation.changed && prover->proven_count < PROVEN_MAX)
			prover->proven[prover->proven_count++] = signature;
	}
	if (situation.changed && !rules->off)
		r = filter_build(rules, options, &situation.profile.filter, NULL, &err);
	if (r < 0 && users)
		*maker->err = err;
	else if (r < 0)
		situation.changed = false;
	for (r = users ? r : 0; r == 0 && situation.changed;)
		r = round_of(&situation);
	if (r == 0 && users)
		note_missing_arches(&situation);
	if (r == 0 && users && situation.other_shape && options->loader == LOADER_AUTO)
		lint_note(&maker->twin->notes, 0, "",
			  "without its errnos the twin no longer looks like a profile of %s: "
			  "give --loader %s when sclog reads it",
			  loader_name(rules->loader), loader_name(rules->loader));
	built_release(&situation.profile);
	return r;
}

int twin_prove(struct twin_maker *maker)
{
	struct prover prover = {
		.maker = maker,
		.replaced = {.document = &maker->document, .nodes = maker->rules},
	};
	int r = situations_each(&maker->document, &maker->options, prove, &prover);

	replaced_note(&prover.replaced, &maker->twin->notes);
	replaced_release(&prover.replaced);
	return r;
}
