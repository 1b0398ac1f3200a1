#include "report/spread.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "report/format.h"
#include "report/json.h"

#include <inttypes.h>
#include <stdlib.h>

void spread_release(struct spread *spread)
{
	for (size_t i = 0; i < spread->node_count; i++)
		free(spread->nodes[i].name);
	free(spread->nodes);
	free(spread->calls);
	*spread = (struct spread){0};
}

/* NULL where there are too many. */
static struct spread_node *node_for(struct spread *spread, struct str name)
{
	size_t at = spread->last_node;

	if (spread->node_count && str_eq(str_from(spread->nodes[at].name), name))
		return &spread->nodes[at];
	const struct spread_node node = {.name = mem_copy(name)};

	if (sorted_find(spread->nodes, spread->node_count, sizeof(node), &node, sorted_by_name,
			&at)) {
		free(node.name);
	} else if (spread->node_count < SPREAD_NODES_MAX) {
		spread->nodes =
			sorted_insert(spread->nodes, spread->node_count++, sizeof(node), at, &node);
	} else {
		free(node.name);
		spread->too_many = true;
		return NULL;
	}
	spread->last_node = at;
	return &spread->nodes[at];
}

void spread_add_node(struct spread *spread, struct str node)
{
	node_for(spread, node);
}

static int compare_calls(const void *a, const void *b)
{
	const struct spread_call *call_a = a, *call_b = b;

	if (call_a->arch != call_b->arch)
		return call_a->arch < call_b->arch ? -1 : 1;
	return (call_a->nr > call_b->nr) - (call_a->nr < call_b->nr);
}

/* NULL where there are too many. */
static struct spread_call *call_for(struct spread *spread, uint32_t arch, int32_t nr)
{
	const struct spread_call call = {.arch = arch, .nr = nr};
	size_t at;

	if (sorted_find(spread->calls, spread->call_count, sizeof(call), &call, compare_calls, &at))
		return &spread->calls[at];
	spread->too_many |= spread->call_count == SPREAD_CALLS_MAX;
	if (spread->too_many)
		return NULL;
	spread->calls = sorted_insert(spread->calls, spread->call_count++, sizeof(call), at, &call);
	return &spread->calls[at];
}

void spread_add(struct spread *spread, const struct observation *observation)
{
	struct spread_node *node = node_for(spread, observation->node);
	struct spread_call *call =
		node ? call_for(spread, observation->arch, observation->nr) : NULL;

	if (!call)
		return;
	node->containers +=
		observation->container_row && observation->container_row != spread->last_container;
	spread->last_container = observation->container_row;
	node->records += observation->count;
	call->records += observation->count;
	if (call->last == node->name)
		return;
	call->last = node->name;
	if (call->nodes < SPREAD_NAMED_MAX)
		call->named[call->nodes] = node->name;
	call->nodes++;
	node->calls++;
}

/* --- for people and programs */

static bool can_be_said(const struct spread *spread)
{
	return spread->node_count > 1 && !spread->too_many;
}

void spread_put(const struct spread *spread, struct buf *text)
{
	size_t with_records = 0;

	if (!can_be_said(spread))
		return;
	for (size_t i = 0; i < spread->node_count; i++)
		with_records += spread->nodes[i].records > 0;
	buf_format(text, " on %zu", with_records);
	if (with_records < spread->node_count)
		buf_format(text, " of %zu", spread->node_count);
	buf_put_str(text, STR(" nodes"));
}

static int compare_seen(const void *a, const void *b)
{
	const struct spread_node *node_a = *(struct spread_node *const *)a;
	const struct spread_node *node_b = *(struct spread_node *const *)b;

	if (node_a->calls != node_b->calls)
		return node_a->calls < node_b->calls ? -1 : 1;
	return sorted_by_name(node_a, node_b);
}

static void put_number(struct buf *text, const char *before, uint64_t number, const char *noun)
{
	buf_format(text, "%s%" PRIu64 " %s%s", before, number, noun, number == 1 ? "" : "s");
}

static json_t *nodes_json(const struct spread *spread, size_t listed_max)
{
	const struct spread_node **nodes =
		mem_new(spread->node_count, sizeof(struct spread_node *));
	json_t *list = json_array();

	for (size_t i = 0; i < spread->node_count; i++)
		nodes[i] = &spread->nodes[i];
	qsort(nodes, spread->node_count, sizeof(*nodes), compare_seen);
	for (size_t i = 0; i < spread->node_count && i < listed_max; i++) {
		BUF_AUTO text = {0};

		buf_format(&text, "%s: ", nodes[i]->name);
		if (nodes[i]->records == 0) {
			buf_put_str(&text, STR("no records"));
		} else {
			put_number(&text, "", nodes[i]->calls, "call");
			put_number(&text, ", ", nodes[i]->records, "record");
		}
		if (nodes[i]->containers)
			put_number(&text, ", ", nodes[i]->containers, "container");
		json_array_append_new(list, json_from_str(buf_str(&text)));
	}
	if (spread->node_count > listed_max)
		json_array_append_new(
			list, json_sprintf("and %zu more", spread->node_count - listed_max));
	free(nodes);
	return list;
}

static json_t *calls_json(const struct spread *spread)
{
	json_t *list = json_array();

	for (size_t i = 0; i < spread->call_count; i++) {
		const struct spread_call *call = &spread->calls[i];
		BUF_AUTO text = {0};

		format_put_call(&text, call->arch, call->nr);
		buf_format(&text, " %" PRIu32 "/%zu nodes", call->nodes, spread->node_count);
		put_number(&text, ", ", call->records, "record");
		for (uint32_t k = 0; k < call->nodes && call->nodes <= SPREAD_NAMED_MAX &&
				     call->nodes < spread->node_count;
		     k++)
			buf_format(&text, "%s%s", k ? ", " : ": ", call->named[k]);
		json_array_append_new(list, json_from_str(buf_str(&text)));
	}
	return list;
}

void spread_put_json(const struct spread *spread, size_t listed_max, json_t *object)
{
	if (!can_be_said(spread) || spread->call_count == 0)
		return;
	json_object_set_new(object, "seen_on_nodes", nodes_json(spread, listed_max));
	json_object_set_new(object, "seen_by_call", calls_json(spread));
}
