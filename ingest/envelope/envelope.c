#include "ingest/envelope/envelope_private.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Texts of one value; more are for nobody. */
#define ITEMS_MAX 65536

enum kind {
	KIND_UNDECIDED,
	KIND_NONE,
	KIND_JSON,
	KIND_CSV,
	KIND_ESCAPED,
	KIND_YAML,
	KIND_BLOCK,
	KIND_XML,
	KIND_PREFIX, /* the first of those that are one line and a function */
};

struct prefix {
	const char *name;
	envelope_peel_fn *peel;
};

/* In the order in which they are tried. */
static const struct prefix prefixes[] = {
	{"cri", peel_cri},         {"loki", peel_loki},         {"kubectl", peel_kubectl},
	{"compose", peel_compose}, {"fields", peel_fields},     {"time", peel_time},
	{"aws", peel_aws},         {"grep", peel_grep},         {"node-logs", peel_node},
	{"quoted", peel_quoted},   {"yaml", peel_yaml},         {"markup", peel_markup},
	{"fluent", peel_fluent},   {"tags", peel_tags},         {"prompt", peel_prompt},
	{"wazuh", peel_wazuh},     {"teamcity", peel_teamcity},
};

#define PREFIX_COUNT (sizeof(prefixes) / sizeof(prefixes[0]))

static const struct {
	const char *name;
	enum kind kind;
} names[] = {{"none", KIND_NONE},       {"json", KIND_JSON},   {"csv", KIND_CSV},
	     {"escaped", KIND_ESCAPED}, {"block", KIND_BLOCK}, {"xml", KIND_XML}};

struct kept {
	size_t at, n; /* in bytes */
	bool wrapped, container, cleaned, event, broken, further;
	struct {
		size_t at, n;
		bool present;
	} values[ENVELOPE_VALUES];
};

struct envelope {
	struct envelope_options options;
	unsigned kind, fixed; /* enum kind, KIND_PREFIX + n; fixed: by its name */
	bool begun;           /* a line was looked at */
	bool log;             /* a name of a log's was found */
	bool in_section;      /* a line before said where those below it are from */
	bool is_container;    /* and that they are a container's */
	bool is_ruled;        /* the line before was dashes alone */
	struct buf section;   /* and the node */
	struct csv_head head;
	struct json_gather json;
	struct yaml_gather yaml;
	struct block_gather block;
	struct xml_gather xml;
	struct mail mail;
	struct buf bytes; /* of what was taken out */
	struct kept *kept;
	size_t count, size, next;
	size_t entry; /* where the texts of the entry at hand begin in kept */
	size_t text;  /* and the lines of the text at hand */
};

static bool kind_of_name(const char *name, unsigned *ret_kind)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*ret_kind = names[i].kind;
		if (strcmp(name, names[i].name) == 0)
			return true;
	}
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		*ret_kind = KIND_PREFIX + (unsigned)i;
		if (strcmp(name, prefixes[i].name) == 0)
			return true;
	}
	return false;
}

bool envelope_is_name(const char *name)
{
	unsigned kind;

	return kind_of_name(name, &kind);
}

struct envelope *envelope_new(const struct envelope_options *options)
{
	struct envelope *envelope = mem_new(1, sizeof(*envelope));

	envelope->options = *options;
	if (!options->name || !kind_of_name(options->name, &envelope->fixed))
		envelope->fixed = KIND_UNDECIDED;
	envelope_begin(envelope);
	return envelope;
}

void envelope_free(struct envelope *envelope)
{
	if (!envelope)
		return;
	json_gather_release(&envelope->json);
	buf_release(&envelope->yaml.text);
	json_decref(envelope->block.row);
	buf_release(&envelope->xml.text);
	buf_release(&envelope->mail.text);
	buf_release(&envelope->section);
	buf_release(&envelope->bytes);
	free(envelope->kept);
	free(envelope);
}

static void clear_kept(struct envelope *envelope)
{
	buf_clear(&envelope->bytes);
	envelope->count = envelope->next = envelope->entry = envelope->text = 0;
}

void envelope_new_entry(struct envelope *envelope)
{
	envelope->entry = envelope->text = envelope->count;
}

void envelope_new_text(struct envelope *envelope)
{
	envelope->text = envelope->count;
}

