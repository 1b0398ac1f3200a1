#include "report/digest/write_private.h"

#include "base/mem.h"
#include "report/diff_private.h"
#include "report/text.h"

#include <inttypes.h>
#include <stdlib.h>

struct writing {
	size_t columns;
	FILE *out;
};

/* A sentence_fn: a line, below the title of its section. */
static void write_sentence(void *context, const char *title, struct str line)
{
	const struct writing *writing = context;
	BUF_AUTO wrapped = {0};

	text_wrap(&wrapped, line, 2, writing->columns);
	if (title)
		fprintf(writing->out, "\n%s:\n", title);
	fputs(wrapped.p, writing->out);
}

/* The calls of each group that are in a list of the model. */
static void write_calls(const struct digest_facts *facts, const json_t *model, const char *title,
			const char *list, const char *word, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	struct writing writing = {facts->columns, out};
	struct sentences sentences = {.names_max = GROUPS_MAX};

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i), *calls = model_list(group, list);
		BUF_AUTO text = {0};

		if (json_array_size(calls) == 0)
			continue;
		buf_format(&text, "%s: ", word);
		if (strcmp(list, "new") == 0)
			write_put_first_calls(&text, calls);
		else
			write_put_calls(&text, calls, 0, SIZE_MAX);
		sentences_add(&sentences, str_from(model_text(group, "title")), buf_str(&text));
	}
	sentences_end(&sentences, title, write_sentence, &writing);
}

static void put_call_list(struct buf *buf, const char *word, const json_t *calls)
{
	if (json_array_size(calls) == 0)
		return;
	buf_format(buf, "; %s: ", word);
	write_put_calls(buf, calls, 0, SIZE_MAX);
}

static void write_change(const struct digest_facts *facts, const json_t *change, FILE *out)
{
	const json_t *came = model_list(change, "came"), *went = model_list(change, "went");
	const char *container = model_text(change, "container");
	BUF_AUTO line = {0}, doubt = {0}, wrapped = {0};

	buf_format(&line, "%s", model_text(change, "title"));
	if (*container && strcmp(container, model_text(change, "title")) != 0) {
		buf_put_char(&line, ' ');
		text_put(&line, str_from(container));
	}
	buf_put_str(&line, STR(": "));
	text_put(&line, str_from(model_text(change, "repository")));
	buf_put_str(&line, STR(" "));
	write_put_version(&line, json_object_get(change, "from"));
	buf_put_str(&line, STR(" -> "));
	write_put_version(&line, json_object_get(change, "to"));
	put_call_list(&line, "came", came);
	put_call_list(&line, "went", went);
	if (json_array_size(came) == 0 && json_array_size(went) == 0)
		buf_put_str(&line, STR("; same calls"));
	write_put_doubt(&doubt, change);
	if (doubt.n)
		buf_format(&line, " (%s)", doubt.p);
	text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
	fputs(wrapped.p, out);
}

static void write_drift(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *drift = json_object_get(model, "drift"),
		     *changes = model_list(drift, "changes");

	if (!facts->drift)
		return;
	fputs("\nImage drift:\n", out);
	for (size_t i = 0; i < json_array_size(changes) && i < GROUPS_MAX; i++)
		write_change(facts, json_array_get(changes, i), out);
	if (json_array_size(changes) == 0)
		fputs("  no workload changed the version of an image\n", out);
	if (json_array_size(changes) > GROUPS_MAX)
		fprintf(out, "  and %zu more: see --format json\n",
			json_array_size(changes) - GROUPS_MAX);
	if (write_without_image(model))
		fprintf(out,
			"  not compared: %" PRIu64 " records of containers without a known "
			"image\n",
			write_without_image(model));
}

static void write_evidence(const struct digest_facts *facts, FILE *out)
{
	BUF_AUTO summary = {0};

	evidence_put(&summary, facts->evidence);
	fprintf(out, "\n%s\n", summary.p);
	evidence_write_sentences(facts->evidence, facts->columns, out);
}

static void write_next(const json_t *model, FILE *out)
{
	const json_t *next = model_list(model, "next");

	for (size_t i = 0; i < json_array_size(next); i++)
		fprintf(out, "next: %s\n", json_string_value(json_array_get(next, i)));
}

static void write_mark(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *since_last = json_object_get(model, "since_last");
	struct str at = write_time(since_last, "at");

	if (!facts->mark)
		return;
	if (facts->has_mark_ms)
		fprintf(out, "since the report '%s' of %.*sZ\n", model_text(since_last, "name"),
			(int)at.n, at.p);
	else
		fprintf(out, "the first report '%s'\n", model_text(since_last, "name"));
}

void digest_write_text(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *profile = json_object_get(model, "profile");
	struct writing writing = {facts->columns, out};
	BUF_AUTO head = {0}, summary = {0};

	write_put_window(&head, model);
	fprintf(out, "sclog report %s\n", head.p);
	if (!json_is_null(profile)) {
		BUF_AUTO source = {0};

		text_put_sentence(&source, str_from(model_text(profile, "source")));
		fprintf(out, "profile %s\n", source.p ? source.p : "");
	}
	write_mark(facts, model, out);
	write_put_summary(&summary, facts);
	fprintf(out, "\n%s\n", summary.p);
	write_calls(facts, model, "Would break", "missing", "would be refused", out);
	write_calls(facts, model, "Only logged by the profile", "logged", "would be logged", out);
	write_calls(facts, model, "Refused as it ran", "refused", "was refused", out);
	write_calls(facts, model, "New calls", "new", "new", out);
	write_drift(facts, model, out);
	write_each_remark(facts, write_sentence, &writing);
	write_evidence(facts, out);
	write_next(model, out);
}
