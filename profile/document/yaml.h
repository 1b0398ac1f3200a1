/*
 * YAML as JSON: a text's documents as the tree that the JSON reader makes, and where each value
 * stood.
 *
 * What Kubernetes makes of YAML is done here (sigs.k8s.io/yaml, so YAML 1.1): a plain scalar is a
 * string unless it reads as null, true, false or a number; a quoted one is always a string;
 * `<<` merges. Beyond that this reader is strict: a key given twice, a tag that is no JSON type,
 * an alias inside of what it stands for and a mapping as a key are errors.
 *
 * Input is hostile. What an alias stands for is shared, not copied, and yet counted as often as it
 * is used, so that a few lines cannot stand for billions of values; depth, values and bytes have
 * caps. Integers past 2^63 - 1 are as profile/document/json.h has them.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_YAML_H
#define SCLOG_PROFILE_DOCUMENT_YAML_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdint.h>

/* Deeper than any Kubernetes object. */
#define YAML_MAX_DEPTH 64

/* Documents of one text. */
#define YAML_MAX_DOCUMENTS 256

struct yaml_document {
	json_t *root;
	/* From a value's place ("spec.syscalls[3].names[0]") to line << 16 | column, both from 1. */
	json_t *places;
};

struct yaml_documents {
	struct yaml_document *all; /* empty ones left out */
	size_t count;
};

/*
 * Reads them all. max_values: how many values there may be, aliases expanded. -EINVAL with
 * "LINE:COLUMN: what", -E2BIG for what a cap refuses. yaml_release() is due in any case.
 */
int yaml_read(struct str text, size_t max_values, struct yaml_documents *ret_documents,
	      struct err *err);
void yaml_release(struct yaml_documents *documents);

/* Line and column of a place, or of what it lies in where it came by an alias; false: unknown. */
bool yaml_find_place(const json_t *places, const char *place, unsigned *ret_line,
		     unsigned *ret_column);

#endif
