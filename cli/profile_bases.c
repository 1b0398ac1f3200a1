#include "cli/profile_private.h"

#include "base/mem.h"
#include "ingest/strace/strace.h"
#include "profile/document/sections.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* How much of an operand tells a profile from a log. */
#define HEAD_BYTES 4096

void bases_release(struct bases *bases)
{
	for (size_t i = 0; i < bases->count; i++)
		judges_release(&bases->all[i]);
	free(bases->logs);
}

static int add(struct bases *bases, const struct profile_given *given, const char *name,
	       struct err *err)
{
	struct profile_options_given judging = given->judging;

	if (bases->count == BASES_MAX)
		return err_set(err, E2BIG, "cannot merge more than %d profiles", BASES_MAX);
	struct judges *judges = &bases->all[bases->count++];

	judging.profile = name;
	int r = judges_init(judges, &judging, err);

	judges->db = given->global.db;
	return r < 0 ? r : judges_acquire(judges, err);
}

static bool contains(struct str text, const char *what)
{
	return str_find(text, str_from(what)) < text.n;
}

/* JSON that is no journal's export: an object, or as `docker inspect` prints it a list of them. */
static bool is_json_profile(struct str head)
{
	static const char blanks[] = " \t\r\n";
	size_t i = 0;

	while (i < head.n && memchr(blanks, head.p[i], sizeof(blanks) - 1))
		i++;
	if (i < head.n && head.p[i] == '[')
		do {
			i++;
		} while (i < head.n && memchr(blanks, head.p[i], sizeof(blanks) - 1));
	return i < head.n && head.p[i] == '{' && !contains(head, "\"__CURSOR\"") &&
	       !contains(head, "\"_TRANSPORT\"") && !contains(head, "\"MESSAGE\"");
}

static bool is_line_of(struct str line, const char *key, const char *value)
{
	while (line.n && line.p[0] == ' ')
		line = str_skip(line, 1);
	return str_starts(line, str_from(key)) && contains(line, value);
}

/* Only at the beginning of a line: within one it may be the name of a program in a log. */
static bool is_yaml_profile(struct str head)
{
	while (head.n) {
		size_t n = str_chr(head, '\n');
		struct str line = str_of(head.p, n);

		if (is_line_of(line, "kind:", "SeccompProfile") ||
		    is_line_of(line, "defaultAction:", ""))
			return true;
		head = str_skip(head, n < head.n ? n + 1 : n);
	}
	return false;
}

static bool is_profile_text(struct str head)
{
	if (sections_is_opaque(head))
		return false;
	return is_json_profile(head) || sections_recognise(head) || is_yaml_profile(head);
}

/* The first bytes of a file; empty where there is none, or it can be read only once. */
static struct str read_head(const char *path, char bytes[HEAD_BYTES])
{
	struct stat status;
	FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
	struct str head = str_of(bytes, 0);

	if (!file)
		return head;
	head.n = fread(bytes, 1, HEAD_BYTES, file);
	fclose(file);
	return head;
}

/* By its first bytes: what is malformed further on is an error of the profile's reader. */
static bool is_profile_file(const char *path)
{
	char bytes[HEAD_BYTES];

	return is_profile_text(read_head(path, bytes));
}

static bool holds_call(struct str head)
{
	while (head.n) {
		size_t n = str_chr(head, '\n');

		if (strace_recognizes(str_of(head.p, n)))
			return true;
		head = str_skip(head, n < head.n ? n + 1 : n);
	}
	return false;
}

/* By what compressed files begin with (file(1)). */
static bool is_compressed(struct str head)
{
	static const char *const magics[] = {"\x1f\x8b", "\3757zXZ", "\x28\xb5\x2f\xfd", "BZh"};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (str_starts(head, str_from(magics[i])))
			return true;
	return false;
}

/* Text that only logs and traces have. */
static bool is_log_text(struct str head)
{
	static const char *const marks[] = {"type=SECCOMP", "audit(",         " kernel: ",
					    "\"__CURSOR\"", "\"_TRANSPORT\"", "__CURSOR="};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (contains(head, marks[i]))
			return true;
	return holds_call(head);
}

/* What else sclog reads is taken for a profile by mistake: the reader of profiles could only say
 * where it stumbled. */
static int refuse_other_input(const char *option, const char *name, struct err *err)
{
	char bytes[HEAD_BYTES];
	struct str head = read_head(name, bytes);

	if (head.n && store_is_database(name))
		return err_set(err, EINVAL,
			       "'%s' is a store, but %s needs a profile: name a store with "
			       "--db",
			       name, option);
	if (is_compressed(head))
		return err_set(err, EINVAL,
			       "'%s' is compressed, but %s needs a profile as text: decompress it; "
			       "give logs as FILEs, or read them with `sclog ingest`",
			       name, option);
	if (head.n && !is_profile_text(head) && is_log_text(head))
		return err_set(err, EINVAL,
			       "'%s' is a log, but %s needs a profile: give logs as FILEs, or read "
			       "them with `sclog ingest`",
			       name, option);
	return 0;
}

static int add_named(struct bases *bases, const struct profile_given *given, const char *option,
		     const char *name, struct err *err)
{
	int r = refuse_other_input(option, name, err);

	return r < 0 ? r : add(bases, given, name, err);
}

static bool is_profile(const char *operand)
{
	return profile_source_is_word(operand) ||
	       (!store_is_database(operand) && is_profile_file(operand));
}

static int take_operands(struct bases *bases, const struct profile_given *given,
			 const struct invocation *invocation, struct err *err)
{
	int r = 0;

	bases->logs = mem_new(invocation->operand_count + 1, sizeof(*bases->logs));
	for (size_t i = 0; r == 0 && i < invocation->operand_count; i++) {
		char *operand = invocation->operands[i];

		if (!is_profile(operand))
			bases->logs[bases->log_count++] = operand;
		else if (given->merge.count)
			r = add(bases, given, operand, err);
		else
			r = err_set(err, EINVAL,
				    "'%s' is a profile, but FILEs must be logs: give it with "
				    "--base to add to it, or with --merge",
				    operand);
	}
	return r;
}

int bases_acquire(struct bases *bases, const struct profile_given *given,
		  const struct invocation *invocation, struct err *err)
{
	int r = given->base ? add_named(bases, given, "--base", given->base, err) : 0;

	bases->has_base = given->base != NULL;
	for (size_t i = 0; r == 0 && i < given->merge.count; i++)
		if (given->merge.values[i][0])
			r = add_named(bases, given, "--merge", given->merge.values[i], err);
	return r < 0 ? r : take_operands(bases, given, invocation, err);
}

int bases_load(struct bases *bases, const struct recorded_group *group,
	       struct profile *profiles[BASES_MAX], struct err *err)
{
	const struct container container = {
		.has_caps = group && group->has_caps,
		.caps = group ? group->caps : 0,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < bases->count; i++)
		r = judges_find(&bases->all[i], group ? &container : NULL, &profiles[i], err);
	return r;
}