void envelope_begin(struct envelope *envelope)
{
	envelope->kind = envelope->fixed;
	envelope->begun = envelope->log = false;
	envelope->in_section = envelope->is_container = envelope->is_ruled = false;
	buf_clear(&envelope->section);
	buf_clear(&envelope->yaml.text);
	json_decref(envelope->block.row);
	envelope->block = (struct block_gather){.row = NULL};
	buf_clear(&envelope->xml.text);
	mail_begin(&envelope->mail);
	envelope->yaml.separated = envelope->yaml.dropped = false;
	envelope->head = (struct csv_head){0};
	json_gather_begin(&envelope->json);
	clear_kept(envelope);
}

bool envelope_is_none(const struct envelope *envelope)
{
	return envelope->kind == KIND_NONE && !envelope->in_section && !envelope->mail.is_one;
}

void envelope_note_log(struct envelope *envelope)
{
	envelope->log = true;
}

bool envelope_is_log(const struct envelope *envelope)
{
	return envelope->log;
}

bool envelope_is_one(const struct envelope *envelope)
{
	return envelope->kind > KIND_NONE && !envelope->options.mixed;
}

bool envelope_is_inside(const struct envelope *envelope)
{
	return envelope->json.depth > 0 || envelope->yaml.text.n > 0 || envelope->block.row ||
	       envelope->xml.text.n > 0;
}

bool envelope_matters(struct str text)
{
	return str_find(text, STR("audit")) < text.n || str_find(text, STR("eccomp")) < text.n ||
	       str_find(text, STR("SECCOMP")) < text.n || str_find(text, STR(":1326,")) < text.n ||
	       str_find(text, STR("[97,117,100,")) < text.n ||
	       str_find(text, STR("[83,69,67,67,")) < text.n;
}

bool envelope_has_shape(struct str text, const char *shape)
{
	size_t n = strlen(shape);

	if (text.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text.p[i];

		if (shape[i] == '0'   ? !is_digit(c)
		    : shape[i] == '_' ? !is_digit(c) && c != ' '
				      : c != shape[i])
			return false;
	}
	return true;
}

/* "Nov 21 23:01:34", "Sat 2026-11-21 23:01:34", "Sat Nov 21 23:01:34": two words or three, of which one is a
 * day, or a date in one word of two, and a clock. */
static bool is_bsd(struct str text)
{
	bool has_day = false, has_date = false, has_weekday = true;

	for (int i = 0; i < 4; i++) {
		size_t n = 0, digits = 0;

		if (((i == 2 && has_date) || (i >= 2 && has_day)) && (i < 3 || has_weekday) &&
		    envelope_has_shape(text, "00:00:00"))
			return true;
		while (digits < text.n && is_digit(text.p[digits]))
			digits++;
		has_day |= digits == 1 || digits == 2;
		has_date |= digits == 4;
		while (n < text.n && n < 24 &&
		       (isalnum((unsigned char)text.p[n]) || strchr("./-", text.p[n]) ||
			text.p[n] & 0x80))
			n++;
		if (n == 0 || n == text.n || text.p[n] != ' ')
			return false;
		/* no pod, no container and no stream (header.c, is_weekday()) */
		if (i == 0)
			has_weekday =
				memchr(text.p, '-', n) == NULL && (n <= 7 || text.p[0] & 0x80);
		while (n < text.n && text.p[n] == ' ')
			n++;
		text = str_skip(text, n);
	}
	return false;
}

/* "2026-11-21T23:01:34.1234567Z ": of GitHub, before each line of a job's log, whatever it is; of GitLab with
 * "00O", "00E" behind it. */
static bool is_job_time(struct str text)
{
	return envelope_has_shape(text, "0000-00-00T00:00:00.0000000Z ") ||
	       envelope_has_shape(text, "0000-00-00T00:00:00.000000Z 00O") ||
	       envelope_has_shape(text, "0000-00-00T00:00:00.000000Z 00E");
}

