/*
 * What watch prints: when a line is due, and that nobody who reads slowly, or no more, holds it up.
 *
 * The printer writes to standard output, which each case makes a pipe or a terminal of its own.
 */
#include "cli/judging.h"
#include "live/printer.h"

#include "base/mem.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CHROOT 161 /* asm/unistd_64.h */
#define READ   0

/* chroot(2) alone is refused, read(2) and the others are not. */
#define PROFILE                                                                           \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"]," \
	"\"syscalls\":[{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"

struct fixture {
	int saved, reader;
	struct record *record;
	struct container container;
	struct event event;
	struct printer *printer;
	struct judges judges;
	char profile[64];
	char *text; /* what was read */
	size_t n;
};

/* Standard output becomes that descriptor. */
static void become_output(struct fixture *fixture, int fd)
{
	fflush(stdout);
	if (fixture->saved < 0)
		fixture->saved = dup(STDOUT_FILENO);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
}

static int setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	fixture->saved = -1;
	assert_int_equal(pipe(fds), 0);
	fixture->reader = fds[0];
	become_output(fixture, fds[1]);
	fixture->text = mem_new(1, 8u << 20);
	fixture->record = mem_new(1, sizeof(*fixture->record));
	*fixture->record = (struct record){
		.ms = 1795302094454,
		.has_arch = true,
		.pid = 21073,
		.arch = AUDIT_ARCH_X86_64,
		.nr = CHROOT,
		.code = SECCOMP_RET_LOG,
		.comm = STR("nginx"),
		.exe = STR("/usr/sbin/nginx"),
	};
	fixture->container = (struct container){.id = STR("268887c643f8"), .name = STR("web")};
	fixture->event = (struct event){
		.record = fixture->record,
		.container = &fixture->container,
		.attribution = ATTRIBUTION_CONTAINER,
		.node = STR("worker-3"),
	};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fflush(stdout);
	dup2(fixture->saved, STDOUT_FILENO);
	close(fixture->saved);
	if (fixture->reader >= 0)
		close(fixture->reader);
	printer_free(fixture->printer);
	judges_release(&fixture->judges);
	if (fixture->profile[0])
		unlink(fixture->profile);
	free(fixture->record);
	free(fixture->text);
	free(fixture);
	return 0;
}

static void begin(struct fixture *fixture, struct printer_options options)
{
	fixture->printer = printer_new(&options);
}

static void load_profile(struct fixture *fixture)
{
	struct profile_options_given given = {.profile = fixture->profile};
	struct profile *profile;
	struct err err = ERR_INIT;

	strcpy(fixture->profile, "/tmp/sclog-printer.XXXXXX");
	int fd = mkstemp(fixture->profile);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, PROFILE, strlen(PROFILE)), strlen(PROFILE));
	close(fd);
	assert_int_equal(judges_init(&fixture->judges, &given, &err), 0);
	assert_int_equal(judges_acquire(&fixture->judges, &err), 0);
	assert_int_equal(judges_find(&fixture->judges, NULL, &profile, &err), 0);
}

static void print(struct fixture *fixture, int32_t nr, bool again)
{
	fixture->record->nr = nr;
	printer_event(fixture->printer, &fixture->event, again);
}

/* Takes what can be read now; returns how many bytes. */
static size_t take(struct fixture *fixture, size_t most)
{
	ssize_t n;

	fcntl(fixture->reader, F_SETFL, O_NONBLOCK);
	n = read(fixture->reader, fixture->text + fixture->n, most);
	fixture->n += n > 0 ? (size_t)n : 0;
	fixture->text[fixture->n] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* Everything that was printed. */
static const char *printed(struct fixture *fixture)
{
	fixture->n = 0;
	fixture->text[0] = '\0';
	assert_int_equal(printer_flush(fixture->printer, 0), 0);
	assert_false(printer_waiting(fixture->printer));
	while (take(fixture, 4096))
		;
	return fixture->text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* --- what is due */

static void first_use_is_new_once(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){0});
	print(fixture, CHROOT, false);
	const char *text = printed(fixture);

	assert_int_equal(count_lines(text), 1);
	assert_int_equal(strncmp(text, "NEW ", 4), 0);
	assert_non_null(strstr(text, "chroot (161)"));
	assert_non_null(strstr(text, "web"));
	print(fixture, CHROOT, false);
	print(fixture, CHROOT, true);
	assert_string_equal(printed(fixture), "");
	print(fixture, READ, false); /* another syscall: its number 0 is one like others */
	assert_non_null(strstr(printed(fixture), "NEW"));
	fixture->container.id = STR("another");
	print(fixture, READ, false);
	assert_int_equal(count_lines(printed(fixture)), 1);
	assert_int_equal(printer_counts(fixture->printer).fresh, 3);
	assert_int_equal(printer_counts(fixture->printer).unshown, 0);
}

