/*
 * Talking to the service manager, by the protocol of sd_notify(3); nothing happens without one.
 */
#ifndef SCLOG_LIVE_SERVICE_H
#define SCLOG_LIVE_SERVICE_H

#include "base/err.h"

void service_ready(const char *status);
void service_status(const char *status);
void service_alive(void); /* for WatchdogSec= */
void service_stopping(void);

/*
 * Opens the kernel's sockets in the network namespace of PID 1 (base/netlink.h) and leaves them with the
 * manager (FDSTORE=1), which hands them to the process that it starts next: what comes until that process
 * reads, waits in them. The manager keeps them over a restart and a crash, and closes them when the service
 * stops. Needs CAP_SYS_ADMIN where this process is in another namespace. Returns 0 or -errno.
 */
int service_open_sockets(struct err *err);

#endif
