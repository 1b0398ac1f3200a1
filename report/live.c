#include "report/live.h"

#include "base/utf8.h"
#include "ingest/arch.h"
#include "report/arguments.h"
#include "report/events.h"
#include "report/finding.h"
#include "report/json.h"
#include "report/otel.h"
#include "report/text.h"

#include <inttypes.h>
#include <time.h>

enum column {
	COLUMN_KIND,
	COLUMN_TIME,
	COLUMN_CONTAINER,
	COLUMN_SYSCALL,
	COLUMN_ARCH,
	COLUMN_ACTION,
	COLUMN_PROGRAM,
	COLUMN_VERDICT, /* only with a profile */
};

static const struct {
	size_t first, limit; /* columns of a terminal */
} widths[LIVE_COLUMNS] = {
	[COLUMN_KIND] = {3, 3},      [COLUMN_TIME] = {15, 15}, [COLUMN_CONTAINER] = {14, 32},
	[COLUMN_SYSCALL] = {21, 32}, [COLUMN_ARCH] = {6, 16},  [COLUMN_ACTION] = {5, 16},
	[COLUMN_PROGRAM] = {15, 32}, /* comm: at most 15 bytes */
};

void live_init(struct live *live, bool colour, bool judged)
{
	*live = (struct live){.colour = colour, .judged = judged};
	for (size_t i = 0; i < LIVE_COLUMNS; i++)
		live->widths[i] = widths[i].first;
}

