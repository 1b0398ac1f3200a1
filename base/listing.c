#include "base/listing.h"

void listing_release(struct listing *listing)
{
	buf_release(&listing->text);
	*listing = (struct listing){0};
}

static size_t most_of(const struct listing *listing)
{
	return listing->most ? listing->most : LISTING_MOST;
}

void listing_add(struct listing *listing, const char *name)
{
	if (listing->count++ < most_of(listing))
		buf_format(&listing->text, "%s%s", listing->count > 1 ? ", " : "", name);
}

const char *listing_text(struct listing *listing)
{
	if (listing->count > most_of(listing)) {
		buf_format(&listing->text, " and %zu more", listing->count - most_of(listing));
		listing->most = listing->count;
	}
	return listing->text.p;
}
