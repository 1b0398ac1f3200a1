/*
 * Live filters and profiles for tests, without anything of sclog: what a process is under, what
 * such filters answer, and profiles by chance.
 *
 *	filters dump PID PREFIX
 *
 * asks the kernel for the filters of the process, writes each as it is (an array of struct
 * sock_filter, the oldest first) to PREFIX.0, PREFIX.1 ... and prints these names.
 *
 *	filters eval DUMP...
 *
 * runs the filters, stacked as a process would have them, the oldest first, on every number from
 * -1 to 600 of x86_64 and of i386 and on all 601 of x32, with many arguments each, and prints a
 * line for each number: arch, number, what was returned, sorted, as `sclog explain` writes it:
 *
 *	x86_64 135 ALLOW,ERRNO(1)
 *
 * Each value was returned for arguments that were tried: none is inferred. Arguments are found by
 * running: each test of an argument on the way of one try is turned the other way in another try,
 * for as long as that leads to ways not yet gone, and some are taken at random. What cannot be
 * found so is missing: a set that is too small is no proof, one that is too large is.
 *
 *	filters random SEED FORM RULES
 *
 * prints a profile: the rules of a base, some of them taken out or given other actions and
 * conditions, but nothing changed in what a container's start needs. RULES is the base: lines of a
 * syscall's name, a tab, a rule for this name in JSON. FORM is `docker` (archMap or architectures,
 * includes and excludes) or `oci` (architectures always). Every third seed gives a profile that
 * allows by default. Two rules may contradict each other so that no runtime takes the profile.
 */
#include "tests/bpf.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define MAX_FILTERS   16
#define MAX_BRANCHES  8192
#define MAX_VALUES    64
#define MAX_TRIES     20000
#define RANDOM_TRIES  200
#define WAYS          65536 /* slots, a power of two above MAX_TRIES */
#define LAST_NR       600
#define X32_BIT       0x40000000
#define FIRST_WORD_IP 2 /* of struct seccomp_data in words: nr, arch, two of ip, two per argument */
#define WORDS         (sizeof(struct seccomp_data) / 4)

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "filters: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *memory(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("memory");
	return p;
}

/* --- dump */

static void write_filter(const char *prefix, unsigned at, const struct sock_filter *program,
			 size_t count)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.%u", prefix, at);
	FILE *file = fopen(path, "w");

	if (!file || fwrite(program, sizeof(*program), count, file) != count || fclose(file))
		die(path);
	puts(path);
}

static int dump(char **words)
{
	static struct sock_filter program[BPF_MAXINSNS];
	pid_t pid = (pid_t)strtol(words[0], NULL, 10);
	int status;
	long count = 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		die("trace");
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		die("stop");
	for (unsigned at = 0; at < MAX_FILTERS; at++) {
		count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(long)at, program);
		if (count < 0)
			break;
		write_filter(words[1], at, program, (size_t)count);
	}
	if (count > 0 || errno != ENOENT)
		die("filter");
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

/* --- eval: one run, and what it tested */

struct program {
	struct sock_filter *code;
	size_t count;
};

struct stack {
	struct program programs[MAX_FILTERS];
	size_t count;
	struct bpf_constants constants;
};

/* A test of a word of the arguments that a run came by: (word & mask) op k. */
struct branch {
	uint32_t word, mask, k;
	uint16_t op;
	bool taken;
};

struct trace {
	struct branch branches[MAX_BRANCHES];
	size_t count;
	uint64_t way; /* hash of all that was decided */
};

/* What the accumulator holds: a word of the data and a mask, if that is all there is to it. */
struct holds {
	uint32_t word, mask;
	bool known;
};

static void step_holds(const struct sock_filter *at, struct holds *holds)
{
	switch (BPF_CLASS(at->code)) {
	case BPF_LD:
		*holds = (struct holds){.word = at->k / 4, .mask = ~0U};
		holds->known = BPF_MODE(at->code) == BPF_ABS && at->k / 4 >= FIRST_WORD_IP;
		break;
	case BPF_ALU:
		if (BPF_OP(at->code) == BPF_AND && BPF_SRC(at->code) == BPF_K)
			holds->mask &= at->k;
		else
			holds->known = false;
		break;
	case BPF_MISC:
		if (BPF_MISCOP(at->code) == BPF_TXA)
			holds->known = false;
		break;
	default:
		break;
	}
}

