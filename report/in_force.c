#include "report/in_force.h"

#include "base/mem.h"
#include "correlate/running.h"
#include "store/query.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A beginning of an id that is shorter names nobody. */
#define ID_PREFIX_MIN 4

struct search {
	struct str name;
	size_t matches; /* containers of that name ... */
	size_t unknown; /* ... of which so many have no profile on file */
	bool found, differ;
	struct buf profile;  /* of the first; empty: it runs without one */
	struct buf ids;      /* of all, for the error */
	struct store *store; /* while it is searched */
	struct err *err;
};

static bool is_named(const struct search *search, const struct container *container)
{
	if (str_eq(container->name, search->name) || str_eq(container->id, search->name))
		return true;
	return search->name.n >= ID_PREFIX_MIN && str_starts(container->id, search->name);
}

static void take(struct search *search, const struct container *container)
{
	search->matches++;
	buf_put_str(&search->ids, search->ids.n ? STR(", ") : STR(""));
	buf_put_str(&search->ids,
		    str_of(container->id.p, container->id.n < 12 ? container->id.n : 12));
	if (!container->has_profile) {
		search->unknown++;
		return;
	}
	if (search->found) {
		search->differ =
			search->differ || !str_eq(buf_str(&search->profile), container->profile);
		return;
	}
	search->found = true;
	buf_put_str(&search->profile, container->profile);
}

static void look_at(struct search *search, const struct container *container)
{
	if (is_named(search, container))
		take(search, container);
}

/* --- what runs */

static void look_at_running(void *context, const struct container *container, bool confined)
{
	(void)confined;
	look_at(context, container);
}

/* --- what ran */

/* The last profile that was in force for a container; spans come in the order of time. */
struct last_span {
	int64_t container_row, profile_row;
	bool found;
};

static int keep_span(const struct in_force_span *span, void *context)
{
	struct last_span *last = context;

	if (span->container_row != last->container_row)
		return 0;
	last->profile_row = span->profile_row;
	last->found = true;
	return 0;
}

/* No bundle was seen of a container that is known from logs: its profile is what --in-force stated. */
static int look_at_stored(const struct container_summary *summary, void *context)
{
	struct search *search = context;
	struct container container = summary->container;
	struct last_span last = {.container_row = summary->container_row};
	BUF_AUTO text = {0};
	int r = 0;

	if (!is_named(search, &container))
		return 0;
	if (!container.has_profile)
		r = query_in_force(search->store, keep_span, &last, search->err);
	if (r == 0 && last.found)
		r = query_profile(search->store, last.profile_row, &text, search->err);
	if (r < 0)
		return r;
	if (last.found) {
		container.has_profile = true;
		container.profile = buf_str(&text);
	}
	take(search, &container);
	return 0;
}

static int search_store(struct search *search, const char *db)
{
	const struct selection everything = {0};
	char *path = db ? mem_copy(str_from(db)) : store_default_path();
	int r = 0;

	if (db || access(path, F_OK) == 0)
		r = store_open(path, STORE_READ, NULL, &search->store, search->err);
	if (r == 0 && search->store)
		r = query_known_containers(search->store, &everything, look_at_stored, search,
					   search->err);
	store_close(search->store);
	free(path);
	return r;
}

/* --- the answer */

static int conclude(struct search *search, const char *source, struct profile_source **ret_source)
{
	BUF_AUTO text = {0};
	const char *ids = search->ids.p ? search->ids.p : "";

	if (search->differ)
		return err_set(search->err, ENOTUNIQ,
			       "containers with this name have different profiles: give a "
			       "container id (%.200s)",
			       ids);
	if (!search->found && search->matches)
		return err_set(
			search->err, ENOENT,
			"the profile of %.200s is not known: its bundle cannot be read, and no "
			"log was ingested with --in-force",
			ids);
	if (!search->found)
		return err_set(search->err, ENOENT,
			       "no container with this name or id is running here or in the store");
	/* as the bundle has it, so that it is read as what a runtime was given */
	if (search->profile.n)
		buf_format(&text, "{\"linux\":{\"seccomp\":%s}}", search->profile.p);
	else
		buf_format(&text, "{\"linux\":{}}");
	*ret_source = profile_source_from_text(source, buf_str(&text));
	return 0;
}

int in_force_acquire(const char *source, const char *name, const char *db,
		     struct profile_source **ret_source, struct err *err)
{
	struct search search = {.name = str_from(name), .err = err};
	const struct metadata_options here = {0};
	int r = *name ? running_each(&here, look_at_running, &search, err)
		      : err_set(err, EINVAL, "the name is missing: give container:NAME");

	if (r == 0 && !search.found)
		r = search_store(&search, db);
	if (r == 0)
		r = conclude(&search, source, ret_source);
	if (r < 0)
		err_prefix(err, "%s", source);
	buf_release(&search.profile);
	buf_release(&search.ids);
	return r;
}
