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

/* Programs of an arch in no profile: any AUDIT_ARCH_* that does not exist. */
#define NO_ARCH 0x5ec0ffeeU

struct prover {
	const struct exporter *exporter;
	const struct filter *built;
	struct filter compare; /* ALLOW where filter and profile are the same */
	struct walk walk;
	struct regions regions;
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

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void put_value(uint32_t value, struct buf *to)
{
	char text[VERDICT_VALUE_SIZE];

	buf_format(to, "%s", verdict_value_text(value, text));
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP && (value & SECCOMP_RET_DATA))
		buf_format(to, " with data %u", value & SECCOMP_RET_DATA);
}

/* The values that a filter can return, in any order, perhaps repeated. */
static size_t reachable_values(struct prover *prover, const struct filter *filter,
			       const struct question *question, uint32_t **ret_values)
{
	struct walk *walk = &prover->walk;
	MEM_AUTO struct region_map *map = mem_new(1, sizeof(*map));

	regions_clear(&prover->regions);
	region_map(&prover->regions, filter->program, filter->count, question, map);
	if (map->trouble == REGION_FINE) {
		*ret_values = mem_new(map->count, sizeof(**ret_values));
		for (size_t i = 0; i < map->count; i++)
			(*ret_values)[i] = filter_value_effect(map->all[i].value);
		return map->count;
	}
	walk_filter(walk, filter->program, filter->count, question);
	*ret_values = mem_new(walk->path_count, sizeof(**ret_values));
	for (size_t i = 0; i < walk->path_count; i++)
		(*ret_values)[i] = filter_value_effect(walk->paths[i].value);
	return walk->path_count;
}

/* "ALLOW", or "ALLOW or ERRNO(1), by the arguments". */
static char *answer_text(struct prover *prover, const struct filter *filter,
			 const struct question *question)
{
	MEM_AUTO uint32_t *values = NULL;
	size_t n = reachable_values(prover, filter, question, &values), told = 0;
	BUF_AUTO text = {0};

	qsort(values, n, sizeof(*values), by_value);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && values[i] == values[i - 1])
			continue;
		if (told++ > 0)
			buf_put_str(&text, STR(" or "));
		put_value(values[i], &text);
	}
	if (told > 1)
		buf_put_str(&text, STR(", by the arguments"));
	return mem_copy(buf_str(&text));
}

static void difference_add(struct prover *prover, uint32_t token, const struct question *question)
{
	struct differences *differences = prover->differences;

	if (differences->count == differences->size) {
		differences->size = differences->size ? differences->size * 2 : 16;
		differences->all =
			mem_resize(differences->all, differences->size * sizeof(*differences->all));
	}
	differences->all[differences->count++] = (struct difference){
		.token = token,
		.nr = question->nr,
		.filter_says = answer_text(prover, prover->exporter->filter, question),
		.profile_says = answer_text(prover, prover->built, question),
	};
}

/* Every value's region of one filter must lie in the other's. Both cover all there is. */
static bool same_regions(struct prover *prover, const struct region_map maps[2])
{
	struct regions *regions = &prover->regions;

	for (size_t i = 0; i < maps[0].count; i++) {
		region there = REGION_NONE;

		for (size_t j = 0; j < maps[1].count; j++) {
			if (filter_value_effect(maps[1].all[j].value) ==
			    filter_value_effect(maps[0].all[i].value))
				there = region_or(regions, there, maps[1].all[j].region);
		}
		if (!region_within(regions, maps[0].all[i].region, there))
			return false;
	}
	return true;
}

/* One walk through both, one after the other: knows computations, and takes its time. */
static bool same_walk(struct prover *prover, const struct question *question)
{
	struct walk *walk = &prover->walk;

	walk_filter(walk, prover->compare.program, prover->compare.count, question);
	for (size_t i = 0; i < walk->path_count; i++) {
		if (walk->paths[i].value != SECCOMP_RET_ALLOW)
			return false;
	}
	return true;
}

static bool is_same(struct prover *prover, const struct question *question)
{
	const struct filter *filters[] = {prover->exporter->filter, prover->built};
	MEM_AUTO struct region_map *maps = mem_new(2, sizeof(*maps));
	bool fine = true;

	regions_clear(&prover->regions);
	for (size_t i = 0; i < 2; i++) {
		region_map(&prover->regions, filters[i]->program, filters[i]->count, question,
			   &maps[i]);
		fine = fine && maps[i].trouble == REGION_FINE;
	}
	bool same = fine && same_regions(prover, maps);

	return fine && !prover->regions.full ? same : same_walk(prover, question);
}