static void note(struct trace *trace, const struct sock_filter *at, const struct holds *holds,
		 bool taken)
{
	trace->way = (trace->way ^ (uintptr_t)at ^ (uint64_t)taken << 60) * 0x100000001b3;
	if (!holds->known || BPF_SRC(at->code) != BPF_K || trace->count == MAX_BRANCHES)
		return;
	trace->branches[trace->count++] = (struct branch){.word = holds->word,
							  .mask = holds->mask,
							  .k = at->k,
							  .op = BPF_OP(at->code),
							  .taken = taken};
}

/* Notes every conditional jump of the way that `data` takes. Only what libseccomp and runtimes
 * write: no memory, no X. What such a filter returns is for bpf_run() to say. */
static void follow(const struct sock_filter *at, const struct seccomp_data *data,
		   struct trace *trace)
{
	struct holds holds = {0};
	uint32_t a = 0;

	for (;; at++) {
		step_holds(at, &holds);
		if (BPF_CLASS(at->code) == BPF_LD && BPF_MODE(at->code) == BPF_ABS)
			memcpy(&a, (const char *)data + at->k, sizeof(a));
		else if (BPF_CLASS(at->code) == BPF_ALU && BPF_SRC(at->code) == BPF_K)
			a = bpf_compute(BPF_OP(at->code), a, at->k);
		else if (at->code == (BPF_JMP | BPF_JA))
			at += at->k;
		else if (BPF_CLASS(at->code) == BPF_JMP && BPF_SRC(at->code) == BPF_K) {
			bool taken = bpf_compare(BPF_OP(at->code), a, at->k);

			note(trace, at, &holds, taken);
			at += taken ? at->jt : at->jf;
		} else
			return; /* a return, or what is not followed */
	}
}

