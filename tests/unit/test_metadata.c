/* The runtimes' files, laid out below a temporary root as the runtimes lay them out. What is
 * expected comes from the command lines that made the containers (tests/metadata/README.md), from
 * the annotations' documentation where a comment says "made", and from linux/capability.h. */
#include "base/mem.h"
#include "correlate/json.h"
#include "correlate/metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/cost.h"
#include "tests/valgrind.h"

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define CAP(name) ((uint64_t)1 << CAP_##name)

/* docker(1): the set that a container has without --cap-add; Podman leaves out three of them. */
#define CAPS_PODMAN                                                                               \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(SETGID) | CAP(SETUID) | \
	 CAP(SETFCAP) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(SYS_CHROOT) | CAP(KILL))
#define CAPS_DOCKER   (CAPS_PODMAN | CAP(MKNOD) | CAP(NET_RAW) | CAP(AUDIT_WRITE))
#define CAPS_OF_SPEC  (CAP(AUDIT_WRITE) | CAP(KILL) | CAP(NET_BIND_SERVICE))
#define CAPS_ALL      ((CAP(CHECKPOINT_RESTORE) << 1) - 1)
#define CAPS_UP_TO_37 ((CAP(AUDIT_READ) << 1) - 1) /* what Docker 20.10 knows */

#define TASKS   "/run/containerd/io.containerd.runtime.v2.task"
#define STORAGE "/var/lib/containers/storage"

#define WEB           "a1328721343ce53fe04f0c7ec47382fd6edba7b0ad85aabb1d714fe346226be6"
#define LOGALL        "f09ac268191ac14751e221654ffe6c99423db852e6d1824ecaf4c830eca95899"
#define TWIN          "51384e01b06a3383a6d823a334f4b15e2d5a57f435b066211f2ef6cc4272b105"
#define UNCONF        "6c7684aae751d06af7ca9a1b83221703cea85407f0d6f0fd610f0e1a406f73ce"
#define PRIV          "2072545d19f752b270a5fd3ae22299750f6c233d1cefc3933956a3e2215d779a"
#define DONE          "64fdb1f2f8513c94adb0a86d2aa1a0edba70f0c37ffc8dd48ad587a86b75c170"
#define CART          "475e65355c90ce21fbc196053499342c4cfbc49dd488b9f85dda8894942e237d"
#define PODMAN_LOGALL "ef631ecf2cef99734c5ab94c05957ac01a6a3e0e533d81f504019ac9e1c99fae"
#define PODMAN_UNCONF "39c9c4dcdaee5c13438d2522fe17ab06c7abc253e6078972581aede618b4cc5d"
#define PODMAN_PRIV   "6f20de8715e195a0323da0d4e6e8362a55efccdbf9396d64aead0106a22f527d"
#define ROOTLESS      "92698e519d704b7455877e499573904d772ea7d6b1b4ab6c18c87a93b7300777"
#define KUBE          "3f1c6d7f4f4a41f4a3f1c6d7f4f4a41f4a3f1c6d7f4f4a41f4a3f1c6d7f4f4a4"
#define POD_UID       "0e6f1a52-8a1b-4c5e-9f53-2a9d1b0c7e11"

/* A root with its own proc, and what is asked there. */
struct host {
	char path[64];
	struct metadata *metadata;
	struct buf trouble;
};

static char *below(const struct host *host, const char *path)
{
	struct buf whole = {0};

	buf_format(&whole, "%s%s", host->path, path);
	return whole.p;
}

static void make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*at = '/';
	}
}

static void put_text(const struct host *host, const char *path, const char *text, size_t n)
{
	MEM_AUTO char *whole = below(host, path);

	make_folders(whole);
	FILE *file = fopen(whole, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void put(const struct host *host, const char *path, const char *text)
{
	put_text(host, path, text, strlen(text));
}

static void put_fixture(const struct host *host, const char *path, const char *fixture)
{
	MEM_AUTO char *whole = below(&(struct host){.path = TESTS_DIR "/metadata/"}, fixture);
	FILE *file = fopen(whole, "r");
	char text[16384];

	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text), file);

	assert_true(n > 0 && n < sizeof(text));
	fclose(file);
	put_text(host, path, text, n);
}

#define USER 1500

/* Whose files are a user's: the test's own, where it cannot give any away. */
static uint32_t user(void)
{
	return geteuid() ? geteuid() : USER;
}

static void give(const struct host *host, const char *path)
{
	MEM_AUTO char *whole = below(host, path);

	if (geteuid() == 0)
		assert_int_equal(chown(whole, USER, USER), 0);
}

static void put_user_fixture(const struct host *host, const char *path, const char *fixture)
{
	put_fixture(host, path, fixture);
	give(host, path);
}

static void put_passwd(const struct host *host, const char *home)
{
	BUF_AUTO text = {0};

	buf_format(&text,
		   "root:x:0:0:root:/root:/bin/sh\nbroken\nother:x:4711:4711::/srv/other:/bin/sh\n"
		   "ci:x:%u:998::%s:/bin/sh\n",
		   user(), home);
	put(host, "/etc/passwd", text.p);
}

/* What a user names ends so. */
static const char *users(const char *name)
{
	static char text[4][256];
	static unsigned next;
	char *at = text[next++ % 4];

	snprintf(at, sizeof(text[0]), "%s@%u", name, user());
	return at;
}

static void put_link(const struct host *host, const char *target, const char *path)
{
	MEM_AUTO char *whole = below(host, path);

	make_folders(whole);
	assert_int_equal(symlink(target, whole), 0);
}

