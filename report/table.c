#include "report/table.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

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
	table_cell(table, n < 0 ? STR("") : str_of(text, (size_t)n));
	free(n < 0 ? NULL : text);
}

static void put_spaces(struct buf *line, size_t n)
{
	while (n-- > 0)
		buf_put_char(line, ' ');
}

/* The last column is not padded, so that no line ends in spaces. */
static void put_cell(struct buf *line, const struct table *table, size_t column, struct str text)
{
	size_t gap = table->widths[column] - text_width(text);

	if (column)
		buf_put_str(line, STR("  "));
	if (table->columns[column].right)
		put_spaces(line, gap);
	buf_put_str(line, text);
	if (!table->columns[column].right && column + 1 < table->column_count)
		put_spaces(line, gap);
}

static void write_line(const struct buf *line, FILE *out)
{
	fwrite(line->p, 1, line->n, out);
}

static void write_titles(struct table *table, FILE *out)
{
	BUF_AUTO line = {0};

	put_spaces(&line, table->indent);
	if (table->colour)
		text_put_colour(&line, TEXT_DIM);
	for (size_t i = 0; i < table->column_count; i++)
		put_cell(&line, table, i, str_from(table->columns[i].title));
	if (table->colour)
		text_put_colour(&line, TEXT_PLAIN);
	buf_put_char(&line, '\n');
	write_line(&line, out);
	table->title_written = true;
}

static void write_row(const struct table *table, size_t row, FILE *out)
{
	bool colour = table->colour && table->row_colours[row] != TEXT_PLAIN;
	BUF_AUTO line = {0};

	put_spaces(&line, table->indent);
	if (colour)
		text_put_colour(&line, table->row_colours[row]);
	for (size_t i = 0; i < table->column_count; i++)
		put_cell(&line, table, i, cell_at(table, row * table->column_count + i));
	if (colour)
		text_put_colour(&line, TEXT_PLAIN);
	buf_put_char(&line, '\n');
	write_line(&line, out);
}

void table_flush(struct table *table, FILE *out)
{
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
