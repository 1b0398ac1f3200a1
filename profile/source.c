#include "profile/source.h"

#include "base/nearest.h"
#include "base/file.h"
#include "base/mem.h"
#include "profile/defaults/defaults.h"
#include "profile/document/document.h"
#include "profile/document/sections.h"
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

/* A containers.conf with all comments has 30 KiB. */
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
	filter_release(&source->filter);
	buf_release(&source->groups.text);
	buf_release(&source->text);
	free(source->name);
	free(source);
}

const char *profile_source_label(const char *source)
{
	return strcmp(source, "-") == 0 ? "standard input" : source;
}

void profile_source_prefix(struct err *err, const char *source)
{
	size_t digits = strspn(err->message, "0123456789");
	const struct err old = *err;

	if (digits == 0 || err->message[digits] != ':') {
		err_prefix(err, "%s", profile_source_label(source));
		return;
	}
	err_clear(err);
	err_set(err, old.code, "%s:%s", profile_source_label(source), old.message);
}

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

static int read_all(int fd, size_t max, struct buf *bytes, struct err *err)
{
	int r = file_read_all(fd, max, bytes);

	if (r == -EISDIR)
		return err_set(err, EISDIR, "is a directory: give a file in it");
	if (r == -EFBIG)
		return err_set(err, EFBIG, "larger than %zu MiB: not a seccomp profile", max >> 20);
	return r < 0 ? err_errno(err, -r, "cannot read") : 0;
}

static int read_file(const char *path, size_t max, struct buf *bytes, struct err *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT && !strchr(path, '/')) {
		BUF_AUTO near = {0};

		nearest_put_choice(&near, str_from(path), PROFILE_NAMES);
		return err_set(err, ENOENT,
			       "no file and no profile has this name%s; profiles with a name are "
			       "docker, containerd, podman, containers-common, their releases such "
			       "as docker@28.0, runtime-default and unconfined",
			       near.n ? near.p : "");
	}
	if (fd < 0)
		return err_errno(err, errno, "cannot open");
	int r = read_all(fd, max, bytes, err);

	if (!standard_input)
		close(fd);
	if (r == 0 && bytes->n == 0)
		r = err_set(err, EINVAL, "empty: not a seccomp profile");
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
		return err_errno(err, -r, "cannot run systemd-analyze, which lists the groups");
	}
	r = read_all(ends[0], GROUPS_MAX_BYTES, output, err);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		r = err_set(err, EIO, "systemd-analyze %s failed", argument);
	return r;
}

/* A failure matters only to units that use a group. */
static void ask_systemd(struct unit_groups *groups)
{
	BUF_AUTO version = {0};
	struct err ignored = ERR_INIT;

	if (run_analyze("syscall-filter", &groups->text, &groups->failed) < 0)
		buf_clear(&groups->text);
	if (run_analyze("--version", &version, &ignored) == 0 && version.n &&
	    sscanf(version.p, "systemd %5u", &groups->systemd_version) != 1)
		groups->systemd_version = 0;
}

/* --- Podman's default */

static void read_setting(const char *path, char **setting)
{
	BUF_AUTO text = {0};
	struct err ignored = ERR_INIT;

	if (read_file(path, CONFIG_MAX_BYTES, &text, &ignored) < 0)
		return;
	struct str found = sections_setting(buf_str(&text), "[containers]", "seccomp_profile", "");

	if (!found.n)
		return;
	free(*setting);
	*setting = mem_copy(found);
}

