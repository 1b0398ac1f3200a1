/*
 * Does a row belong to a selection? Internal to store/.
 */
#ifndef SCLOG_STORE_MATCH_H
#define SCLOG_STORE_MATCH_H

#include "store/query.h"

/* Everything but the time. */
bool match_observation(const struct selection *selection, const struct observation *observation);

/* What can be asked of a container alone. */
bool match_container(const struct selection *selection, const struct container *container,
		     struct str node);

/* Whether containers are asked for by a word of theirs. */
bool match_names_containers(const struct selection *selection);

bool match_node(const struct selection *selection, struct str node);

#endif
