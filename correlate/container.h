/*
 * A container: what a record is attributed to.
 *
 * Also systemd services, since SystemCallLog= makes the same records. Everything in it but the
 * id comes from files that a container's author may have written: untrusted text.
 */
#ifndef SCLOG_CORRELATE_CONTAINER_H
#define SCLOG_CORRELATE_CONTAINER_H

#include "base/buf.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Would the profile in force have logged what is asked about? */
enum coverage {
	COVERAGE_UNKNOWN,
	COVERAGE_NONE,    /* an enforcing profile: a refusal by ERRNO is never logged */
	COVERAGE_PARTIAL, /* a log-mode twin: only what the base refuses */
	COVERAGE_FULL,    /* a log-everything profile */
};

const char *coverage_name(enum coverage coverage);
bool coverage_from_name(struct str name, enum coverage *ret_coverage);

/*
 * What is known of a container in words; empty: not known. Struct container, its copies, the store's
 * statements, bundles and the JSON of a container are made from this table. Each has its field, the
 * store's column, and its key in JSON: NULL if it has none.
 */
#define CONTAINER_TEXTS(X)                                                          \
	X(id, "cid", "id") /* the runtime's id, or the name the user gave */        \
	X(name, "name", "name")                                                     \
	X(runtime, "runtime", "runtime") /* "docker", "podman", "containerd" ... */ \
	X(image, "image", "image")                                                  \
	X(pod, "pod", "pod")                                                        \
	X(namespace, "namespace", "namespace")                                      \
	X(workload, "workload", NULL)

#define CONTAINER_FIELD(field, column, key) struct str field;
#define CONTAINER_ONE(field, column, key)   +1
#define CONTAINER_TEXT_COUNT                (0 CONTAINER_TEXTS(CONTAINER_ONE))

struct container {
	union {
		struct {
			CONTAINER_TEXTS(CONTAINER_FIELD)
		};
		struct str texts[CONTAINER_TEXT_COUNT];
	};
	bool has_caps;
	uint64_t caps;      /* bounding set, bit N is capability N */
	bool has_profile;   /* the runtime's files were found: profile says what is in force */
	struct str profile; /* linux.seccomp as JSON, resolved; empty: none is in force */
	enum coverage coverage;
};

/* The runtime of a service of systemd. */
#define RUNTIME_SERVICE "systemd"

bool container_is_service(const struct container *container);

/* The text's number in `texts`. */
#define CONTAINER_AT(field) (offsetof(struct container, field) / sizeof(struct str))

/*
 * Appends the id of a container that has names only: a name alone is one only within its pod, and a
 * pod's only within its namespace.
 */
void container_put_id(struct buf *id, struct str namespace, struct str pod, struct str name);

/* A copy on the heap whose strings live as long as it does; free it with container_free(). */
struct container *container_copy(const struct container *container);
void container_free(struct container *container);

#endif
