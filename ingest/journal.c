#include "ingest/journal.h"

#include "base/scan.h"

#include <endian.h>

static const char *const field_names[JOURNAL_FIELD_COUNT] = {
	[JOURNAL_TRANSPORT] = "_TRANSPORT",
	[JOURNAL_MESSAGE] = "MESSAGE",
	[JOURNAL_AUDIT_TYPE] = "_AUDIT_TYPE",
	[JOURNAL_AUDIT_ID] = "_AUDIT_ID",
	[JOURNAL_SOURCE_TIME] = "_SOURCE_REALTIME_TIMESTAMP",
	[JOURNAL_TIME] = "__REALTIME_TIMESTAMP",
	[JOURNAL_HOSTNAME] = "_HOSTNAME",
	[JOURNAL_FACILITY] = "SYSLOG_FACILITY",
};

/* A kernel message fits many times; what is longer is nobody's record. */
#define VALUE_MAX 65536

void journal_release(struct journal *journal)
{
	buf_release(&journal->entry.values);
	buf_release(&journal->binary);
}

static void entry_clear(struct journal_entry *entry)
{
	buf_clear(&entry->values);
	memset(entry->fields, 0, sizeof(entry->fields));
}

void journal_restart(struct journal *journal)
{
	entry_clear(&journal->entry);
	buf_clear(&journal->binary);
	journal->inside = journal->in_binary = journal->ended = false;
}

const char *journal_field_name(enum journal_field field)
{
	return field_names[field];
}

static int field_from_name(struct str name)
{
	for (int i = 0; i < JOURNAL_FIELD_COUNT; i++)
		if (str_eq(name, str_from(field_names[i])))
			return i;
	return -1;
}

/* Keeps a value. A field that comes twice keeps its first value. */
static void entry_put(struct journal_entry *entry, int field, struct str value)
{
	if (field < 0 || entry->fields[field].present || value.n > VALUE_MAX)
		return;
	entry->fields[field].present = true;
	entry->fields[field].at = entry->values.n;
	entry->fields[field].n = value.n;
	buf_put_str(&entry->values, value);
}

void journal_clear(struct journal *journal)
{
	entry_clear(&journal->entry);
}

void journal_put(struct journal *journal, enum journal_field field, struct str value)
{
	entry_put(&journal->entry, (int)field, value);
}

/* "NAME=" or a binary value's NAME alone: capitals, digits and underscores, at most 64 of them
 * (systemd, src/basic/journal-file: journal_field_valid()). */
static bool is_field(struct str text)
{
	size_t n = str_chr(text, '=');

	for (size_t i = 0; i < n; i++)
		if (!(text.p[i] >= 'A' && text.p[i] <= 'Z') && text.p[i] != '_' &&
		    !is_digit(text.p[i]))
			return false;
	return n > 0 && n <= 64;
}

/* "Sat 2026-11-21 23:01:34.454000 UTC [s=...;i=...]": what journalctl -o verbose puts before the
 * fields (systemd, logs-show.c, output_verbose()). */
static bool is_verbose_head(struct str text)
{
	struct str head = str_of(text.p, text.n < 80 ? text.n : 80);
	size_t open = str_find(head, STR(" [s="));

	return open >= 20 && open < head.n && head.p[0] >= 'A' && head.p[0] <= 'Z' &&
	       text.p[text.n - 1] == ']';
}

bool journal_is_broken(const struct journal *journal, struct str text)
{
	return journal->inside && !journal->verbose && !journal->in_binary && text.n &&
	       !is_field(text);
}

bool journal_is_export(const struct journal *journal, struct str text)
{
	return journal->inside || str_starts(text, STR("__CURSOR=")) ||
	       str_starts(text, STR("__REALTIME_TIMESTAMP=")) || is_verbose_head(text);
}

/* Where the binary value ends, once its length is known; else the end of time. */
static uint64_t binary_end(const struct journal *journal)
{
	uint64_t size;

	if (journal->binary.n < sizeof(size))
		return UINT64_MAX;
	memcpy(&size, journal->binary.p, sizeof(size));
	size = le64toh(size);
	return size > UINT64_MAX / 2 ? UINT64_MAX : journal->binary_from + sizeof(size) + size;
}