/* seccomp(2): the strictest action wins, of equal ones the newest filter's. */
static uint32_t run_stack(const struct stack *stack, const struct seccomp_data *data)
{
	uint32_t strictest = SECCOMP_RET_ALLOW;

	for (size_t i = stack->count; i-- > 0;) {
		uint32_t value = bpf_run(stack->programs[i].code, data);

		if ((int32_t)(value & SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(strictest & SECCOMP_RET_ACTION_FULL))
			strictest = value;
	}
	return strictest;
}

/* --- eval: arguments to try */

static bool holds_for(const struct branch *branch, uint32_t value)
{
	return bpf_compare(branch->op, value & branch->mask, branch->k) == branch->taken;
}

static bool all_hold(const struct trace *trace, size_t last, uint32_t value)
{
	for (size_t i = 0; i <= last; i++)
		if (trace->branches[i].word == trace->branches[last].word &&
		    !holds_for(&trace->branches[i], value))
			return false;
	return true;
}

/* Changes what can be changed of a value so that the tests up to `last` come out as they are to:
 * bits that must be so are set so, one bit where they must not. */
static uint32_t mend(const struct trace *trace, size_t last, uint32_t value, uint64_t *seed)
{
	uint32_t fixed = 0;

	for (size_t i = 0; i <= last; i++) {
		const struct branch *branch = &trace->branches[i];

		if (branch->word != trace->branches[last].word || branch->op != BPF_JEQ ||
		    !branch->taken)
			continue;
		value = (value & ~branch->mask) | (branch->k & branch->mask);
		fixed |= branch->mask;
	}
	for (size_t i = 0; i <= last; i++) {
		const struct branch *branch = &trace->branches[i];
		uint32_t loose = branch->mask & ~fixed;

		if (branch->word != trace->branches[last].word || holds_for(branch, value))
			continue;
		if (branch->op == BPF_JSET)
			value = branch->taken ? value | (branch->k & loose)
					      : value & ~(branch->k & loose);
		else if (loose)
			value ^= loose & (bpf_random(seed) % 2 ? -loose : bpf_random(seed));
	}
	return value;
}

/* A value for the word of branch `last` with which all its tests up to there come out so. */
static bool solve(const struct trace *trace, size_t last, uint64_t *seed, uint32_t *ret_value)
{
	static const uint32_t near[] = {0, 1, -1U};

	for (unsigned round = 0; round < 4; round++) {
		for (size_t i = 0; i <= last; i++) {
			for (size_t j = 0; j < COUNT(near) + 2; j++) {
				uint32_t k = trace->branches[i].k;
				uint32_t from = j < COUNT(near)    ? k + near[j]
						: j == COUNT(near) ? 0
								   : bpf_random(seed);
				uint32_t value = mend(trace, last, from, seed);

				*ret_value = value;
				if (trace->branches[i].word == trace->branches[last].word &&
				    all_hold(trace, last, value))
					return true;
			}
		}
	}
	return false;
}

struct search {
	const struct stack *stack;
	struct seccomp_data *tries; /* those done, then those to do */
	size_t done, count;
	uint64_t ways[WAYS]; /* gone already, 0 for a free slot */
	uint32_t values[MAX_VALUES];
	size_t value_count;
	uint64_t seed;
	bool narrow; /* arguments of 32 bits: the kernel clears the high halves */
	bool cut;    /* there were more ways than tries */
	struct trace trace;
};

/* False if that way has been gone. */
static bool is_new_way(struct search *search, uint64_t way)
{
	size_t slot = (way ^ way >> 32) % WAYS;

	for (way += !way; search->ways[slot]; slot = (slot + 1) % WAYS)
		if (search->ways[slot] == way)
			return false;
	search->ways[slot] = way;
	return true;
}

static void add_value(struct search *search, uint32_t value)
{
	for (size_t i = 0; i < search->value_count; i++)
		if (search->values[i] == value)
			return;
	if (search->value_count == MAX_VALUES) {
		errno = E2BIG;
		die("too many values for one number");
	}
	search->values[search->value_count++] = value;
}

static void add_try(struct search *search, const struct seccomp_data *data)
{
	if (search->count == MAX_TRIES)
		search->cut = true;
	else
		search->tries[search->count++] = *data;
}

static bool is_high_word(uint32_t word)
{
	return word > 3 && word % 2; /* little endian */
}

/* For each test on the way of `data`, a try that comes to it and turns there. */
static void add_turns(struct search *search, const struct seccomp_data *data)
{
	struct trace *trace = &search->trace;

	for (size_t i = 0; i < trace->count; i++) {
		struct branch *branch = &trace->branches[i];
		struct seccomp_data turned = *data;
		uint32_t value;

		if (search->narrow && is_high_word(branch->word))
			continue;
		branch->taken = !branch->taken;
		if (solve(trace, i, &search->seed, &value)) {
			memcpy((char *)&turned + 4 * branch->word, &value, sizeof(value));
			add_try(search, &turned);
		}
		branch->taken = !branch->taken;
	}
}

static void try_one(struct search *search)
{
	struct seccomp_data data = search->tries[search->done++];

	add_value(search, run_stack(search->stack, &data));
	search->trace.count = 0;
	search->trace.way = 0xcbf29ce484222325;
	for (size_t i = 0; i < search->stack->count; i++)
		follow(search->stack->programs[i].code, &data, &search->trace);
	if (is_new_way(search, search->trace.way))
		add_turns(search, &data);
}

static void try_all(struct search *search, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch};

	memset(search->ways, 0, sizeof(search->ways));
	search->done = search->count = search->value_count = 0;
	search->cut = false;
	search->seed = 0x9e3779b97f4a7c15 ^ nr;
	search->narrow = arch == AUDIT_ARCH_I386;
	add_try(search, &data);
	for (int i = 0; i < RANDOM_TRIES; i++) {
		bpf_arguments(&search->stack->constants, search->narrow, &search->seed, &data);
		add_try(search, &data);
	}
	while (search->done < search->count)
		try_one(search);
}

