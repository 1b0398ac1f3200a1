#include "profile/document/readers.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SPO_GROUP       "security-profiles-operator.x-k8s.io/"
#define KUBESCAPE_GROUP "spdx.softwarecomposition.kubescape.io/"

/* Names that an error lists. */
#define NAMES_MAX 20

struct reader;

/* One profile of those that a text holds. */
struct candidate {
	const struct reader *reader;
	struct node *node;
	const char *name;  /* NULL: it has none */
	const char *space; /* namespace, or the object that holds it; NULL: none */
};

struct finder {
	struct document *document;
	struct lints *lints;
	struct err *err;
	struct candidate *all;
	size_t count;
	struct err refused; /* why the first text that is known, and holds no profile, holds none */
};

/* How one kind of text is read. Either it lists others, or it is one, or it is refused. */
struct reader {
	bool (*recognise)(const struct node *node);
	void (*list)(struct finder *finder, struct node *node);
	int (*read)(struct finder *finder, const struct candidate *candidate);
	void (*name)(struct candidate *candidate);
	void (*refuse)(struct finder *finder, const struct node *node);
	enum shape shape;
};

static const struct reader *reader_of(const struct node *node);
static bool is_bare(const struct node *node);

static int wrong(struct finder *finder, const char *place, const char *what)
{
	return err_set(finder->err, EINVAL, "%s: %s", place, what);
}

static bool text_is(const struct node *map, const char *name, const char *text)
{
	const char *value = node_string(node_member(map, name));

	return value && strcmp(value, text) == 0;
}

static bool text_starts(const struct node *map, const char *name, const char *start)
{
	const char *value = node_string(node_member(map, name));

	return value && strncmp(value, start, strlen(start)) == 0;
}

/* The map of that name, NULL if there is none; `place` is its whole place. */
static int map_of(struct finder *finder, const struct node *in, const char *name, const char *place,
		  struct node **ret_map)
{
	*ret_map = node_member(in, name);
	if (*ret_map && !node_is(*ret_map, NODE_MAP))
		return wrong(finder, place, "must be an object");
	return 0;
}

static void no_filter(struct finder *finder, const char *place, const char *why)
{
	lint_report(finder->lints, LINT_NO_FILTER, 0, place,
		    "%s: this container runs without a filter", why);
}

static void add_candidate(struct finder *finder, const struct reader *reader, struct node *node,
			  const char *name)
{
	struct candidate *candidate;

	finder->all = mem_resize(finder->all, (finder->count + 1) * sizeof(*finder->all));
	candidate = &finder->all[finder->count++];
	*candidate = (struct candidate){.reader = reader, .node = node, .name = name};
	if (!name && reader->name)
		reader->name(candidate);
}

static void find_candidates(struct finder *finder, struct node *node)
{
	const struct reader *reader = reader_of(node);

	if (!reader)
		return;
	if (reader->list)
		reader->list(finder, node);
	else if (reader->refuse)
		reader->refuse(finder, node);
	else
		add_candidate(finder, reader, node, NULL);
}

static void list_items(struct finder *finder, struct node *node)
{
	struct node *items = node->kind == NODE_LIST ? node : node_member(node, "items");

	for (struct node *item = items ? items->first : NULL; item; item = item->next)
		if (node_count(item))
			find_candidates(finder, item);
}