static void finish_binary(struct journal *journal, uint64_t end)
{
	uint64_t size = end - journal->binary_from;

	if (journal->binary.n >= size && size <= VALUE_MAX)
		entry_put(&journal->entry, journal->binary_field,
			  str_of(journal->binary.p + sizeof(size), (size_t)size - sizeof(size)));
	journal->in_binary = false;
}

/*
 * One line of a binary value, whose own newlines parted it. Where the value ends is told by
 * offsets alone: its bytes are its sender's, and may look like fields of an entry. Returns true
 * if the line was part of it.
 */
static bool binary_line(struct journal *journal, const struct line *line)
{
	uint64_t end = binary_end(journal);

	if (line->offset > end) { /* it ended inside a line that was cut */
		finish_binary(journal, end);
		return false;
	}
	if (journal->binary.n < VALUE_MAX) {
		buf_put_str(&journal->binary, line->text);
		buf_put_char(&journal->binary, '\n');
	}
	end = binary_end(journal);
	if (!line->cut && line->offset + line->text.n >= end)
		finish_binary(journal, end);
	return true;
}

static void begin_binary(struct journal *journal, const struct line *line, int field)
{
	journal->in_binary = true;
	journal->binary_field = field;
	journal->binary_from = line->offset + line->text.n + 1;
	buf_clear(&journal->binary);
}

/* A field stands behind four blanks, the further lines of a value behind more than that. */
static void verbose_field(struct journal *journal, struct str text)
{
	size_t equals = str_chr(text, '=');

	if (text.n < 6 || text.p[4] == ' ' || equals == text.n)
		return;
	entry_put(&journal->entry, field_from_name(str_of(text.p + 4, equals - 4)),
		  str_skip(text, equals + 1));
}

static bool verbose_line(struct journal *journal, struct str text)
{
	if (str_starts(text, STR("    "))) {
		verbose_field(journal, text);
		return false;
	}
	journal->ended = is_verbose_head(text);
	journal->inside = journal->ended;
	return true;
}

bool journal_end(struct journal *journal)
{
	bool whole = journal->inside && !journal->ended && !journal->in_binary;

	journal->inside = journal->in_binary = journal->ended = false;
	return whole;
}

bool journal_export_line(struct journal *journal, const struct line *line)
{
	bool was_inside = journal->inside && !journal->ended;

	if (journal->inside && journal->ended && journal->verbose) {
		entry_clear(&journal->entry); /* its head was the end of the one before */
		journal->ended = false;
		was_inside = true;
	}
	if (!was_inside) {
		entry_clear(&journal->entry);
		journal->inside = true;
		journal->ended = false;
		journal->verbose = is_verbose_head(line->text);
		if (journal->verbose)
			return false;
	}
	if (journal->verbose)
		return verbose_line(journal, line->text);
	if (journal->in_binary && binary_line(journal, line))
		return false;
	/* every entry begins so (systemd, logs-show.c); the line itself says nothing of ours */
	if (was_inside && str_starts(line->text, STR("__CURSOR="))) {
		journal->ended = true;
		return true;
	}
	if (line->text.n == 0) {
		journal->inside = false;
		return true;
	}
	size_t equals = str_chr(line->text, '=');
	int field = field_from_name(str_of(line->text.p, equals));

	if (equals < line->text.n)
		entry_put(&journal->entry, field, str_skip(line->text, equals + 1));
	else
		begin_binary(journal, line, field);
	return false;
}

struct str journal_value(const struct journal *journal, enum journal_field field)
{
	const struct journal_entry *entry = &journal->entry;

	if (!entry->fields[field].present)
		return str_of(NULL, 0);
	if (entry->fields[field].n == 0)
		return STR("");
	return str_of(entry->values.p + entry->fields[field].at, entry->fields[field].n);
}

bool journal_number(const struct journal *journal, enum journal_field field, uint64_t *ret_number)
{
	struct str value = journal_value(journal, field);

	return value.n &&
	       scan_decimal(value.p, value.p + value.n, 18, ret_number) == value.p + value.n;
}
