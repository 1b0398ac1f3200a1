#include "report/containers.h"

#include "base/mem.h"
#include "report/csv.h"
#include "report/events.h"
#include "report/json.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* Digits of a container's id that docker(1) and podman(1) show. */
#define SHORT_ID 12

struct containers_report {
	enum format format;
	FILE *out;
	struct table table;
	struct csv csv;
	json_t *containers;
};

static const struct table_column columns[] = {
	{"NAME", false},  {"ID", false},     {"IMAGE", false},   {"POD", false},
	{"NODE", false},  {"RECORDS", true}, {"SYSCALLS", true}, {"COVERAGE", false},
	{"FIRST", false}, {"LAST", false},
};

void containers_report_raw(struct containers_report *report)
{
	report->csv.raw = true;
}

struct containers_report *containers_report_new(enum format format, bool colour, FILE *out)
{
	struct containers_report *report = mem_new(1, sizeof(*report));

	report->format = format;
	report->out = out;
	if (format == FORMAT_TEXT)
		table_init(&report->table, columns, sizeof(columns) / sizeof(*columns), 0, colour);
	else if (format == FORMAT_JSON)
		report->containers = json_array();
	else
		csv_header("id,name,runtime,image,pod,namespace,node,first,last,records,syscalls,"
			   "coverage",
			   out);
	return report;
}

void containers_report_free(struct containers_report *report)
{
	if (!report)
		return;
	json_decref(report->containers);
	table_release(&report->table);
	csv_release(&report->csv);
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

	put_known(table, container->name);
	put_known(table,
		  str_of(container->id.p, container->id.n < SHORT_ID ? container->id.n : SHORT_ID));
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
	json_array_append_new(report->containers, object);
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

int containers_report_add(struct containers_report *report, const struct container_summary *summary)
{
	static void (*const writers[])(struct containers_report *,
				       const struct container_summary *) = {
		[FORMAT_TEXT] = add_text,
		[FORMAT_JSON] = add_json,
		[FORMAT_CSV] = add_csv,
	};

	writers[report->format](report, summary);
	return format_written(report->out);
}

int containers_report_end(struct containers_report *report)
{
	if (report->format == FORMAT_TEXT)
		table_flush(&report->table, report->out);
	else if (report->format == FORMAT_JSON)
		json_write(json_pack("{s:O}", "containers", report->containers), true, report->out);
	return format_written(report->out);
}
