#include "profile/document/sections.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "ingest/strace/strace.h"
#include "profile/document/lint.h"

#include <ctype.h>
#include <errno.h>

#define LINE_BYTES (64U << 10)  /* no statement of a policy is longer */
#define HEAD_BYTES (256U << 10) /* a kind's line is looked for in this much of a text */

#define OPTION "seccomp="
#define MARK   STR("\xef\xbb\xbf")

/* --- lines */

/* The next line that is neither blank nor a comment, without blanks around it. */
static bool next_line(struct str *text, struct str *ret_line)
{
	while (str_next(text, '\n', ret_line)) {
		*ret_line = str_strip(*ret_line);
		if (ret_line->n && ret_line->p[0] != '#' && ret_line->p[0] != ';')
			return true;
	}
	return false;
}

/* Whether all characters may be in the name of a section or a setting. */
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

/* --- texts without sections that sclog does not read as a profile */

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

/* The first line is the format's number, the second the kind of its list, or in format 1 a number
 * (lxc's src/lxc/seccomp.c, parse_config()). */
static bool is_lxc(struct str text)
{
	struct str line, second;

	if (!next_line(&text, &line) || !next_line(&text, &second))
		return false;
	if (str_is_one_of(first_word(second), "allowlist|whitelist|denylist|blacklist", false))
		return str_is_one_of(line, "1|2", false);
	return str_eq(line, STR("1")) && isdigit((unsigned char)second.p[0]);
}

/* "openat: arg1 == 0; return ENOENT", "@include FILE" (minijail0(5)). */
static bool is_minijail_line(struct str line)
{
	size_t colon = str_chr(line, ':');
	struct str value = str_strip(str_skip(line, colon < line.n ? colon + 1 : colon));

	if (line.p[0] == '@')
		return str_is_one_of(line, "@include |@default |@frequency |@denylist", true);
	return str_is_one_of(value, "1|arg|allow|kill|return|log|trap|trace|user-notify|{", true) &&
	       is_name(str_strip(str_of(line.p, colon)));
}

/* "read", "~kexec_load", "setpriority PRIO_PROCESS 0 <=19" (cmd/snap-seccomp of snapd). */
static bool is_snap_line(struct str line)
{
	struct str word = first_word(line);

	return str_chr(line, ':') == line.n && str_find(line, STR(" = ")) == line.n &&
	       is_name(str_skip(word, word.p[0] == '~'));
}

/* TOML before its first section, such as containerd's "version = 2". The fields of a log have no
 * blanks around "=". */
static bool is_setting_line(struct str line)
{
	size_t equals = str_find(line, STR(" = "));

	return equals < line.n && is_name(str_strip(str_of(line.p, equals)));
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
			 str_eq(str_strip(str_of(line.p, equals)), str_from(key)) &&
			 str_find(str_skip(line, equals), str_from(part)) < line.n - equals)
			found = str_strip(str_skip(line, equals + 1));
	}
	/* without the quotes around a TOML string */
	if (!found.n || !strchr("\"'", found.p[0]))
		return found;
	size_t n = str_chr(str_skip(found, 1), found.p[0]);

	return n + 1 < found.n ? str_of(found.p + 1, n) : found;
}

/* VALUE of an option "seccomp=VALUE" among others. */
static struct str option_of(struct str options)
{
	const struct str name = STR(OPTION);
	struct str value = str_skip(options, str_find(options, name));
	size_t n = 0;

	value = str_skip(value, value.n ? name.n : 0);
	while (n < value.n && !strchr(" \t\"'", value.p[n]))
		n++;
	return str_of(value.p, n);
}

bool sections_is_exec(struct str line)
{
	return str_is_one_of(line, "[Service]|[Socket]|[Mount]|[Swap]", false);
}

static bool is_binary(struct str text)
{
	return str_chr(text, '\0') < text.n;
}

static struct str first_line(struct str text)
{
	struct str line = {0};

	next_line(&text, &line);
	return line;
}

/* "type=SECCOMP msg=audit(...", "node=web1 type=..." */
static bool is_audit_log(struct str text)
{
	struct str line = first_line(text);

	return str_is_one_of(line, "type=|node=|audit: |audit(", true) &&
	       str_find(line, STR("audit(")) < line.n;
}

