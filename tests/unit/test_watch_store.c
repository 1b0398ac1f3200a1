/*
 * The store as a watch uses it: several inputs at once, a disk that is full, being killed, what is
 * known of containers and processes, and records whose container becomes known later. Expected
 * values are plain lists that the test keeps itself, or counted by hand.
 */
#include "live/hidden.h"
#include "tests/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

/* An event is spoken of by what matters in it. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MINUTE 60000ll
#define START  (29921701ll * MINUTE) /* 2026-11-21T23:01Z */

/* A store as sclog wrote it when its schema was version 1: three records of a log, and one of a
 * container "web"; serials 103 to 109 were lost. */
static const char version_1[] =
	"CREATE TABLE container (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES"
	" node, cid TEXT NOT NULL, name TEXT NOT NULL, runtime TEXT NOT NULL, image TEXT NOT"
	" NULL, pod TEXT NOT NULL, namespace TEXT NOT NULL, workload TEXT NOT NULL, caps"
	" INTEGER, coverage INTEGER NOT NULL, UNIQUE (node, cid));"
	"INSERT INTO \"container\" VALUES(1,1,'web','web','','','','','',NULL,0);"
	"CREATE TABLE hour (series INTEGER NOT NULL REFERENCES series, hour INTEGER NOT"
	" NULL, count INTEGER NOT NULL, first INTEGER, last INTEGER, minutes BLOB, PRIMARY"
	" KEY (series, hour)) WITHOUT ROWID;"
	"INSERT INTO \"hour\" VALUES(1,498695,1,1795302094062,1795302094062,X'01038E8A02');"
	"INSERT INTO \"hour\" VALUES(2,498695,2,1795302094066,1795302094070,X'0104928A0204');"
	"INSERT INTO \"hour\" VALUES(3,498695,1,1795302095000,1795302095000,X'0103B89102');"
	"CREATE TABLE input (path TEXT NOT NULL, dev INTEGER NOT NULL, ino INTEGER NOT NULL,"
	" head INTEGER NOT NULL, offset INTEGER NOT NULL, lines INTEGER NOT NULL, at INTEGER"
	" NOT NULL, PRIMARY KEY (path, dev, ino, head)) WITHOUT ROWID;"
	"INSERT INTO \"input\""
	" VALUES('a.log',65024,10986194,-5506563533941034505,673,4,1795321616000);"
	"CREATE TABLE loss (node INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT"
	" NULL, mark INTEGER NOT NULL, count INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY"
	" KEY (node, kind, at, mark)) WITHOUT ROWID;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"INSERT INTO \"meta\" VALUES('text_key',-7653066509272108919);"
	"CREATE TABLE node (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE, name TEXT"
	" NOT NULL);"
	"INSERT INTO \"node\" VALUES(1,'vm','vm');"
	"CREATE TABLE program (id INTEGER PRIMARY KEY, comm, exe);"
	"INSERT INTO \"program\" VALUES(1,'storm','/tmp/storm');"
	"INSERT INTO \"program\" VALUES(2,'nginx','/usr/sbin/nginx');"
	"CREATE TABLE seen (node INTEGER NOT NULL, minute INTEGER NOT NULL, block INTEGER"
	" NOT NULL, serials BLOB NOT NULL, PRIMARY KEY (node, minute, block)) WITHOUT ROWID;"
	"INSERT INTO \"seen\" VALUES(1,29921701,0,X'3F5D9C940421270038C40E');"
	"CREATE TABLE seen_text (node INTEGER NOT NULL, minute INTEGER NOT NULL, marks BLOB"
	" NOT NULL, PRIMARY KEY (node, minute)) WITHOUT ROWID;"
	"CREATE TABLE series (id INTEGER PRIMARY KEY, program INTEGER NOT NULL REFERENCES"
	" program, nr INTEGER NOT NULL, container INTEGER REFERENCES container, node INTEGER"
	" NOT NULL REFERENCES node, arch INTEGER, code INTEGER NOT NULL, attribution INTEGER"
	" NOT NULL, reason INTEGER NOT NULL, phase INTEGER NOT NULL, source INTEGER NOT"
	" NULL, coverage INTEGER NOT NULL, syscall TEXT, arch_name TEXT, action TEXT NOT"
	" NULL, pid INTEGER NOT NULL, ip INTEGER NOT NULL);"
	"INSERT INTO \"series\""
	" VALUES(1,1,110,NULL,1,3221225534,2147221504,2,1,0,0,0,'getppid','x86_64','LOG',"
	"21073,140541377415209);"
	"INSERT INTO \"series\""
	" VALUES(2,1,39,NULL,1,3221225534,2147221504,2,1,0,0,0,'getpid','x86_64','LOG',21"
	"073,140541377415209);"
	"INSERT INTO \"series\""
	" VALUES(3,2,161,1,1,3221225534,2147221504,0,0,0,0,0,'chroot','x86_64','LOG',2107"
	"3,140541377415209);"
	"CREATE TABLE span (node INTEGER NOT NULL, complete INTEGER NOT NULL, first_serial"
	" INTEGER NOT NULL, last_serial INTEGER NOT NULL, first INTEGER NOT NULL, last"
	" INTEGER NOT NULL, missing INTEGER NOT NULL);"
	"INSERT INTO \"span\" VALUES(1,1,100,102,1795302094062,1795302094066,0);"
	"INSERT INTO \"span\" VALUES(1,1,110,110,1795302094070,1795302094070,0);"
	"INSERT INTO \"span\" VALUES(1,0,111,111,1795302095000,1795302095000,0);"
	"CREATE TABLE word (kind TEXT NOT NULL, number INTEGER NOT NULL, word TEXT NOT NULL,"
	" PRIMARY KEY (kind, number)) WITHOUT ROWID;"
	"INSERT INTO \"word\" VALUES('attribution',0,'container');"
	"INSERT INTO \"word\" VALUES('attribution',1,'host');"
	"INSERT INTO \"word\" VALUES('attribution',2,'unattributed');"
	"INSERT INTO \"word\" VALUES('phase',0,'application');"
	"INSERT INTO \"word\" VALUES('phase',1,'setup');"
	"INSERT INTO \"word\" VALUES('phase',2,'exec');"
	"INSERT INTO \"word\" VALUES('reason',0,'');"
	"INSERT INTO \"word\" VALUES('reason',1,'a log alone does not name containers');"
	"INSERT INTO \"word\" VALUES('reason',2,'process gone');"
	"INSERT INTO \"word\" VALUES('reason',3,'no lifetime on file');"
	"INSERT INTO \"word\" VALUES('source',0,'log');"
	"INSERT INTO \"word\" VALUES('source',1,'syslog');"
	"INSERT INTO \"word\" VALUES('source',2,'journal');"
	"INSERT INTO \"word\" VALUES('source',3,'netlink');"
	"INSERT INTO \"word\" VALUES('source',4,'strace');"
	"CREATE INDEX program_name ON program (comm, exe);"
	"CREATE INDEX series_key ON series (program, nr, node, container);"
	"CREATE INDEX span_time ON span (node, first);"
	"CREATE VIEW series_total AS SELECT series, sum(count) AS count, min(first) AS"
	" first, max(last) AS last FROM hour GROUP BY series;"
	"CREATE VIEW observation AS SELECT n.name AS node, c.name AS container, c.cid AS"
	" container_id, c.image, c.pod, c.namespace, (SELECT word FROM word WHERE kind ="
	" 'attribution' AND number = s.attribution) AS attribution, (SELECT word FROM word"
	" WHERE kind = 'reason' AND number = s.reason) AS reason, (SELECT word FROM word"
	" WHERE kind = 'phase' AND number = s.phase) AS phase, (SELECT word FROM word WHERE"
	" kind = 'source' AND number = s.source) AS source, p.comm, p.exe, s.syscall, s.nr,"
	" s.arch_name AS arch, s.action, t.count, strftime('%Y-%m-%dT%H:%M:%fZ', t.first /"
	" 1000.0, 'unixepoch') AS first, strftime('%Y-%m-%dT%H:%M:%fZ', t.last / 1000.0,"
	" 'unixepoch') AS last, s.pid, printf('0x%x', s.ip) AS ip FROM series s JOIN"
	" series_total t ON t.series = s.id JOIN node n ON n.id = s.node JOIN program p ON"
	" p.id = s.program LEFT JOIN container c ON c.id = s.container;"
	"CREATE VIEW observation_hour AS SELECT n.name AS node, c.name AS container, p.comm,"
	" p.exe, s.syscall, s.nr, s.action, strftime('%Y-%m-%dT%H:00Z', h.hour * 3600,"
	" 'unixepoch') AS hour, h.count FROM hour h JOIN series s ON s.id = h.series JOIN"
	" node n ON n.id = s.node JOIN program p ON p.id = s.program LEFT JOIN container c"
	" ON c.id = s.container;"
	"CREATE VIEW syscall_total AS SELECT node, container, syscall, action, sum(count) AS"
	" count, min(first) AS first, max(last) AS last FROM observation GROUP BY node,"
	" container, syscall, action;"
	"PRAGMA user_version = 1; PRAGMA application_id = 1396919367;";

