#include "ingest/envelope/envelope_private.h"

#include "base/mem.h"
#include "ingest/envelope/grid.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

/* Of a value as bytes; more are no text. */
#define BYTES_MAX (1024 * 1024)

/* Objects in objects, of one value. */
#define DEPTH_MAX 24

static struct str string_of(const json_t *value)
{
	if (json_is_array(value)) /* of a field that came more than once the first counts */
		value = json_array_get(value, 0);
	if (!json_is_string(value))
		return str_of(NULL, 0);
	return str_of(json_string_value(value), json_string_length(value));
}

/* The numbers below 1000 and the like that stand for names, as the text that they are. */
static struct str scalar_of(const json_t *value, struct buf *spare)
{
	struct str text = string_of(value);
	size_t from = spare->n;

	if (text.p || !json_is_number(value))
		return text;
	if (json_is_integer(value))
		buf_format(spare, "%lld", (long long)json_integer_value(value));
	else
		buf_format(spare, "%.3f", json_real_value(value));
	return str_of(spare->p + from, spare->n - from);
}

/* journald writes a value that is no UTF-8 as its bytes (systemd, Journal JSON Format). */
static bool bytes_of(const json_t *array, struct buf *to)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (!json_is_integer(item) || json_integer_value(item) < -128 ||
		    json_integer_value(item) > 255 || to->n > BYTES_MAX)
			return false;
		buf_put_char(to, (char)json_integer_value(item));
	}
	return json_array_size(array) > 0;
}

/* What the walk through one value keeps. */
struct walk {
	struct envelope *envelope;
	unsigned depth;   /* of envelopes */
	struct buf spare; /* for numbers as text; never moves */
	json_t *passed;   /* a table's, which is read already */
};

#define SPARE_MAX 4096

/* The journal's own names, which begin with an underscore, can be written by journald alone. */
static bool is_genuine(struct str name, enum envelope_value value)
{
	return value < ENVELOPE_TRANSPORT || value > ENVELOPE_TIME || name.p[0] == '_';
}

/* auditd's ENRICHED names, in capitals beside what they stand for: libaudit's for a call is wrong
 * where there is no subj=. */
static bool is_translation(struct str name, int role)
{
	return (role == ENVELOPE_SYSCALL || role == ENVELOPE_ARCH) && name.p[0] >= 'A' &&
	       name.p[0] <= 'Z' && name.n > 1 && name.p[1] <= 'Z';
}

/* Other names that sclog knows may stand in any JSON. */
static bool is_of_log(enum envelope_value value)
{
	return value == ENVELOPE_PROGRAM || value == ENVELOPE_FACILITY ||
	       (value >= ENVELOPE_TRANSPORT && value <= ENVELOPE_TIME);
}

/* {"key": NAME, "value": {"stringValue": VALUE}} of OpenTelemetry, {"field": NAME, "value": VALUE} of
 * CloudWatch Logs Insights: a member of the object around it. */
static bool is_pair(json_t *item, struct str *ret_name, json_t **ret_value)
{
	*ret_name = string_of(json_object_get(item, "key"));
	if (!ret_name->p)
		*ret_name = string_of(json_object_get(item, "field"));
	*ret_value = json_object_get(item, "value");
	if (json_is_object(*ret_value) && json_object_size(*ret_value) == 1)
		*ret_value = json_object_iter_value(json_object_iter(*ret_value));
	return ret_name->p && *ret_value;
}

static void note_value(struct walk *walk, struct str parent, struct str name, const json_t *value,
		       struct context *context, const struct context *outer)
{
	int role = role_of(parent, name);
	struct str text = string_of(value);

	/* a pod's resource, of OpenTelemetry */
	context->container = context->container || role_is_container(name, text) ||
			     (str_eq(parent, STR("attributes")) &&
			      (role == ENVELOPE_POD || role == ENVELOPE_CONTAINER));
	if (str_eq(name, STR("_stream")) && str_starts(text, STR("{")) && /* VictoriaLogs' labels */
	    !envelope_is_settled(outer))
		labels_read(text, context);
	if (context->container || (role >= 0 && is_of_log((enum envelope_value)role)))
		envelope_note_log(walk->envelope);
	if (role < 0 || is_translation(name, role))
		return;
	if (!text.p && walk->spare.n < SPARE_MAX - 32)
		text = scalar_of(value, &walk->spare);
	/* the nearer name counts; of equals journald's own, then the first */
	bool nested = parent.p != NULL, is_own = name.p[0] == '_' && !nested;

	if (!text.p || (context->values[role].p != outer->values[role].p &&
			context->values[role].n && !is_own))
		return;
	if (envelope_is_settled(outer) && role <= ENVELOPE_STREAM)
		return;
	context->values[role] = text;
	context->genuine = context->genuine && is_genuine(name, (enum envelope_value)role);
}

