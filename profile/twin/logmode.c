#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/export.h"
#include "profile/document/json.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

static const char log_action[] = "SCMP_ACT_LOG";

uint32_t twin_action(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_KILL_PROCESS:
		return SECCOMP_RET_LOG;
	default:
		return action;
	}
}

/* The profile within the document, along its prefix: "", "linux.seccomp." or "spec.". */
static size_t find_seccomp(const struct tree *tree, const char *prefix)
{
	size_t node = 0;

	for (struct str left = str_from(prefix); left.n && node != TREE_NONE;) {
		size_t n = str_chr(left, '.');
		MEM_AUTO char *name = mem_copy(str_of(left.p, n));

		node = tree_member(tree, node, name);
		left = str_skip(left, n < left.n ? n + 1 : n);
	}
	return node;
}

static void find_rules(struct twin_maker *maker)
{
	const struct tree *tree = &maker->tree;
	size_t list = tree_member(tree, maker->seccomp, "syscalls"), count = 0;

	maker->rules = mem_new(maker->document.rule_count + 1, sizeof(*maker->rules));
	if (list == TREE_NONE)
		return;
	for (size_t i = tree->nodes[list].first;
	     i != TREE_NONE && count < maker->document.rule_count; i = tree->nodes[i].next)
		maker->rules[count++] = i;
}

/* In the quotes that the document has there. */
static void replace_with_log(struct tree *tree, size_t node)
{
	char quote = tree->text.p[tree->nodes[node].from];
	char text[sizeof(log_action) + 2];

	if (quote == '"' || quote == '\'')
		snprintf(text, sizeof(text), "%c%s%c", quote, log_action, quote);
	else
		snprintf(text, sizeof(text), "%s", log_action);
	tree_replace(tree, node, text);
}

/* `action` of `map` becomes LOG if it is a refusal; then what gives its errno goes. */
static bool change_action(struct tree *tree, size_t map, const char *action, const char *errno_ret,
			  const char *errno_name)
{
	size_t node = tree_member(tree, map, action);
	uint32_t value;

	if (!spelling_read_action(tree_text(tree, node), &value) || twin_action(value) == value)
		return false;
	replace_with_log(tree, node);
	tree_remove(tree, tree_member(tree, map, errno_ret));
	tree_remove(tree, tree_member(tree, map, errno_name));
	return true;
}

static const struct stays {
	uint32_t action;
	const char *message;
} stay[] = {
	{SCMP_ACT_TRACE(0),
	 "SCMP_ACT_TRACE stays: without a tracer the call fails with ENOSYS, under the twin too, "
	 "and is not logged"},
	{SCMP_ACT_NOTIFY,
	 "SCMP_ACT_NOTIFY stays: what its listener refuses is refused under the twin too, and is "
	 "not logged"},
};

static void note_staying(struct twin_maker *maker, size_t order, const char *place,
			 const char *action)
{
	uint32_t value;

	if (!spelling_read_action(action, &value))
		return;
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		if (stay[i].action == value)
			lint_add(&maker->twin->notes, order, place, "%s", stay[i].message);
}

static void change_default(struct twin_maker *maker)
{
	const struct document *document = &maker->document;
	char place[PLACE_SIZE];

	if (change_action(&maker->tree, maker->seccomp, "defaultAction", "defaultErrnoRet",
			  "defaultErrno"))
		maker->twin->changed++;
	snprintf(place, sizeof(place), "%sdefaultAction", document->prefix);
	if (document->default_action)
		note_staying(maker, 0, place, document->default_action);
}

static void change_rules(struct twin_maker *maker)
{
	for (size_t i = 0; i < maker->document.rule_count; i++) {
		size_t node = maker->rules[i];
		char place[PLACE_SIZE];

		if (change_action(&maker->tree, node, "action", "errnoRet", "errno"))
			maker->twin->changed++;
		document_rule_place(&maker->document, i, place);
		note_staying(maker, i + 1, place,
			     tree_text(&maker->tree, tree_member(&maker->tree, node, "action")));
	}
}

bool twin_strip(struct twin_maker *maker, size_t rule, size_t name)
{
	struct tree *tree = &maker->tree;
	size_t node = maker->rules[rule];
	size_t names = tree_member(tree, node, "names");

	if (tree->nodes[node].gone)
		return false;
	if (names == TREE_NONE || tree->nodes[names].kind != TREE_LIST) {
		tree_remove(tree, node);
		return true;
	}
	size_t at = tree->nodes[names].first;

	for (size_t i = 0; i < name && at != TREE_NONE; i++)
		at = tree->nodes[at].next;
	if (at == TREE_NONE || tree->nodes[at].gone)
		return false;
	tree_remove(tree, at);
	if (tree_left(tree, names) == 0)
		tree_remove(tree, node);
	return true;
}

void twin_write(const struct twin_maker *maker, struct buf *text)
{
	tree_write(&maker->tree, text);
}

