/*
 * A profile as an OCI one: linux.seccomp of the runtime spec's config-linux.md.
 *
 * What the loader made of a document is what reaches the OCI runtime: conditions on capabilities,
 * kernel and arch decided, archMap turned into architectures, errno names into numbers. Written
 * down, it is the profile for exactly this container on this host, which every runtime takes. A
 * profile that came without a document is what profile/write/export.h makes of its filter.
 */
#ifndef SCLOG_PROFILE_WRITE_OCI_H
#define SCLOG_PROFILE_WRITE_OCI_H

#include "profile/document/document.h"
#include "profile/profile.h"

/*
 * The document, which borrows from the profile; document_release() is due in any case. Where OCI
 * cannot say what the filter does, *ret_exact is false and `notes` has what differs. -EINVAL where
 * there is no filter.
 */
int oci_document(const struct profile *profile, struct document *ret_document, struct lints *notes,
		 bool *ret_exact, struct err *err);

/* Appends it as text. */
int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err);

#endif
