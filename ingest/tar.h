/*
 * A tar archive: its members, one after the other, from the text of an input, so that whatever
 * decompresses a log decompresses an archive.
 *
 * Input is hostile: more members or more bytes than the bounds below are an error. Names are data and
 * no file is made.
 */
#ifndef SCLOG_INGEST_TAR_H
#define SCLOG_INGEST_TAR_H

#include "ingest/input.h"

#define TAR_MEMBERS_MAX (1024 * 1024)
#define TAR_BYTES_MAX   (INT64_C(64) << 30)

/* A member up to this size is held in memory, so that it can be looked at before it is read. */
#define TAR_HELD_MAX (64 * 1024 * 1024)

struct tar;

/* Before anything was taken of the input: 1 if it is a tar archive, 0, or -errno. */
int tar_is(struct input *input, struct err *err);

/* Borrows the input; tar_close() takes NULL. */
int tar_open(struct input *input, struct tar **ret_tar, struct err *err);
void tar_close(struct tar *tar);
struct input *tar_input(const struct tar *tar);

/* The next member that is a regular file; its path lives until the next call. Returns 1, 0 at the end,
 * or -errno. */
int tar_next(struct tar *tar, const char **ret_path, struct err *err);

/* The path of the member whose bytes it has, if it is a hard link and has none of its own; else NULL. Lives
 * as the path does. */
const char *tar_link(const struct tar *tar);

/* Its bytes, which live until the next call. Returns 0 or -errno. */
int tar_open_member(struct tar *tar, struct input_member *ret_member, struct err *err);

#endif