json_t *json_of_text(struct str text)
{
	json_t *string = json_stringn(text.n ? text.p : "", text.n);
	BUF_AUTO ascii = {0};

	if (!string) { /* no UTF-8, in which the kernel writes nothing */
		for (size_t i = 0; i < text.n; i++)
			buf_put_char(&ascii, (char)(text.p[i] & 0x80 ? '?' : text.p[i]));
		string = json_stringn(ascii.n ? ascii.p : "", ascii.n);
	}
	if (!string)
		mem_fail("jansson");
	return string;
}

/* What an object and the objects in it say of the texts in it. */
static void note_object(struct walk *walk, struct str parent, json_t *object,
			struct context *context, const struct context *outer, unsigned depth)
{
	const char *key;
	json_t *value, *item;
	struct str name;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	json_array_foreach(object, i, item)
		if (is_pair(item, &name, &value))
			note_value(walk, parent, name, value, context, outer);
	json_object_foreach(object, key, value)
		note_value(walk, parent, str_from(key), value, context, outer);
	json_object_foreach(object, key, value) {
		if (strcmp(key, "args") == 0) /* a call's, of Tetragon */
			value = json_array_get(value, 0);
		if (json_is_object(value) || is_pair(json_array_get(value, 0), &name, &item))
			note_object(walk, str_from(key), value, context, outer, depth + 1);
	}
}

static void walk_value(struct walk *walk, json_t *value, const struct context *context,
		       unsigned depth);
static void walk_object(struct walk *walk, json_t *object, const struct context *context,
			unsigned depth);

/* go-audit's records: the kernel's fields, their type, and the stamp of the event around them. */
static bool walk_go_audit(struct walk *walk, json_t *object, const struct context *context)
{
	struct str data = string_of(json_object_get(object, "data"));
	struct str stamp = context->values[ENVELOPE_WHEN],
		   serial = context->values[ENVELOPE_SERIAL];
	BUF_AUTO text = {0};

	if (json_integer_value(json_object_get(object, "type")) != 1326 || !data.p || !stamp.n ||
	    !serial.n)
		return false;
	buf_put_str(&text, STR("type=1326 audit("));
	buf_put_str(&text, stamp);
	buf_put_char(&text, ':');
	buf_put_str(&text, serial);
	buf_put_str(&text, STR("): "));
	buf_put_str(&text, data);
	envelope_unwrap(walk->envelope, buf_str(&text), context, walk->depth + 1);
	return true;
}

/* Names of types and logs hold the same words, but no blank, or no '='. */
static bool may_be_line(struct str text)
{
	static const struct str words[] = {{"type=", 5},        {"SECCOMP ", 8},
					   {"audit_lost=", 11}, {"_printk_skb: ", 13},
					   {"audit: ", 7},      {"eccomp", 6}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text.n >= 12 && memchr(text.p, ' ', text.n) &&
		    str_find(text, words[i]) < text.n)
			return true;
	return false;
}

/* Further lines of a text need a framing of their own, and are none of the journal's: who makes the
 * kernel print a newline chooses what is behind it. */
