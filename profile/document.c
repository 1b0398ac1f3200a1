#include "profile/document.h"

#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * `value` is a uint64 and jansson's integers end at 2^63 - 1. Larger ones are replaced, before
 * parsing and at the same length, by a string of this byte and an index into a list.
 */
#define BIG_MARK '\x7f'

struct reader {
	struct document *document;
	struct lints *lints;
	struct err *err;
	uint64_t *big;
	size_t big_count, big_size;
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

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
};

static const struct {
	const char *name;
	enum scmp_compare op;
} operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

const char *shape_name(enum shape shape)
{
	static const char *const names[] = {
		[SHAPE_OCI] = "oci",
		[SHAPE_DOCKER] = "docker",
		[SHAPE_PODMAN] = "podman",
	};

	return names[shape];
}

bool document_action(const char *name, uint32_t *ret_action)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0) {
			*ret_action = actions[i].action;
			return true;
		}
	}
	return false;
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

/* The member, absent when null; in another case than written here if need be, as Go takes it. */
static json_t *member_of(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (!value) {
		const char *key;
		json_t *other;

		json_object_foreach(object, key, other) {
			if (strcasecmp(key, name) == 0)
				value = other;
		}
	}
	return json_is_null(value) ? NULL : value;
}

static const char *string_of(json_t *object, const char *name)
{
	const char *value = json_string_value(member_of(object, name));

	return value && value[0] ? value : NULL;
}

/* Whether a string stands for a big number; then which. */
static bool big_of(const struct reader *reader, json_t *value, uint64_t *ret_number)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || text[0] != BIG_MARK)
		return false;
	unsigned long index = strtoul(text + 1, &end, 10);

	if (*end || end == text + 1 || index >= reader->big_count)
		return false;
	*ret_number = reader->big[index];
	return true;
}

static struct optional number_of(const struct reader *reader, json_t *object, const char *name)
{
	json_t *value = member_of(object, name);
	struct optional number = {.present = value != NULL};

	if (value && !big_of(reader, value, &number.value))
		number.value = (uint64_t)json_integer_value(value);
	return number;
}

static const char *type_error(const struct reader *reader, json_t *value, enum member_type type)
{
	uint64_t big;

	switch (type) {
	case MEMBER_STRING:
		return json_is_string(value) && !big_of(reader, value, &big) ? NULL
									     : "must be a string";
	case MEMBER_NUMBER:
		if (big_of(reader, value, &big))
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
		const char *what =
			json_is_null(value) ? NULL : type_error(reader, value, member->type);

		if (what)
			return wrong(reader, where, what);
	}
	return 0;
}

static int read_strings(struct reader *reader, json_t *object, const char *place, const char *name,
			struct strings *ret_strings)
{
	json_t *array = member_of(object, name);
	size_t count = json_array_size(array);
	char where[PLACE_SIZE];

	if (count == 0)
		return 0;
	ret_strings->all = mem_new(count, sizeof(*ret_strings->all));
	for (size_t i = 0; i < count; i++) {
		json_t *element = json_array_get(array, i);

		if (type_error(reader, element, MEMBER_STRING)) {
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
	json_t *object = member_of(rule, name);
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
	struct optional index = number_of(reader, object, "index");

	op = string_of(object, "op");
	if (index.value > 5)
		return err_set(reader->err, EINVAL, "%s.index: must be 0 to 5", place);
	if (!op)
		return err_set(reader->err, EINVAL, "%s.op: missing", place);
	arg->index = (unsigned)index.value;
	arg->value = number_of(reader, object, "value").value;
	arg->value_two = number_of(reader, object, "valueTwo").value;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strcmp(operators[i].name, op) == 0) {
			arg->op = operators[i].op;
			return 0;
		}
	}
	place_put(where, "%s.op", place);
	return err_quoted(reader->err, where, "unknown operator", op);
}

