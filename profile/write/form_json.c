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
static void make_arch_map(const struct form_writer *writer, struct document *document)
{
	struct strings *arches = &document->architectures;
	struct document_arch *entry;
	size_t host;

	if (!find_host(arches, &host)) {
		if (arches->count)
			lint_note(writer->notes, 0, "architectures",
				  "no 64-bit architecture of which all others are "
				  "sub-architectures: written as architectures, not as archMap; "
				  "Docker takes both");
		return;
	}
	entry = document->arch_map = mem_new(1, sizeof(*entry));
	document->arch_map_count = 1;
	entry->architecture = arches->all[host];
	for (size_t i = 0; i < arches->count; i++)
		if (i != host)
			strings_add(&entry->subs, arches->all[i]);
	arches->count = 0;
}

static void note_default_errno(const struct form_writer *writer)
{
	char text[16];

	if ((writer->default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO ||
	    (value_effect(writer->default_action) & SECCOMP_RET_DATA) == EPERM)
		return;
	lint_add(writer->notes, 0, "defaultErrnoRet",
		 "ignored by Docker before 23.0: unlisted calls get EPERM there instead of %s",
		 form_errno_text((value_effect(writer->default_action) & SECCOMP_RET_DATA), text));
}

int form_write_oci(struct form_writer *writer)
{
	struct emit emit = {.to = writer->text, .indent = "\t"};

	emit_map(&emit, NULL, false);
	put_evidence(&emit, writer->heading->evidence);
	document_put_members(&emit, &writer->made, false);
	emit_close(&emit);
	emit_end(&emit);
	return 0;
}

int form_write_docker(struct form_writer *writer)
{
	make_arch_map(writer, &writer->made);
	note_default_errno(writer);
	return form_write_oci(writer);
}
