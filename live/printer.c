#include "live/printer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "live/top.h"
#include "report/message.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The other screen of a terminal, without a cursor, and back (xterm's control sequences). */
#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END   "\033[?25h\033[?1049l"

/* A terminal that does not know its size. */
#define SCREEN_LINES   24
#define SCREEN_COLUMNS 80

/* Rates are not measured over less. */
#define RATE_MS 400

struct printer {
	struct printer_options options;
	struct novelty *novelty;
	struct live live;
	struct buf waiting;
	size_t written; /* of waiting */
	bool is_file;   /* writing never waits */
	int fd;         /* standard output, or a description of its terminal of our own */
	int failed;     /* errno of a write that failed for good */
	struct printer_counts counts;
	struct top *top; /* NULL: lines */
	bool takes_keys;
	struct termios usual; /* of the terminal that sends them */
	int64_t ticked_ms;    /* monotonic */
};

/*
 * A terminal that was stopped (Ctrl-S, a hanging connection) polls writable while it has any room,
 * and then makes the writer wait. Not blocking is a property of the open file, which standard
 * output may share with the shell: so it is opened once more.
 */
static int open_terminal(void)
{
	const char *name = isatty(STDOUT_FILENO) ? ttyname(STDOUT_FILENO) : NULL;
	int fd = name ? open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;

	return fd < 0 ? STDOUT_FILENO : fd;
}

/* Keys come one by one and unseen; Ctrl-C still ends, and nothing suspends a screen that is ours. */
static void begin_keys(struct printer *printer)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &printer->usual) < 0)
		return;
	raw = printer->usual;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	printer->takes_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void begin_table(struct printer *printer)
{
	printer->top = top_new(printer->options.colour);
	buf_put_str(&printer->waiting, STR(SCREEN_BEGIN));
	if (isatty(STDIN_FILENO))
		begin_keys(printer);
}

static void end_table(struct printer *printer)
{
	if (!printer->failed)
		(void)!write(printer->fd, SCREEN_END, strlen(SCREEN_END));
	if (printer->takes_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &printer->usual);
	top_free(printer->top);
}

struct printer *printer_new(const struct printer_options *options)
{
	struct printer *printer = mem_new(1, sizeof(*printer));
	struct stat stat;

	printer->options = *options;
	printer->novelty = novelty_new();
	printer->is_file = fstat(STDOUT_FILENO, &stat) == 0 && S_ISREG(stat.st_mode);
	printer->fd = open_terminal();
	live_init(&printer->live, options->colour, options->judges != NULL);
	printer->live.otel = options->otel;
	if (options->top && options->format == FORMAT_TEXT && isatty(STDOUT_FILENO))
		begin_table(printer);
	return printer;
}

void printer_free(struct printer *printer)
{
	if (!printer)
		return;
	if (printer->top)
		end_table(printer);
	if (printer->fd != STDOUT_FILENO)
		close(printer->fd);
	novelty_free(printer->novelty);
	buf_release(&printer->waiting);
	free(printer);
}

struct novelty *printer_novelty(struct printer *printer)
{
	return printer->novelty;
}

static bool is_refused(const struct verdict *verdict)
{
	return verdict_refuses(verdict->kind);
}

static bool judge(struct printer *printer, const struct event *event, struct verdict *ret_verdict)
{
	struct profile *profile;
	struct err err = ERR_INIT;

	if (!printer->options.judges || !event->record->has_arch)
		return false;
	if (judges_find(printer->options.judges, event->container, &profile, &err) < 0) {
		if (printer->counts.unjudged++ == 0)
			message_warning("%s: some containers cannot be judged by this profile",
					err.message);
		return false;
	}
	*ret_verdict = profile_judge(profile, event->record->arch, event->record->nr);
	return true;
}

static void put_line(struct printer *printer, const struct live_line *line)
{
	size_t before = printer->waiting.n;

	if (before - printer->written > PRINTER_WAITING_MAX) {
		printer->counts.unshown++;
		return;
	}
	if (printer->options.format == FORMAT_JSON)
		live_put_json(&printer->live, &printer->waiting, line);
	else
		live_put_text(&printer->live, &printer->waiting, line);
}

/* By the filter that ran. */
static bool was_refused(uint32_t code)
{
	return code != SECCOMP_RET_LOG && code != SECCOMP_RET_ALLOW && code != SECCOMP_RET_TRACE &&
	       code != SECCOMP_RET_USER_NOTIF;
}

