#include "fleet/connection.h"

#include "base/mem.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* So many containers of a part are asked for by their keys; of more, everything is read. */
#define KEYS_MAX 10000

/* PostgreSQL's dates end before our numbers do. */
#define DAY_MOST 200000

/* Rows of a kind, but for days, that one sender may have: more are left out, as are rows that are damaged. */
#define SENDER_ROWS_MAX (1 << 20)

/* Days are asked for one by one up to so many. */
#define LISTED_DAYS 400

/* Senders of a part whose days are added up: a statement for each would cost more than its rows, and rows
 * that were pushed at one time share the server's pages. Hours take more memory, and a container's series
 * are looked up by their keys: then a part is one sender. */
#define PART_SENDERS 32

/* A name that a sender has for a node. */
struct node {
	size_t sender;
	char *label, *name;
};

struct sender {
	char *name;
	char *first, *last; /* the least and the greatest name of its nodes; NULL: it has none */
	bool selected;
	struct buf containers; /* keys of those of the selection, joined by commas */
	size_t container_count;
};

/*
 * Observations come ordered by the names of their nodes. So senders whose names do not overlap can
 * be asked one after the other: they are sorted by their first names, and each part is a range of them.
 */
struct fleet_parts {
	struct fleet *fleet;
	struct share_taker *taker;
	const struct selection *selection;
	enum fleet_before before;
	bool at_once;                /* one part */
	bool hours;                  /* all that is known of each hour; else days are added up */
	int64_t stored_first;        /* day of all that is there */
	int64_t first_day, last_day; /* of those, of the window */
	struct buf selected_nodes;   /* joined by commas */
	struct sender *senders;
	size_t sender_count;
	struct node *nodes;
	size_t node_count;
	size_t next;                /* the sender that the next part begins with */
	uint64_t rows, sender_rows; /* so far; of one sender and kind */
	const struct fleet_progress *progress;
};

static int64_t number_of(const char *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof(number));
	return (int64_t)be64toh(number);
}

static struct sender *last_sender(struct fleet_parts *parts)
{
	return parts->sender_count ? &parts->senders[parts->sender_count - 1] : NULL;
}

/* The rows that follow are that sender's. */
static int begin_sender(struct fleet_parts *parts, const char *sender, struct err *err)
{
	const struct share_value values[] = {
		{.bytes = str_from(sender)},
		{.bytes = STR("copy")},
		{.number = 1},
		{.number = 0},
		{.number = 0},
		{.number = 0},
	};

	if (strcmp(share_taker_head(parts->taker)->name, sender) == 0)
		return 0;
	parts->sender_rows = 0;
	return share_taker_put(parts->taker, SHARE_HEAD, values, err);
}

static void put_comma(struct buf *list)
{
	if (list->n)
		buf_put_char(list, ',');
}

/* Nodes are the first rows that are read, in the order of their senders. */
static int note_node(struct fleet_parts *parts, const char *sender,
		     const struct share_value *values, struct err *err)
{
	struct sender *last = last_sender(parts);

	if (!last || strcmp(last->name, sender) != 0) {
		parts->senders =
			mem_more(parts->senders, parts->sender_count, sizeof(*parts->senders));
		last = &parts->senders[parts->sender_count++];
		*last = (struct sender){.name = mem_copy(str_from(sender))};
	}
	parts->nodes = mem_more(parts->nodes, parts->node_count, sizeof(*parts->nodes));
	parts->nodes[parts->node_count++] = (struct node){
		.sender = parts->sender_count - 1,
		.label = mem_copy(values[0].bytes),
		.name = mem_copy(values[values[1].bytes.n ? 1 : 0].bytes),
	};
	if (!parts->selection->node.count)
		last->selected = true;
	if (!share_selects(parts->selection, SHARE_NODE, values))
		return 0;
	last->selected = true;
	char *label = libpq.PQescapeLiteral(parts->fleet->connection, values[0].bytes.p,
					    values[0].bytes.n);

	if (!label)
		return fleet_failed(parts->fleet, NULL, err);
	put_comma(&parts->selected_nodes);
	buf_put_str(&parts->selected_nodes, str_from(label));
	libpq.PQfreemem(label);
	return 0;
}

