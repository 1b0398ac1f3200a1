/*
 * The items of a batch as they lie in it. Each begins with a struct item, names follow behind its
 * struct, and its size is a multiple of eight. Internal to store/: pack.c makes them, take.c
 * takes them.
 */
#ifndef SCLOG_STORE_ITEM_H
#define SCLOG_STORE_ITEM_H

#include "store/internal.h"

enum item_kind {
	ITEM_EVENT,
	ITEM_SERIAL,
	ITEM_LOSS,
	ITEM_INPUT,
	ITEM_AT,
	ITEM_HEAD,
	ITEM_SETTLE,
	ITEM_SELECT,
	ITEM_CURSOR,
	ITEM_KNOWN, /* a container that events and lifetimes in the batch point to */
	ITEM_CONTAINER,
	ITEM_LIFETIME,
	ITEM_IN_FORCE,
	ITEM_KIND,   /* an event_item; its number is in repeats */
	ITEM_EVENTS, /* events of such kinds, and serials of other records */
};

struct item {
	uint32_t size;
	uint16_t kind;
	uint16_t node_n; /* bytes of the node's name, first of the item's bytes; or SAME_NODE */
};

/* The node of the item before in the batch that has one: nearly every item. */
#define SAME_NODE UINT16_MAX

struct event_item {
	struct item item;
	uint8_t has_serial, has_arch, comm_null, exe_null;
	uint8_t attribution, reason, phase, source, trust, coverage, full_stream;
	uint16_t comm_n, exe_n; /* bytes, after the node's */
	uint32_t serial, pid, arch, code;
	int32_t nr;
	uint32_t repeats;
	int64_t ms;
	uint64_t ip;
	uint64_t text_mark;
	const struct container *container; /* in the batch */
};

struct serial_item {
	struct item item;
	int64_t ms;
	uint32_t serial;
	uint8_t trust;
	bool is_seccomp;
};

struct loss_item {
	struct item item;
	int64_t ms;
	uint64_t count, mark;
	uint32_t kind, detail_n;
};

struct number_item {
	struct item item;
	uint64_t first, second;
};

struct input_item {
	struct item item;
	struct store_input input;
};

struct cursor_item {
	struct item item;
	uint32_t source_n, place_n;
};

/* Of ITEM_KNOWN and ITEM_CONTAINER; its strings lie behind it. */
struct container_item {
	struct item item;
	struct container container;
};

struct lifetime_item {
	struct item item;
	struct store_lifetime lifetime; /* its container is in the batch */
};

/* Its strings lie behind it. */
struct in_force_item {
	struct item item;
	struct store_in_force in_force;
};

/* Behind it, so many struct store_event. */
struct events_item {
	struct item item;
	uint64_t count;
};

#endif