static void prove_number(struct prover *prover, uint32_t token, uint32_t audit_arch, uint32_t nr)
{
	const struct question question = {.audit_arch = audit_arch,
					  .nr = nr,
					  .big_endian = prover->exporter->filter->big_endian};

	prover->differences->compared++;
	if (!is_same(prover, &question))
		difference_add(prover, token, &question);
}

/* All numbers that either filter makes a difference between. */
static void prove_arch(struct prover *prover, uint32_t token)
{
	const struct filter *filters[] = {prover->exporter->filter, prover->built};
	uint32_t *numbers[2];
	size_t counts[2], at[2] = {0};

	for (size_t i = 0; i < 2; i++)
		counts[i] = survey_numbers(filters[i], token, &numbers[i]);
	while (at[0] < counts[0] || at[1] < counts[1]) {
		bool first = at[1] == counts[1] ||
			     (at[0] < counts[0] && numbers[0][at[0]] <= numbers[1][at[1]]);
		uint32_t nr = first ? numbers[0][at[0]] : numbers[1][at[1]];

		for (size_t i = 0; i < 2; i++)
			at[i] += at[i] < counts[i] && numbers[i][at[i]] == nr;
		prove_number(prover, token, arch_audit(token), nr);
	}
	for (size_t i = 0; i < 2; i++)
		free(numbers[i]);
}

/* An arch that the survey has not found gets what one gets that does not exist. */
static void prove_others(struct prover *prover)
{
	static const uint32_t numbers[] = {0, 1, 59, 200, 5000};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		prove_number(prover, NO_ARCH, NO_ARCH, numbers[i]);
}

static int compare(const struct exporter *exporter, const struct filter *built,
		   struct differences *differences, struct err *err)
{
	struct prover prover = {.exporter = exporter, .built = built, .differences = differences};
	int r = filter_compare(exporter->filter, built, &prover.compare, err);

	if (r < 0)
		return r;
	walk_init(&prover.walk);
	regions_init(&prover.regions);
	for (size_t i = 0; i < exporter->filter->arch_count; i++)
		prove_arch(&prover, exporter->filter->arches[i].token);
	prove_others(&prover);
	regions_release(&prover.regions);
	walk_release(&prover.walk);
	filter_release(&prover.compare);
	return 0;
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

int export_prove(const struct exporter *exporter, const struct buf *document,
		 struct differences *ret_differences, struct err *err)
{
	struct filter built = {0};
	int r = build(exporter, buf_str(document), &built, err);

	*ret_differences = (struct differences){0};
	if (r == 0)
		r = compare(exporter, &built, ret_differences, err);
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

/* Where a run of neighbouring numbers without names ends. */
static size_t run_end(const struct differences *differences, size_t at)
{
	const struct difference *all = differences->all;
	char name[SYSCALL_NAME_SIZE];
	size_t end = at + 1;

	while (end < differences->count && same_kind(&all[at], &all[end]) &&
	       all[end].nr == all[end - 1].nr + 1 &&
	       !syscall_name(arch_audit(all[end].token), (int32_t)all[end].nr, name))
		end++;
	return end;
}

static void put_number(const struct difference *first, const struct difference *last,
		       struct buf *to)
{
	if (first->nr == UINT32_MAX)
		buf_put_str(to, STR("number -1"));
	else if (first == last)
		buf_format(to, "number %u", first->nr);
	else
		buf_format(to, "numbers %u to %u", first->nr, last->nr);
}

/* The names and numbers that part as all[at] does. */
static void put_subjects(const struct differences *differences, size_t at, struct buf *to)
{
	const struct difference *all = differences->all;
	char name[SYSCALL_NAME_SIZE];
	size_t told = 0, more = 0;

	for (size_t i = at; i < differences->count;) {
		bool named = syscall_name(arch_audit(all[i].token), (int32_t)all[i].nr, name);
		size_t end = named ? i + 1 : run_end(differences, i);

		if (same_kind(&all[at], &all[i]) && told++ < TOLD_NAMES) {
			buf_put_str(to, to->n ? STR(", ") : STR(""));
			if (named)
				buf_format(to, "%s", name);
			else
				put_number(&all[i], &all[end - 1], to);
		} else if (same_kind(&all[at], &all[i])) {
			more += end - i;
		}
		i = end;
	}
	if (more)
		buf_format(to, " and %zu more", more);
}

void differences_tell(const struct differences *differences, struct sentences *sentences)
{
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *difference = &differences->all[i];
		const char *arch = arch_name(difference->token);
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