/* --- eval: what is printed */

static const struct {
	uint32_t action;
	const char *name;
	bool has_data;
} actions[] = {
	{SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS", false},
	{SECCOMP_RET_KILL_THREAD, "KILL_THREAD", false},
	{SECCOMP_RET_TRAP, "TRAP", false},
	{SECCOMP_RET_ERRNO, "ERRNO", true},
	{SECCOMP_RET_USER_NOTIF, "NOTIFY", false},
	{SECCOMP_RET_TRACE, "TRACE", true},
	{SECCOMP_RET_LOG, "LOG", false},
	{SECCOMP_RET_ALLOW, "ALLOW", false},
};

struct answer {
	char text[32];
};

static struct answer answer(uint32_t value)
{
	struct answer answer;
	uint32_t data = value & SECCOMP_RET_DATA;

	snprintf(answer.text, sizeof(answer.text), "%#x", value);
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (actions[i].action != (value & SECCOMP_RET_ACTION_FULL))
			continue;
		/* __seccomp_filter(): no errno is above MAX_ERRNO */
		if (actions[i].action == SECCOMP_RET_ERRNO && data > 4095)
			data = 4095;
		if (actions[i].has_data)
			snprintf(answer.text, sizeof(answer.text), "%s(%u)", actions[i].name, data);
		else
			snprintf(answer.text, sizeof(answer.text), "%s", actions[i].name);
	}
	return answer;
}

static int compare_answers(const void *a, const void *b)
{
	return strcmp(((const struct answer *)a)->text, ((const struct answer *)b)->text);
}

static void print_answers(const char *arch, int nr, const struct search *search)
{
	struct answer answers[MAX_VALUES];

	for (size_t i = 0; i < search->value_count; i++)
		answers[i] = answer(search->values[i]);
	qsort(answers, search->value_count, sizeof(answers[0]), compare_answers);
	printf("%s %d ", arch, nr);
	for (size_t i = 0; i < search->value_count; i++)
		if (i == 0 || strcmp(answers[i].text, answers[i - 1].text) != 0)
			printf("%s%s", i ? "," : "", answers[i].text);
	puts("");
	if (search->cut)
		fprintf(stderr, "filters: %s %d: not every way was tried\n", arch, nr);
}

static struct program read_program(const char *path)
{
	struct program program = {.code = memory(BPF_MAXINSNS * sizeof(struct sock_filter))};
	FILE *file = fopen(path, "r");

	if (!file)
		die(path);
	program.count = fread(program.code, sizeof(*program.code), BPF_MAXINSNS, file);
	if (program.count == 0 || BPF_CLASS(program.code[program.count - 1].code) != BPF_RET)
		die(path);
	fclose(file);
	return program;
}

static int eval(char **words)
{
	static const struct {
		const char *name;
		uint32_t arch;
		int first, bit;
	} arches[] = {
		{"x86_64", AUDIT_ARCH_X86_64, -1, 0},
		{"x32", AUDIT_ARCH_X86_64, 0, X32_BIT},
		{"x86", AUDIT_ARCH_I386, -1, 0},
	};
	static struct stack stack;
	struct search *search = memory(sizeof(*search));

	for (; *words; words++) {
		if (stack.count == MAX_FILTERS) {
			errno = E2BIG;
			die(*words);
		}
		struct program program = read_program(*words);

		bpf_constants_add(&stack.constants, program.code, program.count);
		stack.programs[stack.count++] = program;
	}
	search->stack = &stack;
	search->tries = memory(MAX_TRIES * sizeof(*search->tries));
	for (size_t i = 0; i < COUNT(arches); i++) {
		for (int nr = arches[i].first; nr <= LAST_NR; nr++) {
			try_all(search, arches[i].arch, (uint32_t)(nr | arches[i].bit));
			print_answers(arches[i].name, nr | arches[i].bit, search);
		}
	}
	return 0;
}

/* --- random */

/* What runtimes call between loading the filter and exec, and what `sleep` and its C library
 * call: never refused, whatever the seed. */