static int compare_sender_name(const void *left, const void *right)
{
	return strcmp(((const struct sender *)left)->name, ((const struct sender *)right)->name);
}

static struct sender *find_sender(const struct fleet_parts *parts, const char *name)
{
	const struct sender key = {.name = (char *)(uintptr_t)name};

	return parts->sender_count ? bsearch(&key, parts->senders, parts->sender_count, sizeof(key),
					     compare_sender_name)
				   : NULL;
}

static void note_container(struct fleet_parts *parts, const char *name,
			   const struct share_value *values)
{
	struct sender *sender = find_sender(parts, name);

	if (!sender || !share_selects(parts->selection, SHARE_CONTAINER, values) ||
	    sender->container_count++ >= KEYS_MAX)
		return;
	put_comma(&sender->containers);
	buf_format(&sender->containers, "%" PRId64, values[0].number);
}

static int take_row(struct fleet_parts *parts, enum share_kind kind, const PGresult *row,
		    struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	struct share_value values[SHARE_COLUMNS_MAX];
	int result = begin_sender(parts, libpq.PQgetvalue(row, 0, 0), err);

	if (kind != SHARE_DAY && parts->sender_rows++ >= SENDER_ROWS_MAX)
		return -EUCLEAN;
	for (int i = 0; i < (int)table->count; i++) {
		const char *bytes = libpq.PQgetvalue(row, 0, i + 1);
		size_t n = (size_t)libpq.PQgetlength(row, 0, i + 1);

		values[i] = (struct share_value){.null = libpq.PQgetisnull(row, 0, i + 1)};
		if (values[i].null)
			continue;
		if (table->columns[i].type != SHARE_INT)
			values[i].bytes = str_of(bytes, n);
		else if (n == sizeof(values[i].number))
			values[i].number = number_of(bytes);
		else
			return err_set(err, EPROTO, "fleet: a number of column %s has %zu bytes",
				       table->columns[i].name, n);
	}
	if (result == 0)
		result = share_taker_put(parts->taker, kind, values, err);
	if (result == 0 && kind == SHARE_NODE)
		result = note_node(parts, libpq.PQgetvalue(row, 0, 0), values, err);
	if (result == 0 && kind == SHARE_CONTAINER)
		note_container(parts, libpq.PQgetvalue(row, 0, 0), values);
	return result;
}

/* A row of a sum: sender, series, count, first, last. */
static int take_sum(struct fleet_parts *parts, enum share_kind kind, const PGresult *row,
		    struct err *err)
{
	int64_t values[4];
	int result = begin_sender(parts, libpq.PQgetvalue(row, 0, 0), err);

	(void)kind;
	for (int i = 0; i < 4; i++) {
		if (libpq.PQgetlength(row, 0, i + 1) != sizeof(values[i]))
			return err_set(err, EPROTO, "fleet: a sum of days is not four numbers");
		values[i] = number_of(libpq.PQgetvalue(row, 0, i + 1));
	}
	const struct share_sum sum = {values[0], values[1], values[2], values[3]};

	return result < 0 ? result : share_taker_put_sum(parts->taker, &sum, err);
}

/* Of a node that is not asked about, what was left out does not matter. */
static void note_left_out(const struct fleet_parts *parts, enum share_kind kind,
			  const PGresult *row, int why)
{
	const char *name = libpq.PQgetvalue(row, 0, 0);
	const struct sender *sender = find_sender(parts, name);
	const struct share_value as_node[] = {{.bytes = str_from(name)}, {.null = false}};

	if (parts->selection->node.count && !(sender && sender->selected) &&
	    !share_selects(parts->selection, SHARE_NODE, as_node))
		return;
	if (why != SHARE_OF_OTHERS)
		fleet_note_damaged(parts->fleet, name);
	else if (kind == SHARE_DAY) /* its series came before it */
		fleet_note_other(parts->fleet, name, STR(""));
	else
		fleet_note_other(parts->fleet, name,
				 str_from(libpq.PQgetvalue(row, 0, kind == SHARE_NODE ? 1 : 2)));
}

