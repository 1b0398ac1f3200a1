#include "cli/syscalls.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/option.h"
#include "ingest/arch.h"
#include "profile/answers/answers.h"
#include "profile/answers/numbers.h"
#include "report/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

struct range {
	int64_t first, last;
};

void arches_add(struct arches *arches, uint32_t token)
{
	for (size_t i = 0; i < arches->count; i++)
		if (arches->all[i] == token)
			return;
	if (arches->count < ARCHES_MAX)
		arches->all[arches->count++] = token;
}

static bool has_arch(const struct arches *arches, uint32_t token)
{
	for (size_t i = 0; i < arches->count; i++)
		if (arches->all[i] == token)
			return true;
	return false;
}

/* The number as that arch's programs call it. */
static int64_t number_on(uint32_t token, int64_t nr)
{
	return token == SCMP_ARCH_X32 && nr >= 0 ? nr | ARCH_X32_BIT : nr;
}

static bool knows(struct profile *profile, uint32_t token)
{
	return profile_judge(profile, arch_audit(token), number_on(token, 0)).origin !=
	       VERDICT_BY_ARCH;
}

void arches_of_profile(struct arches *arches, struct profile *profile)
{
	const uint32_t *all = arch_all();
	bool every = true;

	for (size_t i = 0; all[i]; i++)
		every = every && knows(profile, all[i]);
	for (size_t i = 0; all[i]; i++)
		if (every ? arch_host(all[i]) == arch_host(arch_native()) : knows(profile, all[i]))
			arches_add(arches, all[i]);
}

static void add_call(struct syscalls *syscalls, size_t arch, int64_t nr)
{
	const struct explain_call call = {.profile = syscalls->profiles[arch],
					  .arch = arch_audit(syscalls->arches->all[arch]),
					  .nr = nr,
					  .last = nr};

	explain_calls_add(syscalls->calls, &call);
}

void syscalls_add_named(struct syscalls *syscalls)
{
	for (size_t i = 0; i < syscalls->arches->count; i++) {
		uint32_t token = syscalls->arches->all[i], audit_arch = arch_audit(token);
		struct named_number *numbers;
		size_t count = numbers_named(token, &numbers);

		for (size_t j = 0; j < count; j++)
			/* rules for other names have no effect */
			if (syscall_is_known(numbers[j].name) ||
			    profile_judge(syscalls->profiles[i], audit_arch, numbers[j].nr)
					    .origin == VERDICT_BY_RULE)
				add_call(syscalls, i, numbers[j].nr);
		free(numbers);
	}
}

/* Where the numbers on that token begin that get something else than those before them. */
struct starts {
	uint32_t *all; /* sorted; each may stand there several times */
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	uint32_t number_a = *(const uint32_t *)a, number_b = *(const uint32_t *)b;

	return (number_a > number_b) - (number_a < number_b);
}

static void add_starts(struct starts *starts, struct profile *profile, uint32_t token,
		       uint32_t first, uint32_t last)
{
	struct answers *answers = profile_answers(profile);
	diagram answer = answers_arch(answers, arch_audit(token));
	struct diagram_run *runs = NULL;
	size_t count = answer == DIAGRAM_UNKNOWN
			       ? 0
			       : diagram_runs(answers->regions, answer, first, last, &runs);

	/* where it is not known, it is not known of all alike */
	if (count == SIZE_MAX)
		count = 0;
	starts->all = mem_resize(starts->all, (starts->count + count + 1) * sizeof(*starts->all));
	for (size_t i = 0; i < count; i++)
		starts->all[starts->count++] = (uint32_t)runs[i].first;
	free(runs);
}

/* Numbers that may have names are told one by one. */
static struct starts starts_of(struct profile *const profiles[2], uint32_t token, uint32_t first,
			       uint32_t last)
{
	struct named_number *named;
	size_t count = numbers_named(token, &named);
	struct starts starts = {.all = mem_new(2 * count + 1, sizeof(*starts.all))};

	for (size_t i = 0; i < count; i++) {
		starts.all[starts.count++] = named[i].nr;
		starts.all[starts.count++] = named[i].nr + 1;
	}
	free(named);
	for (unsigned i = 0; i < 2; i++)
		add_starts(&starts, profiles[i], token, first, last);
	starts.all[starts.count++] = first;
	qsort(starts.all, starts.count, sizeof(*starts.all), by_number);
	return starts;
}

void syscalls_add_compared(struct syscalls *syscalls, struct profile *first, struct profile *second)
{
	struct profile *const profiles[2] = {first, second};

	for (size_t i = 0; i < syscalls->arches->count; i++) {
		uint32_t token = syscalls->arches->all[i], from, to;

		numbers_range(token, &from, &to);
		struct starts starts = starts_of(profiles, token, from, to);

		for (size_t j = 0; j < starts.count; j++) {
			uint32_t next = j + 1 < starts.count ? starts.all[j + 1] : to + 1;

			if (next == starts.all[j])
				continue;
			add_call(syscalls, i, starts.all[j]);
			syscalls->calls->all[syscalls->calls->count - 1].last = next - 1;
		}
		/* the one number that a tracer may make of any */
		if (token != SCMP_ARCH_X32)
			add_call(syscalls, i, -1);
		free(starts.all);
	}
}

static int too_many(const char *operand, struct err *err)
{
	return err_set(err, E2BIG, "'%s': more than %u syscalls", operand, SYSCALLS_MAX);
}

