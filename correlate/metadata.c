#include "correlate/metadata.h"

#include "base/mem.h"
#include "correlate/bundle.h"
#include "correlate/cgroup_home.h"
#include "correlate/docker_files.h"
#include "correlate/owner.h"
#include "correlate/pod_logs.h"
#include "correlate/runtime_files.h"
#include "correlate/storage_files.h"

#include <errno.h>
#include <stdlib.h>

struct metadata {
	struct runtime_files files;
	metadata_describe_fn *describe;
	void *describe_context;
};

int metadata_new(const struct metadata_options *options, struct metadata **ret_metadata,
		 struct err *err)
{
	struct metadata *metadata = mem_new(1, sizeof(*metadata));
	int r = runtime_files_open(&metadata->files, options->proc_root, options->runtime_root,
				   err);

	if (r < 0) {
		free(metadata);
		return r;
	}
	metadata->files.host.ask = options->ask;
	metadata->files.host.context = options->context;
	metadata->describe = options->describe;
	metadata->describe_context = options->describe_context;
	*ret_metadata = metadata;
	return 0;
}

void metadata_free(struct metadata *metadata)
{
	if (!metadata)
		return;
	runtime_files_close(&metadata->files);
	free(metadata);
}

/* In the order in which they are believed. */
static void (*const sources[])(struct lookup *lookup) = {
	bundle_describe,
	docker_describe,
	storage_describe,
	pod_logs_describe,
};

/* nginx.service is its own name, and its unit file says nothing of capabilities and filter that
 * its drop-ins could not have changed. */
static bool is_service(const struct metadata_hint *hint)
{
	return str_eq(hint->runtime, STR(RUNTIME_SERVICE));
}

static bool has_files(const struct metadata_hint *hint)
{
	return !is_service(hint) && !hint->outer.n && lookup_id_is_safe(hint->id);
}

static void describe(struct lookup *lookup)
{
	const struct metadata_hint *hint = lookup->hint;

	if (is_service(hint))
		description_put(lookup->found, CONTAINER_AT(name), hint->id);
	if (!has_files(hint))
		return;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		sources[i](lookup);
}

/* The files know better than a command line; what a cgroup rule says, perhaps the user's own,
 * stays. */
static struct str runtime_of(const struct lookup *lookup)
{
	struct str found = description_get(lookup->found, CONTAINER_AT(runtime));
	struct str hinted = lookup->hint->runtime;

	return found.n > 0 && runtime_is_vague(hinted) ? found : hinted;
}

uint32_t metadata_owner(const struct metadata *metadata, const struct cgroup_match *match)
{
	return owner_of_cgroup(metadata->files.host.root, metadata->files.host.root_uid, match);
}

int metadata_find_home(const struct metadata *metadata, const struct procfs *procfs,
		       struct cgroup_rules *rules, struct err *err)
{
	return cgroup_find_home(metadata->files.host.root, procfs, rules, err);
}

bool metadata_owns_bundle(const struct metadata *metadata, const struct metadata_hint *hint)
{
	return bundle_is_owned(&metadata->files.host, hint);
}

/* What a user named is not what others named so; its runtime is in no pod. */
static void qualify(struct description *found, uint32_t owner)
{
	static const size_t named[] = {CONTAINER_AT(name), CONTAINER_AT(image),
				       CONTAINER_AT(workload)};

	if (!owner)
		return;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (found->texts[named[i]].n)
			owner_put_owner(&found->texts[named[i]], owner);
	buf_clear(&found->texts[CONTAINER_AT(pod)]);
	buf_clear(&found->texts[CONTAINER_AT(namespace)]);
}

bool metadata_describe(struct metadata *metadata, const struct metadata_hint *hint,
		       struct container **ret_container, struct buf *trouble)
{
	DESCRIPTION_AUTO found = {0};
	LOOKUP_AUTO lookup = {
		.files = &metadata->files, .hint = hint, .found = &found, .trouble = trouble};

	BUF_AUTO id = {0};

	describe(&lookup);
	qualify(&found, hint->owner);
	owner_put_id(&id, hint);

	struct container container = {
		.has_caps = found.has_caps,
		.caps = found.caps,
		.has_profile = found.has_profile,
		.profile = buf_str(&found.profile),
	};

	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		container.texts[i] = description_get(&found, i);
	container.id = buf_str(&id);
	container.runtime = runtime_of(&lookup);
	if (found.has_profile)
		container.coverage = metadata_coverage(container.profile);
	*ret_container = container_copy(&container);
	return description_found(&found);
}

/* What the hint tells is all. */
static struct container *container_of_hint(const struct metadata_hint *hint)
{
	struct container container = {.runtime = hint->runtime};
	BUF_AUTO id = {0};

	owner_put_id(&id, hint);
	container.id = buf_str(&id);
	return container_copy(&container);
}

int metadata_have_described(struct metadata *metadata, const struct metadata_hint *hint,
			    struct container **ret_container, struct buf *trouble)
{
	if (!metadata->describe || !has_files(hint))
		return metadata_describe(metadata, hint, ret_container, trouble);
	int result = metadata->describe(metadata->describe_context, hint, ret_container, trouble);

	if (result >= 0 || result == -EAGAIN)
		return result;
	*ret_container = container_of_hint(hint);
	return 0;
}
