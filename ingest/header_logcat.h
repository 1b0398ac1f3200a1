/*
 * The headers of Android's logcat, in each of its formats (system/logging, liblog/logprint.cpp).
 */
#ifndef SCLOG_INGEST_HEADER_LOGCAT_H
#define SCLOG_INGEST_HEADER_LOGCAT_H

#include "ingest/header.h"

/* As header_read(), of all formats that have header and text in one line. */
bool header_read_logcat(struct str text, struct header *ret_header);

/* logcat -v long: a header in a line of its own, "[ 11-21 23:01:34.454     0:    0 W/auditd   ]", whose
 * text is the next line. */
bool header_read_logcat_long(struct str text, struct header *ret_header);

#endif
