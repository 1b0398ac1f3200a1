/*
 * sclog's version and those of the libraries that are loaded.
 */
#ifndef SCLOG_CLI_VERSION_H
#define SCLOG_CLI_VERSION_H

#include "base/buf.h"

/* Appends "sclog 0.1.0" and a line for each library. */
void version_put(struct buf *buf);

#endif
