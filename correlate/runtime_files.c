#include "correlate/runtime_files.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Beyond this, unreadable paths are no longer named: whoever has so many knows by now. */
#define TOLD_MAX 65536

#define FILE_FLAGS   (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)

static int open_folder(const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : err_errno(err, errno, "open '%s'", path);
}

int runtime_files_open(struct runtime_files *files, const char *proc_root, const char *runtime_root,
		       struct err *err)
{
	struct stat st;

	*files = (struct runtime_files){.root = -1, .proc = -1};
	files->root = open_folder(runtime_root ? runtime_root : "/", err);
	if (files->root < 0)
		return files->root;
	files->root_uid = fstat(files->root, &st) == 0 ? st.st_uid : 0;
	files->proc = open_folder(proc_root ? proc_root : "/proc", err);
	if (files->proc >= 0)
		return 0;
	close(files->root);
	return files->proc;
}

void runtime_files_close(struct runtime_files *files)
{
	close(files->root);
	close(files->proc);
	buf_release(&files->told);
}

void lookup_release(struct lookup *lookup)
{
	buf_release(&lookup->docker_folder);
	buf_release(&lookup->storage_root);
	buf_release(&lookup->homes);
}

bool lookup_id_is_safe(struct str id)
{
	return id.n > 0 && id.n <= NAME_MAX && !str_eq(id, STR(".")) && str_chr(id, '/') == id.n &&
	       str_chr(id, '\0') == id.n && str_find(id, STR("..")) == id.n;
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

int runtime_files_open_path(int folder, const char *path)
{
	return open_below(folder, path, O_PATH | O_CLOEXEC);
}

uid_t lookup_uid(const struct lookup *lookup)
{
	return lookup->hint->owner ? lookup->hint->owner : lookup->files->root_uid;
}

static bool is_one_line_of(struct str text, struct str line)
{
	while (text.n > 0) {
		size_t n = str_chr(text, '\n');

		if (str_eq(str_of(text.p, n), line))
			return true;
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
	return false;
}

/* Names what could not be read, once. Users leave half of the room to root's files. */
static void tell(struct lookup *lookup, const char *path, const char *reason)
{
	struct buf *told = &lookup->files->told;
	BUF_AUTO line = {0};

	buf_format(&line, "%s%s", path, reason);
	if (!lookup->trouble ||
	    told->n + line.n + 1 > (lookup->hint->owner ? TOLD_MAX / 2 : TOLD_MAX) ||
	    is_one_line_of(buf_str(told), buf_str(&line)))
		return;
	buf_format(told, "%s\n", line.p);
	buf_format(lookup->trouble, "%s\n", line.p);
}

static bool is_refusal(int code)
{
	return code == EACCES || code == EPERM;
}

/* Reads all of an open regular file. Returns 0 or -errno. */
static int read_whole(int fd, size_t max, struct buf *text)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > (off_t)max)
		return -EFBIG;
	buf_reserve(text, (size_t)st.st_size + 16384);
	return file_read_all(fd, max, text); /* it may grow under our hands */
}

/* Reads a file of that user. ret_others as for lookup_json_at(). */
static int read_below(int folder, const char *path, size_t max, uid_t uid, struct buf *text,
		      bool *ret_others)
{
	int fd = open_below(folder, path, FILE_FLAGS);
	struct stat st;

	if (fd < 0)
		return -errno;

	int r = fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && ret_others)
		*ret_others = st.st_uid != uid;
	else if (r == 0 && st.st_uid != uid)
		r = -ENOENT;
	if (r == 0)
		r = read_whole(fd, max, text);
	close(fd);
	return r;
}

/* Reads a file of the owner, as far as its turn allows. */
static int read_owned(struct lookup *lookup, int folder, const char *path, size_t max,
		      struct buf *text, bool *ret_others)
{
	size_t left = RUNTIME_LOOK_MAX - lookup->bytes_read;
	int r = read_below(folder, path, lookup->hint->owner && left < max ? left : max,
			   lookup_uid(lookup), text, ret_others);

	if (lookup->hint->owner)
		lookup->bytes_read += text->n < left ? text->n : left;
	return r;
}

json_t *lookup_json_at(struct lookup *lookup, int folder, const char *path, size_t max,
		       bool *ret_others)
{
	BUF_AUTO text = {0};
	int r = read_owned(lookup, folder, path, max, &text, ret_others);

	if (r == -EFBIG || (r == 0 && !json_is_modest(buf_str(&text))))
		tell(lookup, path, METADATA_TOO_LARGE);
	return r < 0 ? NULL : json_read(buf_str(&text));
}

/* Reads a file below the root; what is in the way is told. */
static bool read_told(struct lookup *lookup, const char *whose, const char *path, size_t max,
		      struct buf *text)
{
	int r = read_owned(lookup, lookup->files->root, path, max, text, NULL);