static const char needed[] =
	" access arch_prctl brk capget capset chdir clock_gettime clock_nanosleep "
	"clock_nanosleep_time64 clone clone3 close close_range dup dup2 dup3 epoll_create "
	"epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 execve exit exit_group faccessat "
	"faccessat2 fchdir fchmod fchown fcntl fstat fstatfs futex getcwd getdents getdents64 "
	"getegid geteuid getgid getpid getppid getrandom gettid getuid ioctl keyctl kill lseek lstat "
	"madvise membarrier mmap mprotect munmap nanosleep newfstatat open openat openat2 pipe pipe2 "
	"poll ppoll prctl pread64 prlimit64 read readlink readlinkat recvfrom recvmsg restart_syscall "
	"rseq rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait sched_getaffinity sched_yield "
	"sendmsg sendto set_robust_list set_thread_area set_tid_address setgid setgroups setns "
	"setresgid setresuid setsid setuid sigaltstack stat statfs statx tgkill umask uname wait4 "
	"waitid write writev ";

static bool is_needed(const char *name)
{
	char word[128];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(needed, word);
}

enum fate {
	FATE_KEPT,
	FATE_DROPPED,
	FATE_CHANGED, /* dropped, and named by rules of chance */
};

/* The same for each rule of the name. */
static enum fate fate(const char *name, uint64_t seed)
{
	uint64_t hash = seed * 0x9e3779b97f4a7c15;

	if (is_needed(name))
		return FATE_KEPT;
	for (const char *p = name; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3;
	hash ^= hash >> 29;
	switch (hash % 8) {
	case 0:
		return FATE_DROPPED;
	case 1:
		return FATE_CHANGED;
	default:
		return FATE_KEPT;
	}
}

struct chance {
	uint64_t seed;
	uint32_t most; /* rules for one name: of many, libseccomp soon refuses one */
	bool docker, comma;
};

static uint32_t below(struct chance *chance, uint32_t limit)
{
	return bpf_random(&chance->seed) % limit;
}

static uint64_t random_value(struct chance *chance)
{
	static const uint64_t values[] = {
		0,
		1,
		2,
		8,
		15,
		0xff,
		0x100,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x100000001,
		0x7e020000,
		0x20008,
		0xffffffff00000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffffffffffff,
	};

	if (below(chance, 4))
		return values[below(chance, COUNT(values))];
	return (uint64_t)below(chance, ~0U) << (below(chance, 4) ? 0 : below(chance, 33));
}

static void print_args(struct chance *chance)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
	uint32_t count = 1 + below(chance, 4), first = below(chance, 6);

	printf(",\"args\":[");
	for (uint32_t i = 0; i < count; i++) {
		/* one after the other, else any, so perhaps one of them twice */
		uint32_t index = below(chance, 6) ? (first + i) % 6 : below(chance, 6);

		printf("%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}",
		       i ? "," : "", index, (unsigned long long)random_value(chance),
		       (unsigned long long)random_value(chance), ops[below(chance, COUNT(ops))]);
	}
	printf("]");
}

static void print_action(struct chance *chance)
{
	static const char *const names[] = {"ALLOW", "ALLOW", "ALLOW", "ERRNO",        "ERRNO",
					    "LOG",   "TRAP",  "KILL",  "KILL_PROCESS", "TRACE"};
	static const unsigned errors[] = {0, 1, 2, 13, 22, 38, 95, 133, 4094};
	const char *name = names[below(chance, COUNT(names))];

	printf("\"action\":\"SCMP_ACT_%s\"", name);
	if ((strcmp(name, "ERRNO") == 0 || strcmp(name, "TRACE") == 0) && below(chance, 3))
		printf(",\"errnoRet\":%u", errors[below(chance, COUNT(errors))]);
}

