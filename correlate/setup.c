#include "correlate/setup.h"

/* A container's id is the name of a directory: NAME_MAX. */
#define ID_MAX 255

/* A program's own command-line language. */
enum dialect {
	DIALECT_OCI, /* runc, crun, youki: [GLOBAL OPTION...] VERB [OPTION...] ID [ARGUMENT...] */
	DIALECT_CONMON, /* options only */
	DIALECT_SHIM,   /* options, then perhaps a word; one dash makes a long option (Go) */
};

enum program_name_kind {
	NAME_WHOLE,
	NAME_FAMILY, /* also docker-runc, sysbox-runc, runc-1.1.15, runc.amd64 */
	NAME_PREFIX,
};

static const struct program {
	const char *name;
	enum program_name_kind kind;
	enum dialect dialect;
	const char *runtime;
} programs[] = {
	{"containerd-shim-runc-", NAME_PREFIX, DIALECT_SHIM, "containerd"},
	{"conmon", NAME_FAMILY, DIALECT_CONMON, "podman"},
	{"crun", NAME_FAMILY, DIALECT_OCI, "crun"},
	{"runc", NAME_FAMILY, DIALECT_OCI, "runc"},
	{"youki", NAME_FAMILY, DIALECT_OCI, "youki"},
	/* hands its command line on to runc */
	{"nvidia-container-runtime", NAME_WHOLE, DIALECT_OCI, "runc"},
};

static const struct verb {
	const char *name;
	enum setup_verb verb;
} verbs[] = {
	{"create", SETUP_CREATE},
	{"run", SETUP_CREATE},
	{"restore", SETUP_CREATE},
	{"exec", SETUP_EXEC},
};

/* What an option's value is to us. */
enum meaning {
	MEANING_NONE,
	MEANING_ID,
	MEANING_BUNDLE,
	MEANING_NAMESPACE,
	MEANING_SESSION,  /* conmon: of an exec session, else the container's id again */
	MEANING_EXIT_DIR, /* conmon: CRI-O's is below /var/run/crio */
	MEANING_EXEC,     /* takes no value */
	MEANING_COUNT,
};

/* Options that take a value, so that it is not mistaken for an operand; the others take none.
 * Where two programs of a dialect share a letter they agree on that. */
struct option {
	const char *name;
	char letter;
	enum meaning meaning;
};

/* From the --help of runc 1.1 and 1.3, crun 1.8 and 1.20, youki 0.5. */
static const struct option oci_options[] = {
	{"additional-gids", 'g', MEANING_NONE},
	{"apparmor", 0, MEANING_NONE},
	{"bundle", 'b', MEANING_BUNDLE},
	{"cap", 'c', MEANING_NONE},
	{"cgroup", 0, MEANING_NONE},
	{"cgroup-manager", 0, MEANING_NONE},
	{"config", 'f', MEANING_NONE},
	{"console-socket", 0, MEANING_NONE},
	{"criu", 0, MEANING_NONE},
	{"cwd", 0, MEANING_NONE},
	{"empty-ns", 0, MEANING_NONE},
	{"env", 'e', MEANING_NONE},
	{"image-path", 0, MEANING_NONE},
	{"log", 'l', MEANING_NONE},
	{"log-format", 0, MEANING_NONE},
	{"log-level", 0, MEANING_NONE},
	{"lsm-mount-context", 0, MEANING_NONE},
	{"lsm-profile", 0, MEANING_NONE},
	{"manage-cgroups-mode", 0, MEANING_NONE},
	{"pid-file", 0, MEANING_NONE},
	{"pidfd-socket", 0, MEANING_NONE},
	{"preserve-fds", 0, MEANING_NONE},
	{"process", 'p', MEANING_NONE},
	{"process-label", 0, MEANING_NONE},
	{"root", 'r', MEANING_NONE},
	{"rootless", 0, MEANING_NONE},
	{"user", 'u', MEANING_NONE},
	{"work-path", 0, MEANING_NONE},
	{0},
};

