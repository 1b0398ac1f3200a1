/*
 * Reports: what a container can put into its names must not reach a terminal, JSON must be
 * valid, CSV must be RFC 4180, and counts must add up. Expected texts were written by hand from
 * those rules; syscall numbers are those of asm/unistd_64.h.
 */
#include "base/mem.h"
#include "profile/source.h"
#include "report/containers.h"
#include "report/csv.h"
#include "report/diff.h"
#include "report/events.h"
#include "report/json.h"
#include "report/summary.h"
#include "report/table.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-21T23:01:34.454Z */
#define STAMP 1795302094454

/* What a function writes to a FILE, as a string. */
struct output {
	FILE *file;
	char *text;
	size_t size;
};

/* The stream keeps pointers to the struct, which therefore must stay where it is. */
static void output_open(struct output *output)
{
	output->file = open_memstream(&output->text, &output->size);
	assert_non_null(output->file);
}

static void output_is(struct output *output, const char *expected)
{
	fclose(output->file);
	assert_string_equal(output->text, expected);
	free(output->text);
}

struct shown {
	struct str bytes;
	const char *text;
};

static void test_text_escapes(void **state)
{
	static const struct shown cases[] = {
		{{"nginx", 5}, "nginx"},
		{{"nl\nx\ty", 6}, "nl\\nx\\ty"},
		{{"\033[31mred", 8}, "\\x1b[31mred"},
		{{"a\0b", 3}, "a\\x00b"},
		{{"\x7f", 1}, "\\x7f"},
		/* C1 as UTF-8: U+009B is what CSI is to some terminals. */
		{{"\xc2\x9b"
		  "31m",
		  5},
		 "\\xc2\\x9b31m"},
		/* U+202E turns the direction, U+200B has no width, U+FEFF neither. */
		{{"\xe2\x80\xae"
		  "cod",
		  6},
		 "\\xe2\\x80\\xaecod"},
		{{"a\xe2\x80\x8b"
		  "b",
		  5},
		 "a\\xe2\\x80\\x8bb"},
		{{"\xef\xbb\xbf", 3}, "\\xef\\xbb\\xbf"},
		/* What already looks escaped must look otherwise. */
		{{"\\x1b", 4}, "\\\\x1b"},
		{{"\xfc"
		  "n",
		  2},
		 "\\xfcn"},
		{{"\xc3\xbcn\xc3\xaf", 5}, "\xc3\xbcn\xc3\xaf"},
		{{"q\"x", 3}, "q\"x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};

		text_put(&buf, cases[i].bytes);
		assert_string_equal(buf.p, cases[i].text);
	}
}

static void test_text_sentence_keeps_backslashes(void **state)
{
	BUF_AUTO buf = {0};

	(void)state;
	text_put_sentence(&buf, STR("comm '\\x1b' and \033"));
	assert_string_equal(buf.p, "comm '\\x1b' and \\x1b");
}

#define REPLACED "\xef\xbf\xbd"

/* Unicode 15.0, section 3.9, tables 3-8, 3-9, 3-10 and 3-11. */
static void test_text_valid_maximal_subparts(void **state)
{
	static const struct shown cases[] = {
		{{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", 9},
		 REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED "A"},
		{{"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", 9},
		 REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED "A"},
		{{"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", 9},
		 REPLACED REPLACED REPLACED REPLACED REPLACED "A" REPLACED REPLACED "B"},
		{{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9},
		 REPLACED REPLACED REPLACED REPLACED "A"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BUF_AUTO buf = {0};

		text_put_valid(&buf, cases[i].bytes);
		assert_string_equal(buf.p, cases[i].text);
	}
}

static void test_text_width(void **state)
{
	(void)state;
	assert_int_equal(text_width(STR("abc")), 3);
	assert_int_equal(text_width(STR("\xc3\xbcn\xc3\xaf")), 3);        /* two-byte letters */
	assert_int_equal(text_width(STR("\xe6\xbc\xa2\xe5\xad\x97")), 4); /* East Asian wide */
	assert_int_equal(text_width(STR("e\xcc\x81")), 1);                /* a combining accent */
}

static void test_table_lines_up(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false, 0}, {"N", true, 0}, {"END", false, 0}};
	struct output output;
	struct table table;

	output_open(&output);
	(void)state;
	table_init(&table, columns, 3, 2, false);
	table_cell(&table, STR("\xe6\xbc\xa2\xe5\xad\x97"));
	table_format(&table, "%d", 7);
	table_cell(&table, STR("x"));
	table_row_end(&table, TEXT_RED, output.file);
	table_cell(&table, STR("ab"));
	table_format(&table, "%d", 1234);
	table_cell(&table, STR("y"));
	table_row_end(&table, TEXT_PLAIN, output.file);
	table_flush(&table, output.file);
	table_release(&table);
	output_is(&output, "  NAME     N  END\n"
			   "  \xe6\xbc\xa2\xe5\xad\x97     7  x\n"
			   "  ab    1234  y\n");
}

static void test_table_without_rows(void **state)
{
	static const struct table_column columns[] = {{"NAME", false, 0}};
	struct output output;
	struct table table;

	output_open(&output);
	(void)state;
	table_init(&table, columns, 1, 0, true);
	table_flush(&table, output.file);
	table_release(&table);
	output_is(&output, "");
}

/* More rows than a block holds: one header, no row lost. */
static void test_table_in_blocks(void **state)
{
	static const struct table_column columns[] = {{"N", true, 0}};
	struct output output;
	size_t lines = 0, headers = 0;
	struct table table;

	output_open(&output);
	(void)state;
	table_init(&table, columns, 1, 0, false);
	for (int i = 0; i < TABLE_ROWS_MAX + 2; i++) {
		table_format(&table, "%d", i);
		table_row_end(&table, TEXT_PLAIN, output.file);
	}
	table_flush(&table, output.file);
	table_release(&table);
	fclose(output.file);
	for (const char *p = output.text; *p; p = strchr(p, '\n') + 1, lines++)
		headers += strchr(p, 'N') && strchr(p, 'N') < strchr(p, '\n');
	assert_int_equal(lines, TABLE_ROWS_MAX + 3);
	assert_int_equal(headers, 1);
	free(output.text);
}

static void test_json_strings(void **state)
{
	static const struct shown cases[] = {
		{{"a\"b\\c\n", 6}, "\"a\\\"b\\\\c\\n\"\n"},
		{{"\033[0m", 4}, "\"\\u001B[0m\"\n"},
		{{"a\0b", 3}, "\"a\\u0000b\"\n"},
		{{"\x7f\xc2\x9b\xe2\x80\xae", 6}, "\"\\u007F\\u009B\\u202E\"\n"},
		/* U+E0041, a tag: a surrogate pair. */
		{{"\xf3\xa0\x81\x81", 4}, "\"\\uDB40\\uDC41\"\n"},
		{{"\xff"
		  "x",
		  2},
		 "\"" REPLACED "x\"\n"},
		{{"", 0}, "\"\"\n"},
		{{NULL, 0}, "\"\"\n"},
		{{"\xc3\xbc", 2}, "\"\xc3\xbc\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct output output;

		output_open(&output);
		json_write(json_from_str(cases[i].bytes), false, output.file);
		output_is(&output, cases[i].text);
	}
}

static void test_json_count_beyond_its_integers(void **state)
{
	struct output output;

	output_open(&output);
	(void)state;
	json_write(json_from_count(UINT64_MAX), false, output.file);
	output_is(&output, "9223372036854775807\n");
}

static void test_csv_quotes(void **state)
{
	struct output output;
	CSV_AUTO csv = {0};

	output_open(&output);
	(void)state;
	csv_field(&csv, STR("plain"));
	csv_field(&csv, STR("a,b"));
	csv_field(&csv, STR("q\"x"));
	csv_field(&csv, STR("nl\nx"));
	csv_field(&csv, STR("\033"));
	csv_field(&csv, STR(" edge"));
	csv_field(&csv, STR(""));
	csv_field(&csv, str_of(NULL, 0));
	csv_field(&csv, STR("\xff"));
	csv_count(&csv, UINT64_MAX);
	csv_number(&csv, -1);
	csv_end(&csv, output.file);
	csv_field(&csv, STR(""));
	csv_field(&csv, STR("next"));
	csv_end(&csv, output.file);
	output_is(&output, "plain,\"a,b\",\"q\"\"x\",nl\\nx,\\x1b,\" edge\",,,\\xff"
			   ",18446744073709551615,-1\r\n,next\r\n");
}

/* OWASP, CSV injection: what begins a cell is what makes it a formula. */
static void test_csv_formulas(void **state)
{
	struct output output;
	CSV_AUTO csv = {0};

	output_open(&output);
	(void)state;
	csv_field(&csv, STR("=1+1"));
	csv_field(&csv, STR("+1"));
	csv_field(&csv, STR("-1"));
	csv_field(&csv, STR("@a"));
	csv_field(&csv, STR("\t=1"));
	csv_field(&csv, STR("\r=1"));
	csv_field(&csv, STR("a=1"));
	csv_end(&csv, output.file);
	csv.raw = true;
	csv_field(&csv, STR("=1+1"));
	csv_field(&csv, STR("\033\xff"));
	csv_end(&csv, output.file);
	output_is(&output, "'=1+1,'+1,'-1,'@a,\\t=1,\\x0d=1,a=1\r\n=1+1,\"\033\xff\"\r\n");
}

/* Reads what was written to the other end of a terminal. */
static void terminal_is(int terminal, FILE *out, const char *text)
{
	char got[256] = {0};

	assert_int_equal(fclose(out), 0);
	ssize_t n = read(terminal, got, sizeof(got) - 1);

	assert_int_equal(close(terminal), 0);
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

/* Not even what is asked for as it is reaches a terminal: ESC, BEL, CSI, U+202E. */
static void test_csv_on_a_terminal(void **state)
{
	CSV_AUTO csv = {0};
	struct termios raw;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
		skip();
	FILE *out = fopen(ptsname(terminal), "w");

	assert_non_null(out);
	assert_int_equal(tcgetattr(fileno(out), &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(fileno(out), TCSANOW, &raw), 0);
	csv.raw = true;
	csv_field(&csv, STR("\033]0;x\a"));
	csv_field(&csv, STR("\xc2\x9b"
			    "31m"));
	csv_field(&csv, STR("\xe2\x80\xae"));
	csv_field(&csv, STR("a\\b"));
	csv_end(&csv, out);
	assert_int_equal(fflush(out), 0);
	terminal_is(terminal, out, "\"\\x1b]0;x\\x07\",\\xc2\\x9b31m,\\xe2\\x80\\xae,a\\b\r\n");
}

/* A name that is everything a name should not be. */
#define HOSTILE "a,\"b\n\033\xff"

static struct observation an_observation(void)
{
	return (struct observation){
		.container_row = 1,
		.container = {.id = STR("268887c643f88ae4"), .name = STR("web")},
		.attribution = ATTRIBUTION_CONTAINER,
		.node = STR("vm"),
		.comm = STR("chroot"),
		.exe = STR("/usr/sbin/chroot"),
		.has_arch = true,
		.arch = AUDIT_ARCH_X86_64,
		.nr = 161,
		.code = SECCOMP_RET_LOG,
		.count = 2,
		.count_exact = true,
		.first_ms = STAMP,
		.last_ms = STAMP + 1000,
		.pid = 17,
		.trust = TRUST_KERNEL,
		.ip = 0x7fd256e08829,
	};
}

static void events_are(const struct events_options *options, const struct observation *observations,
		       size_t count, const char *expected)
{
	struct events_report *report;
	struct output output;

	output_open(&output);
	report = events_report_new(options, output.file);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(events_report_add(report, &observations[i]), 0);
	assert_int_equal(events_report_end(report), count > 0);
	events_report_free(report);
	output_is(&output, expected);
}

static void test_events_json(void **state)
{
	const struct events_options options = {.format = FORMAT_JSON};
	struct observation observation = an_observation();

	(void)state;
	events_are(
		&options, &observation, 1,
		"{\"container\":{\"id\":\"268887c643f88ae4\",\"name\":\"web\",\"runtime\":null,"
		"\"image\":null,\"pod\":null,\"namespace\":null},\"attribution\":\"container\","
		"\"node\":\"vm\",\"comm\":\"chroot\",\"exe\":\"/usr/sbin/chroot\","
		"\"arch\":\"x86_64\",\"nr\":161,\"syscall\":\"chroot\",\"action\":\"LOG\","
		"\"refused\":false,\"count\":2,\"first\":\"2026-11-21T23:01:34.454Z\","
		"\"last\":\"2026-11-21T23:01:35.454Z\",\"pid\":17,\"ip\":\"0x7fd256e08829\",\"source\":\"kernel\",\"trust\":\"kernel\"}\n");
}

/* What the record did not have is null; zero is read, and a killed thread has code 0. */
static void test_events_json_nulls_and_zeros(void **state)
{
	const struct events_options options = {.format = FORMAT_JSON};
	struct observation observations[2] = {an_observation(), an_observation()};

	(void)state;
	observations[0].container = (struct container){0};
	observations[0].container_row = 0;
	observations[0].attribution = ATTRIBUTION_UNATTRIBUTED;
	observations[0].comm_null = observations[0].exe_null = true;
	observations[0].has_arch = false;
	observations[0].nr = 0;
	observations[0].code = 0;
	observations[0].pid = 0;
	observations[0].ip = 0;
	observations[1] = observations[0];
	observations[1].has_arch = true;
	observations[1].code = 0x7ffc1234;
	observations[1].comm = str_of(HOSTILE, sizeof(HOSTILE) - 1);
	observations[1].comm_null = false;
	events_are(
		&options, observations, 2,
		"{\"container\":null,\"attribution\":\"unattributed\",\"node\":\"vm\","
		"\"comm\":null,\"exe\":null,\"arch\":null,\"nr\":0,\"syscall\":null,"
		"\"action\":\"KILL_THREAD\",\"refused\":true,\"count\":2,\"first\":\"2026-11-21T23:01:34.454Z\","
		"\"last\":\"2026-11-21T23:01:35.454Z\",\"pid\":0,\"ip\":\"0x0\",\"source\":\"kernel\",\"trust\":\"kernel\"}\n"
		"{\"container\":null,\"attribution\":\"unattributed\",\"node\":\"vm\","
		"\"comm\":\"a,\\\"b\\n\\u001B" REPLACED "\",\"exe\":null,\"arch\":\"x86_64\","
		"\"nr\":0,\"syscall\":\"read\",\"action\":\"0x7ffc1234\",\"refused\":false,\"count\":2,"
		"\"first\":\"2026-11-21T23:01:34.454Z\",\"last\":\"2026-11-21T23:01:35.454Z\","
		"\"pid\":0,\"ip\":\"0x0\",\"source\":\"kernel\",\"trust\":\"kernel\"}\n");
}

/* Phase, source and reason are no part of a line: rows that differ in them are one. */
static void test_events_add_up(void **state)
{
	const struct events_options options = {.format = FORMAT_CSV};
	struct observation observations[3] = {an_observation(), an_observation(), an_observation()};

	(void)state;
	observations[1].phase = PHASE_EXEC;
	observations[1].source = SOURCE_SYSLOG;
	observations[1].count = 40;
	observations[1].first_ms = STAMP - 1000;
	observations[1].last_ms = STAMP + 5000;
	observations[1].pid = 18;
	observations[2].nr = 168;
	events_are(&options, observations, 3,
		   "attribution,node,id,name,runtime,image,pod,namespace,comm,exe,arch,nr,syscall,"
		   "action,count,first,last,pid,ip,source,trust\r\n"
		   "container,vm,268887c643f88ae4,web,,,,,chroot,/usr/sbin/chroot,x86_64,161,"
		   "chroot,LOG,42,2026-11-21T23:01:33.454Z,2026-11-21T23:01:39.454Z,18,"
		   "0x7fd256e08829,kernel,kernel\r\n"
		   "container,vm,268887c643f88ae4,web,,,,,chroot,/usr/sbin/chroot,x86_64,168,"
		   "swapoff,LOG,2,2026-11-21T23:01:34.454Z,2026-11-21T23:01:35.454Z,17,"
		   "0x7fd256e08829,kernel,kernel\r\n");
}

static void test_events_text(void **state)
{
	const struct events_options options = {.format = FORMAT_TEXT};
	struct observation observation = an_observation();

	(void)state;
	observation.comm = str_of(HOSTILE, sizeof(HOSTILE) - 1);
	observation.exe_null = true;
	observation.count_exact = false;
	events_are(
		&options, &observation, 1,
		"CONTAINER  PROGRAM         EXE  ARCH     NR  SYSCALL  ACTION  COUNT  FIRST          "
		"       LAST\n"
		"web        a,\"b\\n\\x1b\\xff  -    x86_64  161  chroot   LOG       <=2  "
		"2026-11-21T23:01:34Z  2026-11-21T23:01:35Z\n");
}

/* By image: two containers of one image, not next to each other, are one group and one line. */
static void test_events_grouped(void **state)
{
	const struct events_options options = {
		.format = FORMAT_TEXT, .grouped = true, .by = GROUP_BY_IMAGE};
	struct observation observations[3] = {an_observation(), an_observation(), an_observation()};

	(void)state;
	observations[0].container.image = STR("nginx");
	observations[1].container.image = STR("alpine");
	observations[1].container_row = 2;
	observations[2].container.image = STR("nginx");
	observations[2].container_row = 3;
	observations[2].count = 5;
	events_are(
		&options, observations, 3,
		"image alpine\n"
		"  PROGRAM  EXE               ARCH     NR  SYSCALL  ACTION  COUNT  FIRST         "
		"        LAST\n"
		"  chroot   /usr/sbin/chroot  x86_64  161  chroot   LOG         2  "
		"2026-11-21T23:01:34Z  2026-11-21T23:01:35Z\n"
		"\n"
		"image nginx\n"
		"  PROGRAM  EXE               ARCH     NR  SYSCALL  ACTION  COUNT  FIRST         "
		"        LAST\n"
		"  chroot   /usr/sbin/chroot  x86_64  161  chroot   LOG         7  "
		"2026-11-21T23:01:34Z  2026-11-21T23:01:35Z\n");
}

/* What strace(1) printed: told apart from the kernel's records, whatever their action. */
static void test_events_of_strace(void **state)
{
	struct observation observations[4] = {an_observation(), an_observation(), an_observation(),
					      an_observation()};

	(void)state;
	for (int i = 2; i < 4; i++) {
		observations[i].source = SOURCE_STRACE, observations[i].trust = TRUST_TEXT;
		observations[i].count = 20;
	}
	observations[1].source = SOURCE_NETLINK, observations[1].trust = TRUST_KERNEL;
	observations[3].code = SECCOMP_RET_ALLOW;
	events_are(&(struct events_options){.format = FORMAT_CSV}, observations, 4,
		   "attribution,node,id,name,runtime,image,pod,namespace,comm,exe,arch,nr,syscall,"
		   "action,count,first,last,pid,ip,source,trust\r\n"
		   "container,vm,268887c643f88ae4,web,,,,,chroot,/usr/sbin/chroot,x86_64,161,"
		   "chroot,LOG,4,2026-11-21T23:01:34.454Z,2026-11-21T23:01:35.454Z,17,"
		   "0x7fd256e08829,kernel,kernel\r\n"
		   "container,vm,268887c643f88ae4,web,,,,,chroot,/usr/sbin/chroot,x86_64,161,"
		   "chroot,LOG,20,2026-11-21T23:01:34.454Z,2026-11-21T23:01:35.454Z,17,"
		   "0x7fd256e08829,strace,text\r\n"
		   "container,vm,268887c643f88ae4,web,,,,,chroot,/usr/sbin/chroot,x86_64,161,"
		   "chroot,ALLOW,20,2026-11-21T23:01:34.454Z,2026-11-21T23:01:35.454Z,17,"
		   "0x7fd256e08829,strace,text\r\n");
	events_are(&(struct events_options){.format = FORMAT_JSON}, &observations[3], 1,
		   "{\"container\":{\"id\":\"268887c643f88ae4\",\"name\":\"web\",\"runtime\":null,"
		   "\"image\":null,\"pod\":null,\"namespace\":null},\"attribution\":\"container\","
		   "\"node\":\"vm\",\"comm\":\"chroot\",\"exe\":\"/usr/sbin/chroot\","
		   "\"arch\":\"x86_64\",\"nr\":161,\"syscall\":\"chroot\",\"action\":\"ALLOW\","
		   "\"refused\":false,\"count\":20,\"first\":\"2026-11-21T23:01:34.454Z\","
		   "\"last\":\"2026-11-21T23:01:35.454Z\",\"pid\":17,\"ip\":\"0x7fd256e08829\","
		   "\"source\":\"strace\",\"trust\":\"text\"}\n");
	/* Grouped: the kernel's of two containers are one line, strace's are another. */
	observations[1].container_row = 2;
	events_are(
		&(struct events_options){
			.format = FORMAT_TEXT, .grouped = true, .by = GROUP_BY_ALL},
		observations, 3,
		"all\n"
		"  PROGRAM  EXE               ARCH     NR  SYSCALL  ACTION        COUNT  FIRST     "
		"            LAST\n"
		"  chroot   /usr/sbin/chroot  x86_64  161  chroot   LOG               4  "
		"2026-11-21T23:01:34Z  2026-11-21T23:01:35Z\n"
		"  chroot   /usr/sbin/chroot  x86_64  161  chroot   LOG (strace)     20  "
		"2026-11-21T23:01:34Z  2026-11-21T23:01:35Z\n");
}

/* No events: a header alone in CSV, nothing in all else. */
static void test_events_of_nothing(void **state)
{
	(void)state;
	events_are(&(struct events_options){.format = FORMAT_TEXT}, NULL, 0, "");
	events_are(&(struct events_options){.format = FORMAT_TEXT, .grouped = true}, NULL, 0, "");
	events_are(&(struct events_options){.format = FORMAT_JSON}, NULL, 0, "");
	events_are(&(struct events_options){.format = FORMAT_CSV}, NULL, 0,
		   "attribution,node,id,name,runtime,image,pod,namespace,comm,exe,arch,nr,syscall,"
		   "action,count,first,last,pid,ip,source,trust\r\n");
}

static void test_containers_json(void **state)
{
	const struct container_summary summaries[] = {
		{.container = {.id = STR("c1"), .name = STR(HOSTILE)},
		 .node = STR("vm"),
		 .has_records = true,
		 .first_ms = STAMP,
		 .last_ms = STAMP,
		 .records = 7,
		 .syscalls = 3},
		{.container = {.id = STR("c2"), .coverage = COVERAGE_FULL}, .node = STR("vm")},
	};
	struct containers_report *report;
	struct output output;

	output_open(&output);
	report = containers_report_new(&(struct containers_options){.format = FORMAT_JSON},
				       output.file);
	(void)state;
	for (size_t i = 0; i < 2; i++)
		containers_report_add(report, &summaries[i]);
	assert_int_equal(containers_report_end(report), 2);
	containers_report_free(report);
	fclose(output.file);

	json_t *expected = json_pack(
		"{s:[{s:s,s:s,s:n,s:n,s:n,s:n,s:s,s:s,s:s,s:i,s:i,s:s},"
		"{s:s,s:n,s:n,s:n,s:n,s:n,s:s,s:n,s:n,s:i,s:i,s:s}]}",
		"containers", "id", "c1", "name", "a,\"b\n\033" REPLACED, "runtime", "image", "pod",
		"namespace", "node", "vm", "first", "2026-11-21T23:01:34.454Z", "last",
		"2026-11-21T23:01:34.454Z", "records", 7, "syscalls", 3, "coverage", "unknown",
		"id", "c2", "name", "runtime", "image", "pod", "namespace", "node", "vm", "first",
		"last", "records", 0, "syscalls", 0, "coverage", "full");
	json_t *written = json_loads(output.text, 0, NULL);

	assert_non_null(expected);
	assert_true(json_equal(expected, written));
	json_decref(expected);
	json_decref(written);
	free(output.text);
}

static const char profile_text[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
	"\"syscalls\":["
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"fcntl\"],\"action\":\"SCMP_ACT_LOG\"},"
	"{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
	"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\","
	"\"args\":[{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}";

static struct profile *a_profile_of(const char *text)
{
	const struct profile_options options = profile_options_default();
	struct profile_source *source = profile_source_from_text("a.json", str_from(text));
	struct err err = ERR_INIT;
	struct profile *profile;

	assert_int_equal(profile_load(source, &options, &profile, &err), 0);
	profile_source_free(source);
	return profile;
}

static struct profile *a_profile(void)
{
	return a_profile_of(profile_text);
}

struct seen {
	int32_t nr;
	uint32_t arch;
	uint64_t count;
};

static void add_seen(struct diff *diff, struct profile *profile, const struct seen *seen,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct observation observation = an_observation();

		observation.nr = seen[i].nr;
		observation.arch = seen[i].arch;
		observation.count = seen[i].count;
		observation.container.coverage = COVERAGE_FULL;
		diff_add_observation(diff, &observation, profile, NULL);
	}
}

static json_t *diff_document(struct diff *diff, struct profile *profile)
{
	const struct selection selection = {0};
	const struct diff_writing writing = {
		.profile = profile_info(profile),
		.selection = &selection,
		.where = "",
	};
	struct output output;

	output_open(&output);
	assert_int_equal(diff_write(diff, FORMAT_JSON, &writing, output.file), 0);
	fclose(output.file);
	json_t *document = json_loads(output.text, 0, NULL);

	assert_non_null(document);
	free(output.text);
	return document;
}

static json_t *group_at(json_t *document, size_t i)
{
	return json_array_get(json_object_get(document, "groups"), i);
}

/* Whether a list of a group is exactly these syscalls with these counts. */
static void list_is(json_t *group, const char *list, size_t count, const char *const *names,
		    const int *counts)
{
	json_t *findings = json_object_get(group, list);

	assert_int_equal(json_array_size(findings), count);
	for (size_t i = 0; i < count; i++) {
		json_t *finding = json_array_get(findings, i);

		assert_string_equal(json_string_value(json_object_get(finding, "syscall")),
				    names[i]);
		assert_int_equal(json_integer_value(json_object_get(finding, "count")), counts[i]);
	}
}

static const struct seen everything[] = {
	{0, AUDIT_ARCH_X86_64, 100}, /* read: allowed */
	{161, AUDIT_ARCH_X86_64, 1}, /* chroot: refused by default */
	{168, AUDIT_ARCH_X86_64, 2}, /* swapoff: too */
	{161, AUDIT_ARCH_X86_64, 1}, /* chroot again */
	{72, AUDIT_ARCH_X86_64, 7},  /* fcntl: logged */
	{435, AUDIT_ARCH_X86_64, 3}, /* clone3: ENOSYS by a rule */
	{439, AUDIT_ARCH_X86_64, 4}, /* faccessat2: above the largest, so runc's stub */
	{135, AUDIT_ARCH_X86_64, 5}, /* personality: for one argument */
	{3, AUDIT_ARCH_I386, 6},     /* an arch that the filter does not know: killed */
};

static void test_diff_lists(void **state)
{
	static const char *const missing[] = {"chroot", "read", "swapoff"};
	static const char *const fallback[] = {"clone3", "faccessat2"};
	static const char *const logged[] = {"fcntl"}, *const conditional[] = {"personality"};
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);

	(void)state;
	add_seen(diff, profile, everything, sizeof(everything) / sizeof(*everything));
	diff_finish(diff);
	assert_true(diff_has_differences(diff));
	assert_true(diff_is_complete(diff));
	json_t *document = diff_document(diff, profile), *group = group_at(document, 0);

	list_is(group, "missing", 3, missing, (const int[]){2, 6, 2});
	list_is(group, "logged", 1, logged, (const int[]){7});
	list_is(group, "fallback", 2, fallback, (const int[]){3, 4});
	list_is(group, "conditional", 1, conditional, (const int[]){5});
	json_t *i386 = json_array_get(json_object_get(group, "missing"), 1);

	assert_string_equal(json_string_value(json_object_get(i386, "arch")), "x86");
	assert_string_equal(json_string_value(json_object_get(i386, "verdict")), "bad-arch");
	assert_true(json_is_null(json_object_get(i386, "errno")));
	json_t *evidence = json_object_get(document, "evidence");

	assert_true(json_is_true(json_object_get(evidence, "complete")));
	assert_int_equal(json_integer_value(json_object_get(evidence, "records")), 129);
	json_decref(document);
	diff_free(diff);
	profile_free(profile);
}

/* Fallbacks and what is conditional are no difference; with strict the former are. */
static void test_diff_differences(void **state)
{
	struct profile *profile = a_profile();

	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct diff *diff = diff_new(GROUP_BY_CONTAINER, strict);

		add_seen(diff, profile, &everything[0], 1);
		add_seen(diff, profile, &everything[5], 3);
		diff_finish(diff);
		assert_int_equal(diff_has_differences(diff), strict);
		diff_free(diff);
	}
	struct diff *logged = diff_new(GROUP_BY_CONTAINER, false);

	add_seen(logged, profile, &everything[4], 1);
	diff_finish(logged);
	assert_true(diff_has_differences(logged));
	diff_free(logged);
	profile_free(profile);
}

/* Evidence: what cannot be judged, what was lost, and whose profile logged what. */
static void test_diff_evidence(void **state)
{
	const struct loss losses[] = {
		{.known = true, .count = 3, .text = STR("3 records lost")},
		{.known = false, .count = 99, .text = STR("some may be lost")},
		{.known = true, .count = 0, .text = STR("nothing lost")},
	};
	struct observation observation = an_observation();
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);

	(void)state;
	observation.has_arch = false;
	observation.count = 11;
	observation.container.coverage = COVERAGE_FULL;
	diff_add_observation(diff, &observation, profile, NULL);
	observation.trust = TRUST_TEXT;
	observation.count = 5;
	diff_add_observation(diff, &observation, profile, NULL);
	diff_add_container(diff,
			   &(struct container_summary){
				   .container = {.id = STR("quiet"), .coverage = COVERAGE_NONE},
				   .node = STR("vm")},
			   profile, NULL);
	for (size_t i = 0; i < 3; i++)
		evidence_add_loss(diff_evidence(diff), &losses[i]);
	diff_finish(diff);
	assert_false(diff_is_complete(diff));
	assert_false(diff_has_differences(diff));
	json_t *document = diff_document(diff, profile);
	json_t *evidence = json_object_get(document, "evidence");
	json_t *quiet = group_at(document, 0);

	assert_int_equal(json_integer_value(json_object_get(evidence, "records")), 0);
	assert_int_equal(json_integer_value(json_object_get(evidence, "lost")), 3);
	assert_int_equal(json_integer_value(json_object_get(evidence, "forgeable")), 5);
	/* two losses, the missing arch, the coverage of `quiet` */
	assert_int_equal(json_array_size(json_object_get(evidence, "reasons")), 4);
	assert_string_equal(json_string_value(json_object_get(document, "coverage")), "none");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(quiet, "key"), "container")),
		"quiet");
	assert_int_equal(json_array_size(json_object_get(quiet, "missing")), 0);
	json_decref(document);
	diff_free(diff);
	profile_free(profile);
}

