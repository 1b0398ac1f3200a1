/*
 * A profile's document: what the text says, checked for form, nothing decided yet.
 *
 * Three readers share the format and each ignores something of it: the OCI runtime spec's
 * linux.seccomp (config-linux.md), moby's extension (archMap, includes, excludes, name, comment,
 * minKernel) and containers/common's (defaultErrno, errno beside them). All fields of all three
 * are read here; profile/document/resolve.h applies what the chosen loader knows. The text is JSON
 * or YAML (profile/document/tree.h), and the profile may lie within what a tool prints
 * (profile/document/find.h).
 *
 * What Go's JSON reader does is done here, since all three are written in Go: null is absence,
 * names of members are taken in any case and the last of two counts (with a lint), unknown members
 * are ignored (with a lint). A member of the wrong type is an error only for the loaders that know
 * the member.
 *
 * Strings are borrowed from the tree, which the document owns; "" counts as absent.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_DOCUMENT_H
#define SCLOG_PROFILE_DOCUMENT_DOCUMENT_H

#include "profile/document/lint.h"
#include "profile/document/options.h"
#include "profile/document/tree.h"

#include <seccomp.h>

/* No profile is larger; what is, is not read to its end. */
#define DOCUMENT_MAX_BYTES (64U << 20)

/* Rules and names that are taken; a kernel has fewer than 500 syscalls. */
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
	uint64_t value_two; /* MASKED_EQ: what must be left */
};

/* `includes` or `excludes` of a rule. */
struct document_filter {
	bool present; /* and not empty */
	struct strings caps;
	struct strings arches;
	const char *min_kernel; /* as it is written, or NULL */
	bool has_min_kernel;
	unsigned kernel, major; /* "4.8" */
};

struct document_rule {
	const char *name; /* moby's old form, or NULL */
	struct strings names;
	const char *action_name; /* as it is written: KILL_THREAD is KILL to all but old runtimes */
	uint32_t action;         /* SCMP_ACT_*, errno not yet in it */
	struct optional errno_ret;
	const char *errno_name; /* containers/common: name or number, or NULL */
	struct document_arg *args;
	size_t arg_count;
	struct document_filter includes;
	struct document_filter excludes;
	const char *comment;
};

/* A rule's names, in either form. */
static inline size_t document_name_count(const struct document_rule *rule)
{
	return rule->names.count ? rule->names.count : rule->name != NULL;
}

static inline const char *document_name(const struct document_rule *rule, size_t at)
{
	return rule->names.count ? rule->names.all[at] : rule->name;
}

struct document_arch {
	const char *architecture;
	struct strings subs;
};

struct document {
	struct tree tree;
	const struct node *object; /* what holds the profile; places begin here */
	struct node *profile;      /* NULL: no filter at all */
	enum shape shape;
	bool bare;          /* nothing around the profile tells whose it is: its members do */
	bool whole;         /* the whole text is a document that a runtime or a cluster takes */
	size_t others;      /* profiles in the text that were not selected */
	const char *prefix; /* of every place: "", "linux.seccomp." or the like */
	char *prefix_owned; /* to be freed, or NULL */
	bool has_caps;      /* it came with its container's bounding set */
	caps caps;
	bool privileged;            /* the container that it came with is */
	bool resolved;              /* a runtime's input: what is conditional was decided already */
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
	/* By loader: why it refuses the document, where only some do; "" otherwise. */
	char faults[LOADER_OCI + 1][PLACE_SIZE + 64];
};

/*
 * Reads a document. select: which of several profiles, or NULL. The document borrows the text
 * for lines and edits (profile/document/tree.h). On failure returns -EINVAL with the place in err:
 * "LINE:COLUMN: what" for a malformed text, "syscalls[3].action: what" otherwise.
 * document_release() is due in both cases.
 */
int document_parse(struct str text, const char *select, struct document *document,
		   struct lints *lints, struct err *err);
void document_release(struct document *document);

/* The line of a place; 0 where it is not known, or the text has only one. */
unsigned document_line(const struct document *document, const char *place);

/* Puts "LINE:COLUMN: " before an error that begins with a place, where that is known. */
void document_locate(const struct document *document, struct err *err);

/* "oci", "docker", "podman", "spo" */
const char *shape_name(enum shape shape);

/*
 * A passage: where in the text it is decided what happens to a syscall. That is the name of the call
 * in the rule that decides; the default action where no rule names the call, also where runc's stub
 * answers; the architectures where the document lists others.
 */
struct passage {
	unsigned line, column;         /* from 1, columns in code points */
	unsigned end_line, end_column; /* behind the last one */
};

/* action: SCMP_ACT_* without data, of the rule. False where no rule names the call. */
bool document_passage_of_rule(const struct document *document, const char *syscall, uint32_t action,
			      struct passage *ret_passage);

/* Of a member of the profile such as "defaultAction", with its key. False if it is not there. */
bool document_passage_of_member(const struct document *document, const char *member,
				struct passage *ret_passage);

/* Writes "PREFIXsyscalls[rule]" and returns place. */
const char *document_rule_place(const struct document *document, size_t rule,
				char place[PLACE_SIZE]);

/* Writes "PREFIXsyscalls[rule].names[name]" (".name" for moby's old form). */
const char *document_name_place(const struct document *document, size_t rule, size_t name,
				char place[PLACE_SIZE]);

#endif
