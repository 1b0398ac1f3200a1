#include "profile/document/kinds.h"

#include "profile/document/packed.h"
#include "profile/document/sections.h"

#include <string.h>

#define NOT_READ       ", which sclog does not read; give a process that runs under it (pid:N)"
#define GIVE_FILE      "whose profile is the file %s; give that file"
#define GIVE_DOCKER    "give docker, or docker@VERSION"
#define GIVE_OPTION    "which names profiles; give one of them: %s"
#define DOCKER_DEFAULT "whose containers have Docker's default; " GIVE_DOCKER

#define OPERATOR "security-profiles-operator.x-k8s.io/"
#define POLICIES                                                                \
	"apiVersion^kyverno.io/|policies.kyverno.io/|templates.gatekeeper.sh/|" \
	"constraints.gatekeeper.sh/|mutations.gatekeeper.sh/"

static bool has_thread_filters(const struct node *node)
{
	for (const struct node *thread = node->first; thread; thread = thread->next)
		if (node_member(thread, "default_action") && node_member(thread, "filter"))
			return true;
	return node_member(node, "default_action") && node_member(node, "filter_action");
}

static bool has_prefix(const struct node *map, const char *name, const char *prefix)
{
	const struct node *list = node_member(map, name);
	const char *first = node_string(list ? list->first : NULL);

	return first && strncmp(first, prefix, strlen(prefix)) == 0;
}

/* Has members of a profile; or no member at all, which turns seccomp off. `architectures` alone is not
 * enough, since other objects have it. */
