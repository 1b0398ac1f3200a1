#include "profile/twin/logmode_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"
#include "profile/filter/built.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the twin's answer is neither what is meant nor a log of what both let through. */
static uint32_t is_wrong(uint32_t profile, uint32_t twin, const void *context)
{
	(void)context;
	return twin != twin_action(profile) && (twin & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_LOG;
}

/* One situation in which the document means something: whose host, which container. */
struct proof {
	struct twin_maker *maker;
	const struct profile_options *options;
	struct built profile, twin; /* the profile's document is the maker's */
	struct regions regions;
	struct answers answers[2]; /* the profile's and the twin's */
	size_t stripped;           /* names in this round */
	uint32_t wrong_token;      /* of the first call that the twin answers wrongly; 0: none */
	int64_t wrong_nr;
	bool other_shape; /* the twin's shape tells of another loader */
};

static bool default_logs(const struct proof *proof)
{
	return twin_action(proof->profile.rules.default_action) == SECCOMP_RET_LOG;
}

/* A name of a rule that is still in the twin. */
static bool strip_rule(struct proof *proof, const struct rule *rule, const char *why)
{
	struct twin_maker *maker = proof->maker;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];

	/* beside a default that lets pass it is the rules that log which go wrong */
	if ((twin_action(rule->action) == SECCOMP_RET_LOG && default_logs(proof)) ||
	    !twin_strip(maker, rule->document_rule, rule->document_name))
		return false;
	document_name_place(&maker->document, rule->document_rule, rule->document_name, place);
	lint_add(&maker->twin->notes, rule->document_rule + 1, place,
		 "%s is not in this rule of the twin: %s", text_quote(rule->name, quoted), why);
	proof->stripped++;
	return true;
}

static bool is_stubs(const struct proof *proof, uint32_t audit_arch, int64_t nr)
{
	const struct filter_arch *arch =
		filter_arch(&proof->profile.filter, arch_token(audit_arch, nr));

	return arch && arch->has_last && nr > (int64_t)arch->last;
}

