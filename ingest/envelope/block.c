#include "ingest/envelope/envelope_private.h"

#include "base/mem.h"

#include <ctype.h>
#include <jansson.h>

/*
 * Blocks of a name and a value a line, as databases and consoles show a row or an event: mysql's \G, ClickHouse's
 * Vertical, psql's expanded tables, SQLite's .mode line, PowerShell's lists, what is copied from Splunk. Each becomes
 * an object of JSON, and is read as such.
 */

/* A block that does not end within so much has no end. */
#define BLOCK_MAX (1024 * 1024)

/* Each line without a name is joined to those before it. */
#define NAMELESS_MAX 1000

struct pair {
	struct str name, value;
	char between;
};

/* What a block begins with; a date alone is Splunk's. */
static bool is_heading(struct str line)
{
	static const char *const dates[] = {"00/00/00", "00/00/0000", "00.00.00", "00.00.0000"};

	line = str_strip(line);
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		if (line.n == strlen(dates[i]) && envelope_has_shape(line, dates[i]))
			return true;
	if (str_starts(line, STR("Row ")) || str_starts(line, STR("@ Row ")))
		return is_digit(line.p[line.n - 1]) || line.p[line.n - 1] == ':';
	return (str_starts(line, STR("****")) && str_find(line, STR(". row *")) < line.n) ||
	       (line.n > 16 && str_find(str_of(line.p, 16), STR("[ RECORD ")) < 16);
}

/* Drawn below a heading. */
static bool is_rule(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (!strchr("-+ ", line.p[i]) && !(line.p[i] & 0x80))
			return false;
	return true;
}

static bool is_between(struct str line, size_t at)
{
	bool before = at > 0 && line.p[at - 1] == ' ';
	bool after = at + 1 == line.n || strchr(" \t", line.p[at + 1]);

	return line.p[at] == ':' ? after : strchr("=|", line.p[at]) && before && after;
}

static bool read_pair(struct str line, struct pair *ret_pair)
{
	size_t n = 0;

	if (envelope_is_text(str_strip(line)))
		return false;
	while (n < line.n && !is_between(line, n) &&
	       (isalnum((unsigned char)line.p[n]) || strchr("_@.-/() ", line.p[n])))
		n++;
	if (n == line.n || !is_between(line, n))
		return false;
	*ret_pair = (struct pair){.name = str_strip(str_of(line.p, n)),
				  .value = str_strip(str_skip(line, n + 1)),
				  .between = line.p[n]};
	/* "host = w1 source = /var/log/messages", of Splunk */
	if (line.p[n] == '=' && str_find(ret_pair->value, STR(" = ")) < ret_pair->value.n)
		ret_pair->value.n = str_chr(ret_pair->value, ' ');
	return ret_pair->name.n && ret_pair->name.n < BLOCK_NAME_SIZE;
}

static bool is_node(struct str name)
{
	return role_of(str_of(NULL, 0), name) == ENVELOPE_NODE;
}

/* Without a heading the first name is to say whose it is, or that a text follows; tables have bars, and names alone in their first line. */
bool block_begins(struct str line)
{
	struct pair pair;

	if (is_heading(line))
		return true;
	if (!read_pair(line, &pair) || pair.between == '|' || !pair.value.n)
		return false;
	return is_node(pair.name) ? str_chr(pair.value, ' ') == pair.value.n
				  : cells_is_word(pair.name) && envelope_is_text(pair.value);
}

static void put(struct block_gather *gather, struct str name, struct str value)
{
	json_t *text = json_of_text(value);

	memcpy(gather->last, name.p ? name.p : "", name.n);
	gather->last[name.n] = '\0';
	if (json_object_set_new_nocheck(gather->row, gather->last, text) < 0)
		mem_fail("jansson");
}

/* A value goes on, or it is a text without a name: beside names that mean something, and before the first. */
static void put_line(struct block_gather *gather, struct str line)
{
	struct str name = str_from(gather->last);
	BUF_AUTO whole = {0};

	if (role_of(str_of(NULL, 0), name) >= 0)
		name = str_of(NULL, 0);
	json_t *before = json_object_get(gather->row, name.n ? gather->last : "");

	if (before) {
		buf_put(&whole, json_string_value(before), json_string_length(before));
		buf_put_char(&whole, '\n');
	}
	buf_put_str(&whole, line);
	put(gather, name, buf_str(&whole));
}

/* Two nodes in a row: one of them stands in what a program wrote. */
static void put_pair(struct block_gather *gather, const struct pair *pair)
{
	json_t *before;

	memcpy(gather->last, pair->name.p, pair->name.n);
	gather->last[pair->name.n] = '\0';
	before = json_object_get(gather->row, gather->last);
	if (!before)
		put(gather, pair->name, pair->value);
	else if (is_node(pair->name))
		gather->broken |= !str_eq(
			str_of(json_string_value(before), json_string_length(before)), pair->value);
}

static void begin(struct block_gather *gather)
{
	gather->row = json_object();
	if (!gather->row)
		mem_fail("jansson");
	gather->last[0] = '\0';
	gather->bytes = gather->nameless = 0;
	gather->broken = gather->has_pairs = false;
}

void block_end(struct block_gather *gather, struct envelope *envelope)
{
	static const struct context none = {.genuine = false};

	if (!gather->row)
		return;
	envelope_new_entry(envelope);
	if (gather->broken) {
		char *text = json_dumps(gather->row, JSON_COMPACT);

		if (!text)
			mem_fail("jansson");
		envelope_keep_broken(envelope, str_from(text));
		free(text);
	} else {
		json_walk(envelope, gather->row, &none, 1);
	}
	json_decref(gather->row);
	gather->row = NULL;
	gather->is_headed = false;
}

void block_take(struct block_gather *gather, struct envelope *envelope, struct str line)
{
	struct pair pair;
	bool is_pair = read_pair(line, &pair);
	char name[BLOCK_NAME_SIZE];

	if (is_heading(line) || is_rule(line)) {
		/* SQLite's and PowerShell's blocks end with an empty line; within a text it is a part of it */
		if (is_heading(line) || !gather->is_headed)
			block_end(gather, envelope);
		gather->is_headed |= is_heading(line);
		return;
	}
	/* without a heading lines that have no name stand as they are */
	if (!gather->is_headed &&
	    (is_pair ? str_copy(pair.name, name, sizeof(name)) && json_object_get(gather->row, name)
		     : !gather->has_pairs))
		block_end(gather, envelope);
	if (!gather->row)
		begin(gather);
	gather->bytes += line.n;
	gather->nameless += !is_pair;
	gather->has_pairs |= is_pair;
	if (gather->bytes > BLOCK_MAX || gather->nameless > NAMELESS_MAX) {
		gather->broken = true;
		if (envelope_matters(line))
			envelope_keep_broken(envelope, line);
		return;
	}
	if (is_pair)
		put_pair(gather, &pair);
	else
		put_line(gather, line);
}
