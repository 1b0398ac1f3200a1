/*
 * What sclog says on standard error: one line each, safe for a terminal.
 */
#ifndef SCLOG_REPORT_MESSAGE_H
#define SCLOG_REPORT_MESSAGE_H

/* "sclog: ..." */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, of what is no error: what was done and is worth knowing. */
void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "sclog: warning: ..." */
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
