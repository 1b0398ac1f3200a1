/*
 * What strace(1) writes: every system call of a program, as text. A second source beside the
 * kernel's records: it needs no filter, and its calls are those that the kernel let through.
 *
 * Read are the lines of -f with -o ("PID call(...) = 0"), of standard error ("[pid PID] call",
 * the first process without it), of -ff (a file each, the pid is in its name), with the times of
 * -t, -tt, -ttt and -r, with -T, -i, -n, -k, -y, -Y, -v, -x and --secontext, and the table of -c
 * and -C. The forms are those of strace 4.5 to 6.x (strace.c, printleader(); count.c).
 *
 * A call counts once, where it is entered: "<unfinished ...>" counts, "<... resumed>" does not. A
 * string of the traced program is escaped (newlines, quotes, what is no ASCII), so it cannot begin
 * a line: a line's head decides, and nothing behind the syscall's "(" can change what it is. Only
 * where strace shares standard error with the program can the program write lines of its own;
 * nothing tells these from strace's.
 *
 * Numbers. A name is looked up for the architecture that its process runs in: this machine's at
 * first. strace says "[ Process PID=N runs in 32 bit mode. ]" when that changes, but not with -o;
 * then -n and -i tell, and else a name that only the other ABI has ("mmap2"): from then on the
 * process, its children and what it executes are taken for 32-bit. strace decodes what goes through
 * socketcall(2) and ipc(2) under the name of the part. With -n the number is the true one; without
 * it is that of the direct call where the ABI has one (i386: socket is 359), since a rule of that
 * name opens both ways, and else socketcall's or ipc's (i386: send, semop).
 *
 * Programs. A successful execve names the program of its process, children inherit it. A process
 * whose program no line tells has none (comm and exe are null), but an execve that is the first
 * thing known of a process counts to what it starts. prctl(PR_SET_NAME) changes its comm.
 */
#ifndef SCLOG_INGEST_STRACE_STRACE_H
#define SCLOG_INGEST_STRACE_STRACE_H

#include "ingest/line.h"
#include "ingest/record.h"

struct strace;

/* True if the line tells by itself that its input is a trace: a call with its end ("= 0",
 * "<unfinished ...>"), or the head of a summary. Cheap for a line that does not. */
bool strace_recognizes(struct str line);

/* True if the line's only time is that of -r: so many microseconds after the line before. Their
 * sum over a file is how long before the file's last change it began. */
bool strace_relative(struct str line, uint64_t *ret_us);

struct strace *strace_new(void);
void strace_free(struct strace *strace);

/* Another input. */
struct strace_input {
	struct str path;
	/* When it was last written; now for a pipe. Lines without time are from then, and a time of
	 * the day (-t) is the latest one not after it. */
	int64_t end_ms;
	/* -r: how long it took, all in all; 0 where that is not known. */
	uint64_t elapsed_us;
};

/* What is known of processes is kept where the path is one of the same -ff (BASE.PID) as the last
 * input's; all strings are copied. */
void strace_begin(struct strace *strace, const struct strace_input *input);

enum strace_kind {
	STRACE_CALL,      /* a call, or a row of a summary */
	STRACE_OTHER,     /* a line of strace's that is no call, or text of the program */
	STRACE_MALFORMED, /* what it is cannot be told; why says the reason */
};

struct strace_read {
	enum strace_kind kind;
	enum malformed why;
	const struct record *record; /* without serial; lives until the next line */
	bool is_row;                 /* of a summary */
	uint32_t repeats;            /* further calls of a summary's row */
	/* What the store knows the event by. A line that has a time is known by its text (and by its
	 * process, where -ff leaves that to the file); where there is none, calls are known by their
	 * trace, process, program and number, rows by all rows before them. */
	struct str identity;
};

/* Reads a line. Slices live until the next one is read. */
void strace_read(struct strace *strace, const struct line *line, struct strace_read *ret);

#endif