typedef int take_fn(struct fleet_parts *parts, enum share_kind kind, const PGresult *row,
		    struct err *err);

/* Row by row: an answer may be larger than memory. */
static int ask(struct fleet_parts *parts, const struct buf *sql, enum share_kind kind,
	       take_fn *take, struct err *err)
{
	PGconn *connection = parts->fleet->connection;
	PGresult *row;
	int result = 0;

	parts->sender_rows = 0;
	if (!libpq.PQsendQueryParams(connection, sql->p, 0, NULL, NULL, NULL, NULL, 1))
		return fleet_failed(parts->fleet, NULL, err);
	libpq.PQsetSingleRowMode(connection);
	while ((row = libpq.PQgetResult(connection))) {
		ExecStatusType status = libpq.PQresultStatus(row);

		if (result == 0 && status == PGRES_SINGLE_TUPLE)
			result = take(parts, kind, row, err);
		else if (result == 0 && status != PGRES_TUPLES_OK)
			result = fleet_failed(parts->fleet, row, err);
		/* one node must not keep the others from being read */
		if (result == -EUCLEAN || result == SHARE_OF_OTHERS) {
			note_left_out(parts, kind, row, result);
			err_clear(err);
			result = 0;
		}
		libpq.PQclear(row);
		parts->rows++;
		if (parts->progress && parts->rows % 1024 == 0)
			parts->progress->rows(parts->progress->context, parts->rows);
	}
	return result;
}

static void put_columns(struct buf *sql, enum share_kind kind)
{
	const struct share_table *table = &share_tables[kind];

	buf_put_str(sql, STR("SELECT t.sender"));
	for (size_t i = 0; i < table->count; i++) {
		if (kind == SHARE_DAY && i == 0)
			buf_put_str(sql, STR(", (t.day - date '1970-01-01')::bigint"));
		else
			buf_format(sql, ", t.\"%s\"", table->columns[i].name);
	}
	buf_format(sql, " FROM sclog.%s t", table->name);
}

/* --- names, containers and evidence */

static int read_kind(struct fleet_parts *parts, enum share_kind kind, struct err *err)
{
	BUF_AUTO sql = {0};

	put_columns(&sql, kind);
	/* a sender's rows together; its name is looked up in the order of its bytes */
	buf_format(&sql, " ORDER BY t.sender COLLATE \"C\", 2");
	return ask(parts, &sql, kind, take_row, err);
}

static int drop_service(struct fleet_parts *parts, enum share_kind kind, const PGresult *row,
			struct err *err)
{
	int result = begin_sender(parts, libpq.PQgetvalue(row, 0, 0), err);

	(void)kind;
	return result < 0 ? result
			  : share_taker_drop_container(parts->taker,
						       number_of(libpq.PQgetvalue(row, 0, 1)), err);
}

/* Whoever sends of such a container may have a series of it. LIMIT: else all series would be read. */
static int drop_services(struct fleet_parts *parts, struct err *err)
{
	static char text[] =
		"SELECT c.sender, c.key FROM sclog.container c WHERE c.runtime = 'service' AND NOT"
		" EXISTS (SELECT 1 FROM sclog.container o CROSS JOIN LATERAL (SELECT 1 FROM"
		" sclog.series s WHERE s.sender = o.sender AND s.container = o.key LIMIT 1) one"
		" WHERE (o.sender = o.node OR NOT EXISTS (SELECT 1 FROM sclog.sender x"
		" WHERE x.sender = o.node)) AND (o.node, o.cid) IN (SELECT node, cid FROM sclog.container"
		" WHERE runtime = 'service') AND o.node = c.node AND o.cid = c.cid) ORDER BY 1";
	const struct buf sql = {.p = text};

	return ask(parts, &sql, SHARE_CONTAINER, drop_service, err);
}

