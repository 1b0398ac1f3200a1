#include "profile/document/resolve.h"

#include "base/mem.h"
#include "profile/document/releases.h"
#include "profile/document/spelling.h"
#include "profile/document/write.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The loaders' names of an architecture in includes.arches and excludes.arches, and the archMap
 * entry that they use on such a host (NULL: none; the filter then has only the native arch). moby
 * gets from GOARCH to these by two tables that do not match for loong64 and mipsle;
 * containers/common uses libseccomp-golang's names and knows seven archMap entries.
 */
static const struct host {
	uint32_t token;
	const char *docker_name, *docker_arch;
	const char *podman_name, *podman_arch;
} hosts[] = {
	{SCMP_ARCH_X86, "x86", "SCMP_ARCH_X86", "x86", NULL},
	{SCMP_ARCH_X86_64, "amd64", "SCMP_ARCH_X86_64", "amd64", "SCMP_ARCH_X86_64"},
	{SCMP_ARCH_ARM, "arm", "SCMP_ARCH_ARM", "arm", NULL},
	{SCMP_ARCH_AARCH64, "arm64", "SCMP_ARCH_AARCH64", "arm64", "SCMP_ARCH_AARCH64"},
#ifdef SCMP_ARCH_LOONGARCH64
	{SCMP_ARCH_LOONGARCH64, "loongarch64", NULL, "loong64", NULL},
#endif
	{SCMP_ARCH_MIPS, "", NULL, "mips", NULL},
	{SCMP_ARCH_MIPS64, "mips64", "SCMP_ARCH_MIPS64", "mips64", "SCMP_ARCH_MIPS64"},
	{SCMP_ARCH_MIPS64N32, "mips64n32", "SCMP_ARCH_MIPS64N32", "mips64n32",
	 "SCMP_ARCH_MIPS64N32"},
	{SCMP_ARCH_MIPSEL, "mipsel", NULL, "mipsel", NULL},
	{SCMP_ARCH_MIPSEL64, "mipsel64", "SCMP_ARCH_MIPSEL64", "mipsel64", "SCMP_ARCH_MIPSEL64"},
	{SCMP_ARCH_MIPSEL64N32, "mips3l64n32", "SCMP_ARCH_MIPSEL64N32", "mipsel64n32",
	 "SCMP_ARCH_MIPSEL64N32"},
	{SCMP_ARCH_PPC, "ppc", "SCMP_ARCH_PPC", "ppc", NULL},
	{SCMP_ARCH_PPC64, "ppc64", "SCMP_ARCH_PPC64", "ppc64", NULL},
	{SCMP_ARCH_PPC64LE, "ppc64le", "SCMP_ARCH_PPC64LE", "ppc64le", NULL},
	{SCMP_ARCH_RISCV64, "riscv64", "SCMP_ARCH_RISCV64", "riscv64", NULL},
	{SCMP_ARCH_S390, "s390", "SCMP_ARCH_S390", "s390", NULL},
	{SCMP_ARCH_S390X, "s390x", "SCMP_ARCH_S390X", "s390x", "SCMP_ARCH_S390X"},
};

#define HOSTS (sizeof(hosts) / sizeof(hosts[0]))

/* Rules of one syscall that compare three arguments by inequalities: see check_size(). */
#define TANGLED_MAX 4

struct resolver {
	const struct document *document;
	const struct profile_options *options;
	struct rules *rules;
	struct lints *lints;
	struct err *err;
	const char *host_name; /* in the loader's words; "" for none */
	const char *host_arch; /* archMap's entry, or NULL */
};

/* The host's name in the loader's words. */
static const char *name_of(const struct resolver *resolver, const struct host *host)
{
	return resolver->rules->loader == LOADER_PODMAN ? host->podman_name : host->docker_name;
}

/* --- lints and errors about a member; order: N + 1 for one of rule N, 0 for one of the profile */

static const char *place_of(const struct resolver *resolver, size_t order, const char *member,
			    char place[PLACE_SIZE])
{
	const char *prefix = resolver->document->prefix;

	if (order)
		snprintf(place, PLACE_SIZE, "%ssyscalls[%zu].%s", prefix, order - 1, member);
	else
		snprintf(place, PLACE_SIZE, "%s%s", prefix, member);
	return place;
}

