#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>

static void put_string(struct emit *emit, const char *key, const json_t *string)
{
	form_emit_clean(emit, key, str_of(json_string_value(string), json_string_length(string)));
}

static void put_value(struct emit *emit, const char *key, const json_t *value)
{
	char number[24];

	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_array(value)) {
		emit_list(emit, key, false);
		for (size_t i = 0; i < json_array_size(value); i++)
			put_string(emit, NULL, json_array_get(value, i));
		emit_close(emit);
	} else if (json_is_integer(value)) {
		emit_raw(emit, key, number);
	} else if (json_is_boolean(value)) {
		emit_raw(emit, key, json_is_true(value) ? "true" : "false");
	} else {
		put_string(emit, key, value);
	}
}

/* First, so that whoever opens the file reads it. */
static void put_evidence(struct emit *emit, const json_t *evidence)
{
	const char *key;
	json_t *value;

	if (!evidence)
		return;
	emit_map(emit, "x-sclog", false);
	json_object_foreach((json_t *)(uintptr_t)evidence, key, value) {
		BUF_AUTO name = {0};

		form_put_clean(&name, str_from(key));
		put_value(emit, name.p ? name.p : "", value);
	}
	emit_close(emit);
}

static uint32_t token_of(const char *arch)
{
	return strcmp(arch, "SCMP_ARCH_NATIVE") == 0 ? 0 : arch_from_name(str_from(arch));
}

/* Whether all arches but the host are its sub-architectures. */
static bool is_family(const struct strings *arches, uint32_t host)
{
	size_t count = 0;

	for (size_t i = 0; i < arches->count; i++)
		for (const uint32_t *sub = arch_subs(host); *sub; sub++)
			count += token_of(arches->all[i]) == *sub;
	return *arch_subs(host) && count + 1 == arches->count;
}

/*
 * moby takes the entry of its host's arch: that arch and its sub-architectures. What is no such
 * family is written as `architectures`, which moby takes as they are (setupSeccomp()).
 */
static void make_arch_map(const struct form_writer *writer, struct document *document)
{
	struct strings *arches = &document->architectures;
	size_t host = 0;

	while (host < arches->count && !is_family(arches, token_of(arches->all[host])))
		host++;
	if (host == arches->count) {
		if (arches->count)
			lint_note(writer->notes, 0, "architectures",
				  "no 64-bit architecture of which all others are "
				  "sub-architectures: written as architectures, not as archMap; "
				  "Docker takes both");
		return;
	}
	document->arch_map = mem_new(1, sizeof(*document->arch_map));
	document->arch_map_count = 1;
	document->arch_map->architecture = arches->all[host];
	for (size_t i = 0; i < arches->count; i++)
		if (i != host)
			strings_add(&document->arch_map->subs, arches->all[i]);
	arches->count = 0;
}

int form_write_oci(struct form_writer *writer)
{
	struct emit emit = {.to = writer->text, .indent = "\t"};
	const uint32_t action = writer->rules.default_action;
	char text[16];

	if (writer->form == FORM_DOCKER)
		make_arch_map(writer, &writer->made);
	if (writer->form == FORM_DOCKER && value_is(action, SECCOMP_RET_ERRNO) &&
	    value_data(action) != EPERM)
		lint_add(writer->notes, 0, "defaultErrnoRet",
			 "ignored by Docker before 23.0: unlisted calls get EPERM there instead of "
			 "%s",
			 form_errno_text(value_data(action), text));
	emit_map(&emit, NULL, false);
	put_evidence(&emit, writer->heading->evidence);
	document_put_members(&emit, &writer->made, false);
	emit_close(&emit);
	emit_end(&emit);
	return 0;
}
