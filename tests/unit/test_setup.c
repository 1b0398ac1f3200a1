/*
 * Command lines of runtimes, monitors and shims.
 *
 * Rows marked "captured" are /proc/PID/cmdline at the exec, of docker 20.10 with containerd 1.6,
 * podman 4.3 with conmon 2.1, runc 1.1.5, crun 1.8 and ctr (paths shortened). The others are written
 * after the --help of these programs, of runc 1.3, and CRI-O's oci/runtime_oci.go. A `|` stands for the NUL
 * at the end of an argument.
 */
#include "correlate/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define A     "497ad66d1247d3e919922bb4241540253087fd040a0cde0ef1572a8785b9612c"
#define B     "f45dadd99608c09b7f62e5a77be6a4106271b0347ee410bff2bf4958d4601442"
#define SESS  "bea00344669f2b7841ff32245e23ca8b5ce76bc19ec0a6cd49365718d753a494"
#define TASK  "/run/containerd/io.containerd.runtime.v2.task/moby/" A
#define DATA  "/var/lib/containers/storage/overlay-containers/" B "/userdata"
#define SHIM  "/usr/bin/containerd-shim-runc-v2|"
#define GLOBE "runc|--root|/run/docker/runtime-runc/moby|--log|" TASK "/log.json|--log-format|json|"
#define CLEAN                                                                                   \
	"--exit-command|/usr/bin/podman|--exit-command-arg|--root|--exit-command-arg|/var/lib|" \
	"--exit-command-arg|--network-config-dir|--exit-command-arg||--exit-command-arg|-c|"    \
	"--exit-command-arg|container|--exit-command-arg|cleanup|--exit-command-arg|" B "|"

struct setup_case {
	const char *cmdline;
	enum setup_verb verb;
	const char *id, *bundle, *runtime, *namespace;
};

