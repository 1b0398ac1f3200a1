#include "correlate/cgroup.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "correlate/container.h"

#include <errno.h>
#include <stdlib.h>

/* More rules than anybody writes by hand; each new path is held against them in turn. */
#define USER_RULES_MAX 1000

/* Containers in containers that are told apart; what lies deeper counts to the last. */
#define NESTED_MAX 8

/* `.*` takes all it can, so that of nested containers the last one is found. A colon stands where
 * a runtime that wants cgroupfs paths was given systemd's SLICE:PREFIX:NAME. */
#define ABOVE  "^.*[/:]"
#define BELOW  "(?=/|$)"
#define HEX_ID "(?<id>[0-9a-f]{64})"
#define UNIT   "(?:\\.scope)?" BELOW
#define UUID   "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
/* An id as runc allows it, libcontainer/factory_linux.go, validateID(). */
#define NAME_ID "(?<id>[0-9A-Za-z_+.-]+)"
#define SCOPE   "\\.scope" BELOW

struct built_in {
	enum cgroup_place place;
	const char *runtime; /* NULL: the path does not say */
	const char *pattern;
	bool escaped; /* the id is part of a unit's name, see systemd-escape(1) */
};

/* Where two match at the same depth, the first one names the runtime. Monitors
 * (crio-conmon-ID.scope, libpod-conmon-ID.scope, lxc.monitor.NAME, nspawn's supervisor) are in no
 * row: they are the host's. */
static const struct built_in built_in[] = {
	{CGROUP_CONTAINER, "docker", ABOVE "docker[-/:]" HEX_ID UNIT, false},
	{CGROUP_CONTAINER, "containerd",
	 ABOVE "(?:cri-containerd[-:]|nerdctl[-:]|k8s\\.io/)" HEX_ID UNIT, false},
	/* ctr's default namespace; only at the top, for any cgroup may be called that */
	{CGROUP_CONTAINER, "containerd", "^/default/" NAME_ID BELOW, false},
	{CGROUP_CONTAINER, "cri-o", ABOVE "crio[-:]" HEX_ID UNIT, false},
	/* payload: --cgroups=split, which quadlets use: /system.slice/web.service/libpod-payload-ID */
	{CGROUP_CONTAINER, "podman", ABOVE "libpod[-:](?:payload-)?" HEX_ID UNIT, false},
	/* a step of a build; system.slice:docker:ID while runc sets it up */
	{CGROUP_CONTAINER, "buildkit", ABOVE "(?:buildkit/|docker[-/:])(?<id>[0-9a-z]{25})" UNIT,
	 false},
	/* AWS Fargate; ECS on a machine of one's own has Docker's ids */
	{CGROUP_CONTAINER, "ecs", ABOVE "ecs/[^/]+/(?<id>[0-9a-f]{32}-[0-9]{1,20})" BELOW, false},
	/* ALLOCATION.TASK, of the drivers exec and raw_exec */
	{CGROUP_CONTAINER, "nomad",
	 ABOVE "nomad(?:\\.slice)?/(?:[^/]+\\.slice/)?(?<id>" UUID "\\.[^/]+?)" UNIT, false},
	/* lxc.payload.NAME since 4.0, lxc.payload/NAME in 3.x, lxc/NAME before and on Proxmox */
	{CGROUP_CONTAINER, "lxc", ABOVE "lxc(?:/|\\.payload[./])(?<id>[^/]+)" BELOW, false},
	/* a virtual machine is machine-qemu\x2d1\x2dNAME.scope: a process of the host */
	{CGROUP_CONTAINER, "nspawn",
	 ABOVE "machine-(?!qemu\\\\x2d)(?<id>[^/]+)" SCOPE "(?!/supervisor" BELOW ")", true},
	{CGROUP_CONTAINER, "nspawn", ABOVE "systemd-nspawn@(?<id>[^/]+)\\.service/payload" BELOW,
	 true},
	{CGROUP_CONTAINER, "runc", ABOVE "runc-" NAME_ID SCOPE, false},
	{CGROUP_CONTAINER, "crun", ABOVE "crun-" NAME_ID SCOPE, false},
	{CGROUP_CONTAINER, "youki", ABOVE "youki-" NAME_ID SCOPE, false},
	/* kubelet's cgroupfs driver, docker run --cgroup-parent, /ecs/TASK/ID, other prefixes; what
	 * lies in libpod_parent is a pod */
	{CGROUP_CONTAINER, NULL, ABOVE "(?<!libpod_parent/)(?:[^/]*(?<!conmon)[-:])?" HEX_ID UNIT,
	 false},
	/* the outermost: a service that has its subtree to itself (Delegate=) may call a cgroup in it
	 * what it likes */
	{CGROUP_SERVICE, RUNTIME_SERVICE,
	 "^(?!.*/user@[^/]*\\.service" BELOW ").*?/(?<id>[^/]+\\.service)" BELOW, false},
};
#define BUILT_IN_COUNT (sizeof(built_in) / sizeof(built_in[0]))

