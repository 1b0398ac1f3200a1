#include "report/events.h"

#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/kept.h"
#include "report/otel.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

struct events_report {
	struct events_options options;
	FILE *out;
	struct table table;
	struct csv csv;
	struct kept *kept; /* the last one alone, or all of them where `keeps_all` */
	size_t kept_count;
	bool keeps_all;
	size_t lines; /* so far, of the group where there are groups; those over the limit too */
};

static const struct table_column columns[] = {
	{"CONTAINER", false, 0},
	{"PROGRAM", false, 0},
	{"EXE", false, 5},
	{"ARCH", false, 2},
	{"NR", true, 3},
	{"SYSCALL", false, TABLE_WHOLE},
	{"ACTION", false, TABLE_WHOLE},
	{"COUNT", true, 0},
	{"FIRST", false, 4},
	{"LAST", false, TABLE_WHOLE},
};

/* Under a heading that names the group, the first column is left out. */
static void begin_table(struct events_report *report)
{
	size_t skip = report->options.grouped ? 1 : 0;

	table_init(&report->table, columns + skip, sizeof(columns) / sizeof(*columns) - skip,
		   skip * 2, report->options.colour);
	report->table.columns_max = report->options.columns;
}

static const char csv_names[] = "attribution,node,id,name,runtime,image,pod,namespace,comm,exe,"
				"arch,nr,syscall,action,count,first,last,pid,ip,source,trust";

struct events_report *events_report_new(const struct events_options *options, FILE *out)
{
	struct events_report *report = mem_new(1, sizeof(*report));

	report->options = *options;
	report->options.grouped = options->grouped && options->format == FORMAT_TEXT;
	report->keeps_all = report->options.grouped || options->sort;
	report->out = out;
	if (options->format == FORMAT_TEXT)
		begin_table(report);
	else if (options->format == FORMAT_CSV)
		csv_header(csv_names, out);
	report->csv.raw = options->raw;
	return report;
}

void events_report_free(struct events_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->kept_count; i++)
		kept_release(&report->kept[i]);
	free(report->kept);
	table_release(&report->table);
	csv_release(&report->csv);
	free(report);
}

/* A container's name is one only within its pod. */
static void put_container_cell(struct table *table, const struct observation *observation)
{
	const struct container *container = &observation->container;
	BUF_AUTO cell = {0};

	if (observation->attribution != ATTRIBUTION_CONTAINER) {
		buf_format(&cell, "(%s)", attribution_name(observation->attribution));
	} else {
		text_put(&cell, container->pod);
		buf_put_str(&cell, container->pod.n ? STR("/") : STR(""));
		text_put(&cell, container->name.n ? container->name : container->id);
	}
	table_cell(table, buf_str(&cell));
}

static void put_text_cell(struct table *table, struct str text, bool null)
{
	BUF_AUTO cell = {0};

	text_put(&cell, text);
	table_cell(table, null ? STR("-") : buf_str(&cell));
}

static void write_text(struct events_report *report, const struct observation *observation)
{
	struct table *table = &report->table;
	char text[FORMAT_NAME_SIZE], name[SYSCALL_NAME_SIZE] = "-";

	if (!report->options.grouped)
		put_container_cell(table, observation);
	put_text_cell(table, observation->comm, observation->comm_null);
	put_text_cell(table, observation->exe, observation->exe_null);
	if (observation->has_arch)
		syscall_name(observation->arch, observation->nr, name);
	table_format(table, "%s",
		     observation->has_arch ? format_arch(observation->arch, observation->nr, text)
					   : "-");
	table_format(table, "%" PRId32, observation->nr);
	table_format(table, "%s", name);
	table_format(table, "%s%s", format_action(observation->code, text),
		     observation->source == SOURCE_STRACE ? " (strace)" : "");
	table_format(table, "%s", format_count(observation->count, observation->count_exact, text));
	table_format(table, "%s", format_time(observation->first_ms, text));
	table_format(table, "%s", format_time(observation->last_ms, text));
	table_row_end(table, TEXT_PLAIN, report->out);
}

void events_put_container(json_t *object, const struct container *container)
{
#define KEY(field, column, key) key,
	static const char *const keys[] = {CONTAINER_TEXTS(KEY)};

	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		if (keys[i])
			json_object_set_new(object, keys[i], json_from_known(container->texts[i]));
}

static json_t *container_json(const struct observation *observation)
{
	if (observation->attribution != ATTRIBUTION_CONTAINER)
		return json_null();
	json_t *object = json_object();

	events_put_container(object, &observation->container);
	return object;
}

static void put_syscall(json_t *object, const struct observation *observation)
{
	char text[FORMAT_NAME_SIZE], name[SYSCALL_NAME_SIZE];
	bool known = observation->has_arch;

	if (known)
		syscall_name(observation->arch, observation->nr, name);
	json_object_set_new(
		object, "arch",
		known ? json_string(format_arch(observation->arch, observation->nr, text))
		      : json_null());
	json_object_set_new(object, "nr", json_integer(observation->nr));
	json_object_set_new(object, "syscall", known ? json_string(name) : json_null());
	json_object_set_new(object, "action", json_string(format_action(observation->code, text)));
}

