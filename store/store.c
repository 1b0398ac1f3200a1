#include "store/claim.h"
#include "store/queue.h"
#include "store/writer.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "ingest/node.h"
#include "store/mark.h"
#include "store/meta.h"
#include "store/schema.h"
#include "store/statements.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How long a patient writer waits for another: it tries again anyway. */
#define PATIENT_BUSY_MS 1000

/* How often the switch to WAL is tried again while another holds the database. */
#define JOURNAL_LOOK_MS 20

/* Above this much input the bounded memory would be used anyway. */
#define RESERVE_FROM_BYTES (64u << 20)

/* SQLite's page cache, in KiB: the pages that a flush touches again and again. */
#define CACHE_PRAGMA "PRAGMA cache_size = -3072"

/* And a reader's: a window looks at each series by its number, thousands of them in any order. */
#define READER_CACHE_PRAGMA "PRAGMA cache_size = -32768"

/* A flat file that some other program wrote is told by its first 16 bytes. */
#define DATABASE_MAGIC "SQLite format 3"

bool store_is_database(const char *path)
{
	return file_begins(path, DATABASE_MAGIC, sizeof(DATABASE_MAGIC));
}

const char *store_library_version(void)
{
	return sqlite3_libversion();
}

static char *join(const char *directory, const char *rest)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s%s", directory, rest);
	return mem_copy(buf_str(&path));
}

/* Without HOME, as under setpriv(1) or a service manager: what the user database says. A store in
 * whatever directory is the current one would be found again by chance only. */
static const char *home_directory(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(geteuid());

	return user && user->pw_dir[0] == '/' ? user->pw_dir : "/nonexistent";
}

char *store_default_path(void)
{
	const char *named = getenv("SCLOG_DB"), *data = getenv("XDG_DATA_HOME");

	if (named && named[0])
		return mem_copy(str_from(named));
	if (geteuid() == 0)
		return mem_copy(STR(SCLOG_STATEDIR "/sclog.db"));
	if (data && data[0] == '/') /* XDG: a relative path is to be ignored */
		return join(data, "/sclog/sclog.db");
	return join(home_directory(), "/.local/share/sclog/sclog.db");
}

void store_make_directories(const char *path)
{
	MEM_AUTO char *copy = mem_copy(str_from(path));

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
}

static int set_group(const char *path, const char *name, struct err *err)
{
	const struct group *group = getgrnam(name);
	char *end;
	gid_t gid = group ? group->gr_gid : (gid_t)strtoul(name, &end, 10);

	if (!group && (*name == '\0' || *end))
		return err_set(err, EINVAL, "--db-group: there is no group '%s'", name);
	if (chown(path, (uid_t)-1, gid) < 0 || chmod(path, 0640) < 0)
		return err_errno(err, errno, "store '%s': give it to group '%s'", path, name);
	return 0;
}

/* SQLite would create the file by umask; a store is its owner's alone. Its -wal and -shm get the
 * same mode. Only the default path's directories are made: a typo in --db is to be seen. */
static int create_file(const char *path, struct err *err)
{
	MEM_AUTO char *usual = store_default_path();

	if (strcmp(path, usual) == 0)
		store_make_directories(path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 && errno == ENOENT)
		return err_set(
			err, ENOENT,
			"store '%s': its directory does not exist: create it, or name another"
			" --db",
			path);
	if (fd < 0)
		return err_errno(err, errno, "store '%s'", path);
	close(fd);
	return 0;
}

static int check_file(const char *path, struct err *err)
{
	struct stat stat_;

	if (stat(path, &stat_) < 0 && errno == ENOENT)
		return err_set(
			err, ENOENT,
			"store '%s' does not exist: 'sclog ingest FILE...' creates it, or name"
			" log files to look at without a store",
			path);
	if (stat(path, &stat_) < 0)
		return err_errno(err, errno, "store '%s'", path);
	if (!S_ISREG(stat_.st_mode))
		return err_set(err, EINVAL, "store '%s': this is not a regular file", path);
	return 0;
}

