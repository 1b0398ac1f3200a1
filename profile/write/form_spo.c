#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/*
 * What the operator takes: its CRD as of 1.0.0 (deploy/base-crds/crds/seccompprofile.yaml), which
 * serves v1 and, as before 1.0, v1beta1 with the same members. Since 0.9 the kind is cluster-wide.
 */
#define API_VERSION "security-profiles-operator.x-k8s.io/v1"

/*
 * Kubernetes allows a name 253 bytes. The operator keeps the profile on the node as NAME.json, and
 * a file's name has 255 (NAME_MAX).
 */
#define NAME_BYTES 250

/*
 * All annotations of an object have 256 KiB together. kubectl apply adds one that holds the whole
 * object once more, and the operator one with all the syscalls, so that ours keep to an eighth.
 */
#define ANNOTATION_BYTES 32768U
#define VALUE_BYTES      12288U

struct emitter {
	yaml_emitter_t yaml;
	const struct form_writer *writer;
};

/* --- events; libyaml fails for want of memory alone */

static void emit(struct emitter *emitter, yaml_event_t *event, int made)
{
	if (!made || !yaml_emitter_emit(&emitter->yaml, event))
		mem_fail("YAML");
}

static void put_scalar(struct emitter *emitter, const char *text, bool plain)
{
	yaml_scalar_style_t style =
		plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	yaml_event_t event;
	/* libyaml takes const away */
	yaml_char_t *bytes = (yaml_char_t *)(uintptr_t)text;
	int made = yaml_scalar_event_initialize(&event, NULL, NULL, bytes, (int)strlen(text), plain,
						!plain, style);

	emit(emitter, &event, made);
}

