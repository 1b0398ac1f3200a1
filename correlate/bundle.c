#include "correlate/bundle.h"

#include "correlate/capability.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* --- what config.json says */

static void describe_caps(struct description *found, const json_t *config)
{
	const json_t *process = json_object_get(config, "process");
	const json_t *capabilities = json_object_get(process, "capabilities");
	const json_t *bounding = json_object_get(capabilities, "bounding");

	/* an empty set is left out by Go's encoder: --cap-drop ALL gives "capabilities":{} */
	if (!json_is_object(capabilities) || (bounding && !json_is_array(bounding)))
		return;
	found->has_caps = true;
	for (size_t i = 0; i < json_array_size(bounding); i++) {
		unsigned number;

		if (capability_from_name(json_bytes(json_array_get(bounding, i)), &number))
			found->caps |= (uint64_t)1 << number;
	}
}

static void describe_profile(struct description *found, const json_t *config)
{
	const json_t *os = json_object_get(config, "linux");
	const json_t *seccomp = json_object_get(os, "seccomp");

	if (!json_is_object(os) || (seccomp && !json_is_null(seccomp) && !json_is_object(seccomp)))
		return;
	found->has_profile = true;
	if (!json_is_object(seccomp))
		return;
	json_compact(seccomp, &found->profile);
}

void bundle_describe_labels(struct lookup *lookup, const json_t *labels)
{
	static const char *const naming[] = {"com.docker.swarm.service.name",
					     "app.kubernetes.io/name", "k8s-app", "app"};
	struct str project = json_text(labels, "com.docker.compose.project");
	struct str service = json_text(labels, "com.docker.compose.service");
	BUF_AUTO both = {0};

	if (project.n > 0 && service.n > 0) {
		buf_put_str(&both, project);
		buf_put_char(&both, '/');
		buf_put_str(&both, service);
		description_put(lookup->found, CONTAINER_AT(workload), buf_str(&both));
	}
	for (size_t i = 0; i < sizeof(naming) / sizeof(naming[0]); i++)
		description_put(lookup->found, CONTAINER_AT(workload),
				json_text(labels, naming[i]));
}

struct annotation {
	const char *key;
	size_t field;
};

/* containerd, pkg/cri/annotations */
static const struct annotation containerd_annotations[] = {
	{"io.kubernetes.cri.container-name", CONTAINER_AT(name)},
	{"io.kubernetes.cri.sandbox-name", CONTAINER_AT(pod)},
	{"io.kubernetes.cri.sandbox-namespace", CONTAINER_AT(namespace)},
	{"io.kubernetes.cri.image-name", CONTAINER_AT(image)},
	{NULL, 0},
};

/* CRI-O, pkg/annotations, and the kubelet's labels, which it copies to annotations */
static const struct annotation crio_annotations[] = {
	{"io.kubernetes.container.name", CONTAINER_AT(name)},
	{"io.kubernetes.pod.name", CONTAINER_AT(pod)},
	{"io.kubernetes.cri-o.KubeName", CONTAINER_AT(pod)},
	{"io.kubernetes.pod.namespace", CONTAINER_AT(namespace)},
	{"io.kubernetes.cri-o.Namespace", CONTAINER_AT(namespace)},
	{"io.kubernetes.cri-o.ImageName", CONTAINER_AT(image)},
	{"io.kubernetes.cri-o.Image", CONTAINER_AT(image)},
	{NULL, 0},
};

static const struct annotation no_annotations[] = {{NULL, 0}};

/* How a runtime's annotations are told: by a key, and its value if one is given. */
static const struct dialect {
	const char *mark, *value;
	const char *runtime;
	const struct annotation *annotations;
	const char *type;   /* "sandbox" or "container" */
	const char *labels; /* a JSON object in a string */
} dialects[] = {
	{"io.container.manager", "libpod", "podman", no_annotations, NULL, NULL},
	{"io.container.manager", "cri-o", "cri-o", crio_annotations,
	 "io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.Labels"},
	{"io.kubernetes.cri.container-type", NULL, "containerd", containerd_annotations,
	 "io.kubernetes.cri.container-type", NULL},
};

static void describe_in_dialect(struct lookup *lookup, const struct dialect *dialect,
				const json_t *annotations)
{
	struct description *found = lookup->found;
	struct str labels = {0};

	description_put(found, CONTAINER_AT(runtime), str_from(dialect->runtime));
	for (const struct annotation *a = dialect->annotations; a->key; a++)
		description_put(found, a->field, json_text(annotations, a->key));
	/* the pod's own container has the name that the kubelet gives it with Docker and CRI-O */
	if (dialect->type && str_eq(json_text(annotations, dialect->type), STR("sandbox")))
		description_put(found, CONTAINER_AT(name), STR("POD"));
	if (dialect->labels)
		labels = json_text(annotations, dialect->labels);
	if (labels.n > 0) {
		json_auto_t *root = json_read(labels);

		bundle_describe_labels(lookup, root);
	}
}

