/*
 * Conditions: in words, which arguments lead a filter to which action.
 *
 *     ALLOW when arg0 is 0x0, 0x8, 0x20000, 0x20008 or 0xffffffff
 *     ERRNO(1) otherwise
 *
 * A filter tests 32-bit halves; here they are joined back into 64-bit arguments where they make
 * one comparison. Where only the low half is tested (x32) the argument shows as
 * `arg0 & 0xffffffff`; where arguments have 32 bits it is plain `arg0`. Masked tests read
 * `arg0 & 0x7e020000 == 0x0`. One action is told as
 * "otherwise": a refusal if there is one, unless another would take far more words.
 */
#ifndef SCLOG_PROFILE_ANSWERS_CONDITION_H
#define SCLOG_PROFILE_ANSWERS_CONDITION_H

#include "profile/answers/verdict.h"
#include "profile/answers/walk.h"

/*
 * The conditions of a walk that can return more than one value, sorted by the value's text, the
 * "otherwise" last. Returns how many; *ret_conditions and each string are the caller's to free.
 */
size_t conditions_of(const struct walk *walk, bool big_endian, char ***ret_conditions);

#endif
