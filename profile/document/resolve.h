/*
 * Rules: the result of loading a document on a given host, for a given container.
 *
 * The conditions of the document (archMap, includes, excludes, minKernel) are decided here. Members that
 * the loader does not know are left out with a lint. Each name of each remaining rule becomes one entry
 * with its complete action, errno included. The OCI runtime gets these as linux.seccomp.
 *
 * If two args of a rule test the same argument, runc and crun make each arg a rule of its own, and any
 * of them may hold. So do the entries: the args of each entry must all hold.
 *
 * Sources, read and not copied: moby's profiles/seccomp (setupSeccomp), containers/common's
 * pkg/seccomp (setupSeccomp), runc's libcontainer/specconv (SetupSeccomp).
 *
 * Rules borrow from the document, which must outlive them.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_RESOLVE_H
#define SCLOG_PROFILE_DOCUMENT_RESOLVE_H

#include "profile/document/document.h"
#include "profile/document/options.h"

struct rule {
	const char *name;
	uint32_t action;                 /* SCMP_ACT_*, which is SECCOMP_RET_* with its data */
	const struct document_arg *args; /* each of another argument */
	size_t arg_count;
	size_t document_rule; /* its place: syscalls[document_rule].names[document_name] */
	size_t document_name;
};

struct rules {
	const struct document *document;
	enum loader loader; /* never LOADER_AUTO */
	bool off;           /* no filter at all: neither default action nor rules */
	uint32_t default_action;
	struct strings arches; /* SCMP_ARCH_*, for the runtime */
	bool from_arch_map;    /* else from `architectures`: for the places of messages */
	struct strings flags;  /* SECCOMP_FILTER_FLAG_*, for the runtime; borrowed */
	struct rule *all;
	size_t count;
};

/*
 * options->arch is the host's token (not 0), options->kernel_* its kernel (not 0.0).
 * Call rules_release() in any case. -EINVAL if the loader or the runtime would refuse the document;
 * -E2BIG if building its filter would take too long.
 */
int rules_resolve(const struct document *document, const struct profile_options *options,
		  struct rules *rules, struct lints *lints, struct err *err);
void rules_release(struct rules *rules);

#endif
