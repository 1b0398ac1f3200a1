#include "report/digest/write_private.h"

#include "base/mem.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "report/diff_private.h"
#include "report/digest/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

/* Columns of the heat map: the calls that matter most. */
#define HEAT_CALLS_MAX 40

/* One file: no network, no font, no image. The policy says so to the browser, too. */
static const char head_html[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
	"<title>sclog report</title>\n<style>\n";

static void put(FILE *out, struct str text)
{
	BUF_AUTO escaped = {0};

	write_put_xml(&escaped, text);
	fputs(escaped.n ? escaped.p : "", out);
}

static void write_card(FILE *out, const char *class, size_t number, const char *text)
{
	fprintf(out, "<li><strong class=\"%s\">%zu</strong> %s</li>\n", number ? class : "", number,
		text);
}

/* "Workload" */
static void write_noun(const struct digest_facts *facts, FILE *out)
{
	const char *noun = group_by_noun(facts->by);

	fprintf(out, "%c%s", toupper((unsigned char)noun[0]), noun + 1);
}

static void write_cards(const struct digest_facts *facts, FILE *out)
{
	const struct digest_counts counts = write_counts(facts, true);

	fputs("<ul class=\"cards\">\n", out);
	fprintf(out, "<li><strong>%zu</strong> %ss</li>\n", counts.groups,
		group_by_noun(facts->by));
	if (facts->diff) {
		write_card(out, "bad", counts.statuses[DIFF_BREAKING], "would break");
		write_card(out, "good", counts.statuses[DIFF_READY], "ready");
		write_card(out, "warn", counts.statuses[DIFF_UNKNOWN], "cannot tell");
	}
	if (digest_knows_before(facts->digest))
		write_card(out, "warn", counts.with_new, "with new calls");
	write_card(out, "bad", counts.with_refused, "with refused calls");
	fputs("</ul>\n", out);
}

static void write_evidence(const struct digest_facts *facts, FILE *out)
{
	json_t *reasons = evidence_sentences(facts->evidence);
	BUF_AUTO summary = {0};

	evidence_put(&summary, facts->evidence);
	fprintf(out,
		"<section class=\"evidence %s\" aria-labelledby=\"evidence\">\n"
		"<h2 id=\"evidence\">Evidence</h2>\n<p>%s</p>\n",
		facts->evidence->incomplete ? "incomplete" : "complete", summary.p);
	if (json_array_size(reasons))
		fputs("<ul>\n", out);
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		fputs("<li>", out);
		put(out, str_from(json_string_value(json_array_get(reasons, i))));
		fputs("</li>\n", out);
	}
	fputs(json_array_size(reasons) ? "</ul>\n</section>\n" : "</section>\n", out);
	json_decref(reasons);
}

static void write_calls(const json_t *group, const char *list, FILE *out)
{
	const json_t *calls = model_list(group, list);
	BUF_AUTO first = {0}, others = {0};
	size_t end = strcmp(list, "new") == 0 ? FIRST_CALLS : SIZE_MAX,
	       names = write_put_calls(&first, calls, 0, end);

	fprintf(out, "<td class=\"calls\" data-n=\"%zu\">", names);
	put(out, buf_str(&first));
	if (names > end) {
		write_put_calls(&others, calls, end, SIZE_MAX);
		fprintf(out, "<details><summary>and %zu more</summary>", names - end);
		put(out, buf_str(&others));
		fputs("</details>", out);
	}
	fputs("</td>", out);
}

static void write_status(const json_t *group, FILE *out)
{
	const char *status = model_text(group, "status");

	if (*status)
		fprintf(out, "<td><span class=\"tag %s\">%s</span></td>", status,
			strcmp(status, "unknown") == 0 ? "cannot tell" : status);
	else
		fputs("<td></td>", out);
}

static bool has_finding(const json_t *group)
{
	return json_array_size(model_list(group, "missing")) ||
	       json_array_size(model_list(group, "refused")) ||
	       json_array_size(model_list(group, "new"));
}

static void write_row(const struct digest_facts *facts, const json_t *group, bool refused,
		      FILE *out)
{
	fprintf(out, "<tr%s><th scope=\"row\">", has_finding(group) ? " data-finding" : "");
	put(out, str_from(model_text(group, "title")));
	fputs("</th>", out);
	if (facts->diff) {
		write_status(group, out);
		write_calls(group, "missing", out);
	}
	if (refused)
		write_calls(group, "refused", out);
	if (digest_knows_before(facts->digest))
		write_calls(group, "new", out);
	fprintf(out,
		"<td class=\"n\" data-n=\"%" PRIu64 "\">%" PRIu64
		"</td><td class=\"when\">%.*s</td></tr>\n",
		model_count(group, "records"), model_count(group, "records"),
		(int)write_time(group, "last").n, write_time(group, "last").p);
}

