#include "profile/document/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	caps every, add = reader_caps(node_member(host, "CapAdd"));
	bool privileged = node_is(node_member(host, "Privileged"), NODE_TRUE);
	caps drop = reader_caps(node_member(host, "CapDrop"));

	caps_from_name(STR("ALL"), &every);
	if (privileged)
		return every;
	if ((add & every) == every)
		return every & ~drop;
	return (caps_docker_default & ~drop) | add;
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
		return reader_wrong(finder, SECURITY_OPT, "must be an array");
	const char *value = find_option(options, &option);

	finder->document->privileged = node_is(node_member(host, "Privileged"), NODE_TRUE);
	if (finder->document->privileged && (!value || strcmp(value, "builtin") == 0)) {
		reader_no_filter(finder, "HostConfig.Privileged", "true, and no profile given");
		return 0;
	}
	if (!value || strcmp(value, "builtin") == 0)
		return default_unknown(finder, object, host);
	if (strcmp(value, "unconfined") == 0) {
		reader_no_filter(finder, SECURITY_OPT, "seccomp=unconfined");
		return 0;
	}
	if (value[strspn(value, " \t\r\n")] != '{')
		return err_set(finder->err, EINVAL,
			       SECURITY_OPT ": the profile is the file %s, which is not in this "
					    "output: give that file",
			       text_quote(value, quoted));
	return reader_string(finder, option, value, SECURITY_OPT);
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
	int r = reader_map(finder, candidate->node, "HostConfig", "HostConfig", &host);

	if (r < 0)
		return r;
	finder->document->has_caps = true;
	const struct node *bounding = node_member(candidate->node, "BoundingCaps"); /* Podman's */

	finder->document->caps =
		node_is(bounding, NODE_LIST) ? reader_caps(bounding) : docker_caps(host);
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

static bool is_daemon(const struct node *node)
{
	return node_string(node_member(node, "seccomp-profile")) != NULL;
}

static void refuse_daemon(struct finder *finder, const struct node *node)
{
	const char *profile = node_string(node_member(node, "seccomp-profile"));
	char quoted[QUOTED_SIZE];

	if (strcmp(profile, "unconfined") == 0)
		reader_refuse(
			finder, node,
			"Docker's daemon.json with the profile unconfined: its containers run "
			"without a filter");
	else if (strcmp(profile, "builtin") == 0)
		reader_refuse(finder, node,
			      "Docker's daemon.json with Docker's own profile; give docker, or "
			      "docker@VERSION");
	else
		reader_refuse(finder, node,
			      "Docker's daemon.json, whose profile is the file %s; give that file",
			      text_quote(profile, quoted));
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
	reader_refuse(
		finder, node, "a Compose file, %s%s",
		all.n ? "which names those of its services; give one of them"
		      : "whose services have Docker's default; give docker, or docker@VERSION",
		all.n ? all.p : "");
}

const struct reader reader_docker = {
	.recognise = is_docker, .read = read_docker, .name = name_docker, .shape = SHAPE_DOCKER};
const struct reader reader_host_config = {
	.recognise = is_host_config, .read = read_host_config, .shape = SHAPE_DOCKER};
const struct reader reader_options = {
	.recognise = is_options, .read = read_option_list, .shape = SHAPE_DOCKER};
const struct reader reader_daemon = {.recognise = is_daemon, .refuse = refuse_daemon};
const struct reader reader_compose = {.recognise = is_compose, .refuse = refuse_compose};