static void lint(const struct resolver *resolver, enum lint_kind kind, size_t order,
		 const char *member, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void lint(const struct resolver *resolver, enum lint_kind kind, size_t order,
		 const char *member, const char *format, ...)
{
	char place[PLACE_SIZE], message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	lint_report(resolver->lints, kind, order, place_of(resolver, order, member, place), "%s",
		    message);
}

static int wrong(const struct resolver *resolver, size_t order, const char *member,
		 const char *what)
{
	char place[PLACE_SIZE];

	return err_set(resolver->err, EINVAL, "%s: %s", place_of(resolver, order, member, place),
		       what);
}

/* Two members of which the loader accepts only one. */
static int wrong_pair(const struct resolver *resolver, size_t order, const char *member,
		      const char *other)
{
	char what[160];

	snprintf(what, sizeof(what), "given together with '%s'; loader %s accepts only one of them",
		 other, loader_name(resolver->rules->loader));
	return wrong(resolver, order, member, what);
}

static void lint_ignored(const struct resolver *resolver, size_t order, const char *member,
			 const char *consequence)
{
	lint(resolver, LINT_IGNORED_BY_LOADER, order, member, "ignored by loader %s: %s",
	     loader_name(resolver->rules->loader), consequence);
}

/* --- arches */

static int resolve_arches(struct resolver *resolver)
{
	const struct document *document = resolver->document;
	struct rules *rules = resolver->rules;

	if (document->arch_map_count == 0 || rules->loader == LOADER_OCI) {
		if (document->arch_map_count)
			lint_ignored(resolver, 0, "archMap",
				     "only 'architectures' and the host's own architecture are in "
				     "the filter; programs of any other are killed");
		strings_add_all(&rules->arches, &document->architectures);
		return 0;
	}
	if (document->architectures.count)
		return wrong_pair(resolver, 0, "archMap", "architectures");
	for (size_t i = 0; resolver->host_arch && i < document->arch_map_count; i++) {
		const struct document_arch *entry = &document->arch_map[i];

		if (rules->from_arch_map || !entry->architecture ||
		    strcmp(entry->architecture, resolver->host_arch) != 0)
			continue;
		strings_add(&rules->arches, entry->architecture);
		strings_add_all(&rules->arches, &entry->subs);
		rules->from_arch_map = true;
	}
	return 0;
}

/* --- conditions */

/* Loaders compare the names exactly: only CAP_SYS_ADMIN fits, not sys_admin. */
static bool holds_cap(const struct resolver *resolver, const char *name)
{
	caps bit;

	if (strncmp(name, "CAP_", 4) != 0 ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(name))
		return false;
	return caps_from_name(str_from(name), &bit) && (resolver->options->caps & bit);
}

static bool kernel_at_least(const struct profile_options *options,
			    const struct document_filter *filter)
{
	return options->kernel_major != filter->kernel ? options->kernel_major > filter->kernel
						       : options->kernel_minor >= filter->major;
}

static bool is_excluded(const struct resolver *resolver, const struct document_filter *excludes)
{
	if (strings_has(&excludes->arches, resolver->host_name))
		return true;
	for (size_t i = 0; i < excludes->caps.count; i++)
		if (holds_cap(resolver, excludes->caps.all[i]))
			return true;
	return resolver->rules->loader == LOADER_DOCKER && excludes->has_min_kernel &&
	       kernel_at_least(resolver->options, excludes);
}

static bool is_included(const struct resolver *resolver, const struct document_filter *includes)
{
	if (includes->arches.count && !strings_has(&includes->arches, resolver->host_name))
		return false;
	for (size_t i = 0; i < includes->caps.count; i++)
		if (!holds_cap(resolver, includes->caps.all[i]))
			return false;
	return resolver->rules->loader != LOADER_DOCKER || !includes->has_min_kernel ||
	       kernel_at_least(resolver->options, includes);
}

static void lint_caps(const struct resolver *resolver, size_t order, const char *member,
		      const struct document_filter *filter)
{
	char quoted[QUOTED_SIZE];
	caps bit;

	for (size_t i = 0; i < filter->caps.count; i++) {
		const char *name = filter->caps.all[i];

		if (strncmp(name, "CAP_", 4) != 0 || !caps_from_name(str_from(name), &bit))
			lint(resolver, LINT_UNKNOWN_CAPABILITY, order, member,
			     "%s is not a capability (such as CAP_SYS_ADMIN), so no container has "
			     "it",
			     text_quote(name, quoted));
	}
}

/* includes.arches has only names that no host has, such as SCMP_ARCH_X86_64 instead of amd64. */
static void lint_arches(const struct resolver *resolver, size_t order, const struct strings *arches)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < HOSTS; i++)
		if (strings_has(arches, name_of(resolver, &hosts[i])))
			return;
	if (arches->count)
		lint(resolver, LINT_ARCH_NEVER_MATCHES, order, "includes.arches",
		     "%s is not a host architecture (such as amd64, arm64 or ppc64le), so the rule "
		     "never applies",
		     text_quote(arches->all[0], quoted));
}