/* Above a container's own cgroup, in both of kubelet's drivers: .../podUID/, ...-podUID.slice/.
 * The UID of a static pod is a hash without dashes. */
static const char pod_pattern[] = "^.*[/-]pod(?<pod>[0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?"
				  "[0-9a-f]{12})(?:\\.slice)?[/:]";

struct rule {
	char *runtime;
	struct pattern *pattern;
};

/* Hierarchies of cgroup v1 and v2, of which a kernel has at most so many. */
#define HOMES_MAX 32

struct home {
	char *controllers, *path;
};

struct cgroup_rules {
	struct rule *user;
	size_t user_count;
	struct home homes[HOMES_MAX];
	size_t home_count;
	struct pattern *patterns[BUILT_IN_COUNT];
	struct pattern *pod;
	/* Written while matching: apart, so that matching takes const. */
	struct buf *unescaped; /* the id's and the outer's */
	struct buf *on_host;   /* the path of the last line */
};

int cgroup_rules_new(struct cgroup_rules **ret_rules, struct err *err)
{
	struct cgroup_rules *rules = mem_new(1, sizeof(*rules));

	rules->unescaped = mem_new(2, sizeof(*rules->unescaped));
	rules->on_host = mem_new(1, sizeof(*rules->on_host));
	int result = pattern_new(pod_pattern, &rules->pod, err);

	for (size_t i = 0; i < BUILT_IN_COUNT && result == 0; i++)
		result = pattern_new(built_in[i].pattern, &rules->patterns[i], err);
	if (result < 0) {
		cgroup_rules_free(rules);
		return result;
	}
	*ret_rules = rules;
	return 0;
}

void cgroup_rules_free(struct cgroup_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->user_count; i++) {
		pattern_free(rules->user[i].pattern);
		free(rules->user[i].runtime);
	}
	free(rules->user);
	for (size_t i = 0; i < BUILT_IN_COUNT; i++)
		pattern_free(rules->patterns[i]);
	pattern_free(rules->pod);
	buf_release(&rules->unescaped[0]);
	buf_release(&rules->unescaped[1]);
	free(rules->unescaped);
	for (size_t i = 0; i < rules->home_count; i++) {
		free(rules->homes[i].controllers);
		free(rules->homes[i].path);
	}
	buf_release(rules->on_host);
	free(rules->on_host);
	free(rules);
}

/* A condition on a group that is not there does not compile (pcre2pattern(3)). The newline ends
 * a comment of the pattern's. */
static bool has_id_group(const char *pattern)
{
	BUF_AUTO probe = {0};
	struct pattern *compiled = NULL;
	struct err err = ERR_INIT;

	buf_format(&probe, "%s\n(?(<id>)|)", pattern);
	bool has = pattern_new(probe.p, &compiled, &err) == 0;

	pattern_free(compiled);
	return has;
}

int cgroup_rules_add(struct cgroup_rules *rules, const char *runtime, const char *pattern,
		     struct err *err)
{
	struct pattern *compiled;
	int result = pattern_new(pattern, &compiled, err);

