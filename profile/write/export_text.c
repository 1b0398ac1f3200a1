#include "profile/write/export_private.h"

#include "base/mem.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* One entry of "syscalls": an action under some args, and all names that have it. */
struct entry {
	uint32_t value;
	struct buf args; /* as written; empty without args */
	const char **names;
	size_t count, size;
};

struct entries {
	struct entry *all;
	size_t count, size;
};

/* How every document ends. */
#define END_TEXT "\n\t]\n}\n"
#define END      STR(END_TEXT)

/* The JSON is put together by hand because jansson's integers end at 2^63 - 1, and a mask or a
 * value of an arg is a uint64. */

static void write_arg(const struct document_arg *arg, struct buf *to)
{
	buf_format(to, "\t\t\t\t{\n\t\t\t\t\t\"index\": %u,\n\t\t\t\t\t\"value\": %" PRIu64 ",\n",
		   arg->index, arg->value);
	if (arg->op == SCMP_CMP_MASKED_EQ)
		buf_format(to, "\t\t\t\t\t\"valueTwo\": %" PRIu64 ",\n", arg->value_two);
	buf_format(to, "\t\t\t\t\t\"op\": \"%s\"\n\t\t\t\t}", spelling_of_operator(arg->op));
}

static void write_args(const struct cover_rule *rule, struct buf *to)
{
	buf_put_str(to, STR(",\n\t\t\t\"args\": [\n"));
	for (size_t i = 0; i < rule->arg_count; i++) {
		write_arg(&rule->args[i], to);
		buf_put_str(to, i + 1 < rule->arg_count ? STR(",\n") : STR("\n"));
	}
	buf_put_str(to, STR("\t\t\t]"));
}

static struct entry *entry_for(struct entries *entries, uint32_t value, struct str args)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->all[i].value == value && str_eq(buf_str(&entries->all[i].args), args))
			return &entries->all[i];
	}
	if (entries->count == entries->size) {
		entries->size = entries->size ? entries->size * 2 : 16;
		entries->all = mem_resize(entries->all, entries->size * sizeof(*entries->all));
	}
	struct entry *entry = &entries->all[entries->count++];

	*entry = (struct entry){.value = value};
	buf_put_str(&entry->args, args);
	return entry;
}

static void entry_put(struct entries *entries, uint32_t value, struct str args, const char *name)
{
	struct entry *entry = entry_for(entries, value, args);

	if (entry->count == entry->size) {
		entry->size = entry->size ? entry->size * 2 : 16;
		entry->names = mem_resize(entry->names, entry->size * sizeof(*entry->names));
	}
	entry->names[entry->count++] = name;
}

static void put_name(struct entries *entries, const struct export_name *name)
{
	for (size_t i = 0; i < name->rule_count; i++) {
		const struct export_rule *rule = &name->rules[i];

		if (rule->cover.count == 0)
			entry_put(entries, rule->value, STR(""), name->name);
		for (size_t j = 0; j < rule->cover.count; j++) {
			BUF_AUTO args = {0};

			write_args(&rule->cover.all[j], &args);
			entry_put(entries, rule->value, buf_str(&args), name->name);
		}
	}
}

/* Plain rules first, then those with args by their first name; the action decides within. */
static int by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	char text_x[VERDICT_VALUE_SIZE], text_y[VERDICT_VALUE_SIZE];
	bool args_x = x->args.n > 0, args_y = y->args.n > 0;
	int order = args_x ? strcmp(x->names[0], y->names[0]) : 0;

	if (args_x != args_y)
		return args_x - args_y;
	if (order == 0)
		order = strcmp(verdict_value_text(x->value, text_x),
			       verdict_value_text(y->value, text_y));
	return order ? order : str_compare(buf_str(&x->args), buf_str(&y->args));
}

static void write_action(uint32_t value, const char *indent, const char *action, const char *number,
			 struct buf *to)
{
	buf_format(to, "%s\"%s\": \"%s\"", indent, action, spelling_of_action(value));
	if (spelling_has_number(value))
		buf_format(to, ",\n%s\"%s\": %u", indent, number, value & SECCOMP_RET_DATA);
}

static void write_entry(const struct entry *entry, struct buf *to)
{
	buf_put_str(to, STR("\t\t{\n\t\t\t\"names\": [\n"));
	for (size_t i = 0; i < entry->count; i++) {
		buf_put_str(to, STR("\t\t\t\t"));
		spelling_put_string(to, entry->names[i]);
		buf_put_str(to, i + 1 < entry->count ? STR(",\n") : STR("\n"));
	}
	buf_put_str(to, STR("\t\t\t],\n"));
	write_action(entry->value, "\t\t\t", "action", "errnoRet", to);
	buf_put_str(to, buf_str(&entry->args));
	buf_put_str(to, STR("\n\t\t}"));
}

/* As the OCI spec spells them: libseccomp's names in upper case. */
static void write_arches(const struct filter *filter, struct buf *to)
{
	buf_put_str(to, STR("\t\"architectures\": [\n"));
	for (size_t i = 0; i < filter->arch_count; i++) {
		buf_put_str(to, STR("\t\t\""));
		spelling_put_arch(to, filter->arches[i].token);
		buf_format(to, "\"%s\n", i + 1 < filter->arch_count ? "," : "");
	}
	buf_put_str(to, STR("\t],\n"));
}

static void write_entries(const struct exporter *exporter, bool first, struct buf *document)
{
	struct entries entries = {0};

	for (size_t i = 0; i < exporter->name_count; i++)
		put_name(&entries, &exporter->names[i]);
	if (entries.count)
		qsort(entries.all, entries.count, sizeof(*entries.all), by_place);
	for (size_t i = 0; i < entries.count; i++) {
		buf_put_str(document, first && i == 0 ? STR("\n") : STR(",\n"));
		write_entry(&entries.all[i], document);
		buf_release(&entries.all[i].args);
		free(entries.all[i].names);
	}
	free(entries.all);
	buf_put_str(document, END);
}

void export_write(const struct exporter *exporter, struct buf *document)
{
	buf_put_str(document, STR("{\n"));
	write_action(exporter->default_action, "\t", "defaultAction", "defaultErrnoRet", document);
	buf_put_str(document, STR(",\n"));
	write_arches(exporter->filter, document);
	buf_put_str(document, STR("\t\"syscalls\": ["));
	write_entries(exporter, true, document);
}

void export_append(const struct exporter *exporter, struct buf *document)
{
	document->n -= strlen(END_TEXT);
	write_entries(exporter, document->p[document->n - 1] == '[', document);
}
