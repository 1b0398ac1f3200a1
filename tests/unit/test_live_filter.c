/*
 * Live filters: read from real processes, and stacks of them.
 *
 * Needs root (CAP_SYS_ADMIN), ptrace and a kernel with CONFIG_CHECKPOINT_RESTORE, and skips
 * without. What is expected comes from what libseccomp exported before it loaded, from an
 * interpreter of BPF that belongs to the tests (tests/bpf.h), and from the kernel: what a call
 * under two filters really returned.
 */
#include "ingest/arch.h"
#include "profile/filter/live.h"
#include "profile/answers/survey.h"
#include "profile/answers/judge.h"
#include "tests/filters.h"
#include "tests/valgrind.h"

#include <errno.h>
#include <linux/audit.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For a child that a busy machine lets wait. */
#define WAIT_MS 20000

/* What a child tells and is told; shared memory, for its filters may allow nothing. */
struct shared {
	volatile int ready;
	volatile long results[8];
	volatile int signals;
	volatile pid_t thread;
};

static struct shared *shared;

static int set_up(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	return 0;
}

static void need_root(void)
{
	if (geteuid() != 0 || under_valgrind())
		skip();
}

static void install(struct sock_filter *program, size_t count, unsigned flags)
{
	struct sock_fprog prog = {.len = (unsigned short)count, .filter = program};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0)
		_exit(9);
}

/* Waits without a syscall: under its filters a child may be allowed none. */
static void stay(void)
{
	shared->ready = 1;
	for (;;)
		;
}

static pid_t start(void (*child)(void *), void *argument)
{
	memset(shared, 0, sizeof(*shared));
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child(argument);
		stay();
	}
	for (int i = 0; i < WAIT_MS && !shared->ready; i++)
		usleep(1000);
	assert_true(shared->ready);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool threads_differ; /* of the process that get() looked at */

static struct filter get(pid_t pid)
{
	struct filter stack;
	struct err err = ERR_INIT;

	if (live_filters_get(pid, &stack, &threads_differ, &err) < 0)
		fail_msg("%s", err.message);
	return stack;
}

static void refused(pid_t pid, int code, const char *words)
{
	struct filter stack;
	struct err err = ERR_INIT;
	int r = live_filters_get(pid, &stack, &threads_differ, &err);

	if (r != -code || !strstr(err.message, words))
		fail_msg("got %d (%s), want %d with '%s'", r, err.message, -code, words);
	assert_int_equal(stack.part_count, 0);
}

static void status_of(pid_t pid, const char *name, char value[64])
{
	char path[64], line[256];
	size_t n = strlen(name);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	value[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			snprintf(value, 64, "%s", line + n + 2);
	}
	fclose(file);
}

/* --- random stacks --------------------------------------------------------------------------- */

#define MAX_STACK 3

/* Filters as libseccomp exports them, to be loaded by a child and compared with. */
struct stack {
	struct sock_filter *programs[MAX_STACK];
	size_t counts[MAX_STACK];
	unsigned flags[MAX_STACK];
	size_t count;
};

static uint32_t random_action(uint64_t *seed)
{
	static const uint32_t actions[] = {
		SCMP_ACT_ALLOW,    SCMP_ACT_ALLOW,       SCMP_ACT_LOG,
		SCMP_ACT_TRAP,     SCMP_ACT_ERRNO(1),    SCMP_ACT_ERRNO(38),
		SCMP_ACT_TRACE(7), SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS};

	return actions[bpf_random(seed) % COUNT(actions)];
}

static void random_program(struct stack *stack, uint64_t *seed)
{
	uint32_t standard = random_action(seed);
	scmp_filter_ctx context = seccomp_init(standard);
	FILE *file = tmpfile();
	size_t at = stack->count++;

	if (bpf_random(seed) % 2) {
		seccomp_arch_add(context, SCMP_ARCH_X86);
		seccomp_arch_add(context, SCMP_ARCH_X32);
	}
	for (int i = 0; i < 80; i++) {
		uint32_t action = random_action(seed);
		unsigned args = bpf_random(seed) % 3 == 0;
		struct scmp_arg_cmp compare = {.arg = bpf_random(seed) % 3,
					       .op = SCMP_CMP_NE + bpf_random(seed) % 7,
					       .datum_a = (uint64_t)bpf_random(seed) % 3
							  << bpf_random(seed) % 40,
					       .datum_b = bpf_random(seed) % 4};
		int nr = (int)(bpf_random(seed) % (args ? 10 : 450));

		if (action != standard)
			(void)seccomp_rule_add_array(context, action, nr, args, &compare);
	}
	assert_int_equal(seccomp_export_bpf(context, fileno(file)), 0);
	rewind(file);
	stack->programs[at] = malloc(BPF_MAXINSNS * sizeof(struct sock_filter));
	stack->counts[at] =
		fread(stack->programs[at], sizeof(struct sock_filter), BPF_MAXINSNS, file);
	fclose(file);
	seccomp_release(context);
	stack->flags[at] = bpf_random(seed) % 2 ? SECCOMP_FILTER_FLAG_LOG : 0;
}

