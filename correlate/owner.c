#include "correlate/owner.h"

#include "base/scan.h"
#include "correlate/cgroup_home.h"

#include <sys/stat.h>
#include <unistd.h>

/* Takes the next part of a path, without its slash. */
static struct str next_part(struct str *path)
{
	*path = str_skip(*path, 1);
	struct str part = str_of(path->p, str_chr(*path, '/'));

	*path = str_skip(*path, part.n);
	return part;
}

/* The owner of the first folder on the way that is not root's; false if there is none. The folder
 * is closed. */
static bool owner_on_the_way(int folder, uint32_t root_uid, struct str path, uint32_t *ret_owner)
{
	struct stat st;

	while (folder >= 0 && fstat(folder, &st) == 0) {
		if (st.st_uid != root_uid) {
			*ret_owner = st.st_uid;
			close(folder);
			return true;
		}
		if (path.n == 0)
			break;
		struct str part = next_part(&path);
		int next = str_eq(part, STR("..")) ? -1 : cgroup_open_folder(folder, part);

		close(folder);
		folder = next;
	}
	if (folder >= 0)
		close(folder);
	return false;
}

/* "user@1000.service" */
static bool is_user_service(struct str part, uint32_t *ret_uid)
{
	uint64_t uid;

	if (!str_starts(part, STR("user@")))
		return false;
	part = str_skip(part, strlen("user@"));
	const char *end = scan_decimal(part.p, part.p + part.n, 10, &uid);

	*ret_uid = (uint32_t)uid;
	return end > part.p && uid < UINT32_MAX &&
	       str_eq(str_of(end, (size_t)(part.p + part.n - end)), STR(".service"));
}

uint32_t owner_of_cgroup(int root, uint32_t root_uid, const struct cgroup_match *match)
{
	struct str path = match->above;
	uint32_t owner;

	if (owner_on_the_way(cgroup_open_hierarchy(root, match->controllers), root_uid, path,
			     &owner))
		return owner;
	while (path.n)
		if (is_user_service(next_part(&path), &owner))
			return owner;
	return 0;
}

static void put_part(struct buf *buf, struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		if (memchr("/@%", part.p[i], 3))
			buf_format(buf, "%%%02X", part.p[i]);
		else
			buf_put_char(buf, part.p[i]);
	}
}

void owner_put_owner(struct buf *buf, uint32_t owner)
{
	if (owner)
		buf_format(buf, "@%u", owner);
}

void owner_put_outer(struct buf *buf, const struct metadata_hint *hint)
{
	put_part(buf, hint->outer);
	owner_put_owner(buf, hint->owner);
}

void owner_put_id(struct buf *buf, const struct metadata_hint *hint)
{
	/* getty@tty1.service: root's alone, and no container's id ends so */
	if (str_eq(hint->runtime, STR(RUNTIME_SERVICE))) {
		buf_put_str(buf, hint->id);
		return;
	}
	if (hint->outer.n) {
		owner_put_outer(buf, hint);
		buf_put_char(buf, '/');
		put_part(buf, hint->id);
		return;
	}
	put_part(buf, hint->id);
	owner_put_owner(buf, hint->owner);
}
