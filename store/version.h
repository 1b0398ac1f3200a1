/*
 * The version of the database library that is loaded, for --version.
 */
#ifndef SCLOG_STORE_VERSION_H
#define SCLOG_STORE_VERSION_H

const char *store_library_version(void);

#endif
