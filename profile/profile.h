/*
 * A seccomp profile, from its document to the verdict on one syscall.
 *
 *     source  ->  document (JSON, YAML)  ->  profile (resolved rules)  ->  filter (BPF)  ->  verdict
 *
 * A source is fetched first (profile/source.h) and loaded as often as wanted. A systemd unit has no
 * document: its filters are built from its settings; a live filter and a dump are filters already.
 *
 * The document is resolved as the chosen loader would resolve it on the chosen host, the filter
 * is built with libseccomp in the way of the chosen runtime and exported as BPF, and
 * that BPF is read into a diagram of what it answers to which numbers and arguments. Nothing is judged from the document itself: the verdict is the kernel's.
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
 * Reads what was fetched, resolves, builds; the source is not changed and not kept. On failure
 * returns a negative errno and says in err what is wrong and where: "FILE:LINE:COLUMN: what" for a
 * malformed text, "FILE: syscalls[3].action: what" otherwise.
 */
int profile_load(const struct profile_source *source, const struct profile_options *options,
		 struct profile **ret_profile, struct err *err);
void profile_free(struct profile *profile);

/* What `profile` in the JSON of diff and explain holds; strings live as long as the profile. */
struct profile_info {
	const char *source; /* as given */
	/* The document's shape, "oci", "docker", "podman" or "spo"; "systemd" for a unit, "bpf" for
	 * filters. */
	const char *format;
	enum loader loader; /* never LOADER_AUTO */
	enum runtime runtime;
	/*
	 * "SCMP_ACT_ERRNO": as the document has it; "" when it has none (seccomp is then off). Of a
	 * unit what is refused where it lists what is allowed; of filters what they do with a number
	 * that has no name.
	 */
	const char *default_action;
};
struct profile_info profile_info(const struct profile *profile);

/* What loading had to say, in the document's order. */
const struct lint *profile_lint(const struct profile *profile, size_t *ret_count);

/*
 * What verdicts are made of: the rules as resolved (profile/document/resolve.h; none where there is no
 * document, whose pointer is then NULL), and the filter (profile/filter/filter.h), NULL where there is
 * none.
 */
struct rules;
struct filter;
struct answers;
const struct rules *profile_rules(const struct profile *profile);
const struct filter *profile_filter(const struct profile *profile);
/* The filter's diagrams (profile/answers/answers.h). */
struct answers *profile_answers(struct profile *profile);

/*
 * Where in the document's text a verdict on that syscall is decided. False where there is no document.
 * Only while the source lives that the profile was loaded from.
 */
bool profile_passage(const struct profile *profile, const char *syscall,
		     const struct verdict *verdict, struct passage *ret_passage);

/*
 * The verdict on one syscall. `audit_arch` and `nr` are as a record has them (AUDIT_ARCH_*, x32
 * by bit 30, -1 possible). Results are kept: asking again is a look-up. Not for two threads at
 * a time.
 */
struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr);

#endif
