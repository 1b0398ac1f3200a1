#include "profile/document/document.h"

#include "base/mem.h"
#include "profile/document/find.h"
#include "profile/document/spelling.h"
#include "profile/document/write.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct parse {
	struct document *document;
	struct lints *lints;
	struct err *err;
	size_t order; /* of the lints: 0 before the rules, N + 1 in rule N */
	size_t names; /* counted against DOCUMENT_MAX_NAMES */
};

/* --- members of each object */

enum member_type {
	MEMBER_STRING,  /* const char *: NULL for "" */
	MEMBER_NUMBER,  /* struct optional: an integer from 0 to 2^64 - 1 */
	MEMBER_STRINGS, /* struct strings */
	MEMBER_OBJECT,
	MEMBER_OBJECTS, /* a list of them */
};

#define KNOWN_DOCKER (1U << LOADER_DOCKER)
#define KNOWN_PODMAN (1U << LOADER_PODMAN)
#define KNOWN_MOBY   (KNOWN_DOCKER | KNOWN_PODMAN)
#define KNOWN_ALL    (KNOWN_MOBY | 1U << LOADER_OCI)

/* Fills the struct of one object. */
typedef int read_fn(struct parse *parse, const struct node *object, void *to);

struct member {
	const char *name;
	enum member_type type;
	unsigned known;     /* the loaders that know it: only they check its type */
	size_t at;          /* offset in the struct that is filled */
	read_fn *read;      /* of an object, or of each object in a list */
	size_t size, count; /* of a list: size of an item's struct, offset of the count */
};

/* Most members of one object. */
#define MEMBERS_MAX 16

#define AT(type, field) .at = offsetof(struct type, field)
#define EACH(type, field, number, item, function)                                             \
	AT(type, field), .count = offsetof(struct type, number), .size = sizeof(struct item), \
			 .read = function

static read_fn read_rule, read_arg, read_filter, read_arch;

/* runtime-spec's LinuxSeccomp, moby's profiles/seccomp, containers/common's pkg/seccomp. */
/* clang-format off */
static const struct member root_members[] = {
	{"defaultAction", MEMBER_STRING, KNOWN_ALL, AT(document, default_action)},
	{"defaultErrnoRet", MEMBER_NUMBER, KNOWN_ALL, AT(document, default_errno_ret)},
	{"defaultErrno", MEMBER_STRING, KNOWN_PODMAN, AT(document, default_errno)},
	{"architectures", MEMBER_STRINGS, KNOWN_ALL, AT(document, architectures)},
	{"archMap", MEMBER_OBJECTS, KNOWN_MOBY,
		EACH(document, arch_map, arch_map_count, document_arch, read_arch)},
	{"flags", MEMBER_STRINGS, KNOWN_ALL, AT(document, flags)},
	{"listenerPath", MEMBER_STRING, KNOWN_ALL, AT(document, listener_path)},
	{"listenerMetadata", MEMBER_STRING, KNOWN_ALL, AT(document, listener_metadata)},
	{"syscalls", MEMBER_OBJECTS, KNOWN_ALL,
		EACH(document, rules, rule_count, document_rule, read_rule)},
	{"x-sclog", MEMBER_OBJECT, 0, .at = 0}, /* ours: the profile's origin (write/form.h) */
	{NULL},
};

static const struct member rule_members[] = {
	{"name", MEMBER_STRING, KNOWN_MOBY, AT(document_rule, name)},
	{"names", MEMBER_STRINGS, KNOWN_ALL, AT(document_rule, names)},
	{"action", MEMBER_STRING, KNOWN_ALL, AT(document_rule, action_name)},
	{"errnoRet", MEMBER_NUMBER, KNOWN_ALL, AT(document_rule, errno_ret)},
	{"errno", MEMBER_STRING, KNOWN_PODMAN, AT(document_rule, errno_name)},
	{"args", MEMBER_OBJECTS, KNOWN_ALL,
		EACH(document_rule, args, arg_count, document_arg, read_arg)},
	{"comment", MEMBER_STRING, KNOWN_MOBY, AT(document_rule, comment)},
	{"includes", MEMBER_OBJECT, KNOWN_MOBY, AT(document_rule, includes), .read = read_filter},
	{"excludes", MEMBER_OBJECT, KNOWN_MOBY, AT(document_rule, excludes), .read = read_filter},
	{NULL},
};

/* An arg as written. */
struct arg_text {
	struct optional index, value, value_two;
	const char *op;
};

static const struct member arg_members[] = {
	{"index", MEMBER_NUMBER, KNOWN_ALL, AT(arg_text, index)},
	{"value", MEMBER_NUMBER, KNOWN_ALL, AT(arg_text, value)},
	{"valueTwo", MEMBER_NUMBER, KNOWN_ALL, AT(arg_text, value_two)},
	{"op", MEMBER_STRING, KNOWN_ALL, AT(arg_text, op)},
	{NULL},
};

