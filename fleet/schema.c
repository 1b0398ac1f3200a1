#include "fleet/fleet.h"

#include <stdio.h>

bool fleet_is_url(const char *db)
{
	return db && (strncmp(db, "postgresql://", 13) == 0 || strncmp(db, "postgres://", 11) == 0);
}

static const char begin[] =
	"-- The fleet's database. Tables, roles and rights belong to whoever runs this.\n"
	"-- sclog_node: the role of those that push; each node is a member, named like the node.\n"
	"-- sclog_reader: the role of those that ask.\n"
	"-- A sender speaks for its own node, and for nodes that are no senders: see sclog.speaks_for().\n"
	"CREATE SCHEMA IF NOT EXISTS sclog;\n"
	"DO $$ BEGIN\n"
	"  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sclog_node') THEN\n"
	"    CREATE ROLE sclog_node NOLOGIN;\n"
	"  END IF;\n"
	"  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sclog_reader') THEN\n"
	"    CREATE ROLE sclog_reader NOLOGIN;\n"
	"  END IF;\n"
	"END $$;\n"
	"GRANT USAGE ON SCHEMA sclog TO sclog_node, sclog_reader;\n"
	"\n"
	"-- which schema this is, the oldest sclog that may write to it, and how many days are kept\n"
	"CREATE TABLE IF NOT EXISTS sclog.fleet (one boolean PRIMARY KEY DEFAULT true CHECK (one),\n"
	"  version integer NOT NULL, min_client integer NOT NULL, keep_days integer NOT NULL);\n"
	"GRANT SELECT ON sclog.fleet TO sclog_node, sclog_reader;\n"
	"\n"
	"-- up to which revision of which store a node has sent; key: under which its keys are hashed\n"
	"CREATE TABLE IF NOT EXISTS sclog.sender (sender text PRIMARY KEY, key bigint NOT NULL,\n"
	"  uuid text NOT NULL DEFAULT '', generation bigint NOT NULL DEFAULT 0,\n"
	"  revision bigint NOT NULL DEFAULT 0, pushed timestamptz);\n"
	"\n"
	"-- by which the names of one node are equal: the first label in lower case, or an IP address\n"
	"CREATE OR REPLACE FUNCTION sclog.label(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$\n"
	"  SELECT lower((CASE WHEN name ~ '^[0-9]+([.][0-9]+){3}$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$' THEN name\n"
	"    ELSE split_part(name, '.', 1) END) COLLATE \"C\")\n"
	"$$;\n"
	"CREATE INDEX IF NOT EXISTS sender_label ON sclog.sender (sclog.label(sender));\n"
	"-- whether rows of that node count that this sender sends: not if the node is a sender itself\n"
	"CREATE OR REPLACE FUNCTION sclog.speaks_for(wanted text, node text) RETURNS boolean\n"
	"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$\n"
	"  SELECT sclog.label(node) = sclog.label(wanted) OR NOT EXISTS (SELECT 1 FROM sclog.sender s\n"
	"    WHERE sclog.label(s.sender) = sclog.label(node))\n"
	"$$;\n"
	"REVOKE ALL ON FUNCTION sclog.speaks_for(text, text) FROM PUBLIC;\n"
	"GRANT EXECUTE ON FUNCTION sclog.speaks_for(text, text) TO sclog_node, sclog_reader;\n"
	"-- other rows are not stored\n"
	"CREATE OR REPLACE FUNCTION sclog.keep_own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
	"  IF sclog.speaks_for(NEW.sender, NEW.node) THEN RETURN NEW; END IF;\n"
	"  RETURN NULL;\n"
	"END $$;\n"
	"CREATE OR REPLACE FUNCTION sclog.keep_own_node() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
	"  IF sclog.speaks_for(NEW.sender, NEW.label) AND (NEW.name = ''\n"
	"    OR sclog.speaks_for(NEW.sender, NEW.name)) THEN RETURN NEW; END IF;\n"
	"  RETURN NULL;\n"
	"END $$;\n";

