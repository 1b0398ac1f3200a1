/*
 * Where in a text the profile lies: the table of all kinds of text that hold one.
 *
 * A profile is given bare, or within what a tool prints about a container or a cluster keeps:
 *
 *   a bundle's config.json             linux.seccomp (OCI runtime spec)
 *   `crictl inspect`                   info.runtimeSpec.linux.seccomp
 *   `ctr containers info`, `nerdctl inspect --mode=native`    Spec.linux.seccomp
 *   `docker inspect`                   HostConfig.SecurityOpt: "seccomp=" and the JSON as one string
 *   a SeccompProfile                   spec (security-profiles-operator)
 *   kubescape's SeccompProfile         spec.containers[].spec
 *   a ConfigMap, a Secret              each text in data, binaryData, stringData
 *   cloud-init, a MachineConfig ...    each file that it writes, base64 or a data: URL
 *   a List, an array, several documents    any of these, as many as there are
 *
 * A text can hold several profiles; a name then selects one. What is recognised but holds no
 * usable profile is an error that says what to give instead: it is never "no filter". Only a
 * container that explicitly runs without a filter is one without.
 *
 * `docker inspect` shows only a profile that the user gave; the daemon's default is not in it. Of a
 * SeccompProfile the operator writes the spec to each node, after it has merged the base profiles
 * into it; only the cluster has those, so a spec with a baseProfileName is an error unless the
 * operator's own result is there too (metadata.annotations.syscalls).
 */
#ifndef SCLOG_PROFILE_DOCUMENT_READERS_H
#define SCLOG_PROFILE_DOCUMENT_READERS_H

#include "profile/document/document.h"

/*
 * Finds the profile in document->tree and fills the document's fields from `object` to
 * `resolved`. select: which of several, or NULL. A lint says where there is no filter. -EINVAL
 * where the profile is not in the text, cannot be told from it, or is one of several.
 */
int readers_find(struct document *document, const char *select, struct lints *lints,
		 struct err *err);

#endif
