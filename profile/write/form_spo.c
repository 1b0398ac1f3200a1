#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

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

/* The text up to so many bytes, whole characters. */
static size_t cut(struct str text, size_t most)
{
	size_t n = text.n < most ? text.n : most;

	while (n && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void put_clean(struct buf *to, const json_t *string)
{
	form_put_clean(to, str_of(json_string_value(string), json_string_length(string)));
}

static void flatten_list(struct buf *to, const json_t *list, size_t most)
{
	const size_t count = json_array_size(list);

	for (size_t i = 0; i < count; i++) {
		BUF_AUTO item = {0};

		put_clean(&item, json_array_get(list, i));
		/* room for "; and N more" */
		if (to->n + item.n + 48 > most) {
			buf_format(to, "%sand %zu more", i ? "; " : "", count - i);
			return;
		}
		buf_put_str(to, i ? STR("; ") : STR(""));
		buf_put_str(to, buf_str(&item));
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
		BUF_AUTO text = {0};

		put_clean(&text, value);
		size_t n = cut(buf_str(&text), most);

		buf_put(to, text.p, n);
		if (n < text.n)
			buf_put_str(to, STR("..."));
	}
}

/* "sclog/" and letters, digits, '-', '_', '.', of which a letter or digit begins and ends it; at
 * most 63 (k8s.io/apimachinery, IsQualifiedName()). */
static void put_annotation(struct emit *emit, const char *key, const char *text)
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
	BUF_AUTO quoted = {0};

	spelling_put_string(&quoted, text);
	emit_raw(emit, whole.p, quoted.p);
}

static void put_annotations(const struct form_writer *writer, struct emit *emit)
{
	const char *namespace = writer->heading->namespace;
	size_t left = ANNOTATION_BYTES;
	const char *key;
	json_t *value;

	if (!namespace && json_object_size(writer->heading->evidence) == 0)
		return;
	emit_map(emit, "annotations", false);
	json_object_foreach((json_t *)(uintptr_t)writer->heading->evidence, key, value) {
		BUF_AUTO text = {0};

		flatten(&text, value, left < VALUE_BYTES ? left : VALUE_BYTES);
		if (text.n + 70 > left)
			break;
		left -= text.n + 70;
		put_annotation(emit, key, text.p ? text.p : "");
	}
	if (namespace) {
		BUF_AUTO clean = {0};

		form_put_clean(&clean, str_of(namespace, cut(str_from(namespace), 253)));
		put_annotation(emit, "namespace", clean.p ? clean.p : "");
	}
	emit_close(emit);
	if (namespace)
		lint_note(writer->notes, 0, "metadata.namespace",
			  "left out, and written as annotation sclog/namespace: a SeccompProfile "
			  "is cluster-wide since version 0.9 of the operator");
}

/* --- spec */

#define CRD_ARCHES                                                                     \
	"SCMP_ARCH_NATIVE|SCMP_ARCH_X86|SCMP_ARCH_X86_64|SCMP_ARCH_X32|SCMP_ARCH_ARM|" \
	"SCMP_ARCH_AARCH64|SCMP_ARCH_MIPS|SCMP_ARCH_MIPS64|SCMP_ARCH_MIPS64N32|"       \
	"SCMP_ARCH_MIPSEL|SCMP_ARCH_MIPSEL64|SCMP_ARCH_MIPSEL64N32|SCMP_ARCH_PPC|"     \
	"SCMP_ARCH_PPC64|SCMP_ARCH_PPC64LE|SCMP_ARCH_S390|SCMP_ARCH_S390X|"            \
	"SCMP_ARCH_PARISC|SCMP_ARCH_PARISC64|SCMP_ARCH_RISCV64"

#define CRD_FLAGS                                                                           \
	"SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW|" \
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

/* Of values the operator has int64. */
#define OPERATOR_MAX ((uint64_t)INT64_MAX)

static int check_words(const struct form_writer *writer, const char *place,
		       const struct strings *words, const char *allowed)
{
	for (size_t i = 0; i < words->count; i++)
		if (!str_is_one_of(str_from(words->all[i]), allowed, false))
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
			  "the operator requires a file in /var/run/security-profiles-operator, "
			  "not",
			  path);
}

static bool are_beyond(const struct document_arg *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (args[i].value > OPERATOR_MAX ||
		    (args[i].op == SCMP_CMP_MASKED_EQ && args[i].value_two > OPERATOR_MAX))
			return true;
	return false;
}

