#include "report/arguments.h"

#include "base/scan.h"
#include "ingest/arch.h"
#include "report/format.h"
#include "report/text.h"

#include <stdlib.h>

#define INT_MASK " & 0xffffffff"

/* A condition while it is read. */
struct reader {
	const char *syscall;
	const struct argument_field
		*field;    /* of the argument that was named last; NULL: no names */
	bool masked;       /* what follows are bits under a mask */
	struct str before; /* the word before the one at hand */
	struct buf *out;
};

static const struct argument_field *find_field(const char *syscall, unsigned argument)
{
	for (size_t i = 0; i < argument_field_count; i++)
		if (argument_fields[i].argument == argument &&
		    strcmp(argument_fields[i].syscall, syscall) == 0)
			return &argument_fields[i];
	return NULL;
}

static const char *find_name(const struct argument_field *field, uint32_t value)
{
	for (size_t i = 0; i < field->count; i++)
		if (field->all[i].value == value)
			return field->all[i].name;
	return NULL;
}

static void put_bit(struct buf *buf, const char *name)
{
	buf_format(buf, "%s%s", buf->n ? " | " : "", name);
}

/* "CLONE_NEWNS | CLONE_NEWUSER"; nothing if some of the bits have no name. */
static void put_flags(struct buf *buf, const struct argument_field *field, uint32_t value)
{
	uint32_t unit = value & field->unit, rest = value & ~field->unit;
	const char *name = unit ? find_name(field, unit) : NULL;

	if (unit && !name)
		return;
	if (unit)
		put_bit(buf, name);
	for (; rest; rest &= rest - 1) {
		name = find_name(field, rest & -rest);
		if (!name) {
			buf_clear(buf);
			return;
		}
		put_bit(buf, name);
	}
}

static void put_value(struct reader *reader, uint64_t value, struct str digits)
{
	const struct argument_field *field = reader->field;
	bool is_mask = str_eq(reader->before, STR("&"));
	const char *name = value <= UINT32_MAX ? find_name(field, (uint32_t)value) : NULL;
	BUF_AUTO flags = {0};

	if (value == 0 && (reader->masked || (field->flags && !name)))
		buf_put_char(&flags, '0');
	else if (name)
		buf_put_str(&flags, str_from(name));
	else if (field->flags && value <= UINT32_MAX)
		put_flags(&flags, field, (uint32_t)value);
	if (is_mask && str_chr(buf_str(&flags), '|') < flags.n)
		buf_format(reader->out, "(%s)", flags.p);
	else
		buf_put_str(reader->out, flags.n ? buf_str(&flags) : digits);
}

/* "0x28" or "0x28,": the number, and how long it is; 0 for another word. */
static size_t number_of(struct str word, uint64_t *ret_value)
{
	size_t n = 2;

	if (word.n < 3 || !str_starts(word, STR("0x")))
		return 0;
	for (*ret_value = 0; n < word.n && n < 18; n++) {
		const char *digits = "0123456789abcdef", *digit = strchr(digits, word.p[n]);

		if (!digit || !*digit)
			break;
		*ret_value = *ret_value << 4 | (uint64_t)(digit - digits);
	}
	return n > 2 && (n == word.n || word.p[n] == ',' || word.p[n] == ';') ? n : 0;
}

/* Ends of a range: "at most 0x3", "0x3 to 0x5". */
static bool is_range(const struct reader *reader, struct str after)
{
	return str_eq(reader->before, STR("most")) || str_eq(reader->before, STR("least")) ||
	       str_eq(reader->before, STR("to")) || str_eq(reader->before, STR("<=")) ||
	       str_eq(reader->before, STR(">=")) || str_starts(after, STR(" to "));
}

static void put_word(struct reader *reader, struct str word, struct str after)
{
	uint64_t value = 0;
	size_t n = number_of(word, &value);

	if (word.n == 4 && str_starts(word, STR("arg"))) {
		reader->field = find_field(reader->syscall, (unsigned)(word.p[3] - '0'));
		reader->masked = false;
	} else if (str_eq(word, STR("pointer"))) {
		reader->field = NULL;
	}
	if (!n || !reader->field || is_range(reader, after)) {
		text_put_sentence(reader->out, word);
	} else {
		put_value(reader, value, str_of(word.p, n));
		text_put_sentence(reader->out, str_skip(word, n));
		reader->masked |= str_eq(reader->before, STR("&"));
	}
	reader->before = word;
}

void arguments_put(struct buf *buf, const char *syscall, const char *condition)
{
	struct reader reader = {.syscall = syscall, .out = buf};
	struct str rest = str_from(condition);

	while (rest.n) {
		size_t n = str_chr(rest, ' ');

		put_word(&reader, str_of(rest.p, n), str_skip(rest, n));
		rest = str_skip(rest, n);
		/* of these arguments the kernel reads only an int; x32's filters say so */
		if (reader.field && str_starts(reader.before, STR("arg")) &&
		    str_starts(rest, STR(INT_MASK " ")))
			rest = str_skip(rest, sizeof(INT_MASK) - 1);
		if (rest.n) {
			buf_put_char(buf, ' ');
			rest = str_skip(rest, 1);
		}
	}
}

/* What an action does to the call: "allowed", "refused with EPERM"; else its name. */
static void put_action(struct buf *buf, struct str action)
{
	char text[FORMAT_NAME_SIZE];
	uint64_t error;

	if (str_eq(action, STR("ALLOW")))
		buf_put_str(buf, STR("allowed"));
	else if (str_eq(action, STR("LOG")))
		buf_put_str(buf, STR("logged"));
	else if (str_starts(action, STR("ERRNO(")) &&
		 scan_decimal(action.p + 6, action.p + action.n, 4, &error) > action.p + 6)
		buf_format(buf, "refused with %s", format_errno((uint16_t)error, text));
	else
		text_put_sentence(buf, action);
}

/* "ALLOW when ..." or "ERRNO(1) otherwise" */
static void put_outcome(struct buf *buf, const char *syscall, const char *condition)
{
	struct str all = str_from(condition), action = str_of(all.p, str_chr(all, ' '));
	struct str rest = str_skip(all, action.n);

	if (str_eq(rest, STR(" otherwise"))) {
		buf_put_str(buf, STR("otherwise "));
		put_action(buf, action);
	} else if (str_starts(rest, STR(" when "))) {
		put_action(buf, action);
		arguments_put(buf, syscall, rest.p);
	} else {
		arguments_put(buf, syscall, condition);
	}
}

void arguments_put_conditions(struct buf *buf, uint32_t arch, int32_t nr,
			      const struct verdict *verdict)
{
	char name[SYSCALL_NAME_SIZE];

	if (verdict->condition_count)
		syscall_name(arch, nr, name);
	for (size_t i = 0; i < verdict->condition_count; i++) {
		buf_put_str(buf, i ? STR("; ") : STR(""));
		put_outcome(buf, name, verdict->conditions[i]);
	}
}
