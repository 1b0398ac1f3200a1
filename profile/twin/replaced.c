#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "profile/document/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void replaced_release(struct replaced *replaced)
{
	for (size_t i = 0; i < replaced->count; i++)
		cover_release(&replaced->all[i].rules);
	free(replaced->all);
}

struct replaced_name *replaced_find(const struct replaced *replaced, const char *name)
{
	return named_find(replaced->all, replaced->count, sizeof(*replaced->all), name);
}

struct replaced_name *replaced_add(struct replaced *replaced, const char *name)
{
	replaced->all = mem_more(replaced->all, replaced->count, sizeof(*replaced->all));
	replaced->all[replaced->count] = (struct replaced_name){
		.name = document_string(replaced->document, name), .manner = COVER_SHORT};
	return &replaced->all[replaced->count++];
}

void replaced_write(struct replaced *replaced)
{
	struct node *list = node_member(replaced->document->profile, "syscalls");

	node_forget_appended(list);
	for (size_t i = 0; i < replaced->count; i++)
		for (size_t j = 0; j < replaced->all[i].rules.count; j++) {
			struct replaced_name *name = &replaced->all[i];
			struct cover_rule *from = &name->rules.all[j];
			const struct document_rule rule = {.names = {&name->name, 1},
							   .action = from->value,
							   .args = from->args,
							   .arg_count = from->arg_count};
			BUF_AUTO json = {0};
			struct emit emit = {.to = &json};

			document_put_rule(&emit, &rule, true);
			tree_append(&replaced->document->tree, list, json.p);
		}
}

/* The name in the rule; the rule itself in moby's old form, which has one name. */
static struct node *name_node(const struct replaced *replaced, size_t rule, size_t name)
{
	struct node *node = replaced->nodes[rule], *names = node_member(node, "names");

	if (!node_is(names, NODE_LIST))
		return node;
	for (node = names->first; node && name > 0; name--)
		node = node->next;
	return node;
}

bool replaced_remove(struct replaced *replaced, const struct rule *rule)
{
	struct node *whole = replaced->nodes[rule->document_rule];
	struct node *node = name_node(replaced, rule->document_rule, rule->document_name);

	if (!node || node->gone || whole->gone)
		return false;
	node_remove(node);
	if (node->parent && node->parent->key && node_left(node->parent) == 0)
		node_remove(whole);
	return true;
}

void replaced_note(const struct replaced *replaced, struct lints *notes)
{
	const struct document *document = replaced->document;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];

	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];

		for (size_t k = 0; k < document_name_count(rule); k++) {
			const struct node *node = name_node(replaced, i, k);
			const struct replaced_name *name =
				node && node->gone ? replaced_find(replaced, document_name(rule, k))
						   : NULL;

			if (!name)
				continue;
			document_name_place(document, i, k, place);
			lint_add(notes, i + 1, place, "%s is not in this rule of the twin: %s",
				 text_quote(name->name, quoted), name->why);
		}
	}
}
