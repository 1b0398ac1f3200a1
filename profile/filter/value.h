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

/* kernel/seccomp.c, MAX_ERRNO: the kernel caps ERRNO's data at it; libseccomp accepts only less. */
#define VALUE_ERRNO_MAX 4095

#define VALUE_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

/* How a call passes, from strict to mild. */
enum pass {
	PASS_REFUSED,
	PASS_ASKED, /* USER_NOTIF: a listener decides */
	PASS_TRACED,
	PASS_LOGGED,
	PASS_ALLOWED,
};

/* An unknown action refuses. */
enum pass value_pass(uint32_t value);

/* The call is executed, logged or not. */
static inline bool value_passes(uint32_t value)
{
	return value_pass(value) >= PASS_LOGGED;
}

/* Whether its action is that SECCOMP_RET_*. */
static inline bool value_is(uint32_t value, uint32_t action)
{
	return (value & SECCOMP_RET_ACTION_FULL) == action;
}

/*
 * Normalizes a value: the kernel ignores the data of ALLOW, LOG, KILL* and NOTIFY, caps that of
 * ERRNO, and treats an unknown action as KILL_PROCESS (__seccomp_filter()).
 */
uint32_t value_effect(uint32_t value);

/* Its data as the kernel uses it: of ERRNO the errno. */
static inline unsigned value_data(uint32_t value)
{
	return value_effect(value) & SECCOMP_RET_DATA;
}

/* The kernel's choice (seccomp_run_filters()): the action that is lower as a signed number; of equal
 * actions the newer filter's value, data included. */
uint32_t value_stricter(uint32_t newer, uint32_t older);

/*
 * The milder of two values, normalized: the one whose action is higher as a signed number. Of equal
 * actions it is a, except that ENOSYS counts as milder than other errnos, since programs fall back
 * on it.
 */
uint32_t value_milder(uint32_t a, uint32_t b);

/* The strictest value in that order: of two errnos the one that is not ENOSYS. */
uint32_t value_strictest(const uint32_t *values, size_t count);

#endif
