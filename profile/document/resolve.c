#include "profile/document/resolve.h"

#include "base/mem.h"
#include "profile/document/releases.h"
#include "profile/document/spelling.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What loaders call an architecture in includes.arches and excludes.arches, and which archMap
 * entry they take on it (NULL: none, only the native arch is then in the filter). moby goes
 * from GOARCH through two tables that do not meet for loong64 and mipsle; containers/common
 * uses libseccomp-golang's names and knows seven archMap entries.
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

/* Rules of one syscall that compare three arguments by inequalities: see check_tangled(). */
#define TANGLED_MAX 4

struct resolver {
	const struct document *document;
	const struct profile_options *options;
	struct rules *rules;
	struct lints *lints;
	struct err *err;
	const char *host_name; /* as the loader calls it; "" for none */
	const char *host_arch; /* archMap's entry, or NULL */
};

static enum loader loader_of_shape(enum shape shape)
{
	static const enum loader loaders[] = {
		[SHAPE_OCI] = LOADER_OCI,
		[SHAPE_DOCKER] = LOADER_DOCKER,
		[SHAPE_PODMAN] = LOADER_PODMAN,
		[SHAPE_SPO] = LOADER_OCI, /* a Localhost profile */
	};

	return loaders[shape];
}

static void resolver_host(struct resolver *resolver)
{
	bool podman = resolver->rules->loader == LOADER_PODMAN;

	resolver->host_name = "";
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (hosts[i].token != resolver->options->arch)
			continue;
		resolver->host_name = podman ? hosts[i].podman_name : hosts[i].docker_name;
		resolver->host_arch = podman ? hosts[i].podman_arch : hosts[i].docker_arch;
	}
}

static void top_place(const struct resolver *resolver, const char *member, char place[PLACE_SIZE])
{
	snprintf(place, PLACE_SIZE, "%s%s", resolver->document->prefix, member);
}

static void rule_place(const struct resolver *resolver, size_t rule, const char *member,
		       char place[PLACE_SIZE])
{
	snprintf(place, PLACE_SIZE, "%ssyscalls[%zu].%s", resolver->document->prefix, rule, member);
}

/* A member of a rule that the loader passes over. */
static void lint_ignored(struct resolver *resolver, size_t rule, const char *member,
			 const char *consequence)
{
	char place[PLACE_SIZE];

	rule_place(resolver, rule, member, place);
	lint_report(resolver->lints, LINT_IGNORED_BY_LOADER, rule + 1, place,
		    "ignored by loader %s: %s", loader_name(resolver->rules->loader), consequence);
}

static int arches_from_map(struct resolver *resolver)
{
	const struct document *document = resolver->document;
	struct strings *arches = &resolver->rules->arches;

	for (size_t i = 0; i < document->arch_map_count; i++) {
		const struct document_arch *entry = &document->arch_map[i];

		if (!resolver->host_arch || !entry->architecture ||
		    strcmp(entry->architecture, resolver->host_arch) != 0)
			continue;
		arches->all = mem_new(entry->subs.count + 1, sizeof(*arches->all));
		arches->all[arches->count++] = entry->architecture;
		for (size_t j = 0; j < entry->subs.count; j++)
			arches->all[arches->count++] = entry->subs.all[j];
		resolver->rules->from_arch_map = true;
		break;
	}
	return 0;
}

static int resolve_arches(struct resolver *resolver)
{
	const struct document *document = resolver->document;
	struct strings *arches = &resolver->rules->arches;
	char place[PLACE_SIZE];

	top_place(resolver, "archMap", place);
	if (resolver->rules->loader == LOADER_OCI && document->arch_map_count)
		lint_report(resolver->lints, LINT_IGNORED_BY_LOADER, 0, place,
			    "ignored by loader oci: only 'architectures' and the host's own "
			    "architecture are in the filter; programs of any other are killed");
	else if (document->arch_map_count && document->architectures.count)
		return err_set(resolver->err, EINVAL,
			       "%s: given together with 'architectures'; loader %s accepts only "
			       "one of them",
			       place, loader_name(resolver->rules->loader));
	else if (document->arch_map_count)
		return arches_from_map(resolver);
	if (!document->architectures.count)
		return 0;
	arches->count = document->architectures.count;
	arches->all = mem_new(arches->count, sizeof(*arches->all));
	memcpy(arches->all, document->architectures.all, arches->count * sizeof(*arches->all));
	return 0;
}

