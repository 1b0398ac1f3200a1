#include "base/mem.h"
#include "cli/judging.h"
#include "report/message.h"
#include "cli/reading.h"
#include "cli/syscalls.h"
#include "ingest/arch.h"
#include "profile/defaults/defaults.h"
#include "profile/document/lint.h"
#include "profile/write/export.h"
#include "profile/source.h"
#include "report/explain.h"

#include <errno.h>
#include <stdlib.h>

struct explain_options {
	struct global_options global;
	struct profile_options_given judging;
	struct option_list arches;
	const char *diff;
	bool blocked, lint, list_profiles;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_TITLE("What to show"),
	OPTION(COMMA_LIST, 0, "arch", "ARCH[,ARCH...]", struct explain_options, arches,
	       "architectures to show; default: those of the filter"),
	OPTION(FLAG, 0, "blocked", NULL, struct explain_options, blocked,
	       "list the names of the refused syscalls; default: on this host's architecture"),
	OPTION(TEXT, 0, "diff", "FILE", struct explain_options, diff,
	       "compare with this profile, call by call"),
	OPTION(FLAG, 0, "lint", NULL, struct explain_options, lint,
	       "print lint warnings only"),
	OPTION(FLAG, 0, "list-profiles", NULL, struct explain_options, list_profiles,
	       "list the names of profiles, and the releases of the default ones"),
	OPTION_TITLE("Profile"),
	PROFILE_LOADING_ROWS(struct explain_options, judging),
	GLOBAL_OPTION_ROWS("text|json|csv|oci|source"),
};
/* clang-format on */

/* A profile as one kind of host would have it. */
struct host {
	uint32_t token; /* 0: this one */
	struct judges judges;
	struct profile *profile;
};

#define HOSTS_MAX 16

struct explainer {
	struct invocation *invocation;
	const struct explain_options *given;
	struct host hosts[HOSTS_MAX]; /* the first is this one; the others borrow its source */
	size_t host_count;
	struct host other; /* --diff */
	struct arches arches;
	struct explain_calls calls;
	struct err *err;
};

static int acquire(struct explainer *explainer, struct host *host, const char *source)
{
	struct profile_options_given given = explainer->given->judging;

	given.profile = source;
	int r = judges_init(&host->judges, &given, explainer->err);

	explainer->invocation->misused = r < 0;
	host->judges.db = explainer->given->global.db;
	explainer->invocation->looks_at_processes |= judges_look_at_processes(&host->judges);
	return r < 0 ? r : judges_acquire(&host->judges, explainer->err);
}

static int load(struct explainer *explainer, struct host *host)
{
	return judges_find(&host->judges, NULL, &host->profile, explainer->err);
}

static void release(struct explainer *explainer)
{
	explain_calls_release(&explainer->calls);
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		if (i > 0)
			explainer->hosts[i].judges.source = NULL;
		judges_release(&explainer->hosts[i].judges);
	}
	judges_release(&explainer->other.judges);
}

/* A profile as hosts of that arch would resolve it, and not as its host does. */
static int load_on(struct explainer *explainer, const struct host *host, uint32_t token,
		   struct profile **ret_profile)
{
	if (explainer->host_count == HOSTS_MAX)
		return err_set(explainer->err, E2BIG,
			       "--arch: too many kinds of hosts; give "
			       "fewer architectures");
	struct host *added = &explainer->hosts[explainer->host_count++];

	added->token = token;
	added->judges = host->judges;
	added->judges.count = 0;
	added->judges.options.arch = token;
	int r = load(explainer, added);

	*ret_profile = added->profile;
	return r;
}

/*
 * Who answers for an arch. A profile of Docker or Podman is for hosts of every arch: for one that
 * this host cannot run, it is resolved as such a host would. An OCI profile was resolved for one
 * host already, and what it does not list it does not know.
 */
static int find_host(struct explainer *explainer, uint32_t token, struct profile **ret_profile)
{
	struct host *first = &explainer->hosts[0];
	uint32_t host = arch_host(token);

	*ret_profile = first->profile;
	if (host == arch_host(arch_native()) || profile_info(first->profile).loader == LOADER_OCI)
		return 0;
	for (size_t i = 0; i < explainer->host_count; i++) {
		*ret_profile = explainer->hosts[i].profile;
		if (explainer->hosts[i].token == host)
			return 0;
	}
	return load_on(explainer, first, host, ret_profile);
}

