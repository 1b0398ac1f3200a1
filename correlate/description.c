#include "correlate/description.h"

void description_release(struct description *description)
{
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		buf_release(&description->texts[i]);
	buf_release(&description->profile);
}

/* Where to cut so that no UTF-8 sequence is left half. */
static size_t cut(struct str value)
{
	size_t n = DESCRIPTION_FIELD_MAX;

	if (value.n <= n)
		return value.n;
	while (n > 0 && ((unsigned char)value.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void description_put(struct description *description, size_t field, struct str value)
{
	value.n = str_chr(value, '\0');
	if (description->texts[field].n == 0 && value.n > 0)
		buf_put(&description->texts[field], value.p, cut(value));
}

bool description_found(const struct description *description)
{
	if (description->has_caps || description->has_profile)
		return true;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++) {
		if (description->texts[i].n > 0)
			return true;
	}
	return false;
}
