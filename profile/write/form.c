#include "profile/write/form_private.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "ingest/arch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a list in comments; the JSON forms have all of it. */
#define COMMENT_ITEMS 100

static const struct {
	const char *name, *suffix;
	int (*write)(struct form_writer *writer);
} forms[FORM_COUNT] = {
#define FORM_ROW(name, word, suffix, writer) [FORM_##name] = {#word, suffix, form_write_##writer},
	FORMS(FORM_ROW)};

enum form form_from_name(const char *name)
{
	for (size_t i = 0; name && i < FORM_COUNT; i++)
		if (strcmp(forms[i].name, name) == 0)
			return (enum form)i;
	return FORM_OCI;
}

const char *form_suffix(enum form form)
{
	return forms[form].suffix;
}

/* --- words */

const char *form_errno_text(unsigned number, char text[16])
{
	const char *name = number ? strerrorname_np((int)number) : NULL;

	snprintf(text, 16, "%u", number);
	return name ? name : text;
}

/* --- strings from logs */

/* What moves the cursor, ends a line for some reader of YAML or turns the text around (Unicode:
 * Cc, Zl, Zp, Bidi_Control), and what YAML calls not printable. */
static bool is_unsafe(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},
		{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfffe, 0xffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

void form_put_clean(struct buf *to, struct str text)
{
	while (text.n) {
		uint32_t point = 0;
		size_t bad = 1, n = utf8_decode(text, &point, &bad);

		if (n == 0 || is_unsafe(point))
			buf_put_str(to, STR("\xef\xbf\xbd"));
		else
			buf_put(to, text.p, n);
		text = str_skip(text, n ? n : bad);
	}
}

void form_emit_clean(struct emit *emit, const char *key, struct str text)
{
	BUF_AUTO clean = {0};

	form_put_clean(&clean, text);
	emit_string(emit, key, clean.p ? clean.p : "");
}

/* minijail's reader joins a line that ends in a backslash with the next one, comments included. */
void form_put_comment(struct buf *to, const char *indent, const char *text)
{
	buf_format(to, "# %s", indent);
	form_put_clean(to, str_from(text));
	while (to->n && (to->p[to->n - 1] == ' ' || to->p[to->n - 1] == '\\'))
		to->n--;
	buf_put_char(to, '\n');
}

static void put_list_comment(struct buf *to, const char *key, const json_t *list)
{
	size_t count = json_array_size(list);
	BUF_AUTO line = {0};

	buf_format(&line, "%s:%s", key, count ? "" : " none");
	form_put_comment(to, "", line.p);
	for (size_t i = 0; i < count && i < COMMENT_ITEMS; i++)
		form_put_comment(to, "  ", json_string_value(json_array_get(list, i)));
	if (count > COMMENT_ITEMS)
		buf_format(to, "#   and %zu more\n", count - COMMENT_ITEMS);
}

void form_put_comments(const struct form_writer *writer)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)writer->heading->evidence, key, value) {
		BUF_AUTO line = {0};

		if (json_is_array(value)) {
			put_list_comment(writer->text, key, value);
			continue;
		}
		buf_format(&line, "%s: ", key);
		if (json_is_integer(value))
			buf_format(&line, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		else if (json_is_boolean(value))
			buf_put_str(&line, json_is_true(value) ? STR("yes") : STR("no"));
		else
			buf_put_str(&line, str_from(json_string_value(value)));
		form_put_comment(writer->text, "", line.p);
	}
}

/* --- rules */

/* Splits alternatives beyond what one rule can have into a rule each. */
static void add_rule(struct form_writer *writer, const struct document_rule *from)
{
	bool split = from->arg_count > FORM_MAX_ARGS && document_is_any_of(from);
	size_t each = split ? 1 : from->arg_count;

	for (size_t i = 0; i == 0 || (split && i < from->arg_count); i++) {
		struct document_rule *rule =
			document_add_rule(&writer->made, document_rule_value(from),
					  from->args ? from->args + i : NULL, each);

		for (size_t k = 0; k < from->names.count; k++)
			strings_add(&rule->names, from->names.all[k]);
		strings_sort(&rule->names);
	}
}

