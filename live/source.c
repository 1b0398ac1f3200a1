#include "live/source.h"

#include "base/clock.h"
#include "base/mem.h"
#include "report/message.h"
#include "ingest/follow.h"
#include "ingest/input.h"
#include "ingest/kmsg.h"
#include "ingest/sdjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct source_ops {
	const char *name;
	const char *label;
	const char *const *paths; /* the usual ones; NULL: it has none */
	int (*open)(struct source *source, struct err *err);
	void (*close)(struct source *source);
	int (*fd)(const struct source *source);
	int (*next)(struct source *source, struct source_entry *ret_entry, struct err *err);
	/* NULL: never */
	bool (*buffered)(const struct source *source);
	/* NULL: its place is kept by nobody */
	int (*mark)(struct source *source, struct err *err);
};

struct source {
	const struct source_ops *ops;
	struct store *store;
	struct source_options options;
	struct intake intake;
	struct buf label;
	struct follow *follow;
	struct sdjournal *journal;
	struct kmsg *kmsg;
	struct input input;
	char foreign[FILE_WHY_SIZE]; /* of what is opened once: struct input */
	uint64_t lines;              /* of the file at hand */
	uint64_t end;                /* of the last one */
	bool begun; /* the store knows of it: its thread may not run before privileges are dropped */
	bool ended, caught_up;
	bool unread;     /* a file could not be read */
	bool named;      /* the store knows that this log is followed */
	bool outrun;     /* what was next is gone from the journal: to be kept as evidence */
	struct buf kept; /* the cursor that the store has */
};

/* What --since of a checkpoint means for files. */
static int known(void *context, struct str first_line, uint64_t *ret_offset, struct err *err)
{
	const struct source *source = context;

	return store_read_before(source->store, first_line, ret_offset, err);
}

/* Under this name the store keeps that a log was followed: then what is missing of it is a loss. */
static void put_follow_name(struct buf *name, const struct source *source)
{
	buf_format(name, "log %s", source->options.path);
}

static int open_follow(struct source *source, struct err *err)
{
	BUF_AUTO name = {0}, before = {0};
	int result;

	put_follow_name(&name, source);
	result = store_cursor(source->store, name.p, &before, err);
	if (result < 0)
		return result;
	const struct follow_options options = {
		.resumes = before.n > 0,
		.path = source->options.path,
		.from_now = source->options.from_now,
		.once = source->options.once,
		.known = known,
		.context = source,
	};

	return follow_open(&options, &source->follow, err);
}

static void close_follow(struct source *source)
{
	follow_close(source->follow);
}

static int fd_follow(const struct source *source)
{
	return follow_fd(source->follow);
}

int source_begin_file(struct source *source, bool whole, struct err *err)
{
	const struct follow_file *file = follow_file(source->follow);
	int result = 0;

	if (whole && source->lines)
		result = store_input_at(source->store, source->end, source->lines, err);
	if (result == 0)
		result = store_input_begin(source->store, file->path, file->stat, err);

	intake_begin(&source->intake, file->path, follow_foreign(source->follow));
	source->lines = 0;
	return result == 0 ? store_input_head(source->store, file->first_line, err) : result;
}

static int report_notice(struct source *source, struct err *err)
{
	const struct follow_notice *notice = follow_notice(source->follow);
	struct loss_note note = {
		.kind = notice->trouble == FOLLOW_UNREADABLE ? LOSS_INPUT : LOSS_OUTRUN,
		.ms = source->intake.last_ms,
		.node = intake_node(&source->intake, str_of(NULL, 0)),
		.text = str_from(notice->path),
		.detail = str_from(notice->text),
	};

	source->intake.before_message(source->intake.context);
	message_warning("%s", notice->text);
	if (notice->trouble == FOLLOW_MISSING || notice->trouble == FOLLOW_UNREADABLE)
		source->unread = true;
	if (notice->trouble == FOLLOW_BACK)
		return store_settle_loss(source->store, LOSS_INPUT, str_from(notice->path), err);
	return notice->lossy ? store_put_loss(source->store, &note, err) : 0;
}

