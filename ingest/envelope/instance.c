#include "ingest/envelope/instance.h"

#include "base/scan.h"

#include <string.h>

/* How much of the text is the shape: '0' is a number, 'x' one in hex. */
static size_t shape_length(struct str text, const char *shape)
{
	size_t n = 0;

	for (; *shape; shape++) {
		size_t from = n;

		while (n < text.n && (*shape == '0' || *shape == 'x') &&
		       (*shape == 'x' ? scan_hex_digit(text.p[n]) >= 0 : is_digit(text.p[n])))
			n++;
		if (n == from && (n == text.n || text.p[n++] != *shape))
			return 0;
	}
	return n;
}

size_t instance_length(struct str text)
{
	static const char *const shapes[] = {"ip-0-0-0-0", "i-x"};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t n = shape_length(text, shapes[i]);

		if (n >= 10 && (n == text.n || strchr("./-", text.p[n])))
			return n;
	}
	return 0;
}