static bool contains(const struct strings *strings, const char *name)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (strcmp(strings->all[i], name) == 0)
			return true;
	}
	return false;
}

/* Loaders compare with the bounding set's names letter by letter: CAP_SYS_ADMIN, nothing else. */
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
	if (options->kernel_major != filter->kernel)
		return options->kernel_major > filter->kernel;
	return options->kernel_minor >= filter->major;
}

static bool is_excluded(const struct resolver *resolver, const struct document_filter *excludes)
{
	if (contains(&excludes->arches, resolver->host_name))
		return true;
	for (size_t i = 0; i < excludes->caps.count; i++) {
		if (holds_cap(resolver, excludes->caps.all[i]))
			return true;
	}
	return resolver->rules->loader == LOADER_DOCKER && excludes->has_min_kernel &&
	       kernel_at_least(resolver->options, excludes);
}

static bool is_included(const struct resolver *resolver, const struct document_filter *includes)
{
	if (includes->arches.count && !contains(&includes->arches, resolver->host_name))
		return false;
	for (size_t i = 0; i < includes->caps.count; i++) {
		if (!holds_cap(resolver, includes->caps.all[i]))
			return false;
	}
	return resolver->rules->loader != LOADER_DOCKER || !includes->has_min_kernel ||
	       kernel_at_least(resolver->options, includes);
}

static void lint_caps(struct resolver *resolver, size_t at, const char *member,
		      const struct document_filter *filter)
{
	char where[PLACE_SIZE], quoted[QUOTED_SIZE];
	caps bit;

	for (size_t i = 0; i < filter->caps.count; i++) {
		const char *name = filter->caps.all[i];

		if (strncmp(name, "CAP_", 4) == 0 && caps_from_name(str_from(name), &bit))
			continue;
		rule_place(resolver, at, member, where);
		lint_report(
			resolver->lints, LINT_UNKNOWN_CAPABILITY, at + 1, where,
			"%s is not a capability (such as CAP_SYS_ADMIN), so no container has it",
			text_quote(name, quoted));
	}
}

static bool is_host_name(const struct resolver *resolver, const char *name)
{
	bool podman = resolver->rules->loader == LOADER_PODMAN;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strcmp(podman ? hosts[i].podman_name : hosts[i].docker_name, name) == 0)
			return true;
	return false;
}

/* includes.arches holds names that no host has: SCMP_ARCH_X86_64 in place of amd64. */
static void lint_arches(struct resolver *resolver, size_t at)
{
	const struct strings *arches = &resolver->document->rules[at].includes.arches;
	char where[PLACE_SIZE], quoted[QUOTED_SIZE];

	for (size_t i = 0; i < arches->count; i++)
		if (is_host_name(resolver, arches->all[i]))
			return;
	if (!arches->count)
		return;
	rule_place(resolver, at, "includes.arches", where);
	lint_report(resolver->lints, LINT_ARCH_NEVER_MATCHES, at + 1, where,
		    "%s is not a host architecture (such as amd64, arm64 or ppc64le), so the "
		    "rule never applies",
		    text_quote(arches->all[0], quoted));
}

/* Args that test one argument twice become one rule each (runc, crun): an OR, not an AND. */
static void lint_args(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	unsigned seen = 0;
	char where[PLACE_SIZE];

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (rule->args[i].op != SCMP_CMP_NE)
			continue;
		if (seen & 1U << rule->args[i].index) {
			rule_place(resolver, at, "args", where);
			lint_report(
				resolver->lints, LINT_SEVERAL_NOT_EQUAL, at + 1, where,
				"several SCMP_CMP_NE for argument %u: each becomes a rule of its "
				"own, so together they match every value",
				rule->args[i].index);
			return;
		}
		seen |= 1U << rule->args[i].index;
	}
}

