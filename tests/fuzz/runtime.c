/*
 * Fuzz target (libFuzzer): any bytes as each of the files that container runtimes keep: a bundle's
 * config.json, Docker's config.v2.json, the lists of containers/storage. A container's image
 * chooses parts of what stands there. Needs a few files in a folder of its own under /tmp.
 */
#include "base/buf.h"
#include "correlate/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define ID "268887c643f8aabbccddeeff00112233445566778899aabbccddeeff00112233"

#define BUNDLE "/run/containerd/io.containerd.runtime.v2.task/moby/" ID

static const char *const paths[] = {
	BUNDLE "/config.json",
	"/var/lib/docker/containers/" ID "/config.v2.json",
	"/var/lib/docker/containers/" ID "/hostconfig.json",
	"/var/lib/containers/storage/overlay-containers/containers.json",
	"/var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
};

static char root[64];

static void put_file(const char *path, const unsigned char *data, size_t size)
{
	BUF_AUTO whole = {0};

	buf_format(&whole, "%s%s", root, path);
	for (char *slash = strchr(whole.p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(whole.p, 0755) < 0 && errno != EEXIST)
			abort();
		*slash = '/';
	}
	int fd = open(whole.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

/* The first byte says which files there are. */
static void put_files(const unsigned char *data, size_t size)
{
	if (!root[0]) {
		strcpy(root, "/tmp/fuzz_runtime.XXXXXX");
		if (!mkdtemp(root))
			abort();
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		put_file(paths[i], data + 1, data[0] & 1 << i ? size - 1 : 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct metadata_options options = {.proc_root = "/proc", .runtime_root = root};
	const struct metadata_hint hints[] = {
		{.id = STR(ID), .runtime = STR("docker"), .pid = 1},
		{.id = STR(ID), .runtime = STR("runc"), .bundle = STR(BUNDLE), .pid = 1},
	};
	struct metadata *metadata;
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	put_files(data, size);
	if (metadata_new(&options, &metadata, &err) < 0)
		abort();
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct container *container = NULL;
		BUF_AUTO trouble = {0};

		metadata_describe(metadata, &hints[i], &container, &trouble);
		/* whatever the files say, it is the container that was asked for */
		if (!str_eq(container->id, hints[i].id))
			abort();
		container_free(container);
	}
	metadata_free(metadata);
	return 0;
}
