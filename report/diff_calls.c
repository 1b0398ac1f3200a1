#include "report/diff_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "report/risk.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* The table is no wider, whatever the terminal: it is read in mails, too. */
#define COLUMNS 80

/* Bytes of the groups' names in a row, before it only says how many more there are. */
#define WHO_BYTES 18

static const struct table_column columns[] = {
	{"SYSCALL", false, TABLE_WHOLE},
	{"VERDICT", false, TABLE_WHOLE},
	{"RECORDS", true, 0},
	{"GROUPS", true, 0},
	{"RISK", false, TABLE_WHOLE},
	{"WHO", false, 0},
};

/* What a group does. */
struct call {
	const struct finding *finding;
	const struct diff_group *group;
};

enum text_colour diff_kind_colour(enum finding_kind kind)
{
	static const enum text_colour colours[] = {
		[FINDING_MISSING] = TEXT_RED,
		[FINDING_LOGGED] = TEXT_YELLOW,
		[FINDING_FALLBACK] = TEXT_DIM,
		[FINDING_CONDITIONAL] = TEXT_PLAIN,
	};

	return colours[kind];
}

static int compare_calls(const void *a, const void *b)
{
	const struct call *one = a, *other = b;
	int order = finding_compare(one->finding, other->finding);

	return order ? order : group_key_compare(&one->group->key, &other->group->key);
}

/* By kind and name; equal calls of several groups stand together. The caller's. */
static struct call *all_calls(const struct diff *diff, const struct diff_writing *writing,
			      size_t *ret_count)
{
	struct call *all = NULL;
	size_t count = 0;

	for (size_t i = 0; i < diff->group_count; i++) {
		const struct diff_group *group = diff->groups[i];

		for (size_t k = 0; k < group->finding_count; k++) {
			if (!diff_shows_kind(diff, group->findings[k]->kind, writing))
				continue;
			all = mem_more(all, count, sizeof(*all));
			all[count++] = (struct call){group->findings[k], group};
		}
	}
	if (count)
		qsort(all, count, sizeof(*all), compare_calls);
	*ret_count = count;
	return all;
}

static const char *call_risk(const struct finding *finding)
{
	char name[SYSCALL_NAME_SIZE];

	return syscall_name(finding->arch, finding->nr, name) ? risk_of(name) : NULL;
}

/* "refused EPERM", "refused KILL_PROCESS", "conditional" */
static void put_verdict(struct table *table, const struct finding *finding)
{
	const struct verdict *verdict = &finding->verdict;
	char text[FORMAT_NAME_SIZE];
	const char *returns = "";

	if (verdict->has_errno)
		returns = format_errno(verdict->error, text);
	else if (finding->kind == FINDING_MISSING)
		returns = format_action(verdict->action, text);
	table_format(table, "%s%s%s", finding_kind_word(finding->kind), *returns ? " " : "",
		     finding->kind == FINDING_CONDITIONAL ? "" : returns);
}

/* "web, cart +3": names are whole. */
static void put_groups(struct table *table, const struct call *calls, size_t count)
{
	BUF_AUTO names = {0};
	size_t named = 0;

	for (; named < count; named++) {
		BUF_AUTO name = {0};

		if (calls[named].group->is_rest)
			buf_put_str(&name, STR("other programs"));
		else
			group_key_put_name(&name, &calls[named].group->key);
		if (named && names.n + name.n + 2 > WHO_BYTES)
			break;
		buf_format(&names, "%s%.*s", named ? ", " : "", (int)name.n, name.p ? name.p : "");
	}
	if (named < count)
		buf_format(&names, " +%zu", count - named);
	table_cell(table, buf_str(&names));
}

static void put_row(struct table *table, const struct call *calls, size_t count, FILE *out)
{
	const struct finding *finding = calls[0].finding;
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];
	bool foreign = arch_token(finding->arch, finding->nr) != arch_native(), exact = true;
	uint64_t records = 0;

	for (size_t i = 0; i < count; i++) {
		records += calls[i].finding->count;
		exact = exact && calls[i].finding->count_exact;
	}
	syscall_name(finding->arch, finding->nr, name);
	table_format(table, "%s%s%s", name, foreign ? " on " : "",
		     foreign ? format_arch(finding->arch, finding->nr, text) : "");
	put_verdict(table, finding);
	table_format(table, "%s", format_count(records, exact, text));
	table_format(table, "%zu", count);
	table_format(table, "%s", call_risk(finding) ? "high" : "-");
	put_groups(table, calls, count);
	table_row_end(table, diff_kind_colour(finding->kind), out);
}

void diff_write_calls(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	size_t count;
	MEM_AUTO struct call *all = all_calls(diff, writing, &count);
	TABLE_AUTO table;

	if (count)
		fputc('\n', out);
	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 0, writing->colour);
	table.columns_max = COLUMNS;
	for (size_t i = 0, k; i < count; i = k) {
		for (k = i + 1; k < count; k++)
			if (finding_compare_key(all[i].finding, all[k].finding) != 0)
				break;
		put_row(&table, &all[i], k - i, out);
	}
	table_flush(&table, out);
}

void diff_write_risks(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	size_t count;
	MEM_AUTO struct call *all = all_calls(diff, writing, &count);
	char name[SYSCALL_NAME_SIZE], last[SYSCALL_NAME_SIZE] = "";
	BUF_AUTO text = {0};

	for (size_t i = 0; i < count; i++) {
		const char *why = call_risk(all[i].finding);

		syscall_name(all[i].finding->arch, all[i].finding->nr, name);
		if (!why || strcmp(name, last) == 0 ||
		    !diff_kind_differs(diff, all[i].finding->kind))
			continue;
		buf_format(&text, "  %-18s %s\n", name, why);
		memcpy(last, name, sizeof(last));
	}
	if (text.n)
		fprintf(out, "\nhigh risk:\n%s", text.p);
}
