#include "live/source_type.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ingest/sdjournal.h"
#include "report/message.h"

#include <stdlib.h>

struct journal {
	struct sdjournal *sdjournal;
	bool outrun; /* what was next is gone from the journal: to be kept as evidence */
};

/* Under this name the store keeps the journal's cursor: each directory's is another journal. */
static void put_name(struct buf *name, const struct source *source)
{
	const char *directory = source->options.path;

	buf_format(name, "journal%s%s", directory ? " " : "", directory ? directory : "");
}

static int open_journal(struct source *source, struct err *err)
{
	struct journal *journal = source->own = mem_new(1, sizeof(*journal));
	BUF_AUTO name = {0};

	put_name(&name, source);
	int result = store_cursor(source->store, name.p, &source->kept, err);
	const struct sdjournal_options options = {
		.directory = source->options.path,
		.cursor = buf_str(&source->kept),
		.from_now = source->options.from_now,
		.host = source->intake.host_name,
	};

	if (result == 0)
		result = sdjournal_open(&options, &journal->sdjournal, err);
	if (result < 0)
		return result;
	source->fd = sdjournal_fd(journal->sdjournal);
	journal->outrun = sdjournal_outrun(journal->sdjournal);
	source->intake.foreign = sdjournal_foreign(journal->sdjournal);
	return 0;
}

static void close_journal(struct source *source)
{
	struct journal *journal = source->own;

	sdjournal_close(journal->sdjournal);
	free(journal);
}

/* Nobody can say how much that was, nor when: it was before now, and after the last run. */
static int note_outrun(const struct source *source, struct err *err)
{
	const struct loss_note note =
		source_loss(source, LOSS_OUTRUN, clock_ms(CLOCK_REALTIME),
			    "the journal: entries since the last run were removed before they were "
			    "read; raise SystemMaxUse= or RuntimeMaxUse=");

	source->intake.before_message(source->intake.context);
	message_warning("%s", note.detail.p);
	return store_put_loss(source->store, &note, err);
}

static int next_of_journal(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	struct journal *journal = source->own;

	if (journal->outrun && note_outrun(source, err) < 0)
		return -err->code;
	journal->outrun = false;
	int result =
		sdjournal_next(journal->sdjournal, &ret_entry->framed, &ret_entry->line.text, err);

	return result > 0 ? SOURCE_FRAMED : result < 0 ? result : (int)source_nothing(source);
}

static int mark_journal(struct source *source, struct err *err)
{
	const struct journal *journal = source->own;
	BUF_AUTO name = {0};

	put_name(&name, source);
	return source_keep(source, name.p, sdjournal_cursor(journal->sdjournal), err);
}

const struct source_type source_journal = {
	.name = "journal",
	.label = "the journal",
	.open = open_journal,
	.close = close_journal,
	.next = next_of_journal,
	.mark = mark_journal,
};
