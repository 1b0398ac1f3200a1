/*
 * A dump: a filter's instructions in a file, as seccomp_export_bpf(3) writes them and as tools
 * that read live filters do. An array of struct sock_filter (linux/filter.h), eight bytes each,
 * in the byte order of the machine that made it, nothing before or behind it.
 *
 * A dump is checked as the kernel checks a filter that is to be installed: bpf_check_classic()
 * and seccomp_check_filter(), the memory slots included (check_load_and_stores(): no slot is read
 * that some way to the instruction has not written).
 */
#ifndef SCLOG_PROFILE_FILTER_DUMP_H
#define SCLOG_PROFILE_FILTER_DUMP_H

#include "profile/filter/filter.h"

#include <stddef.h>

/* Reads path as a stack of one filter. On failure says in err which instruction is wrong, and
 * leaves the stack without a part. filter_release() is due in any case. */
int dump_read(const char *path, struct filter *ret_stack, struct err *err);

/* The same from bytes. */
int dump_parse(const void *bytes, size_t n, struct filter *ret_stack, struct err *err);

/* filter_check() and the memory slots: everything that the kernel asks of a filter. */
int dump_check(const struct sock_filter *program, size_t count, struct err *err);

#endif
