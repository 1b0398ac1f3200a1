#include "profile/source.h"

#include "base/mem.h"
#include "profile/document/document.h"
#include "profile/filter/dump.h"
#include "profile/filter/live.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* systemd 252 prints 12 KiB. */
#define GROUPS_MAX_BYTES (1U << 20)

/* A containers.conf with all its comments has 30 KiB. */
#define CONFIG_MAX_BYTES (1U << 20)

static struct profile_source *source_new(const char *name)
{
	struct profile_source *source = mem_new(1, sizeof(*source));

	source->name = mem_copy(str_from(name));
	return source;
}

void profile_source_free(struct profile_source *source)
{
	if (!source)
		return;
	filter_stack_release(&source->stack);
	buf_release(&source->groups);
	buf_release(&source->text);
	free(source->name);
	free(source);
}

const char *profile_source_label(const char *source)
{
	return strcmp(source, "-") == 0 ? "standard input" : source;
}

/* False for what is no process id. */
static bool pid_of(const char *text, pid_t *ret_pid)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (!isdigit((unsigned char)text[0]) || *end || pid <= 0 || pid > INT_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

static const char *after_prefix(const char *source, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(source, prefix, n) == 0 ? source + n : NULL;
}

bool profile_source_interrupts(const char *source)
{
	const char *rest = after_prefix(source, "pid:");
	pid_t pid;

	return rest && pid_of(rest, &pid);
}

const char *profile_source_container(const char *source)
{
	return after_prefix(source, "container:");
}

/* --- files */

/* Up to max bytes and one more, so that the caller sees that there are too many. */
static int read_all(int fd, size_t max, struct buf *bytes, struct err *err)
{
	for (;;) {
		char *to = buf_reserve(bytes, 1U << 16);
		ssize_t n = read(fd, to, 1U << 16);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read");
		if (n == 0)
			return 0;
		bytes->n += (size_t)n;
		if (bytes->n > max)
			return err_set(err, EFBIG, "larger than %zu MiB: no seccomp profile",
				       max >> 20);
	}
}

static int read_file(const char *path, size_t max, struct buf *bytes, struct err *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_errno(err, errno, "cannot open");
	int r = read_all(fd, max, bytes, err);

	if (!standard_input)
		close(fd);
	if (r == 0 && bytes->n == 0)
		r = err_set(err, EINVAL, "empty: no seccomp profile");
	return r;
}

/* --- systemd-analyze */

static int spawn_analyze(const char *argument, int out, pid_t *ret_pid)
{
	static char name[] = "systemd-analyze", no_colour[] = "SYSTEMD_COLORS=0",
		    no_pager[] = "SYSTEMD_PAGER=", locale[] = "LC_ALL=C";
	MEM_AUTO char *copy = mem_copy(str_from(argument));
	char *arguments[] = {name, copy, NULL};
	BUF_AUTO path = {0};
	posix_spawn_file_actions_t actions;

	buf_format(&path, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	char *environment[] = {path.p, no_colour, no_pager, locale, NULL};

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int r = posix_spawnp(ret_pid, name, &actions, NULL, arguments, environment);

	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int run_analyze(const char *argument, struct buf *output, struct err *err)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot create a pipe");
	int r = spawn_analyze(argument, ends[1], &pid);

	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return err_errno(err, -r, "cannot run systemd-analyze, which knows the groups");
	}
	r = read_all(ends[0], GROUPS_MAX_BYTES, output, err);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		r = err_set(err, EIO, "systemd-analyze %s failed", argument);
	return r;
}

/* What systemd says of its groups; that it says nothing matters only to who names one. */
static void ask_systemd(struct profile_source *source)
{
	BUF_AUTO version = {0};
	struct err ignored = ERR_INIT;

	if (run_analyze("syscall-filter", &source->groups, &source->groups_failed) < 0)
		buf_clear(&source->groups);
	if (run_analyze("--version", &version, &ignored) == 0 && version.n &&
	    sscanf(version.p, "systemd %5u", &source->systemd_version) != 1)
		source->systemd_version = 0;
}

/* --- Podman's default */

/* The value of `seccomp_profile = "..."` below [containers], the last one; NULL for none. */
static char *find_setting(struct str text)
{
	static const char key[] = "seccomp_profile";
	char *found = NULL;
	bool inside = false;

	while (text.n) {
		size_t n = str_chr(text, '\n'), at = strlen(key);
		struct str line = str_of(text.p, n);

		text = str_skip(text, n < text.n ? n + 1 : n);
		while (line.n && isblank((unsigned char)line.p[0]))
			line = str_skip(line, 1);
		if (line.n && line.p[0] == '[')
			inside = str_starts(line, STR("[containers]"));
		if (!inside || !str_starts(line, str_from(key)))
			continue;
		while (at < line.n && strchr(" \t=\"'", line.p[at]))
			at++;
		line = str_skip(line, at);
		for (n = 0; n < line.n && !strchr("\"'\r", line.p[n]);)
			n++;
		free(found);
		found = n ? mem_copy(str_of(line.p, n)) : NULL;
	}
	return found;
}

static void take_setting(const char *path, char **setting)
{
	BUF_AUTO text = {0};
	struct err ignored = ERR_INIT;

	if (read_file(path, CONFIG_MAX_BYTES, &text, &ignored) < 0)
		return;
	char *found = find_setting(buf_str(&text));

	if (!found)
		return;
	free(*setting);
	*setting = found;
}

/* Later files win (containers.conf(5)); CONTAINERS_CONF stands for all of them. */
static char *podman_setting(void)
{
	static const char *const files[] = {"/usr/share/containers/containers.conf",
					    "/etc/containers/containers.conf"};
	const char *only = getenv("CONTAINERS_CONF");
	char *setting = NULL;
	glob_t matches;

	if (only && *only) {
		take_setting(only, &setting);
		return setting;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		take_setting(files[i], &setting);
	if (glob("/etc/containers/containers.conf.d/*.conf", 0, NULL, &matches) == 0) {
		for (size_t i = 0; i < matches.gl_pathc; i++)
			take_setting(matches.gl_pathv[i], &setting);
		globfree(&matches);
	}
	return setting;
}

static int acquire_podman_default(struct profile_source *source, const char *rest, struct err *err)
{
	static const char *const paths[] = {"/etc/containers/seccomp.json",
					    "/usr/share/containers/seccomp.json"};
	MEM_AUTO char *setting = podman_setting();
	const char *path = setting;

	(void)rest;
	for (size_t i = 0; !path && i < sizeof(paths) / sizeof(paths[0]); i++)
		path = access(paths[i], F_OK) == 0 ? paths[i] : NULL;
	if (!path)
		return err_set(err, ENOENT,
			       "no seccomp_profile in containers.conf, neither %s nor %s: Podman "
			       "then uses the one built into it, which is in no file",
			       paths[0], paths[1]);
	source->loader = LOADER_PODMAN;
	if (read_file(path, DOCUMENT_MAX_BYTES, &source->text, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

/* --- filters */

static int acquire_pid(struct profile_source *source, const char *rest, struct err *err)
{
	pid_t pid;

	if (!pid_of(rest, &pid))
		return err_set(err, EINVAL, "'%.40s' is no process id", rest);
	source->kind = PROFILE_SOURCE_FILTERS;
	return live_filters_get(pid, &source->stack, err);
}

static int acquire_dump(struct profile_source *source, const char *rest, struct err *err)
{
	source->kind = PROFILE_SOURCE_FILTERS;
	return dump_read(rest, &source->stack, err);
}

static int acquire_container(struct profile_source *source, const char *rest, struct err *err)
{
	(void)source;
	(void)rest;
	return err_set(err, EOPNOTSUPP, "a container's profile cannot be asked for here");
}

/* --- all of them */

static int acquire_file(struct profile_source *source, struct err *err)
{
	int r = read_file(source->name, DOCUMENT_MAX_BYTES, &source->text, err);

	if (r == 0 && document_is_unit(buf_str(&source->text))) {
		source->kind = PROFILE_SOURCE_UNIT;
		ask_systemd(source);
	}
	return r;
}

static int acquire(struct profile_source *source, struct err *err)
{
	static const struct {
		const char *prefix;
		int (*acquire)(struct profile_source *source, const char *rest, struct err *err);
	} kinds[] = {
		{"pid:", acquire_pid},
		{"bpf:", acquire_dump},
		{"container:", acquire_container},
	};

	if (strcmp(source->name, "podman-default") == 0)
		return acquire_podman_default(source, "", err);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *rest = after_prefix(source->name, kinds[i].prefix);

		if (rest)
			return kinds[i].acquire(source, rest, err);
	}
	return acquire_file(source, err);
}

int profile_source_acquire(const char *name, struct profile_source **ret_source, struct err *err)
{
	struct profile_source *source = source_new(name);
	int r = acquire(source, err);

	if (r < 0) {
		err_prefix(err, "%s", profile_source_label(name));
		profile_source_free(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

struct profile_source *profile_source_from_text(const char *name, struct str text)
{
	struct profile_source *source = source_new(name);

	buf_put_str(&source->text, text);
	return source;
}
