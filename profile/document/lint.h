/*
 * Lints: remarks about a profile that are not errors, such as names that this libseccomp does not
 * know, or members that a loader ignores.
 *
 * They are added in any order, each with its rule, and sorted into the document's order once. Quote
 * text of the document with text_quote() here and in errors: a stranger may have written the
 * profile, and a terminal shows the message.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_LINT_H
#define SCLOG_PROFILE_DOCUMENT_LINT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/listing.h"

#include <stddef.h>

enum lint_level {
	LINT_INFO,    /* worth knowing, nothing to change */
	LINT_WARNING, /* the author's intent has no effect, or the effect is dangerous */
};

/* "info", "warning" */
const char *lint_level_name(enum lint_level level);

/*
 * Kinds of lints, each with its id and level. Scripts rely on the ids, and sclog-lints(7) lists
 * them.
 */
/* clang-format off */
#define LINTS(EACH) \
	EACH(UNKNOWN_MEMBER, "unknown-member", WARNING) \
	EACH(MEMBER_CASE, "member-case", WARNING) \
	EACH(MEMBER_TWICE, "member-twice", WARNING) \
	EACH(BYTE_ORDER_MARK, "byte-order-mark", WARNING) \
	EACH(IGNORED_BY_LOADER, "ignored-by-loader", WARNING) \
	EACH(UNKNOWN_NAME, "unknown-name", WARNING) \
	EACH(NEWER_NAME, "newer-name", INFO) \
	EACH(UNBUILT_NAME, "unbuilt-name", WARNING) \
	EACH(UNKNOWN_CAPABILITY, "unknown-capability", WARNING) \
	EACH(ARCH_NEVER_MATCHES, "arch-never-matches", WARNING) \
	EACH(SEVERAL_NOT_EQUAL, "several-not-equal", WARNING) \
	EACH(ERRNO_BY_RELEASE, "errno-by-release", INFO) \
	EACH(PRIVILEGED, "privileged", WARNING) \
	EACH(NO_FILTER, "no-filter", WARNING) \
	EACH(THREADS_DIFFER, "threads-differ", WARNING) \
	EACH(TOO_COMPLEX, "too-complex", WARNING) \
	EACH(ZERO_ERRNO, "zero-errno", WARNING) \
	EACH(OPERATOR_MERGED, "operator-merged", INFO) \
	EACH(OPERATOR_DROPS, "operator-drops", WARNING) \
	EACH(OPERATOR_VERSION, "operator-version", WARNING) \
	EACH(OPERATOR_DISABLED, "operator-disabled", WARNING) \
	EACH(UNIT_SETTING, "unit-setting", WARNING) \
	EACH(STUB_BY_RELEASE, "stub-by-release", WARNING) \
	EACH(FLAG_BY_RELEASE, "flag-by-release", WARNING) \
	EACH(MISSING_ARCH, "missing-arch", WARNING) \
	EACH(HIGH_RISK, "high-risk", WARNING) \
	EACH(NO_FALLBACK, "no-fallback", WARNING) \
	EACH(IO_URING_BYPASS, "io-uring-bypass", WARNING) \
	EACH(RUNTIME_NEEDS, "runtime-needs", WARNING) \
	EACH(MISBUILT_CONDITION, "misbuilt-condition", WARNING)
/* clang-format on */

#define LINT_ENUMERATOR(kind, id, level) LINT_##kind,
enum lint_kind {
	LINTS(LINT_ENUMERATOR)
	/* Without an id: what to know about a profile that was written. */
	LINT_CAUTION, /* a warning */
	LINT_NOTE,    /* an info */
};

struct lint {
	enum lint_level level;
	const char *id; /* of its kind: "unknown-name"; NULL for a note */
	char *message;  /* the fact and its consequence */
	char *where;    /* "syscalls[3].names[17]", "line 3"; "" for the whole profile */
	unsigned line;  /* of `where` in the text; 0: not known */
};

struct lints {
	struct lint *all;
	size_t *orders; /* beside `all` */
	size_t count;
	size_t dropped; /* over the cap; the last entry gives their number */
};

#define LINT_MAX 2000

/*
 * Adds a lint. `where` is "architectures[1]" or the like; order: 0 before the rules, N + 1 in rule N.
 * Does nothing if `lints` is NULL.
 */
void lint_report(struct lints *lints, enum lint_kind kind, size_t order, const char *where,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

#define lint_add(lints, order, ...)  lint_report(lints, LINT_CAUTION, order, __VA_ARGS__)
#define lint_note(lints, order, ...) lint_report(lints, LINT_NOTE, order, __VA_ARGS__)

/* Appends "WHERE (line N): ", without the unknown parts. */
void lint_put_place(const struct lint *lint, struct buf *to);

/* Sorts into the document's order, and adds the number of dropped entries. */
void lint_finish(struct lints *lints);
void lint_release(struct lints *lints);

/* Longest result of text_quote(), its quotes and the NUL included. */
#define QUOTED_SIZE 100

/* The string in single quotes, shortened, with everything but printable ASCII as \xNN. */
const char *text_quote(const char *text, char quoted[QUOTED_SIZE]);

/* Adds a name from a document, after text_safe(). */
void listing_add_safe(struct listing *listing, const char *name);

/* Sets "PLACE: WHAT 'TEXT'" and returns -EINVAL. */
int err_quoted(struct err *err, const char *place, const char *what, const char *text);

/* The string without quotes, shortened to fit, with everything but printable ASCII as \xNN. */
const char *text_safe(const char *text, char *safe, size_t size);

#endif
