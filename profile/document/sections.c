#include "profile/document/sections.h"

#include "base/buf.h"
#include "base/mem.h"
#include "profile/document/lint.h"

#include <ctype.h>
#include <errno.h>

/* --- lines */

struct str sections_strip(struct str text)
{
	const struct str blanks = STR(" \t\r\n");

	while (text.n && str_chr(blanks, text.p[0]) < blanks.n)
		text = str_skip(text, 1);
	while (text.n && str_chr(blanks, text.p[text.n - 1]) < blanks.n)
		text.n--;
	return text;
}

bool sections_line(struct str *text, struct str *ret_line)
{
	size_t n = str_chr(*text, '\n');

	if (!text->n)
		return false;
	*ret_line = str_of(text->p, n);
	*text = str_skip(*text, n < text->n ? n + 1 : n);
	return true;
}

/* The next line of substance, without comments. */
static bool next_line(struct str *text, struct str *ret_line)
{
	while (sections_line(text, ret_line)) {
		*ret_line = sections_strip(*ret_line);
		if (ret_line->n && ret_line->p[0] != '#' && ret_line->p[0] != ';')
			return true;
	}
	return false;
}

/* Only letters, digits and what a section's or a setting's name may have beside them. */
static bool is_word(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!isalnum((unsigned char)text.p[i]) && !memchr("-_ .\"'/", text.p[i], 7))
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

/* --- what has no sections, and is no profile that sclog reads */

static bool is_name(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!islower((unsigned char)text.p[i]) && !isdigit((unsigned char)text.p[i]) &&
		    text.p[i] != '_')
			return false;
	return text.n > 0 && islower((unsigned char)text.p[0]);
}

static struct str first_word(struct str line)
{
	size_t n = 0;

	while (n < line.n && !memchr(" \t", line.p[n], 2))
		n++;
	return str_of(line.p, n);
}

/* The format's number alone, then its list's kind, or for the first format a number (lxc's
 * src/lxc/seccomp.c, parse_config()). */
static bool is_lxc(struct str text)
{
	static const char *const kinds[] = {"allowlist", "whitelist", "denylist", "blacklist"};
	struct str line, second;

	if (!next_line(&text, &line) || !next_line(&text, &second))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(first_word(second), str_from(kinds[i])))
			return str_eq(line, STR("1")) || str_eq(line, STR("2"));
	return str_eq(line, STR("1")) && isdigit((unsigned char)second.p[0]);
}

/* "openat: arg1 == 0; return ENOENT", "@include FILE" (minijail0(5)). */
static bool is_minijail_line(struct str line)
{
	static const char *const starts[] = {"1",   "arg",  "allow", "kill",        "return",
					     "log", "trap", "trace", "user-notify", "{"};
	size_t colon = str_chr(line, ':');
	struct str value = sections_strip(str_skip(line, colon < line.n ? colon + 1 : colon));

	if (line.p[0] == '@')
		return str_starts(line, STR("@include ")) || str_starts(line, STR("@default ")) ||
		       str_starts(line, STR("@frequency ")) || str_eq(line, STR("@denylist"));
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(value, str_from(starts[i])))
			return colon < line.n && is_name(sections_strip(str_of(line.p, colon)));
	return false;
}

/* "read", "~kexec_load", "setpriority PRIO_PROCESS 0 <=19" (cmd/snap-seccomp of snapd). */
static bool is_snap_line(struct str line)
{
	struct str word = first_word(line);

	return str_chr(line, ':') == line.n && str_find(line, STR(" = ")) == line.n &&
	       is_name(str_skip(word, word.p[0] == '~'));
}

/* The whole of it, beside comments: its processes have no filter. */
static bool is_snap_unrestricted(struct str line)
{
	return str_eq(line, STR("@unrestricted"));
}

/* "line  CODE  JT   JF      K" above the instructions, or libseccomp's pseudo code, whose own comments
 * are skipped. */
static bool is_listing(struct str text)
{
	struct str line;

	return next_line(&text, &line) &&
	       (str_starts(line, STR("line  CODE  JT")) || str_starts(line, STR("if ($arch == ")));
}

static bool is_lxc_config_line(struct str line)
{
	return str_starts(line, STR("lxc."));
}

/* TOML before its first section, containerd's "version = 2" for example; a log's fields have no
 * blanks around them. */
