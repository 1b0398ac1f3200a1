/*
 * Helpers of `sclog watch`: small processes that keep the capabilities which the process that parses
 * records and writes the store has given up, as OpenBSD's syslogd does it.
 *
 *     watch    no capabilities, its own filter, Landlock: records, JSON, the store
 *       |
 *     keeper   CAP_AUDIT_CONTROL: asks the kernel for its counter of losses and its rules, and
 *       |        starts readers
 *       +-- reader of root's containers    CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE: do what a struct
 *       |   reader of users' containers    host_request says, and understand nothing of it
 *       |
 *       +-- describers, of both            no capabilities: understand the files, which a reader
 *                                          of their own reads (live/describer.h)
 *
 * Requests and replies have a fixed size; what was read comes in a memfd. A reader that does not answer
 * in time, since a file system hangs, is ended, and who it was asked about is not asked about for a
 * while. Root's containers never wait for a user's file system.
 */
#ifndef SCLOG_LIVE_HELPER_H
#define SCLOG_LIVE_HELPER_H

#include "correlate/host_files.h"
#include "doctor/hiding.h"
#include "ingest/status.h"

/*
 * How long to wait for an answer, and after a timeout how long to ask nothing: about a user's
 * containers, and about root's, which are on the host's own file systems. A user has as many uids as
 * subuid(5) gives: waiting for all users together takes at most half of the time, after a first
 * HELPER_WAIT_MS, and a wait shorter than HELPER_USERS_LEAST_MS is not begun.
 */
#define HELPER_WAIT_MS        100
#define HELPER_PAUSE_MS       2000
#define HELPER_USERS_LEAST_MS 5
#define HELPER_ROOT_WAIT_MS   5000
#define HELPER_ROOT_PAUSE_MS  1000

struct helper;

struct helper_options {
	const char *proc_root, *runtime_root; /* NULL: /proc and / */
	bool sandbox;
};

/* Starts them. To be called with the capabilities, before any thread is started. Every descriptor
 * but theirs is closed in them. Returns 0 or -errno. */
int helper_start(const struct helper_options *options, struct helper **ret_helper, struct err *err);

/* They end by themselves when this process does. */
void helper_stop(struct helper *helper);

/* A host_ask_fn; context: the helper. Any thread may call it. -ETIMEDOUT where there is no answer. */
void helper_ask(void *helper, const struct host_request *request, struct host_reply *reply,
		struct buf *bytes);

/* Ends the describer of root's or of users' containers, starts another and gives its socket
 * (live/describer.h). -1 where there is none. Returns 0 or -errno. */
int helper_describer(struct helper *helper, bool of_users, int *ret_fd);

/* audit_state_get(), asked of the keeper. */
int helper_audit_state(struct helper *helper, struct audit_state *ret_state);

/* hiding_read(), asked of the keeper. */
int helper_hiding(struct helper *helper, struct hiding *ret_hiding);

#endif
