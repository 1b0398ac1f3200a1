/*
 * The forms that a report can take.
 */
#ifndef SCLOG_REPORT_FORMAT_H
#define SCLOG_REPORT_FORMAT_H

#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

struct profile_info;

/* The words of --format. Each report makes its table of writers from this list, so that a word without
 * a writer does not compile. */
#define FORMATS(EACH)    \
	EACH(TEXT, text) \
	EACH(JSON, json) \
	EACH(CSV, csv)

#define FORMAT_ENUMERATOR(name, word) FORMAT_##name,
enum format { FORMATS(FORMAT_ENUMERATOR) FORMAT_COUNT };

/* What --help shows and the option parser checks: "text|json|csv". */
#define FORMAT_WORD(name, word) "|" #word
#define FORMAT_NAMES            (&("" FORMATS(FORMAT_WORD))[1])

/* The form for one of those words; NULL and any other word give FORMAT_TEXT. */
enum format format_from_name(const char *name);

/* Syscall and action as reports name them: numbers where there is no name. */
#define FORMAT_NAME_SIZE 64

/* "x86_64", or "0xc0000000" for an arch that libseccomp does not know; nr tells x32 apart. */
const char *format_arch(uint32_t audit_arch, int32_t nr, char text[FORMAT_NAME_SIZE]);

/* "mount", or "mount on x86" for another arch than this host's. Appends. */
void format_put_call(struct buf *buf, uint32_t audit_arch, int32_t nr);

/* "LOG", or "0x7ffc1234" for an action that seccomp(2) does not know. */
const char *format_action(uint32_t code, char text[FORMAT_NAME_SIZE]);

/* Appends "docker@29.7.2 (loader docker, runtime runc, default SCMP_ACT_ERRNO)", safe for a terminal. */
void format_put_profile(struct buf *buf, const struct profile_info *profile);

/* A time for people: RFC 3339 in UTC without its fraction. */
const char *format_time(int64_t ms, char text[FORMAT_NAME_SIZE]);

/* A count for people: "<=12" where a minute that the window cuts is counted whole. */
const char *format_count(uint64_t count, bool exact, char text[FORMAT_NAME_SIZE]);

/* "EPERM", or "errno 4095" for a number that has no name. */
const char *format_errno(uint16_t error, char text[FORMAT_NAME_SIZE]);

/*
 * 0, or the negative errno of the write that just failed. To be asked right after writing,
 * since stdio keeps that it failed but not why.
 */
static inline int format_written(FILE *out)
{
	if (!ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

#endif
