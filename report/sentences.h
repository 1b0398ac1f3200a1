/*
 * Sentences about groups: what is true of several is said once, with the names of all, or with
 * "all 55 workloads".
 */
#ifndef SCLOG_REPORT_SENTENCES_H
#define SCLOG_REPORT_SENTENCES_H

#include "base/buf.h"

/* Sentences that are kept, of further ones the number. */
#define SENTENCES_MAX 200

/* Zeroed but for the first members is valid and empty; sentences_end() releases it. */
struct sentences {
	size_t names_max; /* names before a sentence; of further ones it says how many */
	size_t groups;    /* that there are; 0: not known */
	const char *noun; /* of one: "workload" */
	struct sentence *all;
	size_t count, unlisted;
};

void sentences_add(struct sentences *sentences, struct str name, struct str text);

/* title: that of all of them with the first one, then NULL. */
typedef void sentence_fn(void *context, const char *title, struct str line);

/* Calls for each line, "web, cart and 3 more: would be refused: chroot (2x)", and one that says how many
 * were not kept. */
void sentences_end(struct sentences *sentences, const char *title, sentence_fn *each,
		   void *context);

#endif
