#include "profile/document/kinds.h"

#include "profile/document/packed.h"
#include "profile/document/tree_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- for all readers */

/* Sets "PLACE: WHAT" and returns -EINVAL. */
static int wrong(struct finder *finder, const char *place, const char *what)
{
	return err_set(finder->err, EINVAL, "%s: %s", place, what);
}

/* Sets *ret_map to the map of that name, or to NULL. -EINVAL if the member is not a map. */
static int read_map(struct finder *finder, const struct candidate *candidate, const struct node *in,
		    const char *name, struct node **ret_map)
{
	BUF_AUTO place = {0};

	*ret_map = node_member(in, name);
	if (!*ret_map || node_is(*ret_map, NODE_MAP))
		return 0;
	node_put_place(*ret_map, candidate->item, &place);
	return wrong(finder, place.p, "must be an object");
}

static void lint_no_filter(struct finder *finder, const char *place, const char *why)
{
	lint_report(finder->lints, LINT_NO_FILTER, 0, place,
		    "%s: this container runs without a filter", why);
}

/* Reads a list of capabilities. Unknown names are skipped: refusing them is the runtime's task. */
static caps read_caps(const struct node *names)
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

/* --- a profile itself */

int kind_read_profile(struct finder *finder, const struct candidate *candidate)
{
	finder->document->bare = candidate->shape == SHAPE_OCI;
	finder->document->whole = !candidate->node->parent && !candidate->holder;
	find_use(finder, candidate, candidate->node, "", candidate->node);
	return 0;
}

/* --- the OCI runtime spec */

int kind_read_spec(struct finder *finder, const struct candidate *candidate)
{
	const struct node *spec = candidate->node;
	const struct node *bounding = kind_member(spec, "process.capabilities.bounding");
	struct document *document = finder->document;
	struct node *linux_part, *seccomp = NULL;
	int r = read_map(finder, candidate, spec, "linux", &linux_part);

	if (r == 0)
		r = read_map(finder, candidate, linux_part, "seccomp", &seccomp);
	if (r == 0 && !linux_part && node_member(spec, "windows"))
		r = wrong(finder, "windows", "a container of Windows, which has no seccomp");
	if (r < 0)
		return r;
	find_use(finder, candidate, spec, "linux.seccomp", seccomp);
	document->whole = !spec->parent && !candidate->holder;
	document->has_caps = node_is(bounding, NODE_LIST);
	document->caps = read_caps(bounding);
	document->resolved = true;
	if (!seccomp)
		lint_no_filter(finder, "linux.seccomp", "absent");
	return 0;
}

/* --- Docker */

#define SECURITY_OPT "HostConfig.SecurityOpt"

static caps docker_caps(const struct node *host)
{
	caps every;

	caps_from_name(STR("ALL"), &every);
	return node_is(node_member(host, "Privileged"), NODE_TRUE)
		       ? every
		       : caps_tweak(caps_docker_default, read_caps(node_member(host, "CapAdd")),
				    read_caps(node_member(host, "CapDrop")));
}

/* Podman's output has the same shape, but also names the bundle. */
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

/* The value of the last option "seccomp=", or NULL. */
static const char *find_option(const struct node *options, const struct node **ret_option)
{
	const char *value = NULL;

	for (const struct node *one = options ? options->first : NULL; one; one = one->next) {
		const char *text = node_string(one) ? packed_option(one->text) : NULL;

		if (!text)
			continue;
		value = text;
		*ret_option = one;
	}
	return value;
}

bool kind_has_option(const struct node *options)
{
	const struct node *ignored;

	return options->kind == NODE_LIST && find_option(options, &ignored);
}

