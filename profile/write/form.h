/*
 * Forms: the same profile for those who load it, each in its own language.
 *
 *     oci       linux.seccomp of the runtime spec: containerd, CRI-O, runc, crun, Podman, Docker
 *     docker    moby's: archMap in the place of architectures
 *     spo       a SeccompProfile of the security-profiles-operator
 *     systemd   a drop-in with SystemCallFilter= for a service
 *     minijail  a policy file for minijail0(1) -S
 *     minijail6 the same for minijail before its release linux-v7
 *     minijailc a policy for minijail's compile_seccomp_policy
 *
 * Not every form can say everything. What one cannot is an error that names it, or where the result
 * is only stricter or says the same in effect, a note.
 */
#ifndef SCLOG_PROFILE_WRITE_FORM_H
#define SCLOG_PROFILE_WRITE_FORM_H

#include "base/buf.h"
#include "profile/document/document.h"

#include <jansson.h>

/* Each with the end of its files' names, and the X of form_write_X(), which writes it. */
#define FORMS(EACH)                                     \
	EACH(OCI, oci, ".json", oci)                    \
	EACH(DOCKER, docker, ".json", oci)              \
	EACH(SPO, spo, ".yaml", spo)                    \
	EACH(SYSTEMD, systemd, ".conf", systemd)        \
	EACH(MINIJAIL, minijail, ".policy", minijail)   \
	EACH(MINIJAIL6, minijail6, ".policy", minijail) \
	EACH(MINIJAILC, minijailc, ".policy", minijail)

#define FORM_ENUMERATOR(name, word, suffix, writer) FORM_##name,
enum form { FORMS(FORM_ENUMERATOR) FORM_COUNT };

/* The words of --format: "oci|docker|...". */
#define FORM_WORD(name, word, suffix, writer) "|" #word
#define FORM_NAMES                            (&("" FORMS(FORM_WORD))[1])

/* The form for one of those words; NULL gives FORM_OCI. */
enum form form_from_name(const char *name);

/* What a file of that form ends in: ".json", ".yaml", ".conf", ".policy". */
const char *form_suffix(enum form form);

/* What the text says beside the profile. */
struct form_heading {
	const char *name; /* what it is called: metadata.name of spo; NULL: "sclog" */
	/* spo: where the containers ran, an annotation, since a SeccompProfile is cluster-wide (of
	 * the operator 0.9 and later); NULL: left out. */
	const char *namespace;
	const char *base_name; /* spo: baseProfileName; NULL: "" */
	/*
	 * Evidence, an object of strings, integers, booleans and lists of strings, in its order;
	 * NULL: none. In JSON a member "x-sclog", which runtimes ignore; in spo annotations; else
	 * comments. Its strings come from logs: no byte of them may end a comment or a quote.
	 */
	const json_t *evidence;
};

/*
 * Appends the profile of an OCI document (profile/document/document.h) to text. `widen`: where a
 * form knows no conditions on arguments, the call is let through whatever they are, and noted;
 * without it that is an error, which lists them. Returns 0 or -EINVAL.
 */
int form_write(enum form form, const struct document *document, const struct form_heading *heading,
	       bool widen, struct buf *text, struct lints *notes, struct err *err);

#endif
