#include "profile/defaults/table.h"

#include <errno.h>

#define ALL "*"

#define RELEASES(program, ...) \
	static const struct default_releases program##_releases[] = {__VA_ARGS__};
#include "profile/defaults/releases.def"
#undef RELEASES

#define RELEASES(table) table, sizeof(table) / sizeof(table[0])

/* clang-format off */
const struct default_program default_programs[] = {
	{"docker", DEFAULT_DOCKER, LOADER_DOCKER, 1, RELEASES(docker_releases),
	 .errno_ret = "ghijklmn", .error = EPERM, .riscv64 = "ghijklmn", .loongarch64 = "mn"},
	{"containerd", DEFAULT_CONTAINERD, LOADER_DOCKER, 2, RELEASES(containerd_releases),
	 .riscv64 = "bcdefghijklmno", .loongarch64 = "mno"},
	{"podman", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(podman_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
	{"containers-common", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(common_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
};
/* clang-format on */

const size_t default_program_count = sizeof(default_programs) / sizeof(default_programs[0]);

const struct default_rule default_rules[] = {
#include "profile/defaults/rules.def"
};

const size_t default_rule_count = sizeof(default_rules) / sizeof(default_rules[0]);
