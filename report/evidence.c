#include "report/evidence.h"

#include "base/mem.h"
#include "base/texts.h"
#include "report/json.h"
#include "report/text.h"

#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdlib.h>

/* Nodes that a sentence names before it only says how many more there are. */
#define NAMED_NODES_MAX 5

void evidence_release(struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->reason_count; i++) {
		buf_release(&evidence->reasons[i].text);
		buf_release(&evidence->reasons[i].node);
	}
	for (size_t i = 0; i < evidence->beyond_count; i++)
		buf_release(&evidence->beyond[i].container);
	free(evidence->beyond);
	free(evidence->reasons);
	json_decref(evidence->acknowledged);
	*evidence = (struct evidence){0};
}

static void add_beyond(struct evidence *evidence, const struct observation *observation)
{
	struct str name =
		observation->container_row ? observation->container.name : STR("no container");
	size_t i = 0;

	while (i < evidence->beyond_count && !str_eq(buf_str(&evidence->beyond[i].container), name))
		i++;
	if (i == EVIDENCE_BEYOND_MAX)
		i--;
	if (i == evidence->beyond_count) {
		evidence->beyond =
			mem_resize(evidence->beyond, (i + 1) * sizeof(*evidence->beyond));
		evidence->beyond[evidence->beyond_count++] = (struct evidence_beyond){.count = 0};
		buf_put_str(&evidence->beyond[i].container, name);
	}
	evidence->beyond[i].count += observation->count;
	evidence->beyond[i].without_arch += observation->has_arch ? 0 : observation->count;
}

void evidence_add_observation(struct evidence *evidence, const struct observation *observation)
{
	if (observation->has_arch)
		evidence->records += observation->count;
	else
		evidence->without_arch += observation->count;
	if (observation_is_beyond(observation))
		add_beyond(evidence, observation);
	if (observation->trust == TRUST_TEXT)
		evidence->forgeable += observation->count;
}

/* The one that was added; NULL where there are too many. */
static struct evidence_reason *add_reason(struct evidence *evidence, struct str sentence)
{
	evidence->incomplete = true;
	if (evidence->reason_count == EVIDENCE_REASONS_MAX) {
		evidence->reasons_unlisted++;
		return NULL;
	}
	evidence->reasons =
		mem_more(evidence->reasons, evidence->reason_count, sizeof(*evidence->reasons));
	struct evidence_reason *reason = &evidence->reasons[evidence->reason_count++];

	*reason = (struct evidence_reason){.what = NULL};
	buf_put_str(&reason->text, sentence);
	return reason;
}

static json_t *entry_json(const char *id, struct str text)
{
	json_t *entry = json_object();

	json_object_set_new(entry, "id", json_string(id));
	json_object_set_new(entry, "text", json_from_str(text));
	return entry;
}

static void add_acknowledged(struct evidence *evidence, const struct loss *loss)
{
	json_t *entry = entry_json(loss->id, loss->text);

	json_object_set_new(entry, "reason", json_from_str(loss->reason));
	if (!evidence->acknowledged)
		evidence->acknowledged = json_array();
	json_array_append_new(evidence->acknowledged, entry);
}

void evidence_add_loss(struct evidence *evidence, const struct loss *loss)
{
	if (loss->known && loss->count == 0)
		return;
	if (loss->reason.n) {
		add_acknowledged(evidence, loss);
		return;
	}
	if (loss->known)
		evidence->lost += loss->count;
	struct evidence_reason *reason = add_reason(evidence, loss->text);

	if (!reason)
		return;
	memcpy(reason->id, loss->id, sizeof(reason->id));
	reason->what = loss->what;
	reason->count = loss->count;
	buf_put_str(&reason->node, loss->node);
}

void evidence_add_reason(struct evidence *evidence, const char *format, ...)
{
	char *sentence = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&sentence, format, args);
	va_end(args);
	if (n < 0)
		mem_fail("a reason");
	add_reason(evidence, str_of(sentence, (size_t)n));
	free(sentence);
}

