#include "report/explain_private.h"

#include "ingest/arch.h"
#include "report/csv.h"
#include "report/json.h"

#include <ctype.h>

/* The calls of one arch stand together; calls[first..end) are those. */
static size_t arch_end(const struct explain_calls *calls, size_t first)
{
	const struct explain_call *all = calls->all;
	size_t i = first;

	while (i < calls->count &&
	       arch_token(all[i].arch, all[i].nr) == arch_token(all[first].arch, all[first].nr))
		i++;
	return i;
}

/* Refused always, refused for some arguments, and those of which neither can be told. */
enum list { LIST_BLOCKED, LIST_CONDITIONAL, LIST_UNKNOWN, LISTS };

/* False where it is in none. */
static bool find_list(const struct explain_call *call, enum list *ret_list)
{
	const struct verdict verdict = profile_judge(call->profile, call->arch, call->nr);

	*ret_list = verdict.kind == VERDICT_UNKNOWN       ? LIST_UNKNOWN
		    : verdict.kind == VERDICT_CONDITIONAL ? LIST_CONDITIONAL
							  : LIST_BLOCKED;
	return *ret_list != LIST_BLOCKED || explain_is_blocked(&verdict);
}

static bool is_listed(const struct explain_call *call, enum list list)
{
	enum list its;

	return find_list(call, &its) && its == list;
}

static void put_upper(struct buf *line, const char *name)
{
	for (; *name; name++)
		buf_put_char(line, (char)toupper((unsigned char)*name));
}

/* "Blocked Syscalls (60): SYSLOG SETPGID ..." */
static void write_line(const struct explain_calls *calls, size_t first, size_t end, enum list list,
		       FILE *out)
{
	static const char *const titles[LISTS] = {"Blocked Syscalls", "Conditional Syscalls",
						  "Cannot Tell"};
	const struct explain_call *call = &calls->all[first];
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	BUF_AUTO names = {0};
	size_t count = 0;

	for (size_t i = first; i < end; i++) {
		if (!is_listed(&calls->all[i], list))
			continue;
		count++;
		syscall_name(calls->all[i].arch, calls->all[i].nr, name);
		buf_put_char(&names, ' ');
		put_upper(&names, name);
	}
	if (list != LIST_BLOCKED && count == 0)
		return;
	fputs(titles[list], out);
	if (arch_token(call->arch, call->nr) != arch_native())
		fprintf(out, " on %s", format_arch(call->arch, (int32_t)call->nr, arch));
	fprintf(out, " (%zu):%s\n", count, count ? names.p : "");
}

static void write_text(const struct explain_writing *writing, FILE *out)
{
	const struct explain_calls *calls = writing->calls;

	for (size_t i = 0, end; i < calls->count; i = end) {
		end = arch_end(calls, i);
		for (enum list list = LIST_BLOCKED; list < LISTS; list++)
			write_line(calls, i, end, list, out);
	}
}

static json_t *names_json(const struct explain_calls *calls, size_t first, size_t end,
			  enum list list)
{
	json_t *names = json_array();
	char name[SYSCALL_NAME_SIZE];

	for (size_t i = first; i < end; i++) {
		if (!is_listed(&calls->all[i], list))
			continue;
		syscall_name(calls->all[i].arch, calls->all[i].nr, name);
		json_array_append_new(names, json_string(name));
	}
	return names;
}

/* Appends what the list does not hold yet: a name may be blocked on several arches. */
static void merge_names(json_t *list, const json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		json_t *name = json_array_get(names, i);
		bool known = false;

		for (size_t j = 0; j < json_array_size(list) && !known; j++)
			known = json_equal(json_array_get(list, j), name);
		if (!known)
			json_array_append(list, name);
	}
}

static void write_json(const struct explain_writing *writing, FILE *out)
{
	const struct explain_calls *calls = writing->calls;
	json_t *blocked = json_array(), *conditional = json_array(), *arches = json_array(),
	       *unknown = json_array();

	for (size_t i = 0, end; i < calls->count; i = end) {
		const struct explain_call *call = &calls->all[i];
		json_t *object = json_object();
		char arch[FORMAT_NAME_SIZE];

		end = arch_end(calls, i);
		json_object_set_new(object, "arch",
				    json_string(format_arch(call->arch, (int32_t)call->nr, arch)));
		json_object_set_new(object, "blocked", names_json(calls, i, end, LIST_BLOCKED));
		json_object_set_new(object, "conditional",
				    names_json(calls, i, end, LIST_CONDITIONAL));
		json_object_set_new(object, "unknown", names_json(calls, i, end, LIST_UNKNOWN));
		merge_names(blocked, json_object_get(object, "blocked"));
		merge_names(conditional, json_object_get(object, "conditional"));
		merge_names(unknown, json_object_get(object, "unknown"));
		json_array_append_new(arches, object);
	}
	json_write(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "profile",
			     explain_profile_json(writing->profile), "lint",
			     explain_lint_json(writing->profile), "blocked", blocked, "conditional",
			     conditional, "unknown", unknown, "arches", arches),
		   true, out);
}

static void write_csv(const struct explain_writing *writing, FILE *out)
{
	const struct explain_calls *calls = writing->calls;
	CSV_AUTO csv = {0};

	csv_header("arch,nr,syscall,verdict", out);
	for (size_t i = 0; i < calls->count; i++) {
		const struct explain_call *call = &calls->all[i];
		char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];

		enum list list;

		if (!find_list(call, &list))
			continue;
		syscall_name(call->arch, call->nr, name);
		csv_field(&csv, str_from(format_arch(call->arch, (int32_t)call->nr, arch)));
		csv_number(&csv, call->nr);
		csv_field(&csv, str_from(name));
		csv_field(&csv, str_from(verdict_name(
					profile_judge(call->profile, call->arch, call->nr).kind)));
		csv_end(&csv, out);
	}
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

int explain_write_blocked(const struct explain_writing *writing, FILE *out)
{
	static void (*const writers[FORMAT_COUNT])(const struct explain_writing *,
						   FILE *) = {FORMATS(WRITER_ROW)};

	writers[writing->format](writing, out);
	return format_written(out);
}