static int read_args(struct reader *reader, json_t *object, const char *place,
		     struct document_rule *rule)
{
	json_t *array = member_of(object, "args");
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
	if (!document_action(action, &rule->action))
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
	rule->errno_ret = number_of(reader, object, "errnoRet");
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
	json_t *array = member_of(object, "syscalls");
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
	json_t *array = member_of(object, "archMap");
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
	document->default_errno_ret = number_of(reader, object, "defaultErrnoRet");
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

/* A bundle's config.json holds the profile in linux.seccomp, or none at all. */
static int read_bundle(struct reader *reader, json_t *root)
{
	json_t *linux_part = member_of(root, "linux");
	json_t *seccomp;

	if (linux_part && !json_is_object(linux_part))
		return wrong(reader, "linux", "must be an object");
	seccomp = member_of(linux_part, "seccomp");
	if (!seccomp) {
		lint_add(reader->lints, 0, "linux.seccomp",
			 "absent: this container runs without a filter");
		return 0;
	}
	if (!json_is_object(seccomp))
		return wrong(reader, "linux.seccomp", "must be an object");
	reader->document->prefix = "linux.seccomp.";
	return read_root(reader, seccomp);
}

static bool is_bundle(json_t *root)
{
	return !member_of(root, "syscalls") && !member_of(root, "defaultAction") &&
	       (member_of(root, "linux") || member_of(root, "ociVersion"));
}

static void big_put(struct reader *reader, char *at, size_t n, uint64_t value)
{
	char text[32];
	int used = snprintf(text, sizeof(text), "\"%c%zu\"", BIG_MARK, reader->big_count);

	if (reader->big_count == reader->big_size) {
		reader->big_size = reader->big_size ? reader->big_size * 2 : 8;
		reader->big = mem_resize(reader->big, reader->big_size * sizeof(*reader->big));
	}
	reader->big[reader->big_count++] = value;
	memset(at, ' ', n);
	memcpy(at, text, (size_t)used < n ? (size_t)used : n);
}

/* One number token; only plain digits past 2^63 - 1 and within 64 bits are replaced. */
static size_t scan_number(struct reader *reader, char *at, size_t left)
{
	size_t n = 0, digits = 0;
	char text[24];

	while (n < left && strchr("0123456789+-.eE", at[n]) && at[n]) {
		digits += at[n] >= '0' && at[n] <= '9';
		n++;
	}
	if (digits != n || n < 19 || n > 20 || at[0] == '0')
		return n;
	memcpy(text, at, n);
	text[n] = '\0';
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);

	if (errno == 0 && value > INT64_MAX)
		big_put(reader, at, n, value);
	return n;
}

static void replace_big_numbers(struct reader *reader, char *bytes, size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted && bytes[i] == '\\')
			i++;
		else if (bytes[i] == '"')
			quoted = !quoted;
		else if (!quoted && bytes[i] >= '0' && bytes[i] <= '9')
			i += scan_number(reader, bytes + i, n - i) - 1;
	}
}

static int parse_json(struct reader *reader, char *bytes, size_t n)
{
	json_error_t error;
	char safe[JSON_ERROR_TEXT_LENGTH * 2];

	replace_big_numbers(reader, bytes, n);
	reader->document->root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
	if (reader->document->root)
		return 0;
	return err_set(reader->err, EINVAL, "%d:%d: %s", error.line, error.column,
		       text_safe(error.text, safe, sizeof(safe)));
}

int document_parse(char *bytes, size_t n, struct document *document, struct lints *lints,
		   struct err *err)
{
	struct reader reader = {.document = document, .lints = lints, .err = err};
	int r;

	*document = (struct document){.prefix = ""};
	r = parse_json(&reader, bytes, n);
	if (r == 0 && !json_is_object(document->root))
		r = err_set(err, EINVAL, "1:1: a profile is a JSON object");
	if (r == 0)
		r = is_bundle(document->root) ? read_bundle(&reader, document->root)
					      : read_root(&reader, document->root);
	free(reader.big);
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
	*document = (struct document){0};
}
