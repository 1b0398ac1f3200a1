/*
 * The kernel's audit multicast group (AUDIT_NLGRP_READLOG, Linux 3.16): every audit record as it
 * happens, with or without auditd, with audit enabled or not. Needs CAP_AUDIT_READ and the initial
 * network namespace (in any other the group is silent: the kernel sends to init_net alone).
 *
 * What nobody takes waits in the socket's buffer. Once that is full the kernel drops *every*
 * record until the buffer was read empty (net/netlink/af_netlink.c, NETLINK_S_CONGESTED), so a
 * reader that fell behind loses one span, not single records.
 */
#ifndef SCLOG_INGEST_MULTICAST_H
#define SCLOG_INGEST_MULTICAST_H

#include "base/err.h"
#include "base/netlink.h"
#include "ingest/framing.h"

struct multicast;

/*
 * What the kernel may queue for us; above the limit of rmem_max with CAP_NET_ADMIN, which is what
 * SO_RCVBUFFORCE asks for. It lost nothing at 300,000 records/s: on Linux 6.18 161,000 records of
 * usual length find room in twice this sum (which is what socket(7) says is granted), so a reader
 * may be away for half a second at that rate.
 */
#define MULTICAST_BUFFER NETLINK_BUFFER
/* Of what is granted, for a record of usual length. */
#define MULTICAST_RECORD (MULTICAST_BUFFER / 161000u)

/*
 * Opens and binds, not blocking. Each error says what to do: -EPERM without the capability,
 * -ENONET in a network namespace of its own, -EOPNOTSUPP with a kernel that has no such group.
 */
int multicast_open(struct multicast **ret_multicast, struct err *err);
void multicast_close(struct multicast *multicast);

/* To be polled for POLLIN. */
int multicast_fd(const struct multicast *multicast);

/* Bytes the kernel really granted, of those asked for: less than MULTICAST_BUFFER where
 * CAP_NET_ADMIN lacks (SO_RCVBUF says twice that). */
size_t multicast_granted(const struct multicast *multicast);

/* Records that were dropped so far because they were not taken in time: the socket's own count
 * (SK_MEMINFO_DROPS, Linux 4.12), 0 where it cannot be asked. A running total of 32 bits. */
uint32_t multicast_dropped(const struct multicast *multicast);

/* One record: its type (AUDIT_SECCOMP is 1326) and "audit(SECONDS.MS:SERIAL): fields". The text
 * lives until the callback returns. */
typedef void multicast_record_fn(void *context, uint16_t type, struct str text);

/*
 * Takes what is there, at most some dozens of records by one system call. Returns how many, 0 if
 * there are none now, -ENOBUFS once after records were dropped because nobody took them in time
 * (how many, the serials show), or another -errno. -ENOBUFS comes before the records that were
 * queued in time; the gap lies behind all that is taken until 0 is returned. Messages that do not
 * come from the kernel (port id 0) are counted as taken, but not given out.
 */
int multicast_receive(struct multicast *multicast, multicast_record_fn *each, void *context,
		      struct err *err);

/* Frames a record: kind RECORD for SECCOMP, AUDIT for others, OTHER for what has no stamp (its
 * strings borrow from text). Source NETLINK, full_stream. */
void multicast_frame(uint16_t type, struct str text, struct framed *ret_framed);

#endif
