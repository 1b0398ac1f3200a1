/*
 * Fuzz target (libFuzzer): lines of any bytes in every envelope and framing. The first bytes say which
 * options the input is read with: as it shows itself, or as `--unwrap`, `--framing`, `--date-order`,
 * `--mixed` and `--trust-all` say; and whether long JSON comes in parts, as ingest/input.h gives it.
 *
 * Of what is out of an envelope only a text is believed, and no record is without its time.
 */
#include "base/mem.h"
#include "ingest/date.h"
#include "ingest/envelope/envelope.h"
#include "ingest/framing.h"
#include "ingest/input.h"
#include "ingest/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define OPTION_BYTES 3

static struct record_space space;

/* One of the names, or NULL. */
static const char *choose(const char *names, unsigned char which, char room[16])
{
	struct str rest = str_from(names);
	unsigned count = 1;

	for (size_t i = 0; i < rest.n; i++)
		count += rest.p[i] == '|';
	which = (unsigned char)(which % (2 * count));
	if (which >= count)
		return NULL;
	for (; which; which--)
		rest = str_skip(rest, str_chr(rest, '|') + 1);
	size_t n = str_chr(rest, '|');

	memcpy(room, rest.p, n);
	room[n] = '\0';
	return room;
}

static void take(const struct framed *framed)
{
	static struct record record;

	if (framed->kind != FRAMED_RECORD)
		return;
	if (framed->interpreted && framed->trust != TRUST_TEXT)
		abort();
	if (framed->interpreted)
		record_parse_interpreted(framed->fields, &space, &record);
	else
		record_parse(framed->fields, &space, &record);
}

static void take_all(struct framing *framing, struct framed *framed)
{
	take(framed);
	while (framing_more(framing, framed))
		take(framed);
}

/* A line, or the part of one that is given next. */
static void read_piece(struct framing *framing, struct line *line, struct str text)
{
	/* a copy of exactly that size, so that a read past the line is seen */
	MEM_AUTO char *copy = mem_resize(NULL, text.n);
	struct framed framed;

	memcpy(copy, text.p, text.n);
	line->text = str_of(copy, text.n);
	if (framing_wants_dates(framing, line->text))
		framing_note_date(framing, line);
	framing_read(framing, line, &framed);
	take_all(framing, &framed);
	line->offset += text.n;
}

/* part_n: how much of a line that is JSON comes at a time. */
static void read_lines(struct framing *framing, struct str rest, size_t part_n)
{
	struct line line = {.number = 1};
	struct framed framed;

	while (rest.n) {
		struct str whole = str_of(rest.p, str_chr(rest, '\n'));
		size_t most = input_is_parted(whole) ? part_n : whole.n;

		line.part = false;
		do {
			struct str piece = str_of(whole.p, whole.n < most ? whole.n : most);

			whole = str_skip(whole, piece.n);
			line.more = whole.n > 0;
			line.ended = line.more || whole.p < rest.p + rest.n;
			read_piece(framing, &line, piece);
			line.part = true;
		} while (whole.n);
		line.offset++;
		line.number++;
		rest = str_skip(rest, str_chr(rest, '\n'));
		rest = str_skip(rest, rest.n > 0);
	}
	if (framing_end(framing, &framed))
		take_all(framing, &framed);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char unwrap[16], name[16], order[16];

	if (size < OPTION_BYTES)
		return 0;
	const struct framing_options options = {
		.host = STR("vm"),
		.now_ms = 1795305656000,
		.trust_all = data[2] & 1,
		.mixed = data[2] & 2,
		.unwrap = choose(ENVELOPE_NAMES, data[0], unwrap),
		.framing = choose(FRAMING_NAMES, data[1], name),
		.date_order = choose(DATE_ORDER_NAMES, data[2] / 4, order),
	};

	struct framing *framing = framing_new(&options);

	const struct str text = str_of((const char *)data + OPTION_BYTES, size - OPTION_BYTES);

	read_lines(framing, text, text.n);
	framing_restart(framing);
	read_lines(framing, text, 1 + data[1] % 64u);
	framing_free(framing);
	return 0;
}