/* Keeps the first refusal: it counts where nothing else is found. */
static void refuse(struct finder *finder, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void refuse(struct finder *finder, const char *format, ...)
{
	char message[sizeof(finder->refused.message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	err_set(&finder->refused, EINVAL, "%s", message);
}

/* --- an OCI runtime spec */

/* Names that are none are the runtime's to refuse; here they add nothing. */
static caps caps_of(const struct node *names)
{
	caps all = 0;

	for (const struct node *item = names ? names->first : NULL; item; item = item->next) {
		const char *name = node_string(item);
		caps one;

		if (name && caps_from_name(str_from(name), &one))
			all |= one;
	}
	return all;
}

/* `prefix` is the place of the profile, with a dot at its end. */
static int read_spec(struct finder *finder, const struct node *spec, const char *prefix)
{
	const struct node *bounding =
		node_member(node_member(node_member(spec, "process"), "capabilities"), "bounding");
	struct document *document = finder->document;
	char linux_place[PLACE_SIZE], place[PLACE_SIZE];
	struct node *linux_part, *seccomp = NULL;
	int n = (int)strlen(prefix);
	int r;

	snprintf(linux_place, sizeof(linux_place), "%.*s", n - (int)strlen(".seccomp."), prefix);
	snprintf(place, sizeof(place), "%.*s", n - 1, prefix);
	r = map_of(finder, spec, "linux", linux_place, &linux_part);
	if (r == 0)
		r = map_of(finder, linux_part, "seccomp", place, &seccomp);
	if (r < 0)
		return r;
	document->has_caps = node_is(bounding, NODE_LIST);
	document->caps = caps_of(bounding);
	document->prefix = prefix;
	document->profile = seccomp;
	document->resolved = true;
	if (!seccomp)
		no_filter(finder, place, "absent");
	return 0;
}

static bool is_bundle(const struct node *node)
{
	return node_member(node, "linux") || node_member(node, "ociVersion");
}

static int read_bundle(struct finder *finder, const struct candidate *candidate)
{
	finder->document->whole = !candidate->node->parent;
	return read_spec(finder, candidate->node, "linux.seccomp.");
}

static bool is_crictl(const struct node *node)
{
	const struct node *info = node_member(node, "info");

	return node_member(info, "runtimeSpec") || (info && node_member(node, "status"));
}

static void name_crictl(struct candidate *candidate)
{
	const struct node *status = node_member(candidate->node, "status");

	candidate->name = node_string(node_member(node_member(status, "metadata"), "name"));
	if (!candidate->name)
		candidate->name = node_string(node_member(status, "id"));
}

static int read_crictl(struct finder *finder, const struct candidate *candidate)
{
	struct node *info, *spec = NULL;
	int r = map_of(finder, candidate->node, "info", "info", &info);

	if (r == 0)
		r = map_of(finder, info, "runtimeSpec", "info.runtimeSpec", &spec);
	if (r == 0 && !spec)
		r = wrong(finder, "info.runtimeSpec",
			  "missing: print the container with `crictl inspect`, without --quiet");
	return r < 0 ? r : read_spec(finder, spec, "info.runtimeSpec.linux.seccomp.");
}

static bool is_ctr(const struct node *node)
{
	const struct node *spec = node_member(node, "Spec");

	return (spec && is_bundle(spec)) ||
	       (node_member(node, "ID") && node_member(node, "Runtime") &&
		node_member(node, "SnapshotKey"));
}

static void name_ctr(struct candidate *candidate)
{
	candidate->name = node_string(node_member(candidate->node, "ID"));
}

static int read_ctr(struct finder *finder, const struct candidate *candidate)
{
	struct node *spec;
	int r = map_of(finder, candidate->node, "Spec", "Spec", &spec);

	if (r == 0 && !spec)
		r = wrong(finder, "Spec",
			  "missing: print the container with `ctr containers info`");
	return r < 0 ? r : read_spec(finder, spec, "Spec.linux.seccomp.");
}

/* --- docker inspect */

#define SECURITY_OPT "HostConfig.SecurityOpt"

/* "seccomp=VALUE", with a colon in the older form; NULL for an option of another kind. */
static const char *seccomp_value(const struct node *option)
{
	const char *text = node_string(option);
	const char name[] = "seccomp";

	if (!text || strncmp(text, name, strlen(name)) != 0)
		return NULL;
	text += strlen(name);
	return *text == '=' || *text == ':' ? text + 1 : NULL;
}

/* moby's TweakCapabilities(): ALL added is all but the dropped; otherwise adding comes last. */
static caps docker_caps(const struct node *host)
{
	caps every, add = caps_of(node_member(host, "CapAdd"));
	bool privileged = node_is(node_member(host, "Privileged"), NODE_TRUE);
	caps drop = caps_of(node_member(host, "CapDrop"));

	caps_from_name(STR("ALL"), &every);
	if (privileged)
		return every;
	if ((add & every) == every)
		return every & ~drop;
	return (caps_docker_default & ~drop) | add;
}

/* A profile as the string of `holder`, from `text` on. */
static int read_string(struct finder *finder, const struct node *holder, const char *text,
		       const char *place)
{
	struct document *document = finder->document;
	struct node string = *holder;
	BUF_AUTO prefix = {0};

	string.text = text;
	if (tree_read_inner(&document->tree, &string, NULL, NULL, &document->profile, finder->err) <
	    0)
		return err_prefix(finder->err, "%s", place);
	if (!node_is(document->profile, NODE_MAP))
		return wrong(finder, place, "a profile must be a JSON object");
	buf_format(&prefix, "%s: ", place);
	document->prefix_owned = mem_copy(buf_str(&prefix));
	document->prefix = document->prefix_owned;
	return 0;
}

/* Podman's output is of the same shape, and names the bundle. */
static int default_unknown(struct finder *finder, const struct node *object,
			   const struct node *host)
{
	const char *bundle = node_string(node_member(object, "OCIConfigPath"));
	char safe[320];

	if (bundle)
		return err_set(finder->err, EINVAL,
			       SECURITY_OPT ": no profile was given to this container, so Podman's "
					    "default is in force (podman-default); as it was "
					    "resolved, it is in %s",
			       text_safe(bundle, safe, sizeof(safe)));
	return err_set(finder->err, EINVAL,
		       SECURITY_OPT
		       ": no profile was given to this container, so the daemon's "
		       "default is in force, which `docker inspect` does not print: "
		       "while the container runs, its bundle has it (container:NAME)%s",
		       node_count(host) && !node_at_place(host, STR("SecurityOpt"))
			       ? "; of nerdctl, give `nerdctl inspect --mode=native`"
			       : "");
}

/* The value of the last option that is about seccomp. */
static const char *find_option(const struct node *options, const struct node **ret_option)
{
	const char *value = NULL;

	for (const struct node *one = options ? options->first : NULL; one; one = one->next) {
		const char *text = seccomp_value(one);

		value = text ? text : value;
		*ret_option = text ? one : *ret_option;
	}
	return value;
}

static int read_options(struct finder *finder, const struct node *object, const struct node *host,
			const struct node *options)
{
	const struct node *option = NULL;
	char quoted[QUOTED_SIZE];

	if (options && options->kind != NODE_LIST)
		return wrong(finder, SECURITY_OPT, "must be an array");
	const char *value = find_option(options, &option);

	finder->document->privileged = node_is(node_member(host, "Privileged"), NODE_TRUE);
	if (finder->document->privileged && (!value || strcmp(value, "builtin") == 0)) {
		no_filter(finder, "HostConfig.Privileged", "true, and no profile given");
		return 0;
	}
	if (!value || strcmp(value, "builtin") == 0)
		return default_unknown(finder, object, host);
	if (strcmp(value, "unconfined") == 0) {
		no_filter(finder, SECURITY_OPT, "seccomp=unconfined");
		return 0;
	}
	if (value[strspn(value, " \t\r\n")] != '{')
		return err_set(finder->err, EINVAL,
			       SECURITY_OPT ": the profile is the file %s, which is not in this "
					    "output: give that file",
			       text_quote(value, quoted));
	return read_string(finder, option, value, SECURITY_OPT);
}

static bool is_docker(const struct node *node)
{
	return node_member(node, "HostConfig") != NULL;
}

static void name_docker(struct candidate *candidate)
{
	const char *name = node_string(node_member(candidate->node, "Name"));

	if (!name)
		name = node_string(node_member(candidate->node, "Id"));
	candidate->name = name && name[0] == '/' ? name + 1 : name;
}

static int read_docker(struct finder *finder, const struct candidate *candidate)
{
	struct node *host;
	int r = map_of(finder, candidate->node, "HostConfig", "HostConfig", &host);

	if (r < 0)
		return r;
	finder->document->has_caps = true;
	const struct node *bounding = node_member(candidate->node, "BoundingCaps"); /* Podman's */

	finder->document->caps =
		node_is(bounding, NODE_LIST) ? caps_of(bounding) : docker_caps(host);
	return read_options(finder, candidate->node, host, node_member(host, "SecurityOpt"));
}

/* `docker inspect --format '{{json .HostConfig}}'`. */
static bool is_host_config(const struct node *node)
{
	return node_is(node_member(node, "SecurityOpt"), NODE_LIST) &&
	       !node_member(node, "syscalls");
}

static int read_host_config(struct finder *finder, const struct candidate *candidate)
{
	finder->document->has_caps = true;
	finder->document->caps = docker_caps(candidate->node);
	return read_options(finder, NULL, candidate->node,
			    node_member(candidate->node, "SecurityOpt"));
}

/* `docker inspect --format '{{json .HostConfig.SecurityOpt}}'`. */
static bool is_options(const struct node *node)
{
	const struct node *ignored = NULL;

	return node->kind == NODE_LIST && find_option(node, &ignored);
}

static int read_option_list(struct finder *finder, const struct candidate *candidate)
{
	return read_options(finder, NULL, NULL, candidate->node);
}

/* --- Kubernetes */

static bool is_object(const struct node *node)
{
	return node_string(node_member(node, "kind")) &&
	       node_string(node_member(node, "apiVersion"));
}

static void name_object(struct candidate *candidate)
{
	const struct node *metadata = node_member(candidate->node, "metadata");

	candidate->name = node_string(node_member(metadata, "name"));
	candidate->space = node_string(node_member(metadata, "namespace"));
}

static bool is_list(const struct node *node)
{
	const char *kind = node_string(node_member(node, "kind"));
	size_t n = kind ? strlen(kind) : 0;

	return node->kind == NODE_LIST || (n >= 4 && strcmp(kind + n - 4, "List") == 0 &&
					   node_is(node_member(node, "items"), NODE_LIST));
}

static bool is_spo(const struct node *node)
{
	return text_is(node, "kind", "SeccompProfile");
}

/*
 * The operator keeps the syscalls with those of all base profiles here, as JSON
 * (mergeBaseProfile() of its seccompprofile controller).
 */
static int use_merged(struct finder *finder, const struct node *object, struct node *spec,
		      const char *base)
{
	const struct node *annotations =
		node_member(node_member(object, "metadata"), "annotations");
	const struct node *text = node_member(annotations, "syscalls");
	struct node *own = node_member(spec, "syscalls"), *merged = NULL;
	struct err ignored = ERR_INIT;
	char quoted[QUOTED_SIZE];

	if (node_string(text))
		tree_read_inner(&finder->document->tree, text, spec, "syscalls", &merged, &ignored);
	if (!node_is(merged, NODE_LIST))
		return err_set(
			finder->err, EINVAL,
			"spec.baseProfileName: the operator merges %s into this profile, and "
			"only the cluster has it: give the merged profile, from below "
			"/var/lib/kubelet/seccomp/operator on a node",
			text_quote(base, quoted));
	lint_report(finder->lints, LINT_OPERATOR_MERGED, 0, "spec.baseProfileName",
		    "merged by the operator already: the rules are those of "
		    "metadata.annotations.syscalls, and are counted there");
	if (own)
		own->ignored = true;
	finder->document->whole = false;
	return 0;
}

/* What is the operator's own, and what its schema has not, so that the API server drops it. */
static void ignore_members(struct finder *finder, struct node *spec)
{
	static const char *const own[] = {"baseProfileName", "disabled", "state"};
	static const char *const dropped[] = {"defaultErrnoRet", "defaultErrno", "archMap"};
	char place[PLACE_SIZE];

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		for (struct node *node; (node = node_member(spec, own[i]));)
			node->ignored = true;
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		snprintf(place, sizeof(place), "spec.%s", dropped[i]);
		if (node_member(spec, dropped[i]))
			lint_report(finder->lints, LINT_OPERATOR_DROPS, 0, place,
				    "not a member of a SeccompProfile: the API server drops it");
		for (struct node *node; (node = node_member(spec, dropped[i]));)
			node->ignored = true;
	}
}

/* `disabled` of v1beta1 became `state` in v1. */
static void lint_object(struct finder *finder, const struct node *object, const struct node *spec)
{
	static const char message[] = "the operator does not install a disabled profile on any "
				      "node";
	const char *api = node_string(node_member(object, "apiVersion"));
	char quoted[QUOTED_SIZE];

	if (!api || strncmp(api, SPO_GROUP, strlen(SPO_GROUP)) != 0)
		lint_report(finder->lints, LINT_OPERATOR_VERSION, 0, "apiVersion",
			    "%s: the operator's is " SPO_GROUP
			    "v1beta1 or v1, so no cluster accepts this",
			    api ? text_quote(api, quoted) : "missing");
	if (node_is(node_member(spec, "disabled"), NODE_TRUE))
		lint_report(finder->lints, LINT_OPERATOR_DISABLED, 0, "spec.disabled", "%s",
			    message);
	if (text_is(spec, "state", "Disabled"))
		lint_report(finder->lints, LINT_OPERATOR_DISABLED, 0, "spec.state", "Disabled: %s",
			    message);
}

static int read_spo(struct finder *finder, const struct candidate *candidate)
{
	struct document *document = finder->document;
	struct node *spec;
	int r = map_of(finder, candidate->node, "spec", "spec", &spec);

	if (r == 0 && !spec)
		r = wrong(finder, "spec", "missing");
	if (r < 0)
		return r;
	document->prefix = "spec.";
	document->profile = spec;
	document->whole = true;
	lint_object(finder, candidate->node, spec);
	const struct node *base = node_member(spec, "baseProfileName");

	if (base && !node_string(base))
		return wrong(finder, "spec.baseProfileName", "must be a string");
	if (base && base->text[0])
		r = use_merged(finder, candidate->node, spec, base->text);
	ignore_members(finder, spec);
	return r;
}

static bool is_kubescape(const struct node *node)
{
	const struct node *spec = node_member(node, "spec");

	if (text_is(node, "kind", "ApplicationProfile"))
		return text_starts(node, "apiVersion", KUBESCAPE_GROUP);
	return text_is(node, "kind", "SeccompProfile") &&
	       (text_starts(node, "apiVersion", KUBESCAPE_GROUP) ||
		node_member(spec, "containers") || node_member(spec, "initContainers"));
}

static int read_kubescape(struct finder *finder, const struct candidate *candidate)
{
	struct node *spec;
	int r = map_of(finder, candidate->node, "spec", "spec", &spec);

	if (r == 0 && !spec)
		r = wrong(finder, "spec",
			  "missing: this container of the SeccompProfile has no "
			  "profile");
	finder->document->prefix = "spec.";
	finder->document->profile = spec;
	finder->document->whole = true;
	if (r == 0 && !spec->first)
		r = wrong(finder, "spec",
			  "empty: this container of the SeccompProfile has no "
			  "profile");
	return r;
}

static void name_kubescape(struct candidate *candidate)
{
	candidate->name = node_string(node_member(candidate->node, "name"));
}

/* What an object holds has its name in front, as two objects may hold the same names. */
static void put_space(struct finder *finder, size_t first, const struct node *object)
{
	for (; first < finder->count; first++)
		finder->all[first].space =
			node_string(node_member(node_member(object, "metadata"), "name"));
}

/* One profile a container (SeccompProfileSpec of kubescape's storage API); in an ApplicationProfile it
 * lies one level deeper, as seccompProfile. */
static void list_kubescape(struct finder *finder, struct node *node)
{
	static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
	static const struct reader reader = {
		.read = read_kubescape, .name = name_kubescape, .shape = SHAPE_OCI};
	const struct node *spec = node_member(node, "spec");
	size_t before = finder->count;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct node *list = node_member(spec, lists[i]);

		for (struct node *item = list ? list->first : NULL; item; item = item->next) {
			struct node *inner = node_member(item, "seccompProfile");
			bool deeper = text_is(node, "kind", "ApplicationProfile");

			if (!deeper)
				add_candidate(finder, &reader, item, NULL);
			else if (node_count(node_member(inner, "spec")))
				add_candidate(finder, &reader, inner,
					      node_string(node_member(item, "name")));
		}
	}
	put_space(finder, before, node);
	if (finder->count == before)
		refuse(finder, "spec: kubescape's %s has no profile for any container",
		       node_string(node_member(node, "kind")));
}

static bool is_config_map(const struct node *node)
{
	return text_is(node, "kind", "ConfigMap");
}

static int read_entry(struct finder *finder, const struct candidate *candidate)
{
	char place[PLACE_SIZE], safe[QUOTED_SIZE];

	snprintf(place, sizeof(place), "data.%s",
		 text_safe(candidate->node->key, safe, sizeof(safe)));
	finder->document->bare = true;
	if (read_string(finder, candidate->node, candidate->node->text, place) < 0)
		return -EINVAL;
	if (!is_bare(finder->document->profile))
		return wrong(finder, place,
			     "not a profile itself, but a document that holds one: give that "
			     "document as a file");
	return 0;
}

static void list_config_map(struct finder *finder, struct node *node)
{
	static const struct reader reader = {.read = read_entry, .shape = SHAPE_OCI};
	const struct node *data = node_member(node, "data");
	size_t before = finder->count;

	for (struct node *item = data ? data->first : NULL; item; item = item->next) {
		const char *text = node_string(item);

		if (text && (strstr(text, "defaultAction") || strstr(text, "\"syscalls\"")))
			add_candidate(finder, &reader, item, item->key);
	}
	put_space(finder, before, node);
	if (finder->count == before)
		refuse(finder, "data: no text in this ConfigMap is a seccomp profile");
}

/* The first map of that name below a node, in the order of the text. */
static const struct node *find_below(const struct node *node, const char *name)
{
	const struct node *found = node->kind == NODE_MAP ? node_member(node, name) : NULL;

	for (const struct node *item = node->first; !found && item; item = item->next)
		if (item->kind == NODE_MAP || item->kind == NODE_LIST)
			found = find_below(item, name);
	return found;
}

/* "'a.json'": the file that a Localhost profile is, or what its type stands for. */
static void put_pod_profile(struct buf *buf, const struct node *profile)
{
	const char *file = node_string(node_member(profile, "localhostProfile"));
	char quoted[QUOTED_SIZE];

	if (file)
		buf_format(buf,
			   "the file %s below /var/lib/kubelet/seccomp on a node; give that file",
			   text_quote(file, quoted));
	else if (text_is(profile, "type", "RuntimeDefault"))
		buf_format(buf, "the runtime's default; give runtime-default, or "
				"containerd@VERSION");
	else if (text_is(profile, "type", "Unconfined"))
		buf_format(buf, "Unconfined: its containers run without a filter");
}

/* Each different profile below a node once, set off by "; or ". */
static void put_pod_profiles(struct buf *buf, const struct node *node)
{
	const struct node *profile =
		node->kind == NODE_MAP ? node_member(node, "seccompProfile") : NULL;
	BUF_AUTO one = {0};

	if (node_is(profile, NODE_MAP))
		put_pod_profile(&one, profile);
	if (one.n && str_find(buf_str(buf), buf_str(&one)) == buf->n)
		buf_format(buf, "%s%s", buf->n ? "; or " : "", one.p);
	for (const struct node *item = node->first; item && buf->n < PLACE_SIZE; item = item->next)
		if (item->kind == NODE_MAP || item->kind == NODE_LIST)
			put_pod_profiles(buf, item);
}

static const char pod_annotation[] = "seccomp.security.alpha.kubernetes.io/pod";

static void refuse_object(struct finder *finder, const struct node *node)
{
	const char *kind = node_string(node_member(node, "kind"));
	const struct node *annotations = find_below(node, "annotations");
	BUF_AUTO profiles = {0};
	char quoted[QUOTED_SIZE];

	text_quote(kind, quoted);
	put_pod_profiles(&profiles, node);
	if (profiles.n)
		refuse(finder,
		       "1:1: no seccomp profile: a Kubernetes object of kind %s, whose profile is "
		       "%s",
		       quoted, profiles.p);
	else if (node_member(annotations, pod_annotation))
		refuse(finder,
		       "1:1: no seccomp profile: a Kubernetes object of kind %s, which names one in "
		       "the annotation %s: Kubernetes ignores it since 1.27",
		       quoted, pod_annotation);
	else if (node_is(find_below(node, "containers"), NODE_LIST))
		refuse(finder,
		       "1:1: no seccomp profile: a Kubernetes object of kind %s without "
		       "seccompProfile: its containers run without a filter, or with "
		       "runtime-default if the kubelet has seccompDefault",
		       quoted);
	else
		refuse(finder,
		       "1:1: no seccomp profile: a Kubernetes object of kind %s holds none; give the profile "
		       "itself (below /var/lib/kubelet/seccomp on a node)",
		       quoted);
}

/* --- what holds no profile that can be read */

static bool is_firecracker(const struct node *node)
{
	for (const struct node *thread = node->first; thread; thread = thread->next)
		if (node_member(thread, "default_action") && node_member(thread, "filter"))
			return true;
	return node_member(node, "default_action") && node_member(node, "filter_action");
}

static void refuse_firecracker(struct finder *finder, const struct node *node)
{
	(void)node;
	refuse(finder, "1:1: this is a filter of Firecracker's own format, which is not read: give "
		       "the running process instead (pid:N)");
}

static bool is_daemon(const struct node *node)
{
	return node_string(node_member(node, "seccomp-profile")) != NULL;
}

static void refuse_daemon(struct finder *finder, const struct node *node)
{
	char quoted[QUOTED_SIZE];

	refuse(finder, "seccomp-profile: the daemon's profile is %s: give that file",
	       text_quote(node_string(node_member(node, "seccomp-profile")), quoted));
}

static bool is_compose(const struct node *node)
{
	return node_is(node_member(node, "services"), NODE_MAP);
}

/* The services of a Compose file name their profiles as `docker run` does. */
static void refuse_compose(struct finder *finder, const struct node *node)
{
	const struct node *services = node_member(node, "services"), *ignored;
	char quoted[QUOTED_SIZE], safe[QUOTED_SIZE];
	BUF_AUTO all = {0};

	for (const struct node *one = services->first; one && all.n < PLACE_SIZE; one = one->next) {
		const char *value = find_option(node_member(one, "security_opt"), &ignored);

		if (value)
			buf_format(&all, "%s%s of %s", all.n ? ", " : ": ",
				   text_quote(value, quoted),
				   text_safe(one->key, safe, sizeof(safe)));
	}
	refuse(finder, "1:1: no seccomp profile: a Compose file, %s%s",
	       all.n ? "which names those of its services; give one of them"
		     : "whose services have Docker's default; give docker, or docker@VERSION",
	       all.n ? all.p : "");
}

/* The layers of an OCI artifact are files of their own. */
static bool is_manifest(const struct node *node)
{
	return node_member(node, "schemaVersion") &&
	       (node_is(node_member(node, "layers"), NODE_LIST) ||
		node_is(node_member(node, "manifests"), NODE_LIST));
}

static void refuse_manifest(struct finder *finder, const struct node *node)
{
	const struct node *layers = node_member(node, "layers");
	const char *digest = node_string(node_member(layers ? layers->first : NULL, "digest"));
	char quoted[QUOTED_SIZE];

	refuse(finder,
	       "1:1: no seccomp profile: the manifest of an OCI artifact, whose files are its "
	       "layers%s%s; give the file of that layer",
	       digest ? ", the first " : "", digest ? text_quote(digest, quoted) : "");
}

/* --- a bare profile */

/* Without rules it turns seccomp off, which another tool's file must not be taken for. */
static bool is_bare(const struct node *node)
{
	static const char *const members[] = {"syscalls", "defaultAction",   "architectures",
					      "archMap",  "defaultErrnoRet", "defaultErrno",
					      "flags",    "listenerPath",    "listenerMetadata"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (node_member(node, members[i]) ||
		    (i < 2 && node_at_place(node, str_from(members[i]))))
			return true;
	return node->kind == NODE_MAP && node->count == 0;
}

static int read_bare(struct finder *finder, const struct candidate *candidate)
{
	finder->document->bare = true;
	finder->document->whole = !candidate->node->parent;
	finder->document->profile = candidate->node;
	return 0;
}

/* --- which of them it is */

/* The first that recognises a text reads it. */
static const struct reader readers[] = {
	{.recognise = is_options, .read = read_option_list, .shape = SHAPE_DOCKER},
	{.recognise = is_list, .list = list_items},
	{.recognise = is_kubescape, .list = list_kubescape},
	{.recognise = is_spo, .read = read_spo, .name = name_object, .shape = SHAPE_SPO},
	{.recognise = is_config_map, .list = list_config_map},
	{.recognise = is_object, .refuse = refuse_object},
	{.recognise = is_docker, .read = read_docker, .name = name_docker, .shape = SHAPE_DOCKER},
	{.recognise = is_host_config, .read = read_host_config, .shape = SHAPE_DOCKER},
	{.recognise = is_crictl, .read = read_crictl, .name = name_crictl, .shape = SHAPE_OCI},
	{.recognise = is_ctr, .read = read_ctr, .name = name_ctr, .shape = SHAPE_OCI},
	{.recognise = is_bundle, .read = read_bundle, .shape = SHAPE_OCI},
	{.recognise = is_bare, .read = read_bare, .shape = SHAPE_OCI},
	{.recognise = is_firecracker, .refuse = refuse_firecracker},
	{.recognise = is_daemon, .refuse = refuse_daemon},
	{.recognise = is_compose, .refuse = refuse_compose},
	{.recognise = is_manifest, .refuse = refuse_manifest},
};

static const struct reader *reader_of(const struct node *node)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].recognise(node))
			return &readers[i];
	return NULL;
}

