#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define QUIET_SECONDS 0.5
#define DRAW_SECONDS  0.1

double progress_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress, uint64_t total, bool quiet)
{
	*progress = (struct progress){
		.shown = !quiet && isatty(STDERR_FILENO),
		.total = total,
		.started = progress_now(),
	};
	progress->next = progress->started + QUIET_SECONDS;
}

static void draw(const struct progress *progress, uint64_t bytes, uint64_t records, double elapsed)
{
	double done = progress->total ? (double)bytes / (double)progress->total : 0;

	fprintf(stderr, "\r\033[K%.1f MB", (double)bytes / 1e6);
	if (progress->total) {
		done = done > 1 ? 1 : done;
		fprintf(stderr, " of %.1f MB  %3.0f%%", (double)progress->total / 1e6, done * 100);
	}
	fprintf(stderr, "  %llu records  %.0f records/s", (unsigned long long)records,
		(double)records / elapsed);
	if (done > 0.01)
		fprintf(stderr, "  %.0f s left", elapsed / done - elapsed);
	fflush(stderr);
}

/* Returns the seconds since the beginning, or 0 while nothing is to be drawn. */
static double is_due(struct progress *progress)
{
	double now = progress->shown ? progress_now() : 0;

	if (!progress->shown || now < progress->next)
		return 0;
	progress->next = now + DRAW_SECONDS;
	progress->drawn = true;
	return now - progress->started;
}

void progress_update(struct progress *progress, uint64_t bytes, uint64_t records)
{
	double elapsed = is_due(progress);

	if (elapsed > 0)
		draw(progress, bytes, records, elapsed);
}

void progress_rows(struct progress *progress, uint64_t rows)
{
	double elapsed = is_due(progress);

	if (elapsed <= 0)
		return;
	fprintf(stderr, "\r\033[K%llu rows  %.0f rows/s", (unsigned long long)rows,
		(double)rows / elapsed);
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
