#include "profile/document/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SPO_GROUP       "security-profiles-operator.x-k8s.io/"
#define KUBESCAPE_GROUP "spdx.softwarecomposition.kubescape.io/"

static bool text_starts(const struct node *map, const char *name, const char *start)
{
	const char *value = node_string(node_member(map, name));

	return value && strncmp(value, start, strlen(start)) == 0;
}

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
	return node_text_is(node, "kind", "SeccompProfile");
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
	if (node_text_is(spec, "state", "Disabled"))
		lint_report(finder->lints, LINT_OPERATOR_DISABLED, 0, "spec.state", "Disabled: %s",
			    message);
}

static int read_spo(struct finder *finder, const struct candidate *candidate)
{
	struct document *document = finder->document;
	struct node *spec;
	int r = reader_map(finder, candidate->node, "spec", "spec", &spec);

	if (r == 0 && !spec)
		r = reader_wrong(finder, "spec", "missing");
	if (r < 0)
		return r;
	document->prefix = "spec.";
	document->profile = spec;
	document->whole = true;
	lint_object(finder, candidate->node, spec);
	const struct node *base = node_member(spec, "baseProfileName");

	if (base && !node_string(base))
		return reader_wrong(finder, "spec.baseProfileName", "must be a string");
	if (base && base->text[0])
		r = use_merged(finder, candidate->node, spec, base->text);
	ignore_members(finder, spec);
	return r;
}

static bool is_kubescape(const struct node *node)
{
	const struct node *spec = node_member(node, "spec");

	if (node_text_is(node, "kind", "ApplicationProfile"))
		return text_starts(node, "apiVersion", KUBESCAPE_GROUP);
	return node_text_is(node, "kind", "SeccompProfile") &&
	       (text_starts(node, "apiVersion", KUBESCAPE_GROUP) ||
		node_member(spec, "containers") || node_member(spec, "initContainers"));
}

static int read_kubescape(struct finder *finder, const struct candidate *candidate)
{
	struct node *spec;
	int r = reader_map(finder, candidate->node, "spec", "spec", &spec);

	if (r == 0 && !spec)
		r = reader_wrong(finder, "spec",
				 "missing: this container of the SeccompProfile has no "
				 "profile");
	finder->document->prefix = "spec.";
	finder->document->profile = spec;
	finder->document->whole = true;
	if (r == 0 && !spec->first)
		r = reader_wrong(finder, "spec",
				 "empty: this container of the SeccompProfile has no "
				 "profile");
	return r;
}

static void name_kubescape(struct candidate *candidate)
{
	candidate->name = node_string(node_member(candidate->node, "name"));
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
			bool deeper = node_text_is(node, "kind", "ApplicationProfile");

			if (!deeper)
				finder_add(finder, &reader, item, NULL);
			else if (node_count(node_member(inner, "spec")))
				finder_add(finder, &reader, inner,
					   node_string(node_member(item, "name")));
		}
	}
	finder_set_space(finder, before, node);
	if (finder->count == before)
		reader_refuse(finder, node, "kubescape's %s without a profile for any container",
			      node_string(node_member(node, "kind")));
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
	else if (node_text_is(profile, "type", "RuntimeDefault"))
		buf_format(buf, "the runtime's default; give runtime-default, or "
				"containerd@VERSION");
	else if (node_text_is(profile, "type", "Unconfined"))
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
	const struct node *annotations = find_below(node, "annotations");
	BUF_AUTO profiles = {0};
	char quoted[QUOTED_SIZE];

	text_quote(node_string(node_member(node, "kind")), quoted);
	put_pod_profiles(&profiles, node);
	if (profiles.n)
		reader_refuse(finder, node, "a Kubernetes object of kind %s, whose profile is %s",
			      quoted, profiles.p);
	else if (node_member(annotations, pod_annotation))
		reader_refuse(
			finder, node,
			"a Kubernetes object of kind %s, which names one in the annotation %s: "
			"Kubernetes ignores it since 1.27",
			quoted, pod_annotation);
	else if (node_is(find_below(node, "containers"), NODE_LIST))
		reader_refuse(
			finder, node,
			"a Kubernetes object of kind %s without seccompProfile: its containers "
			"run without a filter, or with runtime-default if the kubelet has "
			"seccompDefault",
			quoted);
	else
		reader_pass(finder, node,
			    "a Kubernetes object of kind %s, in which sclog finds none; give the "
			    "profile itself (below /var/lib/kubelet/seccomp on a node)",
			    quoted);
}

/* The items of a list that the API server itself printed have no kind. */
static void list_items(struct finder *finder, struct node *node)
{
	struct node *items = node->kind == NODE_LIST ? node : node_member(node, "items");
	size_t before = finder->count;

	for (struct node *item = items ? items->first : NULL; item; item = item->next)
		if (node_count(item))
			finder_search(finder, item);
	if (finder->count == before && is_object(node))
		refuse_object(finder, node);
}

const struct reader reader_list = {.recognise = is_list, .list = list_items};
const struct reader reader_spo = {
	.recognise = is_spo, .read = read_spo, .name = name_object, .shape = SHAPE_SPO};
const struct reader reader_kubescape = {.recognise = is_kubescape, .list = list_kubescape};
const struct reader reader_object = {.recognise = is_object, .refuse = refuse_object};
