#include "store/schema.h"

#include "correlate/event.h"
#include "store/genuine.h"

#include <errno.h>
#include <stdio.h>

/* The view of all observations; a version may have more columns behind the source. */
#define VIEW_OBSERVATION(trust)                                                                 \
	"CREATE VIEW observation AS SELECT n.name AS node, c.name AS container, c.cid AS"       \
	" container_id, c.image, c.pod, c.namespace,"                                           \
	" (SELECT word FROM word WHERE kind = 'attribution' AND number = s.attribution) AS"     \
	" attribution,"                                                                         \
	" (SELECT word FROM word WHERE kind = 'reason' AND number = s.reason) AS reason,"       \
	" (SELECT word FROM word WHERE kind = 'phase' AND number = s.phase) AS phase,"          \
	" (SELECT word FROM word WHERE kind = 'source' AND number = s.source) AS source," trust \
	" p.comm, p.exe, s.syscall, s.nr, s.arch_name AS arch,"                                 \
	" s.action, t.count, strftime('%Y-%m-%dT%H:%M:%fZ', t.first / 1000.0, 'unixepoch') AS"  \
	" first, strftime('%Y-%m-%dT%H:%M:%fZ', t.last / 1000.0, 'unixepoch') AS last, s.pid,"  \
	" printf('0x%x', s.ip) AS ip FROM series s JOIN series_total t ON t.series = s.id"      \
	" JOIN node n ON n.id = s.node JOIN program p ON p.id = s.program LEFT JOIN container c ON c.id = s.container;"

/*
 * Version 1. Times are milliseconds since the epoch, UTC. Names stand beside numbers, so that a
 * person with sqlite3 needs no table of ours; the views answer the common questions.
 */
