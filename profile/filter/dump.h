/*
 * A dump: a filter's instructions in a file, as written by seccomp_export_bpf(3) and by tools that
 * read live filters. It is an array of struct sock_filter (linux/filter.h), eight bytes each, in the
 * byte order of the machine that wrote it, and nothing else.
 *
 * A dump is checked as the kernel checks a filter before installing it: bpf_check_classic() and
 * seccomp_check_filter(), and the memory slots (check_load_and_stores(): a slot must be written on
 * every path before it is read).
 */
#ifndef SCLOG_PROFILE_FILTER_DUMP_H
#define SCLOG_PROFILE_FILTER_DUMP_H

#include "profile/filter/filter.h"

#include <stddef.h>

/* Reads a file as a stack of one filter. On failure err names the wrong instruction and the stack is
 * empty. Call filter_release() in all cases. */
int dump_read(const char *path, struct filter *ret_stack, struct err *err);

/* The same, from memory. */
int dump_parse(const void *bytes, size_t n, struct filter *ret_stack, struct err *err);

/* filter_check() and the memory slots: all of the kernel's checks. */
int dump_check(const struct sock_filter *program, size_t count, struct err *err);

#endif
