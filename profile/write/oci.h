/*
 * A profile written as an OCI one: linux.seccomp of the runtime spec's config-linux.md.
 *
 * What the loader made of a document is what reaches the OCI runtime: conditions on capabilities,
 * kernel and arch decided, archMap turned into architectures, errno names into numbers. Written
 * down, it is the profile for exactly this container on this host, which every runtime takes. A
 * profile that came without a document is what profile/write/export.h makes of its filter.
 */
#ifndef SCLOG_PROFILE_WRITE_OCI_H
#define SCLOG_PROFILE_WRITE_OCI_H

#include "base/buf.h"
#include "profile/profile.h"
#include "profile/document/document.h"

/*
 * Appends the document. Where OCI cannot say what the filter does, *ret_exact is false and
 * `notes` has what differs. -EINVAL where there is no filter.
 */
int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err);

/* Appends `, "args": [...]`; nothing where there are none. */
void oci_put_args(struct buf *text, const struct document_arg *args, size_t count);

#endif
