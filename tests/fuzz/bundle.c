/*
 * Fuzz target (libFuzzer): any bytes as the rows of a bundle, loaded twice into a store, which is then
 * asked for all that it has and makes a bundle of its own. The first byte says whether they are believed,
 * and whether the store becomes a copy of what the sender has.
 *
 * What is not believed is never the kernel's word, nor a profile in force.
 */
#include "fleet/bundle.h"
#include "store/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum option {
	OPTION_FOREIGN = 1,
	OPTION_COPY = 2,
};

static const char magic[] = "sclog bundle 1\n";

static int load_row(void *taker, enum share_kind kind, const struct share_value *values,
		    struct err *err)
{
	return share_taker_knows(taker) ? 0 : share_taker_put(taker, kind, values, err);
}

static int load(struct store *store, unsigned options, const struct buf *bundle)
{
	struct share_taker *taker = share_taker_new(store, options & OPTION_COPY);
	struct err err = ERR_INIT;

	if (options & OPTION_FOREIGN)
		share_taker_set_foreign(taker);
	int result = bundle_rows(bundle, load_row, taker, &err);

	if (result == 0 && !share_taker_knows(taker))
		result = share_taker_finish(taker, &err);
	if ((result < 0) != (err.code != 0))
		abort();
	share_taker_free(taker);
	return result;
}

static int take_observation(const struct observation *observation, void *context)
{
	const unsigned *options = context;

	if (*options & OPTION_FOREIGN && observation->trust == TRUST_KERNEL)
		abort();
	return 0;
}

static int take_loss(const struct loss *loss, void *context)
{
	(void)loss;
	(void)context;
	return 0;
}

static int take_row(void *context, enum share_kind kind, const struct share_value *values,
		    struct err *err)
{
	const unsigned *options = context;

	(void)values;
	(void)err;
	if (*options & OPTION_FOREIGN && (kind == SHARE_IN_FORCE || kind == SHARE_ACKNOWLEDGED))
		abort();
	return 0;
}

static void ask(struct store *store, unsigned options)
{
	const struct selection everything = {0};
	const struct share_known nothing = {.uuid = "", .all = true};
	struct share_head head;
	struct err err = ERR_INIT;

	query_observations(store, &everything, take_observation, &options, &err);
	err_clear(&err);
	query_losses(store, &everything, take_loss, NULL, &err);
	err_clear(&err);
	if (store_share_begin(store, "n", &nothing, 1, &head, &err) == 0)
		store_share_rows(store, take_row, &options, &err);
	store_share_end(store);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct err err = ERR_INIT;
	struct store *store;
	BUF_AUTO bundle = {0};

	if (size == 0 || store_open(NULL, STORE_MEMORY, NULL, &store, &err) < 0)
		return 0;
	buf_put(&bundle, magic, sizeof(magic) - 1);
	buf_put(&bundle, data + 1, size - 1);
	if (load(store, data[0], &bundle) == 0) {
		if (!(data[0] & OPTION_COPY))
			load(store, data[0], &bundle);
		ask(store, data[0]);
	}
	store_close(store);
	return 0;
}
