#include "report/containers.h"

#include "base/mem.h"
#include "report/csv.h"
#include "report/events.h"
#include "report/json.h"
#include "report/kept.h"
#include "report/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

struct row {
	struct kept first;    /* the container, or the first of the group: owns the strings */
	struct group_key key; /* borrows them */
	uint64_t containers, records, syscalls;
	enum coverage coverage; /* the worst of its containers */
	bool has_records;       /* else first_ms and last_ms mean nothing */
	int64_t first_ms, last_ms;
	uint64_t *calls; /* of a group, as (arch, number) */
	size_t call_count, call_size;
};

/* Of a container; a group has its own first ones, and those from RECORDS on. */
static const struct table_column columns[] = {
	{"NAME", false, 0},    {"ID", false, 4},
	{"IMAGE", false, 0},   {"POD", false, 0},
	{"NODE", false, 3},    {"RECORDS", true, 0},
	{"SYSCALLS", true, 0}, {"COVERAGE", false, TABLE_WHOLE},
	{"FIRST", false, 5},   {"LAST", false, TABLE_WHOLE},
};

#define COLUMN_COUNT   (sizeof(columns) / sizeof(*columns))
#define COLUMN_IMAGE   2
#define COMMON_COLUMNS 5

#define CSV_COMMON_NAMES "first,last,records,syscalls,coverage"

struct containers_report {
	struct containers_options options;
	FILE *out;
	struct row **rows;
	size_t count;
	void *tree; /* of groups by their key, see tsearch(3) */
};

struct containers_report *containers_report_new(const struct containers_options *options, FILE *out)
{
	struct containers_report *report = mem_new(1, sizeof(*report));

	report->options = *options;
	report->out = out;
	if (!options->grouped)
		report->options.by = GROUP_BY_CONTAINER;
	return report;
}

void containers_report_free(struct containers_report *report)
{
	if (!report)
		return;
	mem_tdestroy(report->tree);
	for (size_t i = 0; i < report->count; i++) {
		kept_release(&report->rows[i]->first);
		free(report->rows[i]->calls);
		free(report->rows[i]);
	}
	free(report->rows);
	free(report);
}

/* --- adding up */

static struct row *add_row(struct containers_report *report, const struct container *container,
			   struct str node)
{
	const struct observation strings = {.container = *container, .node = node};
	struct row *row = mem_new(1, sizeof(*row));

	row->first = kept_copy(&strings);
	row->key = group_key_of_container(&row->first.observation.container,
					  row->first.observation.node, report->options.by);
	row->coverage = COVERAGE_FULL;
	report->rows = mem_more(report->rows, report->count, sizeof(struct row *));
	report->rows[report->count++] = row;
	return row;
}

static int compare_keys(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return group_key_compare(&one->key, &other->key);
}

static struct row *row_for(struct containers_report *report, const struct container *container,
			   struct str node)
{
	const struct row probe = {
		.key = group_key_of_container(container, node, report->options.by)};
	struct row **found =
		report->options.grouped ? tfind(&probe, &report->tree, compare_keys) : NULL;

	if (found)
		return *found;
	struct row *row = add_row(report, container, node);

	if (report->options.grouped)
		mem_tsearch(row, &report->tree, compare_keys);
	return row;
}

void containers_report_add(struct containers_report *report,
			   const struct container_summary *summary)
{
	struct row *row = row_for(report, &summary->container, summary->node);

	row->containers++;
	if (summary->container.coverage < row->coverage)
		row->coverage = summary->container.coverage;
	if (!summary->has_records)
		return;
	row->records += summary->records;
	row->syscalls = summary->syscalls;
	if (!row->has_records || summary->first_ms < row->first_ms)
		row->first_ms = summary->first_ms;
	if (!row->has_records || summary->last_ms > row->last_ms)
		row->last_ms = summary->last_ms;
	row->has_records = true;
}

