#include "cli/config.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/command.h"
#include "base/nearest.h"
#include "cli/retention.h"
#include "cli/sending.h"

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

/* A command has fewer options. */
#define KEYS_MAX 64

/*
 * Where a section's keys come from: a key is the long name of an option that takes an argument, in
 * [roots] without its "-root". [cgroup] has no keys of its own.
 */
struct section {
	const char *name;
	const struct option_table *table;
	const char *suffix;
};

#define SECTION_COUNT 5

struct parse {
	struct config *config;
	struct cgroup_rules *rules; /* compiles every pattern, for its mistakes */
	size_t rules_checked;
	const char *path;
	struct str rest; /* of the file */
	unsigned line;
	bool wants_pair; /* the line has to be KEY = VALUE: inih is to call back for it */
	bool indented;
	bool continues; /* an indented line would go on with the one before */
	struct section sections[SECTION_COUNT];
	void *options[SECTION_COUNT];
	struct seen {
		const struct option_row *row;
		unsigned line; /* that set it */
	} seen[KEYS_MAX];
	size_t seen_count;
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
	const struct parse *parse = context;

	return i < SECTION_COUNT ? parse->sections[i].name : NULL;
}

/* True if a file can set this option there: the file cannot name another file, and how much is kept is
 * not for watch alone. */
static bool is_key(const struct option_table *table, const struct option_row *row)
{
	return row->argument && strcmp(row->name, "config") != 0 &&
	       (table == &retention_table || !option_find(&retention_table, str_from(row->name)));
}

static const struct option_row *find_row(const struct section *section, const char *key)
{
	BUF_AUTO name = {0};

	buf_format(&name, "%s%s", key, section->suffix);
	const struct option_row *row =
		section->table ? option_find(section->table, buf_str(&name)) : NULL;

	return row && is_key(section->table, row) ? row : NULL;
}

/* The i-th key of the section that context is. */
static const char *key_name(size_t i, const void *context)
{
	const struct option_table *table = ((const struct section *)context)->table;

	for (size_t k = 0; table && k < table->count; k++)
		if (table->rows[k].name && is_key(table, &table->rows[k]) && i-- == 0)
			return table->rows[k].name;
	return NULL;
}

static const struct section *find_section(const struct parse *parse, struct str name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		if (str_eq(name, str_from(parse->sections[i].name)))
			return &parse->sections[i];
	return NULL;
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
	if (find_section(parse, name))
		return;
	const char *near = nearest_find(name, section_name, parse);

	problem(parse, parse->line, "unknown section [%.*s]: %s%s%s", (int)name.n, name.p,
		near ? "did you mean ["
		     : "must be [watch], [retention], [fleet], [cgroup] or [roots]",
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

/* A service has no directory of its own. */
static bool is_relative(const struct option_row *row, const char *value)
{
	return (strcmp(row->argument, "PATH") == 0 || strcmp(row->argument, "DIR") == 0) &&
	       value[0] != '/';
}

static void set_value(struct parse *parse, const struct section *section,
		      const struct option_row *row, const char *name, const char *value)
{
	struct err err = ERR_INIT;

	if (is_relative(row, value))
		err_set(&err, EINVAL, "'%s' must be an absolute path", value);
	else
		option_set(row, keep_text(parse->config, str_from(value)),
			   parse->options[section - parse->sections], &err);
	if (err.code)
		problem(parse, parse->line, "%s: %s", name, err.message);
}

static void unknown_key(struct parse *parse, const struct section *section, const char *name)
{
	const char *near =
		*section->suffix ? NULL : nearest_find(str_from(name), key_name, section);

	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (find_row(&parse->sections[i], name)) {
			problem(parse, parse->line, "'%s' is not a key of [%s]: move it to [%s]",
				name, section->name, parse->sections[i].name);
			return;
		}
	}
	problem(parse, parse->line, "unknown key '%s' in [%s]: %s%s%s", name, section->name,
		near ? "did you mean '" : "remove the line", near ? near : "", near ? "'?" : "");
}

static void set_key(struct parse *parse, const struct section *section, const char *name,
		    const char *value)
{
	const struct option_row *row = find_row(section, name);

	if (!row) {
		unknown_key(parse, section, name);
		return;
	}
	for (size_t i = 0; i < parse->seen_count; i++) {
		if (parse->seen[i].row == row) {
			problem(parse, parse->line,
				"%s is already set in line %u: remove one of them", name,
				parse->seen[i].line);
			return;
		}
	}
	if (parse->seen_count < KEYS_MAX)
		parse->seen[parse->seen_count++] = (struct seen){.row = row, .line = parse->line};
	set_value(parse, section, row, name, value);
}

static void add_rule(struct parse *parse, const char *runtime, const char *pattern)
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

static void read_pair(struct parse *parse, const char *section, const char *name, const char *value)
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
	else if (!find_section(parse, str_from(section)))
		return; /* its own line was a problem already */
	else if (name[0] == '\0')
		problem(parse, parse->line, "no key before the =");
	else if (!value || value[0] == '\0')
		problem(parse, parse->line, "'%s' has no value: give one, or put # before it",
			name);
	else if (is_rule)
		add_rule(parse, name, value);
	else
		set_key(parse, find_section(parse, str_from(section)), name, value);
}

/* inih's: 1 is "go on". */
static int handle_pair(void *context, const char *section, const char *name, const char *value)
{
	struct parse *parse = context;

	parse->wants_pair = false;
	read_pair(parse, section, name, value);
	return 1;
}

static int parse_text(const char *path, struct str text, const struct config_target *target,
		      struct config *config, struct err *err)
{
	struct parse parse = {
		.config = config,
		.path = path,
		.rest = text,
		.sections = {{"watch", &command_watch.table, ""},
			     {"retention", &retention_table, ""},
			     {"fleet", &sending_table, ""},
			     {"cgroup", NULL, ""},
			     {"roots", &command_watch.table, "-root"}},
		.options = {target->watch, target->retention, target->sending, NULL, target->watch},
	};
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

int config_load(const char *path, bool must_exist, const struct config_target *target,
		struct config *ret_config, struct err *err)
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
	return result < 0 ? result : parse_text(path, buf_str(&text), target, ret_config, err);
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
