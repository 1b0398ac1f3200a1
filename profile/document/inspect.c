#include "profile/document/inspect.h"

#include "base/mem.h"
#include "profile/document/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PLACE_MAX 128

/* Of a profile inside of a string. */
#define INSPECT_MAX_VALUES 200000

struct inspector {
	struct inspected *found;
	struct lints *lints;
	struct err *err;
};

json_t *inspect_member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (!value && json_is_object(object)) {
		const char *key;
		json_t *other;
		void *at = json_object_iter((json_t *)(uintptr_t)object);

		for (; at; at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
			key = json_object_iter_key(at);
			other = json_object_iter_value(at);
			if (strcasecmp(key, name) == 0)
				value = other;
		}
	}
	return json_is_null(value) ? NULL : value;
}

static int wrong(struct inspector *inspector, const char *place, const char *what)
{
	return err_set(inspector->err, EINVAL, "%s: %s", place, what);
}

/* The object of that name, NULL if there is none; `place` is its whole place. */
static int object_of(struct inspector *inspector, const json_t *in, const char *name,
		     const char *place, json_t **ret_object)
{
	*ret_object = inspect_member(in, name);
	if (*ret_object && !json_is_object(*ret_object))
		return wrong(inspector, place, "must be an object");
	return 0;
}

static void no_filter(struct inspector *inspector, const char *place, const char *why)
{
	lint_add(inspector->lints, 0, place, "%s: this container runs without a filter", why);
}

/* --- an OCI runtime spec */

/* Names that are none are the runtime's to refuse; here they add nothing. */
static caps caps_of(const json_t *names)
{
	caps all = 0;

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		caps one;

		if (name && caps_from_name(str_from(name), &one))
			all |= one;
	}
	return all;
}

static int find_in_spec(struct inspector *inspector, const json_t *spec, const char *before,
			const char *prefix)
{
	const json_t *process = inspect_member(spec, "process");
	const json_t *bounding =
		inspect_member(inspect_member(process, "capabilities"), "bounding");
	char linux_place[PLACE_MAX], place[PLACE_MAX];
	json_t *linux_part, *seccomp = NULL;
	int r;

	snprintf(linux_place, sizeof(linux_place), "%slinux", before);
	snprintf(place, sizeof(place), "%slinux.seccomp", before);
	r = object_of(inspector, spec, "linux", linux_place, &linux_part);
	if (r == 0)
		r = object_of(inspector, linux_part, "seccomp", place, &seccomp);
	if (r < 0)
		return r;
	inspector->found->has_caps = json_is_array(bounding);
	inspector->found->caps = caps_of(bounding);
	inspector->found->prefix = prefix;
	inspector->found->profile = json_incref(seccomp);
	if (!seccomp)
		no_filter(inspector, place, "absent");
	return 0;
}

static int find_in_crictl(struct inspector *inspector, const json_t *root)
{
	json_t *info, *spec = NULL;
	int r = object_of(inspector, root, "info", "info", &info);

	inspector->found->form = INSPECTED_CRICTL;
	if (r == 0)
		r = object_of(inspector, info, "runtimeSpec", "info.runtimeSpec", &spec);
	if (r == 0 && !spec)
		r = wrong(inspector, "info.runtimeSpec",
			  "missing: print the container with `crictl inspect`, without --quiet");
	return r < 0 ? r
		     : find_in_spec(inspector, spec, "info.runtimeSpec.",
				    "info.runtimeSpec.linux.seccomp.");
}

/* --- docker inspect */

#define SECURITY_OPT "HostConfig.SecurityOpt"

/* "seccomp=VALUE", with a colon in the older form; NULL for an option of another kind. */
static const char *seccomp_value(const json_t *option)
{
	const char *text = json_string_value(option);
	const char name[] = "seccomp";

	if (!text || strncmp(text, name, strlen(name)) != 0)
		return NULL;
	text += strlen(name);
	return *text == '=' || *text == ':' ? text + 1 : NULL;
}

/* moby's TweakCapabilities(): ALL added is all but the dropped; otherwise adding comes last. */
static caps docker_caps(const json_t *host)
{
	caps every, add = caps_of(inspect_member(host, "CapAdd"));
	caps drop = caps_of(inspect_member(host, "CapDrop"));

	caps_from_name(STR("ALL"), &every);
	if ((add & every) == every)
		return every & ~drop;
	return (caps_docker_default & ~drop) | add;
}