/* The kind of host that all of --arch run on; 0 without --arch and where they need more hosts. */
static uint32_t host_of_arches(const struct arches *arches)
{
	uint32_t host = arches->count ? arch_host(arches->all[0]) : 0;

	for (size_t i = 1; i < arches->count; i++) {
		if (arch_host(arches->all[i]) != host)
			return 0;
	}
	return host;
}

/*
 * A profile for hosts of the other byte order loads on none of this kind. --arch says what it is
 * for.
 */
static int load_for_host(struct explainer *explainer, struct host *host)
{
	uint32_t token = host_of_arches(&explainer->arches);
	int r = load(explainer, host);

	if (r != -EDOM)
		return r;
	if (!token || token == arch_host(arch_native())) {
		const struct err first = *explainer->err;

		err_clear(explainer->err);
		return err_set(
			explainer->err, EDOM,
			"%s. To judge it as on such a host, give --arch with an architecture "
			"of the profile",
			first.message);
	}
	err_clear(explainer->err);
	host->token = host->judges.options.arch = token;
	return load(explainer, host);
}

static int parse_arches(struct explainer *explainer)
{
	const struct option_list *given = &explainer->given->arches;

	for (size_t i = 0; i < given->count; i++) {
		uint32_t token = arch_from_name(str_from(given->values[i]));

		if (!token) {
			explainer->invocation->misused = true;
			return err_set(explainer->err, EINVAL,
				       "--arch: unknown architecture "
				       "'%s'",
				       given->values[i]);
		}
		arches_add(&explainer->arches, token);
	}
	return 0;
}

static void choose_arches(struct explainer *explainer)
{
	if (explainer->arches.count)
		return;
	if (explainer->given->blocked)
		arches_add(&explainer->arches, arch_native());
	else
		arches_of_profile(&explainer->arches, explainer->hosts[0].profile);
}

/* The calls of the operands behind the profile, or without any all that have names. */
static int collect(struct explainer *explainer)
{
	const struct invocation *invocation = explainer->invocation;
	struct syscalls syscalls = {.arches = &explainer->arches, .calls = &explainer->calls};
	int r = 0;

	for (size_t i = 0; r == 0 && i < explainer->arches.count; i++)
		r = find_host(explainer, explainer->arches.all[i], &syscalls.profiles[i]);
	if (r < 0)
		return r;
	if (invocation->operand_count == 1)
		syscalls_add_named(&syscalls);
	for (size_t i = 1; r == 0 && i < invocation->operand_count; i++)
		r = syscalls_add(&syscalls, invocation->operands[i], explainer->err);
	explainer->invocation->misused = r < 0;
	return r;
}

/* One side of a comparison: as the hosts of --arch would have it, see find_host(). */
static int find_side(struct explainer *explainer, const struct host *host,
		     struct profile **ret_profile)
{
	uint32_t token = host_of_arches(&explainer->arches);
	uint32_t own = host->token ? host->token : arch_host(arch_native());

	*ret_profile = host->profile;
	if (!explainer->given->arches.count || token == own ||
	    profile_info(host->profile).loader == LOADER_OCI)
		return 0;
	if (token)
		return load_on(explainer, host, token, ret_profile);
	explainer->invocation->misused = true;
	return err_set(explainer->err, EINVAL,
		       "--diff compares one kind of host at a time: give --arch only architectures "
		       "of the same host");
}

static int compare(struct explainer *explainer, struct explain_writing *writing)
{
	struct syscalls syscalls = {.arches = &explainer->arches, .calls = &explainer->calls};
	enum explain_relation relation;
	struct profile *first, *other;
	int r = load_for_host(explainer, &explainer->other);

	if (r == 0)
		r = find_side(explainer, &explainer->hosts[0], &first);
	if (r == 0)
		r = find_side(explainer, &explainer->other, &other);
	if (r < 0)
		return r;
	if (!explainer->given->arches.count)
		arches_of_profile(&explainer->arches, other);
	syscalls_add_compared(&syscalls, first, other);
	writing->profile = first;
	r = explain_write_comparison(writing, other, stdout, &relation);
	if (r < 0)
		return reading_output_failed(r, explainer->err);
	return relation == EXPLAIN_EQUAL ? EXIT_FINE : EXIT_DIFFERENCES;
}

