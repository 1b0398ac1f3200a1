#include "report/health.h"

#include "report/format.h"
#include "report/json.h"
#include "report/text.h"

#define COLUMNS 80
#define INDENT  22

static const enum text_colour colours[] = {
	[FINDING_OK] = TEXT_PLAIN, [FINDING_WARN] = TEXT_YELLOW, [FINDING_FAIL] = TEXT_RED};

/* As a shell takes it: over several lines, but for what is quoted. */
static void put_command(struct str command, struct buf *out)
{
	size_t column = (size_t)INDENT + 2;

	buf_format(out, "%*s$ ", INDENT, "");
	while (command.n) {
		bool quoted = false;
		size_t n = 0;

		for (; n < command.n && (quoted || command.p[n] != ' '); n++)
			quoted ^= command.p[n] == '\'';
		/* " \\" may follow */
		if (column > INDENT + 2 && column + 1 + n + 2 > COLUMNS) {
			buf_format(out, " \\\n%*s", INDENT + 4, "");
			column = INDENT + 4;
		} else if (column > INDENT + 2) {
			buf_put_char(out, ' ');
			column++;
		}
		buf_put_str(out, str_of(command.p, n));
		column += n;
		command = str_skip(command, n < command.n ? n + 1 : n);
	}
	buf_put_char(out, '\n');
}

static void put_finding(const struct health_finding *finding, bool colour, struct buf *out)
{
	BUF_AUTO safe = {0};
	BUF_AUTO wrapped = {0};
	const char *level = finding_level_name(finding->level);

	text_put_sentence(&safe, buf_str(&finding->text));
	text_wrap(&wrapped, buf_str(&safe), INDENT, COLUMNS);
	if (colour)
		text_put_colour(out, colours[finding->level]);
	buf_format(out, "%-5s", level);
	if (colour)
		text_put_colour(out, TEXT_PLAIN);
	buf_format(out, " %-15s ", finding->check);
	buf_put_str(out, str_skip(buf_str(&wrapped), INDENT));
	if (!finding->command.n)
		return;
	buf_clear(&safe);
	text_put_sentence(&safe, buf_str(&finding->command));
	put_command(buf_str(&safe), out);
}

static void put_level(const struct health *health, enum finding_level level, bool colour,
		      struct buf *out)
{
	for (size_t i = 0; i < health->count; i++) {
		if (health->all[i].level == level)
			put_finding(&health->all[i], colour, out);
	}
}

int health_write_text(const struct health *health, bool all, bool colour, FILE *out)
{
	BUF_AUTO text = {0};

	if (all || health->of_level[FINDING_FAIL] || health->of_level[FINDING_WARN])
		buf_format(&text, "%zu failed, %zu warning%s, %zu ok\n\n",
			   health->of_level[FINDING_FAIL], health->of_level[FINDING_WARN],
			   health->of_level[FINDING_WARN] == 1 ? "" : "s",
			   health->of_level[FINDING_OK]);
	put_level(health, FINDING_FAIL, colour, &text);
	put_level(health, FINDING_WARN, colour, &text);
	if (all)
		put_level(health, FINDING_OK, colour, &text);
	fwrite(text.p, 1, text.n, out);
	return format_written(out);
}

static json_t *finding_json(const struct health_finding *finding)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", json_string(finding->check));
	json_object_set_new(object, "level", json_string(finding_level_name(finding->level)));
	json_object_set_new(object, "text", json_from_str(buf_str(&finding->text)));
	json_object_set_new(object, "command",
			    json_from_str_or_null(buf_str(&finding->command), !finding->command.n));
	return object;
}

int health_write_json(const struct health *health, FILE *out)
{
	json_t *document = json_object(), *checks = json_array(), *summary = json_object();

	for (size_t i = 0; i < health->count; i++)
		json_array_append_new(checks, finding_json(&health->all[i]));
	for (unsigned level = FINDING_OK; level <= FINDING_FAIL; level++)
		json_object_set_new(summary, finding_level_name(level),
				    json_from_count(health->of_level[level]));
	json_object_set_new(document, "checks", checks);
	json_object_set_new(document, "summary", summary);
	json_write(document, false, out);
	return format_written(out);
}
