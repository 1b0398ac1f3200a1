/*
 * Rules: what a loader makes of a document on a given host, for a given container.
 *
 * What is conditional in the document is decided here (archMap, includes, excludes, minKernel),
 * what the loader does not know is left out with a lint, and each name of each rule that stays
 * becomes one entry with its action complete, errno included. That is what reaches the OCI
 * runtime as linux.seccomp.
 *
 * Sources, read and not copied: moby's profiles/seccomp (setupSeccomp), containers/common's
 * pkg/seccomp (setupSeccomp), runc's libcontainer/specconv (SetupSeccomp).
 *
 * Rules borrow from the document and live no longer than it.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_RESOLVE_H
#define SCLOG_PROFILE_DOCUMENT_RESOLVE_H

#include "profile/document/document.h"
#include "profile/document/options.h"

struct rule {
	const char *name;
	uint32_t action; /* SCMP_ACT_*, which is SECCOMP_RET_* with its data */
	const struct document_arg *args;
	size_t arg_count;
	size_t document_rule; /* its place: syscalls[document_rule].names[document_name] */
	size_t document_name;
};

struct rules {
	const struct document *document;
	enum loader loader; /* never LOADER_AUTO */
	bool off;           /* no filter at all: neither default action nor rules */
	uint32_t default_action;
	struct strings arches; /* SCMP_ARCH_*, as they reach the runtime */
	bool from_arch_map;    /* where they came from, for their places */
	struct strings flags; /* SECCOMP_FILTER_FLAG_*, as they reach the runtime; the document's */
	struct rule *all;
	size_t count;
};

/*
 * options->arch is the host's token (not 0), options->kernel_* its kernel (not 0.0).
 * rules_release() is due in any case. -EINVAL where the loader or the runtime's own reading of
 * the document would fail.
 */
int rules_resolve(const struct document *document, const struct profile_options *options,
		  struct rules *rules, struct lints *lints, struct err *err);
void rules_release(struct rules *rules);

#endif