static int explain_lint(const struct explain_writing *writing, struct err *err)
{
	size_t count;
	int r = explain_write_lint(writing, stdout);

	profile_lint(writing->profile, &count);
	if (r < 0)
		return reading_output_failed(r, err);
	return count ? EXIT_DIFFERENCES : EXIT_FINE;
}

/* The profile written back; what OCI cannot say makes the exit code of a difference. */
static int write_back(struct explainer *explainer)
{
	const char *label = profile_source_label(explainer->hosts[0].judges.name);
	struct lints notes = {0};
	BUF_AUTO text = {0};
	bool exact = true;
	int r = oci_write(explainer->hosts[0].profile, &text, &notes, &exact, explainer->err);

	if (r < 0)
		err_prefix(explainer->err, "%s", label);
	for (size_t i = 0; i < notes.count; i++)
		message_warning("%s: %s", label, notes.all[i].message);
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	lint_release(&notes);
	if (r < 0)
		return r;
	return exact ? EXIT_FINE : EXIT_DIFFERENCES;
}

static bool wants(const struct explain_options *given, const char *format)
{
	return given->global.format && strcmp(given->global.format, format) == 0;
}

/* The document as it was fetched. */
static int write_source(const struct explainer *explainer)
{
	const struct profile_source *source = explainer->hosts[0].judges.source;

	if (source->text.n == 0)
		return err_set(
			explainer->err, EINVAL,
			"%s is not a document, but a live filter: --format oci writes it as a document",
			source->name);
	fwrite(source->text.p, 1, source->text.n, stdout);
	return EXIT_FINE;
}

static int explain(struct explainer *explainer)
{
	const struct explain_options *given = explainer->given;
	struct explain_writing writing = {
		.calls = &explainer->calls,
		.format = format_from_name(given->global.format),
		.colour = reading_wants_colour(),
		.columns = reading_columns(),
	};
	int r = parse_arches(explainer);

	explainer->hosts[0].judges.options.arches = explainer->arches.all;
	explainer->hosts[0].judges.options.arch_count = explainer->arches.count;
	if (r == 0 && wants(given, "source"))
		return write_source(explainer);
	if (r == 0)
		r = load_for_host(explainer, &explainer->hosts[0]);
	if (r < 0)
		return r;
	explainer->host_count = 1;
	writing.profile = explainer->hosts[0].profile;
	if (given->lint)
		return explain_lint(&writing, explainer->err);
	if (!given->global.quiet)
		judges_warn_of_lint(&explainer->hosts[0].judges);
	if (wants(given, "oci"))
		return write_back(explainer);
	choose_arches(explainer);
	if (given->diff)
		return compare(explainer, &writing);
	r = collect(explainer);
	if (r < 0)
		return r;
	r = given->blocked ? explain_write_blocked(&writing, stdout)
			   : explain_write(&writing, stdout);
	return r < 0 ? reading_output_failed(r, explainer->err) : EXIT_FINE;
}

/* Without a release where first is NULL. */
static void put_profile(enum format format, const char *name, const char *first, const char *last)
{
	if (format == FORMAT_JSON)
		printf("{\"profile\":\"%s\",\"first\":%s%s%s,\"last\":%s%s%s}", name,
		       first ? "\"" : "", first ? first : "null", first ? "\"" : "",
		       first ? "\"" : "", first ? last : "null", first ? "\"" : "");
	else if (format == FORMAT_CSV)
		printf("%s,%s,%s\n", name, first ? first : "", first ? last : "");
	else if (!first)
		printf("%s\n", name);
	else if (strcmp(first, last) == 0)
		printf("%s\trelease %s\n", name, last);
	else
		printf("%s\treleases %s to %s\n", name, first, last);
}

