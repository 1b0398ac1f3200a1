#include "profile/filter/unit.h"

#include "base/buf.h"
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

/*
 * Files of sections that are no unit, by a section that only such a file has, and the setting in it that
 * says which profile is in force: what it is, what follows where it names one, and where it does not.
 * The first kind that fits counts. `like`: how the section begins.
 */
static const struct kind {
	const char *section;
	bool like;
	const char *in, *key; /* the setting; NULL: none says it */
	const char *what, *named, *otherwise;
} kinds[] = {
	{"[Container]", false, "[Container]", "SeccompProfile", "a Quadlet file",
	 ": its profile is the file %s; give that file",
	 " without SeccompProfile=: Podman's default applies; give podman-default"},
	{"[Kube]", false, "[Kube]", "Yaml", "a Quadlet file for Kubernetes objects",
	 ": it holds no profile; the file %s names those of its containers",
	 ": it holds no profile, and names no file"},
	{"[Exec]", false, "[Exec]", "SystemCallFilter", "a systemd-nspawn file",
	 ": its SystemCallFilter= changes the list that is built into systemd-nspawn, which is in no "
	 "file; give a process of the running container (pid:N)",
	 ": its filter is the list that is built into systemd-nspawn, which is in no file; give a "
	 "process of the running container (pid:N)"},
	{"[containers]", false, "[containers]", "seccomp_profile", "a containers.conf",
	 ": its profile is the file %s; give that file",
	 ": it names no profile; podman-default is the one that Podman uses with it"},
	{"[engine", true, "[containers]", "seccomp_profile", "a containers.conf",
	 ": its profile is the file %s; give that file",
	 ": it names no profile; podman-default is the one that Podman uses with it"},
	{"[crio", true, "[crio.runtime]", "seccomp_profile", "CRI-O's configuration",
	 ": its profile is the file %s; give that file",
	 ": it names no profile; podman-default is the one that CRI-O uses with it"},
	{"[plugins", true, NULL, NULL, "containerd's configuration", NULL,
	 ": it holds no profile; containerd's default is containerd@VERSION (container:NAME for that of "
	 "a running container)"},
	{"[grpc]", false, NULL, NULL, "containerd's configuration", NULL,
	 ": it holds no profile; containerd's default is containerd@VERSION (container:NAME for that of "
	 "a running container)"},
	{"[cgroup]", false, NULL, NULL, "containerd's configuration", NULL,
	 ": it holds no profile; containerd's default is containerd@VERSION (container:NAME for that of "
	 "a running container)"},
};

static int refuse_kind(const struct kind *kind, struct str text, struct err *err)
{
	struct str value = kind->in ? setting_of(text, kind->in, kind->key, "") : STR("");
	char quoted[QUOTED_SIZE];
	BUF_AUTO message = {0};

	if (value.n == 0 && strcmp(kind->section, "[Container]") == 0)
		value = seccomp_of(setting_of(text, "[Container]", "PodmanArgs", "seccomp="));
	MEM_AUTO char *name = mem_copy(value);

	text_quote(name, quoted);
	if (strcmp(name, "unconfined") == 0)
		return err_set(err, EINVAL,
			       "1:1: %s with the profile unconfined: its containers run without a "
			       "filter",
			       kind->what);
	/* the words are the table's own, with one %s at most */
	const char *said = value.n ? kind->named : kind->otherwise, *at = strstr(said, "%s");

	buf_put_str(&message, str_of(said, at ? (size_t)(at - said) : strlen(said)));
	if (at)
		buf_format(&message, "%s%s", quoted, at + 2);
	return err_set(err, EINVAL, "1:1: %s%s", kind->what, message.p);
}

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
				return refuse_kind(&kinds[i], text, err);
		}
		has_exec = has_exec || is_exec_section(line);
	}
	if (has_exec)
		return 0;
	return err_set(
		err, EINVAL,
		"1:1: not a systemd unit with a filter: it has no section [Service], [Socket], [Mount] or "
		"[Swap], and systemd ignores SystemCallFilter= elsewhere");
}