static int set_up(void **state)
{
	struct host *host = mem_new(1, sizeof(*host));
	struct err err = ERR_INIT;

	strcpy(host->path, "/tmp/sclog-metadata.XXXXXX");
	assert_non_null(mkdtemp(host->path));
	chmod(host->path, 0755);
	put(host, "/proc/keep", "");

	MEM_AUTO char *proc = below(host, "/proc");
	struct metadata_options options = {.proc_root = proc, .runtime_root = host->path};

	assert_int_equal(metadata_new(&options, &host->metadata, &err), 0);
	*state = host;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct host *host = *state;

	metadata_free(host->metadata);
	buf_release(&host->trouble);
	nftw(host->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(host);
	return 0;
}

static bool ask(struct host *host, const struct metadata_hint *hint, struct container **ret)
{
	return metadata_describe(host->metadata, hint, ret, &host->trouble);
}

#define assert_text(slice, text)                                        \
	do {                                                            \
		MEM_AUTO char *assert_copy = mem_copy(slice);           \
		assert_string_equal(assert_copy, (text) ? (text) : ""); \
	} while (0)

/* --- real containers */

static const struct {
	const char *path, *fixture;
} files[] = {
	{TASKS "/moby/" WEB "/config.json", "docker-web.config.json"},
	{TASKS "/moby/" LOGALL "/config.json", "docker-logall.config.json"},
	{TASKS "/moby/" TWIN "/config.json", "docker-twin.config.json"},
	{TASKS "/moby/" UNCONF "/config.json", "docker-unconf.config.json"},
	{TASKS "/moby/" PRIV "/config.json", "docker-priv.config.json"},
	{TASKS "/demo/plainctr/config.json", "ctr.config.json"},
	{"/var/lib/docker/containers/" WEB "/config.v2.json", "docker-web.v2.json"},
	{"/var/lib/docker/containers/" LOGALL "/config.v2.json", "docker-logall.v2.json"},
	{"/var/lib/docker/containers/" TWIN "/config.v2.json", "docker-twin.v2.json"},
	{"/var/lib/docker/containers/" UNCONF "/config.v2.json", "docker-unconf.v2.json"},
	{"/var/lib/docker/containers/" DONE "/config.v2.json", "docker-done.v2.json"},
	{STORAGE "/overlay-containers/containers.json", "podman.containers.json"},
	{STORAGE "/overlay-images/images.json", "podman.images.json"},
	{STORAGE "/overlay-containers/" CART "/userdata/config.json", "podman-cart.config.json"},
	{STORAGE "/overlay-containers/" PODMAN_LOGALL "/userdata/config.json",
	 "podman-logall.config.json"},
	{STORAGE "/overlay-containers/" PODMAN_UNCONF "/userdata/config.json",
	 "podman-unconf.config.json"},
	{STORAGE "/overlay-containers/" PODMAN_PRIV "/userdata/config.json",
	 "podman-priv.config.json"},
	{"/srv/plain1/config.json", "runc.config.json"},
	{"/run/runc/plain1/state.json", "runc.state.json"},
	{"/run/crun/plain2/config.json", "crun.config.json"},
};

#define LOGALL_PROFILE                                                                 \
	"{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"SCMP_ARCH_X86_64\"," \
	"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]}"

static const struct expected {
	const char *id, *hinted, *bundle;
	const char *runtime, *name, *image, *pod, *namespace, *workload;
	bool has_caps, has_profile;
	uint64_t caps;
	enum coverage coverage;
	const char *profile; /* its beginning */
} containers[] = {
	{.id = WEB,
	 .hinted = "docker",
	 .runtime = "docker",
	 .name = "web",
	 .image = "shop/busybox:1.36",
	 .has_caps = true,
	 .caps = CAPS_DOCKER,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE,
	 .profile = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":["},
	/* a shim's command line names no Docker */
	{.id = LOGALL,
	 .hinted = "containerd",
	 .runtime = "docker",
	 .name = "logall",
	 .image = "shop/busybox:1.36",
	 .has_caps = true,
	 .caps = CAP(NET_BIND_SERVICE),
	 .has_profile = true,
	 .coverage = COVERAGE_FULL,
	 .profile = LOGALL_PROFILE},
	{.id = TWIN,
	 .hinted = "runc",
	 .runtime = "docker",
	 .name = "twin",
	 .image = "shop/busybox:1.36",
	 .workload = "shop/cart",
	 .has_caps = true,
	 .caps = CAPS_DOCKER | CAP(SYS_ADMIN),
	 .has_profile = true,
	 .coverage = COVERAGE_PARTIAL,
	 .profile = "{\"defaultAction\":\"SCMP_ACT_LOG\""},
	{.id = UNCONF,
	 .hinted = "docker",
	 .runtime = "docker",
	 .name = "unconf",
	 .image = "shop/busybox:1.36",
	 .pod = "api-7d9f",
	 .namespace = "prod",
	 .has_caps = true,
	 .caps = CAPS_DOCKER,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE},
	{.id = PRIV,
	 .hinted = "docker",
	 .runtime = "docker",
	 .has_caps = true,
	 .caps = CAPS_UP_TO_37,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE},
	{.id = DONE,
	 .hinted = "",
	 .runtime = "docker",
	 .name = "done",
	 .image = "shop/busybox:1.36"},
	{.id = "plainctr",
	 .hinted = "containerd",
	 .runtime = "containerd",
	 .has_caps = true,
	 .caps = CAPS_DOCKER,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE},
	{.id = CART,
	 .hinted = "podman",
	 .runtime = "podman",
	 .name = "cart",
	 .image = "localhost/shop/busybox:1.36",
	 .has_caps = true,
	 .caps = CAPS_PODMAN,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE,
	 .profile = "{\"defaultAction\":\"SCMP_ACT_ERRNO\""},
	{.id = PODMAN_LOGALL,
	 .hinted = "podman",
	 .runtime = "podman",
	 .name = "logall",
	 .image = "localhost/shop/busybox:1.36",
	 .has_caps = true,
	 .caps = CAP(NET_BIND_SERVICE),
	 .has_profile = true,
	 .coverage = COVERAGE_FULL,
	 .profile = LOGALL_PROFILE},
	/* by conmon's command line, with a storage of its own */
	{.id = PODMAN_UNCONF,
	 .hinted = "runc",
	 .bundle = STORAGE "/overlay-containers/" PODMAN_UNCONF "/userdata",
	 .runtime = "podman",
	 .name = "unconf",
	 .image = "localhost/shop/busybox:1.36",
	 .has_caps = true,
	 .caps = CAPS_PODMAN,
	 .has_profile = true,
	 .coverage = COVERAGE_NONE},
	{.id = PODMAN_PRIV,
	 .hinted = "podman",
	 .runtime = "podman",
	 .has_caps = true,
	 .caps = CAPS_ALL & ~CAP(SYS_RESOURCE),
	 .has_profile = true,
	 .coverage = COVERAGE_NONE},
	{.id = "plain1",
	 .hinted = "runc",
	 .runtime = "runc",
	 .has_caps = true,
	 .caps = CAPS_OF_SPEC,
	 .has_profile = true,
	 .coverage = COVERAGE_FULL},
	{.id = "plain1",
	 .hinted = "runc",
	 .bundle = "/srv/plain1",
	 .runtime = "runc",
	 .has_caps = true,
	 .caps = CAPS_OF_SPEC,
	 .has_profile = true,
	 .coverage = COVERAGE_FULL},
	{.id = "plain2",
	 .hinted = "crun",
	 .runtime = "crun",
	 .has_caps = true,
	 .caps = CAPS_OF_SPEC,
	 .has_profile = true,
	 .coverage = COVERAGE_FULL,
	 .profile =
		 "{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"SCMP_ARCH_X86_64\"]}"},
};

static void expect(const struct container *c, const struct expected *e)
{
	assert_text(c->id, e->id);
	assert_text(c->runtime, e->runtime);
	assert_text(c->name, e->name);
	assert_text(c->image, e->image);
	assert_text(c->pod, e->pod);
	assert_text(c->namespace, e->namespace);
	assert_text(c->workload, e->workload);
	assert_int_equal(c->has_caps, e->has_caps);
	assert_int_equal(c->caps, e->caps);
	assert_int_equal(c->has_profile, e->has_profile);
	assert_int_equal(c->coverage, e->coverage);
	if (!e->has_profile)
		assert_int_equal(c->profile.n, 0);
	if (e->profile)
		assert_true(str_starts(c->profile, str_from(e->profile)));
}

static void check(struct host *host, const struct metadata_hint *hint, const struct expected *e)
{
	struct container *c;

	assert_true(ask(host, hint, &c));
	expect(c, e);
	container_free(c);
}

static void test_real_containers(void **state)
{
	struct host *host = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_fixture(host, files[i].path, files[i].fixture);
	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
		const struct expected *e = &containers[i];
		struct metadata_hint hint = {.id = str_from(e->id),
					     .runtime = str_from(e->hinted),
					     .bundle = str_from(e->bundle)};

		check(host, &hint, e);
	}
	assert_int_equal(host->trouble.n, 0);
}