static const char end[] =
	"CREATE INDEX IF NOT EXISTS series_container ON sclog.series (container);\n"
	"\n"
	"-- a day of a series; hours: its hours with their minutes, packed (store/day.h)\n"
	"CREATE TABLE IF NOT EXISTS sclog.day (day date NOT NULL, sender text NOT NULL,\n"
	"  series bigint NOT NULL, count bigint NOT NULL, first bigint NOT NULL,\n"
	"  last bigint NOT NULL, hours bytea NOT NULL, generation bigint NOT NULL,\n"
	"  revision bigint NOT NULL, PRIMARY KEY (day, sender, series)) PARTITION BY RANGE (day);\n"
	"\n"
	"-- the partition of a day, made by the first node that needs it; false: outside of what is kept\n"
	"CREATE OR REPLACE FUNCTION sclog.make_day(wanted date) RETURNS boolean\n"
	"LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$\n"
	"DECLARE\n"
	"  partition text := 'day_' || to_char(wanted, 'YYYYMMDD');\n"
	"BEGIN\n"
	"  IF wanted < current_date - (SELECT keep_days FROM sclog.fleet) OR wanted > current_date + 2 THEN\n"
	"    RETURN false;\n"
	"  END IF;\n"
	"  IF to_regclass('sclog.' || partition) IS NULL THEN\n"
	"    PERFORM pg_advisory_xact_lock(hashtext('sclog.day'));\n"
	"    EXECUTE format('CREATE TABLE IF NOT EXISTS sclog.%I PARTITION OF sclog.day'\n"
	"      ' FOR VALUES FROM (%L) TO (%L)', partition, wanted, wanted + 1);\n"
	"  END IF;\n"
	"  RETURN true;\n"
	"END $$;\n"
	"REVOKE ALL ON FUNCTION sclog.make_day(date) FROM PUBLIC;\n"
	"GRANT EXECUTE ON FUNCTION sclog.make_day(date) TO sclog_node;\n";

static const char *const types[] = {
	[SHARE_INT] = "bigint",
	[SHARE_TEXT] = "text",
	[SHARE_BYTES] = "bytea",
};

static bool has_table(enum share_kind kind)
{
	return kind != SHARE_HEAD && kind != SHARE_DAY && kind != SHARE_EMPTY;
}

static void put_table(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	buf_format(sql, "CREATE TABLE IF NOT EXISTS sclog.%s (sender text NOT NULL", table->name);
	for (size_t i = 0; i < table->count; i++)
		buf_format(sql, ", \"%s\" %s", table->columns[i].name,
			   types[table->columns[i].type]);
	buf_format(sql,
		   ", generation bigint NOT NULL, revision bigint NOT NULL,"
		   " PRIMARY KEY (sender, \"%s\"));\n",
		   table->columns[0].name);
}

/* A node can write what it likes in its rows, but not as much as it likes in one. */
static void put_sizes(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	buf_format(sql,
		   "ALTER TABLE sclog.%s DROP CONSTRAINT IF EXISTS sizes;\n"
		   "ALTER TABLE sclog.%s ADD CONSTRAINT sizes CHECK (octet_length(sender) < %d",
		   table->name, table->name, SHARE_NAME_SIZE);
	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].type != SHARE_INT)
			buf_format(sql, "\n  AND octet_length(\"%s\") <= %zu",
				   table->columns[i].name, share_value_max(kind));
	buf_put_str(sql, STR(") NOT VALID;\n"));
}

/* A node is a sender from the moment that it has a role. Roles of before have no limit of connections. */
static const char members[] =
	"\n-- each member of sclog_node is a sender, and has few connections\n"
	"DO $$ DECLARE\n"
	"  member record;\n"
	"BEGIN\n"
	"  FOR member IN SELECT r.* FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid\n"
	"    WHERE m.roleid = 'sclog_node'::regrole AND r.rolcanlogin AND NOT r.rolsuper\n"
	"    AND NOT r.rolcreaterole AND octet_length(r.rolname) < 64 LOOP\n"
	"    INSERT INTO sclog.sender (sender, key) VALUES (member.rolname,\n"
	"      ('x' || left(md5(gen_random_uuid()::text), 16))::bit(64)::bigint) ON CONFLICT DO NOTHING;\n"
	"    IF member.rolconnlimit < 0 THEN\n"
	"      BEGIN\n"
	"        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 10', member.rolname);\n"
	"      EXCEPTION WHEN insufficient_privilege THEN\n"
	"        RAISE NOTICE 'the connections of role % stay without a limit', member.rolname;\n"
	"      END;\n"
	"    END IF;\n"
	"  END LOOP;\n"
	"END $$;\n";

