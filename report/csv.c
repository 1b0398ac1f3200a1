#include "report/csv.h"

#include "base/clock.h"
#include "report/text.h"

#include <inttypes.h>
#include <unistd.h>

void csv_release(struct csv *csv)
{
	buf_release(&csv->line);
}

static bool needs_quotes(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == ',' || c == '"' || c < 0x20 || c == 0x7f)
			return true;
	}
	/* Readers differ on spaces at the ends: quotes keep them. */
	return text.n && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');
}

static void put_doubled(struct buf *line, struct str text)
{
	size_t n;

	for (; (n = str_chr(text, '"')) < text.n; text = str_skip(text, n + 1)) {
		buf_put_str(line, str_of(text.p, n));
		buf_put_str(line, STR("\"\""));
	}
	buf_put_str(line, text);
}

static void put_field(struct csv *csv, struct str text)
{
	bool quotes = needs_quotes(text);

	if (csv->begun)
		buf_put_char(&csv->line, ',');
	csv->begun = true;
	if (quotes)
		buf_put_char(&csv->line, '"');
	put_doubled(&csv->line, text);
	if (quotes)
		buf_put_char(&csv->line, '"');
}

void csv_field(struct csv *csv, struct str text)
{
	BUF_AUTO safe = {0};

	if (csv->raw) {
		put_field(csv, text);
		return;
	}
	if (text.n && memchr("=+-@", text.p[0], 4))
		buf_put_char(&safe, '\'');
	text_put(&safe, text);
	put_field(csv, buf_str(&safe));
}

void csv_count(struct csv *csv, uint64_t count)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRIu64, count);

	csv_field(csv, str_of(text, (size_t)n));
}

void csv_number(struct csv *csv, int64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRId64, number);

	put_field(csv, str_of(text, (size_t)n));
}

void csv_ms(struct csv *csv, int64_t ms, bool known)
{
	char text[CLOCK_TEXT_SIZE];

	csv_field(csv, known ? str_from(clock_format_rfc3339_ms(ms, text)) : STR(""));
}

void csv_end(struct csv *csv, FILE *out)
{
	BUF_AUTO safe = {0};
	struct str line = buf_str(&csv->line);

	if (csv->raw && isatty(fileno(out))) {
		text_put_sentence(&safe, line);
		line = buf_str(&safe);
	}
	if (line.n)
		fwrite(line.p, 1, line.n, out);
	fputs("\r\n", out);
	buf_clear(&csv->line);
	csv->begun = false;
}

void csv_header(const char *names, FILE *out)
{
	fprintf(out, "%s\r\n", names);
}
