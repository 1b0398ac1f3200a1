/*
 * Situations: for which hosts and containers a document means something else.
 *
 * A document's rules can depend on the container's capabilities, the host's kernel and its arch,
 * and a filter on the runtime that builds it. What is to hold for the document holds if it holds in
 * each of these:
 *
 *   - the user's own, and the same with the other runtime;
 *   - without any capability, with every one, and the user's with each of those that are named
 * turned round. libseccomp makes a name's part of a filter of the rules for that name alone, so
 * that capabilities which decide over different names are turned round together; but for the calls
 * of socketcall and ipc, which share one;
 *   - with each version that a minKernel names, and the one before it;
 *   - on a host of each arch in archMap.
 */
#ifndef SCLOG_PROFILE_TWIN_SITUATIONS_H
#define SCLOG_PROFILE_TWIN_SITUATIONS_H

#include "profile/document/document.h"

/* `users`: it is the user's own. A negative number ends the visits. */
typedef int situation_visit(void *context, const struct profile_options *situation, bool users);

/* Visits all, the user's own first. Its arch and kernel are known. */
int situations_each(const struct document *document, const struct profile_options *users,
		    situation_visit *visit, void *context);

#endif
