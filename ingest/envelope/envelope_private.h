/*
 * The parts of the envelope: how each kind is taken off.
 */
#ifndef SCLOG_INGEST_ENVELOPE_ENVELOPE_PRIVATE_H
#define SCLOG_INGEST_ENVELOPE_ENVELOPE_PRIVATE_H

#include "base/buf.h"
#include "ingest/envelope/envelope.h"

#include <jansson.h>

/* Envelopes in envelopes: an exporter's JSON in a collector's JSON behind a prefix. */
#define ENVELOPE_DEPTH_MAX 4

/* What is known of the text around it. */
struct context {
	struct str values[ENVELOPE_VALUES];
	bool container;
	bool further; /* envelope_item.further */
	bool event;   /* the values are a record */
	bool genuine; /* an entry as journalctl wrote it, each name the journal's own */
	bool part;    /* of a value whose end has not come: it may say more of what is in it */
};

/* Takes a text that came out of an envelope: looks for another one in it, and keeps it. */
void envelope_unwrap(struct envelope *envelope, struct str text, const struct context *context,
		     unsigned depth);

/* The input is a log, whatever stands in it. */
void envelope_note_log(struct envelope *envelope);

/* What is kept from now on is of another entry. */
void envelope_new_entry(struct envelope *envelope);

/* What is kept from now on is of another text of the same entry. */
void envelope_new_text(struct envelope *envelope);

/* True in a further line of a text of which it is known where it is from: whoever wrote that does not say it. */
bool envelope_is_settled(const struct context *context);

/* True if the text could hold a record, or the word of a loss. */
bool envelope_matters(struct str text);

/* True if the text begins with the shape: each '0' of it is a digit, '_' a digit or a blank. */
bool envelope_has_shape(struct str text, const char *shape);

/* True if the text begins as a line of a log with a framing of its own. */
bool envelope_is_line(struct str text);

/* The same, or as the kernel's words without any. */
bool envelope_is_text(struct str text);

/*
 * An envelope of one line: takes it off. Returns false if the text has none of this kind, or if what
 * is in it is no line. Slices borrow the text or `spare`, which is cleared by the caller.
 */
typedef bool envelope_peel_fn(struct str text, struct str *ret_text, struct context *context,
			      struct buf *spare);

envelope_peel_fn peel_grep, peel_node, peel_kubectl, peel_time, peel_aws, peel_loki, peel_cri,
	peel_compose, peel_wazuh, peel_quoted, peel_yaml, peel_markup, peel_fluent, peel_tags,
	peel_prompt, peel_teamcity;

/* A collector's own line of key=value, such as the Security Profiles Operator's log enricher's. */
envelope_peel_fn peel_fields;

/* What labels say, as Loki writes them or as JSON: the node, and whether the lines are a container's. */
void labels_read(struct str labels, struct context *context);

/* True for a line that says so of all lines below it, up to the next such line. *ret_rest: what it has of
 * them itself. */
bool section_read(struct str line, struct context *context, struct str *ret_rest);

/* Keeps an event whose text was taken apart. */
void envelope_keep_event(struct envelope *envelope, struct str text, const struct context *context);

/* Keeps the beginning of a value that has no end. */
void envelope_keep_broken(struct envelope *envelope, struct str text);

/* True if a line of a log or an event was kept of the entry at hand. */
bool envelope_entry_has_record(const struct envelope *envelope);

/* Backslashes before quotes, once or more often, as in text that was copied out of a string. */
bool escape_take(struct str text, struct str *ret_text, struct buf *spare);

/* "<b>", "</span>"; true if there was one. */
bool escape_drop_tags(struct str text, struct buf *to);

/* The text with its entities read. */
void escape_put_plain(struct str text, struct buf *to);

/* Escape sequences of a terminal. */
bool colour_take(struct str text, struct str *ret_text, struct buf *spare);

/* Who wrote an input of JSON values. */
enum json_origin {
	JSON_ORIGIN_UNKNOWN, /* no value has ended yet */
	JSON_ORIGIN_JOURNALCTL,
	JSON_ORIGIN_OTHER,
};

/* JSON values, one a line or over many lines. */
struct json_gather {
	struct buf text; /* of a value that has not ended */
	unsigned depth;  /* of brackets and braces in it */
	bool in_string, escaped;
	unsigned looked;   /* values that were read to see what the input is */
	bool goes_on;      /* the line before ended where a value may follow */
	bool in_line;      /* the next line is a part of the one before */
	bool dropped;      /* the rest of that line is not looked at */
	size_t base;       /* how much of the text is left from elements that were read */
	size_t starts[32]; /* where the value of each depth begins */
	char kinds[32];    /* '{' or '[' */
	enum json_origin origin;
	bool opened; /* the outermost array */
	bool begun;  /* what is in it was looked at */
	bool has_rows; /* an array within the outermost one, or a line of the input's, is a value by itself */
	struct buf head; /* the first of these, if it names the columns of the others */
};