static const struct container web = {.id = {"0123abcd", 8}, .name = {"web", 3}};
static const struct container database = {.id = {"4567ef01", 8}, .name = {"database", 8}};

/* An event, as tests speak of one. */
struct given {
	int64_t ms;
	uint32_t serial; /* 0: none */
	const char *comm;
	int32_t nr;
	const struct container *container;
	enum attribution attribution; /* without a container: host or not known */
	enum source_kind source;
	bool full_stream;
};

static int try_put(struct store *store, const struct given *given, struct err *err)
{
	struct record record = {
		.ms = given->ms,
		.serial = given->serial,
		.has_serial = given->serial != 0,
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = given->nr,
		.code = 0x7ffc0000,
		.pid = 1,
		.comm = str_from(given->comm),
		.exe = STR("/bin/x"),
	};
	struct event event = {
		.record = &record,
		.container = given->container,
		.attribution = given->container     ? ATTRIBUTION_CONTAINER
			       : given->attribution ? given->attribution
						    : ATTRIBUTION_UNATTRIBUTED,
		.source = given->source,
		.trust = TRUST_KERNEL,
		.full_stream = given->full_stream,
		.node = STR("vm"),
	};

	return store_put(store, &event, str_from(given->comm), err);
}

static void put(struct store *store, const struct given *given)
{
	struct err err = ERR_INIT;

	if (try_put(store, given, &err) < 0)
		fail_msg("%s", err.message);
}

static void begin(struct store *store, const char *path)
{
	struct stat stat = {.st_mode = S_IFREG, .st_dev = 1, .st_ino = (ino_t)path[0]};
	struct err err = ERR_INIT;

	assert_int_equal(store_input_begin(store, path, &stat, &err), 0);
}

static void select_slot(struct store *store, unsigned slot)
{
	struct err err = ERR_INIT;

	assert_int_equal(store_select(store, slot, &err), 0);
}

static int64_t number(const char *path, const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 60000);
	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);

	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

static int64_t total(const char *path)
{
	return number(path, "SELECT coalesce(sum(count), 0) FROM hour");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int add_text(const struct observation *observation, void *context)
{
	if (observation->trust == TRUST_TEXT)
		*(uint64_t *)context += observation->count;
	return 0;
}

static uint64_t text_records(struct store *store)
{
	static const struct selection everything;
	struct err err = ERR_INIT;
	uint64_t count = 0;

	assert_int_equal(query_observations(store, &everything, add_text, &count, &err), 0);
	return count;
}

/* Words that another sclog wrote are those of this one as soon as it writes. */
static void test_words(void **state)
{
	struct stores *fixture = *state;

	close_store(fixture, 0);
	run_sql(fixture->path[0], "DELETE FROM word WHERE kind = 'reason' AND number = 2;"
				  "UPDATE word SET word = 'rumour' WHERE kind = 'trust';");
	open_store(fixture, 0);
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM word WHERE word ="
						  " 'process gone'"),
			 1);
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM word WHERE word ="
						  " 'rumour'"),
			 0);
}

/* An older store becomes one of today, with all that it holds, and can be read before. */
static void test_migration(void **state)
{
	struct stores *fixture = *state;
	static const struct selection everything;
	struct losses losses;
	struct err err = ERR_INIT;

	run_sql(fixture->path[1], version_1);
	/* of the journal it is not known whether a text of it was read */
	run_sql(fixture->path[1], "UPDATE series SET source = 2 WHERE id = 3");
	assert_int_equal(store_open(fixture->path[1], STORE_READ, NULL, &fixture->store[1], &err),
			 0);
	assert_int_equal(text_records(fixture->store[1]), 1);
	losses = losses_of(fixture->store[1], 0);
	assert_int_equal(losses.known, 7);
	assert_non_null(strstr(losses.last, "serials 103-109"));
	close_store(fixture, 1);
	assert_int_equal(number(fixture->path[1], "PRAGMA user_version"), 1);

	open_store(fixture, 1);
	assert_int_equal(number(fixture->path[1], "PRAGMA user_version"), 3);
	assert_int_equal(text_records(fixture->store[1]), 1);
	assert_int_equal(number(fixture->path[1], "SELECT count FROM observation WHERE trust ="
						  " 'text' AND comm = 'nginx'"),
			 1);
	put(fixture->store[1], &(struct given){1795302094066, 102, "storm", 39, NULL});
	put(fixture->store[1], &(struct given){1795302094067, 103, "storm", 39, NULL});
	/* whether an event of version 1 waits for a container is not known: it stays */
	put(fixture->store[1], &(struct given){1795302094066, 102, "storm", 39, &web});
	commit(fixture->store[1]);
	assert_int_equal(store_put_counts(fixture->store[1]).duplicates, 2);
	assert_int_equal(store_put_counts(fixture->store[1]).reattributed, 0);
	assert_int_equal(total(fixture->path[1]), 5);
	assert_int_equal(losses_of(fixture->store[1], 0).known, 7);
	assert_int_equal(number(fixture->path[1], "SELECT count(*) FROM observation"), 4);
	assert_int_equal(query_losses(fixture->store[1], &everything, take_loss, &losses, &err), 0);
}

