/*
 * A profile's document: the members of the profile, checked for form. Conditions are still open.
 *
 * Three loaders share the format, and each ignores some members: the OCI runtime spec's
 * linux.seccomp (config-linux.md), moby's extension (archMap, includes, excludes, name, comment,
 * minKernel) and containers/common's (also defaultErrno and errno). The members of all three
 * are read here; profile/document/resolve.h applies those that the chosen loader knows. The text is
 * JSON or YAML (profile/document/tree.h), and the profile may be a part of a tool's output
 * (profile/document/find.h).
 *
 * All three loaders are written in Go, so the text is read as Go reads JSON: null means absent,
 * names of members match in any case and the last of two counts (with a lint), unknown members are
 * ignored (with a lint). A member of the wrong type is an error only for the loaders that know the
 * member.
 *
 * Strings are borrowed from the tree, which the document owns; "" counts as absent.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_DOCUMENT_H
#define SCLOG_PROFILE_DOCUMENT_DOCUMENT_H

#include "profile/document/lint.h"
#include "profile/document/options.h"
#include "profile/document/tree.h"

#include <seccomp.h>

/* Callers stop reading a larger text: no profile has that size. */
#define DOCUMENT_MAX_BYTES (64U << 20)

/* Most rules and names together; a kernel has fewer than 500 syscalls. */
#define DOCUMENT_MAX_NAMES 32768U

/* Room for "linux.seccomp.syscalls[16383].args[5].valueTwo" and the like. */
#define PLACE_SIZE 192

enum shape {
	SHAPE_OCI,
	SHAPE_DOCKER,
	SHAPE_PODMAN,
	SHAPE_SPO, /* security-profiles-operator's SeccompProfile: OCI's members, in spec */
};

struct strings {
	const char **all;
	size_t count;
};

/* A number that may be absent. */
struct optional {
	bool present;
	uint64_t value;
};

struct document_arg {
	unsigned index; /* 0 to 5 */
	enum scmp_compare op;
	uint64_t value;     /* MASKED_EQ: the mask */
	uint64_t value_two; /* MASKED_EQ: the result of the mask */
};

/* `includes` or `excludes` of a rule. */
struct document_filter {
	bool present; /* and not empty */
	struct strings caps;
	struct strings arches;
	const char *min_kernel; /* as written, or NULL */
	bool has_min_kernel;
	unsigned kernel, major; /* "4.8" */
};

struct document_rule {
	const char *name; /* moby's old form, or NULL */
	struct strings names;
	const char
		*action_name; /* as written: old runtimes know KILL, not KILL_THREAD (the same) */
	uint32_t action;      /* SCMP_ACT_* without errno */
	struct optional errno_ret;
	const char *errno_name; /* containers/common: name or number, or NULL */
	struct document_arg *args;
	size_t arg_count;
	struct document_filter includes;
	struct document_filter excludes;
	const char *comment;
};

/* Names of a rule: of `names`, or moby's single `name`. */
static inline size_t document_name_count(const struct document_rule *rule)
{
	return rule->names.count ? rule->names.count : rule->name != NULL;
}

static inline const char *document_name(const struct document_rule *rule, size_t at)
{
	return rule->names.count ? rule->names.all[at] : rule->name;
}

/* Whether two of its args test the same argument: then any of its args may hold, else all must. */
static inline bool document_is_any_of(const struct document_rule *rule)
{
	unsigned seen = 0;
	bool again = false;

	for (size_t i = 0; i < rule->arg_count; i++) {
		again = again || seen & 1U << rule->args[i].index;
		seen |= 1U << rule->args[i].index;
	}
	return again;
}

struct document_arch {
	const char *architecture;
	struct strings subs;
};

struct document {
	struct tree tree;
	const struct node *object; /* the object that holds the profile; places begin here */
	struct node *profile;      /* NULL: no filter at all */
	enum shape shape;
	bool bare;          /* no object around the profile has a shape: its members decide */
	bool whole;         /* a runtime or a cluster accepts the whole text */
	size_t others;      /* profiles in the text that were not selected */
	const char *prefix; /* of every place: "", "linux.seccomp." or the like */
	char *prefix_owned; /* to be freed, or NULL */
	bool has_caps;      /* the text has the container's bounding set */
	caps caps;
	bool privileged;            /* the container in the text is */
	bool resolved;              /* a runtime's input: its conditions are decided already */
	const char *default_action; /* NULL when absent */
	struct optional default_errno_ret;
	const char *default_errno;
	struct strings architectures;
	struct document_arch *arch_map;
	size_t arch_map_count;
	struct strings flags;
	const char *listener_path;     /* who answers SCMP_ACT_NOTIFY, or NULL */
	const char *listener_metadata; /* or NULL */
	struct document_rule *rules;
	size_t rule_count;
	/* By loader: why it refuses the document although others accept it; "" otherwise. */
	char faults[LOADER_OCI + 1][PLACE_SIZE + 64];
};

/*
 * Reads a document. select: which of several profiles, or NULL. The document borrows the text
 * for lines and edits (profile/document/tree.h). On failure returns -EINVAL with the place in err:
 * "LINE:COLUMN: what" for a malformed text, "syscalls[3].action: what" otherwise.
 * Call document_release() in both cases.
 */
int document_parse(struct str text, const char *select, struct document *document,
		   struct lints *lints, struct err *err);
void document_release(struct document *document);

/* Sets the line of each lint by its place; 0 if it is not known, or if the text has only one line. */
void document_locate_lints(const struct document *document, struct lints *lints);

/* Puts "LINE:COLUMN: " before an error that begins with a place in the text. */
void document_locate(const struct document *document, struct err *err);

/* "oci", "docker", "podman", "spo" */
const char *shape_name(enum shape shape);

/*
 * A passage: the part of the text that decides what happens to a syscall. It is the syscall's name
 * in the rule that decides; the default action if no rule names the syscall, even if runc's stub
 * answers; the architectures if the syscall's is not listed there.
 */
struct passage {
	unsigned line, column;         /* from 1, columns in code points */
	unsigned end_line, end_column; /* after the last character */
};

/* action: the rule's SCMP_ACT_*, without data. False if no rule names the syscall. */
bool document_passage_of_rule(const struct document *document, const char *syscall, uint32_t action,
			      struct passage *ret_passage);

/* Of a member of the profile such as "defaultAction", with its key. False if it is absent. */
bool document_passage_of_member(const struct document *document, const char *member,
				struct passage *ret_passage);

/* Writes "PREFIXsyscalls[rule]" and returns place. */
const char *document_rule_place(const struct document *document, size_t rule,
				char place[PLACE_SIZE]);

/* Writes "PREFIXsyscalls[rule].names[name]" (".name" for moby's old form). */
const char *document_name_place(const struct document *document, size_t rule, size_t name,
				char place[PLACE_SIZE]);

#endif
