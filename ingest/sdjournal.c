#include "ingest/sdjournal.h"

#include "base/file.h"

#include <config.h>
#include <errno.h>
#include <string.h>

bool sdjournal_is_file(const char *path)
{
	static const char signature[] = "LPKSHHRH"; /* systemd, journal-def.h */

	return file_begins(path, signature, strlen(signature));
}

#ifdef HAVE_LIBSYSTEMD

#include "base/library.h"
#include "base/mem.h"
#include "ingest/journal.h"
#include "ingest/node.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <systemd/sd-journal.h>

/* Entries of other kinds that are passed over before the caller gets its turn. */
#define PASSED_MAX 256

#define FUNCTIONS(X)                       \
	X(sd_journal_add_match)            \
	X(sd_journal_close)                \
	X(sd_journal_get_cursor)           \
	X(sd_journal_get_data)             \
	X(sd_journal_get_fd)               \
	X(sd_journal_get_realtime_usec)    \
	X(sd_journal_has_persistent_files) \
	X(sd_journal_has_runtime_files)    \
	X(sd_journal_next)                 \
	X(sd_journal_open)                 \
	X(sd_journal_open_directory)       \
	X(sd_journal_open_files)           \
	X(sd_journal_previous)             \
	X(sd_journal_process)              \
	X(sd_journal_seek_cursor)          \
	X(sd_journal_seek_head)            \
	X(sd_journal_seek_tail)            \
	X(sd_journal_set_data_threshold)   \
	X(sd_journal_test_cursor)

static struct {
	FUNCTIONS(LIBRARY_POINTER)
} libsystemd;

static const struct library library = {"libsystemd.so.0",
				       "libsystemd0 (Debian), systemd-libs (Fedora)",
				       {FUNCTIONS(LIBRARY_NAME)}};

struct sdjournal {
	sd_journal *journal;
	struct framing *framing;
	struct journal entry;
	bool outrun;
	bool is_file;
	char foreign[FILE_WHY_SIZE]; /* sdjournal_foreign() */
	bool ended; /* the last call gave no entry: journald may have changed files since */
	char *cursor;
	char host[NODE_LABEL_SIZE];
};

static int open_file(const char *path, sd_journal **ret_journal, struct err *err)
{
	const char *paths[] = {path, NULL};
	int result = libsystemd.sd_journal_open_files(ret_journal, paths, 0);

	return result < 0 ? err_errno(err, -result, "%s: cannot be read as a journal", path) : 0;
}

static bool look_whose(int folder, const char *path, char ret_why[FILE_WHY_SIZE])
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool is_foreign = fd >= 0 && file_is_foreign(fd, ret_why);

	if (fd >= 0)
		close(fd);
	return is_foreign;
}

/* Of a directory, or of the journal's files in it and in those of machines in it. *ret_any becomes true if
 * there is such a file. */
static bool look_whose_files(int folder, const char *path, bool is_machine, bool *ret_any,
			     char ret_why[FILE_WHY_SIZE])
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	bool is_foreign = fd >= 0 && file_is_foreign(fd, ret_why);

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		bool is_file = strstr(entry->d_name, ".journal");

		*ret_any |= is_file;
		if (is_file)
			is_foreign = is_foreign || look_whose(fd, entry->d_name, ret_why);
		else if (!is_machine && strspn(entry->d_name, "0123456789abcdef-") >= 32)
			is_foreign |= look_whose_files(fd, entry->d_name, true, ret_any, ret_why);
	}
	if (entries)
		closedir(entries);
	else if (fd >= 0)
		close(fd);
	return is_foreign;
}

static int open_files(const char *directory, sd_journal **ret_journal, struct err *err)
{
	int result = directory ? libsystemd.sd_journal_open_directory(ret_journal, directory, 0)
			       : libsystemd.sd_journal_open(ret_journal, SD_JOURNAL_LOCAL_ONLY |
										 SD_JOURNAL_SYSTEM);

	if (result == -ENOTDIR)
		return err_set(err, ENOTDIR,
			       "journal %s: is not a directory; read one file of a journal with "
			       "`sclog ingest`",
			       directory);
	if (result < 0)
		return err_errno(err, -result, "journal %s",
				 directory ? directory : "of this host");
	if (directory || libsystemd.sd_journal_has_persistent_files(*ret_journal) > 0 ||
	    libsystemd.sd_journal_has_runtime_files(*ret_journal) > 0)
		return 0;
	libsystemd.sd_journal_close(*ret_journal);
	return err_set(err, ENOENT,
		       "journal of this host: not found or not readable; check that "
		       "systemd-journald runs and that Storage= is not none");
}

