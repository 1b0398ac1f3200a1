/*
 * Fuzz target (libFuzzer): lines of any bytes in every envelope and framing. The first bytes say which
 * options the input is read with: as it shows itself, or as `--unwrap`, `--framing`, `--date-order`,
 * `--mixed` and `--trust-all` say.
 *
 * Of what is out of an envelope only a text is believed, and no record is without its time.
 */
#include "base/mem.h"
#include "ingest/date.h"
#include "ingest/envelope/envelope.h"
#include "ingest/framing.h"
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

static void read_lines(struct framing *framing, struct str rest)
{
	struct line line = {.number = 1};
	struct framed framed;

	while (rest.n) {
		size_t n = str_chr(rest, '\n');
		/* a copy of exactly that size, so that a read past the line is seen */
		MEM_AUTO char *copy = mem_resize(NULL, n);

		memcpy(copy, rest.p, n);
		line.text = str_of(copy, n);
		line.ended = n < rest.n;
		if (framing_wants_dates(framing, line.text))
			framing_note_date(framing, line.text);
		framing_read(framing, &line, &framed);
		take(&framed);
		while (framing_more(framing, &framed))
			take(&framed);
		line.offset += n + 1;
		line.number++;
		rest = str_skip(rest, line.ended ? n + 1 : n);
	}
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

	read_lines(framing, str_of((const char *)data + OPTION_BYTES, size - OPTION_BYTES));
	framing_restart(framing);
	read_lines(framing, str_of((const char *)data + OPTION_BYTES, size - OPTION_BYTES));
	framing_free(framing);
	return 0;
}