const char *evidence_of_coverage(enum coverage coverage)
{
	static const char *const sentences[] = {
		[COVERAGE_UNKNOWN] = "it is not known what the active profile logged",
		[COVERAGE_NONE] = "an enforcing profile was active, and refusals are not "
				  "logged",
		[COVERAGE_PARTIAL] = "a log-mode profile was active: it logs only what its "
				     "base refuses",
		[COVERAGE_FULL] = "the active profile logs everything",
	};

	return sentences[coverage];
}

bool evidence_is_kill(uint32_t code)
{
	return code == SECCOMP_RET_KILL_PROCESS || code == SECCOMP_RET_KILL_THREAD;
}

static void conclude_beyond(struct evidence *evidence, const struct evidence_beyond *beyond,
			    uint64_t *without_arch)
{
	*without_arch -= beyond->without_arch;
	if (beyond->without_arch)
		evidence_add_reason(evidence,
				    "%" PRIu64 " records of %.*s exceed the store's limit of "
				    "different calls per hour: their syscalls are unknown",
				    beyond->without_arch, (int)beyond->container.n,
				    beyond->container.p);
	if (beyond->count > beyond->without_arch)
		evidence_add_reason(evidence,
				    "%" PRIu64 " records of %.*s exceed the store's limit of "
				    "different calls per hour: their programs are unknown",
				    beyond->count - beyond->without_arch, (int)beyond->container.n,
				    beyond->container.p);
}

void evidence_conclude(struct evidence *evidence)
{
	uint64_t without_arch = evidence->without_arch;

	if (evidence->records + evidence->without_arch == 0)
		evidence_add_reason(evidence, "no records in this selection");
	for (size_t i = 0; i < evidence->beyond_count; i++)
		conclude_beyond(evidence, &evidence->beyond[i], &without_arch);
	if (without_arch)
		evidence_add_reason(evidence, "%" PRIu64 " %s no architecture: not checked",
				    without_arch,
				    without_arch == 1 ? "record has" : "records have");
}

void evidence_put(struct buf *buf, const struct evidence *evidence)
{
	buf_format(buf, "evidence %s: %" PRIu64 " record%s checked",
		   evidence->incomplete ? "incomplete" : "complete", evidence->records,
		   evidence->records == 1 ? "" : "s");
	if (evidence->forgeable)
		buf_format(buf, " (%" PRIu64 " could be forged)", evidence->forgeable);
	if (evidence->lost)
		buf_format(buf, ", %" PRIu64 " known lost", evidence->lost);
	else
		buf_put_str(buf, STR(", no known loss"));
}

static void put_entries(const struct evidence *evidence, json_t *object)
{
	json_t *entries = json_array();

	for (size_t i = 0; i < evidence->reason_count; i++)
		if (evidence->reasons[i].id[0])
			json_array_append_new(entries,
					      entry_json(evidence->reasons[i].id,
							 buf_str(&evidence->reasons[i].text)));
	json_object_set_new(object, "entries", entries);
	json_object_set_new(object, "acknowledged",
			    evidence->acknowledged ? json_deep_copy(evidence->acknowledged)
						   : json_array());
}

json_t *evidence_acknowledged_texts(const struct evidence *evidence)
{
	json_t *list = json_array(), *entry;
	size_t i;

	json_array_foreach(evidence->acknowledged, i, entry)
		json_array_append_new(
			list, json_sprintf("%s (acknowledged: %s)",
					   json_string_value(json_object_get(entry, "text")),
					   json_string_value(json_object_get(entry, "reason"))));
	return list;
}

static void append_unlisted(json_t *list, const struct evidence *evidence)
{
	if (evidence->reasons_unlisted)
		json_array_append_new(list, json_sprintf("%zu more reasons, not listed",
							 evidence->reasons_unlisted));
}