static void load_stack(void *argument)
{
	struct stack *stack = argument;

	for (size_t i = 0; i < stack->count; i++) {
		struct sock_fprog prog = {.len = (unsigned short)stack->counts[i],
					  .filter = stack->programs[i]};

		if (i == 0)
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, stack->flags[i], &prog) < 0)
			_exit(9);
	}
}

/* seccomp(2) has to pass for the next filter to be loaded: not every random one lets it. */
static bool lets_seccomp_pass(const struct stack *stack)
{
	struct seccomp_data data = {.nr = SYS_seccomp, .arch = AUDIT_ARCH_X86_64};

	for (size_t i = 0; i < stack->count; i++) {
		uint32_t value = bpf_run(stack->programs[i], &data) & SECCOMP_RET_ACTION_FULL;

		if (value != SECCOMP_RET_ALLOW && value != SECCOMP_RET_LOG)
			return false;
	}
	return true;
}

/* seccomp(2): the strictest action, of equal ones the newest filter's. */
static uint32_t stack_run(const struct stack *stack, const struct seccomp_data *data)
{
	uint32_t strictest = SECCOMP_RET_ALLOW;

	for (size_t i = stack->count; i-- > 0;) {
		uint32_t value = bpf_run(stack->programs[i], data);

		if ((int32_t)(value & 0xffff0000) < (int32_t)(strictest & 0xffff0000))
			strictest = value;
	}
	return strictest;
}

struct check {
	const struct stack *stack;
	struct bpf_constants constants;
	struct asking asking;
	uint64_t seed;
	size_t compared;
};

static void check_number(struct check *check, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};

	assert_true(asking_call(&check->asking, arch, nr));
	for (int i = 0; i < 10; i++) {
		bpf_arguments(&check->constants, arch == AUDIT_ARCH_I386, &check->seed, &data);
		uint32_t want = stack_run(check->stack, &data);
		uint32_t got = asking_value(&check->asking, &data);

		check->compared++;
		if (want != got || !asking_has(&check->asking, want))
			fail_msg("arch 0x%x number %d: the stack gives 0x%x, combined 0x%x", arch,
				 (int)nr, want, got);
	}
}

static void check_stack(const struct stack *stack, const struct filter *live)
{
	struct check check = {.stack = stack, .seed = 0x12345678abcdULL};

	asking_init(&check.asking, live);
	for (size_t i = 0; i < stack->count; i++)
		bpf_constants_add(&check.constants, stack->programs[i], stack->counts[i]);
	for (int nr = -1; nr <= 600; nr++) {
		check_number(&check, AUDIT_ARCH_X86_64, (uint32_t)nr);
		check_number(&check, AUDIT_ARCH_I386, (uint32_t)nr);
		if (nr >= 0)
			check_number(&check, AUDIT_ARCH_X86_64, ARCH_X32_BIT | (uint32_t)nr);
	}
	asking_release(&check.asking);
	free(check.constants.all);
}

static void one_stack(uint64_t *seed, size_t count)
{
	struct stack stack = {0};

	while (stack.count < count) {
		random_program(&stack, seed);
		if (stack.count < count && !lets_seccomp_pass(&stack))
			free(stack.programs[--stack.count]);
	}
	pid_t pid = start(load_stack, &stack);
	struct filter live = get(pid);

	assert_int_equal(live.part_count, stack.count);
	for (size_t i = 0; i < stack.count; i++) {
		assert_int_equal(live.parts[i].count, stack.counts[i]);
		assert_memory_equal(live.parts[i].program, stack.programs[i],
				    stack.counts[i] * sizeof(struct sock_filter));
	}
	check_stack(&stack, &live);
	filter_release(&live);
	stop(pid);
	for (size_t i = 0; i < stack.count; i++)
		free(stack.programs[i]);
}

static void test_random_stacks(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15ULL;

	(void)state;
	need_root();
	for (size_t i = 0; i < 24; i++)
		one_stack(&seed, 1 + i % MAX_STACK);
}

/* --- the kernel's own choice ----------------------------------------------------------------- */

#define PROBE 1001 /* no syscall has that number */

/* ERRNO with data for the probe; the rest is allowed. */
static void install_errno(int data)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROBE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)data),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	install(program, COUNT(program), 0);
}

static void one_filter(void *argument)
{
	(void)argument;
	install_errno(5);
}

