#include "live/hidden.h"

#include "report/message.h"

#include <stdio.h>

static bool is_there(const struct hiding *now, const char *cause)
{
	for (uint32_t i = 0; i < now->count && i < HIDING_MAX; i++)
		if (strcmp(now->causes[i], cause) == 0)
			return true;
	return false;
}

static bool is_known(const struct hidden *hidden, const char *cause)
{
	for (size_t i = 0; i < hidden->count; i++)
		if (strcmp(hidden->spans[i].cause, cause) == 0)
			return true;
	return false;
}

/* One row a span, however often it is written: its end moves. */
static int write_span(const struct hidden_span *span, int64_t until_ms, struct evidence *evidence,
		      struct err *err)
{
	const struct loss_note note = {
		.kind = LOSS_HIDDEN,
		.ms = span->since_ms,
		.count = until_ms > span->since_ms ? (uint64_t)(until_ms - span->since_ms) : 0,
		.node = evidence->node,
		.text = str_from(span->cause),
		.detail = str_from(span->cause),
	};

	return store_put_loss(evidence->store, &note, err);
}

static void begin(struct hidden *hidden, const char *cause, int64_t since_ms,
		  struct evidence *evidence)
{
	struct hidden_span *span = &hidden->spans[hidden->count++];

	span->since_ms = since_ms;
	snprintf(span->cause, sizeof(span->cause), "%s", cause);
	status_line_clear(evidence->status_line);
	message_warning(
		"records are hidden by configuration: %s (`sclog doctor` shows how to fix it)",
		cause);
}

int hidden_take(struct hidden *hidden, const struct hiding *now, int64_t now_ms,
		struct evidence *evidence, struct err *err)
{
	size_t kept = 0;
	int result = 0;

	/* without room the next look writes them */
	if (!store_has_room(evidence->store))
		return 0;
	for (size_t i = 0; i < hidden->count && result == 0; i++) {
		result = write_span(&hidden->spans[i], now_ms, evidence, err);
		if (is_there(now, hidden->spans[i].cause))
			hidden->spans[kept++] = hidden->spans[i];
	}
	hidden->count = result < 0 ? hidden->count : kept;
	for (uint32_t i = 0; i < now->count && i < HIDING_MAX && result == 0; i++) {
		if (hidden->count == HIDING_MAX || is_known(hidden, now->causes[i]))
			continue;
		begin(hidden, now->causes[i], hidden->looked_ms ? hidden->looked_ms : now_ms,
		      evidence);
		result = write_span(&hidden->spans[hidden->count - 1], now_ms, evidence, err);
	}
	hidden->looked_ms = now_ms;
	return result;
}
