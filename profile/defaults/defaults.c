#include "profile/defaults/defaults.h"

#include "profile/defaults/table.h"
#include "profile/document/version.h"

#include <errno.h>
#include <stdio.h>

/* Columns that names of a rule may fill. */
#define NAMES_COLUMNS 92

/* archMap of all three programs; what has no sub-arches came later. */
static const struct {
	const char *arch;
	const char *subs[2];
} arch_map[] = {
	{"X86_64", {"X86", "X32"}},
	{"AARCH64", {"ARM"}},
	{"MIPS64", {"MIPS", "MIPS64N32"}},
	{"MIPS64N32", {"MIPS", "MIPS64"}},
	{"MIPSEL64", {"MIPSEL", "MIPSEL64N32"}},
	{"MIPSEL64N32", {"MIPSEL", "MIPSEL64"}},
	{"S390X", {"S390"}},
};

/* --- which one */

static const struct default_program *find_program(struct str name)
{
	struct str program = str_of(name.p, str_chr(name, '@'));

	for (size_t i = 0; i < default_program_count; i++)
		if (str_eq(str_from(default_programs[i].name), program))
			return &default_programs[i];
	return NULL;
}

bool default_is_name(struct str name)
{
	return find_program(name) != NULL;
}

static struct default_profile profile_of(const struct default_program *program,
					 const struct default_releases *releases)
{
	struct default_profile profile = {
		.program = program->name,
		.first = releases->first,
		.last = releases->last,
		.loader = program->loader,
		.is_of_loader =
			str_eq(str_from(program->name), str_from(loader_name(program->loader))),
		.set = releases->set,
		.of = program,
	};

	snprintf(profile.release, sizeof(profile.release), "%s", releases->last);
	return profile;
}

bool default_at(size_t i, struct default_profile *ret_profile)
{
	for (size_t k = 0; k < default_program_count; k++) {
		const struct default_program *program = &default_programs[k];

		if (i < program->count) {
			*ret_profile = profile_of(program, &program->releases[i]);
			return true;
		}
		i -= program->count;
	}
	return false;
}

/* Whether both are of one line: Docker 28, containerd 1.7. */
static bool same_line(const struct default_program *program, const char *a, const char *b)
{
	struct version version = {.count = 0};

	version_parse(str_from(a), &version);
	version.count = program->line;
	return version_matches(&version, b);
}

static void put_known(const struct default_program *program, struct buf *text)
{
	const struct default_releases *all = program->releases;

	for (size_t i = 0, end; i < program->count; i = end + 1) {
		for (end = i; end + 1 < program->count &&
			      same_line(program, all[end].last, all[end + 1].first);)
			end++;
		buf_format(text, "%s%s to %s", i ? ", " : "", all[i].first, all[end].last);
	}
}

static int unknown_release(const struct default_program *program, struct str release,
			   struct err *err)
{
	BUF_AUTO known = {0};

	put_known(program, &known);
	return err_set(err, ENOENT, "unknown release '%.*s' of %s; known are %s",
		       (int)(release.n < 40 ? release.n : 40), release.p, program->name, known.p);
}

/* The newest of the releases that the version stands for. */
static const struct default_releases *find_releases(const struct default_program *program,
						    const struct version *version)
{
	for (size_t i = program->count; i-- > 0;) {
		const struct default_releases *releases = &program->releases[i];
		struct version last;

		version_parse(str_from(releases->last), &last);
		if (version_matches(version, releases->last) ||
		    (version_at_least(version, releases->first) &&
		     version_compare(version, &last) <= 0))
			return releases;
	}
	return NULL;
}

int default_find(struct str name, struct default_profile *ret_profile, struct err *err)
{
	const struct default_program *program = find_program(name);
	size_t at = str_chr(name, '@');
	const struct default_releases *releases = NULL;
	struct version version = {.count = 0};

	if (!program)
		return err_set(err, ENOENT, "no default profile of that name is known");
	if (at == name.n)
		releases = &program->releases[program->count - 1];
	else if (version_parse(str_skip(name, at + 1), &version))
		releases = find_releases(program, &version);
	if (!releases)
		return unknown_release(program, str_skip(name, at < name.n ? at + 1 : at), err);
	*ret_profile = profile_of(program, releases);
	if (!version_matches(&version, releases->last))
		snprintf(ret_profile->release, sizeof(ret_profile->release), "%.*s",
			 (int)(name.n - at - 1), name.p + at + 1);
	return 0;
}

/* --- the document */

static bool is_in(const char *sets, char set)
{
	return sets && (sets[0] == '*' || strchr(sets, set));
}

static bool is_of(const struct default_profile *profile, const struct default_rule *rule)
{
	const char *const sets[DEFAULT_FAMILIES] = {
		[DEFAULT_DOCKER] = rule->docker,
		[DEFAULT_CONTAINERD] = rule->containerd,
		[DEFAULT_PODMAN] = rule->podman,
	};

	return is_in(sets[profile->of->family], profile->set);
}

