/*
 * Fuzz target (libFuzzer): any bytes as a store: opened and asked everything, and merged. It is
 * refused, or read as what it is; nothing may crash or run long.
 */
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static int take_observation(const struct observation *observation, void *context)
{
	*(uint64_t *)context += observation->count + observation->comm.n;
	return 0;
}

static int take_container(const struct container_summary *summary, void *context)
{
	*(uint64_t *)context += summary->records;
	return 0;
}

static int take_loss(const struct loss *loss, void *context)
{
	*(uint64_t *)context += loss->count + loss->text.n;
	return 0;
}

static void ask(const char *path)
{
	const struct selection window = {.has_since = true,
					 .since_ms = 1795302094000,
					 .has_until = true,
					 .until_ms = 1795302100000};
	const struct selection everything = {0};
	struct err err = ERR_INIT;
	struct store *store;
	uint64_t sum = 0;

	if (store_open(path, STORE_READ, NULL, &store, &err) < 0)
		return;
	query_observations(store, &everything, take_observation, &sum, &err);
	err_clear(&err);
	query_observations(store, &window, take_observation, &sum, &err);
	err_clear(&err);
	query_containers(store, &everything, take_container, &sum, &err);
	err_clear(&err);
	query_losses(store, &everything, take_loss, &sum, &err);
	store_close(store);
}

static void merge(const char *path)
{
	struct merge_result result;
	struct err err = ERR_INIT;
	struct store *store;

	if (store_open(NULL, STORE_MEMORY, NULL, &store, &err) < 0)
		abort();
	store_merge(store, path, &result, &err);
	store_close(store);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char path[] = "/tmp/sclog-fuzz-store.XXXXXX", beside[64];
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	ask(path);
	merge(path);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	unlink(beside);
	unlink(path);
	return 0;
}