/* The filter that the runtime got is the one that is kept: every rule and number of it. */
static void test_profile_is_whole(void **state)
{
	struct host *host = *state;
	struct container *c;

	put_fixture(host, TASKS "/moby/" WEB "/config.json", "docker-web.config.json");
	ask(host, &(struct metadata_hint){.id = STR(WEB)}, &c);

	json_t *kept = json_loadb(c->profile.p, c->profile.n, 0, NULL);
	json_t *file = json_load_file(TESTS_DIR "/metadata/docker-web.config.json", 0, NULL);

	assert_true(json_equal(kept, json_object_get(json_object_get(file, "linux"), "seccomp")));
	assert_null(memchr(c->profile.p, ' ', c->profile.n));
	json_decref(kept);
	json_decref(file);
	container_free(c);
}

/* --- Kubernetes (made: after containerd's pkg/cri/annotations and CRI-O's pkg/annotations) */

#define OCI(annotations) "{\"ociVersion\":\"1.0.2\",\"linux\":{},\"annotations\":{" annotations "}}"

#define CRIO_COMMON                                                                         \
	"\"io.container.manager\":\"cri-o\","                                               \
	"\"io.kubernetes.pod.name\":\"api-7d9f\",\"io.kubernetes.pod.namespace\":\"prod\"," \
	"\"io.kubernetes.cri-o.SandboxID\":\"s1\","

static const struct {
	const char *path, *config;
	struct expected expected;
} pods[] = {
	{TASKS "/k8s.io/" KUBE "/config.json",
	 OCI("\"io.kubernetes.cri.container-type\":\"container\","
	     "\"io.kubernetes.cri.container-name\":\"api\","
	     "\"io.kubernetes.cri.image-name\":\"registry.example/api:2\","
	     "\"io.kubernetes.cri.sandbox-id\":\"s1\","
	     "\"io.kubernetes.cri.sandbox-name\":\"api-7d9f\","
	     "\"io.kubernetes.cri.sandbox-namespace\":\"prod\""),
	 {.id = KUBE,
	  .runtime = "containerd",
	  .name = "api",
	  .image = "registry.example/api:2",
	  .pod = "api-7d9f",
	  .namespace = "prod",
	  .has_profile = true,
	  .coverage = COVERAGE_NONE}},
	{"/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" KUBE "/config.json",
	 OCI("\"io.kubernetes.cri.container-type\":\"sandbox\","
	     "\"io.kubernetes.cri.sandbox-name\":\"api-7d9f\","
	     "\"io.kubernetes.cri.sandbox-namespace\":\"prod\""),
	 {.id = KUBE,
	  .runtime = "containerd",
	  .name = "POD",
	  .pod = "api-7d9f",
	  .namespace = "prod",
	  .has_profile = true,
	  .coverage = COVERAGE_NONE}},
	{"/run/containers/storage/overlay-containers/" KUBE "/userdata/config.json",
	 OCI(CRIO_COMMON "\"io.kubernetes.cri-o.ContainerType\":\"container\","
			 "\"io.kubernetes.container.name\":\"api\","
			 "\"io.kubernetes.cri-o.ImageName\":\"registry.example/api:2\","
			 "\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"api\\\","
			 "\\\"app.kubernetes.io/name\\\":\\\"shop-api\\\"}\""),
	 {.id = KUBE,
	  .runtime = "cri-o",
	  .name = "api",
	  .image = "registry.example/api:2",
	  .pod = "api-7d9f",
	  .namespace = "prod",
	  .workload = "shop-api",
	  .has_profile = true,
	  .coverage = COVERAGE_NONE}},
	{STORAGE "/overlay-containers/" KUBE "/userdata/config.json",
	 OCI(CRIO_COMMON "\"io.kubernetes.cri-o.ContainerType\":\"sandbox\","
			 "\"io.kubernetes.cri-o.KubeName\":\"api-7d9f\","
			 "\"io.kubernetes.cri-o.Labels\":\"not json\""),
	 {.id = KUBE,
	  .runtime = "cri-o",
	  .name = "POD",
	  .pod = "api-7d9f",
	  .namespace = "prod",
	  .has_profile = true,
	  .coverage = COVERAGE_NONE}},
};

static void test_kubernetes(void **state)
{
	struct host *host = *state;

	for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
		MEM_AUTO char *path = below(host, pods[i].path);
		struct metadata_hint hint = {.id = STR(KUBE), .pod_uid = STR(POD_UID)};

		put(host, pods[i].path, pods[i].config);
		check(host, &hint, &pods[i].expected);
		assert_int_equal(unlink(path), 0);
	}
}

/* Who may set annotations and labels at will is not believed in what another runtime writes. */
static void test_annotations_of_others(void **state)
{
	struct host *host = *state;
	const char *config = OCI("\"io.kubernetes.cri.container-type\":\"container\","
				 "\"io.kubernetes.cri.container-name\":\"forged\","
				 "\"io.kubernetes.cri.sandbox-name\":\"forged\"");
	const char *podman = OCI("\"io.container.manager\":\"libpod\","
				 "\"io.kubernetes.cri.container-type\":\"container\","
				 "\"io.kubernetes.container.name\":\"forged\","
				 "\"io.kubernetes.cri.container-name\":\"forged\"");

	put(host, TASKS "/moby/forger/config.json", config);
	check(host, &(struct metadata_hint){.id = STR("forger")},
	      &(struct expected){.id = "forger",
				 .runtime = "docker",
				 .has_profile = true,
				 .coverage = COVERAGE_NONE});
	put(host, STORAGE "/overlay-containers/forger2/userdata/config.json", podman);
	check(host, &(struct metadata_hint){.id = STR("forger2")},
	      &(struct expected){.id = "forger2",
				 .runtime = "podman",
				 .has_profile = true,
				 .coverage = COVERAGE_NONE});
}

