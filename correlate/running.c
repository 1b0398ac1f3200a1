#include "correlate/running.h"

#include "base/mem.h"
#include "correlate/owner.h"
#include "correlate/procfs.h"

#include <stdlib.h>

struct walk {
	struct procfs procfs;
	struct cgroup_rules *rules;
	struct metadata *metadata;
	char *seen[RUNNING_MAX]; /* ids that were looked at */
	size_t seen_count;
	running_fn *each;
	void *context;
};

static bool is_seen(struct walk *walk, const struct metadata_hint *hint)
{
	BUF_AUTO id = {0};

	owner_put_id(&id, hint);
	for (size_t i = 0; i < walk->seen_count; i++) {
		if (str_eq(str_from(walk->seen[i]), buf_str(&id)))
			return true;
	}
	if (walk->seen_count == RUNNING_MAX)
		return true;
	walk->seen[walk->seen_count++] = mem_copy(buf_str(&id));
	return false;
}

static struct container *describe(struct walk *walk, struct metadata_hint *hint)
{
	struct container *container;
	struct procfs_stat stat;

	metadata_describe(walk->metadata, hint, &container, NULL);
	if (container->has_profile || procfs_stat(&walk->procfs, hint->pid, &stat) < 0)
		return container;
	container_free(container);
	hint->pid = stat.parent;
	metadata_describe(walk->metadata, hint, &container, NULL);
	return container;
}

static int look_at(void *context, uint32_t pid)
{
	struct walk *walk = context;
	char text[PROCFS_TEXT_MAX];
	struct cgroup_match match;
	ssize_t n = procfs_read(&walk->procfs, pid, "cgroup", text, sizeof(text));

	if (n <= 0)
		return 0;
	cgroup_match_text(walk->rules, str_of(text, (size_t)n), &match);
	if (match.place != CGROUP_CONTAINER)
		return 0;
	struct metadata_hint hint = {
		.id = match.id,
		.owner = metadata_owner(walk->metadata, &match),
		.outer = match.outer,
		.runtime = match.runtime,
		.pod_uid = match.pod_uid,
		.pid = pid,
	};

	if (is_seen(walk, &hint))
		return 0;
	struct container *container = describe(walk, &hint);

	walk->each(walk->context, container, procfs_is_filtered(&walk->procfs, pid));
	container_free(container);
	return 0;
}

int running_each(const struct metadata_options *options, running_fn *each, void *context,
		 struct err *err)
{
	MEM_AUTO struct walk *walk = mem_new(1, sizeof(*walk));
	int r = procfs_open(&walk->procfs, options->proc_root, err);

	if (r < 0)
		return r;
	walk->each = each;
	walk->context = context;
	r = cgroup_rules_new(&walk->rules, err);
	if (r == 0)
		r = metadata_new(options, &walk->metadata, err);
	if (r == 0) {
		struct err ignored = ERR_INIT; /* then a user's container may be listed as root's */

		metadata_find_home(walk->metadata, &walk->procfs, walk->rules, &ignored);
		r = procfs_each(&walk->procfs, look_at, walk, err);
	}
	for (size_t i = 0; i < walk->seen_count; i++)
		free(walk->seen[i]);
	metadata_free(walk->metadata);
	cgroup_rules_free(walk->rules);
	procfs_close(&walk->procfs);
	return r;
}