static int read_document(struct form_writer *writer)
{
	struct profile_options options = profile_options_default();
	const enum shape shape = writer->document->shape;
	struct document all;

	if (shape != SHAPE_OCI && shape != SHAPE_SPO)
		return err_set(writer->err, EINVAL,
			       "the profile is for %s, and its conditions are not resolved yet",
			       shape_name(shape));
	options.loader = LOADER_OCI;
	options.arch = arch_native();
	options.kernel_major = 6; /* of no effect for this loader */
	/* whoever read the document has said the lints */
	int r = rules_resolve(writer->document, &options, &writer->rules, NULL, writer->err);

	if (r == 0 && writer->rules.off)
		r = err_set(writer->err, EINVAL,
			    "there is no filter, so no profile can be written");
	if (r < 0)
		return r;
	document_of_rules(&writer->rules, &all);
	writer->made = all;
	writer->made.architectures = (struct strings){0};
	writer->made.rules = NULL;
	writer->made.rule_count = 0;
	for (size_t i = 0; i < all.architectures.count; i++)
		if (!strings_has(&writer->made.architectures, all.architectures.all[i]))
			strings_add(&writer->made.architectures, all.architectures.all[i]);
	for (size_t i = 0; i < all.rule_count; i++)
		add_rule(writer, &all.rules[i]);
	all.flags = (struct strings){0}; /* taken over */
	document_release(&all);
	return 0;
}

/* --- calls */

/* By name, then by the rules' order. */
static int by_name(const void *a, const void *b)
{
	const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

/* libseccomp: of two rules without args the first wins, and any of them over those with args. */
static void put_rule(struct form_call *call, const struct rule *rule)
{
	if (!call->plain && rule->arg_count)
		cover_put(&call->conditions, rule->action, rule->args, rule->arg_count);
	if (!call->plain && !rule->arg_count) {
		call->plain = true;
		call->action = rule->action;
	}
}

void form_calls_init(const struct form_writer *writer, struct form_calls *ret_calls)
{
	const struct rules *rules = &writer->rules;
	MEM_AUTO const struct rule **all = mem_new(rules->count, sizeof(struct rule *));
	const struct rule *before = NULL;
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (rules->all[i].action != rules->default_action)
			all[count++] = &rules->all[i];
	qsort(all, count, sizeof(*all), by_name);
	*ret_calls = (struct form_calls){.all = mem_new(count, sizeof(*ret_calls->all))};
	for (size_t i = 0; i < count; i++) {
		bool same = before && strcmp(before->name, all[i]->name) == 0;

		/* a name that is given twice in one rule */
		if (same && before->document_rule == all[i]->document_rule &&
		    before->document_name != all[i]->document_name)
			continue;
		if (!same)
			ret_calls->all[ret_calls->count++].name = all[i]->name;
		before = all[i];
		put_rule(&ret_calls->all[ret_calls->count - 1], before);
	}
}

void form_calls_release(struct form_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		cover_release(&calls->all[i].conditions);
	free(calls->all);
	*calls = (struct form_calls){0};
}

int form_widen(const struct form_writer *writer, const struct form_calls *calls,
	       form_cannot *cannot, const void *context, const char *why)
{
	LISTING_AUTO names = {0};

	for (size_t i = 0; i < calls->count; i++) {
		struct form_call *call = &calls->all[i];

		if (call->plain || !cannot(context, call))
			continue;
		listing_add_safe(&names, call->name);
		call->plain = call->widened = true;
		call->action = SCMP_ACT_ALLOW;
	}
	if (names.count && !writer->widen)
		return err_set(writer->err, EINVAL,
			       "%s: %s; --widen allows them for all "
			       "arguments",
			       why, listing_text(&names));
	if (names.count)
		lint_add(writer->notes, 0, "", "%s: allowed for all arguments: %s", why,
			 listing_text(&names));
	return 0;
}

/* --- */

int form_write(enum form form, const struct document *document, const struct form_heading *heading,
	       bool widen, struct buf *text, struct lints *notes, struct err *err)
{
	struct form_writer writer = {.form = form,
				     .document = document,
				     .heading = heading,
				     .widen = widen,
				     .text = text,
				     .notes = notes,
				     .err = err};
	int r = read_document(&writer);

	if (r == 0)
		r = forms[form].write(&writer);
	document_release(&writer.made);
	rules_release(&writer.rules);
	return r < 0 ? err_prefix(err, "format %s", forms[form].name) : 0;
}
