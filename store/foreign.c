#include "store/foreign.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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

static const char *why_foreign_log(const char *path)
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s-wal", path);
	int fd = open(name.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why = fd < 0 && errno == ENOENT ? NULL
			  : fd < 0                  ? "has a -wal beside it that cannot be opened"
			  : file_why_foreign(fd)    ? "has a -wal beside it that others can write"
						    : NULL;

	if (fd >= 0)
		close(fd);
	return why;
}

int foreign_open(struct sql *sql, const char *path, const char **ret_why, int *ret_held,
		 struct err *err)
{
	enum folder folder = folder_of(path);
	bool pending = store_has_pending(path);

	*ret_held = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*ret_why = *ret_held < 0 ? "cannot be opened" : file_why_foreign(*ret_held);
	if (!*ret_why)
		*ret_why = why_foreign_log(path);
	if (!*ret_why && folder == FOLDER_FOREIGN)
		*ret_why = "lies in a folder in which others can replace it";
	if (!*ret_why && folder == FOLDER_STICKY && pending)
		*ret_why = "has a -wal beside it in a folder that others can write";
	/* There a -wal may appear in the meantime, which SQLite would read: it is to look for none. */
	bool alone = !*ret_why && folder == FOLDER_STICKY;

	return store_open_reading(sql, path, alone, err);
}
