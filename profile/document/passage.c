#include "profile/document/passage.h"

#include "profile/document/document.h"

#include <string.h>

static void set_passage(const struct tree *tree, size_t from, size_t to, struct passage *passage)
{
	tree_place(tree, from, &passage->line, &passage->column);
	tree_place(tree, to, &passage->end_line, &passage->end_column);
}

/* The index of the name in the rule; -1 if it is not there. */
static long name_in(const struct document_rule *rule, const char *syscall)
{
	for (size_t i = 0; i < document_name_count(rule); i++)
		if (strcmp(document_name(rule, i), syscall) == 0)
			return (long)i;
	return -1;
}

bool passage_of_rule(const struct document *document, const char *syscall, uint32_t action,
		     struct passage *ret_passage)
{
	char place[PLACE_SIZE];
	bool found = false, fits = false;

	for (size_t i = 0; i < document->rule_count && !fits; i++) {
		const struct document_rule *rule = &document->rules[i];
		long at = name_in(rule, syscall);

		if (at < 0 || (found && rule->action != action))
			continue;
		const struct node *node = document_node(
			document, str_from(document_name_place(document, i, (size_t)at, place)));

		if (!node)
			continue;
		set_passage(&document->tree, node->from, node->to, ret_passage);
		found = true;
		fits = rule->action == action;
	}
	return found;
}

bool passage_of_member(const struct document *document, const char *member,
		       struct passage *ret_passage)
{
	const struct node *node = node_member(document->profile, member);

	if (!node)
		return false;
	set_passage(&document->tree, node->outside ? node->from : node->start, node->to,
		    ret_passage);
	return true;
}
