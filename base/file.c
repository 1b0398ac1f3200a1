#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define STEP 16384

static ssize_t read_once(int fd, char *to, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t file_read(int fd, char *buffer, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read_once(fd, buffer + n, size - n);

		if (got <= 0)
			return got < 0 ? got : (ssize_t)n;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

ssize_t file_read_at(int folder, const char *path, char *buffer, size_t size)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	ssize_t n = file_read(fd, buffer, size);

	close(fd);
	return n;
}

bool file_read_text(const char *path, char *text, size_t size)
{
	ssize_t n = file_read_at(AT_FDCWD, path, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

int file_read_all(int fd, size_t max, struct buf *text)
{
	for (;;) {
		char *to = buf_reserve(text, STEP);
		ssize_t n = read_once(fd, to, STEP);

		to[n > 0 ? n : 0] = '\0';
		if (n <= 0)
			return (int)n;
		text->n += (size_t)n;
		if (text->n > max)
			return -EFBIG;
	}
}

bool file_begins(const char *path, const void *bytes, size_t n)
{
	char head[64];
	struct stat stat_;

	if (n > sizeof(head) || stat(path, &stat_) < 0 || !S_ISREG(stat_.st_mode))
		return false;
	return file_read_at(AT_FDCWD, path, head, n) == (ssize_t)n && memcmp(head, bytes, n) == 0;
}

/* The entries that an access list adds are limited by the mode's group bits alone (acl(5)). */
static bool has_access_list(int fd)
{
	ssize_t n = fgetxattr(fd, "system.posix_acl_access", NULL, 0);

	return n > 0 || (n < 0 && errno != ENODATA && errno != EOPNOTSUPP);
}

bool file_stat_is_foreign(int fd, const struct stat *stat, char ret_why[FILE_WHY_SIZE])
{
	bool by_group = stat->st_mode & S_IWGRP;

	ret_why[0] = '\0';
	if (stat->st_uid != 0 && stat->st_uid != geteuid())
		snprintf(ret_why, FILE_WHY_SIZE, "belongs to uid %u", (unsigned)stat->st_uid);
	else if (stat->st_mode & S_IWOTH)
		snprintf(ret_why, FILE_WHY_SIZE, "can be written by everybody");
	else if (by_group && stat->st_gid != 0 && stat->st_gid != stat->st_uid)
		snprintf(ret_why, FILE_WHY_SIZE, "can be written by gid %u",
			 (unsigned)stat->st_gid);
	else if (by_group && has_access_list(fd))
		snprintf(ret_why, FILE_WHY_SIZE, "can be written by others in its access list");
	return ret_why[0];
}

const char *file_kind(mode_t mode)
{
	return S_ISREG(mode)    ? "regular file"
	       : S_ISDIR(mode)  ? "directory"
	       : S_ISFIFO(mode) ? "FIFO"
	       : S_ISSOCK(mode) ? "socket"
				: "device";
}

bool file_is_foreign(int fd, char ret_why[FILE_WHY_SIZE])
{
	struct stat stat;

	if (fstat(fd, &stat) == 0)
		return file_stat_is_foreign(fd, &stat, ret_why);
	snprintf(ret_why, FILE_WHY_SIZE, "has an unknown owner");
	return true;
}
