#include "cli/config.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH SCLOG_CONFDIR "/sclog.conf"

/* Who has more mistakes than this has another problem. */
#define PROBLEMS_MAX 100

/* Of one pattern, all its lines together: more than any path has. */
#define PATTERN_MAX 8192

enum value_kind {
	VALUE_TEXT,
	VALUE_CHOICE,  /* one of the words of `choices`: "text|json" */
	VALUE_PROGRAM, /* the same, and its release may follow: docker@28.0 */
	VALUE_LIST,    /* some of them, set off by commas */
	VALUE_PATH,    /* absolute: a service has no directory of its own */
	VALUE_TIME,
	VALUE_NICE,
	VALUE_DURATION, /* or forever */
};

static const struct key {
	const char *section, *name;
	enum value_kind kind;
	size_t offset;
	const char *choices;
} keys[] = {
	{"watch", "source", VALUE_LIST, offsetof(struct config, source),
	 "auto|audit|syslog|netlink|journal|kmsg|stdin"},
	{"watch", "file", VALUE_PATH, offsetof(struct config, file), NULL},
	{"watch", "from", VALUE_TIME, offsetof(struct config, from), NULL},
	{"watch", "profile", VALUE_TEXT, offsetof(struct config, profile), NULL},
	{"watch", "loader", VALUE_PROGRAM, offsetof(struct config, loader),
	 "auto|docker|podman|oci|crio|containerd"},
	{"watch", "runtime", VALUE_PROGRAM, offsetof(struct config, runtime), "runc|crun"},
	{"watch", "node", VALUE_TEXT, offsetof(struct config, node), NULL},
	{"watch", "db", VALUE_PATH, offsetof(struct config, db), NULL},
	{"watch", "db-group", VALUE_TEXT, offsetof(struct config, db_group), NULL},
	{"watch", "format", VALUE_CHOICE, offsetof(struct config, format), "text|json"},
	{"watch", "priority", VALUE_NICE, offsetof(struct config, priority), NULL},
	{"retention", "keep-minutes", VALUE_DURATION, offsetof(struct config, keep_minutes), NULL},
	{"retention", "keep-hours", VALUE_DURATION, offsetof(struct config, keep_hours), NULL},
	{"retention", "keep-days", VALUE_DURATION, offsetof(struct config, keep_days), NULL},
	{"roots", "proc", VALUE_PATH, offsetof(struct config, proc_root), NULL},
	{"roots", "runtime", VALUE_PATH, offsetof(struct config, runtime_root), NULL},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const char *const sections[] = {"watch", "retention", "cgroup", "roots", NULL};

struct parse {
	struct config *config;
	struct cgroup_rules *rules; /* compiles every pattern, for its mistakes */
	size_t rules_checked;
	const char *path;
	struct str rest; /* of the file */
	unsigned line;
	bool wants_pair; /* the line has to be KEY = VALUE: inih is to call back for it */
	bool indented;
	bool continues;           /* an indented line would go on with the one before */
	unsigned seen[KEY_COUNT]; /* the line that set a key, 0 if none did */
};

static void problem(struct parse *parse, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void problem(struct parse *parse, unsigned line, const char *format, ...)
{
	MEM_AUTO char *text = NULL;
	va_list args;

	if (++parse->config->problem_count > PROBLEMS_MAX)
		return;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		mem_fail("a message");
	/* a pattern may go over several lines, and a message over one */
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	buf_format(&parse->config->problems, "%s:%u: %s\n", parse->path, line, text);
}

static const char *keep_text(struct config *config, struct str text)
{
	char *copy = mem_copy(text);

	config->texts = mem_resize(config->texts, (config->text_count + 1) * sizeof(copy));
	config->texts[config->text_count++] = copy;
	return copy;
}

static const char *section_name(size_t i, const void *context)
{
	(void)context;
	return sections[i];
}

/* The i-th key of the section that context names. */
static const char *key_name(size_t i, const void *context)
{
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (strcmp(keys[k].section, context) == 0 && i-- == 0)
			return keys[k].name;
	return NULL;
}

static bool is_section(struct str name)
{
	for (size_t i = 0; sections[i]; i++)
		if (str_eq(name, str_from(sections[i])))
			return true;
	return false;
}

/* The patterns of the rules that are complete by now. */
static void check_rules(struct parse *parse)
{
	for (; parse->rules_checked < parse->config->rule_count; parse->rules_checked++) {
		const struct config_rule *rule = &parse->config->rules[parse->rules_checked];
		struct err err = ERR_INIT;

		if (cgroup_rules_add(parse->rules, rule->runtime, rule->pattern, &err) < 0)
			problem(parse, rule->line, "%s", err.message);
	}
}

/* "[name]": inih reports a section only with its first key, and forgives a lost bracket. */
static void check_section(struct parse *parse, struct str text)
{
	size_t end = str_chr(text, ']');
	struct str name = str_skip(str_of(text.p, end), 1);

	check_rules(parse);
	parse->continues = false;
	if (end == text.n) {
		problem(parse, parse->line, "missing ]: write the section as [watch]");
		return;
	}
	if (is_section(name))
		return;
	const char *near = nearest_find(name, section_name, NULL);

	problem(parse, parse->line, "unknown section [%.*s]: %s%s%s", (int)name.n, name.p,
		near ? "did you mean [" : "must be [watch], [retention], [cgroup] or [roots]",
		near ? near : "", near ? "]?" : "");
}

/* Nothing came of a line that is neither empty nor a comment nor a section. */
static void check_last_line(struct parse *parse)
{
	if (parse->wants_pair)
		problem(parse, parse->line, "not KEY = VALUE or [SECTION]: put # before a comment");
	parse->wants_pair = false;
}

/* Says what inih is to make of a line. Returns false if it must not see it. */
static bool check_line(struct parse *parse, struct str line, size_t room)
{
	static const char blanks[] = " \t\r\v\f";
	size_t at = 0;

	if (parse->line == 1 && str_starts(line, STR("\xef\xbb\xbf")))
		line = str_skip(line, 3);
	if (line.n > room) {
		problem(parse, parse->line,
			"longer than %zu bytes: split a pattern of [cgroup] into several "
			"lines, each indented",
			room);
		return false;
	}
	if (str_chr(line, '\0') < line.n) {
		problem(parse, parse->line, "NUL byte: not a text file");
		return false;
	}
	while (at < line.n && memchr(blanks, line.p[at], sizeof(blanks) - 1))
		at++;
	if (at == line.n || line.p[at] == '#' || line.p[at] == ';')
		return true;
	parse->indented = at > 0;
	if (line.p[at] == '[' && !(parse->indented && parse->continues))
		check_section(parse, str_skip(line, at));
	else
		parse->wants_pair = true;
	return true;
}

/* Hands inih a line. Its own reader would cut a long line off without a word, and gives the
 * callback no line number. */
static char *read_line(char *to, int size, void *context)
{
	struct parse *parse = context;

	check_last_line(parse);
	if (parse->rest.n == 0) {
		check_rules(parse);
		return NULL;
	}
	size_t end = str_chr(parse->rest, '\n');
	struct str line = str_of(parse->rest.p, end);

	parse->rest = str_skip(parse->rest, end < parse->rest.n ? end + 1 : end);
	parse->line++;
	if (!check_line(parse, line, (size_t)size - 3))
		line.n = 0;
	memcpy(to, line.p, line.n);
	memcpy(to + line.n, "\n", 2);
	return to;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	while (n && *choices) {
		size_t end = strcspn(choices, "|");

		if (end == n && memcmp(choices, value, n) == 0)
			return true;
		choices += choices[end] ? end + 1 : end;
	}
	return false;
}

static bool is_list(const char *choices, const char *value)
{
	char word[32];

	for (size_t n; value; value = value[n] ? value + n + 1 : NULL) {
		value += strspn(value, " \t");
		n = strcspn(value, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : 0), value);
		word[strcspn(word, " \t")] = '\0';
		if (!is_choice(choices, word))
			return false;
	}
	return true;
}

static bool is_time(const char *value)
{
	struct clock_span span;

	return strcmp(value, "start") == 0 || clock_parse(str_from(value), 0, &span) == 0;
}

static bool is_duration(const char *value)
{
	int64_t ms;

	return strcmp(value, "forever") == 0 ||
	       (clock_parse_duration(str_from(value), &ms) == 0 && ms > 0);
}

static bool set_nice(struct config *config, const char *value)
{
	char *end;
	long nice = strtol(value, &end, 10);

	if (end == value || *end || nice < -20 || nice > 19)
		return false;
	config->priority = (int)nice;
	config->has_priority = true;
	return true;
}

static bool is_program(const char *choices, const char *value)
{
	MEM_AUTO char *program = mem_copy(str_of(value, strcspn(value, "@")));

	return is_choice(choices, program);
}

static void set_value(struct parse *parse, const struct key *key, const char *value)
{
	const char **field = (const char **)((char *)parse->config + key->offset);

	if ((key->kind == VALUE_CHOICE && !is_choice(key->choices, value)) ||
	    (key->kind == VALUE_PROGRAM && !is_program(key->choices, value)))
		problem(parse, parse->line, "%s = %s: must be one of %s", key->name, value,
			key->choices);
	else if (key->kind == VALUE_LIST && !is_list(key->choices, value))
		problem(parse, parse->line, "%s = %s: expected a comma-separated list of %s",
			key->name, value, key->choices);
	else if (key->kind == VALUE_PATH && value[0] != '/')
		problem(parse, parse->line, "%s = %s: expected an absolute path", key->name, value);
	else if (key->kind == VALUE_TIME && !is_time(value))
		problem(parse, parse->line, "%s = %s: must be start or a time (%s)", key->name,
			value, clock_forms);
	else if (key->kind == VALUE_DURATION && !is_duration(value))
		problem(parse, parse->line,
			"%s = %s: must be a length of time such as 36h, 7d or 52w, or forever",
			key->name, value);
	else if (key->kind == VALUE_NICE && !set_nice(parse->config, value))
		problem(parse, parse->line,
			"%s = %s: must be a nice value from -20 to 19 (0: unchanged)", key->name,
			value);
	else if (key->kind != VALUE_NICE)
		*field = keep_text(parse->config, str_from(value));
}

static void unknown_key(struct parse *parse, const char *section, const char *name)
{
	const char *near = nearest_find(str_from(name), key_name, section);

	for (size_t k = 0; k < KEY_COUNT; k++) {
		if (strcmp(keys[k].name, name) == 0) {
			problem(parse, parse->line,
				"'%s' is not a key of [%s]: move it to "
				"[%s]",
				name, section, keys[k].section);
			return;
		}
	}
	problem(parse, parse->line, "unknown key '%s' in [%s]: %s%s%s", name, section,
		near ? "did you mean '" : "remove the line", near ? near : "", near ? "'?" : "");
}

static void take_key(struct parse *parse, const char *section, const char *name, const char *value)
{
	size_t k = 0;

	while (k < KEY_COUNT &&
	       (strcmp(keys[k].section, section) != 0 || strcmp(keys[k].name, name) != 0))
		k++;
	if (k == KEY_COUNT) {
		unknown_key(parse, section, name);
		return;
	}
	if (parse->seen[k]) {
		problem(parse, parse->line, "%s is already set in line %u: remove one of them",
			name, parse->seen[k]);
		return;
	}
	parse->seen[k] = parse->line;
	set_value(parse, &keys[k], value);
}

static void take_rule(struct parse *parse, const char *runtime, const char *pattern)
{
	struct config *config = parse->config;
	size_t size = (config->rule_count + 1) * sizeof(*config->rules);

	config->rules = mem_resize(config->rules, size);
	config->rules[config->rule_count++] = (struct config_rule){
		.line = parse->line,
		.runtime = keep_text(config, str_from(runtime)),
		.pattern = keep_text(config, str_from(pattern)),
	};
}

/* The newline means nothing in a pattern, but ends a comment in it (base/pattern.h). */
static void continue_rule(struct parse *parse, const char *more)
{
	struct config_rule *rule = &parse->config->rules[parse->config->rule_count - 1];
	BUF_AUTO joined = {0};

	if (strlen(rule->pattern) + strlen(more) >= PATTERN_MAX) {
		problem(parse, parse->line,
			"the pattern has more than %d bytes: split it "
			"into two",
			PATTERN_MAX);
		return;
	}
	buf_format(&joined, "%s\n%s", rule->pattern, more);
	rule->pattern = keep_text(parse->config, buf_str(&joined));
}

static void take_pair(struct parse *parse, const char *section, const char *name, const char *value)
{
	bool goes_on = parse->indented && parse->continues;
	bool is_rule = strcmp(section, "cgroup") == 0;

	parse->continues = name[0] != '\0';
	if (goes_on && is_rule && parse->rules_checked < parse->config->rule_count) {
		continue_rule(parse, value);
		return;
	}
	check_rules(parse);
	if (goes_on)
		problem(parse, parse->line,
			"unexpected indentation (an indented line continues the previous "
			"one): remove it");
	else if (section[0] == '\0')
		problem(parse, parse->line, "'%s' is outside a section: put [watch] above it",
			name);
	else if (!is_section(str_from(section)))
		return; /* its own line was a problem already */
	else if (name[0] == '\0')
		problem(parse, parse->line, "no key before the =");
	else if (!value || value[0] == '\0')
		problem(parse, parse->line, "'%s' has no value: give one, or put # before it",
			name);
	else if (is_rule)
		take_rule(parse, name, value);
	else
		take_key(parse, section, name, value);
}

/* inih's: 1 is "go on". */
static int handle_pair(void *context, const char *section, const char *name, const char *value)
{
	struct parse *parse = context;

	parse->wants_pair = false;
	take_pair(parse, section, name, value);
	return 1;
}

static int parse_text(const char *path, struct str text, struct config *config, struct err *err)
{
	struct parse parse = {.config = config, .path = path, .rest = text};
	int result = cgroup_rules_new(&parse.rules, err);

	if (result < 0)
		return result;
	int at = ini_parse_stream(read_line, &parse, handle_pair, &parse);

	cgroup_rules_free(parse.rules);
	if (at == -2)
		mem_fail("inih");
	if (at && config->problem_count == 0)
		problem(&parse, (unsigned)at, "invalid line: write KEY = VALUE");
	if (config->problem_count == 0)
		return 0;
	struct str first = buf_str(&config->problems);

	return err_set(err, EINVAL, "%.*s", (int)str_chr(first, '\n'), first.p);
}

/* As sudo(8) and sshd(8) do with theirs. */
static int check_owner(const char *path, const struct stat *status, struct err *err)
{
	bool others = status->st_mode & S_IWOTH;
	bool group = (status->st_mode & S_IWGRP) && status->st_gid != 0;

	if (geteuid() != 0)
		return 0;
	if (status->st_uid != 0)
		return err_set(err, EPERM,
			       "config file '%s' is owned by uid %u: run chown "
			       "root '%s'",
			       path, (unsigned)status->st_uid, path);
	if (others || group)
		return err_set(err, EPERM,
			       "config file '%s' is writable by others: run chmod go-w '%s'", path,
			       path);
	return 0;
}

static int read_text(int fd, const char *path, struct buf *text, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_errno(err, errno, "config file '%s'", path);
	if (!S_ISREG(status.st_mode))
		return err_set(err, EINVAL, "config file '%s' is not a regular file", path);
	int result = check_owner(path, &status, err);

	if (result < 0)
		return result;
	result = file_read_all(fd, CONFIG_SIZE_MAX, text);
	if (result == -EFBIG)
		return err_set(err, EFBIG, "config file '%s' is larger than %d bytes", path,
			       CONFIG_SIZE_MAX);
	return result < 0 ? err_errno(err, -result, "config file '%s': read", path) : 0;
}

int config_load(const char *path, bool must_exist, struct config *ret_config, struct err *err)
{
	BUF_AUTO text = {0};

	*ret_config = (struct config){0};
	path = path ? path : DEFAULT_PATH;
	/* a FIFO would block before its type is known */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "config file '%s'", path);
	int result = read_text(fd, path, &text, err);

	close(fd);
	return result < 0 ? result : parse_text(path, buf_str(&text), ret_config, err);
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config->text_count; i++)
		free(config->texts[i]);
	free(config->texts);
	free(config->rules);
	buf_release(&config->problems);
	*config = (struct config){0};
}

int config_add_rules(const struct config *config, struct cgroup_rules *rules, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < config->rule_count && result == 0; i++)
		result = cgroup_rules_add(rules, config->rules[i].runtime, config->rules[i].pattern,
					  err);
	return result;
}