static int compare_calls(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static void join_calls(struct row *row)
{
	size_t kept = 0;

	if (row->call_count == 0)
		return;
	qsort(row->calls, row->call_count, sizeof(*row->calls), compare_calls);
	for (size_t i = 1; i < row->call_count; i++)
		if (row->calls[i] != row->calls[kept])
			row->calls[++kept] = row->calls[i];
	row->syscalls = row->call_count = kept + 1;
}

/* Many containers make the same calls: room is only made for what is left when they are joined. */
void containers_report_add_observation(struct containers_report *report,
				       const struct observation *observation)
{
	if (observation->attribution != ATTRIBUTION_CONTAINER)
		return;
	struct row *row = row_for(report, &observation->container, observation->node);
	uint64_t arch = observation->has_arch ? observation->arch : 0;

	if (row->call_count == row->call_size) {
		join_calls(row);
		row->call_size = row->call_count * 2 + 64;
		row->calls = mem_resize(row->calls, row->call_size * sizeof(*row->calls));
	}
	row->calls[row->call_count++] = arch << 32 | (uint32_t)observation->nr;
}

/* --- order */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* Times of what has no records come last. */
static int compare_times(const struct row *a, int64_t a_ms, const struct row *b, int64_t b_ms)
{
	if (a->has_records != b->has_records)
		return b->has_records - a->has_records;
	return a->has_records ? (a_ms < b_ms) - (a_ms > b_ms) : 0;
}

static int compare_names(const struct row *a, const struct row *b, const char *word)
{
	enum group_part part = strcmp(word, "image") == 0  ? GROUP_IMAGE
			       : strcmp(word, "pod") == 0  ? GROUP_POD
			       : strcmp(word, "node") == 0 ? GROUP_NODE
							   : GROUP_CONTAINER;

	return str_compare(a->key.values[part], b->key.values[part]);
}

/* Equal ones follow by their keys, so that the order is always the same. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct row *one = *(struct row *const *)a, *other = *(struct row *const *)b;
	const struct containers_options *options = context;
	const char *sort = options->sort ? options->sort : "";
	int order = 0;

	if (strcmp(sort, "records") == 0)
		order = compare_numbers(one->records, other->records);
	else if (strcmp(sort, "syscalls") == 0)
		order = compare_numbers(one->syscalls, other->syscalls);
	else if (strcmp(sort, "first") == 0)
		order = compare_times(one, one->first_ms, other, other->first_ms);
	else if (strcmp(sort, "last") == 0)
		order = compare_times(one, one->last_ms, other, other->last_ms);
	else if (!options->grouped)
		order = compare_names(one, other, sort);
	return order ? order : group_key_compare(&one->key, &other->key);
}

/* --- text */

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

static void put_owner(struct table *table, const struct row *row, bool grouped)
{
	const struct container *container = &row->first.observation.container;
	BUF_AUTO name = {0};

	if (grouped) {
		group_key_put_name(&name, &row->key);
		table_cell(table, name.n ? buf_str(&name) : STR("all"));
		table_format(table, "%" PRIu64, row->containers);
		return;
	}
	put_known(table, text_known_id(container->name));
	put_known(table, text_short_id(container->id));
	put_known(table, text_known_image(container->image));
	put_pod(table, container);
	put_known(table, row->first.observation.node);
}

static void put_row(struct table *table, const struct row *row, bool grouped, FILE *out)
{
	char text[FORMAT_NAME_SIZE];

	put_owner(table, row, grouped);
	table_format(table, "%" PRIu64, row->records);
	table_format(table, "%" PRIu64, row->syscalls);
	table_format(table, "%s", coverage_name(row->coverage));
	table_format(table, "%s", row->has_records ? format_time(row->first_ms, text) : "-");
	table_format(table, "%s", row->has_records ? format_time(row->last_ms, text) : "-");
	table_row_end(table, TEXT_PLAIN, out);
}

static void write_text(const struct containers_report *report, size_t shown)
{
	const struct containers_options *options = &report->options;
	struct table_column own[COLUMN_COUNT];
	size_t skipped = options->grouped ? COLUMN_COUNT - COMMON_COLUMNS - 2 : 0;
	BUF_AUTO noun = {0};
	TABLE_AUTO table;

	memcpy(own, columns, sizeof(own));
	for (const char *c = group_by_noun(options->by); *c; c++)
		buf_put_char(&noun, (char)toupper((unsigned char)*c));
	/* a pod says more of a container than its image */
	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i]->key.values[GROUP_POD].n)
			own[COLUMN_IMAGE].drop = 1;
	if (options->grouped) {
		own[skipped] = (struct table_column){noun.p, false, 0};
		own[skipped + 1] = (struct table_column){"CONTAINERS", true, 0};
	}
	table_init(&table, own + skipped, COLUMN_COUNT - skipped, 0, options->colour);
	table.columns_max = options->columns;
	for (size_t i = 0; i < shown; i++)
		put_row(&table, report->rows[i], options->grouped, report->out);
	table_flush(&table, report->out);
	if (shown < report->count)
		fprintf(report->out, "and %zu more\n", report->count - shown);
}

