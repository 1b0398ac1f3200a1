#include "cli/command.h"

#include "base/mem.h"
#include "correlate/json.h"
#include "report/message.h"
#include "base/nearest.h"
#include "fleet/fleet.h"
#include "cli/version.h"
#include "report/text.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define EXAMPLE_INDENT 6 /* of what an example does */

static const struct command *const commands[] = {
#define COMMAND_ROW(name) &command_##name,
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

/* Before the command, --format may be any word: the command's own row checks it. */
static const struct option_row global_rows[] = {
	GLOBAL_OPTION_ROWS_OF(TEXT, "FORMAT"),
};

static const struct option_table global_table = {
	global_rows,
	sizeof(global_rows) / sizeof(*global_rows),
};

static const char *command_name_at(size_t i, const void *context)
{
	(void)context;
	return i < sizeof(commands) / sizeof(*commands) ? commands[i]->name : NULL;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int misuse(const char *command, const char *message)
{
	if (command)
		message_error("%s: %s", command, message);
	else
		message_error("%s", message);
	fprintf(stderr, "Try 'sclog %s%s--help'.\n", command ? command : "", command ? " " : "");
	return EXIT_TROUBLE;
}

static int unknown_command(const char *name)
{
	const char *near = nearest_find(str_from(name), command_name_at, NULL);
	BUF_AUTO message = {0};

	buf_format(&message, "unknown command '%s'", name);
	if (near)
		buf_format(&message, " (did you mean %s?)", near);
	return misuse(NULL, message.p);
}

static void put_examples(struct buf *text, const struct example examples[EXAMPLES_MAX])
{
	buf_put_str(text, STR("Examples:\n"));
	for (size_t i = 0; i < EXAMPLES_MAX && examples[i].line; i++) {
		buf_format(text, "  %s\n", examples[i].line);
		text_wrap(text, str_from(examples[i].meaning), EXAMPLE_INDENT, HELP_COLUMNS);
	}
	buf_put_char(text, '\n');
}

static int help_sclog(void)
{
	static const struct example examples[EXAMPLES_MAX] = {
		{"sclog watch", "follow the kernel's records, and find the container of each"},
		{"sclog diff --profile docker --container web",
		 "what Docker's default profile would break in the container web"},
		{"sclog profile --container web -o web.json",
		 "write the profile that the container web needs"},
	};
	BUF_AUTO text = {0};

	buf_put_str(&text, STR("Usage: sclog [OPTION...] COMMAND [OPTION...] [FILE...]\n\n"));
	put_examples(&text, examples);
	text_wrap(&text,
		  STR("Reads the kernel's seccomp records, finds the container of each, and "
		      "shows what a seccomp profile would break."),
		  0, HELP_COLUMNS);
	buf_put_str(&text, STR("\nCommands:\n"));
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		buf_format(&text, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
	option_help(&global_table, &text);
	buf_put_str(&text, STR("\nSee 'sclog COMMAND --help' for the options of a command.\n"));
	fwrite(text.p, 1, text.n, stdout);
	return EXIT_FINE;
}

static void put_paragraphs(struct buf *text, struct str paragraphs)
{
	while (paragraphs.n) {
		size_t n = str_chr(paragraphs, '\n');

		text_wrap(text, str_of(paragraphs.p, n), 0, HELP_COLUMNS);
		paragraphs = str_skip(paragraphs, n < paragraphs.n ? n + 1 : n);
	}
}

static int help_command(const struct command *command)
{
	BUF_AUTO text = {0};

	buf_format(&text, "Usage: sclog %s %s\n\n", command->name, command->synopsis);
	put_examples(&text, command->examples);
	put_paragraphs(&text, str_from(command->description));
	option_help(&command->table, &text);
	if (command->help_more)
		command->help_more(&text);
	fwrite(text.p, 1, text.n, stdout);
	return EXIT_FINE;
}

static int print_version(void)
{
	BUF_AUTO text = {0};

	version_put(&text);
	fwrite(text.p, 1, text.n, stdout);
	return EXIT_FINE;
}

/* `sclog help [COMMAND]` */
static int help(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
		return help_sclog();
	const struct command *command = find_command(argv[1]);

	return command ? help_command(command) : unknown_command(argv[1]);
}

static int call(const struct command *command, void *options, char **operands, size_t count)
{
	struct invocation invocation = {
		.command = command,
		.global = options,
		.options = options,
		.operands = operands,
		.operand_count = count,
		.uses_fleet = fleet_is_url(((struct global_options *)options)->db),
	};
	struct err err = ERR_INIT;

	if (fleet_is_url(invocation.global->db) && !command->reads_fleet)
		return misuse(
			command->name,
			"--db names a fleet's database, but this command needs a store: give a "
			"file");
	if (count && command->no_files)
		err_set(&err, EINVAL, "'%s': %s takes no FILEs; %s", operands[0], command->name,
			command->no_files);
	if (err.code || (command->check && command->check(&invocation, &err) < 0))
		return misuse(command->name, err.message);
	int result = command->run(&invocation, &err);

	if (result >= 0)
		return result;
	if (invocation.misused)
		return misuse(command->name, err.message);
	message_error("%s", err.code ? err.message : strerror(-result));
	return EXIT_TROUBLE;
}

/* argv[0] is the command's name. */
static int run_command(const struct command *command, const struct global_options *before, int argc,
		       char **argv)
{
	MEM_AUTO void *options = mem_new(1, command->options_size);
	const struct global_options *global = options;
	struct err err = ERR_INIT;
	int operands, result;

	memcpy(options, before, sizeof(*before));
	if (option_parse(&command->table, options, argc, argv, false, &operands, &err) < 0)
		result = misuse(command->name, err.message);
	else if (global->help)
		result = help_command(command);
	else if (global->version)
		result = print_version();
	else
		result = call(command, options, argv + operands, (size_t)(argc - operands));
	option_release(&command->table, options);
	return result;
}

static int run(int argc, char **argv)
{
	struct global_options global = {0};
	struct err err = ERR_INIT;
	int operands;

	if (option_parse(&global_table, &global, argc, argv, true, &operands, &err) < 0)
		return misuse(NULL, err.message);
	if (global.help)
		return help_sclog();
	if (global.version)
		return print_version();
	if (operands == argc)
		return misuse(NULL, "no command given");
	if (strcmp(argv[operands], "help") == 0)
		return help(argc - operands, argv + operands);
	const struct command *command = find_command(argv[operands]);

	if (!command)
		return unknown_command(argv[operands]);
	return run_command(command, &global, argc - operands, argv + operands);
}

/*
 * A closed standard descriptor would be given to the next file that is opened, and output would
 * go into the store. Opened the wrong way round, reading and writing them fails as it should.
 */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What was printed may still be on its way: a full disk or a closed pipe shows at the end. */
static int close_output(void)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return 0;
	return errno ? -errno : -EIO;
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	/* A reader that closes the pipe ends sclog silently, even if the parent ignores SIGPIPE. */
	signal(SIGPIPE, SIG_DFL);
	/* UTF-8 for column widths only; every other locale category stays C. */
	setlocale(LC_CTYPE, "C.UTF-8");
	json_prepare();

	int result = run(argc, argv);
	bool reported = result == EXIT_TROUBLE;
	int r = close_output();

	if (r == 0)
		return result;
	if (!reported)
		message_error("cannot write to standard output: %s", strerror(-r));
	return EXIT_TROUBLE;
}
