/*
 * Set-up processes: the runtime's own, whose command line names the container that their
 * children will be (runc, crun, conmon, containerd-shim).
 *
 * A command line is what its process says of itself, under any name: it is believed only of a process
 * that is in no container (see correlate/process.h), and only of the containers of its own user (see
 * correlate/attribute.h); root's may name root's. Programs go by the last component of argv[0], other
 * builds' names included (docker-runc, runc-1.1.15, crun-wasm). `runc init`, start, kill, delete,
 * ps and the like have no children that matter: no set-up.
 */
#ifndef SCLOG_CORRELATE_SETUP_H
#define SCLOG_CORRELATE_SETUP_H

#include "base/str.h"
#include "correlate/procfs.h"

enum setup_verb {
	SETUP_MONITOR, /* conmon, containerd-shim: stays for the container's or exec session's life */
	SETUP_CREATE, /* runc create, run, restore: makes the container */
	SETUP_EXEC,   /* runc exec: brings a process into it later */
};

struct setup {
	enum setup_verb verb;
	struct str id;        /* the container's id; a shim's may be its pod's */
	struct str bundle;    /* path of the OCI bundle, empty where the command line has none */
	struct str runtime;   /* "runc", "crun", "youki", "podman" or "cri-o" (conmon),
				 "containerd" (shim) */
	struct str namespace; /* a shim's -namespace ("moby", "k8s.io"), or empty */
};

/*
 * Reads a command line as /proc/PID/cmdline has it (arguments end with NUL). Returns true if it
 * is a set-up process's; slices borrow from it. An argument without its NUL was cut off and is not
 * believed. *ret_setup means nothing where it returns false.
 */
bool setup_parse(struct str cmdline, struct setup *ret_setup);

/*
 * Who says so: the user for whom a set-up process speaks that has this command line. False if it is
 * none, has gone, has another one by now, or runs a set-uid program, whose name its caller chooses:
 * sudo waits for the password as root in all its uids.
 */
bool setup_claimant(const struct procfs *procfs, uint32_t pid, struct str cmdline,
		    uint32_t *ret_uid);

#endif
