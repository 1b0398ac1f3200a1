/*
 * An export: a filter written back as an OCI profile (config-linux.md, linux.seccomp).
 *
 * A filter knows numbers, a profile names; a filter can compute, a profile compares. So the
 * profile is made from what the filter answers to every number that libseccomp can name, and is
 * then proven: it is built again as the runtime builds it, and the diagrams of both filters are
 * compared (profile/answers/answers.h), over all numbers and arguments. What differs, because OCI
 * cannot say it, is listed.
 *
 * What runc's ENOSYS stub answers belongs to runc and not to the profile. It is left out, and the
 * largest number that it lets through is named, by a rule that repeats the default if need be, so
 * that runc puts the same stub in front again.
 *
 * The same filter always gives the same document.
 */
#ifndef SCLOG_PROFILE_WRITE_EXPORT_H
#define SCLOG_PROFILE_WRITE_EXPORT_H

#include "profile/answers/survey.h"
#include "profile/document/write.h"
#include "profile/profile.h"

struct export
{
	struct document document; /* its strings live as long as it */
	/* Which runtime's way of building the proof is for: runc where there is a stub, else crun,
	 * which is libseccomp alone. */
	enum runtime runtime;
	struct lints differences; /* none: the profile does exactly what the filter does */
	struct lints notes;       /* what whoever loads the profile should know */
};

/*
 * Exports a filter of a host of that arch. `survey` is what its maker knows of it (then its arches
 * are filled), NULL: survey_filter() finds it out. -EINVAL if what came out cannot be built.
 * export_release() is due in any case.
 */
int export_filter(const struct filter *filter, const struct survey *survey, uint32_t host,
		  struct export *ret_export, struct err *err);
void export_release(struct export *export);

/*
 * A profile as an OCI one: what the loader made of a document is what reaches the OCI runtime, with
 * conditions on capabilities, kernel and arch decided, archMap turned into architectures, errno names
 * into numbers. It is the profile for exactly this container on this host, which every runtime accepts.
 * A profile without a document is exported. The result borrows from the profile; call
 * document_release() in any case. Where OCI cannot say what the filter does, *ret_exact is false and
 * `notes` has what differs. -EINVAL where there is no filter.
 */
int oci_document(const struct profile *profile, struct document *ret_document, struct lints *notes,
		 bool *ret_exact, struct err *err);

/* Appends it as text. */
int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err);

#endif