static void test_an_older_store_is_merged(void **state)
{
	struct stores *fixture = *state;
	struct merge_result result;
	struct err err = ERR_INIT;

	run_sql(fixture->path[1], version_1);
	for (int again = 0; again < 2; again++) {
		if (store_merge(fixture->store[0], fixture->path[1], &result, &err) < 0)
			fail_msg("%s", err.message);
		assert_int_equal(result.added, again ? 0 : 4);
		assert_int_equal(total(fixture->path[0]), 4);
	}
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM container"), 1);
}

/* A line of one of two inputs. */
struct line {
	uint32_t serial; /* 0: a line without one */
	bool is_seccomp;
	int32_t nr;
	int64_t ms;
};

#define LINES 4000

static void feed_line(struct store *store, const struct line *line, uint64_t offset)
{
	struct given given = {.ms = line->ms,
			      .serial = line->serial,
			      .comm = line->nr ? "a" : "b",
			      .nr = line->nr,
			      .full_stream = line->serial != 0};
	struct err err = ERR_INIT;

	if (line->is_seccomp)
		put(store, &given);
	else
		assert_int_equal(store_note_serial(store, STR("vm"), line->ms, line->serial,
						   TRUST_KERNEL, false, &err),
				 0);
	assert_int_equal(store_input_at(store, offset, offset, &err), 0);
}

/* Two logs of the same node: one of all types with holes, one with other parts of it and lines
 * without serials. */
static void make_lines(struct line *lines, uint32_t hole)
{
	for (uint32_t i = 0; i < LINES; i++) {
		bool text = i % 11 == 5;
		uint32_t serial = 1000 + i + i / 500 * hole;

		/* what has the same serial is the same event; each input begins with another one */
		lines[i] = (struct line){
			.serial = text ? 0 : serial,
			.is_seccomp = text || (i % 2500 && serial / 3 % 2),
			.nr = (int32_t)(text ? i % 2 : serial % 3),
			.ms = START + (text ? i / 100 * 100 : serial) * 20,
		};
	}
}

/* Everything in a store but its numbers. */
static const char *const contents[] = {
	"SELECT group_concat(x, ';') FROM (SELECT n.label || p.comm || s.nr || s.source || '-' ||"
	" h.hour || '-' || h.count || '-' || h.first || '-' || h.last || hex(h.minutes) AS x"
	" FROM hour h JOIN series s ON s.id = h.series JOIN program p ON p.id = s.program"
	" JOIN node n ON n.id = s.node ORDER BY x)",
	"SELECT group_concat(x, ';') FROM (SELECT complete || '-' || first_serial || '-' ||"
	" last_serial || '-' || first || '-' || last || '-' || missing AS x FROM span ORDER BY x)",
	"SELECT group_concat(x, ';') FROM (SELECT minute || '-' || block || hex(serials) AS x"
	" FROM seen ORDER BY x)",
	"SELECT group_concat(x, ';') FROM (SELECT minute || length(marks) AS x FROM seen_text"
	" ORDER BY x)",
	"SELECT group_concat(x, ';') FROM (SELECT path || '-' || offset AS x FROM input ORDER BY x)",
};

static void content(const char *path, const char *text, char **ret_content)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	const char *bytes = (const char *)sqlite3_column_text(statement, 0);

	*ret_content = strdup(bytes ? bytes : "");
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void same_contents(const struct stores *fixture)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		char *ours, *theirs;

		content(fixture->path[0], contents[i], &ours);
		content(fixture->path[1], contents[i], &theirs);
		assert_true(ours[0]);
		assert_string_equal(ours, theirs);
		free(ours);
		free(theirs);
	}
}

/* Two inputs read by turns give what they give one after the other. */
static void test_slots(void **state)
{
	static struct line lines[2][LINES];
	struct stores *fixture = *state;
	size_t at[2] = {0, 0};

	srandom(3);
	make_lines(lines[0], 4);
	make_lines(lines[1], 7);
	for (int input = 0; input < 2; input++) {
		begin(fixture->store[0], input ? "b.log" : "a.log");
		for (size_t i = 0; i < LINES; i++)
			feed_line(fixture->store[0], &lines[input][i], i + 1);
	}
	commit(fixture->store[0]);
	open_store(fixture, 1);
	for (unsigned input = 0; input < 2; input++) {
		select_slot(fixture->store[1], input * 5);
		begin(fixture->store[1], input ? "b.log" : "a.log");
	}
	while (at[0] < LINES || at[1] < LINES) {
		unsigned input = at[1] == LINES || (at[0] < LINES && random_below(2)) ? 0 : 1;

		select_slot(fixture->store[1], input * 5);
		for (uint32_t n = random_below(20); n-- > 0 && at[input] < LINES; at[input]++)
			feed_line(fixture->store[1], &lines[input][at[input]], at[input] + 1);
	}
	commit(fixture->store[1]);
	same_contents(fixture);
	struct err err = ERR_INIT;

	assert_int_equal(store_select(fixture->store[1], STORE_SLOTS, &err), -EINVAL);
}

/* Questions while something is put: what is committed is the answer. */
static void test_questions(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];
	struct err err = ERR_INIT;
	BUF_AUTO place = {0};
	uint64_t offset;

	assert_int_equal(store_read_before(store, STR("first"), &offset, &err), 0);
	begin(store, "a.log");
	assert_int_equal(store_input_head(store, STR("first"), &err), 0);
	for (uint32_t i = 1; i <= 30000; i++)
		put(store, &(struct given){START + i, i, "a", 0, NULL});
	assert_int_equal(store_input_at(store, 500, 5, &err), 0);
	assert_int_equal(store_put_cursor(store, "journal", STR("s=1;i=2"), &err), 0);
	assert_int_equal(store_read_before(store, STR("first"), &offset, &err), 0);
	assert_int_equal(store_cursor(store, "journal", &place, &err), 0);
	assert_int_equal(place.n, 0);
	commit(store);
	assert_int_equal(store_read_before(store, STR("first"), &offset, &err), 1);
	assert_int_equal(offset, 500);
	assert_int_equal(store_read_before(store, STR("second"), &offset, &err), 0);
	buf_put_str(&place, STR("at "));
	assert_int_equal(store_cursor(store, "journal", &place, &err), 0);
	assert_string_equal(place.p, "at s=1;i=2");
	/* by any name, the farthest; and again from the beginning is no step back */
	begin(store, "renamed.log");
	assert_int_equal(store_input_head(store, STR("first"), &err), 0);
	assert_int_equal(store_input_at(store, 900, 9, &err), 0);
	begin(store, "a.log");
	assert_int_equal(store_input_head(store, STR("first"), &err), 0);
	assert_int_equal(store_input_at(store, 100, 1, &err), 0);
	assert_int_equal(store_put_cursor(store, "journal", STR("s=1;i=3"), &err), 0);
	commit(store);
	assert_int_equal(store_read_before(store, STR("first"), &offset, &err), 1);
	assert_int_equal(offset, 900);
	assert_int_equal(number(fixture->path[0], "SELECT max(offset) FROM input"
						  " WHERE path = 'a.log'"),
			 500);
	buf_clear(&place);
	assert_int_equal(store_cursor(store, "journal", &place, &err), 0);
	assert_string_equal(place.p, "s=1;i=3");
}

