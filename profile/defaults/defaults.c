#include "profile/defaults/defaults.h"

#include "base/mem.h"
#include "profile/document/spelling.h"
#include "profile/document/releases.h"
#include "profile/document/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* archMap of all programs; later releases add arches without sub-arches: add_arches(). */
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

/* --- the facts
 *
 * Each set of rules has a letter; releases of a program with the same set share it. A row of rules.def
 * has the letters of each program whose sets have this rule.
 */

#define DEFAULT_MAX_ARGS 2

struct default_arg {
	unsigned index;
	const char *op; /* "EQ", behind SCMP_CMP_; NULL: none */
	uint64_t value;
};

enum default_family {
	DEFAULT_DOCKER,
	DEFAULT_CONTAINERD,
	DEFAULT_PODMAN, /* containers/common */
	DEFAULT_FAMILIES,
};

/* Lists are separated by blanks; NULL: no condition. */
struct default_rule {
	const char *docker, *containerd, *podman; /* letters; NULL: none, "*": all */
	const char *names;
	int error; /* 0: the rule allows */
	const char *cap, *without_cap;
	const char *arch, *not_arch; /* as the loaders spell them */
	const char *kernel;          /* at least this one */
	struct default_arg args[DEFAULT_MAX_ARGS];
};

/* Consecutive releases with the same set of rules. */
struct default_releases {
	const char *first, *last;
	char set;
};

struct default_program {
	const char *name;
	enum default_family family;
	enum loader loader;
	unsigned series; /* numbers that name a series of releases: 1 for Docker 28, 2 for 1.7 */
	const struct default_releases *releases;
	size_t count;
	/* Letters of the sets that have these; NULL: none. */
	const char *errno_ret, *errno_name, *riscv64, *loongarch64;
	int error; /* of errno_ret */
};

#define ALL "*"

#define RELEASES(program, ...) \
	static const struct default_releases program##_releases[] = {__VA_ARGS__};
#include "profile/defaults/releases.def"
#undef RELEASES

#define RELEASES(table) table, sizeof(table) / sizeof(table[0])