/* What it is called, where it has no name by its number; with its space in front where asked. */
static void name_of(const struct finder *finder, size_t at, bool with_space, struct buf *name)
{
	const struct candidate *candidate = &finder->all[at];

	if (with_space && candidate->space)
		buf_format(name, "%s/", candidate->space);
	if (candidate->name)
		buf_put_str(name, str_from(candidate->name));
	else
		buf_format(name, "%zu", at + 1);
}

static bool is_called(const struct finder *finder, size_t at, const char *select)
{
	BUF_AUTO name = {0}, whole = {0}, number = {0};
	struct str wanted = str_from(select);

	name_of(finder, at, false, &name);
	name_of(finder, at, true, &whole);
	buf_format(&number, "%zu", at + 1);
	return str_eq(buf_str(&name), wanted) || str_eq(buf_str(&whole), wanted) ||
	       str_eq(buf_str(&number), wanted);
}

static void list_names(const struct finder *finder, struct buf *names)
{
	char safe[QUOTED_SIZE];

	for (size_t i = 0; i < finder->count && i < NAMES_MAX; i++) {
		BUF_AUTO name = {0};

		name_of(finder, i, true, &name);
		buf_format(names, "%s%s", i ? ", " : "", text_safe(name.p, safe, sizeof(safe)));
	}
	if (finder->count > NAMES_MAX)
		buf_format(names, " and %zu more", finder->count - NAMES_MAX);
}