/* A commit that nobody waits for comes all the same: within a second, on a machine with time. */
static void test_commit_soon(void **state)
{
	struct stores *fixture = *state;
	struct err err = ERR_INIT;
	int waited = 0;

	for (uint32_t i = 1; i <= 10; i++)
		put(fixture->store[0], &(struct given){START, i, "a", 0, NULL});
	assert_int_equal(store_commit_soon(fixture->store[0], &err), 0);
	while (total(fixture->path[0]) < 10 && waited++ < 2000)
		pause_ms(10);
	assert_int_equal(total(fixture->path[0]), 10);
}

struct known {
	size_t count;
	struct container last;
	char text[256];
};

static int take_container(const struct container_summary *summary, void *context)
{
	struct known *known = context;
	const struct container *container = &summary->container;

	known->count++;
	known->last = *container;
	snprintf(known->text, sizeof(known->text), "%.*s/%.*s/%.*s/%.*s/%.*s/%.*s/%s/%llx/%.*s",
		 (int)container->id.n, container->id.p, (int)container->name.n, container->name.p,
		 (int)container->runtime.n, container->runtime.p, (int)container->image.n,
		 container->image.p, (int)container->pod.n, container->pod.p,
		 (int)container->namespace.n, container->namespace.p,
		 coverage_name(container->coverage),
		 container->has_caps ? (unsigned long long)container->caps : 0xffff,
		 container->has_profile ? (int)container->profile.n : 1,
		 container->has_profile ? container->profile.p : "?");
	return 0;
}

static struct known known_containers(struct store *store)
{
	static const struct selection everything;
	struct known known = {0};
	struct err err = ERR_INIT;

	if (query_containers(store, &everything, take_container, &known, &err) < 0)
		fail_msg("%s", err.message);
	return known;
}

/* What is learned of a container stays, and doubles nothing. */
static void test_containers(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];
	struct err err = ERR_INIT;
	struct container bare = {.id = STR("0123abcd")};
	struct container full = {.id = STR("0123abcd"),
				 .name = STR("web"),
				 .runtime = STR("docker"),
				 .image = STR("nginx:1"),
				 .pod = STR("p"),
				 .namespace = STR("n"),
				 .has_caps = true,
				 .caps = 0x20,
				 .has_profile = true,
				 .profile = STR("{\"defaultAction\":\"SCMP_ACT_LOG\"}"),
				 .coverage = COVERAGE_FULL};
	struct container again = {.id = STR("0123abcd"), .image = STR("nginx:2")};
	struct container other = full;
	struct container stripped = full;

	put(store, &(struct given){START, 1, "a", 0, &bare});
	commit(store);
	assert_string_equal(known_containers(store).text, "0123abcd//////unknown/ffff/?");
	assert_int_equal(store_put_container(store, STR("vm"), &full, &err), 0);
	put(store, &(struct given){START, 2, "a", 0, &bare});
	commit(store);
	assert_string_equal(known_containers(store).text, "0123abcd/web/docker/nginx:1/p/n/full/20/"
							  "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
	assert_int_equal(store_put_container(store, STR("vm.example.org"), &again, &err), 0);
	/* an event's container comes without the text of its profile: that says nothing of it */
	stripped.profile = str_of(NULL, 0);
	put(store, &(struct given){START, 3, "a", 0, &stripped});
	commit(store);
	assert_string_equal(known_containers(store).text, "0123abcd/web/docker/nginx:2/p/n/full/20/"
							  "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM series"), 1);
	assert_int_equal(number(fixture->path[0], "SELECT count FROM observation"
						  " WHERE container = 'web'"),
			 3);
	/* the same profile is kept once; no profile in force is known too */
	other.id = STR("4567ef01");
	assert_int_equal(store_put_container(store, STR("vm"), &other, &err), 0);
	commit(store);
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM profile"), 1);
	other.profile = str_of(NULL, 0);
	assert_int_equal(store_put_container(store, STR("vm"), &other, &err), 0);
	commit(store);
	struct known known = known_containers(store);

	assert_int_equal(known.count, 2);
	assert_true(known.last.has_profile);
	assert_int_equal(known.last.profile.n, 0);
	/* another store learns all of it */
	struct merge_result result;

	open_store(fixture, 1);
	assert_int_equal(store_merge(fixture->store[1], fixture->path[0], &result, &err), 0);
	assert_int_equal(known_containers(fixture->store[1]).count, 2);
	assert_int_equal(number(fixture->path[1], "SELECT count(*) FROM container c"
						  " JOIN profile p ON p.id = c.profile"),
			 2);
}

/* A profile larger than a batch. */
static void test_a_large_profile(void **state)
{
	struct stores *fixture = *state;
	size_t n = 900000;
	char *text = malloc(n);
	struct container container = {
		.id = STR("0123abcd"), .has_profile = true, .profile = {text, n}};
	struct err err = ERR_INIT;

	assert_non_null(text);
	memset(text, 'x', n);
	put(fixture->store[0], &(struct given){START, 1, "a", 0, &container});
	assert_int_equal(store_put_container(fixture->store[0], STR("vm"), &container, &err), 0);
	put(fixture->store[0], &(struct given){START, 2, "a", 0, &container});
	commit(fixture->store[0]);
	assert_int_equal(number(fixture->path[0], "SELECT length(json) FROM profile"), n);
	assert_int_equal(total(fixture->path[0]), 2);
	free(text);
}

struct lifetimes {
	size_t count;
	struct {
		uint32_t pid;
		int64_t start_ms, end_ms;
		bool entering;
		char container;
	} all[64];
};

static int take_lifetime(void *context, const struct store_lifetime *lifetime)
{
	struct lifetimes *lifetimes = context;

	if (lifetimes->count < 64) {
		lifetimes->all[lifetimes->count].pid = lifetime->pid;
		lifetimes->all[lifetimes->count].start_ms = lifetime->start_ms;
		lifetimes->all[lifetimes->count].end_ms = lifetime->end_ms;
		lifetimes->all[lifetimes->count].entering = lifetime->entering;
		lifetimes->all[lifetimes->count].container =
			lifetime->container ? lifetime->container->name.p[0] : '-';
	}
	lifetimes->count++;
	return 0;
}

static struct lifetimes lifetimes_of(struct store *store, const char *node)
{
	struct lifetimes lifetimes = {0};
	struct err err = ERR_INIT;

	if (store_lifetimes(store, str_from(node), take_lifetime, &lifetimes, &err) < 0)
		fail_msg("%s", err.message);
	return lifetimes;
}

static void put_lifetime(struct store *store, uint32_t pid, int64_t start_ms, int64_t end_ms,
			 bool entering, const struct container *container)
{
	struct store_lifetime lifetime = {pid, start_ms, end_ms, entering, container};
	struct err err = ERR_INIT;

	assert_int_equal(store_put_lifetime(store, STR("vm"), &lifetime, &err), 0);
}