/* --- which senders make a part */

static int compare_label(const void *left, const void *right)
{
	return strcmp(((const struct node *)left)->label, ((const struct node *)right)->label);
}

static int compare_first(const void *left, const void *right)
{
	return strcmp(((const struct sender *)left)->first, ((const struct sender *)right)->first);
}

/* One node may have several names: any of them may be the one that its observations get. */
static void order_senders(struct fleet_parts *parts)
{
	struct node *nodes = parts->nodes;
	size_t end;

	if (parts->node_count == 0)
		return;
	qsort(nodes, parts->node_count, sizeof(*nodes), compare_label);
	for (size_t i = 0; i < parts->node_count; i = end) {
		char *first = nodes[i].name, *last = first;

		for (end = i + 1;
		     end < parts->node_count && compare_label(&nodes[i], &nodes[end]) == 0; end++) {
			first = strcmp(nodes[end].name, first) < 0 ? nodes[end].name : first;
			last = strcmp(nodes[end].name, last) > 0 ? nodes[end].name : last;
		}
		for (size_t k = i; k < end; k++) {
			struct sender *sender = &parts->senders[nodes[k].sender];

			if (!sender->first || strcmp(first, sender->first) < 0)
				sender->first = first;
			if (!sender->last || strcmp(last, sender->last) > 0)
				sender->last = last;
		}
	}
	qsort(parts->senders, parts->sender_count, sizeof(*parts->senders), compare_first);
}

/* The senders that are asked in one part, and what of them. */
struct part {
	struct buf senders, containers; /* joined by commas */
	size_t sender_count;
	size_t container_count;
};

static void part_release(struct part *part)
{
	buf_release(&part->senders);
	buf_release(&part->containers);
}

static int add_sender(struct fleet_parts *parts, const struct sender *sender, struct part *part,
		      struct err *err)
{
	const struct selection *selection = parts->selection;

	if (!sender->selected || (share_names_containers(selection) && !sender->container_count &&
				  !selection->host && !selection->unattributed))
		return 0;
	char *name =
		libpq.PQescapeLiteral(parts->fleet->connection, sender->name, strlen(sender->name));

	if (!name)
		return fleet_failed(parts->fleet, NULL, err);
	put_comma(&part->senders);
	buf_put_str(&part->senders, str_from(name));
	libpq.PQfreemem(name);
	part->sender_count++;
	part->container_count += sender->container_count;
	if (sender->containers.n && part->container_count <= KEYS_MAX) {
		put_comma(&part->containers);
		buf_put_str(&part->containers, buf_str(&sender->containers));
	}
	return 0;
}

/* The next senders of which something is asked: 1, or 0 if there are none left. */
static int next_part(struct fleet_parts *parts, struct part *part, struct err *err)
{
	bool is_small = !parts->hours && !share_names_containers(parts->selection);
	size_t most = is_small ? PART_SENDERS : 1;

	while (parts->next < parts->sender_count && part->sender_count < most) {
		const char *last = parts->senders[parts->next].last;

		do {
			const struct sender *sender = &parts->senders[parts->next++];
			int result = add_sender(parts, sender, part, err);

			if (result < 0)
				return result;
			last = strcmp(sender->last, last) > 0 ? sender->last : last;
		} while (parts->next < parts->sender_count &&
			 (parts->at_once || strcmp(parts->senders[parts->next].first, last) <= 0));
	}
	return part->senders.n > 0;
}

/* --- the counts of a part */

