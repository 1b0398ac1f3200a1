#include "report/text.h"

#include "base/scan.h"
#include "base/utf8.h"

#include <wchar.h>

/* Sorted ranges of Unicode's categories Cc, Zl, Zp, and of Cf what hides or turns text. */
static const struct range {
	uint32_t first, last;
} unsafe[] = {
	{0x0000, 0x001f},   {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c},
	{0x115f, 0x1160},   {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x206f},   {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	{0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
};

bool text_is_unsafe(uint32_t point)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
		if (point <= unsafe[i].last)
			return point >= unsafe[i].first;
	return false;
}

static void put_escaped(struct buf *buf, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\n')
			buf_put_str(buf, STR("\\n"));
		else if (bytes.p[i] == '\t')
			buf_put_str(buf, STR("\\t"));
		else
			buf_format(buf, "\\x%02x", (unsigned char)bytes.p[i]);
	}
}

static void put_safe(struct buf *buf, struct str s, bool double_backslash)
{
	while (s.n) {
		uint32_t point;
		size_t bad, n = utf8_decode(s, &point, &bad);
		size_t taken = n ? n : bad;

		if (n == 0 || text_is_unsafe(point))
			put_escaped(buf, str_of(s.p, taken));
		else
			buf_put(buf, s.p, taken);
		if (n && point == '\\' && double_backslash)
			buf_put_char(buf, '\\');
		s = str_skip(s, taken);
	}
}

void text_put(struct buf *buf, struct str s)
{
	put_safe(buf, s, true);
}

void text_put_sentence(struct buf *buf, struct str s)
{
	put_safe(buf, s, false);
}

/* Digits of an id or a digest that docker(1) and podman(1) show. */
#define DIGITS_SHOWN 12

struct str text_known_id(struct str id)
{
	struct str first = str_of(id.p, DIGITS_SHOWN);
	uint64_t value;

	if (id.n != 64 || scan_hex(first.p, first.p + first.n, &value) != first.p + first.n)
		return id;
	return first;
}

struct str text_known_image(struct str image)
{
	static const struct str mark = {"sha256:", 7};
	size_t shown = str_find(image, mark) + mark.n + DIGITS_SHOWN;

	return str_of(image.p, shown < image.n ? shown : image.n);
}

void text_put_valid(struct buf *buf, struct str s)
{
	size_t valid = 0;

	while (valid < s.n) {
		uint32_t point;
		size_t bad, n = utf8_decode(str_skip(s, valid), &point, &bad);

		valid += n;
		if (n)
			continue;
		buf_put_str(buf, str_of(s.p, valid));
		buf_put_str(buf, STR("\xef\xbf\xbd"));
		s = str_skip(s, valid + bad);
		valid = 0;
	}
	if (valid)
		buf_put(buf, s.p, valid);
}

size_t text_width(struct str s)
{
	size_t width = 0;

	while (s.n) {
		size_t plain = 0;

		while (plain < s.n && s.p[plain] >= ' ' && s.p[plain] <= '~')
			plain++;
		width += plain;
		s = str_skip(s, plain);
		if (!s.n)
			break;
		uint32_t point;
		size_t bad, n = utf8_decode(s, &point, &bad);
		/* -1 for what the locale does not know: terminals give such a thing one column. */
		int columns = wcwidth((wchar_t)point);

		width += columns < 0 ? 1 : (size_t)columns;
		s = str_skip(s, n ? n : bad);
	}
	return width;
}

void text_wrap(struct buf *buf, struct str s, size_t indent, size_t columns)
{
	size_t used = 0;

	while (s.n) {
		size_t n = str_chr(s, ' ');
		struct str word = str_of(s.p, n);
		size_t width = text_width(word);

		s = str_skip(s, n < s.n ? n + 1 : n);
		if (n == 0)
			continue;
		if (used && used + 1 + width > columns) {
			buf_put_char(buf, '\n');
			used = 0;
		}
		if (used)
			buf_put_char(buf, ' ');
		else
			buf_format(buf, "%*s", (int)indent, "");
		used = (used ? used + 1 : indent) + width;
		buf_put_str(buf, word);
	}
	buf_put_char(buf, '\n');
}

void text_put_colour(struct buf *buf, enum text_colour colour)
{
	/* ECMA-48, select graphic rendition */
	static const char *const sequences[] = {
		[TEXT_PLAIN] = "\033[0m",   [TEXT_BOLD] = "\033[1m", [TEXT_RED] = "\033[31m",
		[TEXT_YELLOW] = "\033[33m", [TEXT_DIM] = "\033[2m",
	};

	buf_put_str(buf, str_from(sequences[colour]));
}

static bool is_plain_word(struct str s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_./:@%+=,-";

	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(plain, s.p[i]))
			return false;
	return s.n > 0;
}

void text_put_word(struct buf *buf, struct str s)
{
	if (is_plain_word(s)) {
		buf_put_str(buf, s);
		return;
	}
	buf_put_char(buf, '\'');
	while (s.n) {
		size_t n = str_chr(s, '\'');

		text_put_sentence(buf, str_of(s.p, n));
		if (n < s.n)
			buf_put_str(buf, STR("'\\''"));
		s = str_skip(s, n < s.n ? n + 1 : n);
	}
	buf_put_char(buf, '\'');
}
