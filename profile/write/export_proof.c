#include "profile/write/export_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that a sentence gives; the rest is counted. */
#define TOLD_NAMES 40

/* No AUDIT_ARCH_*. */
#define NO_ARCH 0x5ec0ffeeU

struct prover {
	struct regions *regions;
	struct answers *filter, built;
	struct differences *differences;
};

void sentence_add(struct sentences *sentences, const char *format, ...)
{
	BUF_AUTO line = {0};
	va_list args;

	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);

	va_end(args);
	if (n < 0)
		return;
	char *to = buf_reserve(&line, (size_t)n + 1);

	va_start(args, format);
	vsnprintf(to, (size_t)n + 1, format, args);
	va_end(args);
	line.n += (size_t)n;
	if (sentences->count == sentences->size) {
		sentences->size = sentences->size ? sentences->size * 2 : 8;
		sentences->all =
			mem_resize(sentences->all, sentences->size * sizeof(*sentences->all));
	}
	sentences->all[sentences->count++] = mem_copy(buf_str(&line));
}

void differences_release(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		free(differences->all[i].filter_says);
		free(differences->all[i].profile_says);
	}
	free(differences->all);
	*differences = (struct differences){0};
}

static void put_value(uint32_t value, struct buf *to)
{
	char text[VERDICT_VALUE_SIZE];

	buf_format(to, "%s", verdict_value_text(value, text));
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP && (value & SECCOMP_RET_DATA))
		buf_format(to, " with data %u", value & SECCOMP_RET_DATA);
}

/* "ALLOW", or "ALLOW or ERRNO(1), by the arguments". */
static char *answer_text(struct regions *regions, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	BUF_AUTO text = {0};

	if (answer == DIAGRAM_UNKNOWN)
		return mem_copy(STR("what cannot be worked out"));
	size_t count = diagram_values(regions, answer, &values);

	for (size_t i = 0; i < count; i++) {
		buf_put_str(&text, i ? STR(" or ") : STR(""));
		put_value(values[i], &text);
	}
	if (count > 1)
		buf_put_str(&text, STR(", by the arguments"));
	return mem_copy(buf_str(&text));
}

/* What both answer, with data that has an effect only. */
struct both {
	diagram filter, built;
};

static struct both ask_both(struct prover *prover, bool any_arch, uint32_t audit_arch)
{
	struct answers *sides[] = {prover->filter, &prover->built};
	diagram answers[2];

	for (size_t i = 0; i < 2; i++)
		answers[i] = answers_map(prover->regions,
					 any_arch ? answers_any_arch(sides[i])
						  : answers_arch(sides[i], audit_arch),
					 export_effect, NULL);
	return (struct both){answers[0], answers[1]};
}

static void difference_add(struct prover *prover, const struct both *both, uint32_t token,
			   uint32_t nr, uint32_t last)
{
	struct differences *differences = prover->differences;

	if (differences->count == differences->size) {
		differences->size = differences->size ? differences->size * 2 : 16;
		differences->all =
			mem_resize(differences->all, differences->size * sizeof(*differences->all));
	}
	differences->all[differences->count++] = (struct difference){
		.token = token,
		.nr = nr,
		.last = last,
		.filter_says = answer_text(prover->regions, both->filter),
		.profile_says = answer_text(prover->regions, both->built),
	};
}

static uint32_t is_same(uint32_t a, uint32_t b, const void *context)
{
	(void)context;
	return a == b;
}

/* Where the next number begins a difference of its own, because it or this one has a name. */
static uint32_t stretch_end(uint32_t token, uint32_t nr, uint32_t last)
{
	MEM_AUTO uint32_t *numbers = NULL;
	size_t count = survey_numbers(token, &numbers);
	char name[SYSCALL_NAME_SIZE];

	if (syscall_name(arch_audit(token), (int32_t)nr, name))
		return nr;
	for (size_t i = 0; i < count; i++)
		if (numbers[i] > nr && numbers[i] <= last &&
		    syscall_name(arch_audit(token), (int32_t)numbers[i], name))
			return numbers[i] - 1;
	return last;
}

/* A run of numbers with the same difference. */
static void prove_run(struct prover *prover, const struct both *arch, uint32_t token,
		      const struct diagram_run *run)
{
	uint32_t same, end;

	if (run->rest != DIAGRAM_UNKNOWN && diagram_is_value(prover->regions, run->rest, &same) &&
	    same)
		return;
	for (uint32_t nr = run->first;; nr = end + 1) {
		struct both call = *arch;

		end = stretch_end(token, nr, run->last);
		if (call.filter != DIAGRAM_UNKNOWN)
			call.filter = diagram_at(prover->regions, call.filter, 0, nr);
		if (call.built != DIAGRAM_UNKNOWN)
			call.built = diagram_at(prover->regions, call.built, 0, nr);
		difference_add(prover, &call, token, nr, end);
		if (end == run->last)
			return;
	}
}

/* All numbers of a token, from first to last. */
static void prove_range(struct prover *prover, uint32_t token, uint32_t first, uint32_t last)
{
	const struct both both = ask_both(prover, false, arch_audit(token));
	diagram same = answers_join(prover->regions, both.filter, both.built, is_same, NULL);
	const struct diagram_run unknown = {first, last, DIAGRAM_UNKNOWN};
	struct diagram_run *runs = NULL;
	size_t count = SIZE_MAX;

	if (same != DIAGRAM_UNKNOWN)
		count = diagram_runs(prover->regions, same, first, last, &runs);
	if (count == SIZE_MAX)
		prove_run(prover, &both, token, &unknown);
	for (size_t i = 0; count != SIZE_MAX && i < count; i++)
		prove_run(prover, &both, token, &runs[i]);
	free(runs);
}

