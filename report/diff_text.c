#include "report/diff_private.h"

#include "ingest/arch.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* Programs that a row names before it only says that there are more. */
#define NAMED_PROGRAMS_MAX 4

/* Where lists of names are wrapped. */
#define COLUMNS 80

static const struct table_column columns[] = {
	{"VERDICT", false}, {"SYSCALL", false}, {"NR", true},
	{"ARCH", false},    {"ACTION", false},  {"COUNT", true},
	{"FIRST", false},   {"LAST", false},    {"PROGRAMS", false},
};

static const enum text_colour kind_colours[] = {
	[FINDING_MISSING] = TEXT_RED,
	[FINDING_LOGGED] = TEXT_YELLOW,
	[FINDING_FALLBACK] = TEXT_DIM,
	[FINDING_CONDITIONAL] = TEXT_PLAIN,
};

static void write_profile(const struct diff_writing *writing, FILE *out)
{
	const struct profile_info *profile = &writing->profile;
	const struct selection *selection = writing->selection;
	char since[FORMAT_NAME_SIZE], until[FORMAT_NAME_SIZE];
	BUF_AUTO line = {0};

	buf_put_str(&line, STR("profile "));
	text_put_sentence(&line, str_from(profile->source));
	buf_format(&line, " (%s, loader %s, runtime %s", profile->format,
		   loader_name(profile->loader), runtime_name(profile->runtime));
	if (profile->default_action)
		buf_format(&line, ", default %s", profile->default_action);
	buf_put_char(&line, ')');
	if (selection->has_since)
		buf_format(&line, ", since %s", format_time(selection->since_ms, since));
	if (selection->has_until)
		buf_format(&line, ", until %s", format_time(selection->until_ms, until));
	fprintf(out, "%s\n", line.p);
}

static void write_heading(const struct diff_group *group, bool colour, FILE *out)
{
	const struct group_key *key = &group->key;
	BUF_AUTO line = {0};

	if (colour)
		text_put_colour(&line, TEXT_BOLD);
	if (group->is_rest)
		buf_put_str(&line, STR("unattributed, other programs"));
	else
		group_key_put(&line, key);
	if (colour)
		text_put_colour(&line, TEXT_PLAIN);
	if (key->by == GROUP_BY_CONTAINER && key->attribution == ATTRIBUTION_CONTAINER &&
	    key->known & (1U << GROUP_IMAGE)) {
		buf_put_str(&line, STR("  image "));
		text_put(&line, key->values[GROUP_IMAGE]);
	}
	if (key->parts & (1U << GROUP_NODE) && key->known & (1U << GROUP_NODE) &&
	    key->by != GROUP_BY_NODE && key->attribution != ATTRIBUTION_HOST) {
		buf_put_str(&line, STR("  node "));
		text_put(&line, key->values[GROUP_NODE]);
	}
	fprintf(out, "%s  coverage %s  %" PRIu64 " record%s\n", line.p,
		coverage_name(group->coverage), group->records, group->records == 1 ? "" : "s");
}

static void put_programs(struct table *table, const struct finding *finding)
{
	size_t shown = finding->program_count < NAMED_PROGRAMS_MAX ? finding->program_count
								   : NAMED_PROGRAMS_MAX;
	BUF_AUTO programs = {0};

	for (size_t i = 0; i < shown; i++) {
		buf_put_str(&programs, i ? STR(", ") : STR(""));
		text_put(&programs, finding->programs[i]);
	}
	if (shown < finding->program_count)
		buf_format(&programs, " and %zu%s more", finding->program_count - shown,
			   finding->programs_cut ? " or" : "");
	table_cell(table, programs.n ? buf_str(&programs) : STR("-"));
}

static void put_row(struct table *table, const struct finding *finding, FILE *out)
{
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];
	BUF_AUTO action = {0};

	syscall_name(finding->arch, finding->nr, name);
	table_format(table, "%s", finding_kind_word(finding->kind));
	table_format(table, "%s", name);
	table_format(table, "%" PRId32, finding->nr);
	table_format(table, "%s", format_arch(finding->arch, finding->nr, text));
	finding_put_action(&action, &finding->verdict);
	table_cell(table, buf_str(&action));
	table_format(table, "%s", format_count(finding->count, finding->count_exact, text));
	table_format(table, "%s", format_time(finding->first_ms, text));
	table_format(table, "%s", format_time(finding->last_ms, text));
	put_programs(table, finding);
	table_row_end(table, kind_colours[finding->kind], out);
}

static void write_rows(const struct diff *diff, const struct diff_group *group,
		       const struct diff_writing *writing, FILE *out)
{
	TABLE_AUTO table;

	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 2, writing->colour);
	for (size_t i = 0; i < group->finding_count; i++)
		if (diff_shows_kind(diff, group->findings[i]->kind, writing))
			put_row(&table, group->findings[i], out);
	table_flush(&table, out);
}

/* "chroot (2x)"; an arch that is not this machine's is named. */
static void put_short(struct buf *line, const struct finding *finding)
{
	char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];

	syscall_name(finding->arch, finding->nr, name);
	buf_put_str(line, str_from(name));
	if (arch_token(finding->arch, finding->nr) != arch_native())
		buf_format(line, " on %s", format_arch(finding->arch, finding->nr, text));
	buf_format(line, " (%sx)", format_count(finding->count, finding->count_exact, text));
}