/* If args test one argument twice, each becomes its own rule (runc, crun): an OR, not an AND. */
static void lint_args(const struct resolver *resolver, size_t order,
		      const struct document_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		unsigned bit = 1U << rule->args[i].index;

		if (rule->args[i].op != SCMP_CMP_NE)
			continue;
		if (seen & bit) {
			lint(resolver, LINT_SEVERAL_NOT_EQUAL, order, "args",
			     "several SCMP_CMP_NE for argument %u: each becomes a rule of its own, "
			     "so together they match every value",
			     rule->args[i].index);
			return;
		}
		seen |= bit;
	}
}

/* Members that the loader ignores, and values that have no effect. */
static void lint_rule(const struct resolver *resolver, size_t order,
		      const struct document_rule *rule)
{
	static const char always[] = "the rule applies always";
	const bool oci = resolver->rules->loader == LOADER_OCI;
	const bool podman = resolver->rules->loader == LOADER_PODMAN;
	const struct {
		bool ignored;
		const char *member, *consequence;
	} members[] = {
		{oci && rule->name, "name", "only 'names' is used"},
		{oci && rule->includes.present, "includes", always},
		{oci && rule->excludes.present, "excludes", always},
		{podman && rule->includes.has_min_kernel, "includes.minKernel",
		 "the rule applies on every kernel"},
		{podman && rule->excludes.has_min_kernel, "excludes.minKernel",
		 "no kernel excludes the rule"},
		{!podman && rule->errno_name, "errno",
		 rule->errno_ret.present ? "errnoRet counts"
					 : "the errno is EPERM without errnoRet"},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].ignored)
			lint_ignored(resolver, order, members[i].member, members[i].consequence);
	if (!oci) {
		lint_caps(resolver, order, "includes.caps", &rule->includes);
		lint_caps(resolver, order, "excludes.caps", &rule->excludes);
		lint_arches(resolver, order, &rule->includes.arches);
	}
	lint_args(resolver, order, rule);
}

/* --- actions */

/*
 * Adds the errno to the action. A number is cut to 16 bits, as libseccomp-golang's SetReturnCode
 * does; EPERM if none is given (runc's actErrno and actTrace, and crun's).
 */
static int complete_action(const struct resolver *resolver, uint32_t action, size_t order,
			   struct optional number, const char *name, uint32_t *ret_action)
{
	const char *member = order ? "errno" : "defaultErrno";
	char place[PLACE_SIZE];

	if (resolver->rules->loader == LOADER_PODMAN && name) {
		number.present = true;
		if (!spelling_read_errno(name, &number.value))
			return err_quoted(resolver->err, place_of(resolver, order, member, place),
					  "unknown errno", name);
	}
	if (action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0))
		action |= (uint32_t)(number.present ? number.value & 0xffff : EPERM);
	*ret_action = action;
	return 0;
}

/* Drops a number that the chosen release of Docker ignores; lints one that older releases ignore. */
static struct optional docker_errno(const struct resolver *resolver, size_t order,
				    const char *member, enum release_fact fact,
				    struct optional number)
{
	bool ignored = release_fact_holds(fact, &resolver->options->loader_version);

	if (resolver->rules->loader != LOADER_DOCKER || !number.present)
		return number;
	if (ignored)
		lint(resolver, LINT_IGNORED_BY_LOADER, order, member,
		     "ignored by Docker before %s: the errno is EPERM", release_fact_until(fact));
	else if (order == 0 && resolver->options->loader_version.count == 0)
		lint(resolver, LINT_ERRNO_BY_RELEASE, order, member,
		     "ignored by Docker before %s: the errno is EPERM there",
		     release_fact_until(fact));
	number.present = !ignored;
	return number;
}

/* --- rules */