/* "2026-11-21T23:01:34.454Z " and nothing else up to the blank. */
static bool is_iso(struct str text)
{
	size_t n = 19;

	if (!envelope_has_shape(text, "0000-00-00") || text.n < 20 ||
	    !envelope_has_shape(str_skip(text, 11), "00:00:00"))
		return false;
	while (n < text.n && (is_digit(text.p[n]) || strchr("+-:.,Zz", text.p[n])))
		n++;
	return n < text.n && text.p[n] == ' ';
}

static bool is_bracketed(struct str text)
{
	size_t n = str_chr(str_of(text.p, text.n < 80 ? text.n : 80), ']');

	if (text.n < 4 || text.p[0] != '[' || n == text.n || n == 80)
		return false;
	for (size_t i = 1; i + 1 < n; i++)
		if (is_digit(text.p[i]) && strchr(".,:", text.p[i + 1]))
			return true;
	return false;
}

/* "type=SECCOMP msg=audit(", "type=1326 audit(". */
static bool is_audit(struct str text)
{
	size_t n = 5;

	if (!str_starts(text, STR("type=")))
		return false;
	while (n < text.n && n < 64 && text.p[n] != ' ')
		n++;
	text = str_skip(text, n);
	return str_starts(text, STR(" msg=audit(")) || str_starts(text, STR(" audit("));
}

/* "5,1234,711918371,-;": of /dev/kmsg. */
static bool is_kmsg(struct str text)
{
	for (int i = 0; i < 3; i++) {
		size_t n = 0;

		while (n < text.n && n < 20 && is_digit(text.p[n]))
			n++;
		if (n == 0 || n == text.n || text.p[n] != ',')
			return false;
		text = str_skip(text, n + 1);
	}
	return str_chr(text, ';') < text.n;
}

/* A line that stands by itself, with a header that says whose it is. */
static bool is_plain(struct str text)
{
	return is_audit(text) || str_starts(text, STR("node=")) || is_bsd(text) || is_iso(text) ||
	       str_starts(text, STR("kernel: [")) || str_starts(text, STR("kernel: audit: ")) ||
	       is_bracketed(text) || is_kmsg(text) || envelope_has_shape(text, "00-00 00:00:00.") ||
	       envelope_has_shape(text, "<0>") || envelope_has_shape(text, "<00>");
}

bool envelope_is_line(struct str text)
{
	return is_plain(text) || json_begins(text);
}

bool envelope_is_text(struct str text)
{
	static const struct str words[] = {
		{"audit: type=", 12},       {"audit: audit_", 13},   {"audit: backlog ", 15},
		{"audit: rate ", 12},       {"audit: kauditd ", 15}, {"kauditd_printk_skb: ", 20},
		{"audit_printk_skb: ", 18}, {"SECCOMP auid=", 13},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts(text, words[i]))
			return true;
	return envelope_is_line(text);
}

static bool contains(struct str text, struct str part)
{
	return part.n <= text.n && str_find(text, part) < text.n;
}

/* Exporters give an entry's text twice: as it came, and what they made of it. Equal lines of one text are several. */
static bool is_kept(const struct envelope *envelope, struct str text)
{
	for (size_t i = envelope->entry; i < envelope->text && i < envelope->entry + 16; i++) {
		const struct kept *kept = &envelope->kept[i];
		struct str other = str_of(envelope->bytes.p + kept->at, kept->n);

		if (contains(text, other) || contains(other, text))
			return true;
	}
	return false;
}

static size_t keep_bytes(struct envelope *envelope, struct str text)
{
	size_t at = envelope->bytes.n;

	buf_put_str(&envelope->bytes, text);
	return at;
}

static void keep(struct envelope *envelope, struct str text, const struct context *context,
		 bool wrapped)
{
	if (envelope->count == ITEMS_MAX || is_kept(envelope, text))
		return;
	if (envelope->count == envelope->size) {
		envelope->size = envelope->size ? 2 * envelope->size : 16;
		envelope->kept =
			mem_resize(envelope->kept, envelope->size * sizeof(*envelope->kept));
	}
	struct kept *kept = &envelope->kept[envelope->count++];

	*kept = (struct kept){.wrapped = wrapped || envelope->in_section,
			      .container = context->container || envelope->is_container,
			      .further = context->further};
	kept->n = text.n;
	kept->at = keep_bytes(envelope, text);
	for (int i = 0; i < ENVELOPE_VALUES; i++) {
		struct str value = context->values[i];

		if (i == ENVELOPE_AGENT && !value.n)
			value = buf_str(&envelope->section);
		kept->values[i].present = value.p != NULL;
		kept->values[i].n = value.n;
		kept->values[i].at = keep_bytes(envelope, value);
	}
}

