#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/reading.h"
#include "cli/retention.h"
#include "report/message.h"
#include "report/summary.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct ingest_options {
	struct global_options global;
	const char *container, *image, *pod, *namespace, *workload, *node;
	struct file_options files;
	bool backfill;
	const char *db_group, *max_size;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Owner of the records"),
	OPTION(TEXT, 0, "container", "NAME", struct ingest_options, container,
	       "all records of these inputs belong to this container"),
	OPTION(TEXT, 0, "image", "IMAGE", struct ingest_options, image, "image of the container"),
	OPTION(TEXT, 0, "pod", "POD", struct ingest_options, pod,
	       "Kubernetes pod of the container; without --container also its name"),
	OPTION(TEXT, 0, "namespace", "NAMESPACE", struct ingest_options, namespace,
	       "Kubernetes namespace of the container"),
	OPTION(TEXT, 0, "workload", "WORKLOAD", struct ingest_options, workload,
	       "workload that the container belongs to; without --container and --pod also its "
	       "name"),
	OPTION(TEXT, 0, "node", "NAME", struct ingest_options, node,
	       "the host of the records, overriding what the lines say"),
	FILE_OPTION_ROWS(struct ingest_options, files),
	OPTION_TITLE("The store"),
	OPTION(FLAG, 0, "backfill", NULL, struct ingest_options, backfill,
	       "also accept records older than the store's horizon, even if they may be "
	       "counted twice"),
	OPTION(TEXT, 0, "db-group", "GROUP", struct ingest_options, db_group,
	       "make the store readable for this group (mode 0640)"),
	MAX_SIZE_OPTION_ROW(struct ingest_options, max_size),
	GLOBAL_OPTION_ROWS(FORMAT_NAMES),
};
/* clang-format on */

/* What the summary always has, and in between a row for each reason of malformed records. */
#define ROWS_MAX (20 + MALFORMED_COUNT)

struct rows {
	struct summary_row all[ROWS_MAX];
	size_t count;
	char paths[MALFORMED_COUNT][64];
	char labels[MALFORMED_COUNT][160];
};

static void add_count(struct rows *summary, const char *path, const char *label, uint64_t count,
		      bool if_nonzero)
{
	summary->all[summary->count++] = (struct summary_row){
		.path = path, .label = label, .count = count, .if_nonzero = if_nonzero};
}

static void add_real(struct rows *summary, const char *path, const char *label, double real)
{
	summary->all[summary->count++] =
		(struct summary_row){.path = path, .label = label, .real = real, .is_real = true};
}

static void add_malformed(struct rows *summary, const struct feed_counts *counts)
{
	add_count(summary, "malformed.total", "malformed", intake_malformed(&counts->in), true);
	for (size_t i = MALFORMED_NONE + 1; i < MALFORMED_COUNT; i++) {
		enum malformed reason = (enum malformed)i;

		snprintf(summary->paths[i], sizeof(summary->paths[i]), "malformed.reasons.%s",
			 malformed_name(reason));
		snprintf(summary->labels[i], sizeof(summary->labels[i]), "  %s",
			 malformed_name(reason));
		add_count(summary, summary->paths[i], summary->labels[i], counts->in.malformed[i],
			  true);
	}
}

static int write_summary(const struct feed_counts *counts, enum format format)
{
	double seconds = counts->seconds;
	struct rows summary = {.count = 0};

	add_count(&summary, "files", "files", counts->files, false);
	add_count(&summary, "failed", "failed", counts->failed, true);
	add_count(&summary, "traces", "traces of strace", counts->traces, true);
	add_count(&summary, "lines", "lines", counts->lines, false);
	add_count(&summary, "records", "records", counts->in.records, false);
	add_count(&summary, "new", "new", counts->fresh, false);
	add_count(&summary, "duplicates", "duplicates", counts->duplicates, false);
	add_count(&summary, "limited", "beyond a limit of the store", counts->limited, true);
	add_count(&summary, "expired", "expired (see --backfill)", counts->expired, true);
	add_malformed(&summary, counts);
	add_count(&summary, "untrusted", "untrusted", counts->in.untrusted, true);
	add_count(&summary, "without_serial", "without serial", counts->in.without_serial, true);
	add_count(&summary, "without_arch", "without arch", counts->in.without_arch, true);
	add_count(&summary, "bytes", "bytes", counts->bytes, false);
	add_real(&summary, "seconds", "seconds", seconds);
	add_count(&summary, "records_per_second", "records/s",
		  seconds > 0 ? (uint64_t)((double)counts->in.records / seconds) : 0, false);
	add_count(&summary, "merged_stores", "merged stores", counts->merged_stores, true);
	add_count(&summary, "bundles", "bundles", counts->bundles, true);
	add_count(&summary, "known_bundles", "bundles loaded before", counts->known_bundles, true);
	return summary_write(summary.all, summary.count, format, stdout);
}

static struct str given(const char *text)
{
	return text ? str_from(text) : str_of(NULL, 0);
}