static void count_event(struct printer *printer, const struct event *event, bool fresh)
{
	struct verdict verdict;
	bool refused = judge(printer, event, &verdict) && is_refused(&verdict);

	printer->counts.fresh += fresh;
	printer->counts.refused += fresh && refused;
	top_event(printer->top, event, fresh, refused || was_refused(event->record->code));
}

void printer_event(struct printer *printer, const struct event *event, bool again)
{
	const struct printer_options *options = &printer->options;
	bool fresh = novelty_add(printer->novelty, event);
	struct live_line line = {.event = event, .kind = fresh ? LIVE_NEW : LIVE_EVENT};
	struct verdict verdict;
	bool refused = false;

	if (printer->top && (fresh || !again))
		count_event(printer, event, fresh);
	if (printer->top || (!fresh && (!options->all || again)))
		return;
	line.verdict = judge(printer, event, &verdict) ? &verdict : NULL;
	refused = line.verdict && is_refused(line.verdict);
	printer->counts.fresh += fresh;
	printer->counts.refused += fresh && refused;
	if (options->quiet && !refused)
		return;
	put_line(printer, &line);
}

/* How much may be written now without waiting: a pipe that polls writable takes PIPE_BUF. */
static size_t room(const struct printer *printer, int timeout_ms)
{
	struct pollfd fd = {.fd = printer->fd, .events = POLLOUT};

	if (printer->is_file)
		return SIZE_MAX;
	return poll(&fd, 1, timeout_ms > 0 ? timeout_ms : 0) > 0 ? PIPE_BUF : 0;
}

/* Moves what waits to the beginning, once more was written than waits. */
static void drop_written(struct printer *printer)
{
	struct buf *waiting = &printer->waiting;

	if (printer->written < waiting->n / 2)
		return;
	waiting->n -= printer->written;
	memmove(waiting->p, waiting->p + printer->written, waiting->n);
	printer->written = 0;
}

int printer_flush(struct printer *printer, int timeout_ms)
{
	struct buf *waiting = &printer->waiting;
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + timeout_ms;

	while (printer->written < waiting->n && !printer->failed) {
		size_t n = waiting->n - printer->written,
		       most = room(printer, (int)(until_ms - clock_ms(CLOCK_MONOTONIC)));

		if (most == 0) {
			drop_written(printer);
			return 0;
		}
		ssize_t put =
			write(printer->fd, waiting->p + printer->written, n < most ? n : most);

		if (put < 0 && errno == EAGAIN) {
			drop_written(printer);
			return 0;
		}
		if (put < 0 && errno != EINTR)
			printer->failed = errno;
		if (put > 0)
			printer->written += (size_t)put;
	}
	buf_clear(waiting);
	printer->written = 0;
	return -printer->failed;
}

bool printer_is_table(const struct printer *printer)
{
	return printer->top != NULL;
}

void printer_show(struct printer *printer, const struct live_status *status)
{
	int64_t ms = clock_ms(CLOCK_MONOTONIC);
	struct winsize size;

	if (!printer->top)
		return;
	if (ms - printer->ticked_ms >= RATE_MS) {
		if (printer->ticked_ms)
			top_tick(printer->top, (double)(ms - printer->ticked_ms) / 1e3);
		printer->ticked_ms = ms;
	}
	if (printer_waiting(printer) && printer->written)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || size.ws_col < 2)
		size = (struct winsize){.ws_row = SCREEN_LINES, .ws_col = SCREEN_COLUMNS};
	/* One less: a line that fills the last column moves on. */
	top_put(printer->top, status, size.ws_row, size.ws_col - 1u, &printer->waiting);
}

int printer_keys_fd(const struct printer *printer)
{
	return printer->takes_keys ? STDIN_FILENO : -1;
}

int printer_take_keys(struct printer *printer)
{
	char keys[64];
	ssize_t n = printer->takes_keys ? read(STDIN_FILENO, keys, sizeof(keys)) : 0;

	/* the terminal is gone */
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		printer->takes_keys = false;
	for (ssize_t i = 0; i < n; i++)
		if (!top_key(printer->top, keys[i]))
			return -EPIPE;
	return n > 0 ? (int)n : 0;
}

int printer_fd(const struct printer *printer)
{
	return printer->fd;
}

bool printer_waiting(const struct printer *printer)
{
	return printer->written < printer->waiting.n;
}

struct printer_counts printer_counts(const struct printer *printer)
{
	return printer->counts;
}
