#include "report/explain_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/document/resolve.h"
#include "profile/filter/value.h"
#include "report/arguments.h"
#include "report/csv.h"
#include "report/finding.h"
#include "report/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

/* Rules that a row names before it only says how many more there are. */
#define NAMED_RULES_MAX 3

void explain_calls_add(struct explain_calls *calls, const struct explain_call *call)
{
	calls->all = mem_more(calls->all, calls->count, sizeof(*calls->all));
	calls->all[calls->count++] = *call;
}

void explain_calls_release(struct explain_calls *calls)
{
	free(calls->all);
	*calls = (struct explain_calls){0};
}

void explain_write_profile(const struct explain_writing *writing, struct profile *profile,
			   const char *label, FILE *out)
{
	const struct profile_info info = profile_info(profile);
	BUF_AUTO line = {0}, wrapped = {0};

	buf_format(&line, "%s ", label);
	format_put_profile(&line, &info);
	text_wrap(&wrapped, buf_str(&line), 0, writing->columns ? writing->columns : SIZE_MAX);
	fputs(wrapped.p, out);
}

void explain_put_actions(struct buf *buf, const struct verdict *verdict)
{
	char text[VERDICT_VALUE_SIZE], error[FORMAT_NAME_SIZE];

	if (verdict->kind == VERDICT_UNKNOWN)
		buf_put_char(buf, '-');
	for (size_t i = 0; i < verdict->reachable_count; i++) {
		uint32_t value = verdict->reachable[i], data = value & SECCOMP_RET_DATA;
		const char *word = verdict_value_text(value, text);
		bool is_errno = (value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;

		buf_format(buf, "%s%s%s", i ? ", " : "",
			   !is_errno                      ? word
			   : verdict->reachable_count > 1 ? ""
							  : "ERRNO ",
			   is_errno ? format_errno((uint16_t)data, error) : "");
	}
}

void explain_put_conditions(struct buf *buf, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->condition_count; i++) {
		buf_put_str(buf, i ? STR("; ") : STR(""));
		text_put_sentence(buf, str_from(verdict->conditions[i]));
	}
}

bool explain_is_blocked(const struct verdict *verdict)
{
	return verdict_refuses(verdict->kind);
}

enum text_colour explain_colour(const struct verdict *verdict)
{
	if (explain_is_blocked(verdict))
		return TEXT_RED;
	return verdict->kind == VERDICT_ALLOWED ? TEXT_PLAIN : TEXT_YELLOW;
}

/* "syscalls[3], syscalls[12]": the rules in force that name the call; nothing if none does. */
static void put_rules(struct buf *buf, const struct profile *profile, const char *name)
{
	const struct rules *rules = profile_rules(profile);
	char place[PLACE_SIZE];
	size_t named = 0, last = SIZE_MAX;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (rule->document_rule == last || rule->name[0] != name[0] ||
		    strcmp(rule->name, name) != 0)
			continue;
		last = rule->document_rule;
		if (named++ < NAMED_RULES_MAX)
			buf_format(buf, "%s%s", named > 1 ? ", " : "",
				   document_rule_place(rules->document, last, place));
	}
	if (named > NAMED_RULES_MAX)
		buf_format(buf, " and %zu more", named - NAMED_RULES_MAX);
}

static void put_origin(struct buf *buf, const struct explain_call *call, const char *name,
		       const struct verdict *verdict)
{
	static const char *const texts[] = {
		[VERDICT_BY_RULE] = "a rule",
		[VERDICT_BY_DEFAULT] = "default action",
		[VERDICT_BY_STUB] = "runc's ENOSYS stub",
		[VERDICT_BY_ARCH] = "architecture not in the filter",
		[VERDICT_BY_KERNEL] = "the kernel: it shows this call to no filter",
		[VERDICT_BY_NOTHING] = "cannot tell",
	};

	if (verdict->origin == VERDICT_BY_RULE)
		put_rules(buf, call->profile, name);
	if (buf->n == 0)
		buf_put_str(buf, str_from(texts[verdict->origin]));
}

