/*
 * Docker's own file of a container, DATA-ROOT/containers/ID/config.v2.json: its name, the image as
 * the user wrote it, and the labels. It is there before runc is executed and stays until the
 * container is removed, so it serves containers that are gone already.
 */
#ifndef SCLOG_CORRELATE_DOCKER_FILES_H
#define SCLOG_CORRELATE_DOCKER_FILES_H

#include "correlate/runtime_files.h"

void docker_describe(struct lookup *lookup);

#endif
