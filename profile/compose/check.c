#include "profile/compose/check.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/proof.h"
#include "profile/filter/value.h"

#include <errno.h>
#include <stdlib.h>

struct checker {
	const struct check *check;
	struct regions regions;
	struct answers wanted, made;
	struct err *err;
};

static int fail(struct checker *checker, uint32_t token, uint32_t number, const char *what)
{
	int64_t nr = number == UINT32_MAX ? -1 : (int64_t)number;
	char name[SYSCALL_NAME_SIZE];

	syscall_name(arch_audit(token), nr, name);
	return err_set(checker->err, EPROTO,
		       "the composed profile fails its check (a bug in sclog): %s, number %lld "
		       "on %s, %s",
		       name, (long long)nr, arch_name(token), what);
}

/* Every needed name passes on the arch, if it has a number there and is not left. */
static int check_needs(struct checker *checker, uint32_t token)
{
	const struct needs *needs = checker->check->needs;
	int64_t nr;

	for (size_t i = 0; i < needs->count; i++) {
		MEM_AUTO uint32_t *values = NULL;

		if (checker->check->fates[i] == FATE_LEFT ||
		    !syscall_number(token, needs->all[i].name, &nr) ||
		    !syscall_is_known(needs->all[i].name))
			continue;
		diagram answer = answers_call(&checker->made, arch_audit(token), (uint32_t)nr);
		size_t count = answer == DIAGRAM_UNKNOWN
				       ? 0
				       : diagram_values(&checker->regions, answer, &values);

		for (size_t k = 0; k < count; k++)
			if (!value_passes(values[k]))
				return fail(checker, token, (uint32_t)nr, "is needed but refused");
	}
	return 0;
}

enum { RIGHT, MORE, LESS };

/* Who refuses, and with what errno, is not compared. */
static uint32_t relation_of(uint32_t wanted, uint32_t made, const void *context)
{
	(void)context;
	if (value_pass(made) == value_pass(wanted))
		return RIGHT;
	return value_pass(made) > value_pass(wanted) ? MORE : LESS;
}

static int check_fault(void *context, const struct proof_fault *fault)
{
	struct checker *checker = context;
	MEM_AUTO uint32_t *relations = NULL;
	bool more = false;

	if (fault->folded == DIAGRAM_UNKNOWN) {
		lint_add(checker->check->notes, 3, "",
			 "the self-check could not determine what is allowed on %s",
			 fault->token ? arch_name(fault->token) : "other architectures");
		return 0;
	}
	size_t count = diagram_values(&checker->regions, fault->folded, &relations);

	for (size_t i = 0; i < count; i++)
		more = more || relations[i] == MORE;
	if (fault->token == 0)
		return !more ? 0
			     : err_set(checker->err, EPROTO,
				       "the composed profile fails its check (a bug in sclog): it "
				       "allows something on an architecture that it does not list");
	return fail(checker, fault->token, fault->first,
		    more ? "is allowed, but neither needed nor allowed by a base"
			 : "is allowed by a base, but now refused or logged");
}

static int compare(struct checker *checker, const struct filter *made)
{
	const struct proof proof = {
		.wanted = &checker->wanted, .made = &checker->made, .fold = relation_of};
	int r = 0;

	regions_init(&checker->regions);
	answers_init(&checker->wanted, &checker->regions, checker->check->wanted);
	answers_init(&checker->made, &checker->regions, made);
	for (size_t i = 0; r == 0 && i < made->arch_count; i++)
		r = check_needs(checker, made->arches[i].token);
	if (r == 0)
		r = proof_of_arches(&proof, check_fault, checker);
	if (r == 0)
		r = proof_of_others(&proof, check_fault, checker);
	answers_release(&checker->made);
	answers_release(&checker->wanted);
	regions_release(&checker->regions);
	return r;
}

int check_document(const struct check *check, struct str text, struct err *err)
{
	struct checker checker = {.check = check, .err = err};
	struct profile_options options = check->options;
	struct built built;

	options.loader = LOADER_OCI;
	int r = built_make(&built, text, &options, NULL, err);

	if (r == 0)
		r = compare(&checker, &built.filter);
	else
		err_prefix(err, "the composed profile");
	built_release(&built);
	return r;
}