static const struct member filter_members[] = {
	{"caps", MEMBER_STRINGS, KNOWN_MOBY, AT(document_filter, caps)},
	{"arches", MEMBER_STRINGS, KNOWN_MOBY, AT(document_filter, arches)},
	{"minKernel", MEMBER_STRING, KNOWN_DOCKER, AT(document_filter, min_kernel)},
	{NULL},
};

static const struct member arch_members[] = {
	{"architecture", MEMBER_STRING, KNOWN_MOBY, AT(document_arch, architecture)},
	{"subArchitectures", MEMBER_STRINGS, KNOWN_MOBY, AT(document_arch, subs)},
	{NULL},
};
/* clang-format on */

/* --- errors */

/* Writes the place of a node, or of a member of it, shortened to fit, and returns `place`. */
static const char *place_of(const struct parse *parse, const struct node *node, const char *member,
			    char place[PLACE_SIZE])
{
	BUF_AUTO path = {0};

	node_put_place(node, parse->document->profile, &path);
	snprintf(place, PLACE_SIZE, "%s%s%s%s", parse->document->prefix, path.n ? path.p : "",
		 member && path.n ? "." : "", member ? member : "");
	return place;
}

static int wrong(struct parse *parse, const struct node *node, const char *member, const char *what)
{
	char place[PLACE_SIZE];

	return err_set(parse->err, EINVAL, "%s: %s", place_of(parse, node, member, place), what);
}

/* An error at once if all loaders refuse it; else kept as a fault of those that do. */
static int wrong_for(struct parse *parse, unsigned known, const struct node *node,
		     const char *member, const char *what)
{
	char place[PLACE_SIZE];

	if (known == KNOWN_ALL)
		return wrong(parse, node, member, what);
	for (size_t i = 0; i <= LOADER_OCI; i++) {
		char *fault = parse->document->faults[i];

		if ((known & 1U << i) && !*fault)
			snprintf(fault, sizeof(parse->document->faults[i]), "%s: %s",
				 place_of(parse, node, member, place), what);
	}
	return 0;
}

static const char *type_error(const struct node *value, enum member_type type)
{
	switch (type) {
	case MEMBER_STRING:
		return node_is(value, NODE_STRING) ? NULL : "must be a string";
	case MEMBER_NUMBER:
		if (node_is(value, NODE_STRING))
			return "must be an integer: remove the quotes";
		if (!node_is(value, NODE_INTEGER))
			return "must be an integer";
		return value->negative ? "must not be negative" : NULL;
	case MEMBER_OBJECT:
		return node_is(value, NODE_MAP) ? NULL : "must be an object";
	case MEMBER_STRINGS:
	case MEMBER_OBJECTS:
		return node_is(value, NODE_LIST) ? NULL : "must be an array";
	}
	return NULL;
}

/*
 * Lints a known member in another case, or before another of the same name. crun, which is written in
 * C, reads a bundle's config.json itself; it never sees the members that only moby and Podman know.
 */
static void lint_spelling(struct parse *parse, const struct node *node, bool is_last,
			  const char *where, const struct member *member)
{
	char quoted[QUOTED_SIZE];

	if (strcmp(node->key, member->name) != 0 && member->known == KNOWN_ALL)
		lint_report(parse->lints, LINT_MEMBER_CASE, parse->order, where,
			    "spelled %s: loaders written in Go accept it; crun ignores it in a "
			    "config.json",
			    text_quote(node->key, quoted));
	if (!is_last && node->kind != NODE_NULL)
		lint_report(parse->lints, LINT_MEMBER_TWICE, parse->order, where,
			    "given more than once: loaders written in Go use the last; crun, in a "
			    "config.json, the first");
}

/* Checks one member of an object. last[i]: the one that counts for members[i]. */
static int check_member(struct parse *parse, const struct node *map, const struct node *node,
			const struct member *members, const struct node *const *last)
{
	char where[PLACE_SIZE], quoted[QUOTED_SIZE];
	size_t i = 0;

	while (members[i].name && strcasecmp(members[i].name, node->key) != 0)
		i++;
	if (!members[i].name) {
		place_of(parse, map, text_quote(node->key, quoted), where);
		lint_report(parse->lints, LINT_UNKNOWN_MEMBER, parse->order, where,
			    "no loader knows this member; it is ignored");
		return 0;
	}
	if (strcmp(node->key, members[i].name) != 0 || node != last[i])
		lint_spelling(parse, node, last[i] == node,
			      place_of(parse, map, members[i].name, where), &members[i]);
	const char *what = node->kind == NODE_NULL ? NULL : type_error(node, members[i].type);

	return what ? wrong_for(parse, members[i].known, map, members[i].name, what) : 0;
}

