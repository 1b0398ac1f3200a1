/*
 * Conditions: which arguments lead to which action, in words.
 *
 *     ALLOW when arg0 is 0x0, 0x8, 0x20000, 0x20008 or 0xffffffff
 *     ERRNO(1) otherwise
 *
 * If only the low half of an argument is tested (x32), it is written `arg0 & 0xffffffff`; on arches
 * with 32-bit arguments, plain `arg0`. Values that would take many ranges are described by the bits
 * that matter: `arg0 & 0x7e020000 == 0x0`. One action is the "otherwise": a refusal if there is one,
 * unless another needs far more words.
 */
#ifndef SCLOG_PROFILE_ANSWERS_CONDITION_H
#define SCLOG_PROFILE_ANSWERS_CONDITION_H

#include "profile/answers/region.h"
#include "profile/answers/verdict.h"

/*
 * The conditions of the answer to one call: one for each of its values, of which there are at least
 * two, in that order, the "otherwise" last. `narrow`: arguments have 32 bits. The caller frees
 * *ret_conditions and each string.
 */
void conditions_of(struct regions *regions, diagram answer, bool narrow, const uint32_t *values,
		   size_t count, char ***ret_conditions);

#endif