static void describe_annotations(struct lookup *lookup, const json_t *config)
{
	const json_t *annotations = json_object_get(config, "annotations");

	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		struct str mark = json_text(annotations, dialects[i].mark);

		if (mark.n == 0 || !lookup_may_be(lookup, dialects[i].runtime) ||
		    (dialects[i].value && !str_eq(mark, str_from(dialects[i].value))))
			continue;
		describe_in_dialect(lookup, &dialects[i], annotations);
		break;
	}
	bundle_describe_labels(lookup, annotations);
}

/* Docker binds files out of its folder of the container, wherever its data root is. */
static void find_docker_folder(struct lookup *lookup, const json_t *config)
{
	const json_t *mounts = json_object_get(config, "mounts");
	BUF_AUTO tail = {0};

	if (!lookup_may_be(lookup, "docker"))
		return;
	buf_format(&tail, "/containers/%.*s/hostname", (int)lookup->hint->id.n, lookup->hint->id.p);
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		struct str source = json_text(json_array_get(mounts, i), "source");

		if (source.n <= tail.n || source.p[0] != '/' ||
		    !str_eq(str_skip(source, source.n - tail.n), buf_str(&tail)))
			continue;
		buf_put(&lookup->docker_folder, source.p, source.n - strlen("/hostname"));
		return;
	}
}

/* Where a bundle lies tells whose it is. */
static void describe_place(struct lookup *lookup, const char *path)
{
	/* .../io.containerd.runtime.v2.task/NAMESPACE/ID */
	const char *tasks = strstr(path, "/io.containerd.runtime.v");
	/* ROOT/overlay-containers/ID/userdata */
	const char *storage = strstr(path, "-containers/");

	if (tasks) {
		const char *namespace = strchr(tasks + 1, '/');
		bool moby = namespace && strncmp(namespace, "/moby/", strlen("/moby/")) == 0;

		description_put(lookup->found, CONTAINER_AT(runtime),
				moby ? STR("docker") : STR("containerd"));
		return;
	}
	while (storage && storage > path && *storage != '/')
		storage--;
	if (storage && storage > path)
		buf_put(&lookup->storage_root, path, (size_t)(storage - path));
}

/* What holds whoever wrote it: the runtime did as it says. */
static bool take_limits(struct lookup *lookup, const json_t *config)
{
	if (json_text(config, "ociVersion").n == 0) /* REQUIRED by the spec */
		return false;
	describe_caps(lookup->found, config);
	describe_profile(lookup->found, config);
	return true;
}

/* Takes the config.json of that path, if it is one. `path` tells the place. */
static bool take(struct lookup *lookup, const json_t *config, const char *path)
{
	if (!take_limits(lookup, config))
		return false;
	describe_place(lookup, path);
	describe_annotations(lookup, config);
	find_docker_folder(lookup, config);
	return true;
}

static bool take_file(struct lookup *lookup, const char *whose, const char *path)
{
	json_auto_t *config = lookup_json(lookup, whose, path, RUNTIME_FILE_MAX);

	return take(lookup, config, path);
}

/* --- where it is */

static bool put_config_path(struct str bundle, struct buf *path)
{
	if (bundle.n == 0 || bundle.n >= PATH_MAX || bundle.p[0] != '/' ||
	    str_chr(bundle, '\0') < bundle.n)
		return false;
	buf_put_str(path, bundle);
	buf_format(path, "/config.json");
	return true;
}

/* What stands behind a mark in a path, and that many names further; empty if there is none. */
static struct str name_behind(struct str path, struct str mark, int names)
{
	size_t at = str_find(path, mark);
	struct str rest = str_skip(path, at < path.n ? at + mark.n : path.n);

	for (; names > 0; names--)
		rest = str_skip(rest,
				str_chr(rest, '/') < rest.n ? str_chr(rest, '/') + 1 : rest.n);
	return str_of(rest.p, str_chr(rest, '/'));
}

/* containerd and containers/storage name a bundle's folder for its container: one of another
 * container's says nothing of this one, whoever names it. */
static bool is_of_another(struct str bundle, struct str id)
{
	/* .../io.containerd.runtime.v2.task/NAMESPACE/ID, ROOT/overlay-containers/ID/userdata */
	struct str tasks = name_behind(bundle, STR("/io.containerd.runtime.v"), 2);
	struct str storage = name_behind(bundle, STR("-containers/"), 0);

	return (tasks.n && !str_eq(tasks, id)) || (storage.n && !str_eq(storage, id));
}

