#include "live/status_line.h"

#include "live/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where the terminal does not say how wide it is, and for the service manager. */
#define COLUMNS 80

void status_line_init(struct status_line *line, bool quiet)
{
	const char *term = getenv("TERM");

	*line = (struct status_line){
		.wanted = !quiet && isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0),
	};
}

static size_t terminal_columns(void)
{
	struct winsize size;

	/* One less: a line that fills the last column moves on. */
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u
									       : COLUMNS;
}

void status_line_show(struct status_line *line, const struct live_status *status)
{
	BUF_AUTO text = {0};

	buf_put_str(&text, STR("")); /* a text, even where nothing fits */
	live_status_put(&text, status, line->wanted ? terminal_columns() : COLUMNS);
	service_status(text.p);
	if (!line->wanted)
		return;
	fprintf(stderr, "\r%s\033[K", text.p);
	line->shown = true;
}

void status_line_clear(struct status_line *line)
{
	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = false;
}
