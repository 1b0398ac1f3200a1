#include "report/digest/write_private.h"

#include "report/text.h"

#include <inttypes.h>
#include <strings.h>

/* Rows of the table; a comment on a pull request takes 65,536 characters. */
#define ROWS_MAX 200

/* Whether a character could be markup there: also what makes a link of an address. */
static bool is_markup(const struct buf *text, size_t at)
{
	if (strchr("\\`*_[]<>#|~@&$!:", text->p[at]))
		return true;
	if (text->p[at] == '.')
		return at >= 3 && strncasecmp(text->p + at - 3, "www", 3) == 0;
	return at == 0 && strchr("+-=", text->p[at]);
}

/* Text in a cell or an item of a list: nothing in it is markup, and it stays there. */
static void put_cell(struct buf *buf, struct str text)
{
	BUF_AUTO safe = {0};

	text_put_sentence(&safe, text);
	for (size_t i = 0; i < safe.n; i++) {
		if (is_markup(&safe, i))
			buf_put_char(buf, '\\');
		buf_put_char(buf, safe.p[i]);
	}
}

static void put_calls(struct buf *buf, const json_t *group, const char *list)
{
	BUF_AUTO calls = {0};

	if (strcmp(list, "new") == 0)
		write_put_first_calls(&calls, model_list(group, list));
	else
		write_put_calls(&calls, model_list(group, list), 0, SIZE_MAX);
	if (calls.n)
		put_cell(buf, buf_str(&calls));
	else
		buf_put_char(buf, ' ');
	buf_put_str(buf, STR(" | "));
}

static bool has_something(const json_t *group)
{
	static const char *const lists[] = {"missing", "logged", "refused", "new"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (json_array_size(model_list(group, lists[i])))
			return true;
	return strcmp(model_text(group, "status"), "unknown") == 0;
}

static void write_row(const json_t *group, bool judged, FILE *out)
{
	BUF_AUTO line = {0};

	buf_put_str(&line, STR("| "));
	put_cell(&line, str_from(model_text(group, "title")));
	buf_put_str(&line, STR(" | "));
	if (judged) {
		const char *status = model_text(group, "status");

		buf_format(&line, "%s | ", strcmp(status, "unknown") == 0 ? "cannot tell" : status);
		put_calls(&line, group, "missing");
	}
	put_calls(&line, group, "refused");
	put_calls(&line, group, "new");
	line.p[line.n - 1] = '\n';
	fputs(line.p, out);
}

static void write_rows(const json_t *model, bool judged, const char *noun, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	size_t shown = 0;

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);

		if (!has_something(group) || shown++ >= ROWS_MAX)
			continue;
		if (shown == 1)
			fprintf(out,
				judged ? "\n| %s | status | would be refused | was refused | "
					 "new |\n|---|---|---|---|---|\n"
				       : "\n| %s | was refused | new |\n|---|---|---|\n",
				noun);
		write_row(group, judged, out);
	}
	if (shown > ROWS_MAX)
		fprintf(out, "\n%zu more %ss are not shown.\n", shown - ROWS_MAX, noun);
}

static void put_text_cell(struct buf *buf, const struct buf *text)
{
	put_cell(buf, buf_str(text));
	buf_put_str(buf, STR(" | "));
}

static void write_change(const json_t *change, FILE *out)
{
	BUF_AUTO line = {0}, from = {0}, to = {0}, doubt = {0};

	write_put_version(&from, json_object_get(change, "from"));
	write_put_version(&to, json_object_get(change, "to"));
	write_put_doubt(&doubt, change);
	buf_put_str(&line, STR("| "));
	put_cell(&line, str_from(model_text(change, "title")));
	buf_put_char(&line, ' ');
	put_cell(&line, str_from(model_text(change, "container")));
	buf_put_str(&line, STR(" | "));
	put_cell(&line, str_from(model_text(change, "repository")));
	buf_put_str(&line, STR(" | "));
	put_text_cell(&line, &from);
	put_text_cell(&line, &to);
	put_calls(&line, change, "came");
	put_calls(&line, change, "went");
	put_text_cell(&line, &doubt);
	line.p[line.n - 1] = '\n';
	fputs(line.p, out);
}

static void write_drift(const json_t *model, FILE *out)
{
	const json_t *drift = json_object_get(model, "drift"),
		     *changes = model_list(drift, "changes");
	size_t count = json_array_size(changes);

	if (!json_is_object(drift))
		return;
	fputs("\n#### Image drift\n\n", out);
	if (count)
		fputs("| workload | image | from | to | came | went | note |\n"
		      "|---|---|---|---|---|---|---|\n",
		      out);
	else
		fputs("No workload changed the version of an image.\n", out);
	for (size_t i = 0; i < count && i < ROWS_MAX; i++)
		write_change(json_array_get(changes, i), out);
	if (count > ROWS_MAX)
		fprintf(out, "\n%zu more changes are not shown.\n", count - ROWS_MAX);
	if (write_without_image(model))
		fprintf(out,
			"\nNot compared: %" PRIu64 " records of containers without a known "
			"image.\n",
			write_without_image(model));
}

static void write_evidence(const struct digest_facts *facts, FILE *out)
{
	json_t *reasons = evidence_sentences(facts->evidence);
	BUF_AUTO summary = {0};

	evidence_put(&summary, facts->evidence);
	fprintf(out, "\n**%s**\n", summary.p);
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		BUF_AUTO cell = {0};

		put_cell(&cell, str_from(json_string_value(json_array_get(reasons, i))));
		fprintf(out, "%s- %s\n", i ? "" : "\n", cell.p ? cell.p : "");
	}
	json_decref(reasons);
}

/* A sentence_fn. */
static void write_remark(void *out, const char *title, struct str line)
{
	BUF_AUTO cell = {0};

	if (title)
		fprintf(out, "\n**%s**\n\n", title);
	put_cell(&cell, line);
	fprintf(out, "- %s\n", cell.p);
}

static void write_next(const json_t *model, FILE *out)
{
	const json_t *next = model_list(model, "next");

	for (size_t i = 0; i < json_array_size(next); i++)
		fprintf(out, "%s    %s\n", i ? "" : "\nNext:\n\n",
			json_string_value(json_array_get(next, i)));
}

void digest_write_markdown(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	BUF_AUTO summary = {0}, window = {0}, source = {0};

	write_put_summary(&summary, facts);
	write_put_window(&window, model);
	put_cell(&source, str_from(model_text(json_object_get(model, "profile"), "source")));
	fprintf(out, "### sclog: %s\n\n%s", summary.p, window.p);
	if (source.n)
		fprintf(out, ", profile %s", source.p);
	fputs("\n", out);
	write_rows(model, facts->diff != NULL, group_by_noun(facts->by), out);
	write_drift(model, out);
	write_each_remark(facts, write_remark, out);
	write_evidence(facts, out);
	write_next(model, out);
}
