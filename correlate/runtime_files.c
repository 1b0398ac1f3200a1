#include "correlate/runtime_files.h"

#include <errno.h>
#include <limits.h>

/* Beyond this, unreadable paths are no longer named: whoever has so many knows by now. */
#define TOLD_MAX 65536

int runtime_files_open(struct runtime_files *files, const char *proc_root, const char *runtime_root,
		       struct err *err)
{
	files->told = (struct buf){0};
	return host_files_open(&files->host, proc_root, runtime_root, err);
}

void runtime_files_close(struct runtime_files *files)
{
	host_files_close(&files->host);
	buf_release(&files->told);
}

void lookup_release(struct lookup *lookup)
{
	buf_release(&lookup->docker_folder);
	buf_release(&lookup->storage_root);
	buf_release(&lookup->homes);
}

bool lookup_id_is_safe(struct str id)
{
	return id.n > 0 && id.n <= NAME_MAX && !str_eq(id, STR(".")) && str_chr(id, '/') == id.n &&
	       str_chr(id, '\0') == id.n && str_find(id, STR("..")) == id.n;
}

uid_t lookup_uid(const struct lookup *lookup)
{
	return lookup->hint->owner ? lookup->hint->owner : lookup->files->host.root_uid;
}

static bool is_one_line_of(struct str text, struct str line)
{
	while (text.n > 0) {
		size_t n = str_chr(text, '\n');

		if (str_eq(str_of(text.p, n), line))
			return true;
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
	return false;
}

/* Names what could not be read, once. Users leave half of the room to root's files. */
static void tell(struct lookup *lookup, const char *path, const char *reason)
{
	struct buf *told = &lookup->files->told;
	BUF_AUTO line = {0};

	buf_format(&line, "%s%s", path, reason);
	if (!lookup->trouble ||
	    told->n + line.n + 1 > (lookup->hint->owner ? TOLD_MAX / 2 : TOLD_MAX) ||
	    is_one_line_of(buf_str(told), buf_str(&line)))
		return;
	buf_format(told, "%s\n", line.p);
	buf_format(lookup->trouble, "%s\n", line.p);
}

static bool is_refusal(int code)
{
	return code == -EACCES || code == -EPERM;
}

bool lookup_request(struct lookup *lookup, enum host_verb verb, enum host_place place,
		    const char *path, struct host_request *ret_request)
{
	*ret_request = (struct host_request){
		.verb = verb,
		.place = place,
		.pid = lookup->hint->pid,
		.owner = lookup->hint->owner,
	};
	if (strlen(path) >= sizeof(ret_request->path))
		return false;
	strcpy(ret_request->path, path);
	return true;
}

/* Reads a file of that user. ret_others as for lookup_json_at(). */
static int read_of(struct lookup *lookup, enum host_place place, const char *path, size_t max,
		   uid_t uid, struct buf *text, bool *ret_others)
{
	struct host_request request;
	struct host_reply reply;

	if (!lookup_request(lookup, HOST_READ, place, path, &request))
		return -ENAMETOOLONG;
	request.max = (uint32_t)max;
	request.uid = uid;
	request.anyone = ret_others != NULL;
	host_files_ask(&lookup->files->host, &request, &reply, text);
	if (ret_others)
		*ret_others = reply.uid != uid;
	return reply.code;
}

/* Reads a file of the owner, as far as its turn allows. */
static int read_owned(struct lookup *lookup, enum host_place place, const char *path, size_t max,
		      struct buf *text, bool *ret_others)
{
	size_t left = RUNTIME_LOOK_MAX - lookup->bytes_read;
	int r = read_of(lookup, place, path, lookup->hint->owner && left < max ? left : max,
			lookup_uid(lookup), text, ret_others);

	if (lookup->hint->owner)
		lookup->bytes_read += text->n < left ? text->n : left;
	return r;
}

json_t *lookup_json_at(struct lookup *lookup, enum host_place place, const char *path, size_t max,
		       bool *ret_others)
{
	BUF_AUTO text = {0};
	int r = read_owned(lookup, place, path, max, &text, ret_others);

	if (r == -EFBIG || (r == 0 && !json_is_modest(buf_str(&text))))
		tell(lookup, path, METADATA_TOO_LARGE);
	return r < 0 ? NULL : json_read(buf_str(&text));
}

/* Reads a file below the root; what is in the way is told. */
static bool read_told(struct lookup *lookup, const char *whose, const char *path, size_t max,
		      struct buf *text)
{
	int r = read_owned(lookup, HOST_ROOT, path, max, text, NULL);

	if (is_refusal(r))
		tell(lookup, whose, "");
	if (r == -EFBIG)
		tell(lookup, path, METADATA_TOO_LARGE);
	return r == 0;
}

json_t *lookup_json(struct lookup *lookup, const char *whose, const char *path, size_t max)
{
	BUF_AUTO text = {0};

	if (!read_told(lookup, whose, path, max, &text))
		return NULL;
	if (!json_is_modest(buf_str(&text)))
		tell(lookup, path, METADATA_TOO_LARGE);
	return json_read(buf_str(&text));
}

json_t *lookup_json_element(struct lookup *lookup, const char *whose, const char *path,
			    struct str id)
{
	BUF_AUTO text = {0};

	return read_told(lookup, whose, path, RUNTIME_LIST_MAX, &text)
		       ? json_read_element(buf_str(&text), id)
		       : NULL;
}

bool lookup_each(struct lookup *lookup, const char *whose, const char *folder,
		 lookup_entry_fn *each, void *context)
{
	struct host_request request;
	struct host_reply reply;
	BUF_AUTO names = {0};
	bool found = false;

	if (!lookup_request(lookup, HOST_LIST, HOST_ROOT, folder, &request))
		return false;
	request.max = RUNTIME_ENTRIES_MAX;
	host_files_ask(&lookup->files->host, &request, &reply, &names);
	if (is_refusal(reply.code))
		tell(lookup, whose, "");
	for (size_t at = 0; at < names.n && !found; at += strlen(names.p + at) + 1)
		found = each(lookup, folder, names.p + at, context);
	return found;
}

static void add_home(struct lookup *lookup, struct str home)
{
	struct str homes = buf_str(&lookup->homes);

	if (home.n <= 1 || home.p[0] != '/' || str_chr(home, '\0') < home.n)
		return;
	while (homes.n > 0) {
		size_t n = str_chr(homes, '\0');

		if (str_eq(str_of(homes.p, n), home))
			return;
		homes = str_skip(homes, n + 1);
	}
	buf_put_str(&lookup->homes, home);
	buf_put_char(&lookup->homes, '\0');
}

/* A line of passwd(5): name, password, uid, gid, gecos, home, shell. */
static void add_home_of_line(struct lookup *lookup, struct str line)
{
	struct str field = {0}, uid = {0};
	BUF_AUTO owner = {0};

	for (int i = 0; i < 6; i++) {
		size_t n = str_chr(line, ':');

		if (n == line.n)
			return;
		field = str_of(line.p, n);
		if (i == 2)
			uid = field;
		line = str_skip(line, n + 1);
	}
	buf_format(&owner, "%u", lookup->hint->owner);
	if (str_eq(uid, buf_str(&owner)))
		add_home(lookup, field);
}

static bool add_home_of_entry(struct lookup *lookup, const char *folder, const char *name,
			      void *context)
{
	struct host_request request;
	struct host_reply reply;
	BUF_AUTO path = {0};

	(void)context;
	buf_format(&path, "%s/%s", folder, name);
	if (!lookup_request(lookup, HOST_STAT, HOST_ROOT, path.p, &request))
		return false;
	host_files_ask(&lookup->files->host, &request, &reply, NULL);
	if (reply.code == 0 && reply.uid == lookup->hint->owner)
		add_home(lookup, buf_str(&path));
	return false;
}

static void list_homes(struct lookup *lookup)
{
	BUF_AUTO text = {0};
	struct str rest;

	lookup->listed_homes = true;
	if (read_of(lookup, HOST_ROOT, "/etc/passwd", RUNTIME_LIST_MAX,
		    lookup->files->host.root_uid, &text, NULL) == 0) {
		for (rest = buf_str(&text); rest.n > 0;) {
			size_t n = str_chr(rest, '\n');

			add_home_of_line(lookup, str_of(rest.p, n));
			rest = str_skip(rest, n < rest.n ? n + 1 : n);
		}
	}
	lookup_each(lookup, "/home", "/home", add_home_of_entry, NULL);
}

bool lookup_each_root(struct lookup *lookup, const char *in_home, const char *const *roots,
		      lookup_root_fn *each)
{
	for (; !lookup->hint->owner && *roots; roots++)
		if (each(lookup, *roots, *roots))
			return true;
	if (lookup->hint->owner && !lookup->listed_homes)
		list_homes(lookup);
	for (size_t at = 0; lookup->hint->owner && at < lookup->homes.n;) {
		const char *home = lookup->homes.p + at;
		BUF_AUTO root = {0};

		buf_format(&root, "%s/%s", home, in_home);
		if (each(lookup, home, root.p))
			return true;
		at += strlen(home) + 1;
	}
	return false;
}

bool runtime_is_vague(struct str runtime)
{
	static const struct str vague[] = {STR("runc"), STR("crun"), STR("containerd"),
					   STR("podman")};

	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++) {
		if (str_eq(runtime, vague[i]))
			return true;
	}
	return runtime.n == 0;
}

bool lookup_may_be(const struct lookup *lookup, const char *runtime)
{
	struct str found = description_get(lookup->found, CONTAINER_AT(runtime));

	if (found.n > 0)
		return str_eq(found, str_from(runtime));
	return runtime_is_vague(lookup->hint->runtime) ||
	       str_eq(lookup->hint->runtime, str_from(runtime));
}
