#include "store/claim.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whose lock it is: what the other wrote, if it is a number. */
static int busy(int fd, const char *path, struct err *err)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;

	if (pid > 0)
		return err_set(
			err, EBUSY,
			"store '%s': another `sclog watch` already writes to it (process %ld)",
			path, pid);
	return err_set(err, EBUSY, "store '%s': another `sclog watch` already writes to it", path);
}

static int lock(int fd, const char *path, struct err *err)
{
	struct stat stat_;

	if (fstat(fd, &stat_) < 0 || !S_ISREG(stat_.st_mode))
		return err_set(err, EINVAL,
			       "store '%s': '%s.watch' beside it is not a regular file", path,
			       path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? busy(fd, path, err)
					    : err_errno(err, errno, "lock '%s.watch'", path);
	/* For people alone: the lock counts, whatever the file says. A full disk is no reason. */
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
	return 0;
}

int claim_take(const char *store_path, struct err *err)
{
	BUF_AUTO path = {0};
	/* one store has one name, by whichever link it is called */
	char *real = realpath(store_path, NULL);

	buf_format(&path, "%s.watch", real ? real : store_path);
	free(real);
	int fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return err_errno(err, errno, "'%s'", path.p);
	int result = lock(fd, store_path, err);

	if (result < 0)
		close(fd);
	return result < 0 ? result : fd;
}
