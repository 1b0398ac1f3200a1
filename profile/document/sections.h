/*
 * Texts of sections and settings (systemd units, Quadlet files, TOML), and policies of other tools,
 * which have one syscall per line.
 *
 * Only units hold a profile. The table in sections.c recognises the other files, each by lines that
 * only it has, so that an error can say what a file is and what to give instead.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_SECTIONS_H
#define SCLOG_PROFILE_DOCUMENT_SECTIONS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * Whether the text is one of these, and so neither JSON nor YAML: its first line (blank lines and
 * comments do not count) is a section or an assignment, or all its lines are those of a policy.
 */
bool sections_recognise(struct str text);

/* Whether it is a log, or compressed, binary or UTF-16: no profile can be read from it, but perhaps a log. */
bool sections_is_opaque(struct str text);

/* -EINVAL with "1:1: what" if it is not a systemd unit: what it is, and what to give instead. */
int sections_check_unit(struct str text, struct err *err);

/* Whether that section starts processes (systemd.exec(5)). */
bool sections_is_exec(struct str line);

/*
 * The last value of a setting that contains `part`, without its quotes. section: such as
 * "[containers]", or "" for any. Empty if there is none.
 */
struct str sections_setting(struct str text, const char *section, const char *key,
			    const char *part);

/* Appends `what`, then `more` (may be NULL) with the value in place of its %s, if it has one. */
void sections_put_sentence(const char *what, const char *more, const char *value, struct buf *to);

#endif