static int parse_option(struct inspector *inspector, const char *text)
{
	MEM_AUTO char *copy = mem_copy(str_from(text));
	char quoted[QUOTED_SIZE];

	if (text[strspn(text, " \t\r\n")] != '{')
		return err_set(inspector->err, EINVAL,
			       SECURITY_OPT ": the profile is the file %s, which is not in this "
					    "output: give that file",
			       text_quote(text, quoted));
	if (json_read_text(copy, strlen(copy), INSPECT_MAX_VALUES, &inspector->found->profile,
			   inspector->err) < 0)
		return err_prefix(inspector->err, SECURITY_OPT);
	inspector->found->prefix = SECURITY_OPT ": ";
	return 0;
}

/* Podman's output is of the same shape, and names the bundle. */
static int default_unknown(struct inspector *inspector, const json_t *root)
{
	const char *bundle = json_string_value(inspect_member(root, "OCIConfigPath"));
	char safe[320];

	if (bundle)
		return err_set(inspector->err, EINVAL,
			       SECURITY_OPT ": no profile was given to this container, so Podman's "
					    "default is in force (podman-default); as it was "
					    "resolved, it is in %s",
			       text_safe(bundle, safe, sizeof(safe)));
	return wrong(inspector, SECURITY_OPT,
		     "no profile was given to this container, so the daemon's default is in force, "
		     "which `docker inspect` does not print: while the container runs, its bundle "
		     "has it (container:NAME)");
}

static int find_in_docker(struct inspector *inspector, const json_t *root)
{
	json_t *host, *options;
	const char *value = NULL;
	int r = object_of(inspector, root, "HostConfig", "HostConfig", &host);

	if (r < 0)
		return r;
	inspector->found->form = INSPECTED_DOCKER;
	inspector->found->has_caps = true;
	const json_t *bounding = inspect_member(root, "BoundingCaps"); /* Podman's */

	inspector->found->caps = json_is_array(bounding) ? caps_of(bounding) : docker_caps(host);
	options = inspect_member(host, "SecurityOpt");
	if (options && !json_is_array(options))
		return wrong(inspector, SECURITY_OPT, "must be an array");
	for (size_t i = 0; i < json_array_size(options); i++) {
		const char *one = seccomp_value(json_array_get(options, i));

		value = one ? one : value;
	}
	if (json_is_true(inspect_member(host, "Privileged"))) {
		no_filter(inspector, "HostConfig.Privileged", "true");
		return 0;
	}
	if (!value || strcmp(value, "builtin") == 0)
		return default_unknown(inspector, root);
	if (strcmp(value, "unconfined") == 0) {
		no_filter(inspector, SECURITY_OPT, "seccomp=unconfined");
		return 0;
	}
	return parse_option(inspector, value);
}

/* --- a SeccompProfile */

#define SPO_GROUP "security-profiles-operator.x-k8s.io/"

/*
 * The operator keeps the syscalls with those of all base profiles here, as JSON
 * (mergeBaseProfile() of its seccompprofile controller).
 */
static int take_merged(struct inspector *inspector, const json_t *root, json_t *spec,
		       const char *base)
{
	const json_t *annotations = inspect_member(inspect_member(root, "metadata"), "annotations");
	const char *text = json_string_value(json_object_get(annotations, "syscalls"));
	char quoted[QUOTED_SIZE];
	MEM_AUTO char *copy = text ? mem_copy(str_from(text)) : NULL;
	struct err ignored = ERR_INIT;
	json_t *merged = NULL;

	if (copy)
		json_read_text(copy, strlen(copy), INSPECT_MAX_VALUES, &merged, &ignored);
	if (!json_is_array(merged)) {
		json_decref(merged);
		return err_set(
			inspector->err, EINVAL,
			"spec.baseProfileName: the operator merges %s into this profile, and "
			"only the cluster has it: give the merged profile, from below "
			"/var/lib/kubelet/seccomp/operator on a node",
			text_quote(base, quoted));
	}
	lint_note(inspector->lints, 0, "spec.baseProfileName",
		  "merged by the operator already: the rules are those of "
		  "metadata.annotations.syscalls, and are counted there");
	json_object_set_new(spec, "syscalls", merged);
	return 0;
}

/* What is the operator's own, and what its schema has not, so that the API server drops it. */
static void leave_out(struct inspector *inspector, json_t *spec)
{
	static const char *const dropped[] = {"defaultErrnoRet", "defaultErrno", "archMap"};
	char place[PLACE_MAX];

	json_object_del(spec, "baseProfileName");
	json_object_del(spec, "disabled");
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		snprintf(place, sizeof(place), "spec.%s", dropped[i]);
		if (inspect_member(spec, dropped[i]))
			lint_add(inspector->lints, 0, place,
				 "a SeccompProfile has no such member: the API server drops it");
		json_object_del(spec, dropped[i]);
	}
}

