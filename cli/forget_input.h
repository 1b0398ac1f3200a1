/*
 * Which records of a store an input brought: the store counts events by the minute and does not know
 * where each comes from. So the input is read again, and what it has is compared with what the store
 * has of the same nodes in the same minutes, call by call and program by program. Only if both are the
 * same can exactly the input's records be removed.
 */
#ifndef SCLOG_CLI_FORGET_INPUT_H
#define SCLOG_CLI_FORGET_INPUT_H

#include "base/texts.h"
#include "cli/command.h"
#include "store/query.h"

/*
 * Narrows the selection to the nodes and the minutes of the input's records; it borrows the names from
 * nodes. A node in the selection is the name that the input was given; a container, image, pod,
 * namespace or workload narrows what the input is compared with. -EINVAL where the store has other
 * records there, or lacks some of them; -ENOENT where it has none.
 */
int forget_input_select(struct store *store, const char *path, struct selection *selection,
			const struct global_options *global, struct texts *nodes, struct err *err);

#endif
