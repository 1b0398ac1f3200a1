#include "ingest/rules.h"

#include "base/mem.h"
#include "ingest/audit_request.h"

#include <libaudit.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* More rules are not looked at: nobody has so many, and a list must have an end. */
#define RULES_MAX 4096

/* kernel/auditfilter.c, audit_comparator() */
static bool holds(uint32_t left, uint32_t op, uint32_t right)
{
	switch (op) {
	case AUDIT_EQUAL:
		return left == right;
	case AUDIT_NOT_EQUAL:
		return left != right;
	case AUDIT_LESS_THAN:
		return left < right;
	case AUDIT_LESS_THAN_OR_EQUAL:
		return left <= right;
	case AUDIT_GREATER_THAN:
		return left > right;
	case AUDIT_GREATER_THAN_OR_EQUAL:
		return left >= right;
	case AUDIT_BIT_MASK:
		return (left & right) != 0;
	case AUDIT_BIT_TEST:
		return (left & right) == right;
	default:
		return false;
	}
}

/* Fields whose value is a string behind the rule, its length in values[] (struct audit_rule_data). */
static bool is_string(uint32_t field)
{
	return (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
	       (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH) || field == AUDIT_WATCH ||
	       field == AUDIT_DIR || field == AUDIT_FILTERKEY || field == AUDIT_EXE;
}

/* A word for a shell: quoted where a shell would see more than a word in it. */
static void put_word(struct buf *text, struct str word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-=.,:/";
	bool quote = false;

	for (size_t i = 0; i < word.n && !quote; i++)
		quote = !memchr(plain, word.p[i], sizeof(plain) - 1);
	if (!quote) {
		buf_put_str(text, word);
		return;
	}
	buf_put_char(text, '\'');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			buf_put_str(text, STR("'\\'"));
		buf_put_char(text, word.p[i]);
	}
	buf_put_char(text, '\'');
}

static void put_value(struct buf *text, const struct audit_rule_data *rule, size_t i,
		      size_t *strings)
{
	const char *type;

	if (is_string(rule->fields[i])) {
		buf_put(text, rule->buf + *strings, rule->values[i]);
		*strings += rule->values[i];
		return;
	}
	type = rule->fields[i] == AUDIT_MSGTYPE ? audit_msg_type_to_name((int)rule->values[i])
						: NULL;
	if (type)
		buf_format(text, "%s", type);
	else
		buf_format(text, "%u", rule->values[i]);
}

static void put_field(struct buf *text, const struct audit_rule_data *rule, size_t i,
		      size_t *strings)
{
	const char *name = audit_field_to_name((int)rule->fields[i]);
	const char *op = audit_operator_to_symbol((int)(rule->fieldflags[i] & AUDIT_OPERATORS));

	BUF_AUTO word = {0};
	bool key = rule->fields[i] == AUDIT_FILTERKEY;

	if (!key && name)
		buf_format(&word, "%s%s", name, op ? op : "?");
	else if (!key)
		buf_format(&word, "f%u%s", rule->fields[i], op ? op : "?");
	put_value(&word, rule, i, strings);
	buf_put_str(text, key ? STR(" -k ") : STR(" -F "));
	put_word(text, buf_str(&word));
}

/* The strings lie behind the rule, and their lengths add up to no more than there are. */
static bool is_whole(const struct audit_rule_data *rule, size_t n)
{
	uint64_t strings = 0;

	if (n < offsetof(struct audit_rule_data, buf) || rule->field_count > AUDIT_MAX_FIELDS)
		return false;
	for (size_t i = 0; i < rule->field_count; i++)
		strings += is_string(rule->fields[i]) ? rule->values[i] : 0;
	return strings <= n - offsetof(struct audit_rule_data, buf);
}

bool hiding_rule_read(const struct audit_rule_data *rule, size_t n, struct hiding_rule *ret_rule)
{
	size_t strings = 0;
	bool some = false;

	if (!is_whole(rule, n) ||
	    (rule->flags & ~(uint32_t)AUDIT_FILTER_PREPEND) != AUDIT_FILTER_EXCLUDE)
		return false;
	for (size_t i = 0; i < rule->field_count; i++) {
		if (rule->fields[i] == AUDIT_FILTERKEY)
			continue;
		if (rule->fields[i] != AUDIT_MSGTYPE)
			some = true;
		else if (!holds(AUDIT_SECCOMP, rule->fieldflags[i] & AUDIT_OPERATORS,
				rule->values[i]))
			return false;
	}
	*ret_rule = (struct hiding_rule){.some = some};
	/* what the action is makes no difference in this list (kernel/auditfilter.c,
	 * audit_filter()), but auditctl -d wants the one that the rule has */
	buf_format(&ret_rule->text, "%s,exclude", rule->action == AUDIT_NEVER ? "never" : "always");
	for (size_t i = 0; i < rule->field_count; i++)
		put_field(&ret_rule->text, rule, i, &strings);
	return true;
}

static int read_rule(void *context, const char *payload, size_t n, struct err *err)
{
	struct hiding_rules *rules = context;
	struct hiding_rule hiding;
	MEM_AUTO struct audit_rule_data *rule = mem_new(1, sizeof(*rule) + n);

	(void)err;
	memcpy(rule, payload, n); /* aligned, which a netlink payload need not be */
	if (rules->count == RULES_MAX || !hiding_rule_read(rule, n, &hiding))
		return 0;
	rules->all = mem_resize(rules->all, (rules->count + 1) * sizeof(*rules->all));
	rules->all[rules->count++] = hiding;
	return 0;
}

int hiding_rules_get(struct hiding_rules *ret_rules, struct err *err)
{
	*ret_rules = (struct hiding_rules){0};
	return audit_request(AUDIT_LIST_RULES, "audit rules", read_rule, ret_rules, err);
}

void hiding_rules_release(struct hiding_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		buf_release(&rules->all[i].text);
	free(rules->all);
	*rules = (struct hiding_rules){0};
}