static void prove_arch(struct prover *prover, uint32_t token)
{
	uint32_t first, last;

	survey_range(token, &first, &last);
	prove_range(prover, token, first, last);
	/* -1 is what a tracer makes of a call that it skips */
	if (token != SCMP_ARCH_X32)
		prove_range(prover, token, UINT32_MAX, UINT32_MAX);
}

/* The values of a diagram that those arches get: all others get one of these. */
static diagram of_others(struct prover *prover, region others, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	struct regions *regions = prover->regions;

	diagram_values(regions, diagram_at(regions, answer, NO_ARCH, 0), &values);
	return diagram_choose(regions, others, answer, diagram_value(regions, values[0]));
}

/* All arches that the filter does not know. */
static void prove_others(struct prover *prover)
{
	struct regions *regions = prover->regions;
	struct both both = ask_both(prover, true, 0);
	diagram same = answers_join(regions, both.filter, both.built, is_same, NULL);
	region others = answers_other_arches(prover->filter);
	diagram one = diagram_value(regions, 1);

	if (same != DIAGRAM_UNKNOWN && diagram_choose(regions, others, same, one) == one)
		return;
	if (both.filter != DIAGRAM_UNKNOWN && both.built != DIAGRAM_UNKNOWN) {
		both.filter = of_others(prover, others, both.filter);
		both.built = of_others(prover, others, both.built);
	}
	difference_add(prover, &both, 0, 0, 0);
}

static void compare(struct exporter *exporter, const struct filter *built,
		    struct differences *differences)
{
	struct prover prover = {.regions = &exporter->regions,
				.filter = &exporter->answers,
				.differences = differences};

	answers_init(&prover.built, prover.regions, built);
	for (size_t i = 0; i < exporter->filter->arch_count; i++)
		prove_arch(&prover, exporter->filter->arches[i].token);
	prove_others(&prover);
	answers_release(&prover.built);
}

/* As profile_load() does it, from bytes. */
static int build(const struct exporter *exporter, struct str text, struct filter *ret_filter,
		 struct err *err)
{
	struct profile_options options = profile_options_default();
	struct document document = {0};
	struct rules rules = {0};
	struct lints lints = {0};

	options.loader = LOADER_OCI;
	options.runtime = exporter->export->runtime;
	options.arch = exporter->host;
	int r = document_parse(text, NULL, &document, &lints, err);

	/* runc takes NOTIFY only with a listener; which one is for whoever loads the profile */
	if (r == 0)
		document.listener_path = "/";
	if (r == 0)
		r = rules_resolve(&document, &options, &rules, &lints, err);
	if (r == 0)
		r = filter_build(&rules, &options, ret_filter, &lints, err);
	rules_release(&rules);
	document_release(&document);
	lint_release(&lints);
	return r;
}

int export_prove(struct exporter *exporter, const struct buf *document,
		 struct differences *ret_differences, struct err *err)
{
	struct filter built = {0};
	int r = build(exporter, buf_str(document), &built, err);

	*ret_differences = (struct differences){0};
	if (r == 0)
		compare(exporter, &built, ret_differences);
	filter_release(&built);
	return r;
}

bool export_builds(const struct exporter *exporter, const struct buf *document)
{
	struct filter built = {0};
	struct err ignored = ERR_INIT;
	int r = build(exporter, buf_str(document), &built, &ignored);

	filter_release(&built);
	return r == 0;
}

static bool same_kind(const struct difference *a, const struct difference *b)
{
	return a->token == b->token && strcmp(a->filter_says, b->filter_says) == 0 &&
	       strcmp(a->profile_says, b->profile_says) == 0;
}

static void put_number(const struct difference *difference, struct buf *to)
{
	if (difference->nr == UINT32_MAX)
		buf_put_str(to, STR("number -1"));
	else if (difference->nr == difference->last)
		buf_format(to, "number %u", difference->nr);
	else
		buf_format(to, "numbers %u to %u", difference->nr, difference->last);
}

/* The names and numbers that part as all[at] does. */
static void put_subjects(const struct differences *differences, size_t at, struct buf *to)
{
	const struct difference *all = differences->all;
	char name[SYSCALL_NAME_SIZE];
	size_t told = 0, more = 0;

	for (size_t i = at; i < differences->count; i++) {
		if (!same_kind(&all[at], &all[i]))
			continue;
		if (told++ >= TOLD_NAMES) {
			more++;
			continue;
		}
		buf_put_str(to, to->n ? STR(", ") : STR(""));
		if (syscall_name(arch_audit(all[i].token), (int32_t)all[i].nr, name))
			buf_format(to, "%s", name);
		else
			put_number(&all[i], to);
	}
	if (more)
		buf_format(to, " and %zu more", more);
}

void differences_tell(const struct differences *differences, struct sentences *sentences)
{
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *difference = &differences->all[i];
		const char *arch = difference->token ? arch_name(difference->token) : NULL;
		BUF_AUTO subjects = {0};
		bool told = false;

		for (size_t j = 0; j < i && !told; j++)
			told = same_kind(&differences->all[j], difference);
		if (told)
			continue;
		if (arch)
			put_subjects(differences, i, &subjects);
		bool alike = strcmp(difference->filter_says, difference->profile_says) == 0;

		sentence_add(sentences, "%s%s%s: the filter answers %s, the profile %s",
			     arch ? arch : EXPORT_OTHER_ARCH, arch ? ": " : "",
			     arch ? subjects.p : "", difference->filter_says,
			     alike ? "the same, but for others" : difference->profile_says);
	}
}
