/*
 * A value that a filter returns: SECCOMP_RET_* with its data (seccomp(2)).
 */
#ifndef SCLOG_PROFILE_FILTER_VALUE_H
#define SCLOG_PROFILE_FILTER_VALUE_H

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* kernel/seccomp.c, MAX_ERRNO: the kernel cuts ERRNO's data there; libseccomp takes only less. */
#define VALUE_ERRNO_MAX 4095

#define VALUE_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

/* How a call passes, the more the milder. */
enum pass {
	PASS_REFUSED,
	PASS_ASKED, /* a listener decides */
	PASS_TRACED,
	PASS_LOGGED,
	PASS_ALLOWED,
};

/* An action that the kernel does not know refuses. */
enum pass value_pass(uint32_t value);

/* The call is made, whether or not that is logged. */
static inline bool value_passes(uint32_t value)
{
	return value_pass(value) >= PASS_LOGGED;
}

/*
 * The value without what has no effect: the kernel ignores the data of ALLOW, LOG, KILL* and
 * NOTIFY, cuts ERRNO's, and ends the process for an action that it does not know
 * (__seccomp_filter()).
 */
uint32_t value_effect(uint32_t value);

/* seccomp_run_filters(): of two actions the one that is lower as a signed number, of equal ones the
 * newer filter's, data included. */
uint32_t value_stricter(uint32_t newer, uint32_t older);

/*
 * The milder of two values: the one whose action is the higher as a signed number, an action that
 * the kernel does not know counting as KILL_PROCESS; of equal actions a, but ENOSYS before another
 * errno, since programs fall back from that one. Data without effect is zero in it.
 */
uint32_t value_milder(uint32_t a, uint32_t b);

/* The strictest of values in that order: of two errnos the one that is not ENOSYS. */
uint32_t value_strictest(const uint32_t *values, size_t count);

#endif
