#include "profile/document/document.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *document_rule_place(const struct document *document, size_t rule,
				char place[PLACE_SIZE])
{
	snprintf(place, PLACE_SIZE, "%ssyscalls[%zu]", document->prefix, rule);
	return place;
}

const char *document_name_place(const struct document *document, size_t rule, size_t name,
				char place[PLACE_SIZE])
{
	if (document->rules[rule].names.count == 0)
		snprintf(place, PLACE_SIZE, "%ssyscalls[%zu].name", document->prefix, rule);
	else
		snprintf(place, PLACE_SIZE, "%ssyscalls[%zu].names[%zu]", document->prefix, rule,
			 name);
	return place;
}

/* The node of a place, or the nearest one around it; NULL if neither is known. The prefix, which
 * may be "HostConfig.SecurityOpt: ", is part of a place. */
static const struct node *node_of(const struct document *document, struct str place)
{
	struct str prefix = str_from(document->prefix);

	if (prefix.n && str_starts(place, prefix)) {
		const struct node *found =
			node_at_place(document->profile, str_skip(place, prefix.n));

		return found ? found : document->profile;
	}
	return node_at_place(document->object, place);
}

void document_locate_lints(const struct document *document, struct lints *lints)
{
	unsigned column;

	for (size_t i = 0; i < lints->count; i++) {
		struct lint *lint = &lints->all[i];
		const struct node *node = document->tree.line_count >= 3
						  ? node_of(document, str_from(lint->where))
						  : NULL;

		lint->line = 0;
		if (node)
			tree_position(&document->tree, node, &lint->line, &column);
	}
}

void document_locate(const struct document *document, struct err *err)
{
	struct str message = str_from(err->message), prefix = str_from(document->prefix);
	size_t skip = prefix.n && str_starts(message, prefix) ? prefix.n : 0;
	struct str place = str_of(message.p, skip + strcspn(message.p + skip, ": "));
	unsigned line, column;

	if (place.n == 0 || isdigit((unsigned char)*err->message))
		return;
	const struct node *node = node_of(document, place);

	if (!node)
		return;
	tree_position(&document->tree, node, &line, &column);
	err_prefix(err, "%u:%u", line, column);
}

/* --- passages */

static void set_passage(const struct tree *tree, size_t from, size_t to, struct passage *passage)
{
	tree_place(tree, from, &passage->line, &passage->column);
	tree_place(tree, to, &passage->end_line, &passage->end_column);
}

bool document_passage_of_rule(const struct document *document, const char *syscall, uint32_t action,
			      struct passage *ret_passage)
{
	char place[PLACE_SIZE];
	bool found = false, fits = false;

	for (size_t i = 0; i < document->rule_count && !fits; i++) {
		const struct document_rule *rule = &document->rules[i];
		size_t at = 0, count = document_name_count(rule);

		while (at < count && strcmp(document_name(rule, at), syscall) != 0)
			at++;
		if (at == count || (found && rule->action != action))
			continue;
		const struct node *node =
			node_of(document, str_from(document_name_place(document, i, at, place)));

		if (!node)
			continue;
		set_passage(&document->tree, node->from, node->to, ret_passage);
		found = true;
		fits = rule->action == action;
	}
	return found;
}

bool document_passage_of_member(const struct document *document, const char *member,
				struct passage *ret_passage)
{
	const struct node *node = node_member(document->profile, member);

	if (!node)
		return false;
	set_passage(&document->tree, node->outside ? node->from : node->start, node->to,
		    ret_passage);
	return true;
}
