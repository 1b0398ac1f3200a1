#include "report/digest/write_private.h"

#include "report/format.h"

#include <inttypes.h>

/* Units of the drawing: a bar's step, and the height of the tallest. */
#define STEP   10
#define HEIGHT 100

static const char *begin_text(const struct timeline *timeline, size_t bar,
			      char text[FORMAT_NAME_SIZE])
{
	return format_time(timeline->first_ms + (int64_t)bar * timeline->bar_ms, text);
}

/* At least a line where there is something. */
static double height_of(uint64_t count, uint64_t most)
{
	double height = most ? (double)count / (double)most * HEIGHT : 0;

	return count && height < 1 ? 1 : height;
}

static void write_rect(size_t bar, double height, const char *class, FILE *out)
{
	if (height > 0)
		fprintf(out,
			"<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
			class, bar * STEP + 1, HEIGHT - height, STEP - 2, height);
}

static void write_drawing(const struct timeline *timeline, uint64_t most, FILE *out)
{
	char text[FORMAT_NAME_SIZE];

	fprintf(out,
		"<svg role=\"img\" aria-labelledby=\"timeline\" viewBox=\"0 0 %zu %d\" "
		"preserveAspectRatio=\"none\">\n",
		timeline->count * STEP, HEIGHT);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_bar *bar = &timeline->bars[i];

		if (bar->records == 0)
			continue;
		fprintf(out, "<g><title>%s: %" PRIu64 " records, %" PRIu64 " refused</title>",
			begin_text(timeline, i, text), bar->records, bar->refused);
		write_rect(i, height_of(bar->records, most), "all", out);
		write_rect(i, height_of(bar->refused, most), "no", out);
		fputs("</g>\n", out);
	}
	fputs("</svg>\n", out);
}

static void write_table(const struct timeline *timeline, FILE *out)
{
	char text[FORMAT_NAME_SIZE];

	fputs("<details><summary>Timeline as a table</summary>\n"
	      "<table><thead><tr><th scope=\"col\">From (UTC)</th><th scope=\"col\">Records</th>"
	      "<th scope=\"col\">Refused</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->bars[i].records)
			fprintf(out,
				"<tr><th scope=\"row\">%s</th><td class=\"n\">%" PRIu64
				"</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
				begin_text(timeline, i, text), timeline->bars[i].records,
				timeline->bars[i].refused);
	fputs("</tbody></table>\n</details>\n", out);
}

void timeline_write_html(const struct timeline *timeline, FILE *out)
{
	char first[FORMAT_NAME_SIZE], last[FORMAT_NAME_SIZE];
	int64_t days = timeline->bar_ms / (24 * 3600000LL);
	uint64_t most = 0;

	if (timeline->count == 0)
		return;
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->bars[i].records > most)
			most = timeline->bars[i].records;
	fputs("<section class=\"timeline\">\n<h2 id=\"timeline\">Records each ", out);
	if (days > 1)
		fprintf(out, "%" PRId64 " days", days);
	else
		fputs(days ? "day" : "hour", out);
	fprintf(out,
		"</h2>\n<p class=\"soft\">At most %" PRIu64
		". <span class=\"key\">all</span> <span class=\"key no\">refused</span></p>\n",
		most);
	write_drawing(timeline, most, out);
	fprintf(out, "<p class=\"soft ends\"><span>%s</span><span>%s</span></p>\n",
		begin_text(timeline, 0, first), begin_text(timeline, timeline->count - 1, last));
	write_table(timeline, out);
	fputs("</section>\n", out);
}
