#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/judging.h"
#include "report/message.h"
#include "base/nearest.h"
#include "cli/reading.h"
#include "cli/retention.h"
#include "live/service.h"
#include "live/source.h"
#include "live/watch.h"
#include "correlate/metadata.h"
#include "correlate/procfs.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>

/* As auditd boosts itself (priority_boost, auditd.conf(5)). */
#define PRIORITY_USUAL (-4)

/* By then what was logged while nobody watched has been read. */
#define PRUNE_AFTER_MS (60 * 60 * 1000)

struct watch_options_given {
	struct global_options global;
	struct option_list source;
	const char *file, *from, *node, *config, *db_group, *proc_root, *runtime_root, *priority,
		*max_size;
	struct profile_options_given judging;
	bool once, all, top, otel, check_config, open_sockets;
};

static const char *name_at(size_t i, const void *context)
{
	(void)context;
	return i == 0 ? "auto" : source_name_at(i - 1);
}

static int check_source(const char *name, struct err *err)
{
	BUF_AUTO names = {0};

	for (size_t i = 0; name_at(i, NULL); i++)
		if (strcmp(name_at(i, NULL), name) == 0)
			return 0;
	const char *near = nearest_find(str_from(name), name_at, NULL);

	nearest_put_names(&names, name_at);
	return err_set(err, EINVAL, "unknown source '%s'%s%s%s; must be one of %s", name,
		       near ? " (did you mean " : "", near ? near : "", near ? "?)" : "", names.p);
}

static int parse_from(const char *from, struct watch_options *options, struct err *err)
{
	struct clock_span span;
	int64_t now_ms;
	int r = clock_now_ms(&now_ms, err);

	if (r < 0 || !from || strcmp(from, "start") == 0)
		return r;
	options->from_now = strcmp(from, "now") == 0;
	if (!options->from_now && clock_parse(str_from(from), now_ms, &span) < 0)
		return err_set(err, EINVAL,
			       "'%s' must be start, now or a time "
			       "(forms: %s)",
			       from, clock_forms);
	if (!options->from_now)
		options->from_ms = span.first_ms;
	return 0;
}

static int check_from(const char *from, struct err *err)
{
	return parse_from(from, &(struct watch_options){0}, err);
}

static int check_node(const char *node, struct err *err)
{
	return *node ? 0
		     : err_set(err, EINVAL, "the name is empty; give one, or remove the option");
}

/* A nice value, setpriority(2). */
static int parse_priority(const char *text, int *ret_priority, struct err *err)
{
	char *end;
	long nice = strtol(text, &end, 10);

	if (end == text || *end || nice < -20 || nice > 19)
		return err_set(err, EINVAL,
			       "'%s' must be a nice value from -20 to 19 (0: unchanged)", text);
	*ret_priority = (int)nice;
	return 0;
}

static int check_priority(const char *text, struct err *err)
{
	int ignored;

	return parse_priority(text, &ignored, err);
}

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("Sources"),
	OPTION_CHECKED(COMMA_LIST, 0, "source", "SOURCE[,SOURCE...]", struct watch_options_given, source,
	       check_source,
	       "what to follow; default: auto, which reads the log once for earlier records "
	       "and then follows netlink"),
	OPTION(TEXT, 0, "file", "PATH", struct watch_options_given, file,
	       "the log that audit or syslog follows; default: /var/log/audit/audit.log, "
	       "/var/log/syslog or /var/log/messages"),
	OPTION_CHECKED(TEXT, 0, "from", "start|now|TIME", struct watch_options_given, from, check_from,
	       "where a first run starts in a log: at its start (the default), at its end "
	       "(now), or at this time"),
	OPTION(FLAG, 0, "once", NULL, struct watch_options_given, once,
	       "process new records, then exit"),
	OPTION_CHECKED(TEXT, 0, "node", "NAME", struct watch_options_given, node, check_node,
	       "the host of the records, overriding what the lines say"),
	OPTION_TITLE("Output"),
	OPTION(FLAG, 0, "all", NULL, struct watch_options_given, all,
	       "print every event, not only the first use of a syscall by a container"),
	OPTION(FLAG, 0, "top", NULL, struct watch_options_given, top,
	       "a live table of workloads; keys sort (s r n x w), filter (/) and quit (q); "
	       "lines as usual if the output is not a terminal"),
	OPTION(FLAG, 0, "otel", NULL, struct watch_options_given, otel,
	       "JSON: also write the values under OpenTelemetry's names"),
	OPTION_TITLE("Profile"),
	PROFILE_OPTION_ROWS(struct watch_options_given, judging),
	OPTION_TITLE("Service"),
	OPTION(TEXT, 0, "config", "FILE", struct watch_options_given, config,
	       "configuration file; default: /etc/sclog/sclog.conf; options override it"),
	OPTION(FLAG, 0, "check-config", NULL, struct watch_options_given, check_config,
	       "check the configuration, then exit"),
	OPTION(TEXT, 0, "db-group", "GROUP", struct watch_options_given, db_group,
	       "make the store readable for this group (mode 0640)"),
	OPTION_CHECKED(TEXT, 0, "priority", "NICE", struct watch_options_given, priority,
	       check_priority, "the nice value to run with, -20 to 19; default: -4; 0: unchanged"),
	MAX_SIZE_OPTION_ROW(struct watch_options_given, max_size),
	OPTION(FLAG, 0, "open-sockets", NULL, struct watch_options_given, open_sockets,
	       "open the kernel's sockets, pass them to systemd, then exit; for ExecStartPre="),
	OPTION(TEXT, 0, "proc-root", "DIR", struct watch_options_given, proc_root,
	       "the host's /proc, if sclog runs in a container"),
	OPTION(TEXT, 0, "runtime-root", "DIR", struct watch_options_given, runtime_root,
	       "the directory that contains the host's /run, /var/lib, /etc and /home"),
	GLOBAL_OPTION_ROWS("text|json"),
};
/* clang-format on */