	if (is_refusal(-r))
		tell(lookup, whose, "");
	if (r == -EFBIG)
		tell(lookup, path, METADATA_TOO_LARGE);
	return r == 0;
}

json_t *lookup_json(struct lookup *lookup, const char *whose, const char *path, size_t max)
{
	BUF_AUTO text = {0};

	if (!read_told(lookup, whose, path, max, &text))
		return NULL;
	if (!json_is_modest(buf_str(&text)))
		tell(lookup, path, METADATA_TOO_LARGE);
	return json_read(buf_str(&text));
}

json_t *lookup_json_element(struct lookup *lookup, const char *whose, const char *path,
			    struct str id)
{
	BUF_AUTO text = {0};

	return read_told(lookup, whose, path, RUNTIME_LIST_MAX, &text)
		       ? json_read_element(buf_str(&text), id)
		       : NULL;
}

bool lookup_each(struct lookup *lookup, const char *whose, const char *folder,
		 lookup_entry_fn *each, void *context)
{
	int fd = open_below(lookup->files->root, folder, FOLDER_FLAGS);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;

	if (!dir) {
		if (is_refusal(errno))
			tell(lookup, whose, "");
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (size_t i = 0; !found && i < RUNTIME_ENTRIES_MAX; i++) {
		const struct dirent *entry = readdir(dir);

		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			found = each(lookup, folder, entry->d_name, context);
	}
	closedir(dir);
	return found;
}

static void add_home(struct lookup *lookup, struct str home)
{
	struct str homes = buf_str(&lookup->homes);

	if (home.n <= 1 || home.p[0] != '/' || str_chr(home, '\0') < home.n)
		return;
	while (homes.n > 0) {
		size_t n = str_chr(homes, '\0');

		if (str_eq(str_of(homes.p, n), home))
			return;
		homes = str_skip(homes, n + 1);
	}
	buf_put_str(&lookup->homes, home);
	buf_put_char(&lookup->homes, '\0');
}

/* A line of passwd(5): name, password, uid, gid, gecos, home, shell. */
static void add_home_of_line(struct lookup *lookup, struct str line)
{
	struct str field = {0}, uid = {0};
	BUF_AUTO owner = {0};

	for (int i = 0; i < 6; i++) {
		size_t n = str_chr(line, ':');

		if (n == line.n)
			return;
		field = str_of(line.p, n);
		if (i == 2)
			uid = field;
		line = str_skip(line, n + 1);
	}
	buf_format(&owner, "%u", lookup->hint->owner);
	if (str_eq(uid, buf_str(&owner)))
		add_home(lookup, field);
}

static bool add_home_of_entry(struct lookup *lookup, const char *folder, const char *name,
			      void *context)
{
	BUF_AUTO path = {0};

	(void)context;
	buf_format(&path, "%s/%s", folder, name);

	int fd = runtime_files_open_path(lookup->files->root, path.p);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == lookup->hint->owner)
		add_home(lookup, buf_str(&path));
	if (fd >= 0)
		close(fd);
	return false;
}

static void list_homes(struct lookup *lookup)
{
	BUF_AUTO text = {0};
	struct str rest;

	lookup->listed_homes = true;
	if (read_below(lookup->files->root, "/etc/passwd", RUNTIME_LIST_MAX,
		       lookup->files->root_uid, &text, NULL) == 0) {
		for (rest = buf_str(&text); rest.n > 0;) {
			size_t n = str_chr(rest, '\n');

			add_home_of_line(lookup, str_of(rest.p, n));
			rest = str_skip(rest, n < rest.n ? n + 1 : n);
		}
	}
	lookup_each(lookup, "/home", "/home", add_home_of_entry, NULL);
}

bool lookup_each_home(struct lookup *lookup, lookup_home_fn *each, void *context)
{
	if (!lookup->hint->owner)
		return false;
	if (!lookup->listed_homes)
		list_homes(lookup);
	for (size_t at = 0; at < lookup->homes.n;) {
		const char *home = lookup->homes.p + at;

		if (each(lookup, home, context))
			return true;
		at += strlen(home) + 1;
	}
	return false;
}

bool runtime_is_vague(struct str runtime)
{
	static const struct str vague[] = {STR("runc"), STR("crun"), STR("containerd"),
					   STR("podman")};

	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++) {
		if (str_eq(runtime, vague[i]))
			return true;
	}
	return runtime.n == 0;
}

bool lookup_may_be(const struct lookup *lookup, const char *runtime)
{
	struct str found = description_get(lookup->found, DESCRIPTION_RUNTIME);

	if (found.n > 0)
		return str_eq(found, str_from(runtime));
	return runtime_is_vague(lookup->hint->runtime) ||
	       str_eq(lookup->hint->runtime, str_from(runtime));
}
