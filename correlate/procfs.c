#include "correlate/procfs.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A name of ours below a pid's folder is this long at most. */
#define NAME_MAX_HERE 32

/* "4294967295/" */
#define PID_TEXT_MAX 11

/* "status" has some 1.5 KiB. */
#define STATUS_MAX 4096

/* kernel.pid_max at most (PID_MAX_LIMIT). */
#define PIDS_MAX (4u << 20)

#define NS_PER_SECOND 1000000000

/* A name that is a pid and nothing else. */
static bool pid_from(const char *name, uint32_t *ret_pid)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < PID_TEXT_MAX && is_digit(name[n]); n++)
		value = value * 10 + (uint64_t)(name[n] - '0');
	*ret_pid = (uint32_t)value;
	return n > 0 && name[n] == '\0' && value > 0 && value <= UINT32_MAX;
}

int procfs_open(struct procfs *procfs, const char *root, struct err *err)
{
	const char *path = root ? root : "/proc";
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "open '%s'", path);
	if (faccessat(fd, "1", F_OK, 0) < 0 && faccessat(fd, "self", F_OK, 0) < 0) {
		close(fd);
		return err_set(err, ENOENT, "'%s' shows no processes: mount the host's /proc there",
			       path);
	}
	*procfs = (struct procfs){.fd = fd};
	return 0;
}

void procfs_close(struct procfs *procfs)
{
	if (procfs->fd >= 0)
		close(procfs->fd);
	procfs->fd = -1;
}

/* Writes "PID/name", of at most PID_TEXT_MAX + NAME_MAX_HERE bytes. printf would cost as much as the kernel's half of opening it. */
static void put_path(char *path, uint32_t pid, const char *name)
{
	char digits[PID_TEXT_MAX];
	size_t n = sizeof(digits);

	digits[--n] = '/';
	do {
		digits[--n] = (char)('0' + pid % 10);
		pid /= 10;
	} while (pid);
	memcpy(path, digits + n, sizeof(digits) - n);
	memcpy(path + sizeof(digits) - n, name, strlen(name) + 1);
}

static ssize_t ask_to_read(const struct procfs *procfs, const char *path, char *buffer, size_t size)
{
	struct host_request request = {
		.verb = HOST_READ, .place = HOST_PROC, .anyone = 1, .max = UINT32_MAX};
	struct host_reply reply;
	BUF_AUTO bytes = {0};

	memcpy(request.path, path, strlen(path) + 1);
	procfs->ask(procfs->context, &request, &reply, &bytes);
	if (reply.code < 0)
		return reply.code;
	size = bytes.n < size ? bytes.n : size;
	memcpy(buffer, bytes.p ? bytes.p : "", size);
	return (ssize_t)size;
}

ssize_t procfs_read(const struct procfs *procfs, uint32_t pid, const char *name, char *buffer,
		    size_t size)
{
	char path[PID_TEXT_MAX + NAME_MAX_HERE];

	if (strlen(name) >= NAME_MAX_HERE)
		return -ENAMETOOLONG;
	put_path(path, pid, name);
	return procfs->hidden && procfs->ask ? ask_to_read(procfs, path, buffer, size)
					     : file_read_at(procfs->fd, path, buffer, size);
}

/* The next field as a number; the text behind it is left in *text. */
static bool take_number(struct str *text, uint64_t *ret_value)
{
	const char *end = text->p + text->n;
	const char *p = text->p;

	while (p < end && *p == ' ')
		p++;
	const char *stop = scan_decimal(p, end, 18, ret_value);

	*text = str_of(stop, (size_t)(end - stop));
	return stop > p;
}

static void skip_fields(struct str *text, unsigned count)
{
	for (; count && text->n; count--) {
		while (text->n && text->p[0] == ' ')
			*text = str_skip(*text, 1);
		*text = str_skip(*text, str_chr(*text, ' '));
	}
}

/* The fields behind comm: state (3), ppid (4), ... starttime (22). proc(5) */
static int parse_stat(struct str text, int64_t tick_ns, struct procfs_stat *ret_stat)
{
	uint64_t parent, start;

	if (text.n < 3 || text.p[1] != ' ')
		return -EBADMSG;
	ret_stat->state = text.p[0];
	text = str_skip(text, 1);
	if (!take_number(&text, &parent))
		return -EBADMSG;
	skip_fields(&text, 17);
	if (!take_number(&text, &start) || start > (uint64_t)(INT64_MAX / tick_ns))
		return -EBADMSG;
	ret_stat->parent = (uint32_t)parent;
	ret_stat->start_ns = (int64_t)start * tick_ns;
	return 0;
}

