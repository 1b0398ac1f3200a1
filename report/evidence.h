/*
 * Evidence: how much was observed, what is known to be missing, and what that does to a conclusion.
 *
 * Every diff, profile and report carries one. Complete means that nothing is known that would keep
 * the conclusion from being drawn; each reason against it is a sentence for a person.
 */
#ifndef SCLOG_REPORT_EVIDENCE_H
#define SCLOG_REPORT_EVIDENCE_H

#include "base/buf.h"
#include "store/query.h"

#include <jansson.h>

/* Reasons that are listed; of others only the number is kept. */
#define EVIDENCE_REASONS_MAX 256

/* Records of a container beyond the store's budget of series (observation_is_beyond()). Of more
 * containers than these the last stands for all. */
#define EVIDENCE_BEYOND_MAX 16
struct evidence_beyond {
	struct buf container;
	uint64_t without_arch; /* their syscall is not known either */
	uint64_t count;
};

struct evidence_reason {
	struct buf text;
	char id[LOSS_ID_SIZE]; /* by which `sclog forget --evidence` takes it; "" where no store has it */
	const char *what; /* of a loss, what is the same on every node (store/query.h); or NULL */
	struct buf node;
	uint64_t count;
};

/* Zeroed is valid: nothing observed, no reason yet. */
struct evidence {
	uint64_t records; /* judged */
	uint64_t lost;    /* known to be lost */
	uint64_t without_arch;
	struct evidence_beyond *beyond;
	size_t beyond_count;
	uint64_t forgeable; /* of both: that came by a channel into which others can write */
	struct evidence_reason *reasons;
	bool shows_ids;
	/* Entries that a person has acknowledged: they count no more. [{"id","reason","text"}], or NULL */
	json_t *acknowledged;
	size_t reason_count, reasons_unlisted;
	bool incomplete;
};

void evidence_release(struct evidence *evidence);

/* Counts the observation: as judged, or as one without an arch, which nobody can judge. */
void evidence_add_observation(struct evidence *evidence, const struct observation *observation);
void evidence_add_loss(struct evidence *evidence, const struct loss *loss);

/* Another reason why it is not complete; the sentence is copied. */
void evidence_add_reason(struct evidence *evidence, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What a coverage says of a conclusion, for a reason: "an enforcing profile was in force: ...". */
const char *evidence_of_coverage(enum coverage coverage);

/* Whether the program, or its thread, calls nothing after that action (seccomp(2)), so that what it
 * would have needed next is not known. */
bool evidence_is_kill(uint32_t code);

/* Reasons that follow from the numbers: nothing observed, records without an arch. */
void evidence_conclude(struct evidence *evidence);

/* Appends "evidence complete: 587 records checked, no known loss". */
void evidence_put(struct buf *buf, const struct evidence *evidence);

/* The reasons as a person reads them, strings: a kind of loss that several nodes have is one, with the
 * nodes, unless shows_ids asks for each by its id. The caller's. */
json_t *evidence_sentences(const struct evidence *evidence);

/* Writes them for people, each on lines of at most so many columns (0: on one line), and how many entries
 * a person has acknowledged. */
void evidence_write_sentences(const struct evidence *evidence, size_t columns, FILE *out);

/* {"complete","records","lost","forgeable","reasons","entries":[{"id","text"}],"acknowledged":[...]}:
 * entries are those of the reasons that have an id. */
json_t *evidence_json(const struct evidence *evidence);

/* The acknowledged entries as strings, "TEXT (acknowledged: REASON)", for what has no nested objects. */
json_t *evidence_acknowledged_texts(const struct evidence *evidence);

#endif