/* The names, each with its newest release; then a name for all releases with the same rules. */
static int list_profiles(const struct explain_options *given)
{
	enum format format = format_from_name(given->global.format);
	struct str names = STR(PROFILE_NAMES), part;
	const char *between = format == FORMAT_JSON ? ",\n" : "";
	struct default_profile of;

	fputs(format == FORMAT_JSON  ? "[\n"
	      : format == FORMAT_CSV ? "profile,first,last\n"
				     : "",
	      stdout);
	while (str_next(&names, '|', &part)) {
		MEM_AUTO char *name = mem_copy(part);
		struct err ignored = ERR_INIT;
		bool has_release = default_is_name(part) && default_find(part, &of, &ignored) == 0;

		put_profile(format, name, has_release ? of.release : NULL, of.release);
		fputs(between, stdout);
	}
	for (size_t i = 0; default_at(i, &of); i++) {
		BUF_AUTO name = {0};

		buf_format(&name, "%s@%s", of.program, of.last);
		fputs(i ? between : "", stdout);
		put_profile(format, name.p, of.first, of.last);
	}
	fputs(format == FORMAT_JSON ? "\n]\n" : "", stdout);
	return EXIT_FINE;
}

static int check(const struct invocation *invocation, struct err *err)
{
	const struct explain_options *given = invocation->options;
	unsigned views = given->blocked + given->lint + (given->diff != NULL);

	if (given->list_profiles && (views || invocation->operand_count))
		return err_set(err, EINVAL, "--list-profiles takes no profile and no other view");
	if (invocation->operand_count == 0 && !given->list_profiles)
		return err_set(err, EINVAL,
			       "PROFILE is required: a file, or a name such as docker or "
			       "runtime-default");
	if (views > 1)
		return err_set(err, EINVAL, "--blocked, --diff and --lint cannot be combined");
	if ((given->lint || given->diff) && invocation->operand_count > 1)
		return err_set(err, EINVAL, "'%s': --%s takes no SYSCALL", invocation->operands[1],
			       given->lint ? "lint" : "diff");
	if ((wants(given, "oci") || wants(given, "source")) &&
	    (views || given->list_profiles || invocation->operand_count > 1))
		return err_set(err, EINVAL,
			       "--format %s cannot be combined with --blocked, --diff, --lint, "
			       "--list-profiles or SYSCALLs",
			       given->global.format);
	if (given->diff && strcmp(given->diff, "-") == 0 &&
	    strcmp(invocation->operands[0], "-") == 0)
		return err_set(
			err, EINVAL,
			"only one of the two profiles can be read from standard input (`-`)");
	return 0;
}

static int run(struct invocation *invocation, struct err *err)
{
	struct explainer explainer = {
		.invocation = invocation, .given = invocation->options, .err = err};

	if (explainer.given->list_profiles)
		return list_profiles(explainer.given);
	int r = acquire(&explainer, &explainer.hosts[0], invocation->operands[0]);
	if (r == 0 && explainer.given->diff)
		r = acquire(&explainer, &explainer.other, explainer.given->diff);
	if (r == 0)
		r = invocation_sandbox(invocation, err);
	if (r == 0)
		r = judges_look_up(&explainer.hosts[0].judges, err);
	if (r == 0)
		r = explain(&explainer);
	release(&explainer);
	return r;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "what a profile does with each syscall",
	.synopsis = "[OPTION...] PROFILE [SYSCALL...]",
	.examples =
		{
			{"sclog explain web.json mount clone3",
			 "what web.json does with these syscalls, and which rule decides"},
			{"sclog explain --blocked web.json",
			 "list the syscalls that web.json refuses"},
			{"sclog explain old.json --diff new.json",
			 "compare two profiles, call by call"},
		},
	.description =
		"Shows what the kernel would do with each SYSCALL under PROFILE, for all "
		"arguments, and which rule decides. A SYSCALL is a name, a pattern of names, "
		"a number or a range of numbers (0-600); without any, all syscalls with "
		"names are shown. Negative numbers must follow `--`. --format oci writes "
		"PROFILE as the OCI profile that it becomes for this container on this "
		"host.\nExit status: 0; 1 with --diff if the profiles differ, with --lint if "
		"there are warnings, with --format oci if OCI cannot express all of it; 2 on "
		"error.",
	.table = {rows, sizeof(rows) / sizeof(*rows)},
	.options_size = sizeof(struct explain_options),
	.sandbox = SANDBOX_READ,
	.help_more = syscalls_help,
	.check = check,
	.run = run,
};
