#include "report/diff_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "report/arguments.h"
#include "report/sentences.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* Programs that a row names before it only says that there are more. */
#define NAMED_PROGRAMS_MAX 4

/* Groups that are named before others are only counted. */
#define NAMED_GROUPS_MAX 5

/* Where sentences and lists of names are wrapped without a terminal: in a mail, say. */
#define COLUMNS 80

static const struct table_column columns[] = {
	{"VERDICT", false, TABLE_WHOLE},
	{"SYSCALL", false, TABLE_WHOLE},
	{"NR", true, 4},
	{"ARCH", false, 2},
	{"ACTION", false, TABLE_WHOLE},
	{"COUNT", true, 0},
	{"FIRST", false, 5},
	{"LAST", false, 3},
	{"PROGRAMS", false, 0},
};

/* Parts of a heading, each whole on its line: on a terminal, the first that does not fit begins another. */
static void put_part(struct buf *line, size_t *used, const struct diff_writing *writing,
		     const struct buf *part)
{
	size_t width = text_width(buf_str(part));
	bool fits = !writing->columns || *used + 2 + width <= writing->columns;

	if (*used)
		buf_put_str(line, fits ? STR("  ") : STR("\n  "));
	*used = (*used && fits ? *used : 0) + (*used ? 2 : 0) + width;
	buf_put_str(line, buf_str(part));
}

static void write_within(const struct buf *line, size_t indent, size_t max, FILE *out)
{
	BUF_AUTO safe = {0}, wrapped = {0};

	text_put_sentence(&safe, buf_str(line));
	text_wrap(&wrapped, buf_str(&safe), indent, max);
	fputs(wrapped.p ? wrapped.p : "", out);
}

static void write_wrapped(const struct buf *line, size_t indent, const struct diff_writing *writing,
			  FILE *out)
{
	write_within(line, indent, writing->columns ? writing->columns : COLUMNS, out);
}

/* Wrapped only on a terminal: what a program may look for is on one line. */
static void write_line(const struct buf *line, size_t indent, const struct diff_writing *writing,
		       FILE *out)
{
	write_within(line, indent, writing->columns ? writing->columns : SIZE_MAX, out);
}

static void write_profile(const struct diff_writing *writing, FILE *out)
{
	const struct selection *selection = writing->selection;
	char since[FORMAT_NAME_SIZE], until[FORMAT_NAME_SIZE];
	BUF_AUTO line = {0};

	buf_put_str(&line, STR("profile "));
	format_put_profile(&line, &writing->profile);
	if (writing->against.source)
		buf_format(&line, ", against %s", writing->against.source);
	if (selection->has_since)
		buf_format(&line, ", since %s", format_time(selection->since_ms, since));
	if (selection->has_until)
		buf_format(&line, ", until %s", format_time(selection->until_ms, until));
	write_line(&line, 0, writing, out);
}

static void write_heading(const struct diff_group *group, const struct diff_writing *writing,
			  FILE *out)
{
	const struct group_key *key = &group->key;
	BUF_AUTO line = {0}, name = {0}, image = {0}, node = {0}, coverage = {0}, records = {0};
	size_t used = 0;

	if (group->is_rest)
		buf_put_str(&name, STR("unattributed, other programs"));
	else
		group_key_put(&name, key);
	if (writing->colour)
		text_put_colour(&line, TEXT_BOLD);
	put_part(&line, &used, writing, &name);
	if (writing->colour)
		text_put_colour(&line, TEXT_PLAIN);
	if (key->by == GROUP_BY_CONTAINER && key->attribution == ATTRIBUTION_CONTAINER &&
	    key->known & (1U << GROUP_IMAGE)) {
		buf_put_str(&image, STR("image "));
		text_put(&image, text_known_image(key->values[GROUP_IMAGE]));
		put_part(&line, &used, writing, &image);
	}
	if (key->parts & (1U << GROUP_NODE) && key->known & (1U << GROUP_NODE) &&
	    key->by != GROUP_BY_NODE && key->attribution != ATTRIBUTION_HOST) {
		buf_put_str(&node, STR("node "));
		text_put(&node, key->values[GROUP_NODE]);
		put_part(&line, &used, writing, &node);
	}
	buf_format(&coverage, "coverage %s", coverage_name(group->coverage));
	put_part(&line, &used, writing, &coverage);
	buf_format(&records, "%" PRIu64 " record%s", group->records,
		   group->records == 1 ? "" : "s");
	put_part(&line, &used, writing, &records);
	fprintf(out, "%s\n", line.p);
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
	table_row_end(table, diff_kind_colour(finding->kind), out);
}

static void write_rows(const struct diff *diff, const struct diff_group *group,
		       const struct diff_writing *writing, FILE *out)
{
	TABLE_AUTO table;

	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 2, writing->colour);
	table.columns_max = writing->columns;
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

