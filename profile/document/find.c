#include "profile/document/find.h"

#include "base/mem.h"
#include "profile/document/kinds.h"
#include "profile/document/packed.h"
#include "profile/document/tree_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most names in one error. */
#define NAMES_MAX 20

/* kubectl keeps the input of `kubectl apply` here: the same object once more. */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* Most levels of texts within texts. */
#define HOLDERS_MAX 4

/* Most strings that are parsed as texts: more would take seconds. */
#define TEXTS_MAX 2000

/* --- results */

void find_refuse(struct finder *finder, const struct node *node, bool names, const char *format,
		 ...)
{
	struct err *err = names ? &finder->names : &finder->nothing;
	char what[sizeof(err->message)];
	unsigned line, column;
	va_list args;

	if (err->code) /* the first counts; and counting the columns of a long line is slow */
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	tree_position(&finder->document->tree, node, &line, &column);
	err_set(err, EINVAL, "%u:%u: no seccomp profile: %s", line, column, what);
}

/* Appends "data.web.json: " for each text around the candidate's, the outermost first. */
static void put_holders(const struct holder *holder, struct buf *place)
{
	BUF_AUTO one = {0};

	if (!holder)
		return;
	put_holders(holder->outer, place);
	node_put_place(holder->node, holder->item, &one);
	buf_format(place, "%s: ", one.n ? one.p : "");
}

void find_use(struct finder *finder, const struct candidate *candidate, const struct node *node,
	      const char *member, struct node *profile)
{
	struct document *document = finder->document;
	BUF_AUTO prefix = {0}, place = {0};

	put_holders(candidate->holder, &prefix);
	node_put_place(node, candidate->item, &place);
	if (*member)
		buf_format(&place, "%s%s", place.n ? "." : "", member);
	if (place.n)
		buf_format(&prefix, "%s.", place.p);
	free(document->prefix_owned);
	document->prefix_owned = mem_copy(buf_str(&prefix));
	document->prefix = document->prefix_owned;
	document->profile = profile;
}

/* --- names */

/* The name in the map itself. A file's name is its path, which goes without the `space`. */
static const char *own_name(const struct node *map, bool *ret_is_path)
{
	static const char *const places[] = {
		"path",     "dest", "name", "metadata.name", "Name", "Id", "status.metadata.name",
		"status.id"};
	const char *name = NULL;

	for (size_t i = node_member(map, "spec") ? 2 : 0;
	     !name && i < sizeof(places) / sizeof(places[0]); i++) {
		name = node_string(kind_member(map, places[i]));
		*ret_is_path = name && i < 2;
	}
	return name;
}

/* Where the search is. */
struct scope {
	struct node *item;
	const struct holder *holder;
	enum shape shape;
	unsigned depth; /* of holders */
	bool is_base64; /* the strings of this map are in base64 */
	/* The nearest name at or above the node, and its space. */
	const char *name, *space;
	const struct node *object; /* the nearest one in this text that has a metadata.name */
};

/* Sets the names at a node: once for each map, however many profiles are below it. */
static void scope_enter(struct scope *scope, const struct node *node)
{
	bool is_path = false;
	const char *object = node_string(kind_member(node, "metadata.name"));
	/* members of these are files or the like, with their names as keys */
	const char *name =
		node->parent && node->key && node->parent->key &&
				str_is_one_of(str_from(node->parent->key),
					      "data|stringData|binaryData|configs|files", false)
			? node->key
			: own_name(node, &is_path);

	if (object)
		scope->object = node;
	if (!name)
		return;
	object = scope->object && !is_path
			 ? node_string(kind_member(scope->object, "metadata.name"))
			 : NULL;
	scope->name = name;
	scope->space = name == object
			       ? node_string(kind_member(scope->object, "metadata.namespace"))
			       : object;
}

/* Appends "SPACE/NAME" or "NAME"; a number stands for a missing name. */
static void put_name(const struct finder *finder, size_t at, bool with_space, struct buf *name)
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

	put_name(finder, at, false, &name);
	put_name(finder, at, true, &whole);
	buf_format(&number, "%zu", at + 1);
	return str_eq(buf_str(&name), wanted) || str_eq(buf_str(&whole), wanted) ||
	       str_eq(buf_str(&number), wanted);
}

/* --- the search */

static void search(struct finder *finder, struct node *node, const struct scope *scope);

static void add_candidate(struct finder *finder, const struct kind *kind, struct node *node,
			  const struct scope *scope, const char *problem)
{
	const char *name = scope->name;

	if (name && name[0] == '/' && node_member(node, "HostConfig"))
		name++; /* Docker's names begin with a slash */
	finder->all = mem_more(finder->all, finder->count, sizeof(*finder->all));
	finder->all[finder->count++] = (struct candidate){.kind = kind,
							  .node = node,
							  .item = scope->item,
							  .holder = scope->holder,
							  .shape = scope->shape,
							  .problem = problem,
							  .name = name,
							  .space = scope->space};
}