/* Records belong to a container: without a name it has its pod's or its workload's. A map names. */
static struct container labels_of(const struct ingest_options *options)
{
	const char *name = options->container   ? options->container
			   : options->files.map ? NULL
			   : options->pod       ? options->pod
						: options->workload;

	return (struct container){
		.name = given(name),
		.image = given(options->image),
		.pod = given(options->pod),
		.namespace = given(options->namespace),
		.workload = given(options->workload),
	};
}

static void note_shrunk(const struct store *store)
{
	struct store_shrunk shrunk = store_shrunk(store);
	char until[CLOCK_TEXT_SIZE];

	if (shrunk.horizon_ms)
		message_warning("the store reached its max-size: it gave up detail of records from "
				"before %s, and dropped %" PRIu64 " of them",
				clock_format_rfc3339_ms(shrunk.horizon_ms, until), shrunk.dropped);
}

static int feed(struct invocation *invocation, const struct ingest_options *options,
		const struct stated *stated, struct feed_counts *counts, struct err *err)
{
	struct feed_options feed_options =
		file_feed_options(&options->files, &options->global, stated);
	char *path =
		options->global.db ? mem_copy(str_from(options->global.db)) : store_default_path();
	/* now, since other names than those of /etc/group are asked of a daemon */
	const struct group *group = options->db_group ? getgrnam(options->db_group) : NULL;
	char number[16];
	struct store *store = NULL;
	int64_t max_bytes;
	int r = retention_parse_size(options->max_size, &max_bytes, err);

	if (r == 0)
		r = invocation_sandbox(invocation, err);
	snprintf(number, sizeof(number), "%u", group ? (unsigned)group->gr_gid : 0);
	if (r == 0)
		r = store_open(path, STORE_WRITE, group ? number : options->db_group, &store, err);
	free(path);
	if (r < 0)
		return r;
	feed_options.labels = labels_of(options);
	feed_options.node = options->node;
	store_set_backfill(store, options->backfill);
	store_set_max_size(store, max_bytes);
	r = feed_paths(store, invocation->operands, invocation->operand_count, &feed_options,
		       counts, err);
	if (store_was_remade(store))
		message_warning("the store was deleted or replaced while it was open: created "
				"again; earlier records are missing");
	note_shrunk(store);
	store_close(store);
	return r;
}

/* An empty name is a shell variable that was not set; of a node it would count all again. */
static int check(const struct invocation *invocation, struct err *err)
{
	const struct ingest_options *options = invocation->options;

	const struct {
		const char *option, *value;
	} names[] = {
		{"container", options->container},
		{"image", options->image},
		{"pod", options->pod},
		{"namespace", options->namespace},
		{"workload", options->workload},
		{"node", options->node},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].value && !*names[i].value)
			return err_set(err, EINVAL,
				       "--%s: the name is empty; give one, or remove the option",
				       names[i].option);
	if ((options->image || options->namespace) && !options->files.map &&
	    !labels_of(options).name.n)
		return err_set(err, EINVAL,
			       "--%s: no container is named: add --container NAME, --pod or "
			       "--workload, or --map FILE",
			       options->image ? "image" : "namespace");
	if (invocation->operand_count == 0)
		return err_set(err, EINVAL,
			       "nothing to read: give log files, or `-` for standard input");
	return 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	const struct ingest_options *options = invocation->options;
	struct feed_counts counts = {0};
	struct stated stated;
	int r = file_load_stated(&options->files, &options->global, &stated, err);

	if (r == 0)
		r = feed(invocation, options, &stated, &counts, err);
	stated_release(&stated);
	if (r < 0)
		return r;
	enum format format = format_from_name(options->global.format);

	/* a message has said why, and zeros tell a person nothing more */
	bool is_refused = counts.failed && !counts.files && !counts.in.records;

	if (!options->global.quiet && ((counts.lines && !is_refused) || format != FORMAT_TEXT))
		r = write_summary(&counts, format);
	if (r < 0)
		return reading_output_failed(r, err);
	return counts.failed ? EXIT_TROUBLE : EXIT_FINE;
}

const struct command command_ingest = {
	.name = "ingest",
	.summary = "read logs into the store once; safe to repeat",
	.synopsis = "[OPTION...] FILE...|-",
	.examples =
		{
			{"sclog ingest /var/log/audit/audit.log*",
			 "read the audit log and its rotated files"},
			{"sclog ingest --container web --coverage full web.log",
			 "read a log whose records all belong to the container web, which ran under a profile that logs everything"},
			{"sclog ingest --namespace shop --pod web-1 --container web web.log",
			 "the same for a container in Kubernetes"},
		},
	.description =
		"Reads audit.log, syslog, dmesg and journal output, strace output, other "
		"stores, and bundles of `sclog push`. Files may be compressed (gzip, xz, zstd, bzip2); rotated files may "
		"come in any order. Of a tar archive, such as one of sos, the host's logs are read. A record that is already in the store is counted as a "
		"duplicate and changes nothing.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct ingest_options),
	.check = check,
	.run = run,
};
