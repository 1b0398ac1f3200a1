/*
 * Novelty: has this container made this syscall before?
 *
 * A key is whose it is, arch, number and action. Whose: the node with the container's id, or for
 * what is in no container the bucket (host, unattributed) with the program's comm. Names, images
 * and phases play no part, so that what is learned of a container later makes nothing new.
 *
 * Only a 64-bit keyed hash of each key is remembered, in at most 2 MiB. Of 196,608 keys, two are
 * the same by chance with a probability of one in a thousand million; that one would not be
 * shown as new, which the store's counts do not suffer from.
 */
#ifndef SCLOG_REPORT_NOVELTY_H
#define SCLOG_REPORT_NOVELTY_H

#include "store/query.h"

/* Three quarters of the 2^18 slots of 8 bytes that there are at most. A container can choose its
 * programs' names, so it can reach this; what is remembered then starts over. */
#define NOVELTY_MAX 196608

struct novelty;

struct novelty *novelty_new(void);
void novelty_free(struct novelty *novelty);

/* Remembers; true the first time. */
bool novelty_add(struct novelty *novelty, const struct event *event);

/* The same for what the store already holds; see query_observations(). */
bool novelty_add_observation(struct novelty *novelty, const struct observation *observation);

/* Keys remembered now, and how often all were forgotten because there were NOVELTY_MAX. */
size_t novelty_count(const struct novelty *novelty);
uint64_t novelty_restarts(const struct novelty *novelty);

#endif