static const struct setup_case setups[] = {
	/* captured: docker run, docker exec */
	{SHIM "-namespace|moby|-address|/run/c.sock|-publish-binary|/usr/bin/containerd|-id|" A
	      "|start|",
	 SETUP_MONITOR, A, "", "containerd", "moby"},
	{SHIM "-namespace|moby|-id|" A "|-address|/run/c.sock|", SETUP_MONITOR, A, "", "containerd",
	 "moby"},
	{GLOBE "create|--bundle|" TASK "|--pid-file|" TASK "/init.pid|" A "|", SETUP_CREATE, A,
	 TASK, "runc", ""},
	{GLOBE "create|--bundle|" TASK "|--pid-file|" TASK
	       "/init.pid|--console-socket|/tmp/pty1924886952/pty.sock|" A "|",
	 SETUP_CREATE, A, TASK, "runc", ""},
	{GLOBE "exec|--process|/tmp/runc-process916745274|--detach|--pid-file|" TASK "/" SESS
	       ".pid|" A "|",
	 SETUP_EXEC, A, "", "runc", ""},
	/* captured: ctr run in a namespace of its own */
	{SHIM "-namespace|hcns|-id|hctr1|-address|/run/c.sock|", SETUP_MONITOR, "hctr1", "",
	 "containerd", "hcns"},
	{"runc|--root|/run/containerd/runc/hcns|--log|/b/log.json|--log-format|json|create|--bundle"
	 "|/b|--pid-file|/b/init.pid|hctr1|",
	 SETUP_CREATE, "hctr1", "/b", "runc", ""},
	/* captured: podman run, podman exec, by runc and crun */
	{"/usr/bin/conmon|--api-version|1|-c|" B "|-u|" B "|-r|/usr/bin/runc|-b|" DATA
	 "|-p|/run/pidfile|-n|pw|--exit-dir|/run/libpod/exits|--full-attach|-l|k8s-file:" DATA
	 "/ctr.log|--log-level|warning|--runtime-arg|--log-format=json|--runtime-arg|--log"
	 "|--runtime-arg=/run/oci-log|--conmon-pidfile|/run/conmon.pid|" CLEAN,
	 SETUP_MONITOR, B, DATA, "podman", ""},
	{"/usr/bin/conmon|--api-version|1|-c|" B "|-u|" SESS "|-r|/usr/bin/runc|-b|" DATA "/" SESS
	 "|-p|" DATA "/" SESS "/exec_pid|-n|pw|--exit-dir|" DATA "/" SESS
	 "/exit|--full-attach|-l|none|--log-level|warning|--runtime-arg|--log|--runtime-arg=/o"
	 "|-e|--exec-attach|--exec-process-spec|" DATA "/" SESS "/exec-process-3881081059|" CLEAN,
	 SETUP_MONITOR, B, DATA, "podman", ""},
	{"/usr/bin/runc|--log-format=json|--log|/run/oci-log|create|--bundle|" DATA
	 "|--pid-file|/run/pidfile|" B "|",
	 SETUP_CREATE, B, DATA, "runc", ""},
	{"/usr/bin/crun|--log-format=json|--log|/run/oci-log|exec|--pid-file|/p|--process|/s|"
	 "--detach|" B "|",
	 SETUP_EXEC, B, "", "crun", ""},
	{"/usr/bin/crun|--log-format=json|--log|/run/oci-log|--cgroup-manager|disabled|create|"
	 "--bundle|" DATA "|--pid-file|/run/pidfile|" B "|", /* rootless */
	 SETUP_CREATE, B, DATA, "crun", ""},
	/* captured: plain runc and crun */
	{"runc|--root|/tmp/rr|--debug=false|run|-d|-b|bundle|--pid-file|/tmp/pf|hc-plain.1+x_2|",
	 SETUP_CREATE, "hc-plain.1+x_2", "bundle", "runc", ""},
	{"runc|--root|/tmp/rr|run|-d|--bundle=bundle|--pid-file=/tmp/pf2|hcp2|", SETUP_CREATE,
	 "hcp2", "bundle", "runc", ""},
	{"runc|--root|/tmp/rr|exec|-e|A=1|-u|0|--cwd|/|--|hc-plain.1+x_2|sh|-c|true|", SETUP_EXEC,
	 "hc-plain.1+x_2", "", "runc", ""},
	{"runc|--root|/tmp/rr|exec|hc-plain.1+x_2|cat|/proc/self/cgroup|", SETUP_EXEC,
	 "hc-plain.1+x_2", "", "runc", ""},
	{"crun|--root=/tmp/cr|run|--detach|-bbundle|--pid-file|/tmp/pf3|hcc1|", SETUP_CREATE,
	 "hcc1", "bundle", "crun", ""},
	{"crun|--root|/tmp/cr|exec|-d|-t=false|hcc1|sleep|1|", SETUP_EXEC, "hcc1", "", "crun", ""},

	/* other options */
	{"runc|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"runc|run|-bundle|/b|-d|web|", SETUP_CREATE, "web", "/b", "runc", ""}, /* Go: one dash */
	{"runc|run|-b=/b|web|", SETUP_CREATE, "web", "/b", "runc", ""},
	{"runc|run|--|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"runc|run|--|-b|", SETUP_CREATE, "-b", "", "runc", ""}, /* a valid id */
	{"runc|--systemd-cgroup|--rootless|true|--criu|criu|run|--preserve-fds|3|--no-pivot|web|",
	 SETUP_CREATE, "web", "", "runc", ""},
	{"runc|create|--pidfd-socket|/s|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"runc|restore|--image-path|/i|--work-path|/w|--tcp-established|--manage-cgroups-mode|soft|"
	 "--empty-ns|network|-d|--bundle|/b|--lsm-profile|x|--lsm-mount-context|y|web|",
	 SETUP_CREATE, "web", "/b", "runc", ""},
	{"runc|exec|-t|-g|5|-p|/s|-c|CAP_KILL|--process-label|l|--apparmor|a|--cgroup|/x|"
	 "--ignore-paused|web|run|other|",
	 SETUP_EXEC, "web", "", "runc", ""},
	{"runc|run|--some-new-option|value|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"crun|run|web|-b|/b|", SETUP_CREATE, "web", "/b", "crun", ""}, /* argp(3) permutes */
	{"crun|run|-f|c.json|web|", SETUP_CREATE, "web", "", "crun", ""},
	{"crun|exec|-dtu|0|web|id|", SETUP_EXEC, "web", "", "crun", ""},
	{"crun|exec|-dtu0|web|id|", SETUP_EXEC, "web", "", "crun", ""},
	{"youki|-r|/run/youki|-l|/log|create|--bundle|/b|web|", SETUP_CREATE, "web", "/b", "youki",
	 ""},
	{"conmon|--cid=" B "|--bundle=/b|", SETUP_MONITOR, B, "/b", "podman", ""},
	{"conmon|-c|first|-c|web|", SETUP_MONITOR, "web", "", "podman", ""}, /* GLib: the last */
	{"conmon|-c|web|-u|x|-b|/b/x|", SETUP_MONITOR, "web", "/b/x", "podman", ""},
	{"conmon|-c|web|-e|-u|x|-b|/b/yx|", SETUP_MONITOR, "web", "/b/yx", "podman", ""},
	{"conmon|-c|web|-n|--cid=no|", SETUP_MONITOR, "web", "", "podman", ""},
	{"conmon|-c|web|--socket-dir-path|--cid=no|", SETUP_MONITOR, "web", "", "podman", ""},
	{"/usr/bin/conmon|-b|/run/containers/storage/overlay-containers/" A "/userdata|-c|" A
	 "|--exit-dir|/var/run/crio/exits|-l|/var/log/pods/p/0.log|--log-level|info|-n|k8s_a|-P|"
	 "/p|-p|/q|--persist-dir|/var/lib|-r|/usr/bin/runc|--runtime-arg|--root=/run/runc|"
	 "--socket-dir-path|/var/run/crio|--syslog|-u|" A "|-s|",
	 SETUP_MONITOR, A, "/run/containers/storage/overlay-containers/" A "/userdata", "cri-o",
	 ""},
	{SHIM "--namespace=k8s.io|--id=" A "|--bundle=/b|", SETUP_MONITOR, A, "/b", "containerd",
	 "k8s.io"},
	{SHIM "-debug|-namespace|k8s.io|-id|" A "|-address|/s|", SETUP_MONITOR, A, "", "containerd",
	 "k8s.io"},
	{"containerd-shim-runc-v1|-namespace|k8s.io|-id|web|-address|/s|", SETUP_MONITOR, "web", "",
	 "containerd", "k8s.io"},

	/* by whatever name */
	{"/usr/sbin/runc|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"/usr/libexec/x/runc-1.1.15|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"./runc.amd64|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"docker-runc|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"/usr/bin/sysbox-runc|run|web|", SETUP_CREATE, "web", "", "runc", ""},
	{"crun-wasm|run|web|", SETUP_CREATE, "web", "", "crun", ""},
	{"/usr/bin/nvidia-container-runtime|create|--bundle|/b|web|", SETUP_CREATE, "web", "/b",
	 "runc", ""},
};

static const char *const others[] = {
	/* captured */
	"runc|init|",
	GLOBE "start|" A "|",
	GLOBE "delete|--force|" A "|",
	GLOBE "kill|" A "|9|",
	GLOBE "ps|--format|json|" A "|",
	"/usr/bin/conmon|--version|",
	"runc|spec|",
	SHIM "-namespace|moby|-address|/s|-publish-binary|/usr/bin/containerd|-id|" A
	     "|-bundle|" TASK "|delete|",
	"/usr/bin/docker|run|-d|web|",
	"ctr|-n|hcns|run|--rm|--rootfs|/r|hctr1|cat|/x|",
	"/usr/bin/podman|--root|/r|container|cleanup|" B "|",
	"sh|-c|runc --root /tmp/rr run -d hcp2|",
	"/bin/sh|/usr/local/bin/runc|run|web|",
	"/usr/bin/containerd|",
	"/sbin/docker-init|--|true|",
	"crun|list|",
	/* verbs without children that matter, or none */
	"runc|state|web|",
	"runc|list|",
	"runc|events|web|",
	"runc|update|web|",
	"runc|features|",
	"runc|pause|web|",
	"runc|checkpoint|web|",
	"runc|--version|",
	"runc|-v|",
	"runc|",
	"runc|--|",
	"runc|--root|create|",
	"runc|Create|web|",
	"runc|x|create|web|",
	/* no id, or none that runc takes */
	"runc|run|",
	"runc|run|--bundle|/b|",
	"runc|run||",
	"runc|run|a/b|",
	"runc|run|.|",
	"runc|run|..|",
	"runc|run|a b|",
	"runc|exec|a\tb|sh|",
	"runc|run|w\xc3\xa4"
	"b|",
	"conmon|-c||",
	"conmon|-u|web|",
	"conmon|-c|",
	SHIM "-namespace|moby|",
	SHIM "-id|a/b|",
	/* cut off: the rest of it is not known */
	"runc|run|web",
	"runc|run|web|-b|/b",
	"runc|run",
	"runc",
	"conmon|-c|web123",
	SHIM "-id|web",
	"",
	"|",
	"||",
	"|run|web|",
	"/|run|web|",
	/* other programs */
	"xrunc|run|web|",
	"runc2|run|web|",
	"runcx-1|run|web|",
	"/usr/bin/runc/|run|web|",
	"conmonrs|-c|web|",
	"conmond|-c|web|",
	"containerd-shim|-id|web|",
	"-|run|web|",
};

static void assert_str(struct str got, const char *want)
{
	if (!str_eq(got, str_from(want)))
		fail_msg("'%.*s' is not '%s'", (int)got.n, got.n ? got.p : "", want);
}

/* On the heap and of its exact size, so that a read past its end is one. */
static char *cmdline_of(const char *text, size_t n)
{
	char *cmdline = malloc(n ? n : 1);

	assert_non_null(cmdline);
	for (size_t i = 0; i < n; i++)
		cmdline[i] = text[i] == '|' ? '\0' : text[i];
	return cmdline;
}

static void test_setups(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		const struct setup_case *row = &setups[i];
		size_t n = strlen(row->cmdline);
		char *cmdline = cmdline_of(row->cmdline, n);
		struct setup setup;

		print_message("# %s\n", row->cmdline);
		assert_true(setup_parse(str_of(cmdline, n), &setup));
		assert_int_equal(setup.verb, row->verb);
		assert_str(setup.id, row->id);
		assert_str(setup.bundle, row->bundle);
		assert_str(setup.runtime, row->runtime);
		assert_str(setup.namespace, row->namespace);
		free(cmdline);
	}
}

static void test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t n = strlen(others[i]);
		char *cmdline = cmdline_of(others[i], n);
		struct setup setup;

		if (setup_parse(str_of(cmdline, n), &setup))
			fail_msg("'%s' is no set-up", others[i]);
		free(cmdline);
	}
}