static void open_map(struct emitter *emitter)
{
	yaml_event_t event;

	emit(emitter, &event,
	     yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

static void close_map(struct emitter *emitter)
{
	yaml_event_t event;

	emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static void open_list(struct emitter *emitter, const char *member)
{
	yaml_event_t event;

	put_scalar(emitter, member, true);
	emit(emitter, &event,
	     yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						  YAML_BLOCK_SEQUENCE_STYLE));
}

static void close_list(struct emitter *emitter)
{
	yaml_event_t event;

	emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
}

/* Whether no reader of YAML takes it for anything but this string. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no",
					    "on",   "off",  "y",     "n"};

	if (!islower((unsigned char)text[0]) ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(text))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return false;
	return true;
}

/* A string of the document or of the heading. */
static void put_text(struct emitter *emitter, const char *text)
{
	BUF_AUTO clean = {0};

	form_put_clean(&clean, str_from(text));
	put_scalar(emitter, clean.p ? clean.p : "", is_plain(text));
}

static void put_member(struct emitter *emitter, const char *member, const char *text)
{
	put_scalar(emitter, member, true);
	put_text(emitter, text);
}

/* A word that is ours, or the specification's. */
static void put_word(struct emitter *emitter, const char *member, const char *word)
{
	put_scalar(emitter, member, true);
	put_scalar(emitter, word, true);
}

static void put_number(struct emitter *emitter, const char *member, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put_word(emitter, member, text);
}

/* --- metadata */

/* RFC 1123 subdomain: lower case, digits and '-' between dots, each part begun and ended by a
 * letter or a digit. Anything else becomes one '-'. */
static void put_name(struct buf *to, const char *name)
{
	for (; *name && to->n < NAME_BYTES; name++) {
		char c = (char)tolower((unsigned char)*name);
		char last = to->n ? to->p[to->n - 1] : '.';
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (is_letter)
			buf_put_char(to, c);
		else if (c == '.' && last == '-')
			to->p[to->n - 1] = '.';
		else if (last != '.' && last != '-')
			buf_put_char(to, c == '.' ? '.' : '-');
	}
	while (to->n && (to->p[to->n - 1] == '-' || to->p[to->n - 1] == '.'))
		to->n--;
	if (to->n == 0)
		buf_put_str(to, STR("sclog"));
	to->p[to->n] = '\0';
}

static void put_profile_name(struct emitter *emitter)
{
	const struct form_heading *heading = emitter->writer->heading;
	const char *wanted = heading->name ? heading->name : "sclog";
	char quoted[QUOTED_SIZE];
	BUF_AUTO name = {0};

	put_name(&name, wanted);
	if (strcmp(name.p, wanted) != 0)
		lint_note(emitter->writer->notes, 0, "metadata.name",
			  "%s, since %s is no name for an object of Kubernetes (RFC 1123 subdomain "
			  "of at most %d characters)",
			  name.p, text_quote(wanted, quoted), NAME_BYTES);
	put_member(emitter, "name", name.p);
}

/* The text up to so many bytes, whole characters. */
static size_t cut(struct str text, size_t most)
{
	size_t n = text.n < most ? text.n : most;

	while (n && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void flatten_list(struct buf *to, const json_t *list, size_t most)
{
	const size_t count = json_array_size(list);

	for (size_t i = 0; i < count; i++) {
		struct str item = str_from(json_string_value(json_array_get(list, i)));

		/* room for "; and N more" */
		if (to->n + item.n + 48 > most) {
			buf_format(to, "%sand %zu more", i ? "; " : "", count - i);
			return;
		}
		buf_put_str(to, i ? STR("; ") : STR(""));
		buf_put_str(to, item);
	}
}

static void flatten(struct buf *to, const json_t *value, size_t most)
{
	if (json_is_array(value)) {
		flatten_list(to, value, most);
	} else if (json_is_integer(value)) {
		buf_format(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_boolean(value)) {
		buf_put_str(to, json_is_true(value) ? STR("true") : STR("false"));
	} else {
		struct str text = str_from(json_string_value(value));
		size_t n = cut(text, most);

		buf_put(to, text.p, n);
		if (n < text.n)
			buf_put_str(to, STR("..."));
	}
}

/* "sclog/" and letters, digits, '-', '_', '.', of which a letter or digit begins and ends it; at
 * most 63 (k8s.io/apimachinery, IsQualifiedName()). */
static void put_annotation(struct emitter *emitter, const char *key, const char *text)
{
	BUF_AUTO name = {0};

	for (; *key && name.n < 63; key++)
		if (isalnum((unsigned char)*key) || (name.n && strchr("-_.", *key)))
			buf_put_char(&name, *key);
	while (name.n && !isalnum((unsigned char)name.p[name.n - 1]))
		name.n--;
	if (name.n == 0)
		return;
	name.p[name.n] = '\0';
	BUF_AUTO whole = {0};

	buf_format(&whole, "sclog/%s", name.p);
	put_scalar(emitter, whole.p, true);
	put_scalar(emitter, text, false);
}

static void put_annotations(struct emitter *emitter)
{
	const struct form_writer *writer = emitter->writer;
	const char *namespace = writer->heading->namespace;
	size_t left = ANNOTATION_BYTES;
	const char *key;
	json_t *value;

	if (!namespace && json_object_size(writer->evidence) == 0)
		return;
	put_scalar(emitter, "annotations", true);
	open_map(emitter);
	json_object_foreach(writer->evidence, key, value) {
		BUF_AUTO text = {0};

		flatten(&text, value, left < VALUE_BYTES ? left : VALUE_BYTES);
		if (text.n + 70 > left)
			break;
		left -= text.n + 70;
		put_annotation(emitter, key, text.p ? text.p : "");
	}
	if (namespace) {
		BUF_AUTO clean = {0};

		form_put_clean(&clean, str_of(namespace, cut(str_from(namespace), 253)));
		put_annotation(emitter, "namespace", clean.p ? clean.p : "");
	}
	close_map(emitter);
	if (namespace)
		lint_note(writer->notes, 0, "metadata.namespace",
			  "left out, and kept as annotation sclog/namespace: a SeccompProfile is "
			  "cluster-wide since version 0.9 of the operator");
}

static void put_metadata(struct emitter *emitter)
{
	put_scalar(emitter, "metadata", true);
	open_map(emitter);
	put_profile_name(emitter);
	put_annotations(emitter);
	close_map(emitter);
}

/* --- spec */

static const char *const crd_arches[] = {
	"SCMP_ARCH_NATIVE",    "SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",
	"SCMP_ARCH_ARM",       "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC",       "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",     "SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",
};

static const char *const crd_flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

/* Of values the operator has int64. */
#define OPERATOR_MAX ((uint64_t)INT64_MAX)

static bool is_among(const char *text, const char *const *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i], text) == 0)
			return true;
	return false;
}

static int check_words(const struct form_writer *writer, const char *place,
		       const struct strings *words, const char *const *all, size_t count)
{
	for (size_t i = 0; i < words->count; i++)
		if (!is_among(words->all[i], all, count))
			return err_quoted(writer->err, place, "the operator does not know",
					  words->all[i]);
	return 0;
}

/* ^/var/run/security-profiles-operator/[a-zA-Z0-9_\-\.]+$ */
static int check_listener(const struct form_writer *writer)
{
	static const struct str folder = {.p = "/var/run/security-profiles-operator/", .n = 36};
	const char *path = writer->document->listener_path;

	if (!path)
		return 0;
	if (str_starts(str_from(path), folder) && path[folder.n] &&
	    strspn(path + folder.n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-.") == strlen(path + folder.n))
		return 0;
	return err_quoted(writer->err, "listenerPath",
			  "the operator wants a file of /var/run/security-profiles-operator, not",
			  path);
}

static bool is_sayable(const struct form_rule *rule)
{
	for (size_t i = 0; i < rule->arg_count; i++)
		if (rule->args[i].value > OPERATOR_MAX || (rule->args[i].op == SCMP_CMP_MASKED_EQ &&
							   rule->args[i].value_two > OPERATOR_MAX))
			return false;
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names with a condition that cannot be said and that counts; ret_names is the caller's to free. */
static const char **unsayable(const struct form_writer *writer, size_t *ret_count)
{
	struct form_calls calls;
	const char **names = NULL;
	size_t count = 0, kept = 0;

	form_calls_init(writer, &calls);
	for (size_t i = 0; i < writer->count; i++) {
		const struct form_rule *rule = &writer->all[i];

		for (size_t k = 0; !is_sayable(rule) && k < rule->count; k++) {
			const struct form_call *call = form_calls_find(&calls, rule->names[k]);

			if (!call || call->plain)
				continue;
			names = mem_resize(names, (count + 1) * sizeof(*names));
			names[count++] = call->name;
		}
	}
	if (count)
		qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	form_calls_release(&calls);
	*ret_count = kept;
	return names;
}

static void put_args(struct emitter *emitter, const struct form_rule *rule)
{
	if (rule->arg_count == 0)
		return;
	open_list(emitter, "args");
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct document_arg *arg = &rule->args[i];

		open_map(emitter);
		put_number(emitter, "index", arg->index);
		put_number(emitter, "value", arg->value);
		if (arg->op == SCMP_CMP_MASKED_EQ)
			put_number(emitter, "valueTwo", arg->value_two);
		put_word(emitter, "op", spelling_of_operator(arg->op));
		close_map(emitter);
	}
	close_list(emitter);
}

static void put_rule(struct emitter *emitter, const struct form_rule *rule)
{
	const unsigned number = rule->action & SECCOMP_RET_DATA;

	open_map(emitter);
	put_word(emitter, "action", spelling_of_action(rule->action));
	/* the operator leaves a zero out, whatever is written */
	if (spelling_has_number(rule->action) && number)
		put_number(emitter, "errnoRet", number);
	open_list(emitter, "names");
	for (size_t i = 0; i < rule->count; i++)
		put_text(emitter, rule->names[i]);
	close_list(emitter);
	put_args(emitter, rule);
	close_map(emitter);
}

static void put_rules(struct emitter *emitter, const char **widened, size_t widened_count)
{
	const struct form_writer *writer = emitter->writer;
	const struct form_rule all = {
		.names = widened, .count = widened_count, .action = SCMP_ACT_ALLOW};

	if (writer->count == 0)
		return;
	open_list(emitter, "syscalls");
	for (size_t i = 0; i < writer->count; i++)
		if (writer->all[i].count && is_sayable(&writer->all[i]))
			put_rule(emitter, &writer->all[i]);
	/* without args it counts over every rule of the same name that has some */
	if (widened_count)
		put_rule(emitter, &all);
	close_list(emitter);
}

static void put_words(struct emitter *emitter, const char *member, const struct strings *words)
{
	if (words->count == 0)
		return;
	open_list(emitter, member);
	for (size_t i = 0; i < words->count; i++)
		put_scalar(emitter, words->all[i], true);
	close_list(emitter);
}

static void put_spec(struct emitter *emitter, const char **widened, size_t widened_count)
{
	const struct form_writer *writer = emitter->writer;
	const struct document *document = writer->document;
	const char *base = writer->heading->base_name;

	put_scalar(emitter, "spec", true);
	open_map(emitter);
	put_word(emitter, "defaultAction", spelling_of_action(writer->default_action));
	put_member(emitter, "baseProfileName", base ? base : "");
	put_words(emitter, "architectures", &writer->arches);
	put_words(emitter, "flags", &document->flags);
	if (document->listener_path)
		put_member(emitter, "listenerPath", document->listener_path);
	if (document->listener_metadata)
		put_member(emitter, "listenerMetadata", document->listener_metadata);
	put_rules(emitter, widened, widened_count);
	close_map(emitter);
}

static void put_object(struct emitter *emitter, const char **widened, size_t widened_count)
{
	open_map(emitter);
	put_word(emitter, "apiVersion", API_VERSION);
	put_word(emitter, "kind", "SeccompProfile");
	put_metadata(emitter);
	put_spec(emitter, widened, widened_count);
	close_map(emitter);
}

static int take_bytes(void *text, unsigned char *bytes, size_t n)
{
	buf_put(text, bytes, n);
	return 1;
}

static void write_text(const struct form_writer *writer, const char **widened, size_t widened_count)
{
	struct emitter emitter = {.writer = writer};
	yaml_event_t event;

	if (!yaml_emitter_initialize(&emitter.yaml))
		mem_fail("YAML");
	yaml_emitter_set_output(&emitter.yaml, take_bytes, writer->text);
	yaml_emitter_set_encoding(&emitter.yaml, YAML_UTF8_ENCODING);
	yaml_emitter_set_unicode(&emitter.yaml, 1);
	yaml_emitter_set_width(&emitter.yaml, -1);
	emit(&emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(&emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	put_object(&emitter, widened, widened_count);
	emit(&emitter, &event, yaml_document_end_event_initialize(&event, 1));
	emit(&emitter, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&emitter.yaml);
}

/* The operator has no defaultErrnoRet, and what it leaves out is EPERM to the runtime. */
static void note_errnos(const struct form_writer *writer)
{
	const uint32_t action = writer->default_action;
	FORM_LIST_AUTO zeros = {0};
	char text[16];

	if (spelling_has_number(action) && (action & SECCOMP_RET_DATA) != EPERM)
		lint_add(writer->notes, 0, "spec.defaultAction",
			 "the operator knows no defaultErrnoRet: what is not listed gets EPERM "
			 "instead of %s%s",
			 form_errno_text(action & SECCOMP_RET_DATA, text),
			 (action & SECCOMP_RET_DATA) == ENOSYS
				 ? ", and only on that do programs fall back to an older call"
				 : "");
	for (size_t i = 0; i < writer->count; i++) {
		const struct form_rule *rule = &writer->all[i];

		if (!spelling_has_number(rule->action) || (rule->action & SECCOMP_RET_DATA))
			continue;
		for (size_t k = 0; k < rule->count; k++)
			form_list_add(&zeros, rule->names[k]);
	}
	if (zeros.count)
		lint_add(
			writer->notes, 0, "spec.syscalls",
			"the operator leaves an errnoRet of 0 out, and the runtime takes EPERM: %s",
			form_list_text(&zeros));
}

int form_write_spo(const struct form_writer *writer)
{
	FORM_LIST_AUTO list = {0};
	size_t count = 0;
	int r = check_words(writer, "architectures", &writer->arches, crd_arches,
			    sizeof(crd_arches) / sizeof(crd_arches[0]));

	if (r == 0)
		r = check_words(writer, "flags", &writer->document->flags, crd_flags,
				sizeof(crd_flags) / sizeof(crd_flags[0]));
	if (r == 0)
		r = check_listener(writer);
	if (r < 0)
		return r;
	MEM_AUTO const char **widened = unsayable(writer, &count);

	for (size_t i = 0; i < count; i++)
		form_list_add(&list, widened[i]);
	r = form_widen(writer, &list, "values above 2^63 - 1, which the operator does not take");
	if (r < 0)
		return r;
	note_errnos(writer);
	write_text(writer, widened, count);
	return 0;
}