static void all_prints_every_event_but_none_twice(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){.all = true});
	for (int i = 0; i < 3; i++)
		print(fixture, CHROOT, false);
	const char *text = printed(fixture);

	assert_int_equal(count_lines(text), 3);
	assert_int_equal(strncmp(text, "NEW ", 4), 0);
	assert_null(strstr(text + 4, "NEW "));
	print(fixture, CHROOT, true); /* by another source */
	assert_string_equal(printed(fixture), "");
	assert_int_equal(printer_counts(fixture->printer).fresh, 1);
}

static void json_is_an_object_a_line(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){.format = FORMAT_JSON, .all = true});
	print(fixture, CHROOT, false);
	print(fixture, CHROOT, false);
	const char *text = printed(fixture);

	for (int i = 0; i < 2; i++) {
		json_error_t error;
		json_t *object = json_loads(text, JSON_DISABLE_EOF_CHECK, &error);

		assert_non_null(object);
		assert_string_equal(json_string_value(json_object_get(object, "syscall")),
				    "chroot");
		assert_int_equal(json_integer_value(json_object_get(object, "nr")), CHROOT);
		assert_int_equal(json_is_true(json_object_get(object, "new")), i == 0);
		json_decref(object);
		text = strchr(text, '\n') + 1;
	}
	assert_string_equal(text, "");
}

static void profile_says_what_it_would_refuse(void **state)
{
	struct fixture *fixture = *state;

	load_profile(fixture);
	begin(fixture, (struct printer_options){.judges = &fixture->judges});
	print(fixture, READ, false);
	assert_non_null(strstr(printed(fixture), "allowed"));
	print(fixture, CHROOT, false);
	assert_non_null(strstr(printed(fixture), "refused: ERRNO EPERM"));
	assert_int_equal(printer_counts(fixture->printer).refused, 1);
}

static void quiet_prints_only_what_is_refused(void **state)
{
	struct fixture *fixture = *state;

	load_profile(fixture);
	begin(fixture, (struct printer_options){.quiet = true, .judges = &fixture->judges});
	print(fixture, READ, false);
	assert_string_equal(printed(fixture), "");
	print(fixture, CHROOT, false);
	print(fixture, CHROOT, false);
	assert_int_equal(count_lines(printed(fixture)), 1);
	assert_int_equal(printer_counts(fixture->printer).fresh, 2);
}

static void quiet_without_a_profile_prints_nothing(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){.quiet = true, .all = true});
	print(fixture, CHROOT, false);
	assert_string_equal(printed(fixture), "");
	assert_int_equal(printer_counts(fixture->printer).fresh, 1);
}

static void record_without_arch_is_not_judged(void **state)
{
	struct fixture *fixture = *state;

	load_profile(fixture);
	begin(fixture, (struct printer_options){.judges = &fixture->judges});
	fixture->record->has_arch = false;
	print(fixture, CHROOT, false);
	const char *text = printed(fixture);

	assert_int_equal(count_lines(text), 1);
	assert_null(strstr(text, "refused"));
	assert_int_equal(printer_counts(fixture->printer).refused, 0);
}

/* --- who reads it */

static void nobody_reads_and_nothing_waits(void **state)
{
	struct fixture *fixture = *state;
	const size_t count = 40000;
	int64_t began = now_ms();
	size_t shown;

	begin(fixture, (struct printer_options){.all = true});
	for (size_t i = 0; i < count; i++) {
		print(fixture, CHROOT, false);
		if (i % 100 == 0)
			assert_int_equal(printer_flush(fixture->printer, 0), 0);
	}
	/* 400 flushes: waiting for a second once in each would show on any machine */
	assert_true(now_ms() - began < 300000);
	assert_true(printer_waiting(fixture->printer));
	size_t unshown = printer_counts(fixture->printer).unshown;

	assert_true(unshown > 0 && unshown < count);
	/* then it is read after all: what was not counted as unshown comes, each line whole */
	do {
		printer_flush(fixture->printer, 0);
	} while (take(fixture, 65536));
	shown = count_lines(fixture->text);
	assert_int_equal(shown + unshown, count);
	assert_int_equal(fixture->text[fixture->n - 1], '\n');
	for (const char *line = fixture->text; line < fixture->text + fixture->n;
	     line = strchr(line, '\n') + 1)
		assert_true(strstr(line, "chroot (161)") < strchr(line, '\n'));
	/* and lines are printed again */
	print(fixture, CHROOT, false);
	assert_int_equal(count_lines(printed(fixture)), 1);
	assert_int_equal(printer_counts(fixture->printer).unshown, unshown);
}

