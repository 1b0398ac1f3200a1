/*
 * A filter: the BPF program that the processes of a container would run under.
 *
 * libseccomp builds and exports it from the resolved rules, with the same calls in the same order as
 * the chosen runtime. runc then prepends its ENOSYS stub (libcontainer/seccomp/patchbpf); here too,
 * in real instructions, so that the program is the one the kernel would run.
 *
 * crun adds no stub, and rejects an errno on an action that takes none.
 */
#ifndef SCLOG_PROFILE_FILTER_FILTER_H
#define SCLOG_PROFILE_FILTER_FILTER_H

#include "profile/document/resolve.h"
#include "profile/filter/bpf.h"

#define FILTER_MAX_ARCHES 32

/* An arch that the filter knows, and where runc's stub begins there. */
struct filter_arch {
	uint32_t token;
	bool has_last; /* the arch has a stub ... */
	uint32_t last; /* ... which answers every number above this one */
};

/* Which of several answers counts. */
enum filter_fold {
	FILTER_STRICTEST, /* of a stack */
	FILTER_MILDEST,   /* of merged profiles */
};

/*
 * A program, or parts that answer together. With both, the parts answer only the calls that the
 * program allows (RET ALLOW). A zeroed filter allows everything.
 *
 * A stack is what a process runs under: its parts are the filters that it and its ancestors
 * installed, oldest first. The kernel runs all of them at every syscall, newest first, and takes the
 * value with the strictest action, which is the lowest when action bits are compared as signed
 * numbers. Of equal actions the newest filter's value counts, data included (kernel/seccomp.c,
 * seccomp_run_filters()).
 */
struct filter {
	struct sock_filter *program; /* in this machine's byte order, whatever the host's */
	size_t count;
	struct filter *parts; /* owned */
	size_t part_count;
	enum filter_fold fold;
	size_t stub_count; /* instructions of the stub, at the front */
	bool big_endian;   /* how the host lays out struct seccomp_data's arguments */
	struct filter_arch arches[FILTER_MAX_ARCHES];
	size_t arch_count;
};

/*
 * Builds the filter. The rules must not be off. Errors mean that the container would not start:
 * -EEXIST if two rules contradict each other and libseccomp rejects them; -EINVAL if the runtime
 * rejects the profile; -ETIME if libseccomp does not finish, as 2.5.4 with some pairs of rules that
 * compare several arguments each, or with hundreds of rules for one syscall. Call filter_release()
 * in all cases.
 */
int filter_build(const struct rules *rules, const struct profile_options *options,
		 struct filter *filter, struct lints *lints, struct err *err);
void filter_release(struct filter *filter);

/* For building a filter without a document. Makes the token the only arch of a new context, which
 * starts with the machine's own. 0 or -errno. */
int filter_set_arch(scmp_filter_ctx context, uint32_t token);
/* Exports the context's program, in the byte order of its arches; filter_release() frees it. 0 or
 * -errno. */
int filter_export(scmp_filter_ctx context, struct filter *filter);

/* Pushes a program, in this machine's byte order, onto a stack, which then owns it. The program must
 * have passed filter_check(). survey_filter() finds the stack's arches. */
void filter_push(struct filter *stack, struct sock_filter *program, size_t count);

/*
 * Joins another filter into this one: each call then gets the milder of both answers. A call passes
 * if it passes under either. The other filter is copied.
 */
void filter_join(struct filter *joint, const struct filter *other);

struct filter filter_copy(const struct filter *filter);

/* Whether both consist of the same instructions. */
bool filter_same(const struct filter *a, const struct filter *b);

/* NULL if the filter does not know the arch. */
const struct filter_arch *filter_arch(const struct filter *filter, uint32_t token);

/*
 * A document with everything made from it: parsed, resolved, built. The rules borrow from the
 * document, so the struct must not be moved. Zeroed is valid.
 */
struct built {
	struct document document;
	struct rules rules;
	struct filter filter; /* empty if the rules are off */
};

/* All steps, from a text. lints may be NULL. Call built_release() in all cases. */
int built_make(struct built *built, struct str text, const struct profile_options *options,
	       struct lints *lints, struct err *err);

/* Resolves and builds a parsed document; options->arch and the kernel must be set. */
int built_resolve(struct built *built, const struct profile_options *options, struct lints *lints,
		  struct err *err);
void built_release(struct built *built);

/* NULL: no filter, everything is allowed. */
const struct filter *built_filter(const struct built *built);

#endif
