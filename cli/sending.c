#include "cli/sending.h"

#include "base/clock.h"
#include "store/share.h"

#include <errno.h>

#define SPAN_MAX_MS (7 * STORE_DAY_MS)

/* clang-format off */
static const struct option_row rows[] = {
	SENDING_OPTION_ROWS(struct sending_options, ),
};
/* clang-format on */

const struct option_table sending_table = {rows, sizeof(rows) / sizeof(*rows)};

int sending_check_node(const char *text, struct err *err)
{
	return *text && strlen(text) < SHARE_NAME_SIZE
		       ? 0
		       : err_set(err, EINVAL, "the name must have 1 to %d bytes",
				 SHARE_NAME_SIZE - 1);
}

int sending_check_span(const char *text, struct err *err)
{
	int64_t ms = sending_span(text, 0);

	return ms > 0 && ms <= SPAN_MAX_MS
		       ? 0
		       : err_set(err, EINVAL,
				 "'%s' is not a valid duration up to 7d: write 15m or 1h", text);
}

int64_t sending_span(const char *text, int64_t otherwise)
{
	int64_t ms = otherwise;

	return !text || clock_parse_duration(str_from(text), &ms) == 0 ? ms : 0;
}
