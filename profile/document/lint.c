#include "profile/document/lint.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *id;
	enum lint_level level;
} kinds[] = {
/* clang-format off */
#define LINT_ROW(kind, id, level) [LINT_##kind] = {id, LINT_##level},
	LINTS(LINT_ROW)
	[LINT_CAUTION] = {NULL, LINT_WARNING},
	[LINT_NOTE] = {NULL, LINT_INFO},
	/* clang-format on */
};

void lint_report(struct lints *lints, enum lint_kind kind, size_t order, const char *where,
		 const char *format, ...)
{
	char message[1024];
	va_list args;

	if (!lints)
		return;
	if (lints->count == LINT_MAX) {
		lints->dropped++;
		return;
	}
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	lints->all = mem_more(lints->all, lints->count, sizeof(*lints->all));
	lints->orders = mem_more(lints->orders, lints->count, sizeof(*lints->orders));
	lints->orders[lints->count] = order;
	lints->all[lints->count++] = (struct lint){.level = kinds[kind].level,
						   .id = kinds[kind].id,
						   .message = mem_copy(str_from(message)),
						   .where = mem_copy(str_from(where))};
}

void lint_put_place(const struct lint *lint, struct buf *to)
{
	if (!lint->where || !lint->where[0])
		return;
	buf_put_str(to, str_from(lint->where));
	if (lint->line)
		buf_format(to, " (line %u)", lint->line);
	buf_put_str(to, STR(": "));
}

const char *lint_level_name(enum lint_level level)
{
	static const char *const names[] = {[LINT_INFO] = "info", [LINT_WARNING] = "warning"};

	return names[level];
}

void lint_finish(struct lints *lints)
{
	/* insertion sort: stable, and the entries are nearly in order */
	for (size_t i = 1; i < lints->count; i++) {
		struct lint lint = lints->all[i];
		size_t order = lints->orders[i], at = i;

		for (; at > 0 && lints->orders[at - 1] > order; at--) {
			lints->all[at] = lints->all[at - 1];
			lints->orders[at] = lints->orders[at - 1];
		}
		lints->all[at] = lint;
		lints->orders[at] = order;
	}
	if (!lints->dropped)
		return;
	char message[64];

	snprintf(message, sizeof(message), "%zu more like these are not shown", lints->dropped + 1);
	free(lints->all[lints->count - 1].message);
	lints->all[lints->count - 1].level = LINT_WARNING;
	lints->all[lints->count - 1].id = NULL;
	lints->all[lints->count - 1].message = mem_copy(str_from(message));
}

void lint_release(struct lints *lints)
{
	for (size_t i = 0; i < lints->count; i++) {
		free(lints->all[i].message);
		free(lints->all[i].where);
	}
	free(lints->all);
	free(lints->orders);
	*lints = (struct lints){0};
}

/* Returns how many bytes of the text were written. */
static size_t write_safe(const char *text, char *safe, size_t size)
{
	const char *start = text;
	size_t n = 0;

	for (; *text && n + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			safe[n++] = (char)c;
		else
			n += (size_t)snprintf(safe + n, size - n, "\\x%02x", c);
	}
	safe[n] = '\0';
	return (size_t)(text - start);
}

const char *text_safe(const char *text, char *safe, size_t size)
{
	write_safe(text, safe, size);
	return safe;
}

const char *text_quote(const char *text, char quoted[QUOTED_SIZE])
{
	quoted[0] = '\'';
	size_t used = write_safe(text, quoted + 1, QUOTED_SIZE - 5);
	size_t n = strlen(quoted);

	snprintf(quoted + n, QUOTED_SIZE - n, "%s'", text[used] ? "..." : "");
	return quoted;
}

void listing_add_safe(struct listing *listing, const char *name)
{
	char safe[QUOTED_SIZE];

	listing_add(listing, text_safe(name, safe, sizeof(safe)));
}

int err_quoted(struct err *err, const char *place, const char *what, const char *text)
{
	char quoted[QUOTED_SIZE];

	return err_set(err, EINVAL, "%s: %s %s", place, what, text_quote(text, quoted));
}