static int choose_named(struct finder *finder, const char *select, size_t *ret_at)
{
	BUF_AUTO names = {0};
	char quoted[QUOTED_SIZE];
	size_t found = 0;

	for (size_t i = 0; i < finder->count; i++) {
		if (!is_called(finder, i, select))
			continue;
		*ret_at = i;
		found++;
	}
	if (found == 1)
		return 0;
	list_names(finder, &names);
	return err_set(finder->err, EINVAL, "1:1: %s profile is called %s; there %s: %s",
		       found ? "more than one" : "no", text_quote(select, quoted),
		       finder->count > 1 ? "are" : "is", names.p);
}

/* A profile without a name, alone in its text, is the one that is meant. */
static int choose(struct finder *finder, const char *select, size_t *ret_at)
{
	BUF_AUTO names = {0};

	*ret_at = 0;
	if (finder->count == 0 && finder->refused.code)
		return err_set(finder->err, EINVAL, "%s", finder->refused.message);
	if (finder->count == 0)
		return err_set(finder->err, EINVAL,
			       "1:1: not a seccomp profile: the text has no member of a profile "
			       "and contains none");
	if (select && (finder->count > 1 || finder->all[0].name))
		return choose_named(finder, select, ret_at);
	if (finder->count == 1)
		return 0;
	list_names(finder, &names);
	return err_set(finder->err, EINVAL, "1:1: %zu profiles: choose one with --select NAME: %s",
		       finder->count, names.p);
}

int readers_find(struct document *document, const char *select, struct lints *lints,
		 struct err *err)
{
	struct finder finder = {.document = document, .lints = lints, .err = err};
	const struct tree *tree = &document->tree;
	size_t at = 0;
	int r = 0;

	document->prefix = "";
	for (size_t i = 0; r == 0 && i < tree->document_count; i++) {
		struct node *root = tree->documents[i];

		if (root->kind != NODE_MAP && root->kind != NODE_LIST && tree->document_count == 1)
			r = err_set(err, EINVAL, "1:1: a profile must be a JSON object");
		else
			find_candidates(&finder, root);
	}
	if (r == 0)
		r = choose(&finder, select, &at);
	if (r == 0) {
		const struct candidate *candidate = &finder.all[at];

		document->object = candidate->node;
		document->shape = candidate->reader->shape;
		document->others = finder.count - 1;
		r = candidate->reader->read(&finder, candidate);
	}
	free(finder.all);
	return r;
}
