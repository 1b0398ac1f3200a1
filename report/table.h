/*
 * A table of text: rows are collected so that columns line up, and written in blocks.
 *
 * Cells must be safe text (report/text.h). At most TABLE_ROWS_MAX rows are held: a longer table
 * is written block by block, its columns only ever growing. Owns its cells.
 *
 * With columns_max a line is at most so wide: columns of which nothing is known go first, then those that
 * may be dropped, the largest `drop` before others; then the widest texts are cut, which shows as `...`, or with `wraps` the last one goes on below.
 */
#ifndef SCLOG_REPORT_TABLE_H
#define SCLOG_REPORT_TABLE_H

#include "report/text.h"

#include <limits.h>
#include <stdio.h>

#define TABLE_ROWS_MAX    4096
#define TABLE_COLUMNS_MAX 12

/* For `drop`: neither dropped nor cut, as times and the like. */
#define TABLE_WHOLE UINT_MAX

struct table_column {
	const char *title;
	bool right;    /* numbers stand at the right */
	unsigned drop; /* 0: never; or TABLE_WHOLE */
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	size_t indent; /* spaces before every line */
	bool colour;
	size_t columns_max; /* of the terminal; 0: no limit */
	bool wraps; /* the last column, unless it is too narrow, goes on below instead of being cut */
	bool title_written;
	bool dropped[TABLE_COLUMNS_MAX];
	bool filled[TABLE_COLUMNS_MAX]; /* some cell says more than "-" */
	size_t widths[TABLE_COLUMNS_MAX];
	struct buf bytes; /* all cells' bytes, one after the other */
	size_t *ends;     /* where each cell ends in bytes */
	enum text_colour row_colours[TABLE_ROWS_MAX];
	size_t cell_count, row_count;
};

/* columns must outlive the table. */
void table_init(struct table *table, const struct table_column *columns, size_t column_count,
		size_t indent, bool colour);
void table_release(struct table *table);

#define TABLE_AUTO __attribute__((cleanup(table_release))) struct table

/* The next cell of the row at hand; every row takes as many as there are columns. */
void table_cell(struct table *table, struct str text);
void table_format(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends the row. When the block is full it is written; a write error is left to ferror(out). */
void table_row_end(struct table *table, enum text_colour colour, FILE *out);

/* Writes what is held, the titles first if they were not yet; an empty table writes nothing. */
void table_flush(struct table *table, FILE *out);

#endif
