#include "report/digest/write_private.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "ingest/arch.h"
#include "report/diff_private.h"
#include "report/json.h"
#include "report/text.h"

#include <inttypes.h>

static const struct writer {
	const char *name;
	bool detailed; /* it shows new calls, and how much was seen */
	bool with_new; /* its model has the new calls; html and json fill in those of one group at a time */
	void (*write)(const struct digest_facts *facts, const json_t *model, FILE *out);
} writers[] = {
#define WRITER_ROW(word, detailed, with_new) {#word, detailed, with_new, digest_write_##word},
	DIGEST_FORMATS(WRITER_ROW)};

static const struct writer *writer_of(const char *format)
{
	for (size_t i = 0; format && i < sizeof(writers) / sizeof(*writers); i++)
		if (strcmp(writers[i].name, format) == 0)
			return &writers[i];
	return &writers[0];
}

bool digest_is_detailed(const char *format)
{
	return writer_of(format)->detailed;
}

int digest_write(const struct digest_facts *facts, const char *format, FILE *out)
{
	const struct writer *writer = writer_of(format);
	json_t *model = digest_model(facts, writer->with_new);

	writer->write(facts, model, out);
	json_decref(model);
	return format_written(out);
}

/* A line for each group, and freed after it. */
static void write_groups(const struct digest_facts *facts, const json_t *groups, FILE *out)
{
	size_t count;
	MEM_AUTO struct model_group *all = model_groups(facts, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *group = json_array_get(groups, i);

		model_fill(group, &all[i]);
		fputs(i ? ",\n" : "[\n", out);
		json_put(json_incref(group), false, out);
		json_object_clear(group);
	}
	fputs(count ? "]" : "[]", out);
}

/* A line for each member. */
void digest_write_json(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const char *key, *before = "{";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)model, key, value) {
		fprintf(out, "%s\"%s\":", before, key);
		if (strcmp(key, "groups") == 0)
			write_groups(facts, value, out);
		else
			json_put(json_incref(value), false, out);
		before = ",\n";
	}
	fputs("}\n", out);
}

bool digest_speaks(const struct digest_facts *facts)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);

	if (facts->evidence->incomplete || (facts->diff && diff_has_differences(facts->diff)) ||
	    (facts->drift && drift_is_seen(facts->drift)))
		return true;
	for (size_t i = 0; i < count; i++)
		if (groups[i]->new_count || groups[i]->refused_count)
			return true;
	return false;
}

struct digest_counts write_counts(const struct digest_facts *facts, bool of_workloads)
{
	struct digest_counts counts = {.groups = 0};
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);

	for (size_t i = 0; i < count; i++) {
		if (group_key_is_workload(&groups[i]->key) != of_workloads)
			continue;
		counts.groups += facts->diff == NULL;
		counts.with_new += groups[i]->new_count > 0;
		counts.with_refused += groups[i]->refused_count > 0;
		counts.records += groups[i]->records;
	}
	for (size_t i = 0; facts->diff && i < facts->diff->group_count; i++) {
		const struct diff_group *group = facts->diff->groups[i];

		if (group_key_is_workload(&group->key) != of_workloads)
			continue;
		counts.groups++;
		counts.statuses[diff_group_status(facts->diff, group)]++;
	}
	return counts;
}

/* Of what is in no container, the worst. */
static const char *status_outside(const struct digest_counts *outside)
{
	return outside->statuses[DIFF_BREAKING]  ? "would break"
	       : outside->statuses[DIFF_UNKNOWN] ? "cannot tell"
						 : "ready";
}

void write_put_summary(struct buf *buf, const struct digest_facts *facts)
{
	const struct digest_counts counts = write_counts(facts, true),
				   outside = write_counts(facts, false);
	const char *noun = group_by_noun(facts->by), *plural = counts.groups == 1 ? "" : "s";

	if (!counts.groups)
		buf_format(buf, "no %s seen", noun);
	else if (!facts->diff && digest_knows_before(facts->digest))
		buf_format(buf, "%zu %s%s seen, %zu with new calls, %zu with refused calls",
			   counts.groups, noun, plural, counts.with_new, counts.with_refused);
	else if (!facts->diff)
		buf_format(buf, "%zu %s%s seen, %zu with refused calls", counts.groups, noun,
			   plural, counts.with_refused);
	else
		buf_format(buf, "%zu of %zu %s%s would break, %zu ready, %zu cannot tell",
			   counts.statuses[DIFF_BREAKING], counts.groups, noun, plural,
			   counts.statuses[DIFF_READY], counts.statuses[DIFF_UNKNOWN]);
	if (!outside.groups)
		return;
	buf_format(buf, "; outside containers: %" PRIu64 " record%s%s%s", outside.records,
		   outside.records == 1 ? "" : "s", outside.with_new ? ", new calls" : "",
		   outside.with_refused ? ", refused calls" : "");
	if (facts->diff)
		buf_format(buf, ", %s", status_outside(&outside));
}

/* Groups named before a sentence about which nothing has to be done. */
#define SEEN_NAMES_MAX 20

static void remark_on_unknown(const struct digest_facts *facts, struct sentences *sentences)
{
	for (size_t i = 0; facts->diff && i < facts->diff->group_count; i++) {
		const struct diff_group *group = facts->diff->groups[i];
		BUF_AUTO title = {0}, doubt = {0};

		if (diff_group_status(facts->diff, group) != DIFF_UNKNOWN)
			continue;
		group_key_put_name(&title, &group->key);
		diff_put_doubt(&doubt, facts->diff, group);
		sentences_add(sentences, buf_str(&title), buf_str(&doubt));
	}
}