static bool is_same_loss(const struct evidence_reason *a, const struct evidence_reason *b)
{
	return a->what && b->what && strcmp(a->what, b->what) == 0;
}

/* The loss of all nodes that have it, in one sentence; false, and nothing, where only one node has. */
static bool put_nodes(struct buf *sentence, const struct evidence *evidence,
		      const struct evidence_reason *loss)
{
	struct texts nodes = {0};
	uint64_t count = 0;

	for (size_t i = 0; i < evidence->reason_count; i++) {
		if (!is_same_loss(loss, &evidence->reasons[i]))
			continue;
		count += evidence->reasons[i].count;
		texts_add(&nodes, buf_str(&evidence->reasons[i].node));
	}
	texts_sort(&nodes);
	for (size_t i = 0; nodes.count > 1 && i < nodes.count && i < NAMED_NODES_MAX; i++)
		buf_format(sentence, "%s%s", i ? ", " : "nodes ", nodes.all[i]);
	if (nodes.count > NAMED_NODES_MAX)
		buf_format(sentence, " and %zu more", nodes.count - NAMED_NODES_MAX);
	if (sentence->n)
		buf_put_str(sentence, STR(": "));
	if (sentence->n)
		query_put_loss(sentence, count, loss->what);
	texts_release(&nodes);
	return sentence->n > 0;
}

static bool is_repeated(const struct evidence *evidence, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_same_loss(&evidence->reasons[i], &evidence->reasons[index]))
			return true;
	return false;
}

json_t *evidence_sentences(const struct evidence *evidence)
{
	json_t *list = json_array();

	for (size_t i = 0; i < evidence->reason_count; i++) {
		const struct evidence_reason *reason = &evidence->reasons[i];
		BUF_AUTO sentence = {0};

		if (evidence->shows_ids && reason->id[0])
			buf_format(&sentence, "[%s] ", reason->id);
		if (evidence->shows_ids || !put_nodes(&sentence, evidence, reason))
			buf_put_str(&sentence, buf_str(&reason->text));
		else if (is_repeated(evidence, i))
			continue;
		json_array_append_new(list, json_from_str(buf_str(&sentence)));
	}
	append_unlisted(list, evidence);
	return list;
}

void evidence_write_sentences(const struct evidence *evidence, size_t columns, FILE *out)
{
	size_t acknowledged = json_array_size(evidence->acknowledged);
	json_t *sentences = evidence_sentences(evidence);

	for (size_t i = 0; i < json_array_size(sentences); i++) {
		BUF_AUTO safe = {0}, wrapped = {0};

		text_put_sentence(&safe, str_from(json_string_value(json_array_get(sentences, i))));
		text_wrap(&wrapped, buf_str(&safe), 2, columns ? columns : SIZE_MAX);
		fputs(wrapped.p ? wrapped.p : "", out);
	}
	json_decref(sentences);
	if (acknowledged)
		fprintf(out, "  %zu acknowledged entr%s not shown (--format json lists %s)\n",
			acknowledged, acknowledged == 1 ? "y" : "ies",
			acknowledged == 1 ? "it" : "them");
}

json_t *evidence_json(const struct evidence *evidence)
{
	json_t *object = json_object(), *reasons = json_array();

	for (size_t i = 0; i < evidence->reason_count; i++)
		json_array_append_new(reasons, json_from_str(buf_str(&evidence->reasons[i].text)));
	append_unlisted(reasons, evidence);
	json_object_set_new(object, "complete", json_boolean(!evidence->incomplete));
	json_object_set_new(object, "records", json_from_count(evidence->records));
	json_object_set_new(object, "lost", json_from_count(evidence->lost));
	json_object_set_new(object, "forgeable", json_from_count(evidence->forgeable));
	json_object_set_new(object, "reasons", reasons);
	put_entries(evidence, object);
	return object;
}
