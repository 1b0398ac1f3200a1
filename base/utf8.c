#include "base/utf8.h"

/* Unicode 15, table 3-7: what the second byte may be, by the first. */
struct lead {
	unsigned char from, to;  /* the first byte */
	unsigned char low, high; /* the second byte's range */
	unsigned char length;
};

static const struct lead leads[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct lead *lead_of(unsigned char byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (byte >= leads[i].from && byte <= leads[i].to)
			return &leads[i];
	return NULL;
}

size_t utf8_decode(struct str s, uint32_t *ret_point, size_t *ret_bad)
{
	const unsigned char *p = (const unsigned char *)s.p;

	*ret_bad = 1;
	*ret_point = p[0];
	if (p[0] < 0x80)
		return 1;
	const struct lead *lead = lead_of(p[0]);

	if (!lead)
		return 0;
	uint32_t point = p[0] & (0xffu >> (lead->length + 1));

	for (size_t i = 1; i < lead->length; i++) {
		unsigned char low = i == 1 ? lead->low : 0x80, high = i == 1 ? lead->high : 0xbf;

		if (i >= s.n || p[i] < low || p[i] > high) {
			*ret_bad = i;
			return 0;
		}
		point = point << 6 | (p[i] & 0x3f);
	}
	*ret_point = point;
	return lead->length;
}

bool utf8_valid(struct str s)
{
	while (s.n) {
		uint32_t point;
		size_t bad, n = utf8_decode(s, &point, &bad);

		if (!n)
			return false;
		s = str_skip(s, n);
	}
	return true;
}
