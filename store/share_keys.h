/*
 * By which number of ours a sender's rows are named (store/share.h). Internal to store/.
 *
 * A table in memory: a slot has 24 bytes, and at most half of them are used. 8 million series need
 * 400 MB.
 */
#ifndef SCLOG_STORE_SHARE_KEYS_H
#define SCLOG_STORE_SHARE_KEYS_H

#include "store/share.h"

struct share_keys;

struct share_keys *share_keys_new(void);
void share_keys_free(struct share_keys *keys);

/* A key that is there already names the new number from now on. */
void share_keys_put(struct share_keys *keys, enum share_kind kind, int64_t sender, int64_t key,
		    int64_t id);

/* 0 if there is none. */
int64_t share_keys_find(const struct share_keys *keys, enum share_kind kind, int64_t sender,
			int64_t key);

#endif
