#include "profile/document/packed.h"

#include <stdlib.h>
#include <string.h>

/* RFC 4648; line breaks are allowed. */
static bool decode_base64(struct str from, struct buf *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < from.n; i++) {
		const char *digit = memchr(digits, from.p[i], 64);

		if (memchr(" \t\r\n=", from.p[i], 5))
			continue;
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buf_put_char(to, (char)(bits >> count));
	}
	return count < 6;
}

static bool decode_percents(struct str from, struct buf *to)
{
	for (size_t i = 0; i < from.n; i++) {
		char digits[3] = "";

		if (from.p[i] != '%') {
			buf_put_char(to, from.p[i]);
			continue;
		}
		memcpy(digits, from.p + i + 1, from.n - i - 1 < 2 ? from.n - i - 1 : 2);
		if (strspn(digits, "0123456789abcdefABCDEF") != 2)
			return false;
		buf_put_char(to, (char)strtol(digits, NULL, 16));
		i += 2;
	}
	return true;
}

static bool decode_url(struct str url, struct buf *to)
{
	const struct str mark = STR(";base64");
	size_t comma = str_chr(url, ',');
	BUF_AUTO data = {0};

	if (comma == url.n || !decode_percents(str_skip(url, comma + 1), &data))
		return false;
	if (comma >= mark.n && str_eq(str_of(url.p + comma - mark.n, mark.n), mark))
		return decode_base64(buf_str(&data), to);
	buf_put_str(to, buf_str(&data));
	return true;
}

bool packed_is_base64(const struct node *map)
{
	const struct node *object = map->parent;
	const char *encoding = node_string(node_member(map, "encoding"));
	const char *kind = node_string(node_member(object, "kind"));

	if (map->key && kind &&
	    (strcmp(map->key, "binaryData") == 0 ||
	     (strcmp(map->key, "data") == 0 && strcmp(kind, "Secret") == 0)))
		return true;
	return (encoding && strstr(encoding, "64")) ||
	       node_is(node_member(map, "isBase64"), NODE_TRUE);
}

const char *packed_option(const char *option)
{
	const char name[] = "seccomp";

	if (strncmp(option, name, strlen(name)) != 0)
		return NULL;
	option += strlen(name);
	return *option == '=' || *option == ':' ? option + 1 : NULL;
}

struct str packed_text(const struct node *node, bool is_base64, struct buf *bytes,
		       const char **ret_problem)
{
	const char *option = packed_option(node->text);
	struct str text = str_from(option ? option : node->text);
	bool is_url = str_starts(text, STR("data:"));
	bool decoded = is_url ? decode_url(text, bytes) : decode_base64(text, bytes);

	if (!decoded && (is_url || is_base64))
		*ret_problem = "is not valid base64";
	else if (decoded && str_starts(buf_str(bytes), STR("\x1f\x8b")))
		*ret_problem = "is compressed; unpack it (base64 -d | gunzip), and give that file";
	return decoded ? buf_str(bytes) : text;
}
