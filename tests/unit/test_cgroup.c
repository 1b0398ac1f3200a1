/*
 * From cgroup paths to containers.
 *
 * Rows marked "captured" are lines of /proc/PID/cgroup of real processes: docker 20.10, podman 4.3,
 * runc 1.1.5, crun 1.8 and ctr 1.6 with cgroupfs on a hybrid host. The others are written after the
 * runtimes' documentation: runtime-spec's config-linux.md and runc's docs/systemd.md
 * (SLICE:PREFIX:NAME is SLICE/PREFIX-NAME.scope), kubelet's two drivers
 * (kubernetes, pkg/kubelet/cm/cgroup_manager_linux.go), podman-run(1) --cgroups, lxc.container.conf(5),
 * systemd-nspawn(1), systemd.slice(5), cgroups(7) and cgroup_namespaces(7).
 */
#include "correlate/cgroup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/cost.h"

#include <cmocka.h>

#define A   "497ad66d1247d3e919922bb4241540253087fd040a0cde0ef1572a8785b9612c"
#define B   "f45dadd99608c09b7f62e5a77be6a4106271b0347ee410bff2bf4958d4601442"
#define UID "72f7f152-440c-66ac-9084-e0fc1d8a910c"
#define UND "72f7f152_440c_66ac_9084_e0fc1d8a910c"

struct path_case {
	const char *path;
	enum cgroup_place place;
	const char *id, *runtime, *pod;
};

