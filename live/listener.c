#include "live/listener.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/ring.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A storm of 300,000 records/s, the most that was seen, fills this in a fifth of a second. */
#define RECORD_RING_SIZE  (16u << 20)
#define PROCESS_RING_SIZE (4u << 20)

/*
 * Records rest in the kernel's buffer, and processes in the ring, for so long at most: many are then
 * taken by one wake-up, which costs more than all else. A buffer that is smaller than asked for holds
 * less: it is to be a tenth full by then at most, at REST_RATE records/s.
 */
#define REST_MS   20
#define REST_RATE 200000

/* Nothing is due before something comes. */
#define ASLEEP INT64_MAX

/* Batches of records that are taken before processes get their turn. */
#define BATCHES_MAX 16

/* While a ring is full. */
#define FULL_NS 500000

/* What is told of an exec after this long may be read of the pid's next process. */
#define EXEC_OLD_NS (50 * INT64_C(1000000))

struct process_item {
	struct process_event event;
	uint32_t cgroup_n, cmdline_n; /* bytes behind the item */
	uint32_t claimant;
	bool has_claimant;
	bool lost;
};

struct record_item {
	uint16_t type;
	bool lost;
};

struct listener {
	struct listener_options options;
	pthread_t thread;
	int wake; /* eventfd that the thread polls */
	int fd;   /* eventfd that the taking side polls */
	atomic_bool stop;
	atomic_bool finish, finished;
	atomic_bool sleeping; /* the taking side has seen everything and polls */
	struct ring processes, records;
	/* listener_sync(): asked by the taking side, answered by the thread, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t asked, answered;
	struct err trouble;
	/* the thread's own */
	int rest_ms;
	int64_t due_ms;                    /* monotonic: when records are taken, and all is shown */
	bool records_done, processes_done; /* that socket failed for good */
	char cgroup[PROCFS_TEXT_MAX], cmdline[PROCFS_TEXT_MAX];
};

static void ring_bell(int fd)
{
	const uint64_t one = 1;

	/* It can only fail when the counter is full, and then the bell rings already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void quiet_bell(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void tell_taker(struct listener *listener)
{
	/* What was published is seen before the flag is read: see listener_look(). */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_exchange(&listener->sleeping, false))
		ring_bell(listener->fd);
}

static void rest(void)
{
	const struct timespec time = {.tv_nsec = FULL_NS};

	nanosleep(&time, NULL);
}

static void *process_room(struct listener *listener, size_t n)
{
	void *item;

	while (!(item = ring_put(&listener->processes, n)) && !atomic_load(&listener->stop)) {
		ring_publish(&listener->processes);
		tell_taker(listener);
		rest();
	}
	return item;
}

/* "/" in every line: the root's cgroup, or on v1 also what a zombie's reads. */
static bool is_all_root(const char *text, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (text[i] == ':' && text[i + 1] == '/' && i + 2 < n && text[i + 2] != '\n')
			return false;
	return true;
}

/* What /proc says of the process, if it lives. */
static size_t read_cgroup(struct listener *listener, uint32_t pid)
{
	const struct procfs *procfs = listener->options.procfs;
	struct procfs_stat stat;
	ssize_t n = procfs_read(procfs, pid, "cgroup", listener->cgroup, sizeof(listener->cgroup));

	if (n <= 0)
		return 0;
	if (is_all_root(listener->cgroup, (size_t)n) &&
	    (procfs_stat(procfs, pid, &stat) < 0 || stat.state == 'Z' || stat.state == 'X'))
		return 0;
	return (size_t)n;
}

/* Was what was read of an exec's pid another process's? Asked only where the event is old: no pid
 * comes again sooner. A start in /proc is cut, never too late. */
static bool is_next(const struct listener *listener, const struct process_event *event)
{
	struct procfs_stat stat;

	if (clock_ns(CLOCK_MONOTONIC) - event->at_ns < EXEC_OLD_NS)
		return false;
	return procfs_stat(listener->options.procfs, event->pid, &stat) == 0 &&
	       stat.start_ns - procfs_suspended_ns() > event->at_ns;
}

static void hear_process(void *context, const struct process_event *event)
{
	struct listener *listener = context;
	size_t cgroup_n = 0, cmdline_n = 0;
	uint32_t claimant = 0;
	bool has_claimant = false;

	if (event->kind == PROCESS_EXEC) {
		ssize_t n = procfs_read(listener->options.procfs, event->pid, "cmdline",
					listener->cmdline, sizeof(listener->cmdline));

		cmdline_n = n > 0 ? (size_t)n : 0;
		has_claimant = setup_claimant(listener->options.procfs, event->pid,
					      str_of(listener->cmdline, cmdline_n), &claimant);
		cgroup_n = read_cgroup(listener, event->pid);
		if (is_next(listener, event)) {
			cgroup_n = 0;
			has_claimant = false;
		}
		if (!has_claimant)
			cmdline_n = 0;
	}
	struct process_item *item = process_room(listener, sizeof(*item) + cgroup_n + cmdline_n);

	if (!item)
		return;
	*item = (struct process_item){
		.event = *event,
		.cgroup_n = (uint32_t)cgroup_n,
		.cmdline_n = (uint32_t)cmdline_n,
		.claimant = claimant,
		.has_claimant = has_claimant,
	};
	char *bytes = (char *)(item + 1);

	memcpy(bytes, listener->cgroup, cgroup_n);
	memcpy(bytes + cgroup_n, listener->cmdline, cmdline_n);
}