static int find_in_spo(struct inspector *inspector, const json_t *root)
{
	const char *api = json_string_value(inspect_member(root, "apiVersion"));
	char quoted[QUOTED_SIZE];
	json_t *spec;
	int r = object_of(inspector, root, "spec", "spec", &spec);

	inspector->found->form = INSPECTED_SPO;
	inspector->found->prefix = "spec.";
	if (r == 0 && !spec)
		r = wrong(inspector, "spec", "missing");
	if (r < 0)
		return r;
	if (!api || strncmp(api, SPO_GROUP, strlen(SPO_GROUP)) != 0)
		lint_add(inspector->lints, 0, "apiVersion",
			 "%s: the operator's is " SPO_GROUP
			 "v1beta1 or v1, so no cluster takes this",
			 api ? text_quote(api, quoted) : "missing");
	if (json_is_true(inspect_member(spec, "disabled")))
		lint_add(inspector->lints, 0, "spec.disabled",
			 "the operator puts no disabled profile on any node");
	json_t *base = inspect_member(spec, "baseProfileName");

	inspector->found->profile = json_copy(spec);
	if (base && !json_is_string(base))
		return wrong(inspector, "spec.baseProfileName", "must be a string");
	if (base && json_string_length(base) > 0)
		r = take_merged(inspector, root, inspector->found->profile,
				json_string_value(base));
	leave_out(inspector, inspector->found->profile);
	return r;
}

/* --- which of them it is */

static bool text_is(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(inspect_member(object, name));

	return value && strcmp(value, text) == 0;
}

static bool is_spo(const json_t *root)
{
	const char *api = json_string_value(inspect_member(root, "apiVersion"));

	return text_is(root, "kind", "SeccompProfile") ||
	       (api && strncmp(api, SPO_GROUP, strlen(SPO_GROUP)) == 0);
}

static bool is_bare(const json_t *root)
{
	return inspect_member(root, "syscalls") || inspect_member(root, "defaultAction");
}

/* Without rules it turns seccomp off, which another tool's file must not be taken for. */
static bool may_be_bare(const json_t *root)
{
	static const char *const members[] = {"architectures",   "archMap", "defaultErrnoRet",
					      "defaultErrno",    "flags",   "listenerPath",
					      "listenerMetadata"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (json_object_get(root, members[i]))
			return true;
	}
	return json_object_size(root) == 0;
}

static int find_in_object(struct inspector *inspector, json_t *root)
{
	if (is_bare(root)) {
		inspector->found->profile = json_incref(root);
		return 0;
	}
	if (inspect_member(root, "HostConfig"))
		return find_in_docker(inspector, root);
	if (inspect_member(inspect_member(root, "info"), "runtimeSpec") ||
	    (inspect_member(root, "info") && inspect_member(root, "status")))
		return find_in_crictl(inspector, root);
	if (inspect_member(root, "linux") || inspect_member(root, "ociVersion")) {
		inspector->found->form = INSPECTED_BUNDLE;
		return find_in_spec(inspector, root, "", "linux.seccomp.");
	}
	if (is_spo(root))
		return find_in_spo(inspector, root);
	if (!may_be_bare(root))
		return err_set(inspector->err, EINVAL,
			       "1:1: no seccomp profile: neither a member of one nor anything that "
			       "holds one");
	inspector->found->profile = json_incref(root);
	return 0;
}

/* What is printed of several things is a list of them, and one of them is meant. */
static int find_in_list(struct inspector *inspector, json_t *list, const char *place)
{
	size_t count = json_array_size(list);
	json_t *only = json_array_get(list, 0);

	if (!list || !json_is_array(list))
		return wrong(inspector, place, "must be an array");
	if (count > 1 && json_is_object(only))
		return err_set(inspector->err, EINVAL,
			       "%s: %zu containers or profiles: give one of them", place, count);
	if (count != 1 || !json_is_object(only))
		return err_set(inspector->err, EINVAL, "1:1: a profile is a JSON object");
	return find_in_object(inspector, only);
}

int inspect_find(json_t *root, struct inspected *ret_inspected, struct lints *lints,
		 struct err *err)
{
	struct inspector inspector = {.found = ret_inspected, .lints = lints, .err = err};

	*ret_inspected = (struct inspected){.prefix = ""};
	if (json_is_array(root))
		return find_in_list(&inspector, root, "1:1");
	if (!json_is_object(root))
		return err_set(err, EINVAL, "1:1: a profile is a JSON object");
	if (text_is(root, "kind", "List") || text_is(root, "kind", "SeccompProfileList"))
		return find_in_list(&inspector, inspect_member(root, "items"), "items");
	return find_in_object(&inspector, root);
}

void inspected_release(struct inspected *inspected)
{
	json_decref(inspected->profile);
	*inspected = (struct inspected){0};
}