static int parse(struct twin_maker *maker, struct str text)
{
	struct lints ignored = {0};
	/* the reader overwrites what it reads */
	MEM_AUTO char *copy = mem_copy(text);
	int r = document_parse(copy, text.n, &maker->document, &ignored, maker->err);

	lint_release(&ignored);
	if (r == 0 && !maker->document.root)
		r = err_set(maker->err, EINVAL,
			    "there is no filter, so there is nothing to make a twin of");
	return r;
}

static bool is_json(struct str text)
{
	size_t i = 0;

	while (i < text.n && memchr(" \t\r\n", text.p[i], 4))
		i++;
	return i < text.n && (text.p[i] == '{' || text.p[i] == '[');
}

static int change(struct twin_maker *maker, struct str text)
{
	int r = is_json(text) ? tree_read_json(&maker->tree, text, maker->err)
			      : tree_read_yaml(&maker->tree, text, maker->err);

	if (r < 0)
		return r;
	maker->seccomp = find_seccomp(&maker->tree, maker->document.prefix);
	if (maker->seccomp == TREE_NONE)
		return err_set(maker->err, EINVAL, "%s: not found in the text",
			       maker->document.prefix);
	find_rules(maker);
	change_default(maker);
	change_rules(maker);
	if (!maker->twin->changed)
		lint_note(&maker->twin->notes, 0, "",
			  "refuses nothing: the twin is the same, and logs nothing more");
	return twin_prove(maker);
}

/* Whether a runtime or a cluster takes the whole text, so that the twin is the whole as well. */
static bool is_own_document(const struct document *document)
{
	static const char *const prefixes[] = {"", "linux.seccomp.", "spec."};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strcmp(document->prefix, prefixes[i]) == 0)
			return true;
	return false;
}

/* The numbers that jansson cannot hold are strings in the tree (profile/document/json.h). */
static void restore_big_numbers(struct buf *text, const char *dumped)
{
	const char marked[] = {'"', BIG_NUMBER_MARK, '\0'};
	const char *at;

	while ((at = strstr(dumped, marked))) {
		char *end;
		unsigned long long value = strtoull(at + 2, &end, 16);

		buf_put(text, dumped, (size_t)(at - dumped));
		buf_format(text, "%llu", value);
		dumped = *end == '"' ? end + 1 : end;
	}
	buf_put_str(text, str_from(dumped));
}

static int make_of_text(struct twin *twin, struct str text, const struct profile_options *options,
			struct err *err)
{
	struct twin_maker maker = {.options = *options, .twin = twin, .err = err};
	BUF_AUTO inner = {0};
	/* which conditions hold depends on the host */
	int r = profile_options_complete(&maker.options, err);

	if (r == 0)
		r = parse(&maker, text);
	if (r == 0 && !is_own_document(&maker.document)) {
		char *dumped = json_dumps(maker.document.root, JSON_INDENT(2));

		restore_big_numbers(&inner, dumped ? dumped : "");
		free(dumped);
		maker.document.prefix = "";
		text = buf_str(&inner);
	}
	if (r == 0)
		r = change(&maker, text);
	if (r == 0)
		twin_write(&maker, &twin->text);
	free(maker.rules);
	twin_restated_release(&maker);
	tree_release(&maker.tree);
	document_release(&maker.document);
	return r;
}

/* Filters are what an OCI profile would say. */
static int make_of_filters(struct twin *twin, const struct profile_source *source,
			   const struct profile_options *options, struct err *err)
{
	struct filter filter = {0};
	struct export export = {0};
	int r = filter_stack_combine(&source->stack, &filter, err);

	if (r == 0 && source->stack.count == 0)
		r = err_set(err, EINVAL,
			    "there is no filter, so there is nothing to make a twin of");
	if (r == 0) {
		struct survey survey = survey_filter(&filter, arch_native());

		r = export_filter(&filter, &survey, arch_native(), &export, err);
	}
	for (size_t i = 0; r == 0 && i < export.differences.count; i++)
		lint_add(&twin->notes, 0, "", "no OCI profile can say it: %s",
			 export.differences.all[i]);
	if (r == 0)
		r = make_of_text(twin, buf_str(&export.document), options, err);
	export_release(&export);
	filter_release(&filter);
	return r;
}

int twin_make(struct twin *twin, const struct profile_source *source,
	      const struct profile_options *options, struct err *err)
{
	struct profile_options own = *options;
	int r;

	*twin = (struct twin){0};
	if (own.loader == LOADER_AUTO)
		own.loader = source->loader;
	if (source->kind == PROFILE_SOURCE_UNIT)
		r = twin_of_unit(twin, source, err);
	else if (source->kind == PROFILE_SOURCE_FILTERS)
		r = make_of_filters(twin, source, &own, err);
	else
		r = make_of_text(twin, buf_str(&source->text), &own, err);
	lint_finish(&twin->notes);
	return r;
}

void twin_release(struct twin *twin)
{
	buf_release(&twin->text);
	lint_release(&twin->notes);
}
