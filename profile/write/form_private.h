/*
 * Between form.c, which reads the document, and the files that write it: form_json.c, form_spo.c,
 * form_systemd.c and form_minijail.c.
 *
 * Two views of the same rules. The forms that are rules themselves (JSON, spo) take
 * form_writer.made, in the document's order. Those that say one thing about each call take
 * form_calls: there what libseccomp makes of several rules for one call is decided already.
 */
#ifndef SCLOG_PROFILE_WRITE_FORM_PRIVATE_H
#define SCLOG_PROFILE_WRITE_FORM_PRIVATE_H

#include "profile/write/form.h"
#include "profile/document/spelling.h"
#include "profile/document/write.h"
#include "profile/filter/value.h"
#include "profile/write/cover.h"

/* More args than that crun and the operator take in no rule. */
#define FORM_MAX_ARGS 6

struct form_writer {
	enum form form;
	const struct document *document;
	const struct form_heading *heading;
	bool widen;
	struct rules rules;
	struct document made; /* of the rules: arches and the names of a rule each once */
	struct buf *text;
	struct lints *notes;
	struct err *err;
};

int form_write_oci(struct form_writer *writer);
int form_write_spo(struct form_writer *writer);
int form_write_systemd(struct form_writer *writer);
int form_write_minijail(struct form_writer *writer);

struct form_call {
	const char *name;
	bool plain;   /* whatever the arguments are */
	bool widened; /* by form_widen() */
	uint32_t action;
	struct cover conditions; /* otherwise: any of them may hold */
};

/* By name; rules that say what the default says are left out, as the runtimes do. */
struct form_calls {
	struct form_call *all;
	size_t count;
};

void form_calls_init(const struct form_writer *writer, struct form_calls *ret_calls);
void form_calls_release(struct form_calls *calls);

/*
 * Conditions that the form cannot say: those calls are let through whatever the arguments are,
 * which is noted, or without `widen` an error lists them. `why` is the beginning of both sentences.
 */
typedef bool form_cannot(const void *context, const struct form_call *call);
int form_widen(const struct form_writer *writer, const struct form_calls *calls,
	       form_cannot *cannot, const void *context, const char *why);

/* "EPERM", or the number where the C library has no name. */
const char *form_errno_text(unsigned number, char text[16]);

/* The text with U+FFFD for what is no UTF-8, for control characters, line and paragraph separators
 * and what turns the direction of writing. */
void form_put_clean(struct buf *to, struct str text);
/* A string of the document or of the heading, so. */
void form_emit_clean(struct emit *emit, const char *key, struct str text);

/* The evidence as comments, each line beginning with "# " and ending in no backslash. */
void form_put_comments(const struct form_writer *writer);
/* One such line. */
void form_put_comment(struct buf *to, const char *indent, const char *text);

#endif
