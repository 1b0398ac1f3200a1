/*
 * A filter: the BPF program that a container's processes would run under.
 *
 * libseccomp builds it from the resolved rules in the order and with the calls of the chosen
 * runtime, and exports it. runc then puts its ENOSYS stub in front (libcontainer/seccomp/
 * patchbpf), which is done here with real instructions too, so that what is read is what
 * the kernel would see.
 *
 * crun adds no stub, takes at most six args of a rule, and refuses an errno beside an action that
 * has none.
 */
#ifndef SCLOG_PROFILE_FILTER_FILTER_H
#define SCLOG_PROFILE_FILTER_FILTER_H

#include "profile/document/resolve.h"
#include "profile/filter/bpf.h"

#define FILTER_MAX_ARCHES 32

/* An arch that the filter knows, and where runc's stub begins on it. */
struct filter_arch {
	uint32_t token;
	bool has_last; /* there is a stub for this arch ... */
	uint32_t last; /* ... and it takes every number above this one */
};

/* What counts of several answers. */
enum filter_fold {
	FILTER_STRICTEST, /* of a stack */
	FILTER_MILDEST,   /* of profiles that are merged */
};

/*
 * A program, or parts that answer together, or both: then the parts answer what the program lets
 * pass (RET ALLOW). Zeroed is a valid filter, too: everything is allowed.
 *
 * A stack is what a process really runs under. Every filter that it or one of its ancestors has
 * installed stays and is run at every syscall, the newest first. The value taken is the one whose
 * action is the strictest, which is the lowest when the action bits are compared as signed numbers;
 * of equal actions the newest filter's, data included (kernel/seccomp.c, seccomp_run_filters()).
 * Its parts stand as they were installed, the newest last.
 */
struct filter {
	struct sock_filter *program; /* in this machine's byte order, whatever the host's */
	size_t count;
	struct filter *parts; /* owned */
	size_t part_count;
	enum filter_fold fold;
	size_t stub_count; /* instructions at the front that are the stub */
	bool big_endian;   /* how the host lays out struct seccomp_data's arguments */
	struct filter_arch arches[FILTER_MAX_ARCHES];
	size_t arch_count;
};

/*
 * Builds. The rules must not be off. -EEXIST when two rules contradict each other so that
 * libseccomp refuses and the container would not start, -EINVAL for what the runtime refuses,
 * -ETIME where libseccomp comes to no end: 2.5.4 with some pairs of rules that compare several
 * arguments each, or with hundreds for one syscall. filter_release() is due in any case.
 */
int filter_build(const struct rules *rules, const struct profile_options *options,
		 struct filter *filter, struct lints *lints, struct err *err);
void filter_release(struct filter *filter);

/* The steps of it that are libseccomp's alone, for who builds without a document. A new context
 * knows the machine's own arch: makes another the only one. -errno. */
int filter_set_arch(scmp_filter_ctx context, uint32_t token);
/* The context's program, which is filter_release()'s to free, in the byte order of its arches.
 * -errno. */
int filter_export(scmp_filter_ctx context, struct filter *filter);

/* Puts a program on top of a stack of this machine's byte order; takes it over. It must have passed
 * filter_check(). The stack's arches are profile/answers/survey.h's to find. */
void filter_push(struct filter *stack, struct sock_filter *program, size_t count);

/*
 * Makes the filter one that answers with the milder of what it and the other answer. What passes
 * under either passes under the join, and nothing else does. The other is copied.
 */
void filter_join(struct filter *joint, const struct filter *other);

struct filter filter_copy(const struct filter *filter);

/* Whether they are the same, instruction by instruction: then they answer the same. */
bool filter_same(const struct filter *a, const struct filter *b);

/* All args of a rule must hold together, unless two test the same one: then each is a rule (runc,
 * crun). */
bool filter_is_any_of(const struct document_arg *args, size_t count);

/* How many args of a rule the runtime takes. */
size_t filter_arg_count(const struct rule *rule, enum runtime runtime);

/* The filter's entry for a token, or NULL when the filter does not know the arch. */
const struct filter_arch *filter_arch(const struct filter *filter, uint32_t token);

/*
 * A document on its way to a filter: parsed, resolved, built. Whoever asks what a text does goes
 * this way. The rules borrow from the document: it stays where it is. Zeroed is valid.
 */
struct built {
	struct document document;
	struct rules rules;
	struct filter filter; /* none where the rules are off */
};

/* What each step says goes into lints (NULL: nowhere). built_release() is due in any case. */
int built_make(struct built *built, struct str text, const struct profile_options *options,
	       struct lints *lints, struct err *err);

/* From a document that is there already; options->arch and the kernel are known. */
int built_resolve(struct built *built, const struct profile_options *options, struct lints *lints,
		  struct err *err);
void built_release(struct built *built);

/* NULL: everything is allowed. */
const struct filter *built_filter(const struct built *built);

#endif
