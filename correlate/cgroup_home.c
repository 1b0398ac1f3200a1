#include "correlate/cgroup_home.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* More cgroups than a host has: the kubelet runs some hundred pods at most. */
#define FOLDERS_MAX 100000

int cgroup_open_folder(int folder, struct str name)
{
	MEM_AUTO char *path = mem_copy(name);

	return openat(folder, path, FOLDER_FLAGS);
}

int cgroup_open_hierarchy(int root, struct str controllers)
{
	int cgroup = openat(root, "sys/fs/cgroup", FOLDER_FLAGS);
	int fd;

	if (cgroup < 0 ||
	    (controllers.n == 0 && faccessat(cgroup, "cgroup.controllers", F_OK, 0) == 0))
		return cgroup;
	if (str_starts(controllers, STR("name=")))
		controllers = str_skip(controllers, strlen("name="));
	fd = cgroup_open_folder(cgroup, controllers.n ? controllers : STR("unified"));
	close(cgroup);
	return fd;
}

/* A walk down to the cgroup of this process. */
struct search {
	long pid;
	unsigned left;
	struct buf path; /* so far */
};

static bool holds_process(int folder, long pid)
{
	int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	long found = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (found != pid && fscanf(file, "%ld", &found) == 1)
		;
	fclose(file);
	return found == pid;
}

static bool search_folder(struct search *search, int folder, size_t depth)
{
	if (depth == 0)
		return holds_process(folder, search->pid);
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && search->left && (entry = readdir(dir)) != NULL) {
		size_t n = search->path.n;
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		search->left--;
		below = cgroup_open_folder(fd, str_from(entry->d_name));
		buf_format(&search->path, "/%s", entry->d_name);
		found = below >= 0 && search_folder(search, below, depth - 1);
		if (below >= 0)
			close(below);
		if (!found)
			search->path.n = n;
	}
	closedir(dir);
	return found;
}

/* The path that a text of /proc/PID/cgroup has for a hierarchy; empty: none. */
static struct str path_in(struct str text, struct str hierarchy)
{
	struct str line, controllers;

	while (cgroup_next_line(&text, &controllers, &line))
		if (str_eq(controllers, hierarchy))
			return line;
	return STR("");
}

/* up: from the namespace's root to the host's. own: this process's path in the namespace. */
static bool find_home(int root, struct str controllers, size_t up, struct str own,
		      struct cgroup_rules *rules)
{
	struct search search = {getpid(), FOLDERS_MAX, {0}};
	int folder = cgroup_open_hierarchy(root, controllers);
	size_t below = own.n == 1 ? 0 : own.n;
	bool found = folder >= 0 && own.n && !str_starts(own, STR("/..")) &&
		     search_folder(&search, folder, up + cgroup_depth(own)) &&
		     search.path.n > below;

	if (found)
		cgroup_rules_set_home(rules, controllers,
				      str_of(search.path.p, search.path.n - below));
	if (folder >= 0)
		close(folder);
	buf_release(&search.path);
	return found;
}

int cgroup_find_home(int root, const struct procfs *procfs, struct cgroup_rules *rules,
		     struct err *err)
{
	char first[PROCFS_TEXT_MAX], self[PROCFS_TEXT_MAX];
	/* In the host's root, or right below it, on every host. */
	ssize_t n = procfs_read(procfs, 1, "cgroup", first, sizeof(first));
	struct str text = str_of(first, n > 0 ? (size_t)n : 0);
	struct str controllers, path;

	n = procfs_read(procfs, (uint32_t)getpid(), "cgroup", self, sizeof(self));
	struct str own = str_of(self, n > 0 ? (size_t)n : 0);

	while (cgroup_next_line(&text, &controllers, &path)) {
		size_t up = 0;

		while (cgroup_step_up(&path))
			up++;
		if (up > 0 && !find_home(root, controllers, up, path_in(own, controllers), rules))
			return err_set(err, ENOENT,
				       "cannot find this process below sys/fs/cgroup/%.*s",
				       (int)controllers.n, controllers.p);
	}
	return 0;
}