/* "[   12.345678] usb 1-1: ...", with dmesg -x or --raw behind a level */
static bool is_kernel_log(struct str text)
{
	struct str line = first_line(text);
	size_t open = str_chr(line, '['), at = open + 1;

	if (open > 20 || (open > 0 && line.p[0] != '<' && line.p[open - 1] != ' '))
		return false;
	while (at < line.n && line.p[at] == ' ')
		at++;
	size_t digits = at;

	while (at < line.n && isdigit((unsigned char)line.p[at]))
		at++;
	return at > digits && at + 1 < line.n && line.p[at] == '.' &&
	       isdigit((unsigned char)line.p[at + 1]);
}

/* "Nov 22 00:00:56 host ...", "2026-11-22T00:00:56+00:00 host ...", with <38> before; the journal's export */
static bool is_syslog(struct str text)
{
	struct str line = first_line(text);

	if (line.n && line.p[0] == '<')
		line = str_skip(line, str_chr(line, '>') + 1);
	if (str_is_one_of(line, "__CURSOR=", true) ||
	    (str_is_one_of(line, "{", true) && str_find(line, STR("\"__CURSOR\"")) < line.n))
		return true;
	return line.n > 16 &&
	       ((line.p[3] == ' ' && line.p[9] == ':' && line.p[12] == ':') ||
		(line.p[4] == '-' && line.p[7] == '-' && line.p[13] == ':' && line.p[16] == ':'));
}

static bool is_trace(struct str text)
{
	struct str line;

	if (str_is_one_of(first_line(text), "{", true))
		return false;
	while (next_line(&text, &line))
		if (strace_recognizes(line))
			return true;
	return false;
}

/* A text of words is no list of syscalls. */
static bool names_call(struct str text)
{
	struct str line;
	int64_t nr;

	while (next_line(&text, &line)) {
		MEM_AUTO char *name = mem_copy(str_skip(first_word(line), line.p[0] == '~'));

		if (syscall_number(arch_native(), name, &nr))
			return true;
	}
	return false;
}

/* Its comments and trailing commas are not JSON, but its tools accept them. */
static bool is_devcontainer(struct str text)
{
	return str_find(text, STR("\"runArgs\"")) < text.n &&
	       str_find(text, STR("defaultAction")) == text.n;
}

/* --- the table */

#define NOT_READ   ", which sclog does not read; give a process that runs under it (pid:N)"
#define GIVE_FILE  ": its profile is the file %s; give that file"
#define NO_PROFILE ": it holds no profile"
#define IS_LOG     ", not a profile; `sclog ingest` reads it"
#define DOCKER_DEFAULT \
	" without a profile: Docker's default applies; give docker, or docker@VERSION"

/*
 * Texts that are not JSON or YAML, and a devcontainer.json. Alternatives are separated by "|". The first
 * row whose conditions all hold counts.
 */
