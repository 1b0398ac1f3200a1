/*
 * The report of `sclog doctor`: findings on a host, and how many of each level.
 */
#ifndef SCLOG_REPORT_HEALTH_H
#define SCLOG_REPORT_HEALTH_H

#include "doctor/checks.h"

#include <stdio.h>

/*
 * As text: what is wrong first, each with its command below it, wrapped at 80 columns; `all` shows
 * what is well, too. Texts hold names that others chose: they are made safe here. Returns 0, or
 * the negative errno of a failed write.
 */
int health_write_text(const struct health *health, bool all, bool colour, FILE *out);

/* {"checks":[{"id","level","text","command"}],"summary":{"ok","warn","fail"}}; command is null
 * where there is none. */
int health_write_json(const struct health *health, FILE *out);

#endif