static void set_trouble(struct listener *listener, const struct err *err)
{
	pthread_mutex_lock(&listener->lock);
	if (!listener->trouble.code)
		listener->trouble = *err;
	pthread_mutex_unlock(&listener->lock);
}

static uint64_t asked(struct listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	uint64_t number = listener->asked;

	pthread_mutex_unlock(&listener->lock);
	return number;
}

static void answer(struct listener *listener, uint64_t number)
{
	pthread_mutex_lock(&listener->lock);
	if (listener->answered != number) {
		listener->answered = number;
		pthread_cond_signal(&listener->changed);
	}
	pthread_mutex_unlock(&listener->lock);
}

/* Takes everything that the connector has queued by now. True if there was something. */
static bool drain_processes(struct listener *listener)
{
	struct err err = ERR_INIT;
	bool any = false;
	int got = 1;
	uint64_t number = asked(listener);

	while (listener->options.connector && !listener->processes_done && got != 0 &&
	       !atomic_load(&listener->stop)) {
		got = connector_receive(listener->options.connector, hear_process, listener, &err);
		any = any || got != 0;
		if (got >= 0)
			continue;
		if (got != -ENOBUFS) {
			set_trouble(listener, &err);
			listener->processes_done = true;
		}
		struct process_item *item = process_room(listener, sizeof(*item));

		if (item)
			*item = (struct process_item){.lost = true};
		err_clear(&err);
	}
	ring_publish(&listener->processes);
	answer(listener, number);
	return any;
}

/* Room for a record; while there is none, what is there is shown, in order. */
static void *record_room(struct listener *listener, size_t n)
{
	void *item;

	while (!(item = ring_put(&listener->records, n)) && !atomic_load(&listener->stop)) {
		drain_processes(listener);
		ring_publish(&listener->records);
		tell_taker(listener);
		rest();
	}
	return item;
}

static void hear_record(void *context, uint16_t type, struct str text)
{
	struct record_item *item = record_room(context, sizeof(*item) + text.n);

	if (!item)
		return;
	*item = (struct record_item){.type = type};
	memcpy(item + 1, text.p, text.n);
}

enum taken {
	TAKEN_NONE,
	TAKEN_ALL,  /* some, and there are no more now */
	TAKEN_SOME, /* there may be more */
};

/* Takes records that are there, not so many that a process would wait to be looked at. */
static enum taken take_records(struct listener *listener)
{
	struct err err = ERR_INIT;
	bool any = false;
	int got = 1, batches = 0;

	while (listener->options.multicast && !listener->records_done && got != 0 &&
	       !atomic_load(&listener->stop)) {
		if (batches++ == BATCHES_MAX)
			return TAKEN_SOME;
		got = multicast_receive(listener->options.multicast, hear_record, listener, &err);
		any = any || got != 0;
		if (got >= 0)
			continue;
		if (got != -ENOBUFS) {
			set_trouble(listener, &err);
			listener->records_done = true;
		}
		struct record_item *item = record_room(listener, sizeof(*item));

		if (item)
			*item = (struct record_item){.lost = true};
		err_clear(&err);
	}
	return any ? TAKEN_ALL : TAKEN_NONE;
}

/* How long what comes may rest. */
static int rest_of(const struct multicast *multicast)
{
	uint64_t records = multicast ? multicast_granted(multicast) / MULTICAST_RECORD : UINT32_MAX;
	uint64_t ms = records / 10 * 1000 / REST_RATE;

	return ms < REST_MS ? (int)ms : REST_MS;
}

/* Waits until the turn is due, or for a process, or for who asks; asleep, for a record too. */
static void wait_for_more(struct listener *listener)
{
	struct connector *connector = listener->options.connector;
	struct multicast *multicast = listener->options.multicast;
	bool asleep = listener->due_ms == ASLEEP;
	int64_t left_ms = asleep ? -1 : listener->due_ms - clock_ms(CLOCK_MONOTONIC);
	struct pollfd fds[3] = {
		{.fd = listener->wake, .events = POLLIN},
		{.fd = connector && !listener->processes_done ? connector_fd(connector) : -1,
		 .events = POLLIN},
		{.fd = multicast && !listener->records_done && asleep ? multicast_fd(multicast)
								      : -1,
		 .events = POLLIN},
	};

	if (!asleep && left_ms <= 0)
		return;
	poll(fds, 3, (int)left_ms);
	if (fds[0].revents)
		quiet_bell(listener->wake);
	if (fds[2].revents)
		listener->due_ms = 0;
}