static bool is_given(const struct watch_options *options, size_t count, const char *source)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(options->sources[i], source) == 0)
			return true;
	return false;
}

static int check_sources(const struct watch_options *options, struct err *err)
{
	size_t count = options->source_count;

	if (count >= STORE_SLOTS)
		return err_set(err, EINVAL, "--source: name each source only once");
	for (size_t i = 1; i < count; i++)
		if (is_given(options, i, options->sources[i]))
			return err_set(err, EINVAL, "--source: '%s' given twice",
				       options->sources[i]);
	if (count > 1 && is_given(options, count, "auto"))
		return err_set(err, EINVAL, "--source auto cannot be combined with other sources");
	if (options->file && is_given(options, count, "audit") &&
	    is_given(options, count, "syslog"))
		return err_set(err, EINVAL,
			       "--file names one log: give --source audit or "
			       "syslog, not both");
	if (options->file && (count > 1 || !is_given(options, count, "auto")) &&
	    !is_given(options, count, "audit") && !is_given(options, count, "syslog") &&
	    (count > 1 || is_given(options, count, "netlink") || is_given(options, count, "stdin")))
		return err_set(err, EINVAL, "--file names the log of --source audit or syslog");
	return 0;
}

/* Everything that is wrong with the file, one a line. */
static void say_problems(const struct config *config)
{
	struct str rest = buf_str(&config->problems);

	while (rest.n) {
		size_t n = str_chr(rest, '\n');

		message_error("%.*s", (int)n, rest.p);
		rest = str_skip(rest, n < rest.n ? n + 1 : n);
	}
}

static int open_store(const char *path, const char *db_group, struct store **ret_store,
		      struct err *err)
{
	int r = store_open(path, STORE_WRITE, db_group, ret_store, err);

	return r < 0 ? r : store_claim(*ret_store, err);
}

static int load_profile(struct judges *judges, const struct profile_options_given *judging,
			const char *db, bool quiet, struct err *err)
{
	struct profile *profile;
	int r = judges_init(judges, judging, err);

	judges->db = db;
	if (r == 0 && judging->profile)
		r = judges_acquire(judges, err);
	if (r == 0 && judging->profile)
		r = judges_find(judges, NULL, &profile, err);
	if (r == 0 && judging->profile && !quiet)
		judges_warn_of_lint(judges);
	return r;
}

static int watch(const struct watch_options_given *given, const struct retention_options *keep,
		 const struct config *config, struct watch_options *options, struct judges *judges,
		 struct err *err)
{
	const struct printer_options printing = {
		.format = format_from_name(given->global.format),
		.all = given->all,
		.top = given->top && !given->once,
		.quiet = given->global.quiet,
		.colour = reading_wants_colour(),
		.otel = given->otel,
		.judges = judges->count ? judges : NULL,
	};
	struct cgroup_rules *rules = NULL;
	struct store_retention retention;
	struct store *store = NULL;
	int r = retention_parse(keep, &retention, err);

	if (r == 0 && given->max_size)
		r = retention_parse_size(given->max_size, &retention.max_bytes, err);

	if (r == 0)
		r = open_store(options->db, given->db_group, &store, err);
	if (r == 0)
		store_set_retention(store, &retention, PRUNE_AFTER_MS);

