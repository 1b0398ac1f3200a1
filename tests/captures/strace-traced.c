/*
 * The program of the strace-* captures: twelve calls in two processes, the same each time, without
 * a C library and so without any that a loader makes. Built by
 *	gcc -O1 -static -nostdlib -fno-stack-protector -o traced traced.c && ln traced kid
 */
static long call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

/* What a hostile program writes: lines as strace's own, a result, a resumption. */
static const char lie[] = "\") = 0\n7 mount(\"a\", \"b\", \"c\", 0, NULL) = 0\n"
			  "[pid     7] <... reboot resumed>) = 0\n";

static const struct {
	long seconds, nanoseconds;
} while_parent_waits = {0, 20000000};

/* execve getuid nanosleep exit: 3 calls after the one that starts it */
static void kid(void)
{
	call(102 /* getuid */, 0, 0, 0, 0);
	call(35 /* nanosleep */, (long)&while_parent_waits, 0, 0, 0);
	call(60 /* exit */, 7, 0, 0, 0);
}

__attribute__((used)) static void start(long *stack)
{
	static const char *const arguments[] = {"kid", "a) = -1 ENOENT (", (char *)0};
	long argc = stack[0];

	if (argc > 1)
		kid();
	call(39 /* getpid */, 0, 0, 0, 0);
	call(1 /* write */, 1, (long)lie, sizeof(lie) - 1, 0);
	if (call(57 /* fork */, 0, 0, 0, 0) == 0) {
		call(59 /* execve */, (long)"/nowhere/kid", (long)arguments, 0, 0);
		call(59 /* execve */, (long)"./kid", (long)arguments, 0, 0);
	}
	call(61 /* wait4 */, -1, 0, 0, 0);
	call(1000, 1, 2, 3, 4);
	call(231 /* exit_group */, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
