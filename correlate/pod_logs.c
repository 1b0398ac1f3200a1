#include "correlate/pod_logs.h"

/* What stands before a suffix; false if the text does not end so, or nothing is before it. */
static bool strip(struct str *text, struct str suffix)
{
	if (text->n <= suffix.n || !str_eq(str_skip(*text, text->n - suffix.n), suffix))
		return false;
	text->n -= suffix.n;
	return true;
}

/* The parts between `_`; false unless there are as many as asked for. */
static bool split(struct str text, struct str *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = str_chr(text, '_');

		if (n == 0 || (n == text.n) != (i + 1 == count))
			return false;
		parts[i] = str_of(text.p, n);
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
	return true;
}

static bool is_link_of(struct lookup *lookup, const char *folder, const char *name, void *context)
{
	struct str rest = str_from(name), parts[3];
	const struct buf *suffix = context;

	(void)folder;
	if (!strip(&rest, buf_str(suffix)) || !split(rest, parts, 3))
		return false;
	description_put(lookup->found, CONTAINER_AT(pod), parts[0]);
	description_put(lookup->found, CONTAINER_AT(namespace), parts[1]);
	description_put(lookup->found, CONTAINER_AT(name), parts[2]);
	return true;
}

static bool is_pods_folder(struct lookup *lookup, const char *folder, const char *name,
			   void *context)
{
	struct str rest = str_from(name), parts[2];
	const struct buf *suffix = context;

	(void)folder;
	if (!strip(&rest, buf_str(suffix)) || !split(rest, parts, 2))
		return false;
	description_put(lookup->found, CONTAINER_AT(namespace), parts[0]);
	description_put(lookup->found, CONTAINER_AT(pod), parts[1]);
	return true;
}

static bool has(const struct lookup *lookup, size_t field)
{
	return description_get(lookup->found, field).n > 0;
}

void pod_logs_describe(struct lookup *lookup)
{
	struct str uid = lookup->hint->pod_uid;
	BUF_AUTO link = {0}, folder = {0};

	/* a container whose runtime named it is in no pod, or the runtime named that too */
	if (lookup->hint->owner)
		return;
	if (has(lookup, CONTAINER_AT(name)) && (has(lookup, CONTAINER_AT(pod)) || uid.n == 0))
		return;
	buf_format(&link, "-%.*s.log", (int)lookup->hint->id.n, lookup->hint->id.p);
	if (lookup_each(lookup, "/var/log/containers", "/var/log/containers", is_link_of, &link) ||
	    uid.n == 0)
		return;
	/* the systemd cgroup driver writes the uid's dashes as underscores */
	buf_put_char(&folder, '_');
	for (size_t i = 0; i < uid.n; i++)
		buf_put_char(&folder, uid.p[i] == '_' ? '-' : uid.p[i]);
	lookup_each(lookup, "/var/log/pods", "/var/log/pods", is_pods_folder, &folder);
}
