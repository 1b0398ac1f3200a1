/*
 * Usual lines (ingest/usual.h) against the ordinary parser: a line that is taken for usual says the
 * same to both, and what it says beside when, by whom and where hangs on its `what` and code alone.
 * Lines are made from real forms by random changes.
 */
#include "ingest/framing.h"
#include "ingest/memo.h"
#include "ingest/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 400000

#define HEAD  "type=SECCOMP msg=audit(1795302094.454:787): auid=1000 uid=0 gid=33 ses=4294967295 "
#define NAMES "comm=\"nginx\" exe=\"/usr/sbin/nginx\" sig=0 arch=c000003e syscall=311 compat=0 "
#define END   "ip=0x7fae6f4c57a8 code=0x7ffc0000"

#define PRINTED "audit: type=1326 audit(1795302094.454:787): auid=1000 uid=0 gid=33 ses=4294967295 "

/* clang-format off */
static const char *const lines[] = {
	HEAD "pid=2200 " NAMES END "\n",
	HEAD "pid=2200 " NAMES END "\x1d" "AUID=\"unset\" UID=\"root\" ARCH=x86_64\n",
	HEAD "subj=docker-default (enforce) pid=1 " NAMES END "\n",
	HEAD "subj==unconfined pid=99999999 " NAMES "ip=0x0 code=0x80000000\n",
	HEAD "pid=2200 comm=6162 exe=(null) sig=31 arch=40000003 syscall=-1 compat=1 " END "\n",
	"type=SYSCALL msg=audit(1795302094.454:4294967295): arch=c000003e syscall=59 success=yes\n",
	"type=DAEMON_ROTATE msg=audit(1795302094.454:787): op=rotate-logs auid=0 pid=1 res=success\n",
	"type=1326 msg=audit(1795302094.454:787): auid=1000 uid=0 gid=33 ses=1 pid=2200 " NAMES END "\n",
	"Nov 21 23:01:34 vm kernel: " PRINTED "pid=2200 " NAMES END "\n",
	"Nov  1 03:01:34 host kernel: [  711.918371] " PRINTED "pid=2200 " NAMES END "\n",
	"2026-11-21T23:01:34.381697+00:00 vm-3.lan kernel: [26083697.172104] " PRINTED "pid=1 " NAMES END "\n",
	"2026-11-21T23:01:34Z host kernel: " PRINTED "subj=a b pid=1 " NAMES END "\n",
	"Nov 21 23:01:34 vm sudo[12]: pam_unix(sudo:session): session opened for user root\n",
	"Nov 21 23:01:34 vm sudo[12]: " PRINTED "pid=2200 " NAMES END "\n",
	"Nov 21 23:01:34 vm kernel: audit: type=1400 audit(1795302094.454:788): apparmor=\"DENIED\"\n",
};

static const char *const pieces[] = {
	" ", "  ", "=", "\"", "\x1d", "\r", "\n", "#", "0", "9", "f", "A", "-", ":", ")", ".", "\x01",
	" pid=7", " comm=\"x\"", " code=0x0", " subj=a pid=2", "pid=", "comm=", "exe=", "code=0x",
	"ip=0x", "4294967296", "18446744073709551616", "deadbeefdeadbeef0", "type=SECCOMP ", "audit(",
	" key=\"a\"", "\xff", "99999999999999999999", "kernel:", "kernel: ", "vm ", "kern.err ", "[",
	"] ", "Nov ", "2026", "audit", "SECCOMP", "sud", "uud", "aCC", "\033[1m", "\t", ",5", "+01:00",
	"-", "type=", "node=", "(none) ", "2001:db8::1 ", "notice ", "1.5 ",
};
/* clang-format on */

static size_t below(size_t n)
{
	return (size_t)random() % n;
}

static const char *const *one_of(const char *const *all, size_t bytes)
{
	return &all[below(bytes / sizeof(*all))];
}

/* Puts a piece in the place of some bytes, or takes them out. */
static size_t change(char *text, size_t n, size_t size)
{
	const char *piece = below(4) ? *one_of(pieces, sizeof(pieces)) : "";
	size_t piece_n = strlen(piece), at = below(n), out = below(4) ? below(3) : below(20);

	out = out < n - at ? out : n - at;
	if (n - out + piece_n >= size)
		return n;
	memmove(text + at + piece_n, text + at + out, n - at - out);
	memcpy(text + at, piece, piece_n);
	return n - out + piece_n;
}

