#include "report/diff_private.h"

#include "ingest/arch.h"
#include "report/csv.h"

#include <stdlib.h>

/* From nr to conditions. */
#define FIELDS_OF_A_CALL 10

static const char columns[] = "attribution,node,namespace,pod,image,container,id,comm,exe,"
			      "coverage,finding,syscall,nr,arch,verdict,action,errno,count,first,"
			      "last,programs,conditions,workload,unused_valid";

/* Parts that do not belong to the group's key would name one member of many: left empty. */
static void put_part(struct csv *csv, const struct group_key *key, enum group_part part)
{
	csv_field(csv, key->parts & (1U << part) ? key->values[part] : STR(""));
}

static void put_key(struct csv *csv, const struct group_key *key)
{
	bool outside = key->attribution != ATTRIBUTION_CONTAINER;
	bool whole = key->by == GROUP_BY_NODE || key->by == GROUP_BY_ALL;

	csv_field(csv, whole && !outside ? STR("") : str_from(attribution_name(key->attribution)));
	for (size_t i = 0; i < GROUP_WORKLOAD; i++)
		put_part(csv, key, (enum group_part)i);
}

static void put_programs(struct csv *csv, const struct finding *finding)
{
	BUF_AUTO programs = {0};

	for (size_t i = 0; i < finding->program_count; i++) {
		buf_put_str(&programs, i ? STR(";") : STR(""));
		buf_put_str(&programs, finding->programs[i]);
	}
	csv_field(csv, buf_str(&programs));
}

static void put_conditions(struct csv *csv, const struct verdict *verdict)
{
	BUF_AUTO conditions = {0};

	for (size_t i = 0; i < verdict->condition_count; i++)
		buf_format(&conditions, "%s%s", i ? "; " : "", verdict->conditions[i]);
	csv_field(csv, buf_str(&conditions));
}

static void write_finding(struct csv *csv, const struct diff_group *group,
			  const struct finding *finding, FILE *out)
{
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];

	put_key(csv, &group->key);
	csv_field(csv, str_from(coverage_name(group->coverage)));
	csv_field(csv, str_from(finding_kind_name(finding->kind)));
	syscall_name(finding->arch, finding->nr, name);
	csv_field(csv, str_from(name));
	csv_number(csv, finding->nr);
	csv_field(csv, str_from(format_arch(finding->arch, finding->nr, text)));
	csv_field(csv, str_from(verdict_name(finding->verdict.kind)));
	csv_field(csv, str_from(format_action(finding->verdict.action, text)));
	if (finding->verdict.has_errno)
		csv_number(csv, finding->verdict.error);
	else
		csv_field(csv, STR(""));
	csv_count(csv, finding->count);
	csv_ms(csv, finding->first_ms, true);
	csv_ms(csv, finding->last_ms, true);
	put_programs(csv, finding);
	put_conditions(csv, &finding->verdict);
	/* at the end, where whoever counts columns from the left does not meet it */
	put_part(csv, &group->key, GROUP_WORKLOAD);
	csv_field(csv, STR(""));
	csv_end(csv, out);
}

/* A name of no one arch, and nothing was counted. */
static void write_unused(struct csv *csv, const struct diff *diff, const struct diff_group *group,
			 const struct selection *selection, FILE *out)
{
	bool valid = !diff_unused_doubt(diff, group, selection);
	const char **names;
	size_t count = unused_names(&diff->unused, group->judged_by, &group->used, &names);

	for (size_t i = 0; i < count; i++) {
		put_key(csv, &group->key);
		csv_field(csv, str_from(coverage_name(group->coverage)));
		csv_field(csv, STR("unused"));
		csv_field(csv, str_from(names[i]));
		for (size_t j = 0; j < FIELDS_OF_A_CALL; j++)
			csv_field(csv, STR(""));
		put_part(csv, &group->key, GROUP_WORKLOAD);
		csv_field(csv, valid ? STR("true") : STR("false"));
		csv_end(csv, out);
	}
	free(names);
}

void diff_write_csv(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	CSV_AUTO csv = {.raw = writing->raw};

	csv_header(columns, out);
	for (size_t i = 0; i < diff->group_count; i++) {
		const struct diff_group *group = diff->groups[i];

		for (size_t j = 0; j < group->finding_count; j++)
			if (diff_shows_kind(diff, group->findings[j]->kind, writing))
				write_finding(&csv, group, group->findings[j], out);
		if (diff_shows_unused(diff, writing))
			write_unused(&csv, diff, group, writing->selection, out);
	}
}
