#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "profile/filter/unit.h"

#include <errno.h>

/*
 * systemd can log as it can refuse (SystemCallLog=, 247 and later). The drop-in empties the lists
 * that refuse and logs what they did: each word list with its sign turned round, for a list to
 * allow begins with @default and everything else is to be logged.
 *
 * The words are those that systemd's own reader came to (profile/filter/unit.h): groups are resolved, as
 * `systemd-analyze syscall-filter` on this host has them.
 */
static void put_list(struct buf *text, const struct unit_list *list)
{
	size_t in_line = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (in_line == 0)
			buf_format(text, "%sSystemCallLog=%s", i ? "\n" : "",
				   list->allows ? "~" : "");
		buf_format(text, "%s%s", in_line ? " " : "", list->all[i].name);
		in_line = (in_line + 1) % 12;
	}
	buf_put_char(text, '\n');
}

/* Of a list to allow, what is refused in another way is not in the list of what is let through. */
static struct unit_list plain_of(const struct unit *unit, struct unit_call *calls)
{
	struct unit_list list = {.allows = unit->filter.allows, .all = calls};

	for (size_t i = 0; i < unit->filter.count; i++)
		if (!unit->filter.allows || unit->filter.all[i].how == UNIT_CALL_PLAIN)
			calls[list.count++] = unit->filter.all[i];
	return list;
}

static void write_drop_in(struct twin *twin, const struct unit *unit)
{
	MEM_AUTO struct unit_call *calls = mem_new(unit->filter.count, sizeof(*calls));
	const struct unit_list list = plain_of(unit, calls);

	buf_put_str(&twin->text, STR("# A drop-in: what the unit refuses is let through and logged "
				     "(systemd 247 and later).\n"
				     "[Service]\nSystemCallFilter=\nSystemCallLog=\n"));
	put_list(&twin->text, &list);
	twin->changed = 1;
	if (unit->log.present)
		lint_add(&twin->notes, 0, "",
			 "the unit's own SystemCallLog= is replaced: the twin logs only what the "
			 "unit refuses");
	if (unit->has_arches)
		lint_add(&twin->notes, 0, "",
			 "SystemCallArchitectures= stays: a program of an architecture that is not "
			 "listed is killed, which is logged, and nothing after it");
}

int twin_of_unit(struct twin *twin, const struct profile_source *source, struct err *err)
{
	struct lints ignored = {0};
	struct unit unit;
	int r = unit_parse(buf_str(&source->text), &source->groups, &unit, &ignored, err);

	if (r == 0 && !unit.filter.present)
		r = err_set(err, EINVAL,
			    "no SystemCallFilter=: there is no filter, so no twin is needed");
	if (r == 0)
		write_drop_in(twin, &unit);
	unit_release(&unit);
	lint_release(&ignored);
	return r;
}
