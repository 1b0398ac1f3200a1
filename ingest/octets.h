/*
 * Octets: syslog as it goes over TCP, a count before each message and nothing behind it (RFC 6587, 3.4.1;
 * RFC 5425): "212 <5>1 2026-11-21T23:01:34Z w1 kernel ...". Collectors that store what they receive write
 * files of it. Messages become lines.
 *
 * A count is believed where another count, or the end, follows what it counts. What has a wrong one is
 * passed on as it is, up to the next message that has a right one: a record in it is read if it is whole.
 * A newline within a message becomes a blank, since what is behind it is the sender's.
 */
#ifndef SCLOG_INGEST_OCTETS_H
#define SCLOG_INGEST_OCTETS_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct octets;

/* As read(2); an error is in err, if it is more than errno. */
typedef ssize_t octets_read_fn(void *context, char *to, size_t size, struct err *err);

enum octets_answer {
	OCTETS_NO,
	OCTETS_UNSURE, /* more of the text is needed, up to OCTETS_LOOK bytes */
	OCTETS_YES,
};

/* Does the text begin so? at_end: there is no more of it. */
enum octets_answer octets_look(struct str begin, bool at_end);

#define OCTETS_LOOK (LINE_MAX_BYTES + 64)

/* `begin` was read already. Free with octets_free(). */
struct octets *octets_new(octets_read_fn *read, void *context, struct str begin);
void octets_free(struct octets *octets);

/* Reads lines, like read(2). */
ssize_t octets_read(struct octets *octets, char *to, size_t size, struct err *err);

#endif
