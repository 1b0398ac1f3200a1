#include "live/source_type.h"

#include "base/mem.h"
#include "ingest/follow.h"
#include "report/message.h"

#include <stdlib.h>

/* A log file with its rotated ones. */
struct file {
	struct follow *follow;
	uint64_t lines; /* of the file at hand */
	uint64_t end;   /* of the last one */
	bool named;     /* the store knows that this log is followed */
};

/* What --since of a checkpoint means for files. */
static int known(void *context, struct str first_line, uint64_t *ret_offset, struct err *err)
{
	const struct source *source = context;

	return store_read_before(source->store, first_line, ret_offset, err);
}

/* Under this name the store keeps that a log was followed: then what is missing of it is a loss. */
static void put_name(struct buf *name, const struct source *source)
{
	buf_format(name, "log %s", source->options.path);
}

static int open_file(struct source *source, struct err *err)
{
	struct file *file = source->own = mem_new(1, sizeof(*file));
	BUF_AUTO name = {0}, before = {0};
	int result;

	put_name(&name, source);
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

	result = follow_open(&options, &file->follow, err);
	if (result == 0)
		source->fd = follow_fd(file->follow);
	return result;
}

static void close_file(struct source *source)
{
	struct file *file = source->own;

	follow_close(file->follow);
	free(file);
}

static int report_notice(struct source *source, struct err *err)
{
	const struct file *file = source->own;
	const struct follow_notice *notice = follow_notice(file->follow);
	struct loss_note note =
		source_loss(source, notice->trouble == FOLLOW_UNREADABLE ? LOSS_INPUT : LOSS_OUTRUN,
			    source->intake.last_ms, notice->text);

	note.text = str_from(notice->path);
	source->intake.before_message(source->intake.context);
	message_warning("%s", notice->text);
	if (notice->trouble == FOLLOW_MISSING || notice->trouble == FOLLOW_UNREADABLE)
		source->unread = true;
	if (notice->trouble == FOLLOW_BACK)
		return store_settle_loss(source->store, LOSS_INPUT, note.text, err);
	return notice->lossy ? store_put_loss(source->store, &note, err) : 0;
}

static int next_of_file(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	struct file *file = source->own;
	struct line *line = &ret_entry->line;

	switch ((enum follow_given)follow_next(file->follow, line)) {
	case FOLLOW_NOTICE:
		return report_notice(source, err) < 0 ? -err->code : SOURCE_NOTE;
	case FOLLOW_FILE:
		return SOURCE_FILE;
	case FOLLOW_LINE:
		source->intake.foreign = follow_foreign(file->follow);
		file->lines = line->number;
		file->end = line->offset + line->text.n + line->ended;
		return SOURCE_LINE;
	case FOLLOW_END:
		return SOURCE_END;
	case FOLLOW_NOTHING:
		break;
	}
	source->caught_up = follow_caught_up(file->follow);
	return SOURCE_NOTHING;
}

static int begin_file(struct source *source, bool whole, struct err *err)
{
	struct file *file = source->own;
	const struct follow_file *next = follow_file(file->follow);
	int result = 0;

	if (whole && file->lines)
		result = store_input_at(source->store, file->end, file->lines, err);
	if (result == 0)
		result = store_input_begin(source->store, next->path, next->stat, err);

	intake_begin(&source->intake, next->path, follow_foreign(file->follow));
	file->lines = 0;
	return result == 0 ? store_input_head(source->store, next->first_line, err) : result;
}

static bool file_is_buffered(const struct source *source)
{
	const struct file *file = source->own;

	return follow_buffered(file->follow);
}

static int mark_file(struct source *source, struct err *err)
{
	struct file *file = source->own;
	BUF_AUTO name = {0};
	int result;

	if (!follow_file(file->follow))
		return 0;
	put_name(&name, source);
	result = store_input_at(source->store, follow_offset(file->follow), file->lines, err);
	if (result < 0 || file->named)
		return result;
	file->named = true;
	return store_put_cursor(source->store, name.p, STR("followed"), err);
}

static const char *const audit_paths[] = {"/var/log/audit/audit.log", NULL};
static const char *const syslog_paths[] = {"/var/log/syslog", "/var/log/messages",
					   "/var/log/kern.log", NULL};

#define FILES                                                                      \
	.label = "", .open = open_file, .close = close_file, .next = next_of_file, \
	.begin_file = begin_file, .is_buffered = file_is_buffered, .mark = mark_file

const struct source_type source_audit = {.name = "audit", .paths = audit_paths, FILES};
const struct source_type source_syslog = {.name = "syslog", .paths = syslog_paths, FILES};
