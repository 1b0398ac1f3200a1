/*
 * Files of this host that belong to somebody else: the runtimes', and what /proc shows of a process.
 *
 * What is asked is one request of fixed size, what comes back one reply of fixed size and some
 * bytes, so that another process can be asked: one that has the rights for it, and that may hang
 * where a file system does (live/helper.h). Nothing of what is read is understood here.
 */
#ifndef SCLOG_CORRELATE_HOST_FILES_H
#define SCLOG_CORRELATE_HOST_FILES_H

#include "base/buf.h"
#include "base/err.h"

#include <limits.h>
#include <sys/types.h>

/* Below what a path is looked for. No link, not an absolute one either, leads out of the first, third
 * and fourth. */
enum host_place {
	HOST_ROOT,           /* the folder that stands for / */
	HOST_PROC,           /* the folder that stands for /proc; its magic links are followed */
	HOST_PROCESS_ROOT,   /* the root of a process */
	HOST_PROCESS_FOLDER, /* its working folder */
};

enum host_verb {
	HOST_STAT, /* a reply alone */
	HOST_READ, /* a regular file whole; -EFBIG above max bytes */
	HOST_LINK, /* where a link of /proc leads */
	HOST_LIST, /* the names in a folder, at most max, each ended by NUL */
};

struct host_request {
	uint32_t verb, place;
	uint32_t pid; /* of HOST_PROCESS_* */
	uint32_t max;
	uint32_t uid;    /* HOST_READ: whose file it has to be, else -ENOENT ... */
	uint32_t anyone; /* ... unless this is 1 */
	uint32_t owner;  /* whose container it is about; 0: root's */
	char path[PATH_MAX];
};

struct host_reply {
	int32_t code; /* 0 or -errno */
	uint32_t uid, mode;
	uint32_t n; /* bytes behind it */
	uint64_t device, inode;
};

/* Asks another process; as host_files_do(). */
typedef void host_ask_fn(void *context, const struct host_request *request,
			 struct host_reply *reply, struct buf *bytes);

struct host_files {
	int root, proc;   /* both are open in any case */
	uid_t root_uid;   /* who owns the former: root, but for a copy of such a tree */
	host_ask_fn *ask; /* NULL: this process does it itself */
	void *context;    /* of ask */
};

/* NULL stands for / and /proc. */
int host_files_open(struct host_files *files, const char *proc_root, const char *root,
		    struct err *err);
void host_files_close(struct host_files *files);

/* Does it, or has it done. The bytes are put behind what is in *bytes; NULL: none are wanted. */
void host_files_ask(const struct host_files *files, const struct host_request *request,
		    struct host_reply *reply, struct buf *bytes);

/* Does it in this process. */
void host_files_do(const struct host_files *files, const struct host_request *request,
		   struct host_reply *reply, struct buf *bytes);

/* Is that a request as the code of correlate/ makes them? By the name of what is read, so that who
 * took over the asking process cannot read what it likes. */
bool host_request_is_usual(const struct host_request *request);

#endif