static void two_errnos(void *argument)
{
	(void)argument;
	install_errno(5);
	install_errno(7);
	errno = 0;
	shared->results[0] = syscall(PROBE);
	shared->results[1] = errno;
}

/* Of two filters with one action the kernel took one's data: that one the walk must take. */
static void test_newest_data(void **state)
{
	struct asking asking;

	(void)state;
	need_root();
	pid_t pid = start(two_errnos, NULL);
	struct filter stack = get(pid);

	assert_int_equal(shared->results[0], -1);
	asking_init(&asking, &stack);
	assert_true(asking_call(&asking, AUDIT_ARCH_X86_64, PROBE));
	assert_int_equal(asking.count, 1);
	assert_int_equal(asking.values[0], SECCOMP_RET_ERRNO | (unsigned)shared->results[1]);
	asking_release(&asking);
	filter_release(&stack);
	stop(pid);
}

/* What explains a profile explains a live filter: a survey takes the document's place. */
static void test_verdicts(void **state)
{
	static const struct {
		uint32_t arch;
		int64_t nr;
		enum verdict_kind kind;
		enum verdict_origin origin;
		int error;
	} expected[] = {
		{AUDIT_ARCH_X86_64, PROBE, VERDICT_DENIED, VERDICT_BY_RULE, 5},
		{AUDIT_ARCH_X86_64, 59, VERDICT_ALLOWED, VERDICT_BY_DEFAULT, -1},
		{AUDIT_ARCH_I386, 11, VERDICT_ALLOWED, VERDICT_BY_DEFAULT, -1},
	};
	const struct profile_options options = {.kernel_major = 6};

	(void)state;
	need_root();
	pid_t pid = start(one_filter, NULL);
	struct filter stack = get(pid);

	struct rules rules = {0};
	struct judge judge = {.rules = &rules, .filter = &stack, .options = &options};

	judge_start(&judge);
	struct survey survey = survey_filter(&stack, &judge.answers, SCMP_ARCH_X86_64);

	assert_false(survey.checks_arch);
	rules.default_action = survey.default_action;
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct verdict verdict = judge_ask(&judge, expected[i].arch, expected[i].nr);

		assert_int_equal(verdict.kind, expected[i].kind);
		assert_int_equal(verdict.origin, expected[i].origin);
		assert_int_equal(verdict.has_errno ? verdict.error : -1, expected[i].error);
	}
	judge_release(&judge);
	filter_release(&stack);
	stop(pid);
}

/* --- strict mode, none, threads -------------------------------------------------------------- */

static void go_strict(void *argument)
{
	(void)argument;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
}

static uint32_t strict_answer(const struct filter *stack, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};

	return bpf_run(stack->parts[0].program, &data);
}

/* seccomp(2): read, write, _exit and sigreturn; numbers of the kernel's tables. */
static void test_strict(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start(go_strict, NULL);
	struct filter stack = get(pid);

	assert_int_equal(stack.part_count, 1);
	for (int nr = -1; nr <= 600; nr++) {
		bool native = nr == 0 || nr == 1 || nr == 15 || nr == 60;
		bool compat = nr == 1 || nr == 3 || nr == 4 || nr == 119;

		assert_int_equal(strict_answer(&stack, AUDIT_ARCH_X86_64, (uint32_t)nr),
				 native ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD);
		assert_int_equal(strict_answer(&stack, AUDIT_ARCH_I386, (uint32_t)nr),
				 compat ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD);
		if (nr >= 0)
			assert_int_equal(strict_answer(&stack, AUDIT_ARCH_X86_64,
						       ARCH_X32_BIT | (uint32_t)nr),
					 SECCOMP_RET_KILL_THREAD);
	}
	filter_release(&stack);
	stop(pid);
}

static void nothing(void *argument)
{
	(void)argument;
}

static void test_none(void **state)
{
	struct asking asking;

	(void)state;
	need_root();
	pid_t pid = start(nothing, NULL);
	struct filter stack = get(pid);

	assert_int_equal(stack.part_count, 0);
	asking_init(&asking, &stack);
	assert_true(asking_call(&asking, AUDIT_ARCH_X86_64, 59));
	assert_int_equal(asking.count, 1);
	assert_int_equal(asking.values[0], SECCOMP_RET_ALLOW);
	asking_release(&asking);
	stop(pid);
}

static void *filtered_thread(void *argument)
{
	install_errno(5);
	shared->thread = (pid_t)syscall(SYS_gettid);
	stay();
	return argument;
}

static void start_thread(void *argument)
{
	pthread_t thread;

	(void)argument;
	pthread_create(&thread, NULL, filtered_thread, NULL);
	for (;;)
		pause();
}

