#include "live/source_type.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TYPE_ROW(name) &source_##name,

static const struct source_type *const all[] = {SOURCE_TYPES(TYPE_ROW)};

const char *source_name_at(size_t i)
{
	return i < sizeof(all) / sizeof(all[0]) ? all[i]->name : NULL;
}

static const struct source_type *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const char *source_usual_path(const char *name)
{
	const struct source_type *type = find_type(name);

	if (!type || !type->paths)
		return NULL;
	for (const char *const *path = type->paths; *path; path++)
		if (access(*path, F_OK) == 0)
			return *path;
	return type->paths[0];
}

int source_open(const struct intake *like, const struct source_options *options,
		struct source **ret_source, struct err *err)
{
	const struct source_type *type = find_type(options->name);
	struct framing_options framing = {.host = like->host_name,
					  .now_ms = clock_ms(CLOCK_REALTIME)};

	*ret_source = NULL;
	if (!type)
		return err_set(err, EINVAL, "unknown source '%s'", options->name);
	struct source *source = mem_new(1, sizeof(*source));

	source->type = type;
	source->fd = -1;
	source->store = like->store;
	source->options = *options;
	if (type->is_heard)
		source->options.path = NULL;
	else if (!options->path)
		source->options.path = source_usual_path(options->name);
	buf_put_str(&source->label, str_from(type->label));
	if (source->options.path)
		buf_format(&source->label, "%s%s", source->label.n ? " " : "",
			   source->options.path);
	source->intake = *like;
	source->intake.framing = framing_new(&framing);
	intake_begin(&source->intake, source->label.p, NULL);
	int result = type->open(source, err);

	if (result < 0)
		source_close(source);
	else
		*ret_source = source;
	return result;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	if (source->own)
		source->type->close(source);
	intake_release(&source->intake);
	buf_release(&source->label);
	buf_release(&source->kept);
	free(source);
}

int source_fd(const struct source *source)
{
	return source->ended ? -1 : source->fd;
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
	int given = source->type->next(source, ret_entry, err);

	if (given == SOURCE_END || (given < 0 && !source->type->mark))
		source->ended = source->caught_up = true;
	return given;
}

enum source_given source_nothing(struct source *source)
{
	source->caught_up = true;
	return source->options.once ? SOURCE_END : SOURCE_NOTHING;
}

struct loss_note source_loss(const struct source *source, enum loss_kind kind, int64_t ms,
			     const char *detail)
{
	return (struct loss_note){
		.kind = kind,
		.ms = ms,
		.node = intake_node(&source->intake, str_of(NULL, 0)),
		.text = buf_str(&source->label),
		.detail = str_from(detail),
	};
}

bool source_is_heard(const struct source *source)
{
	return source->type->is_heard;
}

bool source_is_buffered(const struct source *source)
{
	return source->type->is_buffered && source->type->is_buffered(source);
}

int source_begin_file(struct source *source, bool whole, struct err *err)
{
	return source->type->begin_file(source, whole, err);
}

struct intake *source_intake(struct source *source)
{
	return &source->intake;
}

int source_mark(struct source *source, struct err *err)
{
	if (!source->begun || !source->type->mark)
		return 0;
	int result = store_select(source->store, source->options.slot, err);

	return result < 0 ? result : source->type->mark(source, err);
}

int source_keep(struct source *source, const char *name, struct str place, struct err *err)
{
	if (place.n == 0 || str_eq(place, buf_str(&source->kept)))
		return 0;
	int result = store_put_cursor(source->store, name, place, err);

	if (result < 0)
		return result;
	buf_clear(&source->kept);
	buf_put_str(&source->kept, place);
	return 0;
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
	return source->type->mark != NULL;
}

bool source_is_ours(const struct source *source)
{
	gid_t groups[256];
	struct stat st;
	int count = getgroups(256, groups);

	if (!source->type->begin_file || stat(source->options.path, &st) < 0)
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
	return source->type->name;
}

const char *source_label(const struct source *source)
{
	return source->label.p;
}