bool envelope_entry_has_record(const struct envelope *envelope)
{
	for (size_t i = envelope->entry; i < envelope->count; i++) {
		const struct kept *kept = &envelope->kept[i];

		if (kept->event || envelope_is_text(str_of(envelope->bytes.p + kept->at, kept->n)))
			return true;
	}
	return false;
}

void envelope_keep_event(struct envelope *envelope, struct str text, const struct context *context)
{
	keep(envelope, text, context, true);
	if (envelope->count > envelope->entry)
		envelope->kept[envelope->count - 1].event = true;
}

void envelope_keep_broken(struct envelope *envelope, struct str text)
{
	static const struct context none = {.genuine = false};

	envelope_new_entry(envelope);
	keep(envelope, text, &none, true);
	if (envelope->count > envelope->entry)
		envelope->kept[envelope->count - 1].broken = true;
}

/* journald's own entries are as they were written; anything else passed through other hands. */
static bool is_journal(const struct context *context, unsigned depth)
{
	return depth == 1 && context->genuine && context->values[ENVELOPE_TRANSPORT].p;
}

/* Takes one envelope of a line off, if it has one. Returns its kind, or KIND_UNDECIDED. */
static unsigned peel(const struct csv_head *head, struct str text, unsigned kind,
		     struct str *ret_text, struct context *context, struct buf *spare)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		struct context found = *context;

		if (kind != KIND_UNDECIDED && kind != KIND_PREFIX + i)
			continue;
		if (!prefixes[i].peel(text, ret_text, &found, spare))
			continue;
		*context = found;
		return KIND_PREFIX + (unsigned)i;
	}
	if ((kind == KIND_UNDECIDED || kind == KIND_CSV) && envelope_matters(text) &&
	    csv_take(head, text, ret_text, context, spare))
		return KIND_CSV;
	buf_clear(spare);
	if ((kind == KIND_UNDECIDED || kind == KIND_ESCAPED) && escape_take(text, ret_text, spare))
		return KIND_ESCAPED;
	return KIND_UNDECIDED;
}

bool envelope_is_settled(const struct context *context)
{
	bool any = false;

	for (int i = ENVELOPE_NODE; i <= ENVELOPE_STREAM; i++)
		any = any || context->values[i].n;
	return context->further && any;
}

void envelope_unwrap(struct envelope *envelope, struct str text, const struct context *context,
		     unsigned depth)
{
	BUF_AUTO spare = {0};
	BUF_AUTO plain = {0};
	struct context inner = *context;
	static const struct csv_head no_head = {.looked = true};
	struct str within;
	bool ignored;

	if (depth >= ENVELOPE_DEPTH_MAX)
		return;
	if (context->event) {
		envelope_keep_event(envelope, text, context);
		return;
	}
	if (colour_take(text, &within, &plain))
		text = within;
	if (json_begins(text) && json_unwrap(envelope, text, context, depth, &ignored))
		return;
	/* what is written as itself is no envelope: a time before a line may be the line's own */
	if ((!envelope_is_text(text) || is_iso(text)) &&
	    peel(&no_head, text, KIND_UNDECIDED, &within, &inner, &spare) != KIND_UNDECIDED) {
		inner.genuine = false;
		if (envelope_is_settled(context))
			memcpy(&inner.values[ENVELOPE_NODE], &context->values[ENVELOPE_NODE],
			       (ENVELOPE_STREAM + 1 - ENVELOPE_NODE) * sizeof(inner.values[0]));
		envelope_unwrap(envelope, within, &inner, depth + 1);
		return;
	}
	buf_clear(&spare);
	if (escape_take(text, &within, &spare))
		text = within;
	keep(envelope, text, context, !is_journal(context, depth));
}

/* Kinds of which a line may have none, and stand as it is. */
static bool is_on_some(unsigned kind)
{
	return kind == KIND_ESCAPED ||
	       (kind >= KIND_PREFIX && (prefixes[kind - KIND_PREFIX].peel == peel_tags ||
					prefixes[kind - KIND_PREFIX].peel == peel_prompt));
}