/* "a b" as "PREFIXa", "PREFIXb", in lines. */
static void put_list(struct buf *text, const char *list, const char *prefix, size_t columns)
{
	struct str left = str_from(list);
	size_t column = 0;

	while (left.n) {
		struct str word = str_of(left.p, str_chr(left, ' '));

		left = str_skip(left, word.n < left.n ? word.n + 1 : word.n);
		if (column == 0 || column + word.n + 4 > columns) {
			buf_put_str(text, columns ? STR("\n\t\t\t\t") : STR(""));
			column = 24;
		}
		column += word.n + 4;
		buf_format(text, "\"%s%.*s\"%s", prefix, (int)word.n, word.p, left.n ? ", " : "");
	}
}

static void put_arch(struct buf *text, const char *arch, const char *const subs[2], bool last)
{
	buf_format(text, "\t\t{\"architecture\": \"SCMP_ARCH_%s\", \"subArchitectures\": [", arch);
	for (size_t i = 0; subs && i < 2 && subs[i]; i++)
		buf_format(text, "%s\"SCMP_ARCH_%s\"", i ? ", " : "", subs[i]);
	buf_format(text, "]}%s\n", last ? "" : ",");
}

static void put_arch_map(struct buf *text, const struct default_profile *profile)
{
	bool riscv64 = is_in(profile->of->riscv64, profile->set);
	bool loongarch64 = is_in(profile->of->loongarch64, profile->set);
	size_t count = sizeof(arch_map) / sizeof(arch_map[0]);

	buf_put_str(text, STR("\t\"archMap\": [\n"));
	for (size_t i = 0; i < count; i++)
		put_arch(text, arch_map[i].arch, arch_map[i].subs,
			 i + 1 == count && !riscv64 && !loongarch64);
	if (riscv64)
		put_arch(text, "RISCV64", NULL, !loongarch64);
	if (loongarch64)
		put_arch(text, "LOONGARCH64", NULL, true);
	buf_put_str(text, STR("\t],\n"));
}

static void put_args(struct buf *text, const struct default_rule *rule)
{
	buf_put_str(text, STR(",\n\t\t\t\"args\": ["));
	for (size_t i = 0; i < DEFAULT_MAX_ARGS && rule->args[i].op; i++)
		buf_format(text,
			   "%s{\"index\": %u, \"value\": %llu, \"valueTwo\": 0, "
			   "\"op\": \"SCMP_CMP_%s\"}",
			   i ? ", " : "", rule->args[i].index,
			   (unsigned long long)rule->args[i].value, rule->args[i].op);
	buf_put_str(text, STR("]"));
}

/* "includes" or "excludes". */
static void put_condition(struct buf *text, const char *member, const char *held,
			  const char *arches, const char *kernel)
{
	const char *comma = "";

	if (!held && !arches && !kernel)
		return;
	buf_format(text, ",\n\t\t\t\"%s\": {", member);
	if (held) {
		buf_put_str(text, STR("\"caps\": ["));
		put_list(text, held, "CAP_", 0);
		buf_put_str(text, STR("]"));
		comma = ", ";
	}
	if (arches) {
		buf_format(text, "%s\"arches\": [", comma);
		put_list(text, arches, "", 0);
		buf_put_str(text, STR("]"));
		comma = ", ";
	}
	if (kernel)
		buf_format(text, "%s\"minKernel\": \"%s\"", comma, kernel);
	buf_put_str(text, STR("}"));
}

static void put_rule(struct buf *text, const struct default_rule *rule, bool first)
{
	buf_format(text, "%s\n\t\t{\n\t\t\t\"names\": [", first ? "" : ",");
	put_list(text, rule->names, "", NAMES_COLUMNS);
	buf_format(text, "\n\t\t\t],\n\t\t\t\"action\": \"SCMP_ACT_%s\"",
		   rule->error ? "ERRNO" : "ALLOW");
	if (rule->error)
		buf_format(text, ",\n\t\t\t\"errnoRet\": %d", rule->error);
	if (rule->args[0].op)
		put_args(text, rule);
	put_condition(text, "includes", rule->cap, rule->arch, rule->kernel);
	put_condition(text, "excludes", rule->without_cap, rule->not_arch, NULL);
	buf_put_str(text, STR("\n\t\t}"));
}

void default_write(const struct default_profile *profile, struct buf *text)
{
	const struct default_program *of = profile->of;
	bool first = true;

	buf_put_str(text, STR("{\n\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n"));
	if (is_in(of->errno_ret, profile->set))
		buf_format(text, "\t\"defaultErrnoRet\": %d,\n", of->error);
	if (is_in(of->errno_name, profile->set))
		buf_format(text, "\t\"defaultErrno\": \"%s\",\n", strerrorname_np(of->error));
	put_arch_map(text, profile);
	buf_put_str(text, STR("\t\"syscalls\": ["));
	for (size_t i = 0; i < default_rule_count; i++) {
		if (!is_of(profile, &default_rules[i]))
			continue;
		put_rule(text, &default_rules[i], first);
		first = false;
	}
	buf_put_str(text, STR("\n\t]\n}\n"));
}
