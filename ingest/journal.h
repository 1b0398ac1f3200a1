/*
 * Journal entries, and how `journalctl -o export` writes them: many lines an entry, ended by an
 * empty one, with binary values behind a 64-bit length (systemd, Journal Export Formats). -o verbose
 * has a line that begins each entry, and indents its fields.
 */
#ifndef SCLOG_INGEST_JOURNAL_H
#define SCLOG_INGEST_JOURNAL_H

#include "base/buf.h"
#include "ingest/line.h"

/* The fields that matter, by their journal names. */
enum journal_field {
	JOURNAL_TRANSPORT, /* _TRANSPORT: set by journald itself, nobody can forge it */
	JOURNAL_MESSAGE,
	JOURNAL_AUDIT_TYPE,  /* _AUDIT_TYPE: "1326" */
	JOURNAL_AUDIT_ID,    /* _AUDIT_ID: the serial */
	JOURNAL_SOURCE_TIME, /* _SOURCE_REALTIME_TIMESTAMP: microseconds, the kernel's stamp */
	JOURNAL_TIME,        /* __REALTIME_TIMESTAMP: microseconds, when journald got it */
	JOURNAL_HOSTNAME,    /* _HOSTNAME */
	JOURNAL_FACILITY,    /* SYSLOG_FACILITY: journald's own word in the kernel transport only */
	JOURNAL_FIELD_COUNT,
};

struct journal_entry {
	struct buf values; /* the fields' bytes, one after the other */
	struct {
		bool present;
		size_t at, n;
	} fields[JOURNAL_FIELD_COUNT];
};

/* An export entry that is still being gathered. */
struct journal {
	struct journal_entry entry;
	bool inside;          /* between a first field and the empty line */
	bool in_binary;       /* inside a binary value */
	bool ended;           /* by the first field of the next one: that is gathered now */
	bool verbose;         /* as journalctl -o verbose writes it */
	int binary_field;     /* which field it is, -1: none that matters */
	struct buf binary;    /* its length and its bytes, up to a cap */
	uint64_t binary_from; /* the offset at which its length stands */
};

void journal_release(struct journal *journal);

/* Forgets an unfinished entry. */
void journal_restart(struct journal *journal);

/* What a field is called in the journal. */
const char *journal_field_name(enum journal_field field);

/* For whoever gets entries in another way: forgets the entry at hand, then takes its fields. Of a
 * field that comes twice the first value is kept, one of more than 64 KiB is not. */
void journal_clear(struct journal *journal);
void journal_put(struct journal *journal, enum journal_field field, struct str value);

/* True if the line can be no part of the entry that is being gathered: its end was lost. What there
 * is of it is then for nobody (journal_restart()), and the line is one by itself. */
bool journal_is_broken(const struct journal *journal, struct str text);

/* True if the line begins an export entry or one is being gathered. */
bool journal_is_export(const struct journal *journal, struct str text);

/* No more lines come. True if the entry at hand is whole but for the line that ends it. */
bool journal_end(struct journal *journal);

/* Takes a line of an export. Returns true when it ended an entry, now in journal->entry. */
bool journal_export_line(struct journal *journal, const struct line *line);

/* A field's value; p is NULL if the entry has none. Lives until the next call. */
struct str journal_value(const struct journal *journal, enum journal_field field);

/* A field's value as a number; false if it is none. */
bool journal_number(const struct journal *journal, enum journal_field field, uint64_t *ret_number);

#endif