static const struct text_kind {
	const char *start; /* the first line begins so; NULL: no condition, and so below */
	const char *line;  /* any line begins so; a section counts only in texts of sections */
	bool (*is_text)(struct str text);
	bool (*is_line)(struct str line); /* holds for every line, and there are `least` of them */
	size_t least;
	bool is_opaque; /* sections_is_opaque() */
	const char *what;
	/* The section ("": any) and the setting that name a profile (OPTION: an option of `docker run`), and
	 * the rest of the sentence with such a name (one %s) and without. */
	const char *section, *key, *named, *otherwise;
} kinds[] = {
	/* clang-format off */
	{.start = "\x1f\x8b|\xfd" "7zXZ|(\xb5/\xfd|BZh|PK\x03\x04", .is_opaque = true,
	 .what = "compressed, or an archive, not a profile: unpack it, and give the profile in it; `sclog ingest` reads "
	 "compressed logs"},
	{.start = "\xff\xfe|\xfe\xff", .is_opaque = true, .what = "UTF-16: save it as UTF-8"},
	{.start = "\x7f" "ELF", .is_opaque = true,
	 .what = "a program, not a profile; give a process that runs under the profile (pid:N)"},
	{.start = "SQLite format 3", .is_opaque = true,
	 .what = "an SQLite database, not a profile; name a store of sclog with --db"},
	{.is_text = is_binary, .is_opaque = true,
	 .what = "binary data, not a profile; a dump of a filter is bpf:FILE"},
	{.is_text = is_audit_log, .is_opaque = true, .what = "an audit log" IS_LOG},
	{.is_text = is_kernel_log, .is_opaque = true, .what = "a kernel log" IS_LOG},
	{.is_text = is_syslog, .is_opaque = true, .what = "a system log" IS_LOG},
	{.is_text = is_trace, .is_opaque = true, .what = "output of strace" IS_LOG},
	{.is_text = is_lxc, .what = "an LXC or Incus seccomp policy" NOT_READ},
	{.is_line = is_minijail_line, .least = 1, .what = "a minijail policy" NOT_READ},
	{.start = "line  CODE  JT|line  OP   JT|A = sys_number|A = arch|if ($arch == ",
	 .what = "a listing of a filter for people (seccomp-tools, scmp_bpf_disasm, libseccomp's pseudo code); "
	 "give the filter itself: bpf:FILE, or pid:N for a process that runs under it"},
	{.start = "POLICY |ALLOW {|DENY {|KILL {|KILL_PROCESS {|LOG {|ERRNO(|TRAP(",
	 .what = "a policy of Kafel" NOT_READ},
	{.line = "seccomp_string:|seccomp_policy_file:|mount {|exec_bin {",
	 .what = "a configuration of nsjail" NOT_READ},
	{.line = "include globals.local|caps.drop |seccomp.drop |seccomp.keep |seccomp !",
	 .what = "a profile of Firejail" NOT_READ},
	{.start = "job \"", .section = "", .key = OPTION, .what = "a Nomad job", .named = GIVE_FILE,
	 .otherwise = DOCKER_DEFAULT},
	{.start = "{|//|/*", .is_text = is_devcontainer, .section = "", .key = OPTION,
	 .what = "a devcontainer.json", .named = ": its profile is %s; give that one",
	 .otherwise = DOCKER_DEFAULT},
	{.is_line = is_snap_line, .least = 2, .is_text = names_call, .what = "a list of syscalls, such as snapd's filters" NOT_READ},
	{.start = "@unrestricted", .what = "a filter of snapd for a snap without one: @unrestricted allows every "
	 "syscall"},
	{.start = "lxc.", .section = "", .key = "lxc.seccomp.profile", .what = "an LXC container's configuration",
	 .named = ", whose lxc.seccomp.profile names a policy, %s" NOT_READ, .otherwise = NO_PROFILE},
	{.is_line = is_setting_line, .least = 1, .what = "a configuration file without a seccomp profile"},

	{.line = "[Container]", .section = "[Container]", .key = "SeccompProfile", .what = "a Quadlet file",
	 .named = GIVE_FILE, .otherwise = " without SeccompProfile=: Podman's default applies; give podman-default"},
	{.line = "[Kube]", .section = "[Kube]", .key = "Yaml", .what = "a Quadlet file for Kubernetes objects",
	 .named = NO_PROFILE "; the file %s names those of its containers",
	 .otherwise = NO_PROFILE ", and names no file"},
	{.line = "[Pod]", .what = "a Quadlet file of a pod" NO_PROFILE "; the .container files of its containers name "
	 "theirs"},
	{.line = "[Volume]|[Image]|[Build]", .what = "a Quadlet file" NO_PROFILE ", and starts no container"},
	{.line = "[Exec]", .what = "a systemd-nspawn file: its SystemCallFilter= changes the list that is built into "
	 "systemd-nspawn, which is in no file; give a process of the running container (pid:N)"},
	{.line = "[containers]|[engine|[network]|[secrets|[machine]|[farms]|[podmansh]", .section = "[containers]",
	 .key = "seccomp_profile", .what = "a containers.conf", .named = GIVE_FILE,
	 .otherwise = ": it names no profile; podman-default is the one that Podman uses with it"},
	{.line = "[crio", .section = "[crio.runtime]", .key = "seccomp_profile", .what = "CRI-O's configuration",
	 .named = GIVE_FILE, .otherwise = ": it names no profile; podman-default is the one that CRI-O uses with it"},
	{.line = "[plugins|[grpc]|[cgroup]|[debug]|[metrics]|[ttrpc]|[timeouts]|[stream_processors|[proxy_plugins",
	 .section = "", .key = "unset_seccomp_profile", .what = "containerd's configuration",
	 .named = NO_PROFILE "; pods that name none get %s (unset_seccomp_profile); containerd's default is "
	 "containerd@VERSION (container:NAME for that of a running container)",
	 .otherwise = NO_PROFILE "; containerd's default is containerd@VERSION (container:NAME for that of a running "
	 "container)"},
	{.line = "[hypervisor", .what = "a configuration of Kata Containers" NO_PROFILE "; inside the virtual machine "
	 "containers have theirs only with disable_guest_seccomp = false"},
	{.line = "[Application]|[Context]", .what = "a file of Flatpak, which makes its filter itself; give a process "
	 "of the application (pid:N)"},
	/* clang-format on */
};

