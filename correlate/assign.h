/*
 * Offline attribution: a log alone holds no container, so the user says whose records these are,
 * for a whole input or by rules.
 *
 * A rule file has a rule a line: one or more of pid=N, comm=GLOB, exe=GLOB, subj=GLOB, all of
 * which must hold, then `->` (or just blanks) and the container's name. Values with blanks stand
 * in double quotes. `#` begins a comment. The first rule that holds decides.
 */
#ifndef SCLOG_CORRELATE_ASSIGN_H
#define SCLOG_CORRELATE_ASSIGN_H

#include "base/err.h"
#include "correlate/event.h"

struct assign;

/*
 * labels: what the user says of the containers; its name is for every record, empty for none; its id
 * is made here. map: a rule file, or NULL; where both are given the rules come first and the name
 * serves the rest. Free with assign_free().
 */
int assign_new(const struct container *labels, const char *map, enum coverage coverage,
	       struct assign **ret_assign, struct err *err);
void assign_free(struct assign *assign);

/* Fills in event->container (what the user says goes before what was there), attribution, reason and phase from event->record. */
void assign_event(struct assign *assign, struct event *event);

/* An input of this node ended. If no event came, it is the named container's all the same, if there is
 * one for every record: returns that container, else NULL. */
const struct container *assign_silent(struct assign *assign, struct str node);

/*
 * Whose events came since the last time, each container (NULL: none) with each node once. A
 * container's strings live as long as `assign`, the node's until the callback returns.
 */
typedef int assign_owner_fn(void *context, const struct container *container, struct str node);
int assign_owners(struct assign *assign, assign_owner_fn *each, void *context);

/* What decides beside comm and exe: true if some rule names a pid, or a context. */
bool assign_by_pid(const struct assign *assign);
bool assign_by_subj(const struct assign *assign);

#endif
