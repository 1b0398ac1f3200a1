/*
 * Fates: what becomes of each needed name under the bases, joined.
 */
#ifndef SCLOG_PROFILE_COMPOSE_FATES_H
#define SCLOG_PROFILE_COMPOSE_FATES_H

#include "profile/compose/bases.h"

enum fate {
	FATE_ALLOWED, /* a rule allows it */
	FATE_PASSES,  /* the bases allow it already */
	FATE_LEFT,    /* it stays as the bases have it */
};

/* Returns the fates, beside composing->needs->all; the caller frees them. Fills composed->names. */
enum fate *fates_decide(const struct base_set *bases, struct composed *composed);

#endif
