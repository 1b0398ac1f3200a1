/*
 * CSV out, as RFC 4180 has it: CRLF after each record, a header first, and quotes around what
 * holds a comma, a quote, or a line break.
 *
 * A container names itself, and its names are shown by pagers and opened by spreadsheets. Text is
 * written as text_put() shows it, and one that a spreadsheet would take for a formula (it begins with
 * =, +, - or @) after an apostrophe.
 */
#ifndef SCLOG_REPORT_CSV_H
#define SCLOG_REPORT_CSV_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

/* One record being built, all of them for one stream; release with csv_release() or CSV_AUTO. */
struct csv {
	struct buf line;
	bool begun; /* a field stands in it */
	bool raw;   /* names as the bytes that they are, but not to a terminal */
};

#define CSV_AUTO __attribute__((cleanup(csv_release))) struct csv

void csv_release(struct csv *csv);

void csv_field(struct csv *csv, struct str text);
void csv_count(struct csv *csv, uint64_t count);
void csv_number(struct csv *csv, int64_t number);
/* A time as RFC 3339; empty when not known. */
void csv_ms(struct csv *csv, int64_t ms, bool known);

/*
 * Writes the record and begins the next. A write error is left to ferror(out).
 */
void csv_end(struct csv *csv, FILE *out);

/* Writes a header: names separated by commas, as they are. */
void csv_header(const char *names, FILE *out);

#endif