/* A bundle that a command line names, in a place that stands for that process's root. One of others,
 * which root's runtime was told to run, tells no more than the limits. */
static bool take_named(struct lookup *lookup, enum host_place place, struct str bundle,
		       bool of_others)
{
	BUF_AUTO path = {0};
	bool is_others = false;

	if (!put_config_path(bundle, &path) || is_of_another(bundle, lookup->hint->id))
		return false;

	json_auto_t *config = lookup_json_at(lookup, place, path.p, RUNTIME_FILE_MAX,
					     of_others && !lookup->hint->owner ? &is_others : NULL);

	return is_others ? take_limits(lookup, config) : take(lookup, config, path.p);
}

/* The storage drivers of containers/storage name its folders. */
static bool find_in_storage(struct lookup *lookup, const char *whose, const char *base)
{
	static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
	bool found = false;

	for (size_t i = 0; !found && i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		BUF_AUTO path = {0};

		buf_format(&path, "%s/%s-containers/%.*s/userdata/config.json", base, drivers[i],
			   (int)lookup->hint->id.n, lookup->hint->id.p);
		found = take_file(lookup, whose, path.p);
	}
	return found;
}

static bool find_in_namespace(struct lookup *lookup, const char *folder, const char *name,
			      void *context)
{
	const char *const *whose = context;
	BUF_AUTO path = {0};

	buf_format(&path, "%s/%s/%.*s/config.json", folder, name, (int)lookup->hint->id.n,
		   lookup->hint->id.p);
	return take_file(lookup, *whose, path.p);
}

/* containerd: a folder for each of its namespaces. */
static bool find_in_tasks(struct lookup *lookup, const char *whose, const char *base)
{
	return lookup_each(lookup, whose, base, find_in_namespace, &whose);
}

/* crun keeps a copy of config.json beside its status, which says where the bundle is. */
static bool find_in_crun(struct lookup *lookup, const char *whose, const char *base)
{
	BUF_AUTO path = {0}, place = {0};

	buf_format(&path, "%s/%.*s/config.json", base, (int)lookup->hint->id.n, lookup->hint->id.p);

	json_auto_t *config = lookup_json(lookup, whose, path.p, RUNTIME_FILE_MAX);

	if (!config)
		return false;
	buf_clear(&path);
	buf_format(&path, "%s/%.*s/status", base, (int)lookup->hint->id.n, lookup->hint->id.p);

	json_auto_t *status = lookup_json(lookup, whose, path.p, RUNTIME_FILE_MAX);

	buf_put_str(&place, json_text(status, "bundle"));
	buf_format(&place, "/config.json");
	return take(lookup, config, place.p);
}

/* runc keeps the bundle's path among the labels of its state. */
static bool find_in_runc(struct lookup *lookup, const char *whose, const char *base)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s/%.*s/state.json", base, (int)lookup->hint->id.n, lookup->hint->id.p);

	json_auto_t *state = lookup_json(lookup, whose, path.p, RUNTIME_FILE_MAX);
	const json_t *labels = json_object_get(json_object_get(state, "config"), "labels");

	for (size_t i = 0; i < json_array_size(labels); i++) {
		struct str text = json_bytes(json_array_get(labels, i));

		if (str_starts(text, STR("bundle=")))
			return take_named(lookup, HOST_ROOT, str_skip(text, strlen("bundle=")),
					  true);
	}
	return false;
}

struct place {
	bool (*find)(struct lookup *lookup, const char *whose, const char *base);
	const char *base;
};

static const struct place places[] = {
	{find_in_tasks, "/run/containerd/io.containerd.runtime.v2.task"},
	{find_in_tasks, "/run/docker/containerd/daemon/io.containerd.runtime.v2.task"},
	{find_in_tasks, "/run/k3s/containerd/io.containerd.runtime.v2.task"},
	{find_in_tasks, "/run/k0s/containerd/io.containerd.runtime.v2.task"},
	{find_in_tasks, "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task"},
	{find_in_tasks, "/run/containerd/io.containerd.runtime.v1.linux"},
	{find_in_storage, "/var/lib/containers/storage"},
	{find_in_storage, "/run/containers/storage"},
	{find_in_crun, "/run/crun"},
	{find_in_runc, "/run/runc"},
};

/* A user's own, below /run/user/UID: systemd makes that folder, the user all in it. */
static const struct place user_places[] = {
	{find_in_tasks, "docker/containerd/daemon/io.containerd.runtime.v2.task"},
	{find_in_crun, "crun"},
	{find_in_runc, "runc"},
};

