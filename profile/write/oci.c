#include "profile/write/oci.h"

#include "ingest/arch.h"
#include "profile/write/export.h"
#include "profile/document/resolve.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>

static void put_strings(struct buf *text, const char *member, const struct strings *strings)
{
	if (strings->count == 0)
		return;
	buf_format(text, ",\n  \"%s\": [", member);
	for (size_t i = 0; i < strings->count; i++) {
		buf_put_str(text, i ? STR(", ") : STR(""));
		spelling_put_string(text, strings->all[i]);
	}
	buf_put_char(text, ']');
}

void oci_put_args(struct buf *text, const struct document_arg *args, size_t count)
{
	if (count == 0)
		return;
	buf_put_str(text, STR(", \"args\": ["));
	for (size_t i = 0; i < count; i++) {
		const struct document_arg *arg = &args[i];

		buf_format(text, "%s{\"index\": %u, \"value\": %" PRIu64, i ? ", " : "", arg->index,
			   arg->value);
		if (arg->op == SCMP_CMP_MASKED_EQ)
			buf_format(text, ", \"valueTwo\": %" PRIu64, arg->value_two);
		buf_format(text, ", \"op\": \"%s\"}", spelling_of_operator(arg->op));
	}
	buf_put_char(text, ']');
}

/* One rule of the document: rules[first..end) are its names. */
static size_t put_rule(struct buf *text, const struct rules *rules, size_t first)
{
	const struct rule *rule = &rules->all[first];
	size_t i = first;

	buf_put_str(text, STR("    {\"names\": ["));
	for (; i < rules->count && rules->all[i].document_rule == rule->document_rule; i++) {
		buf_put_str(text, i > first ? STR(", ") : STR(""));
		spelling_put_string(text, rules->all[i].name);
	}
	buf_format(text, "], \"action\": \"%s\"", spelling_of_action(rule->action));
	if (spelling_has_number(rule->action))
		buf_format(text, ", \"errnoRet\": %u", rule->action & SECCOMP_RET_DATA);
	oci_put_args(text, rule->args, rule->arg_count);
	buf_put_char(text, '}');
	return i;
}

static void write_rules(const struct rules *rules, struct buf *text)
{
	buf_format(text, "{\n  \"defaultAction\": \"%s\"",
		   spelling_of_action(rules->default_action));
	if (spelling_has_number(rules->default_action))
		buf_format(text, ",\n  \"defaultErrnoRet\": %u",
			   rules->default_action & SECCOMP_RET_DATA);
	put_strings(text, "architectures", &rules->arches);
	put_strings(text, "flags", &rules->document->flags);
	if (rules->document->listener_path) {
		buf_put_str(text, STR(",\n  \"listenerPath\": "));
		spelling_put_string(text, rules->document->listener_path);
	}
	buf_put_str(text, STR(",\n  \"syscalls\": ["));
	for (size_t i = 0; i < rules->count;) {
		buf_put_str(text, i ? STR(",\n") : STR("\n"));
		i = put_rule(text, rules, i);
	}
	buf_put_str(text, rules->count ? STR("\n  ]\n}\n") : STR("]\n}\n"));
}

/* A unit's filters let other arches through unless it says otherwise (systemd.exec(5)). */
static const char *remedy(const struct rules *rules, const char *difference)
{
	bool other_arch = str_starts(str_from(difference), STR(EXPORT_OTHER_ARCH));

	return rules->loader == LOADER_SYSTEMD && other_arch
		       ? "; with SystemCallArchitectures=native the unit kills those as well"
		       : "";
}

static int write_filter(const struct filter *filter, const struct rules *rules, struct buf *text,
			struct lints *notes, bool *ret_exact, struct err *err)
{
	struct filter surveyed = *filter; /* its program is borrowed */
	struct survey survey = survey_filter(&surveyed, arch_native());
	struct export export = {0};
	int r = export_filter(&surveyed, &survey, arch_native(), &export, err);

	for (size_t i = 0; r == 0 && i < export.differences.count; i++)
		lint_add(notes, i, "", "OCI cannot say it: %s%s", export.differences.all[i],
			 remedy(rules, export.differences.all[i]));
	for (size_t i = 0; r == 0 && i < export.notes.count; i++)
		lint_note(notes, export.differences.count + i, "", "%s", export.notes.all[i]);
	if (r == 0)
		buf_put_str(text, buf_str(&export.document));
	*ret_exact = export.differences.count == 0;
	export_release(&export);
	return r;
}

int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err)
{
	const struct rules *rules = profile_rules(profile);
	const struct filter *filter = profile_filter(profile);

	*ret_exact = true;
	if (!filter)
		return err_set(err, EINVAL, "there is no filter, so there is no profile to write");
	if (!rules->document)
		return write_filter(filter, rules, text, notes, ret_exact, err);
	write_rules(rules, text);
	return 0;
}
