/*
 * The parts of the strace reader. Not for other files.
 */
#ifndef SCLOG_INGEST_STRACE_STRACE_PRIVATE_H
#define SCLOG_INGEST_STRACE_STRACE_PRIVATE_H

#include "ingest/strace/strace.h"

/* The largest pid there can be (linux/threads.h, PID_MAX_LIMIT): a larger number is a time. */
#define STRACE_PID_MAX 4194304

/* --- ingest/strace/head.c: what stands before a line's content */

struct strace_head {
	bool has_pid, has_comm, has_clock, has_time, has_relative, has_nr;
	bool has_fraction;    /* the clock, or the time: it is not in whole seconds */
	uint32_t pid;         /* "[pid 17]", "17" */
	struct str comm;      /* -Y: "17<true>", as escaped */
	uint32_t clock;       /* -t: second of the day, local time */
	uint32_t clock_ms;    /* and its milliseconds */
	int64_t ms;           /* -ttt */
	uint64_t relative_us; /* -r */
	int64_t nr;           /* -n */
	uint64_t ip;          /* -i */
	unsigned ip_digits;   /* 8 of 32 bits, 16 of 64, between them of x32; 0: none */
};

/* Takes the head off; text is then at the content. */
void strace_head_read(struct str *text, struct strace_head *ret);

/* --- ingest/strace/text.c: strings and results */

/* The length of the name that text begins with, if "(" follows it; else 0. */
size_t strace_name_length(struct str text);

/* Decodes a string that begins with a quote; false if it does not, or does not end. What has no
 * room is cut. */
bool strace_unquote(struct str text, char *to, size_t size, size_t *ret_n);
/* The same without quotes. */
size_t strace_unescape(struct str text, char *to, size_t size);

/*
 * What follows the ")" that ends the arguments, which begin at text ("(" taken off); strings are
 * skipped. The ")" is written when the call returns, together with its result.
 */
enum strace_end {
	STRACE_END_RESULT, /* "= " and what ret_result is */
	STRACE_END_OPEN,   /* they do not end: unfinished, or another text came between */
	STRACE_END_NONE,   /* other text than a result: strace did not write this */
};
enum strace_end strace_result(struct str text, struct str *ret_result);

/* --- ingest/strace/name.c: names to numbers */

#define STRACE_FAMILY_MAX 3

/* The ABIs that a process of this machine can run in, this machine's own first. Returns how many. */
size_t strace_family(uint32_t tokens[STRACE_FAMILY_MAX]);

/* As strace_number() for any of them, without keeping the answer. */
bool strace_name_is_known(struct str name);

/* The token for "64 bit", "32 bit", "x32"; false for another word. */
bool strace_mode(struct str word, uint32_t *ret_token);

struct strace_names;
struct strace_names *strace_names_new(void);
void strace_names_free(struct strace_names *names);

/* As syscall_number(), and strace's own spellings: "syscall_0x1b7", "send", "ioctl#64". */
bool strace_number(struct strace_names *names, uint32_t token, struct str name, int64_t *ret_nr);

/*
 * The number of a call. *token is the process's ABI, and becomes another one where the name, the
 * number of -n (if any) or a 32-bit instruction pointer proves it.
 */
bool strace_number_of_call(struct strace_names *names, struct str name,
			   const struct strace_head *head, uint32_t *token, int64_t *ret_nr);

/* --- ingest/strace/process.c: which process runs what */

/* More processes at a time than this: those that were quiet for longest are forgotten. */
#define STRACE_PROCESSES_MAX 4096

/* The longest path that the kernel takes (PATH_MAX). */
#define STRACE_PATH_MAX 4096

/* TASK_COMM_LEN (linux/sched.h), its NUL included. */
#define STRACE_COMM_SIZE 16

struct strace_program {
	unsigned users;
	size_t comm_n, exe_n;
	char comm[STRACE_COMM_SIZE];
	char exe[];
};