static bool is_beyond(const void *context, const struct form_call *call)
{
	(void)context;
	for (size_t i = 0; i < call->conditions.count; i++)
		if (are_beyond(call->conditions.all[i].args, call->conditions.all[i].arg_count))
			return true;
	return false;
}

/* What cannot be said goes; the operator leaves a zero out, whatever is written. */
static void drop_beyond(struct document *document, const struct form_calls *calls)
{
	size_t kept = 0;

	for (size_t i = 0; i < document->rule_count; i++) {
		struct document_rule *rule = &document->rules[i];

		if (rule->errno_ret.value == 0)
			rule->errno_ret.present = false;
		if (rule->names.count && !are_beyond(rule->args, rule->arg_count)) {
			struct document_rule other = document->rules[kept];

			document->rules[kept++] = *rule;
			*rule = other;
		}
	}
	while (document->rule_count > kept)
		document_drop_rule(document);
	/* without args it counts over every rule of the same name that has some */
	for (size_t i = 0; i < calls->count; i++)
		if (calls->all[i].widened)
			document_add_name(document, calls->all[i].name, SCMP_ACT_ALLOW, NULL, 0);
}

static void write_text(const struct form_writer *writer)
{
	const struct form_heading *heading = writer->heading;
	const char *wanted = heading->name ? heading->name : "sclog";
	struct emit emit = {.to = writer->text, .yaml = true};
	char quoted[QUOTED_SIZE];
	BUF_AUTO name = {0};

	put_name(&name, wanted);
	if (strcmp(name.p, wanted) != 0)
		lint_note(writer->notes, 0, "metadata.name",
			  "%s, because %s is not a valid name in Kubernetes (RFC 1123 subdomain "
			  "of at most %d characters)",
			  name.p, text_quote(wanted, quoted), NAME_BYTES);
	emit_map(&emit, NULL, false);
	emit_word(&emit, "apiVersion", API_VERSION);
	emit_word(&emit, "kind", "SeccompProfile");
	emit_map(&emit, "metadata", false);
	emit_string(&emit, "name", name.p);
	put_annotations(writer, &emit);
	emit_close(&emit);
	emit_map(&emit, "spec", false);
	form_emit_clean(&emit, "baseProfileName", str_from(heading->base_name));
	document_put_members(&emit, &writer->made, false);
	emit_close(&emit);
	emit_close(&emit);
	emit_end(&emit);
}

/* The operator has no defaultErrnoRet, and what it leaves out is EPERM to the runtime. */
static void note_errnos(const struct form_writer *writer)
{
	const uint32_t action = writer->rules.default_action;
	LISTING_AUTO zeros = {0};
	char text[16];

	if (spelling_has_number(action) && (action & SECCOMP_RET_DATA) != EPERM)
		lint_add(writer->notes, 0, "spec.defaultAction",
			 "the operator has no defaultErrnoRet: unlisted calls get EPERM instead "
			 "of %s%s",
			 form_errno_text(action & SECCOMP_RET_DATA, text),
			 (action & SECCOMP_RET_DATA) == ENOSYS
				 ? ", but programs fall back to an older call only on that"
				 : "");
	for (size_t i = 0; i < writer->made.rule_count; i++) {
		const struct document_rule *rule = &writer->made.rules[i];
		bool zero = rule->errno_ret.present && rule->errno_ret.value == 0;

		for (size_t k = 0; zero && k < rule->names.count; k++)
			listing_add_safe(&zeros, rule->names.all[k]);
	}
	if (zeros.count)
		lint_add(writer->notes, 0, "spec.syscalls",
			 "the operator drops an errnoRet of 0, and the runtime then uses EPERM: %s",
			 listing_text(&zeros));
}

int form_write_spo(struct form_writer *writer)
{
	struct form_calls calls;
	int r = check_words(writer, "architectures", &writer->made.architectures, CRD_ARCHES);

	if (r == 0)
		r = check_words(writer, "flags", &writer->made.flags, CRD_FLAGS);
	if (r == 0)
		r = check_listener(writer);
	if (r < 0)
		return r;
	form_calls_init(writer, &calls);
	r = form_widen(writer, &calls, is_beyond, NULL,
		       "values above 2^63 - 1, which the operator does not accept");
	if (r == 0) {
		note_errnos(writer);
		writer->made.default_errno_ret.present = false;
		drop_beyond(&writer->made, &calls);
		write_text(writer);
	}
	form_calls_release(&calls);
	return r;
}