/* --- reading */

/* Reads a list of strings or of objects. */
static int read_list(struct parse *parse, const struct node *list, const struct member *member,
		     void *to)
{
	bool strings = member->type == MEMBER_STRINGS;
	size_t size = strings ? sizeof(char *) : member->size;
	struct strings *names = (struct strings *)((char *)to + member->at);
	void **all = strings ? (void **)&names->all : (void **)((char *)to + member->at);
	size_t *count = strings ? &names->count : (size_t *)((char *)to + member->count);
	int r = 0;

	*all = mem_new(list->count, size);
	for (const struct node *item = list->first; r == 0 && item; item = item->next) {
		if (!node_is(item, strings ? NODE_STRING : NODE_MAP))
			r = wrong_for(parse, member->known, item, NULL,
				      strings ? "must be a string" : "must be an object");
		else if (strings)
			names->all[(*count)++] = item->text;
		else
			r = member->read(parse, item, (char *)*all + (*count)++ * size);
	}
	return r;
}

static int read_member(struct parse *parse, const struct node *node, const struct member *member,
		       void *to)
{
	void *at = (char *)to + member->at;

	switch (member->type) {
	case MEMBER_STRING:
		*(const char **)at = node->text[0] ? node->text : NULL;
		return 0;
	case MEMBER_NUMBER:
		*(struct optional *)at = (struct optional){true, node->number};
		return 0;
	case MEMBER_OBJECT:
		return member->read ? member->read(parse, node, at) : 0;
	case MEMBER_STRINGS:
	case MEMBER_OBJECTS:
		return read_list(parse, node, member, to);
	}
	return 0;
}

/*
 * Checks all members of an object, then fills a struct with them. A member of the wrong type is
 * skipped: the loaders that know it refuse the document, and the others do not use it.
 */
static int read_members(struct parse *parse, const struct node *map, const struct member *members,
			void *to)
{
	const struct node *last[MEMBERS_MAX] = {NULL};
	int r = 0;

	for (size_t i = 0; members[i].name; i++)
		last[i] = node_member(map, members[i].name);
	for (const struct node *node = map->first; r == 0 && node; node = node->next)
		if (!node->ignored)
			r = check_member(parse, map, node, members, last);
	for (size_t i = 0; r == 0 && members[i].name; i++)
		if (last[i] && !type_error(last[i], members[i].type))
			r = read_member(parse, last[i], &members[i], to);
	return r;
}

/* moby's KernelVersion: "KERNEL.MAJOR", each at most 255, not 0.0. */
static bool parse_min_kernel(struct document_filter *filter)
{
	const char *text = filter->min_kernel, *dot = strchr(text, '.');
	int end = 0;

	filter->has_min_kernel =
		isdigit((unsigned char)text[0]) && strlen(text) <= 7 && dot &&
		isdigit((unsigned char)dot[1]) &&
		sscanf(text, "%u.%u%n", &filter->kernel, &filter->major, &end) == 2 && !text[end] &&
		filter->kernel <= 255 && filter->major <= 255 && (filter->kernel || filter->major);
	return filter->has_min_kernel;
}

static int read_filter(struct parse *parse, const struct node *object, void *to)
{
	struct document_filter *filter = to;
	int r = read_members(parse, object, filter_members, filter);

	if (r == 0 && filter->min_kernel && !parse_min_kernel(filter))
		r = wrong_for(parse, KNOWN_DOCKER, object, "minKernel",
			      "must be a kernel version such as \"4.8\"");
	filter->present = filter->caps.count || filter->arches.count || filter->min_kernel;
	return r;
}

static int wrong_word(struct parse *parse, const struct node *node, const char *member,
		      const char *what, const char *word)
{
	char place[PLACE_SIZE];

	return err_quoted(parse->err, place_of(parse, node, member, place), what, word);
}

static int read_arg(struct parse *parse, const struct node *object, void *to)
{
	struct arg_text text = {.op = NULL};
	struct document_arg *arg = to;
	int r = read_members(parse, object, arg_members, &text);

	if (r < 0)
		return r;
	if (text.index.value > 5)
		return wrong(parse, object, "index", "must be 0 to 5");
	if (!text.op)
		return wrong(parse, object, "op", "missing");
	arg->index = (unsigned)text.index.value;
	arg->value = text.value.value;
	arg->value_two = text.value_two.value;
	return spelling_read_operator(text.op, &arg->op)
		       ? 0
		       : wrong_word(parse, object, "op", "unknown operator", text.op);
}

