#include "profile/document/write.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "profile/document/spelling.h"
#include "profile/document/tree_private.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

const char *document_string(struct document *document, const char *text)
{
	return tree_string(&document->tree, str_from(text));
}

void strings_add(struct strings *strings, const char *text)
{
	strings->all = mem_more(strings->all, strings->count, sizeof(*strings->all));
	strings->all[strings->count++] = text;
}

void strings_add_all(struct strings *strings, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		strings_add(strings, from->all[i]);
}

bool strings_has(const struct strings *strings, const char *text)
{
	return named_find(strings->all, strings->count, sizeof(*strings->all), text) != NULL;
}

void strings_sort(struct strings *strings)
{
	size_t kept = 0;

	if (strings->count)
		qsort(strings->all, strings->count, sizeof(*strings->all), sorted_by_name);
	for (size_t i = 0; i < strings->count; i++)
		if (kept == 0 || strcmp(strings->all[kept - 1], strings->all[i]) != 0)
			strings->all[kept++] = strings->all[i];
	strings->count = kept;
}

static struct optional number_of(uint32_t value)
{
	return (struct optional){spelling_has_number(value), value & SECCOMP_RET_DATA};
}

void document_set_default(struct document *document, uint32_t value)
{
	document->prefix = "";
	document->default_action = spelling_of_action(value);
	document->default_errno_ret = number_of(value);
}

uint32_t document_rule_value(const struct document_rule *rule)
{
	return rule->action | (uint32_t)(rule->errno_ret.present ? rule->errno_ret.value : 0);
}

struct document_rule *document_add_rule(struct document *document, uint32_t value,
					const struct document_arg *args, size_t arg_count)
{
	document->rules = mem_more(document->rules, document->rule_count, sizeof(*document->rules));
	struct document_rule *rule = &document->rules[document->rule_count++];

	*rule = (struct document_rule){.errno_ret = number_of(value), .arg_count = arg_count};
	spelling_read_action(spelling_of_action(value), &rule->action);
	rule->args = mem_new(arg_count, sizeof(*args));
	if (arg_count)
		memcpy(rule->args, args, arg_count * sizeof(*args));
	return rule;
}

void document_add_name(struct document *document, const char *name, uint32_t value,
		       const struct document_arg *args, size_t arg_count)
{
	struct optional number = number_of(value);
	struct document_rule *rule = NULL;
	uint32_t action = 0;

	spelling_read_action(spelling_of_action(value), &action);
	for (size_t i = 0; !rule && i < document->rule_count; i++) {
		struct document_rule *one = &document->rules[i];

		if (one->action == action && one->errno_ret.present == number.present &&
		    one->errno_ret.value == number.value && one->arg_count == arg_count &&
		    (!arg_count || memcmp(one->args, args, arg_count * sizeof(*args)) == 0))
			rule = one;
	}
	if (!rule)
		rule = document_add_rule(document, value, args, arg_count);
	if (rule->names.count == 0 || strcmp(rule->names.all[rule->names.count - 1], name) != 0)
		strings_add(&rule->names, name);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
	const struct document_rule *x = a, *y = b;
	int order = compare(x->arg_count > 0, y->arg_count > 0);

	if (order == 0 && x->arg_count)
		order = strcmp(x->names.all[0], y->names.all[0]);
	if (order == 0)
		order = strcmp(spelling_of_action(x->action), spelling_of_action(y->action));
	if (order == 0)
		order = compare(x->errno_ret.value, y->errno_ret.value);
	for (size_t i = 0; order == 0 && i < x->arg_count && i < y->arg_count; i++) {
		const struct document_arg *one = &x->args[i], *other = &y->args[i];

		order = compare(one->index, other->index);
		order = order ? order : compare(one->op, other->op);
		order = order ? order : compare(one->value, other->value);
		order = order ? order : compare(one->value_two, other->value_two);
	}
	return order ? order : compare(x->arg_count, y->arg_count);
}

void document_sort_rules(struct document *document)
{
	for (size_t i = 0; i < document->rule_count; i++)
		strings_sort(&document->rules[i].names);
	if (document->rule_count)
		qsort(document->rules, document->rule_count, sizeof(*document->rules), by_place);
}

