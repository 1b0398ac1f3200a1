#include "profile/twin/logmode_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/proof.h"
#include "profile/document/spelling.h"
#include "profile/document/write.h"
#include "profile/filter/filter.h"
#include "profile/twin/situations.h"
#include "profile/write/cover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Situations that are told apart; of more some may be proven twice. */
#define PROVEN_MAX 256

/*
 * A name that rules of the twin would let pass where the profile does not: it is taken out of them.
 * Instead rules at the end say for which arguments it passes (beside a default that lets pass, for
 * which it is logged). `manner` is how they are made, the next where the proof finds the last one
 * wanting; COVER_NONE: every call is logged.
 */
struct restated {
	char *name;
	enum cover_manner manner;
	const char *why; /* for the notes */
	size_t round;    /* in which that was changed last */
	char **rules;    /* JSON, one object each */
	size_t rule_count;
};

struct prover {
	struct twin_maker *maker;
	struct restated *restated;
	size_t restated_count;
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
	bool other_shape; /* the twin's shape tells of another loader */
};

/* --- what is restated */

static struct restated *find_restated(const struct prover *prover, const char *name)
{
	for (size_t i = 0; i < prover->restated_count; i++)
		if (strcmp(prover->restated[i].name, name) == 0)
			return &prover->restated[i];
	return NULL;
}

static struct restated *add_restated(struct prover *prover, const char *name)
{
	prover->restated =
		mem_more(prover->restated, prover->restated_count, sizeof(*prover->restated));
	prover->restated[prover->restated_count] =
		(struct restated){.name = mem_copy(str_from(name)), .manner = COVER_SHORT};
	return &prover->restated[prover->restated_count++];
}

static void forget_rules(struct restated *restated)
{
	for (size_t i = 0; i < restated->rule_count; i++)
		free(restated->rules[i]);
	free(restated->rules);
	restated->rules = NULL;
	restated->rule_count = 0;
}

static void put_rule(struct restated *restated, uint32_t action, const struct cover_rule *rule)
{
	const char *name = restated->name;
	BUF_AUTO text = {0};
	struct emit emit = {.to = &text};
	struct document_rule own = {.names = {.all = &name, .count = 1}, .action = action};

	if (rule) {
		own.args = (struct document_arg *)(uintptr_t)rule->args;
		own.arg_count = rule->arg_count;
	}
	document_put_rule(&emit, &own, true);
	restated->rules = mem_more(restated->rules, restated->rule_count, sizeof(char *));
	restated->rules[restated->rule_count++] = mem_copy(buf_str(&text));
}

static uint32_t is_logged(uint32_t value, const void *context)
{
	(void)context;
	return twin_logs(value);
}

/* False where rules made in this manner cannot tell the arguments. */
static bool put_rules(struct situation *situation, struct restated *restated, uint32_t audit_arch,
		      int64_t nr)
{
	struct regions *regions = &situation->regions;
	struct cover cover = {0};
	diagram logged =
		answers_map(regions, answers_call(&situation->answers, audit_arch, (uint32_t)nr),
			    is_logged, NULL);
	region told = logged == DIAGRAM_UNKNOWN
			      ? REGION_NONE
			      : diagram_where(regions, logged, !situation->default_logs);
	bool made = told != REGION_NONE && told != REGION_ALL &&
		    cover_make(regions, told, cover_is_narrow(arch_token(audit_arch, nr)),
			       restated->manner, &cover);

	for (size_t i = 0; made && i < cover.count; i++)
		put_rule(restated, situation->default_logs ? SCMP_ACT_ALLOW : SCMP_ACT_LOG,
			 &cover.all[i]);
	cover_release(&cover);
	return made;
}

static void append_all(struct prover *prover)
{
	struct twin_maker *maker = prover->maker;
	struct node *list = node_member(maker->document.profile, "syscalls");

	node_forget_appended(list);
	for (size_t i = 0; i < prover->restated_count; i++)
		for (size_t j = 0; j < prover->restated[i].rule_count; j++)
			tree_append(&maker->document.tree, list, prover->restated[i].rules[j]);
}

/* --- taking names out of rules */

/* The name in the twin's rule, or the rule where its one name is in moby's old form. */
static struct node *name_node(const struct twin_maker *maker, size_t rule, size_t name)
{
	struct node *node = maker->rules[rule], *names = node_member(node, "names");

