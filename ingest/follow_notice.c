#include "ingest/follow_private.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>

void follow_notice_put(struct follow *follow, enum follow_trouble trouble, bool lossy,
		       const char *path, const char *format, ...)
{
	size_t at = (follow->notice_first + follow->notice_count) % FOLLOW_NOTICES_MAX;
	struct follow_message *notice = &follow->notices[at];
	va_list args;

	if (follow->notice_count == FOLLOW_NOTICES_MAX)
		return;
	follow->notice_count++;
	va_start(args, format);
	vsnprintf(notice->text, sizeof(notice->text), format, args);
	va_end(args);
	snprintf(notice->path, sizeof(notice->path), "%s", path);
	notice->notice = (struct follow_notice){
		.trouble = trouble, .lossy = lossy, .path = notice->path, .text = notice->text};
}

void follow_notice_drop(struct follow *follow)
{
	follow->notice_first = (follow->notice_first + 1) % FOLLOW_NOTICES_MAX;
	follow->notice_count--;
}

/* Between two renames of a rotation there is no live file; that is no news. */
static bool is_missing_for_long(struct follow *follow)
{
	if (!follow->missing_since_ms)
		follow->missing_since_ms = clock_ms(CLOCK_MONOTONIC);
	return !follow->current || follow->options.once ||
	       clock_ms(CLOCK_MONOTONIC) - follow->missing_since_ms >= FOLLOW_PATIENCE_MS;
}

void follow_notice_trouble(struct follow *follow, const struct err *why)
{
	bool missing = why->code == ENOENT || why->code == ENOTDIR;

	if (missing && !is_missing_for_long(follow))
		return;
	if (follow->trouble == why->code)
		return;
	follow->trouble = why->code;
	follow_notice_put(follow, missing ? FOLLOW_MISSING : FOLLOW_UNREADABLE, false, follow->path,
			  follow->options.once ? "%s; not read" : "%s; waiting for it",
			  why->message);
}

void follow_notice_missing(struct follow *follow)
{
	struct err err = ERR_INIT;
	struct stat stat_now;

	if (stat(follow->path, &stat_now) == 0)
		return;
	err_errno(&err, errno, "%s", follow->path);
	follow_notice_trouble(follow, &err);
}

void follow_notice_back(struct follow *follow)
{
	follow->missing_since_ms = 0;
	if (!follow->trouble)
		return;
	follow->trouble = 0;
	follow_notice_put(follow, FOLLOW_BACK, false, follow->path, "%s: exists again",
			  follow->path);
}

void follow_notice_outrun(struct follow *follow, const char *path, const char *how)
{
	follow_notice_put(follow, FOLLOW_OUTRUN, true, path,
			  "%s: %s: lines may be lost; keep more or larger rotated files", path,
			  how);
}

const struct follow_notice *follow_notice(const struct follow *follow)
{
	return &follow->notices[follow->notice_first].notice;
}