/* "refused: chroot (2x), swapoff (2x)" */
static void write_short(const struct diff_group *group, enum finding_kind kind,
			const struct diff_writing *writing, FILE *out)
{
	BUF_AUTO line = {0};

	for (size_t i = 0; i < group->finding_count; i++) {
		const struct finding *finding = group->findings[i];

		if (finding->kind != kind)
			continue;
		buf_format(&line, "%s%s", line.n ? ", " : finding_kind_word(kind),
			   line.n ? "" : ": ");
		put_short(&line, finding);
	}
	if (line.n)
		write_wrapped(&line, 0, writing, out);
}

/* Each on a line of its own. */
static void write_conditional(const struct diff_group *group, const struct diff_writing *writing,
			      FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < group->finding_count; i++) {
		const struct finding *finding = group->findings[i];
		BUF_AUTO line = {0};

		if (finding->kind != FINDING_CONDITIONAL)
			continue;
		buf_format(&line, "%s: ", finding_kind_word(finding->kind));
		put_short(&line, finding);
		buf_put_str(&line, STR(": "));
		arguments_put_conditions(&line, finding->arch, finding->nr, &finding->verdict);
		write_wrapped(&line, 0, writing, out);
		any = true;
	}
	if (any)
		fputs("records carry no arguments, so it is unknown whether these would be refused\n",
		      out);
}

/* What is not known beside what is refused, or whether nothing is. */
static void write_status(const struct diff *diff, const struct diff_group *group,
			 const struct diff_writing *writing, FILE *out)
{
	enum diff_status status = diff_group_status(diff, group);
	BUF_AUTO line = {0}, doubt = {0};

	diff_put_doubt(&doubt, diff, group);
	if (status == DIFF_READY && !diff_group_differs(diff, group))
		buf_put_str(&line, STR("nothing missing"));
	else if (status == DIFF_UNKNOWN)
		buf_format(&line, "cannot tell: %s", doubt.p);
	else if (doubt.n)
		buf_format(&line, "there may be more: %s", doubt.p);
	if (line.n)
		write_wrapped(&line, 0, writing, out);
}

static void write_traits(const struct diff_group *group, const struct diff_writing *writing,
			 FILE *out)
{
	BUF_AUTO refused = {0}, io_uring = {0};

	if (traits_put_refused(&group->traits, &refused))
		write_wrapped(&refused, 0, writing, out);
	if (traits_put_io_uring(&group->traits, &io_uring))
		write_wrapped(&io_uring, 0, writing, out);
}

static void write_runs(const struct diff_group *group, const struct diff_writing *writing,
		       FILE *out)
{
	BUF_AUTO line = {0};

	buf_put_str(&line, STR("seen in "));
	if (runs_put(&group->runs, &line))
		write_wrapped(&line, 0, writing, out);
}

static void write_calls(const struct diff_group *group, enum blind_kind kind, const char *what,
			const struct diff_writing *writing, FILE *out)
{
	struct texts names;
	BUF_AUTO line = {0};

	diff_group_calls(group, kind, &names);
	buf_format(&line, "%s (%zu): ", what, names.count);
	for (size_t i = 0; i < names.count; i++)
		buf_format(&line, "%s%s", i ? ", " : "", names.all[i]);
	if (names.count)
		write_wrapped(&line, 0, writing, out);
	texts_release(&names);
}

static void write_unused(const struct diff *diff, const struct diff_group *group,
			 const struct diff_writing *writing, FILE *out)
{
	const char *doubt = diff_unused_doubt(diff, group, writing->selection), **names;
	size_t count = unused_names(&diff->unused, group->judged_by, &group->used, &names);
	BUF_AUTO line = {0}, conclusion = {0};

	buf_format(&line, "unused (%zu):%s", count, count ? "" : " nothing");
	for (size_t i = 0; i < count; i++)
		buf_format(&line, " %s%s", names[i], i + 1 < count ? "," : "");
	write_wrapped(&line, 0, writing, out);
	if (count && doubt) {
		buf_format(&conclusion, "cannot conclude that these are unused: %s", doubt);
		write_line(&conclusion, 0, writing, out);
	}
	free(names);
}

static void write_group(const struct diff *diff, const struct diff_group *group,
			const struct diff_writing *writing, FILE *out)
{
	write_heading(group, writing, out);
	if (writing->verbose)
		write_rows(diff, group, writing, out);
	for (size_t kind = 0; kind < FINDING_CONDITIONAL && !writing->verbose; kind++)
		if (diff_shows_kind(diff, (enum finding_kind)kind, writing))
			write_short(group, (enum finding_kind)kind, writing, out);
	if (diff_shows_kind(diff, FINDING_CONDITIONAL, writing))
		write_conditional(group, writing, out);
	write_status(diff, group, writing, out);
	write_traits(group, writing, out);
	if (writing->verbose) {
		write_runs(group, writing, out);
		write_calls(group, BLIND_CALL, "would be refused, and is not logged today", writing,
			    out);
		write_calls(group, BLIND_ALREADY, "refused today as well", writing, out);
	}
	if (diff_shows_unused(diff, writing))
		write_unused(diff, group, writing, out);
}