	if (!node_is(names, NODE_LIST))
		return node;
	for (node = names->first; node && name > 0; name--)
		node = node->next;
	return node;
}

/* And the rule when no name is left in it. */
static void strip_rule(struct situation *situation, const struct rule *rule)
{
	struct twin_maker *maker = situation->prover->maker;
	struct node *node = name_node(maker, rule->document_rule, rule->document_name);

	/* beside a default that lets pass it is the rules that log which go wrong */
	if ((twin_logs(rule->action) && situation->default_logs) || !node || node->gone ||
	    maker->rules[rule->document_rule]->gone)
		return;
	node_remove(node);
	if (node->parent && node->parent->key && node_left(node->parent) == 0)
		node_remove(maker->rules[rule->document_rule]);
	situation->changed = true;
}

static void strip_rules(struct situation *situation, const char *name)
{
	const struct rules *rules = &situation->profile.rules;

	for (size_t i = 0; i < rules->count; i++)
		if (strcmp(rules->all[i].name, name) == 0)
			strip_rule(situation, &rules->all[i]);
}

/* Why a name is taken out of the rules that let it pass, and what follows. */
static const char *reason(const struct situation *situation, bool stub, bool always,
			  enum cover_manner manner)
{
	if (!situation->default_logs)
		return manner != COVER_NONE
			       ? "libseccomp drops part of overlapping conditions with the same "
				 "action; rules at the end list the arguments for which it is "
				 "logged"
			       : "libseccomp drops part of overlapping conditions with the same "
				 "action; every call of it is logged";
	if (stub)
		return "on some architecture runc's stub refuses it with ENOSYS, but a twin has "
		       "no stub; every call of it is logged, on every architecture";
	if (always)
		return "another rule always refuses it; in the twin that rule would equal the "
		       "default and be dropped";
	if (manner != COVER_NONE)
		return "another rule refuses it for some arguments; in the twin that rule would "
		       "equal the default and be dropped; rules at the end list the arguments "
		       "for which it is allowed";
	return "another rule refuses it for some arguments; in the twin that rule would equal "
	       "the default and be dropped; every call of it is logged";
}

/* Every call of the name is logged, now and in every other situation. */
static void log_every_call(struct situation *situation, const char *name, bool stub, bool always)
{
	struct prover *prover = situation->prover;
	struct restated *restated = find_restated(prover, name);

	if (!restated || restated->manner != COVER_NONE) {
		restated = restated ? restated : add_restated(prover, name);
		forget_rules(restated);
		restated->manner = COVER_NONE;
		restated->why = reason(situation, stub, always, COVER_NONE);
		if (!situation->default_logs)
			put_rule(restated, SCMP_ACT_LOG, NULL);
		append_all(prover);
		situation->changed = true;
	}
	strip_rules(situation, name);
}

/* What a rule's condition on the container or the host, a tracer or a listener decides, rules that
 * hold always cannot say. */
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

/* In the next manner that can be. */
static void restate(struct situation *situation, const char *name, uint32_t audit_arch, int64_t nr)
{
	struct prover *prover = situation->prover;
	struct restated *restated = find_restated(prover, name);

	if (restated)
		restated->manner += restated->manner < COVER_NONE;
	else
		restated = add_restated(prover, name);
	forget_rules(restated);
	while (restated->manner < COVER_NONE && !put_rules(situation, restated, audit_arch, nr))
		restated->manner++;
	if (restated->manner == COVER_NONE) {
		restated->manner = COVER_SHORT; /* not yet logged */
		log_every_call(situation, name, false, false);
		return;
	}
	restated->why = reason(situation, false, false, restated->manner);
	append_all(prover);
	strip_rules(situation, name);
	situation->changed = true;
}

static bool has_stub(const struct situation *situation, uint32_t token, int64_t nr)
{
	const struct filter_arch *arch = filter_arch(&situation->profile.filter, token);

	return arch && arch->has_last && nr > (int64_t)arch->last;
}