static void walk_line(struct walk *walk, struct str line, const struct context *context,
		      bool is_first)
{
	struct context inner = *context;

	while (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (!may_be_line(line))
		return;
	inner.further |= !is_first;
	inner.container |=
		!is_first && (context->values[ENVELOPE_TRANSPORT].p || !envelope_is_line(line));
	envelope_unwrap(walk->envelope, line, &inner, walk->depth + 1);
}

static void walk_text(struct walk *walk, struct str text, const struct context *context)
{
	envelope_new_text(walk->envelope);
	for (bool is_first = true; text.n; is_first = false) {
		size_t n = str_chr(text, '\n');

		walk_line(walk, str_of(text.p, n), context, is_first);
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
}

static bool speaks_of_seccomp(struct str text)
{
	return str_find(text, STR("eccomp")) < text.n || str_find(text, STR("SECCOMP")) < text.n ||
	       str_find(text, STR("1326")) < text.n;
}

/* The same of a key or a string anywhere in a value. */
static bool mentions_seccomp(json_t *value, unsigned depth)
{
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DEPTH_MAX)
		return false;
	if (json_is_string(value))
		return speaks_of_seccomp(string_of(value));
	if (json_is_integer(value))
		return json_integer_value(value) == 1326;
	json_array_foreach(value, i, item)
		if (mentions_seccomp(item, depth + 1))
			return true;
	json_object_foreach(value, key, item)
		if (speaks_of_seccomp(str_from(key)) || mentions_seccomp(item, depth + 1))
			return true;
	return false;
}

/* An action as the kernel and libseccomp write it; codes of errors are other numbers or in capitals. */
static bool is_action(struct str code)
{
	return str_starts(code, STR("0x")) || (code.n && code.p[0] >= 'a' && code.p[0] <= 'z');
}

/* A collector that took the record apart: whoever reports a call, and an action or seccomp. */
static void keep_event(struct walk *walk, json_t *value, const struct context *context)
{
	if (!json_is_object(value) ||
	    (!context->values[ENVELOPE_SYSCALL].p && !context->values[ENVELOPE_SYSCALL_NAME].p) ||
	    envelope_entry_has_record(walk->envelope) ||
	    (!is_action(context->values[ENVELOPE_CODE]) && !mentions_seccomp(value, 0)))
		return;
	char *text = json_dumps(value, JSON_COMPACT);

	if (!text)
		mem_fail("jansson");
	envelope_keep_event(walk->envelope, str_from(text), context);
	free(text);
}

/* Of a journal's entry the message alone is its text: _CMDLINE and others are what a process says of
 * itself. A field is no object, and no list of lists. */
static bool is_skipped(const struct context *context, struct str key, json_t *value)
{
	json_t *first = json_array_get(value, 0);

	return context->values[ENVELOPE_TRANSPORT].p && !json_is_object(value) &&
	       !json_is_object(first) && !json_is_array(first) &&
	       (key.n != 7 || strncasecmp(key.p, "message", 7) != 0);
}

/* Lists of values of which it is not known which is what: their node may be among them. */
static void keep_unread(struct walk *walk, json_t *lists)
{
	json_t *list;
	size_t i;

	json_array_foreach(lists, i, list) {
		char *text = json_dumps(list, JSON_COMPACT | JSON_ENCODE_ANY);

		if (!text)
			mem_fail("jansson");
		envelope_keep_broken(walk->envelope, str_from(text));
		free(text);
	}
}

/* What a list of strings says of the lines in it; false if a node may be any of several. */
static bool find_node(json_t *list, struct context *context)
{
	struct cells cells = {.nodes = 0};
	bool any = false;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		any |= may_be_line(string_of(item));
		if (json_is_string(item))
			cells_note(&cells, string_of(item));
	}
	return !any || cells_find_node(&cells, context);
}

/* Rows below one of names: [["host", "line"], ["w1", "audit: ..."]]. */
static bool walk_rows(struct walk *walk, json_t *array, const struct context *context,
		      unsigned depth)
{
	json_t *first = json_array_get(array, 0);

	if (json_array_size(array) < 2 || !json_is_array(first) || !grid_is_head(first) ||
	    !json_is_array(json_array_get(array, 1)))
		return false;
	json_t *rows = json_deep_copy(array), *table;

	json_array_remove(rows, 0);
	table = json_pack("{s:O,s:o}", "names", first, "rows", rows);
	if (!table)
		mem_fail("jansson");
	walk_object(walk, table, context, depth + 1);
	json_decref(table);
	return true;
}

/* Of elements that are objects each is an entry by itself; strings are lines. */
static void walk_array(struct walk *walk, json_t *array, const struct context *context,
		       unsigned depth)
{
	BUF_AUTO bytes = {0};
	json_t *value, *member;
	struct str name;
	size_t i;

	if (bytes_of(array, &bytes)) {
		walk_text(walk, buf_str(&bytes), context);
		return;
	}
	if (context->part && !context->values[ENVELOPE_NODE].p && grid_is_nameless(array)) {
		keep_unread(walk, array);
		return;
	}
	struct context found = *context;

	if (walk_rows(walk, array, context, depth))
		return;
	if (!find_node(array, &found)) {
		json_t *lists = json_pack("[O]", array);

		keep_unread(walk, lists);
		json_decref(lists);
		return;
	}
	context = &found;
	json_array_foreach(array, i, value) {
		struct context inner = *context;

		if (is_pair(value, &name, &member)) {
			if (!is_skipped(context, name, member))
				walk_value(walk, member, context, depth + 1);
			continue;
		}
		envelope_new_entry(walk->envelope);
		note_object(walk, str_of(NULL, 0), value, &inner, context, depth + 1);
		if (json_is_object(value) && walk_go_audit(walk, value, &inner))
			continue;
		walk_value(walk, value, &inner, depth + 1);
		keep_event(walk, value, &inner);
	}
}

/* Ansible gives "stdout" line by line once more, as "stdout_lines". */
static bool are_lines_of_other(json_t *object, struct str key)
{
	return key.n > 6 && str_eq(str_skip(key, key.n - 6), STR("_lines")) &&
	       json_is_string(json_object_getn(object, key.p, key.n - 6));
}

