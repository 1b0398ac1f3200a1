#include "ingest/strace/strace_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <stdlib.h>

/* A process is in the set that its pid gives, at one of its places. */
#define PLACES 4
#define SETS   (STRACE_PROCESSES_MAX / PLACES)

struct strace_processes {
	uint64_t tick;
	bool foreign; /* forks return other pids than strace writes: a pid namespace */
	struct strace_process all[STRACE_PROCESSES_MAX];
};

struct strace_processes *strace_processes_new(void)
{
	return mem_new(1, sizeof(struct strace_processes));
}

static struct strace_program *program_use(struct strace_program *program)
{
	if (program)
		program->users++;
	return program;
}

static void program_drop(struct strace_program **program)
{
	if (*program && --(*program)->users == 0)
		free(*program);
	*program = NULL;
}

static void forget(struct strace_process *process)
{
	program_drop(&process->program);
	program_drop(&process->next);
	*process = (struct strace_process){.used = false};
}

void strace_processes_clear(struct strace_processes *processes)
{
	for (size_t i = 0; i < STRACE_PROCESSES_MAX; i++)
		forget(&processes->all[i]);
	processes->foreign = false;
}

void strace_processes_free(struct strace_processes *processes)
{
	if (!processes)
		return;
	strace_processes_clear(processes);
	free(processes);
}

struct strace_process *strace_process_find(struct strace_processes *processes, uint32_t pid)
{
	struct strace_process *set = &processes->all[pid % SETS * PLACES];

	for (size_t i = 0; i < PLACES; i++) {
		if (!set[i].used || set[i].pid != pid)
			continue;
		set[i].tick = ++processes->tick;
		return &set[i];
	}
	return NULL;
}

/* A place for the pid: a free one, else that of the process that was quiet for longest. */
static struct strace_process *add(struct strace_processes *processes, uint32_t pid)
{
	struct strace_process *set = &processes->all[pid % SETS * PLACES], *place = set;

	for (size_t i = 1; i < PLACES && place->used; i++)
		if (!set[i].used || set[i].tick < place->tick)
			place = &set[i];
	forget(place);
	*place = (struct strace_process){.used = true,
					 .pid = pid,
					 .tgid = pid,
					 .token = arch_native(),
					 .tick = ++processes->tick};
	return place;
}

static void copy_name(struct strace_process *child, const struct strace_process *parent)
{
	child->name_n = parent->name_n;
	memcpy(child->name, parent->name, sizeof(child->name));
}

/* Which of those that may be its parent can tell what a new process is: all, if they agree. */
struct heritage {
	size_t pending, unseen; /* so many forks have not returned; children were not seen */
	bool differs, tgid_differs;
	struct strace_process *from;   /* NULL: there is none */
	struct strace_process *oldest; /* of those that were not seen */
	uint32_t tgid;                 /* 0: it is no thread */
};

static void consider(struct heritage *heritage, struct strace_process *process)
{
	uint32_t tgid = process->pending && process->makes_thread ? process->tgid : 0;

	if (!heritage->from) {
		heritage->from = process;
		heritage->tgid = tgid;
		return;
	}
	heritage->differs |= heritage->from->program != process->program ||
			     heritage->from->token != process->token ||
			     !str_eq(str_of(heritage->from->name, heritage->from->name_n),
				     str_of(process->name, process->name_n));
	heritage->tgid_differs |= heritage->tgid != tgid;
}

static void consider_unseen(struct heritage *heritage, struct strace_process *process)
{
	heritage->unseen++;
	if (!heritage->oldest || process->tick < heritage->oldest->tick)
		heritage->oldest = process;
	consider(heritage, process);
}

/*
 * A new process is the child of one whose fork has not returned. Where there is none, or in a pid
 * namespace, it may be one that a fork returned under a pid that no line has.
 */
static struct heritage find_heritage(struct strace_processes *processes)
{
	struct heritage heritage = {.from = NULL};

	for (size_t i = 0; i < STRACE_PROCESSES_MAX; i++) {
		struct strace_process *process = &processes->all[i];

		if (!process->used || process->pending != STRACE_PENDING_FORK)
			continue;
		heritage.pending++;
		consider(&heritage, process);
	}
	for (size_t i = 0; i < STRACE_PROCESSES_MAX; i++)
		if (processes->all[i].used && processes->all[i].unseen &&
		    (heritage.pending == 0 || processes->foreign))
			consider_unseen(&heritage, &processes->all[i]);
	return heritage;
}