static bool find_in_user_run(struct lookup *lookup)
{
	for (size_t i = 0; i < sizeof(user_places) / sizeof(user_places[0]); i++) {
		BUF_AUTO whose = {0}, base = {0};

		buf_format(&whose, "/run/user/%u", lookup->hint->owner);
		buf_format(&base, "%s/%s", whose.p, user_places[i].base);
		if (user_places[i].find(lookup, whose.p, base.p))
			return true;
	}
	return false;
}

static bool find_in_places(struct lookup *lookup)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].find(lookup, places[i].base, places[i].base))
			return true;
	}
	return false;
}

static bool find_in_users_places(struct lookup *lookup)
{
	return find_in_user_run(lookup) ||
	       (lookup_may_be(lookup, "podman") &&
		lookup_each_root(lookup, STORAGE_IN_HOME, NULL, find_in_storage));
}

/* --- what its processes say */

enum process_root {
	ROOT_UNKNOWN, /* no process is known, or it is gone */
	ROOT_OURS,
	ROOT_OTHER, /* it lives in a container */
};

static enum process_root process_root(struct lookup *lookup)
{
	struct host_request request;
	struct host_reply its;
	struct stat ours;
	char path[32];

	snprintf(path, sizeof(path), "%u/root", lookup->hint->pid);
	if (lookup->hint->pid == 0 || fstat(lookup->files->host.root, &ours) < 0 ||
	    !lookup_request(lookup, HOST_STAT, HOST_PROC, path, &request))
		return ROOT_UNKNOWN;
	host_files_ask(&lookup->files->host, &request, &its, NULL);
	if (its.code < 0)
		return ROOT_UNKNOWN;
	return ours.st_dev == its.device && ours.st_ino == its.inode ? ROOT_OURS : ROOT_OTHER;
}

/*
 * A containerd shim works in the bundle, wherever containerd keeps it. Only of a process with our
 * own root, since a container's may stand in any folder of its own, and only if the folder is
 * named for the container: the shim of a pod stands in the bundle of the pod's first container.
 */
static bool find_in_working_folder(struct lookup *lookup)
{
	struct host_request request;
	struct host_reply reply;
	BUF_AUTO name = {0}, place = {0};
	char path[32];

	snprintf(path, sizeof(path), "%u/cwd", lookup->hint->pid);
	buf_format(&name, "/%.*s", (int)lookup->hint->id.n, lookup->hint->id.p);
	if (!lookup_request(lookup, HOST_LINK, HOST_PROC, path, &request))
		return false;
	host_files_ask(&lookup->files->host, &request, &reply, &place);
	if (reply.code < 0 || place.n <= name.n ||
	    memcmp(place.p + place.n - name.n, name.p, name.n) != 0)
		return false;

	json_auto_t *config =
		lookup_json_at(lookup, HOST_PROCESS_FOLDER, "config.json", RUNTIME_FILE_MAX, NULL);

	buf_format(&place, "/config.json");
	return take(lookup, config, place.p);
}

void bundle_describe(struct lookup *lookup)
{
	enum process_root root = process_root(lookup);
	struct str bundle = lookup->hint->bundle;

	if (root != ROOT_OTHER && take_named(lookup, HOST_ROOT, bundle, false))
		return;
	if (lookup->hint->owner ? find_in_users_places(lookup) : find_in_places(lookup))
		return;
	/* A runtime inside a container (Docker in Docker) means paths below the container's root. */
	if (root == ROOT_OTHER)
		take_named(lookup, HOST_PROCESS_ROOT, bundle, false);
	else if (!take_named(lookup, HOST_ROOT, bundle, true) && root == ROOT_OURS)
		find_in_working_folder(lookup);
}

bool bundle_is_owned(const struct host_files *files, const struct metadata_hint *hint)
{
	struct host_request request = {
		.verb = HOST_STAT,
		.place = hint->bundle.n ? HOST_ROOT : HOST_PROCESS_FOLDER,
		.pid = hint->pid,
		.owner = hint->owner,
	};
	struct host_reply reply;
	BUF_AUTO path = {0};

	if (hint->bundle.n == 0)
		buf_put_str(&path, STR("config.json"));
	else if (!put_config_path(hint->bundle, &path))
		return false;
	if (path.n >= sizeof(request.path))
		return false;
	memcpy(request.path, path.p, path.n + 1);
	host_files_ask(files, &request, &reply, NULL);
	return reply.code == 0 && S_ISREG(reply.mode) && reply.uid == hint->owner;
}
