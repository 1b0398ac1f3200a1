#include "doctor/probe.h"

#include "base/clock.h"
#include "base/str.h"
#include "ingest/kmsg.h"
#include "ingest/multicast.h"
#include "ingest/sdjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 10

/* comm has 15 bytes; as a record has it */
#define NAME_SIZE 16

/* A file that a daemon writes. */
struct written {
	int fd; /* -1: none */
	char tail[8192];
	size_t tail_n;
};

struct sources {
	struct probe *probe;
	char name[NAME_SIZE];
	char mark[NAME_SIZE + 16]; /* comm="NAME" */
	struct multicast *multicast;
	struct kmsg *kmsg;
	struct sdjournal *journal;
	struct written audit, syslog;
	int64_t begin_ms;
};

const char *probe_source_name(enum probe_source source)
{
	static const char *const names[] = {
		[PROBE_NETLINK] = "netlink", [PROBE_FILE] = "audit.log",  [PROBE_KMSG] = "kmsg",
		[PROBE_SYSLOG] = "syslog",   [PROBE_JOURNAL] = "journal",
	};

	return names[source];
}

static void arrive(struct sources *sources, enum probe_source source)
{
	struct probe_arrival *arrival = &sources->probe->arrivals[source];

	if (arrival->arrived)
		return;
	arrival->arrived = true;
	arrival->latency_ms = (uint32_t)(clock_ms(CLOCK_MONOTONIC) - sources->begin_ms);
}

static bool is_ours(const struct sources *sources, struct str text)
{
	return str_find(text, str_from(sources->mark)) < text.n;
}

static void watched(struct sources *sources, enum probe_source source, int r, const struct err *err)
{
	struct probe_arrival *arrival = &sources->probe->arrivals[source];

	arrival->watched = r >= 0;
	if (r < 0)
		snprintf(arrival->why, sizeof(arrival->why), "%s", err->message);
}

static void open_log(struct sources *sources, enum probe_source source, const char *path,
		     struct written *log)
{
	struct err err = ERR_INIT;

	if (!path)
		return;
	log->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (log->fd < 0 || lseek(log->fd, 0, SEEK_END) < 0)
		err_errno(&err, errno, "%s", path);
	watched(sources, source, err.code ? -err.code : 0, &err);
}

static void open_sources(struct sources *sources, const struct probe_options *options)
{
	const struct sdjournal_options journal = {.from_now = true};
	struct err err = ERR_INIT;

	watched(sources, PROBE_NETLINK, multicast_open(&sources->multicast, &err), &err);
	err_clear(&err);
	watched(sources, PROBE_KMSG,
		kmsg_open(KMSG_PATH, (struct str){0}, true, &sources->kmsg, &err), &err);
	err_clear(&err);
	watched(sources, PROBE_JOURNAL, sdjournal_open(&journal, &sources->journal, &err), &err);
	open_log(sources, PROBE_FILE, options->audit, &sources->audit);
	open_log(sources, PROBE_SYSLOG, options->syslog, &sources->syslog);
}

static void close_sources(struct sources *sources)
{
	if (sources->multicast)
		multicast_close(sources->multicast);
	if (sources->kmsg)
		kmsg_close(sources->kmsg);
	if (sources->journal)
		sdjournal_close(sources->journal);
	if (sources->audit.fd >= 0)
		close(sources->audit.fd);
	if (sources->syslog.fd >= 0)
		close(sources->syslog.fd);
}

static void look_at_record(void *context, uint16_t type, struct str text)
{
	struct sources *sources = context;

	(void)type;
	if (is_ours(sources, text))
		arrive(sources, PROBE_NETLINK);
}

static void read_netlink(struct sources *sources)
{
	struct err err = ERR_INIT;

	if (!sources->multicast)
		return;
	while (multicast_receive(sources->multicast, look_at_record, sources, &err) > 0)
		;
}

static void read_kmsg(struct sources *sources)
{
	struct err err = ERR_INIT;
	struct line line;
	uint64_t lost;

	if (!sources->kmsg)
		return;
	while (kmsg_next(sources->kmsg, &line, &lost, &err) > 0) {
		if (is_ours(sources, line.text))
			arrive(sources, PROBE_KMSG);
	}
}

static void read_journal(struct sources *sources)
{
	struct err err = ERR_INIT;
	struct framed framed;
	struct str text;

	if (!sources->journal)
		return;
	while (sdjournal_next(sources->journal, &framed, &text, &err) > 0)
		if (is_ours(sources, text))
			arrive(sources, PROBE_JOURNAL);
}