/* Why a name is taken out of the rules that let it pass. */
static const char *reason(const struct proof *proof, bool stub, bool always,
			  enum cover_manner manner)
{
	if (!default_logs(proof))
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

static bool lets_pass(const struct proof *proof, const char *name)
{
	const struct rules *rules = &proof->profile.rules;

	for (size_t i = 0; i < rules->count; i++)
		if (strcmp(rules->all[i].name, name) == 0 &&
		    twin_action(rules->all[i].action) != SECCOMP_RET_LOG)
			return true;
	return false;
}

static void strip_rules(struct proof *proof, const char *name, const char *why)
{
	const struct rules *rules = &proof->profile.rules;

	for (size_t i = 0; i < rules->count; i++)
		if (strcmp(rules->all[i].name, name) == 0)
			strip_rule(proof, &rules->all[i], why);
}

static void note_every_call(struct twin_maker *maker, const char *name)
{
	char quoted[QUOTED_SIZE];

	lint_add(&maker->twin->notes, SIZE_MAX, "",
		 "the arguments for which %s is allowed cannot be expressed as rules; every call "
		 "of it is logged",
		 text_quote(name, quoted));
}

/* Takes the name out of the rules that let it pass, and restates for which arguments it does. */
static void strip_name(struct proof *proof, uint32_t audit_arch, int64_t nr, bool always)
{
	const struct rules *rules = &proof->profile.rules;
	struct twin_maker *maker = proof->maker;
	bool stub = is_stubs(proof, audit_arch, nr);
	char name[SYSCALL_NAME_SIZE];

	syscall_name(audit_arch, nr, name);
	const struct twin_restated *before = twin_restated(maker, name);
	bool restated = before && before->manner != COVER_NONE;

	if (default_logs(proof) && !lets_pass(proof, name))
		return;
	/* it is logged in every situation: this one has rules that those before had not */
	if (before && !restated) {
		strip_rules(proof, name, reason(proof, stub, always, COVER_NONE));
		return;
	}
	enum cover_manner manner = twin_restate(maker, rules, &proof->profile.filter, audit_arch,
						nr, !always && !stub);

	proof->stripped++;
	if (restated && manner == COVER_NONE)
		note_every_call(maker, name);
	strip_rules(proof, name, reason(proof, stub, always, manner));
}

/* What the name was restated as goes; true if it was. */
static bool take_back(struct proof *proof, const char *name)
{
	struct twin_maker *maker = proof->maker;

	if (!twin_take_back(maker, name))
		return false;
	proof->stripped++;
	note_every_call(maker, name);
	return true;
}

/* Lets a name pass nowhere, whatever it was restated as: it is logged. */
static void strip_wholly(struct proof *proof, const char *name)
{
	strip_rules(proof, name, reason(proof, false, false, COVER_NONE));
	take_back(proof, name);
}

/* The profile does not let the call pass silently, and the twin does: the twin changes. */
static void mend_call(struct proof *proof, uint32_t token, int64_t nr, const char *name,
		      bool always)
{
	const struct rules *rules = &proof->profile.rules;
	const struct twin_restated *restated = twin_restated(proof->maker, name);
	size_t stripped = proof->stripped;
	uint32_t call;

	/* what this round has changed is not yet in the filter that it asks */
	if (restated && restated->round == proof->maker->round)
		return;
	strip_name(proof, arch_audit(token), nr, always);
	if (proof->stripped > stripped || !syscall_is_multiplexer(name))
		return;
	for (size_t i = 0; i < rules->count; i++) {
		const char *family = syscall_multiplexer(token, rules->all[i].name, &call);

		if (family && strcmp(family, name) == 0)
			strip_wholly(proof, rules->all[i].name);
	}
}

/* Whether rules let the name pass and rules refuse it. */
static bool has_both(const struct rules *rules, const char *name)
{
	bool passes = false, refuses = false;

	for (size_t i = 0; i < rules->count; i++) {
		if (strcmp(rules->all[i].name, name) != 0)
			continue;
		bool logs = twin_action(rules->all[i].action) == SECCOMP_RET_LOG;

		refuses = refuses || logs;
		passes = passes || !logs;
	}
	return passes && refuses;
}

/* A call that the twin answers wrongly. No rule is for a number without a name. */
static int mend_part(void *context, const struct numbers_part *part)
{
	struct proof *proof = context;
	MEM_AUTO uint32_t *values = NULL;
	diagram answer = answers_call(&proof->answers[0], arch_audit(part->token), part->first);
	size_t count = diagram_values(&proof->regions, answer, &values);
	bool always = true;

	if (!proof->wrong_token) {
		proof->wrong_token = part->token;
		proof->wrong_nr = part->first == UINT32_MAX ? -1 : (int64_t)part->first;
	}
	for (size_t i = 0; i < count; i++)
		always = always && twin_action(values[i]) == SECCOMP_RET_LOG;
	if (part->name)
		mend_call(proof, part->token, part->first, part->name, always);
	return 0;
}

static int check_arch(struct proof *proof, uint32_t token)
{
	diagram wrong =
		answers_join(&proof->regions, answers_arch(&proof->answers[0], arch_audit(token)),
			     answers_arch(&proof->answers[1], arch_audit(token)), is_wrong, NULL);
	int r = numbers_each(&proof->regions, wrong, token, mend_part, proof);

	return r != -E2BIG ? r
			   : err_set(proof->maker->err, E2BIG,
				     "the twin cannot be compared with the profile: the filters "
				     "are too complex");
}

static int compare(struct proof *proof)
{
	const struct filter *profile = built_filter(&proof->profile);
	char name[SYSCALL_NAME_SIZE];
	int r = 0;

	regions_init(&proof->regions);
	answers_init(&proof->answers[0], &proof->regions, profile);
	answers_init(&proof->answers[1], &proof->regions, built_filter(&proof->twin));
	for (size_t i = 0; r == 0 && profile && i < profile->arch_count; i++)
		r = check_arch(proof, profile->arches[i].token);
	for (size_t i = 0; i < 2; i++)
		answers_release(&proof->answers[i]);
	regions_release(&proof->regions);
	if (r < 0 || !proof->wrong_token || proof->stripped)
		return r;
	syscall_name(arch_audit(proof->wrong_token), proof->wrong_nr, name);
	return err_set(proof->maker->err, EINVAL,
		       "no twin is possible: the profile refuses %s (%lld on %s), but the twin "
		       "would not log it",
		       name, (long long)proof->wrong_nr, arch_name(proof->wrong_token));
}

/* Whether rules let the name pass in different ways: allow it, ask a tracer. */
static bool passes_variously(const struct rules *rules, const char *name)
{
	const struct rule *first = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) != 0 || twin_action(rule->action) == SECCOMP_RET_LOG)
			continue;
		if (first && first->action != rule->action)
			return true;
		first = first ? first : rule;
	}
	return false;
}

/*
 * Conditions that libseccomp holds to be the same on some arch can contradict each other once the
 * refusal between them is gone: then names with different actions are logged. False if there are
 * none.
 */
