#include "profile/document/document.h"

#include "base/mem.h"
#include "profile/document/inspect.h"
#include "profile/document/json.h"
#include "profile/document/spelling.h"
#include "profile/document/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
	struct document *document;
	struct lints *lints;
	struct err *err;
	size_t order; /* of the lints: 0 before the rules, N + 1 in rule N */
	size_t names; /* counted against DOCUMENT_MAX_NAMES */
};

enum member_type {
	MEMBER_STRING,
	MEMBER_NUMBER, /* an integer from 0 to 2^64 - 1 */
	MEMBER_ARRAY,
	MEMBER_OBJECT,
};

/* One member that an object may have. */
struct member {
	const char *name;
	enum member_type type;
};

static const struct member root_members[] = {
	{"defaultAction", MEMBER_STRING},
	{"defaultErrnoRet", MEMBER_NUMBER},
	{"defaultErrno", MEMBER_STRING},
	{"architectures", MEMBER_ARRAY},
	{"archMap", MEMBER_ARRAY},
	{"syscalls", MEMBER_ARRAY},
	{"flags", MEMBER_ARRAY},
	{"listenerPath", MEMBER_STRING},
	{"listenerMetadata", MEMBER_STRING},
	{"x-sclog", MEMBER_OBJECT}, /* ours: what the profile was made of (profile/write/form.h) */
	{NULL, MEMBER_STRING},
};

static const struct member rule_members[] = {
	{"name", MEMBER_STRING},     {"names", MEMBER_ARRAY},     {"action", MEMBER_STRING},
	{"errnoRet", MEMBER_NUMBER}, {"errno", MEMBER_STRING},    {"args", MEMBER_ARRAY},
	{"comment", MEMBER_STRING},  {"includes", MEMBER_OBJECT}, {"excludes", MEMBER_OBJECT},
	{NULL, MEMBER_STRING},
};

static const struct member arg_members[] = {
	{"index", MEMBER_NUMBER}, {"value", MEMBER_NUMBER}, {"valueTwo", MEMBER_NUMBER},
	{"op", MEMBER_STRING},    {NULL, MEMBER_STRING},
};

static const struct member filter_members[] = {
	{"caps", MEMBER_ARRAY},
	{"arches", MEMBER_ARRAY},
	{"minKernel", MEMBER_STRING},
	{NULL, MEMBER_STRING},
};

static const struct member arch_members[] = {
	{"architecture", MEMBER_STRING},
	{"subArchitectures", MEMBER_ARRAY},
	{NULL, MEMBER_STRING},
};

const char *shape_name(enum shape shape)
{
	static const char *const names[] = {
		[SHAPE_OCI] = "oci",
		[SHAPE_DOCKER] = "docker",
		[SHAPE_PODMAN] = "podman",
		[SHAPE_SPO] = "spo",
	};

	return names[shape];
}