/* Of the tables whose rows name a node. */
static void put_trigger(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];
	bool is_node = kind == SHARE_NODE;

	if (!is_node && strcmp(table->columns[1].name, "node") != 0)
		return;
	buf_format(sql,
		   "DROP TRIGGER IF EXISTS keep_own ON sclog.%s;\n"
		   "CREATE TRIGGER keep_own BEFORE INSERT OR UPDATE ON sclog.%s FOR EACH ROW\n"
		   "  WHEN (%s) EXECUTE FUNCTION sclog.%s();\n",
		   table->name, table->name,
		   is_node ? "NEW.label <> NEW.sender OR NEW.name <> ''" : "NEW.node <> NEW.sender",
		   is_node ? "keep_own_node" : "keep_own");
}

static void put_rights(struct buf *sql, const char *table)
{
	buf_format(sql,
		   "ALTER TABLE sclog.%s ENABLE ROW LEVEL SECURITY;\n"
		   "DROP POLICY IF EXISTS own ON sclog.%s;\n"
		   "CREATE POLICY own ON sclog.%s TO sclog_node USING (sender = current_user"
		   " AND sender <> 'sclog_node');\n"
		   "DROP POLICY IF EXISTS read ON sclog.%s;\n"
		   "CREATE POLICY read ON sclog.%s FOR SELECT TO sclog_reader USING (true);\n"
		   "GRANT SELECT, INSERT, UPDATE, DELETE ON sclog.%s TO sclog_node;\n"
		   "GRANT SELECT ON sclog.%s TO sclog_reader;\n",
		   table, table, table, table, table, table, table);
}

void fleet_schema(struct buf *sql, unsigned keep_days)
{
	buf_put_str(sql, STR(begin));
	buf_put_str(sql, STR("\n-- names, containers and evidence, as each node has them\n"));
	for (int kind = 0; kind < SHARE_KIND_COUNT; kind++)
		if (has_table((enum share_kind)kind))
			put_table(sql, (enum share_kind)kind);
	buf_put_str(sql, STR(end));
	buf_put_str(sql, STR("\n-- a node sees and changes its own rows only\n"));
	for (int kind = 0; kind < SHARE_KIND_COUNT; kind++)
		if (has_table((enum share_kind)kind))
			put_rights(sql, share_tables[kind].name);
	put_rights(sql, "sender");
	put_rights(sql, "day");
	buf_put_str(sql, STR("\n-- and speaks for no other sender\n"));
	for (int kind = 0; kind < SHARE_KIND_COUNT; kind++)
		if (has_table((enum share_kind)kind))
			put_trigger(sql, (enum share_kind)kind);
	buf_put_str(sql, STR(members));
	buf_put_str(sql, STR("\n-- nothing that a node writes is larger than sclog's own rows\n"));
	for (int kind = 0; kind < SHARE_KIND_COUNT; kind++)
		if (has_table((enum share_kind)kind))
			put_sizes(sql, (enum share_kind)kind);
	put_sizes(sql, SHARE_DAY);
	buf_put_str(sql,
		    STR("ALTER TABLE sclog.sender DROP CONSTRAINT IF EXISTS sizes;\n"
			"ALTER TABLE sclog.sender ADD CONSTRAINT sizes CHECK"
			" (octet_length(sender) < 64 AND octet_length(uuid) < 37) NOT VALID;\n"));
	buf_format(sql,
		   "\nINSERT INTO sclog.fleet (version, min_client, keep_days) VALUES (1, 1, %u)\n"
		   "  ON CONFLICT (one) DO %s;\n",
		   keep_days ? keep_days : FLEET_KEEP_DAYS,
		   keep_days ? "UPDATE SET keep_days = excluded.keep_days" : "NOTHING");
}