void json_gather_release(struct json_gather *gather);
void json_gather_begin(struct json_gather *gather);

/* True if a text begins as JSON does, and no log line. */
bool json_begins(struct str text);

/* Takes a line of a JSON log; false if it is none. more: the next one is a part of it. */
bool json_take(struct json_gather *gather, struct envelope *envelope, struct str line, bool more);

/* A value that has not ended will not: its whole elements are taken, and what is left is broken. */
void json_end(struct json_gather *gather, struct envelope *envelope);

/* A value as Ruby and Python print it, as JSON; of another text something that is none. */
void literal_to_json(struct str text, struct buf *json);

/* Reads a whole value; false if it is none. *ret_is_journalctls: journalctl wrote it as it is. */
bool json_unwrap(struct envelope *envelope, struct str text, const struct context *context,
		 unsigned depth, bool *ret_is_journalctls);

/* A string of JSON, whatever bytes the text has. */
json_t *json_of_text(struct str text);

/* The same of one that was read, or made. */
void json_walk(struct envelope *envelope, json_t *root, const struct context *context,
	       unsigned depth);

#define BLOCK_NAME_SIZE 65

/* A block of names and values at hand. */
struct block_gather {
	json_t *row; /* NULL: none has begun */
	char last[BLOCK_NAME_SIZE];
	size_t bytes, nameless; /* nameless: lines */
	bool is_headed;         /* a heading came before it */
	bool has_pairs;
	bool broken;
};

bool block_begins(struct str line);
void block_take(struct block_gather *gather, struct envelope *envelope, struct str line);

/* The block at hand has ended. */
void block_end(struct block_gather *gather, struct envelope *envelope);

/* A document of XML that has not ended. */
struct xml_gather {
	struct buf text;
	char root[64]; /* the outermost element's name, once it has begun */
	bool dropped;
};

bool xml_begins(struct str line);
void xml_take(struct xml_gather *gather, struct envelope *envelope, struct str line);
void xml_end(struct xml_gather *gather, struct envelope *envelope);

/* Longer lines of a mail are cut. */
#define MAIL_LINE_MAX 65536

struct mail {
	bool is_one; /* a line of a mail's header was read */
	enum mail_encoding {
		MAIL_PLAIN,
		MAIL_QUOTED,
		MAIL_BASE64
	} encoding,
		coming; /* of the part whose header is at hand */
	unsigned bits, bit_count;
	struct buf text; /* decoded */
	size_t taken;
};

void mail_begin(struct mail *mail);

/* True if the line is an encoded part's; mail_next() gives the lines that it makes, which may be none. may_begin: no
 * line before showed what the input is. */
bool mail_take(struct mail *mail, struct str line, bool may_begin);
bool mail_next(struct mail *mail, struct str *ret_line);

/* Documents of YAML, with "---" between them. */
struct yaml_gather {
	struct buf text; /* of a document that has not ended */
	bool separated;  /* "---" came before anything else */
	bool dropped;    /* the rest of the document is not looked at */
};

/* True if a document begins with this line; any_key: whatever its first key is. */
bool yaml_begins(struct str line, bool any_key);

/* True for "  KEY: value", as Ansible prints results below the line that names the host. */
bool yaml_is_indented(struct str line);

void yaml_take(struct yaml_gather *gather, struct envelope *envelope, struct str line);

/* The document at hand has ended. */
void yaml_end(struct yaml_gather *gather, struct envelope *envelope);

#define CSV_COLUMNS_MAX 1024

/* What a table's first row says of its columns. */
struct csv_head {
	bool looked;    /* at the first line */
	char delimiter; /* of the columns that were found; '\0': none were */
	size_t count;
	int values[CSV_COLUMNS_MAX]; /* enum envelope_value, -1: none of them */
};

/* The first line of an input: its columns' names, if it has them. */
void csv_read_head(struct csv_head *head, struct str line);

/* A row of a table. */
bool csv_take(const struct csv_head *head, struct str text, struct str *ret_text,
	      struct context *context, struct buf *spare);

/* The cells beside a text, of which nothing says what they are: one may be its node. */
struct cells {
	struct str node, address;
	unsigned nodes;
	unsigned others; /* words that may be a node's name, or anything */
	bool is_kernels; /* one says that the kernel wrote the text */
};

void cells_note(struct cells *cells, struct str cell);

/* Sets the node, if it is not known; false if it is not known which cell it is. */
bool cells_find_node(const struct cells *cells, struct context *context);

/* True for a word that logs and their exports have: no host's name. */
bool cells_is_word(struct str word);

/* What a name means, whoever spells it how; -1: nothing that matters. `parent` is the name of the
 * object in which it stands. */
int role_of(struct str parent, struct str name);

/* True if the name, or its value, is one that only what containers write has. */
bool role_is_container(struct str name, struct str value);

#endif