static const struct path_case paths[] = {
	/* docker */
	{"/docker/" A, CGROUP_CONTAINER, A, "docker", ""}, /* captured */
	{"/system.slice/docker-" A ".scope", CGROUP_CONTAINER, A, "docker", ""},
	{"/system.slice/docker-" A ".scope/init.scope", CGROUP_CONTAINER, A, "docker", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope",
	 CGROUP_CONTAINER, A, "docker", ""},
	{"/my.parent/" A, CGROUP_CONTAINER, A, "", ""}, /* captured: --cgroup-parent */
	{"/ecs/0a1b2c/" A, CGROUP_CONTAINER, A, "", ""},
	{"/docker/buildkit/n4eu0udvbz9vfzjy71jkvgkwh", CGROUP_CONTAINER,
	 "n4eu0udvbz9vfzjy71jkvgkwh", "buildkit", ""},
	{"/system.slice:docker:n4eu0udvbz9vfzjy71jkvgkwh", CGROUP_CONTAINER,
	 "n4eu0udvbz9vfzjy71jkvgkwh", "buildkit", ""}, /* while runc sets a step up */
	{"/ecs/a9ab4a4bd4d74fbd8fb7b4d2d8e1b0aa/a9ab4a4bd4d74fbd8fb7b4d2d8e1b0aa-3691507131",
	 CGROUP_CONTAINER, "a9ab4a4bd4d74fbd8fb7b4d2d8e1b0aa-3691507131", "ecs", ""},
	{"/nomad.slice/share.slice/" UID ".web.scope", CGROUP_CONTAINER, UID ".web", "nomad", ""},
	{"/nomad/" UID ".web", CGROUP_CONTAINER, UID ".web", "nomad", ""},
	{"/docker", CGROUP_HOST, "", "", ""},
	{"/docker/buildkit", CGROUP_HOST, "", "", ""},
	{"/system.slice/docker.service", CGROUP_SERVICE, "docker.service", "systemd", ""},
	{"/system.slice/var-lib-docker-overlay2-" A "-merged.mount", CGROUP_HOST, "", "", ""},
	{"/system.slice/docker-" A ".scope.mount", CGROUP_HOST, "", "", ""},

	/* containerd */
	{"/default/hctr5", CGROUP_CONTAINER, "hctr5", "containerd", ""}, /* captured: ctr run */
	{"/default/" A, CGROUP_CONTAINER, A, "containerd", ""},
	{"/hcns/hctr6", CGROUP_HOST, "", "", ""}, /* captured: ctr -n hcns run */
	{"/foo/bar", CGROUP_HOST, "", "", ""},    /* captured: ctr run --cgroup /foo/bar */
	{"/x/default/hctr5", CGROUP_HOST, "", "", ""},
	{"/k8s.io/" A, CGROUP_CONTAINER, A, "containerd", ""},
	{"/system.slice/nerdctl-" A ".scope", CGROUP_CONTAINER, A, "containerd", ""},
	{"/system.slice/containerd.service", CGROUP_SERVICE, "containerd.service", "systemd", ""},

	/* kubelet, systemd driver */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UND
	 ".slice/cri-containerd-" A ".scope",
	 CGROUP_CONTAINER, A, "containerd", UND},
	{"/kubepods.slice/kubepods-pod" UND ".slice/crio-" A ".scope", CGROUP_CONTAINER, A, "cri-o",
	 UND},
	{"/kubepods.slice/kubepods-pod" UND ".slice/crio-" A ".scope/container", CGROUP_CONTAINER,
	 A, "cri-o", UND},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UND ".slice/docker-" A
	 ".scope",
	 CGROUP_CONTAINER, A, "docker", UND},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" UND ".slice/cri-containerd-" A ".scope",
	 CGROUP_CONTAINER, A, "containerd", UND},
	/* a static pod's UID is a hash */
	{"/kubepods.slice/kubepods-burstable.slice/"
	 "kubepods-burstable-pod4c2a1d0e8b7f4e6f9a3b5c7d9e1f2a3b.slice/cri-containerd-" A ".scope",
	 CGROUP_CONTAINER, A, "containerd", "4c2a1d0e8b7f4e6f9a3b5c7d9e1f2a3b"},
	/* kubelet's cgroups are systemd's, containerd's are not (SystemdCgroup = false) */
	{"/system.slice/containerd.service/kubepods-besteffort-pod" UND ".slice:cri-containerd:" A,
	 CGROUP_CONTAINER, A, "containerd", UND},
	/* kubelet, cgroupfs driver */
	{"/kubepods/burstable/pod" UID "/" A, CGROUP_CONTAINER, A, "", UID},
	{"/kubepods/pod" UID "/" A, CGROUP_CONTAINER, A, "", UID},
	{"/kubepods/besteffort/pod" UID "/crio-" A, CGROUP_CONTAINER, A, "cri-o", UID},
	/* monitors, and a pod's own cgroup */
	{"/kubepods/besteffort/pod" UID "/crio-conmon-" A, CGROUP_HOST, "", "", ""},
	{"/kubepods.slice/kubepods-pod" UND ".slice/crio-conmon-" A ".scope", CGROUP_HOST, "", "",
	 ""},
	{"/kubepods/burstable/pod" UID, CGROUP_HOST, "", "", ""},
	{"/kubepods.slice", CGROUP_HOST, "", "", ""},
	{"/system.slice/kubelet.service", CGROUP_SERVICE, "kubelet.service", "systemd", ""},

	/* podman */
	{"/libpod_parent/libpod-" B, CGROUP_CONTAINER, B, "podman", ""}, /* captured */
	{"/libpod_parent/" A "/libpod-" B, CGROUP_CONTAINER, B, "podman", ""},
	{"/machine.slice/libpod-" B ".scope", CGROUP_CONTAINER, B, "podman", ""},
	{"/machine.slice/libpod-" B ".scope/container", CGROUP_CONTAINER, B, "podman", ""},
	{"/machine.slice/machine-libpod_pod_" A ".slice/libpod-" B ".scope/container",
	 CGROUP_CONTAINER, B, "podman", ""},
	{"/machine.slice/libpod-conmon-" B ".scope", CGROUP_HOST, "", "", ""},
	{"/libpod_parent/conmon", CGROUP_HOST, "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" B ".scope/container",
	 CGROUP_CONTAINER, B, "podman", ""},
	{"/system.slice/web.service/libpod-payload-" B, CGROUP_CONTAINER, B, "podman", ""},
	{"/system.slice/web.service/supervisor", CGROUP_SERVICE, "web.service", "systemd", ""},
	/* an init inside */
	{"/QM.slice/qm.service/libpod-payload-" B "/system.slice/dbus-broker.service",
	 CGROUP_CONTAINER, B, "podman", ""},

	/* plain runc and crun: with cgroupfs nothing tells them from the host's */
	{"/hc-plain.1+x_2", CGROUP_HOST, "", "", ""}, /* captured */
	{"/hcsub/hcp2", CGROUP_HOST, "", "", ""},     /* captured */
	{"/system.slice/runc-web.1+x_2-a.scope", CGROUP_CONTAINER, "web.1+x_2-a", "runc", ""},
	{"/system.slice/crun-web.scope", CGROUP_CONTAINER, "web", "crun", ""},
	{"/user.slice/youki-web.scope", CGROUP_CONTAINER, "web", "youki", ""},

	/* nested: the last id; relative to a cgroup namespace */
	{"/docker/" A "/docker/" B, CGROUP_CONTAINER, B, "docker", ""},
	{"/docker/" A "/libpod_parent/libpod-" B, CGROUP_CONTAINER, B, "podman", ""},
	{"/docker/" A "/kubelet/kubepods/burstable/pod" UID "/" B, CGROUP_CONTAINER, B, "", UID},
	{"/docker/" A "/system.slice/nginx.service", CGROUP_CONTAINER, A, "docker", ""},
	{"/lxc/101/ns/docker/" B, CGROUP_CONTAINER, B, "docker", ""},
	{"/../../docker/" A, CGROUP_CONTAINER, A, "docker", ""},
	{"/../cri-containerd-" A ".scope", CGROUP_CONTAINER, A, "containerd", ""},
	{"/../../kubepods-besteffort-pod" UND ".slice/cri-containerd-" A ".scope", CGROUP_CONTAINER,
	 A, "containerd", UND},
	{"/..", CGROUP_HOST, "", "", ""}, /* captured: unshare -C, another process */

	/* lxc */
	{"/lxc/web", CGROUP_CONTAINER, "web", "lxc", ""},
	{"/lxc/101/ns/init.scope", CGROUP_CONTAINER, "101", "lxc", ""},
	{"/lxc.payload.web.one/system.slice/ssh.service", CGROUP_CONTAINER, "web.one", "lxc", ""},
	{"/lxc.payload/web", CGROUP_CONTAINER, "web", "lxc", ""},
	{"/lxc.monitor.web", CGROUP_HOST, "", "", ""},
	{"/lxc.monitor/web", CGROUP_HOST, "", "", ""},
	{"/lxc.pivot", CGROUP_HOST, "", "", ""},

	/* nspawn */
	{"/machine.slice/machine-web.scope", CGROUP_CONTAINER, "web", "nspawn", ""},
	{"/machine.slice/machine-web\\x2d1\\x2dB.scope/payload/init.scope", CGROUP_CONTAINER,
	 "web-1-B", "nspawn", ""},
	{"/machine.slice/machine-web.scope/supervisor", CGROUP_HOST, "", "", ""},
	{"/machine.slice/systemd-nspawn@web\\x2d1.service/payload/system.slice/cron.service",
	 CGROUP_CONTAINER, "web-1", "nspawn", ""},
	{"/machine.slice/systemd-nspawn@web.service/supervisor", CGROUP_SERVICE,
	 "systemd-nspawn@web.service", "systemd", ""},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", CGROUP_HOST, "", "",
	 ""},
	{"/machine.slice/machine-a\\x2.scope", CGROUP_CONTAINER, "a\\x2", "nspawn", ""},
	{"/machine.slice/machine-a\\xzz.scope", CGROUP_CONTAINER, "a\\xzz", "nspawn", ""},

	/* services, and people */
	{"/system.slice/nginx.service", CGROUP_SERVICE, "nginx.service", "systemd", ""},
	{"/system.slice/system-getty.slice/getty@tty1.service", CGROUP_SERVICE,
	 "getty@tty1.service", "systemd", ""},
	{"/system.slice/my\\x2dunit.service", CGROUP_SERVICE, "my\\x2dunit.service", "systemd", ""},
	{"/user.slice/user-1000.slice/session-3.scope", CGROUP_HOST, "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/init.scope", CGROUP_HOST, "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service", CGROUP_HOST, "", "",
	 ""},
	{"/system.slice/user-runtime-dir@1000.service", CGROUP_SERVICE,
	 "user-runtime-dir@1000.service", "systemd", ""},
	{"/init.scope", CGROUP_HOST, "", "", ""},
	{"/system.slice", CGROUP_HOST, "", "", ""},
	{"/system.slice/run-r0123456789abcdef.scope", CGROUP_HOST, "", "", ""},
	{"/system.slice/cron.service (deleted)", CGROUP_SERVICE, "cron.service", "systemd", ""},
	{"/docker/" A " (deleted)", CGROUP_CONTAINER, A, "docker", ""},
	{"/hc del:x (deleted)", CGROUP_HOST, "", "", ""},                           /* captured */
	{"/process_api/65bc5e7543cd3562358986b763262872", CGROUP_HOST, "", "", ""}, /* captured */

	/* nearly ids */
	{"/docker/497ad66d1247", CGROUP_HOST, "", "", ""},
	{"/docker/" A "0", CGROUP_HOST, "", "", ""},
	{"/docker/497AD66D1247D3E919922BB4241540253087FD040A0CDE0EF1572A8785B9612C", CGROUP_HOST,
	 "", "", ""},
	{"/docker-" A ".slice", CGROUP_HOST, "", "", ""},
	{"/", CGROUP_HOST, "", "", ""},
	{"", CGROUP_UNKNOWN, "", "", ""},
	{"docker/" A, CGROUP_UNKNOWN, "", "", ""},
};

