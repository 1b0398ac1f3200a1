/*
 * Two filters asked at once: which value of the one goes with which value of the other.
 *
 * That both let some arguments of a call through does not say that they let the same through. So
 * the second filter is put behind every return of the first, and the walk of the whole finds
 * exactly the pairs of answers that some arguments get (profile/answers/walk.h).
 */
#ifndef SCLOG_PROFILE_ANSWERS_PAIR_H
#define SCLOG_PROFILE_ANSWERS_PAIR_H

#include "profile/filter/filter.h"

struct pair {
	struct sock_filter *program; /* of both; no kernel would take its length */
	size_t count, size;
	bool big_endian;
	uint32_t *values[2]; /* what each returns; a return of the whole names one of each */
	size_t value_counts[2];
	struct walk walk;
};

/* What some arguments get: SECCOMP_RET_* with data, from the first and from the second. */
struct pair_values {
	uint32_t first, second;
};

/* Values that a filter of a pair may return; ERRNO counts once for each errno. */
#define PAIR_VALUES_MAX 1024

/*
 * NULL stands for no filter at all, which allows. -EOPNOTSUPP where a filter returns what it
 * computes, or more values than PAIR_VALUES_MAX, or the two are for hosts of different byte order.
 * pair_release() is due in any case.
 */
int pair_init(struct pair *pair, const struct filter *first, const struct filter *second);
void pair_release(struct pair *pair);

/*
 * The pairs that the call can get, each once, into *ret_values, to be freed by the caller; returns
 * how many. *ret_exact is false where deciding took too long: then there may be pairs too many.
 */
size_t pair_ask(struct pair *pair, uint32_t audit_arch, int64_t nr, struct pair_values **ret_values,
		bool *ret_exact);

#endif