void document_of_rules(const struct rules *rules, struct document *ret_document)
{
	struct document_rule *rule = NULL;

	*ret_document = (struct document){.shape = SHAPE_OCI};
	document_set_default(ret_document, rules->default_action);
	strings_add_all(&ret_document->architectures, &rules->arches);
	strings_add_all(&ret_document->flags, &rules->flags);
	if (rules->document) {
		ret_document->listener_path = rules->document->listener_path;
		ret_document->listener_metadata = rules->document->listener_metadata;
	}
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *from = &rules->all[i], *before = i ? from - 1 : NULL;
		const struct document_rule *whole = &rules->document->rules[from->document_rule];
		bool same = before && before->document_rule == from->document_rule;

		if (!same)
			rule = document_add_rule(ret_document, from->action, whole->args,
						 whole->arg_count);
		if (!same || before->document_name != from->document_name)
			strings_add(&rule->names, from->name);
	}
}

/* --- writing */

static void put_strings(struct emit *emit, const char *key, const struct strings *strings,
			bool words, bool flat)
{
	if (strings->count == 0)
		return;
	emit_list(emit, key, flat);
	for (size_t i = 0; i < strings->count; i++)
		(words ? emit_word : emit_string)(emit, NULL, strings->all[i]);
	emit_close(emit);
}

static void put_string(struct emit *emit, const char *key, const char *text)
{
	if (text)
		emit_string(emit, key, text);
}

static void put_optional(struct emit *emit, const char *key, struct optional number)
{
	if (number.present)
		emit_number(emit, key, number.value);
}

static void put_args(struct emit *emit, const struct document_rule *rule)
{
	if (rule->arg_count == 0)
		return;
	emit_list(emit, "args", false);
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct document_arg *arg = &rule->args[i];

		emit_map(emit, NULL, false);
		emit_number(emit, "index", arg->index);
		emit_number(emit, "value", arg->value);
		if (arg->op == SCMP_CMP_MASKED_EQ)
			emit_number(emit, "valueTwo", arg->value_two);
		emit_word(emit, "op", spelling_of_operator(arg->op));
		emit_close(emit);
	}
	emit_close(emit);
}

static void put_filter(struct emit *emit, const char *key, const struct document_filter *filter)
{
	char kernel[24];

	if (!filter->present)
		return;
	emit_map(emit, key, true);
	put_strings(emit, "caps", &filter->caps, true, true);
	put_strings(emit, "arches", &filter->arches, true, true);
	snprintf(kernel, sizeof(kernel), "%u.%u", filter->kernel, filter->major);
	if (filter->has_min_kernel)
		emit_string(emit, "minKernel", kernel);
	emit_close(emit);
}

void document_put_rule(struct emit *emit, const struct document_rule *rule, bool flat)
{
	emit_map(emit, NULL, flat);
	put_strings(emit, "names", &rule->names, false, flat);
	emit_word(emit, "action", spelling_of_action(rule->action));
	put_optional(emit, "errnoRet", rule->errno_ret);
	put_args(emit, rule);
	put_filter(emit, "includes", &rule->includes);
	put_filter(emit, "excludes", &rule->excludes);
	emit_close(emit);
}

static void put_arch_map(struct emit *emit, const struct document *document)
{
	if (document->arch_map_count == 0)
		return;
	emit_list(emit, "archMap", false);
	for (size_t i = 0; i < document->arch_map_count; i++) {
		const struct document_arch *arch = &document->arch_map[i];

		emit_map(emit, NULL, true);
		emit_string(emit, "architecture", arch->architecture);
		emit_list(emit, "subArchitectures", true);
		for (size_t k = 0; k < arch->subs.count; k++)
			emit_string(emit, NULL, arch->subs.all[k]);
		emit_close(emit); /* the list, even if empty, unlike put_strings() */
		emit_close(emit);
	}
	emit_close(emit);
}

void document_put_members(struct emit *emit, const struct document *document, bool flat)
{
	emit_word(emit, "defaultAction", document->default_action);
	put_optional(emit, "defaultErrnoRet", document->default_errno_ret);
	put_string(emit, "defaultErrno", document->default_errno);
	put_strings(emit, "architectures", &document->architectures, true, flat);
	put_arch_map(emit, document);
	put_strings(emit, "flags", &document->flags, true, flat);
	put_string(emit, "listenerPath", document->listener_path);
	put_string(emit, "listenerMetadata", document->listener_metadata);
	if (emit->yaml && document->rule_count == 0)
		return;
	emit_list(emit, "syscalls", false);
	for (size_t i = 0; i < document->rule_count; i++)
		document_put_rule(emit, &document->rules[i], flat);
	emit_close(emit);
}

void document_write(const struct document *document, bool flat, struct buf *text)
{
	struct emit emit = {.to = text, .indent = flat ? "  " : "\t"};

	emit_map(&emit, NULL, false);
	document_put_members(&emit, document, flat);
	emit_close(&emit);
	emit_end(&emit);
}