/* Lines that continue another one after a backslash do not count. */
static bool has_only_lines(const struct text_kind *kind, struct str text)
{
	struct str line;
	size_t count = 0;

	for (; next_line(&text, &line); count++) {
		if (line.n > LINE_BYTES || !kind->is_line(line))
			return false;
		while (line.p[line.n - 1] == '\\' && next_line(&text, &line))
			;
	}
	return count >= kind->least;
}

/* NULL: none. of_sections: the text has sections. */
static const struct text_kind *kind_of(struct str text, bool of_sections)
{
	struct str head = str_of(text.p, text.n < HEAD_BYTES ? text.n : HEAD_BYTES), left = head,
		   first, line;
	bool has_first = next_line(&left, &first);

	for (size_t i = 0; has_first && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct text_kind *kind = &kinds[i];
		bool has_line = !kind->line;

		left = head;
		while (!has_line && (of_sections || kind->line[0] != '[') &&
		       str_next(&left, '\n', &line))
			has_line = str_is_one_of(line, kind->line, true);
		if ((!kind->start || str_is_one_of(first, kind->start, true)) && has_line &&
		    (!kind->is_text || kind->is_text(text)) &&
		    (!kind->is_line || has_only_lines(kind, text)))
			return kind;
	}
	return NULL;
}

bool sections_recognise(struct str text)
{
	struct str line;

	text = str_skip(text, str_starts(text, MARK) ? MARK.n : 0);
	struct str left = text;

	if (!next_line(&left, &line))
		return false;
	if (is_section(line) || kind_of(text, false))
		return true;
	size_t equals = str_chr(line, '=');

	if (equals == line.n || !is_word(str_strip(str_of(line.p, equals))))
		return false;
	/* settings of systemd begin with a capital; fields of a log (type=, node=) and TOML's keys
	 * do not, but TOML has sections */
	if (isupper((unsigned char)line.p[0]))
		return true;
	while (next_line(&left, &line))
		if (is_section(line))
			return true;
	return false;
}

bool sections_is_opaque(struct str text)
{
	const struct text_kind *kind = kind_of(text, false);

	return kind && kind->is_opaque;
}

void sections_put_sentence(const char *what, const char *more, const char *value, struct buf *to)
{
	const char *at = more ? strstr(more, "%s") : NULL;

	if (at)
		buf_format(to, "%s%.*s%s%s", what, (int)(at - more), more, value, at + 2);
	else
		buf_format(to, "%s%s", what, more ? more : "");
}

static int refuse(const struct text_kind *kind, struct str text, struct err *err)
{
	struct str value = STR("");
	BUF_AUTO message = {0};
	char quoted[QUOTED_SIZE];

	const bool is_option = kind->key && strcmp(kind->key, OPTION) == 0;

	if (is_option)
		value = option_of(text);
	else if (kind->key)
		value = sections_setting(text, kind->section, kind->key, "");
	if (kind->key && value.n == 0)
		value = option_of(sections_setting(text, kind->section, "PodmanArgs", OPTION));
	MEM_AUTO char *name = mem_copy(value);

	if (strcmp(name, "unconfined") == 0 && (is_option || *kind->section))
		return err_set(err, EINVAL,
			       "1:1: %s with the profile unconfined: its containers run without a "
			       "filter",
			       kind->what);
	sections_put_sentence(kind->what, value.n ? kind->named : kind->otherwise,
			      text_quote(name, quoted), &message);
	return err_set(err, EINVAL, "1:1: %s", message.p);
}

int sections_check_unit(struct str text, struct err *err)
{
	const struct text_kind *kind = kind_of(text, true);
	struct str left = text, line;

	if (kind)
		return refuse(kind, text, err);
	while (next_line(&left, &line))
		if (sections_is_exec(line))
			return 0;
	return err_set(
		err, EINVAL,
		"1:1: not a systemd unit with a filter: it has no section [Service], [Socket], [Mount] or "
		"[Swap], and systemd ignores SystemCallFilter= elsewhere");
}
