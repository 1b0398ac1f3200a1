#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>

/*
 * The JSON is put together by hand because jansson's integers end at 2^63 - 1, and a mask or a
 * value of an arg is a uint64.
 */

/* [], or one a line; the list's own member stands at `indent`. */
static void put_strings(struct buf *to, const char *indent, const char *const *all, size_t count)
{
	buf_put_char(to, '[');
	for (size_t i = 0; i < count; i++) {
		buf_format(to, "%s\n%s\t", i ? "," : "", indent);
		spelling_put_string(to, all[i]);
	}
	if (count)
		buf_format(to, "\n%s", indent);
	buf_put_char(to, ']');
}

static void put_list(struct buf *to, const json_t *list)
{
	const size_t count = json_array_size(list);
	MEM_AUTO const char **all = mem_new(count, sizeof(*all));

	for (size_t i = 0; i < count; i++)
		all[i] = json_string_value(json_array_get(list, i));
	put_strings(to, "\t\t", all, count);
}

static void put_value(struct buf *to, const json_t *value)
{
	if (json_is_array(value))
		put_list(to, value);
	else if (json_is_integer(value))
		buf_format(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		buf_put_str(to, json_is_true(value) ? STR("true") : STR("false"));
	else
		spelling_put_string(to, json_string_value(value));
}

/* First, so that whoever opens the file reads it. */
static void put_evidence(struct buf *to, json_t *evidence)
{
	const char *key;
	json_t *value;
	bool first = true;

	if (!evidence)
		return;
	buf_put_str(to, STR("\t\"x-sclog\": {"));
	json_object_foreach(evidence, key, value) {
		buf_put_str(to, first ? STR("\n\t\t") : STR(",\n\t\t"));
		spelling_put_string(to, key);
		buf_put_str(to, STR(": "));
		put_value(to, value);
		first = false;
	}
	buf_put_str(to, first ? STR("},\n") : STR("\n\t},\n"));
}

static void put_action(struct buf *to, const char *indent, const char *member, const char *number,
		       uint32_t action)
{
	buf_format(to, "%s\"%s\": \"%s\"", indent, member, spelling_of_action(action));
	if (spelling_has_number(action))
		buf_format(to, ",\n%s\"%s\": %u", indent, number, action & SECCOMP_RET_DATA);
}

static void put_member_strings(struct buf *to, const char *member, const struct strings *strings)
{
	if (strings->count == 0)
		return;
	buf_format(to, ",\n\t\"%s\": ", member);
	put_strings(to, "\t", strings->all, strings->count);
}

static void put_member_string(struct buf *to, const char *member, const char *string)
{
	if (!string)
		return;
	buf_format(to, ",\n\t\"%s\": ", member);
	spelling_put_string(to, string);
}

static bool is_sub(uint32_t host, uint32_t token)
{
	for (const uint32_t *sub = arch_subs(host); *sub; sub++)
		if (*sub == token)
			return true;
	return false;
}

static uint32_t token_at(const struct strings *arches, size_t i)
{
	bool known = strcmp(arches->all[i], "SCMP_ARCH_NATIVE") != 0;

	return known ? arch_from_name(str_from(arches->all[i])) : 0;
}

/* The host whose entry has exactly these arches: one of them, with all others its subs. */
static bool find_host(const struct strings *arches, size_t *ret_host)
{
	for (size_t host = 0; host < arches->count; host++) {
		uint32_t token = token_at(arches, host);
		size_t subs = 0;

		for (size_t i = 0; i < arches->count; i++)
			subs += is_sub(token, token_at(arches, i));
		if (*arch_subs(token) && subs + 1 == arches->count) {
			*ret_host = host;
			return true;
		}
	}
	return false;
}

/*
 * moby takes the entry of its host's arch: that arch and its sub-architectures. What is no such
 * family is written as `architectures`, which moby takes as they are (setupSeccomp()).
 */
static void put_arch_map(const struct form_writer *writer)
{
	const struct strings *arches = &writer->arches;
	MEM_AUTO const char **subs = mem_new(arches->count, sizeof(*subs));
	size_t host, count = 0;

	if (!find_host(arches, &host)) {
		put_member_strings(writer->text, "architectures", arches);
		if (arches->count)
			lint_note(writer->notes, 0, "architectures",
				  "no 64-bit architecture of which all others are "
				  "sub-architectures: written as architectures, not as archMap; "
				  "Docker takes both");
		return;
	}
	for (size_t i = 0; i < arches->count; i++)
		if (i != host)
			subs[count++] = arches->all[i];
	buf_put_str(writer->text, STR(",\n\t\"archMap\": [\n\t\t{\n\t\t\t\"architecture\": "));
	spelling_put_string(writer->text, arches->all[host]);
	buf_put_str(writer->text, STR(",\n\t\t\t\"subArchitectures\": "));
	put_strings(writer->text, "\t\t\t", subs, count);
	buf_put_str(writer->text, STR("\n\t\t}\n\t]"));
}

static void put_args(struct buf *to, const struct form_rule *rule)
{
	if (rule->arg_count == 0)
		return;
	buf_put_str(to, STR(",\n\t\t\t\"args\": [\n"));
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct document_arg *arg = &rule->args[i];

		buf_format(to, "\t\t\t\t{\n\t\t\t\t\t\"index\": %u,\n", arg->index);
		buf_format(to, "\t\t\t\t\t\"value\": %" PRIu64 ",\n", arg->value);
		if (arg->op == SCMP_CMP_MASKED_EQ)
			buf_format(to, "\t\t\t\t\t\"valueTwo\": %" PRIu64 ",\n", arg->value_two);
		buf_format(to, "\t\t\t\t\t\"op\": \"%s\"\n\t\t\t\t}%s\n",
			   spelling_of_operator(arg->op), i + 1 < rule->arg_count ? "," : "");
	}
	buf_put_str(to, STR("\t\t\t]"));
}

