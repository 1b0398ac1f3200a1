#include "cli/profile_private.h"

#include "base/mem.h"
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
	int r = given->base ? add(bases, given, given->base, err) : 0;

	bases->has_base = given->base != NULL;
	for (size_t i = 0; r == 0 && i < given->merge.count; i++)
		if (given->merge.values[i][0])
			r = add(bases, given, given->merge.values[i], err);
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