static int count_containers(const struct container_summary *summary, void *context)
{
	(void)summary;
	++*(int *)context;
	return 0;
}

static int containers_of(struct store *store, const struct selection *selection)
{
	struct err err = ERR_INIT;
	int count = 0;

	if (query_known_containers(store, selection, count_containers, &count, &err) < 0)
		fail_msg("%s", err.message);
	return count;
}

/* Every host runs services; what has no record is no container that anybody asks about. */
static void test_idle_services(void **state)
{
	struct stores *fixture = *state;
	static const struct container service = {
		.id = STR("ssh.service"), .name = STR("ssh.service"), .runtime = STR("systemd")};
	const char *name = "ssh.service";
	const struct selection all = {0}, named = {.container = {.values = &name, .count = 1}};

	put_lifetime(fixture->store[0], 10, START, 0, false, &service);
	put_lifetime(fixture->store[0], 11, START, 0, false, &web);
	commit(fixture->store[0]);
	assert_int_equal(containers_of(fixture->store[0], &all), 1);
	assert_int_equal(containers_of(fixture->store[0], &named), 1);
	put(fixture->store[0], &(struct given){.ms = START,
					       .serial = 7,
					       .comm = "sshd",
					       .nr = 1,
					       .container = &service,
					       .full_stream = true});
	commit(fixture->store[0]);
	assert_int_equal(containers_of(fixture->store[0], &all), 2);
}

static void test_lifetimes(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];

	setenv("SCLOG_NOW", "@1795302094", 1);
	put_lifetime(store, 10, START, 0, false, &web);
	put_lifetime(store, 11, START + 5, START + 5, true, &web);
	put_lifetime(store, 12, START + 7, 0, false, NULL);
	put_lifetime(store, 12, START + 7, START + 9, false, &database);
	assert_int_equal(lifetimes_of(store, "vm").count, 0);
	commit(store);
	put_lifetime(store, 10, START, START + 900, false, &web);
	put_lifetime(store, 10, START + 1000, 0, false, &web);
	commit(store);
	close_store(fixture, 0);
	open_store(fixture, 0);
	struct lifetimes lifetimes = lifetimes_of(fixture->store[0], "vm.example.org");

	assert_int_equal(lifetimes.count, 4);
	assert_int_equal(lifetimes.all[0].pid, 11);
	assert_int_equal(lifetimes.all[0].end_ms, START + 5);
	assert_true(lifetimes.all[0].entering);
	assert_int_equal(lifetimes.all[1].pid, 12);
	assert_int_equal(lifetimes.all[1].container, 'd');
	assert_int_equal(lifetimes.all[1].start_ms, START + 7);
	assert_int_equal(lifetimes.all[1].end_ms, START + 9);
	assert_int_equal(lifetimes.all[2].pid, 10);
	assert_int_equal(lifetimes.all[2].end_ms, START + 900);
	assert_int_equal(lifetimes.all[3].start_ms, START + 1000);
	assert_int_equal(lifetimes.all[3].end_ms, 0);
	assert_int_equal(lifetimes.all[3].container, 'w');
	assert_int_equal(lifetimes_of(fixture->store[0], "other").count, 0);
	/* ten minutes later they are gone, but what is put now */
	setenv("SCLOG_NOW", "@1795302695", 1);
	put_lifetime(fixture->store[0], 13, START + 600000, 0, false, &web);
	commit(fixture->store[0]);
	lifetimes = lifetimes_of(fixture->store[0], "vm");
	assert_int_equal(lifetimes.count, 1);
	assert_int_equal(lifetimes.all[0].pid, 13);
	unsetenv("SCLOG_NOW");
}

/* A thousand forks a second for ten minutes: each once, and a few bytes each on disk. */
static void test_many_lifetimes(void **state)
{
	struct stores *fixture = *state;

	setenv("SCLOG_NOW", "@1795302094", 1);
	for (uint32_t i = 0; i < 120000; i++) {
		put_lifetime(fixture->store[0], 1000 + i % 30000, START + i, 0, false, &web);
		put_lifetime(fixture->store[0], 1000 + i % 30000, START + i, START + i + 2, false,
			     &web);
		if (i % 1000 == 500)
			commit(fixture->store[0]);
	}
	commit(fixture->store[0]);
	assert_int_equal(lifetimes_of(fixture->store[0], "vm").count, 120000);
	assert_in_range(number(fixture->path[0], "SELECT sum(length(packed)) FROM lifetime"), 1,
			120000 * 5);
	unsetenv("SCLOG_NOW");
}