/* What of a rule the loader passes over. */
static void lint_rule(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	enum loader loader = resolver->rules->loader;

	if (loader == LOADER_OCI) {
		const char *always = "the rule applies always";

		if (rule->name)
			lint_ignored(resolver, at, "name", "only 'names' is used");
		if (rule->includes.present)
			lint_ignored(resolver, at, "includes", always);
		if (rule->excludes.present)
			lint_ignored(resolver, at, "excludes", always);
	} else {
		lint_caps(resolver, at, "includes.caps", &rule->includes);
		lint_caps(resolver, at, "excludes.caps", &rule->excludes);
		lint_arches(resolver, at);
	}
	lint_args(resolver, at);
	if (loader == LOADER_PODMAN && rule->includes.has_min_kernel)
		lint_ignored(resolver, at, "includes.minKernel",
			     "the rule applies on every kernel");
	if (loader == LOADER_PODMAN && rule->excludes.has_min_kernel)
		lint_ignored(resolver, at, "excludes.minKernel", "no kernel excludes the rule");
	if (loader != LOADER_PODMAN && rule->errno_name)
		lint_ignored(resolver, at, "errno",
			     rule->errno_ret.present ? "errnoRet counts"
						     : "the errno is EPERM without errnoRet");
}

/* ENOTSUP is EOPNOTSUPP's second name, so the C library gives the other. */
bool errno_from_name(const char *name, uint64_t *ret_number)
{
	char *end;

	if (name[0] >= '0' && name[0] <= '9') {
		errno = 0;
		*ret_number = strtoull(name, &end, 10);
		return errno == 0 && !*end && *ret_number <= UINT32_MAX;
	}
	if (strcmp(name, "ENOTSUP") == 0)
		name = "EOPNOTSUPP";
	for (int i = 1; i < 4096; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0) {
			*ret_number = (uint64_t)i;
			return true;
		}
	}
	return false;
}

/*
 * The action with its errno. A number is cut to 16 bits, as libseccomp-golang's SetReturnCode
 * does; EPERM where none is given (runc's actErrno and actTrace, crun's too).
 */
static int complete_action(struct resolver *resolver, uint32_t action, struct optional number,
			   const char *name, const char *place, uint32_t *ret_action)
{
	if (resolver->rules->loader == LOADER_PODMAN && name) {
		number.present = true;
		if (!errno_from_name(name, &number.value))
			return err_quoted(resolver->err, place, "unknown errno", name);
	}
	if (action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0))
		action |= (uint32_t)(number.present ? number.value & 0xffff : EPERM);
	*ret_action = action;
	return 0;
}

/* A number that older releases of Docker pass over, and so does the chosen one if it is older. */
static void lint_errno(struct resolver *resolver, size_t order, const char *place,
		       enum release_fact fact, struct optional *number)
{
	if (release_fact_holds(fact, &resolver->options->loader_version)) {
		lint_report(resolver->lints, LINT_IGNORED_BY_LOADER, order, place,
			    "ignored by Docker before %s: the errno is EPERM",
			    release_fact_until(fact));
		number->present = false;
	} else if (resolver->options->loader_version.count == 0) {
		lint_report(resolver->lints, LINT_ERRNO_BY_RELEASE, order, place,
			    "ignored by Docker before %s: the errno is EPERM there",
			    release_fact_until(fact));
	}
}

static int both_names(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	char place[PLACE_SIZE];

	if (!rule->name || !rule->names.count)
		return 0;
	rule_place(resolver, at, "name", place);
	return err_set(resolver->err, EINVAL,
		       "%s: given together with 'names'; loader %s accepts only one of them", place,
		       loader_name(resolver->rules->loader));
}

static int add_rule(struct resolver *resolver, size_t at)
{
	const struct document_rule *from = &resolver->document->rules[at];
	struct rules *rules = resolver->rules;
	bool old_form = !from->names.count && from->name && rules->loader != LOADER_OCI;
	const struct strings names = old_form ? (struct strings){NULL, 1} : from->names;
	char place[PLACE_SIZE];
	uint32_t action;

	struct optional errno_ret = from->errno_ret;

	rule_place(resolver, at, "errnoRet", place);
	if (rules->loader == LOADER_DOCKER && errno_ret.present &&
	    release_fact_holds(DOCKER_NO_RULE_ERRNO, &resolver->options->loader_version))
		lint_errno(resolver, at + 1, place, DOCKER_NO_RULE_ERRNO, &errno_ret);
	rule_place(resolver, at, "errno", place);
	int r = complete_action(resolver, from->action, errno_ret, from->errno_name, place,
				&action);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		const char *name = old_form ? from->name : names.all[i];

		if (!libseccomp_has(&resolver->options->libseccomp, name))
			continue;
		rules->all[rules->count++] = (struct rule){
			.name = name,
			.action = action,
			.args = from->args,
			.arg_count = from->arg_count,
			.document_rule = at,
			.document_name = i,
		};
	}
	return r;
}

