/*
 * A process of an unprivileged user that says what it likes of itself: it calls itself NAME with
 * the arguments after it, and runs $FORGE in a shell below. tests/live/identity.test runs it as
 * nobody.
 *
 *	FORGE=COMMAND forge NAME [ARG...]
 *
 * With $FORGE_FOLDER it works in that folder, as a containerd shim works in its bundle. With
 * $FORGE_CGROUP it makes that folder for itself and moves there first: a cgroup below one that is
 * its user's. With $FORGE_ROOT and root's set-uid bit it becomes root in all its uids, as sudo does
 * before it asks for a password.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Makes the cgroup and those above it, as far as they are not there. */
static int move_to(const char *cgroup)
{
	char path[8192];
	int fd;

	for (const char *slash = strchr(cgroup + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - cgroup), cgroup);
		mkdir(path, 0755);
	}
	mkdir(cgroup, 0755);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return fail(path);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cgroup = getenv("FORGE_CGROUP"), *folder = getenv("FORGE_FOLDER");
	int status;

	if (!getenv("FORGE") || (argc < 2 && !getenv("FORGED")))
		return 2;
	if (!getenv("FORGED")) {
		if ((cgroup && move_to(cgroup)) || (folder && chdir(folder) < 0))
			return 1;
		if (getenv("FORGE_ROOT") && setresuid(0, 0, 0) < 0)
			return fail("setresuid");
		setenv("FORGED", "1", 1);
		execv("/proc/self/exe", argv + 1);
		return fail("/proc/self/exe");
	}
	usleep(50000); /* whoever looks at it has the time to */
	status = system(getenv("FORGE"));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