static int set_up(void **state)
{
	struct cgroup_rules *rules;
	struct err err = ERR_INIT;

	if (cgroup_rules_new(&rules, &err) < 0) {
		print_error("%s\n", err.message);
		return -1;
	}
	*state = rules;
	return 0;
}

static int tear_down(void **state)
{
	cgroup_rules_free(*state);
	return 0;
}

static void assert_str(struct str got, const char *want)
{
	if (!str_eq(got, str_from(want)))
		fail_msg("'%.*s' is not '%s'", (int)got.n, got.n ? got.p : "", want);
}

static void test_paths(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct path_case *row = &paths[i];
		struct cgroup_match match;

		print_message("# %s\n", row->path);
		cgroup_match_path(*state, str_from(row->path), &match);
		assert_int_equal(match.place, row->place);
		assert_str(match.id, row->id);
		assert_str(match.runtime, row->runtime);
		assert_str(match.pod_uid, row->pod);
		assert_int_equal(match.root, strcmp(row->path, "/") == 0);
	}
}

/* What lies above a container: the outermost of those it lies in, and the folder that holds that. */
static const struct {
	const char *path, *id, *outer, *above;
} nested[] = {
	{"/system.slice/docker-" A ".scope", A, "", "/system.slice"},
	{"/docker/" A, A, "", "/docker"},
	{"/kubepods/burstable/pod" UID "/" A, A, "", "/kubepods/burstable/pod" UID},
	{"/libpod_parent/" A "/libpod-" B, B, "", "/libpod_parent/" A},
	{"/machine.slice/machine-libpod_pod_" A ".slice/libpod-" B ".scope/container", B, "",
	 "/machine.slice/machine-libpod_pod_" A ".slice"},
	{"/system.slice/web.service/libpod-payload-" B, B, "", "/system.slice/web.service"},
	{"/docker/" A "/docker/" B, B, A, "/docker"},
	{"/docker/" A "/kubelet/kubepods/burstable/pod" UID "/" B, B, A, "/docker"},
	{"/lxc/101/ns/docker/" B, B, "101", "/lxc"},
	{"/machine.slice/machine-a\\x2db.scope/payload/docker/" B, B, "a-b", "/machine.slice"},
	{"/machine.slice/machine-a\\x2db.scope/payload/machine.slice/machine-c\\x2dd.scope", "c-d",
	 "a-b", "/machine.slice"},
	{"/docker/" A "/docker/" B "/docker/" A, A, A, "/docker"},
	{"/system.slice/nginx.service", "nginx.service", "", ""},
};