/* The one that watches. */
static void test_claim(void **state)
{
	struct stores *fixture = *state;
	struct store *memory;
	struct err err = ERR_INIT;
	int ready[2];
	char byte, text[64];

	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();

	if (child == 0) {
		open_store(fixture, 1);
		byte = store_claim(fixture->store[1], &err) == 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			pause_ms(120000);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	open_store(fixture, 1);
	assert_int_equal(store_claim(fixture->store[0], &err), 0); /* another store */
	assert_int_equal(store_claim(fixture->store[1], &err), -EBUSY);
	snprintf(text, sizeof(text), "process %ld", (long)child);
	assert_non_null(strstr(err.message, text));
	/* reading and writing are not claimed */
	put(fixture->store[1], &(struct given){START, 1, "a", 0, NULL});
	commit(fixture->store[1]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	err_clear(&err);
	assert_int_equal(store_claim(fixture->store[1], &err), 0);
	assert_int_equal(store_claim(fixture->store[1], &err), 0);
	assert_int_equal(store_open(NULL, STORE_MEMORY, NULL, &memory, &err), 0);
	assert_int_equal(store_claim(memory, &err), 0);
	store_close(memory);
	close(ready[0]);
	close(ready[1]);
}

static void put_loss(struct store *store, enum loss_kind kind, int64_t ms, uint64_t count)
{
	struct loss_note note = {
		.kind = kind, .ms = ms, .count = count, .node = STR("vm"), .text = STR("t")};
	struct err err = ERR_INIT;

	assert_int_equal(store_put_loss(store, &note, &err), 0);
}

/* Each kind of loss says what it is, and thousands of one do not drown the others. */
static void test_losses(void **state)
{
	static const struct {
		enum loss_kind kind;
		const char *words;
		uint64_t known;
	} rows[] = {
		{LOSS_OVERRUN, "arrived faster than they were read", 0},
		{LOSS_OUTRUN, "rotated away or cut", 0},
		{LOSS_UNOBSERVED, "nothing was watching", 0},
		{LOSS_DROPPED, "5 records were dropped: the store could not", 0},
		{LOSS_PROCESSES, "fork and exec events were lost", 0},
		{LOSS_CLOCK, "clock was changed", 0},
		{LOSS_GREW, "5 records were dropped by the kernel", 5},
	};
	struct stores *fixture = *state;
	struct losses losses;
	uint64_t known = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_loss(fixture->store[0], rows[i].kind, START, 5);
		commit(fixture->store[0]);
		losses = losses_of(fixture->store[0], 0);
		known += rows[i].known;
		assert_int_equal(losses.count, i + 1);
		assert_int_equal(losses.known, known);
		assert_non_null(strstr(losses.last, rows[i].words));
	}
	for (int i = 1; i < 1000; i++)
		put_loss(fixture->store[0], LOSS_GREW, START + i, 5);
	commit(fixture->store[0]);
	losses = losses_of(fixture->store[0], 0);
	assert_in_range(losses.count, 8, 150);
	assert_int_equal(losses.known, 5000);
	/* holes too: 400 of two serials each */
	for (uint32_t i = 0; i <= 400; i++)
		put(fixture->store[0], &(struct given){.ms = START + i * 1000,
						       .serial = 1 + i * 3,
						       .comm = "a",
						       .source = SOURCE_NETLINK,
						       .full_stream = true});
	commit(fixture->store[0]);
	losses = losses_of(fixture->store[0], 0);
	assert_in_range(losses.count, 8, 260);
	assert_int_equal(losses.known, 5800);
}

static int keep_since(const struct loss *loss, void *context)
{
	int64_t *since_ms = context;

	*since_ms = loss->has_since ? loss->since_ms : 0;
	return 0;
}

static int64_t since_of(struct store *store)
{
	const struct selection everything = {0};
	struct err err = ERR_INIT;
	int64_t since_ms = -1;

	commit(store);
	assert_int_equal(query_losses(store, &everything, keep_since, &since_ms, &err), 0);
	return since_ms;
}

/* What the kernel or the watch notices at once cannot be of a container that ended long before; a
 * running total tells of what was lost since the one before it; of others it is not known. */
static void test_since_when(void **state)
{
	struct stores *fixture = *state;

	for (int kind = 0; kind < LOSS_KIND_COUNT; kind++) {
		bool is_prompt = kind == LOSS_BACKLOG || kind == LOSS_RATE || kind == LOSS_QUEUE ||
				 kind == LOSS_OVERRUN || kind == LOSS_DROPPED ||
				 kind == LOSS_PROCESSES || kind == LOSS_GREW || kind == LOSS_HIDDEN;
		struct err err = ERR_INIT;
		struct store *store;

		assert_int_equal(store_open("", STORE_MEMORY, NULL, &store, &err), 0);
		put_loss(store, (enum loss_kind)kind, START, 5);
		int64_t since_ms = since_of(store);

		if (is_prompt)
			assert_in_range(since_ms, START - 60000, START);
		else
			assert_int_equal(since_ms, 0);
		store_close(store);
	}
	put_loss(fixture->store[0], LOSS_COUNTER, START, 5);
	put_loss(fixture->store[0], LOSS_COUNTER, START + 60000, 7);
	assert_int_equal(since_of(fixture->store[0]), START);
}

static int keep_end(const struct container_summary *summary, void *context)
{
	*(int64_t *)context = summary->ended_ms;
	return 0;
}

/* A container's end is kept, and undone when it runs again; one that is not there has none. */
static void test_an_end(void **state)
{
	static const int64_t ends_ms[] = {START, 0, START + 1};
	const struct container named = {.id = STR("0123456789abcdef"), .name = STR("web")};
	const struct selection everything = {0};
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];
	struct err err = ERR_INIT;

	assert_int_equal(store_put_container(store, STR("vm"), &named, &err), 0);
	for (size_t i = 0; i < sizeof(ends_ms) / sizeof(*ends_ms); i++) {
		int64_t ended_ms = -1;

		assert_int_equal(store_put_ended(store, STR("vm"), named.id, ends_ms[i], &err), 0);
		assert_int_equal(store_put_ended(store, STR("vm"), STR("other"), 7, &err), 0);
		assert_int_equal(store_put_ended(store, STR("vm2"), named.id, 7, &err), 0);
		commit(store);
		assert_int_equal(
			query_known_containers(store, &everything, keep_end, &ended_ms, &err), 0);
		assert_int_equal(ended_ms, ends_ms[i]);
	}
}

static int keep_text(const struct loss *loss, void *context)
{
	buf_put_str(context, loss->text);
	buf_put_char(context, '\n');
	return 0;
}

/* What is hidden while it is watched: a span for each cause, from the look before it was there. */
static void test_hidden(void **state)
{
	struct stores *fixture = *state;
	struct status_line line = {0};
	struct evidence evidence = {fixture->store[0], STR("vm"), &line};
	const struct hiding none = {0}, rule = {1, {"a rule"}}, both = {2, {"a setting", "a rule"}};
	const struct {
		const struct hiding *seen;
		int64_t s;
	} looks[] = {{&none, 10}, {&rule, 20}, {&both, 30}, {&none, 40}, {&rule, 50}, {&rule, 60}};
	struct hidden hidden = {0};
	struct err err = ERR_INIT;

	status_line_init(&line, true);
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
		assert_int_equal(hidden_take(&hidden, looks[i].seen, START + looks[i].s * 1000,
					     &evidence, &err),
				 0);
		commit(fixture->store[0]);
	}
	static const struct {
		int64_t since_s, until_s;
		const char *texts[4];
	} windows[] = {
		{0,
		 100,
		 {"from 2026-11-21T23:01:10.000Z to 2026-11-21T23:01:40.000Z: a rule",
		  "from 2026-11-21T23:01:20.000Z to 2026-11-21T23:01:40.000Z: a setting",
		  "from 2026-11-21T23:01:40.000Z to 2026-11-21T23:02:00.000Z: a rule"}},
		{15, 18, {"from 2026-11-21T23:01:10.000Z to 2026-11-21T23:01:40.000Z: a rule"}},
		{0, 9, {NULL}},
		{61, 70, {NULL}},
	};

	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct selection window = {.has_since = true,
						 .has_until = true,
						 .since_ms = START + windows[i].since_s * 1000,
						 .until_ms = START + windows[i].until_s * 1000};
		BUF_AUTO texts = {0}, expected = {0};

		for (size_t k = 0; windows[i].texts[k]; k++)
			buf_format(&expected, "node vm: records were hidden by configuration %s\n",
				   windows[i].texts[k]);
		assert_int_equal(query_losses(fixture->store[0], &window, keep_text, &texts, &err),
				 0);
		assert_string_equal(texts.p ? texts.p : "", expected.p ? expected.p : "");
	}
}

/* On netlink alone, a hole names exactly what is missing. */
static void test_a_hole_of_netlink(void **state)
{
	struct stores *fixture = *state;

	for (uint32_t serial = 1; serial <= 200; serial++)
		if (serial < 40 || serial > 47)
			put(fixture->store[0], &(struct given){.ms = START + serial,
							       .serial = serial,
							       .comm = "a",
							       .source = SOURCE_NETLINK,
							       .full_stream = true});
	commit(fixture->store[0]);
	struct losses losses = losses_of(fixture->store[0], 0);

	assert_int_equal(losses.count, 1);
	assert_int_equal(losses.known, 8);
	assert_non_null(strstr(losses.last, "serials 40-47"));
}

/* Whose an event is: what a plain list says. */
struct told {
	bool there;
	int whose; /* 0: nobody's or the host's, else container + 1 */
	int32_t nr;
	int64_t ms;
};

#define TOLD 4000

