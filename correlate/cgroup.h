/*
 * From a process's cgroup to its container: an ordered table of patterns.
 *
 * Covers cgroup v1, v2 and hybrid hosts; a user's own patterns (config file) come before the
 * built-in ones. A pattern has a group named "id", and may have one named "pod". Where
 * containers nest, the last id of the path is the process's own, and the first is the container
 * in which it lies: whoever is root in there names it.
 *
 * A path that no pattern knows is the host's. That includes what plain `runc run NAME` and
 * `ctr --namespace MINE run` make: /NAME and /MINE/NAME look like any cgroup of the host, and only
 * a set-up process's command line tells.
 */
#ifndef SCLOG_CORRELATE_CGROUP_H
#define SCLOG_CORRELATE_CGROUP_H

#include "base/err.h"
#include "base/str.h"

struct cgroup_rules;

/* The built-in table. Free with cgroup_rules_free(). One thread. */
int cgroup_rules_new(struct cgroup_rules **ret_rules, struct err *err);
void cgroup_rules_free(struct cgroup_rules *rules);

/*
 * Adds a user's rule before the built-in ones, after those added before; the first user's rule
 * that matches decides, however deep a built-in one would look. A pattern that does not compile is
 * an error that names the position in it; so is one without a group "id".
 */
int cgroup_rules_add(struct cgroup_rules *rules, const char *runtime, const char *pattern,
		     struct err *err);

/*
 * In this hierarchy paths are told from a cgroup whose path on the host is home: each that is matched
 * is made the host's first. See correlate/cgroup_home.h.
 */
void cgroup_rules_set_home(struct cgroup_rules *rules, struct str controllers, struct str home);

/* The kernel prints no longer path (kernel/cgroup/cgroup.c, proc_cgroup_show(): PATH_MAX). */
#define CGROUP_PATH_MAX 4096

enum cgroup_place {
	CGROUP_UNKNOWN, /* no readable line in the text */
	CGROUP_HOST,    /* in no container and no service */
	CGROUP_SERVICE, /* a systemd service: a "container" too, but a weak one (see attribute.h) */
	CGROUP_CONTAINER,
};

/*
 * A service is a unit of the system's own service manager. What runs under user@UID.service or in a
 * session's scope is people's, and the host's: two users' units of one name are not one service.
 *
 * Slices borrow from the text and from the rules; an id that systemd had escaped lies in the rules
 * until the next match.
 */
struct cgroup_match {
	enum cgroup_place place;
	struct str id;      /* the container's, or the service's name */
	struct str pod_uid; /* of a Kubernetes pod, with dashes or underscores as in the path */
	struct str runtime; /* "docker", "containerd", "cri-o", "podman", "systemd", "lxc" ...;
			       empty where the path does not say (/kubepods/.../ID) */
	struct str outer;   /* id of the outermost container, if it is another one; else empty */
	struct str above;   /* the path above the container, the outermost one: who may write there
			       may have made it (correlate/owner.h) */
	struct str controllers; /* the hierarchy's, as in cgroups(7): empty for v2 */
	struct str path;        /* the cgroup path that decided; the host's: the deepest one */
	bool root;              /* every path is "/": also what a zombie's reads on v1 */
};

/* One path, such as "/system.slice/docker-<id>.scope". */
void cgroup_match_path(const struct cgroup_rules *rules, struct str path,
		       struct cgroup_match *ret_match);

/* Takes the next line that is one from a text of /proc/PID/cgroup (cgroups(7)); false at its end. */
bool cgroup_next_line(struct str *text, struct str *ret_controllers, struct str *ret_path);

/* Takes a "/.." from a path that a cgroup namespace does not hold; false if it does not begin so. */
bool cgroup_step_up(struct str *path);

/* How many folders a path has; "/" has none. */
size_t cgroup_depth(struct str path);

/* The whole text of /proc/PID/cgroup: the strongest place of its lines, of these the deepest. */
void cgroup_match_text(const struct cgroup_rules *rules, struct str text,
		       struct cgroup_match *ret_match);

#endif