static void test_nested(void **state)
{
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
		struct cgroup_match match;

		print_message("# %s\n", nested[i].path);
		cgroup_match_path(*state, str_from(nested[i].path), &match);
		assert_str(match.id, nested[i].id);
		assert_str(match.outer, nested[i].outer);
		assert_str(match.above, nested[i].above);
	}
}

struct text_case {
	const char *text;
	enum cgroup_place place;
	const char *id, *runtime, *path;
	bool root;
};

#define V1(systemd, rest)                                                                \
	"9:name=systemd:" systemd "\n8:pids:" rest "\n7:blkio:" rest "\n6:freezer:" rest \
	"\n5:devices:" rest "\n4:memory:" rest "\n3:cpuset:" rest "\n2:cpuacct:" rest    \
	"\n1:cpu:" rest "\n"

static const struct text_case texts[] = {
	/* captured: docker run, a shell of the host's, a zombie of a container, podman with crun
	 * (which knew of v1 only), plain runc below a cgroup of its own */
	{V1("/docker/" A, "/docker/" A) "0::/docker/" A "\n", CGROUP_CONTAINER, A, "docker",
	 "/docker/" A, false},
	{"9:name=systemd:/\n8:pids:/\n7:blkio:/\n6:freezer:/\n5:devices:/\n"
	 "4:memory:/process_api/65bc5e7543cd3562358986b763262872\n3:cpuset:/\n2:cpuacct:/\n"
	 "1:cpu:/\n0::/\n",
	 CGROUP_HOST, "", "", "/process_api/65bc5e7543cd3562358986b763262872", false},
	{V1("/", "/") "0::/docker/" A "\n", CGROUP_CONTAINER, A, "docker", "/docker/" A, false},
	{V1("/libpod_parent/libpod-" B, "/libpod_parent/libpod-" B) "0::/\n", CGROUP_CONTAINER, B,
	 "podman", "/libpod_parent/libpod-" B, false},
	{V1("/hcsub/hcp2", "/hcp2") "0::/hcp2\n", CGROUP_HOST, "", "", "/hcsub/hcp2", false},
	{V1("/", "/"), CGROUP_HOST, "", "", "/", true},
	/* v2 */
	{"0::/system.slice/nginx.service\n", CGROUP_SERVICE, "nginx.service", "systemd",
	 "/system.slice/nginx.service", false},
	{"0::/\n", CGROUP_HOST, "", "", "/", true},
	{"0::/docker/" A " (deleted)\n", CGROUP_CONTAINER, A, "docker", "/docker/" A, false},
	/* older kernels' combined controllers; the strongest place wins, wherever it stands */
	{"12:cpu,cpuacct:/system.slice/containerd.service\n1:name=systemd:/k8s.io/" A "\n",
	 CGROUP_CONTAINER, A, "containerd", "/k8s.io/" A, false},
	{"12:cpu,cpuacct:/k8s.io/" A "\n1:name=systemd:/system.slice/containerd.service\n",
	 CGROUP_CONTAINER, A, "containerd", "/k8s.io/" A, false},
	/* of two containers the deeper one */
	{"2:cpu:/docker/" A "/docker/" B "\n1:name=systemd:/docker/" A "\n", CGROUP_CONTAINER, B,
	 "docker", "/docker/" A "/docker/" B, false},
	{"2:cpu:/docker/" A "\n1:name=systemd:/docker/" A "/docker/" B "\n", CGROUP_CONTAINER, B,
	 "docker", "/docker/" A "/docker/" B, false},
	/* an id that had to be unescaped outlives the lines after it */
	{"3:cpu:/machine.slice/machine-a\\x2db.scope/payload\n2:pids:/machine.slice/machine-c\\x2dd"
	 ".scope\n1:name=systemd:/\n",
	 CGROUP_CONTAINER, "a-b", "nspawn", "/machine.slice/machine-a\\x2db.scope/payload", false},
	/* colons belong to the path */
	{"0::/a:b:c/docker-" A ".scope\n", CGROUP_CONTAINER, A, "docker",
	 "/a:b:c/docker-" A ".scope", false},
	/* a last line without its newline; lines that are none */
	{"0::/docker/" A, CGROUP_CONTAINER, A, "docker", "/docker/" A, false},
	{"what\n:::/docker/" A "\n0:/docker/" A "\nx::/docker/" A "\n0::docker\n\n0::\n0:\n0",
	 CGROUP_UNKNOWN, "", "", "", false},
	{"garbage\n0::/docker/" A "\n", CGROUP_CONTAINER, A, "docker", "/docker/" A, false},
	{"", CGROUP_UNKNOWN, "", "", "", false},
};

