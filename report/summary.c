#include "report/summary.h"

#include "report/csv.h"
#include "report/json.h"
#include "report/text.h"

#include <inttypes.h>

static bool is_shown(const struct summary_row *row)
{
	return !row->if_nonzero || row->count || row->text;
}

static void write_text(const struct summary_row *rows, size_t count, FILE *out)
{
	int width = 0;

	for (size_t i = 0; i < count; i++)
		if (is_shown(&rows[i]) && (int)strlen(rows[i].label) > width)
			width = (int)strlen(rows[i].label);
	for (size_t i = 0; i < count; i++) {
		const struct summary_row *row = &rows[i];

		if (!is_shown(row))
			continue;
		fprintf(out, "%-*s  ", width, row->label);
		if (row->text) {
			BUF_AUTO text = {0};

			text_put(&text, str_from(row->text));
			fprintf(out, "%.*s\n", (int)text.n, text.n ? text.p : "");
		} else if (row->is_real)
			fprintf(out, "%.2f\n", row->real);
		else
			fprintf(out, "%" PRIu64 "\n", row->count);
	}
}

/* Milliseconds are as fine as a wall clock is worth. */
static json_t *value_json(const struct summary_row *row)
{
	if (row->text)
		return json_from_str(str_from(row->text));
	if (!row->is_real)
		return json_from_count(row->count);
	return json_real((double)(int64_t)(row->real * 1000 + 0.5) / 1000);
}

/* The object in which a dotted path ends; *path becomes its last name. */
static json_t *object_at(json_t *object, struct str *path)
{
	size_t n;

	for (; (n = str_chr(*path, '.')) < path->n; *path = str_skip(*path, n + 1)) {
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)n, path->p);
		if (!json_object_get(object, name))
			json_object_set_new(object, name, json_object());
		object = json_object_get(object, name);
	}
	return object;
}

static void write_json(const struct summary_row *rows, size_t count, FILE *out)
{
	json_t *document = json_object();

	for (size_t i = 0; i < count; i++) {
		struct str path = str_from(rows[i].path);
		json_t *object = object_at(document, &path);

		json_object_set_new(object, path.p, value_json(&rows[i]));
	}
	json_write(document, true, out);
}

static void write_csv(const struct summary_row *rows, size_t count, FILE *out)
{
	CSV_AUTO names = {.begun = false}, values = {.begun = false};

	for (size_t i = 0; i < count; i++) {
		char real[32];

		snprintf(real, sizeof(real), "%.3f", rows[i].real);
		csv_field(&names, str_from(rows[i].path));
		if (rows[i].text || rows[i].is_real)
			csv_field(&values, str_from(rows[i].text ? rows[i].text : real));
		else
			csv_count(&values, rows[i].count);
	}
	csv_end(&names, out);
	csv_end(&values, out);
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

int summary_write(const struct summary_row *rows, size_t count, enum format format, FILE *out)
{
	static void (*const writers[FORMAT_COUNT])(const struct summary_row *, size_t,
						   FILE *) = {FORMATS(WRITER_ROW)};

	writers[format](rows, count, out);
	return format_written(out);
}
