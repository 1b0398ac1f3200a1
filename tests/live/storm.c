/*
 * A program whose logged system calls can be counted: what the live tests expect, they have from
 * here.
 *
 *	storm [OPTION...] CALLS [PROCS]
 *
 * makes exactly CALLS calls of getppid(2), which nothing else in it calls, divided among PROCS
 * processes at once (default 1), and prints
 *
 *	calls=N procs=N children=N wall_ms=N cpu_ms=N
 *
 *	--fork N	each of the PROCS processes makes its calls from N children, one after
 *			the other
 *	--exec		each child is an execve(2) of this program
 *	--life-us U	each child lives this long at least, busy
 *	--rate R	calls a second and process at most
 *	--nr NR		another system call than getppid, without arguments
 *	--allow		load no filter: a container's profile logs
 *	--sleep S	sleep S seconds before the end, with no call of getppid
 *	--quiet		print nothing
 *
 * The filter that it loads logs the one system call and allows all others. Linked statically, it
 * runs in an image of nothing else. Copies of it under other names have these names as comm.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct storm {
	uint64_t calls, procs, children, life_us, rate, sleep_s;
	uint32_t nr;
	int exec, allow, quiet;
};

/* The part of CALLS of the index-th of count, so that the parts add up. */
static uint64_t part(uint64_t calls, uint64_t index, uint64_t count)
{
	return calls / count + (index < calls % count);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void load_filter(uint32_t nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		die("seccomp");
}

static void make_calls(const struct storm *storm, uint64_t calls)
{
	int64_t begin = now_us();

	for (uint64_t i = 0; i < calls; i++) {
		syscall(storm->nr);
		if (!storm->rate)
			continue;
		int64_t ahead = (int64_t)((i + 1) * 1000000 / storm->rate) - (now_us() - begin);

		if (ahead > 1000)
			usleep((useconds_t)ahead);
	}
}

static void live(const struct storm *storm, uint64_t calls)
{
	int64_t end = now_us() + (int64_t)storm->life_us;

	make_calls(storm, calls);
	while (now_us() < end)
		;
}

/* The filter of this process stays in force, so the new program loads none. */
static void become_child(const struct storm *storm, uint64_t calls)
{
	char path[4096], life[32], nr[32], count[32];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		die("/proc/self/exe");
	path[n] = '\0';
	snprintf(life, sizeof(life), "%llu", (unsigned long long)storm->life_us);
	snprintf(nr, sizeof(nr), "%u", storm->nr);
	snprintf(count, sizeof(count), "%llu", (unsigned long long)calls);
	execl(path, path, "--allow", "--quiet", "--nr", nr, "--life-us", life, count, (char *)NULL);
	die(path);
}

static void wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	if (status) {
		fprintf(stderr, "storm: a child ended with status %#x\n", status);
		exit(2);
	}
}

static pid_t new_process(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

static void run_children(const struct storm *storm, uint64_t calls)
{
	for (uint64_t i = 0; i < storm->children; i++) {
		uint64_t share = part(calls, i, storm->children);
		pid_t pid = new_process();

		if (pid == 0) {
			if (storm->exec)
				become_child(storm, share);
			live(storm, share);
			_exit(0);
		}
		wait_for(pid);
	}
}

static void run_one(const struct storm *storm, uint64_t calls)
{
	if (storm->children)
		run_children(storm, calls);
	else
		live(storm, calls);
}

static void run(const struct storm *storm)
{
	pid_t pids[256];

	if (storm->procs == 1) {
		run_one(storm, storm->calls);
		return;
	}
	for (uint64_t i = 0; i < storm->procs; i++) {
		pids[i] = new_process();
		if (pids[i] == 0) {
			run_one(storm, part(storm->calls, i, storm->procs));
			_exit(0);
		}
	}
	for (uint64_t i = 0; i < storm->procs; i++)
		wait_for(pids[i]);
}

static long long cpu_ms(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text == '\0' || *end) {
		fprintf(stderr, "storm: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

static const struct option options[] = {
	{"fork", required_argument, NULL, 'f'},
	{"life-us", required_argument, NULL, 'l'},
	{"rate", required_argument, NULL, 'r'},
	{"nr", required_argument, NULL, 'n'},
	{"sleep", required_argument, NULL, 's'},
	{"exec", no_argument, NULL, 'e'},
	{"allow", no_argument, NULL, 'a'},
	{"quiet", no_argument, NULL, 'q'},
	{NULL, 0, NULL, 0},
};

static void read_options(struct storm *storm, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			storm->children = number(optarg);
			break;
		case 'l':
			storm->life_us = number(optarg);
			break;
		case 'r':
			storm->rate = number(optarg);
			break;
		case 'n':
			storm->nr = (uint32_t)number(optarg);
			break;
		case 's':
			storm->sleep_s = number(optarg);
			break;
		case 'e':
			storm->exec = 1;
			break;
		case 'a':
			storm->allow = 1;
			break;
		case 'q':
			storm->quiet = 1;
			break;
		default:
			exit(2);
		}
	}
	if (optind == argc) {
		fputs("usage: storm [OPTION...] CALLS [PROCS]\n", stderr);
		exit(2);
	}
	storm->calls = number(argv[optind]);
	storm->procs = optind + 1 < argc ? number(argv[optind + 1]) : 1;
	if (storm->procs < 1 || storm->procs > 256) {
		fputs("storm: PROCS is 1 to 256\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct storm storm = {.nr = SYS_getppid};
	int64_t begin;

	read_options(&storm, argc, argv);
	if (!storm.allow)
		load_filter(storm.nr);
	begin = now_us();
	run(&storm);
	if (!storm.quiet)
		printf("calls=%llu procs=%llu children=%llu wall_ms=%lld cpu_ms=%lld\n",
		       (unsigned long long)storm.calls, (unsigned long long)storm.procs,
		       (unsigned long long)(storm.procs * storm.children),
		       (long long)(now_us() - begin) / 1000,
		       cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN));
	fflush(stdout);
	for (uint64_t left = storm.sleep_s; left > 0;)
		left = sleep((unsigned)left);
	return 0;
}
