/*
 * Texts that are packed into a string, as clusters and configuration tools keep files.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_PACKED_H
#define SCLOG_PROFILE_DOCUMENT_PACKED_H

#include "profile/document/tree.h"

/*
 * The text in a string: what base64 or a data: URL (RFC 2397) stands for, what follows "seccomp=", else the
 * string itself. It is borrowed from the node or from `bytes`. Sets *ret_problem where what it stands for
 * cannot be read.
 */
struct str packed_text(const struct node *node, struct buf *bytes, const char **ret_problem);

/* VALUE of an option "seccomp=VALUE", with a colon in Docker's older form; NULL for another one. */
const char *packed_option(const char *option);

#endif
