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

/* "HostConfig.SecurityOpt: " in front of a place belongs to it. */
const struct node *document_node(const struct document *document, struct str place)
{
	struct str prefix = str_from(document->prefix);
	const struct node *found = NULL;

	if (document->profile && prefix.n && str_starts(place, prefix))
		found = node_at_place(document->profile, str_skip(place, prefix.n));
	if (!found && document->prefix_owned && str_starts(place, prefix))
		return document->profile;
	if (!found)
		found = document->object ? node_at_place(document->object, place) : NULL;
	return found;
}

unsigned document_line(const struct document *document, const char *place)
{
	const struct node *node = NULL;
	unsigned line, column;

	if (document->tree.line_count >= 3)
		node = document_node(document, str_from(place));
	if (!node)
		return 0;
	tree_position(&document->tree, node, &line, &column);
	return line;
}

void document_locate(const struct document *document, struct err *err)
{
	struct str message = str_from(err->message), prefix = str_from(document->prefix);
	size_t skip = prefix.n && str_starts(message, prefix) ? prefix.n : 0;
	struct str place = str_of(message.p, skip + strcspn(message.p + skip, ": "));
	unsigned line, column;

	if (place.n == 0 || isdigit((unsigned char)*err->message))
		return;
	const struct node *node = document_node(document, place);

	if (!node)
		return;
	tree_position(&document->tree, node, &line, &column);
	err_prefix(err, "%u:%u", line, column);
}