void write_each_remark(const struct digest_facts *facts, sentence_fn *each, void *context)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);
	struct sentences unknown = {.names_max = GROUPS_MAX}, io_uring = unknown;
	struct sentences runs = {.names_max = SEEN_NAMES_MAX,
				 .groups = write_counts(facts, false).groups ? 0 : count,
				 .noun = group_by_noun(facts->by)};

	remark_on_unknown(facts, &unknown);
	for (size_t i = 0; i < count; i++) {
		struct str title = str_from(groups[i]->title);
		BUF_AUTO ring = {0}, seen = {0};

		if (traits_put_io_uring(&groups[i]->traits, &ring))
			sentences_add(&io_uring, title, buf_str(&ring));
		/* of what came since the last report alone, nothing can be said about runs */
		if (!facts->mark && runs_put(&groups[i]->runs, &seen))
			sentences_add(&runs, title, buf_str(&seen));
	}
	sentences_end(&unknown, "Cannot tell", each, context);
	sentences_end(&io_uring, "io_uring", each, context);
	sentences_end(&runs, "How much was seen", each, context);
}

static bool is_same_call(const json_t *a, const json_t *b)
{
	return strcmp(model_text(a, "syscall"), model_text(b, "syscall")) == 0 &&
	       strcmp(model_text(a, "arch"), model_text(b, "arch")) == 0;
}

size_t write_put_calls(struct buf *buf, const json_t *calls, size_t first, size_t end)
{
	const char *native = arch_name(arch_native());
	size_t names = 0;

	for (size_t i = 0; i < json_array_size(calls); i++) {
		const json_t *call = json_array_get(calls, i);
		uint64_t count = model_count(call, "count");

		if (i > 0 && is_same_call(json_array_get(calls, i - 1), call))
			continue;
		for (size_t j = i + 1;
		     j < json_array_size(calls) && is_same_call(json_array_get(calls, j), call);
		     j++)
			count += model_count(json_array_get(calls, j), "count");
		if (names++ < first || names > end)
			continue;
		buf_format(buf, "%s%s", names - 1 > first ? ", " : "", model_text(call, "syscall"));
		if (native && *model_text(call, "arch") &&
		    strcmp(model_text(call, "arch"), native) != 0)
			buf_format(buf, " on %s", model_text(call, "arch"));
		buf_format(buf, " (%" PRIu64 "x)", count);
	}
	return names;
}

void write_put_first_calls(struct buf *buf, const json_t *calls)
{
	size_t names = write_put_calls(buf, calls, 0, FIRST_CALLS);

	if (names > FIRST_CALLS)
		buf_format(buf, " and %zu more", names - FIRST_CALLS);
}

void write_put_version(struct buf *buf, const json_t *version)
{
	struct str text = str_from(model_text(version, "version"));

	if (text.n == 0)
		buf_put_str(buf, STR("(no tag)"));
	else
		text_put(buf, text_known_image(text));
}

void write_put_doubt(struct buf *buf, const json_t *change)
{
	const char *from = model_text(json_object_get(change, "from"), "coverage");
	const char *to = model_text(json_object_get(change, "to"), "coverage");

	if (strcmp(from, "full") != 0)
		buf_format(buf, "coverage %s before: a call that came may not be new", from);
	if (strcmp(to, "full") != 0)
		buf_format(buf, "%scoverage %s now: a call that went may still be made",
			   buf->n ? "; " : "", to);
}

uint64_t write_without_image(const json_t *model)
{
	return model_count(json_object_get(model, "drift"), "records_without_image");
}

struct str write_time(const json_t *object, const char *key)
{
	struct str text = str_from(model_text(object, key));

	return str_of(text.p, str_chr(text, '.'));
}

static void put_time(struct buf *buf, const char *word, struct str time)
{
	if (time.n == 0)
		return;
	buf_format(buf, "%s%s ", buf->n ? " " : "", word);
	buf_put_str(buf, time);
	if (time.p[time.n - 1] != 'Z')
		buf_put_char(buf, 'Z');
}

void write_put_window(struct buf *buf, const json_t *model)
{
	const json_t *window = json_object_get(model, "window");
	BUF_AUTO text = {0};

	put_time(&text, "from", write_time(window, "since"));
	put_time(&text, text.n ? "to" : "up to",
		 *model_text(window, "until") ? write_time(window, "until")
					      : write_time(model, "generated"));
	buf_put_str(buf, buf_str(&text));
}

static void put_xml_byte(struct buf *buf, char c)
{
	switch (c) {
	case '<':
		buf_put_str(buf, STR("&lt;"));
		break;
	case '>':
		buf_put_str(buf, STR("&gt;"));
		break;
	case '&':
		buf_put_str(buf, STR("&amp;"));
		break;
	case '"':
		buf_put_str(buf, STR("&quot;"));
		break;
	case '\'':
		buf_put_str(buf, STR("&#39;"));
		break;
	default:
		buf_put_char(buf, c);
	}
}

/* Text that text_put() made safe holds none of what XML 1.0 cannot; what did not go through it is
 * made so here. */
void write_put_xml(struct buf *buf, struct str text)
{
	BUF_AUTO safe = {0};

	text_put_sentence(&safe, text);
	for (size_t i = 0; i < safe.n; i++)
		put_xml_byte(buf, safe.p[i]);
}
