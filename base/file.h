/*
 * Files that are read whole: those of /proc and /sys, configuration, a runtime's JSON.
 */
#ifndef SCLOG_BASE_FILE_H
#define SCLOG_BASE_FILE_H

#include "base/buf.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Reads an open file until its end or until the buffer is full; the kernel gives a page of /proc at
 * a time. Returns the length, or -errno. No NUL is put behind it. */
ssize_t file_read(int fd, char *buffer, size_t size);

/* Opens a file below a folder (AT_FDCWD: as the path is), reads it likewise and closes it. */
ssize_t file_read_at(int folder, const char *path, char *buffer, size_t size);

/* The same for text, which ends in NUL: at most size - 1 bytes. false: it could not be read, and
 * text is empty. */
bool file_read_text(const char *path, char *text, size_t size);

/* Reads an open file to its end into *text, and puts a NUL behind it. -EFBIG where it has more than max
 * bytes, however large it said that it was. */
int file_read_all(int fd, size_t max, struct buf *text);

/* True if that is a regular file that begins with these bytes, 64 at most. No pipe is opened: its
 * writer would believe that somebody reads. */
bool file_begins(const char *path, const void *bytes, size_t n);

/* "belongs to uid 4294967295" */
#define FILE_WHY_SIZE 64

/*
 * True if somebody else than the caller and root owns an open file or can write it: what it states is
 * then not believed. ret_why is the rest of a sentence about the file, empty if nobody else can. A
 * group may write it if that is root's, or its owner's own (the same number); an access list may not
 * name anybody.
 */
bool file_is_foreign(int fd, char ret_why[FILE_WHY_SIZE]);

/* The same where fstat(2) was called already. */
bool file_stat_is_foreign(int fd, const struct stat *stat, char ret_why[FILE_WHY_SIZE]);

#endif