static void test_threads(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start(start_thread, NULL);
	struct filter stack = get(pid);

	assert_int_equal(stack.part_count, 0);
	assert_true(threads_differ);
	filter_release(&stack);
	stack = get(shared->thread);
	assert_int_equal(stack.part_count, 1);
	assert_true(threads_differ);
	filter_release(&stack);
	stop(pid);
}

/* --- what the process notices ---------------------------------------------------------------- */

static void count_signal(int signal)
{
	(void)signal;
	shared->signals++;
}

static void count_signals(void *argument)
{
	struct sigaction action = {.sa_handler = count_signal};

	(void)argument;
	sigaction(SIGRTMIN, &action, NULL);
	install_errno(5);
}

/* Real-time signals queue: each one that is sent arrives, however it meets the tracer. */
static void test_signals(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start(count_signals, NULL);

	for (int i = 0; i < 200; i++) {
		assert_int_equal(sigqueue(pid, SIGRTMIN, (union sigval){0}), 0);
		struct filter stack = get(pid);

		assert_int_equal(stack.part_count, 1);
		filter_release(&stack);
	}
	for (int i = 0; i < WAIT_MS && shared->signals < 200; i++)
		usleep(1000);
	assert_int_equal(shared->signals, 200);
	stop(pid);
}

static void test_let_go(void **state)
{
	char value[64];

	(void)state;
	need_root();
	pid_t pid = start(one_filter, NULL);
	struct filter stack = get(pid);

	filter_release(&stack);
	status_of(pid, "TracerPid", value);
	assert_string_equal(value, "0\n");
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	stack = get(pid);
	assert_int_equal(stack.part_count, 1);
	filter_release(&stack);
	status_of(pid, "TracerPid", value);
	assert_string_equal(value, "0\n");
	/* let go of, it goes back to where it was stopped */
	for (int i = 0; i < WAIT_MS && value[0] != 'T'; i++) {
		usleep(1000);
		status_of(pid, "State", value);
	}
	assert_int_equal(value[0], 'T');
	stop(pid);
}

/* --- refusals -------------------------------------------------------------------------------- */

static void test_gone(void **state)
{
	(void)state;
	need_root();
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	refused(pid, ESRCH, "has ended");
	waitpid(pid, NULL, 0);
	refused(pid, ESRCH, "does not exist");
	refused(0, ESRCH, "not a process id");
	refused(-5, ESRCH, "not a process id");
}

/* In a child, since it changes who we are: 0 if `check` came back. */
static void in_child(void (*check)(pid_t), pid_t target)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		check(target);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void expect(pid_t target, int code, const char *words)
{
	struct filter stack;
	struct err err = ERR_INIT;

	if (live_filters_get(target, &stack, &threads_differ, &err) == -code &&
	    strstr(err.message, words))
		return;
	fprintf(stderr, "# got: %d %s\n", err.code, err.message);
	_exit(1);
}

static void as_nobody(pid_t target)
{
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	expect(target, EPERM, "no permission");
}

/* Its own child it may trace, but not ask for filters. */
static void own_child_as_nobody(pid_t target)
{
	(void)target;
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	prctl(PR_SET_DUMPABLE, 1);
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		install_errno(5);
		shared->results[7] = 1;
		for (;;)
			;
	}
	while (!shared->results[7])
		usleep(1000);
	expect(pid, EACCES, "CAP_SYS_ADMIN");
	kill(pid, SIGKILL);
}

static void under_a_filter(pid_t target)
{
	install_errno(5);
	expect(target, EACCES, "runs under one");
}

static void myself(pid_t target)
{
	(void)target;
	install_errno(5);
	expect(getpid(), EPERM, "neither this one");
}

static void traced_twice(pid_t target)
{
	pid_t tracer = fork();

	if (tracer == 0) {
		ptrace(PTRACE_SEIZE, target, NULL, NULL);
		shared->results[6] = 1;
		for (;;)
			pause();
	}
	while (!shared->results[6])
		usleep(1000);
	expect(target, EPERM, "already");
	kill(tracer, SIGKILL);
}

static void test_refusals(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start(one_filter, NULL);

	in_child(as_nobody, pid);
	in_child(own_child_as_nobody, pid);
	in_child(under_a_filter, pid);
	in_child(myself, pid);
	in_child(traced_twice, pid);
	stop(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_random_stacks, set_up),
		cmocka_unit_test_setup(test_newest_data, set_up),
		cmocka_unit_test_setup(test_verdicts, set_up),
		cmocka_unit_test_setup(test_strict, set_up),
		cmocka_unit_test_setup(test_none, set_up),
		cmocka_unit_test_setup(test_threads, set_up),
		cmocka_unit_test_setup(test_signals, set_up),
		cmocka_unit_test_setup(test_let_go, set_up),
		cmocka_unit_test_setup(test_gone, set_up),
		cmocka_unit_test_setup(test_refusals, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
