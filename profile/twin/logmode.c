#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/export.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char log_action[] = "SCMP_ACT_LOG";

static void find_rules(struct twin_maker *maker)
{
	struct node *list = node_member(maker->document.profile, "syscalls");
	size_t count = 0;

	maker->rules = mem_new(maker->document.rule_count + 1, sizeof(*maker->rules));
	for (struct node *item = list ? list->first : NULL; item; item = item->next)
		maker->rules[count++] = item;
}

/* In the quotes that the document has there. */
static void replace_with_log(struct tree *tree, struct node *node)
{
	char quote = tree->text.p[node->from];
	char text[sizeof(log_action) + 2];

	if (quote == '"' || quote == '\'')
		snprintf(text, sizeof(text), "%c%s%c", quote, log_action, quote);
	else
		snprintf(text, sizeof(text), "%s", log_action);
	tree_replace(tree, node, text);
}

/* All of that name: of two the loader takes the last, and another the first. */
static void remove_members(const struct node *map, const char *name)
{
	for (struct node *node = map->first; node; node = node->next)
		if (strcasecmp(node->key, name) == 0)
			node_remove(node);
}

/* `action` of `map` becomes LOG if it is a refusal; then what gives its errno goes. */
static bool change_action(struct tree *tree, const struct node *map, const char *action,
			  const char *errno_ret, const char *errno_name)
{
	struct node *node = node_member(map, action);
	uint32_t value;

	if (!node_string(node) || !spelling_read_action(node->text, &value) ||
	    value_pass(value) != PASS_REFUSED)
		return false;
	replace_with_log(tree, node);
	remove_members(map, errno_ret);
	remove_members(map, errno_name);
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
	 "SCMP_ACT_NOTIFY stays: a call that its listener refuses is refused under the twin too, "
	 "and is not logged"},
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

	if (change_action(&maker->document.tree, document->profile, "defaultAction",
			  "defaultErrnoRet", "defaultErrno"))
		maker->twin->changed++;
	snprintf(place, sizeof(place), "%sdefaultAction", document->prefix);
	if (document->default_action)
		note_staying(maker, 0, place, document->default_action);
}

static void change_rules(struct twin_maker *maker)
{
	for (size_t i = 0; i < maker->document.rule_count; i++) {
		const struct node *node = maker->rules[i];
		const char *action = node_string(node_member(node, "action"));
		char place[PLACE_SIZE];

		if (change_action(&maker->document.tree, node, "action", "errnoRet", "errno"))
			maker->twin->changed++;
		document_rule_place(&maker->document, i, place);
		note_staying(maker, i + 1, place, action ? action : "");
	}
}

static int parse(struct twin_maker *maker, struct str text)
{
	int r = document_parse(text, maker->options.select, &maker->document, NULL, maker->err);

	if (r == 0 && !maker->document.profile)
		r = err_set(maker->err, EINVAL, "there is no filter, so no twin is needed");
	if (r < 0)
		document_locate(&maker->document, maker->err);
	return r;
}

static int change(struct twin_maker *maker)
{
	if (maker->enforces)
		return twin_enforce(maker);
	find_rules(maker);
	change_default(maker);
	change_rules(maker);
	if (!maker->twin->changed)
		lint_note(&maker->twin->notes, 0, "",
			  "refuses nothing: the twin is identical and logs nothing more");
	return twin_prove(maker);
}

/*
 * What cannot be edited in place is written anew: the profile that lies within what a tool prints,
 * and what aliases share. Returns whether it was.
 */
static bool write_anew(struct twin_maker *maker, struct buf *text)
{
	const struct document *document = &maker->document;
	bool keeps_object = document->whole && (document->shape == SHAPE_SPO || document->resolved);

	if (document->whole && node_is_plain(document->profile))
		return false;
	if (document->whole)
		lint_note(&maker->twin->notes, 0, "",
			  "the text has aliases or anchors: the twin is written without them, as "
			  "JSON");
	node_write_json(keeps_object ? document->object : document->profile, keeps_object, text);
	return true;
}

static unsigned line_of(const void *document, const char *place)
{
	return document_line(document, place);
}

static int make_of_text(struct twin *twin, struct str text, const struct profile_options *options,
			bool enforces, struct err *err)
{
	struct twin_maker maker = {
		.options = *options, .twin = twin, .enforces = enforces, .err = err};
	BUF_AUTO anew = {0};
	/* which conditions hold depends on the host */
	int r = profile_options_complete(&maker.options, err);

	if (r == 0)
		r = parse(&maker, text);
	if (r == 0 && write_anew(&maker, &anew)) {
		document_release(&maker.document);
		maker.options.select = NULL;
		r = parse(&maker, buf_str(&anew));
	}
	if (r == 0 && maker.document.others)
		lint_note(&twin->notes, 0, "",
			  "only the selected profile is changed; other profiles in the text: %zu",
			  maker.document.others);
	if (r == 0)
		r = change(&maker);
	if (r == 0)
		tree_write(&maker.document.tree, &twin->text);
	if (r == 0 && !anew.n)
		lint_locate(&twin->notes, line_of, &maker.document);
	free(maker.rules);
	document_release(&maker.document);
	return r;
}

/* Filters are what an OCI profile would say. */
static int make_of_filters(struct twin *twin, const struct profile_source *source,
			   const struct profile_options *options, bool enforces, struct err *err)
{
	struct export export = {0};
	BUF_AUTO text = {0};
	int r = 0;

	if (source->filter.part_count == 0)
		r = err_set(err, EINVAL, "there is no filter, so no twin is needed");
	if (r == 0)
		r = export_filter(&source->filter, NULL, arch_native(), &export, err);
	for (size_t i = 0; r == 0 && i < export.differences.count; i++)
		lint_add(&twin->notes, 0, "", "cannot be expressed as an OCI profile: %s",
			 export.differences.all[i].message);
	if (r == 0)
		document_write(&export.document, false, &text);
	if (r == 0)
		r = make_of_text(twin, buf_str(&text), options, enforces, err);
	export_release(&export);
	return r;
}

static int make(struct twin *twin, const struct profile_source *source,
		const struct profile_options *options, bool enforces, struct err *err)
{
	struct profile_options own = *options;
	int r;

	*twin = (struct twin){0};
	if (own.loader == LOADER_AUTO)
		own.loader = source->loader;
	if (source->kind == PROFILE_SOURCE_UNIT && enforces)
		r = err_set(err, EINVAL,
			    "systemd has no setting that logs what SystemCallFilter= refuses; "
			    "without --enforce the twin logs it and lets it through");
	else if (source->kind == PROFILE_SOURCE_UNIT)
		r = twin_of_unit(twin, source, err);
	else if (source->kind == PROFILE_SOURCE_FILTERS)
		r = make_of_filters(twin, source, &own, enforces, err);
	else
		r = make_of_text(twin, buf_str(&source->text), &own, enforces, err);
	lint_finish(&twin->notes);
	return r;
}

int twin_make(struct twin *twin, const struct profile_source *source,
	      const struct profile_options *options, struct err *err)
{
	return make(twin, source, options, false, err);
}

int twin_make_enforcing(struct twin *twin, const struct profile_source *source,
			const struct profile_options *options, struct err *err)
{
	return make(twin, source, options, true, err);
}

void twin_release(struct twin *twin)
{
	buf_release(&twin->text);
	lint_release(&twin->notes);
}
