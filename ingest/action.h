/*
 * Seccomp return actions as a record's `code=` carries them (linux/seccomp.h,
 * SECCOMP_RET_*): the action only, never errno or data.
 */
#ifndef SCLOG_INGEST_ACTION_H
#define SCLOG_INGEST_ACTION_H

#include "base/str.h"

#include <stdint.h>

/* "LOG", "ERRNO", "KILL_PROCESS" ...: SCMP_ACT_* without its prefix; NULL for an unknown code. */
const char *action_name(uint32_t code);

/* The code for a name as above, with or without SCMP_ACT_, in any case, and for the words that
 * `ausearch -i` prints (log, kill, trap ...). Returns false when unknown. */
bool action_from_name(struct str name, uint32_t *ret_code);

/* Whether the call did not run, by what its filter said: ERRNO, TRAP, KILL, or what the kernel does not
 * know. */
bool action_refuses(uint32_t code);

#endif
