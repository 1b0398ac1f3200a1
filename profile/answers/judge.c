#include "profile/answers/judge.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "profile/answers/condition.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* A direct-mapped cache by (arch, number). */
#define MEMO_SIZE (1U << 12)

struct judge_memo {
	bool used;
	uint32_t audit_arch;
	int64_t nr;
	size_t judged; /* index into judge->all */
};

/* A verdict and what it was derived from. */
struct judged {
	diagram answer;
	bool narrow;
	struct verdict verdict;
};

static int by_text(const void *a, const void *b)
{
	char text_a[VERDICT_VALUE_SIZE], text_b[VERDICT_VALUE_SIZE];

	return strcmp(verdict_value_text(*(const uint32_t *)a, text_a),
		      verdict_value_text(*(const uint32_t *)b, text_b));
}

static bool by_stub(const struct judge *judge, const struct verdict *verdict, uint32_t audit_arch,
		    int64_t nr)
{
	const struct filter_arch *arch = filter_arch(
		judge->filter, (uint32_t)nr & ARCH_X32_BIT && audit_arch == SCMP_ARCH_X86_64
				       ? SCMP_ARCH_X32
				       : audit_arch);
	bool s390 = audit_arch == SCMP_ARCH_S390 || audit_arch == SCMP_ARCH_S390X;

	if (!judge->filter->stub_count || !arch || !arch->has_last ||
	    verdict->reachable_count != 1 || verdict->reachable[0] != VALUE_ENOSYS)
		return false;
	return (uint32_t)nr > arch->last || (s390 && nr == 0);
}

/*
 * A rule decided if one names the syscall or if the answer differs from the default: on i386 a rule
 * for `socket` affects socketcall too.
 */
static enum verdict_origin origin_of(const struct judge *judge, const struct verdict *verdict,
				     uint32_t audit_arch, int64_t nr)
{
	char name[SYSCALL_NAME_SIZE];
	const char *at = name;

	if (!filter_arch(judge->filter, arch_token(audit_arch, nr)))
		return VERDICT_BY_ARCH;
	if (by_stub(judge, verdict, audit_arch, nr))
		return VERDICT_BY_STUB;
	if (verdict->reachable_count != 1 || verdict->reachable[0] != judge->rules->default_action)
		return VERDICT_BY_RULE;
	bool named = judge->name_count > 0 && syscall_name(audit_arch, nr, name) &&
		     bsearch(&at, judge->names, judge->name_count, sizeof(*judge->names),
			     sorted_by_name);

	return named ? VERDICT_BY_RULE : VERDICT_BY_DEFAULT;
}

/*
 * A mixture of ALLOW and LOG always passes: `logged`. A mixture of these with a refusal depends on
 * the arguments: `conditional`.
 */
static enum verdict_kind kind_of(const struct verdict *verdict)
{
	bool passes = false, refuses = false, logs = false;

	for (size_t i = 0; i < verdict->reachable_count; i++) {
		enum pass pass = value_pass(verdict->reachable[i]);

		logs = logs || pass == PASS_LOGGED;
		passes = passes || pass >= PASS_LOGGED;
		refuses = refuses || pass < PASS_LOGGED;
	}
	if (verdict->origin == VERDICT_BY_ARCH && !passes)
		return VERDICT_BAD_ARCH;
	if (passes && refuses)
		return VERDICT_CONDITIONAL;
	if (passes)
		return logs ? VERDICT_LOGGED : VERDICT_ALLOWED;
	if (verdict->origin == VERDICT_BY_RULE || verdict->reachable_count != 1)
		return VERDICT_DENIED;
	return verdict->reachable[0] == VALUE_ENOSYS ? VERDICT_ENOSYS : VERDICT_DENIED;
}

static void set_action(struct verdict *verdict)
{
	uint32_t worst = value_strictest(verdict->reachable, verdict->reachable_count);

	verdict->action = worst & SECCOMP_RET_ACTION_FULL;
	verdict->has_errno = verdict->action == SECCOMP_RET_ERRNO;
	if (verdict->has_errno)
		verdict->error = (uint16_t)(value_effect(worst) & SECCOMP_RET_DATA);
}

struct verdict verdict_narrow(const struct verdict *verdict, uint32_t *values, size_t count)
{
	struct verdict narrow = {
		.origin = verdict->origin, .reachable = values, .reachable_count = count};

	qsort(values, count, sizeof(*values), by_text);
	narrow.kind = kind_of(&narrow);
	if (narrow.kind == VERDICT_CONDITIONAL)
		return *verdict;
	set_action(&narrow);
	return narrow;
}

static struct verdict verdict_allowed(enum verdict_origin origin)
{
	uint32_t *allow = mem_new(1, sizeof(*allow));

	*allow = SECCOMP_RET_ALLOW;
	return (struct verdict){.kind = VERDICT_ALLOWED,
				.origin = origin,
				.action = SECCOMP_RET_ALLOW,
				.reachable = allow,
				.reachable_count = 1};
}