static bool is_profile(const struct node *node)
{
	static const char *const members[] = {"syscalls",     "defaultAction", "archMap",
					      "defaultErrno", "listenerPath",  "defaultErrnoRet"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (node_member(node, members[i]) ||
		    (i < 2 && node_at_place(node, str_from(members[i]))))
			return true;
	return (node->kind == NODE_MAP && node->count == 0 && !node->parent) ||
	       has_prefix(node, "architectures", "SCMP_") || has_prefix(node, "flags", "SECCOMP_");
}

/* The OCI runtime spec's. `linux` alone is not enough: schemas and files of other tools have it. */
static bool is_spec(const struct node *node)
{
	const struct node *part = node_member(node, "linux");

	return node_string(node_member(node, "ociVersion")) ||
	       (part && (node_count(part) == 0 || node_member(part, "seccomp") ||
			 node_is(node_member(node, "process"), NODE_MAP)));
}

static bool is_named_object(const struct node *node)
{
	return node_string(node_member(node, "kind")) &&
	       node_string(node_member(node, "apiVersion"));
}

/* `spec.names` of a CustomResourceDefinition has the kind alone. */
static bool is_object(const struct node *node)
{
	return node_member(node, "apiVersion") || node_member(node, "metadata") ||
	       node_member(node, "spec");
}

static bool is_kubescape_container(const struct node *node)
{
	const struct node *list = node->parent, *spec = list ? list->parent : NULL;
	const struct node *object = spec ? spec->parent : NULL;

	if (!object || !list->key ||
	    !str_is_one_of(str_from(list->key), "containers|initContainers|ephemeralContainers",
			   false))
		return false;
	return node_string(node_member(object, "apiVersion")) &&
	       (node_member(node, "spec")
			? strcmp(spec->key, "spec") == 0
			: node_count(kind_member(node, "seccompProfile.spec")) > 0);
}

/* clang-format off */
static const struct kind kinds[] = {
	/* objects that hold a profile, or are mistaken for one of those */
	{"", .fits = kind_has_option, .read = kind_read_docker, .shape = SHAPE_DOCKER},
	{"HostConfig", .read = kind_read_docker, .shape = SHAPE_DOCKER},
	{"SecurityOpt[ !syscalls", .read = kind_read_docker, .shape = SHAPE_DOCKER},
	{"", .fits = is_kubescape_container, .read = kind_read_kubescape, .anywhere = true},
	{"kind=SeccompProfile !spec.containers !spec.initContainers !spec.contents",
	 .fits = is_object, .read = kind_read_spo, .anywhere = true, .shape = SHAPE_SPO},
	{"ociVersionMin", .what = "what a runtime supports (`runc features`); give a profile, or a "
	 "container's config.json"},
	{"bundle status !linux", .what = "the state of a container;", .place = "bundle",
	 .named = "its profile is in config.json, in its bundle %s: give that file"},
	{"info status", .what = "info.runtimeSpec: missing: print the container with `crictl inspect`, without "
	 "--quiet"},
	{"ID Runtime SnapshotKey", .what = "Spec: missing: print the container with `ctr containers info`"},
	{"metadata{ linux{ !ociVersion", .what = "a configuration for crictl,",
	 .place = "linux.security_context.seccomp.localhost_ref", .named = GIVE_FILE,
	 .otherwise = "which names no file; give the output of `crictl inspect`, or containerd@VERSION"},
	{"", .fits = is_spec, .read = kind_read_spec, .anywhere = true},
	{"defaultAction^SCMP_ACT_", .read = kind_read_profile, .anywhere = true},

	/* tools that start containers */
	{"windows !linux", .what = "a container of Windows, which has no seccomp"},
	{"Spec.TaskTemplate.ContainerSpec.Privileges.Seccomp.Mode=unconfined", .shape = SHAPE_DOCKER,
	 .what = "the output of `docker service inspect`, with Unconfined: its containers run without a filter"},
	{"Spec.TaskTemplate.ContainerSpec", .shape = SHAPE_DOCKER,
	 .what = "the output of `docker service inspect`, " DOCKER_DEFAULT},
	{"services{", .shape = SHAPE_DOCKER, .what = "a Compose file,", .place = SECCOMP_OPTIONS,
	 .named = "which names those of its services; give one of them: %s",
	 .otherwise = "whose services have Docker's default; " GIVE_DOCKER},
	{"containerDefinitions[", .shape = SHAPE_DOCKER, .what = "a task definition of Amazon ECS, which cannot "
	 "name a profile: its containers have the default of Docker on EC2, of containerd on Fargate; "
	 "give docker@VERSION or containerd@VERSION"},
	{"taskDefinition.containerDefinitions[", .shape = SHAPE_DOCKER, .what = "a task definition of Amazon "
	 "ECS, which cannot name a profile: its containers have the default of Docker on EC2, of containerd on "
	 "Fargate; give docker@VERSION or containerd@VERSION"},
	{"Job.TaskGroups[", .shape = SHAPE_DOCKER, .what = "a Nomad job,", .place = SECCOMP_OPTIONS,
	 .named = GIVE_OPTION, .otherwise = DOCKER_DEFAULT},
	{"TaskGroups[", .shape = SHAPE_DOCKER, .what = "a Nomad job,", .place = SECCOMP_OPTIONS,
	 .named = GIVE_OPTION, .otherwise = DOCKER_DEFAULT},
	{"seccomp-profile=unconfined", .what = "Docker's daemon.json with the profile unconfined: its containers "
	 "run without a filter"},
	{"seccomp-profile=builtin", .what = "Docker's daemon.json with Docker's own profile; " GIVE_DOCKER},
	{"seccomp-profile", .what = "Docker's daemon.json,", .place = "seccomp-profile", .named = GIVE_FILE},
	{"SecurityOptions[", .what = "the output of `docker info`; Docker's own default is docker@VERSION"},
	{"host.security", .what = "the output of `podman info`,", .place = "host.security.seccompProfilePath",
	 .named = GIVE_FILE, .otherwise = "which names no profile; give podman-default"},
	{"hook when", .what = "the configuration of an OCI hook, which is no profile; "
	 "oci-seccomp-bpf-hook writes one to the file that the annotation io.containers.trace-syscall names"},

	/* other sandboxes */
	{"", .fits = has_thread_filters, .what = "a filter of Firecracker's own format" NOT_READ},
	{"seccompString", .what = "a configuration of nsjail, with a policy of Kafel" NOT_READ},
	{"seccomp_string", .what = "a configuration of nsjail, with a policy of Kafel" NOT_READ},
	{"config{ profiles[", .what = "an instance of Incus or LXD, whose filter is a policy of LXC" NOT_READ},
	{"config{ devices{", .what = "a profile or an instance of Incus or LXD, whose filter is a policy of "
	 "LXC" NOT_READ},
	{"finish-args[", .what = "a manifest of Flatpak, whose filter is built into it" NOT_READ},

	/* objects of a cluster */
	{"schemaVersion layers[", .what = "the manifest of an OCI artifact, whose files are its layers,",
	 .place = "layers.digest", .named = "the first %s; give the file of that layer"},
	{"schemaVersion manifests[", .what = "the manifest of an OCI artifact, whose files are the layers of "
	 "others; give the file of a layer"},
	{"kind=ConfigMap", .what = "a ConfigMap without a profile in its data"},
	{"kind=Secret", .what = "a Secret without a profile in its data"},
	{"kind=SeccompProfile|ApplicationProfile|ContainerProfile apiVersion^spdx.",
	 .what = "kubescape's object, without a profile for any container"},
	{"kind=CustomResourceDefinition", .what = "a CustomResourceDefinition, which describes objects; give an "
	 "object of its kind"},
	{"kind=ProfileBinding apiVersion^" OPERATOR, .what = "a ProfileBinding,", .place = "spec.profileRef.name",
	 .named = "which gives pods the SeccompProfile %s; give that object"},
	{"kind=KubeletConfiguration", .what = "the kubelet's configuration: with seccompDefault pods that name no "
	 "profile get the runtime's; give runtime-default, or containerd@VERSION"},
	{POLICIES, .what = "a policy, which checks or sets the profiles that pods name, and holds none; give the "
	 "profile itself"},
	{"", .fits = is_named_object, .refuse = kind_refuse_object},

	{"", .fits = is_profile, .read = kind_read_profile},
};
/* clang-format on */

/* --- conditions */

/* The longest of the table. */
#define CONDITION_MAX 256

struct node *kind_member(const struct node *map, const char *place)
{
	struct node *node = NULL;
	char name[64];

	for (size_t n; map && *place; place += n + (place[n] == '.')) {
		n = strcspn(place, ".");
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, place, n);
		name[n] = '\0';
		node = node_member(map, name);
		map = node_is(node, NODE_LIST) ? node->first : node;
	}
	return node;
}

