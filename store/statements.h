/*
 * Statements of more than one file, each known by its text (sql_get()). Internal to store/.
 */
#ifndef SCLOG_STORE_STATEMENTS_H
#define SCLOG_STORE_STATEMENTS_H

#include "correlate/event.h"

#define NODE_FIND      "SELECT id FROM node WHERE label = ?1"
#define CONTAINER_FIND "SELECT id FROM container WHERE node = ?1 AND cid = ?2"
#define PROGRAM_FIND   "SELECT id FROM program WHERE comm IS ?1 AND exe IS ?2"
#define PROGRAM_ADD    "INSERT INTO program (comm, exe) VALUES (?1, ?2)"

/* A series' columns, and what it is found by. */
#define WORD(field, type, last)    #field ", "
#define WORD_IS(field, type, last) " AND " #field " = ?"
#define WORDS                      EVENT_WORDS(WORD)
#define WORDS_ARE                  EVENT_WORDS(WORD_IS)
#define SERIES                                                         \
	"series (id, program, nr, container, node, arch, code, " WORDS \
	"syscall, arch_name, action, pid, ip)"
#define SERIES_FIND                                            \
	"SELECT id FROM series WHERE program = ?1 AND nr = ?2" \
	" AND container IS ?3 AND node = ?4 AND arch IS ?5 AND code = ?6" WORDS_ARE

#define HOUR_FIND "SELECT minutes, count, first, last FROM hour WHERE series = ?1 AND hour = ?2"

#define SEEN_TEXT_FIND "SELECT marks FROM seen_text WHERE node = ?1 AND minute = ?2"

#define SPAN_ADD                                                                             \
	"INSERT INTO span (node, complete, first_serial, last_serial, first, last, missing," \
	" trust) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"

#endif
