#include "correlate/docker_files.h"

#include "correlate/bundle.h"

/* cri-dockerd hands the kubelet's labels on, and begins its containers' names with k8s_. */
static void describe_kubernetes(struct lookup *lookup, struct str docker_name, const json_t *labels)
{
	struct description *found = lookup->found;

	if (str_starts(docker_name, STR("k8s_")))
		description_put(found, CONTAINER_AT(name),
				json_text(labels, "io.kubernetes.container.name"));
	description_put(found, CONTAINER_AT(pod), json_text(labels, "io.kubernetes.pod.name"));
	description_put(found, CONTAINER_AT(namespace),
			json_text(labels, "io.kubernetes.pod.namespace"));
}

static bool take(struct lookup *lookup, const char *whose, const char *folder)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s/config.v2.json", folder);

	json_auto_t *root = lookup_json(lookup, whose, path.p, RUNTIME_FILE_MAX);
	const json_t *config = json_object_get(root, "Config");
	const json_t *labels = json_object_get(config, "Labels");
	struct str name = json_text(root, "Name");

	if (!str_eq(json_text(root, "ID"), lookup->hint->id))
		return false;
	if (str_starts(name, STR("/")))
		name = str_skip(name, 1);
	description_put(lookup->found, CONTAINER_AT(runtime), STR("docker"));
	describe_kubernetes(lookup, name, labels);
	description_put(lookup->found, CONTAINER_AT(name), name);
	description_put(lookup->found, CONTAINER_AT(image), json_text(config, "Image"));
	bundle_describe_labels(lookup, labels);
	return true;
}

static bool take_below(struct lookup *lookup, const char *whose, const char *data_root)
{
	BUF_AUTO folder = {0};

	buf_format(&folder, "%s/containers/%.*s", data_root, (int)lookup->hint->id.n,
		   lookup->hint->id.p);
	return take(lookup, whose, folder.p);
}

void docker_describe(struct lookup *lookup)
{
	static const char *const data_roots[] = {"/var/lib/docker",
						 "/var/snap/docker/common/var-lib-docker", NULL};
	const char *folder = lookup->docker_folder.p;

	if (!lookup_may_be(lookup, "docker") || (folder && take(lookup, folder, folder)))
		return;
	lookup_each_root(lookup, ".local/share/docker", data_roots, take_below);
}
