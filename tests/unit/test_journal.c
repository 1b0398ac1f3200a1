/*
 * Journal entries, after systemd's "Journal Export Formats": a binary value is its name, a newline,
 * its length as 64 bits little endian, its bytes and a newline.
 */
#include "ingest/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define NONE            \
	{               \
		NULL, 0 \
	}

static void check_value(const char *name, const struct journal *journal, enum journal_field field,
			struct str want)
{
	struct str got = journal_value(journal, field);

	if ((got.p == NULL) != (want.p == NULL) || !str_eq(got, want))
		fail_msg("%s: field %d is '%.*s', not '%.*s'", name, (int)field, (int)got.n,
			 got.p ? got.p : "", (int)want.n, want.p ? want.p : "");
}

static void test_numbers(void **state)
{
	struct journal journal = {0};
	uint64_t number = 0;

	(void)state;
	journal_put(&journal, JOURNAL_SOURCE_TIME, STR("1795302094454000"));
	journal_put(&journal, JOURNAL_AUDIT_TYPE, STR("1326x"));
	journal_put(&journal, JOURNAL_AUDIT_ID, STR("99999999999999999999999"));
	journal_put(&journal, JOURNAL_TIME, STR(""));
	assert_true(journal_number(&journal, JOURNAL_SOURCE_TIME, &number));
	assert_true(number == 1795302094454000);
	assert_false(journal_number(&journal, JOURNAL_AUDIT_TYPE, &number));
	assert_false(journal_number(&journal, JOURNAL_AUDIT_ID, &number));
	assert_false(journal_number(&journal, JOURNAL_TIME, &number));
	assert_false(journal_number(&journal, JOURNAL_HOSTNAME, &number));
	journal_release(&journal);
}

#define CURSOR "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795302094454999\n_BOOT_ID=80171ea9\n"

struct export_row {
	const char *name;
	struct str text;
	struct str entries[3][2]; /* _TRANSPORT and MESSAGE of each */
	size_t count;
};

/* clang-format off */
static const struct export_row export_rows[] = {
	{"text", S(CURSOR "_TRANSPORT=audit\nMESSAGE=SECCOMP auid=0\n\n"),
	 {{S("audit"), S("SECCOMP auid=0")}}, 1},
	{"two", S(CURSOR "_TRANSPORT=audit\nMESSAGE=a\n\n" CURSOR "_TRANSPORT=kernel\nMESSAGE=b\n\n"),
	 {{S("audit"), S("a")}, {S("kernel"), S("b")}}, 2},
	{"a field of the first is not the second's",
	 S(CURSOR "_TRANSPORT=audit\nMESSAGE=a\n\n" CURSOR "MESSAGE=b\n\n"),
	 {{S("audit"), S("a")}, {NONE, S("b")}}, 2},
	{"value with =", S(CURSOR "_TRANSPORT=audit\nMESSAGE=a=b=c\n\n"),
	 {{S("audit"), S("a=b=c")}}, 1},
	{"binary", S(CURSOR "MESSAGE\n\x05\0\0\0\0\0\0\0a\nb\0c\n_TRANSPORT=audit\n\n"),
	 {{S("audit"), S("a\nb\0c")}}, 1},
	{"binary, empty", S(CURSOR "MESSAGE\n\0\0\0\0\0\0\0\0\n_TRANSPORT=audit\n\n"),
	 {{S("audit"), S("")}}, 1},
	{"binary, its length holds a newline", S(CURSOR "MESSAGE\n\x0a\0\0\0\0\0\0\0" "0123456789\n"
	 "_TRANSPORT=audit\n\n"), {{S("audit"), S("0123456789")}}, 1},
	{"binary, of newlines only", S(CURSOR "MESSAGE\n\x03\0\0\0\0\0\0\0\n\n\n\n_TRANSPORT=audit\n\n"),
	 {{S("audit"), S("\n\n\n")}}, 1},
	{"binary, with a fake entry", S(CURSOR "MESSAGE\n\x36\0\0\0\0\0\0\0"
	 "x\n\n__CURSOR=s=9\n_TRANSPORT=audit\nMESSAGE=SECCOMP a=b\n\n"
	 "\n_TRANSPORT=syslog\n\n"),
	 {{S("syslog"), S("x\n\n__CURSOR=s=9\n_TRANSPORT=audit\nMESSAGE=SECCOMP a=b\n\n")}}, 1},
	{"binary of another field, with a fake field", S(CURSOR "MY_FIELD\n\x12\0\0\0\0\0\0\0"
	 "\n_TRANSPORT=audit\n\n_TRANSPORT=syslog\nMESSAGE=m\n\n"),
	 {{S("syslog"), S("m")}}, 1},
	{"text with a fake field", S(CURSOR "MESSAGE=m _TRANSPORT=audit\n_TRANSPORT=syslog\n\n"),
	 {{S("syslog"), S("m _TRANSPORT=audit")}}, 1},
	{"a longer name", S(CURSOR "X_TRANSPORT=audit\nMESSAGE_ID=1\n_TRANSPORT=syslog\nMESSAGE=m\n\n"),
	 {{S("syslog"), S("m")}}, 1},
};
/* clang-format on */

