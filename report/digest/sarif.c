#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "report/digest/write_private.h"

#include "report/json.h"

#include <inttypes.h>

/*
 * SARIF 2.1.0 (OASIS): a result for each call of a workload that the profile would refuse or only
 * log, in the profile's file.
 */
static const struct rule {
	const char *id, *list, *level, *text, *verb;
} rules[] = {
	{"refused-syscall", "missing", "error", "A syscall that was observed would be refused.",
	 "would be refused"},
	{"logged-syscall", "logged", "note", "A syscall that was observed would only be logged.",
	 "would be logged"},
};

#define RULES (sizeof(rules) / sizeof(*rules))

static json_t *rules_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < RULES; i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:{s:s},s:{s:s}}", "id", rules[i].id,
						"shortDescription", "text", rules[i].text,
						"defaultConfiguration", "level", rules[i].level));
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

static json_t *location_json(const char *source)
{
	json_t *place = json_object();

	json_object_set_new(place, "artifactLocation", json_pack("{s:o}", "uri", uri_json(source)));
	/* readers want a line; a verdict knows none */
	json_object_set_new(place, "region", json_pack("{s:i}", "startLine", 1));
	return json_pack("{s:o}", "physicalLocation", place);
}

static json_t *message_json(const struct rule *rule, const json_t *group, const json_t *finding)
{
	const char *action = model_text(finding, "action"), *error = model_text(finding, "errno");

	return json_pack("{s:o}", "text",
			 json_sprintf("%s: %s on %s (%" PRIu64 "x) %s: %s%s%s",
				      model_text(group, "title"), model_text(finding, "syscall"),
				      model_text(finding, "arch"), model_count(finding, "count"),
				      rule->verb, action, *error ? " " : "", error));
}

static void put_results(json_t *results, const json_t *group, size_t index, const char *source)
{
	const struct rule *rule = &rules[index];
	const json_t *findings = model_list(group, rule->list);

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		json_t *result = json_object();

		json_object_set_new(result, "ruleId", json_string(rule->id));
		json_object_set_new(result, "ruleIndex", json_integer((json_int_t)index));
		json_object_set_new(result, "level", json_string(rule->level));
		json_object_set_new(result, "message", message_json(rule, group, finding));
		json_object_set_new(result, "locations", json_pack("[o]", location_json(source)));
		json_object_set_new(result, "partialFingerprints",
				    json_pack("{s:o}", "workloadCall/v1",
					      json_sprintf("%s/%s/%s", model_text(group, "title"),
							   model_text(finding, "arch"),
							   model_text(finding, "syscall"))));
		json_array_append_new(results, result);
	}
}

void digest_write_sarif(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	const char *source = model_text(json_object_get(model, "profile"), "source");
	json_t *results = json_array();

	(void)facts;
	for (size_t i = 0; i < json_array_size(groups); i++)
		for (size_t rule = 0; rule < RULES; rule++)
			put_results(results, json_array_get(groups, i), rule, source);
	json_t *driver = json_pack("{s:s,s:s,s:o}", "name", "sclog", "version", PACKAGE_VERSION,
				   "rules", rules_json());
	json_t *run = json_pack("{s:{s:o},s:s,s:o}", "tool", "driver", driver, "columnKind",
				"unicodeCodePoints", "results", results);

	json_write(json_pack("{s:s,s:s,s:[o]}", "$schema",
			     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
			     "runs", run),
		   true, out);
}
