/*
 * --in-force: the profile that was in force while the FILEs were recorded, as the user says.
 */
#ifndef SCLOG_CLI_STATED_H
#define SCLOG_CLI_STATED_H

#include "base/buf.h"
#include "base/err.h"
#include "correlate/container.h"

/* Zeroed: nothing is stated. */
struct stated {
	const char *source; /* as given; NULL: not given */
	struct buf json;    /* linux.seccomp, resolved; empty: no profile is in force */
	enum coverage coverage;
};

/*
 * Fetches and resolves whatever names a profile (profile/source.h, container:NAME in the store db):
 * to be called before the sandbox is entered. Release with stated_release(), also after an error.
 */
int stated_load(struct stated *stated, const char *source, const char *db, struct err *err);
void stated_release(struct stated *stated);

#endif