/* Reads a profile that begins at `text` within the node's string. */
static int read_string(struct finder *finder, const struct candidate *candidate,
		       const struct node *node, const char *text)
{
	struct holder *holder = tree_alloc(&finder->document->tree, sizeof(*holder));
	struct candidate inner = *candidate;
	struct node string = *node, *root;

	*holder = (struct holder){candidate->holder, node->parent->key ? node->parent : node,
				  candidate->item};
	string.text = text;
	if (tree_read_inner(&finder->document->tree, &string, NULL, NULL, &root, finder->err) < 0)
		return err_prefix(finder->err, "%s", SECURITY_OPT);
	if (!node_is(root, NODE_MAP))
		return wrong(finder, SECURITY_OPT, "a profile must be a JSON object");
	inner.holder = holder;
	inner.item = root;
	find_use(finder, &inner, root, "", root);
	return 0;
}

static int read_options(struct finder *finder, const struct candidate *candidate,
			const struct node *host, const struct node *options)
{
	const struct node *option = NULL;
	char quoted[QUOTED_SIZE];

	if (options && options->kind != NODE_LIST)
		return wrong(finder, SECURITY_OPT, "must be an array");
	const char *value = find_option(options, &option);
	bool privileged = node_is(node_member(host, "Privileged"), NODE_TRUE);

	finder->document->privileged = privileged;
	if (!value || strcmp(value, "builtin") == 0) {
		if (!privileged)
			return default_unknown(finder, candidate->node, host);
		lint_no_filter(finder, "HostConfig.Privileged", "true, and no profile given");
		return 0;
	}
	if (strcmp(value, "unconfined") == 0) {
		lint_no_filter(finder, SECURITY_OPT, "seccomp=unconfined");
		return 0;
	}
	if (value[strspn(value, " \t\r\n")] != '{')
		return err_set(finder->err, EINVAL,
			       SECURITY_OPT ": the profile is the file %s, which is not in this "
					    "output: give that file",
			       text_quote(value, quoted));
	return read_string(finder, candidate, option, value);
}

/* Reads the output of `docker inspect`, its HostConfig alone, or its SecurityOpt alone. */
int kind_read_docker(struct finder *finder, const struct candidate *candidate)
{
	struct node *node = candidate->node, *host = NULL;
	int r = read_map(finder, candidate, node, "HostConfig", &host);

	if (r < 0)
		return r;
	if (node->kind == NODE_LIST)
		return read_options(finder, candidate, NULL, node);
	if (!host)
		host = node;
	const struct node *bounding = node_member(node, "BoundingCaps"); /* Podman's */

	finder->document->has_caps = true;
	finder->document->caps =
		node_is(bounding, NODE_LIST) ? read_caps(bounding) : docker_caps(host);
	return read_options(finder, candidate, host, node_member(host, "SecurityOpt"));
}

/* --- the Security Profiles Operator and kubescape */

#define OPERATOR "security-profiles-operator.x-k8s.io/"

/*
 * Uses the rules that the operator merged with those of all base profiles, and keeps in an annotation
 * as JSON (mergeBaseProfile() of its seccompprofile controller).
 */
static int use_merged(struct finder *finder, const struct node *object, struct node *spec,
		      const char *base)
{
	const struct node *annotations = kind_member(object, "metadata.annotations");
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

/* Ignores the operator's own members, and those missing in its schema: the API server drops them. */
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
	const char *state = node_string(node_member(spec, "state"));
	char quoted[QUOTED_SIZE];

	if (!api || strncmp(api, OPERATOR, strlen(OPERATOR)) != 0)
		lint_report(finder->lints, LINT_OPERATOR_VERSION, 0, "apiVersion",
			    "%s: the operator's is " OPERATOR
			    "v1beta1 or v1, so no cluster accepts this",
			    api ? text_quote(api, quoted) : "missing");
	if (node_is(node_member(spec, "disabled"), NODE_TRUE))
		lint_report(finder->lints, LINT_OPERATOR_DISABLED, 0, "spec.disabled", "%s",
			    message);
	if (state && strcmp(state, "Disabled") == 0)
		lint_report(finder->lints, LINT_OPERATOR_DISABLED, 0, "spec.state", "Disabled: %s",
			    message);
}