/* Terms for one field are joined by OR (sd_journal_add_match(3)). */
static int add_matches(sd_journal *journal, struct err *err)
{
	int result = libsystemd.sd_journal_add_match(journal, "_TRANSPORT=audit", 0);

	if (result >= 0)
		result = libsystemd.sd_journal_add_match(journal, "_TRANSPORT=kernel", 0);
	return result < 0 ? err_errno(err, -result, "journal: match") : 0;
}

static int keep_cursor(struct sdjournal *journal, struct err *err)
{
	free(journal->cursor);
	journal->cursor = NULL;
	int result = libsystemd.sd_journal_get_cursor(journal->journal, &journal->cursor);

	return result < 0 ? err_errno(err, -result, "journal: cursor") : 0;
}

/* Behind the newest entry. Were there none, seeking the tail would stay there for ever. */
static int seek_end(struct sdjournal *journal, struct err *err)
{
	int result = libsystemd.sd_journal_seek_tail(journal->journal);

	if (result >= 0)
		result = libsystemd.sd_journal_previous(journal->journal);
	if (result > 0)
		return keep_cursor(journal, err);
	if (result == 0)
		result = libsystemd.sd_journal_seek_head(journal->journal);
	return result < 0 ? err_errno(err, -result, "journal: seek its end") : 0;
}

/* Returns 1 if the entry was found and the next one is the one behind it, 0 if it is gone. */
static int seek_cursor(struct sdjournal *journal, struct str text, struct err *err)
{
	MEM_AUTO char *cursor = mem_copy(text);

	if (libsystemd.sd_journal_seek_cursor(journal->journal, cursor) < 0)
		return 0; /* no cursor at all */
	int result = libsystemd.sd_journal_next(journal->journal);

	if (result > 0)
		result = libsystemd.sd_journal_test_cursor(journal->journal, cursor);
	if (result < 0)
		return err_errno(err, -result, "journal: seek its cursor");
	if (result == 0)
		return 0;
	result = keep_cursor(journal, err);
	return result < 0 ? result : 1;
}

static int seek(struct sdjournal *journal, const struct sdjournal_options *options, struct err *err)
{
	if (options->cursor.n) {
		int found = seek_cursor(journal, options->cursor, err);

		if (found)
			return found < 0 ? found : 0;
		journal->outrun = true;
	}
	if (options->from_now)
		return seek_end(journal, err);
	int result = libsystemd.sd_journal_seek_head(journal->journal);

	return result < 0 ? err_errno(err, -result, "journal: seek its beginning") : 0;
}

static struct framing *new_framing(struct sdjournal *journal, struct str host)
{
	struct framing_options options = {.host = node_label(host, journal->host)};

	return framing_new(&options);
}

int sdjournal_open(const struct sdjournal_options *options, struct sdjournal **ret_journal,
		   struct err *err)
{
	struct sdjournal *journal = mem_new(1, sizeof(*journal));
	int result = library_load(&library, &libsystemd, err);
	bool any = false;

	if (result == 0)
		result = options->file ? open_file(options->file, &journal->journal, err)
				       : open_files(options->directory, &journal->journal, err);

	if (result < 0) {
		free(journal);
		return result;
	}
	libsystemd.sd_journal_set_data_threshold(journal->journal, LINE_MAX_BYTES);
	/* Watching begins before the first look, so that nothing falls between the two. */
	result = options->file ? 0 : libsystemd.sd_journal_get_fd(journal->journal);
	journal->is_file = options->file;
	if (options->file)
		look_whose(AT_FDCWD, options->file, journal->foreign);
	else if (options->directory)
		look_whose_files(AT_FDCWD, options->directory, false, &any, journal->foreign);
	journal->framing = new_framing(journal, options->host);
	result = result < 0 ? err_errno(err, -result, "journal: watch it")
		 : options->directory && !any
			 ? err_set(err, ENOENT, "journal %s: no file of a journal is in it",
				   options->directory)
			 : add_matches(journal->journal, err);
	if (result >= 0)
		result = seek(journal, options, err);
	if (result < 0) {
		sdjournal_close(journal);
		return result;
	}
	*ret_journal = journal;
	return 0;
}

void sdjournal_close(struct sdjournal *journal)
{
	if (!journal)
		return;
	libsystemd.sd_journal_close(journal->journal);
	framing_free(journal->framing);
	journal_release(&journal->entry);
	free(journal->cursor);
	free(journal);
}

