/*
 * containers/storage (Podman, CRI-O, Buildah): containers.json has every container's names and
 * image, images.json the images' names. Containers of `podman run --rm` are in
 * volatile-containers.json with newer versions (its containers.go). libpod's own database, which
 * alone knows the pod, is not read.
 */
#ifndef SCLOG_CORRELATE_STORAGE_FILES_H
#define SCLOG_CORRELATE_STORAGE_FILES_H

#include "correlate/runtime_files.h"

void storage_describe(struct lookup *lookup);

#endif
