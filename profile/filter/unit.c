#include "profile/filter/unit.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "profile/document/spelling.h"
#include "profile/document/sections.h"
#include "profile/filter/value.h"

#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls of one list. A kernel has fewer than 500, @known fewer than 700. */
#define MAX_CALLS 4096

/* Groups in groups; systemd 252 has two levels. */
#define MAX_GROUP_DEPTH 8

struct parser {
	struct str text;
	const struct unit_groups *groups;
	struct unit *unit;
	struct lints *lints;
	struct err *err;
	unsigned line; /* where the current assignment begins */
	bool in_section, knows_section;
};

/* One assignment to a list. */
struct assignment {
	struct unit_list *list;
	bool inverted; /* with `~` */
	bool takes_errno;
	bool of_group; /* inside a group: no lint for names that libseccomp does not know */
};

/* --- lists */

static void list_release(struct unit_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->all[i].name);
	free(list->all);
	*list = (struct unit_list){0};
}

void unit_release(struct unit *unit)
{
	list_release(&unit->filter);
	list_release(&unit->log);
	list_release(&unit->known);
}

struct unit_call *unit_list_find(const struct unit_list *list, const char *name)
{
	return named_find(list->all, list->count, sizeof(*list->all), name);
}

static void list_add(struct unit_list *list, const struct unit_call *call)
{
	struct unit_call *old = unit_list_find(list, call->name);

	if (old) {
		old->how = call->how;
		old->error = call->error;
		old->line = call->line;
		return;
	}
	if (list->count == MAX_CALLS)
		return;
	list->all = mem_more(list->all, list->count, sizeof(*list->all));
	list->all[list->count] = *call;
	list->all[list->count++].name = mem_copy(str_from(call->name));
}

/* --- lints */

