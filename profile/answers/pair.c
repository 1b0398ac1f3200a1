#include "profile/answers/pair.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* A return of the whole: which of the first's values above, which of the second's below. */
#define VALUE_SHIFT 16

static const struct sock_filter allow_all = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};

/* A program as it is; no filter is one that allows. */
struct part {
	const struct sock_filter *program;
	size_t count;
};

static struct part part_of(const struct filter *filter)
{
	return filter ? (struct part){filter->program, filter->count}
		      : (struct part){&allow_all, 1};
}

static size_t value_index(const struct pair *pair, unsigned which, uint32_t value)
{
	size_t i = 0;

	while (i < pair->value_counts[which] && pair->values[which][i] != value)
		i++;
	return i;
}

static int collect_values(struct pair *pair, unsigned which, const struct part *part)
{
	pair->values[which] = mem_new(PAIR_VALUES_MAX, sizeof(*pair->values[which]));
	for (size_t i = 0; i < part->count; i++) {
		const struct sock_filter *insn = &part->program[i];

		if (insn->code == (BPF_RET | BPF_A))
			return -EOPNOTSUPP;
		if (insn->code != (BPF_RET | BPF_K) ||
		    value_index(pair, which, insn->k) < pair->value_counts[which])
			continue;
		if (pair->value_counts[which] == PAIR_VALUES_MAX)
			return -EOPNOTSUPP;
		pair->values[which][pair->value_counts[which]++] = insn->k;
	}
	return 0;
}

static void put(struct pair *pair, struct sock_filter insn)
{
	if (pair->count == pair->size) {
		pair->size = pair->size ? pair->size * 2 : 4096;
		pair->program = mem_resize(pair->program, pair->size * sizeof(*pair->program));
	}
	pair->program[pair->count++] = insn;
}

/* A filter begins with its registers and its memory zero. */
static void put_start(struct pair *pair)
{
	put(pair, (struct sock_filter){.code = BPF_LD | BPF_IMM});
	put(pair, (struct sock_filter){.code = BPF_MISC | BPF_TAX});
	for (uint32_t i = 0; i < BPF_MEMWORDS; i++)
		put(pair, (struct sock_filter){.code = BPF_ST, .k = i});
}

#define START_COUNT (2 + BPF_MEMWORDS)

/* The second filter, where the first has returned its value number `at`. */
static void put_second(struct pair *pair, size_t at, const struct part *second)
{
	put_start(pair);
	for (size_t i = 0; i < second->count; i++) {
		struct sock_filter insn = second->program[i];

		if (insn.code == (BPF_RET | BPF_K))
			insn.k = (uint32_t)(at << VALUE_SHIFT | value_index(pair, 1, insn.k));
		put(pair, insn);
	}
}

/* A return of the first becomes a jump to its copy of the second: one instruction for one. */
static void put_first(struct pair *pair, const struct part *first, const struct part *second)
{
	for (size_t i = 0; i < first->count; i++) {
		struct sock_filter insn = first->program[i];

		if (insn.code == (BPF_RET | BPF_K)) {
			size_t copy = value_index(pair, 0, insn.k);
			size_t to = first->count + copy * (START_COUNT + second->count);

			insn = (struct sock_filter){.code = BPF_JMP | BPF_JA,
						    .k = (uint32_t)(to - i - 1)};
		}
		put(pair, insn);
	}
}

int pair_init(struct pair *pair, const struct filter *first, const struct filter *second)
{
	const struct part parts[2] = {part_of(first), part_of(second)};

	*pair = (struct pair){0};
	walk_init(&pair->walk);
	if (first && second && first->big_endian != second->big_endian)
		return -EOPNOTSUPP;
	pair->big_endian = first ? first->big_endian : second && second->big_endian;
	for (unsigned i = 0; i < 2; i++) {
		int r = collect_values(pair, i, &parts[i]);

		if (r < 0)
			return r;
	}
	put_first(pair, &parts[0], &parts[1]);
	for (size_t i = 0; i < pair->value_counts[0]; i++)
		put_second(pair, i, &parts[1]);
	return 0;
}

void pair_release(struct pair *pair)
{
	walk_release(&pair->walk);
	free(pair->program);
	free(pair->values[0]);
	free(pair->values[1]);
	*pair = (struct pair){0};
}

static int by_value(const void *a, const void *b)
{
	uint32_t value_a = *(const uint32_t *)a, value_b = *(const uint32_t *)b;

	return (value_a > value_b) - (value_a < value_b);
}

size_t pair_ask(struct pair *pair, uint32_t audit_arch, int64_t nr, struct pair_values **ret_values,
		bool *ret_exact)
{
	const struct question question = {
		.audit_arch = audit_arch, .nr = (uint32_t)nr, .big_endian = pair->big_endian};
	struct walk *walk = &pair->walk;
	size_t count = 0;

	walk_filter(walk, pair->program, pair->count, &question);
	MEM_AUTO uint32_t *found = mem_new(walk->path_count, sizeof(*found));
	struct pair_values *values = mem_new(walk->path_count, sizeof(*values));

	for (size_t i = 0; i < walk->path_count; i++)
		found[i] = walk->paths[i].value;
	qsort(found, walk->path_count, sizeof(*found), by_value);
	for (size_t i = 0; i < walk->path_count; i++) {
		if (i > 0 && found[i] == found[i - 1])
			continue;
		values[count++] = (struct pair_values){
			.first = pair->values[0][found[i] >> VALUE_SHIFT],
			.second = pair->values[1][found[i] & ((1U << VALUE_SHIFT) - 1)]};
	}
	*ret_values = values;
	*ret_exact = walk->exact;
	return count;
}
