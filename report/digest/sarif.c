#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "report/digest/write_private.h"

#include "ingest/arch.h"
#include "profile/source.h"
#include "report/diff_private.h"
#include "report/json.h"

#include <inttypes.h>

/*
 * SARIF 2.1.0 (OASIS): a result for each call of a workload that the profile would refuse or only
 * log, where the profile's file decides that.
 */
static const struct kind {
	const char *id;
	enum finding_kind kind;
	const char *level, *text, *verb;
} kinds[] = {
	{"refused-syscall", FINDING_MISSING, "error",
	 "A syscall that was observed would be refused.", "would be refused"},
	{"logged-syscall", FINDING_LOGGED, "note",
	 "A syscall that was observed would only be logged.", "would be logged"},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static json_t *rules_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < KINDS; i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:{s:s},s:{s:s}}", "id", kinds[i].id,
						"shortDescription", "text", kinds[i].text,
						"defaultConfiguration", "level", kinds[i].level));
	return list;
}

/* RFC 3986: what is not unreserved, and no slash, is percent-encoded. */
static json_t *uri_json(const char *path)
{
	BUF_AUTO uri = {0};

	if (*path == '/')
		buf_put_str(&uri, STR("file://"));
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr("-._~/", c))
			buf_put_char(&uri, (char)c);
		else
			buf_format(&uri, "%%%02X", c);
	}
	return json_from_str(buf_str(&uri));
}

static json_t *region_json(const struct passage *passage)
{
	return json_pack("{s:i,s:i,s:i,s:i}", "startLine", (int)passage->line, "startColumn",
			 (int)passage->column, "endLine", (int)passage->end_line, "endColumn",
			 (int)passage->end_column);
}

/* A named profile and that of a container or a process are in no file. */
static json_t *location_json(const struct digest_facts *facts, const struct finding *finding)
{
	const char *source = facts->profile.source;
	char name[SYSCALL_NAME_SIZE];
	struct passage passage;
	json_t *place;

	if (profile_source_is_word(source) || strcmp(source, "-") == 0)
		return json_pack("{s:[{s:o,s:s}]}", "logicalLocations", "fullyQualifiedName",
				 json_from_str(str_from(profile_source_label(source))), "kind",
				 "resource");
	place = json_pack("{s:{s:o}}", "artifactLocation", "uri", uri_json(source));
	syscall_name(finding->arch, finding->nr, name);
	if (profile_passage(facts->judge, name, &finding->verdict, &passage))
		json_object_set_new(place, "region", region_json(&passage));
	return json_pack("{s:o}", "physicalLocation", place);
}

static json_t *message_json(const struct kind *kind, struct str title,
			    const struct finding *finding)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	BUF_AUTO text = {0};

	syscall_name(finding->arch, finding->nr, name);
	text_put_sentence(&text, title);
	buf_format(&text, ": %s on %s (%" PRIu64 "x) %s: ", name,
		   format_arch(finding->arch, finding->nr, arch), finding->count, kind->verb);
	finding_put_action(&text, &finding->verdict);
	return json_pack("{s:o}", "text", json_from_str(buf_str(&text)));
}

static json_t *fingerprint_json(struct str title, const struct finding *finding)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	BUF_AUTO text = {0};

	syscall_name(finding->arch, finding->nr, name);
	buf_put_str(&text, title);
	buf_format(&text, "/%s/%s", format_arch(finding->arch, finding->nr, arch), name);
	return json_pack("{s:o}", "workloadCall/v1", json_from_str(buf_str(&text)));
}

static void put_results(json_t *results, const struct digest_facts *facts,
			const struct diff_group *group, size_t index)
{
	const struct kind *kind = &kinds[index];
	BUF_AUTO title = {0};

	group_key_put_name(&title, &group->key);
	for (size_t i = 0; i < group->finding_count; i++) {
		const struct finding *finding = group->findings[i];
		json_t *result;

		if (finding->kind != kind->kind)
			continue;
		result = json_pack("{s:s,s:i,s:s}", "ruleId", kind->id, "ruleIndex", (int)index,
				   "level", kind->level);
		json_object_set_new(result, "message",
				    message_json(kind, buf_str(&title), finding));
		json_object_set_new(result, "locations",
				    json_pack("[o]", location_json(facts, finding)));
		json_object_set_new(result, "partialFingerprints",
				    fingerprint_json(buf_str(&title), finding));
		json_array_append_new(results, result);
	}
}

/* The reasons why the evidence is incomplete, where SARIF wants what hampered the analysis (3.20.21). */
static json_t *invocation_json(const json_t *evidence)
{
	const json_t *reasons = model_list(evidence, "reasons");
	json_t *notifications = json_array();

	for (size_t i = 0; i < json_array_size(reasons); i++)
		json_array_append_new(notifications,
				      json_pack("{s:s,s:{s:O}}", "level", "warning", "message",
						"text", json_array_get(reasons, i)));
	return json_pack("{s:b,s:o}", "executionSuccessful", 1, "toolExecutionNotifications",
			 notifications);
}

void digest_write_sarif(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	json_t *results = json_array(),
	       *invocation = invocation_json(json_object_get(model, "evidence"));

	for (size_t i = 0; facts->diff && i < facts->diff->group_count; i++)
		for (size_t rule = 0; rule < KINDS; rule++)
			put_results(results, facts, facts->diff->groups[i], rule);
	json_t *driver = json_pack("{s:s,s:s,s:o}", "name", "sclog", "version", PACKAGE_VERSION,
				   "rules", rules_json());
	json_t *run = json_pack("{s:{s:o},s:[o],s:s,s:o}", "tool", "driver", driver, "invocations",
				invocation, "columnKind", "unicodeCodePoints", "results", results);

	json_write(json_pack("{s:s,s:s,s:[o]}", "$schema",
			     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
			     "runs", run),
		   true, out);
}
