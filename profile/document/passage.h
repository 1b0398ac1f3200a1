/*
 * A passage: where in a document's text it is decided what happens to a syscall.
 *
 * That is the name of the call in the rule that decides; the default action where no rule names the
 * call, also where runc's stub answers; the architectures where the document lists others.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_PASSAGE_H
#define SCLOG_PROFILE_DOCUMENT_PASSAGE_H

#include <stdbool.h>
#include <stdint.h>

struct document;

/* From 1, columns in code points; the end is behind the last one. */
struct passage {
	unsigned line, column, end_line, end_column;
};

/* action: SCMP_ACT_* without data, of the rule. False where no rule names the call. Only while the text
 * lives. */
bool passage_of_rule(const struct document *document, const char *syscall, uint32_t action,
		     struct passage *ret_passage);

/* Of a member of the profile such as "defaultAction", with its key. False if it is not there. */
bool passage_of_member(const struct document *document, const char *member,
		       struct passage *ret_passage);

#endif
