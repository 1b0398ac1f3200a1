#include "store/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum folder {
	FOLDER_OURS,
	FOLDER_STICKY, /* others can add files, as in /tmp */
	FOLDER_FOREIGN,
};

static enum folder folder_of(const char *path)
{
	char *copy = realpath(path, NULL);
	char *slash = copy ? strrchr(copy, '/') : NULL;
	enum folder folder = FOLDER_FOREIGN;
	struct stat stat_;

	if (slash) {
		slash[slash == copy] = '\0';
		if (stat(copy, &stat_) < 0 || (stat_.st_uid != 0 && stat_.st_uid != geteuid()))
			folder = FOLDER_FOREIGN;
		else if (!(stat_.st_mode & (S_IWGRP | S_IWOTH)))
			folder = FOLDER_OURS;
		else
			folder = stat_.st_mode & S_ISVTX ? FOLDER_STICKY : FOLDER_FOREIGN;
	}
	free(copy);
	return folder;
}

/* True if what SQLite would read beside the store was not written by us alone. */
static bool is_foreign_log(const char *path, char ret_why[FILE_WHY_SIZE])
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s-wal", path);
	int fd = open(name.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return false;
	bool is_foreign = fd < 0 || file_is_foreign(fd, ret_why);

	if (is_foreign)
		snprintf(ret_why, FILE_WHY_SIZE, "has a -wal beside it that %s",
			 fd < 0 ? "cannot be opened" : "others can write");
	if (fd >= 0)
		close(fd);
	return is_foreign;
}

static void say_folder(enum folder folder, bool pending, char ret_why[FILE_WHY_SIZE])
{
	if (folder == FOLDER_FOREIGN)
		snprintf(ret_why, FILE_WHY_SIZE, "is in a directory where others can replace it");
	else if (folder == FOLDER_STICKY && pending)
		snprintf(ret_why, FILE_WHY_SIZE, "has a -wal in a directory that others can write");
}

int foreign_open(struct sql *sql, const char *path, char ret_why[FILE_WHY_SIZE], int *ret_held,
		 struct err *err)
{
	enum folder folder = folder_of(path);
	bool pending = store_has_pending(path);

	*ret_held = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret_held < 0)
		snprintf(ret_why, FILE_WHY_SIZE, "cannot be opened");
	else if (!file_is_foreign(*ret_held, ret_why) && !is_foreign_log(path, ret_why))
		say_folder(folder, pending, ret_why);
	/* There a -wal may appear in the meantime, which SQLite would read: it is to look for none. */
	bool alone = !ret_why[0] && folder == FOLDER_STICKY;

	return store_open_reading(sql, path, alone, err);
}