/* What does not fit is cut: a place only guides the eye. */
static void place_put(char place[PLACE_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void place_put(char place[PLACE_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(place, PLACE_SIZE, format, args);
	va_end(args);
}

const char *document_rule_place(const struct document *document, size_t rule,
				char place[PLACE_SIZE])
{
	place_put(place, "%ssyscalls[%zu]", document->prefix, rule);
	return place;
}

const char *document_name_place(const struct document *document, size_t rule, size_t name,
				char place[PLACE_SIZE])
{
	if (document->rules[rule].names.count == 0)
		place_put(place, "%ssyscalls[%zu].name", document->prefix, rule);
	else
		place_put(place, "%ssyscalls[%zu].names[%zu]", document->prefix, rule, name);
	return place;
}

static int wrong(struct reader *reader, const char *place, const char *what)
{
	return err_set(reader->err, EINVAL, "%s: %s", place, what);
}

static const char *string_of(json_t *object, const char *name)
{
	const char *value = json_string_value(inspect_member(object, name));

	return value && value[0] ? value : NULL;
}

static struct optional number_of(json_t *object, const char *name)
{
	json_t *value = inspect_member(object, name);
	struct optional number = {.present = value != NULL};

	if (value && !json_big_number(value, &number.value))
		number.value = (uint64_t)json_integer_value(value);
	return number;
}

static const char *type_error(json_t *value, enum member_type type)
{
	uint64_t big;

	switch (type) {
	case MEMBER_STRING:
		return json_is_string(value) && !json_big_number(value, &big) ? NULL
									      : "must be a string";
	case MEMBER_NUMBER:
		if (json_big_number(value, &big))
			return NULL;
		if (!json_is_integer(value))
			return "must be an integer";
		return json_integer_value(value) < 0 ? "must not be negative" : NULL;
	case MEMBER_ARRAY:
		return json_is_array(value) ? NULL : "must be an array";
	case MEMBER_OBJECT:
		return json_is_object(value) ? NULL : "must be an object";
	}
	return NULL;
}

static const struct member *find_member(const struct member *members, const char *key)
{
	for (; members->name; members++) {
		if (strcasecmp(members->name, key) == 0)
			return members;
	}
	return NULL;
}

/*
 * Whether every known member has its type; unknown ones are linted. `place` is where the object
 * stands, "" or with a dot at its end.
 */
static int check_members(struct reader *reader, json_t *object, const char *place,
			 const struct member *members)
{
	char where[PLACE_SIZE], quoted[QUOTED_SIZE];
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		const struct member *member = find_member(members, key);

		if (!member) {
			place_put(where, "%s%s", place, text_quote(key, quoted));
			lint_add(reader->lints, reader->order, where,
				 "no loader knows this member; it is ignored");
			continue;
		}
		place_put(where, "%s%s", place, member->name);
		if (strcmp(key, member->name) != 0) {
			if (json_object_get(object, member->name))
				return err_set(reader->err, EINVAL, "%s: given twice, also as %s",
					       where, text_quote(key, quoted));
			lint_add(reader->lints, reader->order, where,
				 "spelled %s: loaders written in Go take it, crun does not",
				 text_quote(key, quoted));
		}
		const char *what = json_is_null(value) ? NULL : type_error(value, member->type);

		if (what)
			return wrong(reader, where, what);
	}
	return 0;
}

static int read_strings(struct reader *reader, json_t *object, const char *place, const char *name,
			struct strings *ret_strings)
{
	json_t *array = inspect_member(object, name);
	size_t count = json_array_size(array);
	char where[PLACE_SIZE];

	if (count == 0)
		return 0;
	ret_strings->all = mem_new(count, sizeof(*ret_strings->all));
	for (size_t i = 0; i < count; i++) {
		json_t *element = json_array_get(array, i);

		if (type_error(element, MEMBER_STRING)) {
			place_put(where, "%s%s[%zu]", place, name, i);
			return wrong(reader, where, "must be a string");
		}
		ret_strings->all[ret_strings->count++] = json_string_value(element);
	}
	return 0;
}

/* moby's KernelVersion: "KERNEL.MAJOR", each at most 255, not 0.0. */
static bool parse_min_kernel(const char *text, struct document_filter *filter)
{
	unsigned kernel, major;
	int end = -1;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 7)
		return false;
	const char *dot = strchr(text, '.');

	if (!dot || dot[1] < '0' || dot[1] > '9')
		return false;
	if (sscanf(text, "%u.%u%n", &kernel, &major, &end) != 2 || end < 0 || text[end])
		return false;
	if (kernel > 255 || major > 255 || (kernel == 0 && major == 0))
		return false;
	filter->has_min_kernel = true;
	filter->kernel = kernel;
	filter->major = major;
	return true;
}

static int read_filter(struct reader *reader, json_t *rule, const char *place, const char *name,
		       struct document_filter *filter)
{
	json_t *object = inspect_member(rule, name);
	char where[PLACE_SIZE];
	int r;

	if (!object)
		return 0;
	place_put(where, "%s%s.", place, name);
	r = check_members(reader, object, where, filter_members);
	if (r == 0)
		r = read_strings(reader, object, where, "caps", &filter->caps);
	if (r == 0)
		r = read_strings(reader, object, where, "arches", &filter->arches);
	if (r < 0)
		return r;
	const char *kernel = string_of(object, "minKernel");

	if (kernel && !parse_min_kernel(kernel, filter)) {
		place_put(where, "%s%s.minKernel", place, name);
		return wrong(reader, where, "must be a kernel version such as \"4.8\"");
	}
	filter->present = filter->caps.count || filter->arches.count || filter->has_min_kernel;
	return 0;
}

static int read_arg(struct reader *reader, json_t *object, const char *place,
		    struct document_arg *arg)
{
	char where[PLACE_SIZE];
	const char *op;

	place_put(where, "%s.", place);
	if (!json_is_object(object))
		return wrong(reader, place, "must be an object");
	if (check_members(reader, object, where, arg_members) < 0)
		return -reader->err->code;
	struct optional index = number_of(object, "index");

	op = string_of(object, "op");
	if (index.value > 5)
		return err_set(reader->err, EINVAL, "%s.index: must be 0 to 5", place);
	if (!op)
		return err_set(reader->err, EINVAL, "%s.op: missing", place);
	arg->index = (unsigned)index.value;
	arg->value = number_of(object, "value").value;
	arg->value_two = number_of(object, "valueTwo").value;
	if (spelling_read_operator(op, &arg->op))
		return 0;
	place_put(where, "%s.op", place);
	return err_quoted(reader->err, where, "unknown operator", op);
}

static int read_args(struct reader *reader, json_t *object, const char *place,
		     struct document_rule *rule)
{
	json_t *array = inspect_member(object, "args");
	size_t count = json_array_size(array);
	char where[PLACE_SIZE];

	rule->args = mem_new(count, sizeof(*rule->args));
	for (; rule->arg_count < count; rule->arg_count++) {
		place_put(where, "%sargs[%zu]", place, rule->arg_count);
		int r = read_arg(reader, json_array_get(array, rule->arg_count), where,
				 &rule->args[rule->arg_count]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_action(struct reader *reader, json_t *object, const char *place,
		       struct document_rule *rule)
{
	const char *action = string_of(object, "action");
	char where[PLACE_SIZE];

	place_put(where, "%saction", place);
	if (!action)
		return wrong(reader, where, "missing");
	if (!spelling_read_action(action, &rule->action))
		return err_quoted(reader->err, where, "unknown action", action);
	return 0;
}

static int read_rule(struct reader *reader, json_t *object, const char *place,
		     struct document_rule *rule)
{
	int r;

	if (!json_is_object(object))
		return wrong(reader, place, "must be an object");
	char where[PLACE_SIZE];

	place_put(where, "%s.", place);
	r = check_members(reader, object, where, rule_members);
	if (r < 0)
		return r;
	rule->name = string_of(object, "name");
	rule->comment = string_of(object, "comment");
	rule->errno_name = string_of(object, "errno");
	rule->errno_ret = number_of(object, "errnoRet");
	r = read_strings(reader, object, where, "names", &rule->names);
	if (r == 0)
		r = read_action(reader, object, where, rule);
	if (r == 0)
		r = read_args(reader, object, where, rule);
	if (r == 0)
		r = read_filter(reader, object, where, "includes", &rule->includes);
	if (r == 0)
		r = read_filter(reader, object, where, "excludes", &rule->excludes);
	if (r == 0 && (reader->names += rule->names.count + 1) > DOCUMENT_MAX_NAMES)
		return err_set(reader->err, E2BIG, "%s: more than %u rules and names", place,
			       DOCUMENT_MAX_NAMES);
	return r;
}

static int read_rules(struct reader *reader, json_t *object)
{
	struct document *document = reader->document;
	json_t *array = inspect_member(object, "syscalls");
	size_t count = json_array_size(array);
	char place[PLACE_SIZE];

	document->rules = mem_new(count, sizeof(*document->rules));
	while (document->rule_count < count) {
		size_t i = document->rule_count++;

		reader->order = i + 1;
		document_rule_place(document, i, place);
		int r = read_rule(reader, json_array_get(array, i), place, &document->rules[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_arch_map(struct reader *reader, json_t *object)
{
	struct document *document = reader->document;
	json_t *array = inspect_member(object, "archMap");
	size_t count = json_array_size(array);
	char place[PLACE_SIZE];

	document->arch_map = mem_new(count, sizeof(*document->arch_map));
	while (document->arch_map_count < count) {
		size_t i = document->arch_map_count++;
		json_t *element = json_array_get(array, i);

		place_put(place, "%sarchMap[%zu]", document->prefix, i);
		if (!json_is_object(element))
			return wrong(reader, place, "must be an object");
		place_put(place, "%sarchMap[%zu].", document->prefix, i);
		if (check_members(reader, element, place, arch_members) < 0)
			return -reader->err->code;
		document->arch_map[i].architecture = string_of(element, "architecture");
		if (read_strings(reader, element, place, "subArchitectures",
				 &document->arch_map[i].subs) < 0)
			return -reader->err->code;
	}
	return 0;
}

/* The members that only one reader knows tell whose document it is. */
static enum shape detect_shape(const struct document *document)
{
	bool docker = document->arch_map_count > 0;

	if (document->default_errno)
		return SHAPE_PODMAN;
	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];

		if (rule->errno_name)
			return SHAPE_PODMAN;
		docker = docker || rule->name || rule->comment || rule->includes.present ||
			 rule->excludes.present;
	}
	return docker ? SHAPE_DOCKER : SHAPE_OCI;
}

static int read_root(struct reader *reader, json_t *object)
{
	struct document *document = reader->document;
	const char *prefix = document->prefix;
	int r;

	r = check_members(reader, object, prefix, root_members);
	if (r < 0)
		return r;
	document->default_action = string_of(object, "defaultAction");
	document->default_errno = string_of(object, "defaultErrno");
	document->listener_path = string_of(object, "listenerPath");
	document->default_errno_ret = number_of(object, "defaultErrnoRet");
	r = read_strings(reader, object, prefix, "architectures", &document->architectures);
	if (r == 0)
		r = read_arch_map(reader, object);
	if (r == 0)
		r = read_strings(reader, object, prefix, "flags", &document->flags);
	if (r == 0)
		r = read_rules(reader, object);
	document->shape = detect_shape(document);
	return r;
}

/* --- the text */

static struct str skip_mark(struct str text)
{
	const struct str mark = STR("\xef\xbb\xbf");

	return str_starts(text, mark) ? str_skip(text, mark.n) : text;
}

static struct str skip_blanks(struct str text)
{
	while (text.n && strchr(" \t\r\n", text.p[0]) && text.p[0])
		text = str_skip(text, 1);
	return text;
}

/* Only letters, digits and what a section's or a setting's name may have beside them. */
static bool is_word(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!isalnum((unsigned char)text.p[i]) && !strchr("-_ .", text.p[i]))
			return false;
	}
	return text.n > 0 && isalpha((unsigned char)text.p[0]);
}

bool document_is_unit(struct str text)
{
	text = skip_blanks(skip_mark(text));
	while (text.n && (text.p[0] == '#' || text.p[0] == ';'))
		text = skip_blanks(str_skip(text, str_chr(text, '\n')));
	size_t n = str_chr(text, '\n'), equals = str_chr(str_of(text.p, n), '=');

	while (n && strchr(" \t\r", text.p[n - 1]))
		n--;
	if (n > 2 && text.p[0] == '[' && text.p[n - 1] == ']')
		return is_word(str_of(text.p + 1, n - 2));
	/* settings begin with a capital, fields of a log (type=, node=) do not */
	return equals < n && isupper((unsigned char)text.p[0]) && is_word(str_of(text.p, equals));
}

unsigned document_line(const struct document *document, const char *place)
{
	unsigned line, column;

	if (!document->places || !yaml_find_place(document->places, place, &line, &column))
		return 0;
	return line;
}

void document_locate(const struct document *document, struct err *err)
{
	char place[PLACE_SIZE];
	size_t n = strcspn(err->message, ": ");
	unsigned line, column;

	if (!document->places || n == 0 || n >= sizeof(place) ||
	    isdigit((unsigned char)*err->message))
		return;
	memcpy(place, err->message, n);
	place[n] = '\0';
	if (yaml_find_place(document->places, place, &line, &column))
		err_prefix(err, "%u:%u", line, column);
}

static bool is_profile(const json_t *root)
{
	const char *kind = json_string_value(inspect_member(root, "kind"));

	return kind && strcmp(kind, "SeccompProfile") == 0;
}

/* Of several documents the one that is a SeccompProfile. */
static int choose(struct reader *reader, const struct yaml_documents *documents, size_t *ret_at)
{
	size_t found = 0;

	*ret_at = 0;
	if (documents->count == 0)
		return err_set(reader->err, EINVAL, "1:1: empty: no seccomp profile");
	for (size_t i = 0; documents->count > 1 && i < documents->count; i++) {
		if (is_profile(documents->all[i].root))
			*ret_at = i;
		found += is_profile(documents->all[i].root);
	}
	if (documents->count == 1 || found == 1)
		return 0;
	if (found == 0)
		return err_set(reader->err, EINVAL,
			       "1:1: none of the %zu documents is a SeccompProfile",
			       documents->count);
	return err_set(reader->err, EINVAL, "1:1: %zu SeccompProfiles: give one of them", found);
}

static int parse_yaml(struct reader *reader, struct str text, json_t **ret_root)
{
	struct yaml_documents documents;
	size_t at = 0;
	int r = yaml_read(text, DOCUMENT_MAX_VALUES, &documents, reader->err);

	if (r == 0)
		r = choose(reader, &documents, &at);
	if (r == 0) {
		*ret_root = json_incref(documents.all[at].root);
		reader->document->places = json_incref(documents.all[at].places);
	}
	yaml_release(&documents);
	return r;
}

static int parse_text(struct reader *reader, char *bytes, size_t n, json_t **ret_root)
{
	struct str text = skip_mark(str_of(bytes, n));
	struct str start = skip_blanks(text);

	if (start.n && start.p[0] != '{' && start.p[0] != '[')
		return parse_yaml(reader, text, ret_root);
	return json_read_text(bytes + (n - text.n), text.n, DOCUMENT_MAX_VALUES, ret_root,
			      reader->err);
}

/* What the place tells of the profile: who reads it. */
static void take_form(struct document *document, const struct inspected *inspected)
{
	document->has_caps = inspected->has_caps;
	document->caps = inspected->caps;
	document->resolved =
		inspected->form == INSPECTED_BUNDLE || inspected->form == INSPECTED_CRICTL;
	if (document->resolved)
		document->shape = SHAPE_OCI;
	if (inspected->form == INSPECTED_DOCKER)
		document->shape = SHAPE_DOCKER;
	if (inspected->form == INSPECTED_SPO)
		document->shape = SHAPE_SPO;
}

/* The operator writes no zero (errnoRet is omitempty), and without errnoRet it is EPERM. */
static void drop_zero_errnos(struct reader *reader)
{
	struct document *document = reader->document;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < document->rule_count; i++) {
		struct optional *number = &document->rules[i].errno_ret;

		if (!number->present || number->value != 0)
			continue;
		number->present = false;
		place_put(place, "%ssyscalls[%zu].errnoRet", document->prefix, i);
		lint_add(reader->lints, i + 1, place,
			 "the operator leaves a zero out, and the runtime then takes EPERM");
	}
}

static int read_tree(struct reader *reader, json_t *root)
{
	struct document *document = reader->document;
	struct inspected inspected;
	int r = inspect_find(root, &inspected, reader->lints, reader->err);

	document->root = json_incref(inspected.profile);
	document->prefix = inspected.prefix;
	if (r == 0 && inspected.profile)
		r = read_root(reader, inspected.profile);
	take_form(document, &inspected);
	if (document->shape == SHAPE_SPO)
		drop_zero_errnos(reader);
	inspected_release(&inspected);
	return r;
}

int document_parse(char *bytes, size_t n, struct document *document, struct lints *lints,
		   struct err *err)
{
	struct reader reader = {.document = document, .lints = lints, .err = err};
	json_t *root = NULL;
	int r;

	*document = (struct document){.prefix = ""};
	r = parse_text(&reader, bytes, n, &root);
	if (r == 0)
		r = read_tree(&reader, root);
	json_decref(root);
	return r;
}

static void filter_release(struct document_filter *filter)
{
	free(filter->caps.all);
	free(filter->arches.all);
}

void document_release(struct document *document)
{
	for (size_t i = 0; i < document->rule_count; i++) {
		struct document_rule *rule = &document->rules[i];

		free(rule->names.all);
		free(rule->args);
		filter_release(&rule->includes);
		filter_release(&rule->excludes);
	}
	for (size_t i = 0; i < document->arch_map_count; i++)
		free(document->arch_map[i].subs.all);
	free(document->arch_map);
	free(document->architectures.all);
	free(document->flags.all);
	free(document->rules);
	json_decref(document->root);
	json_decref(document->places);
	*document = (struct document){0};
}
