#include "report/digest/write_private.h"

#include "report/text.h"

#include <inttypes.h>

/* Groups that a section names; of further ones the number is told. */
#define GROUPS_MAX 200

/* What of a group a section lists, and how a line of it begins. */
struct section {
	const char *title; /* above the section */
	const char *list;  /* the member of the model's groups */
	const char *word;  /* after the group's name */
};

static const struct section sections[] = {
	{"Would break", "missing", "would be refused"},
	{"Only logged by the profile", "logged", "would be logged"},
	{"Refused as it ran", "refused", "was refused"},
	{"New calls", "new", "new"},
};

static void write_group(const json_t *group, const struct section *section,
			const struct digest_facts *facts, FILE *out)
{
	BUF_AUTO line = {0}, wrapped = {0};

	buf_format(&line, "%s: %s: ", model_text(group, "title"), section->word);
	write_put_calls(&line, model_list(group, section->list));
	text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
	fputs(wrapped.p, out);
}

static void write_section(const struct digest_facts *facts, const json_t *model,
			  const struct section *section, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	size_t shown = 0;

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);

		if (json_array_size(model_list(group, section->list)) == 0 || shown++ >= GROUPS_MAX)
			continue;
		if (shown == 1)
			fprintf(out, "\n%s:\n", section->title);
		write_group(group, section, facts, out);
	}
	if (shown > GROUPS_MAX)
		fprintf(out, "  and %zu more: see --format json\n", shown - GROUPS_MAX);
}

static void write_unknown(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	size_t shown = 0;

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i),
			     *blind = model_list(group, "blind");
		BUF_AUTO line = {0}, wrapped = {0};

		if (strcmp(model_text(group, "status"), "unknown") != 0 || shown++ >= GROUPS_MAX)
			continue;
		if (shown == 1)
			fputs("\nCannot tell:\n", out);
		buf_format(&line, "%s", model_text(group, "title"));
		if (json_array_size(blind))
			buf_format(&line,
				   ": %zu calls that it may make would be refused, and "
				   "the profile in force does not log them",
				   json_array_size(blind));
		text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
		fputs(wrapped.p, out);
	}
	if (shown > GROUPS_MAX)
		fprintf(out, "  and %zu more: see --format json\n", shown - GROUPS_MAX);
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
	size_t count, named = 0;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);
	BUF_AUTO line = {0}, sentence = {0}, wrapped = {0};

	for (size_t i = 0; i < count; i++) {
		if (!groups[i]->traits.io_uring || named++ >= GROUPS_MAX)
			continue;
		if (named == 1)
			traits_put_io_uring(&groups[i]->traits, &sentence);
		buf_format(&line, "%s%s", named > 1 ? ", " : "", groups[i]->title);
	}
	if (named == 0)
		return;
	if (named > GROUPS_MAX)
		buf_format(&line, " and %zu more", named - GROUPS_MAX);
	buf_format(&line, ": %s", sentence.p);
	text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
	fprintf(out, "\nio_uring:\n%s", wrapped.p);
}

/* Of what came since the last report alone, nothing can be said about runs. */
static void write_runs(const struct digest_facts *facts, FILE *out)
{
	size_t count, shown = 0;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);

	for (size_t i = 0; i < count && !facts->mark; i++) {
		BUF_AUTO line = {0}, wrapped = {0};

		buf_format(&line, "%s: ", groups[i]->title);
		if (!runs_put(&groups[i]->runs, &line) || shown++ >= GROUPS_MAX)
			continue;
		if (shown == 1)
			fputs("\nHow much was seen:\n", out);
		text_wrap(&wrapped, buf_str(&line), 2, facts->columns);
		fputs(wrapped.p, out);
	}
	if (shown > GROUPS_MAX)
		fprintf(out, "  and %zu more: see --format json\n", shown - GROUPS_MAX);
}

static void write_evidence(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *evidence = json_object_get(model, "evidence"),
		     *reasons = model_list(evidence, "reasons");
	uint64_t lost = model_count(evidence, "lost");

	uint64_t records = model_count(evidence, "records");

	fprintf(out, "\nEvidence: %" PRIu64 " record%s, ", records, records == 1 ? "" : "s");
	if (lost)
		fprintf(out, "%" PRIu64 " known to be lost\n", lost);
	else
		fprintf(out, "no known loss\n");
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		BUF_AUTO safe = {0}, wrapped = {0};

		text_put_sentence(&safe, str_from(json_string_value(json_array_get(reasons, i))));
		text_wrap(&wrapped, buf_str(&safe), 2, facts->columns);
		fputs(wrapped.p ? wrapped.p : "", out);
	}
}

static void write_next(const json_t *model, FILE *out)
{
	const json_t *next = model_list(model, "next");

	for (size_t i = 0; i < json_array_size(next); i++)
		fprintf(out, "%s%s\n",
			i ? "      " : "\nNext: ", json_string_value(json_array_get(next, i)));
}

void digest_write_text(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *since_last = json_object_get(model, "since_last"),
		     *profile = json_object_get(model, "profile");
	BUF_AUTO head = {0}, summary = {0};

	write_put_window(&head, model);
	fprintf(out, "sclog report %s\n", head.p);
	if (!json_is_null(profile)) {
		BUF_AUTO source = {0};

		text_put_sentence(&source, str_from(model_text(profile, "source")));
		fprintf(out, "profile %s\n", source.p ? source.p : "");
	}
	if (facts->mark)
		fprintf(out, "new since the report `%s` of %s\n", model_text(since_last, "name"),
			facts->has_mark_ms ? model_text(since_last, "at") : "never");
	write_put_summary(&summary, model);
	fprintf(out, "\n%s\n", summary.p);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		write_section(facts, model, &sections[i], out);
	write_unknown(facts, model, out);
	write_drift(facts, model, out);
	write_io_uring(facts, out);
	write_runs(facts, out);
	write_evidence(facts, model, out);
	write_next(model, out);
}
