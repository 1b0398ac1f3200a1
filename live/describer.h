/*
 * A describer: the helper that understands what the runtimes' files say of containers, so that what
 * others wrote is parsed neither where the records and the store are, nor where any right is.
 *
 *     watch        asks with one message, and goes on if the answer is late (live/describers.h)
 *       |
 *     describer    no capabilities, a filter that lets it compute and talk: metadata_describe()
 *       |
 *     its reader   has the rights, understands nothing (live/helper.h)
 *
 * Both are ended when they take too long, whatever holds them up: a file system, or a file.
 */
#ifndef SCLOG_LIVE_DESCRIBER_H
#define SCLOG_LIVE_DESCRIBER_H

#include "correlate/metadata.h"

#define DESCRIBER_TEXT_MAX 1056 /* DESCRIPTION_FIELD_MAX, and "@UID" */

/* A hint but for `outer`: of a container in a container nothing is asked. Texts end in NUL. */
struct describer_question {
	uint32_t number; /* the answer has it again */
	uint32_t owner, pid;
	char id[NAME_MAX + 1];
	char runtime[256], pod_uid[256];
	char bundle[PATH_MAX];
};

/* What was found. Behind it comes a file of the profile and then the trouble, if there are any. */
struct describer_answer {
	uint32_t number;
	uint32_t is_found, has_caps, has_profile, coverage;
	uint32_t profile_n, trouble_n;
	uint64_t caps;
	char texts[CONTAINER_TEXT_COUNT][DESCRIBER_TEXT_MAX];
};

struct describer_options {
	const char *proc_root, *runtime_root; /* as metadata_options */
	bool sandbox;
};

/* What a describer's process does: answers questions from `socket` until that ends. Its files are read
 * by the reader behind the other socket. */
void describer_run(int socket, int reader_socket, const struct describer_options *options);

/* Makes a question of a hint; false: it is longer than any file name. */
bool describer_ask_of(const struct metadata_hint *hint, struct describer_question *ret_question);

#endif
