#include "report/explain_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"
#include "report/arguments.h"
#include "report/csv.h"
#include "report/finding.h"
#include "report/json.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>

/* What one lets through that the other does not, as bits. */
enum excess {
	EXCESS_FIRST = 1 << 0,
	EXCESS_SECOND = 1 << 1,
	EXCESS_NONE = 1 << 2, /* the answers differ, and neither lets more through */
	EXCESS_UNKNOWN = 1 << 3,
};

/* Calls in a row of numbers that get the same answers. */
struct difference {
	uint32_t arch;
	int64_t nr, last;
	unsigned excess;
	struct verdict first, second; /* borrowed from the profiles */
};

struct comparison {
	const struct explain_writing *writing;
	struct profile *first, *second;
	struct regions regions;
	struct answers answers[2];
	bool same; /* the filters are: nothing needs to be worked out */
	struct difference *differences;
	size_t count;
	unsigned excess; /* of all together */
};

static uint32_t excess_of(uint32_t first, uint32_t second, const void *context)
{
	(void)context;
	if (value_effect(first) == value_effect(second))
		return 0;
	if (value_passes(first) == value_passes(second))
		return EXCESS_NONE;
	return value_passes(first) ? EXCESS_FIRST : EXCESS_SECOND;
}

static unsigned compare_call(struct comparison *comparison, const struct difference *difference)
{
	const struct verdict *first = &difference->first, *second = &difference->second;
	MEM_AUTO uint32_t *values = NULL;
	unsigned excess = 0;
	diagram answers[2];

	/* most calls get one answer from each */
	if (first->reachable_count == 1 && second->reachable_count == 1)
		return excess_of(first->reachable[0], second->reachable[0], NULL);
	for (size_t i = 0; i < 2; i++)
		answers[i] = answers_call(&comparison->answers[i], difference->arch,
					  (uint32_t)difference->nr);
	diagram both = answers_join(&comparison->regions, answers[0], answers[1], excess_of, NULL);

	if (both == DIAGRAM_UNKNOWN)
		return EXCESS_UNKNOWN;
	size_t count = diagram_values(&comparison->regions, both, &values);

	for (size_t i = 0; i < count; i++)
		excess |= values[i];
	return excess;
}

static bool same_answers(const struct verdict *a, const struct verdict *b)
{
	return a->reachable == b->reachable && a->kind == b->kind && a->origin == b->origin;
}

/* Whether the call goes on where the last row ends: no name, and the same answers. */
static bool goes_on(const struct comparison *comparison, const struct difference *difference)
{
	char name[SYSCALL_NAME_SIZE];

	if (comparison->count == 0 || syscall_name(difference->arch, difference->nr, name))
		return false;
	const struct difference *row = &comparison->differences[comparison->count - 1];

	return row->arch == difference->arch &&
	       arch_token(row->arch, row->nr) == arch_token(difference->arch, difference->nr) &&
	       !syscall_name(row->arch, row->nr, name) && row->last + 1 == difference->nr &&
	       row->excess == difference->excess && same_answers(&row->first, &difference->first) &&
	       same_answers(&row->second, &difference->second);
}

static void add_call(struct comparison *comparison, const struct explain_call *call)
{
	struct difference difference = {
		.arch = call->arch,
		.nr = call->nr,
		.last = call->last,
		.first = profile_judge(comparison->first, call->arch, call->nr),
		.second = profile_judge(comparison->second, call->arch, call->nr),
	};

	difference.excess = compare_call(comparison, &difference);
	if (!difference.excess)
		return;
	comparison->excess |= difference.excess;
	if (goes_on(comparison, &difference)) {
		comparison->differences[comparison->count - 1].last = difference.nr;
		return;
	}
	comparison->differences = mem_more(comparison->differences, comparison->count,
					   sizeof(*comparison->differences));
	comparison->differences[comparison->count++] = difference;
}

static enum explain_relation relation_of(unsigned excess)
{
	if (excess == 0)
		return EXPLAIN_EQUAL;
	if (excess & EXCESS_UNKNOWN)
		return EXPLAIN_UNKNOWN;
	if ((excess & EXCESS_FIRST) && (excess & EXCESS_SECOND))
		return EXPLAIN_OVERLAP;
	if (excess & EXCESS_FIRST)
		return EXPLAIN_SUPERSET;
	return excess & EXCESS_SECOND ? EXPLAIN_SUBSET : EXPLAIN_SAME;
}