static void test_cri_dockerd(void **state)
{
	struct host *host = *state;

	/* (made) */
	put(host, "/var/lib/docker/containers/" KUBE "/config.v2.json",
	    "{\"ID\":\"" KUBE "\",\"Name\":\"/k8s_api_api-7d9f_prod_" POD_UID "_0\",\"Config\":{"
	    "\"Image\":\"registry.example/api@sha256:00\",\"Labels\":{\"k8s-app\":\"apis\","
	    "\"io.kubernetes.container.name\":\"api\",\"io.kubernetes.pod.name\":\"api-7d9f\","
	    "\"io.kubernetes.pod.namespace\":\"prod\"}}}");
	check(host, &(struct metadata_hint){.id = STR(KUBE), .pod_uid = STR(POD_UID)},
	      &(struct expected){.id = KUBE,
				 .runtime = "docker",
				 .name = "api",
				 .image = "registry.example/api@sha256:00",
				 .pod = "api-7d9f",
				 .namespace = "prod",
				 .workload = "apis"});
}

static void expect_nothing(struct host *host, struct str id)
{
	struct container *c;

	assert_false(ask(host, &(struct metadata_hint){.id = id, .runtime = STR("runc")}, &c));
	if (str_chr(id, '/') == id.n && str_chr(id, '%') == id.n)
		assert_true(str_eq(c->id, id));
	assert_text(c->runtime, "runc");
	assert_int_equal(c->name.n, 0);
	assert_int_equal(c->coverage, COVERAGE_UNKNOWN);
	container_free(c);
}

static void test_log_folders(void **state)
{
	struct host *host = *state;

	put_link(host, "/var/log/pods/gone", "/var/log/containers/other-1_dev_web-" WEB ".log");
	put_link(host, "/var/log/pods/gone", "/var/log/containers/no-fields-" KUBE ".log");
	put_link(host, "gone", "/var/log/containers/a_b_c_d-" KUBE ".log");
	put_link(host, "gone", "/var/log/containers/_b_c-" KUBE ".log");
	put_link(host, "gone", "/var/log/containers/a_b_c-" KUBE ".log.1");
	expect_nothing(host, STR(KUBE));
	put_link(host, "/var/log/pods/gone",
		 "/var/log/containers/api-7d9f_prod_api-v2-" KUBE ".log");
	check(host, &(struct metadata_hint){.id = STR(KUBE), .runtime = STR("containerd")},
	      &(struct expected){.id = KUBE,
				 .runtime = "containerd",
				 .name = "api-v2",
				 .pod = "api-7d9f",
				 .namespace = "prod"});

	put(host, "/var/log/pods/prod_db-0_" POD_UID "/keep", "");
	check(host,
	      &(struct metadata_hint){.id = STR("sandbox1"),
				      .pod_uid = STR("0e6f1a52_8a1b_4c5e_9f53_2a9d1b0c7e11")},
	      &(struct expected){.id = "sandbox1", .pod = "db-0", .namespace = "prod"});
}

/* --- other places */

static void test_service(void **state)
{
	struct container *c;

	assert_true(
		ask(*state,
		    &(struct metadata_hint){.id = STR("nginx.service"), .runtime = STR("systemd")},
		    &c));
	expect(c, &(struct expected){
			  .id = "nginx.service", .runtime = "systemd", .name = "nginx.service"});
	container_free(c);
}

/* /var/lib/docker -> /data/docker is the host's, not ours. */
static void test_links_stay_below_the_root(void **state)
{
	struct host *host = *state;

	/* Linux before 5.6, and valgrind */
	if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == ENOSYS) {
		print_message("needs openat2(2)\n");
		skip();
	}
	put_fixture(host, "/data/docker/containers/" DONE "/config.v2.json", "docker-done.v2.json");
	put_link(host, "/data/docker", "/var/lib/docker");
	check(host, &(struct metadata_hint){.id = STR(DONE)},
	      &(struct expected){.id = DONE,
				 .runtime = "docker",
				 .name = "done",
				 .image = "shop/busybox:1.36"});
}

/* A dockerd with --data-root: its bundle says where its files are. */
static void test_docker_elsewhere(void **state)
{
	struct host *host = *state;

	put(host, TASKS "/moby/" DONE "/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"mounts\":[{\"source\":\"proc\"},"
	    "{\"source\":\"/mnt/d/containers/" DONE "/hostname\"}]}");
	put_fixture(host, "/mnt/d/containers/" DONE "/config.v2.json", "docker-done.v2.json");
	check(host, &(struct metadata_hint){.id = STR(DONE)},
	      &(struct expected){.id = DONE,
				 .runtime = "docker",
				 .name = "done",
				 .image = "shop/busybox:1.36"});
}

/* Podman's --root, known by conmon's command line; a container of --rm is in another list, and
 * CRI-O and older lists name the image by its id only. */
static void test_storage_elsewhere(void **state)
{
	struct host *host = *state;

	put_fixture(host, "/mnt/p/btrfs-containers/" CART "/userdata/config.json",
		    "podman-cart.config.json");
	put(host, "/mnt/p/btrfs-containers/volatile-containers.json",
	    "[{},{\"id\":\"" CART "\",\"names\":[\"cart\"],\"image\":\"i2\"}]");
	put(host, "/mnt/p/btrfs-images/images.json",
	    "[{\"id\":\"i1\",\"names\":[\"one\"]},{\"id\":\"i2\",\"names\":[\"two\",\"x\"]}]");

	struct metadata_hint hint = {.id = STR(CART),
				     .bundle = STR("/mnt/p/btrfs-containers/" CART "/userdata")};
	struct expected e = {.id = CART,
			     .runtime = "podman",
			     .name = "cart",
			     .image = "two",
			     .has_caps = true,
			     .caps = CAPS_PODMAN,
			     .has_profile = true,
			     .coverage = COVERAGE_NONE};

	check(host, &hint, &e);
	put(host, "/mnt/p/btrfs-images/images.json", "[]");
	e.image = "i2";
	check(host, &hint, &e);
}

static void test_homes(void **state)
{
	struct host *host = *state;
	const struct metadata_hint hint = {
		.id = STR(ROOTLESS), .owner = user(), .runtime = STR("podman")};
	struct container *c;

	put_passwd(host, "/srv/ci");
	put_user_fixture(host,
			 "/srv/ci/.local/share/containers/storage/vfs-containers/" ROOTLESS
			 "/userdata/config.json",
			 "rootless.config.json");
	put_user_fixture(host,
			 "/srv/ci/.local/share/containers/storage/vfs-containers/containers.json",
			 "rootless.containers.json");
	check(host, &hint,
	      &(struct expected){.id = users(ROOTLESS),
				 .runtime = "podman",
				 .name = users("rootless1"),
				 .image = users("localhost/ann/busybox:1"),
				 .has_caps = true,
				 .caps = CAPS_PODMAN,
				 .has_profile = true,
				 .coverage = COVERAGE_NONE});
	/* they speak of no other user's container, nor of root's */
	assert_false(ask(host,
			 &(struct metadata_hint){
				 .id = STR(ROOTLESS), .owner = 4711, .runtime = STR("podman")},
			 &c));
	container_free(c);
	expect_nothing(host, STR(ROOTLESS));
}

