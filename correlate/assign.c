#include "correlate/assign.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

/* More rules than anybody writes by hand; each record is held against them in turn. */
#define RULES_MAX 10000

struct rule {
	bool has_pid;
	uint32_t pid;
	char *comm, *exe, *subj;     /* globs, NULL: any */
	struct container *container; /* owned */
};

/* Whose events came. */
struct owner {
	const struct container *container;
	struct str node; /* owned */
};

/* Containers of a map on so many nodes; of others it is not told. */
#define OWNERS_MAX 16384

struct assign {
	struct owner *owners;
	size_t owner_count, last_owner;
	enum coverage coverage;
	struct rule *rules;
	size_t count;
	struct container *rest; /* of records that no rule holds for; owned, NULL: none */
};

/* Two pods may each have a container of that name. */
static struct container *container_named(struct str name, const struct container *labels,
					 enum coverage coverage)
{
	struct container container = *labels;
	BUF_AUTO id = {0};

	if (labels->namespace.n || labels->pod.n)
		container_put_id(&id, labels->namespace, labels->pod, name);
	container.id = id.n ? buf_str(&id) : name;
	container.name = name;
	container.coverage = coverage;
	return container_copy(&container);
}

/* One word of a rule: up to a blank, double quotes keeping blanks inside it. Returns 1, 0 at the
 * end of the line, -EINVAL for a quote that is not closed. */
static int take_word(const char **line, struct buf *word, struct err *err)
{
	const char *p = *line;
	bool quoted = false;

	buf_clear(word);
	p += strspn(p, " \t\r\n");
	if (*p == '\0' || *p == '#')
		return 0;
	for (; *p && (quoted || !strchr(" \t\r\n", *p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			buf_put_char(word, *p);
	}
	if (quoted)
		return err_set(err, EINVAL, "a quote is not closed");
	*line = p;
	return 1;
}

static bool set_pid(struct rule *rule, const char *text)
{
	char *end;

	errno = 0;
	unsigned long pid = strtoul(text, &end, 10);

	rule->has_pid = errno == 0 && *end == '\0' && end != text && pid <= UINT32_MAX;
	rule->pid = (uint32_t)pid;
	return rule->has_pid;
}

static void set_glob(char **glob, const char *text)
{
	free(*glob);
	*glob = mem_copy(str_from(text));
}

/* "KEY=VALUE" of a rule. False if the key is none, or the pid no number. */
static bool set_condition(struct rule *rule, const char *word)
{
	struct {
		const char *key;
		char **glob;
	} const globs[] = {{"comm=", &rule->comm}, {"exe=", &rule->exe}, {"subj=", &rule->subj}};

	if (strncmp(word, "pid=", 4) == 0)
		return set_pid(rule, word + 4);
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		size_t n = strlen(globs[i].key);

		if (strncmp(word, globs[i].key, n) == 0) {
			set_glob(globs[i].glob, word + n);
			return true;
		}
	}
	return false;
}

static bool has_condition(const struct rule *rule)
{
	return rule->has_pid || rule->comm || rule->exe || rule->subj;
}

/* A line of the map. Returns 1 for a rule, 0 for an empty line, -EINVAL with a message. */
static int parse_rule(const char *line, struct rule *rule, struct buf *name, struct err *err)
{
	BUF_AUTO word = {0};
	bool any = false;
	int result;

	while ((result = take_word(&line, &word, err)) > 0) {
		any = true;
		if (name->n)
			return err_set(err, EINVAL, "text after the container's name: '%s'",
				       word.p);
		if (strcmp(word.p, "->") == 0 || strcmp(word.p, "=>") == 0)
			continue;
		if (set_condition(rule, word.p))
			continue;
		if (!has_condition(rule))
			return err_set(
				err, EINVAL,
				"'%s' must be one of pid=NUMBER, comm=, exe=, subj=", word.p);
		buf_put_str(name, buf_str(&word));
	}
	if (result < 0)
		return result;
	if (any && name->n == 0)
		return err_set(err, EINVAL, "no container name: write 'comm=nginx -> web'");
	return any;
}

static void rule_release(struct rule *rule)
{
	free(rule->comm);
	free(rule->exe);
	free(rule->subj);
	container_free(rule->container);
}

static int read_rules(struct assign *assign, FILE *file, const char *path,
		      const struct container *labels, struct err *err)
{
	BUF_AUTO name = {0};
	MEM_AUTO char *line = NULL;
	size_t size = 0, number = 0;

	while (getline(&line, &size, file) >= 0) {
		struct rule rule = {0};

		buf_clear(&name);
		int result = parse_rule(line, &rule, &name, err);

		number++;
		if (result > 0 && assign->count == RULES_MAX)
			result = err_set(err, E2BIG, "more than %d rules", RULES_MAX);
		if (result <= 0) {
			rule_release(&rule);
			if (result < 0)
				return err_prefix(err, "--map %s:%zu", path, number);
			continue;
		}
		rule.container = container_named(buf_str(&name), labels, assign->coverage);
		assign->rules = mem_resize(assign->rules, (assign->count + 1) * sizeof(rule));
		assign->rules[assign->count++] = rule;
	}
	return ferror(file) ? err_errno(err, EIO, "--map %s: read", path) : 0;
}

static int read_map(struct assign *assign, const char *path, const struct container *labels,
		    struct err *err)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return err_errno(err, errno, "--map %s", path);
	int result = read_rules(assign, file, path, labels, err);

	fclose(file);
	if (result == 0 && assign->count == 0)
		result = err_set(err, EINVAL,
				 "--map %s: contains no rules: write 'comm=nginx -> "
				 "web'",
				 path);
	return result;
}