static int next_of_follow(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	struct line *line = &ret_entry->line;

	switch ((enum follow_given)follow_next(source->follow, line)) {
	case FOLLOW_NOTICE:
		return report_notice(source, err) < 0 ? -err->code : SOURCE_NOTE;
	case FOLLOW_FILE:
		return SOURCE_FILE;
	case FOLLOW_LINE:
		source->intake.foreign = follow_foreign(source->follow);
		source->lines = line->number;
		source->end = line->offset + line->text.n + line->ended;
		return SOURCE_LINE;
	case FOLLOW_END:
		return SOURCE_END;
	case FOLLOW_NOTHING:
		break;
	}
	source->caught_up = follow_caught_up(source->follow);
	return SOURCE_NOTHING;
}

static bool follow_is_buffered(const struct source *source)
{
	return follow_buffered(source->follow);
}

static int mark_follow(struct source *source, struct err *err)
{
	BUF_AUTO name = {0};
	int result;

	if (!follow_file(source->follow))
		return 0;
	put_follow_name(&name, source);
	result = store_input_at(source->store, follow_offset(source->follow), source->lines, err);
	if (result < 0 || source->named)
		return result;
	source->named = true;
	return store_put_cursor(source->store, name.p, STR("followed"), err);
}

/* A quiet host's disk is left alone. */
static int keep_cursor(struct source *source, const char *name, struct str cursor, struct err *err)
{
	if (cursor.n == 0 || str_eq(cursor, buf_str(&source->kept)))
		return 0;
	int result = store_put_cursor(source->store, name, cursor, err);

	if (result < 0)
		return result;
	buf_clear(&source->kept);
	buf_put_str(&source->kept, cursor);
	return 0;
}

/* Under this name the store keeps the journal's cursor: each directory's is another journal. */
static void put_journal_name(struct buf *name, const struct source *source)
{
	const char *directory = source->options.path;

	buf_format(name, "journal%s%s", directory ? " " : "", directory ? directory : "");
}

static int open_journal(struct source *source, struct err *err)
{
	BUF_AUTO name = {0}, cursor = {0};

	put_journal_name(&name, source);
	int result = store_cursor(source->store, name.p, &cursor, err);
	const struct sdjournal_options options = {
		.directory = source->options.path,
		.cursor = buf_str(&cursor),
		.from_now = source->options.from_now,
		.host = source->intake.host_name,
	};

	if (result == 0)
		result = sdjournal_open(&options, &source->journal, err);
	if (result < 0)
		return result;
	source->outrun = sdjournal_outrun(source->journal);
	source->intake.foreign = sdjournal_foreign(source->journal);
	return 0;
}

static void close_journal(struct source *source)
{
	sdjournal_close(source->journal);
}

static int fd_journal(const struct source *source)
{
	return sdjournal_fd(source->journal);
}

/* Nobody can say how much that was, nor when: it was before now, and after the last run. */
static int note_journal_outrun(struct source *source, struct err *err)
{
	const struct loss_note note = {
		.kind = LOSS_OUTRUN,
		.ms = clock_ms(CLOCK_REALTIME),
		.node = intake_node(&source->intake, str_of(NULL, 0)),
		.text = buf_str(&source->label),
		.detail = STR("the journal: entries since the last run were removed before they "
			      "were read; raise SystemMaxUse= or RuntimeMaxUse="),
	};

	source->intake.before_message(source->intake.context);
	message_warning("%.*s", (int)note.detail.n, note.detail.p);
	source->outrun = false;
	return store_put_loss(source->store, &note, err);
}

/* There is no more now, which is the end of a source that is read once. */
static enum source_given nothing(struct source *source)
{
	source->caught_up = true;
	return source->options.once ? SOURCE_END : SOURCE_NOTHING;
}

static int next_of_journal(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	if (source->outrun && note_journal_outrun(source, err) < 0)
		return -err->code;
	int result =
		sdjournal_next(source->journal, &ret_entry->framed, &ret_entry->line.text, err);

	return result > 0 ? SOURCE_FRAMED : result < 0 ? result : (int)nothing(source);
}

