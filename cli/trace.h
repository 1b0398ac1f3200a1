/*
 * Traces among the inputs: whether an input is what strace(1) wrote is decided once, by its first
 * lines; its calls then go the way of records.
 */
#ifndef SCLOG_CLI_TRACE_H
#define SCLOG_CLI_TRACE_H

#include "live/intake.h"
#include "ingest/input.h"

struct trace;

/* now_ms: when a pipe is said to have been written. Borrows the intake. */
struct trace *trace_new(struct intake *intake, int64_t now_ms);
void trace_free(struct trace *trace);

/* Another input begins; borrowed until the next one does. */
void trace_begin(struct trace *trace, const struct input *input);

/* True once the input at hand turned out to be a trace. */
bool trace_is_one(const struct trace *trace);

/* True once the input at hand turned out to be none. */
bool trace_is_none(const struct trace *trace);

/* True once a row of -c's table counted. strace puts no call there that it has no name for
 * (count.c: count_syscall()), nor one that did not return. */
bool trace_has_table(const struct trace *trace);

/*
 * Takes a line if its input is a trace. Returns 1 if it is taken, 0 if it is for intake_line(), or
 * what the store or the intake's put() returned.
 */
int trace_line(struct trace *trace, const struct line *line, struct err *err);

#endif