/* A user's crun: what it keeps below /run/user. */
static void test_user_run(void **state)
{
	struct host *host = *state;
	char path[64];
	struct container *c;

	snprintf(path, sizeof(path), "/run/user/%u/crun/plain2/config.json", user());
	put_user_fixture(host, path, "crun.config.json");
	check(host, &(struct metadata_hint){.id = STR("plain2"), .owner = user()},
	      &(struct expected){.id = users("plain2"),
				 .has_caps = true,
				 .caps = CAPS_OF_SPEC,
				 .has_profile = true,
				 .coverage = COVERAGE_FULL});
	expect_nothing(host, STR("plain2"));
	assert_false(ask(host, &(struct metadata_hint){.id = STR("plain2"), .owner = 4711}, &c));
	container_free(c);
}

/* What a user wrote where root's runtime keeps its files, or what of root's a user names or links
 * to, says nothing. */
static void test_files_of_others(void **state)
{
	struct host *host = *state;
	struct container *c;
	char path[64];

	if (geteuid() != 0)
		skip();
	put_user_fixture(host, "/run/crun/plain2/config.json", "crun.config.json");
	expect_nothing(host, STR("plain2"));
	put_fixture(host, "/srv/plain1/config.json", "runc.config.json");
	assert_false(ask(host,
			 &(struct metadata_hint){
				 .id = STR("plain1"), .owner = USER, .bundle = STR("/srv/plain1")},
			 &c));
	container_free(c);
	snprintf(path, sizeof(path), "/run/user/%u/crun/plain1/config.json", USER);
	put_link(host, "/srv/plain1/config.json", path);
	assert_false(ask(host, &(struct metadata_hint){.id = STR("plain1"), .owner = USER}, &c));
	container_free(c);
	/* Kubernetes' names are root's to give */
	put(host, "/srv/pod/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.container.manager\":\"cri-o\","
	    "\"io.kubernetes.pod.name\":\"api\",\"io.kubernetes.pod.namespace\":\"prod\","
	    "\"io.kubernetes.container.name\":\"web\",\"app\":\"shop\"}}");
	give(host, "/srv/pod/config.json");
	check(host,
	      &(struct metadata_hint){.id = STR("p"), .owner = USER, .bundle = STR("/srv/pod")},
	      &(struct expected){.id = users("p"),
				 .runtime = "cri-o",
				 .name = users("web"),
				 .workload = users("shop")});
	/* nor does a bundle of others that root's runc runs name anything */
	assert_false(
		ask(host, &(struct metadata_hint){.id = STR("p"), .bundle = STR("/srv/pod")}, &c));
	assert_int_equal(c->pod.n + c->namespace.n + c->name.n + c->workload.n, 0);
	container_free(c);
}

/* Podman's --root where only crun's own state is at its usual place. */
static void test_crun_status(void **state)
{
	struct host *host = *state;

	put_fixture(host, "/run/crun/" CART "/config.json", "podman-cart.config.json");
	put(host, "/run/crun/" CART "/status",
	    "{\"bundle\":\"/mnt/p/vfs-containers/" CART "/userdata\"}");
	put_fixture(host, "/mnt/p/vfs-containers/containers.json", "podman.containers.json");
	check(host, &(struct metadata_hint){.id = STR(CART)},
	      &(struct expected){.id = CART,
				 .runtime = "podman",
				 .name = "cart",
				 .image = "localhost/shop/busybox:1.36",
				 .has_caps = true,
				 .caps = CAPS_PODMAN,
				 .has_profile = true,
				 .coverage = COVERAGE_NONE});
}

/* --- what processes say */

static void test_shim(void **state)
{
	struct host *host = *state;
	MEM_AUTO char *bundle =
		below(host, "/mnt/e/daemon/io.containerd.runtime.v2.task/moby/" WEB);
	struct metadata_hint hint = {.id = STR(WEB), .runtime = STR("containerd"), .pid = 100};
	struct container *c;

	put_fixture(host, "/mnt/e/daemon/io.containerd.runtime.v2.task/moby/" WEB "/config.json",
		    "docker-web.config.json");
	put_link(host, host->path, "/proc/100/root");
	put_link(host, bundle, "/proc/100/cwd");
	check(host, &hint,
	      &(struct expected){.id = WEB,
				 .runtime = "docker",
				 .has_caps = true,
				 .caps = CAPS_DOCKER,
				 .has_profile = true,
				 .coverage = COVERAGE_NONE});

	/* the shim of a pod stands in another container's bundle */
	hint.id = STR(KUBE);
	assert_false(ask(host, &hint, &c));
	container_free(c);

	/* whose root cannot be told */
	put_link(host, bundle, "/proc/103/cwd");
	hint = (struct metadata_hint){.id = STR(WEB), .pid = 103};
	assert_false(ask(host, &hint, &c));
	container_free(c);

	/* a container's own process may stand anywhere */
	put(host, "/other/keep", "");
	MEM_AUTO char *other = below(host, "/other");

	put_link(host, other, "/proc/101/root");
	put_link(host, bundle, "/proc/101/cwd");
	hint.pid = 101;
	assert_false(ask(host, &hint, &c));
	container_free(c);
}

/* A command line is only its process's word: what the runtime wrote at its own place goes first. */
static void test_forged_bundle(void **state)
{
	struct host *host = *state;
	MEM_AUTO char *other = below(host, "/other");
	struct metadata_hint hint = {.id = STR(WEB), .bundle = STR("/evil"), .pid = 102};
	struct expected e = {.id = WEB,
			     .runtime = "docker",
			     .has_caps = true,
			     .caps = CAPS_DOCKER,
			     .has_profile = true,
			     .coverage = COVERAGE_NONE};

	put_fixture(host, TASKS "/moby/" WEB "/config.json", "docker-web.config.json");
	put_fixture(host, "/other/evil/config.json", "docker-logall.config.json");
	put_link(host, other, "/proc/102/root");
	check(host, &hint, &e);

	/* not the host's file of that name */
	put_fixture(host, "/evil/config.json", "docker-logall.config.json");
	check(host, &hint, &e);

	/* one of a user's own, named by a process of the host */
	MEM_AUTO char *evil = below(host, "/evil/config.json");

	hint.pid = 0;
	if (geteuid() == 0)
		assert_int_equal(chown(evil, 65534, 65534), 0);
	check(host, &hint, &e);
	assert_int_equal(unlink(evil), 0);

	/* where nothing else is known, it is better than nothing: Docker in Docker */
	hint.id = STR("inner");
	hint.pid = 102;
	check(host, &hint,
	      &(struct expected){.id = "inner",
				 .has_caps = true,
				 .caps = CAP(NET_BIND_SERVICE),
				 .has_profile = true,
				 .coverage = COVERAGE_FULL});
}