/* Where the lines of a sentence_fn go. */
struct lines {
	const struct diff_writing *writing;
	FILE *out;
};

static void write_doubt(void *context, const char *title, struct str sentence)
{
	const struct lines *lines = context;
	BUF_AUTO line = {0};

	if (title)
		fputc('\n', lines->out);
	buf_put_str(&line, sentence);
	write_wrapped(&line, 0, lines->writing, lines->out);
}

/* The groups that cannot be judged, by why. */
static void write_unknown(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	struct sentences sentences = {.names_max = NAMED_GROUPS_MAX};
	struct lines lines = {writing, out};

	for (size_t i = 0; i < diff->group_count; i++) {
		BUF_AUTO name = {0}, doubt = {0};

		if (diff_group_status(diff, diff->groups[i]) != DIFF_UNKNOWN)
			continue;
		group_key_put(&name, &diff->groups[i]->key);
		buf_put_str(&doubt, STR("cannot tell: "));
		diff_put_doubt(&doubt, diff, diff->groups[i]);
		sentences_add(&sentences, buf_str(&name), buf_str(&doubt));
	}
	sentences_end(&sentences, "", write_doubt, &lines);
}

static void put_units(struct buf *line, size_t count, const char *noun)
{
	if (count)
		buf_format(line, "%s%zu %s%s", line->n ? ", " : "", count, noun,
			   count == 1 ? "" : "s");
}

static void write_summary(const struct diff *diff, FILE *out)
{
	struct diff_summary summary = diff_summarize(diff);
	size_t hosts = 0, programs = 0;
	BUF_AUTO units = {0};

	for (size_t i = 0; i < diff->group_count; i++) {
		const struct group_key *key = &diff->groups[i]->key;

		if (group_key_is_workload(key))
			continue;
		hosts += key->attribution == ATTRIBUTION_HOST;
		programs += key->attribution == ATTRIBUTION_UNATTRIBUTED;
	}
	put_units(&units, diff->group_count - hosts - programs, group_by_noun(diff->by));
	put_units(&units, hosts, "host");
	put_units(&units, programs, "unattributed program");
	fprintf(out, "%s: %zu break, %zu ready, %zu cannot tell\n", units.p,
		summary.statuses[DIFF_BREAKING], summary.statuses[DIFF_READY],
		summary.statuses[DIFF_UNKNOWN]);
}

static void write_overview(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	diff_write_calls(diff, writing, out);
	write_unknown(diff, writing, out);
	fputs("--verbose shows each group\n", out);
}

/* --- what to do next, for the first group that leaves something to do */

static void write_command(void *context, const char *command)
{
	fprintf(context, "next: %s\n", command);
}

static void write_next(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	const struct selection *selection = writing->selection;

	if (diff->group_count == 0 && !diff->is_selective && !selection->has_since &&
	    !selection->has_until) {
		BUF_AUTO command = {0};

		buf_format(&command, "sclog %s%s", writing->is_fleet ? "fleet status" : "watch",
			   writing->is_fleet ? writing->where : "");
		write_command(out, command.p);
	}
	for (int status = DIFF_BREAKING; status <= DIFF_UNKNOWN; status++) {
		for (size_t i = 0; i < diff->group_count; i++) {
			if ((int)diff_group_status(diff, diff->groups[i]) != status)
				continue;
			diff_group_next(diff, diff->groups[i], writing, write_command, out);
			break;
		}
	}
}

static void write_evidence(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	BUF_AUTO line = {0};

	evidence_put(&line, &diff->evidence);
	buf_format(&line, ", coverage %s", coverage_name(diff->coverage));
	write_line(&line, 0, writing, out);
	evidence_write_sentences(&diff->evidence, writing->columns, out);
}

void diff_write_text(const struct diff *diff, const struct diff_writing *writing, FILE *out)
{
	bool overview = diff->group_count > 1 && !writing->each_group;

	if (!writing->only_differences)
		write_profile(writing, out);
	if (diff->group_count)
		write_summary(diff, out);
	if (overview)
		write_overview(diff, writing, out);
	for (size_t i = 0; i < diff->group_count && !overview; i++) {
		if (!diff_shows_group(diff, diff->groups[i], writing))
			continue;
		fputc('\n', out);
		write_group(diff, diff->groups[i], writing, out);
	}
	diff_write_risks(diff, writing, out);
	if (writing->only_differences && diff_is_complete(diff))
		return;
	fputc('\n', out);
	write_evidence(diff, writing, out);
	write_next(diff, writing, out);
}
