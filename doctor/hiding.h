/*
 * What hides records from every source at the moment, without a trace in any log: audit rules that
 * exclude their type, kernel.seccomp.actions_logged without "log", and a kernel that was started with
 * audit=0. That audit is not enabled (`auditctl -e 0`) hides none (measured on Linux 6.18): a seccomp
 * record needs no syscall auditing.
 */
#ifndef SCLOG_DOCTOR_HIDING_H
#define SCLOG_DOCTOR_HIDING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Causes of more than these are as good as these. */
#define HIDING_MAX 8

/* Has a fixed size, so that it can be sent from one process to another. */
struct hiding {
	uint32_t count;
	/* "audit rule `-a always,exclude -F msgtype=SECCOMP` hides all seccomp records" */
	char causes[HIDING_MAX][256];
};

/*
 * Asks the kernel. `proc` is the folder that stands for /proc. Returns 0; -EPERM without
 * CAP_AUDIT_CONTROL, or another -errno: then the rules are not known, but what is listed is so.
 */
int hiding_read(int proc, struct hiding *ret_hiding, struct err *err);

/* Whether one of the words of a text, which blanks part, is that one. */
bool hiding_has_word(const char *text, const char *word);

/* Whether the kernel's command line turns audit off. */
bool hiding_is_off(const char *cmdline);

#endif