json_t *events_json(const struct observation *observation)
{
	json_t *object = json_object();
	char ip[24];

	snprintf(ip, sizeof(ip), "0x%" PRIx64, observation->ip);
	json_object_set_new(object, "container", container_json(observation));
	json_object_set_new(object, "attribution",
			    json_string(attribution_name(observation->attribution)));
	json_object_set_new(object, "node", json_from_known(observation->node));
	json_object_set_new(object, "comm",
			    json_from_str_or_null(observation->comm, observation->comm_null));
	json_object_set_new(object, "exe",
			    json_from_str_or_null(observation->exe, observation->exe_null));
	put_syscall(object, observation);
	json_object_set_new(object, "refused", json_boolean(action_refuses(observation->code)));
	json_object_set_new(object, "count", json_from_count(observation->count));
	json_object_set_new(object, "first", json_from_ms(observation->first_ms, true));
	json_object_set_new(object, "last", json_from_ms(observation->last_ms, true));
	json_object_set_new(object, "pid", json_integer(observation->pid));
	json_object_set_new(object, "ip", json_string(ip));
	json_object_set_new(object, "source", json_string(kept_source_name(observation->source)));
	json_object_set_new(object, "trust", json_string(trust_name(observation->trust)));
	return object;
}

static void write_json(struct events_report *report, const struct observation *observation)
{
	json_t *object = events_json(observation);

	if (report->options.otel)
		otel_put(object, observation);
	json_write(object, false, report->out);
}