/* The end waits for a reader who takes nothing as long as it is told to, and then goes on. */
static void end_waits_as_long_as_told(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){.all = true});
	for (int i = 0; i < 4000; i++)
		print(fixture, CHROOT, false);
	int64_t began = now_ms();

	assert_int_equal(printer_flush(fixture->printer, 300), 0);
	/* that it comes back at all is what counts: a busy machine may take its time */
	assert_true(now_ms() - began >= 299);
	assert_true(now_ms() - began < 30000);
	assert_true(printer_waiting(fixture->printer));
}

/* The reader takes 4 KiB whenever as much is put: lines always wait, and memory stays. */
static void steady_slow_reader_costs_no_memory(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)state;
	skip(); /* what is freed is kept there, or memory is shadowed */
#else
	if (under_valgrind())
		skip(); /* there too, and its own memory is counted */
	struct fixture *fixture = *state;
	struct rusage before, after;
	size_t total = 0;

	begin(fixture, (struct printer_options){.all = true});
	while (printer_counts(fixture->printer).unshown == 0)
		print(fixture, CHROOT, false);
	printer_flush(fixture->printer, 0);
	getrusage(RUSAGE_SELF, &before);
	while (total < 64u << 20) {
		fixture->n = 0;
		total += take(fixture, 4096);
		printer_flush(fixture->printer, 0);
		for (int i = 0; i < 50; i++)
			print(fixture, CHROOT, false);
		assert_true(printer_waiting(fixture->printer));
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
#endif
}

static void closed_pipe_is_said_and_nothing_waits_for_it(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, (struct printer_options){.all = true});
	print(fixture, CHROOT, false);
	assert_int_equal(printer_flush(fixture->printer, 0), 0);
	close(fixture->reader);
	fixture->reader = -1;
	print(fixture, CHROOT, false);
	assert_int_equal(printer_flush(fixture->printer, 0), -EPIPE);
	assert_false(printer_waiting(fixture->printer));
	print(fixture, CHROOT, false);
	assert_int_equal(printer_flush(fixture->printer, 1000), -EPIPE);
}

static void full_disk_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0)
		skip();
	become_output(fixture, full);
	begin(fixture, (struct printer_options){0});
	print(fixture, CHROOT, false);
	assert_int_equal(printer_flush(fixture->printer, 0), -ENOSPC);
}

/* A terminal that was stopped (Ctrl-S), or whose other end hangs: it takes some and then nothing. */
static void stopped_terminal_holds_nothing_up(void **state)
{
	struct fixture *fixture = *state;
	int terminal, other;

	if (openpty(&other, &terminal, NULL, NULL, NULL) < 0)
		skip();
	become_output(fixture, terminal);
	begin(fixture, (struct printer_options){.all = true});
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		alarm(300); /* ends it where it hangs */
		for (int i = 0; i < 3000; i++) {
			print(fixture, CHROOT, false);
			printer_flush(fixture->printer, 0);
		}
		_exit(printer_waiting(fixture->printer) ? 0 : 1);
	}
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	close(other);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_use_is_new_once, setup, teardown),
		cmocka_unit_test_setup_teardown(all_prints_every_event_but_none_twice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(json_is_an_object_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(profile_says_what_it_would_refuse, setup, teardown),
		cmocka_unit_test_setup_teardown(quiet_prints_only_what_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(quiet_without_a_profile_prints_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(record_without_arch_is_not_judged, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_reads_and_nothing_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(end_waits_as_long_as_told, setup, teardown),
		cmocka_unit_test_setup_teardown(steady_slow_reader_costs_no_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closed_pipe_is_said_and_nothing_waits_for_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_disk_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(stopped_terminal_holds_nothing_up, setup, teardown),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("printer", tests, NULL, NULL);
}