static int read_rule(struct parse *parse, const struct node *object, void *to)
{
	struct document_rule *rule = to;
	char place[PLACE_SIZE];

	parse->order = parse->document->rule_count;
	int r = read_members(parse, object, rule_members, rule);

	if (r < 0)
		return r;
	if (!rule->action_name)
		return wrong(parse, object, "action", "missing");
	if (!spelling_read_action(rule->action_name, &rule->action))
		return wrong_word(parse, object, "action", "unknown action", rule->action_name);
	if ((parse->names += rule->names.count + 1) > DOCUMENT_MAX_NAMES)
		return err_set(parse->err, E2BIG, "%s: more than %u rules and names",
			       place_of(parse, object, NULL, place), DOCUMENT_MAX_NAMES);
	return 0;
}

static int read_arch(struct parse *parse, const struct node *object, void *to)
{
	return read_members(parse, object, arch_members, to);
}

const char *shape_name(enum shape shape)
{
	static const char *const names[] = {
		[SHAPE_OCI] = "oci",
		[SHAPE_DOCKER] = "docker",
		[SHAPE_PODMAN] = "podman",
		[SHAPE_SPO] = "spo",
	};

	return names[shape];
}

/* Detects the shape by members that only one loader knows. */
static enum shape detect_shape(const struct document *document)
{
	bool docker = document->arch_map_count > 0;

	if (document->default_errno)
		return SHAPE_PODMAN;
	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];

		if (rule->errno_name)
			return SHAPE_PODMAN;
		docker = docker || rule->name || rule->comment || rule->includes.present ||
			 rule->excludes.present;
	}
	return docker ? SHAPE_DOCKER : SHAPE_OCI;
}

/* The operator does not write a zero (errnoRet is omitempty); without errnoRet the errno is EPERM. */
static void drop_zero_errnos(struct parse *parse)
{
	struct document *document = parse->document;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < document->rule_count; i++) {
		struct optional *number = &document->rules[i].errno_ret;

		if (!number->present || number->value != 0)
			continue;
		number->present = false;
		snprintf(place, sizeof(place), "%ssyscalls[%zu].errnoRet", document->prefix, i);
		lint_report(parse->lints, LINT_ZERO_ERRNO, i + 1, place,
			    "the operator omits a zero, and the runtime then uses EPERM");
	}
}

/* A malformed text with "{{" is taken for a template that was not rendered. */
static int read_tree(struct document *document, struct str text, struct err *err)
{
	struct err malformed = ERR_INIT;
	int r = tree_read(&document->tree, text, &malformed);
	size_t at = str_find(document->tree.text, STR("{{"));
	unsigned line, column;

	if (r == 0)
		return 0;
	if (r != -EINVAL || at == document->tree.text.n)
		return err_set(err, -r, "%s", malformed.message);
	tree_place(&document->tree, at, &line, &column);
	return err_set(err, EINVAL,
		       "%u:%u: a template: render it first, for example with `helm template`, "
		       "and give the output",
		       line, column);
}

int document_parse(struct str text, const char *select, struct document *document,
		   struct lints *lints, struct err *err)
{
	struct parse parse = {.document = document, .lints = lints, .err = err};

	*document = (struct document){.prefix = ""};
	int r = read_tree(document, text, err);

	if (r == 0)
		r = find_profile(document, select, lints, err);
	if (r == 0 && document->profile)
		r = read_members(&parse, document->profile, root_members, document);
	if (r == 0 && document->bare)
		document->shape = detect_shape(document);
	/* a cluster's object must have it; for a runtime or Docker its absence means no filter */
	if (r == 0 && document->profile && !document->default_action && !document->bare &&
	    !document->resolved && document->shape != SHAPE_DOCKER)
		r = err_set(err, EINVAL, "%sdefaultAction: missing", document->prefix);
	if (document->shape == SHAPE_SPO)
		drop_zero_errnos(&parse);
	/* Go's JSON reader does not skip it (RFC 8259, 8.1, lets a parser refuse it) */
	if (document->tree.has_mark && document->tree.is_json)
		lint_report(lints, LINT_BYTE_ORDER_MARK, 0, "",
			    "the text begins with a byte-order mark, which Docker, Podman and runc "
			    "refuse: remove it");
	return r;
}

void document_drop_rule(struct document *document)
{
	struct document_rule *rule = &document->rules[--document->rule_count];

	free(rule->names.all);
	free(rule->args);
	free(rule->includes.caps.all);
	free(rule->includes.arches.all);
	free(rule->excludes.caps.all);
	free(rule->excludes.arches.all);
}

void document_release(struct document *document)
{
	while (document->rule_count)
		document_drop_rule(document);
	for (size_t i = 0; i < document->arch_map_count; i++)
		free(document->arch_map[i].subs.all);
	free(document->arch_map);
	free(document->architectures.all);
	free(document->flags.all);
	free(document->rules);
	free(document->prefix_owned);
	tree_release(&document->tree);
	*document = (struct document){0};
}
