/*
 * Architectures and syscall names, asked of libseccomp.
 *
 * A record's `arch=` is an AUDIT_ARCH_* number (linux/audit.h), which is also the number that
 * libseccomp uses for SCMP_ARCH_*. The one exception is x32: the kernel logs AUDIT_ARCH_X86_64
 * with bit 30 set in the syscall number, libseccomp knows it as SCMP_ARCH_X32.
 */
#ifndef SCLOG_INGEST_ARCH_H
#define SCLOG_INGEST_ARCH_H

#include "base/str.h"

#include <stdint.h>

/* Bit 30 of an x86-64 syscall number: the x32 ABI (asm/unistd.h, __X32_SYSCALL_BIT). */
#define ARCH_X32_BIT 0x40000000

/*
 * libseccomp's token (SCMP_ARCH_*) for a logged pair of arch and number: SCMP_ARCH_X32 for an
 * x86-64 number with bit 30 (-1 is no x32 number), else the logged arch itself.
 */
uint32_t arch_token(uint32_t audit_arch, int64_t nr);

/* The AUDIT_ARCH_* that the kernel shows to a filter for that token (x32 becomes x86-64). */
uint32_t arch_audit(uint32_t token);

/* libseccomp's name in lower case ("x86_64", "x32", "aarch64"), or NULL for an unknown one. */
const char *arch_name(uint32_t token);

/*
 * The token for a name: libseccomp's, SCMP_ARCH_*, or the machine names that uname and Go use
 * (amd64, arm64, i386 ...), in any case. Returns 0 when unknown; "native" is this machine's.
 */
uint32_t arch_from_name(struct str name);

/* Where an ABI's numbers begin (kernel: arch/mips/include/uapi/asm/unistd.h; x32's bit). */
uint32_t arch_first_number(uint32_t token);

/* This machine's token. */
uint32_t arch_native(void);

/*
 * Arches whose programs the same kernel may run beside those of that token: x86 and x32 beside
 * x86_64, arm beside aarch64 and so on, as moby's archMap has them; ended by 0. None for others.
 */
const uint32_t *arch_subs(uint32_t token);

/* The same of every kernel that runs such programs: ppc beside ppc64 and parisc beside parisc64 too. */
const uint32_t *arch_companions(uint32_t token);

/* The arch of a host that runs programs of that arch: x86_64 for x86 and x32. */
uint32_t arch_host(uint32_t token);

/* All tokens that this libseccomp supports or may have been built for, ended by 0. */
const uint32_t *arch_all(void);

/* Room for the longest syscall name, "syscall_-2147483648" included. */
#define SYSCALL_NAME_SIZE 64

/*
 * Puts the name of a logged number into name and returns true; a number that neither
 * libseccomp nor the table of newer numbers knows becomes "syscall_NNN" and false.
 */
bool syscall_name(uint32_t audit_arch, int64_t nr, char name[SYSCALL_NAME_SIZE]);

/*
 * The number that the kernel would log (bit 30 included for x32) for a name on that token.
 * Returns false when the arch has no such syscall.
 */
bool syscall_number(uint32_t token, const char *name, int64_t *ret_nr);

/* Whether this libseccomp knows the name, on any arch. */
bool syscall_is_known(const char *name);

/* Whether the call stands for many, by its first argument: socketcall, ipc. */
bool syscall_is_multiplexer(const char *name);

/*
 * The call that stands for this name too on an arch that has it (linux/net.h, linux/ipc.h), with
 * its first argument; NULL for none. libseccomp makes a rule for it of a rule for the name.
 */
const char *syscall_multiplexer(uint32_t token, const char *name, uint32_t *ret_call);

#endif
