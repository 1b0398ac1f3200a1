/*
 * measure: runs one command and prints what it cost, as one line of six numbers: seconds of
 * wall clock, of user time, of system time, the maximum resident size in KiB (mapped file pages
 * included), the exit status, 128 + N if signal N ended it, and the seconds for which all others
 * had a processor meanwhile.
 *
 * The command's standard output goes to a file, never to /dev/null: GNU grep stops at its first
 * match there. Its standard input is empty unless
 * -i names a file. The size cannot come out below that of this program,
 * whose pages the command has until it executes: a few MiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now(void)
{
	struct timespec at;

	if (clock_gettime(CLOCK_MONOTONIC, &at))
		die("clock_gettime");
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Seconds for which the processors were not idle, a host's other guests included (proc(5)). */
static double busy(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
	FILE *file = fopen("/proc/stat", "re");

	if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
			    &system, &idle, &iowait, &irq, &softirq, &steal) != 8)
		die("/proc/stat");
	fclose(file);
	return (double)(user + nice + system + irq + softirq + steal) /
	       (double)sysconf(_SC_CLK_TCK);
}

static void run(const char *in, const char *out, char **argv)
{
	int in_fd = open(in, O_RDONLY);
	int out_fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in_fd < 0)
		die(in);
	if (out_fd < 0)
		die(out);
	if (dup2(in_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0)
		die("dup2");
	close(in_fd);
	close(out_fd);
	execvp(argv[0], argv);
	fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *in = "/dev/null", *out = NULL;
	struct rusage usage;
	double start, before, own, others;
	int status, c;
	pid_t pid;

	while ((c = getopt(argc, argv, "+i:o:")) != -1) {
		if (c == 'o')
			out = optarg;
		else if (c == 'i')
			in = optarg;
		else
			return 2;
	}
	if (!out || optind == argc) {
		fputs("usage: measure [-i INPUT] -o OUTPUT [--] COMMAND [ARG...]\n", stderr);
		return 2;
	}
	before = busy();
	start = now();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		run(in, out, argv + optind);
	if (wait4(pid, &status, 0, &usage) < 0)
		die("wait4");
	start = now() - start;
	own = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	others = busy() - before - own;
	printf("%.6f %.6f %.6f %ld %d %.6f\n", start, seconds(usage.ru_utime),
	       seconds(usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       others > 0 ? others : 0);
	return 0;
}
