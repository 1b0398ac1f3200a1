#include "cli/output.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = str_skip(bytes, (size_t)n);
	}
	return 0;
}

static int write_in_place(const char *path, struct str bytes, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : write_all(fd, bytes);

	if (fd >= 0)
		close(fd);
	return r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : 0;
}

/* link(2) refuses a name that exists, so that nothing is overwritten in between either. */
static int publish(const char *from, const char *path, bool force)
{
	if (force)
		return rename(from, path) < 0 ? -errno : 0;
	int r = link(from, path) < 0 ? -errno : 0;

	unlink(from);
	return r;
}

static int write_new(const char *path, bool force, struct str bytes, struct err *err)
{
	mode_t mask = umask(0);
	BUF_AUTO name = {0};

	umask(mask);
	buf_format(&name, "%s.XXXXXX", path);
	int fd = mkostemp(name.p, O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "cannot create a file beside '%s'", path);
	int r = write_all(fd, bytes);

	if (r == 0 && (fchmod(fd, 0666 & ~mask) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = publish(name.p, path, force);
	if (r < 0)
		unlink(name.p);
	if (r == -EEXIST)
		return err_set(err, EEXIST, "'%s' exists; --force replaces it", path);
	return r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : 0;
}

int output_write(const char *path, bool force, struct str bytes, struct err *err)
{
	struct stat status;

	if (strcmp(path, "-") == 0) {
		fwrite(bytes.p, 1, bytes.n, stdout);
		return 0;
	}
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? err_set(err, EISDIR, "'%s' is a directory", path)
					       : write_in_place(path, bytes, err);
	return write_new(path, force, bytes, err);
}