/* Rules that pass a name, or refuse it. */
struct ways {
	bool refused, passed, variously; /* allowed, and asked of a tracer, for example */
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

/* The profile does not let the call pass silently, and the twin does: the twin changes. */
static void mend_call(struct situation *situation, uint32_t token, int64_t nr, const char *name,
		      bool always)
{
	const struct rules *rules = &situation->profile.rules;
	struct restated *restated = find_restated(situation->prover, name);
	bool stub = has_stub(situation, token, nr), changed = situation->changed;
	uint32_t call;

	/* what this round has changed is not yet in the filter that it asks */
	if (restated && restated->round == situation->prover->round)
		return;
	situation->changed = false;
	if (situation->default_logs && !ways_of(rules, name).passed)
		; /* no rule to take it from */
	else if (always || stub || (restated && restated->manner == COVER_NONE) ||
		 !depends_on_arguments_alone(situation, name))
		log_every_call(situation, name, stub, always);
	else
		restate(situation, name, arch_audit(token), nr);
	restated = find_restated(situation->prover, name);
	if (restated)
		restated->round = situation->prover->round;
	for (size_t i = 0; !situation->changed && syscall_is_multiplexer(name) && i < rules->count;
	     i++) {
		const char *family = syscall_multiplexer(token, rules->all[i].name, &call);

		if (family && strcmp(family, name) == 0)
			log_every_call(situation, rules->all[i].name, false, false);
	}
	situation->changed |= changed;
}

/* --- the comparison */

/* Whether the twin's answer is neither what is meant nor a log of what both let through. */
static uint32_t is_wrong(uint32_t profile, uint32_t twin, const void *context)
{
	(void)context;
	return value_pass(twin) != PASS_LOGGED && (twin_logs(profile) || twin != profile);
}

/* A call that the twin answers wrongly. No rule is for a number without a name. */
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
 * After libseccomp has not taken the twin. Conditions that it holds to be the same on some arch can
 * contradict each other once the refusal between them is gone: then names with different actions are
 * logged. Or it comes to no end with rules at the end, while it did with the profile's own.
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
	for (size_t i = 0; (r == -E2BIG || r == -ETIME) && i < prover->restated_count; i++)
		log_every_call(situation, prover->restated[i].name, false, false);
}

/* One round: the twin as it is now, compared; situation->changed if it is another now. */
static int round_of(struct situation *situation)
{
	struct twin_maker *maker = situation->prover->maker;
	BUF_AUTO text = {0};
	int r;

	situation->changed = false;
	situation->wrong_token = 0;
	situation->prover->round++;
	tree_write(&maker->document.tree, &text);
	/* who reads the profile reads the twin: its shape alone may tell of another */
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

/* No twin logs what a program of another arch does: it is killed before it comes to that. */
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

/* What of the document holds in a situation, in a number: the same is not proven twice. */
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

static bool is_proven(struct prover *prover, uint64_t signature)
{
	for (size_t i = 0; i < prover->proven_count; i++)
		if (prover->proven[i] == signature)
			return true;
	if (prover->proven_count < PROVEN_MAX)
		prover->proven[prover->proven_count++] = signature;
	return false;
}

/* A situation in which the profile itself would not start needs no twin, unless it is the user's. */
static int prove(void *context, const struct profile_options *options, bool users)
{
	struct prover *prover = context;
	struct twin_maker *maker = prover->maker;
	struct situation situation = {.prover = prover, .options = options};
	struct rules *rules = &situation.profile.rules;
	struct err err = ERR_INIT;
	int r = rules_resolve(&maker->document, options, rules, NULL, &err);

	situation.default_logs = twin_logs(rules->default_action);
	situation.changed = r == 0 && !is_proven(prover, signature_of(rules, options));
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

/* Each name that was taken out of a rule. */
static void note_stripped(const struct prover *prover)
{
	struct twin_maker *maker = prover->maker;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];

	for (size_t i = 0; i < maker->document.rule_count; i++) {
		const struct document_rule *rule = &maker->document.rules[i];

		for (size_t k = 0; k < document_name_count(rule); k++) {
			const struct node *node = name_node(maker, i, k);
			const struct restated *restated =
				node && node->gone ? find_restated(prover, document_name(rule, k))
						   : NULL;

			if (!restated)
				continue;
			document_name_place(&maker->document, i, k, place);
			lint_add(&maker->twin->notes, i + 1, place,
				 "%s is not in this rule of the twin: %s",
				 text_quote(restated->name, quoted), restated->why);
		}
	}
}

int twin_prove(struct twin_maker *maker)
{
	struct prover prover = {.maker = maker};
	int r = situations_each(&maker->document, &maker->options, prove, &prover);

	note_stripped(&prover);
	for (size_t i = 0; i < prover.restated_count; i++) {
		forget_rules(&prover.restated[i]);
		free(prover.restated[i].name);
	}
	free(prover.restated);
	return r;
}