struct whose {
	const struct told *told;
	int64_t minute;
	uint64_t counts[3][3]; /* by whose and nr */
};

static int take_whose(const struct observation *observation, void *context)
{
	struct whose *whose = context;
	int of = observation->attribution != ATTRIBUTION_CONTAINER ? 0
		 : str_eq(observation->container.name, STR("web")) ? 1
								   : 2;

	whose->counts[of][observation->nr] += observation->count;
	return 0;
}

/* Every minute of the store against the list. */
static void compare_whose(struct store *store, const struct told *told)
{
	for (int64_t minute = 0; minute < 4; minute++) {
		struct selection selection = {.has_since = true,
					      .since_ms = START + minute * MINUTE,
					      .has_until = true,
					      .until_ms = START + (minute + 1) * MINUTE - 1};
		struct whose whose = {0};
		uint64_t want[3][3] = {{0}};
		struct err err = ERR_INIT;

		for (size_t i = 0; i < TOLD; i++)
			if (told[i].there && (told[i].ms - START) / MINUTE == minute)
				want[told[i].whose][told[i].nr]++;
		if (query_observations(store, &selection, take_whose, &whose, &err) < 0)
			fail_msg("%s", err.message);
		assert_memory_equal(whose.counts, want, sizeof(want));
	}
}

/*
 * Events that come again and again, at times with a container: nobody's become that container's,
 * once; a container's stay where they are; every minute's counts are exact.
 */
static void test_reattribution(void **state)
{
	static const struct container *const containers[] = {NULL, &web, &database};
	static struct told told[TOLD];
	struct stores *fixture = *state;
	uint64_t moved = 0;

	srandom(5);
	for (size_t i = 0; i < TOLD; i++)
		told[i] = (struct told){.nr = (int32_t)random_below(3),
					.ms = START + random_below(4 * MINUTE)};
	for (int step = 0; step < 30000; step++) {
		uint32_t at = random_below(TOLD);
		int whose = (int)random_below(3);
		struct given given = {told[at].ms, 60000 + at, "a", told[at].nr, containers[whose]};

		given.attribution = random_below(2) ? ATTRIBUTION_HOST : ATTRIBUTION_UNATTRIBUTED;
		given.source = random_below(2) ? SOURCE_LOG : SOURCE_NETLINK;
		put(fixture->store[0], &given);
		moved += told[at].there && told[at].whose == 0 && whose;
		if (!told[at].there || told[at].whose == 0)
			told[at].whose = whose;
		told[at].there = true;
		if (random_below(3000) == 0) {
			commit(fixture->store[0]);
			compare_whose(fixture->store[0], told);
		}
	}
	commit(fixture->store[0]);
	compare_whose(fixture->store[0], told);
	assert_int_equal(store_put_counts(fixture->store[0]).reattributed, moved);
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM hour WHERE count = 0"), 0);
}

/* A log that was read without a word, and again with it: all of it is the container's. */
static void test_a_log_is_named_later(void **state)
{
	struct stores *fixture = *state;

	for (int again = 0; again < 3; again++) {
		for (uint32_t i = 1; i <= 70000; i++)
			put(fixture->store[0],
			    &(struct given){START + i * 5, i, "a", 0, again ? &web : NULL});
		commit(fixture->store[0]);
		assert_int_equal(store_put_counts(fixture->store[0]).reattributed,
				 again ? 70000 : 0);
		assert_int_equal(total(fixture->path[0]), 70000);
		assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM observation"), 1);
	}
	assert_int_equal(number(fixture->path[0], "SELECT count FROM observation"
						  " WHERE container = 'web'"),
			 70000);
}

/* Where a merge has replaced our counts by theirs, nothing is guessed. */
static void test_no_guess_after_a_merge(void **state)
{
	struct stores *fixture = *state;
	struct merge_result result;
	struct err err = ERR_INIT;

	put(fixture->store[0], &(struct given){START, 1, "a", 0, NULL});
	commit(fixture->store[0]);
	open_store(fixture, 1);
	put(fixture->store[1], &(struct given){START, 1, "a", 0, &web});
	put(fixture->store[1], &(struct given){START + 1, 2, "a", 0, NULL});
	commit(fixture->store[1]);
	assert_int_equal(store_merge(fixture->store[0], fixture->path[1], &result, &err), 0);
	put(fixture->store[0], &(struct given){START, 1, "a", 0, &database});
	commit(fixture->store[0]);
	assert_int_equal(store_put_counts(fixture->store[0]).reattributed, 0);
	assert_int_equal(total(fixture->path[0]), 2);
	assert_int_equal(number(fixture->path[0], "SELECT count(*) FROM observation"
						  " WHERE container = 'database'"),
			 0);
}

/* A patient store with another writer in its way: bounded memory, then all is there. */
static void test_patience_with_another_writer(void **state)
{
	struct stores *fixture = *state;
	struct store *store = fixture->store[0];
	struct err err = ERR_INIT;
	uint32_t taken = 0;
	sqlite3 *db;

	store_set_patient(store, true);
	begin(store, "a.log");
	put(store, &(struct given){START, 1, "a", 0, NULL});
	commit(store);
	assert_null(store_trouble(store));
	assert_int_equal(sqlite3_open(fixture->path[0], &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	for (uint32_t i = 2; taken == 0; i++) {
		int result = try_put(store, &(struct given){START + i, i, "a", 0, NULL}, &err);

		assert_int_equal(err.code, 0);
		if (result == -EAGAIN && store_trouble(store))
			taken = i - 1;
		else if (result == -EAGAIN)
			i--;
		assert_in_range(i, 0, 1000000);
	}
	assert_non_null(strstr(store_trouble(store), "another sclog is writing"));
	assert_in_range(store_waiting(store), 8 << 20, 16 << 20);
	assert_int_equal(store_commit(store, &err), -EBUSY);
	err_clear(&err);
	assert_int_equal(store_commit_soon(store, &err), 0);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	for (int i = 0; i < 3000 && store_trouble(store); i++)
		pause_ms(10);
	assert_null(store_trouble(store));
	commit(store);
	assert_int_equal(total(fixture->path[0]), taken);
	assert_int_equal(store_put_counts(store).fresh, taken);
	assert_int_equal(store_waiting(store), 0);
}

/* In and out of trouble, with everything that the writer remembers beside the database: two
 * inputs, lines without serials, holes. The same as without trouble. */
static void test_nothing_is_changed_by_trouble(void **state)
{
	static struct line lines[2][LINES];
	struct stores *fixture = *state;
	struct err err = ERR_INIT;
	sqlite3 *db;

	srandom(9);
	make_lines(lines[0], 4);
	make_lines(lines[1], 7);
	open_store(fixture, 1);
	store_set_patient(fixture->store[1], true);
	assert_int_equal(sqlite3_open(fixture->path[1], &db), SQLITE_OK);
	for (int with = 0; with < 2; with++) {
		struct store *store = fixture->store[with];

		for (size_t i = 0; i < LINES; i++) {
			if (with && i % 1000 == 300)
				assert_int_equal(
					sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
					SQLITE_OK);
			for (unsigned input = 0; input < 2; input++) {
				select_slot(store, input);
				if (i % 2500 == 0)
					begin(store, input ? "b.log" : i ? "c.log" : "a.log");
				feed_line(store, &lines[input][i], i + 1);
			}
			if (i % 1000 == 200)
				commit(store);
			if (with && i % 1000 == 500) {
				assert_int_equal(store_commit(store, &err), -EBUSY);
				err_clear(&err);
				sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			}
		}
		commit(store);
	}
	sqlite3_close(db);
	same_contents(fixture);
	assert_int_equal(store_put_counts(fixture->store[1]).fresh,
			 store_put_counts(fixture->store[0]).fresh);
}

/* A small disk of its own for this process; skips where that cannot be. */
static void small_disk(const char *folder)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") < 0 ||
	    mount("none", folder, "tmpfs", 0, "size=4m") < 0)
		_exit(77);
}

