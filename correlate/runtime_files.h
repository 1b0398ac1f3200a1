/*
 * The runtimes' files, read as what they are: somebody else's.
 *
 * Every path is resolved below the runtime root, symbolic links included, so that a host's
 * /var/lib/docker -> /data/docker works in a DaemonSet too. A file must be a regular one, is opened
 * without waiting (no FIFO holds us up), and is read up to a cap (correlate/host_files.h). An id comes into a path only if it is one plain name.
 */
#ifndef SCLOG_CORRELATE_RUNTIME_FILES_H
#define SCLOG_CORRELATE_RUNTIME_FILES_H

#include "correlate/description.h"
#include "correlate/host_files.h"
#include "correlate/json.h"
#include "correlate/metadata.h"

#include <sys/types.h>

/* One container's: config.json, config.v2.json, state.json. With a thousand bind mounts some
 * 300 KiB; each byte of a long string is in memory four times. */
#define RUNTIME_FILE_MAX (1u << 20)
/* All containers' or images' of a host, of which one is read, and passwd(5). Eight thousand
 * containers. */
#define RUNTIME_LIST_MAX (8u << 20)
/* What one look reads of a user's files altogether: it takes less than 100 ms. */
#define RUNTIME_LOOK_MAX (10u << 20)
/* Entries looked at in one folder. */
#define RUNTIME_ENTRIES_MAX 65536

struct runtime_files {
	struct host_files host;
	struct buf told; /* paths already named as unreadable, a line each */
};

int runtime_files_open(struct runtime_files *files, const char *proc_root, const char *runtime_root,
		       struct err *err);
void runtime_files_close(struct runtime_files *files);

/* One container's turn: what is asked, where to look, and what was found so far. */
struct lookup {
	struct runtime_files *files;
	const struct metadata_hint *hint;
	struct description *found;
	struct buf *trouble; /* may be NULL */
	size_t bytes_read;
	/* What one source has learned for the next. */
	struct buf docker_folder; /* Docker's folder of this container, from its bundle */
	struct buf storage_root;  /* the containers/storage that holds its bundle */
	bool listed_homes;
	struct buf homes; /* home folders of the owner, each ended by NUL */
};

void lookup_release(struct lookup *lookup);

#define LOOKUP_AUTO __attribute__((cleanup(lookup_release))) struct lookup

/* A container's id that may stand in a path: one name, no "..", at most 255 bytes. */
bool lookup_id_is_safe(struct str id);

/* The uid whose files speak of the container. */
uid_t lookup_uid(const struct lookup *lookup);

/*
 * Loads a JSON file of the container's owner below the root. `whose` is the folder that is named in
 * the trouble if rights are missing: a user's home rather than each path in it. NULL where there is
 * none, it is not readable, or somebody else's. One that is too large, or has too many values
 * (correlate/json.h), is named in the trouble.
 */
json_t *lookup_json(struct lookup *lookup, const char *whose, const char *path, size_t max);

/* Loads the element of that id of a list, likewise; NULL if there is none. */
json_t *lookup_json_element(struct lookup *lookup, const char *whose, const char *path,
			    struct str id);

/* The same in another place, without a word about rights. ret_others: a file of others is
 * loaded too, and said to be one; NULL: it is not. */
json_t *lookup_json_at(struct lookup *lookup, enum host_place place, const char *path, size_t max,
		       bool *ret_others);

/* Makes a request of a lookup; false: the path is too long. */
bool lookup_request(struct lookup *lookup, enum host_verb verb, enum host_place place,
		    const char *path, struct host_request *ret_request);

/* Calls each with the names in a folder (without "." and "..") until it returns true, which is
 * then returned. `whose` as for lookup_json(). */
typedef bool lookup_entry_fn(struct lookup *lookup, const char *folder, const char *name,
			     void *context);
bool lookup_each(struct lookup *lookup, const char *whose, const char *folder,
		 lookup_entry_fn *each, void *context);

/*
 * Calls each with where a runtime keeps its files until it returns true, which is then returned: of a
 * user's container `in_home` in each of his home folders, passwd(5)'s and those below /home that are
 * his; of root's each of the roots, of which the last is NULL.
 */
typedef bool lookup_root_fn(struct lookup *lookup, const char *whose, const char *root);
bool lookup_each_root(struct lookup *lookup, const char *in_home, const char *const *roots,
		      lookup_root_fn *each);

/* Where Podman, Buildah and CRI-O keep them. */
#define STORAGE_IN_HOME ".local/share/containers/storage"

/* Whether this may be that runtime's container, by what is known of it so far. */
bool lookup_may_be(const struct lookup *lookup, const char *runtime);

/* Whether that name is all that a command line or a plain cgroup path tells, so that the files may
 * know better: conmon serves CRI-O too, a containerd shim Docker, runc everybody. */
bool runtime_is_vague(struct str runtime);

#endif