/* {"w1": {"stdout": "..."}}, {"w1": "..."}: by hosts, as Salt and Ansible answer. Names of values are words, and
 * perhaps numbered. */
static bool is_host(struct str key)
{
	struct str word = key;
	struct cells cells = {.nodes = 0};

	cells_note(&cells, key);
	while (word.n && is_digit(word.p[word.n - 1]))
		word.n--;
	return cells.nodes && (word.n < 2 || !cells_is_word(word)) &&
	       role_of(str_of(NULL, 0), word) < 0 &&
	       !str_is_one_of(key, "k8s|ec2|s3|log4j", false) &&
	       !str_is_one_of(word, "v|f|c|field|column|col|item|row|entry|data|result|page|part",
			      false);
}

static void walk_member(struct walk *walk, struct str key, json_t *value,
			const struct context *context, unsigned depth)
{
	struct context inner = *context;

	if (!envelope_is_settled(context) && is_host(key) && !json_is_number(value)) {
		inner.values[ENVELOPE_NODE] = key;
		envelope_new_entry(walk->envelope);
		note_object(walk, str_of(NULL, 0), value, &inner, &inner, depth);
	}
	walk_value(walk, value, &inner, depth);
}

/* The rows of a table are as objects, and what stands beside them. */
static void walk_object(struct walk *walk, json_t *object, const struct context *context,
			unsigned depth)
{
	struct grid grid = grid_read(object);
	json_t *passed = walk->passed;
	const char *key;
	json_t *item;

	if (grid.rows) {
		walk->passed = grid.values ? grid.values : object;
		walk_array(walk, grid.rows, context, depth);
		keep_unread(walk, grid.misfits);
	}
	if (walk->passed != object)
		json_object_foreach(object, key, item)
			if (!is_skipped(context, str_from(key), item) &&
			    !are_lines_of_other(object, str_from(key)))
				walk_member(walk, str_from(key), item, context, depth + 1);
	grid_release(&grid);
	walk->passed = passed;
}

static void walk_value(struct walk *walk, json_t *value, const struct context *context,
		       unsigned depth)
{
	if (depth > DEPTH_MAX || value == walk->passed)
		return;
	if (json_is_string(value))
		walk_text(walk, string_of(value), context);
	else if (json_is_array(value))
		walk_array(walk, value, context, depth);
	else if (json_is_object(value))
		walk_object(walk, value, context, depth);
}

/* A field as the journal can hold it (systemd, journal_field_valid()): capitals. */
static bool is_field_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && name[n] == '\0';
}

/* An entry as journalctl itself writes it: its cursor, which exporters do not pass on, and nothing but
 * fields of the journal. */
static bool is_journalctls(json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_is_string(json_object_get(object, "__CURSOR")))
		return false;
	json_object_foreach(object, key, value)
		if (!is_field_name(key) || json_is_object(value))
			return false;
	return true;
}

/* Reads a value. Of two members of one name the last counts, and journalctl writes no such. */
static json_t *read_value(struct str text, bool *ret_is_journalctls)
{
	const size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
	json_t *root = json_loadb(text.p, text.n, flags | JSON_REJECT_DUPLICATES, NULL);
	BUF_AUTO json = {0};

	*ret_is_journalctls = json_is_object(root) && is_journalctls(root);
	if (!root)
		root = json_loadb(text.p, text.n, flags, NULL);
	if (root || str_find(text, STR("=>")) + str_find(text, STR("': ")) == 2 * text.n)
		return root;
	literal_to_json(text, &json);
	return json_loadb(json.p, json.n, flags, NULL);
}

void json_walk(struct envelope *envelope, json_t *root, const struct context *context,
	       unsigned depth)
{
	struct walk walk = {.envelope = envelope, .depth = depth};
	struct context inner = *context;

	/* what another program wrote says nothing of itself */
	inner.container |= depth > 0 && !envelope_is_kernels(context->values);
	buf_reserve(&walk.spare, SPARE_MAX);
	note_object(&walk, str_of(NULL, 0), root, &inner, context, 0);
	walk_value(&walk, root, &inner, 0);
	keep_event(&walk, root, &inner);
	buf_release(&walk.spare);
}

bool json_unwrap(struct envelope *envelope, struct str text, const struct context *context,
		 unsigned depth, bool *ret_is_journalctls)
{
	struct context inner = *context;
	json_t *root = read_value(text, ret_is_journalctls);

	if (!root)
		return false;
	inner.genuine = inner.genuine && *ret_is_journalctls;
	json_walk(envelope, root, &inner, depth);
	json_decref(root);
	return true;
}
