/*
 * Envelope: what exporters, tools and people put around log lines.
 *
 * A log that was exported lies inside JSON or CSV, behind grep's or kubectl's prefix, in colours or
 * in escaped quotes. What such an envelope holds is read as a line by itself, and needs a framing
 * of its own (framing.h). Which envelope an input has is decided once, by its first line that
 * shows one: what a program wrote further down cannot bring another one. An input whose lines stand
 * as they are pays nothing.
 *
 * Whatever came out of an envelope was within reach of others: see `wrapped`.
 */
#ifndef SCLOG_INGEST_ENVELOPE_ENVELOPE_H
#define SCLOG_INGEST_ENVELOPE_ENVELOPE_H

#include "base/str.h"

/* What an envelope says of the text in it, by whatever name. */
enum envelope_value {
	ENVELOPE_NODE,
	ENVELOPE_AGENT,    /* the node that passed it on, which most often is the same */
	ENVELOPE_SOURCE,   /* Graylog's node; others name a file or a service so */
	ENVELOPE_STREAM,   /* CloudWatch's: an instance, a host, a file, anything */
	ENVELOPE_PROGRAM,  /* whose text it is */
	ENVELOPE_FACILITY, /* of syslog, by name or number */
	/* the journal's fields */
	ENVELOPE_TRANSPORT,
	ENVELOPE_AUDIT_TYPE,
	ENVELOPE_AUDIT_ID,
	ENVELOPE_SOURCE_TIME,
	ENVELOPE_TIME,
	/* of an event that a collector took apart, and whose it is */
	ENVELOPE_STAMP, /* "1795302094.454:787", or when and SERIAL apart */
	ENVELOPE_WHEN,
	ENVELOPE_SERIAL,
	ENVELOPE_PID,
	ENVELOPE_COMM,
	ENVELOPE_EXE,
	ENVELOPE_ARCH,
	ENVELOPE_SYSCALL, /* a number or a name */
	ENVELOPE_SYSCALL_NAME,
	ENVELOPE_CODE,
	ENVELOPE_IP,
	ENVELOPE_POD,
	ENVELOPE_NAMESPACE,
	ENVELOPE_CONTAINER,
	ENVELOPE_CONTAINER_ID,
	ENVELOPE_IMAGE,
	ENVELOPE_VALUES,
};

struct envelope_item {
	struct str text;
	bool wrapped;   /* something was taken off, that anybody may have put there */
	bool event;     /* no text: the values are all there is of a record (collector.h) */
	bool cleaned;   /* a line of the input: colours or a byte-order mark were taken off */
	bool broken;    /* the beginning of JSON that has no end, or is too long */
	bool container; /* a container's own output: no log of the kernel's, whatever it says */
	bool further; /* no first line of its text: a program that wrote the text chose it whole */
	struct str values[ENVELOPE_VALUES]; /* p is NULL where nothing is said */
};

#define ENVELOPE_NAMES \
	"none|json|csv|escaped|cri|loki|kubectl|compose|time|aws|grep|node-logs|fields|quoted|yaml|markup|fluent|tags|prompt|wazuh|teamcity|block|xml"

/* True if there is an envelope of that name. */
bool envelope_is_name(const char *name);

struct envelope_options {
	const char *name; /* the envelope that it is, by its name, "none"; NULL: looked for */
	bool mixed;       /* looked for anew in each line */
};

struct envelope;

/* Options are copied, names must last. Free with envelope_free(). */
struct envelope *envelope_new(const struct envelope_options *options);
void envelope_free(struct envelope *envelope);

/* Another input begins; what is there of an unfinished envelope is forgotten. */
void envelope_begin(struct envelope *envelope);

/* Takes a line, or a part of one: part goes on from the one before, more goes on with the next. False:
 * it has no envelope, and stands as it is. Else envelope_next() gives what is in it, which may be nothing,
 * or all that was gathered with the lines before. */
bool envelope_line(struct envelope *envelope, struct str line, bool part, bool more);

/* No more lines come. True if envelope_next() gives what was unfinished. */
bool envelope_end(struct envelope *envelope);

/* The next text; false if there is none. Lives until the next line is taken. */
bool envelope_next(struct envelope *envelope, struct envelope_item *ret_item);

/* True once it is known that lines of this input stand as they are. */
bool envelope_is_none(const struct envelope *envelope);

/* True once it is known that they do not. */
bool envelope_is_one(const struct envelope *envelope);

/* True once a value was found that only logs have, such as a program's name or a facility. */
bool envelope_is_log(const struct envelope *envelope);

/* True unless the values name another program than the kernel or auditd, or a facility of others. */
bool envelope_is_kernels(const struct str values[ENVELOPE_VALUES]);

/* True within an envelope of several lines. */
bool envelope_is_inside(const struct envelope *envelope);

#endif