static void lint_line(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void lint_line(struct parser *parser, const char *format, ...)
{
	char where[32], message[300];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(where, sizeof(where), "line %u", parser->line);
	lint_report(parser->lints, LINT_UNIT_SETTING, parser->line, where, "%s", message);
}

/* --- words */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool next_word(struct str *rest, struct str *ret_word)
{
	size_t n = 0;

	*rest = str_strip(*rest);
	while (n < rest->n && !is_blank(rest->p[n]))
		n++;
	*ret_word = str_of(rest->p, n);
	*rest = str_skip(*rest, n);
	return n > 0;
}

static int add_group(struct parser *parser, const struct assignment *assignment,
		     const struct unit_call *call, unsigned depth);

/*
 * seccomp_parse_syscall_filter(): a word with the list's own sign adds the call, one with the other
 * sign removes it. A word with an errno always adds.
 */
static int apply_call(struct parser *parser, const struct assignment *assignment,
		      const struct unit_call *call, unsigned depth)
{
	bool adds = assignment->inverted != assignment->list->allows;
	struct unit_call *listed;
	char quoted[QUOTED_SIZE];

	if (call->name[0] == '@')
		return add_group(parser, assignment, call, depth);
	if (seccomp_syscall_resolve_name(call->name) == __NR_SCMP_ERROR) {
		if (!assignment->of_group)
			lint_line(parser,
				  "libseccomp does not know the syscall %s: the word has "
				  "no effect",
				  text_quote(call->name, quoted));
		return 0;
	}
	if (adds || (assignment->list->allows && call->how != UNIT_CALL_PLAIN)) {
		list_add(assignment->list, call);
	} else if ((listed = unit_list_find(assignment->list, call->name))) {
		free(listed->name);
		*listed = assignment->list->all[--assignment->list->count];
	}
	return 0;
}

static int add_group(struct parser *parser, const struct assignment *assignment,
		     const struct unit_call *call, unsigned depth)
{
	struct assignment inner = *assignment;
	const struct unit_groups *groups = parser->groups;
	struct str members = buf_str(&groups->text), line;
	char quoted[QUOTED_SIZE];
	bool found = false;

	if (groups->text.n == 0)
		return err_set(parser->err, EINVAL, "%u:1: the contents of %s are unknown: %s",
			       parser->line, text_quote(call->name, quoted),
			       groups->failed.code ? groups->failed.message
						   : "systemd-analyze was not run");
	/* the members are the indented lines below the name; "# ..." is a comment */
	while (!found && str_next(&members, '\n', &line))
		found = str_eq(line, str_from(call->name));
	if (!found) {
		lint_line(parser, "systemd does not know the group %s: the word has no effect",
			  text_quote(call->name, quoted));
		return 0;
	}
	inner.of_group = true;
	while (depth < MAX_GROUP_DEPTH && members.n && is_blank(members.p[0]) &&
	       str_next(&members, '\n', &line)) {
		line = str_strip(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		MEM_AUTO char *name = mem_copy(line);
		struct unit_call one = *call;

		one.name = name;
		int r = apply_call(parser, &inner, &one, depth + 1);

		if (r < 0)
			return r;
	}
	return 0;
}

/* "name", "name:EPERM", "@group:13", "name:kill". False if systemd ignores the word. */
static bool parse_call(struct parser *parser, const struct assignment *assignment, char *word,
		       struct unit_call *call)
{
	char *colon = assignment->takes_errno ? strchr(word, ':') : NULL;
	char quoted[QUOTED_SIZE];
	uint64_t number = 0;

	text_quote(word, quoted);
	*call = (struct unit_call){.name = word, .line = parser->line};
	if (!colon)
		return true;
	*colon = '\0';
	call->how = strcmp(colon + 1, "kill") == 0 ? UNIT_CALL_KILL : UNIT_CALL_ERRNO;
	if (!*word || (call->how == UNIT_CALL_ERRNO &&
		       (!spelling_read_errno(colon + 1, &number) || number > VALUE_ERRNO_MAX))) {
		lint_line(parser, "%s is not a call with an errno: systemd ignores the word",
			  quoted);
		return false;
	}
	call->error = (unsigned)number;
	if (!assignment->inverted) {
		lint_line(parser,
			  "%s: a call can have an errno only after ~: systemd ignores the word",
			  quoted);
		return false;
	}
	return true;
}

static int apply_words(struct parser *parser, const struct assignment *assignment, struct str rest)
{
	struct str word;
	int r = 0;

	while (r == 0 && next_word(&rest, &word)) {
		MEM_AUTO char *copy = mem_copy(word);
		struct unit_call call;

		if (parse_call(parser, assignment, copy, &call))
			r = apply_call(parser, assignment, &call, 0);
	}
	return r;
}

/* --- settings */

static int set_list(struct parser *parser, struct str value, struct unit_list *list)
{
	bool filters = list == &parser->unit->filter;
	struct assignment assignment = {.list = list, .takes_errno = filters};
	static char first_group[] = "@default";
	struct unit_call always = {.name = first_group, .line = parser->line};
	int r = 0;

	if (value.n == 0) {
		list_release(list);
		return 0;
	}
	assignment.inverted = value.p[0] == '~';
	if (assignment.inverted)
		value = str_skip(value, 1);
	if (!list->present) {
		list->present = true;
		list->allows = !assignment.inverted;
		if (filters)
			parser->unit->filter_line = parser->line;
		if (filters && list->allows)
			r = apply_call(parser, &assignment, &always, 0);
	}
	return r < 0 ? r : apply_words(parser, &assignment, value);
}

static int set_errno(struct parser *parser, struct str value)
{
	MEM_AUTO char *copy = mem_copy(value);
	char quoted[QUOTED_SIZE];
	uint64_t number;

	if (value.n == 0 || strcmp(copy, "kill") == 0) {
		parser->unit->has_errno = false;
		return 0;
	}
	if (!spelling_read_errno(copy, &number) || number == 0 || number > VALUE_ERRNO_MAX) {
		lint_line(parser, "%s is not an errno: systemd ignores the line",
			  text_quote(copy, quoted));
		return 0;
	}
	parser->unit->has_errno = true;
	parser->unit->error = (unsigned)number;
	return 0;
}

/* Names in systemd (seccomp_arch_from_string()) and tokens of libseccomp. */
static const struct {
	const char *name;
	uint32_t token;
} arch_names[] = {
	{"native", SCMP_ARCH_NATIVE},
	{"x86", SCMP_ARCH_X86},
	{"x86-64", SCMP_ARCH_X86_64},
	{"x32", SCMP_ARCH_X32},
	{"arm", SCMP_ARCH_ARM},
	{"arm64", SCMP_ARCH_AARCH64},
#ifdef SCMP_ARCH_LOONGARCH64
	{"loongarch64", SCMP_ARCH_LOONGARCH64},
#endif
	{"mips", SCMP_ARCH_MIPS},
	{"mips64", SCMP_ARCH_MIPS64},
	{"mips64-n32", SCMP_ARCH_MIPS64N32},
	{"mips-le", SCMP_ARCH_MIPSEL},
	{"mips64-le", SCMP_ARCH_MIPSEL64},
	{"mips64-le-n32", SCMP_ARCH_MIPSEL64N32},
	{"parisc", SCMP_ARCH_PARISC},
	{"parisc64", SCMP_ARCH_PARISC64},
	{"ppc", SCMP_ARCH_PPC},
	{"ppc64", SCMP_ARCH_PPC64},
	{"ppc64-le", SCMP_ARCH_PPC64LE},
	{"riscv64", SCMP_ARCH_RISCV64},
	{"s390", SCMP_ARCH_S390},
	{"s390x", SCMP_ARCH_S390X},
};

const char *unit_arch_name(uint32_t token)
{
	for (size_t i = 0; i < sizeof(arch_names) / sizeof(arch_names[0]); i++)
		if (arch_names[i].token == token)
			return arch_names[i].name;
	return NULL;
}

static void add_arch(struct parser *parser, struct str word)
{
	struct unit *unit = parser->unit;
	MEM_AUTO char *copy = mem_copy(word);
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < sizeof(arch_names) / sizeof(arch_names[0]); i++) {
		if (!str_eq(word, str_from(arch_names[i].name)))
			continue;
		unit->has_arches = true;
		for (size_t k = 0; k < unit->arch_count; k++) {
			if (unit->arches[k] == arch_names[i].token)
				return;
		}
		unit->arches[unit->arch_count++] = arch_names[i].token;
		return;
	}
	lint_line(parser, "systemd does not know the architecture %s: the word has no effect",
		  text_quote(copy, quoted));
}

static int set_arches(struct parser *parser, struct str value)
{
	struct str word;

	if (value.n == 0) {
		parser->unit->has_arches = false;
		parser->unit->arch_count = 0;
	}
	while (next_word(&value, &word))
		add_arch(parser, word);
	return 0;
}

/* Settings that install filters which are not evaluated here. */
#define OTHER_FILTERS                                                                         \
	"LockPersonality|MemoryDenyWriteExecute|PrivateDevices|ProtectClock|ProtectHostname|" \
	"ProtectKernelLogs|ProtectKernelModules|ProtectKernelTunables|"                       \
	"RestrictAddressFamilies|RestrictNamespaces|RestrictRealtime|RestrictSUIDSGID"

static void lint_other(struct parser *parser, struct str key, struct str value)
{
	if (value.n && str_is_one_of(key, OTHER_FILTERS, false) &&
	    !str_is_one_of(value, "0|no|n|false|f|off", false))
		lint_line(
			parser,
			"%.*s= installs another filter, which is not included here; for a running "
			"service use pid:MAINPID",
			(int)key.n, key.p);
}

static int set(struct parser *parser, struct str key, struct str value)
{
	static const char settings[] = "SystemCallFilter|SystemCallLog|SystemCallErrorNumber|"
				       "SystemCallArchitectures";
	struct unit *unit = parser->unit;

	if (!parser->in_section) {
		if (str_is_one_of(key, settings, false))
			lint_line(parser,
				  "%.*s= is outside [Service], [Socket], [Mount] and [Swap]: "
				  "systemd ignores it",
				  (int)key.n, key.p);
		return 0;
	}
	if (str_eq(key, STR("SystemCallFilter")))
		return set_list(parser, value, &unit->filter);
	if (str_eq(key, STR("SystemCallLog")))
		return set_list(parser, value, &unit->log);
	if (str_eq(key, STR("SystemCallErrorNumber")))
		return set_errno(parser, value);
	if (str_eq(key, STR("SystemCallArchitectures")))
		return set_arches(parser, value);
	lint_other(parser, key, value);
	return 0;
}

/* --- lines */

static int parse_line(struct parser *parser, struct str line)
{
	line = str_strip(line);
	size_t equals = str_chr(line, '=');

	if (line.n == 0)
		return 0;
	if (line.p[0] == '[') {
		parser->in_section = sections_is_exec(line);
		return 0;
	}
	if (equals == line.n)
		return 0;
	return set(parser, str_strip(str_of(line.p, equals)),
		   str_strip(str_skip(line, equals + 1)));
}

/* A line with an odd number of backslashes at its end continues on the next one. */
static bool continues(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[line.n - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* config_parse(): comments inside a continued line are skipped too. */
static int parse_lines(struct parser *parser)
{
	struct str text = parser->text, line;
	BUF_AUTO whole = {0};
	unsigned number = 0;
	int r = 0;

	while (r == 0 && str_next(&text, '\n', &line)) {
		const struct str stripped = str_strip(line);

		number++;
		if (stripped.n && (stripped.p[0] == '#' || stripped.p[0] == ';'))
			continue;
		if (whole.n == 0)
			parser->line = number;
		while (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		bool more = continues(line);

		buf_put(&whole, line.p, line.n - more);
		buf_put_char(&whole, ' ');
		if (more && text.n)
			continue;
		r = parse_line(parser, buf_str(&whole));
		buf_clear(&whole);
	}
	return r;
}

static int read_known(struct parser *parser)
{
	struct unit *unit = parser->unit;
	struct assignment assignment = {.list = &unit->known, .of_group = true};
	static char group[] = "@known";
	const struct unit_call call = {.name = group};
	unsigned version = parser->groups->systemd_version;

	if (!unit->filter.present || !unit->filter.allows || (version && version < 255))
		return 0;
	unit->known.present = true;
	unit->known.allows = true;
	parser->line = unit->filter_line;
	return apply_call(parser, &assignment, &call, 0);
}

int unit_parse(struct str text, const struct unit_groups *groups, struct unit *ret_unit,
	       struct lints *lints, struct err *err)
{
	struct parser parser = {
		.text = text, .groups = groups, .unit = ret_unit, .lints = lints, .err = err};
	int r;

	*ret_unit = (struct unit){0};
	r = sections_check_unit(text, err);
	if (r == 0)
		r = parse_lines(&parser);
	return r < 0 ? r : read_known(&parser);
}