static void put_rule(struct buf *to, const struct form_rule *rule)
{
	buf_put_str(to, STR("\t\t{\n\t\t\t\"names\": "));
	put_strings(to, "\t\t\t", rule->names, rule->count);
	buf_put_str(to, STR(",\n"));
	put_action(to, "\t\t\t", "action", "errnoRet", rule->action);
	put_args(to, rule);
	buf_put_str(to, STR("\n\t\t}"));
}

static void note_default_errno(const struct form_writer *writer)
{
	char text[16];

	if (form_action_kind(writer->default_action) != SECCOMP_RET_ERRNO ||
	    form_errno(writer->default_action) == EPERM)
		return;
	lint_add(writer->notes, 0, "defaultErrnoRet",
		 "Docker before 23.0 does not know it: what is not listed gets EPERM there instead "
		 "of %s",
		 form_errno_text(form_errno(writer->default_action), text));
}

int form_write_json(const struct form_writer *writer, bool docker)
{
	struct buf *to = writer->text;

	buf_put_str(to, STR("{\n"));
	put_evidence(to, writer->evidence);
	put_action(to, "\t", "defaultAction", "defaultErrnoRet", writer->default_action);
	if (docker)
		put_arch_map(writer);
	else
		put_member_strings(to, "architectures", &writer->arches);
	put_member_strings(to, "flags", &writer->document->flags);
	put_member_string(to, "listenerPath", writer->document->listener_path);
	put_member_string(to, "listenerMetadata", writer->document->listener_metadata);
	buf_put_str(to, STR(",\n\t\"syscalls\": ["));
	for (size_t i = 0; i < writer->count; i++) {
		buf_put_str(to, i ? STR(",\n") : STR("\n"));
		put_rule(to, &writer->all[i]);
	}
	buf_put_str(to, writer->count ? STR("\n\t]\n}\n") : STR("]\n}\n"));
	if (docker)
		note_default_errno(writer);
	return 0;
}