/* Root's runtime, or a runtime's own state, names the bundle of another container of root's. */
static void test_bundle_of_another(void **state)
{
	static const char *const bundles[] = {
		TASKS "/moby/" WEB,
		TASKS "/moby/" WEB "/",
		"/mnt/p/overlay-containers/" WEB "/userdata",
	};
	struct host *host = *state;
	struct container *c;
	BUF_AUTO text = {0};

	put_fixture(host, TASKS "/moby/" WEB "/config.json", "docker-logall.config.json");
	put_fixture(host, "/mnt/p/overlay-containers/" WEB "/userdata/config.json",
		    "docker-logall.config.json");
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		const struct metadata_hint hint = {.id = STR("second"),
						   .bundle = str_from(bundles[i])};

		assert_false(ask(host, &hint, &c));
		container_free(c);
		buf_clear(&text);
		buf_format(&text, "{\"config\":{\"labels\":[\"bundle=%s\"]}}", bundles[i]);
		put(host, "/run/runc/second/state.json", text.p);
		assert_false(ask(host, &(struct metadata_hint){.id = STR("second")}, &c));
		container_free(c);
	}
}

/* --- hostile */

static void test_ids_in_paths(void **state)
{
	struct host *host = *state;
	char id[256];

	memset(id, 'a', sizeof(id));
	put_fixture(host, TASKS "/moby/keep/config.json", "docker-web.config.json");
	put_fixture(host, TASKS "/evil/config.json", "docker-web.config.json");
	put_fixture(host, TASKS "/moby/config.json", "docker-web.config.json");
	put_fixture(host, TASKS "/config.json", "docker-web.config.json");
	put_fixture(host, TASKS "/moby/x/config.json", "docker-web.config.json");
	expect_nothing(host, STR(""));
	expect_nothing(host, STR("."));
	expect_nothing(host, STR(".."));
	expect_nothing(host, STR("../evil"));
	expect_nothing(host, STR("keep/../x"));
	expect_nothing(host, STR("x/"));
	expect_nothing(host, STR("x\0y"));
	expect_nothing(host, str_of(id, sizeof(id)));
	expect_nothing(host, str_of(id, sizeof(id) - 1)); /* may be asked for, is not there */
	expect_nothing(host, STR("%s%n"));
	expect_nothing(host, STR(WEB));
}

static void make_special(const struct host *host, const char *path, mode_t type)
{
	MEM_AUTO char *whole = below(host, path);

	make_folders(whole);
	assert_int_equal(type == S_IFDIR ? mkdir(whole, 0755) : mkfifo(whole, 0644), 0);
}

static void test_odd_files(void **state)
{
	struct host *host = *state;
	MEM_AUTO char *big = below(host, TASKS "/moby/big/config.json");

	alarm(120); /* a FIFO would hold a reader for ever */
	make_special(host, TASKS "/moby/fifo/config.json", S_IFIFO);
	expect_nothing(host, STR("fifo"));
	make_special(host, TASKS "/moby/folder/config.json", S_IFDIR);
	expect_nothing(host, STR("folder"));
	put_fixture(host, "/srv/config.json", "docker-web.config.json");
	put_link(host, "/srv/config.json", TASKS "/moby/link/config.json");
	expect_nothing(host, STR("link"));
	put_fixture(host, TASKS "/moby/big/config.json", "docker-web.config.json");
	assert_int_equal(truncate(big, (4 << 20) + 1), 0);
	expect_nothing(host, STR("big"));
	alarm(0);
}

/* What a process has in memory at most from now on, in kB; 0 where that cannot be told. */
static long peak_kb(bool from_now)
{
	FILE *file =
		from_now ? fopen("/proc/self/clear_refs", "w") : fopen("/proc/self/status", "r");
	char line[256];
	long kb = 0;

	if (!file)
		return 0;
	if (from_now)
		fputs("5", file);
	while (!from_now && fgets(line, sizeof(line), file))
		sscanf(line, "VmHWM: %ld", &kb);
	fclose(file);
	return from_now ? peak_kb(false) : kb;
}

/* So many bytes of it, between two ends. */
static void put_many(const struct host *host, const char *path, const char *begin, const char *unit,
		     size_t n, const char *end)
{
	struct buf text = {0};

	buf_put_str(&text, str_from(begin));
	while (text.n + strlen(unit) + strlen(end) <= n)
		buf_put_str(&text, str_from(unit));
	buf_put_str(&text, str_from(end));
	put_text(host, path, text.p, text.n);
	buf_release(&text);
	give(host, path);
}

/* A file of a user's may be as large as it likes: it costs 16 MB at most, and not much more than
 * the 100 ms that the record loop waits for its answer. */
static void test_cost_of_users_files(void **state)
{
	static const struct {
		const char *name, *begin, *unit, *end;
		size_t n;
	} rows[] = {
		{"config.json", "[{}", ",{}", "]", 16 << 20},
		{"config.json", "{\"ociVersion\":\"1\",\"a\":\"", "x", "\"}", 4 << 20},
		{"config.json", "{\"ociVersion\":\"1\",\"a\":\"", "x", "\"}", 1 << 20},
		{"config.json", "[{}", ",{}", "]", 1 << 20},
		{"config.json", "[[1]", ",1", "]", 131000},
		{"config.json", "[[1]", ",{}", "]", 39000},
		{"config.json", "{\"\":1", ",\"\":{}", "}", 76000},
		{"config.json", "[", "[", "]", 1 << 20},
		{"vfs-containers/containers.json", "[{}", ",{}", "]", 16 << 20},
		{"vfs-containers/containers.json", "[{}", ",{}", "]", 8 << 20},
		{"vfs-containers/containers.json", "[{}", ",{\"x\":\"" ROOTLESS "\"}", "]",
		 8 << 20},
		{"vfs-containers/containers.json", "[{\"x\":\"" ROOTLESS "\",\"y\":\"", "y", "\"}]",
		 8 << 20},
	};
	struct host *host = *state;
	const struct metadata_hint hint = {.id = STR(ROOTLESS),
					   .owner = user(),
					   .runtime = STR("podman"),
					   .bundle = STR("/srv/ci/bundle")};

	put_passwd(host, "/srv/ci");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		BUF_AUTO path = {0};
		bool is_config = str_eq(str_from(rows[i].name), STR("config.json"));
		struct container *c;

		buf_format(&path, "/srv/ci/%s/%s",
			   is_config ? "bundle" : ".local/share/containers/storage", rows[i].name);
		put_many(host, path.p, rows[i].begin, rows[i].unit, rows[i].n, rows[i].end);

		malloc_trim(0);
		long before_kb = peak_kb(true);
		double begin = cost_now();

		ask(host, &hint, &c);
		double cost = cost_since(begin);
		long cost_kb = peak_kb(false) - before_kb;

		print_message("# row %zu: %.1f loops, %ld kB\n", i, cost, cost_kb);
		container_free(c);

		MEM_AUTO char *whole = below(host, path.p);

		assert_int_equal(unlink(whole), 0);
		if (under_valgrind() || SANITIZED)
			continue;
		assert_true(cost < 300);
		assert_true(cost_kb <= 16000);
	}
	/* and it is said */
	assert_true(str_find(buf_str(&host->trouble),
			     STR("/srv/ci/bundle/config.json (too large)\n")) < host->trouble.n);
}