	if (result < 0)
		return result;
	if (!has_id_group(pattern))
		result = err_set(
			err, EINVAL,
			"pattern '%s': no group 'id': put (?<id>...) around the container's id",
			pattern);
	else if (rules->user_count == USER_RULES_MAX)
		result = err_set(err, E2BIG, "more than %d cgroup patterns", USER_RULES_MAX);
	if (result < 0) {
		pattern_free(compiled);
		return result;
	}
	rules->user = mem_resize(rules->user, (rules->user_count + 1) * sizeof(*rules->user));
	rules->user[rules->user_count++] =
		(struct rule){.runtime = mem_copy(str_from(runtime)), .pattern = compiled};
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that \xHH at the start of s stands for, or -1. */
static int escaped_byte(struct str s)
{
	if (s.n < 4 || s.p[0] != '\\' || s.p[1] != 'x')
		return -1;
	int high = hex_digit(s.p[2]), low = hex_digit(s.p[3]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static struct str unescape(struct buf *buf, struct str s)
{
	buf_clear(buf);
	while (s.n) {
		int byte = escaped_byte(s);

		buf_put_char(buf, byte < 0 ? s.p[0] : (char)byte);
		s = str_skip(s, byte < 0 ? 1 : 4);
	}
	return buf_str(buf);
}

static size_t end_of(struct str part, struct str whole)
{
	return (size_t)(part.p - whole.p) + part.n;
}

static bool match_user(const struct cgroup_rules *rules, struct str path,
		       struct cgroup_match *match, struct str *ret_at)
{
	for (size_t i = 0; i < rules->user_count; i++) {
		const struct rule *rule = &rules->user[i];

		if (!pattern_match(rule->pattern, path))
			continue;
		match->id = pattern_group(rule->pattern, "id");
		if (match->id.n == 0)
			continue;
		match->pod_uid = pattern_group(rule->pattern, "pod");
		match->runtime = str_from(rule->runtime);
		match->place = CGROUP_CONTAINER;
		*ret_at = match->id;
		return true;
	}
	return false;
}

/* The strongest row, of these the one whose id ends last in the path. */
static const struct built_in *match_built_in(const struct cgroup_rules *rules, struct str path,
					     struct str *ret_id)
{
	const struct built_in *best = NULL;

	for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
		if (best && best->place > built_in[i].place)
			break; /* the weaker places come last */
		if (!pattern_match(rules->patterns[i], path))
			continue;
		struct str id = pattern_group(rules->patterns[i], "id");

		if (best && end_of(id, path) <= end_of(*ret_id, path))
			continue;
		best = &built_in[i];
		*ret_id = id;
	}
	return best;
}

static struct str pod_above(const struct cgroup_rules *rules, struct str path, struct str id)
{
	struct str above = str_of(path.p, (size_t)(id.p - path.p));

	return pattern_match(rules->pod, above) ? pattern_group(rules->pod, "pod")
						: (struct str){0};
}

/* What the kernel appends where the cgroup was removed under a zombie (v2). */
static struct str without_deleted(struct str path)
{
	static const struct str deleted = {" (deleted)", 10};

	if (path.n > deleted.n && memcmp(path.p + path.n - deleted.n, deleted.p, deleted.n) == 0)
		path.n -= deleted.n;
	return path;
}

/* Fills in whose path it is, without what lies above. ret_at is where the id stands in it. */
static void match_innermost(const struct cgroup_rules *rules, struct str path,
			    struct buf *unescaped, struct cgroup_match *match, struct str *ret_at)
{
	if (match_user(rules, path, match, ret_at))
		return;
	const struct built_in *row = match_built_in(rules, path, ret_at);

	if (!row)
		return;
	match->place = row->place;
	match->runtime = str_from(row->runtime);
	match->id = row->escaped ? unescape(unescaped, *ret_at) : *ret_at;
	if (row->place == CGROUP_CONTAINER)
		match->pod_uid = pod_above(rules, path, *ret_at);
}

static struct str folder_of(struct str path, struct str part)
{
	const char *slash = memrchr(path.p, '/', (size_t)(part.p - path.p));

	return str_of(path.p, slash ? (size_t)(slash - path.p) : 0);
}

/* Goes outwards from the container whose id stands there. */
static void match_outer(const struct cgroup_rules *rules, struct str path, struct str at,
			struct cgroup_match *match)
{
	match->above = folder_of(path, at);
	for (int level = 0; level < NESTED_MAX; level++) {
		struct cgroup_match outer = {0};

		match_innermost(rules, match->above, &rules->unescaped[1], &outer, &at);
		if (outer.place != CGROUP_CONTAINER)
			return;
		match->outer = outer.id;
		match->above = folder_of(match->above, at);
	}
}

void cgroup_match_path(const struct cgroup_rules *rules, struct str path,
		       struct cgroup_match *ret_match)
{
	struct str at = {0};

	*ret_match = (struct cgroup_match){0};
	if (path.n == 0 || path.n > CGROUP_PATH_MAX || path.p[0] != '/')
		return;
	path = without_deleted(path);
	ret_match->path = path;
	ret_match->place = CGROUP_HOST;
	ret_match->root = path.n == 1;
	if (ret_match->root)
		return;
	match_innermost(rules, path, rules->unescaped, ret_match, &at);
	if (ret_match->place == CGROUP_CONTAINER)
		match_outer(rules, path, at, ret_match);
}

/* "HIERARCHY:CONTROLLERS:/path". No controller or hierarchy has a colon in its name, a path may. */
static bool split_line(struct str line, struct str *ret_controllers, struct str *ret_path)
{
	size_t number = 0;

	while (number < line.n && line.p[number] >= '0' && line.p[number] <= '9')
		number++;
	if (number == 0 || number == line.n || line.p[number] != ':')
		return false;
	line = str_skip(line, number + 1);
	size_t colon = str_chr(line, ':');

	if (colon == line.n)
		return false;
	*ret_controllers = str_of(line.p, colon);
	*ret_path = str_skip(line, colon + 1);
	return ret_path->n && ret_path->p[0] == '/' && ret_path->n <= CGROUP_PATH_MAX;
}

bool cgroup_next_line(struct str *text, struct str *ret_controllers, struct str *ret_path)
{
	while (text->n) {
		size_t end = str_chr(*text, '\n');
		struct str line = str_of(text->p, end);

		*text = str_skip(*text, end < text->n ? end + 1 : end);
		if (split_line(line, ret_controllers, ret_path))
			return true;
	}
	return false;
}

void cgroup_rules_set_home(struct cgroup_rules *rules, struct str controllers, struct str home)
{
	if (rules->home_count < HOMES_MAX)
		rules->homes[rules->home_count++] =
			(struct home){mem_copy(controllers), mem_copy(home)};
}

bool cgroup_step_up(struct str *path)
{
	bool up = str_starts(*path, STR("/..")) && (path->n == 3 || path->p[3] == '/');

	if (up)
		*path = str_skip(*path, 3);
	return up;
}

/* The host's path of one that is told from home; borrows from the rules. */
static struct str path_from(const struct cgroup_rules *rules, struct str home, struct str path)
{
	while (cgroup_step_up(&path)) {
		const char *slash = home.n ? memrchr(home.p, '/', home.n) : NULL;

		home.n = slash ? (size_t)(slash - home.p) : 0;
	}
	buf_clear(rules->on_host);
	buf_put_str(rules->on_host, home);
	if (path.n > 1 || home.n == 0)
		buf_put_str(rules->on_host, path.n ? path : STR("/"));
	return buf_str(rules->on_host);
}

static struct str path_on_host(const struct cgroup_rules *rules, struct str controllers,
			       struct str path)
{
	/* On v1 an exiting process's reads "/" in every namespace (proc_cgroup_show()). */
	if (controllers.n && path.n == 1)
		return path;
	for (size_t i = 0; i < rules->home_count; i++)
		if (str_eq(controllers, str_from(rules->homes[i].controllers)))
			return path_from(rules, str_from(rules->homes[i].path), path);
	return path;
}

size_t cgroup_depth(struct str path)
{
	size_t depth = 0;

	for (size_t i = 0; i + 1 < path.n; i++)
		depth += path.p[i] == '/';
	return depth;
}

static bool is_better(const struct cgroup_match *a, const struct cgroup_match *b)
{
	return a->place > b->place ||
	       (a->place == b->place && cgroup_depth(a->path) > cgroup_depth(b->path));
}

void cgroup_match_text(const struct cgroup_rules *rules, struct str text,
		       struct cgroup_match *ret_match)
{
	struct str last = {0}, best = {0}, controllers, best_controllers = {0}, path;
	bool root = true;

	*ret_match = (struct cgroup_match){0};
	while (cgroup_next_line(&text, &controllers, &path)) {
		struct cgroup_match match;

		/* nearly always all of v1's hierarchies have the same path */
		if (rules->home_count == 0 && str_eq(path, last))
			continue;
		last = path;
		cgroup_match_path(rules, path_on_host(rules, controllers, path), &match);
		root &= match.root;
		if (is_better(&match, ret_match)) {
			*ret_match = match;
			best = path;
			best_controllers = controllers;
		}
	}
	/* again, for what lies in the rules does not outlive the next match */
	if (best.n && best.p != last.p)
		cgroup_match_path(rules, path_on_host(rules, best_controllers, best), ret_match);
	ret_match->root = ret_match->place != CGROUP_UNKNOWN && root;
	ret_match->controllers = best_controllers;
}
