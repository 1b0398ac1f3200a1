#include "profile/answers/bits.h"

#include <linux/filter.h>
#include <string.h>

static region bit_xor(struct regions *regions, region a, region b)
{
	return diagram_choose(regions, a, region_not(regions, b), b);
}

/* sum = a + b + carry, or a + ~b + 1, which is a - b and carries if and only if a >= b. */
static region add(struct regions *regions, const region a[32], const region b[32], bool minus,
		  region sum[32])
{
	region carry = minus ? REGION_ALL : REGION_NONE;

	for (unsigned i = 0; i < 32; i++) {
		region other = minus ? region_not(regions, b[i]) : b[i];
		region half = bit_xor(regions, a[i], other),
		       both = region_and(regions, a[i], other);

		sum[i] = bit_xor(regions, half, carry);
		carry = region_or(regions, both, region_and(regions, half, carry));
	}
	return carry;
}

static void choose_bits(struct regions *regions, region set, const region yes[32],
			const region no[32], region result[32])
{
	for (unsigned i = 0; i < 32; i++)
		result[i] = diagram_choose(regions, set, yes[i], no[i]);
}

/* A shift by a known count. */
static void move_bits(const region from[32], unsigned count, bool left, region to[32])
{
	for (unsigned i = 0; i < 32; i++) {
		if (left)
			to[i] = i >= count ? from[i - count] : REGION_NONE;
		else
			to[i] = i + count < 32 ? from[i + count] : REGION_NONE;
	}
}

/* BPF uses the lowest five bits of the count. */
static void shift(struct regions *regions, const region a[32], const region count[32], bool left,
		  region result[32])
{
	region moved[32];

	memcpy(result, a, sizeof(moved));
	for (unsigned i = 0; i < 5; i++) {
		move_bits(result, 1U << i, left, moved);
		choose_bits(regions, count[i], moved, result, result);
	}
}

static void multiply(struct regions *regions, const region a[32], const region b[32],
		     region product[32])
{
	region more[32], moved[32];

	memset(product, 0, sizeof(more));
	for (unsigned i = 0; i < 32 && !regions->full; i++) {
		if (b[i] == REGION_NONE)
			continue;
		move_bits(a, i, true, moved);
		add(regions, product, moved, false, more);
		choose_bits(regions, b[i], more, product, product);
	}
}

/* Long division. */
static void divide(struct regions *regions, const region a[32], const region b[32],
		   region quotient[32])
{
	region remainder[32] = {0}, less[32];

	for (unsigned i = 32; i-- > 0 && !regions->full;) {
		region top = remainder[31];

		memmove(&remainder[1], &remainder[0], 31 * sizeof(remainder[0]));
		remainder[0] = a[i];
		quotient[i] = region_or(regions, top, add(regions, remainder, b, true, less));
		choose_bits(regions, quotient[i], less, remainder, remainder);
	}
}

static void bitwise(struct regions *regions, uint16_t op, const region a[32], const region b[32],
		    region result[32])
{
	for (unsigned i = 0; i < 32; i++) {
		if (op == BPF_AND)
			result[i] = region_and(regions, a[i], b[i]);
		else if (op == BPF_OR)
			result[i] = region_or(regions, a[i], b[i]);
		else
			result[i] = bit_xor(regions, a[i], b[i]);
	}
}

void bits_compute(struct regions *regions, uint16_t op, const region a[32], const region b[32],
		  region result[32])
{
	static const region zero[32];

	memset(result, 0, 32 * sizeof(*result));
	switch (op) {
	case BPF_ADD:
		add(regions, a, b, false, result);
		break;
	case BPF_SUB:
		add(regions, a, b, true, result);
		break;
	case BPF_NEG:
		add(regions, zero, a, true, result);
		break;
	case BPF_MUL:
		multiply(regions, a, b, result);
		break;
	case BPF_DIV:
		divide(regions, a, b, result);
		break;
	case BPF_LSH:
	case BPF_RSH:
		shift(regions, a, b, op == BPF_LSH, result);
		break;
	default:
		bitwise(regions, op, a, b, result);
	}
}

region bits_compare(struct regions *regions, uint16_t op, const region a[32], const region b[32])
{
	region ignored[32], all = REGION_ALL, some = REGION_NONE;

	if (op == BPF_JGE)
		return add(regions, a, b, true, ignored);
	if (op == BPF_JGT)
		return region_not(regions, add(regions, b, a, true, ignored));
	for (unsigned i = 32; i-- > 0 && !regions->full;) {
		if (op == BPF_JSET)
			some = region_or(regions, some, region_and(regions, a[i], b[i]));
		else
			all = region_and(regions, all,
					 region_not(regions, bit_xor(regions, a[i], b[i])));
	}
	return op == BPF_JSET ? some : all;
}