/* clang-format off */
static const struct default_program default_programs[] = {
	{"docker", DEFAULT_DOCKER, LOADER_DOCKER, 1, RELEASES(docker_releases),
	 .errno_ret = "ghijklmn", .error = EPERM, .riscv64 = "ghijklmn", .loongarch64 = "mn"},
	{"containerd", DEFAULT_CONTAINERD, LOADER_DOCKER, 2, RELEASES(containerd_releases),
	 .riscv64 = "bcdefghijklmno", .loongarch64 = "mno"},
	{"podman", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(podman_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
	{"containers-common", DEFAULT_PODMAN, LOADER_PODMAN, 1, RELEASES(common_releases),
	 .errno_ret = "defghijklm", .errno_name = "ghijklm", .error = ENOSYS},
};
/* clang-format on */

static const size_t default_program_count = sizeof(default_programs) / sizeof(default_programs[0]);

static const struct default_rule default_rules[] = {
#include "profile/defaults/rules.def"
};

static const size_t default_rule_count = sizeof(default_rules) / sizeof(default_rules[0]);

/* --- lookup */

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

/* Whether both are in one series: Docker 28, containerd 1.7. */
static bool same_series(const struct default_program *program, const char *a, const char *b)
{
	struct version version = {.count = 0};

	version_parse(str_from(a), &version);
	version.count = program->series;
	return version_matches(&version, b);
}

static int unknown_release(const struct default_program *program, struct str release,
			   struct err *err)
{
	const struct default_releases *all = program->releases;
	BUF_AUTO known = {0};

	for (size_t i = 0, end; i < program->count; i = end + 1) {
		for (end = i; end + 1 < program->count &&
			      same_series(program, all[end].last, all[end + 1].first);)
			end++;
		buf_format(&known, "%s%s to %s", i ? ", " : "", all[i].first, all[end].last);
	}
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
		return err_set(err, ENOENT, "unknown default profile");
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

/* Adds each word of "a b", with the prefix. */
static void add_words(struct document *document, struct strings *to, const char *prefix,
		      const char *list)
{
	struct str left = str_from(list), word;

	while (str_next(&left, ' ', &word)) {
		BUF_AUTO text = {0};

		buf_format(&text, "%s%.*s", prefix, (int)word.n, word.p);
		strings_add(to, document_string(document, text.p));
	}
}

static void add_arch(struct document *document, const char *arch, const char *const subs[2])
{
	struct strings names = {0};

	document->arch_map =
		mem_more(document->arch_map, document->arch_map_count, sizeof(*document->arch_map));
	struct document_arch *entry = &document->arch_map[document->arch_map_count++];

	add_words(document, &names, "SCMP_ARCH_", arch);
	*entry = (struct document_arch){.architecture = names.all[0]};
	free(names.all);
	for (size_t i = 0; subs && i < 2 && subs[i]; i++)
		add_words(document, &entry->subs, "SCMP_ARCH_", subs[i]);
}

static void add_arches(struct document *document, const struct default_profile *profile)
{
	for (size_t i = 0; i < sizeof(arch_map) / sizeof(arch_map[0]); i++)
		add_arch(document, arch_map[i].arch, arch_map[i].subs);
	if (is_in(profile->of->riscv64, profile->set))
		add_arch(document, "RISCV64", NULL);
	if (is_in(profile->of->loongarch64, profile->set))
		add_arch(document, "LOONGARCH64", NULL);
}

static void set_filter(struct document *document, struct document_filter *filter, const char *held,
		       const char *arches, const char *kernel)
{
	add_words(document, &filter->caps, "CAP_", held);
	add_words(document, &filter->arches, "", arches);
	filter->has_min_kernel =
		kernel && sscanf(kernel, "%u.%u", &filter->kernel, &filter->major) == 2;
	filter->present = held || arches || kernel;
}

static void add_rule(struct document *document, const struct default_rule *from)
{
	struct document_arg args[DEFAULT_MAX_ARGS] = {0};
	size_t count = 0;

	for (; count < DEFAULT_MAX_ARGS && from->args[count].op; count++) {
		char op[32];

		snprintf(op, sizeof(op), "SCMP_CMP_%s", from->args[count].op);
		args[count].index = from->args[count].index;
		args[count].value = from->args[count].value;
		spelling_read_operator(op, &args[count].op);
	}
	uint32_t value = from->error ? SCMP_ACT_ERRNO((unsigned)from->error) : SCMP_ACT_ALLOW;
	struct document_rule *rule = document_add_rule(document, value, args, count);

	add_words(document, &rule->names, "", from->names);
	set_filter(document, &rule->includes, from->cap, from->arch, from->kernel);
	set_filter(document, &rule->excludes, from->without_cap, from->not_arch, NULL);
}

void default_write(const struct default_profile *profile, struct buf *text)
{
	const struct default_program *of = profile->of;
	struct document document = {.prefix = "", .default_action = "SCMP_ACT_ERRNO"};

	if (is_in(of->errno_ret, profile->set))
		document.default_errno_ret = (struct optional){true, (uint64_t)of->error};
	if (is_in(of->errno_name, profile->set))
		document.default_errno = strerrorname_np(of->error);
	add_arches(&document, profile);
	for (size_t i = 0; i < default_rule_count; i++) {
		const struct default_rule *rule = &default_rules[i];
		const char *const sets[DEFAULT_FAMILIES] = {
			[DEFAULT_DOCKER] = rule->docker,
			[DEFAULT_CONTAINERD] = rule->containerd,
			[DEFAULT_PODMAN] = rule->podman,
		};

		if (is_in(sets[of->family], profile->set))
			add_rule(&document, rule);
	}
	document_write(&document, false, text);
	document_release(&document);
}
