/*
 * Spelling: how the OCI runtime spec writes actions, comparisons and arches (config-linux.md,
 * linux.seccomp). All readers and writers of profiles use these words.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_SPELLING_H
#define SCLOG_PROFILE_DOCUMENT_SPELLING_H

#include "base/buf.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* SCMP_ACT_* without a number for "SCMP_ACT_ERRNO" and the like; false when unknown. */
bool spelling_read_action(const char *word, uint32_t *ret_action);

/* The word for an action, ignoring its data; KILL_PROCESS for one that the kernel does not know. */
const char *spelling_of_action(uint32_t action);

/* Whether the action carries a number: ERRNO's errno, TRACE's message. Both runtimes accept one only
 * with these. */
bool spelling_has_number(uint32_t action);

/* False when unknown. */
bool spelling_read_operator(const char *word, enum scmp_compare *ret_op);
const char *spelling_of_operator(enum scmp_compare op);

/* libseccomp's token for "SCMP_ARCH_X86_64", and with `bare` for "X86_64" too; 0 when unknown. */
uint32_t spelling_read_arch(const char *word, bool bare);

/* Appends "SCMP_ARCH_X86_64". */
void spelling_put_arch(struct buf *to, uint32_t token);

/* Appends the string as JSON, quotes included; invalid UTF-8 as "". */
void spelling_put_string(struct buf *to, const char *string);

/* An errno's name ("EPERM") or a decimal number, up to 2^32 - 1; false for anything else. */
bool spelling_read_errno(const char *text, uint64_t *ret_number);

#endif
