#include "profile/document/document.h"

#include "base/mem.h"
#include "profile/document/readers.h"
#include "profile/document/spelling.h"
#include "profile/document/write.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
	struct document *document;
	struct lints *lints;
	struct err *err;
	size_t order; /* of the lints: 0 before the rules, N + 1 in rule N */
	size_t names; /* counted against DOCUMENT_MAX_NAMES */
};

enum member_type {
	MEMBER_STRING,
	MEMBER_NUMBER, /* an integer from 0 to 2^64 - 1 */
	MEMBER_ARRAY,
	MEMBER_OBJECT,
};

#define KNOWN_DOCKER (1U << LOADER_DOCKER)
#define KNOWN_PODMAN (1U << LOADER_PODMAN)
#define KNOWN_MOBY   (KNOWN_DOCKER | KNOWN_PODMAN)
#define KNOWN_ALL    (KNOWN_MOBY | 1U << LOADER_OCI)

/* One member that an object may have, and which loaders know it: only those check its type. */
struct member {
	const char *name;
	enum member_type type;
	unsigned known;
};

/* Members of one object. */
#define MEMBERS_MAX 16

/* runtime-spec's LinuxSeccomp, moby's profiles/seccomp, containers/common's pkg/seccomp. */
static const struct member root_members[] = {
	{"defaultAction", MEMBER_STRING, KNOWN_ALL},
	{"defaultErrnoRet", MEMBER_NUMBER, KNOWN_ALL},
	{"defaultErrno", MEMBER_STRING, KNOWN_PODMAN},
	{"architectures", MEMBER_ARRAY, KNOWN_ALL},
	{"archMap", MEMBER_ARRAY, KNOWN_MOBY},
	{"syscalls", MEMBER_ARRAY, KNOWN_ALL},
	{"flags", MEMBER_ARRAY, KNOWN_ALL},
	{"listenerPath", MEMBER_STRING, KNOWN_ALL},
	{"listenerMetadata", MEMBER_STRING, KNOWN_ALL},
	{"x-sclog", MEMBER_OBJECT, 0}, /* ours: what the profile was made of (write/form.h) */
	{NULL, MEMBER_STRING, 0},
};

static const struct member rule_members[] = {
	{"name", MEMBER_STRING, KNOWN_MOBY},     {"names", MEMBER_ARRAY, KNOWN_ALL},
	{"action", MEMBER_STRING, KNOWN_ALL},    {"errnoRet", MEMBER_NUMBER, KNOWN_ALL},
	{"errno", MEMBER_STRING, KNOWN_PODMAN},  {"args", MEMBER_ARRAY, KNOWN_ALL},
	{"comment", MEMBER_STRING, KNOWN_MOBY},  {"includes", MEMBER_OBJECT, KNOWN_MOBY},
	{"excludes", MEMBER_OBJECT, KNOWN_MOBY}, {NULL, MEMBER_STRING, 0},
};

static const struct member arg_members[] = {
	{"index", MEMBER_NUMBER, KNOWN_ALL},
	{"value", MEMBER_NUMBER, KNOWN_ALL},
	{"valueTwo", MEMBER_NUMBER, KNOWN_ALL},
	{"op", MEMBER_STRING, KNOWN_ALL},
	{NULL, MEMBER_STRING, 0},
};

static const struct member filter_members[] = {
	{"caps", MEMBER_ARRAY, KNOWN_MOBY},
	{"arches", MEMBER_ARRAY, KNOWN_MOBY},
	{"minKernel", MEMBER_STRING, KNOWN_DOCKER},
	{NULL, MEMBER_STRING, 0},
};

static const struct member arch_members[] = {
	{"architecture", MEMBER_STRING, KNOWN_MOBY},
	{"subArchitectures", MEMBER_ARRAY, KNOWN_MOBY},
	{NULL, MEMBER_STRING, 0},
};

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