/* A number that has x32's bit is x32's, or x86_64's where x32 is not asked about. */
static bool is_asked(const struct syscalls *syscalls, uint32_t token, int64_t nr)
{
	bool x32 = nr > 0 && nr & ARCH_X32_BIT;

	/* below zero there is no bit to tell x32 by: that is x86_64's */
	if (nr < 0 && token == SCMP_ARCH_X32)
		return !has_arch(syscalls->arches, SCMP_ARCH_X86_64);
	if (!x32 || (!has_arch(syscalls->arches, SCMP_ARCH_X32) &&
		     !has_arch(syscalls->arches, SCMP_ARCH_X86_64)))
		return true;
	if (has_arch(syscalls->arches, SCMP_ARCH_X32))
		return token == SCMP_ARCH_X32;
	return token == SCMP_ARCH_X86_64;
}

static int add_range(struct syscalls *syscalls, const struct range *range, const char *operand,
		     struct err *err)
{
	const struct arches *arches = syscalls->arches;

	if (range->last - range->first >= SYSCALLS_MAX ||
	    syscalls->calls->count + (size_t)(range->last - range->first) > SYSCALLS_MAX)
		return too_many(operand, err);
	for (size_t i = 0; i < arches->count; i++)
		for (int64_t nr = range->first; nr <= range->last; nr++)
			if (is_asked(syscalls, arches->all[i], nr))
				add_call(syscalls, i, number_on(arches->all[i], nr));
	return 0;
}

/* "161", "0x3b", "-1"; NULL if the text does not begin with a number. */
static const char *parse_number(const char *text, int64_t *ret_number)
{
	char *end;

	if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
		return NULL;
	errno = 0;
	*ret_number = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	return errno || end == text || *ret_number < INT32_MIN || *ret_number > UINT32_MAX ? NULL
											   : end;
}

static bool parse_range(const char *operand, struct range *range)
{
	const char *end = parse_number(operand, &range->first);

	range->last = range->first;
	if (end && *end == '-')
		end = parse_number(end + 1, &range->last);
	return end && !*end;
}

struct names {
	char (*all)[SYSCALL_NAME_SIZE];
	size_t count;
};

static const char *name_at(size_t i, const void *context)
{
	const struct names *names = context;

	return i < names->count ? names->all[i] : NULL;
}

static void names_add(struct names *names, const char *name)
{
	names->all = mem_more(names->all, names->count, sizeof(*names->all));
	snprintf(names->all[names->count++], SYSCALL_NAME_SIZE, "%s", name);
}

/* Calls `use` for every number of the arch that has a name. */
static void each_name(uint32_t token, void (*use)(void *context, const char *name, int64_t nr),
		      void *context)
{
	struct named_number *numbers;
	size_t count = numbers_named(token, &numbers);

	for (size_t i = 0; i < count; i++)
		use(context, numbers[i].name, numbers[i].nr);
	free(numbers);
}

static void collect_name(void *context, const char *name, int64_t nr)
{
	(void)nr;
	names_add(context, name);
}

static int unknown_name(const struct syscalls *syscalls, const char *operand, struct err *err)
{
	struct names names = {0};
	BUF_AUTO arches = {0};

	for (size_t i = 0; i < syscalls->arches->count; i++) {
		each_name(syscalls->arches->all[i], collect_name, &names);
		buf_format(&arches, "%s%s", i ? ", " : "", arch_name(syscalls->arches->all[i]));
	}
	const char *near = nearest_find(str_from(operand), name_at, &names);

	err_set(err, EINVAL, "'%s' is not a syscall on %s%s%s%s", operand,
		arches.n ? arches.p : "any architecture", near ? " (did you mean " : "",
		near ? near : "", near ? "?)" : "");
	free(names.all);
	return -EINVAL;
}

struct match {
	struct syscalls *syscalls;
	size_t arch;
	const char *pattern;
	bool found;
};

static void add_match(void *context, const char *name, int64_t nr)
{
	struct match *match = context;

	if (fnmatch(match->pattern, name, 0) != 0)
		return;
	add_call(match->syscalls, match->arch, nr);
	match->found = true;
}

static int add_name(struct syscalls *syscalls, const char *operand, struct err *err)
{
	struct match match = {.syscalls = syscalls, .pattern = operand};
	bool pattern = strpbrk(operand, "*?[") != NULL;

	for (size_t i = 0; i < syscalls->arches->count; i++) {
		int64_t nr;

		match.arch = i;
		if (pattern)
			each_name(syscalls->arches->all[i], add_match, &match);
		else if (syscall_number(syscalls->arches->all[i], operand, &nr))
			add_match(&match, operand, nr);
	}
	return match.found ? 0 : unknown_name(syscalls, operand, err);
}

int syscalls_add(struct syscalls *syscalls, const char *operand, struct err *err)
{
	struct range range;

	if (!parse_range(operand, &range))
		return add_name(syscalls, operand, err);
	if (range.last < range.first)
		return err_set(err, EINVAL, "'%s': the range ends before it starts", operand);
	return add_range(syscalls, &range, operand, err);
}

void syscalls_help(struct buf *buf)
{
	const uint32_t *all = arch_all();
	BUF_AUTO line = {0};

	buf_put_str(&line, STR("ARCH is one of: "));
	for (size_t i = 0; all[i]; i++)
		buf_format(&line, "%s%s", i ? ", " : "", arch_name(all[i]));
	buf_put_char(buf, '\n');
	text_wrap(buf, buf_str(&line), 0, HELP_COLUMNS);
}