static void write_workloads(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *groups = model_list(model, "groups");
	bool refused = write_counts(facts, true).with_refused > 0 ||
		       write_counts(facts, false).with_refused > 0;
	size_t count;
	MEM_AUTO struct model_group *all = model_groups(facts, &count);

	fputs("<h2 id=\"all\">", out);
	write_noun(facts, out);
	fputs("s</h2>\n<div class=\"tools\" id=\"tools\"></div>\n"
	      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"all\">\n"
	      "<table id=\"workloads\">\n<thead><tr><th scope=\"col\">",
	      out);
	write_noun(facts, out);
	fprintf(out,
		"</th>%s%s%s"
		"<th scope=\"col\">Records</th><th scope=\"col\">Last (UTC)</th></tr></thead>\n"
		"<tbody>\n",
		facts->diff ? "<th scope=\"col\">Status</th><th scope=\"col\">Would be refused</th>"
			    : "",
		refused ? "<th scope=\"col\">Was refused</th>" : "",
		digest_knows_before(facts->digest) ? "<th scope=\"col\">New</th>" : "");
	for (size_t i = 0; i < count; i++) {
		json_t *group = json_array_get(groups, i);

		model_fill(group, &all[i]);
		write_row(facts, group, refused, out);
		json_object_clear(group);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

static void write_version(const json_t *version, FILE *out)
{
	BUF_AUTO text = {0};

	write_put_version(&text, version);
	fputs("<td>", out);
	put(out, buf_str(&text));
	fputs("</td>", out);
}

static void write_change(const json_t *change, FILE *out)
{
	BUF_AUTO doubt = {0};

	write_put_doubt(&doubt, change);
	fputs("<tr><th scope=\"row\">", out);
	put(out, str_from(model_text(change, "title")));
	fputs(" ", out);
	put(out, str_from(model_text(change, "container")));
	fputs("</th><td>", out);
	put(out, str_from(model_text(change, "repository")));
	fputs("</td>", out);
	write_version(json_object_get(change, "from"), out);
	write_version(json_object_get(change, "to"), out);
	write_calls(change, "came", out);
	write_calls(change, "went", out);
	fputs("<td>", out);
	put(out, buf_str(&doubt));
	fputs("</td></tr>\n", out);
}

static void write_drift(const json_t *model, FILE *out)
{
	const json_t *drift = json_object_get(model, "drift"),
		     *changes = model_list(drift, "changes");

	if (!json_is_object(drift))
		return;
	fputs("<h2 id=\"drift\">Image drift</h2>\n", out);
	if (write_without_image(model))
		fprintf(out,
			"<p>Not compared: %" PRIu64 " records of containers without a known "
			"image.</p>\n",
			write_without_image(model));
	if (json_array_size(changes) == 0) {
		fputs("<p>No workload changed the version of an image.</p>\n", out);
		return;
	}
	fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"drift\">\n"
	      "<table>\n<thead><tr><th scope=\"col\">Workload</th><th scope=\"col\">Image</th>"
	      "<th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Came</th>"
	      "<th scope=\"col\">Went</th><th scope=\"col\">Note</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < json_array_size(changes); i++)
		write_change(json_array_get(changes, i), out);
	fputs("</tbody>\n</table>\n</div>\n", out);
}

/* A column of the heat map. */
struct heat {
	uint32_t arch;
	int32_t nr;
	size_t groups, rank; /* groups that make the call; 0: some would be refused, else 1 */
};

struct heats {
	struct heat *all;
	size_t count;
};

static int compare_places(const void *a, const void *b)
{
	const struct heat *x = a, *y = b;

	if (x->arch != y->arch)
		return x->arch < y->arch ? -1 : 1;
	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* What is refused first, then what the fewest do. */
static int compare_heats(const void *a, const void *b)
{
	const struct heat *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->groups != y->groups)
		return x->groups < y->groups ? -1 : 1;
	return compare_places(a, b);
}

static void heats_add(struct heats *heats, const struct digest_call *call)
{
	bool refused = action_refuses(call->code) || (call->judged && !call->allowed);

	if (!call->is_observed || !call->has_arch)
		return;
	heats->all = mem_more(heats->all, heats->count, sizeof(*heats->all));
	heats->all[heats->count++] = (struct heat){
		.arch = call->arch, .nr = call->nr, .groups = 1, .rank = refused ? 0 : 1};
}

/* The same calls become one column. */
static void heats_join(struct heats *heats)
{
	size_t kept = 0;

	if (heats->count)
		qsort(heats->all, heats->count, sizeof(*heats->all), compare_places);
	for (size_t i = 0; i < heats->count; i++) {
		struct heat *last = kept ? &heats->all[kept - 1] : NULL;

		if (last && compare_places(last, &heats->all[i]) == 0) {
			last->groups++;
			last->rank =
				heats->all[i].rank < last->rank ? heats->all[i].rank : last->rank;
		} else {
			heats->all[kept++] = heats->all[i];
		}
	}
	heats->count = kept;
	if (kept)
		qsort(heats->all, kept, sizeof(*heats->all), compare_heats);
}

static void write_cell(const struct digest_group *group, const struct heat *heat, FILE *out)
{
	uint64_t count = 0;
	bool refused = false;
	int level = 1;

	for (size_t i = 0; i < group->call_count; i++) {
		const struct digest_call *call = &group->calls[i];

		if (!call->is_observed || call->arch != heat->arch || call->nr != heat->nr)
			continue;
		count += call->count;
		refused |= action_refuses(call->code) || (call->judged && !call->allowed);
	}
	if (count == 0) {
		fputs("<td></td>", out);
		return;
	}
	for (uint64_t left = count; left >= 10 && level < 4; left /= 10)
		level++;
	fprintf(out, "<td class=\"h%d%s\">%" PRIu64 "%s</td>", level, refused ? " x" : "", count,
		refused ? "!" : "");
}

static void write_heat_head(const struct digest_facts *facts, const struct heats *heats,
			    size_t columns, FILE *out)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];

	fputs("<h2 id=\"heat\">Who calls what</h2>\n<p class=\"soft\">Records of each call. A frame and a ! mark "
	      "calls that were refused, or that the profile refuses, logs, or allows for some "
	      "arguments only; these come first, then the rarest calls.</p>\n"
	      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"heat\">\n"
	      "<table class=\"heat\">\n<thead><tr><th scope=\"col\">",
	      out);
	write_noun(facts, out);
	fputs("</th>", out);
	for (size_t i = 0; i < columns; i++) {
		const struct heat *heat = &heats->all[i];

		syscall_name(heat->arch, heat->nr, name);
		fprintf(out, "<th scope=\"col\">%s", name);
		if (arch_token(heat->arch, heat->nr) != arch_native())
			fprintf(out, " %s", format_arch(heat->arch, heat->nr, arch));
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void write_heat(const struct digest_facts *facts, FILE *out)
{
	size_t count;
	struct digest_group *const *groups = digest_groups(facts->digest, &count);
	struct heats heats = {0};

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < groups[i]->call_count; j++)
			heats_add(&heats, &groups[i]->calls[j]);
	heats_join(&heats);
	size_t columns = heats.count < HEAT_CALLS_MAX ? heats.count : HEAT_CALLS_MAX;

	write_heat_head(facts, &heats, columns, out);
	for (size_t i = 0; i < count; i++) {
		fputs("<tr><th scope=\"row\">", out);
		put(out, str_from(groups[i]->title));
		fputs("</th>", out);
		for (size_t j = 0; j < columns; j++)
			write_cell(groups[i], &heats.all[j], out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
	free(heats.all);
}

/* A sentence_fn. */
static void write_remark(void *out, const char *title, struct str line)
{
	if (title)
		fprintf(out, "<h2>%s</h2>\n", title);
	fputs("<p>", out);
	put(out, line);
	fputs("</p>\n", out);
}

static void write_next(const json_t *model, FILE *out)
{
	const json_t *next = model_list(model, "next");

	for (size_t i = 0; i < json_array_size(next); i++) {
		fputs(i ? "<p><code>" : "<h2>Next</h2>\n<p><code>", out);
		put(out, str_from(json_string_value(json_array_get(next, i))));
		fputs("</code></p>\n", out);
	}
}

void digest_write_html(const struct digest_facts *facts, const json_t *model, FILE *out)
{
	const json_t *profile = json_object_get(model, "profile");
	BUF_AUTO window = {0}, summary = {0};

	write_put_window(&window, model);
	write_put_summary(&summary, facts);
	fprintf(out, "%s%s</style>\n</head>\n<body>\n<header>\n<h1>sclog report</h1>\n", head_html,
		page_css);
	fprintf(out, "<p class=\"soft\">%s", window.p ? window.p : "");
	if (facts->diff) {
		fputs(", profile ", out);
		put(out, str_from(model_text(profile, "source")));
	}
	fprintf(out, "</p>\n<p><strong>%s</strong></p>\n</header>\n<main>\n", summary.p);
	write_evidence(facts, out);
	write_cards(facts, out);
	write_next(model, out);
	if (facts->timeline)
		timeline_write_html(facts->timeline, out);
	write_workloads(facts, model, out);
	write_drift(model, out);
	write_heat(facts, out);
	write_each_remark(facts, write_remark, out);
	fprintf(out, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_js);
}