/* Feeds text line by line, as input.h cuts it; returns how many entries ended. */
static size_t feed(const struct export_row *row, struct journal *journal)
{
	size_t from = 0, count = 0;
	uint64_t number = 0;

	while (from < row->text.n) {
		struct str rest = str_skip(row->text, from);
		size_t n = str_chr(rest, '\n');
		char *copy = malloc(n + 1);
		struct line line = {.text = str_of(copy, n),
				    .number = ++number,
				    .offset = from,
				    .ended = n < rest.n};

		memcpy(copy, rest.p, n);
		if (!journal_is_export(journal, line.text))
			fail_msg("%s: line %d is not taken", row->name, (int)number);
		if (journal_export_line(journal, &line)) {
			assert_true(count < row->count);
			check_value(row->name, journal, JOURNAL_TRANSPORT, row->entries[count][0]);
			check_value(row->name, journal, JOURNAL_MESSAGE, row->entries[count][1]);
			count++;
		}
		free(copy);
		from += n + 1;
	}
	return count;
}

static void test_export(void **state)
{
	struct journal journal = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(export_rows) / sizeof(*export_rows); i++) {
		const struct export_row *row = &export_rows[i];
		size_t count = feed(row, &journal);

		if (count != row->count)
			fail_msg("%s: %d entries, not %d", row->name, (int)count, (int)row->count);
		assert_false(journal_is_export(&journal, str_from("type=SECCOMP")));
	}
	journal_release(&journal);
}

/* A length of 2,560 has its newline in the second byte. */
static void test_export_length_2560(void **state)
{
	static char text[4096];
	static char message[2560];
	struct journal journal = {0};
	struct export_row row = {
		.name = "2560",
		.entries = {{S("audit"), {message, sizeof(message)}}},
		.count = 1,
	};
	int n = snprintf(text, sizeof(text), "%s", CURSOR "MESSAGE\n");

	(void)state;
	memcpy(text + n, "\x00\x0a\0\0\0\0\0\0", 8);
	memset(message, 'm', sizeof(message));
	message[7] = '\n';
	memcpy(text + n + 8, message, sizeof(message));
	n += 8 + (int)sizeof(message);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\n_TRANSPORT=audit\n\n");
	row.text = str_of(text, (size_t)n);
	assert_int_equal(feed(&row, &journal), 1);
	journal_release(&journal);
}

/* An entry that was cut off does not reach into the next input. */
static void test_export_restart(void **state)
{
	static const struct export_row cut = {
		.name = "cut",
		.text = S(CURSOR "_TRANSPORT=audit\nMESSAGE\n\xff\0\0\0\0\0\0\0ab"),
		.count = 0};
	static const struct export_row whole = {.name = "whole",
						.text = S(CURSOR "MESSAGE=m\n\n"),
						.entries = {{NONE, S("m")}},
						.count = 1};
	struct journal journal = {0};

	(void)state;
	assert_int_equal(feed(&cut, &journal), 0);
	journal_restart(&journal);
	assert_int_equal(feed(&whole, &journal), 1);
	journal_release(&journal);
}

/* The empty line behind an entry is lost: another entry ends it, and so does what is no field. */
static void test_export_unended(void **state)
{
	static const struct export_row two = {
		.name = "two",
		.text = S(CURSOR "MESSAGE=a\n" CURSOR "MESSAGE=b\n\n"),
		.entries = {{NONE, S("a")}, {NONE, S("b")}},
		.count = 2};
	static const struct export_row cut = {
		.name = "cut", .text = S(CURSOR "_TRANSPORT=audit\n"), .count = 0};
	static const struct str broken[] = {S("type=SECCOMP msg=audit(1.002:3): a"), S("=a"),
					    S("Nov 21 23:01:34 vm kernel: a")};
	struct journal journal = {0};

	(void)state;
	assert_int_equal(feed(&two, &journal), 2);
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_int_equal(feed(&cut, &journal), 0);
		assert_false(journal_is_broken(&journal, STR("_PID=1")));
		assert_false(journal_is_broken(&journal, STR("MESSAGE")));
		assert_false(journal_is_broken(&journal, STR("")));
		assert_true(journal_is_broken(&journal, broken[i]));
		journal_restart(&journal);
	}
	journal_release(&journal);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_export_length_2560),
		cmocka_unit_test(test_export_restart),
		cmocka_unit_test(test_export_unended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