static const char *relation_name(enum explain_relation relation)
{
	static const char *const names[] = {
		[EXPLAIN_EQUAL] = "equal",     [EXPLAIN_SAME] = "same",
		[EXPLAIN_SUBSET] = "subset",   [EXPLAIN_SUPERSET] = "superset",
		[EXPLAIN_OVERLAP] = "overlap", [EXPLAIN_UNKNOWN] = "unknown",
	};

	return names[relation];
}

/* Who lets more through: "A", "B", "both" (for different arguments), "neither", or "unknown". */
static const char *excess_name(unsigned excess)
{
	if (excess & EXCESS_UNKNOWN)
		return "unknown";
	if ((excess & EXCESS_FIRST) && (excess & EXCESS_SECOND))
		return "both";
	if (excess & EXCESS_FIRST)
		return "A";
	return excess & EXCESS_SECOND ? "B" : "neither";
}

/* "allowed", "refused EPERM", "conditional": the conditions stand below the table */
static void put_answer(struct table *table, const struct verdict *verdict)
{
	char text[FORMAT_NAME_SIZE];
	BUF_AUTO cell = {0};

	buf_put_str(&cell, str_from(finding_verdict_word(verdict)));
	if (verdict->condition_count == 0 && verdict->kind != VERDICT_CONDITIONAL &&
	    verdict->kind != VERDICT_ALLOWED && verdict->kind != VERDICT_LOGGED) {
		buf_put_char(&cell, ' ');
		if (verdict->has_errno)
			buf_put_str(&cell, str_from(format_errno(verdict->error, text)));
		else
			explain_put_actions(&cell, verdict);
	}
	table_cell(table, buf_str(&cell));
}

static void add_row(struct table *table, const struct difference *difference, FILE *out)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	bool named = syscall_name(difference->arch, difference->nr, name);
	BUF_AUTO number = {0};

	buf_format(&number, "%" PRId64, difference->nr);
	if (difference->last > difference->nr)
		buf_format(&number, "-%" PRId64, difference->last);
	table_cell(table, named ? str_from(name) : buf_str(&number));
	table_cell(table, buf_str(&number));
	table_format(table, "%s", format_arch(difference->arch, (int32_t)difference->nr, arch));
	table_format(table, "%s", excess_name(difference->excess));
	put_answer(table, &difference->first);
	put_answer(table, &difference->second);
	table_row_end(table, difference->excess & EXCESS_FIRST ? TEXT_RED : TEXT_PLAIN, out);
}

/* "; B: allowed when arg0 is AF_UNIX; otherwise refused with EPERM" */
static void put_side(struct buf *line, const char *side, const struct difference *difference,
		     const struct verdict *verdict)
{
	if (verdict->condition_count == 0)
		return;
	buf_format(line, "%s%s: ", line->n ? "; " : "", side);
	arguments_put_conditions(line, difference->arch, (int32_t)difference->nr, verdict);
}

static void write_conditions(const struct comparison *comparison, FILE *out)
{
	struct explain_conditions conditions = {0};

	for (size_t i = 0; i < comparison->count; i++) {
		const struct difference *difference = &comparison->differences[i];
		const struct explain_call call = {.arch = difference->arch, .nr = difference->nr};
		BUF_AUTO sides = {0};

		put_side(&sides, "A", difference, &difference->first);
		put_side(&sides, "B", difference, &difference->second);
		if (sides.n)
			explain_add_conditions(&conditions, &call, buf_str(&sides),
					       comparison->writing->columns);
	}
	explain_write_conditions(&conditions, out);
}

static void write_text(const struct comparison *comparison, FILE *out)
{
	static const struct table_column columns[] = {
		{"SYSCALL", false, TABLE_WHOLE},     {"NR", true, 1}, {"ARCH", false, TABLE_WHOLE},
		{"ALLOWS MORE", false, TABLE_WHOLE}, {"A", false, 0}, {"B", false, 0},
	};
	static const char *const texts[] = {
		[EXPLAIN_EQUAL] = "A and B treat every call the same",
		[EXPLAIN_SAME] = "A and B allow the same calls; their refusals differ",
		[EXPLAIN_SUBSET] = "A allows nothing that B does not (A is a subset of B)",
		[EXPLAIN_SUPERSET] = "B allows nothing that A does not (B is a subset of A)",
		[EXPLAIN_OVERLAP] = "each allows something that the other does not",
		[EXPLAIN_UNKNOWN] = "cannot tell: a filter is too complex to evaluate",
	};
	TABLE_AUTO table;

	explain_write_profile(comparison->writing, comparison->first, "A: profile", out);
	explain_write_profile(comparison->writing, comparison->second, "B: profile", out);
	fputc('\n', out);
	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 0,
		   comparison->writing->colour);
	table.columns_max = comparison->writing->columns;
	for (size_t i = 0; i < comparison->count; i++)
		add_row(&table, &comparison->differences[i], out);
	table_flush(&table, out);
	write_conditions(comparison, out);
	fprintf(out, "%s%s\n", comparison->count ? "\n" : "",
		texts[relation_of(comparison->excess)]);
}

