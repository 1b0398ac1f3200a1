/*
 * Reading whole files: those of /proc and /sys, configuration, a runtime's JSON.
 */
#ifndef SCLOG_BASE_FILE_H
#define SCLOG_BASE_FILE_H

#include "base/buf.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Reads an open file to its end or until the buffer is full (a read of /proc returns at most a page).
 * Returns the length or -errno. Adds no NUL. */
ssize_t file_read(int fd, char *buffer, size_t size);

/* The same, for a file that it opens and closes; `folder` is as in openat(2). */
ssize_t file_read_at(int folder, const char *path, char *buffer, size_t size);

/* The same for text, with a NUL at its end: at most size - 1 bytes. False if the file cannot be read;
 * then text is empty. */
bool file_read_text(const char *path, char *text, size_t size);

/* Reads an open file to its end. -EFBIG if it yields more than max bytes, whatever its size claims. */
int file_read_all(int fd, size_t max, struct buf *text);

/* Whether the path is a regular file that begins with these bytes (at most 64). A FIFO is not opened,
 * since that would unblock its writer. */
bool file_begins(const char *path, const void *bytes, size_t n);

/* "regular file", "directory" ... of a mode of stat(2). */
const char *file_kind(mode_t mode);

/* "belongs to uid 4294967295" */
#define FILE_WHY_SIZE 64

/*
 * Whether anybody but the caller and root owns an open file or can write to it, so that its content
 * cannot be trusted. ret_why completes a sentence about the file; it is empty if the result is false.
 * Write access for the group is accepted for root's group and for the owner's own (same number).
 * Access lists that name anybody are not.
 */
bool file_is_foreign(int fd, char ret_why[FILE_WHY_SIZE]);

/* The same, if fstat(2) has been called already. */
bool file_stat_is_foreign(int fd, const struct stat *stat, char ret_why[FILE_WHY_SIZE]);

#endif