static int add_rule(struct resolver *resolver, size_t at)
{
	const struct document_rule *from = &resolver->document->rules[at];
	struct rules *rules = resolver->rules;
	bool old_form = rules->loader != LOADER_OCI && !from->names.count;
	size_t count = old_form ? document_name_count(from) : from->names.count;
	struct optional number =
		docker_errno(resolver, at + 1, "errnoRet", DOCKER_NO_RULE_ERRNO, from->errno_ret);
	bool any_of = document_is_any_of(from);
	/* crun's array has room for six */
	size_t parts = !any_of ? 1
		       : resolver->options->runtime == RUNTIME_CRUN && from->arg_count > 6
			       ? 6
			       : from->arg_count;
	uint32_t action;
	int r = complete_action(resolver, from->action, at + 1, number, from->errno_name, &action);

	for (size_t i = 0; r == 0 && i < count * parts; i++) {
		const char *name = document_name(from, i / parts);

		if (!libseccomp_has(&resolver->options->libseccomp, name))
			continue;
		rules->all = mem_more(rules->all, rules->count, sizeof(*rules->all));
		rules->all[rules->count++] =
			(struct rule){.name = name,
				      .action = action,
				      .args = any_of ? &from->args[i % parts] : from->args,
				      .arg_count = any_of ? 1 : from->arg_count,
				      .document_rule = at,
				      .document_name = i / parts};
	}
	return r;
}

/*
 * moby checks the names of a rule before its conditions, containers/common after them. crun's parser
 * (libocispec) insists on members that the runtime spec requires; runc does not.
 */
static int resolve_rule(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	enum loader loader = resolver->rules->loader;
	bool both = loader != LOADER_OCI && rule->name && rule->names.count;

	if (loader == LOADER_OCI && resolver->options->runtime == RUNTIME_CRUN &&
	    !rule->names.count && rule->name)
		return wrong(resolver, at + 1, "names",
			     "missing: crun refuses a rule without it, so the container would not "
			     "start");
	lint_rule(resolver, at + 1, rule);
	if (both && loader == LOADER_DOCKER)
		return wrong_pair(resolver, at + 1, "name", "names");
	if (loader != LOADER_OCI &&
	    (is_excluded(resolver, &rule->excludes) || !is_included(resolver, &rule->includes)))
		return 0;
	return both ? wrong_pair(resolver, at + 1, "name", "names") : add_rule(resolver, at);
}

static int resolve_default(struct resolver *resolver)
{
	const struct document *document = resolver->document;
	char place[PLACE_SIZE];
	uint32_t action;

	if (!document->default_action)
		return wrong(resolver, 0, "defaultAction", "missing");
	if (!spelling_read_action(document->default_action, &action))
		return err_quoted(resolver->err, place_of(resolver, 0, "defaultAction", place),
				  "unknown action", document->default_action);
	if (action == SCMP_ACT_NOTIFY)
		return wrong(resolver, 0, "defaultAction",
			     "no runtime accepts SCMP_ACT_NOTIFY as the default action");
	struct optional number = docker_errno(resolver, 0, "defaultErrnoRet",
					      DOCKER_NO_DEFAULT_ERRNO, document->default_errno_ret);

	if (resolver->rules->loader != LOADER_PODMAN && document->default_errno)
		lint_ignored(resolver, 0, "defaultErrno",
			     document->default_errno_ret.present
				     ? "defaultErrnoRet counts"
				     : "the errno is EPERM without defaultErrnoRet");
	return complete_action(resolver, action, 0, number, document->default_errno,
			       &resolver->rules->default_action);
}

static void resolve_flags(struct resolver *resolver)
{
	enum loader loader = resolver->rules->loader;
	enum release_fact fact = loader == LOADER_DOCKER ? DOCKER_NO_FLAGS : PODMAN_NO_FLAGS;

	resolver->rules->flags = resolver->document->flags;
	if (loader == LOADER_OCI || resolver->document->flags.count == 0 ||
	    !release_fact_holds(fact, &resolver->options->loader_version))
		return;
	lint(resolver, LINT_IGNORED_BY_LOADER, 0, "flags", "ignored by %s before %s",
	     loader == LOADER_DOCKER ? "Docker" : "Podman", release_fact_until(fact));
	resolver->rules->flags.count = 0;
}

/* At least three inequalities. */
static bool is_tangled(const struct rule *rule)
{
	size_t count = 0;

	for (size_t i = 0; i < rule->arg_count; i++)
		count += rule->args[i].op != SCMP_CMP_EQ && rule->args[i].op != SCMP_CMP_MASKED_EQ;
	return count >= 3;
}

/*
 * Refuses rules that libseccomp would take too long to build, here and in the runtime. Each condition needs
 * at least one instruction, and a filter may have BPF_MAXINSNS; ten thousand take a minute. For tangled
 * rules of one syscall libseccomp (2.5.4) builds a tree that grows with the product of their branches: five
 * take minutes, six take hours.
 */
