#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/document/spelling.h"
#include "profile/profile.h"
#include "profile/write/export.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define LOG_FLAG "SECCOMP_FILTER_FLAG_LOG"

/* --- refusals that are logged instead */

/* All of that name: of two the loader takes the last, and another the first. */
static void remove_members(const struct node *map, const char *name)
{
	for (struct node *node = map->first; node; node = node->next)
		if (strcasecmp(node->key, name) == 0)
			node_remove(node);
}

/* The action of `map` becomes LOG if it is a refusal; then what gives its errno goes. */
static void change_action(struct twin_maker *maker, const struct node *map,
			  const char *const names[3], size_t order, const char *place)
{
	struct tree *tree = &maker->document.tree;
	struct node *node = node_member(map, names[0]);
	uint32_t value;
	char text[32];

	if (!node_string(node) || !spelling_read_action(node->text, &value))
		return;
	if (value == SCMP_ACT_TRACE(0))
		lint_add(&maker->twin->notes, order, place,
			 "SCMP_ACT_TRACE stays: without a tracer the call fails with ENOSYS, under "
			 "the twin too, and is not logged");
	if (value == SCMP_ACT_NOTIFY)
		lint_add(&maker->twin->notes, order, place,
			 "SCMP_ACT_NOTIFY stays: a call that its listener refuses is refused under "
			 "the twin too, and is not logged");
	if (value_pass(value) != PASS_REFUSED)
		return;
	char quote = tree->text.p[node->from];
	const char quotes[] = {quote == '"' || quote == '\'' ? quote : '\0', '\0'};

	snprintf(text, sizeof(text), "%sSCMP_ACT_LOG%s", quotes, quotes);
	tree_replace(tree, node, text);
	remove_members(map, names[1]);
	remove_members(map, names[2]);
	maker->twin->changed++;
}

static int log_refusals(struct twin_maker *maker)
{
	static const char *const of_default[] = {"defaultAction", "defaultErrnoRet",
						 "defaultErrno"};
	static const char *const of_rule[] = {"action", "errnoRet", "errno"};
	const struct document *document = &maker->document;
	const struct node *list = node_member(document->profile, "syscalls");
	char place[PLACE_SIZE];
	size_t count = 0;

	maker->rules = mem_new(document->rule_count + 1, sizeof(*maker->rules));
	snprintf(place, sizeof(place), "%sdefaultAction", document->prefix);
	change_action(maker, document->profile, of_default, 0, place);
	for (struct node *rule = list ? list->first : NULL; rule; rule = rule->next) {
		document_rule_place(document, count, place);
		maker->rules[count++] = rule;
		change_action(maker, rule, of_rule, count, place);
	}
	if (!maker->twin->changed)
		lint_note(&maker->twin->notes, 0, "",
			  "refuses nothing: the twin is identical and logs nothing more");
	return twin_prove(maker);
}

/* --- refusals that are logged too */

/* Adds flags behind defaultAction, in YAML's blocks on a line of their own in the same column. */
static void put_flags(struct tree *tree, const struct node *map, struct node *after)
{
	const char *bytes = tree->text.p;
	bool flow = bytes[map->from] == '{';
	size_t from = after->start;
	BUF_AUTO text = {0};

	while (from > 0 &&
	       (flow ? strchr(" \t\r\n", bytes[from - 1]) != NULL : bytes[from - 1] != '\n'))
		from--;
	buf_put(&text, bytes + after->from, after->to - after->from);
	if (flow)
		buf_format(&text, ",%.*s\"flags\": [\"" LOG_FLAG "\"]", (int)(after->start - from),
			   bytes + from);
	else
		buf_format(&text, "\n%*sflags: [" LOG_FLAG "]", (int)(after->start - from), "");
	tree_replace(tree, after, text.p);
}

static int add_flag(struct twin_maker *maker)
{
	struct tree *tree = &maker->document.tree;
	struct node *profile = maker->document.profile;
	struct node *flags = node_member(profile, "flags");
	struct node *after = node_member(profile, "defaultAction");

	for (const struct node *item = flags ? flags->first : NULL; item; item = item->next)
		if (node_string(item) && strcmp(item->text, LOG_FLAG) == 0) {
			lint_note(&maker->twin->notes, 0, "",
				  "has %s: its refusals are logged as it is", LOG_FLAG);
			return 0;
		}
	if (!after)
		return err_set(maker->err, EINVAL,
			       "no defaultAction: there is nothing that could be logged");
	for (struct node *node = profile->first; node && !flags; node = node->next)
		if (strcasecmp(node->key, "flags") == 0) /* null: two would be one too many */
			flags = node;
	if (flags && node_left(flags))
		tree_append(tree, flags, "\"" LOG_FLAG "\"");
	else if (flags)
		tree_replace(tree, flags, "[\"" LOG_FLAG "\"]");
	else
		put_flags(tree, profile, after);
	maker->twin->changed = 1;
	return 0;
}

