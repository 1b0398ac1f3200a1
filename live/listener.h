/*
 * The listener: a thread that only takes from the kernel what cannot wait.
 *
 * It reads the process connector and the audit multicast group, and looks into /proc the moment a
 * program is executed, since the process may be gone a millisecond later. What it hears goes into
 * two bounded rings, for processes and for records, and the thread that attributes takes it from
 * there, in portions of 20 ms. When that thread is slow the kernel's buffers (64 MiB each) fill next.
 *
 * Order: a fork is queued by the kernel before the child runs, so before any record of it. The
 * listener takes records first, empties the connector, and only then shows the records; who looks
 * for records first and then takes all processes has every record's process on file.
 */
#ifndef SCLOG_LIVE_LISTENER_H
#define SCLOG_LIVE_LISTENER_H

#include "base/err.h"
#include "base/str.h"
#include "correlate/attribute.h"
#include "correlate/connector.h"
#include "correlate/procfs.h"
#include "ingest/multicast.h"

struct listener;

/* Either may be NULL. They and procfs are borrowed and the thread's alone until listener_stop(). */
struct listener_options {
	struct connector *connector;
	struct multicast *multicast;
	const struct procfs *procfs;
};

struct listener *listener_start(const struct listener_options *options);
void listener_stop(struct listener *listener);

/* To be polled for POLLIN: something was heard, or the thread ended. */
int listener_fd(const struct listener *listener);

/* What happened to a process; slices live until the next call. */
struct heard_process {
	bool lost; /* events were dropped before this: rescan /proc; the rest is empty */
	struct process_event event;
	struct exec_look look; /* empty where the process was gone or dying */
};

/* One audit record. */
struct heard_record {
	bool lost; /* records were dropped before this; the rest is empty */
	uint16_t type;
	struct str text;
};

/* Looks how far there are records; then take all processes, then those records. */
void listener_look(struct listener *listener);
bool listener_process(struct listener *listener, struct heard_process *ret_heard);
bool listener_record(struct listener *listener, struct heard_record *ret_heard);

/* True once every process event that the kernel had queued before the call can be taken: for records
 * that came another way (a file, the journal). False after so long: take what is there, the ring
 * may be full, and ask again. */
bool listener_sync(struct listener *listener, int timeout_ms);

/*
 * Asks the thread for what the kernel has queued until now, and to end. Take what it hears until
 * listener_finished() says that this was all.
 */
void listener_finish(struct listener *listener);
bool listener_finished(struct listener *listener);

/* The first error that ended a socket's reading; code 0 while all is well. */
struct err listener_trouble(struct listener *listener);

#endif