/* Does the database answer? WAL on a read-only medium does not (SQLITE_CANTOPEN). */
static int probe(struct sql *sql)
{
	return sqlite3_exec(sql->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

/* SQLite keeps ":memory:" and "file:..." for itself: what stands behind "./" is a file. */
static char *file_name(const char *path)
{
	return join(path[0] == '/' ? "" : "./", path);
}

/* A file: URI of the path; '?', '#' and '%' would mean something in it. */
static void immutable_uri(const char *path, struct buf *uri)
{
	buf_put_str(uri, STR("file:"));
	for (; *path; path++) {
		if (strchr("?#%", *path))
			buf_format(uri, "%%%02x", (unsigned)*path);
		else
			buf_put_char(uri, *path);
	}
	buf_put_str(uri, STR("?immutable=1"));
}

bool store_has_pending(const char *path)
{
	BUF_AUTO wal = {0};
	struct stat stat_;

	buf_format(&wal, "%s-wal", path);
	return stat(wal.p, &stat_) == 0 && stat_.st_size > 0;
}

int store_open_reading(struct sql *sql, const char *path, bool alone, struct err *err)
{
	struct err plain = ERR_INIT;
	MEM_AUTO char *name = file_name(path);
	BUF_AUTO uri = {0};
	int result = check_file(path, err);

	if (result < 0)
		return result;
	result = alone ? -EROFS : sql_open(sql, name, path, SQLITE_OPEN_READONLY, &plain);
	if (result == 0) {
		int code = probe(sql);

		if ((code & 0xff) != SQLITE_CANTOPEN && (code & 0xff) != SQLITE_READONLY)
			return 0;
	}
	sql_close(sql);
	if (!alone && store_has_pending(path))
		return err_set(
			err, EROFS,
			"store '%s': '%s-wal' beside it holds changes that cannot be read on a"
			" read-only medium: copy both files to a place that can be written",
			path, path);
	immutable_uri(name, &uri);
	return sql_open(sql, uri.p, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

/* A byte is read by some ten queries of a command, at less than a step each; the base is for small
 * stores, in which statements cost more than rows. */
#define BOUND_BASE     20000000
#define BOUND_PER_BYTE 64

static int64_t size_of(const char *path, const char *suffix)
{
	BUF_AUTO name = {0};
	struct stat stat_;

	buf_format(&name, "%s%s", path, suffix);
	return stat(name.p, &stat_) == 0 ? stat_.st_blocks * 512 : 0;
}

void store_bound_reading(struct sql *sql)
{
	int64_t bytes = size_of(sql->path, "") + size_of(sql->path, "-wal");

	sql_bound(sql, BOUND_BASE + bytes * BOUND_PER_BYTE);
}

static int open_writing(struct sql *sql, const char *path, struct err *err)
{
	MEM_AUTO char *name = file_name(path);
	int result = create_file(path, err);

	if (result == 0)
		result = check_file(path, err);
	if (result == 0)
		result = sql_open(sql, name, path, SQLITE_OPEN_READWRITE, err);
	if (result == 0)
		result = sql_run(sql, CACHE_PRAGMA, err);
	return result;
}

/*
 * The switch to WAL needs the database for itself, and SQLite's busy handler does not wait for all
 * who may have it: two that make a store at once would be in each other's way. Fails on a
 * read-only medium: the first to say so.
 */
static int choose_journal(struct store *store, struct err *err)
{
	const char *text = store->mode == STORE_MEMORY ? "PRAGMA journal_mode = MEMORY"
						       : "PRAGMA journal_mode = WAL;"
							 "PRAGMA synchronous = NORMAL;"
							 "PRAGMA journal_size_limit = 8388608";

	struct err busy = ERR_INIT;
	int result = -EBUSY;

	sqlite3_busy_timeout(store->sql.db, 0);
	for (int ms = 0; ms < SQL_BUSY_TIMEOUT_MS; ms += JOURNAL_LOOK_MS) {
		err_clear(&busy);
		result = sql_run(&store->sql, text, &busy);
		if (result != -EBUSY)
			break;
		poll(NULL, 0, JOURNAL_LOOK_MS);
	}
	sqlite3_busy_timeout(store->sql.db, SQL_BUSY_TIMEOUT_MS);
	if (result < 0)
		*err = busy;
	return result;
}

/*
 * An empty file is switched to WAL without a wait for the disk: should the machine fail meanwhile,
 * SQLite takes a file that stayed empty for a new one, whatever lies beside it.
 */
static int choose_journal_first(struct store *store, struct err *err)
{
	struct stat stat_;

	if (stat(store->path, &stat_) < 0 || stat_.st_size > 0)
		return 0;
	int result = sql_run(&store->sql, "PRAGMA synchronous = OFF", err);

	return result < 0 ? result : choose_journal(store, err);
}

/* A store that was made anew keeps the key: whoever puts has marked texts under it. */
static int load_meta(struct store *store, struct err *err)
{
	struct sql *sql = &store->sql;
	int result = meta_horizon(sql, &store->horizon_ms, err);

	if (result == 0 && store->text_key)
		return meta_set_text_key(sql, store->text_key, err);
	if (result == 0)
		result = meta_text_key(sql, &store->text_key, err);
	if (result == 0 && store->text_key == 0 && store->mode != STORE_READ)
		result = meta_make_text_key(sql, &store->text_key, err);
	return result;
}

/* The files of a database: SQLite's log and the log's index lie beside it. */
#define FILES 3
static const char *const suffixes[FILES] = {"", "-wal", "-shm"};

static bool stat_file(const struct store *store, size_t i, struct stat *ret_stat)
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s%s", store->path, suffixes[i]);
	return stat(name.p, ret_stat) == 0;
}

/* Remembers which files are open, to see when others take their place. */
static void note_files(struct store *store)
{
	struct stat stat_;

	for (size_t i = 0; i < FILES; i++) {
		bool there = stat_file(store, i, &stat_);

		store->ino[i] = there ? stat_.st_ino : 0;
		if (there)
			store->dev = stat_.st_dev;
	}
}

static bool file_is_ours(const struct store *store, size_t i)
{
	struct stat stat_;

	return stat_file(store, i, &stat_) && stat_.st_dev == store->dev &&
	       stat_.st_ino == store->ino[i];
}

/* What the file that was replaced left beside the new one: SQLite would take it for that one's. */
static void drop_left_files(const struct store *store)
{
	BUF_AUTO name = {0};

	for (size_t i = 1; i < FILES; i++) {
		buf_clear(&name);
		buf_format(&name, "%s%s", store->path, suffixes[i]);
		if (file_is_ours(store, i))
			unlink(name.p);
	}
}

/* The file of a store that is written. */
static int open_file(struct store *store, struct err *err)
{
	int result = open_writing(&store->sql, store->path, err);

	if (result == 0)
		result = choose_journal_first(store, err);
	if (result == 0)
		result = schema_ensure(&store->sql, true, err);
	/* Only now is it known to be a store: nothing else is to change hands. */
	if (result == 0 && store->group)
		result = set_group(store->path, store->group, err);
	if (result == 0)
		result = choose_journal(store, err);
	if (result == 0) /* which opens all of them */
		result = load_meta(store, err);
	note_files(store);
	return result;
}

static int open_sql(struct store *store, struct err *err)
{
	int result;

	if (store->mode == STORE_WRITE)
		return open_file(store, err);
	if (store->mode == STORE_MEMORY)
		result = sql_open(&store->sql, ":memory:", "in memory",
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	else
		result = store_open_reading(&store->sql, store->path, false, err);
	if (result == 0)
		result = schema_ensure(&store->sql, store->mode == STORE_MEMORY, err);
	if (result == 0 && store->mode == STORE_READ) {
		store_bound_reading(&store->sql);
		result = sql_run(&store->sql, READER_CACHE_PRAGMA, err);
	}
	if (result == 0 && store->mode == STORE_MEMORY)
		result = choose_journal(store, err);
	return result < 0 ? result : load_meta(store, err);
}

int store_open(const char *path, enum store_mode mode, const char *db_group,
	       struct store **ret_store, struct err *err)
{
	struct store *store = mem_new(1, sizeof(*store));

	store->mode = mode;
	store->claim = -1;
	store->path = mem_copy(str_from(path ? path : ""));
	store->group = db_group ? mem_copy(str_from(db_group)) : NULL;
	int result = open_sql(store, err);

	if (result < 0) {
		store_close(store);
		return result;
	}
	if (mode != STORE_READ) {
		store->seen = seen_new();
		store->seen_text = seen_text_new();
		store->lifetimes = lifetimes_new();
		store->tally = tally_new(store->text_key);
		if (mode == STORE_WRITE)
			tally_set_budget(store->tally);
	}
	*ret_store = store;
	return 0;
}

int store_remake(struct store *store, struct err *err)
{
	if (store->mode != STORE_WRITE || (store->sql.db && file_is_ours(store, 0)))
		return 0;
	sql_close(&store->sql);
	drop_left_files(store);
	int result = open_file(store, err);

	sqlite3_busy_timeout(store->sql.db, store->patient ? PATIENT_BUSY_MS : SQL_BUSY_TIMEOUT_MS);
	if (result == 0)
		result = clock_now_ms(&store->remade_ms, err);
	if (result < 0) {
		sql_close(&store->sql);
		return result;
	}
	__atomic_add_fetch(&store->remade, 1, __ATOMIC_RELAXED);
	return 1;
}

bool store_was_remade(struct store *store)
{
	unsigned remade = __atomic_load_n(&store->remade, __ATOMIC_RELAXED);
	bool is = remade != store->remade_said;

	store->remade_said = remade;
	return is;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	queue_free(store->queue);
	writer_forget(store);
	seen_free(store->seen);
	seen_text_free(store->seen_text);
	tally_free(store->tally);
	lifetimes_free(store->lifetimes);
	keep_release(&store->keep);
	kinds_free(store->kinds);
	for (size_t i = 0; i < STORE_SLOTS; i++)
		stream_release(&store->slots[i].stream);
	sql_close(&store->reader);
	sql_close(&store->sql);
	if (store->claim >= 0)
		close(store->claim);
	free(store->kept);
	free(store->path);
	free(store->group);
	free(store);
}

void store_set_backfill(struct store *store, bool backfill)
{
	store->backfill = backfill;
}

void store_expect(struct store *store, uint64_t bytes)
{
	if (bytes < RESERVE_FROM_BYTES)
		return;
	tally_reserve(store->tally);
	seen_reserve(store->seen);
}

/* The store's thread is started by the first thing that is put. */
static struct queue *queue_of(struct store *store)
{
	if (!store->queue)
		store->queue = queue_new(store);
	return store->queue;
}

int store_put(struct store *store, const struct event *event, struct str text, struct err *err)
{
	uint64_t mark = event->record->has_serial ? 0 : mark_of(store->text_key, text);

	return pack_event(queue_of(store), event, mark, err);
}

int store_put_kind(struct store *store, uint32_t number, const struct event *event, struct err *err)
{
	return pack_kind(queue_of(store), number, event, err);
}

int store_put_events(struct store *store, const struct store_events *events, struct err *err)
{
	return events->count + events->run_count ? pack_events(queue_of(store), events, err) : 0;
}

int store_note_serial(struct store *store, struct str node, int64_t ms, uint32_t serial,
		      enum trust trust, bool is_seccomp, struct err *err)
{
	const struct put put = {
		.kind = PUT_SERIAL, .node = node, .serial = {ms, serial, trust, is_seccomp}};

	return pack_put(queue_of(store), &put, err);
}

int store_put_loss(struct store *store, const struct loss_note *note, struct err *err)
{
	const struct put put = {.kind = PUT_LOSS,
				.node = note->node,
				.loss = {*note, mark_of(store->text_key, note->text)}};

	return pack_put(queue_of(store), &put, err);
}

int store_input_begin(struct store *store, const char *path, const struct stat *stat,
		      struct err *err)
{
	struct store_input input = {.is_file = stat && S_ISREG(stat->st_mode)};

	snprintf(input.path, sizeof(input.path), "%s", path);
	if (input.is_file) {
		input.dev = stat->st_dev;
		input.ino = stat->st_ino;
		input.mtime_ms = (int64_t)stat->st_mtim.tv_sec * 1000;
	}
	const struct put put = {.kind = PUT_INPUT,
				.input = str_of((const char *)&input, sizeof(input))};

	return pack_put(queue_of(store), &put, err);
}

int store_input_at(struct store *store, uint64_t offset, uint64_t lines, struct err *err)
{
	const struct put put = {.kind = PUT_AT, .at = {offset, lines}};

	return pack_put(queue_of(store), &put, err);
}

int store_settle_loss(struct store *store, enum loss_kind kind, struct str text, struct err *err)
{
	const struct put put = {.kind = PUT_SETTLE,
				.settle = {kind, mark_of(store->text_key, text)}};

	return pack_put(queue_of(store), &put, err);
}

int store_input_head(struct store *store, struct str first_line, struct err *err)
{
	const struct put put = {.kind = PUT_HEAD, .head = mark_of(store->text_key, first_line)};

	return pack_put(queue_of(store), &put, err);
}

int store_select(struct store *store, unsigned slot, struct err *err)
{
	if (slot >= STORE_SLOTS)
		return err_set(err, EINVAL, "there is no slot %u", slot);
	if (slot == store->selected)
		return 0;
	const struct put put = {.kind = PUT_SELECT, .slot = slot};
	int result = pack_put(queue_of(store), &put, err);

	if (result == 0)
		store->selected = slot;
	return result;
}

int store_put_cursor(struct store *store, const char *source, struct str place, struct err *err)
{
	const struct put put = {.kind = PUT_CURSOR, .cursor = {str_from(source), place}};

	return pack_put(queue_of(store), &put, err);
}

int store_put_container(struct store *store, struct str node, const struct container *container,
			struct err *err)
{
	struct put put = {.kind = PUT_CONTAINER, .node = node, .container = *container};

	put.container.has_profile &= container->profile.n <= PROFILE_MAX;
	if (!put.container.has_profile)
		put.container.profile = str_of(NULL, 0);
	return pack_put(queue_of(store), &put, err);
}

int store_put_ended(struct store *store, struct str node, struct str container, int64_t ms,
		    struct err *err)
{
	const struct put put = {.kind = PUT_ENDED, .node = node, .ended = {container, ms}};

	return pack_put(queue_of(store), &put, err);
}

int store_put_in_force(struct store *store, const struct store_in_force *in_force, struct err *err)
{
	const struct put put = {
		.kind = PUT_IN_FORCE, .node = in_force->node, .in_force = *in_force};

	return in_force->profile.n > PROFILE_MAX ? 0 : pack_put(queue_of(store), &put, err);
}

int store_put_lifetime(struct store *store, struct str node, const struct store_lifetime *lifetime,
		       struct err *err)
{
	const struct put put = {.kind = PUT_LIFETIME, .node = node, .lifetime = *lifetime};

	return pack_put(queue_of(store), &put, err);
}

struct put_counts store_put_counts(struct store *store)
{
	return store->queue ? queue_counts(store->queue) : store->counts;
}

int store_commit(struct store *store, struct err *err)
{
	return store->queue ? queue_commit(store->queue, err) : 0;
}

int store_commit_soon(struct store *store, struct err *err)
{
	return store->queue ? queue_commit_soon(store->queue, err) : 0;
}

void store_set_patient(struct store *store, bool patient)
{
	store->patient = patient;
	sqlite3_busy_timeout(store->sql.db, patient ? PATIENT_BUSY_MS : SQL_BUSY_TIMEOUT_MS);
}

/* An event and its container, a loss with its detail, an input: the largest things that one line
 * brings, and some of them together. */
#define LINE_ROOM 131072

bool store_has_room(struct store *store)
{
	return !store->queue || queue_has_room(store->queue, LINE_ROOM);
}

const char *store_trouble(struct store *store)
{
	if (!store->queue || !queue_trouble(store->queue, store->trouble, sizeof(store->trouble)))
		return NULL;
	return store->trouble;
}

size_t store_waiting(const struct store *store)
{
	return store->queue ? queue_waiting(store->queue) : 0;
}

int store_claim(struct store *store, struct err *err)
{
	if (store->mode == STORE_MEMORY || store->claim >= 0)
		return 0;
	int fd = claim_take(store->path, err);

	if (fd < 0)
		return fd;
	store->claim = fd;
	return 0;
}

void store_set_parts(struct store *store, const struct store_parts *parts)
{
	store->parts = *parts;
}

struct sql *store_asking(struct store *store, struct err *err)
{
	if (!store->queue)
		return &store->sql;
	/* A store in memory has one connection only. */
	if (store->mode == STORE_MEMORY)
		return queue_settle(store->queue, err) < 0 ? NULL : &store->sql;
	unsigned remade = __atomic_load_n(&store->remade, __ATOMIC_RELAXED);

	if (store->reader.db && store->remade_read == remade)
		return &store->reader;
	MEM_AUTO char *name = file_name(store->path);

	sql_close(&store->reader);
	if (sql_open(&store->reader, name, store->path, SQLITE_OPEN_READONLY, err) < 0) {
		sql_close(&store->reader);
		return NULL;
	}
	store->remade_read = remade;
	store->reader.schema = SCHEMA_VERSION;
	return &store->reader;
}

int store_read_before(struct store *store, struct str first_line, uint64_t *ret_offset,
		      struct err *err)
{
	struct sql *sql = store_asking(store, err);
	sqlite3_stmt *find = SQL_GET(sql, "SELECT max(offset) FROM input WHERE head = ?1", err,
				     sql_int(mark_of(store->text_key, first_line)));

	*ret_offset = 0;
	int result = sql_step(sql, find, err);

	if (result > 0 && sqlite3_column_type(find, 0) == SQLITE_NULL)
		result = 0;
	if (result > 0)
		*ret_offset = (uint64_t)sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return result;
}

int store_cursor(struct store *store, const char *source, struct buf *ret_place, struct err *err)
{
	struct sql *sql = store_asking(store, err);

	if (sql && sql->schema < 2)
		return 0;
	sqlite3_stmt *find = SQL_GET(sql, "SELECT place FROM cursor WHERE source = ?1", err,
				     sql_text(str_from(source)));
	int result = sql_step(sql, find, err);

	if (result > 0)
		buf_put_str(ret_place, sql_column_bytes(find, 0));
	sqlite3_reset(find);
	return result < 0 ? result : 0;
}

int store_lifetimes(struct store *store, struct str node, store_lifetime_fn *each, void *context,
		    struct err *err)
{
	char label_bytes[NODE_LABEL_SIZE];
	struct str label = node_label(node, label_bytes);
	struct sql *sql = store_asking(store, err);

	if (sql && sql->schema < 2)
		return 0;
	int64_t id;
	int result = sql_find(sql, SQL_GET(sql, NODE_FIND, err, sql_text(label)), &id, err);

	return result > 0 ? lifetimes_load(sql, id, each, context, err) : result;
}