static void test_texts(void **state)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct text_case *row = &texts[i];
		size_t n = strlen(row->text);
		char *exact = malloc(n ? n : 1); /* so that a read past the end is one */
		struct cgroup_match match;

		assert_non_null(exact);
		memcpy(exact, row->text, n);
		print_message("# text %zu\n", i);
		cgroup_match_text(*state, str_of(exact, n), &match);
		assert_int_equal(match.place, row->place);
		assert_str(match.id, row->id);
		assert_str(match.runtime, row->runtime);
		assert_str(match.path, row->path);
		assert_int_equal(match.root, row->root);
		free(exact);
	}
}

/* cgroup_namespaces(7), as a process in /kubepods/burstable/podP/own reads the paths of others. */
static void test_home(void **state)
{
	static const struct {
		const char *text, *path, *id, *above;
	} rows[] = {
		{"0::/../../podQ/" A "\n", "/kubepods/burstable/podQ/" A, A,
		 "/kubepods/burstable/podQ"},
		{"0::/../../../../user.slice/docker-" A ".scope\n",
		 "/user.slice/docker-" A ".scope", A, "/user.slice"},
		{"0::/\n", "/kubepods/burstable/podP/own", "", ""},
		{"0::/..\n", "/kubepods/burstable/podP", "", ""},
		{"0::/sub/docker/" A "\n", "/kubepods/burstable/podP/own/sub/docker/" A, A,
		 "/kubepods/burstable/podP/own/sub/docker"},
		{"0::/../..x\n", "/kubepods/burstable/podP/..x", "", ""},
		/* v1, an exiting process: no namespace's root */
		{"1:name=systemd:/\n", "/", "", ""},
		{"1:name=systemd:/../docker/" A "\n", "/batch/docker/" A, A, "/batch/docker"},
		/* another hierarchy, in which paths are the host's; more steps than there are folders */
		{"4:memory:/docker/" A "\n", "/docker/" A, A, "/docker"},
		{"0::/../../../../../../docker/" A "\n", "/docker/" A, A, "/docker"},
		/* the deepest decides, not the last one that was told from home */
		{"0::/../../podQ/" A "\n4:memory:/docker\n", "/kubepods/burstable/podQ/" A, A,
		 "/kubepods/burstable/podQ"},
	};
	struct cgroup_match match;

	cgroup_rules_set_home(*state, STR(""), STR("/kubepods/burstable/podP/own"));
	cgroup_rules_set_home(*state, STR("name=systemd"), STR("/batch/own"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# home %zu\n", i);
		cgroup_match_text(*state, str_from(rows[i].text), &match);
		assert_str(match.path, rows[i].path);
		assert_str(match.id, rows[i].id);
		assert_str(match.above, rows[i].above);
	}
	cgroup_match_text(*state, STR("0::/../../../..\n"), &match);
	assert_true(match.root);
}

static void test_user_rules(void **state)
{
	struct err err = ERR_INIT;
	struct cgroup_match match;

	assert_int_equal(
		cgroup_rules_add(*state, "batch", "^/batch/ (?<id>[^/]+) # a comment", &err), 0);
	assert_int_equal(cgroup_rules_add(*state, "second", "^/batch/(?<id>.+)", &err), 0);
	assert_int_equal(cgroup_rules_add(*state, "mine",
					  "/pods/(?<pod>[^/]+)/docker/(?<id>[^/]{12})", &err),
			 0);
	assert_int_equal(cgroup_rules_add(*state, "empty", "/e/(?<id>)", &err), 0);

	cgroup_match_path(*state, STR("/batch/job-1/x"), &match);
	assert_int_equal(match.place, CGROUP_CONTAINER);
	assert_str(match.id, "job-1");
	assert_str(match.runtime, "batch");
	assert_str(match.pod_uid, "");
	/* before the built-in ones, even where these would look deeper */
	cgroup_match_path(*state, STR("/batch/job-1/docker/" A), &match);
	assert_str(match.id, "job-1");
	cgroup_match_text(*state, STR("0::/pods/p1/docker/" A "\n"), &match);
	assert_str(match.id, "497ad66d1247");
	assert_str(match.runtime, "mine");
	assert_str(match.pod_uid, "p1");
	/* the built-in ones still serve the rest; an empty id is none */
	cgroup_match_path(*state, STR("/docker/" A), &match);
	assert_str(match.id, A);
	assert_str(match.runtime, "docker");
	cgroup_match_path(*state, STR("/e/x"), &match);
	assert_int_equal(match.place, CGROUP_HOST);
}

static const struct {
	const char *pattern;
	const char *part; /* of the message */
} bad_patterns[] = {
	{"/x/(?<id>[^/]+", "at position 14"}, /* missing closing parenthesis: pcre2api(3), at the end */
	{"/x/(?<id>[^/+)", "at position 14"}, /* missing terminating ] */
	{"/x/*+*(?<id>.)", "at position 5"},  /* quantifier does not follow a repeatable item */
	{"/x/[^/]+", "no group 'id'"},           {"/x/(?<pod>[^/]+)", "no group 'id'"},
	{"/x/(?<ident>[^/]+)", "no group 'id'"}, {"/x/[^/]+ # (?<id>.)", "no group 'id'"},
	{"/x/\\(?<id>.", "no group 'id'"},       {"", "no group 'id'"},
};

static void test_bad_patterns(void **state)
{
	for (size_t i = 0; i < sizeof(bad_patterns) / sizeof(bad_patterns[0]); i++) {
		struct err err = ERR_INIT;
		struct cgroup_match match;

		assert_int_equal(cgroup_rules_add(*state, "x", bad_patterns[i].pattern, &err),
				 -EINVAL);
		print_message("# %s\n", err.message);
		assert_non_null(strstr(err.message, bad_patterns[i].part));
		assert_non_null(strstr(err.message, bad_patterns[i].pattern));
		/* and it does nothing */
		cgroup_match_path(*state, STR("/x/y"), &match);
		assert_int_equal(match.place, CGROUP_HOST);
	}
}

#define HOSTILE_SIZE 16384

/* Whatever a container may call its cgroups: no work grows faster than the text. A quadratic
 * match of these takes minutes; the bound leaves room for valgrind. */
static void test_hostile_texts(void **state)
{
	static const char *const units[] = {
		"/",
		"//",
		"/docker/",
		"a",
		"-",
		"/pod",
		"/docker/aaaaaaaaaaaaaaaaaaaaaaaa",
		"/kubepods-podaaaaaaaa",
		":",
		"\\x2d",
		"/machine-",
		"0::/\n",
		"1:a:/b\n2:b:/c\n",
		"/user@1.service",
		"-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
		"/lxc/",
		"\xff",
		".scope",
		"/x.service",
		"/docker-" A,
	};
	char *text = malloc(HOSTILE_SIZE);
	struct cgroup_match match;

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t unit = strlen(units[i]);
		double begin = cost_now();

		memcpy(text, "0::/", 4);
		for (size_t at = 4; at < HOSTILE_SIZE; at++)
			text[at] = units[i][(at - 4) % unit];
		cgroup_match_text(*state, str_of(text, HOSTILE_SIZE), &match);
		text[4 + CGROUP_PATH_MAX - 1] = '\n'; /* the longest path that is looked at */
		cgroup_match_text(*state, str_of(text, HOSTILE_SIZE), &match);
		double cost = cost_since(begin);

		print_message("# text %zu: %.4f loops\n", i, cost);
		assert_true(cost < 500);
	}
	free(text);
}