static bool is_setting_line(struct str line)
{
	size_t equals = str_find(line, STR(" = "));

	return equals < line.n && is_name(sections_strip(str_of(line.p, equals)));
}

/* The next one, of which only the first line counts where a backslash goes on with it. */
static bool next_statement(struct str *text, struct str *ret_line)
{
	bool found = next_line(text, ret_line);
	struct str line = *ret_line;

	while (found && line.p[line.n - 1] == '\\' && next_line(text, &line))
		;
	return found;
}

#define NOT_READ ", which sclog does not read; give a process that runs under it (pid:N)"

static const struct line_kind {
	bool (*is_text)(struct str text);
	bool (*is_line)(struct str line); /* of each line, and of how many at least */
	size_t least;
	const char *what;
} line_kinds[] = {
	{is_lxc, NULL, 0, "an LXC or Incus seccomp policy" NOT_READ},
	{NULL, is_minijail_line, 1, "a minijail policy" NOT_READ},
	{is_listing, NULL, 0,
	 "a listing of a filter for people (seccomp-tools, scmp_bpf_disasm, libseccomp's pseudo code); "
	 "give the filter itself: bpf:FILE, or pid:N for a process that runs under it"},
	{NULL, is_snap_line, 2, "a list of syscalls, such as snapd's filters" NOT_READ},
	{NULL, is_snap_unrestricted, 1,
	 "a filter of snapd for a snap without one: @unrestricted allows every syscall"},
	{NULL, is_lxc_config_line, 1,
	 "an LXC container's configuration, whose lxc.seccomp.profile names a policy" NOT_READ},
	{NULL, is_setting_line, 1, "a configuration file without a seccomp profile"},
};

static const struct line_kind *line_kind_of(struct str text)
{
	for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
		const struct line_kind *kind = &line_kinds[i];
		struct str left = text, line;
		size_t lines = 0;
		bool fits = !kind->is_text || kind->is_text(text);

		for (; fits && kind->is_line && next_statement(&left, &line); lines++)
			fits = kind->is_line(line);
		if (fits && lines >= kind->least)
			return kind;
	}
	return NULL;
}

bool sections_recognise(struct str text)
{
	const struct str mark = STR("\xef\xbb\xbf");
	struct str line;

	if (str_starts(text, mark))
		text = str_skip(text, mark.n);
	struct str left = text;

	if (!next_line(&left, &line))
		return false;
	if (is_section(line) || line_kind_of(text))
		return true;
	size_t equals = str_chr(line, '=');

	if (equals == line.n || !is_word(sections_strip(str_of(line.p, equals))))
		return false;
	/* settings of systemd begin with a capital; fields of a log (type=, node=) and TOML's keys
	 * do not, but TOML has sections */
	return isupper((unsigned char)line.p[0]) || has_section(text);
}

/* --- what is no unit */

/* Of a value in quotes, as TOML has it, what is between them. */
static struct str unquote(struct str value)
{
	if (!value.n || !strchr("\"'", value.p[0]))
		return value;
	size_t n = str_chr(str_skip(value, 1), value.p[0]);

	return n + 1 < value.n ? str_of(value.p + 1, n) : value;
}

struct str sections_setting(struct str text, const char *section, const char *key, const char *part)
{
	struct str line, found = {0};
	bool inside = !*section;