int sdjournal_fd(const struct sdjournal *journal)
{
	return libsystemd.sd_journal_get_fd(journal->journal);
}

/* A field that is missing, or cannot be read in a damaged file, is not put. */
static void take_field(struct sdjournal *journal, enum journal_field field)
{
	const char *name = journal_field_name(field);
	size_t name_n = strlen(name) + 1; /* with '=' */
	const void *data;
	size_t n;

	if (libsystemd.sd_journal_get_data(journal->journal, name, &data, &n) >= 0 && n >= name_n)
		journal_put(&journal->entry, field, str_skip(str_of(data, n), name_n));
}

/* When journald got it: no field of the file, but of the entry's header. */
static void take_time(struct sdjournal *journal)
{
	char text[24];
	uint64_t us;

	if (libsystemd.sd_journal_get_realtime_usec(journal->journal, &us) < 0)
		return;
	int n = snprintf(text, sizeof(text), "%" PRIu64, us);

	journal_put(&journal->entry, JOURNAL_TIME, str_of(text, (size_t)n));
}

static void take_entry(struct sdjournal *journal)
{
	journal_clear(&journal->entry);
	for (int field = 0; field < JOURNAL_FIELD_COUNT; field++) {
		if (field == JOURNAL_TIME)
			take_time(journal);
		else
			take_field(journal, (enum journal_field)field);
	}
}

/* Here all of the audit transport is read, so another record's serial shows that nothing is
 * missing there. */
static void frame_entry(struct sdjournal *journal, struct framed *ret_framed)
{
	framing_read_entry(journal->framing, &journal->entry, ret_framed);
	if (ret_framed->kind != FRAMED_OTHER || !ret_framed->has_serial)
		return;
	ret_framed->kind = FRAMED_AUDIT;
	ret_framed->full_stream = true;
}

/*
 * The next entry. At the end the files are looked at again: rotation and vacuuming add and remove
 * some (SD_JOURNAL_INVALIDATE), and libsystemd then finds its place by the entry, not the file.
 */
static int advance(struct sdjournal *journal, struct err *err)
{
	int result = 0;

	if (journal->ended && journal->is_file)
		return 0;
	if (journal->ended)
		result = libsystemd.sd_journal_process(journal->journal);
	if (result >= 0)
		result = libsystemd.sd_journal_next(journal->journal);
	journal->ended = result == 0;
	return result < 0 ? err_errno(err, -result, "journal: next entry") : result;
}

int sdjournal_next(struct sdjournal *journal, struct framed *ret_framed, struct str *ret_text,
		   struct err *err)
{
	for (unsigned passed = 0; passed < PASSED_MAX; passed++) {
		int result = advance(journal, err);

		if (result > 0)
			result = keep_cursor(journal, err) < 0 ? -err->code : 1;
		if (result <= 0)
			return result;
		take_entry(journal);
		frame_entry(journal, ret_framed);
		*ret_text = journal_value(&journal->entry, JOURNAL_MESSAGE);
		if (ret_framed->kind != FRAMED_OTHER)
			return 1;
	}
	return 1;
}

struct str sdjournal_cursor(struct sdjournal *journal)
{
	return str_from(journal->cursor);
}

const char *sdjournal_foreign(const struct sdjournal *journal)
{
	return journal->foreign;
}

bool sdjournal_outrun(const struct sdjournal *journal)
{
	return journal->outrun;
}

#else

int sdjournal_open(const struct sdjournal_options *options, struct sdjournal **ret_journal,
		   struct err *err)
{
	(void)options;
	*ret_journal = NULL;
	return err_set(err, EOPNOTSUPP, "journal: this sclog was built without libsystemd");
}

void sdjournal_close(struct sdjournal *journal)
{
	(void)journal;
}

int sdjournal_fd(const struct sdjournal *journal)
{
	(void)journal;
	return -1;
}

int sdjournal_next(struct sdjournal *journal, struct framed *ret_framed, struct str *ret_text,
		   struct err *err)
{
	(void)journal;
	(void)ret_framed;
	(void)ret_text;
	return err_set(err, EOPNOTSUPP, "journal: this sclog was built without libsystemd");
}

struct str sdjournal_cursor(struct sdjournal *journal)
{
	(void)journal;
	return str_of(NULL, 0);
}

const char *sdjournal_foreign(const struct sdjournal *journal)
{
	(void)journal;
	return "";
}

bool sdjournal_outrun(const struct sdjournal *journal)
{
	(void)journal;
	return false;
}

#endif