static void search_string(struct finder *finder, struct node *node, const struct scope *scope)
{
	struct tree *tree = &finder->document->tree;
	struct node *root = NULL, string = *node;
	const char *problem = NULL;
	struct err err = ERR_INIT;
	char quoted[QUOTED_SIZE];
	BUF_AUTO bytes = {0};
	struct str text = packed_text(node, scope->is_base64, &bytes, &problem);

	if (problem) {
		find_refuse(finder, node, true, "the file %s %s",
			    text_quote(scope->name ? scope->name : "", quoted), problem);
		return;
	}
	/* saves parsing a string that cannot be a profile */
	if (scope->depth == HOLDERS_MAX || str_chr(text, '\0') < text.n ||
	    (str_find(text, STR("defaultAction")) == text.n &&
	     str_find(text, STR("\"syscalls\"")) == text.n))
		return;
	if (++finder->texts > TEXTS_MAX) {
		find_refuse(finder, node, false, "contains more than %d texts: give one of them",
			    TEXTS_MAX);
		return;
	}
	struct holder *holder = tree_alloc(tree, sizeof(*holder));
	struct scope inner = *scope;

	*holder = (struct holder){scope->holder, node, scope->item};
	string.text = tree_string(tree, text);
	if (tree_read_inner(tree, &string, NULL, NULL, &root, &err) < 0) {
		inner.holder = holder;
		/* a malformed profile, unlike a text that only mentions profiles */
		if (str_is_one_of(str_strip(text), "{|[|defaultAction:|apiVersion:|---", true))
			add_candidate(finder, NULL, node, &inner,
				      tree_string(tree, str_from(err.message)));
		return;
	}
	inner.item = root;
	inner.holder = holder;
	inner.object = NULL;
	inner.depth++;
	search(finder, root, &inner);
}

static void search(struct finder *finder, struct node *node, const struct scope *scope)
{
	const struct kind *kind = kind_of(node, node == scope->item);
	struct scope inner = *scope;
	size_t before = finder->count;

	if (node->key && strcmp(node->key, LAST_APPLIED) == 0)
		return;
	scope_enter(&inner, node);
	if (kind && kind->read) {
		add_candidate(finder, kind, node, &inner, NULL);
		return;
	}
	if (node->kind == NODE_STRING)
		search_string(finder, node, &inner);
	if (kind)
		inner.shape = kind->shape;
	inner.is_base64 = node->kind == NODE_MAP && packed_is_base64(node);
	/* an item of these lists is an object of its own, as the root of a text is */
	bool has_items = node->kind == NODE_LIST &&
			 (node == scope->item ||
			  (node->parent == scope->item && node->key &&
			   str_is_one_of(str_from(node->key), "items|objects", false)));

	for (struct node *child = node->first; child; child = child->next) {
		inner.item = has_items ? child : scope->item;
		search(finder, child, &inner);
	}
	if (kind && finder->count == before)
		kind_refuse(kind, finder, node);
}

/* --- the choice */

static void list_names(const struct finder *finder, struct listing *names)
{
	for (size_t i = 0; i < finder->count; i++) {
		BUF_AUTO name = {0};

		put_name(finder, i, true, &name);
		listing_add_safe(names, name.p);
	}
}

static int choose_named(struct finder *finder, const char *select, size_t *ret_at)
{
	LISTING_AUTO names = {.most = NAMES_MAX};
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
		       finder->count > 1 ? "are" : "is", listing_text(&names));
}

/* Any `select` fits a profile that has no name and is alone in its text. */
static int choose(struct finder *finder, const char *select, size_t *ret_at)
{
	const struct err *why = finder->names.code ? &finder->names : &finder->nothing;
	LISTING_AUTO names = {.most = NAMES_MAX};

	*ret_at = 0;
	if (finder->count == 0)
		return err_set(finder->err, EINVAL, "%s",
			       why->code
				       ? why->message
				       : "1:1: not a seccomp profile: the text has no member of a "
					 "profile, such as defaultAction");
	if (select && (finder->count > 1 || finder->all[0].name))
		return choose_named(finder, select, ret_at);
	if (finder->count == 1)
		return 0;
	list_names(finder, &names);
	return err_set(finder->err, EINVAL, "1:1: %zu profiles: choose one with --select NAME: %s",
		       finder->count, listing_text(&names));
}

static int read_candidate(struct finder *finder, const struct candidate *candidate)
{
	struct document *document = finder->document;

	document->object = candidate->item;
	document->shape = candidate->kind && candidate->kind->shape ? candidate->kind->shape
								    : candidate->shape;
	document->others = finder->count - 1;
	if (!candidate->problem)
		return candidate->kind->read(finder, candidate);
	const struct holder *holder = candidate->holder;
	BUF_AUTO place = {0};

	put_holders(holder, &place);
	while (holder->outer)
		holder = holder->outer;
	document->object = holder->item;
	return err_set(finder->err, EINVAL, "%s%s", place.p, candidate->problem);
}

int find_profile(struct document *document, const char *select, struct lints *lints,
		 struct err *err)
{
	struct finder finder = {.document = document, .lints = lints, .err = err};
	const struct tree *tree = &document->tree;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->document_count; i++) {
		struct node *root = tree->documents[i];
		const struct scope scope = {.item = root};

		if (root->kind != NODE_MAP && root->kind != NODE_LIST && tree->document_count == 1)
			r = err_set(err, EINVAL, "1:1: %s",
				    tree->is_json
					    ? "a profile must be a JSON object"
					    : "not a seccomp profile: neither JSON, nor YAML, nor "
					      "a systemd unit");
		else
			search(&finder, root, &scope);
	}
	if (r == 0)
		r = choose(&finder, select, &at);
	if (r == 0)
		r = read_candidate(&finder, &finder.all[at]);
	free(finder.all);
	return r;
}