/* Cut off anywhere, a command line names its container in full or not at all. */
static void test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		const struct setup_case *row = &setups[i];

		for (size_t n = 0; n < strlen(row->cmdline); n++) {
			char *cmdline = cmdline_of(row->cmdline, n);
			struct setup setup;
			bool found = setup_parse(str_of(cmdline, n), &setup);

			/* the two rows that name it twice may stop at the first */
			if (found && !strstr(row->cmdline, "first") &&
			    !strstr(row->cmdline, "--some-new"))
				assert_str(setup.id, row->id);
			free(cmdline);
		}
	}
}

static void test_ids(void **state)
{
	char cmdline[600] = "runc\0run\0";
	struct setup setup;

	(void)state;
	memset(cmdline + 9, 'a', 256);
	assert_false(setup_parse(str_of(cmdline, 9 + 256 + 1), &setup));
	cmdline[9 + 255] = '\0'; /* NAME_MAX */
	assert_true(setup_parse(str_of(cmdline, 9 + 255 + 1), &setup));
	assert_int_equal(setup.id.n, 255);
	/* runc's own alphabet, libcontainer/factory_linux.go, and no other byte */
	for (int c = 1; c < 256; c++) {
		bool valid = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_+-.",
				    c);

		memcpy(cmdline + 9, "x", 1);
		cmdline[10] = (char)c;
		cmdline[11] = '\0';
		assert_int_equal(setup_parse(str_of(cmdline, 12), &setup), valid);
	}
}