static int check_size(const struct resolver *resolver)
{
	const struct rules *rules = resolver->rules;
	char place[PLACE_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];
		size_t tangled = 0;

		count += rule->arg_count;
		for (size_t k = 0; is_tangled(rule) && k <= i; k++)
			tangled += is_tangled(&rules->all[k]) &&
				   strcmp(rules->all[k].name, rule->name) == 0;
		document_rule_place(rules->document, rule->document_rule, place);
		if (count > BPF_MAXINSNS)
			return err_set(
				resolver->err, E2BIG,
				"%s: more than %d conditions up to here: the kernel takes that many "
				"instructions in a filter, so the container would not start",
				place, BPF_MAXINSNS);
		if (tangled > TANGLED_MAX)
			return err_set(
				resolver->err, E2BIG,
				"%s: more than %d rules for %s compare three arguments or more by"
				" inequalities: libseccomp would take hours, so the container would"
				" not start",
				place, TANGLED_MAX, rule->name);
	}
	return 0;
}

/* Whether a privileged container runs without the profile that it was given. */
static bool is_unfiltered(const struct resolver *resolver)
{
	const struct version *version = &resolver->options->loader_version;
	const char *place = "HostConfig.Privileged";
	const char *until = release_fact_until(DOCKER_PRIVILEGED_UNFILTERED);
	bool unfiltered = release_fact_holds(DOCKER_PRIVILEGED_UNFILTERED, version);

	if (!resolver->document->privileged || resolver->rules->loader != LOADER_DOCKER)
		return false;
	if (unfiltered)
		lint_report(resolver->lints, LINT_PRIVILEGED, 0, place,
			    "Docker before %s applies no profile to a privileged container: this "
			    "container runs without a filter",
			    until);
	else if (version->count == 0)
		lint_report(
			resolver->lints, LINT_PRIVILEGED, 0, place,
			"Docker %s and later, and Podman, apply the profile; Docker before that "
			"runs a privileged container without a filter (check that with --loader "
			"docker@26)",
			until);
	return unfiltered;
}

/* Without a default action and rules seccomp is off; with crun that is an error. */
static int resolve_empty(struct resolver *resolver)
{
	if (resolver->document->profile && resolver->rules->loader == LOADER_OCI &&
	    resolver->options->runtime == RUNTIME_CRUN)
		return wrong(resolver, 0, "defaultAction",
			     "missing: crun refuses a profile without it, so the container would "
			     "not start");
	lint_report(resolver->lints, LINT_NO_FILTER, 0, "defaultAction",
		    "no default action and no rules: seccomp is off, everything is allowed");
	resolver->rules->off = true;
	return 0;
}

int rules_resolve(const struct document *document, const struct profile_options *options,
		  struct rules *rules, struct lints *lints, struct err *err)
{
	static const enum loader loaders[] = {
		[SHAPE_OCI] = LOADER_OCI,
		[SHAPE_DOCKER] = LOADER_DOCKER,
		[SHAPE_PODMAN] = LOADER_PODMAN,
		[SHAPE_SPO] = LOADER_OCI, /* a Localhost profile */
	};
	struct resolver resolver = {document, options, rules, lints, err, NULL, NULL};
	int r;

	*rules = (struct rules){.document = document, .loader = options->loader};
	if (rules->loader == LOADER_AUTO)
		rules->loader = loaders[document->shape];
	rules->off = is_unfiltered(&resolver);
	if (rules->off)
		return 0;
	if (document->faults[rules->loader][0])
		return err_set(err, EINVAL, "%s", document->faults[rules->loader]);
	if (!document->default_action && !document->rule_count)
		return resolve_empty(&resolver);
	resolver.host_name = "";
	for (size_t i = 0; i < HOSTS; i++)
		if (hosts[i].token == options->arch) {
			resolver.host_name = name_of(&resolver, &hosts[i]);
			resolver.host_arch = rules->loader == LOADER_PODMAN ? hosts[i].podman_arch
									    : hosts[i].docker_arch;
		}
	resolve_flags(&resolver);
	r = resolve_default(&resolver);
	if (r == 0)
		r = resolve_arches(&resolver);
	for (size_t i = 0; r == 0 && i < document->rule_count; i++)
		r = resolve_rule(&resolver, i);
	return r < 0 ? r : check_size(&resolver);
}

void rules_release(struct rules *rules)
{
	free(rules->arches.all);
	free(rules->all);
	*rules = (struct rules){0};
}