static void assert_same_kind(const struct record *a, const struct record *b)
{
	assert_true(str_eq(a->comm, b->comm));
	assert_true(str_eq(a->exe, b->exe));
	assert_int_equal(a->comm_null, b->comm_null);
	assert_int_equal(a->exe_null, b->exe_null);
	assert_int_equal(a->arch, b->arch);
	assert_int_equal(a->has_arch, b->has_arch);
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->code, b->code);
}

static void check_framed(const struct usual *usual, const struct framed *framed,
			 const struct framing *framing)
{
	bool is_syslog = usual->kind == USUAL_SYSLOG;

	assert_int_equal(framed->kind, FRAMED_RECORD);
	assert_int_equal(framed->source, is_syslog ? SOURCE_SYSLOG : SOURCE_LOG);
	assert_int_equal(framed->trust, is_syslog ? TRUST_TEXT : TRUST_KERNEL);
	assert_true(str_eq(framed->node, framing_node(framing, usual_host(usual))));
	assert_true(framed->has_serial && framed->full_stream && !framed->interpreted);
	assert_int_equal(framed->ms, usual->ms);
	assert_int_equal(framed->serial, usual->serial);
	assert_true(str_eq(framed->fields, usual_fields(usual)));
}

static void check_record(const struct usual *usual, const struct framed *framed)
{
	static struct record_space whole_space, alone_space;
	static struct record whole, alone;
	char text[2048];

	enum malformed why = record_parse(framed->fields, &whole_space, &whole);
	int n = snprintf(text, sizeof(text), "auid=0 uid=0 gid=0 ses=0 pid=7 %.*s ip=0x1 code=0x%x",
			 (int)usual->what_n, usual_what(usual).p, usual->code);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	assert_int_equal(record_parse(str_of(text, (size_t)n), &alone_space, &alone), why);
	if (why)
		return;
	assert_same_kind(&whole, &alone);
	assert_int_equal(whole.pid, usual->pid);
	assert_int_equal(whole.ip, usual->ip);
	assert_int_equal(whole.code, usual->code);
	assert_true(str_eq(whole.subj, usual_subj(usual)));
	/* nothing behind it that another record could stand in */
	assert_true(whole.rest.n <= 128);
}

/* What the memo's numbers stand for, all that decides in one text. */
#define NUMBERS 1024
static char *known[NUMBERS];

/* A record is known if, and only if, one that said the same was taken before. */
static void check_memo(struct memo *memo, struct usual *usual)
{
	char text[2048];
	uint32_t number;
	int n = snprintf(text, sizeof(text), "%d %x %u\n%.*s\n%.*s\n%.*s", usual->kind, usual->code,
			 memo_key(memo)->by_pid ? usual->pid : 0, usual->what_n,
			 usual_what(usual).p, usual->host_n, usual_host(usual).p,
			 memo_key(memo)->by_subj ? usual->subj_n : 0, usual_subj(usual).p);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	memo_hash(memo_key(memo), usual);
	if (memo_find(memo, usual, &number)) {
		assert_string_equal(known[number], text);
		return;
	}
	if (!memo_fits(usual))
		return;
	number = memo_next(memo);
	for (uint32_t i = 0; i < number; i++)
		assert_string_not_equal(known[i], text);
	memo_add(memo, usual);
	free(known[number]);
	known[number] = strdup(text);
}

static void test_memo(void **state)
{
	char text[1500 + USUAL_SLACK] = "";
	size_t records = 0;

	(void)state;
	srandom(2);
	for (int by = 0; by < 4; by++) {
		struct memo *memo = memo_new(NUMBERS, by & 1, by & 2);

		for (int round = 0; round < ROUNDS / 10; round++) {
			static struct usual_before before;
			const char *line = *one_of(lines, sizeof(lines));
			size_t n = strlen(line);
			struct usual usual;

			memcpy(text, line, n);
			n = change(text, n, 1500);
			text[n++] = '\n';
			usual_read(text, text + n, &before, &usual);
			if (!usual_is_record(&usual))
				continue;
			check_memo(memo, &usual);
			records++;
		}
		memo_free(memo);
	}
	assert_in_range(records, ROUNDS / 20, ROUNDS);
	for (size_t i = 0; i < NUMBERS; i++)
		free(known[i]);
}

