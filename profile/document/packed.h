/*
 * Texts that are packed into a string, as clusters and configuration tools keep files.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_PACKED_H
#define SCLOG_PROFILE_DOCUMENT_PACKED_H

#include "profile/document/tree.h"

/* Whether a map says that its strings are in base64: a Secret's, a ConfigMap's, cloud-init's, GitHub's. */
bool packed_is_base64(const struct node *map);

/*
 * The text in a string of such a map, or of another: what base64 or a data: URL (RFC 2397) stands for, what follows "seccomp=", else the
 * string itself. It is borrowed from the node or from `bytes`. Sets *ret_problem where what it stands for
 * cannot be read.
 */
struct str packed_text(const struct node *node, bool is_base64, struct buf *bytes,
		       const char **ret_problem);

/* VALUE of an option "seccomp=VALUE", with a colon in Docker's older form; NULL for another one. */
const char *packed_option(const char *option);

#endif