static void test_odd_json(void **state)
{
	static const char *const configs[] = {
		"",
		"{",
		"null",
		"[]",
		"\"x\"",
		"{\"ociVersion\":1,\"linux\":{}}",
		"{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}}",
		"{\"ociVersion\":\"1.0.2\",\"process\":[],\"linux\":7,\"annotations\":\"x\","
		"\"mounts\":{}}",
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"capabilities\":[\"CAP_CHOWN\"]},"
		"\"linux\":{\"seccomp\":\"unconfined\"},\"mounts\":[3,{\"source\":[]}]}",
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"capabilities\":{\"bounding\":\"x\"}}}",
	};
	struct host *host = *state;
	struct buf deep = {0};

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		put(host, "/run/crun/odd/config.json", configs[i]);
		expect_nothing(host, STR("odd"));
	}
	for (int i = 0; i < 1000000; i++)
		buf_put_char(&deep, '[');
	put_text(host, "/run/crun/odd/config.json", deep.p, deep.n);
	buf_release(&deep);
	expect_nothing(host, STR("odd"));

	/* wrong elements do not spoil the right ones */
	put(host, "/run/crun/odd/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"process\":{\"capabilities\":{\"bounding\":[null,"
	    "\"CAP_KILL\",{},\"CAP_NOT_YET\",\"kill\"]}},\"annotations\":{\"app\":[],"
	    "\"k8s-app\":\"x\"}}");
	check(host, &(struct metadata_hint){.id = STR("odd")},
	      &(struct expected){
		      .id = "odd", .workload = "x", .has_caps = true, .caps = CAP(KILL)});

	/* --cap-drop ALL */
	put(host, "/run/crun/odd/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"process\":{\"capabilities\":{}}}");
	check(host, &(struct metadata_hint){.id = STR("odd")},
	      &(struct expected){.id = "odd", .has_caps = true});
}

/* Numbers up to 2^64 - 1: an unlimited rlimit, and what a rule compares with. */
static void test_big_numbers(void **state)
{
	const char *profile =
		"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		"\"value\":18446744073709551615,\"valueTwo\":9223372036854775807,"
		"\"op\":\"SCMP_CMP_EQ\"}]}],\"listenerMetadata\":\"\\\"18446744073709551615\"}";
	struct host *host = *state;
	struct buf config = {0};

	buf_format(&config,
		   "{\"ociVersion\":\"1.0.2\",\"process\":{\"rlimits\":[{\"type\":"
		   "\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":1.5e3}],"
		   "\"oomScoreAdj\":-999},\"linux\":{\"seccomp\":%s}}",
		   profile);
	put_text(host, "/run/crun/big/config.json", config.p, config.n);
	buf_release(&config);
	check(host, &(struct metadata_hint){.id = STR("big")},
	      &(struct expected){.id = "big",
				 .has_profile = true,
				 .profile = profile,
				 .coverage = COVERAGE_PARTIAL});
}

static void test_long_names(void **state)
{
	struct host *host = *state;
	struct buf config = {0};
	struct container *c;

	buf_format(&config, "{\"ID\":\"long\",\"Name\":\"/x");
	for (int i = 0; i < 2000; i++)
		buf_format(&config, "\xc3\xa9"); /* e with an acute accent: two bytes */
	buf_format(&config, "\",\"Config\":{\"Image\":\"a\\u0000b\\u001b[31m\"}}");
	put_text(host, "/var/lib/docker/containers/long/config.v2.json", config.p, config.n);
	buf_release(&config);
	assert_true(ask(host, &(struct metadata_hint){.id = STR("long")}, &c));
	assert_int_equal(c->name.n, 1023); /* 1,024 would end within a character */
	assert_text(c->image, "a");
	assert_int_equal(c->image.n, 1);
	container_free(c);
	/* another container's file under this name */
	put(host, "/var/lib/docker/containers/liar/config.v2.json",
	    "{\"ID\":\"other\",\"Name\":\"/other\"}");
	expect_nothing(host, STR("liar"));
}

static void test_unreadable(void **state)
{
	struct host *host = *state;
	struct metadata_hint hint = {
		.id = STR(ROOTLESS), .owner = user(), .runtime = STR("podman")};
	struct container *c;
	uid_t was = geteuid();
	char run_user[32], keep[64], told[256];

	put_user_fixture(host,
			 "/home/ann/.local/share/containers/storage/vfs-containers/" ROOTLESS
			 "/userdata/config.json",
			 "rootless.config.json");
	put_passwd(host, "/home/ann");
	put(host, TASKS "/moby/keep", "");
	snprintf(run_user, sizeof(run_user), "/run/user/%u", user());
	snprintf(keep, sizeof(keep), "%s/crun/keep", run_user);
	put(host, keep, "");
	snprintf(told, sizeof(told), "%s\n/home/ann\n" TASKS "\n", run_user);

	MEM_AUTO char *home = below(host, "/home/ann");
	MEM_AUTO char *run = below(host, run_user);
	MEM_AUTO char *tasks = below(host, TASKS);

	assert_int_equal(chmod(home, was ? 0 : 0700), 0);
	assert_int_equal(chmod(run, was ? 0 : 0700), 0);
	assert_int_equal(chmod(tasks, was ? 0 : 0700), 0);
	if (was == 0)
		assert_int_equal(seteuid(65534), 0);
	for (int i = 0; i < 2; i++) {
		assert_false(ask(host, &hint, &c));
		container_free(c);
		assert_false(ask(host, &(struct metadata_hint){.id = STR("root's")}, &c));
		container_free(c);
	}
	/* who does not want to know is not told */
	assert_false(metadata_describe(host->metadata, &hint, &c, NULL));
	container_free(c);
	if (was == 0)
		assert_int_equal(seteuid(0), 0);
	chmod(home, 0755);
	chmod(run, 0755);
	chmod(tasks, 0755);
	/* each once, a user's by the user's folder */
	assert_true(str_eq(buf_str(&host->trouble), str_from(told)));
	/* and with the right, it is found */
	assert_true(ask(host, &hint, &c));
	container_free(c);
}

