#include "profile/document/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	r = reader_map(finder, spec, "linux", linux_place, &linux_part);
	if (r == 0)
		r = reader_map(finder, linux_part, "seccomp", place, &seccomp);
	if (r == 0 && !linux_part && node_member(spec, "windows"))
		r = reader_wrong(finder, "windows", "a container of Windows, which has no seccomp");
	if (r < 0)
		return r;
	document->has_caps = node_is(bounding, NODE_LIST);
	document->caps = reader_caps(bounding);
	document->prefix = prefix;
	document->profile = seccomp;
	document->resolved = true;
	if (!seccomp)
		reader_no_filter(finder, place, "absent");
	return 0;
}

/* A schema and other tools' files have a member `linux`, too. */
static bool is_bundle(const struct node *node)
{
	const struct node *linux_part = node_member(node, "linux");

	return node_string(node_member(node, "ociVersion")) ||
	       (linux_part && (node_count(linux_part) == 0 || node_member(linux_part, "seccomp") ||
			       node_is(node_member(node, "process"), NODE_MAP)));
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
	int r = reader_map(finder, candidate->node, "info", "info", &info);

	if (r == 0)
		r = reader_map(finder, info, "runtimeSpec", "info.runtimeSpec", &spec);
	if (r == 0 && !spec)
		r = reader_wrong(
			finder, "info.runtimeSpec",
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
	int r = reader_map(finder, candidate->node, "Spec", "Spec", &spec);

	if (r == 0 && !spec)
		r = reader_wrong(finder, "Spec",
				 "missing: print the container with `ctr containers info`");
	return r < 0 ? r : read_spec(finder, spec, "Spec.linux.seccomp.");
}

/* --- what only looks like a configuration */

/* What `runc features` prints: its seccomp member lists abilities (features-linux.md). */
static bool is_features(const struct node *node)
{
	return node_member(node, "ociVersionMin") || node_member(node, "ociVersionMax");
}

static void refuse_features(struct finder *finder, const struct node *node)
{
	reader_refuse(finder, node,
		      "what a runtime supports (`runc features`); give a profile, or "
		      "a container's config.json");
}

/* What `runc state` prints (runtime.md). */
static bool is_state(const struct node *node)
{
	return node_string(node_member(node, "bundle")) &&
	       node_string(node_member(node, "status")) && !node_member(node, "linux");
}

static void refuse_state(struct finder *finder, const struct node *node)
{
	char quoted[QUOTED_SIZE];

	reader_refuse(finder, node,
		      "the state of a container; its profile is in config.json, in "
		      "its bundle %s: give that file",
		      text_quote(node_string(node_member(node, "bundle")), quoted));
}

/* What `crictl create` and `crictl runp` take (LinuxContainerConfig of the CRI's api.proto). */
static bool is_cri(const struct node *node)
{
	return node_is(node_member(node, "metadata"), NODE_MAP) &&
	       node_is(node_member(node, "linux"), NODE_MAP) && !node_member(node, "ociVersion");
}

static void refuse_cri(struct finder *finder, const struct node *node)
{
	const struct node *context = node_member(node_member(node, "linux"), "security_context");
	const char *file =
		node_string(node_member(node_member(context, "seccomp"), "localhost_ref"));
	char quoted[QUOTED_SIZE];

	if (file && *file)
		reader_refuse(finder, node,
			      "a configuration for crictl, whose profile is the file "
			      "%s: give that file",
			      text_quote(file, quoted));
	else
		reader_refuse(finder, node,
			      "a configuration for crictl, which names no file; give "
			      "the output of `crictl inspect`, or containerd@VERSION");
}

const struct reader reader_bundle = {
	.recognise = is_bundle, .read = read_bundle, .shape = SHAPE_OCI};
const struct reader reader_crictl = {
	.recognise = is_crictl, .read = read_crictl, .name = name_crictl, .shape = SHAPE_OCI};
const struct reader reader_ctr = {
	.recognise = is_ctr, .read = read_ctr, .name = name_ctr, .shape = SHAPE_OCI};
const struct reader reader_features = {.recognise = is_features, .refuse = refuse_features};
const struct reader reader_state = {.recognise = is_state, .refuse = refuse_state};
const struct reader reader_cri = {.recognise = is_cri, .refuse = refuse_cri};