static struct verdict verdict_of(struct judge *judge, diagram answer, uint32_t audit_arch,
				 int64_t nr)
{
	const struct profile_options *options = judge->options;
	struct verdict verdict = {0};
	uint32_t *values;

	/*
	 * kernel/seccomp.c, seccomp_uprobe_exception(): since Linux 6.14 filters do not see the
	 * calls that uprobes insert into programs on x86-64, uretprobe (335) and uprobe (336).
	 */
	if (audit_arch == SCMP_ARCH_X86_64 && (nr == 335 || nr == 336) &&
	    (options->kernel_major > 6 ||
	     (options->kernel_major == 6 && options->kernel_minor >= 14)))
		return verdict_allowed(VERDICT_BY_KERNEL);
	if (!judge->filter)
		return verdict_allowed(VERDICT_BY_DEFAULT);
	if (answer == DIAGRAM_UNKNOWN)
		return (struct verdict){.kind = VERDICT_UNKNOWN, .origin = VERDICT_BY_NOTHING};
	verdict.reachable_count = diagram_values(&judge->regions, answer, &values);
	qsort(values, verdict.reachable_count, sizeof(*values), by_text);
	verdict.reachable = values;
	verdict.origin = origin_of(judge, &verdict, audit_arch, nr);
	verdict.kind = kind_of(&verdict);
	set_action(&verdict);
	return verdict;
}

static void verdict_release(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->condition_count; i++)
		free((void *)(uintptr_t)verdict->conditions[i]);
	free((void *)(uintptr_t)verdict->conditions);
	free((void *)(uintptr_t)verdict->reachable);
}

/* An unknown verdict says so in place of conditions. */
static void add_conditions(struct judge *judge, struct judged *judged)
{
	struct verdict *verdict = &judged->verdict;
	char **conditions;

	verdict->condition_count = verdict->reachable_count;
	if (verdict->kind == VERDICT_UNKNOWN) {
		conditions = mem_new(1, sizeof(*conditions));
		conditions[0] = mem_copy(STR("cannot tell: the filter is too complex to evaluate"));
		verdict->condition_count = 1;
	} else {
		struct regions_mark mark = regions_mark(&judge->regions, 8);

		conditions_of(&judge->regions, judged->answer, judged->narrow, verdict->reachable,
			      verdict->reachable_count, &conditions);
		regions_keep(&judge->regions, &mark);
	}
	verdict->conditions = (const char *const *)conditions;
}

/* Takes ownership of the verdict. Returns the index of an equal one if there is one. */
static size_t keep(struct judge *judge, diagram answer, bool narrow, struct verdict verdict)
{
	for (size_t i = 0; i < judge->count; i++) {
		const struct judged *judged = &judge->all[i];

		if (judged->answer != answer || judged->narrow != narrow ||
		    judged->verdict.origin != verdict.origin)
			continue;
		verdict_release(&verdict);
		return i;
	}
	judge->all = mem_more(judge->all, judge->count, sizeof(*judge->all));
	struct judged *judged = &judge->all[judge->count];

	*judged = (struct judged){answer, narrow, verdict};
	if (verdict.kind == VERDICT_UNKNOWN || verdict.reachable_count > 1)
		add_conditions(judge, judged);
	return judge->count++;
}

static size_t find(struct judge *judge, uint32_t audit_arch, int64_t nr)
{
	diagram answer = answers_call(&judge->answers, audit_arch, (uint32_t)nr);
	uint32_t value;

	/* collecting its values takes effort too */
	if (answer != DIAGRAM_UNKNOWN && judge->regions.effort == 0 &&
	    !diagram_is_value(&judge->regions, answer, &value))
		answer = DIAGRAM_UNKNOWN;
	return keep(judge, answer, bpf_is_narrow(audit_arch),
		    verdict_of(judge, answer, audit_arch, nr));
}

struct verdict judge_ask(struct judge *judge, uint32_t audit_arch, int64_t nr)
{
	uint64_t hash = ((uint64_t)nr ^ (uint64_t)audit_arch << 32) * UINT64_C(0x9e3779b97f4a7c15);
	struct judge_memo *memo = &judge->memo[hash >> 32 & (MEMO_SIZE - 1)];

	if (!memo->used || memo->nr != nr || memo->audit_arch != audit_arch)
		*memo = (struct judge_memo){true, audit_arch, nr, find(judge, audit_arch, nr)};
	return judge->all[memo->judged].verdict;
}

void judge_start(struct judge *judge)
{
	judge->memo = mem_new(MEMO_SIZE, sizeof(*judge->memo));
	regions_init(&judge->regions);
	answers_init(&judge->answers, &judge->regions, judge->filter);
}

void judge_release(struct judge *judge)
{
	for (size_t i = 0; i < judge->count; i++)
		verdict_release(&judge->all[i].verdict);
	free(judge->all);
	free(judge->memo);
	answers_release(&judge->answers);
	regions_release(&judge->regions);
	*judge = (struct judge){0};
}
