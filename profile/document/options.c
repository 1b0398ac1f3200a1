#include "profile/document/options.h"

#include "correlate/capability.h"
#include "ingest/arch.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <strings.h>
#include <sys/utsname.h>

static const char *const loader_names[] = {
	[LOADER_AUTO] = "auto", [LOADER_DOCKER] = "docker",   [LOADER_PODMAN] = "podman",
	[LOADER_OCI] = "oci",   [LOADER_SYSTEMD] = "systemd", [LOADER_NONE] = "none",
};

static const char *const runtime_names[] = {
	[RUNTIME_RUNC] = "runc",
	[RUNTIME_CRUN] = "crun",
	[RUNTIME_NONE] = "none",
};

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

const caps caps_docker_default =
	CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_FOWNER) |
	CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID) |
	CAP_BIT(CAP_SETFCAP) | CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_NET_BIND_SERVICE) |
	CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_KILL) | CAP_BIT(CAP_AUDIT_WRITE);

const caps caps_podman_default =
	CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_FOWNER) |
	CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETFCAP) | CAP_BIT(CAP_SETPCAP) |
	CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_KILL);

const char *loader_name(enum loader loader)
{
	return loader_names[loader];
}

const char *runtime_name(enum runtime runtime)
{
	return runtime_names[runtime];
}

bool loader_from_name(struct str name, enum loader *ret_loader)
{
	if (str_eq(name, STR("crio")))
		name = STR("podman");
	if (str_eq(name, STR("containerd")))
		name = STR("oci");
	for (size_t i = 0; i < sizeof(loader_names) / sizeof(loader_names[0]); i++)
		if (str_eq(str_from(loader_names[i]), name)) {
			*ret_loader = (enum loader)i;
			return true;
		}
	return false;
}

bool runtime_from_name(struct str name, enum runtime *ret_runtime)
{
	for (size_t i = 0; i < sizeof(runtime_names) / sizeof(runtime_names[0]); i++)
		if (str_eq(str_from(runtime_names[i]), name)) {
			*ret_runtime = (enum runtime)i;
			return true;
		}
	return false;
}

bool caps_from_name(struct str name, caps *ret_caps)
{
	unsigned number;

	if (name.n == 3 && strncasecmp(name.p, "ALL", 3) == 0) {
		*ret_caps = CAP_BIT(CAPABILITY_COUNT) - 1;
		return true;
	}
	if (!capability_from_name(name, &number))
		return false;
	*ret_caps = CAP_BIT(number);
	return true;
}

caps caps_tweak(caps base, caps add, caps drop)
{
	const caps every = CAP_BIT(CAPABILITY_COUNT) - 1;

	return (add & every) == every ? every & ~drop : (base & ~drop) | add;
}

int caps_parse(const char *list, caps *ret_caps, struct err *err)
{
	struct str left = str_from(list), name;
	caps all = 0, one;

	while (str_next(&left, ',', &name)) {
		if (!caps_from_name(name, &one))
			return err_set(err, EINVAL, "unknown capability '%.*s'",
				       (int)(name.n < 64 ? name.n : 64), name.p);
		all |= one;
	}
	*ret_caps = all;
	return 0;
}

struct profile_options profile_options_default(void)
{
	return (struct profile_options){
		.loader = LOADER_AUTO,
		.runtime = RUNTIME_RUNC,
		.caps = caps_docker_default,
	};
}

int profile_options_complete(struct profile_options *options, struct err *err)
{
	struct utsname name;

	if (options->arch == 0)
		options->arch = arch_native();
	if (!arch_name(options->arch))
		return err_set(err, EINVAL, "unknown host architecture 0x%08x", options->arch);
	if (options->kernel_major || options->kernel_minor)
		return 0;
	if (uname(&name) < 0 ||
	    sscanf(name.release, "%u.%u", &options->kernel_major, &options->kernel_minor) != 2)
		return err_set(err, EINVAL, "cannot tell this host's kernel version");
	return 0;
}
