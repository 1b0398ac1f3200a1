#include "report/containers.h"

#include "base/mem.h"
#include "report/container_groups.h"
#include "report/csv.h"
#include "report/events.h"
#include "report/json.h"
#include "report/kept.h"
#include "report/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

/* A container that is kept to be sorted. */
struct row {
	struct kept kept; /* the strings of the summary are its */
	struct container_summary summary;
};

static const struct table_column columns[] = {
	{"NAME", false, 0},    {"ID", false, 4},
	{"IMAGE", false, 0},   {"POD", false, 2},
	{"NODE", false, 3},    {"RECORDS", true, 0},
	{"SYSCALLS", true, 0}, {"COVERAGE", false, TABLE_WHOLE},
	{"FIRST", false, 5},   {"LAST", false, TABLE_WHOLE},
};

static const struct table_column group_columns[] = {
	{NULL, false, 0},
	{"CONTAINERS", true, 0},
	{"RECORDS", true, 0},
	{"SYSCALLS", true, 0},
	{"COVERAGE", false, TABLE_WHOLE},
	{"FIRST", false, 1},
	{"LAST", false, TABLE_WHOLE},
};

struct containers_report {
	struct containers_options options;
	FILE *out;
	struct table table;
	struct table_column group_columns[sizeof(group_columns) / sizeof(*group_columns)];
	struct buf group_title; /* of the first of them: what --by makes */
	struct csv csv;
	json_t *list;
	struct row *rows;
	size_t row_count;
	struct container_groups groups;
	size_t lines; /* so far, those over the limit too */
};

static const char csv_names[] = "id,name,runtime,image,pod,namespace,node,first,last,records,"
				"syscalls,coverage";
static const char csv_group_names[] = "node,namespace,pod,image,name,id,workload,containers,"
				      "first,last,records,syscalls,coverage";

enum containers_sort containers_sort_from_name(const char *name)
{
	static const char *const names[] = {
		[CONTAINERS_SORT_NAME] = "name",       [CONTAINERS_SORT_IMAGE] = "image",
		[CONTAINERS_SORT_POD] = "pod",         [CONTAINERS_SORT_NODE] = "node",
		[CONTAINERS_SORT_RECORDS] = "records", [CONTAINERS_SORT_SYSCALLS] = "syscalls",
		[CONTAINERS_SORT_FIRST] = "first",     [CONTAINERS_SORT_LAST] = "last",
	};

	for (size_t i = CONTAINERS_SORT_NAME; name && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum containers_sort)i;
	return CONTAINERS_SORT_NONE;
}

static void begin_table(struct containers_report *report)
{
	const struct containers_options *options = &report->options;
	size_t count = sizeof(group_columns) / sizeof(*group_columns);

	if (options->grouped) {
		memcpy(report->group_columns, group_columns, sizeof(group_columns));
		for (const char *c = group_by_noun(options->by); *c; c++)
			buf_put_char(&report->group_title, (char)toupper((unsigned char)*c));
		report->group_columns[0].title = report->group_title.p;
		table_init(&report->table, report->group_columns, count, 0, options->colour);
	} else {
		table_init(&report->table, columns, sizeof(columns) / sizeof(*columns), 0,
			   options->colour);
	}
	report->table.columns_max = options->columns;
}

struct containers_report *containers_report_new(const struct containers_options *options, FILE *out)
{
	struct containers_report *report = mem_new(1, sizeof(*report));

	report->options = *options;
	report->out = out;
	report->groups.by = options->by;
	report->csv.raw = options->raw;
	if (options->format == FORMAT_TEXT)
		begin_table(report);
	else if (options->format == FORMAT_JSON)
		report->list = json_array();
	else
		csv_header(options->grouped ? csv_group_names : csv_names, out);
	return report;
}

void containers_report_free(struct containers_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->row_count; i++)
		kept_release(&report->rows[i].kept);
	free(report->rows);
	container_groups_release(&report->groups);
	json_decref(report->list);
	table_release(&report->table);
	csv_release(&report->csv);
	buf_release(&report->group_title);
	free(report);
}

static void put_known(struct table *table, struct str text)
{
	BUF_AUTO cell = {0};

	text_put(&cell, text);
	table_cell(table, cell.n ? buf_str(&cell) : STR("-"));
}

static void put_pod(struct table *table, const struct container *container)
{
	BUF_AUTO cell = {0};

	if (container->namespace.n) {
		text_put(&cell, container->namespace);
		buf_put_char(&cell, '/');
	}
	text_put(&cell, container->pod);
	table_cell(table, cell.n ? buf_str(&cell) : STR("-"));
}

