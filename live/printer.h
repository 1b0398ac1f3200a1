/*
 * The printer: what `sclog watch` writes to standard output, never waiting for whoever reads it.
 *
 * Lines wait in a bounded buffer while a pipe or terminal takes nothing; what does not fit is
 * counted, not printed. The store is never kept waiting by a slow reader.
 */
#ifndef SCLOG_LIVE_PRINTER_H
#define SCLOG_LIVE_PRINTER_H

#include "base/buf.h"
#include "report/judges.h"
#include "report/format.h"
#include "report/live.h"
#include "report/novelty.h"

#define PRINTER_WAITING_MAX (1u << 20)

struct printer_options {
	enum format format;
	bool all;   /* every event, not only what is new */
	bool quiet; /* only what the profile refuses; nothing without a profile */
	bool top;   /* the table of live/top.h, where standard output is a terminal */
	bool colour;
	bool otel;             /* JSON: with OpenTelemetry's names */
	struct judges *judges; /* of --profile, or NULL; borrowed, loaded already */
};

struct printer;

struct printer *printer_new(const struct printer_options *options);
void printer_free(struct printer *printer);

/* What the store holds already is not new. */
struct novelty *printer_novelty(struct printer *printer);

/* Prints the event if it is to be. `again`: it came before by another source. */
void printer_event(struct printer *printer, const struct event *event, bool again);

/* Writes what can be written, waiting for the reader at most so long. Returns 0, -EPIPE when nobody
 * reads any more, or another -errno: what comes later is then not printed. */
int printer_flush(struct printer *printer, int timeout_ms);

/* To be polled for POLLOUT while lines wait. */
int printer_fd(const struct printer *printer);

/* True while lines wait for their reader. */
bool printer_waiting(const struct printer *printer);

/* Whether there is a table rather than lines. */
bool printer_is_table(const struct printer *printer);

/* Shows the table as it is now, unless the last one still waits for its reader. */
void printer_show(struct printer *printer, const struct live_status *status);

/* Where keys come from, to be polled for POLLIN; -1: from nowhere. */
int printer_keys_fd(const struct printer *printer);

/* Takes the keys that were pressed. Returns how many, or -EPIPE if one of them ends the watch. */
int printer_take_keys(struct printer *printer);

struct printer_counts {
	uint64_t fresh;    /* first uses */
	uint64_t refused;  /* of these, what the profile would refuse */
	uint64_t unjudged; /* of a container whose capabilities the profile was not loaded for */
	uint64_t unshown;  /* lines that did not fit */
};
struct printer_counts printer_counts(const struct printer *printer);

#endif