static void test_diff_of_nothing_is_no_answer(void **state)
{
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);

	(void)state;
	diff_finish(diff);
	assert_false(diff_is_complete(diff));
	assert_false(diff_has_differences(diff));
	diff_free(diff);
}

static void test_diff_groups(void **state)
{
	struct observation observation = an_observation();
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_IMAGE, false);

	(void)state;
	observation.attribution = ATTRIBUTION_UNATTRIBUTED;
	observation.container = (struct container){0};
	diff_add_observation(diff, &observation, profile, NULL);
	observation.comm = STR("other");
	diff_add_observation(diff, &observation, profile, NULL);
	observation.attribution = ATTRIBUTION_HOST;
	diff_add_observation(diff, &observation, profile, NULL);
	observation.attribution = ATTRIBUTION_CONTAINER;
	diff_add_observation(diff, &observation, profile, NULL);
	observation.container.image = STR("nginx");
	diff_add_observation(diff, &observation, profile, NULL);
	observation.container.id = STR("another of nginx");
	diff_add_observation(diff, &observation, profile, NULL);
	diff_finish(diff);
	json_t *document = diff_document(diff, profile);
	json_t *expected = json_pack(
		"[{s:s,s:s},{s:s,s:n},{s:s,s:s},{s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s}]",
		"attribution", "container", "image", "nginx", "attribution", "container", "image",
		"attribution", "host", "node", "vm", "attribution", "unattributed", "node", "vm",
		"comm", "chroot", "exe", "/usr/sbin/chroot", "attribution", "unattributed", "node",
		"vm", "comm", "other", "exe", "/usr/sbin/chroot");

	assert_non_null(expected);
	assert_int_equal(json_array_size(json_object_get(document, "groups")), 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(json_equal(json_object_get(group_at(document, i), "key"),
				       json_array_get(expected, i)));
	json_decref(expected);
	json_decref(document);
	diff_free(diff);
	profile_free(profile);
}

