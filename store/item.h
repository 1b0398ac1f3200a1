/*
 * The items of a batch as they lie in it. Each begins with a struct item, its strings follow behind
 * its struct, and its size is a multiple of eight. A string may also lie in an item before, in the same
 * batch. Internal to store/: pack.c makes them, take.c takes them.
 */
#ifndef SCLOG_STORE_ITEM_H
#define SCLOG_STORE_ITEM_H

#include "store/batch.h"

/* In a batch beside what struct put says. */
enum {
	ITEM_EVENT = PUT_KIND_COUNT,
	ITEM_KIND,   /* an event_item; its number is in repeats */
	ITEM_EVENTS, /* events of such kinds */
};

struct item {
	uint32_t size;
	uint16_t kind;
};

/* Of it, only the member that its kind says is there. */
struct put_item {
	struct item item;
	struct put put;
};

struct event_item {
	struct item item;
	uint8_t has_serial, has_arch, comm_null, exe_null, full_stream;
	uint8_t words[EVENT_WORD_COUNT];
	uint16_t comm_n, exe_n; /* bytes behind the struct */
	uint32_t serial, pid, arch, code;
	int32_t nr;
	uint32_t repeats;
	int64_t ms;
	uint64_t ip;
	uint64_t text_mark;
	struct str node;
	const struct container *container; /* in the batch */
};

/* What its pointers point to lies behind it. */
struct events_item {
	struct item item;
	struct store_events events;
};

#endif
