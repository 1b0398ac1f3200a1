/*
 * Fuzz target (libFuzzer): any bytes as sclog.conf(5). What is read without a mistake is used: its
 * cgroup patterns are put before the built-in ones, and asked about the same bytes as a cgroup.
 */
#include "cli/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void use(const struct config *config, struct str text)
{
	struct cgroup_rules *rules = NULL;
	struct cgroup_match match;
	struct err err = ERR_INIT;

	/* what config_load() let through compiles */
	if (cgroup_rules_new(&rules, &err) < 0 || config_add_rules(config, rules, &err) < 0)
		abort();
	cgroup_match_path(rules, text, &match);
	cgroup_match_text(rules, text, &match);
	cgroup_rules_free(rules);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct config config;
	struct err err = ERR_INIT;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int result = config_load(path, true, &(struct config_target){0}, &config, &err);

	close(fd);
	if ((result < 0) != (err.code != 0) || (result == 0 && config.problem_count))
		abort();
	if (result == 0)
		use(&config, str_of((const char *)data, size));
	config_release(&config);
	return 0;
}