/* The form people know, and silence when asked for it. */
static void test_diff_text(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);
	struct diff_writing writing = {
		.profile = profile_info(profile),
		.selection = &selection,
		.where = "",
		.only_differences = true,
	};
	struct output output;

	output_open(&output);
	(void)state;
	add_seen(diff, profile, everything, sizeof(everything) / sizeof(*everything));
	diff_finish(diff);
	assert_int_equal(diff_write(diff, FORMAT_TEXT, &writing, output.file), 0);
	fclose(output.file);
	assert_non_null(
		strstr(output.text, "\nrefused: chroot (2x), read on x86 (6x), swapoff (2x)\n"));
	assert_non_null(strstr(output.text, "\nlogged: fcntl (7x)\n"));
	assert_null(strstr(output.text, "falls back"));
	assert_null(strstr(output.text, "conditional"));
	assert_null(strstr(output.text, "\033"));
	free(output.text);
	diff_free(diff);

	diff = diff_new(GROUP_BY_CONTAINER, false);
	add_seen(diff, profile, &everything[5], 3);
	diff_finish(diff);
	for (enum format format = FORMAT_TEXT; format <= FORMAT_CSV; format++) {
		output_open(&output);
		assert_int_equal(diff_write(diff, format, &writing, output.file), 0);
		output_is(&output, "");
	}
	diff_free(diff);
	profile_free(profile);
}

