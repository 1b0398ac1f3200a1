#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "report/message.h"
#include "base/privileges.h"
#include "base/sandbox.h"
#include "live/service.h"
#include "live/watch_private.h"
#include "store/query.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Which profile is in force from now on, if that is known. */
static int put_in_force(struct watch *watch, const struct container *container, struct err *err)
{
	const struct store_in_force in_force = {
		.node = watch->node,
		.container = container->id,
		.profile = container->profile,
		.source = STR(STORE_IN_FORCE_WATCHED),
		.is_open = true,
		.since_ms = clock_ms(CLOCK_REALTIME),
	};

	return container->has_profile ? store_put_in_force(watch->store, &in_force, err) : 0;
}

/* The container's row, and what could not be read about it. */
static bool described(void *context, const struct container *container, struct str trouble)
{
	struct watch *watch = context;
	struct err err = ERR_INIT;

	if (store_put_container(watch->store, watch->node, container, &err) == -EAGAIN ||
	    put_in_force(watch, container, &err) == -EAGAIN ||
	    watch_put_running(watch, container->id, &err) == -EAGAIN)
		return false;
	while (trouble.n) {
		size_t n = str_chr(trouble, '\n');
		struct str path = str_of(trouble.p, n);

		trouble = str_skip(trouble, n < trouble.n ? n + 1 : n);
		if (path.n == 0 || watch->trouble_said.n > 65536 ||
		    str_find(buf_str(&watch->trouble_said), path) < watch->trouble_said.n)
			continue;
		buf_put_str(&watch->trouble_said, path);
		buf_put_char(&watch->trouble_said, '\n');
		watch_clear_status(watch);
		bool is_large = str_find(path, STR(METADATA_TOO_LARGE)) < path.n;

		message_warning("cannot read %.*s: containers have no name and no profile%s",
				(int)path.n, path.p,
				is_large ? "" : " (CAP_DAC_READ_SEARCH is needed)");
	}
	return true;
}

static int restore_lifetime(void *context, const struct store_lifetime *lifetime)
{
	struct watch *watch = context;
	const struct attributed_lifetime attributed = {
		.pid = lifetime->pid,
		.start_ms = lifetime->start_ms,
		.end_ms = lifetime->end_ms,
		.container = registry_restore(watch->registry, lifetime->container),
		.entering = lifetime->entering,
	};

	attribute_restore(watch->attributor, &attributed);
	return 0;
}

/* A describers_late_fn. */
static void described_late(void *context, const struct metadata_hint *hint,
			   const struct container *container, bool is_found, struct str trouble,
			   int64_t took_ns)
{
	struct watch *watch = context;

	registry_answer(watch->registry, hint, container, is_found, trouble, took_ns);
}

/* Without it a cgroup that a user made and named counts as root's. */
static void find_home(struct watch *watch)
{
	struct err err = ERR_INIT;

	if (metadata_find_home(watch->metadata, &watch->procfs, watch->options->rules, &err) < 0)
		message_warning(
			"%s: this cgroup namespace does not show who created a "
			"container's cgroup, so a user's can be taken for root's; mount the "
			"host's /sys/fs/cgroup, see --runtime-root",
			err.message);
}

static int open_attribution(struct watch *watch, struct err *err)
{
	const struct watch_options *options = watch->options;

	watch->describers = describers_new(watch->helper, described_late, watch);
	const struct metadata_options metadata = {options->proc_root,  options->runtime_root,
						  helper_ask,          watch->helper,
						  describers_describe, watch->describers};
	int result =
		procfs_open(&watch->procfs, options->proc_root ? options->proc_root : "/proc", err);

	watch->procfs.ask = helper_ask;
	watch->procfs.context = watch->helper;
	if (result == 0)
		result = metadata_new(&metadata, &watch->metadata, err);
	if (result < 0)
		return result;
	find_home(watch);
	watch->registry = registry_new(watch->metadata, described, watch);
	const struct attributor_options attributor = {&watch->procfs, options->rules,
						      watch->registry};

	watch->attributor = attributor_new(&attributor);
	watch->hold = hold_new();
	return 0;
}

/* Without the connector a process that is gone cannot be told any more. */
static void open_connector(struct watch *watch)
{
	struct err err = ERR_INIT;

	if (watch->options->once || connector_open(&watch->connector, &err) == 0)
		return;
	watch->connector = NULL;
	message_warning("%s: no fork and exec events; processes are looked up in /proc, "
			"which misses short-lived ones: many records will be unattributed",
			err.message);
}

static int add_source(struct watch *watch, const char *name, struct source **ret_source,
		      struct err *err)
{
	return watch_add_source(watch, name, watch->options->from_now, watch->options->once,
				ret_source, err);
}

/*
 * The fullest log that this host has: audit.log holds all records, the journal those that journald
 * was given, syslog what the kernel's printk let through. None is no error.
 */
static int add_log(struct watch *watch, struct source **ret_source, struct err *err)
{
	static const char *const names[] = {"audit", "journal", "syslog"};
	const struct watch_options *options = watch->options;

	*ret_source = NULL;
	if (options->file)
		return add_source(watch, "audit", ret_source, err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = source_usual_path(names[i]);
		struct err ignored = ERR_INIT;

		if (path && access(path, R_OK) < 0)
			continue;
		if (add_source(watch, names[i], ret_source, &ignored) == 0)
			return 0;
	}
	return 0;
}