/* It is loaded as any profile: that the runtime of that release refuses the flag is an error, and
 * that the loader ignores it, too. */
static int check_flag(struct twin_maker *maker)
{
	struct profile *profile = NULL;
	BUF_AUTO text = {0};
	size_t count = 0;

	tree_write(&maker->document.tree, &text);
	struct profile_source *source = profile_source_from_text("the result", buf_str(&text));
	int r = profile_load(source, &maker->options, &profile, maker->err);

	if (r == 0 && profile_rules(profile)->flags.count == 0)
		r = err_set(maker->err, EINVAL,
			    "this release of %s ignores flags: it would not have refusals logged",
			    loader_name(profile_rules(profile)->loader));
	const struct lint *lints = r == 0 ? profile_lint(profile, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		if (lints[i].id && strcmp(lints[i].id, "flag-by-release") == 0)
			lint_add(&maker->twin->notes, 0, "", "%s", lints[i].message);
	profile_free(profile);
	profile_source_free(source);
	return r;
}

/* --- documents */

static int parse(struct twin_maker *maker, struct str text)
{
	int r = document_parse(text, maker->options.select, &maker->document, NULL, maker->err);

	if (r == 0 && !maker->document.profile)
		r = err_set(maker->err, EINVAL, "there is no filter, so no twin is needed");
	if (r < 0)
		document_locate(&maker->document, maker->err);
	return r;
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

static int make_of_text(struct twin *twin, struct str text, const struct profile_options *options,
			bool enforces, struct err *err)
{
	struct twin_maker maker = {.options = *options, .twin = twin, .err = err};
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
		r = enforces ? add_flag(&maker) : log_refusals(&maker);
	if (r == 0 && enforces)
		r = check_flag(&maker);
	if (r == 0)
		tree_write(&maker.document.tree, &twin->text);
	if (r == 0 && !anew.n)
		document_locate_lints(&maker.document, &twin->notes);
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

	if (source->filter.part_count == 0)
		return err_set(err, EINVAL, "there is no filter, so no twin is needed");
	int r = export_filter(&source->filter, NULL, arch_native(), &export, err);

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

/* --- systemd units */

/*
 * systemd can log as it can refuse (SystemCallLog=, 247 and later). The drop-in empties the lists
 * that refuse and logs what they did: each word list with its sign turned round, for a list to
 * allow begins with @default and everything else is to be logged. Groups are resolved, as
 * `systemd-analyze syscall-filter` on this host has them (profile/filter/unit.h).
 */
static void write_drop_in(struct twin *twin, const struct unit *unit)
{
	const struct unit_list *list = &unit->filter;
	size_t count = 0;

	buf_put_str(&twin->text, STR("# A drop-in: what the unit refuses is let through and logged "
				     "(systemd 247 and later).\n"
				     "[Service]\nSystemCallFilter=\nSystemCallLog=\n"));
	for (size_t i = 0; i < list->count; i++) {
		/* a call that the list to allow refuses in its own way is not let through */
		if (list->allows && list->all[i].how != UNIT_CALL_PLAIN)
			continue;
		if (count % 12 == 0)
			buf_format(&twin->text, "%sSystemCallLog=%s", count ? "\n" : "",
				   list->allows ? "~" : "");
		buf_format(&twin->text, "%s%s", count++ % 12 ? " " : "", list->all[i].name);
	}
	buf_put_char(&twin->text, '\n');
	twin->changed = 1;
	if (unit->log.present)
		lint_add(&twin->notes, 0, "",
			 "the unit's own SystemCallLog= is replaced: the twin logs only what the "
			 "unit refuses");
	if (unit->has_arches)
		lint_add(&twin->notes, 0, "",
			 "SystemCallArchitectures= stays: a program of an architecture that is not "
			 "listed is killed, which is logged, and nothing after it");
}

static int make_of_unit(struct twin *twin, const struct profile_source *source, struct err *err)
{
	struct lints ignored = {0};
	struct unit unit;
	int r = unit_parse(buf_str(&source->text), &source->groups, &unit, &ignored, err);

	if (r == 0 && !unit.filter.present)
		r = err_set(err, EINVAL,
			    "no SystemCallFilter=: there is no filter, so no twin is needed");
	if (r == 0)
		write_drop_in(twin, &unit);
	unit_release(&unit);
	lint_release(&ignored);
	return r;
}

/* --- all of them */

int twin_make(struct twin *twin, const struct profile_source *source,
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
		r = make_of_unit(twin, source, err);
	else if (source->kind == PROFILE_SOURCE_FILTERS)
		r = make_of_filters(twin, source, &own, enforces, err);
	else
		r = make_of_text(twin, buf_str(&source->text), &own, enforces, err);
	lint_finish(&twin->notes);
	return r;
}

void twin_release(struct twin *twin)
{
	buf_release(&twin->text);
	lint_release(&twin->notes);
}