/* As journalctl and syslog write it; names of months in a language would not line up. */
static void put_time(struct buf *cell, int64_t ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	struct tm local;

	if (localtime_r(&seconds, &local))
		buf_format(cell, "%.3s %02d %02d:%02d:%02d", months + 3 * local.tm_mon,
			   local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
	else
		buf_format(cell, "@%" PRId64, ms / 1000);
}

static void put_container(struct buf *cell, const struct event *event)
{
	const struct container *container = event->container;

	if (!container)
		buf_format(cell, "(%s)", attribution_name(event->attribution));
	else if (container->name.n)
		text_put(cell, container->name);
	else
		text_put(cell, text_short_id(container->id));
}

static void put_syscall(struct buf *cell, const struct record *record)
{
	char name[SYSCALL_NAME_SIZE] = "-";

	if (record->has_arch)
		syscall_name(record->arch, record->nr, name);
	buf_format(cell, "%s (%" PRId32 ")", name, record->nr);
}

static void put_program(struct buf *cell, const struct record *record)
{
	if (!record->comm_null && record->comm.n)
		text_put(cell, record->comm);
	else if (!record->exe_null && record->exe.n)
		text_put(cell, record->exe);
	else
		buf_put_char(cell, '-');
}

static const enum text_colour kind_colours[] = {
	[FINDING_MISSING] = TEXT_RED,
	[FINDING_LOGGED] = TEXT_YELLOW,
	[FINDING_FALLBACK] = TEXT_DIM,
	[FINDING_CONDITIONAL] = TEXT_YELLOW,
};

static enum text_colour put_verdict(struct buf *cell, const struct record *record,
				    const struct verdict *verdict)
{
	enum finding_kind kind;

	if (!verdict) {
		buf_put_str(cell, STR("not checked: no architecture"));
		return TEXT_PLAIN;
	}
	if (!finding_kind_of(verdict, &kind)) {
		buf_put_str(cell, STR("allowed"));
		return TEXT_PLAIN;
	}
	buf_put_str(cell, str_from(finding_kind_word(kind)));
	if (kind == FINDING_CONDITIONAL) {
		buf_put_str(cell, STR(": "));
		arguments_put_conditions(cell, record->arch, record->nr, verdict);
	} else if (kind != FINDING_LOGGED) {
		buf_put_str(cell, STR(": "));
		finding_put_action(cell, verdict);
	}
	return kind_colours[kind];
}

static void put_cell(struct live *live, struct buf *buf, enum column column, struct str cell,
		     enum text_colour colour)
{
	bool last = column == (live->judged ? COLUMN_VERDICT : COLUMN_PROGRAM);
	size_t width = text_width(cell);
	bool coloured = live->colour && colour != TEXT_PLAIN && cell.n;

	if (coloured)
		text_put_colour(buf, colour);
	buf_put_str(buf, cell);
	if (coloured)
		text_put_colour(buf, TEXT_PLAIN);
	if (last)
		return;
	if (width > live->widths[column] && width <= widths[column].limit)
		live->widths[column] = width;
	size_t gap = width < live->widths[column] ? live->widths[column] - width : 0;

	buf_format(buf, "%*s", (int)gap + 2, "");
}

void live_put_text(struct live *live, struct buf *buf, const struct live_line *line)
{
	const struct record *record = line->event->record;
	enum text_colour colours[LIVE_COLUMNS] = {[COLUMN_KIND] = TEXT_BOLD};
	struct buf cells[LIVE_COLUMNS] = {0};
	char text[FORMAT_NAME_SIZE];

	if (line->kind == LIVE_NEW)
		buf_put_str(&cells[COLUMN_KIND], STR("NEW"));
	put_time(&cells[COLUMN_TIME], record->ms);
	put_container(&cells[COLUMN_CONTAINER], line->event);
	put_syscall(&cells[COLUMN_SYSCALL], record);
	buf_format(&cells[COLUMN_ARCH], "%s",
		   record->has_arch ? format_arch(record->arch, record->nr, text) : "-");
	buf_format(&cells[COLUMN_ACTION], "%s", format_action(record->code, text));
	put_program(&cells[COLUMN_PROGRAM], record);
	if (live->judged)
		colours[COLUMN_VERDICT] =
			put_verdict(&cells[COLUMN_VERDICT], record, line->verdict);
	for (size_t i = 0; i < (live->judged ? LIVE_COLUMNS : LIVE_COLUMNS - 1); i++)
		put_cell(live, buf, (enum column)i, buf_str(&cells[i]), colours[i]);
	buf_put_char(buf, '\n');
	for (size_t i = 0; i < LIVE_COLUMNS; i++)
		buf_release(&cells[i]);
}

#define WORD_OF_EVENT(field, type, last) observation.field = event->field;

/* One event as the observation that it makes; borrows from it. */
static struct observation observation_of(const struct event *event)
{
	const struct record *record = event->record;
	struct observation observation = {
		.node = event->node,
		.comm_null = record->comm_null,
		.exe_null = record->exe_null,
		.comm = record->comm,
		.exe = record->exe,
		.has_arch = record->has_arch,
		.arch = record->arch,
		.nr = record->nr,
		.code = record->code,
		.count = 1,
		.count_exact = true,
		.first_ms = record->ms,
		.last_ms = record->ms,
		.pid = record->pid,
		.ip = record->ip,
	};

	EVENT_WORDS(WORD_OF_EVENT)
	if (event->container)
		observation.container = *event->container;
	return observation;
}

static json_t *verdict_json(const struct verdict *verdict)
{
	json_t *object;

	if (!verdict)
		return json_null();
	object = json_object();
	finding_put_verdict(object, verdict);
	json_object_set_new(object, "conditions", finding_conditions(verdict));
	return object;
}

void live_put_json(const struct live *live, struct buf *buf, const struct live_line *line)
{
	struct observation observation = observation_of(line->event);
	json_t *object = events_json(&observation);

	if (live->otel)
		otel_put(object, &observation);
	json_object_set_new(object, "new", json_boolean(line->kind == LIVE_NEW));
	if (live->judged)
		json_object_set_new(object, "verdict", verdict_json(line->verdict));
	json_append(object, false, buf);
	buf_put_char(buf, '\n');
}

static void put_trouble(struct buf *part, const struct live_status *status)
{
	if (status->trouble)
		text_put_sentence(part, str_from(status->trouble));
}

static void put_rate(struct buf *part, const struct live_status *status)
{
	buf_format(part, "%.0f records/s", status->records_per_second);
}

static void put_events(struct buf *part, const struct live_status *status)
{
	buf_format(part, "%" PRIu64 " events", status->events);
}

static void put_fresh(struct buf *part, const struct live_status *status)
{
	buf_format(part, "%" PRIu64 " new", status->fresh);
}

static void put_containers(struct buf *part, const struct live_status *status)
{
	buf_format(part, "%" PRIu64 " container%s", status->containers,
		   status->containers == 1 ? "" : "s");
}

static void put_lost(struct buf *part, const struct live_status *status)
{
	if (status->lost)
		buf_format(part, "%" PRIu64 " lost", status->lost);
}

static void put_waiting(struct buf *part, const struct live_status *status)
{
	if (status->trouble && status->waiting)
		buf_format(part, "%.1f MB waiting", (double)status->waiting / 1e6);
}

static void put_source(struct buf *part, const struct live_status *status)
{
	if (status->source)
		text_put_sentence(part, str_from(status->source));
}

#define STATUS_PARTS 8

/* In the order in which they are shown; the highest rank is the first to go. */
static const struct {
	void (*put)(struct buf *part, const struct live_status *status);
	unsigned rank;
} status_parts[STATUS_PARTS] = {
	{put_trouble, 0}, {put_lost, 1},       {put_rate, 3},    {put_events, 5},
	{put_fresh, 2},   {put_containers, 6}, {put_waiting, 4}, {put_source, 7},
};

/* Terminal columns of the parts up to that rank, two spaces between them. */
static size_t status_width(const struct buf *parts, unsigned rank)
{
	size_t width = 0;

	for (size_t i = 0; i < STATUS_PARTS; i++)
		if (parts[i].n && status_parts[i].rank <= rank)
			width += text_width(buf_str(&parts[i])) + (width ? 2 : 0);
	return width;
}

/* Appends the beginning of s that fits. */
static void put_cut(struct buf *buf, struct str s, size_t columns)
{
	while (s.n) {
		uint32_t point;
		size_t bad, n = utf8_decode(s, &point, &bad);
		struct str character = str_of(s.p, n ? n : bad);
		size_t width = text_width(character);

		if (width > columns)
			return;
		columns -= width;
		buf_put_str(buf, character);
		s = str_skip(s, character.n);
	}
}

void live_status_put(struct buf *buf, const struct live_status *status, size_t columns)
{
	struct buf parts[STATUS_PARTS] = {0};
	unsigned rank = STATUS_PARTS - 1;
	BUF_AUTO line = {0};

	for (size_t i = 0; i < STATUS_PARTS; i++)
		status_parts[i].put(&parts[i], status);
	while (rank > 0 && status_width(parts, rank) > columns)
		rank--;
	for (size_t i = 0; i < STATUS_PARTS; i++) {
		if (!parts[i].n || status_parts[i].rank > rank)
			continue;
		buf_put_str(&line, line.n ? STR("  ") : STR(""));
		buf_put_str(&line, buf_str(&parts[i]));
	}
	put_cut(buf, buf_str(&line), columns);
	for (size_t i = 0; i < STATUS_PARTS; i++)
		buf_release(&parts[i]);
}