/* Takes off what the input's lines are known to have. */
static bool take_known(struct envelope *envelope, struct str line, bool more)
{
	struct context context = {.container = false};
	BUF_AUTO spare = {0};
	struct str text;

	if (envelope->kind == KIND_JSON)
		return json_take(&envelope->json, envelope, line, more);
	if (envelope->kind == KIND_YAML) {
		yaml_take(&envelope->yaml, envelope, line);
		return true;
	}
	if (envelope->kind == KIND_BLOCK) {
		block_take(&envelope->block, envelope, line);
		return true;
	}
	if (envelope->kind == KIND_XML) {
		xml_take(&envelope->xml, envelope, line);
		return true;
	}
	if (peel(&envelope->head, line, envelope->kind, &text, &context, &spare) ==
	    KIND_UNDECIDED) {
		/* nothing in it had to be escaped, or another line has the tags or the prompt */
		if (!is_on_some(envelope->kind) || !is_plain(line))
			return false;
		text = line;
	}
	envelope_unwrap(envelope, text, &context, 1);
	return true;
}

static bool is_yaml(unsigned kind)
{
	return kind >= KIND_PREFIX && prefixes[kind - KIND_PREFIX].peel == peel_yaml;
}

/* What the line shows of the input. */
static unsigned decide(struct envelope *envelope, struct str line)
{
	struct context context = {.genuine = false};
	BUF_AUTO spare = {0};
	struct str text;

	if (json_begins(line) || str_starts(line, STR("\x1e{")) || str_starts(line, STR("data: {")))
		return KIND_JSON;
	if (block_begins(line))
		return KIND_BLOCK;
	if (xml_begins(line))
		return KIND_XML;
	if (envelope->head.delimiter && csv_take(&envelope->head, line, &text, &context, &spare))
		return KIND_CSV;
	unsigned kind;

	/* these begin as a syslog daemon's lines do */
	if (is_bsd(line) && peel_time(line, &text, &context, &spare) && is_audit(text) &&
	    kind_of_name("time", &kind))
		return kind;
	if (is_bsd(line) && peel_wazuh(line, &text, &context, &spare) &&
	    kind_of_name("wazuh", &kind))
		return kind;
	if (is_plain(line) && !is_iso(line))
		return escape_take(line, &text, &spare) ? KIND_ESCAPED : KIND_NONE;
	kind = peel(&envelope->head, line, KIND_UNDECIDED, &text, &context, &spare);

	if (kind == KIND_UNDECIDED && envelope_is_text(line) && !is_job_time(line))
		return KIND_NONE;
	return kind;
}

/* Takes a line's ends off: a byte-order mark, colours, a console's returns, that of CRLF. */
static bool clean(struct envelope *envelope, struct str line, struct str *ret_line,
		  struct buf *spare)
{
	bool marked = !envelope->begun && str_starts(line, STR("\xef\xbb\xbf"));

