#include "profile/twin/logmode_private.h"

#include "profile/profile.h"

#include <errno.h>
#include <strings.h>

#define LOG_FLAG "SECCOMP_FILTER_FLAG_LOG"

static bool has_flag(const struct node *flags)
{
	for (const struct node *item = flags ? flags->first : NULL; item; item = item->next)
		if (node_string(item) && strcmp(item->text, LOG_FLAG) == 0)
			return true;
	return false;
}

static bool is_flow(const struct tree *tree, const struct node *map)
{
	return tree->text.p[map->from] == '{';
}

/* The blanks before a member, from the end of what stands before it. */
static void put_blanks_before(const struct tree *tree, const struct node *member, struct buf *to)
{
	size_t from = member->start;

	while (from > 0 && strchr(" \t\r\n", tree->text.p[from - 1]))
		from--;
	buf_put(to, tree->text.p + from, member->start - from);
}

/* In YAML's blocks a member begins in the column of the first. */
static void put_line_before(const struct tree *tree, const struct node *member, struct buf *to)
{
	size_t line = member->start;

	while (line > 0 && tree->text.p[line - 1] != '\n')
		line--;
	buf_put_char(to, '\n');
	for (size_t i = line; i < member->start; i++)
		buf_put_char(to, ' ');
}

/* A member behind `after`: that one's value, and what comes behind it. */
static void put_member(struct tree *tree, const struct node *map, struct node *after)
{
	BUF_AUTO text = {0};

	buf_put(&text, tree->text.p + after->from, after->to - after->from);
	if (is_flow(tree, map)) {
		buf_put_char(&text, ',');
		put_blanks_before(tree, after, &text);
		buf_put_str(&text, STR("\"flags\": [\"" LOG_FLAG "\"]"));
	} else {
		put_line_before(tree, after, &text);
		buf_put_str(&text, STR("flags: [" LOG_FLAG "]"));
	}
	buf_put_char(&text, '\0');
	tree_replace(tree, after, text.p);
}

static int add_flag(struct twin_maker *maker)
{
	struct tree *tree = &maker->document.tree;
	struct node *profile = maker->document.profile;
	struct node *flags = node_member(profile, "flags");
	struct node *after = node_member(profile, "defaultAction");

	if (has_flag(flags)) {
		lint_note(&maker->twin->notes, 0, "", "has %s: its refusals are logged as it is",
			  LOG_FLAG);
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
		put_member(tree, profile, after);
	maker->twin->changed = 1;
	return 0;
}

/* It is loaded as any profile: that the runtime of that release refuses the flag is an error, and
 * that the loader ignores it, too. */
int twin_enforce(struct twin_maker *maker)
{
	struct profile_options options = maker->options;
	struct profile_source *source;
	struct profile *profile = NULL;
	BUF_AUTO text = {0};
	size_t count;
	int r = add_flag(maker);

	if (r < 0)
		return r;
	tree_write(&maker->document.tree, &text);
	source = profile_source_from_text("the result", buf_str(&text));
	r = profile_load(source, &options, &profile, maker->err);
	if (r == 0 && profile_rules(profile)->flags.count == 0)
		r = err_set(maker->err, EINVAL,
			    "this release of %s ignores flags: it would not have refusals logged",
			    loader_name(profile_rules(profile)->loader));
	for (size_t i = 0; r == 0 && i < (profile_lint(profile, &count), count); i++) {
		const struct lint *lint = &profile_lint(profile, &count)[i];

		if (lint->id && strcmp(lint->id, "flag-by-release") == 0)
			lint_add(&maker->twin->notes, 0, "", "%s", lint->message);
	}
	profile_free(profile);
	profile_source_free(source);
	return r;
}
