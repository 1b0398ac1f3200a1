#include "profile/document/version.h"

#include <limits.h>

/* A longer number is not a version's. */
#define DIGITS_MAX 6

static bool read_number(struct str *text, unsigned *ret_number)
{
	size_t n = 0;

	*ret_number = 0;
	for (; n < text->n && text->p[n] >= '0' && text->p[n] <= '9'; n++)
		*ret_number = *ret_number * 10 + (unsigned)(text->p[n] - '0');
	*text = str_skip(*text, n);
	return n > 0 && n <= DIGITS_MAX;
}

bool version_parse(struct str text, struct version *ret_version)
{
	struct version version = {.count = 0};

	if (text.n && text.p[0] == 'v')
		text = str_skip(text, 1);
	for (;;) {
		if (!read_number(&text, &version.parts[version.count++]))
			return false;
		if (text.n == 0 || text.p[0] != '.' || version.count == VERSION_PARTS)
			break;
		text = str_skip(text, 1);
	}
	if (text.n && (text.p[0] == '\0' || !strchr("+-~", text.p[0])))
		return false;
	*ret_version = version;
	return true;
}

static unsigned part_of(const struct version *version, unsigned i)
{
	return i < version->count ? version->parts[i] : UINT_MAX;
}

int version_compare(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < VERSION_PARTS; i++)
		if (part_of(a, i) != part_of(b, i))
			return part_of(a, i) < part_of(b, i) ? -1 : 1;
	return 0;
}

bool version_at_least(const struct version *version, const char *release)
{
	struct version other;

	return version_parse(str_from(release), &other) && version_compare(version, &other) >= 0;
}

bool version_matches(const struct version *version, const char *release)
{
	struct version other;

	if (!version_parse(str_from(release), &other))
		return false;
	for (unsigned i = 0; i < version->count; i++)
		if (version->parts[i] != part_of(&other, i))
			return false;
	return true;
}