enum strace_pending {
	STRACE_PENDING_NONE,
	STRACE_PENDING_FORK,
	STRACE_PENDING_EXEC,
	STRACE_PENDING_NAME, /* PR_SET_NAME */
};

struct strace_process {
	bool used;
	bool unseen;       /* a fork returned it; it has made no call yet */
	bool makes_thread; /* what is pending makes one */
	bool early;        /* its fork is pending, and a new process came that must be the child */
	enum strace_pending pending;
	uint32_t pid, tgid;             /* 0: the one whose pid no line told */
	uint32_t token;                 /* of its ABI */
	uint64_t tick;                  /* of its last line */
	struct strace_program *program; /* NULL: not known */
	struct strace_program *next;    /* what a pending execve starts; NULL: not known */
	size_t name_n;                  /* of the name it gave itself, PR_SET_NAME; 0: none */
	char name[STRACE_COMM_SIZE];
	size_t next_name_n; /* what is pending gives it this one */
	char next_name[STRACE_COMM_SIZE];
};

struct strace_processes;
struct strace_processes *strace_processes_new(void);
void strace_processes_free(struct strace_processes *processes);
void strace_processes_clear(struct strace_processes *processes);

/* NULL if it is not known. */
struct strace_process *strace_process_find(struct strace_processes *processes, uint32_t pid);
/* Made if it is not known: with the program of who is about to fork, if that is one program. */
struct strace_process *strace_process_get(struct strace_processes *processes, uint32_t pid);
/* The live one whose line came last; NULL if there is none. */
struct strace_process *strace_process_latest(struct strace_processes *processes);
/* The process of no pid has that one. */
void strace_process_name(struct strace_processes *processes, uint32_t pid);
/* A fork returned that child. */
void strace_process_fork(struct strace_processes *processes, const struct strace_process *parent,
			 uint32_t child);
void strace_process_exit(struct strace_process *process);
/* An execve succeeded: next is the program. */
void strace_process_exec(struct strace_process *process);
/* A PR_SET_NAME succeeded. */
void strace_process_rename(struct strace_process *process);
void strace_process_set_next(struct strace_process *process, struct str exe);
/* The leader goes on as the thread that called execve. */
void strace_process_supersede(struct strace_processes *processes, struct strace_process *leader,
			      uint32_t thread);

/* --- ingest/strace/summary.c: the table of -c */

#define STRACE_COLUMNS_MAX 16

struct strace_summary {
	enum {
		STRACE_SUMMARY_NONE,
		STRACE_SUMMARY_HEAD, /* the head was read: dashes follow */
		STRACE_SUMMARY_ROWS,
		STRACE_SUMMARY_TOTAL,
	} state;
	uint32_t token;
	size_t columns;
	size_t name, calls; /* which column; calls is STRACE_COLUMNS_MAX where -U left it out */
	struct {
		size_t from, to;
	} spans[STRACE_COLUMNS_MAX];
};

bool strace_summary_is_head(struct str text);

/*
 * Calls of a trace by name, which the table of -C counts again (count.c counts what returned). One
 * that -A put behind the trace of another program counts others.
 */
#define STRACE_SEEN_SLOTS 1024 /* more than all ABIs of a machine have names; what is over counts */

struct strace_seen {
	struct {
		uint64_t hash, calls; /* 0: free */
	} slots[STRACE_SEEN_SLOTS];
};

void strace_seen_add(struct strace_seen *seen, struct str name);
/* How many of so many calls have been seen; they are taken off. */
uint64_t strace_seen_take(struct strace_seen *seen, struct str name, uint64_t calls);

enum strace_summary_line {
	STRACE_SUMMARY_NOTHING, /* no line of a summary */
	STRACE_SUMMARY_FRAME,
	STRACE_SUMMARY_ROW,
	STRACE_SUMMARY_BAD, /* a row that cannot be read */
};

/* *ret_calls is 1 where the table does not show how many there were. */
enum strace_summary_line strace_summary_read(struct strace_summary *summary, struct str text,
					     struct str *ret_name, uint64_t *ret_calls);

#endif