	if (r == 0)
		r = cgroup_rules_new(&rules, err);
	if (r == 0)
		r = config_add_rules(config, rules, err);
	options->rules = rules;
	options->printer = printer_new(&printing);
	if (r == 0)
		r = watch_run(store, options, err);
	r = r > 0 ? EXIT_TROUBLE : r;
	struct printer_counts counts = printer_counts(options->printer);

	if (counts.unshown)
		message_warning("%llu lines were not printed because the reader is too slow; the "
				"store has them",
				(unsigned long long)counts.unshown);
	printer_free(options->printer);
	cgroup_rules_free(rules);
	store_close(store);
	return r;
}

/* What can be told of the places without a store. */
static int check_places(const struct watch_options *options, const char *db_group, struct err *err)
{
	const struct metadata_options roots = {.proc_root = options->proc_root,
					       .runtime_root = options->runtime_root};
	struct metadata *metadata;
	struct procfs procfs;

	if (db_group && !getgrnam(db_group))
		return err_set(err, EINVAL, "--db-group: no group '%s': create it, or name another",
			       db_group);
	int r = procfs_open(&procfs, options->proc_root ? options->proc_root : "/proc", err);

	if (r < 0)
		return err_prefix(err, "--proc-root");
	procfs_close(&procfs);
	r = metadata_new(&roots, &metadata, err);
	if (r < 0)
		return err_prefix(err, "--runtime-root");
	metadata_free(metadata);
	return 0;
}

static int prepare(const struct watch_options_given *given, const struct retention_options *keep,
		   const struct config *config, struct err *err)
{
	static const char *const usual_sources[] = {"auto"};
	const char *db = given->global.db;
	MEM_AUTO char *usual = db ? NULL : store_default_path();
	struct judges judges = {0};
	struct watch_options options = {
		.sources = given->source.count ? (const char *const *)given->source.values
					       : usual_sources,
		.source_count = given->source.count ? given->source.count : 1,
		.db = db ? db : usual,
		.file = given->file,
		.node = given->node,
		.once = given->once,
		.quiet = given->global.quiet,
		.verbose = given->global.verbose,
		.sandbox = !given->global.no_sandbox,
		.proc_root = given->proc_root,
		.runtime_root = given->runtime_root,
		.priority = PRIORITY_USUAL,
	};
	int r = check_sources(&options, err);

	if (r == 0 && given->priority)
		r = parse_priority(given->priority, &options.priority, err);
	if (r == 0)
		r = parse_from(given->from, &options, err);
	if (r == 0)
		r = load_profile(&judges, &given->judging, db, given->global.quiet, err);
	if (r == 0 && given->check_config)
		r = check_places(&options, given->db_group, err);
	else if (r == 0)
		r = watch(given, keep, config, &options, &judges, err);
	judges_release(&judges);
	return r;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct watch_options_given *given = invocation->options;
	struct retention_options keep = {0};
	const struct config_target target = {.watch = given, .retention = &keep};
	struct config config = {0};
	int r;

	/* The sandbox is entered later, by parts: see watch_run(). */
	invocation->sandboxed = true;
	if (given->open_sockets)
		return service_open_sockets(err);
	r = config_load(given->config, given->config != NULL, &target, &config, err);
	if (r < 0 && config.problem_count > 1)
		say_problems(&config);
	/* the file may set the format */
	if (r == 0 && reading_check_otel(invocation, given->otel, err) < 0) {
		invocation->misused = true;
		r = -EINVAL;
	}
	if (r == 0)
		r = prepare(given, &keep, &config, err);
	if (r == 0 && given->check_config && !given->global.quiet)
		puts("the configuration is valid");
	config_release(&config);
	return r;
}

static void help_sources(struct buf *buf)
{
	buf_put_char(buf, '\n');
	option_put_names(buf, "SOURCE", name_at);
}

const struct command command_watch = {
	.name = "watch",
	.summary = "follow live; print what is new; --once: catch up and exit",
	.synopsis = "[OPTION...]",
	.examples =
		{
			{"sclog watch",
			 "follow the kernel's records; print each syscall that a container uses for the first time"},
			{"sclog watch --once --quiet", "process new records, then exit; for cron"},
			{"sclog watch --profile web.json",
			 "also say what web.json would do with each new syscall"},
		},
	.description =
		"Reads the records since the last run, then follows new ones. Finds the "
		"container of each record and stores it. Prints a line when a container uses "
		"a syscall for the first time.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct watch_options_given),
	.help_more = help_sources,
	.no_files = "name the log to follow with --file PATH",
	.run = run,
};