/* Bytes from a fixed series, grown out of pieces of real lines: nothing is read that is not
 * there, and what is returned lies in the text. */
static void test_random_texts(void **state)
{
	static const char *const pieces[] = {
		"0::",      "1:name=systemd:", "/",        "docker", "-",
		A,          ".scope",          "\n",       "pod",    UND,
		".slice",   "libpod-",         "machine-", "\\x2d",  "\\x",
		".service", "/payload",        ":",        "user@1", "",
	};
	uint64_t seed = 88172645463325252u;

	for (int round = 0; round < 3000; round++) {
		char text[2048];
		size_t n = 0;

		for (int i = 0; i < 24; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			const char *piece = pieces[seed % (sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(text + n, piece, strlen(piece));
			n += strlen(piece);
		}
		char *exact = malloc(n ? n : 1);
		struct cgroup_match match;

		assert_non_null(exact);
		memcpy(exact, text, n);
		cgroup_match_text(*state, str_of(exact, n), &match);
		assert_int_equal(match.id.n > 0, match.place >= CGROUP_SERVICE);
		assert_int_equal(match.path.n > 0, match.place >= CGROUP_HOST);
		if (match.path.n)
			assert_true(match.path.p >= exact &&
				    match.path.p + match.path.n <= exact + n);
		free(exact);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nested, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_home, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_user_rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_patterns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_texts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