static json_t *verdict_json(const struct verdict *verdict)
{
	json_t *object = json_object();

	explain_put_verdict(object, verdict);
	return object;
}

static json_t *difference_json(const struct difference *difference)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	bool named = syscall_name(difference->arch, difference->nr, name);
	json_t *object = json_object();

	json_object_set_new(
		object, "arch",
		json_string(format_arch(difference->arch, (int32_t)difference->nr, arch)));
	json_object_set_new(object, "nr", json_integer(difference->nr));
	json_object_set_new(object, "last", json_integer(difference->last));
	json_object_set_new(object, "syscall", named ? json_string(name) : json_null());
	json_object_set_new(object, "more", json_string(excess_name(difference->excess)));
	json_object_set_new(object, "a", verdict_json(&difference->first));
	json_object_set_new(object, "b", verdict_json(&difference->second));
	return object;
}

static void write_json(const struct comparison *comparison, FILE *out)
{
	fputs("{\"profile\":", out);
	json_put(explain_profile_json(comparison->first), false, out);
	fputs(",\n\"other\":", out);
	json_put(explain_profile_json(comparison->second), false, out);
	fputs(",\n\"lint\":", out);
	json_put(explain_lint_json(comparison->first), false, out);
	fprintf(out, ",\n\"relation\":\"%s\",\n\"differences\":[",
		relation_name(relation_of(comparison->excess)));
	for (size_t i = 0; i < comparison->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_put(difference_json(&comparison->differences[i]), false, out);
	}
	fputs("]}\n", out);
}

static void put_csv_answer(struct csv *csv, const struct verdict *verdict)
{
	BUF_AUTO actions = {0};
	BUF_AUTO conditions = {0};

	explain_put_actions(&actions, verdict);
	explain_put_conditions(&conditions, verdict);
	csv_field(csv, str_from(verdict_name(verdict->kind)));
	csv_field(csv, buf_str(&actions));
	csv_field(csv, buf_str(&conditions));
}

static void write_csv(const struct comparison *comparison, FILE *out)
{
	CSV_AUTO csv = {0};

	csv_header("arch,nr,last,syscall,more,a_verdict,a_actions,a_conditions,b_verdict,"
		   "b_actions,b_conditions",
		   out);
	for (size_t i = 0; i < comparison->count; i++) {
		const struct difference *row = &comparison->differences[i];
		char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
		bool named = syscall_name(row->arch, row->nr, name);

		csv_field(&csv, str_from(format_arch(row->arch, (int32_t)row->nr, arch)));
		csv_number(&csv, row->nr);
		csv_number(&csv, row->last);
		csv_field(&csv, named ? str_from(name) : STR(""));
		csv_field(&csv, str_from(excess_name(row->excess)));
		put_csv_answer(&csv, &row->first);
		put_csv_answer(&csv, &row->second);
		csv_end(&csv, out);
	}
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

int explain_write_comparison(const struct explain_writing *writing, struct profile *other,
			     FILE *out, enum explain_relation *ret_relation)
{
	static void (*const writers[FORMAT_COUNT])(const struct comparison *,
						   FILE *) = {FORMATS(WRITER_ROW)};
	const struct filter *filters[] = {profile_filter(writing->profile), profile_filter(other)};
	struct comparison comparison = {
		.writing = writing, .first = writing->profile, .second = other};

	regions_init(&comparison.regions);
	answers_init(&comparison.answers[0], &comparison.regions, filters[0]);
	answers_init(&comparison.answers[1], &comparison.regions, filters[1]);
	comparison.same = filters[0] && filters[1] && filter_same(filters[0], filters[1]);
	for (size_t i = 0; !comparison.same && i < writing->calls->count; i++)
		add_call(&comparison, &writing->calls->all[i]);
	writers[writing->format](&comparison, out);
	*ret_relation = relation_of(comparison.excess);
	for (size_t i = 0; i < 2; i++)
		answers_release(&comparison.answers[i]);
	regions_release(&comparison.regions);
	free(comparison.differences);
	return format_written(out);
}