/* crun's parser (libocispec) wants what the runtime spec calls required; runc passes over it. */
static int check_names(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	char place[PLACE_SIZE];

	if (resolver->rules->loader != LOADER_OCI || resolver->options->runtime != RUNTIME_CRUN ||
	    rule->names.count || !rule->name)
		return 0;
	rule_place(resolver, at, "names", place);
	return err_set(resolver->err, EINVAL,
		       "%s: missing: crun refuses a rule without it, so the container would not"
		       " start",
		       place);
}

/* moby looks at names before it drops a rule, containers/common after. */
static int resolve_rule(struct resolver *resolver, size_t at)
{
	const struct document_rule *rule = &resolver->document->rules[at];
	enum loader loader = resolver->rules->loader;
	int r = check_names(resolver, at);

	if (r < 0)
		return r;
	lint_rule(resolver, at);
	if (loader == LOADER_DOCKER)
		r = both_names(resolver, at);
	if (r < 0)
		return r;
	if (loader != LOADER_OCI &&
	    (is_excluded(resolver, &rule->excludes) || !is_included(resolver, &rule->includes)))
		return 0;
	if (loader == LOADER_PODMAN)
		r = both_names(resolver, at);
	return r < 0 ? r : add_rule(resolver, at);
}

static int resolve_default(struct resolver *resolver)
{
	const struct document *document = resolver->document;
	char place[PLACE_SIZE];
	uint32_t action;

	top_place(resolver, "defaultAction", place);
	if (!document->default_action)
		return err_set(resolver->err, EINVAL, "%s: missing", place);
	if (!spelling_read_action(document->default_action, &action))
		return err_quoted(resolver->err, place, "unknown action", document->default_action);
	if (action == SCMP_ACT_NOTIFY)
		return err_set(resolver->err, EINVAL,
			       "%s: no runtime accepts SCMP_ACT_NOTIFY as the default action",
			       place);
	top_place(resolver, "defaultErrnoRet", place);
	struct optional errno_ret = document->default_errno_ret;

	if (resolver->rules->loader == LOADER_DOCKER && errno_ret.present)
		lint_errno(resolver, 0, place, DOCKER_NO_DEFAULT_ERRNO, &errno_ret);
	top_place(resolver, "defaultErrno", place);
	if (resolver->rules->loader != LOADER_PODMAN && document->default_errno)
		lint_report(resolver->lints, LINT_IGNORED_BY_LOADER, 0, place,
			    "ignored by loader %s: %s", loader_name(resolver->rules->loader),
			    document->default_errno_ret.present
				    ? "defaultErrnoRet counts"
				    : "the errno is EPERM without defaultErrnoRet");
	return complete_action(resolver, action, errno_ret, document->default_errno, place,
			       &resolver->rules->default_action);
}

static void resolve_flags(struct resolver *resolver)
{
	enum loader loader = resolver->rules->loader;
	enum release_fact fact = loader == LOADER_DOCKER ? DOCKER_NO_FLAGS : PODMAN_NO_FLAGS;
	char place[PLACE_SIZE];

	resolver->rules->flags = resolver->document->flags;
	if (loader == LOADER_OCI || resolver->document->flags.count == 0 ||
	    !release_fact_holds(fact, &resolver->options->loader_version))
		return;
	top_place(resolver, "flags", place);
	lint_report(resolver->lints, LINT_IGNORED_BY_LOADER, 0, place, "ignored by %s before %s",
		    loader == LOADER_DOCKER ? "Docker" : "Podman", release_fact_until(fact));
	resolver->rules->flags.count = 0;
}

static size_t count_names(const struct document *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->rule_count; i++)
		count += document->rules[i].names.count + 1;
	return count;
}

/*
 * Every one takes an instruction at least, and a filter has BPF_MAXINSNS of them. Asked before
 * libseccomp is, which takes a minute for ten thousand.
 */
static int check_conditional(struct resolver *resolver)
{
	const struct rules *rules = resolver->rules;
	char place[PLACE_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++) {
		count += rules->all[i].arg_count;
		if (count <= BPF_MAXINSNS)
			continue;
		document_rule_place(rules->document, rules->all[i].document_rule, place);
		return err_set(resolver->err, E2BIG,
			       "%s: more than %d conditions up to here: the kernel takes that many "
			       "instructions in a filter, so the container would not start",
			       place, BPF_MAXINSNS);
	}
	return 0;
}