/* From conmon 2.1's --help; -e/--exec and --exec-attach take no value, but say what it is. */
static const struct option conmon_options[] = {
	{"api-version", 0, MEANING_NONE},
	{"bundle", 'b', MEANING_BUNDLE},
	{"cid", 'c', MEANING_ID},
	{"conmon-pidfile", 'P', MEANING_NONE},
	{"container-pidfile", 'p', MEANING_NONE},
	{"cuuid", 'u', MEANING_SESSION},
	{"exec", 'e', MEANING_EXEC},
	{"exec-process-spec", 0, MEANING_NONE},
	{"exit-command", 0, MEANING_NONE},
	{"exit-command-arg", 0, MEANING_NONE},
	{"exit-delay", 0, MEANING_NONE},
	{"exit-dir", 0, MEANING_EXIT_DIR},
	{"log-allowlist-dir", 0, MEANING_NONE},
	{"log-global-size-max", 0, MEANING_NONE},
	{"log-label", 0, MEANING_NONE},
	{"log-level", 0, MEANING_NONE},
	{"log-path", 'l', MEANING_NONE},
	{"log-size-max", 0, MEANING_NONE},
	{"log-tag", 0, MEANING_NONE},
	{"name", 'n', MEANING_NONE},
	{"persist-dir", '0', MEANING_NONE},
	{"restore", 0, MEANING_NONE},
	{"runtime", 'r', MEANING_NONE},
	{"runtime-arg", 0, MEANING_NONE},
	{"runtime-opt", 0, MEANING_NONE},
	{"sdnotify-socket", 0, MEANING_NONE},
	{"seccomp-notify-plugins", 0, MEANING_NONE},
	{"seccomp-notify-socket", 0, MEANING_NONE},
	{"socket-dir-path", 0, MEANING_NONE},
	{"timeout", 'T', MEANING_NONE},
	{0},
};

/* containerd's runtime/v2/shim/shim.go. */
static const struct option shim_options[] = {
	{"address", 0, MEANING_NONE},
	{"bundle", 0, MEANING_BUNDLE},
	{"id", 0, MEANING_ID},
	{"namespace", 0, MEANING_NAMESPACE},
	{"publish-binary", 0, MEANING_NONE},
	{"socket", 0, MEANING_NONE},
	{0},
};

static const struct option *const dialect_options[] = {
	[DIALECT_OCI] = oci_options,
	[DIALECT_CONMON] = conmon_options,
	[DIALECT_SHIM] = shim_options,
};

/* What was read so far; all borrowed from the command line. */
struct reading {
	const struct option *options;
	struct str rest; /* the arguments to come */
	bool only_operands;
	bool given[MEANING_COUNT];
	struct str values[MEANING_COUNT];
};

/* An argument that does not end with its NUL was cut off: it is not taken. */
static bool take_argument(struct str *rest, struct str *ret_argument)
{
	size_t end = str_chr(*rest, '\0');

	if (end == rest->n)
		return false;
	*ret_argument = str_of(rest->p, end);
	*rest = str_skip(*rest, end + 1);
	return true;
}

static const struct option *option_named(const struct option *options, struct str name)
{
	for (; options->name; options++)
		if (str_eq(str_from(options->name), name))
			return options;
	return NULL;
}

static const struct option *option_lettered(const struct option *options, char letter)
{
	for (; options->name; options++)
		if (options->letter && options->letter == letter)
			return options;
	return NULL;
}

static void take_value(struct reading *reading, const struct option *option, bool attached,
		       struct str value)
{
	reading->given[option->meaning] = true;
	if (option->meaning == MEANING_EXEC)
		return;
	if (!attached && !take_argument(&reading->rest, &value))
		return;
	reading->values[option->meaning] = value; /* of several the last counts, as they do it */
}

/* "name" or "name=value". Returns false if there is no such option with a value. */
static bool take_long(struct reading *reading, struct str text)
{
	size_t equals = str_chr(text, '=');
	const struct option *option = option_named(reading->options, str_of(text.p, equals));

	if (!option)
		return false;
	take_value(reading, option, equals < text.n,
		   str_skip(text, equals < text.n ? equals + 1 : equals));
	return true;
}

/* "b", "bDIR", "b=DIR" (Go), or several letters of which the last takes the value. */
static void take_short(struct reading *reading, struct str letters)
{
	while (letters.n) {
		const struct option *option = option_lettered(reading->options, letters.p[0]);

		letters = str_skip(letters, 1);
		if (letters.n && letters.p[0] == '=' && !option)
			return; /* -t=false */
		if (!option)
			continue;
		bool attached = letters.n > 0 && option->meaning != MEANING_EXEC;

		if (attached && letters.p[0] == '=')
			letters = str_skip(letters, 1);
		take_value(reading, option, attached, letters);
		if (option->meaning != MEANING_EXEC)
			return;
	}
}

/* The next argument that is no option and no option's value. */
static bool next_operand(struct reading *reading, struct str *ret_operand)
{
	struct str argument;

	while (take_argument(&reading->rest, &argument)) {
		if (reading->only_operands || argument.n < 2 || argument.p[0] != '-') {
			*ret_operand = argument;
			return true;
		}
		if (str_eq(argument, STR("--")))
			reading->only_operands = true;
		else if (argument.p[1] == '-')
			take_long(reading, str_skip(argument, 2));
		else if (!take_long(reading, str_skip(argument, 1))) /* Go: one dash will do */
			take_short(reading, str_skip(argument, 1));
	}
	return false;
}