	if (marked)
		line = str_skip(line, 3);
	marked |= colour_take(line, &line, spare);
	for (; line.n && line.p[0] == '\r'; marked = true)
		line = str_skip(line, 1);
	while (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*ret_line = line;
	return marked;
}

/* Only the first line that shows what an input is begins sections: further down it may be a program's. True if the
 * line does; what stands in each section decides by itself what its lines have. */
static bool look_for_section(struct envelope *envelope, struct str *line)
{
	struct context context = {.genuine = false};
	struct str rest;

	bool was_ruled = envelope->is_ruled, is_section;

	envelope->is_ruled = line->n >= 8 && str_starts(*line, STR("--------"));
	if ((envelope->kind != KIND_UNDECIDED && !envelope->in_section) || envelope->json.depth > 0)
		return false;
	is_section = section_read(*line, &context, &rest);
	if (!is_section && was_ruled && line->n && str_chr(*line, ' ') == line->n) { /* clush -b */
		context.values[ENVELOPE_NODE] = *line;
		is_section = true;
	}
	if (!is_section)
		return false;
	yaml_end(&envelope->yaml, envelope);
	block_end(&envelope->block, envelope);
	xml_end(&envelope->xml, envelope);
	envelope->in_section = true;
	envelope->kind = envelope->fixed;
	envelope->is_container = context.container;
	buf_clear(&envelope->section);
	buf_put_str(&envelope->section, context.values[ENVELOPE_NODE]);
	*line = rest;
	return true;
}

static bool take(struct envelope *envelope, struct str line, bool more, bool cleaned)
{
	static const struct context none = {.genuine = false};
	bool is_section = look_for_section(envelope, &line);
	bool may_be_yaml = envelope->kind == KIND_UNDECIDED || is_yaml(envelope->kind);

	if (may_be_yaml && str_eq(line, STR("---")))
		envelope->yaml.separated = true;
	else if (may_be_yaml && (yaml_begins(line, envelope->yaml.separated) ||
				 (envelope->in_section && yaml_is_indented(line))))
		envelope->kind = KIND_YAML;
	else if (line.n)
		envelope->yaml.separated = false;
	if (!envelope->head.looked && line.n)
		csv_read_head(&envelope->head, line);
	if (envelope->options.mixed && !envelope_is_inside(envelope))
		envelope->kind = envelope->fixed;
	if (envelope->kind == KIND_UNDECIDED && line.n)
		envelope->kind = decide(envelope, line);
	if (envelope->kind > KIND_NONE && take_known(envelope, line, more))
		return true;
	if ((is_section && !line.n) || (!cleaned && !envelope->in_section))
		return is_section;
	size_t at = envelope->count;

	envelope_new_entry(envelope);
	keep(envelope, line, &none, true);
	if (envelope->count > at)
		envelope->kept[at].cleaned = true;
	return true;
}

bool envelope_line(struct envelope *envelope, struct str line, bool part, bool more)
{
	BUF_AUTO spare = {0};
	bool cleaned;

	clear_kept(envelope);
	if (part)
		return envelope->json.in_line && take_known(envelope, line, more);
	cleaned = clean(envelope, line, &line, &spare);
	envelope->begun = true;
	if (!mail_take(&envelope->mail, line, envelope->kind == KIND_UNDECIDED))
		return take(envelope, line, more, cleaned);
	while (mail_next(&envelope->mail, &line))
		take(envelope, line, false, true);
	return true;
}

bool envelope_end(struct envelope *envelope)
{
	struct str line;

	clear_kept(envelope);
	buf_put_char(&envelope->mail.text, '\n'); /* a last line may lack it */
	while (mail_next(&envelope->mail, &line))
		if (line.n)
			take(envelope, line, false, true);
	yaml_end(&envelope->yaml, envelope);
	block_end(&envelope->block, envelope);
	xml_end(&envelope->xml, envelope);
	json_end(&envelope->json, envelope);
	return envelope->count > 0;
}

bool envelope_next(struct envelope *envelope, struct envelope_item *ret_item)
{
	if (envelope->next == envelope->count)
		return false;
	const struct kept *kept = &envelope->kept[envelope->next++];
	const char *bytes = envelope->bytes.p;

	*ret_item = (struct envelope_item){.event = kept->event,
					   .wrapped = kept->wrapped,
					   .container = kept->container,
					   .cleaned = kept->cleaned,
					   .further = kept->further,
					   .broken = kept->broken};
	ret_item->text = str_of(bytes + kept->at, kept->n);
	for (int i = 0; i < ENVELOPE_VALUES; i++)
		if (kept->values[i].present)
			ret_item->values[i] = str_of(bytes + kept->values[i].at, kept->values[i].n);
	return true;
}

bool envelope_is_kernels(const struct str values[ENVELOPE_VALUES])
{
	static const struct str programs[] = {{"kernel", 6}, {"kernel:", 7}, {"audit", 5},
					      {"auditd", 6}, {"-", 1},       {"", 0}};
	struct str program = values[ENVELOPE_PROGRAM];
	struct str facility = values[ENVELOPE_FACILITY];

	if (facility.n && !str_eq(facility, STR("0")) &&
	    ((facility.n != 4 && facility.n != 6) ||
	     strncasecmp(facility.p, "kernel", facility.n) != 0))
		return str_eq(program, STR("auditd"));
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (str_eq(program, programs[i]))
			return true;
	return false;
}
