/*
 * Evidence of losses that a watch itself finds out: what the kernel says it lost, what had no room,
 * processes that were forgotten, a clock that was set.
 *
 * Evidence has to reach the store even when the store has no room: then its kind is remembered,
 * and written with the next evidence_write() for which there is room. Losses that a log or a source
 * tells of are put by whoever reads it.
 */
#ifndef SCLOG_LIVE_EVIDENCE_H
#define SCLOG_LIVE_EVIDENCE_H

#include "correlate/attribute.h"
#include "ingest/status.h"
#include "live/status_line.h"
#include "store/store.h"

/* Zero but for the first three, which are borrowed. */
struct evidence {
	struct store *store;
	struct str node; /* this host */
	struct status_line *status_line;

	unsigned late;       /* a bit for each kind: the store had no room for it */
	uint64_t dropped;    /* records for which there was no memory */
	int64_t dropped_ms;  /* realtime: since when */
	uint64_t forgotten;  /* processes, while they ran: as the store has it */
	uint64_t refused;    /* claims to containers of others: as the store has it */
	int64_t refused_ms;  /* realtime: when that was said */
	uint32_t lost;       /* the kernel's counter at the last question */
	uint32_t rate_limit; /* that was set then */
	int64_t asked_ms;    /* realtime: when that was */
	bool has_lost;
};

/* Adds a loss of now. Without a count it is one row a minute, however often it is added. */
int evidence_add(struct evidence *evidence, enum loss_kind kind, uint64_t count, const char *text,
		 struct err *err);

/* A record had no room, neither in the store's memory nor among those that are held. */
void evidence_drop_record(struct evidence *evidence);

/* The realtime clock was set by so much. */
int evidence_add_step(struct evidence *evidence, int64_t step_ms, struct err *err);

/* Adds what the kernel says that it lost since the last answer: what it drops itself shows in no
 * serial. The first answer only begins. */
int evidence_take_state(struct evidence *evidence, const struct audit_state *state,
			struct err *err);

/* Writes what was counted since the last time: dropped records, forgotten processes, refused
 * claims, and what had no room. `final`: the last of it, so that nothing waits for its minute. */
int evidence_write(struct evidence *evidence, const struct attributor *attributor, bool final,
		   struct err *err);

#endif
