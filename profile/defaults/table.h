/*
 * The facts that default profiles are written from. A set of rules has a letter; releases of a
 * program that have the same set share it. A row says for which letters of each program there is a
 * rule for its names.
 */
#ifndef SCLOG_PROFILE_DEFAULTS_TABLE_H
#define SCLOG_PROFILE_DEFAULTS_TABLE_H

#include "profile/document/options.h"

#define DEFAULT_MAX_ARGS 2

struct default_arg {
	unsigned index;
	const char *op; /* "EQ", behind SCMP_CMP_; NULL: none */
	uint64_t value;
};

enum default_family {
	DEFAULT_DOCKER,
	DEFAULT_CONTAINERD,
	DEFAULT_PODMAN, /* containers/common */
	DEFAULT_FAMILIES,
};

/* Lists are set off by blanks; NULL: no condition. */
struct default_rule {
	const char *docker, *containerd, *podman; /* letters; NULL: none, "*": all */
	const char *names;
	int error; /* 0: the rule allows */
	const char *cap, *without_cap;
	const char *arch, *not_arch; /* as the loaders spell them */
	const char *kernel;          /* at least this one */
	struct default_arg args[DEFAULT_MAX_ARGS];
};

/* Consecutive releases with the same set of rules. */
struct default_releases {
	const char *first, *last;
	char set;
};

struct default_program {
	const char *name;
	enum default_family family;
	enum loader loader;
	unsigned line; /* how many numbers name a line of releases: 1 for Docker 28, 2 for 1.7 */
	const struct default_releases *releases;
	size_t count;
	/* Letters of the sets that have these; NULL: none. */
	const char *errno_ret, *errno_name, *riscv64, *loongarch64;
	int error; /* of errno_ret */
};

extern const struct default_program default_programs[];
extern const size_t default_program_count;
extern const struct default_rule default_rules[];
extern const size_t default_rule_count;

#endif