static void ballast(const char *folder, bool there)
{
	static char zeros[4096];
	char path[128];

	snprintf(path, sizeof(path), "%s/ballast", folder);
	if (!there) {
		unlink(path);
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static int no_more(const char *why)
{
	fprintf(stderr, "# %s\n", why);
	return 1;
}

/* Many programs: rows that need room on the disk. */
static int try_put_many(struct store *store, uint32_t i, struct err *err)
{
	char comm[32];

	snprintf(comm, sizeof(comm), "program-%u", i % 2000);
	return try_put(store, &(struct given){START + i, i, comm, 0, NULL}, err);
}

static int fill_a_disk(struct stores *fixture)
{
	struct err err = ERR_INIT;
	uint32_t taken = 0, i = 1;

	open_store(fixture, 1);
	struct store *store = fixture->store[1];

	store_set_patient(store, true);
	for (; i <= 5000; i++)
		try_put_many(store, i, &err);
	if (store_commit(store, &err) < 0)
		return no_more(err.message);
	ballast(fixture->folder, true);
	for (; !taken; i++) {
		int result = try_put_many(store, i, &err);

		if (err.code)
			return no_more(err.message);
		if (result == -EAGAIN && store_trouble(store))
			taken = i - 1;
		else if (result == -EAGAIN)
			i--;
		if (i > 1000000)
			return no_more("no trouble on a full disk");
	}
	if (!strstr(store_trouble(store), "full") || store_waiting(store) > 16 << 20)
		return no_more("what trouble, and how much memory?");
	if (store_commit(store, &err) >= 0)
		return no_more("a commit on a full disk");
	err_clear(&err);
	pause_ms(1500); /* it is tried again meanwhile, in vain */
	if (!store_trouble(store) || total(fixture->path[1]) < 5000)
		return no_more("the trouble is gone by itself");
	ballast(fixture->folder, false);
	for (int waited = 0; waited < 3000 && store_trouble(store); waited++)
		pause_ms(10);
	for (i = taken + 1; i <= taken + 5000; i++)
		while (try_put_many(store, i, &err) == -EAGAIN)
			pause_ms(1);
	if (store_commit(store, &err) < 0)
		return no_more(err.message);
	if (total(fixture->path[1]) != taken + 5000 ||
	    store_put_counts(store).fresh != taken + 5000)
		return no_more("not all of it is there");
	close_store(fixture, 1);
	return 0;
}

static void test_a_full_disk(void **state)
{
	struct stores *fixture = *state;
	int status;
	pid_t child;

	close_store(fixture, 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		small_disk(fixture->folder);
		_exit(fill_a_disk(fixture));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("# skipped: no mount namespace of its own\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A damaged store does not heal by waiting. */
static void test_damage_is_no_trouble(void **state)
{
	struct stores *fixture = *state;
	struct err err = ERR_INIT;

	put(fixture->store[0], &(struct given){START, 1, "a", 0, NULL});
	commit(fixture->store[0]);
	close_store(fixture, 0);
	run_sql(fixture->path[0], "UPDATE hour SET minutes = x'01'");
	open_store(fixture, 0);
	store_set_patient(fixture->store[0], true);
	put(fixture->store[0], &(struct given){START, 2, "a", 0, NULL});
	assert_int_equal(store_commit(fixture->store[0], &err), -EUCLEAN);
	err_clear(&err);
	assert_int_equal(store_commit(fixture->store[0], &err), -EUCLEAN);
	err_clear(&err);
	assert_int_equal(store_commit_soon(fixture->store[0], &err), -EUCLEAN);
}

#define KILLED_EVENTS 60000

/* Puts everything from the store's cursor on, and says how far with each event. */
static void put_from_cursor(struct stores *fixture)
{
	struct err err = ERR_INIT;
	BUF_AUTO place = {0};

	open_store(fixture, 1);
	struct store *store = fixture->store[1];

	store_set_patient(store, true);
	if (store_cursor(store, "test", &place, &err) < 0)
		_exit(1);
	for (uint32_t i = place.n ? (uint32_t)atol(place.p) + 1 : 1; i <= KILLED_EVENTS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		while (try_put(store, &(struct given){START + i, i, "a", 0, NULL}, &err) == -EAGAIN)
			pause_ms(1);
		while (store_put_cursor(store, "test", str_from(text), &err) == -EAGAIN)
			pause_ms(1);
		if (i % 701 == 0)
			store_commit_soon(store, &err);
	}
	if (store_commit(store, &err) < 0)
		_exit(1);
}

/* Killed at any moment: what is committed is whole, and nothing of it comes twice. */
static void test_killed(void **state)
{
	struct stores *fixture = *state;
	int64_t before = 0;

	srandom(1);
	open_store(fixture, 1);
	close_store(fixture, 1);
	close_store(fixture, 0);
	for (int i = 0; i < 25; i++) {
		fflush(NULL);
		pid_t child = fork();

		if (child == 0) {
			put_from_cursor(fixture);
			_exit(0);
		}
		pause_ms(5 + random_below(40));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		int64_t now = number(fixture->path[1], "SELECT coalesce((SELECT CAST(place AS"
						       " INTEGER) FROM cursor), 0)");

		assert_int_equal(total(fixture->path[1]), now);
		assert_true(now >= before);
		before = now;
	}
	put_from_cursor(fixture);
	assert_int_equal(total(fixture->path[1]), KILLED_EVENTS);
	assert_int_equal(store_put_counts(fixture->store[1]).duplicates, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(test_migration),
		TEST(test_words),
		TEST(test_an_older_store_is_merged),
		TEST(test_slots),
		TEST(test_questions),
		TEST(test_commit_soon),
		TEST(test_containers),
		TEST(test_a_large_profile),
		TEST(test_idle_services),
		TEST(test_lifetimes),
		TEST(test_many_lifetimes),
		TEST(test_claim),
		TEST(test_losses),
		TEST(test_since_when),
		TEST(test_an_end),
		TEST(test_hidden),
		TEST(test_a_hole_of_netlink),
		TEST(test_reattribution),
		TEST(test_a_log_is_named_later),
		TEST(test_no_guess_after_a_merge),
		TEST(test_patience_with_another_writer),
		TEST(test_nothing_is_changed_by_trouble),
		TEST(test_a_full_disk),
		TEST(test_damage_is_no_trouble),
		TEST(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