static const char another_text[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"chroot\",\"waitpid\"],"
	"\"action\":\"SCMP_ACT_ALLOW\"}]}";

/* The names of the first group, "a,b"; *ret_valid: "unused_valid", if it is there. */
static char *unused_of(struct diff *diff, struct profile *profile,
		       const struct selection *selection, bool quiet, json_t **ret_valid)
{
	const struct diff_writing writing = {.profile = profile_info(profile),
					     .selection = selection,
					     .where = "",
					     .only_differences = quiet};
	struct output output;
	BUF_AUTO names = {0};

	output_open(&output);
	assert_int_equal(diff_write(diff, FORMAT_JSON, &writing, output.file), 0);
	fclose(output.file);
	json_t *document = json_loads(output.text, 0, NULL), *group = group_at(document, 0);
	json_t *list = json_object_get(group, "unused");

	free(output.text);
	assert_true(json_is_array(list));
	for (size_t i = 0; i < json_array_size(list); i++)
		buf_format(&names, "%s%s", i ? "," : "",
			   json_string_value(json_array_get(list, i)));
	*ret_valid = json_incref(json_object_get(group, "unused_valid"));
	json_decref(document);
	return mem_copy(buf_str(&names));
}

/* By name: let through by some profile of the group, used on no arch. */
static void test_diff_unused_names(void **state)
{
	/* profile_text lets through fcntl, personality and read; another_text chroot, read, waitpid */
	static const struct {
		struct seen seen[2];
		size_t count;
		bool both; /* profiles judge the first of them */
		const char *unused;
	} cases[] = {
		{{{161, AUDIT_ARCH_X86_64, 1}}, 1, false, "fcntl,personality,read"},
		{{{0, AUDIT_ARCH_X86_64, 1}}, 1, false, "fcntl,personality"},
		{{{0, AUDIT_ARCH_X86_64, 1}, {135, AUDIT_ARCH_X86_64, 1}}, 2, false, "fcntl"},
		/* read on i386 is number 3 */
		{{{3, AUDIT_ARCH_I386, 1}, {72, AUDIT_ARCH_X86_64, 1}}, 2, false, "personality"},
		{{{0, AUDIT_ARCH_X86_64, 1}}, 1, true, "chroot,fcntl,personality,waitpid"},
		{{{169, AUDIT_ARCH_X86_64, 1}}, 1, true, "chroot,fcntl,personality,read,waitpid"},
	};
	const struct selection selection = {0};
	struct profile *profile = a_profile(), *another = a_profile_of(another_text);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diff *diff = diff_new(GROUP_BY_ALL, false);
		json_t *valid;

		diff_ask_unused(diff);
		add_seen(diff, profile, cases[i].seen, cases[i].count);
		if (cases[i].both)
			add_seen(diff, another, cases[i].seen, 1);
		diff_finish(diff);
		char *names = unused_of(diff, profile, &selection, false, &valid);

		assert_string_equal(names, cases[i].unused);
		assert_true(json_is_true(valid));
		json_decref(valid);
		free(names);
		diff_free(diff);
	}
	profile_free(profile);
	profile_free(another);
}

