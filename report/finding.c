#include "report/finding.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "report/format.h"
#include "report/json.h"

#include <stdlib.h>

static const char *const kind_names[] = {
	[FINDING_MISSING] = "missing",
	[FINDING_LOGGED] = "logged",
	[FINDING_FALLBACK] = "fallback",
	[FINDING_CONDITIONAL] = "conditional",
};

const char *finding_kind_name(enum finding_kind kind)
{
	return kind_names[kind];
}

const char *finding_kind_word(enum finding_kind kind)
{
	static const char *const words[] = {
		[FINDING_MISSING] = "refused",
		[FINDING_LOGGED] = "logged",
		[FINDING_FALLBACK] = "falls back",
		[FINDING_CONDITIONAL] = "conditional",
	};

	return words[kind];
}

const char *finding_verdict_word(const struct verdict *verdict)
{
	enum finding_kind kind;

	if (verdict->kind == VERDICT_UNKNOWN)
		return "unknown";
	return finding_kind_of(verdict, &kind) ? finding_kind_word(kind) : "allowed";
}

void finding_put_action(struct buf *buf, const struct verdict *verdict)
{
	char text[FORMAT_NAME_SIZE];

	buf_put_str(buf, str_from(format_action(verdict->action, text)));
	if (verdict->has_errno)
		buf_format(buf, " %s", format_errno(verdict->error, text));
	if (verdict->kind == VERDICT_BAD_ARCH)
		buf_put_str(buf, STR(", architecture not in the filter"));
}

bool finding_kind_of(const struct verdict *verdict, enum finding_kind *ret_kind)
{
	switch (verdict->kind) {
	case VERDICT_ALLOWED:
		return false;
	case VERDICT_UNKNOWN: /* its condition says that it cannot be told */
	case VERDICT_CONDITIONAL:
		*ret_kind = FINDING_CONDITIONAL;
		return true;
	case VERDICT_LOGGED:
		*ret_kind = FINDING_LOGGED;
		return true;
	case VERDICT_DENIED:
	case VERDICT_BAD_ARCH:
	case VERDICT_ENOSYS:
		break;
	}
	*ret_kind = verdict_is_fallback(verdict) ? FINDING_FALLBACK : FINDING_MISSING;
	return true;
}

struct finding *finding_new(enum finding_kind kind, const struct verdict *verdict,
			    const struct observation *observation)
{
	struct finding *finding = mem_new(1, sizeof(*finding));

	finding->kind = kind;
	finding->arch = observation->arch;
	finding->nr = observation->nr;
	finding->verdict = *verdict;
	finding->count_exact = true;
	finding->first_ms = observation->first_ms;
	finding->last_ms = observation->last_ms;
	return finding;
}

void finding_free(struct finding *finding)
{
	for (size_t i = 0; i < finding->program_count; i++)
		free((void *)(uintptr_t)finding->programs[i].p);
	free(finding->programs);
	free(finding);
}

static struct str basename_of(struct str path)
{
	size_t start = path.n;

	while (start && path.p[start - 1] != '/')
		start--;
	return str_skip(path, start);
}

static int compare_names(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void add_program(struct finding *finding, struct str name)
{
	size_t at;

	if (sorted_find(finding->programs, finding->program_count, sizeof(name), &name,
			compare_names, &at))
		return;
	if (finding->program_count == FINDING_PROGRAMS_MAX) {
		finding->programs_cut = true;
		return;
	}
	name.p = mem_copy(name);
	finding->programs =
		sorted_insert(finding->programs, finding->program_count++, sizeof(name), at, &name);
}

void finding_add(struct finding *finding, const struct observation *observation)
{
	finding->count += observation->count;
	finding->count_exact &= observation->count_exact;
	if (observation->first_ms < finding->first_ms)
		finding->first_ms = observation->first_ms;
	if (observation->last_ms > finding->last_ms)
		finding->last_ms = observation->last_ms;
	if (!observation->comm_null)
		add_program(finding, observation->comm);
	else if (!observation->exe_null)
		add_program(finding, basename_of(observation->exe));
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int finding_compare_key(const struct finding *a, const struct finding *b)
{
	const int orders[] = {
		compare_numbers(a->nr, b->nr),
		compare_numbers(a->arch, b->arch),
		compare_numbers(a->kind, b->kind),
		compare_numbers(a->verdict.kind, b->verdict.kind),
		compare_numbers(a->verdict.action, b->verdict.action),
		compare_numbers(a->verdict.has_errno ? a->verdict.error : -1,
				b->verdict.has_errno ? b->verdict.error : -1),
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (orders[i])
			return orders[i];
	return 0;
}

int finding_compare(const struct finding *a, const struct finding *b)
{
	char name_a[SYSCALL_NAME_SIZE], name_b[SYSCALL_NAME_SIZE];

	if (a->kind != b->kind)
		return compare_numbers(a->kind, b->kind);
	syscall_name(a->arch, a->nr, name_a);
	syscall_name(b->arch, b->nr, name_b);
	int order = strcmp(name_a, name_b);

	return order ? order : finding_compare_key(a, b);
}

void finding_put_verdict(json_t *object, const struct verdict *verdict)
{
	char text[FORMAT_NAME_SIZE];

	json_object_set_new(object, "verdict", json_string(verdict_name(verdict->kind)));
	json_object_set_new(object, "action",
			    verdict->kind == VERDICT_UNKNOWN
				    ? json_null()
				    : json_string(format_action(verdict->action, text)));
	json_object_set_new(object, "errno",
			    verdict->has_errno ? json_integer(verdict->error) : json_null());
}

json_t *finding_conditions(const struct verdict *verdict)
{
	json_t *conditions = json_array();

	for (size_t i = 0; i < verdict->condition_count; i++)
		json_array_append_new(conditions, json_from_str(str_from(verdict->conditions[i])));
	return conditions;
}
