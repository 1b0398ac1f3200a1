/*
 * Differences between a filter and the profile made of it, as people read them: the calls of one
 * arch that get the same two answers are one difference.
 */
#ifndef SCLOG_PROFILE_WRITE_DIFFERENCES_H
#define SCLOG_PROFILE_WRITE_DIFFERENCES_H

#include "profile/answers/proof.h"
#include "profile/document/lint.h"

/* How a difference begins that concerns arches that the profile does not list. */
#define DIFFERENCES_OTHER_ARCH "any other architecture"

/* Zeroed but for the regions is valid and empty. */
struct differences {
	struct regions *regions; /* of both diagrams; borrowed */
	struct difference *all;
	size_t count;
};

void differences_add(struct differences *differences, const struct proof_fault *fault);
/* Adds a warning for each. */
void differences_report(const struct differences *differences, struct lints *lints);
void differences_release(struct differences *differences);

/* A change of diagrams: value_effect(). Values with the same effect are one answer. */
uint32_t differences_effect(uint32_t value, const void *context);

#endif