/* Not asked for, or quiet: the list is empty, and nothing is said of it. */
static void test_diff_unused_is_asked_for(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile();

	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		struct diff *diff = diff_new(GROUP_BY_ALL, false);
		json_t *valid;

		if (asked)
			diff_ask_unused(diff);
		add_seen(diff, profile, &everything[1], 1);
		diff_finish(diff);
		char *names = unused_of(diff, profile, &selection, asked, &valid);

		assert_string_equal(names, "");
		assert_null(valid);
		assert_true(diff_has_differences(diff));
		free(names);
		diff_free(diff);
	}
	profile_free(profile);
}

/* What keeps it from being a conclusion: one thing at a time. */
static void test_diff_unused_validity(void **state)
{
	static const char *const nginx[] = {"nginx"};
	const struct choice choice = {nginx, 1};
	const struct {
		bool has_coverage, has_code, without_arch;
		enum coverage coverage;
		uint32_t code;
		enum attribution attribution;
		enum group_by by;
		struct loss loss;
		struct selection selection;
		bool valid;
	} cases[] = {
		{.valid = true},
		{.has_coverage = true, .coverage = COVERAGE_PARTIAL},
		{.has_coverage = true, .coverage = COVERAGE_NONE},
		{.has_coverage = true, .coverage = COVERAGE_UNKNOWN},
		{.without_arch = true},
		{.has_code = true, .code = SECCOMP_RET_KILL_PROCESS},
		{.has_code = true, .code = SECCOMP_RET_KILL_THREAD},
		{.has_code = true, .code = SECCOMP_RET_ERRNO, .valid = true},
		{.loss = {.known = true, .count = 1, .text = STR("lost")}},
		{.loss = {.known = false, .text = STR("perhaps lost")}},
		{.loss = {.known = true, .count = 0, .text = STR("not lost")}, .valid = true},
		{.attribution = ATTRIBUTION_UNATTRIBUTED},
		{.attribution = ATTRIBUTION_HOST},
		{.attribution = ATTRIBUTION_UNATTRIBUTED, .by = GROUP_BY_ALL, .valid = true},
		{.selection = {.comm = choice}},
		{.selection = {.exe = choice}},
		{.selection = {.arch = choice}},
		{.selection = {.action = choice}},
		{.selection = {.container = choice, .has_since = true}, .valid = true},
	};
	struct profile *profile = a_profile();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diff *diff = diff_new(cases[i].by, false);
		struct observation observation = an_observation();
		json_t *valid;

		diff_ask_unused(diff);
		observation.coverage = observation.container.coverage = COVERAGE_FULL;
		observation.attribution = cases[i].attribution;
		diff_add_observation(diff, &observation, profile, NULL);
		if (cases[i].has_coverage)
			observation.coverage = observation.container.coverage = cases[i].coverage;
		if (cases[i].has_code)
			observation.code = cases[i].code;
		observation.has_arch = !cases[i].without_arch;
		diff_add_observation(diff, &observation, profile, NULL);
		if (cases[i].loss.text.n)
			evidence_add_loss(diff_evidence(diff), &cases[i].loss);
		diff_finish(diff);
		char *names = unused_of(diff, profile, &cases[i].selection, false, &valid);

		assert_string_equal(names, "fcntl,personality,read");
		assert_true(json_is_boolean(valid));
		assert_int_equal(json_is_true(valid), cases[i].valid);
		json_decref(valid);
		free(names);
		diff_free(diff);
	}
	profile_free(profile);
}