static bool strip_contested(struct proof *proof)
{
	const struct rules *rules = &proof->profile.rules;

	for (size_t i = 0; i < rules->count; i++)
		if (has_both(rules, rules->all[i].name) ||
		    passes_variously(rules, rules->all[i].name))
			strip_wholly(proof, rules->all[i].name);
	if (proof->stripped)
		err_clear(proof->maker->err);
	return proof->stripped > 0;
}

/* Rules at the end that libseccomp comes to no end with, while it did with the profile's own. */
static bool take_back_restated(struct proof *proof)
{
	struct twin_maker *maker = proof->maker;

	for (size_t i = 0; default_logs(proof) && i < maker->restated_count; i++)
		take_back(proof, maker->restated[i].name);
	if (proof->stripped)
		err_clear(proof->maker->err);
	return proof->stripped > 0;
}

static bool is_too_much(int r)
{
	return r == -E2BIG || r == -ETIME;
}

/* One round: the twin as it is now, compared; true in proof->stripped if it changed. */
static int round_of(struct proof *proof)
{
	BUF_AUTO text = {0};
	int r;

	proof->stripped = 0;
	proof->wrong_token = 0;
	proof->maker->round++;
	twin_write(proof->maker, &text);
	/* who reads the profile reads the twin: its shape alone may tell of another */
	struct profile_options options = *proof->options;

	options.loader = proof->profile.rules.loader;
	r = built_make(&proof->twin, buf_str(&text), &options, NULL, proof->maker->err);
	proof->other_shape = proof->twin.document.shape != proof->maker->document.shape;
	if ((r == -EEXIST && strip_contested(proof)) ||
	    (is_too_much(r) && take_back_restated(proof)))
		r = 0;
	else if (r < 0)
		err_prefix(proof->maker->err, "the twin");
	else
		r = compare(proof);
	built_release(&proof->twin);
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
static void note_missing_arches(struct proof *proof)
{
	const struct filter *filter = built_filter(&proof->profile);
	BUF_AUTO missing = {0};
	BUF_AUTO names = {0};
	char place[PLACE_SIZE];

	if (!filter)
		return;
	put_missing(&missing, filter, arch_companions(proof->options->arch), false);
	put_missing(&names, filter, arch_companions(proof->options->arch), true);
	if (missing.n == 0)
		return;
	snprintf(place, sizeof(place), "%s%s", proof->maker->document.prefix,
		 proof->profile.rules.from_arch_map ? "archMap" : "architectures");
	lint_add(&proof->maker->twin->notes, 0, place,
		 "not in the filter: %s. Such programs are killed under the twin too (the kill is "
		 "logged, and nothing after it); add %s to see what they do",
		 missing.p, names.p);
}

/* What of the document holds in a situation, in a number: the same is not proven twice. */
static uint64_t signature_of(const struct built *built, const struct profile_options *options)
{
	uint64_t hash = hash_word(options->arch, options->runtime);

	for (size_t i = 0; i < built->rules.count; i++)
		hash = hash_word(hash, built->rules.all[i].document_rule << 16 |
					       built->rules.all[i].document_name);
	for (size_t i = 0; i < built->rules.arches.count; i++)
		hash = hash_bytes(hash, str_from(built->rules.arches.all[i]));
	return hash;
}

static bool is_proven(struct twin_maker *maker, uint64_t signature)
{
	for (size_t i = 0; i < maker->proven_count; i++)
		if (maker->proven[i] == signature)
			return true;
	if (maker->proven_count < TWIN_PROVEN_MAX)
		maker->proven[maker->proven_count++] = signature;
	return false;
}

/* A situation in which the profile itself would not start needs no twin, unless it is the user's. */
static int prove(struct twin_maker *maker, const struct profile_options *options, bool users)
{
	struct proof proof = {.maker = maker, .options = options};
	struct built *profile = &proof.profile;
	struct err err = ERR_INIT;
	int r = rules_resolve(&maker->document, options, &profile->rules, NULL, &err);

	proof.stripped = r == 0 && !is_proven(maker, signature_of(profile, options));
	if (proof.stripped && !profile->rules.off)
		r = filter_build(&profile->rules, options, &profile->filter, NULL, &err);
	if (r < 0 && users)
		*maker->err = err;
	if (r < 0) {
		built_release(profile);
		return users ? r : 0;
	}
	while (r == 0 && proof.stripped)
		r = round_of(&proof);
	if (r == 0 && users)
		note_missing_arches(&proof);
	if (r == 0 && users && proof.other_shape && options->loader == LOADER_AUTO)
		lint_note(&maker->twin->notes, 0, "",
			  "without its errnos the twin no longer looks like a profile of %s: "
			  "give --loader %s when sclog reads it",
			  loader_name(proof.profile.rules.loader),
			  loader_name(proof.profile.rules.loader));
	built_release(&proof.profile);
	return r;
}

/* A syscall, and the capabilities that decide over a rule for it. */
struct decided {
	const char *name;
	caps caps;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct decided *)a)->name, ((const struct decided *)b)->name);
}

