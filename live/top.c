#include "live/top.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "report/group.h"
#include "report/table.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <search.h>
#include <stdlib.h>

/* Of the filter, in bytes. */
#define FILTER_MAX 64

/* How much of a rate the last tick makes: half is gone after three. */
#define RATE_WEIGHT 0.2

/* Lines around the rows: status, an empty one, titles, the keys. */
#define LINES_AROUND 4

/* Where the cursor goes home, the rest of a line and the rest of the screen are cleared (ECMA-48). */
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

struct row {
	char *name;
	uint64_t records, before; /* all; at the last tick */
	uint64_t fresh, refused;
	double rate; /* records a second */
	char call[SYSCALL_NAME_SIZE];
};

enum sort {
	SORT_RATE,
	SORT_RECORDS,
	SORT_NEW,
	SORT_REFUSED,
	SORT_NAME,
};

static const struct sort_key {
	char key;
	const char *word;
} sort_keys[] = {
	[SORT_RATE] = {'s', "per second"}, [SORT_RECORDS] = {'r', "records"},
	[SORT_NEW] = {'n', "new"},         [SORT_REFUSED] = {'x', "refused"},
	[SORT_NAME] = {'w', "workload"},
};

struct top {
	bool colour;
	enum sort sort;
	bool typing; /* a filter */
	char filter[FILTER_MAX + 1];
	size_t filter_n;
	struct row **rows;
	size_t count;
	void *tree; /* of rows by name, see tsearch(3) */
};

static const struct table_column columns[] = {
	{"WORKLOAD", false, 0}, {"RECORDS", true, 0}, {"PER SECOND", true, 2},
	{"NEW", true, 1},       {"REFUSED", true, 0}, {"LAST CALL", false, 3},
};

struct top *top_new(bool colour)
{
	struct top *top = mem_new(1, sizeof(*top));

	top->colour = colour;
	return top;
}