/* A container that logged nothing has its profile's names, and no conclusion. */
static void test_diff_unused_of_a_quiet_container(void **state)
{
	const struct container_summary quiet = {
		.container = {.id = STR("a"), .coverage = COVERAGE_FULL}, .node = STR("vm")};
	const struct selection selection = {0};
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);
	struct observation observation = an_observation();
	json_t *valid;

	(void)state;
	diff_ask_unused(diff);
	diff_add_container(diff, &quiet, profile, NULL);
	observation.container.coverage = COVERAGE_NONE; /* of another one */
	diff_add_observation(diff, &observation, profile, NULL);
	diff_finish(diff);
	char *names = unused_of(diff, profile, &selection, false, &valid);

	assert_string_equal(names, "fcntl,personality,read");
	assert_true(json_is_false(valid));
	json_decref(valid);
	free(names);
	diff_free(diff);
	profile_free(profile);
}

/* Another group's flaws are its own. */
static void test_diff_unused_beside_a_flawed_group(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile();
	struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);
	struct observation good = an_observation(), flawed = an_observation();
	json_t *valid;

	(void)state;
	diff_ask_unused(diff);
	good.container.name = STR("a");
	good.container.coverage = COVERAGE_FULL;
	flawed.container.coverage = COVERAGE_PARTIAL;
	flawed.code = SECCOMP_RET_KILL_PROCESS;
	diff_add_observation(diff, &flawed, profile, NULL);
	flawed.has_arch = false;
	diff_add_observation(diff, &flawed, profile, NULL);
	diff_add_observation(diff, &good, profile, NULL);
	diff_finish(diff);
	char *names = unused_of(diff, profile, &selection, false, &valid);

	assert_true(json_is_true(valid));
	json_decref(valid);
	free(names);
	diff_free(diff);
	profile_free(profile);
}

