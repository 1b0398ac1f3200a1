/*
 * Fuzz target (libFuzzer): lines of any bytes as what strace wrote, as `sclog ingest` takes them.
 * Nothing may crash, read past a line, or run long.
 */
#include "base/mem.h"
#include "ingest/strace/strace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void take_line(struct strace *strace, const struct line *line)
{
	struct strace_read got;
	uint64_t us;

	strace_recognizes(line->text);
	strace_relative(line->text, &us);
	strace_read(strace, line, &got);
	if (got.kind == STRACE_CALL && (got.record->comm.n > 15 || got.record->exe.n > 4096 ||
					got.identity.n == 0 || got.record->ms < 0))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct strace_input input = {
		.path = size % 2 ? STR("trace.17") : STR("trace"),
		.end_ms = 1795332251500,
		.elapsed_us = size % 3 ? 6000000 : 0,
	};
	struct str rest = str_of((const char *)data, size);
	struct strace *strace = strace_new();
	struct line line = {.number = 1};

	strace_begin(strace, &input);
	while (rest.n) {
		size_t n = str_chr(rest, '\n');
		/* a copy of exactly that size, so that a read past the line is seen */
		MEM_AUTO char *copy = mem_resize(NULL, n);

		memcpy(copy, rest.p, n);
		line.text = str_of(copy, n);
		line.ended = n < rest.n;
		take_line(strace, &line);
		line.offset += n + 1;
		line.number++;
		rest = str_skip(rest, line.ended ? n + 1 : n);
	}
	strace_free(strace);
	return 0;
}
