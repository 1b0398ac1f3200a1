/*
 * CSV out, as RFC 4180 has it: CRLF after each record, a header first, and quotes around what
 * holds a comma, a quote, or a line break. Bytes that are no UTF-8 become U+FFFD.
 */
#ifndef SCLOG_REPORT_CSV_H
#define SCLOG_REPORT_CSV_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

/* One record being built, all of them for one stream; release with csv_release() or CSV_AUTO. */
struct csv {
	struct buf line;
	bool begun;           /* a field stands in it */
	bool asked, terminal; /* once asked: whether it goes to a terminal */
};

#define CSV_AUTO __attribute__((cleanup(csv_release))) struct csv

void csv_release(struct csv *csv);

void csv_field(struct csv *csv, struct str text);
void csv_count(struct csv *csv, uint64_t count);
void csv_number(struct csv *csv, int64_t number);
/* A time as RFC 3339; empty when not known. */
void csv_ms(struct csv *csv, int64_t ms, bool known);

/*
 * Writes the record and begins the next. A write error is left to ferror(out). What a container
 * named itself goes out as it is, for programs; on a terminal as text_put_sentence() shows it.
 */
void csv_end(struct csv *csv, FILE *out);

/* Writes a header: names separated by commas, as they are. */
void csv_header(const char *names, FILE *out);

#endif
