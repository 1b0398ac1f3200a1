#include "cli/forget_input.h"

#include "base/mem.h"
#include "cli/reading.h"
#include "report/format.h"

#include <errno.h>
#include <stdlib.h>

#define MINUTE_MS 60000

/* What a program called, how often; its key is owned. */
struct called {
	struct buf key;
	uint64_t count;
};

struct sums {
	struct called *all;
	size_t count;
	int64_t first_ms, last_ms;
	struct texts *nodes; /* NULL: not asked for */
};

static int add(const struct observation *observation, void *context)
{
	struct sums *sums = context;

	sums->all = mem_more(sums->all, sums->count, sizeof(*sums->all));
	struct called *called = &sums->all[sums->count++];

	*called = (struct called){.count = observation->count};
	buf_put_str(&called->key, observation->node);
	buf_format(&called->key, "%c%u %u %u %d %u %d%d ", '\0', (unsigned)observation->source,
		   observation->has_arch, observation->arch, (int)observation->nr,
		   observation->code, observation->comm_null, observation->exe_null);
	buf_put_str(&called->key, observation->comm);
	buf_put_char(&called->key, '\0');
	buf_put_str(&called->key, observation->exe);
	if (sums->count == 1 || observation->first_ms < sums->first_ms)
		sums->first_ms = observation->first_ms;
	if (sums->count == 1 || observation->last_ms > sums->last_ms)
		sums->last_ms = observation->last_ms;
	if (sums->nodes)
		texts_add(sums->nodes, observation->node);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct called *left = a, *right = b;

	return str_compare(buf_str(&left->key), buf_str(&right->key));
}

/* Those of several containers are one. */
static void merge(struct sums *sums)
{
	size_t kept = 0;

	if (sums->count)
		qsort(sums->all, sums->count, sizeof(*sums->all), compare);
	for (size_t i = 0; i < sums->count; i++) {
		if (kept && compare(&sums->all[kept - 1], &sums->all[i]) == 0) {
			sums->all[kept - 1].count += sums->all[i].count;
			buf_release(&sums->all[i].key);
		} else {
			sums->all[kept++] = sums->all[i];
		}
	}
	sums->count = kept;
}

static void sums_release(struct sums *sums)
{
	for (size_t i = 0; i < sums->count; i++)
		buf_release(&sums->all[i].key);
	free(sums->all);
}

static bool are_same(const struct sums *a, const struct sums *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (compare(&a->all[i], &b->all[i]) != 0 || a->all[i].count != b->all[i].count)
			return false;
	return a->count == b->count;
}

/* Reads it as ingest does without options, into a store of its own. */
static int read_input(const char *path, const struct selection *selection,
		      const struct global_options *global, struct sums *sums, struct err *err)
{
	const struct file_options none = {0};
	const struct stated nothing = {0};
	struct selection own = *selection;
	struct feed_options feed = file_feed_options(&none, global, &nothing);
	struct feed_counts counts = {0};
	struct store *store = NULL;
	int r = store_open(NULL, STORE_MEMORY, NULL, &store, err);

	own.container = own.image = own.pod = own.namespace = own.workload = (struct choice){0};
	own.node = (struct choice){0};
	own.host = own.unattributed = false;
	if (selection->node.count == 1)
		feed.node = selection->node.values[0];
	if (r == 0)
		r = feed_paths(store, (char *const[]){(char *)(uintptr_t)path}, 1, &feed, &counts,
			       err);
	if (r == 0 && counts.failed)
		r = err_set(err, EIO, "%s: could not be read completely: nothing was forgotten",
			    path);
	if (r == 0)
		r = query_observations(store, &own, add, sums, err);
	store_close(store);
	return r;
}

static void narrow(struct selection *selection, const struct sums *sums, const struct texts *nodes)
{
	selection->node = (struct choice){(const char *const *)nodes->all, nodes->count};
	selection->has_since = selection->has_until = true;
	selection->since_ms = sums->first_ms - sums->first_ms % MINUTE_MS;
	selection->until_ms = sums->last_ms - sums->last_ms % MINUTE_MS + MINUTE_MS - 1;
}

int forget_input_select(struct store *store, const char *path, struct selection *selection,
			const struct global_options *global, struct texts *nodes, struct err *err)
{
	struct sums input = {.nodes = nodes}, stored = {0};
	char first[FORMAT_NAME_SIZE], last[FORMAT_NAME_SIZE];
	int r = read_input(path, selection, global, &input, err);

	texts_sort(nodes);
	merge(&input);
	if (r == 0 && input.count == 0)
		r = err_set(err, ENOENT, "%s: has no records of this selection", path);
	if (r == 0) {
		narrow(selection, &input, nodes);
		r = query_observations(store, selection, add, &stored, err);
		merge(&stored);
	}
	if (r == 0 && stored.count == 0)
		r = err_set(err, ENOENT, "%s: its records are not in this store", path);
	if (r == 0 && !are_same(&input, &stored))
		r = err_set(err, EINVAL,
			    "%s: from %s to %s the store has other records than these: nothing was "
			    "forgotten; add --container NAME, or select by --since and --until",
			    path, format_time(selection->since_ms, first),
			    format_time(selection->until_ms, last));
	sums_release(&input);
	sums_release(&stored);
	return r;
}
