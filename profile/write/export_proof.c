#include "profile/write/export_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Names that one difference tells; the rest is counted. */
#define TOLD_NAMES 40

/* What stands for an answer that is not known. */
#define UNKNOWN_TEXT "a result that is too complex to evaluate"

/* What both answer, with data that has an effect only. */
struct both {
	diagram filter, built;
};

struct prover {
	struct regions *regions;
	struct answers *filter, built;
	struct both both; /* on the arch at hand */
	struct differences *differences;
};

void differences_release(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		free(differences->all[i].name);
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

static char *answer_text(struct regions *regions, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	BUF_AUTO text = {0};

	if (answer == DIAGRAM_UNKNOWN)
		return mem_copy(STR(UNKNOWN_TEXT));
	size_t count = diagram_values(regions, answer, &values);

	for (size_t i = 0; i < count; i++) {
		buf_put_str(&text, i ? STR(" or ") : STR(""));
		put_value(values[i], &text);
	}
	if (count > 1)
		buf_put_str(&text, STR(", depending on the arguments"));
	return mem_copy(buf_str(&text));
}

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

static void difference_add(struct prover *prover, const struct both *both,
			   const struct numbers_part *part)
{
	struct differences *differences = prover->differences;

	differences->all =
		mem_more(differences->all, differences->count, sizeof(*differences->all));
	differences->all[differences->count++] = (struct difference){
		.token = part->token,
		.first = part->first,
		.last = part->last,
		.name = part->name ? mem_copy(str_from(part->name)) : NULL,
		.filter_says = answer_text(prover->regions, both->filter),
		.profile_says = answer_text(prover->regions, both->built),
	};
}

static uint32_t is_other(uint32_t a, uint32_t b, const void *context)
{
	(void)context;
	return a != b;
}

static int prove_part(void *context, const struct numbers_part *part)
{
	struct prover *prover = context;
	const struct both call = {
		diagram_at(prover->regions, prover->both.filter, 0, part->first),
		diagram_at(prover->regions, prover->both.built, 0, part->first),
	};

	difference_add(prover, &call, part);
	return 0;
}

static void prove_arch(struct prover *prover, uint32_t token)
{
	struct numbers_part all = {.token = token};

	prover->both = ask_both(prover, false, arch_audit(token));
	diagram other = answers_join(prover->regions, prover->both.filter, prover->both.built,
				     is_other, NULL);

	numbers_range(token, &all.first, &all.last);
	if (numbers_each(prover->regions, other, token, prove_part, prover) < 0)
		difference_add(prover, &prover->both, &all);
}

/* The values of a diagram that those arches get: all others get one of these. */
static diagram of_others(struct prover *prover, region others, diagram answer)
{
	MEM_AUTO uint32_t *values = NULL;
	struct regions *regions = prover->regions;

	diagram_values(regions, diagram_at(regions, answer, ANSWERS_NO_ARCH, 0), &values);
	return diagram_choose(regions, others, answer, diagram_value(regions, values[0]));
}

/* All arches that the filter does not know. */
static void prove_others(struct prover *prover)
{
	struct regions *regions = prover->regions;
	struct both both = ask_both(prover, true, 0);
	diagram other = answers_join(regions, both.filter, both.built, is_other, NULL);
	region others = answers_other_arches(prover->filter);
	diagram none = diagram_value(regions, 0);

	if (other != DIAGRAM_UNKNOWN && diagram_choose(regions, others, other, none) == none)
		return;
	if (both.filter != DIAGRAM_UNKNOWN && both.built != DIAGRAM_UNKNOWN) {
		both.filter = of_others(prover, others, both.filter);
		both.built = of_others(prover, others, both.built);
	}
	difference_add(prover, &both, &(struct numbers_part){.token = 0});
}

static void compare(struct exporter *exporter, const struct filter *built,
		    struct differences *differences)
{
	struct prover prover = {.regions = &exporter->regions,
				.filter = &exporter->answers,
				.differences = differences};

	answers_init(&prover.built, prover.regions, built);
	for (size_t i = 0; i < exporter->filter.arch_count; i++)
		prove_arch(&prover, exporter->filter.arches[i].token);
	prove_others(&prover);
	answers_release(&prover.built);
}

int export_build(const struct exporter *exporter, const struct document *document,
		 struct built *ret_built, struct err *err)
{
	struct profile_options options = profile_options_default();
	BUF_AUTO text = {0};

	options.loader = LOADER_OCI;
	options.runtime = exporter->export->runtime;
	options.arch = exporter->host;
	options.any_listener = true;
	document_write(document, false, &text);
	return built_make(ret_built, buf_str(&text), &options, NULL, err);
}

int export_prove(struct exporter *exporter, const struct document *document,
		 struct differences *ret_differences, struct err *err)
{
	struct built built;
	int r = export_build(exporter, document, &built, err);

	*ret_differences = (struct differences){0};
	if (r == 0)
		compare(exporter, &built.filter, ret_differences);
	built_release(&built);
	return r;
}

static bool same_kind(const struct difference *a, const struct difference *b)
{
	return a->token == b->token && strcmp(a->filter_says, b->filter_says) == 0 &&
	       strcmp(a->profile_says, b->profile_says) == 0;
}

static void put_numbers(const struct difference *difference, struct buf *to)
{
	if (difference->name)
		buf_put_str(to, str_from(difference->name));
	else if (difference->first == UINT32_MAX)
		buf_put_str(to, STR("number -1"));
	else if (difference->first == difference->last)
		buf_format(to, "number %u", difference->first);
	else
		buf_format(to, "numbers %u to %u", difference->first, difference->last);
}

/* The names and numbers that part as all[at] does. */
static void put_subjects(const struct differences *differences, size_t at, struct buf *to)
{
	const struct difference *all = differences->all;
	size_t told = 0;

	for (size_t i = at; i < differences->count; i++) {
		if (!same_kind(&all[at], &all[i]) || told++ >= TOLD_NAMES)
			continue;
		buf_put_str(to, to->n ? STR(", ") : STR(""));
		put_numbers(&all[i], to);
	}
	if (told > TOLD_NAMES)
		buf_format(to, " and %zu more", told - TOLD_NAMES);
}

void differences_tell(const struct differences *differences, struct lints *lints)
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
		const char *profile = alike ? "the same values, but for different arguments"
					    : difference->profile_says;

		if (strcmp(difference->filter_says, UNKNOWN_TEXT) == 0)
			profile = "cannot be compared with that";
		lint_add(lints, 0, "", "%s%s%s: the filter answers %s, the profile %s",
			 arch ? arch : EXPORT_OTHER_ARCH, arch ? ": " : "", arch ? subjects.p : "",
			 difference->filter_says, profile);
	}
}