	while (next_line(&text, &line)) {
		size_t equals = str_chr(line, '=');

		if (line.p[0] == '[')
			inside = !*section || str_eq(line, str_from(section));
		else if (inside && equals < line.n &&
			 str_eq(sections_strip(str_of(line.p, equals)), str_from(key)) &&
			 str_find(str_skip(line, equals), str_from(part)) < line.n - equals)
			found = sections_strip(str_skip(line, equals + 1));
	}
	return unquote(found);
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

#define SECTIONS_MAX 12

#define CONTAINERD                                                                                 \
	{                                                                                          \
		"[plugins", "[grpc]", "[cgroup]", "[debug]", "[metrics]", "[ttrpc]", "[timeouts]", \
			"[stream_processors", "[proxy_plugins"                                     \
	}
#define CONTAINERS_CONF                                                                     \
	{                                                                                   \
		"[containers]", "[engine", "[network]", "[secrets", "[machine]", "[farms]", \
			"[podmansh]"                                                        \
	}

/*
 * Files of sections that are no unit, by the sections that only such a file has ("[engine" for all that
 * begin so), and the setting in it that says which profile is in force: what it is, what follows where
 * it names one, and where it does not. The first kind that fits counts.
 */
static const struct kind {
	const char *sections[SECTIONS_MAX];
	const char *in, *key; /* the setting; NULL: none says it */
	const char *what, *named, *otherwise;
} kinds[] = {
	{{"[Container]"},
	 "[Container]",
	 "SeccompProfile",
	 "a Quadlet file",
	 ": its profile is the file %s; give that file",
	 " without SeccompProfile=: Podman's default applies; give podman-default"},
	{{"[Kube]"},
	 "[Kube]",
	 "Yaml",
	 "a Quadlet file for Kubernetes objects",
	 ": it holds no profile; the file %s names those of its containers",
	 ": it holds no profile, and names no file"},
	{{"[Pod]"},
	 NULL,
	 NULL,
	 "a Quadlet file of a pod",
	 NULL,
	 ": it holds no profile; the .container files of its containers name theirs"},
	{{"[Volume]", "[Image]", "[Build]"},
	 NULL,
	 NULL,
	 "a Quadlet file",
	 NULL,
	 ": it holds no profile, and starts no container"},
	{{"[Exec]"},
	 "[Exec]",
	 "SystemCallFilter",
	 "a systemd-nspawn file",
	 ": its SystemCallFilter= changes the list that is built into systemd-nspawn, which is in no "
	 "file; give a process of the running container (pid:N)",
	 ": its filter is the list that is built into systemd-nspawn, which is in no file; give a "
	 "process of the running container (pid:N)"},
	{CONTAINERS_CONF, "[containers]", "seccomp_profile", "a containers.conf",
	 ": its profile is the file %s; give that file",
	 ": it names no profile; podman-default is the one that Podman uses with it"},
	{{"[crio"},
	 "[crio.runtime]",
	 "seccomp_profile",
	 "CRI-O's configuration",
	 ": its profile is the file %s; give that file",
	 ": it names no profile; podman-default is the one that CRI-O uses with it"},
	{CONTAINERD, "", "unset_seccomp_profile", "containerd's configuration",
	 ": it holds no profile; pods that name none get %s (unset_seccomp_profile); containerd's default "
	 "is containerd@VERSION (container:NAME for that of a running container)",
	 ": it holds no profile; containerd's default is containerd@VERSION (container:NAME for that of "
	 "a running container)"},
};

/* True for a section that the kind has alone. */
static bool has_kind(const struct kind *kind, struct str line)
{
	for (size_t i = 0; i < SECTIONS_MAX && kind->sections[i]; i++) {
		struct str section = str_from(kind->sections[i]);

		if (str_eq(line, section) ||
		    (section.p[section.n - 1] != ']' && str_starts(line, section)))
			return true;
	}
	return false;
}

static int refuse_kind(const struct kind *kind, struct str text, struct err *err)
{
	struct str value = kind->in ? sections_setting(text, kind->in, kind->key, "") : STR("");
	char quoted[QUOTED_SIZE];
	BUF_AUTO message = {0};

	if (value.n == 0 && strcmp(kind->sections[0], "[Container]") == 0)
		value = seccomp_of(sections_setting(text, "[Container]", "PodmanArgs", "seccomp="));
	MEM_AUTO char *name = mem_copy(value);

	text_quote(name, quoted);
	if (strcmp(name, "unconfined") == 0 && *kind->in)
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

bool sections_is_exec(struct str line)
{
	static const char *const sections[] = {"[Service]", "[Socket]", "[Mount]", "[Swap]"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (str_eq(line, str_from(sections[i])))
			return true;
	return false;
}

int sections_check_unit(struct str text, struct err *err)
{
	const struct line_kind *lines = line_kind_of(text);
	struct str left = text, line;
	bool has_exec = false;

	if (lines)
		return err_set(err, EINVAL, "1:1: %s", lines->what);
	while (next_line(&left, &line)) {
		for (size_t i = 0; line.p[0] == '[' && i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (has_kind(&kinds[i], line))
				return refuse_kind(&kinds[i], text, err);
		has_exec = has_exec || sections_is_exec(line);
	}
	if (has_exec)
		return 0;
	return err_set(
		err, EINVAL,
		"1:1: not a systemd unit with a filter: it has no section [Service], [Socket], [Mount] or "
		"[Swap], and systemd ignores SystemCallFilter= elsewhere");
}
