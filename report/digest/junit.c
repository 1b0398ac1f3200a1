#include "report/digest/write_private.h"

#include <inttypes.h>

enum result {
	RESULT_PASSED,
	RESULT_FAILED,
	RESULT_SKIPPED,
};

/* A workload that would break, or was refused something where no profile is asked about, fails; one
 * that cannot be judged is skipped. */
static enum result result_of(const json_t *group, bool judged)
{
	if (!judged)
		return json_array_size(model_list(group, "refused")) ? RESULT_FAILED
								     : RESULT_PASSED;
	if (json_array_size(model_list(group, "missing")) ||
	    strcmp(model_text(group, "status"), "breaking") == 0)
		return RESULT_FAILED;
	return strcmp(model_text(group, "status"), "unknown") == 0 ? RESULT_SKIPPED : RESULT_PASSED;
}

static void put_case(struct buf *buf, const json_t *group, enum result result, bool judged)
{
	BUF_AUTO calls = {0};

	buf_put_str(buf, STR("    <testcase classname=\"sclog\" name=\""));
	write_put_xml(buf, str_from(model_text(group, "title")));
	if (result == RESULT_PASSED) {
		buf_put_str(buf, STR("\"/>\n"));
		return;
	}
	buf_put_str(buf, STR("\">\n"));
	if (result == RESULT_SKIPPED) {
		buf_put_str(buf, STR("      <skipped message=\"cannot tell\"/>\n"));
	} else {
		write_put_calls(&calls, model_list(group, judged ? "missing" : "refused"), 0,
				SIZE_MAX);
		buf_format(buf, "      <failure type=\"refused\" message=\"%s: ",
			   judged ? "would be refused" : "was refused");
		write_put_xml(buf, buf_str(&calls));
		buf_put_str(buf, STR("\"/>\n"));
	}
	buf_put_str(buf, STR("    </testcase>\n"));
}

/* The evidence is a test too: an answer from incomplete evidence is no pass. */
static enum result put_evidence(struct buf *buf, const json_t *evidence)
{
	const json_t *reasons = model_list(evidence, "reasons");

	if (json_is_true(json_object_get(evidence, "complete"))) {
		buf_put_str(buf, STR("    <testcase classname=\"sclog\" name=\"evidence\"/>\n"));
		return RESULT_PASSED;
	}
	buf_put_str(buf, STR("    <testcase classname=\"sclog\" name=\"evidence\">\n"
			     "      <skipped message=\"incomplete\"/>\n      <system-out>"));
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		write_put_xml(buf, str_from(json_string_value(json_array_get(reasons, i))));
		buf_put_char(buf, '\n');
	}
	buf_put_str(buf, STR("</system-out>\n    </testcase>\n"));
	return RESULT_SKIPPED;
}

void digest_write_junit(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	bool judged = facts->diff != NULL;
	size_t results[RESULT_SKIPPED + 1] = {0};
	BUF_AUTO cases = {0}, name = {0}, counts = {0};

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		enum result result = result_of(group, judged);

		results[result]++;
		put_case(&cases, group, result, judged);
	}
	results[put_evidence(&cases, json_object_get(model, "evidence"))]++;
	write_put_xml(&name,
		      judged ? str_from(model_text(json_object_get(model, "profile"), "source"))
			     : STR("seccomp"));
	buf_format(&counts, "tests=\"%zu\" failures=\"%zu\" errors=\"0\"",
		   results[RESULT_PASSED] + results[RESULT_FAILED] + results[RESULT_SKIPPED],
		   results[RESULT_FAILED]);
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n"
		"  <testsuite name=\"%s\" %s skipped=\"%zu\" timestamp=\"%.19s\">\n%s"
		"  </testsuite>\n</testsuites>\n",
		counts.p, name.n ? name.p : "", counts.p, results[RESULT_SKIPPED],
		model_text(model, "generated"), cases.p);
}
