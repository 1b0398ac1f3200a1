/*
 * Stores for tests, in a folder of their own that goes with them, and what a query of losses gives.
 */
#ifndef SCLOG_TESTS_STORES_H
#define SCLOG_TESTS_STORES_H

#include "store/query.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define STORES 3

/* The first is open when a test begins. */
struct stores {
	char folder[64];
	char path[STORES][96];
	struct store *store[STORES]; /* NULL: not open */
};

static inline void open_store(struct stores *stores, int i)
{
	struct err err = ERR_INIT;

	if (store_open(stores->path[i], STORE_WRITE, NULL, &stores->store[i], &err) < 0)
		fail_msg("%s", err.message);
}

static inline void close_store(struct stores *stores, int i)
{
	store_close(stores->store[i]);
	stores->store[i] = NULL;
}

static inline int set_up(void **state)
{
	struct stores *stores = calloc(1, sizeof(*stores));

	assert_non_null(stores);
	strcpy(stores->folder, "/tmp/sclog-test-store.XXXXXX");
	assert_non_null(mkdtemp(stores->folder));
	for (int i = 0; i < STORES; i++)
		snprintf(stores->path[i], sizeof(stores->path[i]), "%s/%c.db", stores->folder,
			 'a' + i);
	open_store(stores, 0);
	*state = stores;
	return 0;
}

static inline int tear_down(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", ".watch"};
	struct stores *stores = *state;

	for (int i = 0; i < STORES; i++) {
		close_store(stores, i);
		for (int at = 0; at < 4; at++) {
			char path[128];

			snprintf(path, sizeof(path), "%s%s", stores->path[i], suffixes[at]);
			unlink(path);
		}
	}
	rmdir(stores->folder);
	free(stores);
	return 0;
}

static inline void commit(struct store *store)
{
	struct err err = ERR_INIT;

	if (store_commit(store, &err) < 0)
		fail_msg("%s", err.message);
}

static inline void run_sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

struct losses {
	uint64_t known;
	size_t count;
	int64_t since_ms; /* the last one's; 0: unknown */
	char last[512];   /* its text */
};

static inline int take_loss(const struct loss *loss, void *context)
{
	struct losses *losses = context;

	losses->count++;
	losses->known += loss->known ? loss->count : 0;
	losses->since_ms = loss->has_since ? loss->since_ms : 0;
	snprintf(losses->last, sizeof(losses->last), "%.*s", (int)loss->text.n, loss->text.p);
	return 0;
}

/* What was lost since then; 0: ever. */
static inline struct losses losses_of(struct store *store, int64_t since)
{
	const struct selection selection = {.has_since = since != 0, .since_ms = since};
	struct losses losses = {.count = 0};
	struct err err = ERR_INIT;

	if (query_losses(store, &selection, take_loss, &losses, &err) < 0)
		fail_msg("%s", err.message);
	return losses;
}

static inline uint32_t random_below(uint32_t n)
{
	return (uint32_t)random() % n;
}

#endif
