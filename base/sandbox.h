/*
 * sclog's own sandbox: it reads what attackers wrote, so it gives up what it never needs.
 */
#ifndef SCLOG_BASE_SANDBOX_H
#define SCLOG_BASE_SANDBOX_H

#include "base/err.h"

/*
 * From now on this process and its threads cannot run another program, open a socket, touch
 * another process, mount, load code into the kernel or gain privileges: those system calls fail
 * with EPERM (seccomp(2), no_new_privs). Returns 0 or -errno.
 */
int sandbox_enter(struct err *err);

/* The same for `sclog watch`, which may still open sockets of the local kinds: to ask the kernel's
 * audit (AF_NETLINK), and to notify the service manager (AF_UNIX). */
int sandbox_enter_watching(struct err *err);

#endif