static const struct table_column columns[] = {
	{"SYSCALL", false, TABLE_WHOLE}, {"NR", true, 1},
	{"ARCH", false, TABLE_WHOLE},    {"VERDICT", false, TABLE_WHOLE},
	{"ACTION", false, TABLE_WHOLE},  {"DECIDED BY", false, 0},
};

/* What is said of a call: the same for calls of one name on several arches is one row. */
struct answer {
	char name[SYSCALL_NAME_SIZE];
	struct buf numbers, arches, actions, origin;
	const char *word;
	enum text_colour colour;
};

static void answer_release(struct answer *answer)
{
	buf_release(&answer->numbers);
	buf_release(&answer->arches);
	buf_release(&answer->actions);
	buf_release(&answer->origin);
}

static struct answer answer_of(const struct explain_call *call)
{
	const struct verdict verdict = profile_judge(call->profile, call->arch, call->nr);
	struct answer answer = {.word = finding_verdict_word(&verdict),
				.colour = explain_colour(&verdict)};
	char arch[FORMAT_NAME_SIZE];

	syscall_name(call->arch, call->nr, answer.name);
	buf_format(&answer.numbers, "%" PRId64, call->nr);
	buf_put_str(&answer.arches, str_from(format_arch(call->arch, (int32_t)call->nr, arch)));
	explain_put_actions(&answer.actions, &verdict);
	put_origin(&answer.origin, call, answer.name, &verdict);
	return answer;
}

/* False if they differ. */
static bool answer_join(struct answer *answer, const struct answer *other)
{
	if (strcmp(answer->name, other->name) != 0 || strcmp(answer->word, other->word) != 0 ||
	    !str_eq(buf_str(&answer->actions), buf_str(&other->actions)) ||
	    !str_eq(buf_str(&answer->origin), buf_str(&other->origin)))
		return false;
	buf_format(&answer->numbers, ", %s", other->numbers.p);
	buf_format(&answer->arches, ", %s", other->arches.p);
	return true;
}

static void add_row(struct table *table, const struct answer *answer, FILE *out)
{
	table_cell(table, str_from(answer->name));
	table_cell(table, buf_str(&answer->numbers));
	table_cell(table, buf_str(&answer->arches));
	table_cell(table, str_from(answer->word));
	table_cell(table, buf_str(&answer->actions));
	table_cell(table, buf_str(&answer->origin));
	table_row_end(table, answer->colour, out);
}

/* Columns beside the syscall's name where arches are joined and the last column has its shortest. */
#define JOINED_WIDTH 66

/* On a terminal that is wide enough equal answers that follow each other are one row; what programs may
 * read has a row for each call. */
static bool joins_arches(const struct explain_writing *writing)
{
	char name[SYSCALL_NAME_SIZE];

	for (size_t i = 0; i < writing->calls->count; i++) {
		const struct explain_call *call = &writing->calls->all[i];

		syscall_name(call->arch, call->nr, name);
		if (strlen(name) + JOINED_WIDTH > writing->columns)
			return false;
	}
	return true;
}

static void add_rows(struct table *table, const struct explain_writing *writing, FILE *out)
{
	const struct explain_calls *calls = writing->calls;
	bool joins = joins_arches(writing);

	for (size_t i = 0; i < calls->count;) {
		struct answer answer = answer_of(&calls->all[i]);
		bool is_same = joins;

		while (++i < calls->count && is_same) {
			struct answer next = answer_of(&calls->all[i]);

			is_same = answer_join(&answer, &next);
			answer_release(&next);
			if (!is_same)
				break;
		}
		add_row(table, &answer, out);
		answer_release(&answer);
	}
}

void explain_add_conditions(struct explain_conditions *conditions, const struct explain_call *call,
			    struct str text, size_t max)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	BUF_AUTO key = {0}, line = {0};

	syscall_name(call->arch, call->nr, name);
	buf_format(&key, "%s: %.*s", name, (int)text.n, text.p);
	for (size_t i = 0; i < conditions->keys.count; i++)
		if (strcmp(conditions->keys.all[i], key.p) == 0)
			return;
	texts_add(&conditions->keys, buf_str(&key));
	buf_put_str(&line, str_from(name));
	if (arch_token(call->arch, call->nr) != arch_native())
		buf_format(&line, " on %s", format_arch(call->arch, (int32_t)call->nr, arch));
	buf_format(&line, ": %.*s", (int)text.n, text.p);
	text_wrap(&conditions->lines, buf_str(&line), 0, max ? max : SIZE_MAX);
}

