#include "profile/filter/unit.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>

/* --- lines */

static struct str strip(struct str text)
{
	while (text.n && text.p[0] && strchr(" \t\r\n", text.p[0]))
		text = str_skip(text, 1);
	while (text.n && text.p[text.n - 1] && strchr(" \t\r\n", text.p[text.n - 1]))
		text.n--;
	return text;
}

/* The next line of substance, without comments. */
static bool next_line(struct str *text, struct str *ret_line)
{
	while (text->n) {
		size_t n = str_chr(*text, '\n');

		*ret_line = strip(str_of(text->p, n));
		*text = str_skip(*text, n < text->n ? n + 1 : n);
		if (ret_line->n && ret_line->p[0] != '#' && ret_line->p[0] != ';')
			return true;
	}
	return false;
}

/* Only letters, digits and what a section's or a setting's name may have beside them. */
static bool is_word(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!isalnum((unsigned char)text.p[i]) && !memchr("-_ .\"/", text.p[i], 6))
			return false;
	}
	return text.n > 0 && isalpha((unsigned char)text.p[0]);
}

static bool is_section(struct str line)
{
	return line.n > 2 && line.p[0] == '[' && line.p[line.n - 1] == ']' &&
	       is_word(str_of(line.p + 1, line.n - 2));
}

static bool has_section(struct str text)
{
	struct str line;

	while (next_line(&text, &line))
		if (is_section(line))
			return true;
	return false;
}

bool unit_recognise(struct str text)
{
	const struct str mark = STR("\xef\xbb\xbf");
	struct str line;

	if (str_starts(text, mark))
		text = str_skip(text, mark.n);
	if (!next_line(&text, &line))
		return false;
	if (is_section(line))
		return true;
	size_t equals = str_chr(line, '=');

	if (equals == line.n || !is_word(strip(str_of(line.p, equals))))
		return false;
	/* settings of systemd begin with a capital; fields of a log (type=, node=) and TOML's keys
	 * do not, but TOML has sections */
	return isupper((unsigned char)line.p[0]) || has_section(text);
}

/* --- what is no unit */

/*
 * The last value of a setting in a section that contains `part`, without quotes around it, which
 * TOML has; empty: there is none.
 */
static struct str setting_of(struct str text, const char *section, const char *key,
			     const char *part)
{
	struct str line, found = {0};
	bool inside = false;

	while (next_line(&text, &line)) {
		size_t equals = str_chr(line, '=');

		if (line.p[0] == '[')
			inside = str_eq(line, str_from(section));
		else if (inside && equals < line.n &&
			 str_eq(strip(str_of(line.p, equals)), str_from(key)) &&
			 str_find(str_skip(line, equals), str_from(part)) < line.n - equals)
			found = strip(str_skip(line, equals + 1));
	}
	if (found.n > 1 && strchr("\"'", found.p[0]) && found.p[found.n - 1] == found.p[0])
		found = str_of(found.p + 1, found.n - 2);
	return found;
}

/* VALUE of "--security-opt seccomp=VALUE" among other options of `podman run`. */
static struct str seccomp_of(struct str options)
{
	const struct str name = STR("seccomp=");
	struct str value = str_skip(options, str_find(options, name));
	size_t n = 0;

	value = str_skip(value, value.n ? name.n : 0);
	while (n < value.n && !strchr(" \t\"'", value.p[n]))
		n++;
	return str_of(value.p, n);
}

static int refuse_quadlet(struct str text, struct err *err)
{
	struct str profile = setting_of(text, "[Container]", "SeccompProfile", "");
	char quoted[QUOTED_SIZE];

	if (profile.n == 0)
		profile = seccomp_of(setting_of(text, "[Container]", "PodmanArgs", "seccomp="));
	MEM_AUTO char *path = mem_copy(profile);

	if (profile.n == 0)
		return err_set(
			err, EINVAL,
			"1:1: a Quadlet file without SeccompProfile=: Podman's default is in "
			"force; give podman-default");
	if (str_eq(profile, STR("unconfined")))
		return err_set(err, EINVAL,
			       "1:1: a Quadlet file with the profile unconfined: its container "
			       "runs without a filter");
	return err_set(err, EINVAL,
		       "1:1: a Quadlet file: its profile is the file %s; give that file",
		       text_quote(path, quoted));
}