/* Later files win; CONTAINERS_CONF replaces all of them (containers.conf(5)). */
static char *podman_setting(void)
{
	static const char *const files[] = {"/usr/share/containers/containers.conf",
					    "/etc/containers/containers.conf"};
	const char *only = getenv("CONTAINERS_CONF");
	char *setting = NULL;
	glob_t matches;

	if (only && *only) {
		read_setting(only, &setting);
		return setting;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		read_setting(files[i], &setting);
	if (glob("/etc/containers/containers.conf.d/*.conf", 0, NULL, &matches) == 0) {
		for (size_t i = 0; i < matches.gl_pathc; i++)
			read_setting(matches.gl_pathv[i], &setting);
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

/* --- named defaults */

static int acquire_default(struct profile_source *source, const char *name, struct err *err)
{
	struct default_profile profile;
	int r = default_find(str_from(name), &profile, err);
	BUF_AUTO label = {0};

	if (r < 0)
		return r;
	buf_format(&label, "%s@%s", profile.program, profile.release);
	free(source->name);
	source->name = mem_copy(buf_str(&label));
	source->loader = profile.loader;
	if (profile.is_of_loader)
		version_parse(str_from(profile.release), &source->loader_version);
	default_write(&profile, &source->text);
	return 0;
}

static bool any_exists(const char *const *paths)
{
	while (*paths && access(*paths, F_OK) != 0)
		paths++;
	return *paths;
}

/* On a Kubernetes node its CRI runtime, otherwise the runtime that users call. */
static int acquire_runtime_default(struct profile_source *source, const char *rest, struct err *err)
{
	static const char *const kubelet[] = {"/var/lib/kubelet", "/usr/bin/kubelet", NULL};
	static const char *const crio[] = {"/run/crio/crio.sock", "/usr/bin/crio", NULL};
	static const char *const docker[] = {"/run/docker.sock", "/usr/bin/dockerd",
					     "/usr/sbin/dockerd", NULL};
	static const char *const podman[] = {"/usr/bin/podman", NULL};
	static const char *const containerd[] = {"/run/containerd/containerd.sock",
						 "/usr/bin/containerd", NULL};

	(void)rest;
	if (any_exists(kubelet) && any_exists(crio))
		return acquire_default(source, "containers-common", err);
	if (any_exists(kubelet) && any_exists(containerd))
		return acquire_default(source, "containerd", err);
	if (any_exists(docker))
		return acquire_default(source, "docker", err);
	if (any_exists(podman))
		return acquire_default(source, "podman", err);
	return acquire_default(source, any_exists(containerd) ? "containerd" : "docker", err);
}

static int acquire_unconfined(struct profile_source *source, const char *rest, struct err *err)
{
	(void)rest;
	(void)err;
	source->kind = PROFILE_SOURCE_FILTERS;
	return 0;
}

/* --- filters */

static int acquire_pid(struct profile_source *source, const char *rest, struct err *err)
{
	pid_t pid;

	if (!pid_of(rest, &pid))
		return err_set(err, EINVAL, "'%.40s' is not a process id", rest);
	source->kind = PROFILE_SOURCE_FILTERS;
	return live_filters_get(pid, &source->filter, &source->threads_differ, err);
}

static int acquire_dump(struct profile_source *source, const char *rest, struct err *err)
{
	source->kind = PROFILE_SOURCE_FILTERS;
	return dump_read(rest, &source->filter, err);
}

static int acquire_container(struct profile_source *source, const char *rest, struct err *err)
{
	(void)source;
	(void)rest;
	return err_set(err, EOPNOTSUPP, "a container's profile cannot be used here");
}

/* --- all of them */

static int acquire_file(struct profile_source *source, struct err *err)
{
	int r = read_file(source->name, DOCUMENT_MAX_BYTES, &source->text, err);

	if (r == 0 && sections_recognise(buf_str(&source->text))) {
		source->kind = PROFILE_SOURCE_UNIT;
		ask_systemd(&source->groups);
	}
	return r;
}

typedef int acquire_fn(struct profile_source *source, const char *rest, struct err *err);

/* Whole words, and prefixes that end in a colon. */
static const struct word {
	const char *word;
	acquire_fn *acquire;
} words[] = {
	{"pid:", acquire_pid},
	{"bpf:", acquire_dump},
	{"container:", acquire_container},
	{"podman-default", acquire_podman_default},
	{"runtime-default", acquire_runtime_default},
	{"unconfined", acquire_unconfined},
};

/* What follows the word in the source; NULL if it is another word. */
static const char *after_word(const char *source, const struct word *word)
{
	const char *rest = after_prefix(source, word->word);

	return rest && (!*rest || word->word[strlen(word->word) - 1] == ':') ? rest : NULL;
}

bool profile_source_is_word(const char *source)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (after_word(source, &words[i]))
			return true;
	return default_is_name(str_from(source));
}

static int acquire(struct profile_source *source, struct err *err)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *rest = after_word(source->name, &words[i]);

		if (rest)
			return words[i].acquire(source, rest, err);
	}
	if (default_is_name(str_from(source->name))) {
		MEM_AUTO char *name = mem_copy(str_from(source->name));

		return acquire_default(source, name, err);
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
