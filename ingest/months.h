/*
 * What months are called, in every locale that glibc knows.
 */
#ifndef SCLOG_INGEST_MONTHS_H
#define SCLOG_INGEST_MONTHS_H

/* Of each month from January on: its names, each between two '|', A to Z in lower case. A name may
 * stand in several. */
extern const char *const months_names[12];

#endif