/* What is asked of a series, whose table is called so in the statement. */
static void put_selected(struct buf *sql, const struct fleet_parts *parts, const struct part *part,
			 const char *series)
{
	const struct selection *selection = parts->selection;

	if (share_names_containers(selection) && part->container_count <= KEYS_MAX) {
		buf_put_str(sql, STR(" AND (false"));
		if (part->containers.n)
			buf_format(sql, " OR %s.container IN (%.*s)", series,
				   (int)part->containers.n, part->containers.p);
		if (selection->host || selection->unattributed)
			buf_format(sql, " OR %s.container IS NULL", series);
		buf_put_char(sql, ')');
	}
	if (parts->selected_nodes.n)
		buf_format(sql, " AND %s.node IN (%.*s)", series, (int)parts->selected_nodes.n,
			   parts->selected_nodes.p);
}

static void put_senders(struct buf *sql, const struct part *part)
{
	buf_format(sql, " WHERE t.sender IN (%.*s)", (int)part->senders.n, part->senders.p);
}

/* Each day by itself: for a range, PostgreSQL would go through the whole index of a day, in which the
 * senders stand behind it. */
static void put_days(struct buf *sql, const char *day, int64_t first, int64_t last)
{
	if (last - first >= LISTED_DAYS) {
		buf_format(sql,
			   " AND %s BETWEEN date '1970-01-01' + %" PRId64
			   " AND date '1970-01-01' + %" PRId64,
			   day, first, last);
		return;
	}
	buf_format(sql, " AND %s IN (NULL", day);
	for (; first <= last; first++)
		buf_format(sql, ", date '1970-01-01' + %" PRId64, first);
	buf_put_char(sql, ')');
}

static void put_days_of_selected(struct buf *sql, const struct fleet_parts *parts,
				 const struct part *part)
{
	BUF_AUTO selected = {0};

	put_selected(&selected, parts, part, "s");
	/* Joined alone, all days of the sender would be read. A key may be that of another sender's series,
	 * too, where a part has several. */
	if (selected.n && share_names_containers(parts->selection))
		buf_format(sql,
			   " AND t.series = ANY (ARRAY (SELECT s.key FROM sclog.series s"
			   " WHERE s.sender IN (%.*s)%.*s))",
			   (int)part->senders.n, part->senders.p, (int)selected.n, selected.p);
	if (selected.n)
		buf_format(sql,
			   " AND EXISTS (SELECT 1 FROM sclog.series s WHERE s.sender = t.sender"
			   " AND s.key = t.series%.*s)",
			   (int)selected.n, selected.p);
}

/* At once: the series that have a day of those. */
static int read_series(struct fleet_parts *parts, const struct part *part, struct err *err)
{
	BUF_AUTO sql = {0};
	int64_t first = parts->before == FLEET_BEFORE_NONE ? parts->first_day : parts->stored_first;

	put_columns(&sql, SHARE_SERIES);
	put_senders(&sql, part);
	if (parts->at_once) {
		buf_put_str(&sql,
			    STR(" AND EXISTS (SELECT 1 FROM sclog.day d WHERE d.sender = t.sender"
				" AND d.series = t.key"));
		put_days(&sql, "d.day", first, parts->last_day);
		buf_put_char(&sql, ')');
	}
	put_selected(&sql, parts, part, "t");
	buf_put_str(&sql, STR(" ORDER BY 1, 2"));
	return ask(parts, &sql, SHARE_SERIES, take_row, err);
}

/* Each day with its hours. */
static int read_days(struct fleet_parts *parts, const struct part *part, enum fleet_before before,
		     int64_t first, int64_t last, struct err *err)
{
	BUF_AUTO sql = {0};

	put_columns(&sql, SHARE_DAY);
	put_senders(&sql, part);
	put_days(&sql, "t.day", before == FLEET_BEFORE_ALL ? parts->stored_first : first, last);
	put_days_of_selected(&sql, parts, part);
	if (before == FLEET_BEFORE_ANY) {
		buf_put_str(&sql, STR(" UNION ALL (SELECT DISTINCT ON (t.sender, t.series)"));
		size_t at = sql.n;

		put_columns(&sql, SHARE_DAY);
		/* DISTINCT ON stands behind the SELECT */
		memset(sql.p + at, ' ', strlen("SELECT"));
		put_senders(&sql, part);
		put_days(&sql, "t.day", parts->stored_first, first - 1);
		put_days_of_selected(&sql, parts, part);
		buf_put_str(&sql, STR(" ORDER BY t.sender, t.series, t.day DESC)"));
	}
	buf_put_str(&sql, STR(" ORDER BY 1, 3"));
	return ask(parts, &sql, SHARE_DAY, take_row, err);
}