static void print_filter(struct chance *chance)
{
	static const char *const filters[] = {
		"\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}",
		"\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}",
		"\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_SYS_TIME\"]}",
		"\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}",
		"\"includes\":{\"arches\":[\"amd64\",\"x32\"]}",
		"\"includes\":{\"arches\":[\"arm64\"]}",
		"\"excludes\":{\"arches\":[\"amd64\"]}",
		"\"includes\":{\"minKernel\":\"4.8\"}",
		"\"includes\":{\"minKernel\":\"99.0\"}",
		"\"excludes\":{\"minKernel\":\"4.8\"}",
		"\"includes\":{\"caps\":[\"CAP_CHOWN\"],\"minKernel\":\"3.10\"},"
		"\"excludes\":{\"arches\":[\"s390x\"]}",
	};

	if (chance->docker && below(chance, 3) == 0)
		printf(",%s", filters[below(chance, COUNT(filters))]);
}

/* One rule at most has no arguments: of two, libseccomp refuses the second often enough. */
static void print_rules(struct chance *chance, const char *name)
{
	uint32_t count = 1 + below(chance, chance->most);

	for (uint32_t i = 0; i < count; i++) {
		printf("%s\n{\"names\":[\"%s\"%s],", chance->comma ? "," : "", name,
		       below(chance, 20) ? "" : ",\"no_such_call\"");
		chance->comma = true;
		print_action(chance);
		if (i > 0 || below(chance, 3))
			print_args(chance);
		print_filter(chance);
		printf("}");
	}
}

static void print_head(struct chance *chance, bool allows)
{
	static const char *const defaults[] = {"ERRNO", "ERRNO", "ERRNO",        "LOG",
					       "TRAP",  "KILL",  "KILL_PROCESS", "TRACE"};
	static const char *const lists[] = {
		"\"SCMP_ARCH_X86_64\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"",
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86_64\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_X86\"",
	};

	printf("{\"defaultAction\":\"SCMP_ACT_%s\",",
	       allows ? "ALLOW" : defaults[below(chance, COUNT(defaults))]);
	if (chance->docker && below(chance, 2))
		printf("\"archMap\":[{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":"
		       "[\"SCMP_ARCH_ARM\"]},{\"architecture\":\"SCMP_ARCH_X86_64\","
		       "\"subArchitectures\":[%s]}],",
		       below(chance, 2) ? "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"" : "");
	else
		printf("\"architectures\":[%s],", lists[below(chance, COUNT(lists))]);
	printf("\"syscalls\":[");
}

static void print_base(struct chance *chance, const char *rule)
{
	printf("%s\n%s", chance->comma ? "," : "", rule);
	chance->comma = true;
}

static int random_profile(char **words)
{
	struct chance chance = {.docker = strcmp(words[1], "docker") == 0};
	uint64_t seed = strtoull(words[0], NULL, 10);
	bool allows = seed % 3 == 0;
	FILE *file = fopen(words[2], "r");
	char line[4096], last[128] = "";

	if (!file)
		die(words[2]);
	chance.seed = (seed + 1) * 0x9e3779b97f4a7c15;
	chance.most = seed % 4 ? 2 : 4;
	print_head(&chance, allows);
	while (fgets(line, sizeof(line), file)) {
		char *name = strtok(line, "\t"), *rule = strtok(NULL, "\n");
		enum fate of_name = name && rule ? fate(name, seed) : FATE_DROPPED;

		/* the base allows: nothing new where that is the default */
		if (of_name == FATE_KEPT && !allows)
			print_base(&chance, rule);
		if (of_name == FATE_CHANGED && strcmp(name, last) != 0)
			print_rules(&chance, name);
		if (name)
			snprintf(last, sizeof(last), "%s", name);
	}
	puts("\n]}");
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int least, most;
		int (*run)(char **words);
	} commands[] = {
		{"dump", 2, 2, dump},
		{"eval", 1, MAX_FILTERS, eval},
		{"random", 3, 3, random_profile},
	};

	for (size_t i = 0; argc > 1 && i < COUNT(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least &&
		    argc - 2 <= commands[i].most)
			return commands[i].run(argv + 2) || fflush(stdout) ? 2 : 0;
	fputs("usage: filters dump PID PREFIX\n"
	      "       filters eval DUMP...\n"
	      "       filters random SEED docker|oci RULES\n",
	      stderr);
	return 2;
}