static void add_text(struct containers_report *report, const struct container_summary *summary)
{
	const struct container *container = &summary->container;
	struct table *table = &report->table;
	char text[FORMAT_NAME_SIZE];

	put_known(table, text_known_id(container->name));
	put_known(table, text_short_id(container->id));
	put_known(table, container->image);
	put_pod(table, container);
	put_known(table, summary->node);
	table_format(table, "%" PRIu64, summary->records);
	table_format(table, "%" PRIu64, summary->syscalls);
	table_format(table, "%s", coverage_name(container->coverage));
	table_format(table, "%s",
		     summary->has_records ? format_time(summary->first_ms, text) : "-");
	table_format(table, "%s", summary->has_records ? format_time(summary->last_ms, text) : "-");
	table_row_end(table, TEXT_PLAIN, report->out);
}

static void add_json(struct containers_report *report, const struct container_summary *summary)
{
	json_t *object = json_object();

	events_put_container(object, &summary->container);
	json_object_set_new(object, "node", json_from_known(summary->node));
	json_object_set_new(object, "first", json_from_ms(summary->first_ms, summary->has_records));
	json_object_set_new(object, "last", json_from_ms(summary->last_ms, summary->has_records));
	json_object_set_new(object, "records", json_from_count(summary->records));
	json_object_set_new(object, "syscalls", json_from_count(summary->syscalls));
	json_object_set_new(object, "coverage",
			    json_string(coverage_name(summary->container.coverage)));
	json_array_append_new(report->list, object);
}

