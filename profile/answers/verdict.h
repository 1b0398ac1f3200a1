/*
 * A verdict: what a profile does with one syscall.
 */
#ifndef SCLOG_PROFILE_ANSWERS_VERDICT_H
#define SCLOG_PROFILE_ANSWERS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict_kind {
	VERDICT_ALLOWED,
	VERDICT_CONDITIONAL, /* depends on the arguments, which a record does not have */
	VERDICT_LOGGED,      /* allowed and logged */
	VERDICT_DENIED,      /* any other action */
	VERDICT_BAD_ARCH,    /* the filter does not know the arch */
	VERDICT_ENOSYS,      /* runc's stub, or ENOSYS by the default action */
	VERDICT_UNKNOWN,     /* the filter is too complex to evaluate */
};

/* "allowed", "conditional", "logged", "denied", "bad-arch", "enosys", "unknown". */
const char *verdict_name(enum verdict_kind kind);

/* Whether a call is refused for all arguments; whether it passes for some. */
bool verdict_refuses(enum verdict_kind kind);
bool verdict_passes(enum verdict_kind kind);

/* Which part of the profile decided. */
enum verdict_origin {
	VERDICT_BY_RULE,    /* a rule names the syscall */
	VERDICT_BY_DEFAULT, /* the default action */
	VERDICT_BY_STUB,    /* runc's ENOSYS stub */
	VERDICT_BY_ARCH,    /* the arch is not in the filter */
	VERDICT_BY_KERNEL,  /* the kernel does not run filters for this call */
	VERDICT_BY_NOTHING, /* the kind is VERDICT_UNKNOWN */
};

/* "rule", "default", "stub", "arch", "kernel", "nothing". */
const char *verdict_origin_name(enum verdict_origin origin);

struct verdict {
	enum verdict_kind kind;
	enum verdict_origin origin;
	/* SECCOMP_RET_* without data: the action the kernel would take. If several are reachable,
	 * the strictest (seccomp(2): KILL_PROCESS first). */
	uint32_t action;
	bool has_errno; /* action is ERRNO */
	uint16_t error; /* then: what the call would return */
	/* Every reachable return value (SECCOMP_RET_* with data), sorted by their text form
	 * "ALLOW", "ERRNO(1)"; owned by the profile. */
	const uint32_t *reachable;
	size_t reachable_count;
	/* If several values are reachable: when each is returned, in words ("ALLOW when arg0 is 0x0
	 * or 0x8", "ERRNO(1) otherwise"); owned by the profile. */
	const char *const *conditions;
	size_t condition_count;
};

/* "ALLOW", "ERRNO(1)", "TRACE(7)"; "0x..." for an unknown action. */
#define VERDICT_VALUE_SIZE 32
const char *verdict_value_text(uint32_t value, char text[VERDICT_VALUE_SIZE]);

/*
 * Whether programs are meant to fall back to another call: ENOSYS by a rule that names the syscall,
 * or by runc's stub. ENOSYS by the default action does not count.
 */
bool verdict_is_fallback(const struct verdict *verdict);

/*
 * The verdict for a call that can get only these of the verdict's values. Sorts the array; the
 * result points to it. A verdict that still depends on the arguments is returned unchanged.
 */
struct verdict verdict_narrow(const struct verdict *verdict, uint32_t *values, size_t count);

#endif
