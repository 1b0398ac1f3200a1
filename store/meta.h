/*
 * What a store knows of itself: its horizon, and the key under which it marks texts. Internal to
 * store/.
 */
#ifndef SCLOG_STORE_META_H
#define SCLOG_STORE_META_H

#include "store/sql.h"

/* The time before which identities were pruned; 0: none were. It lies at the beginning of a day. */
int meta_horizon(struct sql *sql, int64_t *ret_ms, struct err *err);
int meta_move_horizon(struct sql *sql, int64_t ms, struct err *err);

/* The key under which texts without a serial are remembered: random for each store, so that nobody
 * can write two lines that count as one. 0: it has none yet. */
int meta_text_key(struct sql *sql, uint64_t *ret_key, struct err *err);

/* Makes the key; of two that do, both take the first one's. */
int meta_make_text_key(struct sql *sql, uint64_t *ret_key, struct err *err);

/* Takes a key that another store had: texts that were marked under another one count again. */
int meta_set_text_key(struct sql *sql, uint64_t key, struct err *err);

#endif
