#include "profile/answers/survey.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/answers/region.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Every number up to here is asked for, from where the ABI's numbers begin. */
#define NUMBERS 1024

/* ARM's private numbers (arch/arm/include/uapi/asm/unistd.h): 0xf0001 to 0xf0006. */
#define ARM_PRIVATE 0x0f0000

/* No AUDIT_ARCH_*, and no number that a program is likely to compare with. */
#define NO_ARCH 0x5ec0ffeeU

#define ENOSYS_VALUE (SECCOMP_RET_ERRNO | ENOSYS)

/* What a filter says to one number, as far as the survey cares. */
struct answer {
	uint32_t nr;
	bool single; /* always the same ... */
	uint32_t value;
	bool named;
};

struct answers {
	struct answer *all;
	size_t count;
};

struct surveyor {
	struct filter *filter;
	struct regions regions;
	struct region_map map;
	struct walk walk;
};

/* How often each value occurs. */
struct ballot {
	uint32_t value;
	size_t votes;
};

struct ballots {
	struct ballot *all;
	size_t count, size;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* x86_64 and x32 share an AUDIT_ARCH: bit 30 says which of them a number belongs to. */
static bool belongs(uint32_t token, uint32_t nr)
{
	if (arch_audit(token) != SCMP_ARCH_X86_64 || nr == UINT32_MAX)
		return token != SCMP_ARCH_X32 || nr != UINT32_MAX;
	return !!(nr & ARCH_X32_BIT) == (token == SCMP_ARCH_X32);
}

static void put_number(uint32_t *numbers, size_t *count, uint32_t token, uint32_t nr)
{
	if (belongs(token, nr))
		numbers[(*count)++] = nr;
}

static bool compares_constant(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA &&
	       BPF_SRC(insn->code) == BPF_K;
}

size_t survey_numbers(const struct filter *filter, uint32_t token, uint32_t **ret_numbers)
{
	uint32_t *numbers = mem_new(NUMBERS + 16 + 3 * filter->count, sizeof(*numbers));
	size_t count = 0, kept = 0;

	for (uint32_t i = 0; i < NUMBERS; i++)
		put_number(numbers, &count, token, arch_first_number(token) + i);
	for (uint32_t i = 0; token == SCMP_ARCH_ARM && i < 8; i++)
		put_number(numbers, &count, token, ARM_PRIVATE + i);
	put_number(numbers, &count, token, UINT32_MAX);
	for (size_t i = 0; i < filter->count; i++) {
		if (!compares_constant(&filter->program[i]))
			continue;
		for (uint32_t j = 0; j < 3; j++)
			put_number(numbers, &count, token, filter->program[i].k + j - 1);
	}
	qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	}
	*ret_numbers = numbers;
	return kept;
}

/* Regions tell in no time, whatever the filter compares; a walk is for one that computes. */
static void ask_filter(struct surveyor *surveyor, const struct question *question,
		       struct answer *answer)
{
	const struct filter *filter = surveyor->filter;
	struct region_map *map = &surveyor->map;
	struct walk *walk = &surveyor->walk;

	regions_clear(&surveyor->regions);
	region_map(&surveyor->regions, filter->program, filter->count, question, map);
	if (map->trouble == REGION_FINE) {
		answer->value = map->all[0].value;
		answer->single = map->count == 1;
		return;
	}
	walk_filter(walk, filter->program, filter->count, question);
	answer->value = walk->paths[0].value;
	answer->single = true;
	for (size_t i = 1; i < walk->path_count; i++)
		answer->single = answer->single && walk->paths[i].value == answer->value;
}

static struct answer ask(struct surveyor *surveyor, uint32_t audit_arch, uint32_t nr)
{
	const struct question question = {
		.audit_arch = audit_arch, .nr = nr, .big_endian = surveyor->filter->big_endian};
	struct answer answer = {.nr = nr};
	char name[SYSCALL_NAME_SIZE];

	ask_filter(surveyor, &question, &answer);
	answer.named = syscall_name(audit_arch, (int32_t)nr, name);
	return answer;
}