static void add_csv(struct containers_report *report, const struct container_summary *summary)
{
	const struct container *container = &summary->container;
	struct csv *csv = &report->csv;
	const struct str strings[] = {
		container->id,  container->name,      container->runtime, container->image,
		container->pod, container->namespace, summary->node,
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		csv_field(csv, strings[i]);
	csv_ms(csv, summary->first_ms, summary->has_records);
	csv_ms(csv, summary->last_ms, summary->has_records);
	csv_count(csv, summary->records);
	csv_count(csv, summary->syscalls);
	csv_field(csv, str_from(coverage_name(container->coverage)));
	csv_end(csv, report->out);
}

#define ADDER_ROW(name, word) [FORMAT_##name] = add_##word,

static void write_one(struct containers_report *report, const struct container_summary *summary)
{
	static void (*const writers[FORMAT_COUNT])(struct containers_report *,
						   const struct container_summary *) = {
		FORMATS(ADDER_ROW)};

	if (report->options.limit == 0 || report->lines < report->options.limit)
		writers[report->options.format](report, summary);
	report->lines++;
}

/* --- groups */

static void add_group_text(struct containers_report *report, const struct container_group *group)
{
	struct table *table = &report->table;
	char text[FORMAT_NAME_SIZE];
	BUF_AUTO name = {0};

	group_key_put_name(&name, &group->key);
	table_cell(table, name.n ? buf_str(&name) : STR("all"));
	table_format(table, "%" PRIu64, group->containers);
	table_format(table, "%" PRIu64, group->records);
	table_format(table, "%" PRIu64, group->syscalls);
	table_format(table, "%s", coverage_name(group->coverage));
	table_format(table, "%s", group->has_records ? format_time(group->first_ms, text) : "-");
	table_format(table, "%s", group->has_records ? format_time(group->last_ms, text) : "-");
	table_row_end(table, TEXT_PLAIN, report->out);
}

static void add_group_json(struct containers_report *report, const struct container_group *group)
{
	json_t *object = group_key_json(&group->key);

	json_object_del(object, "attribution");
	json_object_set_new(object, "containers", json_from_count(group->containers));
	json_object_set_new(object, "first", json_from_ms(group->first_ms, group->has_records));
	json_object_set_new(object, "last", json_from_ms(group->last_ms, group->has_records));
	json_object_set_new(object, "records", json_from_count(group->records));
	json_object_set_new(object, "syscalls", json_from_count(group->syscalls));
	json_object_set_new(object, "coverage", json_string(coverage_name(group->coverage)));
	json_array_append_new(report->list, object);
}

static void add_group_csv(struct containers_report *report, const struct container_group *group)
{
	static const enum group_part parts[] = {GROUP_NODE,    GROUP_NAMESPACE, GROUP_POD,
						GROUP_IMAGE,   GROUP_CONTAINER, GROUP_ID,
						GROUP_WORKLOAD};
	struct csv *csv = &report->csv;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		csv_field(csv, group->key.parts & 1U << parts[i] ? group->key.values[parts[i]]
								 : STR(""));
	csv_count(csv, group->containers);
	csv_ms(csv, group->first_ms, group->has_records);
	csv_ms(csv, group->last_ms, group->has_records);
	csv_count(csv, group->records);
	csv_count(csv, group->syscalls);
	csv_field(csv, str_from(coverage_name(group->coverage)));
	csv_end(csv, report->out);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* Times of what has no records come last. */
static int compare_times(bool has_a, int64_t a, bool has_b, int64_t b)
{
	if (has_a != has_b)
		return has_b - has_a;
	return has_a ? (a < b) - (a > b) : 0;
}

static int compare_groups(const void *a, const void *b, void *sort)
{
	const struct container_group *one = *(struct container_group *const *)a;
	const struct container_group *other = *(struct container_group *const *)b;
	int order = 0;

	switch (*(enum containers_sort *)sort) {
	case CONTAINERS_SORT_RECORDS:
		order = compare_numbers(one->records, other->records);
		break;
	case CONTAINERS_SORT_SYSCALLS:
		order = compare_numbers(one->syscalls, other->syscalls);
		break;
	case CONTAINERS_SORT_FIRST:
		order = compare_times(one->has_records, one->first_ms, other->has_records,
				      other->first_ms);
		break;
	case CONTAINERS_SORT_LAST:
		order = compare_times(one->has_records, one->last_ms, other->has_records,
				      other->last_ms);
		break;
	default:
		break;
	}
	return order ? order : group_key_compare(&one->key, &other->key);
}

#define GROUP_ADDER_ROW(name, word) [FORMAT_##name] = add_group_##word,

static void write_groups(struct containers_report *report)
{
	static void (*const writers[FORMAT_COUNT])(struct containers_report *,
						   const struct container_group *) = {
		FORMATS(GROUP_ADDER_ROW)};
	struct container_groups *groups = &report->groups;
	size_t limit = report->options.limit;

	container_groups_finish(groups);
	if (groups->count)
		qsort_r(groups->all, groups->count, sizeof(struct container_group *),
			compare_groups, &report->options.sort);
	for (size_t i = 0; i < groups->count && (limit == 0 || i < limit); i++)
		writers[report->options.format](report, groups->all[i]);
	report->lines = groups->count;
}

/* --- sorted */

static void keep(struct containers_report *report, const struct container_summary *summary)
{
	const struct observation strings = {.container = summary->container, .node = summary->node};

	report->rows = mem_more(report->rows, report->row_count, sizeof(struct row));
	struct row *row = &report->rows[report->row_count++];

	row->kept = kept_copy(&strings);
	row->summary = *summary;
	row->summary.container = row->kept.observation.container;
	row->summary.node = row->kept.observation.node;
}

static int compare_by(enum containers_sort sort, const struct container_summary *a,
		      const struct container_summary *b)
{
	switch (sort) {
	case CONTAINERS_SORT_NONE:
	case CONTAINERS_SORT_NAME:
		break;
	case CONTAINERS_SORT_IMAGE:
		return str_compare(a->container.image, b->container.image);
	case CONTAINERS_SORT_POD:
		return str_compare(a->container.pod, b->container.pod);
	case CONTAINERS_SORT_NODE:
		return str_compare(a->node, b->node);
	case CONTAINERS_SORT_RECORDS:
		return compare_numbers(a->records, b->records);
	case CONTAINERS_SORT_SYSCALLS:
		return compare_numbers(a->syscalls, b->syscalls);
	case CONTAINERS_SORT_FIRST:
		return compare_times(a->has_records, a->first_ms, b->has_records, b->first_ms);
	case CONTAINERS_SORT_LAST:
		return compare_times(a->has_records, a->last_ms, b->has_records, b->last_ms);
	}
	return str_compare(a->container.name, b->container.name);
}

/* Equal ones stand as the store has them. */
static int compare_rows(const void *a, const void *b, void *sort)
{
	const struct row *one = a, *other = b;
	int order = compare_by(*(enum containers_sort *)sort, &one->summary, &other->summary);
	struct group_key key = group_key_of_container(&one->summary.container, one->summary.node,
						      GROUP_BY_CONTAINER);
	struct group_key other_key = group_key_of_container(
		&other->summary.container, other->summary.node, GROUP_BY_CONTAINER);

	return order ? order : group_key_compare(&key, &other_key);
}

static void write_rows(struct containers_report *report)
{
	if (report->row_count)
		qsort_r(report->rows, report->row_count, sizeof(struct row), compare_rows,
			&report->options.sort);
	for (size_t i = 0; i < report->row_count; i++)
		write_one(report, &report->rows[i].summary);
}

int containers_report_add(struct containers_report *report, const struct container_summary *summary)
{
	if (report->options.grouped)
		container_groups_add(&report->groups, summary);
	else if (report->options.sort)
		keep(report, summary);
	else
		write_one(report, summary);
	return format_written(report->out);
}

int containers_report_add_observation(struct containers_report *report,
				      const struct observation *observation)
{
	container_groups_add_observation(&report->groups, observation);
	return 0;
}

int containers_report_end(struct containers_report *report)
{
	const struct containers_options *options = &report->options;

	if (options->grouped)
		write_groups(report);
	write_rows(report);
	if (options->format == FORMAT_TEXT) {
		table_flush(&report->table, report->out);
		if (options->limit && report->lines > options->limit)
			fprintf(report->out, "and %zu more\n", report->lines - options->limit);
	} else if (options->format == FORMAT_JSON) {
		json_write(json_pack("{s:O}", options->grouped ? "groups" : "containers",
				     report->list),
			   true, report->out);
	}
	return format_written(report->out);
}
