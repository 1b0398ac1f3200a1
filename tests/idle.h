/*
 * A watch of which nothing is heard: it has to leave its store, and so the disk, alone.
 *
 * The real program runs, and tells this test, in the service manager's place (sd_notify(3)), each
 * time that it did what is due; SIGHUP makes that at once. Who watches the store is SQLite itself:
 * PRAGMA data_version changes with every commit of another connection.
 */
#ifndef SCLOG_TESTS_IDLE_H
#define SCLOG_TESTS_IDLE_H

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* More than once all of what is due: the kernel is asked for its counters every twentieth time. */
#define IDLE_TURNS 24

/* Others on this machine may log: one run in which nothing is written is enough. */
#define IDLE_WITHIN_MS 60000

struct idle {
	char folder[32], db[64], name[64];
	int manager;
	pid_t watch;
	sqlite3 *reader;
};

/* What can be seen of the store from outside. */
struct idle_store {
	int64_t version; /* PRAGMA data_version */
	struct {
		off_t size;
		struct timespec written;
	} files[2]; /* the database and its -wal */
};

/* Waits until it tells so much. */
static inline void idle_wait(const struct idle *idle, const char *message)
{
	struct pollfd ready = {.fd = idle->manager, .events = POLLIN};
	char got[4096] = "";
	ssize_t n;

	while (strncmp(got, message, strlen(message)) != 0) {
		while (poll(&ready, 1, 1000) == 0)
			if (waitpid(idle->watch, NULL, WNOHANG) != 0)
				fail_msg("watch ended, see %s/log", idle->folder);
		n = recv(idle->manager, got, sizeof(got) - 1, 0);
		got[n > 0 ? n : 0] = '\0';
	}
}

static inline struct idle_store idle_look(const struct idle *idle)
{
	static const char *const suffixes[] = {"", "-wal"};
	struct idle_store seen = {0};
	sqlite3_stmt *ask;

	assert_int_equal(sqlite3_prepare_v2(idle->reader, "PRAGMA data_version", -1, &ask, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
	seen.version = sqlite3_column_int64(ask, 0);
	sqlite3_finalize(ask);
	for (int i = 0; i < 2; i++) {
		struct stat stat_;
		char path[80];

		snprintf(path, sizeof(path), "%s%s", idle->db, suffixes[i]);
		assert_int_equal(stat(path, &stat_), 0);
		seen.files[i].size = stat_.st_size;
		seen.files[i].written = stat_.st_mtim;
	}
	return seen;
}

static inline void idle_exec(const struct idle *idle, const char *source, const char *file)
{
	const char *sclog = getenv("SCLOG");
	char log[64], config[64]; /* empty, in place of the machine's */

	snprintf(config, sizeof(config), "%s/conf", idle->folder);
	close(open(config, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	snprintf(log, sizeof(log), "%s/log", idle->folder);
	int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	setenv("NOTIFY_SOCKET", idle->name, 1);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execl(sclog, sclog, "--db", idle->db, "watch", "--config", config, "--source", source,
	      file ? "--file" : NULL, file, (char *)NULL);
	_exit(127);
}

/* Watches, until what is due was done so often, and ends: everything is committed then. */
static inline void idle_watch(struct idle *idle, const char *source, const char *file, int turns)
{
	int status = -1;

	idle->watch = fork();
	assert_true(idle->watch >= 0);
	if (idle->watch == 0)
		idle_exec(idle, source, file);
	idle_wait(idle, "READY=1");
	if (!idle->reader)
		assert_int_equal(sqlite3_open(idle->db, &idle->reader), SQLITE_OK);
	for (int i = 0; i < turns; i++) {
		assert_int_equal(kill(idle->watch, SIGHUP), 0);
		idle_wait(idle, "WATCHDOG=1");
	}
	idle_look(idle); /* its connection is in use: the last one to close would tidy up */
	kill(idle->watch, SIGTERM);
	assert_int_equal(waitpid(idle->watch, &status, 0), idle->watch);
	assert_int_equal(status, 0);
}

static inline void idle_begin(struct idle *idle)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(idle->folder, "/tmp/sclog-idle.XXXXXX");
	assert_non_null(mkdtemp(idle->folder));
	snprintf(idle->db, sizeof(idle->db), "%s/db", idle->folder);
	snprintf(idle->name, sizeof(idle->name), "%s/manager", idle->folder);
	strcpy(address.sun_path, idle->name);
	idle->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(idle->manager, (struct sockaddr *)&address, sizeof(address)), 0);
}

static inline void idle_end(struct idle *idle)
{
	static const char *const files[] = {"db",   "db-wal",  "db-shm", "db.watch",
					    "conf", "manager", "log"};
	char path[64];

	sqlite3_close(idle->reader);
	close(idle->manager);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", idle->folder, files[i]);
		unlink(path);
	}
	rmdir(idle->folder);
}

/* Watches that source, and sees that nothing is written; file: NULL for the usual one. */
static inline void assert_idle(const char *source, const char *file)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + IDLE_WITHIN_MS;
	struct idle_store before, after;
	struct idle idle = {0};

	idle_begin(&idle);
	idle_watch(&idle, source, file, 1); /* what is kept of the beginning */
	do {
		before = idle_look(&idle);
		idle_watch(&idle, source, file, IDLE_TURNS);
		after = idle_look(&idle);
	} while (memcmp(&before, &after, sizeof(before)) != 0 &&
		 clock_ms(CLOCK_MONOTONIC) < until_ms);
	idle_end(&idle);
	assert_int_equal(after.version, before.version);
	assert_memory_equal(&after.files, &before.files, sizeof(after.files));
}

#endif