static void test_missing_root(void **state)
{
	struct metadata_options options = {.runtime_root = "/nonexistent"};
	struct metadata *metadata;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(metadata_new(&options, &metadata, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent"));
	err_clear(&err);
	options = (struct metadata_options){.runtime_root = "/", .proc_root = "/nonexistent"};
	assert_int_equal(metadata_new(&options, &metadata, &err), -ENOENT);
	metadata_free(NULL);
}

/* --- coverage: what each profile lets the kernel log (seccomp(2), SECCOMP_FILTER_FLAG_LOG) */

#define RULE(action) "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_" action "\"}"
#define PROFILE(action, ...) \
	"{\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":[" __VA_ARGS__ "]}"
#define WITH_LOG_FLAG(action, ...)                                                      \
	"{\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"defaultAction\":\"SCMP_ACT_" action \
	"\",\"syscalls\":[" __VA_ARGS__ "]}"

static const struct {
	const char *profile;
	enum coverage coverage;
} profiles[] = {
	{"", COVERAGE_NONE},
	{PROFILE("LOG"), COVERAGE_FULL},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\"}", COVERAGE_FULL},
	{"{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[],\"syscalls\":null}",
	 COVERAGE_FULL},
	{PROFILE("LOG", RULE("LOG")), COVERAGE_FULL},
	{PROFILE("LOG", "{\"names\":[],\"action\":\"SCMP_ACT_ERRNO\"}"), COVERAGE_FULL},
	{PROFILE("LOG", RULE("ALLOW")), COVERAGE_PARTIAL},
	{PROFILE("LOG", RULE("NOTIFY")), COVERAGE_PARTIAL},
	{PROFILE("ALLOW", RULE("LOG")), COVERAGE_PARTIAL},
	{PROFILE("ALLOW"), COVERAGE_NONE},
	{PROFILE("ALLOW", RULE("ERRNO")), COVERAGE_NONE},
	{PROFILE("ERRNO", RULE("ALLOW")), COVERAGE_NONE},
	{PROFILE("ERRNO", RULE("LOG")), COVERAGE_NONE},
	/* only the default was turned into LOG: the explicit refusals stay silent */
	{PROFILE("LOG", RULE("ALLOW") "," RULE("ERRNO")), COVERAGE_NONE},
	{PROFILE("LOG", RULE("TRAP")), COVERAGE_NONE},
	{PROFILE("LOG", RULE("TRACE")), COVERAGE_NONE},
	/* logged, but the process ends there */
	{PROFILE("LOG", RULE("KILL")), COVERAGE_NONE},
	{PROFILE("KILL_PROCESS", RULE("ALLOW")), COVERAGE_NONE},
	{PROFILE("KILL_THREAD", RULE("LOG")), COVERAGE_NONE},
	/* with the flag, what is refused is logged */
	{WITH_LOG_FLAG("ERRNO", RULE("ALLOW")), COVERAGE_PARTIAL},
	{WITH_LOG_FLAG("ERRNO"), COVERAGE_PARTIAL},
	{WITH_LOG_FLAG("LOG", RULE("TRAP")), COVERAGE_PARTIAL},
	{WITH_LOG_FLAG("LOG"), COVERAGE_FULL},
	{WITH_LOG_FLAG("ALLOW"), COVERAGE_NONE},
	{WITH_LOG_FLAG("LOG", RULE("KILL")), COVERAGE_NONE},
	{"{\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"],\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
	 COVERAGE_NONE},
	{"{}", COVERAGE_UNKNOWN},
	{"[]", COVERAGE_UNKNOWN},
	{"{", COVERAGE_UNKNOWN},
	{"{\"defaultAction\":\"SCMP_ACT_FUTURE\"}", COVERAGE_UNKNOWN},
	{"{\"defaultAction\":1}", COVERAGE_UNKNOWN},
	{PROFILE("LOG", RULE("FUTURE")), COVERAGE_UNKNOWN},
	{PROFILE("LOG", "{\"names\":[\"mount\"]}"), COVERAGE_UNKNOWN},
};

static void test_coverage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		enum coverage coverage = metadata_coverage(str_from(profiles[i].profile));

		if (coverage != profiles[i].coverage)
			print_error("%s\n", profiles[i].profile);
		assert_int_equal(coverage, profiles[i].coverage);
	}
}

/* --- the copy */

static void test_copy(void **state)
{
	char text[] = "idnamepodmanimagepodspaceworkprofile";
	struct container original = {.id = str_of(text, 2),
				     .name = str_of(text + 2, 4),
				     .runtime = str_of(text + 6, 6),
				     .image = str_of(text + 12, 5),
				     .pod = str_of(text + 17, 3),
				     .namespace = str_of(text + 20, 5),
				     .workload = str_of(text + 25, 4),
				     .has_caps = true,
				     .caps = CAPS_ALL,
				     .has_profile = true,
				     .profile = str_of(text + 29, 7),
				     .coverage = COVERAGE_PARTIAL};
	struct container *copy = container_copy(&original);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	expect(copy, &(struct expected){.id = "id",
					.name = "name",
					.runtime = "podman",
					.image = "image",
					.pod = "pod",
					.namespace = "space",
					.workload = "work",
					.has_caps = true,
					.caps = CAPS_ALL,
					.has_profile = true,
					.profile = "profile",
					.coverage = COVERAGE_PARTIAL});
	assert_int_equal(copy->profile.n, 7);
	container_free(copy);
	copy = container_copy(&(struct container){.id = STR("only")});
	assert_text(copy->id, "only");
	assert_int_equal(copy->profile.n, 0);
	container_free(copy);
	container_free(NULL);
}

#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_HOST(test_real_containers),
		ON_A_HOST(test_profile_is_whole),
		ON_A_HOST(test_kubernetes),
		ON_A_HOST(test_annotations_of_others),
		ON_A_HOST(test_cri_dockerd),
		ON_A_HOST(test_log_folders),
		ON_A_HOST(test_service),
		ON_A_HOST(test_links_stay_below_the_root),
		ON_A_HOST(test_docker_elsewhere),
		ON_A_HOST(test_storage_elsewhere),
		ON_A_HOST(test_homes),
		ON_A_HOST(test_user_run),
		ON_A_HOST(test_files_of_others),
		ON_A_HOST(test_crun_status),
		ON_A_HOST(test_shim),
		ON_A_HOST(test_forged_bundle),
		ON_A_HOST(test_bundle_of_another),
		ON_A_HOST(test_ids_in_paths),
		ON_A_HOST(test_odd_files),
		ON_A_HOST(test_odd_json),
		ON_A_HOST(test_cost_of_users_files),
		ON_A_HOST(test_big_numbers),
		ON_A_HOST(test_long_names),
		ON_A_HOST(test_unreadable),
		cmocka_unit_test(test_missing_root),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_copy),
	};

	umask(022); /* for test_unreadable's other user */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