/* The record may come in two reads: the end of the one before is kept. */
static void read_log(struct sources *sources, enum probe_source source, struct written *log)
{
	size_t keep = sizeof(sources->mark);
	ssize_t n;

	while (log->fd >= 0) {
		n = read(log->fd, log->tail + log->tail_n, sizeof(log->tail) - log->tail_n);
		if (n <= 0)
			return;
		log->tail_n += (size_t)n;
		if (is_ours(sources, str_of(log->tail, log->tail_n)))
			arrive(sources, source);
		if (log->tail_n < keep)
			continue;
		memmove(log->tail, log->tail + log->tail_n - keep, keep);
		log->tail_n = keep;
	}
}

/* In the child: nothing but system calls. The filter and the call are of this program's own arch. */
static void make_record(const char *name)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(*program), program};

	prctl(PR_SET_NAME, name);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		_exit(errno & 0x7f ? errno & 0x7f : 1);
	syscall(SYS_getppid);
	_exit(0);
}

static int make_record_in_child(struct sources *sources, struct err *err)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return err_errno(err, errno, "cannot start the probe");
	if (child == 0)
		make_record(sources->name);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status))
		return err_set(err, EINTR, "the probe was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return err_errno(err, WEXITSTATUS(status), "the probe cannot install a filter");
	return 0;
}

static bool all_arrived(const struct probe *probe)
{
	for (size_t i = 0; i < PROBE_SOURCES; i++) {
		if (probe->arrivals[i].watched && !probe->arrivals[i].arrived)
			return false;
	}
	return true;
}

/* The kernel's own sources are the first; the daemons' take a moment more. */
static bool is_due(const struct sources *sources, unsigned wait_ms)
{
	const struct probe_arrival *netlink = &sources->probe->arrivals[PROBE_NETLINK];
	const struct probe_arrival *kmsg = &sources->probe->arrivals[PROBE_KMSG];
	int64_t waited_ms = clock_ms(CLOCK_MONOTONIC) - sources->begin_ms;

	if (netlink->arrived && waited_ms > netlink->latency_ms + PROBE_GRACE_MS)
		return true;
	if (kmsg->arrived && waited_ms > kmsg->latency_ms + PROBE_GRACE_MS)
		return true;
	return waited_ms > wait_ms;
}

static void read_all(struct sources *sources)
{
	read_netlink(sources);
	read_log(sources, PROBE_FILE, &sources->audit);
	read_kmsg(sources);
	read_log(sources, PROBE_SYSLOG, &sources->syslog);
	read_journal(sources);
}

static void sleep_ms(unsigned ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&pause, NULL);
}

/* One record, and where it arrives. */
static int try_once(struct sources *sources, unsigned wait_ms, struct err *err)
{
	int r;

	sources->begin_ms = clock_ms(CLOCK_MONOTONIC);
	r = make_record_in_child(sources, err);
	if (r < 0)
		return r;
	for (;;) {
		read_all(sources);
		if (all_arrived(sources->probe) || is_due(sources, wait_ms))
			return 0;
		sleep_ms(STEP_MS);
	}
}

/* Whether printk's rate limit may have kept the record from the kernel log. */
static bool may_be_limited(const struct sources *sources)
{
	const struct probe_arrival *kmsg = &sources->probe->arrivals[PROBE_KMSG];

	return sources->probe->arrivals[PROBE_NETLINK].arrived && kmsg->watched && !kmsg->arrived;
}

void probe_run(const struct probe_options *options, struct probe *ret_probe)
{
	struct sources sources = {.probe = ret_probe, .audit.fd = -1, .syslog.fd = -1};
	struct err err = ERR_INIT;
	uint32_t random = 0;

	*ret_probe = (struct probe){.tried = true};
	(void)!getrandom(&random, sizeof(random), 0);
	snprintf(sources.name, sizeof(sources.name), "sclog-%08x", random);
	snprintf(sources.mark, sizeof(sources.mark), "comm=\"%s\"", sources.name);
	open_sources(&sources, options);
	ret_probe->code = try_once(&sources, options->wait_ms, &err);
	if (ret_probe->code == 0 && options->printk_window_ms && may_be_limited(&sources)) {
		sleep_ms(options->printk_window_ms);
		ret_probe->again = true;
		ret_probe->code = try_once(&sources, options->wait_ms, &err);
	}
	if (ret_probe->code < 0)
		snprintf(ret_probe->why, sizeof(ret_probe->why), "%s", err.message);
	close_sources(&sources);
}
