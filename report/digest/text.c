#include "report/digest/write_private.h"

#include "base/mem.h"
#include "report/diff_private.h"
#include "report/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* Groups that a sentence names, and sentences of a section; of further ones the number is told. */
#define GROUPS_MAX 200

/* What is said of the groups is said once of all of which it is true. */
struct sentence {
	struct buf titles, text;
	size_t groups;
};

/* Zeroed is valid and empty; section_write() releases it. */
struct section {
	struct sentence *all;
	size_t count, unlisted;
};

static struct sentence *section_find(struct section *section, struct str text)
{
	for (size_t i = 0; i < section->count; i++)
		if (str_eq(buf_str(&section->all[i].text), text))
			return &section->all[i];
	if (section->count == GROUPS_MAX)
		return NULL;
	section->all = mem_more(section->all, section->count, sizeof(*section->all));
	section->all[section->count] = (struct sentence){.groups = 0};
	buf_put_str(&section->all[section->count].text, text);
	return &section->all[section->count++];
}

static void section_add(struct section *section, const char *title, struct str text)
{
	struct sentence *sentence = section_find(section, text);

	if (!sentence)
		section->unlisted++;
	else if (sentence->groups++ < GROUPS_MAX)
		buf_format(&sentence->titles, "%s%s", sentence->groups > 1 ? ", " : "", title);
}

static void section_write(struct section *section, const char *title,
			  const struct digest_facts *facts, FILE *out)
{
	for (size_t i = 0; i < section->count; i++) {
		struct sentence *sentence = &section->all[i];
		BUF_AUTO line = {0}, wrapped = {0};

		buf_put_str(&line, buf_str(&sentence->titles));
		if (sentence->groups > GROUPS_MAX)
			buf_format(&line, " and %zu more", sentence->groups - GROUPS_MAX);
		buf_format(&line, ": %s", sentence->text.p);
		text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
		if (i == 0)
			fprintf(out, "\n%s:\n", title);
		fputs(wrapped.p, out);
		buf_release(&sentence->titles);
		buf_release(&sentence->text);
	}
	if (section->unlisted)
		fprintf(out, "  and %zu more: see --format json\n", section->unlisted);
	free(section->all);
}

/* The calls of each group that are in a list of the model. */
static void write_calls(const struct digest_facts *facts, const json_t *model, const char *title,
			const char *list, const char *word, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	struct section section = {0};

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i), *calls = model_list(group, list);
		BUF_AUTO text = {0};

		if (json_array_size(calls) == 0)
			continue;
		buf_format(&text, "%s: ", word);
		write_put_calls(&text, calls);
		section_add(&section, model_text(group, "title"), buf_str(&text));
	}
	section_write(&section, title, facts, out);
}

static void write_unknown(const struct digest_facts *facts, FILE *out)
{
	struct section section = {0};

	for (size_t i = 0; facts->diff && i < facts->diff->group_count; i++) {
		const struct diff_group *group = facts->diff->groups[i];
		BUF_AUTO title = {0}, doubt = {0};

		if (diff_group_status(facts->diff, group) != DIFF_UNKNOWN)
			continue;
		group_key_put_name(&title, &group->key);
		diff_put_doubt(&doubt, facts->diff, group);
		section_add(&section, title.p, buf_str(&doubt));
	}
	section_write(&section, "Cannot tell", facts, out);
}

static void put_call_list(struct buf *buf, const char *word, const json_t *calls)
{
	if (json_array_size(calls) == 0)
		return;
	buf_format(buf, "; %s: ", word);
	write_put_calls(buf, calls);
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

/* No filter sees what a ring asks for (report/traits.h). */
static void write_io_uring(const struct digest_facts *facts, FILE *out)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);
	struct section section = {0};

	for (size_t i = 0; i < count; i++) {
		BUF_AUTO text = {0};

		if (traits_put_io_uring(&groups[i]->traits, &text))
			section_add(&section, groups[i]->title, buf_str(&text));
	}
	section_write(&section, "io_uring", facts, out);
}

/* Of what came since the last report alone, nothing can be said about runs. */
static void write_runs(const struct digest_facts *facts, FILE *out)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);
	struct section section = {0};

	for (size_t i = 0; i < count && !facts->mark; i++) {
		BUF_AUTO text = {0};

		if (runs_put(&groups[i]->runs, &text))
			section_add(&section, groups[i]->title, buf_str(&text));
	}
	section_write(&section, "How much was seen", facts, out);
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
	write_unknown(facts, out);
	write_drift(facts, model, out);
	write_io_uring(facts, out);
	write_runs(facts, out);
	write_evidence(facts, out);
	write_next(model, out);
}
