/*
 * When containers end: what is lost later is not theirs. One has ended when the process table has no
 * process of it, and then /proc has none either. Nothing is concluded where that is not this host's,
 * does not show everything, or was not told of every process.
 */
#include "live/watch_private.h"

#include "base/clock.h"
#include "store/query.h"

#include <errno.h>
#include <string.h>

/* Only watched containers have a profile: what a log named may run wherever that log is written. */
static int add_watched(const struct container_summary *summary, void *context)
{
	struct watch *watch = context;

	if (summary->container.has_profile && !summary->ended_ms &&
	    str_eq(summary->node, watch->node))
		texts_add(&watch->running, summary->container.id);
	return 0;
}

int watch_restore_running(struct watch *watch, struct err *err)
{
	const struct selection everything = {0};

	return query_known_containers(watch->store, &everything, add_watched, watch, err);
}

int watch_put_running(struct watch *watch, struct str container, struct err *err)
{
	texts_add(&watch->running, container);
	return store_put_ended(watch->store, watch->node, container, 0, err);
}

static void add_running(void *context, const struct container *container)
{
	texts_add(context, container->id);
}

static int find_running(struct watch *watch, bool looks, struct texts *ret_now, struct err *err)
{
	int result = attribute_running(watch->attributor, looks, add_running, ret_now, err);

	texts_sort(ret_now);
	return result;
}

static bool has_ended(const struct watch *watch, const struct texts *now)
{
	for (size_t i = 0; i < watch->running.count; i++)
		if (!texts_has(now, watch->running.all[i]))
			return true;
	return false;
}

/* What `these` have and `those` have not: they ended, or (0) run. */
static int put_difference(struct watch *watch, const struct texts *these, const struct texts *those,
			  int64_t ms, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < these->count && result == 0; i++)
		if (!texts_has(those, these->all[i]))
			result = store_put_ended(watch->store, watch->node, str_from(these->all[i]),
						 ms, err);
	return result;
}

static bool can_tell(const struct watch *watch)
{
	return watch->connector && watch_is_of_this_host(watch) && !watch->procfs.hidden &&
	       attribute_forgotten(watch->attributor) == 0 && store_has_room(watch->store);
}

int watch_look_for_ended(struct watch *watch, struct err *err)
{
	struct texts now = {0};

	if (!can_tell(watch))
		return 0;
	texts_sort(&watch->running);
	int result = find_running(watch, false, &now, err);

	if (result == 0 && has_ended(watch, &now))
		result = find_running(watch, true, &now, err);
	if (result == 0)
		result =
			put_difference(watch, &watch->running, &now, clock_ms(CLOCK_REALTIME), err);
	if (result == 0)
		result = put_difference(watch, &now, &watch->running, 0, err);
	if (result == 0) {
		texts_release(&watch->running);
		watch->running = now;
		return 0;
	}
	texts_release(&now);
	return result == -EAGAIN ? 0 : result; /* then at the next look */
}
