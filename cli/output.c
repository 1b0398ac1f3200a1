#include "cli/output.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe's reader may be started after its writer, by a script that starts both. */
#define READER_WAIT_MS 5000
#define READER_LOOK_MS 20

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

/*
 * "/dev/stdout", "/dev/fd/3": one of the descriptors that sclog was started with, as it stands.
 * Opened by that name a file would be written to from its beginning, also behind `>>`, and a new
 * file would take the place of the link itself. Returns -1 for any other path.
 */
static int own_descriptor(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct str number = str_from(path);

		if (!str_starts(number, str_from(folders[i])))
			continue;
		number = str_skip(number, strlen(folders[i]));
		if (number.n && number.n < 7 && strspn(number.p, "0123456789") == number.n)
			return atoi(number.p);
	}
	return -1;
}

/* What sclog opened itself, its store for one, is closed on exec. */
static int write_descriptor(int fd, const char *path, struct str bytes, struct err *err)
{
	int flags = fcntl(fd, F_GETFD);
	int r = flags < 0 || flags & FD_CLOEXEC ? -EBADF : write_all(fd, bytes);

	return r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : 0;
}

/* -errno, and then it is closed. */
static int make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
		return fd;
	int r = -errno;

	close(fd);
	return r;
}

/* A pipe's, which without a reader cannot be opened without waiting for one (fifo(7)). */
static int open_pipe(const char *path)
{
	for (int ms = 0; ms < READER_WAIT_MS; ms += READER_LOOK_MS) {
		int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 && errno != ENXIO)
			return -errno;
		if (fd >= 0)
			return make_blocking(fd);
		poll(NULL, 0, READER_LOOK_MS);
	}
	return -ENXIO;
}

static int open_device(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static int write_in_place(const char *path, bool is_pipe, struct str bytes, struct err *err)
{
	int fd = is_pipe ? open_pipe(path) : open_device(path);
	int r = fd < 0 ? fd : write_all(fd, bytes);

	if (fd >= 0)
		close(fd);
	if (r == -ENXIO && is_pipe)
		return err_set(err, ENXIO,
			       "cannot write '%s': no process reads from this "
			       "pipe",
			       path);
	return r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : 0;
}

/* Fails where the name exists, so that nothing is overwritten in between either. Not every file
 * system has such a rename, and not every one has links: EINVAL and EPERM. */
static int publish_new(const char *from, const char *path)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(from, path) < 0)
		return -errno;
	unlink(from);
	return 0;
}

static int publish(const char *from, const char *path, bool force)
{
	if (force)
		return rename(from, path) < 0 ? -errno : 0;
	return publish_new(from, path);
}

/* Beside the path, so that it can be renamed; its own name, so that any name of 255 bytes will do. */
static void put_temporary(struct buf *name, const char *path)
{
	const char *slash = strrchr(path, '/');

	buf_put_str(name, str_of(path, slash ? (size_t)(slash - path) + 1 : 0));
	buf_put_str(name, STR(".sclog.XXXXXX"));
}

static int write_new(const char *path, bool force, struct str bytes, struct err *err)
{
	mode_t mask = umask(0);
	BUF_AUTO name = {0};

	umask(mask);
	put_temporary(&name, path);
	int fd = mkostemp(name.p, O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "cannot write '%s': its directory does not exist",
			       path);
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
		return err_set(err, EEXIST, "'%s' exists; use --force to replace it", path);
	return r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : 0;
}

int output_write(const char *path, bool force, struct str bytes, struct err *err)
{
	int fd = own_descriptor(path);
	struct stat status;

	if (strcmp(path, "-") == 0 || fd == STDOUT_FILENO) {
		fwrite(bytes.p, 1, bytes.n, stdout);
		return 0;
	}
	if (fd >= 0)
		return write_descriptor(fd, path, bytes, err);
	if (stat(path, &status) < 0 || S_ISREG(status.st_mode))
		return write_new(path, force, bytes, err);
	if (S_ISDIR(status.st_mode))
		return err_set(err, EISDIR, "'%s' is a directory: give a file", path);
	return write_in_place(path, S_ISFIFO(status.st_mode), bytes, err);
}
