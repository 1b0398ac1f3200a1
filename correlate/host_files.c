#include "correlate/host_files.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_FLAGS   (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)

static int open_folder(const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : err_errno(err, errno, "open '%s'", path);
}

int host_files_open(struct host_files *files, const char *proc_root, const char *root,
		    struct err *err)
{
	struct stat st;

	*files = (struct host_files){.root = -1, .proc = -1};
	files->root = open_folder(root ? root : "/", err);
	if (files->root < 0)
		return files->root;
	files->root_uid = fstat(files->root, &st) == 0 ? st.st_uid : 0;
	files->proc = open_folder(proc_root ? proc_root : "/proc", err);
	if (files->proc >= 0)
		return 0;
	close(files->root);
	return files->proc;
}

void host_files_close(struct host_files *files)
{
	close(files->root);
	close(files->proc);
}

/*
 * Resolves the path as if the folder were /. Without openat2(2) (before Linux 5.6, or refused by
 * an old seccomp profile) absolute links lead out of the folder; only the names are wrong then.
 */
static int open_below(int folder, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	while (*path == '/')
		path++;
	return openat(folder, *path ? path : ".", flags);
}

/* Opens what the request is about. Returns -1 with errno. */
static int open_place(const struct host_files *files, const struct host_request *request, int flags)
{
	char name[32];

	if (request->place == HOST_ROOT)
		return open_below(files->root, request->path, flags);
	if (request->place == HOST_PROC)
		return openat(files->proc, request->path, flags & ~O_NOFOLLOW);
	snprintf(name, sizeof(name), "%u/%s", request->pid,
		 request->place == HOST_PROCESS_ROOT ? "root" : "cwd");

	int folder = openat(files->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = folder < 0 ? -1 : open_below(folder, request->path, flags);
	int code = errno;

	if (folder >= 0)
		close(folder);
	errno = code;
	return fd;
}

static int read_facts(int fd, struct host_reply *reply)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	reply->uid = st.st_uid;
	reply->mode = st.st_mode;
	reply->device = st.st_dev;
	reply->inode = st.st_ino;
	return st.st_size > UINT32_MAX ? -EFBIG
				       : (int)(st.st_size > INT_MAX ? INT_MAX : st.st_size);
}

static int read_file(int fd, const struct host_request *request, struct host_reply *reply,
		     struct buf *bytes)
{
	int size = read_facts(fd, reply);

	if (size < 0)
		return size;
	if (!S_ISREG(reply->mode))
		return -EINVAL;
	if (!request->anyone && reply->uid != request->uid)
		return -ENOENT;
	if ((uint32_t)size > request->max)
		return -EFBIG;
	buf_reserve(bytes, (size_t)size + 16384);
	return file_read_all(fd, request->max, bytes); /* it may grow under our hands */
}

static int list(int fd, const struct host_request *request, struct buf *bytes)
{
	DIR *dir = fdopendir(fd);

	if (!dir) {
		int code = -errno;

		close(fd);
		return code;
	}
	for (uint32_t i = 0; i < request->max; i++) {
		const struct dirent *entry = readdir(dir);

		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			buf_put(bytes, entry->d_name, strlen(entry->d_name) + 1);
	}
	closedir(dir);
	return 0;
}

static int read_link(const struct host_files *files, const struct host_request *request,
		     struct buf *bytes)
{
	char *to = buf_reserve(bytes, PATH_MAX);
	ssize_t n = readlinkat(files->proc, request->path, to, PATH_MAX);

	if (n < 0)
		return -errno;
	to[n] = '\0';
	bytes->n += (size_t)n;
	return n == PATH_MAX ? -ENAMETOOLONG : 0;
}

static int do_open(const struct host_files *files, const struct host_request *request,
		   struct host_reply *reply, struct buf *bytes)
{
	static const int flags[] = {
		[HOST_STAT] = O_PATH | O_CLOEXEC,
		[HOST_READ] = FILE_FLAGS,
		[HOST_LIST] = FOLDER_FLAGS,
	};
	/* a bundle's file in the working folder is no link: whose would it be? */
	bool is_link = request->verb == HOST_STAT && request->place == HOST_PROCESS_FOLDER;
	int fd = open_place(files, request, flags[request->verb] | (is_link ? O_NOFOLLOW : 0));

	if (fd < 0)
		return -errno;
	if (request->verb == HOST_LIST)
		return list(fd, request, bytes);
	int code = request->verb == HOST_READ ? read_file(fd, request, reply, bytes)
					      : read_facts(fd, reply);

	close(fd);
	return code < 0 ? code : 0;
}

void host_files_do(const struct host_files *files, const struct host_request *request,
		   struct host_reply *reply, struct buf *bytes)
{
	BUF_AUTO unwanted = {0};

	bytes = bytes ? bytes : &unwanted;
	size_t before = bytes->n;

	*reply = (struct host_reply){0};
	reply->code = request->verb == HOST_LINK ? read_link(files, request, bytes)
						 : do_open(files, request, reply, bytes);
	reply->n = (uint32_t)(bytes->n - before);
}

void host_files_ask(const struct host_files *files, const struct host_request *request,
		    struct host_reply *reply, struct buf *bytes)
{
	if (files->ask)
		files->ask(files->context, request, reply, bytes);
	else
		host_files_do(files, request, reply, bytes);
}

static bool is_one_of(struct str name, const char *const *names)
{
	while (*names && !str_eq(name, str_from(*names)))
		names++;
	return *names != NULL;
}

bool host_request_is_usual(const struct host_request *request)
{
	static const char *const files[] = {
		"config.json", "config.v2.json",  "state.json",  "status",
		"passwd",      "containers.json", "images.json", "volatile-containers.json",
		NULL,
	};
	static const char *const of_processes[] = {"cgroup", "cmdline", "stat", "status", NULL};
	const char *slash = strrchr(request->path, '/');
	struct str name = str_from(slash ? slash + 1 : request->path);

	if (request->verb == HOST_STAT || request->verb == HOST_LIST)
		return true;
	if (request->verb == HOST_LINK)
		return str_eq(name, STR("cwd"));
	return request->verb == HOST_READ &&
	       is_one_of(name, request->place == HOST_PROC ? of_processes : files);
}