void explain_write_conditions(struct explain_conditions *conditions, FILE *out)
{
	if (conditions->lines.n)
		fprintf(out, "\n%s", conditions->lines.p);
	buf_release(&conditions->lines);
	texts_release(&conditions->keys);
}

static void write_conditions(const struct explain_writing *writing, FILE *out)
{
	struct explain_conditions conditions = {0};

	for (size_t i = 0; i < writing->calls->count; i++) {
		const struct explain_call *call = &writing->calls->all[i];
		const struct verdict verdict = profile_judge(call->profile, call->arch, call->nr);
		BUF_AUTO text = {0};

		if (verdict.condition_count == 0)
			continue;
		arguments_put_conditions(&text, call->arch, (int32_t)call->nr, &verdict);
		explain_add_conditions(&conditions, call, buf_str(&text), writing->columns);
	}
	explain_write_conditions(&conditions, out);
}

static void write_text(const struct explain_writing *writing, FILE *out)
{
	TABLE_AUTO table;

	explain_write_profile(writing, writing->profile, "profile", out);
	fputc('\n', out);
	table_init(&table, columns, sizeof(columns) / sizeof(*columns), 0, writing->colour);
	table.columns_max = writing->columns;
	table.wraps = true;
	add_rows(&table, writing, out);
	table_flush(&table, out);
	write_conditions(writing, out);
}

json_t *explain_profile_json(struct profile *profile)
{
	const struct profile_info info = profile_info(profile);
	json_t *object = json_object();

	json_object_set_new(object, "source", json_from_str(str_from(info.source)));
	json_object_set_new(object, "format", json_from_known(str_from(info.format)));
	json_object_set_new(object, "loader", json_string(loader_name(info.loader)));
	json_object_set_new(object, "runtime", json_string(runtime_name(info.runtime)));
	json_object_set_new(object, "default_action",
			    json_from_known(str_from(info.default_action)));
	return object;
}

json_t *explain_lint_json(struct profile *profile)
{
	json_t *list = json_array();
	size_t count;
	const struct lint *lint = profile_lint(profile, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "level", json_string(lint_level_name(lint[i].level)));
		json_object_set_new(object, "id",
				    lint[i].id ? json_string(lint[i].id) : json_null());
		json_object_set_new(object, "message", json_from_str(str_from(lint[i].message)));
		json_object_set_new(object, "where", json_from_known(str_from(lint[i].where)));
		if (lint[i].line)
			json_object_set_new(object, "line", json_integer(lint[i].line));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *actions_json(const struct verdict *verdict)
{
	json_t *list = json_array();
	char text[VERDICT_VALUE_SIZE];

	for (size_t i = 0; i < verdict->reachable_count; i++)
		json_array_append_new(list,
				      json_string(verdict_value_text(verdict->reachable[i], text)));
	return list;
}

void explain_put_verdict(json_t *object, const struct verdict *verdict)
{
	finding_put_verdict(object, verdict);
	json_object_set_new(object, "decided_by",
			    json_string(verdict_origin_name(verdict->origin)));
	json_object_set_new(object, "actions", actions_json(verdict));
	json_object_set_new(object, "conditions", finding_conditions(verdict));
}

static json_t *call_json(const struct explain_call *call)
{
	const struct verdict verdict = profile_judge(call->profile, call->arch, call->nr);
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];
	bool named = syscall_name(call->arch, call->nr, name);
	json_t *object = json_object();

	json_object_set_new(object, "arch",
			    json_string(format_arch(call->arch, (int32_t)call->nr, arch)));
	json_object_set_new(object, "nr", json_integer(call->nr));
	json_object_set_new(object, "syscall", named ? json_string(name) : json_null());
	explain_put_verdict(object, &verdict);
	return object;
}