/* Seccomp off: everything that programs of this machine can call is let through. */
static void test_diff_unused_without_a_filter(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile_of("{\"defaultAction\":\"\",\"syscalls\":[]}");
	struct diff *diff = diff_new(GROUP_BY_ALL, false);
	struct observation observation = an_observation();
	json_t *valid;

	(void)state;
	diff_ask_unused(diff);
	diff_add_observation(diff, &observation, profile, NULL);
	diff_finish(diff);
	char *names = unused_of(diff, profile, &selection, false, &valid);

	assert_null(strstr(names, ",chroot,"));
	assert_non_null(strstr(names, ",mount,"));
#ifdef __x86_64__
	assert_non_null(strstr(names, ",waitpid")); /* i386's alone: asm/unistd_32.h */
#endif
	json_decref(valid);
	free(names);
	diff_free(diff);
	profile_free(profile);
}

static void test_diff_unused_text(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile();
	const struct diff_writing writing = {
		.profile = profile_info(profile), .selection = &selection, .where = ""};

	(void)state;
	for (int valid = 0; valid < 2; valid++) {
		struct diff *diff = diff_new(GROUP_BY_CONTAINER, false);
		struct observation observation = an_observation();
		struct output output;

		output_open(&output);
		diff_ask_unused(diff);
		observation.container.coverage = valid ? COVERAGE_FULL : COVERAGE_PARTIAL;
		diff_add_observation(diff, &observation, profile, NULL);
		diff_finish(diff);
		assert_int_equal(diff_write(diff, FORMAT_TEXT, &writing, output.file), 0);
		fclose(output.file);
		assert_non_null(strstr(output.text, "\nunused (3): fcntl, personality, read\n"));
		assert_int_equal(strstr(output.text, "cannot conclude") == NULL, valid);
		free(output.text);
		diff_free(diff);
	}
	profile_free(profile);
}