int assign_new(const struct container *labels, const char *map, enum coverage coverage,
	       struct assign **ret_assign, struct err *err)
{
	struct assign *assign = mem_new(1, sizeof(*assign));

	assign->coverage = coverage;
	if (labels->name.n)
		assign->rest = container_named(labels->name, labels, coverage);
	int result = map ? read_map(assign, map, labels, err) : 0;

	if (result < 0) {
		assign_free(assign);
		return result;
	}
	*ret_assign = assign;
	return 0;
}

void assign_free(struct assign *assign)
{
	if (!assign)
		return;
	for (size_t i = 0; i < assign->owner_count; i++)
		free((void *)(uintptr_t)assign->owners[i].node.p);
	free(assign->owners);
	for (size_t i = 0; i < assign->count; i++)
		rule_release(&assign->rules[i]);
	free(assign->rules);
	container_free(assign->rest);
	free(assign);
}

/* fnmatch(3) wants C strings; a value that does not fit, or holds a NUL, matches nothing. */
static bool glob_matches(const char *glob, struct str value)
{
	char text[4352];

	if (!glob)
		return true;
	if (value.n >= sizeof(text) || memchr(value.p ? value.p : "", '\0', value.n))
		return false;
	if (value.n)
		memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	return fnmatch(glob, text, 0) == 0;
}

static bool rule_holds(const struct rule *rule, const struct record *record)
{
	return (!rule->has_pid || rule->pid == record->pid) &&
	       glob_matches(rule->comm, record->comm) && glob_matches(rule->exe, record->exe) &&
	       glob_matches(rule->subj, record->subj);
}

static const struct container *container_of(const struct assign *assign,
					    const struct record *record)
{
	for (size_t i = 0; i < assign->count; i++)
		if (rule_holds(&assign->rules[i], record))
			return assign->rules[i].container;
	return assign->rest;
}

static bool is_owner(const struct owner *owner, const struct event *event)
{
	return owner->container == event->container && str_eq(owner->node, event->node);
}

static void add_owner(struct assign *assign, const struct container *container, struct str node)
{
	assign->owners =
		mem_resize(assign->owners, (assign->owner_count + 1) * sizeof(*assign->owners));
	assign->last_owner = assign->owner_count++;
	assign->owners[assign->last_owner] =
		(struct owner){container, str_of(mem_copy(node), node.n)};
}

const struct container *assign_silent(struct assign *assign, struct str node)
{
	if (assign->owner_count || !assign->rest)
		return NULL;
	add_owner(assign, assign->rest, node);
	return assign->rest;
}

/* Events of one owner come one after the other, so that the last one is often the same. */
static void note_owner(struct assign *assign, const struct event *event)
{
	if (assign->owner_count && is_owner(&assign->owners[assign->last_owner], event))
		return;
	for (size_t i = 0; i < assign->owner_count; i++) {
		if (is_owner(&assign->owners[i], event)) {
			assign->last_owner = i;
			return;
		}
	}
	if (assign->owner_count < OWNERS_MAX)
		add_owner(assign, event->container, event->node);
}

int assign_owners(struct assign *assign, assign_owner_fn *each, void *context)
{
	int result = 0;

	for (size_t i = 0; i < assign->owner_count; i++) {
		struct owner *owner = &assign->owners[i];

		if (result == 0)
			result = each(context, owner->container, owner->node);
		free((void *)(uintptr_t)owner->node.p);
	}
	assign->owner_count = assign->last_owner = 0;
	return result;
}

void assign_event(struct assign *assign, struct event *event)
{
	const struct container *named = container_of(assign, event->record);

	event->container = named ? named : event->container;
	event->attribution = event->container ? ATTRIBUTION_CONTAINER : ATTRIBUTION_UNATTRIBUTED;
	event->reason = event->container ? UNATTRIBUTED_NONE : UNATTRIBUTED_LOG_ALONE;
	event->coverage = event->container ? COVERAGE_UNKNOWN : assign->coverage;
	event->phase = phase_of(event->record);
	note_owner(assign, event);
}

bool assign_by_pid(const struct assign *assign)
{
	for (size_t i = 0; i < assign->count; i++)
		if (assign->rules[i].has_pid)
			return true;
	return false;
}

bool assign_by_subj(const struct assign *assign)
{
	for (size_t i = 0; i < assign->count; i++)
		if (assign->rules[i].subj)
			return true;
	return false;
}