static void inherit(struct strace_process *child, const struct heritage *heritage)
{
	if (!heritage->from || heritage->differs)
		return;
	child->program = program_use(heritage->from->program);
	child->token = heritage->from->token;
	copy_name(child, heritage->from);
	if (heritage->tgid && !heritage->tgid_differs)
		child->tgid = heritage->tgid;
}

struct strace_process *strace_process_get(struct strace_processes *processes, uint32_t pid)
{
	struct strace_process *process = strace_process_find(processes, pid);

	if (process) {
		process->unseen = false;
		return process;
	}
	process = add(processes, pid);
	struct heritage heritage = find_heritage(processes);

	inherit(process, &heritage);
	if (heritage.pending == 1)
		heritage.from->early = true;
	if (heritage.pending == 0 && heritage.oldest) {
		processes->foreign = true;
		forget(heritage.oldest);
	}
	return process;
}

struct strace_process *strace_process_latest(struct strace_processes *processes)
{
	struct strace_process *latest = NULL;

	for (size_t i = 0; i < STRACE_PROCESSES_MAX; i++) {
		struct strace_process *process = &processes->all[i];

		if (process->used && (!latest || process->tick > latest->tick))
			latest = process;
	}
	return latest;
}

void strace_process_name(struct strace_processes *processes, uint32_t pid)
{
	struct strace_process *nameless = strace_process_find(processes, 0);

	if (!nameless)
		return;
	struct strace_process moved = *nameless;

	*nameless = (struct strace_process){.used = false};
	struct strace_process *named = add(processes, pid);

	moved.pid = moved.tgid = pid;
	moved.tick = named->tick;
	*named = moved;
}

void strace_process_fork(struct strace_processes *processes, const struct strace_process *parent,
			 uint32_t child_pid)
{
	struct strace_process copy = *parent; /* its place may be taken for the child */
	struct strace_process *child = strace_process_find(processes, child_pid);

	if (!child && parent->early) {
		processes->foreign = true;
		return;
	}
	program_use(copy.program);
	if (!child) {
		child = add(processes, child_pid);
		child->unseen = true;
		child->token = copy.token;
	}
	child->tgid = copy.makes_thread ? copy.tgid : child_pid;
	/* It may have called execve before its parent's call returned. */
	if (!child->program) {
		child->program = program_use(copy.program);
		copy_name(child, &copy);
	}
	program_drop(&copy.program);
}

void strace_process_exit(struct strace_process *process)
{
	forget(process);
}

void strace_process_exec(struct strace_process *process)
{
	program_drop(&process->program);
	process->program = process->next;
	process->next = NULL;
	process->name_n = 0;
	process->tgid = process->pid;
}

void strace_process_rename(struct strace_process *process)
{
	process->name_n = process->next_name_n;
	memcpy(process->name, process->next_name, sizeof(process->name));
}

void strace_process_set_next(struct strace_process *process, struct str exe)
{
	struct str base = exe;

	program_drop(&process->next);
	if (exe.n == 0)
		return;
	for (size_t i = 0; i < exe.n; i++)
		if (exe.p[i] == '/')
			base = str_skip(exe, i + 1);
	struct strace_program *program = mem_new(1, sizeof(*program) + exe.n);

	program->users = 1;
	program->exe_n = exe.n;
	memcpy(program->exe, exe.p, exe.n);
	program->comm_n = base.n < STRACE_COMM_SIZE - 1 ? base.n : STRACE_COMM_SIZE - 1;
	memcpy(program->comm, base.p, program->comm_n);
	process->next = program;
}

void strace_process_supersede(struct strace_processes *processes, struct strace_process *leader,
			      uint32_t thread_pid)
{
	struct strace_process *thread = strace_process_find(processes, thread_pid);

	/* In the leader's file of an -ff nothing tells what the thread executes. */
	program_drop(&leader->next);
	leader->pending = STRACE_PENDING_EXEC;
	if (!thread || thread == leader || thread->pending != STRACE_PENDING_EXEC)
		return;
	leader->next = program_use(thread->next);
	forget(thread);
}
