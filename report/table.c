#include "report/table.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

/* Of the dots that end a text which was cut, and of the shortest such text. */
#define CUT_WIDTH     3
#define CUT_WIDTH_MIN 9

/* Of a column that wraps: "syscalls[19]," is a word of 13 columns. */
#define WRAP_WIDTH_MIN 14

void table_init(struct table *table, const struct table_column *columns, size_t column_count,
		size_t indent, bool colour)
{
	*table = (struct table){
		.columns = columns,
		.column_count = column_count,
		.indent = indent,
		.colour = colour,
		.ends = mem_new(column_count * TABLE_ROWS_MAX, sizeof(*table->ends)),
	};
	for (size_t i = 0; i < column_count; i++)
		table->widths[i] = text_width(str_from(columns[i].title));
}

void table_release(struct table *table)
{
	buf_release(&table->bytes);
	free(table->ends);
	table->ends = NULL;
}

static struct str cell_at(const struct table *table, size_t i)
{
	size_t start = i ? table->ends[i - 1] : 0;

	return str_of(table->bytes.p + start, table->ends[i] - start);
}

void table_cell(struct table *table, struct str text)
{
	size_t column = table->cell_count % table->column_count;
	size_t width = text_width(text);

	if (width > table->widths[column])
		table->widths[column] = width;
	table->filled[column] |= !str_eq(text, STR("-"));
	buf_put_str(&table->bytes, text);
	table->ends[table->cell_count++] = table->bytes.n;
}

void table_format(struct table *table, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		mem_fail("a table");
	table_cell(table, str_of(text, (size_t)n));
	free(text);
}

/* Where the character at n of valid UTF-8 ends. */
static size_t character_end(struct str text, size_t n)
{
	do
		n++;
	while (n < text.n && (text.p[n] & 0xc0) == 0x80);
	return n;
}

/* What of a text fits, followed by dots where it is not all of it. */
static void put_cut(struct buf *line, struct str text, size_t width)
{
	size_t n = 0, used = CUT_WIDTH, end;

	if (text_width(text) <= width) {
		buf_put_str(line, text);
		return;
	}
	for (; n < text.n && used <= width; n = end) {
		end = character_end(text, n);
		used += text_width(str_of(text.p + n, end - n));
		if (used > width)
			break;
	}
	buf_put_str(line, str_of(text.p, n));
	buf_put_str(line, STR("..."));
}

static void put_spaces(struct buf *line, size_t n)
{
	static const char spaces[] = "                                ";

	for (size_t some; n > 0; n -= some) {
		some = n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1;
		buf_put_str(line, str_of(spaces, some));
	}
}

/* The spaces before a cell go with it, so that no line ends in some. */
static void put_cell(struct buf *line, const struct table *table, size_t column, struct str text,
		     size_t *gap)
{
	size_t width = text_width(text), left = table->widths[column];

	if (table->dropped[column])
		return;
	left -= width < left ? width : left;
	put_spaces(line, *gap + (table->columns[column].right ? left : 0));
	put_cut(line, text, table->widths[column]);
	*gap = (table->columns[column].right ? 0 : left) + 2;
}

static size_t line_width(const struct table *table)
{
	size_t width = table->indent, shown = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (!table->dropped[i])
			width += table->widths[i] + (shown++ ? 2 : 0);
	return width;
}

/* 0: it stays. */
static unsigned drop_of(const struct table *table, size_t column)
{
	if (table->columns[column].drop == TABLE_WHOLE)
		return 0;
	return table->filled[column] ? table->columns[column].drop : TABLE_WHOLE;
}

/* The column that goes next, or the widest text. */
static size_t drop_next(const struct table *table)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < table->column_count; i++)
		if (!table->dropped[i] && drop_of(table, i) &&
		    (found == SIZE_MAX || drop_of(table, i) > drop_of(table, found)))
			found = i;
	return found;
}

static size_t widest(const struct table *table)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < table->column_count; i++)
		if (!table->dropped[i] && !table->columns[i].right &&
		    table->columns[i].drop != TABLE_WHOLE && table->widths[i] > CUT_WIDTH_MIN &&
		    (found == SIZE_MAX || table->widths[i] > table->widths[found]))
			found = i;
	return found;
}

static void fit(struct table *table)
{
	size_t i;

	if (table->columns_max == 0)
		return;
	while (line_width(table) > table->columns_max && (i = drop_next(table)) != SIZE_MAX)
		table->dropped[i] = true;
	while (line_width(table) > table->columns_max && (i = widest(table)) != SIZE_MAX)
		table->widths[i]--;
}

static void write_line(const struct buf *line, FILE *out)
{
	fwrite(line->p, 1, line->n, out);
}

static void write_titles(struct table *table, FILE *out)
{
	size_t gap = 0;
	BUF_AUTO line = {0};

	put_spaces(&line, table->indent);
	if (table->colour)
		text_put_colour(&line, TEXT_DIM);
	for (size_t i = 0; i < table->column_count; i++)
		put_cell(&line, table, i, str_from(table->columns[i].title), &gap);
	if (table->colour)
		text_put_colour(&line, TEXT_PLAIN);
	buf_put_char(&line, '\n');
	write_line(&line, out);
	table->title_written = true;
}

static void write_row(const struct table *table, size_t row, FILE *out)
{
	bool colour = table->colour && table->row_colours[row] != TEXT_PLAIN;
	size_t gap = 0, last = table->column_count - 1;
	size_t indent = line_width(table) - table->widths[last];
	struct str text = cell_at(table, row * table->column_count + last);
	BUF_AUTO line = {0}, wrapped = {0};

	put_spaces(&line, table->indent);
	if (colour)
		text_put_colour(&line, table->row_colours[row]);
	for (size_t i = 0; i < last; i++)
		put_cell(&line, table, i, cell_at(table, row * table->column_count + i), &gap);
	if (table->wraps && table->widths[last] >= WRAP_WIDTH_MIN &&
	    text_width(text) > table->widths[last])
		text_wrap(&wrapped, text, indent, indent + table->widths[last]);
	put_cell(&line, table, last,
		 wrapped.n ? str_of(wrapped.p + indent, str_chr(buf_str(&wrapped), '\n') - indent)
			   : text,
		 &gap);
	if (wrapped.n)
		buf_put_str(&line, str_skip(buf_str(&wrapped), str_chr(buf_str(&wrapped), '\n')));
	if (wrapped.n)
		line.n--; /* the last line's end */
	if (colour)
		text_put_colour(&line, TEXT_PLAIN);
	buf_put_char(&line, '\n');
	write_line(&line, out);
}

void table_flush(struct table *table, FILE *out)
{
	fit(table);
	if (table->row_count && !table->title_written)
		write_titles(table, out);
	for (size_t row = 0; row < table->row_count; row++)
		write_row(table, row, out);
	buf_clear(&table->bytes);
	table->cell_count = table->row_count = 0;
}

void table_row_end(struct table *table, enum text_colour colour, FILE *out)
{
	table->row_colours[table->row_count++] = colour;
	if (table->row_count == TABLE_ROWS_MAX)
		table_flush(table, out);
}
