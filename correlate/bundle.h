/*
 * The OCI bundle's config.json: the one file that says what is in force (OCI runtime spec,
 * config.md and config-linux.md). Every runtime writes it before it executes runc or crun and
 * removes it with the container.
 *
 * Gives linux.seccomp as resolved, the bounding capabilities, and the names in the annotations of
 * containerd's CRI plugin (io.kubernetes.cri.*) and of CRI-O. Annotations are believed only of
 * the runtime that writes them: a Docker or Podman user may set any.
 *
 * Looked for where a set-up process's command line says (if the container's owner owns it), in the
 * owner's places, and then in what only its processes say: a command line, a shim's working
 * directory.
 */
#ifndef SCLOG_CORRELATE_BUNDLE_H
#define SCLOG_CORRELATE_BUNDLE_H

#include "correlate/runtime_files.h"

/* Fills in what the bundle says, and where Docker's or containers/storage's files are. */
void bundle_describe(struct lookup *lookup);

/* Is the config.json of a set-up process's bundle, named or its working folder, the owner's? */
bool bundle_is_owned(const struct host_files *files, const struct metadata_hint *hint);

/*
 * A pod's labels (JSON object of strings), where the runtime hands them down: the workload that
 * owns the pod is in none of these files, so it is taken only from a label that names it
 * (app.kubernetes.io/name, k8s-app, app, or Compose's and Swarm's), never from the pod's name.
 */
void bundle_describe_labels(struct lookup *lookup, const json_t *labels);

#endif