/* What framing_read() says of the line, in a log that begins with this one. */
static void read_framing(struct framing *framing, const struct usual *usual, struct framed *framed)
{
	const struct line line = {.text = usual_line(usual), .ended = true};
	const struct line first = {
		.text = usual->kind == USUAL_SYSLOG || usual->kind == USUAL_TEXT
				? STR("Nov 21 23:01:34 vm kernel: audit: initializing")
				: STR("type=SYSCALL msg=audit(1795302094.454:1): arch=c000003e"),
		.ended = true};

	framing_restart(framing);
	framing_read(framing, &first, framed);
	assert_true(framing_is_syslog(framing) || framing_is_auditd(framing));
	framing_read(framing, &line, framed);
}

/* Returns what the line was taken for; a newline is among the bytes. */
static enum usual_kind check(struct framing *framing, const char *text, size_t n)
{
	static const enum framed_kind others[] = {[USUAL_NOBODY] = FRAMED_OTHER,
						  [USUAL_OTHER] = FRAMED_AUDIT,
						  [USUAL_TEXT] = FRAMED_TEXT};
	/* of exactly the size that may be read */
	char *copy = calloc(1, n + USUAL_SLACK);
	static struct usual_before before;
	struct framed framed;
	struct usual usual;

	assert_non_null(copy);
	memcpy(copy, text, n);
	usual_read(copy, copy + n, &before, &usual);
	enum usual_kind kind = usual.kind;

	assert_ptr_equal(usual.line, copy);
	assert_ptr_equal(usual.line + usual.line_n, memchr(copy, '\n', n));
	if (kind != USUAL_NOT) {
		read_framing(framing, &usual, &framed);
		if (usual_is_record(&usual)) {
			check_framed(&usual, &framed, framing);
			check_record(&usual, &framed);
		} else if (kind != USUAL_TEXT || framed.kind != FRAMED_UNKNOWN) {
			assert_int_equal(framed.kind, others[kind]);
		}
		if (kind == USUAL_OTHER) {
			assert_int_equal(framed.ms, usual.ms);
			assert_int_equal(framed.serial, usual.serial);
			assert_true(framed.full_stream);
		}
	}
	free(copy);
	return kind;
}

static struct framing *framing_of_host(void)
{
	const struct framing_options options = {.host = STR("host"), .now_ms = 1795302094454};

	return framing_new(&options);
}

/* As they are they are usual, each as what it is: else nothing would be compared below. */
static void test_usual(void **state)
{
	static const enum usual_kind want[] = {
		USUAL_RECORD, USUAL_RECORD, USUAL_RECORD, USUAL_RECORD, USUAL_RECORD,
		USUAL_OTHER,  USUAL_NOBODY, USUAL_NOT,    USUAL_SYSLOG, USUAL_SYSLOG,
		USUAL_SYSLOG, USUAL_SYSLOG, USUAL_TEXT,   USUAL_NOT,    USUAL_NOT,
	};
	struct framing *framing = framing_of_host();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(check(framing, lines[i], strlen(lines[i])), want[i]);
		for (size_t n = 0; n < strlen(lines[i]) - 1; n++) { /* cut anywhere */
			char text[1500];

			memcpy(text, lines[i], n);
			text[n] = '\n';
			check(framing, text, n + 1);
		}
	}
	framing_free(framing);
}

static void test_changed(void **state)
{
	struct framing *framing = framing_of_host();
	size_t records = 0;
	char text[1500];

	(void)state;
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		const char *line = *one_of(lines, sizeof(lines));
		size_t n = strlen(line);

		memcpy(text, line, n);
		for (size_t changes = 1 + below(3); changes && n; changes--)
			n = change(text, n, sizeof(text) / 2);
		if (below(2)) { /* another line behind it */
			memcpy(text + n, lines[0], strlen(lines[0]));
			n += strlen(lines[0]);
		}
		text[n++] = '\n';
		records += check(framing, text, n) >= USUAL_RECORD;
	}
	/* not so many that nothing was changed, nor so few that nothing was compared */
	assert_in_range(records, ROUNDS / 20, ROUNDS / 10 * 9);
	framing_free(framing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_memo),
	};

	return cmocka_run_group_tests_name("usual", tests, NULL, NULL);
}
