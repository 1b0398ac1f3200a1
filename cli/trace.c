#include "cli/trace.h"

#include "base/mem.h"
#include "ingest/kernel_text.h"
#include "ingest/strace/strace.h"

#include <ctype.h>
#include <stdlib.h>

/* The first call stands within so many lines: what a program wrote to the same standard error may
 * come before it, and all of it before the table of -c. */
#define LINES_MAX 1024

/* What the input at hand is. */
enum trace_state { TRACE_UNDECIDED, TRACE_NONE, TRACE_FOUND };

struct trace {
	struct intake *intake;
	int64_t now_ms;
	struct strace *strace; /* NULL until there was a trace */
	const struct input *input;
	enum trace_state state;
	bool has_rows;  /* of a table, that stand for calls */
	uint64_t found; /* what the intake had found before this input */
};

struct trace *trace_new(struct intake *intake, int64_t now_ms)
{
	struct trace *trace = mem_new(1, sizeof(*trace));

	trace->intake = intake;
	trace->now_ms = now_ms;
	return trace;
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	strace_free(trace->strace);
	free(trace);
}

/* Lines so far that are a log's without doubt. */
static uint64_t found(const struct intake *intake)
{
	return intake->counts.records + intake->counts.untrusted +
	       intake_malformed(&intake->counts);
}

void trace_begin(struct trace *trace, const struct input *input)
{
	trace->input = input;
	trace->state = TRACE_UNDECIDED;
	trace->has_rows = false;
	trace->found = found(trace->intake);
}

bool trace_is_one(const struct trace *trace)
{
	return trace->state == TRACE_FOUND;
}

bool trace_is_none(const struct trace *trace)
{
	return trace->state == TRACE_NONE;
}

bool trace_has_table(const struct trace *trace)
{
	return trace->has_rows;
}

/* How long the lines of a file took by -r, all in all. A pipe can be read only once. */
static uint64_t elapsed_us(const struct input *input)
{
	struct err ignored = ERR_INIT; /* found again, and said, when the lines are read */
	struct input whole;
	struct line line;
	uint64_t sum = 0, us;

	if (input_open_again(&whole, input, &ignored) == 0)
		while (input_next(&whole, &line, &ignored) > 0)
			if (strace_relative(line.text, &us))
				sum += us;
	input_close(&whole);
	return sum;
}

static void begin_trace(struct trace *trace, const struct line *line)
{
	const struct input *input = trace->input;
	struct strace_input about = {.path = str_from(input->path), .end_ms = trace->now_ms};
	uint64_t us;

	if (S_ISREG(input->stat.st_mode))
		about.end_ms =
			input->stat.st_mtim.tv_sec * 1000 + input->stat.st_mtim.tv_nsec / 1000000;
	if (about.end_ms < 0)
		about.end_ms = 0;
	if (strace_relative(line->text, &us))
		about.elapsed_us = elapsed_us(input);
	if (!trace->strace)
		trace->strace = strace_new();
	strace_begin(trace->strace, &about);
	trace->state = TRACE_FOUND;
}

/* Each "0" of the shape is a digit or the blank in place of one, "a" a letter. */
static bool has_shape(struct str text, const char *shape)
{
	size_t n = strlen(shape);

	for (size_t i = 0; i < n && i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool is_it = shape[i] == '0'   ? isdigit(c) || c == ' '
			     : shape[i] == 'a' ? isalpha(c)
					       : c == (unsigned char)shape[i];

		if (!is_it)
			return false;
	}
	return text.n > n;
}

/*
 * "Nov 21 23:01:34 vm app[1]: text", "2026-11-21T23:01:34+00:00 vm app[1]: text". journalctl prints
 * the further lines of a message without that, indented: they are some program's words, and might
 * look like a call.
 */
static bool is_syslog(struct str text)
{
	static const char *const shapes[] = {"aaa 00 00:00:00 ", "0000-00-00T00:00:00"};
	bool is_traditional = has_shape(text, shapes[0]);

	if (!is_traditional && !has_shape(text, shapes[1]))
		return false;
	text = str_skip(text, strlen(shapes[0]) - 1);
	for (size_t i = 0; i < 2; i++) /* the time's rest, and the host */
		text = str_skip(text, str_chr(text, ' ') + (str_chr(text, ' ') < text.n));
	size_t n = str_chr(text, ' ');

	return n > 1 && text.p[n - 1] == ':';
}

static void decide(struct trace *trace, const struct line *line)
{
	struct str text = line->text;

	if (line->number > LINES_MAX || found(trace->intake) != trace->found ||
	    str_starts(text, STR("type=")) || str_starts(text, STR("node=")) ||
	    str_starts(text, STR("{")) || is_syslog(text))
		trace->state = TRACE_NONE;
	else if (strace_recognizes(text))
		begin_trace(trace, line);
}

static int put(struct trace *trace, const struct strace_read *read, struct err *err)
{
	struct intake *intake = trace->intake;
	struct event event = {
		.record = read->record,
		.source = SOURCE_STRACE,
		.node = intake_node(intake, str_of(NULL, 0)),
		.repeats = read->repeats,
	};
	uint64_t calls = 1 + (uint64_t)read->repeats;
	int result = intake->put(intake->context, &event, read->identity, err);

	if (result < 0)
		return result;
	intake->counts.records += calls;
	intake_saw(intake, read->record->ms);
	return 1;
}

static int take(struct trace *trace, const struct line *line, struct err *err)
{
	struct strace_read read;
	int result;

	strace_read(trace->strace, line, &read);
	trace->has_rows |= read.is_row;
	switch (read.kind) {
	case STRACE_CALL:
		return put(trace, &read, err);
	case STRACE_MALFORMED:
		result = intake_refuse(trace->intake, read.why, line, 0, err);
		return result < 0 ? result : 1;
	case STRACE_OTHER: /* a trace holds no record of the kernel's */
		if (!kernel_text_claims(line->text))
			break;
		result = intake_leave(trace->intake, line, &(struct framed){0}, err);
		return result < 0 ? result : 1;
	}
	return 1;
}

int trace_line(struct trace *trace, const struct line *line, struct err *err)
{
	if (trace->state == TRACE_UNDECIDED)
		decide(trace, line);
	return trace->state == TRACE_FOUND ? take(trace, line, err) : 0;
}