static bool is_refusal(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
	       action != SECCOMP_RET_TRACE && action != SECCOMP_RET_USER_NOTIF;
}

/* Stops at the first answer that an unknown arch would not give; true if there is none. */
static bool is_unknown(struct surveyor *surveyor, uint32_t token, const uint32_t *numbers,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct answer mine = ask(surveyor, arch_audit(token), numbers[i]);
		struct answer none = ask(surveyor, NO_ARCH, numbers[i]);

		/* -1 has no bit that tells x32: on a filter for x32 alone it is x86_64's */
		if (!mine.single || !none.single || mine.value != none.value ||
		    !is_refusal(mine.value))
			return false;
	}
	return true;
}

static struct answers ask_all(struct surveyor *surveyor, uint32_t token)
{
	uint32_t *numbers;
	size_t count = survey_numbers(surveyor->filter, token, &numbers);
	struct answers answers = {.all = mem_new(count, sizeof(*answers.all))};

	/* -1 is no syscall: what it gets tells nothing about newer ones */
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] != UINT32_MAX)
			answers.all[answers.count++] = ask(surveyor, arch_audit(token), numbers[i]);
	}
	free(numbers);
	return answers;
}

static void vote(struct ballots *ballots, uint32_t value)
{
	size_t i = 0;

	while (i < ballots->count && ballots->all[i].value != value)
		i++;
	if (i == ballots->size) {
		ballots->size = ballots->size ? ballots->size * 2 : 8;
		ballots->all = mem_resize(ballots->all, ballots->size * sizeof(*ballots->all));
	}
	if (i == ballots->count)
		ballots->all[ballots->count++] = (struct ballot){.value = value};
	ballots->all[i].votes++;
}

/* How much of the answers is before the tail, in which all numbers get the same. */
static size_t before_tail(const struct answers *answers)
{
	const struct answer *end = &answers->all[answers->count - 1];
	size_t n = answers->count;

	while (n > 0 && answers->all[n - 1].single && answers->all[n - 1].value == end->value)
		n--;
	return n;
}

/* Whether all numbers from some point on get one answer, and which. */
static bool tail_of(const struct answers *answers, uint32_t *ret_value)
{
	*ret_value = answers->all[answers->count - 1].value;
	return answers->all[answers->count - 1].single;
}

/* Votes of one arch: of the numbers before the tail those without a name, or all refusals. */
static void vote_arch(const struct answers *answers, bool unnamed, struct ballots *ballots)
{
	size_t n = before_tail(answers);

	for (size_t i = 0; i < n; i++) {
		const struct answer *answer = &answers->all[i];

		if (answer->single && (unnamed ? !answer->named : is_refusal(answer->value)))
			vote(ballots, answer->value);
	}
}

static bool elect(const struct answers *arches, size_t count, bool unnamed, uint32_t *ret_value)
{
	struct ballots ballots = {0};
	size_t best = 0;

	for (size_t i = 0; i < count; i++)
		vote_arch(&arches[i], unnamed, &ballots);
	for (size_t i = 1; i < ballots.count; i++) {
		if (ballots.all[i].votes > ballots.all[best].votes)
			best = i;
	}
	if (ballots.count > 0)
		*ret_value = ballots.all[best].value;
	free(ballots.all);
	return ballots.count > 0;
}

/*
 * A tail that is no ENOSYS is the default itself. Before a tail of ENOSYS the numbers without a
 * name tell; where there are none, what most refused ones get.
 */
static uint32_t find_default(const struct answers *arches, size_t count)
{
	uint32_t value = ENOSYS_VALUE;

	for (size_t i = 0; i < count; i++) {
		if (tail_of(&arches[i], &value) && value != ENOSYS_VALUE)
			return value;
	}
	value = ENOSYS_VALUE;
	if (!elect(arches, count, true, &value))
		(void)elect(arches, count, false, &value);
	return is_refusal(value) ? value : ENOSYS_VALUE;
}

static void find_stub(const struct answers *answers, uint32_t default_action,
		      struct filter_arch *arch)
{
	size_t n = before_tail(answers);
	uint32_t tail;