static void write_csv(struct events_report *report, const struct observation *observation)
{
	const struct container *container = &observation->container;
	const struct str strings[] = {
		str_from(attribution_name(observation->attribution)),
		observation->node,
		container->id,
		container->name,
		container->runtime,
		container->image,
		container->pod,
		container->namespace,
		observation->comm,
		observation->exe,
	};
	char text[FORMAT_NAME_SIZE], name[SYSCALL_NAME_SIZE] = "";
	struct csv *csv = &report->csv;

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		csv_field(csv, strings[i]);
	if (observation->has_arch)
		syscall_name(observation->arch, observation->nr, name);
	csv_field(csv, observation->has_arch
			       ? str_from(format_arch(observation->arch, observation->nr, text))
			       : STR(""));
	csv_number(csv, observation->nr);
	csv_field(csv, str_from(name));
	csv_field(csv, str_from(format_action(observation->code, text)));
	csv_count(csv, observation->count);
	csv_ms(csv, observation->first_ms, true);
	csv_ms(csv, observation->last_ms, true);
	csv_count(csv, observation->pid);
	snprintf(text, sizeof(text), "0x%" PRIx64, observation->ip);
	csv_field(csv, str_from(text));
	csv_field(csv, str_from(kept_source_name(observation->source)));
	csv_field(csv, str_from(trust_name(observation->trust)));
	csv_end(csv, report->out);
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

static void write_one(struct events_report *report, const struct observation *observation)
{
	static void (*const writers[FORMAT_COUNT])(
		struct events_report *, const struct observation *) = {FORMATS(WRITER_ROW)};

	if (report->options.limit == 0 || report->lines < report->options.limit)
		writers[report->options.format](report, observation);
	report->lines++;
}

/* What a person is not shown is counted. */
static void end_lines(struct events_report *report)
{
	size_t limit = report->options.limit;

	if (report->options.format == FORMAT_TEXT)
		table_flush(&report->table, report->out);
	if (report->options.format == FORMAT_TEXT && limit && report->lines > limit)
		fprintf(report->out, "%sand %zu more\n", report->options.grouped ? "  " : "",
			report->lines - limit);
	report->lines = 0;
}

static void keep(struct events_report *report, const struct observation *observation)
{
	report->kept = mem_more(report->kept, report->kept_count, sizeof(*report->kept));
	report->kept[report->kept_count++] = kept_copy(observation);
}

int events_report_add(struct events_report *report, const struct observation *given)
{
	struct observation own = *given, *observation = &own;
	struct kept *last = report->kept_count ? &report->kept[report->kept_count - 1] : NULL;

	if (report->options.format == FORMAT_TEXT)
		own.trust = TRUST_KERNEL;
	if (last && kept_is_same(&last->observation, observation)) {
		kept_add(last, observation);
		return 0;
	}
	if (last && !report->keeps_all) {
		write_one(report, &last->observation);
		kept_release(last);
		report->kept_count--;
	}
	keep(report, observation);
	return format_written(report->out);
}

/* The order of lines within a group: what differs in it makes two lines. */
static int compare_lines(const struct observation *a, const struct observation *b)
{
	const int orders[] = {
		str_compare(a->comm, b->comm),
		(int)a->comm_null - (int)b->comm_null,
		str_compare(a->exe, b->exe),
		(int)a->exe_null - (int)b->exe_null,
		(int)a->has_arch - (int)b->has_arch,
		(a->arch > b->arch) - (a->arch < b->arch),
		(a->nr > b->nr) - (a->nr < b->nr),
		(a->code > b->code) - (a->code < b->code),
		(int)(a->source == SOURCE_STRACE) - (int)(b->source == SOURCE_STRACE),
		(int)b->trust - (int)a->trust,
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (orders[i])
			return orders[i];
	return 0;
}

/* By group, where there are groups. */
static int compare_groups(const struct events_options *options, const struct observation *a,
			  const struct observation *b)
{
	if (!options->grouped)
		return 0;
	struct group_key key_a = group_key_of(a, options->by);
	struct group_key key_b = group_key_of(b, options->by);

	return group_key_compare(&key_a, &key_b);
}

static int compare_kept(const void *a, const void *b, void *options)
{
	const struct observation *one = &((const struct kept *)a)->observation;
	const struct observation *other = &((const struct kept *)b)->observation;
	int order = compare_groups(options, one, other);

	return order ? order : compare_lines(one, other);
}

static int compare_names(const struct observation *a, const struct observation *b)
{
	char name_a[SYSCALL_NAME_SIZE] = "", name_b[SYSCALL_NAME_SIZE] = "";

	if (a->has_arch)
		syscall_name(a->arch, a->nr, name_a);
	if (b->has_arch)
		syscall_name(b->arch, b->nr, name_b);
	return strcmp(name_a, name_b);
}

static int compare_actions(const struct observation *a, const struct observation *b)
{
	char text_a[FORMAT_NAME_SIZE], text_b[FORMAT_NAME_SIZE];

	return strcmp(format_action(a->code, text_a), format_action(b->code, text_b));
}

static int compare_by(const char *sort, const struct observation *a, const struct observation *b)
{
	if (strcmp(sort, "program") == 0)
		return str_compare(a->comm, b->comm);
	if (strcmp(sort, "syscall") == 0)
		return compare_names(a, b);
	if (strcmp(sort, "action") == 0)
		return compare_actions(a, b);
	if (strcmp(sort, "count") == 0)
		return (a->count < b->count) - (a->count > b->count);
	if (strcmp(sort, "first") == 0)
		return (a->first_ms < b->first_ms) - (a->first_ms > b->first_ms);
	if (strcmp(sort, "last") == 0)
		return (a->last_ms < b->last_ms) - (a->last_ms > b->last_ms);
	return str_compare(a->container.name, b->container.name);
}

/* Equal ones follow by container and line, so that the order is always the same. */
static int compare_sorted(const void *a, const void *b, void *context)
{
	const struct observation *one = &((const struct kept *)a)->observation;
	const struct observation *other = &((const struct kept *)b)->observation;
	const struct events_options *options = context;
	int order = compare_groups(options, one, other);

	if (order == 0)
		order = compare_by(options->sort, one, other);
	if (order)
		return order;
	struct group_key key_a = group_key_of(one, GROUP_BY_CONTAINER);
	struct group_key key_b = group_key_of(other, GROUP_BY_CONTAINER);

	order = group_key_compare(&key_a, &key_b);
	return order ? order : compare_lines(one, other);
}

static void write_heading(struct events_report *report, const struct group_key *key, bool first)
{
	BUF_AUTO heading = {0};

	if (report->options.colour)
		text_put_colour(&heading, TEXT_BOLD);
	group_key_put(&heading, key);
	if (report->options.colour)
		text_put_colour(&heading, TEXT_PLAIN);
	fprintf(report->out, "%s%s\n", first ? "" : "\n", heading.p);
	table_release(&report->table);
	begin_table(report);
}

/* Lines of one group that differ in their container alone become one. */
static void join_groups(struct events_report *report)
{
	size_t kept = 0;

	qsort_r(report->kept, report->kept_count, sizeof(*report->kept), compare_kept,
		&report->options);
	for (size_t i = 1; i < report->kept_count; i++) {
		if (compare_kept(&report->kept[kept], &report->kept[i], &report->options) == 0) {
			kept_add(&report->kept[kept], &report->kept[i].observation);
			kept_release(&report->kept[i]);
		} else {
			report->kept[++kept] = report->kept[i];
		}
	}
	report->kept_count = kept + 1;
}

static void write_all(struct events_report *report)
{
	const struct events_options *options = &report->options;

	if (options->sort)
		qsort_r(report->kept, report->kept_count, sizeof(*report->kept), compare_sorted,
			&report->options);
	for (size_t i = 0; i < report->kept_count; i++) {
		const struct observation *observation = &report->kept[i].observation;
		bool first = i == 0 ||
			     compare_groups(options, &report->kept[i - 1].observation, observation);

		if (options->grouped && first) {
			struct group_key key = group_key_of(observation, options->by);

			end_lines(report);
			write_heading(report, &key, i == 0);
		}
		write_one(report, observation);
	}
}

int events_report_end(struct events_report *report)
{
	bool any = report->kept_count > 0;
	int r;

	if (report->kept_count && report->options.grouped)
		join_groups(report);
	write_all(report);
	end_lines(report);
	r = format_written(report->out);
	return r < 0 ? r : any;
}