/* Which days there are: those of the window that are not are not asked for. */
static int bound_days(struct fleet_parts *parts, struct err *err)
{
	PGresult *row = fleet_run(parts->fleet,
				  "SELECT coalesce(min(day) - date '1970-01-01', 0),"
				  " coalesce(max(day) - date '1970-01-01', -1) FROM sclog.day",
				  0, NULL, err);

	if (!row)
		return -err->code;
	int64_t first = fleet_number(row, 0, 0), last = fleet_number(row, 0, 1);

	libpq.PQclear(row);
	parts->stored_first = first;
	if (parts->first_day < first)
		parts->first_day = first;
	if (parts->last_day > last)
		parts->last_day = last;
	return 0;
}

/* What a node says of its days cannot leave them, nor be so much that a sum fails. */
static int read_sums(struct fleet_parts *parts, const struct part *part, int64_t first,
		     int64_t last, struct err *err)
{
	BUF_AUTO sql = {0};
	int64_t from = first * STORE_DAY_MS, until = (last + 1) * STORE_DAY_MS - 1;

	buf_format(&sql,
		   "SELECT t.sender, t.series, least(sum(t.count), 4503599627370496)::bigint,"
		   " least(greatest(min(t.first), %" PRId64 "), %" PRId64 ")::bigint,"
		   " least(greatest(max(t.last), min(t.first), %" PRId64 "), %" PRId64 ")::bigint"
		   " FROM sclog.day t",
		   from, until, from, until);
	put_senders(&sql, part);
	put_days(&sql, "t.day", first, last);
	buf_put_str(&sql, STR(" AND t.count > 0"));
	put_days_of_selected(&sql, parts, part);
	buf_put_str(&sql, STR(" GROUP BY 1, 2 ORDER BY 1"));
	return ask(parts, &sql, SHARE_DAY, take_sum, err);
}

/* Days that the window cuts as they are, the others added up. */
static int read_added(struct fleet_parts *parts, const struct part *part, struct err *err)
{
	bool cuts_first = parts->selection->has_since, cuts_last = parts->selection->has_until;
	int64_t first = parts->first_day, last = parts->last_day;
	int result = 0;

	if (cuts_first)
		result = read_days(parts, part, FLEET_BEFORE_NONE, first, first, err);
	if (result == 0 && cuts_last && !(cuts_first && first == last))
		result = read_days(parts, part, FLEET_BEFORE_NONE, last, last, err);
	first += cuts_first;
	last -= cuts_last;
	return result < 0 || first > last ? result : read_sums(parts, part, first, last, err);
}

static int read_part(struct fleet_parts *parts, const struct part *part, struct err *err)
{
	int result = share_taker_begin_part(parts->taker, err);

	if (result == 0)
		result = read_series(parts, part, err);
	if (result == 0)
		result = parts->hours ? read_days(parts, part, parts->before, parts->first_day,
						  parts->last_day, err)
				      : read_added(parts, part, err);
	return result < 0 ? result : share_taker_end_part(parts->taker, err);
}

static int load_next(void *context, struct err *err)
{
	struct fleet_parts *parts = context;
	struct part part = {0};
	int result = next_part(parts, &part, err);

	if (result > 0) {
		result = read_part(parts, &part, err);
		result = result < 0 ? result : 1;
	} else if (result == 0) {
		parts->next = 0;
	}
	part_release(&part);
	return result;
}

/* --- all of it */