static void test_diff_csv_of_unused_and_workloads(void **state)
{
	const struct selection selection = {0};
	struct profile *profile = a_profile();
	const struct diff_writing writing = {
		.profile = profile_info(profile), .selection = &selection, .where = ""};
	struct diff *diff = diff_new(GROUP_BY_WORKLOAD, false);
	struct observation observation = an_observation();
	struct output output;

	(void)state;
	output_open(&output);
	diff_ask_unused(diff);
	observation.container.namespace = STR("prod");
	observation.container.workload = STR("a,b");
	observation.nr = 0;
	diff_add_observation(diff, &observation, profile, NULL);
	diff_finish(diff);
	assert_int_equal(diff_write(diff, FORMAT_CSV, &writing, output.file), 0);
	output_is(&output,
		  "attribution,node,namespace,pod,image,container,id,comm,exe,coverage,finding,"
		  "syscall,nr,arch,verdict,action,errno,count,first,last,programs,conditions,"
		  "workload,unused_valid\r\n"
		  "container,,prod,,,,,,,unknown,unused,fcntl,,,,,,,,,,,\"a,b\",false\r\n"
		  "container,,prod,,,,,,,unknown,unused,personality,,,,,,,,,,,\"a,b\",false\r\n");
	diff_free(diff);
	profile_free(profile);
}

static void test_summary(void **state)
{
	static const struct summary_row rows[] = {
		{.path = "records", .label = "records", .count = 12},
		{.path = "malformed.total", .label = "malformed", .count = 0},
		{.path = "malformed.reasons.stamp", .label = "  stamp", .if_nonzero = true},
		{.path = "seconds", .label = "seconds", .real = 1.25, .is_real = true},
	};
	struct output output;

	output_open(&output);
	(void)state;
	assert_int_equal(summary_write(rows, 4, FORMAT_TEXT, output.file), 0);
	output_is(&output, "records    12\nmalformed  0\nseconds    1.25\n");

	output_open(&output);
	assert_int_equal(summary_write(rows, 4, FORMAT_JSON, output.file), 0);
	fclose(output.file);
	json_t *written = json_loads(output.text, 0, NULL);
	json_t *expected = json_pack("{s:i,s:{s:i,s:{s:i}},s:f}", "records", 12, "malformed",
				     "total", 0, "reasons", "stamp", 0, "seconds", 1.25);

	assert_true(json_equal(written, expected));
	json_decref(written);
	json_decref(expected);
	free(output.text);

	output_open(&output);
	assert_int_equal(summary_write(rows, 4, FORMAT_CSV, output.file), 0);
	output_is(&output, "records,malformed.total,malformed.reasons.stamp,seconds\r\n"
			   "12,0,0,1.250\r\n");
}

static void test_full_disk_shows(void **state)
{
	static const struct summary_row row = {.path = "records", .label = "records"};
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(summary_write(&row, 1, FORMAT_TEXT, full), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_escapes),
		cmocka_unit_test(test_text_sentence_keeps_backslashes),
		cmocka_unit_test(test_text_valid_maximal_subparts),
		cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_table_lines_up),
		cmocka_unit_test(test_table_without_rows),
		cmocka_unit_test(test_table_in_blocks),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_count_beyond_its_integers),
		cmocka_unit_test(test_csv_quotes),
		cmocka_unit_test(test_csv_formulas),
		cmocka_unit_test(test_csv_on_a_terminal),
		cmocka_unit_test(test_events_json),
		cmocka_unit_test(test_events_json_nulls_and_zeros),
		cmocka_unit_test(test_events_add_up),
		cmocka_unit_test(test_events_text),
		cmocka_unit_test(test_events_grouped),
		cmocka_unit_test(test_events_of_strace),
		cmocka_unit_test(test_events_of_nothing),
		cmocka_unit_test(test_containers_json),
		cmocka_unit_test(test_diff_lists),
		cmocka_unit_test(test_diff_differences),
		cmocka_unit_test(test_diff_evidence),
		cmocka_unit_test(test_diff_of_nothing_is_no_answer),
		cmocka_unit_test(test_diff_groups),
		cmocka_unit_test(test_diff_text),
		cmocka_unit_test(test_diff_unused_names),
		cmocka_unit_test(test_diff_unused_is_asked_for),
		cmocka_unit_test(test_diff_unused_validity),
		cmocka_unit_test(test_diff_unused_of_a_quiet_container),
		cmocka_unit_test(test_diff_unused_beside_a_flawed_group),
		cmocka_unit_test(test_diff_unused_without_a_filter),
		cmocka_unit_test(test_diff_unused_text),
		cmocka_unit_test(test_diff_csv_of_unused_and_workloads),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_full_disk_shows),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
