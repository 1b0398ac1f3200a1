/*
 * A document written down: all that struct document holds, in the words of the OCI runtime spec
 * and its extensions. Whoever makes a profile fills a document and has it written here.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_WRITE_H
#define SCLOG_PROFILE_DOCUMENT_WRITE_H

#include "profile/document/document.h"
#include "profile/document/emit.h"
#include "profile/document/resolve.h"

/* --- making one: a zeroed document is empty; document_release() frees it */

/* A copy of the text that lives as long as the document. */
const char *document_string(struct document *document, const char *text);
void strings_add(struct strings *strings, const char *text);
void document_set_default(struct document *document, uint32_t value);
/* Without any name. Values are SECCOMP_RET_* with their data; the args are copied. */
struct document_rule *document_add_rule(struct document *document, uint32_t value,
					const struct document_arg *args, size_t arg_count);
/* The name, borrowed, beside others that get the same under the same args. */
void document_add_name(struct document *document, const char *name, uint32_t value,
		       const struct document_arg *args, size_t arg_count);
/* The last one. */
void document_drop_rule(struct document *document);
/* Names in their rules; rules without args first, then by their first name and the action. */
void document_sort_rules(struct document *document);

/* What the loader made of a document, as one for an OCI runtime: it borrows from the rules. */
void document_of_rules(const struct rules *rules, struct document *ret_document);

/* The rule's action with its data. */
uint32_t document_rule_value(const struct document_rule *rule);

/* --- writing */

/* All members, into a map that is open. `flat`: lists and rules stand on one line each. */
void document_put_members(struct emit *emit, const struct document *document, bool flat);
void document_put_rule(struct emit *emit, const struct document_rule *rule, bool flat);
/* The whole as JSON, indented by tabs, or with a rule a line. */
void document_write(const struct document *document, bool flat, struct buf *text);

#endif
