/*
 * The selection: which observations a command is about, spelt the same by every command.
 */
#ifndef SCLOG_CLI_SELECTION_H
#define SCLOG_CLI_SELECTION_H

#include "cli/option.h"
#include "store/query.h"

/* As given; part of a command's struct of options. */
struct selection_options {
	struct option_list container, image, pod, namespace, workload, node, comm, exe, syscall;
	struct option_list arch, action;
	bool host, unattributed;
	const char *since, *until;
};

/* clang-format off */
/* The rows for a member `at` of the command's struct `type`. */
#define SELECTION_OPTION_ROWS(type, at)                                                           \
	OPTION_TITLE("Selection (repeat an option for alternatives; GLOB: *, ?, [...])"),         \
	OPTION(LIST, 0, "container", "NAME", type, at.container,                                  \
	       "name, glob of names, or start of an id; with FILEs: the name of the container "   \
	       "that all their records belong to (with --map: one of the map's containers)"),     \
	OPTION(LIST, 0, "image", "GLOB", type, at.image, "image of the container"),               \
	OPTION(LIST, 0, "pod", "GLOB", type, at.pod, "Kubernetes pod"),                           \
	OPTION(LIST, 0, "namespace", "GLOB", type, at.namespace, "Kubernetes namespace"),         \
	OPTION(LIST, 0, "workload", "GLOB", type, at.workload,                                    \
	       "workload, or the name of a container without one"),                                  \
	OPTION(LIST, 0, "node", "GLOB", type, at.node,                                            \
	       "host that logged the record; with FILEs: the host of all their records"),         \
	OPTION(LIST, 0, "comm", "GLOB", type, at.comm, "program, by its comm"),                   \
	OPTION(LIST, 0, "exe", "GLOB", type, at.exe, "program, by its path"),                     \
	OPTION(COMMA_LIST, 0, "syscall", "GLOB[,GLOB...]", type, at.syscall, "syscall, by name"), \
	OPTION(COMMA_LIST, 0, "arch", "ARCH[,ARCH...]", type, at.arch, "architecture"),           \
	OPTION(COMMA_LIST, 0, "action", "ACTION[,ACTION...]", type, at.action,                    \
	       "what the active filter did: LOG, KILL_PROCESS ..."),                              \
	OPTION(FLAG, 0, "host", NULL, type, at.host, "records of host processes"),                \
	OPTION(FLAG, 0, "unattributed", NULL, type, at.unattributed,                              \
	       "records whose container is unknown"),                                             \
	OPTION(TEXT, 0, "since", "TIME", type, at.since, "from this time on"),                    \
	OPTION(TEXT, 0, "until", "TIME", type, at.until, "up to and including this time")
/* clang-format on */

/*
 * Makes a selection of the options. Names of arches and actions in them are replaced by their
 * canonical spelling; the selection borrows everything from them. Unknown names, times that are
 * none and a since after until are -EINVAL.
 */
int selection_parse(struct selection_options *options, struct selection *ret_selection,
		    struct err *err);

/* Whether any of its options was given. */
bool selection_is_given(const struct selection_options *options);

/* Appends the forms of TIME, and the names that ARCH and ACTION may be, for --help. */
void selection_help(struct buf *buf);

#endif