/* netlink, after what the log has from before; else the log is followed. */
static int open_auto(struct watch *watch, struct err *err)
{
	const struct watch_options *options = watch->options;
	struct err why = ERR_INIT;
	struct source *log, *netlink;
	int result;

	if (!options->once && add_source(watch, "netlink", &netlink, &why) < 0)
		message_warning("%s: following the log instead", why.message);
	if (watch->netlink && options->from_now)
		return 0;
	result = add_log(watch, &log, err);
	if (result < 0 || (!log && watch->netlink))
		return result;
	if (!log && options->once)
		return err_set(err, ENOENT,
			       "no log to read: found no audit.log, journal or syslog; name "
			       "one with --file");
	if (!log)
		return add_source(watch, "kmsg", &log, err);
	if (watch->netlink)
		watch_set_catch_up(watch, log);
	return 0;
}

static int open_sources(struct watch *watch, struct err *err)
{
	const struct watch_options *options = watch->options;
	bool is_auto = strcmp(options->sources[0], "auto") == 0;
	struct source *source;
	int result = is_auto ? open_auto(watch, err) : 0;

	for (size_t i = 0; i < options->source_count && result == 0 && !is_auto; i++)
		result = add_source(watch, options->sources[i], &source, err);
	if (options->source_count > 1 || watch->catch_up)
		watch->recent = mem_new(RECENT_SIZE, sizeof(*watch->recent));
	return result;
}

void watch_say_sources(const struct watch *watch)
{
	BUF_AUTO text = {0};

	for (size_t i = 0; i < watch->source_count; i++) {
		if (text.n)
			buf_put_str(&text, watch->sources[i] == watch->catch_up ? STR(", after ")
										: STR(", "));
		buf_put_str(&text, str_from(source_label(watch->sources[i])));
	}
	if (!watch->options->quiet)
		fprintf(stderr, "sclog: watching %s\n", text.p);
	service_ready(text.p);
}

static int seed_novelty(const struct observation *observation, void *context)
{
	novelty_add_observation(context, observation);
	return 0;
}

static void name_host(struct watch *watch)
{
	uname(&watch->host);
	watch->node = str_from(watch->options->node ? watch->options->node : watch->host.nodename);
	watch->evidence = (struct evidence){
		.store = watch->store,
		.node = watch->node,
		.status_line = &watch->status_line,
	};
	watch->intake = (struct intake){
		.store = watch->store,
		.node = watch->options->node,
		.host_name = str_from(watch->host.nodename),
		.verbose = watch->options->verbose,
		.before_message = watch_clear_status,
		.put = watch_put,
		.context = watch,
	};
}

/* Does a log that is followed belong to others, who may open it anew? */
static bool needs_rights(const struct watch *watch)
{
	for (size_t i = 0; i < watch->source_count; i++)
		if (!source_is_ours(watch->sources[i]))
			return true;
	return false;
}

static int start_helper(struct watch *watch, struct err *err)
{
	const struct helper_options options = {
		watch->options->proc_root, watch->options->runtime_root, watch->options->sandbox};

	return helper_start(&options, &watch->helper, err);
}

static int enter_sandbox(const struct watch *watch, struct err *err)
{
	const struct sandbox_options options = {
		.kind = SANDBOX_WATCH, .writable = {watch->options->db}, .writable_count = 1};

	MEM_AUTO char *path = mem_copy(str_from(watch->options->db));

	/* sqlite.org/tempfiles.html: large sorts go to files */
	setenv("SQLITE_TMPDIR", dirname(path), 0);
	return sandbox_enter(&options, err);
}

/* Everything privileged is done before a thread is started, and before anything is read. */
int watch_open(struct watch *watch, struct err *err)
{
	const struct selection everything = {0};
	int result;

	name_host(watch);
	if (watch->options->priority != 0)
		setpriority(PRIO_PROCESS, 0, watch->options->priority);
	result = start_helper(watch, err);
	if (result < 0)
		return result;
	open_connector(watch);
	store_set_patient(watch->store, true);
	result = open_sources(watch, err);
	if (result == 0)
		result = open_attribution(watch, err);
	if (result == 0)
		result = store_lifetimes(watch->store, watch->node, restore_lifetime, watch, err);
	if (result == 0)
		result = watch_restore_running(watch, err);
	if (result == 0)
		result = query_observations(watch->store, &everything, seed_novelty,
					    printer_novelty(watch->options->printer), err);
	if (result < 0)
		return result;
	result = privileges_drop(needs_rights(watch) ? PRIVILEGES_LOG : PRIVILEGES_NONE, err);
	/* /proc/1 is root's: hidden from who has no rights */
	watch->procfs.hidden = faccessat(watch->procfs.fd, "1/stat", R_OK, 0) < 0;
	if (result == 0 && watch->options->sandbox)
		result = enter_sandbox(watch, err);
	return result;
}

int watch_start_listener(struct watch *watch, struct err *err)
{
	const struct listener_options options = {
		.connector = watch->connector,
		.multicast = watch->netlink ? source_multicast(watch->netlink) : NULL,
		.procfs = &watch->procfs,
	};

	if (options.connector || options.multicast)
		watch->listener = listener_start(&options);
	return watch->netlink
		       ? source_listen(watch->netlink, watch->listener, !watch->catch_up_name, err)
		       : 0;
}

void watch_close(struct watch *watch)
{
	listener_stop(watch->listener);
	for (size_t i = 0; i < watch->source_count; i++)
		source_close(watch->sources[i]);
	connector_close(watch->connector);
	hold_free(watch->hold);
	attributor_free(watch->attributor);
	registry_free(watch->registry);
	metadata_free(watch->metadata);
	describers_free(watch->describers);
	procfs_close(&watch->procfs);
	helper_stop(watch->helper);
	texts_release(&watch->running);
	buf_release(&watch->trouble_said);
	free(watch->recent);
}
