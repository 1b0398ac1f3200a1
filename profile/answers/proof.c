#include "profile/answers/proof.h"

#include "base/mem.h"
#include "profile/answers/numbers.h"
#include "profile/filter/filter.h"

#include <seccomp.h>
#include <stdlib.h>

/* The proof for one arch. */
struct proving {
	const struct proof *proof;
	struct proof_fault arch; /* about all its numbers */
	struct named_number *named;
	size_t named_count;
	proof_visit *visit;
	void *context;
};

static struct proof_fault fold_both(const struct proof *proof, uint32_t token, diagram wanted,
				    diagram made)
{
	return (struct proof_fault){
		.token = token,
		.wanted = wanted,
		.made = made,
		.folded = answers_join(proof->wanted->regions, wanted, made, proof->fold,
				       proof->context),
	};
}

static int visit_numbers(const struct proving *proving, uint64_t from, uint64_t to,
			 const char *name, diagram folded)
{
	uint32_t first = (uint32_t)from, last = (uint32_t)to;
	const struct regions *regions = proving->proof->wanted->regions;
	const struct proof_fault fault = {
		.token = proving->arch.token,
		.first = first,
		.last = last,
		.name = name,
		.wanted = diagram_at(regions, proving->arch.wanted, 0, first),
		.made = diagram_at(regions, proving->arch.made, 0, first),
		.folded = folded,
	};

	return proving->visit(proving->context, &fault);
}

/* Visits each named number of a run, and each stretch between them as one fault. */
static int visit_run(const struct proving *proving, const struct diagram_run *run)
{
	uint64_t first = run->first;
	int r = 0;

	for (size_t i = 0; r == 0 && i < proving->named_count; i++) {
		const struct named_number *named = &proving->named[i];

		if (named->nr < run->first || named->nr > run->last)
			continue;
		if (first < named->nr)
			r = visit_numbers(proving, first, named->nr - 1, NULL, run->below);
		if (r == 0)
			r = visit_numbers(proving, named->nr, named->nr, named->name, run->below);
		first = (uint64_t)named->nr + 1;
	}
	return r == 0 && first <= run->last
		       ? visit_numbers(proving, first, run->last, NULL, run->below)
		       : r;
}

static int prove_numbers(struct proving *proving, uint32_t first, uint32_t last)
{
	struct diagram_run *runs = NULL;
	size_t count = SIZE_MAX;
	uint32_t value;
	int r = 0;

	if (proving->arch.folded != DIAGRAM_UNKNOWN)
		count = diagram_runs(proving->proof->wanted->regions, proving->arch.folded, first,
				     last, &runs);
	if (count == SIZE_MAX) {
		proving->arch.folded = DIAGRAM_UNKNOWN;
		return proving->visit(proving->context, &proving->arch);
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (diagram_is_value(proving->proof->wanted->regions, runs[i].below, &value) &&
		    !value)
			continue;
		if (!proving->named)
			proving->named_count = numbers_named(proving->arch.token, &proving->named);
		r = visit_run(proving, &runs[i]);
	}
	free(runs);
	return r;
}

static int prove_arch(const struct proof *proof, uint32_t token, proof_visit *visit, void *context)
{
	uint32_t audit_arch = arch_audit(token);
	struct proving proving = {
		.proof = proof,
		.arch = fold_both(proof, token, answers_arch(proof->wanted, audit_arch),
				  answers_arch(proof->made, audit_arch)),
		.visit = visit,
		.context = context,
	};

	numbers_range(token, &proving.arch.first, &proving.arch.last);
	int r = prove_numbers(&proving, proving.arch.first, proving.arch.last);

	/* a tracer skips a call by setting its number to -1, which is not an x32 number */
	if (r == 0 && token != SCMP_ARCH_X32 && proving.arch.folded != DIAGRAM_UNKNOWN)
		r = prove_numbers(&proving, UINT32_MAX, UINT32_MAX);
	free(proving.named);
	return r;
}

int proof_of_arches(const struct proof *proof, proof_visit *visit, void *context)
{
	const struct filter *filter = proof->wanted->filter;
	int r = 0;

	for (size_t i = 0; r == 0 && i < filter->arch_count; i++)
		r = prove_arch(proof, filter->arches[i].token, visit, context);
	return r;
}

/* Restricts a diagram to the other arches: everywhere else it gets one of their values. */
static diagram within(struct regions *regions, region others, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;

	if (answer == DIAGRAM_UNKNOWN)
		return answer;
	diagram_values(regions, diagram_at(regions, answer, ANSWERS_NO_ARCH, 0), &values);
	return diagram_choose(regions, others, answer, diagram_value(regions, values[0]));
}

int proof_of_others(const struct proof *proof, proof_visit *visit, void *context)
{
	struct regions *regions = proof->wanted->regions;
	struct proof_fault fault =
		fold_both(proof, 0, answers_any_arch(proof->wanted), answers_any_arch(proof->made));
	struct regions_mark mark = regions_mark(regions, 2);
	region others = answers_other_arches(proof->wanted);

	if (fault.folded != DIAGRAM_UNKNOWN)
		fault.folded = diagram_choose(regions, others, fault.folded, REGION_NONE);
	if (fault.folded != REGION_NONE) {
		fault.wanted = within(regions, others, fault.wanted);
		fault.made = within(regions, others, fault.made);
	}
	if (!regions_keep(regions, &mark))
		fault.wanted = fault.made = fault.folded = DIAGRAM_UNKNOWN;
	return fault.folded == REGION_NONE ? 0 : visit(context, &fault);
}