/* --- for programs */

static json_t *row_json(const struct row *row, bool grouped)
{
	json_t *object = grouped ? group_key_json(&row->key) : json_object();

	if (grouped) {
		json_object_del(object, "attribution");
		json_object_set_new(object, "containers", json_from_count(row->containers));
	} else {
		events_put_container(object, &row->first.observation.container);
		json_object_set_new(object, "node", json_from_known(row->first.observation.node));
	}
	json_object_set_new(object, "first", json_from_ms(row->first_ms, row->has_records));
	json_object_set_new(object, "last", json_from_ms(row->last_ms, row->has_records));
	json_object_set_new(object, "records", json_from_count(row->records));
	json_object_set_new(object, "syscalls", json_from_count(row->syscalls));
	json_object_set_new(object, "coverage", json_string(coverage_name(row->coverage)));
	return object;
}

static void write_json(const struct containers_report *report, size_t shown)
{
	bool grouped = report->options.grouped;
	json_t *list = json_array();

	for (size_t i = 0; i < shown; i++)
		json_array_append_new(list, row_json(report->rows[i], grouped));
	json_write(json_pack("{s:o}", grouped ? "groups" : "containers", list), true, report->out);
}

static void put_owner_fields(struct csv *csv, const struct row *row, bool grouped)
{
	static const enum group_part parts[] = {GROUP_NODE,    GROUP_NAMESPACE, GROUP_POD,
						GROUP_IMAGE,   GROUP_CONTAINER, GROUP_ID,
						GROUP_WORKLOAD};
	const struct container *container = &row->first.observation.container;
	const struct str strings[] = {
		container->id,  container->name,      container->runtime,          container->image,
		container->pod, container->namespace, row->first.observation.node,
	};

	for (size_t i = 0; grouped && i < sizeof(parts) / sizeof(*parts); i++)
		csv_field(csv,
			  row->key.parts & 1U << parts[i] ? row->key.values[parts[i]] : STR(""));
	if (grouped)
		csv_count(csv, row->containers);
	for (size_t i = 0; !grouped && i < sizeof(strings) / sizeof(*strings); i++)
		csv_field(csv, strings[i]);
}

static void write_csv(const struct containers_report *report, size_t shown)
{
	bool grouped = report->options.grouped;
	CSV_AUTO csv = {.raw = report->options.raw};

	csv_header(
		grouped ? "node,namespace,pod,image,name,id,workload,containers," CSV_COMMON_NAMES
			: "id,name,runtime,image,pod,namespace,node," CSV_COMMON_NAMES,
		report->out);
	for (size_t i = 0; i < shown; i++) {
		const struct row *row = report->rows[i];

		put_owner_fields(&csv, row, grouped);
		csv_ms(&csv, row->first_ms, row->has_records);
		csv_ms(&csv, row->last_ms, row->has_records);
		csv_count(&csv, row->records);
		csv_count(&csv, row->syscalls);
		csv_field(&csv, str_from(coverage_name(row->coverage)));
		csv_end(&csv, report->out);
	}
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

int containers_report_end(struct containers_report *report)
{
	static void (*const writers[FORMAT_COUNT])(const struct containers_report *,
						   size_t) = {FORMATS(WRITER_ROW)};
	struct containers_options *options = &report->options;
	size_t limit = options->limit;
	int r;

	for (size_t i = 0; i < report->count; i++)
		join_calls(report->rows[i]);
	if (report->count && (options->sort || options->grouped))
		qsort_r(report->rows, report->count, sizeof(struct row *), compare_rows, options);
	writers[options->format](report, limit && limit < report->count ? limit : report->count);
	r = format_written(report->out);
	return r < 0 ? r : (int)report->count;
}