static void put_conditions(struct buf *line, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->condition_count; i++) {
		buf_put_str(line, i ? STR("; ") : STR(": "));
		text_put_sentence(line, str_from(verdict->conditions[i]));
	}
}

/* "refused: chroot (2x), swapoff (2x)" - and what is conditional, each on a line of its own. */
static void write_short(const struct diff_group *group, enum finding_kind kind, FILE *out)
{
	BUF_AUTO line = {0};

	for (size_t i = 0; i < group->finding_count; i++) {
		const struct finding *finding = group->findings[i];

		if (finding->kind != kind)
			continue;
		if (line.n == 0 || kind == FINDING_CONDITIONAL)
			buf_format(&line, "%s%s: ", line.n ? "\n" : "", finding_kind_word(kind));
		else
			buf_put_str(&line, STR(", "));
		put_short(&line, finding);
		if (kind == FINDING_CONDITIONAL)
			put_conditions(&line, &finding->verdict);
	}
	if (line.n)
		fprintf(out, "%s\n", line.p);
}

/* "Nothing missing" is conclusive only with full coverage. */
static void write_nothing_missing(const struct diff_group *group, FILE *out)
{
	static const char *const texts[] = {
		[COVERAGE_UNKNOWN] = "cannot tell: it is not known whether the active "
				     "profile logged these calls",
		[COVERAGE_NONE] = "cannot tell: an enforcing profile was active, and "
				  "refusals are not logged",
		[COVERAGE_PARTIAL] = "nothing missing (recorded under a log-mode profile)",
		[COVERAGE_FULL] = "nothing missing",
	};

	fprintf(out, "%s%s\n", group->records ? "" : "nothing observed: ", texts[group->coverage]);
}

static void write_unused(const struct diff *diff, const struct diff_group *group,
			 const struct diff_writing *writing, FILE *out)
{
	const char *doubt = diff_unused_doubt(diff, group, writing->selection), **names;
	size_t count = unused_names(&diff->unused, group->judged_by, &group->used, &names);
	BUF_AUTO line = {0}, wrapped = {0};

	buf_format(&line, "unused (%zu):%s", count, count ? "" : " nothing");
	for (size_t i = 0; i < count; i++)
		buf_format(&line, " %s%s", names[i], i + 1 < count ? "," : "");
	text_wrap(&wrapped, buf_str(&line), 0, COLUMNS);
	if (count && doubt)
		buf_format(&wrapped, "cannot conclude that these are unused: %s\n", doubt);
	fputs(wrapped.p, out);
	free(names);
}

static void write_group(const struct diff *diff, const struct diff_group *group,
			const struct diff_writing *writing, FILE *out)
{
	write_heading(group, writing->colour, out);
	write_rows(diff, group, writing, out);
	for (size_t kind = 0; kind < FINDING_KIND_COUNT; kind++)
		if (diff_shows_kind(diff, (enum finding_kind)kind, writing))
			write_short(group, (enum finding_kind)kind, out);
	if (!diff_group_differs(diff, group))
		write_nothing_missing(group, out);
	if (diff_shows_unused(diff, writing))
		write_unused(diff, group, writing, out);
}

static void write_acknowledged(const struct evidence *evidence, FILE *out)
{
	size_t count = json_array_size(evidence->acknowledged);

	if (count)
		fprintf(out, "  %zu entr%s acknowledged (--format json lists %s)\n", count,
			count == 1 ? "y is" : "ies are", count == 1 ? "it" : "them");
}

static void write_evidence(const struct diff *diff, FILE *out)
{
	const struct evidence *evidence = &diff->evidence;
	char lost[FORMAT_NAME_SIZE] = "no known loss";

	if (evidence->lost)
		snprintf(lost, sizeof(lost), "%" PRIu64 " known lost", evidence->lost);
	fprintf(out, "evidence %s: %" PRIu64 " record%s checked, %s, coverage %s",
		evidence->incomplete ? "incomplete" : "complete", evidence->records,
		evidence->records == 1 ? "" : "s", lost, coverage_name(diff->coverage));
	if (evidence->forgeable)
		fprintf(out, ", %" PRIu64 " forgeable", evidence->forgeable);
	fputc('\n', out);
	for (size_t i = 0; i < evidence->reason_count; i++) {
		BUF_AUTO reason = {0};

		if (evidence->shows_ids && evidence->ids[i][0])
			buf_format(&reason, "[%s] ", evidence->ids[i]);
		text_put_sentence(&reason, buf_str(&evidence->reasons[i]));
		fprintf(out, "  %s\n", reason.p ? reason.p : "");
	}
	if (evidence->reasons_unlisted)
		fprintf(out, "  and %zu more reasons\n", evidence->reasons_unlisted);
	write_acknowledged(evidence, out);
}

/* An empty line between parts, and none before the first. */
static void begin_part(bool *begun, FILE *out)
{
	if (*begun)
		fputc('\n', out);
	*begun = true;
}

void diff_write_text(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	bool begun = !writing->only_differences;

	if (begun)
		write_profile(writing, out);
	for (size_t i = 0; i < diff->group_count; i++) {
		if (!diff_shows_group(diff, diff->groups[i], writing))
			continue;
		begin_part(&begun, out);
		write_group(diff, diff->groups[i], writing, out);
	}
	if (writing->only_differences && !writing->evidence)
		return;
	begin_part(&begun, out);
	write_evidence(diff, out);
}
