/*
 * Needs: the syscalls that a profile has to allow, and why each is needed.
 *
 * They are names, since a rule of a profile names a syscall for all of its arches at once
 * (config-linux.md, linux.seccomp): what was observed on one arch is allowed on all arches that
 * are listed. A number without a name cannot be in a profile; it is kept apart, to be reported.
 */
#ifndef SCLOG_PROFILE_COMPOSE_NEEDS_H
#define SCLOG_PROFILE_COMPOSE_NEEDS_H

#include "base/buf.h"
#include "profile/defaults/always.h"

#include <stdbool.h>
#include <stdint.h>

/* Bits of need.origins. */
enum need_origin {
	NEED_OBSERVED = 1,
	NEED_PROGRAM = 2, /* of ALWAYS_PROGRAM */
	NEED_SETUP = 4,   /* of ALWAYS_SETUP */
};

struct need {
	char *name; /* libseccomp's, or of a newer syscall */
	unsigned origins;
};

/* Observed, but without a name: an arch that libseccomp does not know, -1, or a syscall that is
 * newer than the table of names (ingest/arch.h). */
struct unnamed {
	uint32_t audit_arch;
	int32_t nr;
	size_t seen; /* how many observations */
};

#define NEEDS_ARCHES_MAX  32
#define NEEDS_UNNAMED_MAX 1024 /* the first by arch and number are kept, the others counted */

/* Zeroed is valid and empty. */
struct needs {
	struct need *all; /* sorted by name, each once */
	size_t count;
	uint32_t arches[NEEDS_ARCHES_MAX]; /* libseccomp's tokens, as added */
	size_t arch_count;
	struct unnamed *unnamed; /* sorted by arch and number, each once */
	size_t unnamed_count;
	size_t unnamed_unlisted; /* observations of the others */
};

void needs_release(struct needs *needs);

/* An observed pair of arch and number, as logged: adds the name, and the arch (x32 by bit 30). */
void needs_observe(struct needs *needs, uint32_t audit_arch, int32_t nr);

/* Adds all that the other has. */
void needs_join(struct needs *needs, const struct needs *other);

/* Adds the arch of a token; false if there are too many. */
bool needs_add_arch(struct needs *needs, uint32_t token);

/* The arches that programs of the ones listed may use on the same kernel: x86 and x32 beside
 * x86_64, arm beside aarch64 and so on, as moby's archMap has them. */
void needs_add_sub_arches(struct needs *needs);

/* Adds those of a set that one of the listed arches has. */
void needs_add_always(struct needs *needs, enum always set);

/* NULL if the name is not needed. */
const struct need *needs_find(const struct needs *needs, const char *name);

/* The arches for a profile, the host's own first, then by name; sorts in place. */
void needs_sort_arches(struct needs *needs);

#endif
