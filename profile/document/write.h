/*
 * Builds a document and writes it, in the words of the OCI runtime spec and its extensions. Code that
 * makes a profile fills a document, and writes it here.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_WRITE_H
#define SCLOG_PROFILE_DOCUMENT_WRITE_H

#include "profile/document/document.h"
#include "profile/document/emit.h"
#include "profile/document/resolve.h"

/* --- building: a zeroed document is empty; document_release() frees it */

/* A copy of the text that lives as long as the document. */
const char *document_string(struct document *document, const char *text);
void strings_add(struct strings *strings, const char *text);
void strings_add_all(struct strings *strings, const struct strings *from);
bool strings_has(const struct strings *strings, const char *text);
/* Sorts by bytes, and keeps each once. */
void strings_sort(struct strings *strings);
void document_set_default(struct document *document, uint32_t value);
/* Adds a rule without names. value: SECCOMP_RET_* with its data. Copies the args. */
struct document_rule *document_add_rule(struct document *document, uint32_t value,
					const struct document_arg *args, size_t arg_count);
/* Adds the name, borrowed, to the rule with that value and those args. */
void document_add_name(struct document *document, const char *name, uint32_t value,
		       const struct document_arg *args, size_t arg_count);
/* Frees the last rule. */
void document_drop_rule(struct document *document);
/* Sorts the names in each rule, then the rules: those without args first, then by first name and action. */
void document_sort_rules(struct document *document);

/* Makes a document for an OCI runtime from loaded rules, and borrows from them. */
void document_of_rules(const struct rules *rules, struct document *ret_document);

/* The rule's action with its data. */
uint32_t document_rule_value(const struct document_rule *rule);

/* --- writing */

/* Writes all members into an open map. `flat`: each list and each rule on one line. */
void document_put_members(struct emit *emit, const struct document *document, bool flat);
void document_put_rule(struct emit *emit, const struct document_rule *rule, bool flat);
/* Writes the document as JSON, indented by tabs, or with one rule per line. */
void document_write(const struct document *document, bool flat, struct buf *text);

#endif