static int mark_journal(struct source *source, struct err *err)
{
	BUF_AUTO name = {0};

	put_journal_name(&name, source);
	return keep_cursor(source, name.p, sdjournal_cursor(source->journal), err);
}

static int open_kmsg(struct source *source, struct err *err)
{
	const char *path = source->options.path ? source->options.path : KMSG_PATH;
	BUF_AUTO cursor = {0};
	int result = store_cursor(source->store, "kmsg", &cursor, err);

	if (result == 0)
		result = kmsg_open(path, buf_str(&cursor), source->options.from_now, &source->kmsg,
				   err);
	if (result == 0)
		file_is_foreign(kmsg_fd(source->kmsg), source->foreign);
	return result;
}

static void close_kmsg(struct source *source)
{
	kmsg_close(source->kmsg);
}

static int fd_kmsg(const struct source *source)
{
	return kmsg_fd(source->kmsg);
}

static int note_kmsg_lost(const struct source *source, uint64_t lost, struct err *err)
{
	const struct loss_note note = {
		.kind = LOSS_OVERRUN,
		.ms = source->intake.last_ms,
		.count = lost,
		.node = intake_node(&source->intake, str_of(NULL, 0)),
		.text = STR(KMSG_PATH),
		.detail = STR("the kernel's log ring was overwritten before it was read"),
	};

	return lost ? store_put_loss(source->store, &note, err) : 0;
}

static int next_of_kmsg(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	uint64_t lost = 0;
	int result = kmsg_next(source->kmsg, &ret_entry->line, &lost, err);

	if (lost && note_kmsg_lost(source, lost, err) < 0)
		return -err->code;
	return result > 0 ? SOURCE_LINE : result < 0 ? result : (int)nothing(source);
}

static int mark_kmsg(struct source *source, struct err *err)
{
	return keep_cursor(source, "kmsg", kmsg_cursor(source->kmsg), err);
}

/* Opened when there is something to read: to look at its beginning is to wait for it, and nothing
 * here waits but for all sources at once, and for signals. */
static int open_stdin(struct source *source, struct err *err)
{
	source->input = (struct input){.fd = -1};
	return fcntl(STDIN_FILENO, F_GETFD) < 0 ? err_errno(err, errno, "standard input") : 0;
}

