/*
 * Node names. One machine is called by its short name in one log and by its full name in the
 * next (rsyslog shortens, uname does not), so names are compared by their first label.
 */
#ifndef SCLOG_INGEST_NODE_H
#define SCLOG_INGEST_NODE_H

#include "base/str.h"

/* A label has at most 63 bytes (RFC 1035); an IPv6 address fits as well. */
#define NODE_LABEL_SIZE 64

/* Puts the first label in lower case into label and returns a slice of it; an IPv4 or IPv6
 * address stands as a whole. */
struct str node_label(struct str name, char label[NODE_LABEL_SIZE]);

/*
 * The node in a text that may name one, or a file, a service, a stream: an instance of EC2's at its beginning,
 * else the whole if it is a host's name without a word of logs in it; numbered: and a digit. Empty: none.
 */
struct str node_in(struct str text, bool numbered);

#endif