/* Pieces of real command lines in any order, from a fixed series: what is returned lies in the
 * text, and the id is one. */
static void test_random(void **state)
{
	static const char *const pieces[] = {
		"runc",   "crun", "conmon",    "containerd-shim-runc-v2",
		"--root", "-b",   "--bundle=", "create",
		"run",    "exec", "--",        "-",
		"-c",     "-e",   "-u",        "-id",
		"start",  "web",  "|",         "|",
		"|",      "|",    "=",         "--exec",
		A,        "/",
	};
	uint64_t seed = 88172645463325252u;
	unsigned found = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[2048];
		size_t n = 0;

		for (int i = 0; i < 16; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* now and then a program to begin with, and a NUL between */
			const char *piece =
				i == 0  ? pieces[seed % 4]
				: i % 2 ? "|"
					: pieces[seed % (sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(text + n, piece, strlen(piece));
			n += strlen(piece);
		}
		char *cmdline = cmdline_of(text, n);
		struct setup setup;

		if (setup_parse(str_of(cmdline, n), &setup)) {
			found++;
			assert_true(setup.id.n > 0 && setup.id.p >= cmdline &&
				    setup.id.p + setup.id.n < cmdline + n);
			if (setup.bundle.n)
				assert_true(setup.bundle.p >= cmdline &&
					    setup.bundle.p + setup.bundle.n < cmdline + n);
		}
		free(cmdline);
	}
	assert_true(found > 100); /* else it tested nothing */
}

/* 16 KiB of anything is read once. */
static void test_hostile(void **state)
{
	static const char *const units[] = {"-c|",        "|",  "-",        "--|",
					    "--bundle=|", "a|", "-bbbbbbb|"};
	enum { SIZE = 16384 };
	struct setup setup;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		char *text = malloc(SIZE);
		size_t unit = strlen(units[i]);

		assert_non_null(text);
		for (size_t at = 0; at < SIZE; at++)
			text[at] = units[i][at % unit] == '|' ? '\0' : units[i][at % unit];
		memcpy(text, "conmon", 7);
		assert_false(setup_parse(str_of(text, SIZE), &setup) && setup.id.n > 255);
		memcpy(text, "runc\0run", 9);
		assert_false(setup_parse(str_of(text, SIZE), &setup) && setup.id.n > 255);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setups),    cmocka_unit_test(test_others),
		cmocka_unit_test(test_every_cut), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_random),    cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