/* At least three arguments, all of which are compared by an inequality. */
static bool is_tangled(const struct rule *rule)
{
	size_t count = 0;

	for (size_t i = 0; i < rule->arg_count; i++)
		count += rule->args[i].op != SCMP_CMP_EQ && rule->args[i].op != SCMP_CMP_MASKED_EQ;
	return count >= 3;
}

/*
 * Of such rules for one syscall libseccomp (2.5.4) makes a tree that grows with the product of
 * their branches: five take minutes, six hours. Whoever starts the container would wait as well.
 */
static int check_tangled(struct resolver *resolver)
{
	const struct rules *rules = resolver->rules;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < rules->count; i++) {
		size_t same = 0;

		for (size_t k = 0; is_tangled(&rules->all[i]) && k <= i; k++)
			same += is_tangled(&rules->all[k]) &&
				strcmp(rules->all[k].name, rules->all[i].name) == 0;
		if (same <= TANGLED_MAX)
			continue;
		document_rule_place(rules->document, rules->all[i].document_rule, place);
		return err_set(resolver->err, E2BIG,
			       "%s: more than %d rules for %s compare three arguments or more by"
			       " inequalities: libseccomp would take hours, so the container would"
			       " not start",
			       place, TANGLED_MAX, rules->all[i].name);
	}
	return 0;
}

/* A privileged container that was given a profile. */
static bool is_unfiltered(struct resolver *resolver)
{
	const struct version *version = &resolver->options->loader_version;
	const char *place = "HostConfig.Privileged";
	const char *until = release_fact_until(DOCKER_PRIVILEGED_UNFILTERED);

	if (resolver->rules->loader != LOADER_DOCKER)
		return false;
	if (release_fact_holds(DOCKER_PRIVILEGED_UNFILTERED, version)) {
		lint_report(resolver->lints, LINT_PRIVILEGED, 0, place,
			    "Docker before %s applies no profile to a privileged container: this "
			    "container runs without a filter",
			    until);
		return true;
	}
	if (version->count == 0)
		lint_report(
			resolver->lints, LINT_PRIVILEGED, 0, place,
			"Docker %s and later, and Podman, apply the profile; Docker before that "
			"runs a privileged container without a filter (check that with --loader "
			"docker@26)",
			until);
	return false;
}

int rules_resolve(const struct document *document, const struct profile_options *options,
		  struct rules *rules, struct lints *lints, struct err *err)
{
	struct resolver resolver = {.document = document,
				    .options = options,
				    .rules = rules,
				    .lints = lints,
				    .err = err};
	int r;

	*rules = (struct rules){.document = document, .loader = options->loader};
	if (rules->loader == LOADER_AUTO)
		rules->loader = loader_of_shape(document->shape);
	if (document->privileged && is_unfiltered(&resolver)) {
		rules->off = true;
		return 0;
	}
	if (document->faults[rules->loader][0])
		return err_set(err, EINVAL, "%s", document->faults[rules->loader]);
	if (!document->default_action && !document->rule_count && document->profile &&
	    rules->loader == LOADER_OCI && options->runtime == RUNTIME_CRUN)
		return err_set(
			err, EINVAL,
			"%sdefaultAction: missing: crun refuses a profile without it, so the "
			"container would not start",
			document->prefix);
	if (!document->default_action && !document->rule_count) {
		lint_report(
			lints, LINT_NO_FILTER, 0, "defaultAction",
			"no default action and no rules: seccomp is off, everything is allowed");
		rules->off = true;
		return 0;
	}
	resolver_host(&resolver);
	resolve_flags(&resolver);
	rules->all = mem_new(count_names(document), sizeof(*rules->all));
	r = resolve_default(&resolver);
	if (r == 0)
		r = resolve_arches(&resolver);
	for (size_t i = 0; r == 0 && i < document->rule_count; i++)
		r = resolve_rule(&resolver, i);
	if (r == 0)
		r = check_conditional(&resolver);
	return r < 0 ? r : check_tangled(&resolver);
}

void rules_release(struct rules *rules)
{
	free(rules->arches.all);
	free(rules->all);
	*rules = (struct rules){0};
}
