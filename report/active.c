#include "report/active.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "profile/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct span {
	struct active_owner owner; /* its node is owned */
	size_t in_force;           /* which of the profiles */
	unsigned actions;
	int64_t since_ms, until_ms;
};

struct pair {
	struct profile *profile, *against;
	size_t in_force;
	unsigned actions;
	struct blind *blind;
};

struct active {
	struct store *store;
	struct profile_options options;
	const struct choice *syscalls; /* which are asked about */
	struct active_profile *profiles;
	size_t profile_count;
	struct span *spans; /* by owner, then time */
	size_t span_count;
	struct pair *pairs;
	size_t pair_count;
	struct err *err;
};

static void put_hash(struct str text, char hash[17])
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.n; i++)
		value = (value ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	snprintf(hash, 17, "%016" PRIx64, value);
}

/* As the bundle has it, so that it is read as what a runtime was given. A text that cannot be read
 * leaves the profile unknown. */
static struct profile *load(const struct active *active, const char *source, struct str text)
{
	struct err ignored = ERR_INIT;
	struct profile *profile = NULL;
	BUF_AUTO bundle = {0};

	if (text.n)
		buf_format(&bundle, "{\"linux\":{\"seccomp\":%.*s}}", (int)text.n, text.p);
	else
		buf_put_str(&bundle, STR("{\"linux\":{}}"));
	struct profile_source *from = profile_source_from_text(source, buf_str(&bundle));

	if (profile_load(from, &active->options, &profile, &ignored) < 0)
		profile = NULL;
	profile_source_free(from);
	return profile;
}

/* Which of the profiles it is; SIZE_MAX for one too many. Negative errno only by the store. */
static int find_profile(struct active *active, const struct in_force_span *span, size_t *ret_at)
{
	BUF_AUTO text = {0};

	for (*ret_at = 0; *ret_at < active->profile_count; ++*ret_at) {
		const struct active_profile *known = &active->profiles[*ret_at];

		if (known->row == span->profile_row &&
		    str_eq(str_from(known->source), span->source))
			return 0;
	}
	if (active->profile_count == ACTIVE_PROFILES_MAX) {
		*ret_at = SIZE_MAX;
		return 0;
	}
	int r = query_profile(active->store, span->profile_row, &text, active->err);

	if (r < 0)
		return r;
	struct active_profile new = {.row = span->profile_row, .source = mem_copy(span->source)};

	put_hash(buf_str(&text), new.hash);
	new.profile = load(active, new.source, buf_str(&text));
	active->profiles = mem_resize(active->profiles, (active->profile_count + 1) * sizeof(new));
	active->profiles[active->profile_count++] = new;
	return 0;
}

static int add_span(const struct in_force_span *span, void *context)
{
	struct active *active = context;
	size_t in_force;
	int r = find_profile(active, span, &in_force);

	if (r < 0)
		return r;
	active->spans = mem_more(active->spans, active->span_count, sizeof(*active->spans));
	active->spans[active->span_count++] = (struct span){
		.owner = {span->container_row, str_of(mem_copy(span->node), span->node.n)},
		.in_force = in_force,
		.actions = span->actions,
		.since_ms = span->since_ms,
		.until_ms = span->until_ms,
	};
	return 0;
}

int active_load(struct store *store, const struct profile_options *options,
		const struct choice *syscalls, struct active **ret_active, struct err *err)
{
	struct active *active = mem_new(1, sizeof(*active));

	*ret_active = active;
	active->store = store;
	active->options = *options;
	active->syscalls = syscalls;
	/* what a runtime was given: neither a loader nor conditions are left */
	active->options.select = NULL;
	active->options.loader = LOADER_OCI;
	active->options.loader_version = (struct version){0};
	active->err = err;
	return query_in_force(store, add_span, active, err);
}

void active_free(struct active *active)
{
	if (!active)
		return;
	for (size_t i = 0; i < active->pair_count; i++)
		blind_free(active->pairs[i].blind);
	for (size_t i = 0; i < active->profile_count; i++) {
		profile_free(active->profiles[i].profile);
		free(active->profiles[i].source);
	}
	for (size_t i = 0; i < active->span_count; i++)
		free((void *)(uintptr_t)active->spans[i].owner.node.p);
	free(active->pairs);
	free(active->profiles);
	free(active->spans);
	free(active);
}

static struct blind *pair_of(struct active *active, struct profile *profile,
			     struct profile *against, size_t in_force, unsigned actions)
{
	struct profile *was = active->profiles[in_force].profile;

	for (size_t i = 0; i < active->pair_count; i++) {
		const struct pair *pair = &active->pairs[i];

		if (pair->profile == profile && pair->against == against &&
		    pair->in_force == in_force && pair->actions == actions)
			return pair->blind;
	}
	if (!was || active->pair_count == ACTIVE_PAIRS_MAX)
		return NULL;
	struct pair pair = {profile, against, in_force, actions,
			    blind_new(profile, against, was, actions)};

	blind_keep(pair.blind, active->syscalls);
	active->pairs = mem_resize(active->pairs, (active->pair_count + 1) * sizeof(pair));
	active->pairs[active->pair_count++] = pair;
	return pair.blind;
}

static int compare_owners(const void *a, const void *b)
{
	const struct active_owner *one = a, *other = b; /* a span begins with its owner */

	if (one->container_row != other->container_row)
		return one->container_row < other->container_row ? -1 : 1;
	return one->container_row ? 0 : str_compare(one->node, other->node);
}

void active_each(struct active *active, const struct active_owner *owner, int64_t first_ms,
		 int64_t last_ms, bool whole, struct profile *profile, struct profile *against,
		 active_fn *each, void *context)
{
	bool first_known = false, last_known = false, any = false;
	size_t i;

	sorted_find(active->spans, active->span_count, sizeof(*active->spans), owner,
		    compare_owners, &i);
	for (; i < active->span_count; i++) {
		const struct span *span = &active->spans[i];

		if (compare_owners(&span->owner, owner) != 0)
			break;
		if (span->since_ms > last_ms || span->until_ms < first_ms)
			continue;
		const struct active_profile *in_force =
			span->in_force == SIZE_MAX ? NULL : &active->profiles[span->in_force];
		struct blind *blind = NULL;

		if (in_force && profile)
			blind = pair_of(active, profile, against, span->in_force, span->actions);
		if (in_force && !(profile ? blind != NULL : in_force->profile != NULL))
			in_force = NULL;

		first_known |= span->since_ms <= first_ms;
		last_known |= span->until_ms >= last_ms;
		any = true;
		each(context, in_force, blind);
	}
	if (!any || (whole && !(first_known && last_known)))
		each(context, NULL, NULL);
}
