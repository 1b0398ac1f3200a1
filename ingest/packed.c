#include "ingest/packed.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/tar.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

/* An archive of archives (`sos collect`), and not one more. */
#define DEPTH_MAX 2
#define HOSTS_MAX 1024

/* Of a name: HOST_NAME_MAX. */
#define HOST_SIZE 65

/* From some folder on. */
static const char *const hostnames[] = {
	"sos_commands/host/hostname",
	"sos_commands/general/hostname",
	"etc/hostname",
	"proc/sys/kernel/hostname",
	NULL,
};

/* What a log's name begins with. */
static const char *const names[] = {
	"audit.log",  "messages", "syslog",   "kern.log",   "kern-", "dmesg",
	"journalctl", "journal",  "ausearch", "kernel.log", NULL,
};

/* The tail of a log that sos cut: "sos_strings/auditd/var.log.audit.audit.log.tailed". */
static const char tails[] = "*sos_strings/*.tailed";

/* Nothing below is the host's log. */
static const char *const strangers[] = {
	"pods", "containers", "docker", "lib", "overlay", NULL,
};

static const char *const archives[] = {
	"*.tar", "*.tar.gz", "*.tar.xz", "*.tar.bz2", "*.tar.zst", "*.tgz", "*.txz", "*.tbz", NULL,
};

static bool ends_with_path(const char *path, const char *end, size_t *ret_root)
{
	size_t n = strlen(path), end_n = strlen(end);

	if (n < end_n || strcmp(path + n - end_n, end) != 0)
		return false;
	*ret_root = n - end_n;
	return n == end_n || path[n - end_n - 1] == '/';
}

static bool has_folder(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = path, *slash; (slash = strchr(at, '/')); at = slash + 1)
		if ((size_t)(slash - at) == n && memcmp(at, name, n) == 0)
			return true;
	return false;
}

/* In a host's /var/log its logs lie at once, and auditd's in a folder of its own. */
static bool is_deeper(const char *path)
{
	static const char folder[] = "var/log/";
	const char *at = strstr(path, folder);
	const char *rest = at ? at + strlen(folder) : path;

	if (!at || !strchr(rest, '/'))
		return false;
	return strncmp(rest, "audit/", 6) != 0 || strchr(rest + 6, '/');
}

static bool is_strangers(const char *path)
{
	for (const char *const *stranger = strangers; *stranger; stranger++)
		if (has_folder(path, *stranger))
			return true;
	return false;
}

static bool is_log(const char *path, const char *name)
{
	if (is_deeper(path))
		return false;
	for (const char *const *begin = names; *begin; begin++)
		if (strncmp(name, *begin, strlen(*begin)) == 0)
			return true;
	return fnmatch(tails, path, 0) == 0;
}

enum packed_role packed_role(const char *path, size_t *ret_root)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	*ret_root = 0;
	for (const char *const *hostname = hostnames; *hostname; hostname++)
		if (ends_with_path(path, *hostname, ret_root))
			return PACKED_HOSTNAME;
	for (const char *const *archive = archives; *archive; archive++)
		if (fnmatch(*archive, name, 0) == 0)
			return PACKED_ARCHIVE;
	if (is_strangers(path))
		return PACKED_OTHER;
	if (fnmatch("*.journal", name, 0) == 0 || fnmatch("*.journal~", name, 0) == 0)
		return PACKED_JOURNAL;
	return is_log(path, name) ? PACKED_LOG : PACKED_OTHER;
}

/* ------- whose they are */

struct host {
	char *root; /* what the paths of its files begin with */
	char name[HOST_SIZE];
};

struct walk {
	packed_fn *take;
	void *context;
	struct err *archive_err;
	unsigned depth;
};

struct hosts {
	struct host *all;
	size_t count;
};

static void hosts_free(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->all[i].root);
	free(hosts->all);
}

/* The first word of the text; false if it is no name of a host. */
static bool read_name(struct str text, char name[HOST_SIZE])
{
	size_t n = 0;

	while (n < text.n && n < HOST_SIZE &&
	       (isalnum((unsigned char)text.p[n]) || strchr("-._", text.p[n])))
		n++;
	if (n == 0 || n == HOST_SIZE || (n < text.n && !isspace((unsigned char)text.p[n])))
		return false;
	memcpy(name, text.p, n);
	name[n] = '\0';
	return true;
}

static void hosts_add(struct hosts *hosts, struct str root, struct str text)
{
	struct host host;

	if (hosts->count == HOSTS_MAX || !read_name(text, host.name))
		return;
	for (size_t i = 0; i < hosts->count; i++)
		if (str_eq(root, str_from(hosts->all[i].root)))
			return;
	host.root = mem_copy(root);
	hosts->all = mem_more(hosts->all, hosts->count, sizeof(host));
	hosts->all[hosts->count++] = host;
}

/* sosreport-HOST[-CASE]-YYYY-MM-DD-abcdefg (sos, policies: the archive's name). */
static struct str sos_host(const char *path)
{
	static const char date[] = "-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*";
	struct str name = str_from(path);
	size_t n, case_at;

