#include "ingest/strace/strace_private.h"

#include "base/hash.h"
#include "base/scan.h"
#include "ingest/arch.h"
#include "ingest/skip.h"

/* strace: count.c, call_summary_pers(); -U chooses columns and their order. */
static const char *const column_names[] = {
	"% time",   "seconds", "usecs/call", "calls",    "errors",   "syscall",
	"shortest", "longest", "wall-total", "wall-min", "wall-max", "wall-avg",
};

#define COLUMN_NAMES (sizeof(column_names) / sizeof(column_names[0]))

/* The column whose title text begins with, taken off; NULL if that is none. */
static const char *read_title(struct str *text)
{
	for (size_t i = 0; i < COLUMN_NAMES; i++) {
		struct str title = str_from(column_names[i]);

		if (!str_starts(*text, title) || (text->n > title.n && text->p[title.n] != ' '))
			continue;
		*text = str_skip(*text, title.n);
		return column_names[i];
	}
	return NULL;
}

/* Titles and nothing else, `syscall` among them, and at least one more. */
static bool read_head(struct str text, struct strace_summary *summary)
{
	summary->columns = 0;
	summary->calls = summary->name = STRACE_COLUMNS_MAX;
	for (skip_blanks(&text); text.n; skip_blanks(&text)) {
		const char *title = read_title(&text);

		if (!title || summary->columns == STRACE_COLUMNS_MAX)
			return false;
		if (strcmp(title, "calls") == 0)
			summary->calls = summary->columns;
		if (strcmp(title, "syscall") == 0)
			summary->name = summary->columns;
		summary->columns++;
	}
	return summary->columns > 1 && summary->name < STRACE_COLUMNS_MAX;
}

bool strace_summary_is_head(struct str text)
{
	struct strace_summary summary;

	return read_head(text, &summary);
}

/* "------ ----------- ...": where the columns are. A number that is not there leaves its column
 * empty, so words cannot be counted. */
static bool read_dashes(struct str text, struct strace_summary *summary)
{
	size_t columns = 0, at = 0;

	while (at < text.n) {
		size_t from = at;

		while (at < text.n && text.p[at] == '-')
			at++;
		if (at == from || columns == STRACE_COLUMNS_MAX ||
		    (at < text.n && text.p[at] != ' '))
			return false;
		summary->spans[columns].from = from;
		summary->spans[columns++].to = at++;
	}
	return columns > 0 && columns == summary->columns;
}

/* A column's text in a row; the last one may be longer than its dashes. */
static struct str cell(const struct strace_summary *summary, struct str text, size_t column)
{
	size_t from = summary->spans[column].from, to = summary->spans[column].to;

	if (to > text.n || column + 1 == summary->columns)
		to = text.n;
	if (from >= to)
		return str_of(text.p, 0);
	struct str cut = str_of(text.p + from, to - from);

	skip_blanks(&cut);
	while (cut.n && cut.p[cut.n - 1] == ' ')
		cut.n--;
	return cut;
}

static bool read_cells(const struct strace_summary *summary, struct str text, struct str *ret_name,
		       uint64_t *ret_calls)
{
	*ret_name = cell(summary, text, summary->name);
	*ret_calls = 1;
	if (summary->calls == STRACE_COLUMNS_MAX)
		return ret_name->n > 0;
	struct str calls = cell(summary, text, summary->calls);
	const char *end = scan_decimal(calls.p, calls.p + calls.n, 18, ret_calls);

	return ret_name->n && calls.n && end == calls.p + calls.n && *ret_calls;
}

/* A table that was cut ends with the first line that is no row. */
static enum strace_summary_line read_row(struct strace_summary *summary, struct str text,
					 struct str *ret_name, uint64_t *ret_calls)
{
	if (text.n && text.p[0] == '-') {
		summary->state = STRACE_SUMMARY_TOTAL;
		return STRACE_SUMMARY_FRAME;
	}
	if (read_cells(summary, text, ret_name, ret_calls))
		return STRACE_SUMMARY_ROW;
	summary->state = STRACE_SUMMARY_NONE;
	return STRACE_SUMMARY_BAD;
}

/* "System call usage summary for 32 bit mode:", before each table but the first. */
static bool read_mode(struct strace_summary *summary, struct str text)
{
	static const struct str before = {"System call usage summary for ", 30};
	static const struct str after = {" mode:", 6};

	if (!str_starts(text, before))
		return false;
	text = str_skip(text, before.n);
	text.n = str_find(text, after);
	strace_mode(text, &summary->token);
	summary->state = STRACE_SUMMARY_NONE;
	return true;
}

static enum strace_summary_line read_frame(struct strace_summary *summary, struct str text)
{
	if (read_mode(summary, text))
		return STRACE_SUMMARY_FRAME;
	if (!read_head(text, summary))
		return STRACE_SUMMARY_NOTHING;
	if (summary->token == 0)
		summary->token = arch_native();
	summary->state = STRACE_SUMMARY_HEAD;
	return STRACE_SUMMARY_FRAME;
}

enum strace_summary_line strace_summary_read(struct strace_summary *summary, struct str text,
					     struct str *ret_name, uint64_t *ret_calls)
{
	switch (summary->state) {
	case STRACE_SUMMARY_NONE:
		return read_frame(summary, text);
	case STRACE_SUMMARY_HEAD:
		summary->state =
			read_dashes(text, summary) ? STRACE_SUMMARY_ROWS : STRACE_SUMMARY_NONE;
		return STRACE_SUMMARY_FRAME;
	case STRACE_SUMMARY_ROWS:
		return read_row(summary, text, ret_name, ret_calls);
	case STRACE_SUMMARY_TOTAL:
		summary->state = STRACE_SUMMARY_NONE;
		summary->token = 0;
		return STRACE_SUMMARY_FRAME;
	}
	return STRACE_SUMMARY_NOTHING;
}

/* The name's slot or a free one for it; SLOTS where all are taken. */
static size_t slot_of(const struct strace_seen *seen, uint64_t hash)
{
	for (size_t i = 0; i < STRACE_SEEN_SLOTS; i++) {
		size_t at = (size_t)(hash + i) % STRACE_SEEN_SLOTS;

		if (seen->slots[at].hash == hash || seen->slots[at].hash == 0)
			return at;
	}
	return STRACE_SEEN_SLOTS;
}

void strace_seen_add(struct strace_seen *seen, struct str name)
{
	uint64_t hash = hash_bytes(0, name) | 1;
	size_t at = slot_of(seen, hash);

	if (at == STRACE_SEEN_SLOTS)
		return;
	seen->slots[at].hash = hash;
	seen->slots[at].calls++;
}

uint64_t strace_seen_take(struct strace_seen *seen, struct str name, uint64_t calls)
{
	size_t at = slot_of(seen, hash_bytes(0, name) | 1);

	if (at == STRACE_SEEN_SLOTS)
		return 0;
	uint64_t taken = calls < seen->slots[at].calls ? calls : seen->slots[at].calls;

	seen->slots[at].calls -= taken;
	return taken;
}
