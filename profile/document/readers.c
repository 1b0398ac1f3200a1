#include "profile/document/readers.h"

#include "base/mem.h"
#include "profile/document/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that an error lists. */
#define NAMES_MAX 20

/* --- what readers share */

int reader_wrong(struct finder *finder, const char *place, const char *what)
{
	return err_set(finder->err, EINVAL, "%s: %s", place, what);
}

bool node_text_is(const struct node *map, const char *name, const char *text)
{
	const char *value = node_string(node_member(map, name));

	return value && strcmp(value, text) == 0;
}

int reader_map(struct finder *finder, const struct node *in, const char *name, const char *place,
	       struct node **ret_map)
{
	*ret_map = node_member(in, name);
	if (*ret_map && !node_is(*ret_map, NODE_MAP))
		return reader_wrong(finder, place, "must be an object");
	return 0;
}

/* "LINE:COLUMN: no seccomp profile: WHAT" of a node. */
static void put_refusal(const struct finder *finder, const struct node *node, struct err *err,
			const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void put_refusal(const struct finder *finder, const struct node *node, struct err *err,
			const char *format, va_list args)
{
	char what[sizeof(err->message)];
	unsigned line, column;

	tree_position(&finder->document->tree, node, &line, &column);
	vsnprintf(what, sizeof(what), format, args);
	err_set(err, EINVAL, "%u:%u: no seccomp profile: %s", line, column, what);
}

void reader_refuse(struct finder *finder, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_refusal(finder, node, &finder->refused, format, args);
	va_end(args);
}

void reader_pass(struct finder *finder, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_refusal(finder, node, &finder->nothing, format, args);
	va_end(args);
}

void reader_no_filter(struct finder *finder, const char *place, const char *why)
{
	lint_report(finder->lints, LINT_NO_FILTER, 0, place,
		    "%s: this container runs without a filter", why);
}

int reader_string(struct finder *finder, const struct node *holder, const char *text,
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
		return reader_wrong(finder, place, "a profile must be a JSON object");
	buf_format(&prefix, "%s: ", place);
	document->prefix_owned = mem_copy(buf_str(&prefix));
	document->prefix = document->prefix_owned;
	return 0;
}

caps reader_caps(const struct node *names)
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
	reader_refuse(
		finder, node,
		"a filter of Firecracker's own format, which sclog does not read; give a process "
		"that runs under it (pid:N)");
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

	reader_refuse(finder, node,
		      "the manifest of an OCI artifact, whose files are its "
		      "layers%s%s; give the file of that layer",
		      digest ? ", the first " : "", digest ? text_quote(digest, quoted) : "");
}

/* --- a bare profile */

bool reader_is_bare(const struct node *node)
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

const struct reader reader_bare = {
	.recognise = reader_is_bare, .read = read_bare, .shape = SHAPE_OCI};
static const struct reader reader_firecracker = {.recognise = is_firecracker,
						 .refuse = refuse_firecracker};
static const struct reader reader_manifest = {.recognise = is_manifest, .refuse = refuse_manifest};

/* --- which of them it is */

/* The first that recognises a text reads it. */
static const struct reader *const readers[] = {
	&reader_options,     &reader_list,   &reader_kubescape, &reader_spo,
	&reader_config_map,  &reader_files,  &reader_object,    &reader_docker,
	&reader_host_config, &reader_crictl, &reader_ctr,       &reader_features,
	&reader_state,       &reader_cri,    &reader_bundle,    &reader_bare,
	&reader_firecracker, &reader_daemon, &reader_compose,   &reader_manifest,
};

static const struct reader *reader_of(const struct node *node)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i]->recognise(node))
			return readers[i];
	return NULL;
}

struct candidate *finder_add(struct finder *finder, const struct reader *reader, struct node *node,
			     const char *name)
{
	struct candidate *candidate;

	finder->all = mem_resize(finder->all, (finder->count + 1) * sizeof(*finder->all));
	candidate = &finder->all[finder->count++];
	*candidate = (struct candidate){.reader = reader, .node = node, .name = name};
	if (!name && reader->name)
		reader->name(candidate);
	return candidate;
}

void finder_set_space(struct finder *finder, size_t first, const struct node *object)
{
	for (; first < finder->count; first++)
		finder->all[first].space =
			node_string(node_member(node_member(object, "metadata"), "name"));
}

void finder_search(struct finder *finder, struct node *node)
{
	const struct reader *reader = reader_of(node);

	if (!reader)
		return;
	if (reader->list)
		reader->list(finder, node);
	else if (reader->refuse)
		reader->refuse(finder, node);
	else
		finder_add(finder, reader, node, NULL);
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

/*
 * Something below the node that looks like a profile, though no reader knows what holds it: an object
 * with a default action, or a text that has one. NULL: nothing does.
 */
static const struct node *find_inside(const struct node *node)
{
	const char *text =
		node_string(node->kind == NODE_MAP ? node_member(node, "defaultAction") : node);
	const struct node *found = NULL;

	if (node->kind == NODE_MAP && text && strncmp(text, "SCMP_ACT_", 9) == 0)
		return node;
	if (node->kind == NODE_STRING && strstr(text, "defaultAction") && strstr(text, "SCMP_ACT_"))
		return node;
	for (const struct node *item = node->first; item && !found; item = item->next)
		found = find_inside(item);
	return found;
}

/* Why no profile was found: the answer that says most. */
static int refuse_text(struct finder *finder)
{
	const struct tree *tree = &finder->document->tree;
	const struct node *inside = NULL;
	unsigned line, column;

	for (size_t i = 0; i < tree->document_count && !inside; i++)
		inside = find_inside(tree->documents[i]);
	if (finder->refused.code)
		return err_set(finder->err, EINVAL, "%s", finder->refused.message);
	if (inside) {
		tree_position(tree, inside, &line, &column);
		return err_set(finder->err, EINVAL,
			       "%u:%u: not a seccomp profile itself, but this part looks like one: "
			       "save it as a file, and give that file",
			       line, column);
	}
	if (finder->nothing.code)
		return err_set(finder->err, EINVAL, "%s", finder->nothing.message);
	return err_set(finder->err, EINVAL,
		       "1:1: not a seccomp profile: the text has no member of a profile "
		       "and contains none");
}

/* A profile without a name, alone in its text, is the one that is meant. */
static int choose(struct finder *finder, const char *select, size_t *ret_at)
{
	BUF_AUTO names = {0};

	*ret_at = 0;
	if (finder->count == 0)
		return refuse_text(finder);
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
			r = err_set(err, EINVAL, "1:1: %s",
				    tree->is_json
					    ? "a profile must be a JSON object"
					    : "not a seccomp profile: neither JSON, nor YAML, nor "
					      "a systemd unit");
		else
			finder_search(&finder, root);
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
