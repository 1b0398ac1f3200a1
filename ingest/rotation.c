#include "ingest/rotation.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

/* A number of this many digits or fewer counts rotations; eight are a date (20261122). */
#define NUMBER_DIGITS_MAX 7

static const char *const endings[] = {".gz", ".xz", ".zst", ".bz2"};

/* Takes a compression's ending off. */
static bool strip_ending(struct str *suffix)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct str ending = str_from(endings[i]);

		if (suffix->n <= ending.n)
			continue;
		if (str_eq(str_skip(*suffix, suffix->n - ending.n), ending)) {
			suffix->n -= ending.n;
			return true;
		}
	}
	return false;
}

/* The digits of "2026-11-22_101500" into to, which has room for s.n + 1. False for other text. */
static bool take_digits(struct str s, char *to)
{
	for (size_t i = 0; i < s.n; i++) {
		bool separates = i > 0 && i + 1 < s.n && strchr("-_.:T", s.p[i]);

		if (is_digit(s.p[i]))
			*to++ = s.p[i];
		else if (!separates || s.p[i] == '\0')
			return false;
	}
	*to = '\0';
	return s.n > 0;
}

/*
 * Reads what stands behind the log's own name (".1", ".2.gz", "-20261122"). rotated->path is set;
 * its memory has room for the digits behind it.
 */
static bool read_suffix(struct str suffix, char *digits, struct rotated *rotated)
{
	if (suffix.n < 2 || (suffix.p[0] != '.' && suffix.p[0] != '-'))
		return false;
	suffix = str_skip(suffix, 1);
	rotated->compressed = strip_ending(&suffix);
	if (!take_digits(suffix, digits))
		return false;
	size_t n = strlen(digits);

	rotated->numbered = n == suffix.n && n <= NUMBER_DIGITS_MAX;
	rotated->date = digits;
	if (rotated->numbered)
		rotated->number = (unsigned)strtoul(digits, NULL, 10);
	return rotated->numbered || n > NUMBER_DIGITS_MAX;
}

static void add(struct rotation *rotation, const struct rotated *rotated)
{
	if ((rotation->count & (rotation->count - 1)) == 0)
		rotation->files =
			mem_resize(rotation->files, (rotation->count ? rotation->count * 2 : 1) *
							    sizeof(*rotation->files));
	rotation->files[rotation->count++] = *rotated;
}

static void consider(struct rotation *rotation, int dir_fd, struct str dir, struct str base,
		     const char *name)
{
	struct str entry = str_from(name);

	if (!str_starts(entry, base))
		return;
	char *path = mem_new(1, dir.n + 2 * entry.n + 2);
	struct rotated rotated = {.path = path};

	memcpy(path, dir.p, dir.n);
	memcpy(path + dir.n, entry.p, entry.n);
	if (read_suffix(str_skip(entry, base.n), path + dir.n + entry.n + 1, &rotated) &&
	    fstatat(dir_fd, name, &rotated.stat, 0) == 0 && S_ISREG(rotated.stat.st_mode))
		add(rotation, &rotated);
	else
		free(path);
}

/* Dated ones, then numbered ones; each oldest first, the compressed copy behind its original. */
static int by_age(const void *left, const void *right)
{
	const struct rotated *a = left, *b = right;

	if (a->numbered != b->numbered)
		return a->numbered ? 1 : -1;
	int order = a->numbered ? (a->number < b->number) - (a->number > b->number)
				: strcmp(a->date, b->date);

	return order ? order : a->compressed - b->compressed;
}

static bool is_newer(const struct rotated *a, const struct rotated *b)
{
	const struct timespec *x = &a->stat.st_mtim, *y = &b->stat.st_mtim;

	return x->tv_sec != y->tv_sec ? x->tv_sec > y->tv_sec : x->tv_nsec > y->tv_nsec;
}

/* Both schemes side by side come of a change of the configuration: times tell which came first. */
static void order_schemes(struct rotation *rotation)
{
	size_t dated = 0, count = rotation->count;
	struct rotated *files = rotation->files;

	while (dated < count && !files[dated].numbered)
		dated++;
	if (dated == 0 || dated == count || !is_newer(&files[dated - 1], &files[count - 1]))
		return;
	struct rotated *ordered = mem_new(count, sizeof(*ordered));

	memcpy(ordered, files + dated, (count - dated) * sizeof(*ordered));
	memcpy(ordered + (count - dated), files, dated * sizeof(*ordered));
	free(files);
	rotation->files = ordered;
}

static bool same_turn(const struct rotated *a, const struct rotated *b)
{
	if (a->numbered != b->numbered)
		return false;
	return a->numbered ? a->number == b->number : strcmp(a->date, b->date) == 0;
}

static void drop_copies(struct rotation *rotation)
{
	size_t kept = 0;

	for (size_t i = 0; i < rotation->count; i++) {
		struct rotated *file = &rotation->files[i];
		bool copy = kept && file->compressed && same_turn(&rotation->files[kept - 1], file);

		/* Under two names at once: it was renamed while the directory was read. */
		if (copy || (kept && rotation_same(&rotation->files[kept - 1].stat, &file->stat)))
			free(file->path);
		else
			rotation->files[kept++] = *file;
	}
	rotation->count = kept;
}

int rotation_list(const char *path, struct rotation *ret_rotation, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct str dir = str_of(path, slash ? (size_t)(slash - path) + 1 : 0);
	struct str base = str_from(path + dir.n);
	MEM_AUTO char *dir_path = dir.n ? mem_copy(dir) : mem_copy(STR("."));
	struct dirent *entry;
	DIR *stream = opendir(dir_path);

	*ret_rotation = (struct rotation){0};
	if (!stream && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!stream)
		return err_errno(err, errno, "%s: cannot be listed", dir_path);
	while ((entry = readdir(stream)))
		consider(ret_rotation, dirfd(stream), dir, base, entry->d_name);
	closedir(stream);
	if (ret_rotation->count == 0)
		return 0;
	qsort(ret_rotation->files, ret_rotation->count, sizeof(*ret_rotation->files), by_age);
	order_schemes(ret_rotation);
	drop_copies(ret_rotation);
	return 0;
}

void rotation_release(struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->count; i++)
		free(rotation->files[i].path);
	free(rotation->files);
	*rotation = (struct rotation){0};
}

size_t rotation_find(const struct rotation *rotation, const struct stat *stat)
{
	size_t i = 0;

	while (i < rotation->count && !rotation_same(&rotation->files[i].stat, stat))
		i++;
	return i;
}

bool rotation_adjacent(const struct rotation *rotation, size_t i)
{
	const struct rotated *file = &rotation->files[i];

	if (!file->numbered)
		return true;
	if (i + 1 == rotation->count)
		return file->number <= 1;
	return !rotation->files[i + 1].numbered ||
	       rotation->files[i + 1].number + 1 == file->number;
}
