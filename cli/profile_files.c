#include "cli/profile_private.h"

#include "base/mem.h"
#include "cli/output.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a file's name that come from its label: names end at 255. */
#define LABEL_BYTES 200

void product_release(struct product *product)
{
	buf_release(&product->text);
	free(product->label);
	free(product->summary);
}

int product_write(const struct product *product, const struct profile_given *given, struct err *err)
{
	return output_write(given->output ? given->output : "-", given->force,
			    buf_str(&product->text), err);
}

/* Names of images and containers are anybody's: what is left can be no other folder's file. */
static void put_name(struct buf *path, const char *label)
{
	size_t n = strnlen(label, LABEL_BYTES);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)label[i];
		bool kept = c < 0x80 && (isalnum(c) || c == '-' || (c == '.' && i > 0) || c == '_');

		buf_put_char(path, kept ? (char)c : '_');
	}
	if (n == 0)
		buf_put_str(path, STR("unnamed"));
}

static bool is_taken(const struct buf *paths, size_t count, const struct buf *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i].p, path->p) == 0)
			return true;
	return false;
}

/* Labels that come to the same name get numbers, in the order of their groups. */
static void choose_path(struct buf *paths, size_t at, const char *folder, const char *label,
			enum form form)
{
	for (unsigned number = 1; number == 1 || is_taken(paths, at, &paths[at]); number++) {
		buf_clear(&paths[at]);
		buf_format(&paths[at], "%s/", folder);
		put_name(&paths[at], label);
		if (number > 1)
			buf_format(&paths[at], "-%u", number);
		buf_put_str(&paths[at], str_from(form_suffix(form)));
	}
}

static int make_folder(const char *path, struct err *err)
{
	struct stat status;

	if (mkdir(path, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(err, errno, "cannot make the folder '%s'", path);
	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return err_set(
			err, ENOTDIR,
			"'%s' is no folder: with --by, -o names the one that gets a file for "
			"each group",
			path);
	return 0;
}

static int refuse_existing(const struct buf *paths, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (access(paths[i].p, F_OK) == 0)
			return err_set(err, EEXIST,
				       "'%s' exists; --force replaces it. Nothing was written",
				       paths[i].p);
	return 0;
}

int products_write(const struct product *products, size_t count, enum form form,
		   const struct profile_given *given, struct err *err)
{
	struct buf *paths = mem_new(count, sizeof(*paths));
	int r = make_folder(given->output, err);

	for (size_t i = 0; i < count; i++)
		choose_path(paths, i, given->output, products[i].label, form);
	if (r == 0 && !given->force)
		r = refuse_existing(paths, count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = output_write(paths[i].p, given->force, buf_str(&products[i].text), err);
		if (r == 0 && !given->global.quiet)
			printf("%s: %s\n", paths[i].p, products[i].summary);
	}
	for (size_t i = 0; i < count; i++)
		buf_release(&paths[i]);
	free(paths);
	return r;
}
