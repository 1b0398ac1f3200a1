/*
 * Netlink sockets: netlink(7).
 *
 * The service manager may hand them over (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, descriptors from 3), see
 * service_open_sockets(). The audit multicast group and the process connector speak in the host's network
 * namespace alone; with sockets from there a service hears them without any network.
 */
#ifndef SCLOG_BASE_NETLINK_H
#define SCLOG_BASE_NETLINK_H

#include <stdint.h>

/* A receive buffer for a storm: see ingest/multicast.h. */
#define NETLINK_BUFFER (64u << 20)

/*
 * The descriptor that was handed over for a protocol (NETLINK_AUDIT, NETLINK_CONNECTOR): of a socket that is in
 * groups, or of one that is in none (group 0). -1: none was. The first call looks, and has to come from the
 * process that the manager started, before it starts threads; processes that it forks have the answer.
 */
int netlink_handed(int protocol, uint32_t group);

/*
 * The socket that was handed over, as it is, else a new one: in the group (a number from 1, 0: in none), not
 * blocking, closed on exec, with a receive buffer of so many bytes, or as large as net.core.rmem_max allows
 * without CAP_NET_ADMIN. The caller closes it. Returns the descriptor or -errno: -EPROTONOSUPPORT or
 * -EAFNOSUPPORT where the kernel has no such protocol (or a filter says so), -EPERM where the group needs a
 * capability.
 */
int netlink_join(int protocol, uint32_t group, unsigned buffer_size);

#endif
