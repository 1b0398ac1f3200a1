/*
 * Messages between `sclog watch` and its helpers: each of a fixed size, with a descriptor perhaps, over
 * a socketpair of SOCK_SEQPACKET. What is larger comes as a file in memory, which can be read without
 * waiting for anybody.
 */
#ifndef SCLOG_LIVE_PACKET_H
#define SCLOG_LIVE_PACKET_H

#include "base/buf.h"

#include <stdint.h>

/* More than this is not taken out of a file in memory. */
#define PACKET_FILE_MAX (64u << 20)

/* Sends one message, with a descriptor unless it is -1. Returns 0 or -errno. */
int packet_send(int socket, const void *message, size_t size, int fd);

/* Receives one message of exactly that size. Returns 1, 0 at the end, or -errno. *ret_fd: -1 for none;
 * NULL: none is taken. */
int packet_receive(int socket, void *message, size_t size, int *ret_fd);

/* The same, waiting so long at most: -ETIMEDOUT; -EPIPE at the end. Returns 0 or -errno. */
int packet_await(int socket, int64_t wait_ms, void *message, size_t size, int *ret_fd);

/* A file in memory with these bytes, or -1. */
int packet_file(const struct buf *bytes);

/* Appends n bytes of such a file, and a NUL behind them. Returns 0 or -errno. */
int packet_file_read(int fd, uint32_t n, struct buf *bytes);

#endif