static int begin_stdin(struct source *source, struct err *err)
{
	struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

	if (poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	int result = input_open(&source->input, "-", err);

	source->input.no_wait = true;
	source->intake.foreign = source->input.foreign;
	return result;
}

static void close_stdin(struct source *source)
{
	input_close(&source->input);
}

static int fd_stdin(const struct source *source)
{
	return source->ended ? -1 : STDIN_FILENO;
}

static int next_of_stdin(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	int result = source->input.fd < 0 ? begin_stdin(source, err) : 0;

	if (result == 0)
		result = input_next(&source->input, &ret_entry->line, err);
	if (result > 0)
		return SOURCE_LINE;
	if (result != -EAGAIN)
		return result < 0 ? result : SOURCE_END;
	err_clear(err);
	return SOURCE_NOTHING;
}

static bool stdin_is_buffered(const struct source *source)
{
	return input_buffered(&source->input);
}

static const char *const audit_paths[] = {"/var/log/audit/audit.log", NULL};
static const char *const syslog_paths[] = {"/var/log/syslog", "/var/log/messages",
					   "/var/log/kern.log", NULL};

#define FOLLOWED \
	open_follow, close_follow, fd_follow, next_of_follow, follow_is_buffered, mark_follow

static const struct source_ops all_ops[] = {
	{"audit", "", audit_paths, FOLLOWED},
	{"syslog", "", syslog_paths, FOLLOWED},
	{"journal", "the journal", NULL, open_journal, close_journal, fd_journal, next_of_journal,
	 NULL, mark_journal},
	{"kmsg", "/dev/kmsg", NULL, open_kmsg, close_kmsg, fd_kmsg, next_of_kmsg, NULL, mark_kmsg},
	{"stdin", "standard input", NULL, open_stdin, close_stdin, fd_stdin, next_of_stdin,
	 stdin_is_buffered, NULL},
};

static const struct source_ops *find_ops(const char *name)
{
	for (size_t i = 0; i < sizeof(all_ops) / sizeof(all_ops[0]); i++)
		if (strcmp(all_ops[i].name, name) == 0)
			return &all_ops[i];
	return NULL;
}

bool source_is_known(const char *name)
{
	return find_ops(name) != NULL;
}

const char *source_usual_path(const char *name)
{
	const struct source_ops *ops = find_ops(name);

	if (!ops || !ops->paths)
		return NULL;
	for (const char *const *path = ops->paths; *path; path++)
		if (access(*path, F_OK) == 0)
			return *path;
	return ops->paths[0];
}

int source_open(const struct intake *like, const struct source_options *options,
		struct source **ret_source, struct err *err)
{
	struct source *source = mem_new(1, sizeof(*source));
	struct framing_options framing = {.host = like->host_name,
					  .now_ms = clock_ms(CLOCK_REALTIME)};

	source->ops = find_ops(options->name);
	source->store = like->store;
	source->options = *options;
	if (!options->path)
		source->options.path = source_usual_path(options->name);
	buf_put_str(&source->label, str_from(source->ops->label));
	if (source->options.path)
		buf_put_str(&source->label, str_from(source->options.path));
	source->intake = *like;
	source->intake.framing = framing_new(&framing);
	intake_begin(&source->intake, source->label.p, source->foreign);
	int result = source->ops->open(source, err);

	*ret_source = source;
	if (result < 0)
		*ret_source = NULL;
	if (result < 0) {
		source->ops = NULL;
		source_close(source);
	}
	return result;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	if (source->ops)
		source->ops->close(source);
	intake_release(&source->intake);
	buf_release(&source->label);
	buf_release(&source->kept);
	free(source);
}

int source_fd(const struct source *source)
{
	return source->ops->fd(source);
}

int source_turn(struct source *source, struct err *err)
{
	int result = store_select(source->store, source->options.slot, err);

	framing_set_now(source->intake.framing, clock_ms(CLOCK_REALTIME));
	if (result == 0 && !source->begun)
		result = store_input_begin(source->store, source->label.p, NULL, err);
	source->begun = source->begun || result == 0;
	return result;
}

int source_next(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	int given = source->ops->next(source, ret_entry, err);

	if (given == SOURCE_END || (given < 0 && !source->ops->mark))
		source->ended = source->caught_up = true;
	return given;
}

bool source_is_buffered(const struct source *source)
{
	return source->ops->buffered && source->ops->buffered(source);
}

struct intake *source_intake(struct source *source)
{
	return &source->intake;
}

int source_mark(struct source *source, struct err *err)
{
	if (!source->begun || !source->ops->mark)
		return 0;
	int result = store_select(source->store, source->options.slot, err);

	return result < 0 ? result : source->ops->mark(source, err);
}

bool source_ended(const struct source *source)
{
	return source->ended;
}

void source_look_again(struct source *source)
{
	source->caught_up = false;
}

bool source_caught_up(const struct source *source)
{
	return source->caught_up;
}

bool source_unread(const struct source *source)
{
	return source->unread;
}

bool source_is_kept(const struct source *source)
{
	return source->ops->mark != NULL;
}

bool source_is_ours(const struct source *source)
{
	gid_t groups[256];
	struct stat st;
	int count = getgroups(256, groups);

	if (!source->follow || stat(source->options.path, &st) < 0)
		return true;
	bool is_ours = st.st_uid == geteuid() || (st.st_mode & S_IROTH) ||
		       (st.st_gid == getegid() && (st.st_mode & S_IRGRP));

	for (int i = 0; i < count; i++)
		is_ours = is_ours || (groups[i] == st.st_gid && (st.st_mode & S_IRGRP));
	return is_ours;
}

unsigned source_slot(const struct source *source)
{
	return source->options.slot;
}

const char *source_name(const struct source *source)
{
	return source->ops->name;
}

const char *source_label(const struct source *source)
{
	return source->label.p;
}
