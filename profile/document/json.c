#include "profile/document/json.h"

#include "profile/document/lint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool json_big_number(const json_t *value, uint64_t *ret_number)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || text[0] != BIG_NUMBER_MARK)
		return false;
	size_t n = strspn(text + 1, "0123456789abcdef");

	if (n == 0 || n > 16 || text[1 + n])
		return false;
	*ret_number = strtoull(text + 1, &end, 16);
	return true;
}

/* A string in the place of the digits: the shortest big number has 19 of them, and its string is
 * that long. */
static void put_big(char *at, size_t n, uint64_t value)
{
	char text[32];
	int used = snprintf(text, sizeof(text), "\"%c%llx\"", BIG_NUMBER_MARK,
			    (unsigned long long)value);

	memset(at, ' ', n);
	memcpy(at, text, (size_t)used);
}

/* One number token; only plain digits past 2^63 - 1 and within 64 bits are replaced. */
static size_t scan_number(char *at, size_t left)
{
	size_t n = 0, digits = 0;
	char text[24];

	while (n < left && at[n] && strchr("0123456789+-.eE", at[n])) {
		digits += at[n] >= '0' && at[n] <= '9';
		n++;
	}
	if (digits != n || n < 19 || n > 20 || at[0] == '0')
		return n;
	memcpy(text, at, n);
	text[n] = '\0';
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);

	if (errno == 0 && value > INT64_MAX)
		put_big(at, n, value);
	return n;
}

/* Replaces the big numbers; gives how many values there are at most. */
static size_t prepare(char *bytes, size_t n)
{
	bool quoted = false;
	size_t values = 1;

	for (size_t i = 0; i < n; i++) {
		if (quoted && bytes[i] == '\\') {
			i++;
		} else if (bytes[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && (bytes[i] == '-' || (bytes[i] >= '0' && bytes[i] <= '9'))) {
			i += scan_number(bytes + i, n - i) - 1;
		} else if (!quoted && (bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{')) {
			values++;
		}
	}
	return values;
}

int json_read_text(char *bytes, size_t n, size_t max_values, json_t **ret_root, struct err *err)
{
	json_error_t error;
	char safe[JSON_ERROR_TEXT_LENGTH * 2];

	*ret_root = NULL;
	if (prepare(bytes, n) > max_values)
		return err_set(err, E2BIG, "more than %zu values: no seccomp profile", max_values);
	*ret_root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
	if (*ret_root)
		return 0;
	return err_set(err, EINVAL, "%d:%d: %s", error.line, error.column,
		       text_safe(error.text, safe, sizeof(safe)));
}
