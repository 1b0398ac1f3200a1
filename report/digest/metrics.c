#include "report/digest/metrics.h"
#include "report/digest/write_private.h"

#include "ingest/arch.h"

#include <inttypes.h>

/* Lines of sclog_events_total; a program can make up any number of calls. What is over is counted
 * with syscall="other", one line a group. */
#define EVENTS_MAX 20000

/* The text format escapes three characters in a label's value; the rest is UTF-8. */
void metrics_put_label(struct buf *labels, const char *name, struct str value)
{
	buf_format(labels, "%s%s=\"", labels->n ? "," : "", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			buf_put_char(labels, '\\');
		if (value.p[i] == '\n')
			buf_put_str(labels, STR("\\n"));
		else
			buf_put_char(labels, value.p[i]);
	}
	buf_put_char(labels, '"');
}

void metrics_put_head(FILE *out, const char *metric, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void put_label(struct buf *labels, const char *name, const char *value)
{
	metrics_put_label(labels, name, str_from(value));
}

/* The parts of a group's key, but for a container's id, of which there is no end. */
static void put_key(struct buf *labels, const json_t *key)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)key, name, value)
		if (strcmp(name, "id") != 0)
			put_label(labels, name,
				  json_is_string(value) ? json_string_value(value) : "");
}

static void write_sample(FILE *out, const char *metric, const struct buf *labels, uint64_t value)
{
	if (labels && labels->n)
		fprintf(out, "%s{%s} %" PRIu64 "\n", metric, labels->p, value);
	else
		fprintf(out, "%s %" PRIu64 "\n", metric, value);
}

static void write_events_of(const struct digest_group *group, size_t *written, FILE *out)
{
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];
	json_t *key = group_key_json(&group->key);
	uint64_t other = group->calls_cut;
	BUF_AUTO labels = {0};
	size_t own;

	put_key(&labels, key);
	json_decref(key);
	own = labels.n;
	for (size_t i = 0; i < group->call_count; i++) {
		const struct digest_call *call = &group->calls[i];

		if (!call->is_observed || (*written)++ >= EVENTS_MAX) {
			other += call->count;
			continue;
		}
		labels.n = own;
		syscall_name(call->arch, call->nr, name);
		put_label(&labels, "syscall", name);
		put_label(&labels, "arch",
			  call->has_arch ? format_arch(call->arch, call->nr, text) : "");
		put_label(&labels, "action", format_action(call->code, text));
		write_sample(out, "sclog_events_total", &labels, call->count);
	}
	labels.n = own;
	put_label(&labels, "syscall", "other");
	put_label(&labels, "arch", "");
	put_label(&labels, "action", "");
	if (other)
		write_sample(out, "sclog_events_total", &labels, other);
}

static void write_events(const struct digest_facts *facts, FILE *out)
{
	size_t count, written = 0;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);

	metrics_put_head(out, "sclog_events_total", "counter",
			 "Seccomp records, by syscall and action.");
	for (size_t i = 0; i < count; i++)
		write_events_of(groups[i], &written, out);
}

/* A gauge of how long a list of each group is. */
static void write_lengths(const json_t *model, const char *list, const char *metric,
			  const char *help, FILE *out)
{
	const json_t *groups = model_list(model, "groups");

	metrics_put_head(out, metric, "gauge", help);
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i), *members = model_list(group, list);
		BUF_AUTO labels = {0};

		if (!members || strcmp(model_text(json_object_get(group, "key"), "attribution"),
				       "unattributed") == 0)
			continue;
		put_key(&labels, json_object_get(group, "key"));
		write_sample(out, metric, &labels, json_array_size(members));
	}
}

static void write_last(const struct digest_facts *facts, FILE *out)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);

	metrics_put_head(out, "sclog_last_record_timestamp_seconds", "gauge",
			 "Time of the latest record.");
	for (size_t i = 0; i < count; i++) {
		json_t *key = group_key_json(&groups[i]->key);
		BUF_AUTO labels = {0};

		put_key(&labels, key);
		json_decref(key);
		fprintf(out, "sclog_last_record_timestamp_seconds{%s} %" PRId64 ".%03" PRId64 "\n",
			labels.n ? labels.p : "", groups[i]->last_ms / 1000,
			groups[i]->last_ms % 1000);
	}
}

static void write_lag(const struct share_lag *lag, FILE *out)
{
	if (!lag->any)
		return;
	metrics_put_head(out, "sclog_push_timestamp_seconds", "gauge",
			 "Time of the last push to the fleet's database.");
	fprintf(out, "sclog_push_timestamp_seconds %" PRId64 ".%03" PRId64 "\n",
		lag->pushed_ms / 1000, lag->pushed_ms % 1000);
	metrics_put_head(out, "sclog_push_pending_rows", "gauge",
			 "Rows that were not yet pushed to the fleet's database.");
	write_sample(out, "sclog_push_pending_rows", NULL, lag->rows);
}

void digest_write_prometheus(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *evidence = json_object_get(model, "evidence");

	write_events(facts, out);
	if (facts->diff) {
		write_lengths(model, "missing", "sclog_missing_syscalls",
			      "Observed syscalls that the profile would refuse.", out);
		write_lengths(
			model, "blind", "sclog_blind_syscalls",
			"Syscalls that the profile would refuse and the active one does not log.",
			out);
	}
	metrics_put_head(out, "sclog_records_lost_total", "counter", "Records known to be lost.");
	write_sample(out, "sclog_records_lost_total", NULL, model_count(evidence, "lost"));
	metrics_put_head(out, "sclog_evidence_complete", "gauge",
			 "1 if no record is known to be missing, else 0.");
	write_sample(out, "sclog_evidence_complete", NULL,
		     json_is_true(json_object_get(evidence, "complete")));
	write_last(facts, out);
	write_lag(&facts->lag, out);
}
