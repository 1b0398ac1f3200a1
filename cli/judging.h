/*
 * The options that name a profile and say how it is loaded: the same for every command.
 */
#ifndef SCLOG_CLI_JUDGING_H
#define SCLOG_CLI_JUDGING_H

#include "cli/option.h"
#include "report/judges.h"

/* What a command line says of the profile; part of a command's struct of options. */
struct profile_options_given {
	const char *profile, *select, *loader, *runtime, *libseccomp, *caps, *kernel;
	struct option_list cap_add, cap_drop;
};

/* clang-format off */
/* Where the profile is an option; explain and logmode have it as their first operand. */
#define PROFILE_OPTION_ROWS(type, at)                                                             \
	OPTION(TEXT, 0, "profile", "PROFILE", type, at.profile,                                   \
	       "the profile to check against: a file, `-` (standard input), or a name: docker, "  \
	       "docker@28.0, podman, runtime-default, container:NAME ..."),                       \
	PROFILE_LOADING_ROWS(type, at)

/* How it is resolved and built. */
#define PROFILE_LOADING_ROWS(type, at)                                                            \
	OPTION(TEXT, 0, "select", "NAME", type, at.select,                                        \
	       "which profile, where a text holds several"),                                      \
	OPTION_CHECKED(TEXT, 0, "loader", "auto|docker[@VER]|podman[@VER]|oci|crio|containerd",   \
	       type, at.loader, judging_check_loader,                                             \
	       "which program parses the profile; default: auto, by its shape"),                  \
	OPTION_CHECKED(TEXT, 0, "runtime", "runc[@VER]|crun[@VER]", type, at.runtime,             \
	       judging_check_runtime, "which runtime builds the filter; default: runc"),          \
	OPTION_CHECKED(TEXT, 0, "libseccomp", "VER", type, at.libseccomp,                         \
	       judging_check_libseccomp,                                                          \
	       "ignore names that this release does not have; default: the installed one"),       \
	OPTION_CHECKED(TEXT, 0, "caps", "CAP[,CAP...]", type, at.caps, judging_check_caps,        \
	       "capabilities for the profile's conditions; default: the container's own if "      \
	       "known, else Docker's 14"),                                                        \
	OPTION_CHECKED(LIST, 0, "cap-add", "CAP[,CAP...]", type, at.cap_add, judging_check_caps,  \
	       "add capabilities, as `docker run --cap-add` does"),                               \
	OPTION_CHECKED(LIST, 0, "cap-drop", "CAP[,CAP...]", type, at.cap_drop, judging_check_caps, \
	       "drop capabilities, as `docker run --cap-drop` does"),                             \
	OPTION_CHECKED(TEXT, 0, "kernel", "N.M", type, at.kernel, judging_check_kernel,           \
	       "kernel version for the profile's conditions; default: this host's")
/* clang-format on */

/* What the rows check their arguments with (cli/option.h). */
int judging_check_loader(const char *text, struct err *err);
int judging_check_runtime(const char *text, struct err *err);
int judging_check_libseccomp(const char *text, struct err *err);
int judging_check_kernel(const char *text, struct err *err);
int judging_check_caps(const char *text, struct err *err);

/* Reads the options. Returns 0 or -EINVAL; nothing is read yet. */
int judges_init(struct judges *judges, const struct profile_options_given *given, struct err *err);

#endif