	if (!str_starts(name, STR("sosreport-")))
		return str_of(NULL, 0);
	name = str_skip(name, 10);
	for (n = str_chr(name, '/'); n > 0 && fnmatch(date, name.p + n, 0) != 0;)
		n--;
	for (case_at = n; case_at > 1 && isdigit((unsigned char)name.p[case_at - 1]);)
		case_at--;
	/* digits alone behind a dash: the case's number */
	if (case_at > 1 && case_at < n && name.p[case_at - 1] == '-')
		n = case_at - 1;
	return str_of(name.p, n);
}

static struct str hosts_find(const struct hosts *hosts, const char *path)
{
	const struct host *best = NULL;

	for (size_t i = 0; i < hosts->count; i++)
		if (str_starts(str_from(path), str_from(hosts->all[i].root)) &&
		    (!best || strlen(hosts->all[i].root) > strlen(best->root)))
			best = &hosts->all[i];
	return best ? str_from(best->name) : sos_host(path);
}

/* Names of hosts may come behind the logs: they are looked for before. */
static void find_hosts(struct input *archive, struct hosts *hosts)
{
	struct err ignored = ERR_INIT; /* found again as the logs are read */
	struct input again;
	struct tar *tar = NULL;
	struct input_member member;
	const char *path;
	size_t root;

	if (input_open_again(&again, archive, &ignored) == 0 &&
	    tar_open(&again, &tar, &ignored) == 0)
		input_read_ahead(&again);
	while (tar && tar_next(tar, &path, &ignored) > 0)
		if (packed_role(path, &root) == PACKED_HOSTNAME &&
		    tar_open_member(tar, &member, &ignored) == 0)
			hosts_add(hosts, str_of(path, root), member.bytes);
	tar_close(tar);
	input_close(&again);
}

/* ------- the walk */

static int walk(const struct walk *walk_, struct input *archive, struct err *err);

/* "ARCHIVE/PATH", which is what messages and evidence call it. */
static char *name_of(const struct input *archive, const char *path)
{
	BUF_AUTO name = {0};

	while (*path == '/')
		path++;
	buf_put_str(&name, str_from(archive->path));
	buf_put_char(&name, '/');
	buf_put_str(&name, str_from(path));
	return mem_copy(buf_str(&name));
}

static int take_member(const struct walk *walk_, struct tar *tar, const char *path,
		       enum packed_role role, struct str host, struct err *err)
{
	MEM_AUTO char *name = name_of(tar_input(tar), path);
	struct walk inner = *walk_;
	struct err member_err = ERR_INIT;
	struct input_member bytes;
	struct input member;
	int result = 0, is_tar = 0;

	if (tar_open_member(tar, &bytes, walk_->archive_err) < 0 || !bytes.bytes.n)
		return 0;
	if (input_open_member(&member, name, &bytes, &member_err) == 0)
		is_tar = tar_is(&member, &member_err);
	inner.archive_err = &member_err;
	inner.depth++;
	if (is_tar > 0 && inner.depth < DEPTH_MAX)
		result = walk(&inner, &member, err);
	if (result == 0 && (member_err.code || (is_tar == 0 && role == PACKED_LOG)))
		result = walk_->take(walk_->context, &member, host, &member_err, err);
	input_close(&member);
	return result;
}

/* Why a member cannot be read from within an archive; NULL if it can, or need not. A hard link's bytes are those
 * of another member, which was read if its name is a log's as well. */
static const char *why_unread(enum packed_role role, const char *link)
{
	size_t root;

	if (role == PACKED_JOURNAL)
		return "a file of the journal, which cannot be read from an archive";
	return link && packed_role(link, &root) != role
		       ? "a hard link to a file whose name is not a log's"
		       : NULL;
}

static int leave_member(const struct walk *walk_, struct tar *tar, const char *path,
			const char *why, struct err *err)
{
	MEM_AUTO char *name = name_of(tar_input(tar), path);
	struct input member = {.path = name};
	struct err member_err = ERR_INIT;

	memcpy(member.foreign, tar_input(tar)->foreign, sizeof(member.foreign));
	err_set(&member_err, EBADMSG, "%s: %s: unpack the archive and name the file", name, why);
	return walk_->take(walk_->context, &member, str_of(NULL, 0), &member_err, err);
}

static int walk(const struct walk *walk_, struct input *archive, struct err *err)
{
	struct hosts hosts = {0};
	struct tar *tar;
	const char *path;
	size_t root;
	int result = 0;

	if (tar_open(archive, &tar, walk_->archive_err) < 0)
		return 0;
	find_hosts(archive, &hosts);
	input_read_ahead(archive);
	while (result == 0 && !walk_->archive_err->code &&
	       tar_next(tar, &path, walk_->archive_err) > 0) {
		enum packed_role role = packed_role(path, &root);
		bool is_read = role == PACKED_LOG || role == PACKED_ARCHIVE;
		const char *link = tar_link(tar);
		const char *why = is_read || role == PACKED_JOURNAL ? why_unread(role, link) : NULL;

		if (why)
			result = leave_member(walk_, tar, path, why, err);
		else if (is_read && !link)
			result = take_member(walk_, tar, path, role, hosts_find(&hosts, path), err);
	}
	tar_close(tar);
	hosts_free(&hosts);
	return result;
}

int packed_each(struct input *archive, packed_fn *take, void *context, struct err *archive_err,
		struct err *err)
{
	const struct walk whole = {take, context, archive_err, 0};

	return walk(&whole, archive, err);
}
