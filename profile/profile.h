/*
 * A seccomp profile, from its document to the verdict on a syscall.
 *
 *     source -> document (JSON, YAML) -> rules -> filter (BPF) -> diagram -> verdict
 *
 * A source is fetched once (profile/source.h) and can be loaded any number of times. The document is
 * resolved as the chosen loader would resolve it on the chosen host. The filter is built with
 * libseccomp as the chosen runtime would build it, and exported as BPF, which is read into a diagram
 * of its answers. A systemd unit has no document: its filters are built from its settings. A live
 * filter and a dump are filters already. Verdicts come from the BPF alone, never from the document,
 * so they are the kernel's.
 */
#ifndef SCLOG_PROFILE_PROFILE_H
#define SCLOG_PROFILE_PROFILE_H

#include "base/err.h"
#include "base/str.h"
#include "profile/document/document.h"
#include "profile/answers/verdict.h"

#include <stdint.h>

struct profile;

struct profile_source;

/*
 * Parses, resolves and builds a fetched source, which is neither changed nor kept. On failure returns
 * a negative errno, and err has "FILE:LINE:COLUMN: what" for a malformed text, "FILE:
 * syscalls[3].action: what" otherwise.
 */
int profile_load(const struct profile_source *source, const struct profile_options *options,
		 struct profile **ret_profile, struct err *err);
void profile_free(struct profile *profile);

/* The `profile` object in the JSON of diff and explain. Strings live as long as the profile. */
struct profile_info {
	const char *source; /* as given */
	/* A document's shape: "oci", "docker", "podman" or "spo"; "systemd" for a unit; "bpf" for
	 * filters. */
	const char *format;
	enum loader loader; /* never LOADER_AUTO */
	enum runtime runtime;
	/*
	 * "SCMP_ACT_ERRNO", as in the document; "" without a filter. For a unit with an allow list:
	 * the action for other calls. For filters: the action for unnamed numbers.
	 */
	const char *default_action;
};
struct profile_info profile_info(const struct profile *profile);

/* The lints, in the document's order. */
const struct lint *profile_lint(const struct profile *profile, size_t *ret_count);

/*
 * The resolved rules (profile/document/resolve.h): empty, with a NULL document, if there is none. The
 * filter (profile/filter/filter.h): NULL if there is none.
 */
struct rules;
struct filter;
struct answers;
const struct rules *profile_rules(const struct profile *profile);
const struct filter *profile_filter(const struct profile *profile);
/* The filter's diagrams (profile/answers/answers.h). */
struct answers *profile_answers(struct profile *profile);

/*
 * Where in the document's text the verdict on a syscall is decided. False without a document. The
 * profile's source must still exist.
 */
bool profile_passage(const struct profile *profile, const char *syscall,
		     const struct verdict *verdict, struct passage *ret_passage);

/*
 * The verdict on one syscall. `audit_arch` and `nr` are as in a record (AUDIT_ARCH_*; x32 by bit 30;
 * -1 is possible). Results are cached. Not thread-safe.
 */
struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr);

#endif
