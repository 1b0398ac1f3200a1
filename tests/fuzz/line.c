/*
 * Fuzz target (libFuzzer): lines of any bytes through framing, record and attribution, as
 * `sclog ingest` takes them. Nothing may crash, read past a line, or run long.
 */
#include "base/mem.h"
#include "correlate/assign.h"
#include "ingest/framing.h"
#include "ingest/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct record_space space;

static void take(struct assign *assign, const struct framed *framed)
{
	static struct record record;
	struct event event = {.record = &record};

	if (framed->kind != FRAMED_RECORD)
		return;
	enum malformed why = framed->interpreted
				     ? record_parse_interpreted(framed->fields, &space, &record)
				     : record_parse(framed->fields, &space, &record);

	if (!why)
		assign_event(assign, &event);
}

static void take_line(struct framing *framing, struct assign *assign, const struct line *line)
{
	struct framed framed;

	framing_read(framing, line, &framed);
	take(assign, &framed);
	while (framing_more(framing, &framed))
		take(assign, &framed);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct framing_options options = {
		.host = STR("vm"), .now_ms = 1795305656000, .trust_all = size % 2};
	struct framing *framing;
	struct assign *assign;
	struct err err = ERR_INIT;
	struct str rest = str_of((const char *)data, size);
	struct line line = {.number = 1};

	framing = framing_new(&options);
	if (assign_new(&(struct container){.name = STR("web")}, NULL, COVERAGE_UNKNOWN, &assign,
		       &err) < 0)
		abort();
	while (rest.n) {
		size_t n = str_chr(rest, '\n');
		/* a copy of exactly that size, so that a read past the line is seen */
		MEM_AUTO char *copy = mem_resize(NULL, n);

		memcpy(copy, rest.p, n);
		line.text = str_of(copy, n);
		line.ended = n < rest.n;
		take_line(framing, assign, &line);
		line.offset += n + 1;
		line.number++;
		rest = str_skip(rest, line.ended ? n + 1 : n);
	}
	assign_free(assign);
	framing_free(framing);
	return 0;
}