static bool holds(const struct node *node, struct str condition)
{
	char place[CONDITION_MAX];
	bool absent = condition.p[0] == '!';
	size_t n = absent;

	while (n < condition.n && !memchr("=^{[", condition.p[n], 4))
		n++;
	memcpy(place, condition.p + absent, n - absent);
	place[n - absent] = '\0';
	const struct node *member = kind_member(node, place);

	if (n == condition.n)
		return absent ? !member : member != NULL;
	if (condition.p[n] == '{' || condition.p[n] == '[')
		return node_is(member, condition.p[n] == '{' ? NODE_MAP : NODE_LIST);
	memcpy(place, condition.p + n + 1, condition.n - n - 1);
	place[condition.n - n - 1] = '\0';
	return node_string(member) &&
	       str_is_one_of(str_from(member->text), place, condition.p[n] == '^');
}

static bool fits(const struct kind *kind, const struct node *node)
{
	struct str conditions = str_from(kind->when), one;

	while (str_next(&conditions, ' ', &one))
		if (!holds(node, one))
			return false;
	return !kind->fits || kind->fits(node);
}

const struct kind *kind_of(const struct node *node, bool is_item)
{
	static const size_t count = sizeof(kinds) / sizeof(kinds[0]);

	if (node->kind != NODE_MAP && node->kind != NODE_LIST)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if ((is_item || kinds[i].anywhere) && fits(&kinds[i], node))
			return &kinds[i];
	return NULL;
}

/* --- refusals */

/* Appends "'./web.json' of web" for each option "seccomp=" below the node: with the nearest name. */
static void put_options(const struct node *node, const char *owner, struct buf *all)
{
	char quoted[QUOTED_SIZE], safe[QUOTED_SIZE];
	const char *option = node_string(node);
	const char *name = node_string(node_member(node, "name"));

	if (option && strncmp(option, "--security-opt=", 15) == 0)
		option += 15;
	option = option ? packed_option(option) : NULL;
	if (option)
		buf_format(all, "%s%s%s%s", all->n ? ", " : "", text_quote(option, quoted),
			   owner ? " of " : "", owner ? text_safe(owner, safe, sizeof(safe)) : "");
	for (const struct node *item = node->first; item && all->n < PLACE_SIZE; item = item->next)
		put_options(item,
			    name                                  ? name
			    : item->kind == NODE_MAP && item->key ? item->key
								  : owner,
			    all);
}

void kind_refuse(const struct kind *kind, struct finder *finder, const struct node *node)
{
	BUF_AUTO value = {0}, what = {0}, sentence = {0};
	char quoted[QUOTED_SIZE];

	if (kind->refuse) {
		kind->refuse(finder, node);
		return;
	}
	if (kind->place && strcmp(kind->place, SECCOMP_OPTIONS) == 0) {
		put_options(node, NULL, &value);
	} else if (kind->place) {
		const char *text = node_string(kind_member(node, kind->place));

		if (text && *text)
			buf_put_str(&value, str_from(text_quote(text, quoted)));
	}
	if (kind->named || kind->otherwise)
		buf_format(&what, "%s ", kind->what);
	sections_put_sentence(what.n ? what.p : kind->what, value.n ? kind->named : kind->otherwise,
			      value.p, &sentence);
	find_refuse(finder, node, kind->place != NULL, "%s", sentence.p);
}
