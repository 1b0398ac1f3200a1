/*
 * Containers described by other processes (live/describer.h): one for root's, one for users', so that
 * a user's file system holds up that user alone.
 *
 * An answer is waited for a moment only. One that is late comes with the next question, or with
 * describers_take(). A describer that does not answer for longer is ended, another takes its place,
 * and who it was asked about is not asked about for a while.
 */
#ifndef SCLOG_LIVE_DESCRIBERS_H
#define SCLOG_LIVE_DESCRIBERS_H

#include "correlate/metadata.h"
#include "live/helper.h"

/* No record waits longer for what a container is called. */
#define DESCRIBERS_WAIT_MS 80

/* A describer is ended after this: users', and root's, whose file systems are the host's own. */
#define DESCRIBERS_END_MS      1000
#define DESCRIBERS_ROOT_END_MS 5000

/* Users share so many pauses by their uid. */
#define DESCRIBERS_PAUSES 63

struct describers;

/* Told of an answer that came late, or not at all: then container is NULL. The hint has id and owner
 * alone. All live until it returns. */
typedef void describers_late_fn(void *context, const struct metadata_hint *hint,
				const struct container *container, bool is_found,
				struct str trouble, int64_t took_ns);

/* Borrows the helper. */
struct describers *describers_new(struct helper *helper, describers_late_fn *late, void *context);
void describers_free(struct describers *describers);

/* A metadata_describe_fn; context: the describers. */
int describers_describe(void *describers, const struct metadata_hint *hint,
			struct container **ret_container, struct buf *trouble);

/* Takes answers that are there, or come within that time, and ends who gives none. */
void describers_take(struct describers *describers, int64_t wait_ms);

#endif