static const char version_1[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"

	/* the words for numbers in other tables, for the views */
	"CREATE TABLE word (kind TEXT NOT NULL, number INTEGER NOT NULL, word TEXT NOT NULL,"
	" PRIMARY KEY (kind, number)) WITHOUT ROWID;"

	"CREATE TABLE node (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE,"
	" name TEXT NOT NULL);"

	"CREATE TABLE container (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node,"
	" cid TEXT NOT NULL, name TEXT NOT NULL, runtime TEXT NOT NULL, image TEXT NOT NULL,"
	" pod TEXT NOT NULL, namespace TEXT NOT NULL, workload TEXT NOT NULL, caps INTEGER,"
	" coverage INTEGER NOT NULL, UNIQUE (node, cid));"

	/* comm and exe: TEXT, or BLOB where the bytes are no UTF-8, NULL for (null) */
	"CREATE TABLE program (id INTEGER PRIMARY KEY, comm, exe);"
	"CREATE INDEX program_name ON program (comm, exe);"

	/* one row for all that is the same but for its time; pid and ip are a sample */
	"CREATE TABLE series (id INTEGER PRIMARY KEY, program INTEGER NOT NULL REFERENCES program,"
	" nr INTEGER NOT NULL, container INTEGER REFERENCES container,"
	" node INTEGER NOT NULL REFERENCES node, arch INTEGER, code INTEGER NOT NULL,"
	" attribution INTEGER NOT NULL, reason INTEGER NOT NULL, phase INTEGER NOT NULL,"
	" source INTEGER NOT NULL, coverage INTEGER NOT NULL, syscall TEXT, arch_name TEXT, action TEXT NOT NULL,"
	" pid INTEGER NOT NULL, ip INTEGER NOT NULL);" SCHEMA_SERIES_KEY

	/* a series by hour; minutes packs its minutes (store/minutes.h) */
	"CREATE TABLE hour (series INTEGER NOT NULL REFERENCES series, hour INTEGER NOT NULL,"
	" count INTEGER NOT NULL, first INTEGER, last INTEGER, minutes BLOB,"
	" PRIMARY KEY (series, hour)) WITHOUT ROWID;"

	/* identities already counted (store/seen.h) */
	"CREATE TABLE seen (node INTEGER NOT NULL, minute INTEGER NOT NULL,"
	" block INTEGER NOT NULL, serials BLOB NOT NULL, PRIMARY KEY (node, minute, block))"
	" WITHOUT ROWID;"
	"CREATE TABLE seen_text (node INTEGER NOT NULL, minute INTEGER NOT NULL,"
	" marks BLOB NOT NULL, PRIMARY KEY (node, minute)) WITHOUT ROWID;"

	/* serials delivered without a gap (store/stream.h) */
	"CREATE TABLE span (node INTEGER NOT NULL, complete INTEGER NOT NULL,"
	" first_serial INTEGER NOT NULL, last_serial INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, missing INTEGER NOT NULL);"
	"CREATE INDEX span_time ON span (node, first);"

	/* what the system, or a reader, said was lost */
	"CREATE TABLE loss (node INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,"
	" mark INTEGER NOT NULL, count INTEGER NOT NULL, detail TEXT NOT NULL,"
	" PRIMARY KEY (node, kind, at, mark)) WITHOUT ROWID;"

	/* how far each file was read */
	"CREATE TABLE input (path TEXT NOT NULL, dev INTEGER NOT NULL, ino INTEGER NOT NULL,"
	" head INTEGER NOT NULL, offset INTEGER NOT NULL, lines INTEGER NOT NULL,"
	" at INTEGER NOT NULL, PRIMARY KEY (path, dev, ino, head)) WITHOUT ROWID;"

	"CREATE VIEW series_total AS SELECT series, sum(count) AS count, min(first) AS first,"
	" max(last) AS last FROM hour GROUP BY series;"

	VIEW_OBSERVATION("")

		"CREATE VIEW observation_hour AS SELECT n.name AS node, c.name AS container, p.comm,"
		" p.exe, s.syscall, s.nr, s.action,"
		" strftime('%Y-%m-%dT%H:00Z', h.hour * 3600, 'unixepoch') AS hour, h.count"
		" FROM hour h JOIN series s ON s.id = h.series JOIN node n ON n.id = s.node"
		" JOIN program p ON p.id = s.program LEFT JOIN container c ON c.id = s.container;"

		"CREATE VIEW syscall_total AS SELECT node, container, syscall, action, sum(count) AS count,"
		" min(first) AS first, max(last) AS last FROM observation"
		" GROUP BY node, container, syscall, action;";

/* Version 2: what a watch keeps beside the records. */
static const char version_2[] =
	/* linux.seccomp as JSON, each text once; hash finds it. Empty: no profile in force */
	"CREATE TABLE profile (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, json NOT NULL);"
	"CREATE INDEX profile_hash ON profile (hash);"
	"ALTER TABLE container ADD COLUMN profile INTEGER REFERENCES profile;"

	/* which of the identities are counted to no container; NULL: none (store/seen.h) */
	"ALTER TABLE seen ADD COLUMN open BLOB;"

	/* the place in a source that has no files, in the source's own words */
	"CREATE TABLE cursor (source TEXT PRIMARY KEY, place NOT NULL) WITHOUT ROWID;"

	/* which process was in which container (store/lifetime.h) */
	"CREATE TABLE lifetime (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node,"
	" container INTEGER REFERENCES container, at INTEGER NOT NULL, packed BLOB NOT NULL);"
	"CREATE INDEX lifetime_at ON lifetime (at);"

	"CREATE INDEX input_head ON input (head);"
	"DROP INDEX span_time;"
	"CREATE INDEX span_latest ON span (node, complete, first, first_serial);";

/* Version 3: who could have written a record; what was in force, and when; what reports have told. */
static const char version_3[] =
	/* Before it was kept, the channel tells: auditd's file and netlink are the kernel's. Of the
	 * journal it is not known whether its trusted fields or a text of it were read. */
	"ALTER TABLE series ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;"
	"UPDATE series SET trust = 1 WHERE source IN (0, 3);"
	"CREATE INDEX hour_time ON hour (hour);"
	"ALTER TABLE span ADD COLUMN trust INTEGER NOT NULL DEFAULT 1;"
	"DROP INDEX span_latest;"
	"CREATE INDEX span_latest ON span (node, trust, complete, first, first_serial);"
	"DROP VIEW observation;" VIEW_OBSERVATION(
		" (SELECT word FROM word WHERE kind = 'trust' AND number = s.trust) AS trust,")

	/* Of a container, or (NULL) of what of the node is in none. until NULL: still in force.
	 * actions: kernel.seccomp.actions_logged as bits of enum logged_action, NULL: not known */
	"CREATE TABLE in_force (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node,"
	" container INTEGER REFERENCES container, profile INTEGER NOT NULL REFERENCES profile,"
	" source TEXT NOT NULL, actions INTEGER, since INTEGER NOT NULL, until INTEGER);"
	"CREATE INDEX in_force_of ON in_force (node, container, since);"

	/* what was there when a report of that name was made (store/bookmark.h) */
	"CREATE TABLE bookmark (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE bookmark_series (name TEXT NOT NULL, series INTEGER NOT NULL,"
	" count INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (name, series)) WITHOUT ROWID;"

	"INSERT INTO in_force (node, container, profile, source, since)"
	" SELECT node, id, profile, 'watch', 0 FROM container WHERE profile NOT NULL;"

	/* when a watch found that no process of it runs any more; NULL: it runs, or that is not known */
	"ALTER TABLE container ADD COLUMN ended INTEGER;"

	/* entries of the evidence that a person has looked at (struct loss) */
	"CREATE TABLE acknowledged (id TEXT PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL,"
	" text NOT NULL) WITHOUT ROWID;"

	/* which days of a series changed at which revision of the store (store/revision.h) */
	"CREATE TABLE changed (series INTEGER NOT NULL, day INTEGER NOT NULL,"
	" revision INTEGER NOT NULL, PRIMARY KEY (series, day)) WITHOUT ROWID;"

	/* whose bundles were loaded, up to which revision of theirs; and which days of which series
	 * came from them (store/share.h) */
	"CREATE TABLE sender (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL,"
	" generation INTEGER NOT NULL, revision INTEGER NOT NULL);"
	"CREATE TABLE received (series INTEGER NOT NULL, day INTEGER NOT NULL,"
	" sender INTEGER NOT NULL REFERENCES sender, generation INTEGER NOT NULL,"
	" revision INTEGER NOT NULL, PRIMARY KEY (series, day)) WITHOUT ROWID;";

/* migrations[v] makes version v + 1 out of version v. */
static const char *const migrations[SCHEMA_VERSION] = {version_1, version_2, version_3};

/* In one transaction: another sclog may be making the store at this moment. */
static int read_versions(struct sql *sql, int64_t *ret_version, int64_t *ret_application,
			 int64_t *ret_tables, struct err *err)
{
	int result = sql_run(sql, "BEGIN", err);

	if (result < 0)
		return result;
	result = sql_number(sql, "PRAGMA user_version", ret_version, err);
	if (result == 0)
		result = sql_number(sql, "PRAGMA application_id", ret_application, err);
	if (result == 0)
		result = sql_number(sql, "SELECT count(*) FROM sqlite_schema", ret_tables, err);
	sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static int put_word(struct sql *sql, const char *kind, int number, const char *word,
		    struct err *err)
{
	return SQL_ONCE(sql, "INSERT OR REPLACE INTO word (kind, number, word) VALUES (?1, ?2, ?3)",
			err, sql_text(str_from(kind)), sql_int(number), sql_text(str_from(word)));
}

/* The words of one kind of number. */
struct word_kind {
	const char *kind;
	int count;
	const char *(*word)(int number);
};

#define WORD_KIND(kind, type, name)                \
	static const char *kind##_word(int number) \
	{                                          \
		return name((type)number);         \
	}
WORD_KIND(attribution, enum attribution, attribution_name)
WORD_KIND(reason, enum unattributed, unattributed_name)
WORD_KIND(phase, enum phase, phase_name)
WORD_KIND(source, enum source_kind, source_kind_name)
WORD_KIND(trust, enum trust, trust_name)

static const struct word_kind word_kinds[] = {
	{"attribution", ATTRIBUTION_UNATTRIBUTED + 1, attribution_word},
	{"reason", UNATTRIBUTED_COUNT, reason_word},
	{"phase", PHASE_EXEC + 1, phase_word},
	{"source", SOURCE_STRACE + 1, source_word},
	{"trust", TRUST_KERNEL + 1, trust_word},
};

#define WORD_KINDS (sizeof(word_kinds) / sizeof(word_kinds[0]))

static int put_words(struct sql *sql, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < WORD_KINDS; i++)
		for (int n = 0; n < word_kinds[i].count && result == 0; n++)
			result = put_word(sql, word_kinds[i].kind, n, word_kinds[i].word(n), err);
	return result;
}

/* True if the views would show another word than this sclog has, or none. */
static bool word_is_old(struct sql *sql, const char *kind, int number, const char *word,
			struct err *err)
{
	sqlite3_stmt *find = SQL_GET(sql, "SELECT word FROM word WHERE kind = ?1 AND number = ?2",
				     err, sql_text(str_from(kind)), sql_int(number));
	bool is_old =
		sql_step(sql, find, err) <= 0 || !str_eq(sql_column_bytes(find, 0), str_from(word));

	sqlite3_reset(find);
	return is_old;
}

/* A word that is new, or is another one now, needs no other schema. */
static int renew_words(struct sql *sql, struct err *err)
{
	for (size_t i = 0; i < WORD_KINDS; i++)
		for (int n = 0; n < word_kinds[i].count; n++)
			if (word_is_old(sql, word_kinds[i].kind, n, word_kinds[i].word(n), err))
				return err->code ? -err->code : put_words(sql, err);
	return 0;
}

int schema_build(struct sql *sql, int from, int to, struct err *err)
{
	int result = 0;

	for (int version = from; result == 0 && version < to; version++)
		result = sql_run(sql, migrations[version], err);
	return result;
}

static int migrate(struct sql *sql, struct err *err)
{
	int64_t version;
	int result = sql_run(sql, "BEGIN IMMEDIATE", err);

	if (result == 0) /* again, now that nobody else can migrate it */
		result = sql_number(sql, "PRAGMA user_version", &version, err);
	if (result == 0)
		result = schema_build(sql, (int)version, SCHEMA_VERSION, err);
	char text[128];

	if (result == 0)
		result = put_words(sql, err);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d; PRAGMA application_id = %d; COMMIT",
		 SCHEMA_VERSION, SCHEMA_APPLICATION_ID);
	if (result == 0)
		result = sql_run(sql, text, err);
	if (result < 0 && !sqlite3_get_autocommit(sql->db))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

int schema_ensure(struct sql *sql, bool write, struct err *err)
{
	int64_t version, application, tables;
	int result = read_versions(sql, &version, &application, &tables, err);

	if (result < 0)
		return result;
	if (tables > 0 && application != SCHEMA_APPLICATION_ID)
		return err_set(
			err, EINVAL,
			"store '%s': this is a database, but not an sclog store: name another"
			" --db",
			sql->path);
	if (version < 0 || (version == 0 && tables > 0))
		return err_set(err, EUCLEAN,
			       "store '%s': not a genuine sclog store: there is no schema %lld",
			       sql->path, (long long)version);
	if (version > SCHEMA_VERSION)
		return err_set(err, EINVAL,
			       "store '%s': a newer sclog wrote it (schema %lld, this sclog knows"
			       " %d): use that sclog",
			       sql->path, (long long)version, SCHEMA_VERSION);
	if (version > 0)
		result = genuine_check(sql, (int)version, err);
	if (result < 0)
		return result;
	sql->schema = (int)version;
	if (version == SCHEMA_VERSION && write)
		return renew_words(sql, err);
	if (!write && version >= SCHEMA_READABLE)
		return 0;
	if (!write)
		return err_set(err, EINVAL,
			       "store '%s': it is empty or of an older schema (%lld): 'sclog"
			       " ingest FILE...' fills and migrates it",
			       sql->path, (long long)version);
	sql->schema = SCHEMA_VERSION;
	return migrate(sql, err);
}