/* What does not fit is cut: a place only guides the eye. */
static void place_put(char place[PLACE_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void place_put(char place[PLACE_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(place, PLACE_SIZE, format, args);
	va_end(args);
}

static int wrong(struct reader *reader, const char *place, const char *what)
{
	return err_set(reader->err, EINVAL, "%s: %s", place, what);
}

/* Wrong for some loaders: an error at once where it is for all, else kept for those. */
static int wrong_for(struct reader *reader, unsigned known, const char *place, const char *what)
{
	if (known == KNOWN_ALL)
		return wrong(reader, place, what);
	for (size_t i = 0; i <= LOADER_OCI; i++) {
		char *fault = reader->document->faults[i];

		if ((known & 1U << i) && !*fault)
			snprintf(fault, sizeof(reader->document->faults[i]), "%s: %s", place, what);
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
	case MEMBER_ARRAY:
		return node_is(value, NODE_LIST) ? NULL : "must be an array";
	case MEMBER_OBJECT:
		return node_is(value, NODE_MAP) ? NULL : "must be an object";
	}
	return NULL;
}

/* The member where it has its type: a loader that minds another never gets so far. */
static const struct node *typed(const struct node *map, const char *name, enum member_type type)
{
	const struct node *node = node_member(map, name);

	return node && !type_error(node, type) ? node : NULL;
}

static const char *string_of(const struct node *map, const char *name)
{
	const struct node *node = typed(map, name, MEMBER_STRING);

	return node && node->text[0] ? node->text : NULL;
}

static struct optional number_of(const struct node *map, const char *name)
{
	const struct node *node = typed(map, name, MEMBER_NUMBER);

	return node ? (struct optional){true, node->number} : (struct optional){0};
}

static const struct member *find_member(const struct member *members, const char *key)
{
	for (; members->name; members++) {
		if (strcasecmp(members->name, key) == 0)
			return members;
	}
	return NULL;
}

/*
 * How a known member is written: in another case, or before another of the same name. crun, which is
 * written in C, reads a bundle's config.json itself; what only moby and Podman know it never sees.
 */
static void lint_spelling(struct reader *reader, const struct node *node, bool is_last,
			  const char *where, const struct member *member)
{
	char quoted[QUOTED_SIZE];

	if (strcmp(node->key, member->name) != 0 && member->known == KNOWN_ALL)
		lint_report(reader->lints, LINT_MEMBER_CASE, reader->order, where,
			    "spelled %s: loaders written in Go accept it; crun ignores it in a "
			    "config.json",
			    text_quote(node->key, quoted));
	if (!is_last && node->kind != NODE_NULL)
		lint_report(reader->lints, LINT_MEMBER_TWICE, reader->order, where,
			    "given more than once: loaders written in Go use the last; crun, in a "
			    "config.json, the first");
}

/*
 * Whether every known member has its type; unknown ones are linted. `place` is where the object
 * stands, "" or with a dot at its end.
 */
static int check_members(struct reader *reader, const struct node *map, const char *place,
			 const struct member *members)
{
	char where[PLACE_SIZE], quoted[QUOTED_SIZE];
	const struct node *last[MEMBERS_MAX] = {NULL};
	int r = 0;

	for (size_t i = 0; members[i].name; i++)
		last[i] = node_member(map, members[i].name);
	for (const struct node *node = map->first; r == 0 && node; node = node->next) {
		const struct member *member = find_member(members, node->key);

		if (node->ignored)
			continue;
		place_put(where, "%s%s", place,
			  member ? member->name : text_quote(node->key, quoted));
		if (!member) {
			lint_report(reader->lints, LINT_UNKNOWN_MEMBER, reader->order, where,
				    "no loader knows this member; it is ignored");
			continue;
		}
		lint_spelling(reader, node, last[member - members] == node, where, member);
		const char *what = node->kind == NODE_NULL ? NULL : type_error(node, member->type);

		if (what)
			r = wrong_for(reader, member->known, where, what);
	}
	return r;
}

/* Strings, which the loaders in `known` read. */
static int read_strings(struct reader *reader, const struct node *map, unsigned known,
			const char *place, const char *name, struct strings *ret_strings)
{
	const struct node *list = typed(map, name, MEMBER_ARRAY);
	char where[PLACE_SIZE];
	size_t i = 0;
	int r = 0;

	if (node_count(list) == 0)
		return 0;
	ret_strings->all = mem_new(list->count, sizeof(*ret_strings->all));
	for (const struct node *item = list->first; r == 0 && item; item = item->next, i++) {
		if (item->kind == NODE_STRING) {
			ret_strings->all[ret_strings->count++] = item->text;
			continue;
		}
		place_put(where, "%s%s[%zu]", place, name, i);
		r = wrong_for(reader, known, where, "must be a string");
	}
	return r;
}

/* moby's KernelVersion: "KERNEL.MAJOR", each at most 255, not 0.0. */
static bool parse_min_kernel(const char *text, struct document_filter *filter)
{
	unsigned kernel, major;
	int end = -1;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 7)
		return false;
	const char *dot = strchr(text, '.');

	if (!dot || dot[1] < '0' || dot[1] > '9')
		return false;
	if (sscanf(text, "%u.%u%n", &kernel, &major, &end) != 2 || end < 0 || text[end])
		return false;
	if (kernel > 255 || major > 255 || (kernel == 0 && major == 0))
		return false;
	filter->has_min_kernel = true;
	filter->kernel = kernel;
	filter->major = major;
	return true;
}

static int read_filter(struct reader *reader, const struct node *rule, const char *place,
		       const char *name, struct document_filter *filter)
{
	const struct node *object = typed(rule, name, MEMBER_OBJECT);
	char where[PLACE_SIZE];
	int r;

	if (!object)
		return 0;
	place_put(where, "%s%s.", place, name);
	r = check_members(reader, object, where, filter_members);
	if (r == 0)
		r = read_strings(reader, object, KNOWN_MOBY, where, "caps", &filter->caps);
	if (r == 0)
		r = read_strings(reader, object, KNOWN_MOBY, where, "arches", &filter->arches);
	if (r < 0)
		return r;
	const char *kernel = string_of(object, "minKernel");

	if (kernel && !parse_min_kernel(kernel, filter)) {
		place_put(where, "%s%s.minKernel", place, name);
		r = wrong_for(reader, KNOWN_DOCKER, where,
			      "must be a kernel version such as \"4.8\"");
	}
	filter->present = filter->caps.count || filter->arches.count || kernel;
	return r;
}

static int read_arg(struct reader *reader, const struct node *object, const char *place,
		    struct document_arg *arg)
{
	char where[PLACE_SIZE];
	const char *op;

	place_put(where, "%s.", place);
	if (!node_is(object, NODE_MAP))
		return wrong(reader, place, "must be an object");
	if (check_members(reader, object, where, arg_members) < 0)
		return -reader->err->code;
	struct optional index = number_of(object, "index");

	op = string_of(object, "op");
	if (index.value > 5)
		return err_set(reader->err, EINVAL, "%s.index: must be 0 to 5", place);
	if (!op)
		return err_set(reader->err, EINVAL, "%s.op: missing", place);
	arg->index = (unsigned)index.value;
	arg->value = number_of(object, "value").value;
	arg->value_two = number_of(object, "valueTwo").value;
	if (spelling_read_operator(op, &arg->op))
		return 0;
	place_put(where, "%s.op", place);
	return err_quoted(reader->err, where, "unknown operator", op);
}

static int read_args(struct reader *reader, const struct node *object, const char *place,
		     struct document_rule *rule)
{
	const struct node *list = node_member(object, "args");
	char where[PLACE_SIZE];
	int r = 0;

	rule->args = mem_new(node_count(list), sizeof(*rule->args));
	for (const struct node *item = list ? list->first : NULL; r == 0 && item;
	     item = item->next) {
		place_put(where, "%sargs[%zu]", place, rule->arg_count);
		r = read_arg(reader, item, where, &rule->args[rule->arg_count++]);
	}
	return r;
}

static int read_action(struct reader *reader, const struct node *object, const char *place,
		       struct document_rule *rule)
{
	const char *action = string_of(object, "action");
	char where[PLACE_SIZE];

	place_put(where, "%saction", place);
	if (!action)
		return wrong(reader, where, "missing");
	if (!spelling_read_action(action, &rule->action))
		return err_quoted(reader->err, where, "unknown action", action);
	rule->action_name = action;
	return 0;
}

static int read_rule(struct reader *reader, const struct node *object, const char *place,
		     struct document_rule *rule)
{
	int r;

	if (!node_is(object, NODE_MAP))
		return wrong(reader, place, "must be an object");
	char where[PLACE_SIZE];

	place_put(where, "%s.", place);
	r = check_members(reader, object, where, rule_members);
	if (r < 0)
		return r;
	rule->name = string_of(object, "name");
	rule->comment = string_of(object, "comment");
	rule->errno_name = string_of(object, "errno");
	rule->errno_ret = number_of(object, "errnoRet");
	r = read_strings(reader, object, KNOWN_ALL, where, "names", &rule->names);
	if (r == 0)
		r = read_action(reader, object, where, rule);
	if (r == 0)
		r = read_args(reader, object, where, rule);
	if (r == 0)
		r = read_filter(reader, object, where, "includes", &rule->includes);
	if (r == 0)
		r = read_filter(reader, object, where, "excludes", &rule->excludes);
	if (r == 0 && (reader->names += rule->names.count + 1) > DOCUMENT_MAX_NAMES)
		return err_set(reader->err, E2BIG, "%s: more than %u rules and names", place,
			       DOCUMENT_MAX_NAMES);
	return r;
}

static int read_rules(struct reader *reader, const struct node *object)
{
	struct document *document = reader->document;
	const struct node *list = node_member(object, "syscalls");
	char place[PLACE_SIZE];
	int r = 0;

	document->rules = mem_new(node_count(list), sizeof(*document->rules));
	for (const struct node *item = list ? list->first : NULL; r == 0 && item;
	     item = item->next) {
		size_t i = document->rule_count++;

		reader->order = i + 1;
		document_rule_place(document, i, place);
		r = read_rule(reader, item, place, &document->rules[i]);
	}
	return r;
}

static int read_arch(struct reader *reader, const struct node *item, struct document_arch *arch)
{
	char place[PLACE_SIZE];
	size_t i = reader->document->arch_map_count - 1;

	place_put(place, "%sarchMap[%zu]", reader->document->prefix, i);
	if (!node_is(item, NODE_MAP))
		return wrong_for(reader, KNOWN_MOBY, place, "must be an object");
	place_put(place, "%sarchMap[%zu].", reader->document->prefix, i);
	int r = check_members(reader, item, place, arch_members);

	arch->architecture = string_of(item, "architecture");
	return r < 0 ? r
		     : read_strings(reader, item, KNOWN_MOBY, place, "subArchitectures",
				    &arch->subs);
}

static int read_arch_map(struct reader *reader, const struct node *object)
{
	struct document *document = reader->document;
	const struct node *list = typed(object, "archMap", MEMBER_ARRAY);
	int r = 0;

	document->arch_map = mem_new(node_count(list), sizeof(*document->arch_map));
	for (const struct node *item = list ? list->first : NULL; r == 0 && item; item = item->next)
		r = read_arch(reader, item, &document->arch_map[document->arch_map_count++]);
	return r;
}

/* The members that only one reader knows tell whose document it is. */
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

static int read_root(struct reader *reader, const struct node *object)
{
	struct document *document = reader->document;
	const char *prefix = document->prefix;
	int r;

	r = check_members(reader, object, prefix, root_members);
	if (r < 0)
		return r;
	document->default_action = string_of(object, "defaultAction");
	document->default_errno = string_of(object, "defaultErrno");
	document->listener_path = string_of(object, "listenerPath");
	document->listener_metadata = string_of(object, "listenerMetadata");
	document->default_errno_ret = number_of(object, "defaultErrnoRet");
	r = read_strings(reader, object, KNOWN_ALL, prefix, "architectures",
			 &document->architectures);
	if (r == 0)
		r = read_arch_map(reader, object);
	if (r == 0)
		r = read_strings(reader, object, KNOWN_ALL, prefix, "flags", &document->flags);
	if (r == 0)
		r = read_rules(reader, object);
	if (document->bare)
		document->shape = detect_shape(document);
	return r;
}

/* The operator writes no zero (errnoRet is omitempty), and without errnoRet it is EPERM. */
static void drop_zero_errnos(struct reader *reader)
{
	struct document *document = reader->document;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < document->rule_count; i++) {
		struct optional *number = &document->rules[i].errno_ret;

		if (!number->present || number->value != 0)
			continue;
		number->present = false;
		place_put(place, "%ssyscalls[%zu].errnoRet", document->prefix, i);
		lint_report(reader->lints, LINT_ZERO_ERRNO, i + 1, place,
			    "the operator leaves a zero out, and the runtime then takes EPERM");
	}
}

/* The schema of a cluster's object asks for one; a runtime or Docker takes its absence for "no
 * filter". */
static bool needs_default(const struct document *document)
{
	return document->profile && !document->default_action && !document->bare &&
	       !document->resolved && document->shape != SHAPE_DOCKER;
}

/* Go's JSON reader does not skip it (RFC 8259, 8.1, lets a parser refuse it). */
static void lint_mark(struct reader *reader)
{
	if (reader->document->tree.has_mark && reader->document->tree.is_json)
		lint_report(reader->lints, LINT_BYTE_ORDER_MARK, 0, "",
			    "the text begins with a byte-order mark, which Docker, Podman and runc "
			    "refuse: remove it");
}

/* What a template becomes is known only when it is rendered. */
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
		       "%u:%u: a template, which is no document before it is rendered: give what "
		       "`helm template`, or the tool that it is written for, prints",
		       line, column);
}

int document_parse(struct str text, const char *select, struct document *document,
		   struct lints *lints, struct err *err)
{
	struct reader reader = {.document = document, .lints = lints, .err = err};

	*document = (struct document){.prefix = ""};
	int r = read_tree(document, text, err);

	if (r == 0)
		r = readers_find(document, select, lints, err);
	if (r == 0 && document->profile)
		r = read_root(&reader, document->profile);
	if (r == 0 && needs_default(document))
		r = err_set(err, EINVAL, "%sdefaultAction: missing", document->prefix);
	if (document->shape == SHAPE_SPO)
		drop_zero_errnos(&reader);
	lint_mark(&reader);
	return r;
}

static void filter_release(struct document_filter *filter)
{
	free(filter->caps.all);
	free(filter->arches.all);
}

void document_drop_rule(struct document *document)
{
	struct document_rule *rule = &document->rules[--document->rule_count];

	free(rule->names.all);
	free(rule->args);
	filter_release(&rule->includes);
	filter_release(&rule->excludes);
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
