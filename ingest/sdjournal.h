/*
 * The systemd journal, by libsystemd: entries of the audit and the kernel transport as they
 * come, with the journal's cursor as checkpoint. Where sclog was built without libsystemd,
 * sdjournal_open() says so (-EOPNOTSUPP).
 *
 * Whose entry it is, is told by trusted fields alone (systemd.journal-fields(7): those that begin
 * with an underscore are journald's own and no client can set them), by the rules of framing.h for
 * `journalctl -o json`. Bounded memory: a message is read up to 64 KiB.
 */
#ifndef SCLOG_INGEST_SDJOURNAL_H
#define SCLOG_INGEST_SDJOURNAL_H

#include "base/err.h"
#include "ingest/framing.h"

struct sdjournal;

struct sdjournal_options {
	const char *directory; /* NULL: this host's */
	const char *file;      /* one file of a journal alone, to its end; nothing is watched */
	struct str cursor;     /* where to go on; empty, or one that is gone: see from_now */
	bool from_now;         /* else everything that the journal holds */
	struct str host;       /* this host's name: node is left empty for its entries */
};

/* True if the file begins as those of a journal do. */
bool sdjournal_is_file(const char *path);

/* -ENOENT: there is no journal. Strings of options are not needed any more when it returns. */
int sdjournal_open(const struct sdjournal_options *options, struct sdjournal **ret_journal,
		   struct err *err);
void sdjournal_close(struct sdjournal *journal);

/* To be polled for POLLIN; sdjournal_next() also at least once a second. */
int sdjournal_fd(const struct sdjournal *journal);

/*
 * The next entry that is ours, framed; *ret_text is its message (what an event without serial is
 * known by). Slices live until the next call. Returns 1, 0 if there is none now, or -errno. In a
 * long run of entries that are not ours one is given now and then, of kind OTHER, so that the
 * caller gets its turn. An entry may come twice, when a file of the journal was replaced.
 */
int sdjournal_next(struct sdjournal *journal, struct framed *ret_framed, struct str *ret_text,
		   struct err *err);

/* Of the last entry; before the first one, of where it goes on: empty for the beginning. Borrowed
 * until the next call. */
struct str sdjournal_cursor(struct sdjournal *journal);

/* Why others than the caller and root can have written a file or directory that was named, as
 * file_is_foreign() says it; empty: they cannot. */
const char *sdjournal_foreign(const struct sdjournal *journal);

/* True if the cursor to go on from was no longer in the journal: what stood between it and the
 * oldest entry that is left was rotated away unread. */
bool sdjournal_outrun(const struct sdjournal *journal);

#endif
