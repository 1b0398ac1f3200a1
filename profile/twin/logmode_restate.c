#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/write/export_private.h"
#include "profile/document/write.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

static struct twin_restated *restated_of(const struct twin_maker *maker, const char *name)
{
	for (size_t i = 0; i < maker->restated_count; i++)
		if (strcmp(maker->restated[i].name, name) == 0)
			return &maker->restated[i];
	return NULL;
}

static struct twin_restated *restated_new(struct twin_maker *maker, const char *name)
{
	maker->restated =
		mem_resize(maker->restated, (maker->restated_count + 1) * sizeof(*maker->restated));
	maker->restated[maker->restated_count] =
		(struct twin_restated){.name = mem_copy(str_from(name)), .manner = COVER_SHORT};
	return &maker->restated[maker->restated_count++];
}

const struct twin_restated *twin_restated(const struct twin_maker *maker, const char *name)
{
	return restated_of(maker, name);
}

static void forget_rules(struct twin_restated *restated)
{
	for (size_t i = 0; i < restated->rule_count; i++)
		free(restated->rules[i]);
	free(restated->rules);
	restated->rules = NULL;
	restated->rule_count = 0;
}

void twin_restated_release(struct twin_maker *maker)
{
	for (size_t i = 0; i < maker->restated_count; i++) {
		forget_rules(&maker->restated[i]);
		free(maker->restated[i].name);
	}
	free(maker->restated);
}

/* What a rule's condition on the container or the host, a tracer or a listener decides, rules that
 * hold always cannot say. */
static bool depends_on_arguments_alone(const struct twin_maker *maker, const struct rules *rules,
				       const char *name)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];
		const struct document_rule *from = &maker->document.rules[rule->document_rule];
		uint32_t action = twin_action(rule->action) & SECCOMP_RET_ACTION_FULL;

		if (strcmp(rule->name, name) != 0)
			continue;
		if (action != SECCOMP_RET_LOG && action != SECCOMP_RET_ALLOW)
			return false;
		if (rules->loader != LOADER_OCI &&
		    (from->includes.present || from->excludes.present))
			return false;
	}
	return true;
}

static void put_rules(struct twin_restated *restated, const struct cover *cover, uint32_t action)
{
	const char *name = restated->name;

	restated->rules = mem_new(cover->count, sizeof(*restated->rules));
	for (size_t i = 0; i < cover->count; i++) {
		BUF_AUTO text = {0};
		struct emit emit = {.to = &text};

		document_put_rule(&emit,
				  &(struct document_rule){.names = {.all = &name, .count = 1},
							  .action = action,
							  .args = cover->all[i].args,
							  .arg_count = cover->all[i].arg_count},
				  true);
		restated->rules[restated->rule_count++] = mem_copy(buf_str(&text));
	}
}

/* Beside a default that lets pass, rules say what is logged; else they say what passes. */
static bool says_what_is_logged(const struct rules *rules)
{
	return twin_action(rules->default_action) != SECCOMP_RET_LOG;
}

static uint32_t is_logged(uint32_t value, const void *context)
{
	(void)context;
	return twin_action(value) == SECCOMP_RET_LOG;
}

/* False where the arguments cannot be told in rules. */
static bool restate(struct twin_restated *restated, const struct rules *rules,
		    const struct filter *filter, uint32_t audit_arch, int64_t nr)
{
	bool narrow = export_is_narrow(arch_token(audit_arch, nr));
	bool logged = says_what_is_logged(rules), made = false;
	struct answers answers;
	struct regions regions;
	struct cover cover = {0};

	regions_init(&regions);
	answers_init(&answers, &regions, filter);
	diagram answer = answers_call(&answers, audit_arch, (uint32_t)nr);

	answer = answers_map(&regions, answer, is_logged, NULL);
	if (answer != DIAGRAM_UNKNOWN) {
		region told = diagram_where(&regions, answer, logged);

		made = told != REGION_NONE && told != REGION_ALL &&
		       cover_make(&regions, told, narrow, restated->manner, &cover);
	}
	if (made)
		put_rules(restated, &cover, logged ? SCMP_ACT_LOG : SCMP_ACT_ALLOW);
	cover_release(&cover);
	answers_release(&answers);
	regions_release(&regions);
	return made;
}

static void append_all(struct twin_maker *maker)
{
	struct node *list = node_member(maker->document.profile, "syscalls");

	node_forget_appended(list);
	for (size_t i = 0; i < maker->restated_count; i++)
		for (size_t j = 0; j < maker->restated[i].rule_count; j++)
			tree_append(&maker->document.tree, list, maker->restated[i].rules[j]);
}

bool twin_take_back(struct twin_maker *maker, const char *name)
{
	struct twin_restated *restated = restated_of(maker, name);

	if (!restated || restated->rule_count == 0)
		return false;
	forget_rules(restated);
	restated->manner = COVER_NONE;
	append_all(maker);
	return true;
}

enum cover_manner twin_restate(struct twin_maker *maker, const struct rules *rules,
			       const struct filter *filter, uint32_t audit_arch, int64_t nr,
			       bool possible)
{
	char name[SYSCALL_NAME_SIZE];

	syscall_name(audit_arch, nr, name);
	struct twin_restated *restated = restated_of(maker, name);

	if (restated && restated->manner < COVER_NONE)
		restated->manner++;
	else if (!restated)
		restated = restated_new(maker, name);
	forget_rules(restated);
	restated->round = maker->round;
	if (!possible || !depends_on_arguments_alone(maker, rules, name))
		restated->manner = COVER_NONE;
	while (restated->manner < COVER_NONE && !restate(restated, rules, filter, audit_arch, nr))
		restated->manner++;
	if (restated->manner == COVER_NONE && says_what_is_logged(rules)) {
		const struct cover always = {.all = &(struct cover_rule){.arg_count = 0},
					     .count = 1};

		put_rules(restated, &always, SCMP_ACT_LOG);
	}
	append_all(maker);
	return restated->manner;
}
