/*
 * Texts packed into a string: the way clusters and configuration tools store files.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_PACKED_H
#define SCLOG_PROFILE_DOCUMENT_PACKED_H

#include "profile/document/tree.h"

/* Whether the strings of a map are in base64 (Secret, ConfigMap, cloud-init, GitHub's API). */
bool packed_is_base64(const struct node *map);

/*
 * The text in a string: decoded from base64 or a data: URL (RFC 2397), the value of "seccomp=", or the
 * string itself. It is borrowed from the node or from `bytes`. is_base64: packed_is_base64() of its map.
 * Sets *ret_problem if it cannot be decoded.
 */
struct str packed_text(const struct node *node, bool is_base64, struct buf *bytes,
		       const char **ret_problem);

/* VALUE of an option "seccomp=VALUE", or in Docker's older form "seccomp:VALUE"; else NULL. */
const char *packed_option(const char *option);

#endif
