/*
 * The reader (ingest/reader.h) against its input: line by line both give the same, whatever lies
 * where a block ends.
 */
#include "base/mem.h"
#include "ingest/memo.h"
#include "ingest/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 1000

static const char record[] =
	"type=SECCOMP msg=audit(1795302294.062:148553): auid=0 uid=0 gid=0 ses=3 pid=4242 "
	"comm=\"nginx\" exe=\"/usr/sbin/nginx\" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f00 "
	"code=0x7ffc0000";
static const char other[] = "type=CWD msg=audit(1795302294.062:148554): cwd=\"/\"";

static size_t below(size_t n)
{
	return (size_t)random() % n;
}

/* A line of so many bytes that begins like that. */
static void put_long(FILE *file, const char *begin, size_t n)
{
	fputs(begin, file);
	for (size_t i = strlen(begin); i < n; i++)
		putc('x', file);
}

static void put_line(FILE *file, bool is_long)
{
	static const size_t lengths[] = {LINE_MAX_BYTES - 1, LINE_MAX_BYTES, LINE_MAX_BYTES + 1,
					 2 * LINE_MAX_BYTES, 5 * LINE_MAX_BYTES};
	static const char *const texts[] = {record, other, "", "x", "Nov 21 23:01:34 vm cron: y"};
	size_t n = lengths[below(sizeof(lengths) / sizeof(lengths[0]))];

	if (is_long)
		put_long(file, below(2) ? "{\"a\": \"" : "long", n + below(3));
	else
		fputs(texts[below(sizeof(texts) / sizeof(texts[0]))], file);
}

/* Lines of all lengths in a file; how many of 1,000 are too long, and whether the last one ends. */
static void make_log(char *path, unsigned seed, size_t long_lines, bool ended)
{
	FILE *file = fdopen(mkstemp(path), "w");

	assert_non_null(file);
	srandom(seed);
	for (size_t i = 0; i < LINES; i++) {
		put_line(file, below(1000) < long_lines);
		putc('\n', file);
	}
	for (size_t i = 0; i < LINES; i++) /* blocks of nothing but records, and of blank lines */
		fprintf(file, "%s\n", i % 4 ? record : "");
	for (size_t i = 0; i < 4 * (size_t)LINE_MAX_BYTES; i++)
		putc('\n', file);
	if (!ended)
		put_line(file, below(4) == 0);
	assert_int_equal(fclose(file), 0);
}

static void check_line(struct input *input, const struct line *line)
{
	struct line want;
	struct err err = ERR_INIT;

	assert_int_equal(input_next(input, &want, &err), 1);
	assert_int_equal(line->text.n, want.text.n);
	assert_memory_equal(line->text.p, want.text.p, want.text.n);
	assert_int_equal(line->offset, want.offset);
	assert_int_equal(line->ended, want.ended);
	assert_int_equal(line->cut, want.cut);
	assert_int_equal(line->more, want.more);
	assert_int_equal(line->part, want.part);
}

/* A stretch of usual lines has their records, and each serial in a run. */
static void check_usual(const struct stretch *stretch, size_t records, size_t others)
{
	if (stretch->kind == STRETCH_ODD) {
		assert_int_equal(stretch->count + stretch->run_count, 0);
		return;
	}
	assert_int_equal(stretch->count, records);
	for (size_t i = 0; i < stretch->count; i++)
		assert_int_equal(stretch->records[i].pid, 4242);
	assert_int_equal(stretch->run_count > 0, records + others > 0);
}

static void check_block(struct input *input, const struct reader_block *block)
{
	struct line line = {.number = 0};

	for (size_t i = 0; i < block->count; i++) {
		const struct stretch *stretch = &block->stretches[i];
		size_t records = 0, others = 0;

		for (size_t at = 0; reader_line(block, stretch, at, &line); at++) {
			check_line(input, &line);
			records += str_eq(line.text, str_from(record));
			others += str_eq(line.text, str_from(other));
		}
		check_usual(stretch, records, others);
	}
	assert_int_equal(block->end, input->offset);
}

static void check_log(struct reader *reader, const struct memo_key *key, const char *path)
{
	const struct reader_block *block;
	struct input input, again;
	struct line line;
	struct err err = ERR_INIT;
	int result;

	assert_int_equal(input_open(&input, path, &err), 0);
	assert_int_equal(input_open(&again, path, &err), 0);
	assert_int_equal(reader_begin(reader, &input, key, &err), 0);
	while ((result = reader_next(reader, 60000, &block, &err)) > 0)
		check_block(&again, block);
	assert_int_equal(result, 0);
	assert_int_equal(input_next(&again, &line, &err), 0);
	reader_end(reader);
	input_close(&input);
	input_close(&again);
}

static void test_lines(void **state)
{
	struct memo *memo = memo_new(16, false, false);
	struct reader *reader = reader_new();

	(void)state;
	for (unsigned seed = 0; seed < 6; seed++) {
		char path[] = "/tmp/sclog-test-XXXXXX";

		make_log(path, seed, seed % 3 * 10, seed % 2);
		check_log(reader, memo_key(memo), path);
		unlink(path);
	}
	reader_free(reader);
	memo_free(memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
