/*
 * A file that a command writes: there when it is whole, or not at all.
 */
#ifndef SCLOG_CLI_OUTPUT_H
#define SCLOG_CLI_OUTPUT_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Writes the bytes to a new file beside `path`, and gives it that name at the end. A file that is
 * there already is an error (-EEXIST) unless `force`, which replaces it. What is no regular file
 * (a terminal, a pipe) is written to as it is; a pipe that nobody reads from is an error after some
 * seconds. "-" and "/dev/stdout" are standard output, "/dev/stderr" and "/dev/fd/N" what sclog was
 * started with.
 */
int output_write(const char *path, bool force, struct str bytes, struct err *err);

#endif