void top_free(struct top *top)
{
	if (!top)
		return;
	mem_tdestroy(top->tree);
	for (size_t i = 0; i < top->count; i++) {
		free(top->rows[i]->name);
		free(top->rows[i]);
	}
	free(top->rows);
	free(top);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static struct row *row_of(struct top *top, struct str name)
{
	MEM_AUTO char *copy = mem_copy(name);
	struct row probe = {.name = copy}, **found = tfind(&probe, &top->tree, compare_names);

	if (found)
		return *found;
	if (top->count >= TOP_ROWS_MAX)
		return row_of(top, STR("(others)"));
	struct row *row = mem_new(1, sizeof(*row));

	row->name = mem_copy(name);
	top->rows = mem_more(top->rows, top->count, sizeof(struct row *));
	top->rows[top->count++] = row;
	mem_tsearch(row, &top->tree, compare_names);
	return row;
}

void top_event(struct top *top, const struct event *event, bool fresh, bool refused)
{
	BUF_AUTO name = {0};

	if (top->count == 0)
		row_of(top, STR("(others)")); /* always has its place */
	if (event->container) {
		struct group_key key =
			group_key_of_container(event->container, event->node, GROUP_BY_WORKLOAD);

		group_key_put_name(&name, &key);
	} else {
		buf_format(&name, "(%s)", attribution_name(event->attribution));
	}
	struct row *row = row_of(top, buf_str(&name));

	row->records += 1 + event->repeats;
	row->fresh += fresh;
	row->refused += refused;
	strcpy(row->call, "-");
	if (event->record->has_arch)
		syscall_name(event->record->arch, event->record->nr, row->call);
}

static void type(struct top *top, char key)
{
	if (key == '\r' || key == '\n') {
		top->typing = false;
	} else if (key == '\033') {
		top->typing = false;
		top->filter_n = 0;
	} else if (key == '\b' || key == '\x7f') {
		top->filter_n -= top->filter_n > 0;
	} else if (key >= ' ' && key < '\x7f' && top->filter_n < FILTER_MAX) {
		top->filter[top->filter_n++] = key;
	}
	top->filter[top->filter_n] = '\0';
}

bool top_key(struct top *top, char key)
{
	if (top->typing) {
		type(top, key);
		return true;
	}
	for (size_t i = 0; i < sizeof(sort_keys) / sizeof(*sort_keys); i++)
		if (sort_keys[i].key == key)
			top->sort = (enum sort)i;
	if (key == '/') {
		top->typing = true;
		top->filter[top->filter_n = 0] = '\0';
	}
	return key != 'q';
}

void top_tick(struct top *top, double seconds)
{
	for (size_t i = 0; i < top->count && seconds > 0; i++) {
		struct row *row = top->rows[i];
		double now = (double)(row->records - row->before) / seconds;

		row->rate = row->rate * (1 - RATE_WEIGHT) + now * RATE_WEIGHT;
		row->before = row->records;
	}
}

static int compare_counts(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_rows(const void *a, const void *b, void *sort)
{
	const struct row *one = *(struct row *const *)a, *other = *(struct row *const *)b;
	int order = 0;

	switch (*(enum sort *)sort) {
	case SORT_RATE:
		order = (one->rate < other->rate) - (one->rate > other->rate);
		break;
	case SORT_RECORDS:
		order = compare_counts(one->records, other->records);
		break;
	case SORT_NEW:
		order = compare_counts(one->fresh, other->fresh);
		break;
	case SORT_REFUSED:
		order = compare_counts(one->refused, other->refused);
		break;
	case SORT_NAME:
		break;
	}
	return order ? order : compare_names(one, other);
}

static void put_row(struct table *table, const struct row *row, FILE *out)
{
	table_cell(table, str_from(row->name));
	table_format(table, "%" PRIu64, row->records);
	table_format(table, "%.1f", row->rate);
	table_format(table, "%" PRIu64, row->fresh);
	table_format(table, "%" PRIu64, row->refused);
	table_cell(table, str_from(row->call));
	table_row_end(table, row->refused ? TEXT_RED : TEXT_PLAIN, out);
}

/* The rows that fit; returns how many more there are. */
static size_t write_rows(struct top *top, size_t most, size_t width, FILE *out)
{
	TABLE_AUTO table;
	size_t shown = 0, more = 0;

	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 0, top->colour);
	table.columns_max = width;
	if (top->count)
		qsort_r(top->rows, top->count, sizeof(struct row *), compare_rows, &top->sort);
	for (size_t i = 0; i < top->count; i++) {
		if (top->rows[i]->records == 0 || !strstr(top->rows[i]->name, top->filter))
			continue;
		if (shown < most)
			put_row(&table, top->rows[i], out);
		shown++;
		more += shown > most;
	}
	table_flush(&table, out);
	return more;
}

static void put_line(struct buf *screen, struct str line)
{
	buf_put_str(screen, line);
	buf_put_str(screen, STR(CLEAR_LINE "\r\n"));
}

/* "[s per second] r records  n new  ... / filter  q quit": the order at present in brackets. */
static void put_keys(const struct top *top, size_t more, size_t width, struct buf *screen)
{
	BUF_AUTO line = {0};

	if (more)
		buf_format(&line, "%zu more  ", more);
	if (top->typing) {
		buf_format(&line, "show names with: %s_", top->filter);
	} else {
		for (size_t i = 0; i < sizeof(sort_keys) / sizeof(sort_keys[0]); i++)
			buf_format(&line, top->sort == i ? "[%c %s] " : "%c %s  ", sort_keys[i].key,
				   sort_keys[i].word);
		buf_format(&line, "/%s  q quit", top->filter[0] ? top->filter : " filter");
	}
	buf_put_str(screen, str_of(line.p, line.n < width ? line.n : width));
	buf_put_str(screen, STR(CLEAR_LINE CLEAR_REST));
}

void top_put(struct top *top, const struct live_status *status, size_t lines, size_t width,
	     struct buf *screen)
{
	size_t most = lines > LINES_AROUND ? lines - LINES_AROUND : 0, size = 0, more;
	BUF_AUTO state = {0};
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		mem_fail("the table of --top");
	more = write_rows(top, most, width, out);
	fclose(out);
	buf_put_str(&state, STR("sclog: "));
	live_status_put(&state, status, width > state.n ? width - state.n : 0);
	buf_put_str(screen, STR(HOME));
	put_line(screen, buf_str(&state));
	put_line(screen, STR(""));
	for (struct str rest = str_of(text, size); rest.n && lines > LINES_AROUND;) {
		size_t n = str_chr(rest, '\n');

		put_line(screen, str_of(rest.p, n));
		rest = str_skip(rest, n < rest.n ? n + 1 : n);
	}
	put_keys(top, more, width, screen);
	free(text);
}