static bool is_id(struct str id)
{
	if (id.n == 0 || id.n > ID_MAX || str_eq(id, STR(".")) || str_eq(id, STR("..")))
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i], lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    !memchr("_+-.", c, 4))
			return false;
	}
	return true;
}

static const struct verb *verb_named(struct str name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_eq(str_from(verbs[i].name), name))
			return &verbs[i];
	return NULL;
}

/* create, run and restore take the id alone, before or after their options (argp(3) lets both):
 * the last operand is it, should an option that is not known here have left its value behind. */
static bool parse_oci(struct reading *reading, struct setup *setup)
{
	struct str operand;

	if (!next_operand(reading, &operand))
		return false;
	const struct verb *verb = verb_named(operand);

	if (!verb || !next_operand(reading, &setup->id))
		return false;
	setup->verb = verb->verb;
	while (verb->verb == SETUP_CREATE && next_operand(reading, &operand))
		setup->id = operand;
	/* what is left was cut off, and that may be the id */
	return reading->rest.n == 0 || verb->verb == SETUP_EXEC;
}

/* The bundle of an exec session is a directory below the container's, named for the session. */
static struct str without_session(struct str bundle, struct str session)
{
	if (session.n && bundle.n > session.n + 1 &&
	    str_eq(str_skip(bundle, bundle.n - session.n), session) &&
	    bundle.p[bundle.n - session.n - 1] == '/')
		bundle.n -= session.n + 1;
	return bundle;
}

static bool parse_conmon(struct reading *reading, struct setup *setup)
{
	struct str operand;

	while (next_operand(reading, &operand))
		;
	setup->verb = SETUP_MONITOR;
	setup->id = reading->values[MEANING_ID];
	if (str_find(reading->values[MEANING_EXIT_DIR], STR("/crio/")) <
	    reading->values[MEANING_EXIT_DIR].n)
		setup->runtime = STR("cri-o");
	return true;
}

/* "start" makes the shim that stays; "delete" cleans up after one. */
static bool parse_shim(struct reading *reading, struct setup *setup)
{
	struct str word = {0};
	bool has_word = next_operand(reading, &word);

	setup->verb = SETUP_MONITOR;
	setup->id = reading->values[MEANING_ID];
	setup->namespace = reading->values[MEANING_NAMESPACE];
	return !has_word || str_eq(word, STR("start"));
}

static bool ends_with(struct str s, struct str end)
{
	return s.n >= end.n && str_eq(str_skip(s, s.n - end.n), end);
}

static bool is_program(const struct program *program, struct str name)
{
	struct str own = str_from(program->name);

	if (program->kind == NAME_WHOLE || name.n == own.n)
		return str_eq(name, own);
	if (str_starts(name, own))
		return program->kind == NAME_PREFIX || memchr("-.", name.p[own.n], 2);
	return program->kind == NAME_FAMILY && ends_with(name, own) &&
	       name.p[name.n - own.n - 1] == '-';
}

static const struct program *program_of(struct str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	struct str name = slash ? str_skip(path, (size_t)(slash - path.p) + 1) : path;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (is_program(&programs[i], name))
			return &programs[i];
	return NULL;
}

bool setup_parse(struct str cmdline, struct setup *ret_setup)
{
	static bool (*const parse[])(struct reading *, struct setup *) = {
		[DIALECT_OCI] = parse_oci,
		[DIALECT_CONMON] = parse_conmon,
		[DIALECT_SHIM] = parse_shim,
	};
	struct reading reading = {.rest = cmdline};
	struct str path;

	if (!take_argument(&reading.rest, &path))
		return false;
	const struct program *program = program_of(path);

	if (!program)
		return false;
	*ret_setup = (struct setup){.runtime = str_from(program->runtime)};
	reading.options = dialect_options[program->dialect];
	if (!parse[program->dialect](&reading, ret_setup) || !is_id(ret_setup->id))
		return false;
	ret_setup->bundle = without_session(
		reading.values[MEANING_BUNDLE],
		reading.given[MEANING_EXEC] ? reading.values[MEANING_SESSION] : (struct str){0});
	return true;
}

bool setup_claimant(const struct procfs *procfs, uint32_t pid, struct str cmdline,
		    uint32_t *ret_uid)
{
	char again[PROCFS_TEXT_MAX];
	struct setup setup;

	/* the command line last: with the same one before and after it was one program's meanwhile */
	if (!setup_parse(cmdline, &setup) || procfs_uid(procfs, pid, ret_uid) < 0 ||
	    procfs_is_setuid(procfs, pid, *ret_uid))
		return false;
	ssize_t n = procfs_read(procfs, pid, "cmdline", again, sizeof(again));

	return n > 0 && str_eq(str_of(again, (size_t)n), cmdline);
}