int procfs_stat(const struct procfs *procfs, uint32_t pid, struct procfs_stat *ret_stat)
{
	char text[1024]; /* the start is the 22nd field; what lies behind may be cut */
	ssize_t n = procfs_read(procfs, pid, "stat", text, sizeof(text));
	long per_second = sysconf(_SC_CLK_TCK);

	if (n < 0)
		return (int)n;
	/* comm holds what its process likes, ") R 1" too; none of the fields behind it does */
	const char *comm_end = memrchr(text, ')', (size_t)n);

	if (!comm_end || text + n - comm_end < 2 || per_second <= 0)
		return -EBADMSG;
	comm_end += 2;
	return parse_stat(str_of(comm_end, (size_t)(text + n - comm_end)),
			  NS_PER_SECOND / per_second, ret_stat);
}

/* Reads "status" and finds the text behind a field, which begins with a newline: no line before
 * the ones asked for holds what a process chose but Name:, in which a newline is escaped. */
static int read_status(const struct procfs *procfs, uint32_t pid, char text[STATUS_MAX],
		       struct str field, struct str *ret_value)
{
	ssize_t n = procfs_read(procfs, pid, "status", text, STATUS_MAX);
	struct str rest = str_of(text, n > 0 ? (size_t)n : 0);
	size_t at = str_find(rest, field);

	if (n < 0)
		return (int)n;
	if (at == rest.n)
		return -EBADMSG;
	*ret_value = str_skip(rest, at + field.n);
	return 0;
}

/* "Uid:\tREAL\tEFFECTIVE\tSAVED\tFS\n", proc(5). The folder's owner would not do: it is root's where
 * the process is not dumpable. */
int procfs_uid(const struct procfs *procfs, uint32_t pid, uint32_t *ret_uid)
{
	char text[STATUS_MAX];
	struct str rest = {0};
	int r = read_status(procfs, pid, text, STR("\nUid:"), &rest);
	uint64_t uids[3];

	if (r < 0)
		return r;
	for (int i = 0; i < 3; i++) {
		rest = str_skip(rest, rest.n ? 1 : 0); /* the tab */
		if (!take_number(&rest, &uids[i]))
			return -EBADMSG;
	}
	*ret_uid = (uint32_t)(uids[0] ? uids[0] : uids[1] ? uids[1] : uids[2]);
	return 0;
}

/* "Seccomp:\t2\n" */
bool procfs_is_filtered(const struct procfs *procfs, uint32_t pid)
{
	char text[STATUS_MAX];
	struct str value = {0};

	return read_status(procfs, pid, text, STR("\nSeccomp:\t"), &value) == 0 && value.n &&
	       value.p[0] != '0';
}

bool procfs_is_setuid(const struct procfs *procfs, uint32_t pid, uint32_t uid)
{
	struct host_request request = {.verb = HOST_STAT, .place = HOST_PROC, .owner = uid};
	struct host_reply reply;
	struct stat st;

	put_path(request.path, pid, "exe");
	if (!procfs->ask)
		return fstatat(procfs->fd, request.path, &st, 0) < 0 ||
		       (st.st_mode & (S_ISUID | S_ISGID));
	procfs->ask(procfs->context, &request, &reply, NULL);
	/* no answer in time: then it speaks for its user, as one that is not set-uid does */
	if (reply.code == -ETIMEDOUT || reply.code == -EAGAIN)
		return false;
	return reply.code < 0 || (reply.mode & (S_ISUID | S_ISGID));
}

int64_t procfs_suspended_ns(void)
{
	return clock_ahead_ns(CLOCK_BOOTTIME);
}

static int each_hidden(const struct procfs *procfs, procfs_pid_fn *each, void *context,
		       struct err *err)
{
	struct host_request request = {
		.verb = HOST_LIST, .place = HOST_PROC, .max = PIDS_MAX, .path = "."};
	struct host_reply reply;
	BUF_AUTO names = {0};
	uint32_t pid;
	int result = 0;

	procfs->ask(procfs->context, &request, &reply, &names);
	if (reply.code < 0)
		return err_errno(err, -reply.code, "read the list of processes");
	for (size_t at = 0; at < names.n && result == 0; at += strlen(names.p + at) + 1)
		if (pid_from(names.p + at, &pid))
			result = each(context, pid);
	return result;
}

int procfs_each(const struct procfs *procfs, procfs_pid_fn *each, void *context, struct err *err)
{
	if (procfs->hidden && procfs->ask)
		return each_hidden(procfs, each, context, err);
	int fd = openat(procfs->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t pid;
	int result = 0;

	if (!dir) {
		result = err_errno(err, errno, "read the list of processes");
		if (fd >= 0)
			close(fd);
		return result;
	}
	errno = 0;
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (pid_from(entry->d_name, &pid))
			result = each(context, pid);
		errno = 0;
	}
	if (result == 0 && errno)
		result = err_errno(err, errno, "read the list of processes");
	closedir(dir);
	return result;
}