/* A line for each call: thousands of them need not be in memory at once. */
static void write_json(const struct explain_writing *writing, FILE *out)
{
	fputs("{\"profile\":", out);
	json_put(explain_profile_json(writing->profile), false, out);
	fputs(",\n\"lint\":", out);
	json_put(explain_lint_json(writing->profile), false, out);
	fputs(",\n\"syscalls\":[", out);
	for (size_t i = 0; i < writing->calls->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_put(call_json(&writing->calls->all[i]), false, out);
	}
	fputs("]}\n", out);
}

static void write_csv(const struct explain_writing *writing, FILE *out)
{
	CSV_AUTO csv = {0};

	csv_header("arch,nr,syscall,verdict,action,errno,conditions", out);
	for (size_t i = 0; i < writing->calls->count; i++) {
		const struct explain_call *call = &writing->calls->all[i];
		const struct verdict verdict = profile_judge(call->profile, call->arch, call->nr);
		char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];
		BUF_AUTO conditions = {0};

		explain_put_conditions(&conditions, &verdict);
		csv_field(&csv, str_from(format_arch(call->arch, (int32_t)call->nr, text)));
		csv_number(&csv, call->nr);
		csv_field(&csv,
			  syscall_name(call->arch, call->nr, name) ? str_from(name) : STR(""));
		csv_field(&csv, str_from(verdict_name(verdict.kind)));
		csv_field(&csv, str_from(verdict.kind == VERDICT_UNKNOWN
						 ? ""
						 : format_action(verdict.action, text)));
		if (verdict.has_errno)
			csv_number(&csv, verdict.error);
		else
			csv_field(&csv, STR(""));
		csv_field(&csv, buf_str(&conditions));
		csv_end(&csv, out);
	}
}

#define WRITER_ROW(name, word) [FORMAT_##name] = write_##word,

int explain_write(const struct explain_writing *writing, FILE *out)
{
	static void (*const writers[FORMAT_COUNT])(const struct explain_writing *,
						   FILE *) = {FORMATS(WRITER_ROW)};

	writers[writing->format](writing, out);
	return format_written(out);
}

static void write_lint_json(const struct explain_writing *writing, FILE *out)
{
	json_write(json_pack("{s:o, s:o}", "profile", explain_profile_json(writing->profile),
			     "lint", explain_lint_json(writing->profile)),
		   true, out);
}

static void write_lint_csv(const struct explain_writing *writing, FILE *out)
{
	size_t count;
	const struct lint *lint = profile_lint(writing->profile, &count);
	CSV_AUTO csv = {0};

	csv_header("level,line,where,message,id", out);
	for (size_t i = 0; i < count; i++) {
		csv_field(&csv, str_from(lint_level_name(lint[i].level)));
		if (lint[i].line)
			csv_count(&csv, lint[i].line);
		else
			csv_field(&csv, STR(""));
		csv_field(&csv, str_from(lint[i].where));
		csv_field(&csv, str_from(lint[i].message));
		csv_field(&csv, str_from(lint[i].id ? lint[i].id : ""));
		csv_end(&csv, out);
	}
}

static void write_lint_text(const struct explain_writing *writing, FILE *out)
{
	size_t count;
	const struct lint *lint = profile_lint(writing->profile, &count);

	for (size_t i = 0; i < count; i++) {
		BUF_AUTO line = {0};

		lint_put_place(&lint[i], &line);
		buf_format(&line, "%s: %s", lint_level_name(lint[i].level), lint[i].message);
		if (lint[i].id)
			buf_format(&line, " [%s]", lint[i].id);
		BUF_AUTO safe = {0};

		text_put_sentence(&safe, buf_str(&line));
		fprintf(out, "%s\n", safe.p);
	}
}

#define LINT_WRITER_ROW(name, word) [FORMAT_##name] = write_lint_##word,

int explain_write_lint(const struct explain_writing *writing, FILE *out)
{
	static void (*const writers[FORMAT_COUNT])(const struct explain_writing *,
						   FILE *) = {FORMATS(LINT_WRITER_ROW)};

	writers[writing->format](writing, out);
	return format_written(out);
}