	arch->has_last = tail_of(answers, &tail) && tail == ENOSYS_VALUE && n > 0 &&
			 default_action != ENOSYS_VALUE && is_refusal(default_action);
	arch->last = arch->has_last ? answers->all[n - 1].nr : 0;
}

static void find_arches(struct surveyor *surveyor, const uint32_t *tokens)
{
	struct filter *filter = surveyor->filter;
	uint32_t *numbers;

	for (size_t i = 0; tokens[i] && filter->arch_count < FILTER_MAX_ARCHES; i++) {
		size_t count = survey_numbers(filter, tokens[i], &numbers);

		/* the last number is -1, which no arch is told by */
		if (numbers[count - 1] == UINT32_MAX)
			count--;
		if (!is_unknown(surveyor, tokens[i], numbers, count))
			filter->arches[filter->arch_count++].token = tokens[i];
		free(numbers);
	}
}

/* Whether an arch that no filter knows is refused, whatever it calls. */
static bool refuses_strangers(struct surveyor *surveyor, uint32_t host)
{
	uint32_t *numbers;
	size_t count = survey_numbers(surveyor->filter, host, &numbers);
	bool refused = true;

	for (size_t i = 0; refused && i < count; i++) {
		struct answer answer = ask(surveyor, NO_ARCH, numbers[i]);

		refused = answer.single && is_refusal(answer.value);
	}
	free(numbers);
	return refused;
}

/* A program that never looks at the arch treats all alike, refusals included. */
static bool looks_at_arch(const struct filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->program[i].code == (BPF_LD | BPF_W | BPF_ABS) &&
		    filter->program[i].k == offsetof(struct seccomp_data, arch))
			return true;
	}
	return false;
}

/* The host's own arch and those that its kernel runs besides. */
static void host_arches(uint32_t host, uint32_t tokens[4])
{
	static const uint32_t families[][4] = {
		{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, 0},
		{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, 0},
		{SCMP_ARCH_S390X, SCMP_ARCH_S390, 0},
		{SCMP_ARCH_PPC64, SCMP_ARCH_PPC, 0},
		{SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPS, 0},
		{SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL, 0},
		{SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC, 0},
	};

	memset(tokens, 0, 4 * sizeof(tokens[0]));
	tokens[0] = host;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (families[i][0] == host)
			memcpy(tokens, families[i], 4 * sizeof(tokens[0]));
	}
}

/* The host's own first: it decides the default. */
static void put_host_first(struct filter *filter, uint32_t host)
{
	for (size_t i = 1; i < filter->arch_count; i++) {
		if (filter->arches[i].token != host)
			continue;
		memmove(&filter->arches[1], &filter->arches[0], i * sizeof(filter->arches[0]));
		filter->arches[0] = (struct filter_arch){.token = host};
	}
}

struct survey survey_filter(struct filter *filter, uint32_t host)
{
	struct surveyor surveyor = {.filter = filter};
	struct survey survey = {.checks_arch = looks_at_arch(filter)};
	uint32_t own[4];

	host_arches(host, own);
	walk_init(&surveyor.walk);
	regions_init(&surveyor.regions);
	survey.checks_arch = survey.checks_arch && refuses_strangers(&surveyor, host);
	filter->arch_count = 0;
	find_arches(&surveyor, survey.checks_arch ? arch_all() : own);
	if (filter->arch_count == 0)
		filter->arches[filter->arch_count++] = (struct filter_arch){.token = host};
	put_host_first(filter, host);
	struct answers *arches = mem_new(filter->arch_count, sizeof(*arches));

	for (size_t i = 0; i < filter->arch_count; i++)
		arches[i] = ask_all(&surveyor, filter->arches[i].token);
	survey.default_action = find_default(arches, filter->arch_count);
	for (size_t i = 0; i < filter->arch_count; i++) {
		find_stub(&arches[i], survey.default_action, &filter->arches[i]);
		survey.has_stub = survey.has_stub || filter->arches[i].has_last;
		free(arches[i].all);
	}
	free(arches);
	filter->stub_count = survey.has_stub;
	regions_release(&surveyor.regions);
	walk_release(&surveyor.walk);
	return survey;
}
