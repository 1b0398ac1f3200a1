/*
 * Conditions: in words, which arguments lead a filter to which action.
 *
 *     ALLOW when arg0 is 0x0, 0x8, 0x20000, 0x20008 or 0xffffffff
 *     ERRNO(1) otherwise
 *
 * Where only the low half of an argument matters (x32) it shows as `arg0 & 0xffffffff`; where
 * arguments have 32 bits it is plain `arg0`. Values that no few ranges describe are told by the
 * bits that count: `arg0 & 0x7e020000 == 0x0`. One action is told as "otherwise": a refusal if
 * there is one, unless another would take far more words.
 */
#ifndef SCLOG_PROFILE_ANSWERS_CONDITION_H
#define SCLOG_PROFILE_ANSWERS_CONDITION_H

#include "profile/answers/region.h"
#include "profile/answers/verdict.h"

/*
 * The conditions of the answer to one call: one for each of its values, which are more than one, in
 * their order, but the "otherwise" last. `narrow`: arguments have 32 bits. *ret_conditions and each
 * string are the caller's to free.
 */
void conditions_of(struct regions *regions, diagram answer, bool narrow, const uint32_t *values,
		   size_t count, char ***ret_conditions);

#endif
