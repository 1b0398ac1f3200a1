#include "cli/profile_private.h"

#include "base/mem.h"
#include "cli/output.h"
#include "report/text.h"

#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <sys/stat.h>

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

/*
 * What a product is called. Names of images and containers are anybody's: what is left can be no
 * other folder's file, no hidden one, and no option of a command that is given *.
 */
static void put_name(struct buf *name, const struct product *product)
{
	const char *label = product->label;
	size_t n = strnlen(label, LABEL_BYTES);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)label[i];
		bool inside = i > 0 && (c == '.' || c == '-');

		buf_put_char(name, inside || (c < 0x80 && isalnum(c)) || c == '_' ? (char)c : '_');
	}
	if (n == 0)
		buf_put_str(name, STR("unnamed"));
	if (product->number > 1)
		buf_format(name, "-%u", product->number);
}

static bool is_own_name(const struct product *product)
{
	BUF_AUTO name = {0};

	put_name(&name, product);
	return strcmp(name.p, product->label) == 0;
}

/*
 * Appends what must differ between two products: the file's name, and for objects of Kubernetes,
 * whose names know no capitals and nothing but '-' and '.' between letters, what is left of it then.
 */
static void put_identity(struct buf *identity, const struct product *product, enum form form)
{
	BUF_AUTO name = {0};
	bool apart = false;

	put_name(&name, product);
	if (form != FORM_SPO) {
		buf_put_str(identity, buf_str(&name));
		return;
	}
	for (size_t i = 0; i < name.n; i++) {
		int c = tolower((unsigned char)name.p[i]);

		if (!isalnum(c)) {
			apart = identity->n > 0;
			continue;
		}
		if (apart)
			buf_put_char(identity, '-');
		apart = false;
		buf_put_char(identity, (char)c);
	}
	if (identity->n == 0)
		buf_put_str(identity, STR("sclog"));
}

struct taken {
	char *identity;
	unsigned number; /* the last one that was tried after it */
};

static int compare_taken(const void *a, const void *b)
{
	const struct taken *taken_a = a, *taken_b = b;

	return strcmp(taken_a->identity, taken_b->identity);
}

static void free_taken(void *node)
{
	struct taken *taken = node;

	free(taken->identity);
	free(taken);
}

/* Takes the product's name: NULL, or who has it already. */
static struct taken *take_name(void **tree, const struct product *product, enum form form)
{
	BUF_AUTO identity = {0};

	put_identity(&identity, product, form);
	struct taken *taken = mem_new(1, sizeof(*taken));

	*taken = (struct taken){.identity = mem_copy(buf_str(&identity)), .number = 1};
	struct taken **found = mem_tsearch(taken, tree, compare_taken);

	if (!found)
		mem_fail("names");
	if (*found == taken)
		return NULL;
	free_taken(taken);
	return *found;
}

static void number(void **tree, struct product *product, enum form form)
{
	struct taken *taken = take_name(tree, product, form);

	while (taken) {
		product->number = ++taken->number;
		if (!take_name(tree, product, form))
			return;
	}
}

void products_number(struct product *products, size_t count, enum form form)
{
	void *tree = NULL;
	bool *own = mem_new(count + 1, sizeof(*own));

	for (size_t i = 0; i < count; i++) {
		own[i] = is_own_name(&products[i]);
		if (own[i])
			number(&tree, &products[i], form);
	}
	for (size_t i = 0; i < count; i++)
		if (!own[i])
			number(&tree, &products[i], form);
	tdestroy(tree, free_taken);
	free(own);
}

static int make_folder(const char *path, struct err *err)
{
	struct stat status;

	if (mkdir(path, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(err, errno, "cannot create the directory '%s'", path);
	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return err_set(err, ENOTDIR,
			       "'%s' is not a directory: with --by, give a directory with -o DIR",
			       path);
	return 0;
}

/* Before the first is written. A link counts, wherever it leads. */
static int refuse_existing(const struct buf *paths, size_t count, bool force, struct err *err)
{
	struct stat status;

	for (size_t i = 0; i < count; i++) {
		if (lstat(paths[i].p, &status) < 0)
			continue;
		if (!force)
			return err_set(err, EEXIST,
				       "'%s' exists; use --force to replace it. Nothing was "
				       "written",
				       paths[i].p);
		if (S_ISDIR(status.st_mode))
			return err_set(err, EISDIR, "'%s' is a directory. Nothing was written",
				       paths[i].p);
	}
	return 0;
}

/* Whose it is, where the file's name does not say it. */
static void print_written(const char *path, const struct product *product)
{
	BUF_AUTO line = {0};

	buf_format(&line, "%s: ", path);
	if (product->number > 1 || !is_own_name(product)) {
		text_put(&line, str_from(product->label));
		buf_put_str(&line, STR(": "));
	}
	buf_format(&line, "%s\n", product->summary);
	fwrite(line.p, 1, line.n, stdout);
}

static void put_path(struct buf *path, const struct product *product, const char *folder,
		     enum form form)
{
	buf_format(path, "%s/", folder);
	put_name(path, product);
	buf_put_str(path, str_from(form_suffix(form)));
}

int products_write(const struct product *products, size_t count, enum form form,
		   const struct profile_given *given, struct err *err)
{
	struct buf *paths = mem_new(count, sizeof(*paths));
	int r = make_folder(given->output, err);

	for (size_t i = 0; i < count; i++)
		put_path(&paths[i], &products[i], given->output, form);
	if (r == 0)
		r = refuse_existing(paths, count, given->force, err);
	size_t written = 0;

	while (r == 0 && written < count) {
		r = output_write(paths[written].p, given->force, buf_str(&products[written].text),
				 err);
		written += r == 0;
	}
	/* after the last file: a reader that closes the pipe ends sclog */
	for (size_t i = 0; i < written && !given->global.quiet; i++)
		print_written(paths[i].p, &products[i]);
	for (size_t i = 0; i < count; i++)
		buf_release(&paths[i]);
	free(paths);
	return r;
}