static int refuse_kube(struct str text, struct err *err)
{
	struct str yaml = setting_of(text, "[Kube]", "Yaml", "");
	MEM_AUTO char *path = mem_copy(yaml);
	char quoted[QUOTED_SIZE];

	return err_set(err, EINVAL,
		       "1:1: a Quadlet file for Kubernetes objects, which holds no profile; the "
		       "file %s names those of its containers",
		       text_quote(path, quoted));
}

static int refuse_nspawn(struct str text, struct err *err)
{
	bool has_filter = setting_of(text, "[Exec]", "SystemCallFilter", "").n > 0;

	return err_set(err, EINVAL,
		       "1:1: a systemd-nspawn file: %s the list that is built into systemd-nspawn, "
		       "which is in no file; give a process of the running container (pid:N)",
		       has_filter ? "its SystemCallFilter= changes" : "its filter is");
}

static int refuse_containers_conf(struct str text, struct err *err)
{
	struct str profile = setting_of(text, "[containers]", "seccomp_profile", "");
	MEM_AUTO char *path = mem_copy(profile);
	char quoted[QUOTED_SIZE];

	if (profile.n == 0)
		return err_set(err, EINVAL,
			       "1:1: a containers.conf, which holds no profile; podman-default is "
			       "the profile that Podman uses with it");
	return err_set(err, EINVAL, "1:1: a containers.conf: its profile is the file %s; give that",
		       text_quote(path, quoted));
}

static int refuse_crio(struct str text, struct err *err)
{
	struct str profile = setting_of(text, "[crio.runtime]", "seccomp_profile", "");
	MEM_AUTO char *path = mem_copy(profile);
	char quoted[QUOTED_SIZE];

	if (profile.n == 0)
		return err_set(err, EINVAL,
			       "1:1: CRI-O's configuration, which holds no profile; podman-default "
			       "is the profile that CRI-O uses with it");
	return err_set(err, EINVAL,
		       "1:1: CRI-O's configuration: its profile is the file %s; give "
		       "that",
		       text_quote(path, quoted));
}

static int refuse_containerd(struct str text, struct err *err)
{
	(void)text;
	return err_set(err, EINVAL,
		       "1:1: containerd's configuration, which holds no profile; containerd's "
		       "default is built into it (the bundle of a running container has it: "
		       "container:NAME)");
}

/* Sections that only such a file has; the first that is found counts. `like`: how it begins. */
static const struct {
	const char *section;
	bool like;
	int (*refuse)(struct str text, struct err *err);
} kinds[] = {
	{"[Container]", false, refuse_quadlet},    {"[Kube]", false, refuse_kube},
	{"[Exec]", false, refuse_nspawn},          {"[containers]", false, refuse_containers_conf},
	{"[engine", true, refuse_containers_conf}, {"[crio", true, refuse_crio},
	{"[plugins", true, refuse_containerd},     {"[grpc]", false, refuse_containerd},
	{"[cgroup]", false, refuse_containerd},
};

/* Those that start processes, of which systemd.exec(5) speaks. */
static bool is_exec_section(struct str line)
{
	static const char *const sections[] = {"[Service]", "[Socket]", "[Mount]", "[Swap]"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (str_eq(line, str_from(sections[i])))
			return true;
	return false;
}

int unit_check_kind(struct str text, struct err *err)
{
	struct str left = text, line;
	bool has_exec = false;

	while (next_line(&left, &line)) {
		for (size_t i = 0; line.p[0] == '[' && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			struct str section = str_from(kinds[i].section);

			if (kinds[i].like ? str_starts(line, section) : str_eq(line, section))
				return kinds[i].refuse(text, err);
		}
		has_exec = has_exec || is_exec_section(line);
	}
	if (has_exec)
		return 0;
	return err_set(
		err, EINVAL,
		"1:1: no systemd unit with a filter: none of the sections [Service], "
		"[Socket], [Mount] and [Swap] is in it, and systemd ignores SystemCallFilter= "
		"outside of them");
}