static caps caps_of(const struct document_rule *rule)
{
	const struct strings *lists[] = {&rule->includes.caps, &rule->excludes.caps};
	caps all = 0, one;

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < lists[i]->count; k++)
			if (caps_from_name(str_from(lists[i]->all[k]), &one))
				all |= one;
	return all;
}

/*
 * Which capabilities cannot be proven together: libseccomp makes a name's part of the filter of the
 * rules for that name alone, but for the calls of socketcall and ipc. Returns those that are named.
 */
static caps find_conflicts(const struct document *document, caps conflicts[64])
{
	struct decided *all = mem_new(DOCUMENT_MAX_NAMES, sizeof(*all));
	caps named = 0;
	size_t count = 0;
	uint32_t call;

	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];
		const struct strings old = {(const char **)(uintptr_t)&rule->name,
					    rule->name != NULL};
		const struct strings *names = rule->names.count ? &rule->names : &old;
		caps its = caps_of(rule);

		for (size_t k = 0; its && k < names->count; k++)
			all[count++] = (struct decided){names->all[k], its};
		named |= its;
	}
	qsort(all, count, sizeof(*all), by_name);
	for (size_t i = 0, end; i < count; i = end) {
		caps together = 0;

		for (end = i; end < count && strcmp(all[end].name, all[i].name) == 0; end++)
			together |= all[end].caps;
		bool shared = syscall_multiplexer(SCMP_ARCH_X86, all[i].name, &call);

		for (unsigned bit = 0; bit < 64; bit++)
			if (shared || together >> bit & 1)
				conflicts[bit] |= shared && together >> bit & 1 ? named : together;
	}
	free(all);
	return named;
}

/* No capability, every one, and the user's with each of the named ones turned round. */
static int prove_caps(struct twin_maker *maker)
{
	struct profile_options options = maker->options;
	caps conflicts[64] = {0};
	const caps named = find_conflicts(&maker->document, conflicts);
	int r = 0;

	for (caps left = named, turned; r == 0 && left; left &= ~turned) {
		turned = 0;
		for (unsigned bit = 0; bit < 64; bit++)
			if (left >> bit & 1 && !(conflicts[bit] & turned))
				turned |= UINT64_C(1) << bit;
		options.caps = maker->options.caps ^ turned;
		r = prove(maker, &options, false);
	}
	options.caps = 0;
	if (r == 0 && named)
		r = prove(maker, &options, false);
	options.caps = ~UINT64_C(0);
	if (r == 0 && named)
		r = prove(maker, &options, false);
	return r;
}

/* The version that a condition names, and the one before it. */
static int prove_kernel(struct twin_maker *maker, const struct document_filter *filter)
{
	struct profile_options options = maker->options;
	int r;

	if (!filter->has_min_kernel)
		return 0;
	options.kernel_major = filter->kernel;
	options.kernel_minor = filter->major;
	r = prove(maker, &options, false);
	if (r < 0)
		return r;
	if (options.kernel_minor == 0)
		options.kernel_major--;
	options.kernel_minor = options.kernel_minor ? options.kernel_minor - 1 : 99;
	return prove(maker, &options, false);
}

static int prove_kernels(struct twin_maker *maker)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < maker->document.rule_count; i++) {
		r = prove_kernel(maker, &maker->document.rules[i].includes);
		if (r == 0)
			r = prove_kernel(maker, &maker->document.rules[i].excludes);
	}
	return r;
}

/* A document with an archMap is for hosts of each arch in it. */
static int prove_hosts(struct twin_maker *maker)
{
	struct profile_options options = maker->options;
	int r = 0;

	for (size_t i = 0; r == 0 && i < maker->document.arch_map_count; i++) {
		options.arch = arch_from_name(str_from(maker->document.arch_map[i].architecture));
		if (options.arch && options.arch != maker->options.arch)
			r = prove(maker, &options, false);
	}
	return r;
}

int twin_prove(struct twin_maker *maker)
{
	struct profile_options other = maker->options;
	int r = prove(maker, &maker->options, true);

	other.runtime = other.runtime == RUNTIME_RUNC ? RUNTIME_CRUN : RUNTIME_RUNC;
	if (r == 0)
		r = prove(maker, &other, false);
	if (r == 0)
		r = prove_caps(maker);
	if (r == 0)
		r = prove_kernels(maker);
	return r < 0 ? r : prove_hosts(maker);
}