static int read_senders(struct fleet_parts *parts, struct err *err)
{
	PGresult *rows = fleet_run(parts->fleet, "SELECT sender FROM sclog.sender", 0, NULL, err);

	for (int i = 0; rows && i < libpq.PQntuples(rows); i++)
		share_taker_add_sender(parts->taker, str_from(libpq.PQgetvalue(rows, i, 0)));
	libpq.PQclear(rows);
	return rows ? 0 : -err->code;
}

static int read_names(struct fleet_parts *parts, struct err *err)
{
	int result = fleet_connect(parts->fleet, err);

	if (result == 0)
		result = fleet_note_limits(parts->fleet, err);
	if (result == 0) /* one state of it */
		result = fleet_do(parts->fleet, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
				  0, NULL, err);
	if (result == 0)
		result = read_senders(parts, err);
	for (int kind = SHARE_HEAD + 1; kind < SHARE_KIND_COUNT && result == 0; kind++)
		if (kind != SHARE_SERIES && kind != SHARE_DAY && kind != SHARE_EMPTY)
			result = read_kind(parts, (enum share_kind)kind, err);
	if (result == 0)
		result = bound_days(parts, err);
	if (result == 0 && !parts->at_once && !share_names_containers(parts->selection))
		result = drop_services(parts, err);
	if (result == 0 && share_taker_head(parts->taker)->name[0])
		result = share_taker_finish(parts->taker, err);
	order_senders(parts);
	return result;
}

/* A minute that the window cuts lies in its days. */
static int64_t day_of(bool has, int64_t ms, int64_t otherwise)
{
	int64_t day = has ? ms / STORE_DAY_MS : otherwise;

	return day < -DAY_MOST ? -DAY_MOST : day > DAY_MOST ? DAY_MOST : day;
}

static struct fleet_parts *new_parts(struct fleet *fleet, struct store *store,
				     const struct selection *selection,
				     const struct fleet_progress *progress)
{
	struct fleet_parts *parts = mem_new(1, sizeof(*parts));

	*parts = (struct fleet_parts){
		.fleet = fleet,
		.taker = share_taker_new(store, true),
		.selection = selection,
		.first_day = day_of(selection->has_since, selection->since_ms, INT64_MIN),
		.last_day = day_of(selection->has_until, selection->until_ms, INT64_MAX),
		.progress = progress,
	};
	return parts;
}

int fleet_read(struct fleet *fleet, struct store *store, const struct selection *selection,
	       enum fleet_before before, const struct fleet_progress *progress, struct err *err)
{
	struct fleet_parts *parts = new_parts(fleet, store, selection, progress);

	parts->at_once = parts->hours = true;
	parts->before = selection->has_since ? before : FLEET_BEFORE_NONE;
	int result = read_names(parts, err);

	if (result == 0)
		result = load_next(parts, err);
	if (result >= 0) /* a pooler gives the session to others */
		result = fleet_do(fleet, "COMMIT", 0, NULL, err);
	fleet_parts_free(parts);
	return result;
}

int fleet_read_parts(struct fleet *fleet, struct store *store, const struct selection *selection,
		     bool hours, const struct fleet_progress *progress,
		     struct fleet_parts **ret_parts, struct err *err)
{
	struct fleet_parts *parts = new_parts(fleet, store, selection, progress);

	parts->hours = hours;
	int result = read_names(parts, err);

	*ret_parts = parts;
	store_set_parts(store, &(struct store_parts){load_next, parts});
	return result;
}

void fleet_parts_free(struct fleet_parts *parts)
{
	if (!parts)
		return;
	share_taker_free(parts->taker);
	buf_release(&parts->selected_nodes);
	for (size_t i = 0; i < parts->sender_count; i++) {
		free(parts->senders[i].name);
		buf_release(&parts->senders[i].containers);
	}
	free(parts->senders);
	for (size_t i = 0; i < parts->node_count; i++) {
		free(parts->nodes[i].label);
		free(parts->nodes[i].name);
	}
	free(parts->nodes);
	free(parts);
}
