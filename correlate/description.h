/*
 * What the runtime's files say of one container, while they are being read.
 *
 * The sources are asked in the order in which they are believed, so the first that has a field
 * fills it and later ones do not change it. All of it is untrusted text: capped here, and
 * cleaned where it is printed.
 */
#ifndef SCLOG_CORRELATE_DESCRIPTION_H
#define SCLOG_CORRELATE_DESCRIPTION_H

#include "base/buf.h"
#include "base/str.h"
#include "correlate/container.h"

#include <stdint.h>

/* A text longer than this is cut, at the end of a character; one with a NUL before that. */
#define DESCRIPTION_FIELD_MAX 1024

/* The texts are a container's: CONTAINER_AT() tells them apart. */
struct description {
	struct buf texts[CONTAINER_TEXT_COUNT];
	bool has_caps;
	uint64_t caps;
	bool has_profile;
	struct buf profile; /* linux.seccomp, compact; empty: none is in force */
};

void description_release(struct description *description);

#define DESCRIPTION_AUTO __attribute__((cleanup(description_release))) struct description

/* Fills a text that is still empty. */
void description_put(struct description *description, size_t at, struct str value);

static inline struct str description_get(const struct description *description, size_t at)
{
	return buf_str(&description->texts[at]);
}

/* Whether anything at all was found. */
bool description_found(const struct description *description);

#endif
