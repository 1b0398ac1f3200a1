/*
 * Text for people: bytes from logs made safe for a terminal, and columns that line up.
 *
 * A container chooses its comm and exe, so they may hold escape sequences, newlines, or
 * characters that turn the writing direction. None of those reaches the output: see text_put().
 */
#ifndef SCLOG_REPORT_TEXT_H
#define SCLOG_REPORT_TEXT_H

#include "base/buf.h"

#include <stdint.h>

/*
 * Whether a terminal or a reader could be led astray by a code point: C0, DEL and C1 controls,
 * line separators, and what has no width or changes the direction of its neighbours.
 */
bool text_is_unsafe(uint32_t point);

/*
 * Appends s as it may be shown: unsafe characters and invalid bytes as \xNN a byte (\n and \t by
 * their letters), a backslash doubled, so that what is shown can be read in one way only.
 */
void text_put(struct buf *buf, struct str s);

/* The same without doubling backslashes: for sentences that already are text. */
void text_put_sentence(struct buf *buf, struct str s);

/* Appends s as one word of a shell's command line, quoted if need be. */
void text_put_word(struct buf *buf, struct str s);

/* The first 12 characters of a container's id, as runtimes show it. */
static inline struct str text_short_id(struct str id)
{
	return str_of(id.p, id.n < 12 ? id.n : 12);
}

/*
 * What an id is called, and what selects it: of the 64 hex digits that runtimes make the first 12;
 * another id whole, since that of a container inside another has a slash.
 */
struct str text_known_id(struct str id);

/* An image without most of its digest: "nginx@sha256:268887c643f8". */
struct str text_known_image(struct str image);

/* Appends s as valid UTF-8: U+FFFD for every maximal subpart that is not (Unicode, 3.9). */
void text_put_valid(struct buf *buf, struct str s);

/* Columns that valid UTF-8 takes on a terminal (wcwidth(3), LC_CTYPE being a UTF-8 one). */
size_t text_width(struct str s);

/* Appends the words of s, wrapped at `columns`, each line after `indent` spaces. */
void text_wrap(struct buf *buf, struct str s, size_t indent, size_t columns);

/* Which parts of a report are coloured, if any is. */
enum text_colour {
	TEXT_PLAIN,
	TEXT_BOLD,
	TEXT_RED,
	TEXT_YELLOW,
	TEXT_DIM,
};

/* Appends the sequence that turns the colour on or, for TEXT_PLAIN, all of them off. */
void text_put_colour(struct buf *buf, enum text_colour colour);

#endif