int kind_read_spo(struct finder *finder, const struct candidate *candidate)
{
	struct document *document = finder->document;
	struct node *spec;
	int r = read_map(finder, candidate, candidate->node, "spec", &spec);

	if (r == 0 && !spec)
		r = wrong(finder, "spec", "missing");
	if (r < 0)
		return r;
	find_use(finder, candidate, candidate->node, "spec", spec);
	document->whole = candidate->node == candidate->item && !candidate->holder;
	lint_object(finder, candidate->node, spec);
	const struct node *base = node_member(spec, "baseProfileName");

	if (base && !node_string(base))
		return wrong(finder, "spec.baseProfileName", "must be a string");
	if (base && base->text[0])
		r = use_merged(finder, candidate->node, spec, base->text);
	ignore_members(finder, spec);
	return r;
}

/* Each container has a profile (SeccompProfileSpec of kubescape's storage API); in an ApplicationProfile
 * it is one level deeper, as seccompProfile. */
int kind_read_kubescape(struct finder *finder, const struct candidate *candidate)
{
	struct node *spec, *inner = node_member(candidate->node, "seccompProfile");
	struct node *in = node_member(candidate->node, "spec") ? candidate->node : inner;
	int r = read_map(finder, candidate, in, "spec", &spec);

	if (r < 0)
		return r;
	find_use(finder, candidate, spec, "", spec);
	if (spec->first)
		return 0;
	return err_set(finder->err, EINVAL,
		       "%.*s: empty: this container of the SeccompProfile has no profile",
		       (int)strlen(finder->document->prefix) - 1, finder->document->prefix);
}

/* --- Kubernetes */

/* The first map of that name below a node, in the order of the text. */
static const struct node *find_below(const struct node *node, const char *name)
{
	const struct node *found = node->kind == NODE_MAP ? node_member(node, name) : NULL;

	for (const struct node *item = node->first; !found && item; item = item->next)
		if (item->kind == NODE_MAP || item->kind == NODE_LIST)
			found = find_below(item, name);
	return found;
}

/* Appends what a pod's seccompProfile stands for: a file, or what its type says. */
static void put_pod_profile(struct buf *buf, const struct node *profile)
{
	const char *file = node_string(node_member(profile, "localhostProfile"));
	const char *type = node_string(node_member(profile, "type"));
	char quoted[QUOTED_SIZE];

	if (file)
		buf_format(buf,
			   "the file %s below /var/lib/kubelet/seccomp on a node; give that file",
			   text_quote(file, quoted));
	else if (type && strcmp(type, "RuntimeDefault") == 0)
		buf_format(buf, "the runtime's default; give runtime-default, or "
				"containerd@VERSION");
	else if (type && strcmp(type, "Unconfined") == 0)
		buf_format(buf, "Unconfined: its containers run without a filter");
}

/* Appends each different profile below a node once, separated by "; or ". */
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

void kind_refuse_object(struct finder *finder, const struct node *node)
{
	const struct node *annotations = find_below(node, "annotations");
	BUF_AUTO profiles = {0};
	char quoted[QUOTED_SIZE];

	text_quote(node_string(node_member(node, "kind")), quoted);
	put_pod_profiles(&profiles, node);
	if (profiles.n)
		find_refuse(finder, node, true,
			    "a Kubernetes object of kind %s, whose profile is %s", quoted,
			    profiles.p);
	else if (node_member(annotations, pod_annotation))
		find_refuse(finder, node, true,
			    "a Kubernetes object of kind %s, which names one in the annotation %s: "
			    "Kubernetes ignores it since 1.27",
			    quoted, pod_annotation);
	else if (node_is(find_below(node, "containers"), NODE_LIST))
		find_refuse(finder, node, true,
			    "a Kubernetes object of kind %s without seccompProfile: its containers "
			    "run without a filter, or with runtime-default if the kubelet has "
			    "seccompDefault",
			    quoted);
	else
		find_refuse(finder, node, false,
			    "a Kubernetes object of kind %s, in which sclog finds none; give the "
			    "profile itself (below /var/lib/kubelet/seccomp on a node)",
			    quoted);
}
