#include "profile/document/reader.h"

#include "profile/document/tree_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Files within a text: what a ConfigMap or a Secret holds, and what cloud-init, Ignition (a
 * MachineConfig), Butane, the Cluster API, kops, Talos or Ansible writes on a disk. The latter have
 * a list of files in many places, and each file is a map with its path and its content.
 */

enum packing {
	PACKING_NONE,
	PACKING_BASE64,
	PACKING_URL, /* "data:text/plain;base64,..." (RFC 2397) */
};

/* RFC 4648, in lines too. */
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

static int read_file(struct finder *finder, const struct candidate *candidate)
{
	struct document *document = finder->document;
	const struct node *top = candidate->node;
	BUF_AUTO place = {0};

	while (top->parent)
		top = top->parent;
	document->object = top;
	document->bare = true;
	node_put_place(candidate->node, NULL, &place);
	if (reader_string(finder, candidate->node, candidate->text, place.p) < 0)
		return -EINVAL;
	if (!reader_is_bare(document->profile))
		return reader_wrong(
			finder, place.p,
			"not a profile itself, but a document that holds one: give that "
			"document as a file");
	return 0;
}

/* Adds the file if a profile is in it; says so where that cannot be known. */
static void add_file(struct finder *finder, struct node *content, const char *name,
		     enum packing packing)
{
	static const struct reader reader = {.read = read_file, .shape = SHAPE_OCI};
	struct str text = str_from(content->text);
	BUF_AUTO bytes = {0};
	char quoted[QUOTED_SIZE];
	bool decoded = packing == PACKING_URL      ? decode_url(text, &bytes)
		       : packing == PACKING_BASE64 ? decode_base64(text, &bytes)
						   : true;

	if (packing != PACKING_NONE)
		text = buf_str(&bytes);
	if (!decoded)
		reader_refuse(finder, content, "the file %s is not valid %s",
			      text_quote(name, quoted),
			      packing == PACKING_URL ? "as a data: URL" : "base64");
	else if (str_starts(text, STR("\x1f\x8b")))
		reader_refuse(finder, content,
			      "the file %s is compressed; unpack it (base64 -d | gunzip), and give "
			      "that file",
			      text_quote(name, quoted));
	else if (str_chr(text, '\0') == text.n && (str_find(text, STR("defaultAction")) < text.n ||
						   str_find(text, STR("\"syscalls\"")) < text.n))
		finder_add(finder, &reader, content, name)->text =
			tree_string(&finder->document->tree, text);
}

/* --- objects whose members are files */

static bool is_config_map(const struct node *node)
{
	return node_text_is(node, "kind", "ConfigMap") || node_text_is(node, "kind", "Secret");
}

static void list_config_map(struct finder *finder, struct node *node)
{
	const char *kind = node_string(node_member(node, "kind"));
	const struct {
		const char *name;
		bool base64;
	} maps[] = {
		{"data", strcmp(kind, "Secret") == 0}, {"binaryData", true}, {"stringData", false}};
	size_t before = finder->count;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		const struct node *map = node_member(node, maps[i].name);

		for (struct node *item = map ? map->first : NULL; item; item = item->next)
			if (node_string(item))
				add_file(finder, item, item->key,
					 maps[i].base64 ? PACKING_BASE64 : PACKING_NONE);
	}
	finder_set_space(finder, before, node);
	if (finder->count == before)
		reader_pass(finder, node, "a %s without a profile in its data", kind);
}

/* --- lists of files */

static const char *name_of_file(const struct node *file)
{
	static const char *const names[] = {"path", "dest", "name"};
	const char *name = NULL;

	for (size_t i = 0; !name && i < sizeof(names) / sizeof(names[0]); i++)
		name = node_string(node_member(file, names[i]));
	return name;
}

static struct node *content_of_file(const struct node *file, enum packing *ret_packing)
{
	struct node *contents = node_member(file, "contents");
	struct node *content = node_member(file, "content"), *url = node_member(contents, "source");
	const char *encoding = node_string(node_member(file, "encoding"));

	if (!content && node_string(contents))
		content = contents;
	if (!content)
		content = node_member(contents, "inline");
	*ret_packing = (encoding && strstr(encoding, "64")) ||
				       node_is(node_member(file, "isBase64"), NODE_TRUE)
			       ? PACKING_BASE64
			       : PACKING_NONE;
	if (!content && node_string(url) && strncmp(url->text, "data:", 5) == 0) {
		*ret_packing = PACKING_URL;
		content = url;
	}
	return node_string(content) ? content : NULL;
}

/* How many files are in the node, which are added to the finder unless it is NULL. */
static size_t each_file(struct finder *finder, const struct node *node)
{
	const char *name = name_of_file(node);
	enum packing packing;
	struct node *content = name ? content_of_file(node, &packing) : NULL;
	/* Talos' machine.seccompProfiles has objects in the place of texts */
	struct node *value = name ? node_member(node, "value") : NULL;
	bool is_profile = node_member(value, "defaultAction") != NULL;
	size_t count = content || is_profile;

	if (finder && content)
		add_file(finder, content, name, packing);
	else if (finder && is_profile)
		finder_add(finder, &reader_bare, value, name);
	for (const struct node *item = node->first; item; item = item->next)
		count += each_file(finder, item);
	return count;
}

static bool is_files(const struct node *node)
{
	return each_file(NULL, node) > 0;
}

static void list_files(struct finder *finder, struct node *node)
{
	size_t before = finder->count;

	each_file(finder, node);
	if (finder->count == before)
		reader_pass(finder, node, "a text with files in it, but no file with a profile");
}

const struct reader reader_config_map = {.recognise = is_config_map, .list = list_config_map};
const struct reader reader_files = {.recognise = is_files, .list = list_files};