static void *run(void *context)
{
	struct listener *listener = context;

	while (!atomic_load(&listener->stop)) {
		bool is_last = atomic_load(&listener->finish);
		bool is_due = is_last || clock_ms(CLOCK_MONOTONIC) >= listener->due_ms;
		enum taken taken = is_due ? take_records(listener) : TAKEN_NONE;
		bool heard = drain_processes(listener);

		if (is_due) {
			ring_publish(&listener->records);
			tell_taker(listener);
		}
		if (is_last && taken != TAKEN_SOME)
			break;
		if (is_due)
			listener->due_ms = taken == TAKEN_SOME ? 0 : ASLEEP;
		if (listener->due_ms == ASLEEP && (taken == TAKEN_ALL || heard))
			listener->due_ms = clock_ms(CLOCK_MONOTONIC) + listener->rest_ms;
		wait_for_more(listener);
	}
	atomic_store(&listener->finished, true);
	return NULL;
}

struct listener *listener_start(const struct listener_options *options)
{
	struct listener *listener = mem_aligned(1, sizeof(*listener));
	pthread_condattr_t clock;
	sigset_t all, before;

	memset(listener, 0, sizeof(*listener));
	listener->options = *options;
	listener->rest_ms = rest_of(options->multicast);
	listener->due_ms = ASLEEP;
	ring_init(&listener->processes, PROCESS_RING_SIZE);
	ring_init(&listener->records, RECORD_RING_SIZE);
	listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	listener->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&listener->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&listener->changed, &clock);
	pthread_condattr_destroy(&clock);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (listener->wake < 0 || listener->fd < 0 ||
	    pthread_create(&listener->thread, NULL, run, listener) != 0)
		mem_fail("a thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return listener;
}

void listener_stop(struct listener *listener)
{
	if (!listener)
		return;
	atomic_store(&listener->stop, true);
	ring_bell(listener->wake);
	pthread_join(listener->thread, NULL);
	pthread_cond_destroy(&listener->changed);
	pthread_mutex_destroy(&listener->lock);
	ring_release(&listener->processes);
	ring_release(&listener->records);
	close(listener->wake);
	close(listener->fd);
	free(listener);
}

int listener_fd(const struct listener *listener)
{
	return listener->fd;
}

void listener_look(struct listener *listener)
{
	quiet_bell(listener->fd);
	/* Before looking: what is shown after the look rings the bell. */
	atomic_store(&listener->sleeping, true);
	atomic_thread_fence(memory_order_seq_cst);
	ring_done(&listener->records);
	ring_done(&listener->processes);
	ring_look(&listener->records);
	ring_look(&listener->processes);
}

bool listener_process(struct listener *listener, struct heard_process *ret_heard)
{
	size_t n;

	ring_done(&listener->processes);
	const struct process_item *item = ring_take(&listener->processes, &n);

	if (!item) {
		ring_look(&listener->processes);
		item = ring_take(&listener->processes, &n);
	}
	if (!item)
		return false;
	const char *bytes = (const char *)(item + 1);

	*ret_heard = (struct heard_process){
		.lost = item->lost,
		.event = item->event,
		.look = {.cgroup = str_of(bytes, item->cgroup_n),
			 .has_claimant = item->has_claimant,
			 .claimant = item->claimant,
			 .cmdline = str_of(bytes + item->cgroup_n, item->cmdline_n)},
	};
	return true;
}

bool listener_record(struct listener *listener, struct heard_record *ret_heard)
{
	size_t n;

	ring_done(&listener->records);
	const struct record_item *item = ring_take(&listener->records, &n);

	if (!item)
		return false;
	*ret_heard = (struct heard_record){
		.lost = item->lost,
		.type = item->type,
		.text = str_of((const char *)(item + 1), n - sizeof(*item)),
	};
	return true;
}

bool listener_sync(struct listener *listener, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += timeout_ms * INT64_C(1000000);
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&listener->lock);
	uint64_t number = ++listener->asked;

	ring_bell(listener->wake);
	while (listener->answered < number &&
	       pthread_cond_timedwait(&listener->changed, &listener->lock, &until) == 0)
		;
	bool synced = listener->answered >= number;

	pthread_mutex_unlock(&listener->lock);
	return synced;
}

void listener_finish(struct listener *listener)
{
	atomic_store(&listener->finish, true);
	ring_bell(listener->wake);
}

bool listener_finished(struct listener *listener)
{
	return atomic_load(&listener->finished);
}

struct err listener_trouble(struct listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	struct err trouble = listener->trouble;

	pthread_mutex_unlock(&listener->lock);
	return trouble;
}
