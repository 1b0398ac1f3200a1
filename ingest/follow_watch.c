#include "ingest/follow_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

void follow_watch_slot(struct follow *follow, struct follow_slot *slot)
{
	char link[64];

	/* The inode in hand, whatever it is called now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", slot->input.fd);
	slot->watch = inotify_add_watch(follow->inotify, link,
					IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
}

/*
 * With every look again: for the same directory that changes nothing, for another one at its place
 * it makes a new watch.
 */
static void watch_directory(struct follow *follow, int *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;
	char directory[PATH_MAX];

	if (n + 1 >= sizeof(directory))
		return;
	snprintf(directory, sizeof(directory), "%.*s", n ? (int)n : 1, n ? path : ".");
	int made = inotify_add_watch(follow->inotify, directory,
				     IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
					     IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);

	if (made != *watch && *watch >= 0)
		inotify_rm_watch(follow->inotify, *watch);
	*watch = made;
}

void follow_watch_directories(struct follow *follow)
{
	char *resolved = realpath(follow->path, NULL);

	if (resolved) {
		free(follow->resolved);
		follow->resolved = resolved;
	}
	watch_directory(follow, &follow->directories[0], follow->path);
	watch_directory(follow, &follow->directories[1], follow->resolved);
}

static bool is_directory_watch(const struct follow *follow, int watch)
{
	return watch == follow->directories[0] || watch == follow->directories[1];
}

/* In /var/log much happens that is no business of this log. */
static bool concerns(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return str_starts(str_from(name), str_from(slash ? slash + 1 : path));
}

static void take_note(struct follow *follow, const struct inotify_event *event)
{
	if (!is_directory_watch(follow, event->wd))
		follow->look_due |= (event->mask & ~(uint32_t)IN_MODIFY) != 0;
	else if (event->len == 0 || concerns(follow->path, event->name) ||
		 concerns(follow->resolved, event->name))
		follow->look_due = true;
}

void follow_watch_drain(struct follow *follow)
{
	_Alignas(struct inotify_event) char bytes[16384];
	ssize_t n = follow->inotify < 0 ? -1 : read(follow->inotify, bytes, sizeof(bytes));

	if (n <= 0)
		return;
	follow_slot_lift_ends(follow);
	for (char *at = bytes; at < bytes + n;) {
		const struct inotify_event *event = (const void *)at;

		take_note(follow, event);
		at += sizeof(*event) + event->len;
	}
}
