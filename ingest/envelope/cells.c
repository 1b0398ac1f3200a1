#include "ingest/envelope/envelope_private.h"

#include "base/scan.h"

#include <ctype.h>

/*
 * Cells without names: rows of a table whose first line is missing, lists of JSON. A host's name is small letters,
 * digits, dots and dashes, with a digit where there are several hosts; other words may be its name, or a program's.
 */

bool cells_is_word(struct str word)
{
	return word.n < 2 ||
	       str_is_one_of(
		       word,
		       "emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug|kern|user|mail|"
		       "daemon|auth|syslog|authpriv|local0|local1|local2|local3|local4|local5|local6|"
		       "local7|kernel|audit|auditd|seccomp|message|msg|line|log|logs|text|raw|value|"
		       "event|event.original|true|false|null|none|json|linux|messages|journal|journald|"
		       "rsyslog|dmesg|utc|file|udp|tcp|linux-audit",
		       false);
}

/* Ids: of a container, a commit, a UUID. */
static bool is_hex(struct str word)
{
	size_t n = 0;

	while (n < word.n && (scan_hex_digit(word.p[n]) >= 0 || word.p[n] == '-'))
		n++;
	return n == word.n && n >= 8;
}

void cells_note(struct cells *cells, struct str cell)
{
	bool small = false, large = false, digit = false;
	size_t dots = 0;

	cells->is_kernels |= str_is_one_of(cell, "kern|kernel|kernel:", false);
	if (cell.n > 253 || !cell.n || !isalnum((unsigned char)cell.p[0]) || cells_is_word(cell))
		return;
	for (size_t i = 0; i < cell.n; i++) {
		char c = cell.p[i];

		if (!isalnum((unsigned char)c) && c != '.' && c != '-')
			return;
		small |= c >= 'a' && c <= 'z';
		large |= c >= 'A' && c <= 'Z';
		digit |= is_digit(c);
		dots += c == '.';
	}
	if (!small && !large) {
		if (dots == 3)
			cells->address = cell;
		return;
	}
	if (is_hex(cell)) { /* a container's, perhaps */
		cells->others += cell.n == 12 || cell.n == 64 ? 2 : 0;
		return;
	}
	if ((small && large) || is_digit(cell.p[0]) || (large && !digit))
		return;
	cells->node = cell;
	cells->nodes += digit;
	cells->others += !digit;
}

bool cells_find_node(const struct cells *cells, struct context *context)
{
	for (int i = ENVELOPE_NODE; i <= ENVELOPE_STREAM; i++)
		if (context->values[i].n)
			return true;
	if (cells->nodes + cells->others > 1 || (cells->others && !cells->is_kernels))
		return false;
	context->values[ENVELOPE_NODE] = cells->node.n ? cells->node : cells->address;
	return true;
}
