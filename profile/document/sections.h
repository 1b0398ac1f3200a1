/*
 * A text of sections and settings, as units of systemd have it, and Quadlet files and TOML; and
 * the policies of other tools, which have one call a line.
 *
 * Only units hold a profile. The table in sections.c lists the other files by what only they have,
 * so that an error can say what a file is, and what to give instead.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_SECTIONS_H
#define SCLOG_PROFILE_DOCUMENT_SECTIONS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * Whether the text is one of these, so neither JSON nor YAML: its first line of substance is a
 * section or an assignment, or all its lines are those of a policy.
 */
bool sections_recognise(struct str text);

/* Whether it is compressed or binary, or in UTF-16: what is in it cannot be seen, and may be a log. */
bool sections_is_opaque(struct str text);

/* -EINVAL with "1:1: what" where it is no unit of systemd: what it is, and what to give. */
int sections_check_unit(struct str text, struct err *err);

/* Whether that section starts processes: systemd.exec(5) speaks of these. */
bool sections_is_exec(struct str line);

/* Takes the next line off a text, without its end; false at the text's end. */
bool sections_line(struct str *text, struct str *ret_line);
/* The text without the blanks and line ends around it. */
struct str sections_strip(struct str text);

/*
 * The last value of a setting that contains `part`, without quotes around it, in a section such as
 * "[containers]", or in any with ""; empty: there is none.
 */
struct str sections_setting(struct str text, const char *section, const char *key,
			    const char *part);

/* Whether the text is one of "x|y", or begins as one of them. */
bool str_is_one_of(struct str text, const char *words, bool starts);

/* What a text is and what follows, with the value in the place of its %s, if it has one. */
void sections_put_sentence(const char *what, const char *more, const char *value, struct buf *to);

#endif
