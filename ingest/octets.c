#include "ingest/octets.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/line.h"

#include <stdlib.h>

#define DIGITS_MAX 5
#define COUNT_MAX  (DIGITS_MAX + 6) /* "65536 <191>" */

/* Of the text at hand: a message, the count before it, and what shows that the count is right. */
#define BUFFER_SIZE (2 * OCTETS_LOOK)

struct octets {
	octets_read_fn *read;
	void *context;
	bool at_end;  /* of what is read */
	bool lost;    /* the last count was wrong */
	bool in_line; /* what was given last did not end with a newline */
	size_t left;  /* of the message at hand */
	size_t start, end;
	char buffer[BUFFER_SIZE];
};

/* "212 <5>": how much of it is before the '<', and the count. */
static bool read_count(struct str text, size_t *ret_n, size_t *ret_count)
{
	size_t n = 0, digits = 0;

	*ret_count = 0;
	while (n < text.n && n < DIGITS_MAX && is_digit(text.p[n]))
		*ret_count = *ret_count * 10 + (size_t)(text.p[n++] - '0');
	if (n == 0 || text.p[0] == '0' || n + 3 > text.n || text.p[n] != ' ' ||
	    text.p[n + 1] != '<')
		return false;
	while (digits < 3 && n + 2 + digits < text.n && is_digit(text.p[n + 2 + digits]))
		digits++;
	*ret_n = n + 1;
	return digits > 0 && n + 2 + digits < text.n && text.p[n + 2 + digits] == '>' &&
	       *ret_count <= LINE_MAX_BYTES;
}

/* Some senders add a newline that they do not count. */
enum octets_answer octets_look(struct str text, bool at_end)
{
	size_t n, count, other;

	if (!read_count(text, &n, &count))
		return OCTETS_NO;
	if (n + count > text.n)
		return at_end ? OCTETS_NO : OCTETS_UNSURE;
	text = str_skip(text, n + count);
	if (text.n && text.p[0] == '\n')
		text = str_skip(text, 1);
	if (read_count(text, &n, &other) || (!text.n && at_end))
		return OCTETS_YES;
	return at_end || text.n >= COUNT_MAX ? OCTETS_NO : OCTETS_UNSURE;
}

static bool is_right(struct str text, bool at_end)
{
	return octets_look(text, at_end) == OCTETS_YES;
}

struct octets *octets_new(octets_read_fn *read, void *context, struct str begin)
{
	struct octets *octets = mem_new(1, sizeof(*octets));

	octets->read = read;
	octets->context = context;
	octets->end = begin.n < BUFFER_SIZE ? begin.n : BUFFER_SIZE;
	memcpy(octets->buffer, begin.p, octets->end);
	return octets;
}

void octets_free(struct octets *octets)
{
	free(octets);
}

static struct str at_hand(const struct octets *octets)
{
	return str_of(octets->buffer + octets->start, octets->end - octets->start);
}

/* Reads until a whole message and what follows it are at hand. */
static int fill(struct octets *octets, struct err *err)
{
	if (octets->at_end || octets->end - octets->start >= OCTETS_LOOK)
		return 0;
	memmove(octets->buffer, octets->buffer + octets->start, octets->end - octets->start);
	octets->end -= octets->start;
	octets->start = 0;
	while (!octets->at_end && octets->end < OCTETS_LOOK) {
		ssize_t n = octets->read(octets->context, octets->buffer + octets->end,
					 BUFFER_SIZE - octets->end, err);

		if (n < 0)
			return -1;
		octets->at_end = n == 0;
		octets->end += (size_t)n;
	}
	return 0;
}

/* How much stands before the next message with a right count. Digits of the text before it may stand
 * at its own: "code=0x7ffc0000212 <5>1". */
static size_t find_right(const struct octets *octets)
{
	struct str text = at_hand(octets);

	for (size_t i = 2; i < text.n; i++) {
		size_t digits = 0;

		if (text.p[i] != '<' || text.p[i - 1] != ' ')
			continue;
		while (digits < DIGITS_MAX && digits + 2 <= i && is_digit(text.p[i - 2 - digits]))
			digits++;
		for (; digits; digits--)
			if (is_right(str_skip(text, i - 1 - digits), octets->at_end))
				return i - 1 - digits;
	}
	return text.n;
}

static ssize_t give(struct octets *octets, char *to, size_t n)
{
	memcpy(to, octets->buffer + octets->start, n);
	octets->start += n;
	octets->in_line = to[n - 1] != '\n';
	return (ssize_t)n;
}

/* Of the message at hand. */
static ssize_t give_message(struct octets *octets, char *to, size_t size)
{
	size_t n = octets->left < size ? octets->left : size;

	octets->left -= n;
	give(octets, to, n);
	for (size_t i = 0; i < n; i++)
		if (to[i] == '\n' && (octets->left || i + 1 < n))
			to[i] = ' ';
	return (ssize_t)n;
}

/* What has no right count. Of a count that is wrong the message is given without it. */
static ssize_t give_lost(struct octets *octets, char *to, size_t size)
{
	size_t n = find_right(octets);

	/* a count may go on in what is read next */
	if (n == at_hand(octets).n && !octets->at_end)
		n = n > DIGITS_MAX + COUNT_MAX ? n - DIGITS_MAX - COUNT_MAX : n;
	octets->lost = true;
	return give(octets, to, n < size ? n : size);
}

static ssize_t end_line(struct octets *octets, char *to)
{
	to[0] = '\n';
	octets->in_line = false;
	return 1;
}

ssize_t octets_read(struct octets *octets, char *to, size_t size, struct err *err)
{
	while (!octets->left) {
		size_t n, count;

		if (fill(octets, err) < 0)
			return -1;
		struct str text = at_hand(octets);
		bool right = is_right(text, octets->at_end);

		if (!text.n)
			return 0;
		if (!octets->lost && text.p[0] == '\n') { /* behind a message */
			octets->start++;
			if (octets->in_line)
				return end_line(octets, to);
			continue;
		}
		if (octets->in_line && (right || !octets->lost))
			return end_line(octets, to);
		if ((right || !octets->lost) && read_count(text, &n, &count))
			octets->start += n;
		if (!right)
			return give_lost(octets, to, size);
		octets->lost = false;
		octets->left = count;
	}
	return give_message(octets, to, size);
}
