#include "cli/selection.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "profile/answers/numbers.h"
#include "report/text.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

/* seccomp(2), strictest first. */
static const uint32_t actions[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
	SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW,
};

static const char *action_at(size_t i, const void *context)
{
	(void)context;
	return i < sizeof(actions) / sizeof(*actions) ? action_name(actions[i]) : NULL;
}

static const char *arch_at(size_t i, const void *context)
{
	const uint32_t *all = arch_all();

	(void)context;
	return all[i] ? arch_name(all[i]) : NULL;
}

static const char *canonical_arch(struct str name)
{
	uint32_t token = arch_from_name(name);

	return token ? arch_name(token) : NULL;
}

static const char *canonical_action(struct str name)
{
	uint32_t code;

	return action_from_name(name, &code) ? action_name(code) : NULL;
}

/* A kind of name that has a fixed list. */
struct vocabulary {
	const char *option;
	const char *(*canonical)(struct str name);
	nearest_name_fn *at;
};

static const struct vocabulary arches = {"arch", canonical_arch, arch_at};
static const struct vocabulary action_names = {"action", canonical_action, action_at};

static int unknown_name(const struct vocabulary *vocabulary, const char *name, struct err *err)
{
	const char *near = nearest_find(str_from(name), vocabulary->at, NULL);
	BUF_AUTO all = {0};

	if (near)
		return err_set(err, EINVAL, "--%s: unknown name '%s' (did you mean %s?)",
			       vocabulary->option, name, near);
	nearest_put_names(&all, vocabulary->at);
	return err_set(err, EINVAL, "--%s: unknown name '%s' (known: %s)", vocabulary->option, name,
		       all.p);
}

static int canonicalize(const struct vocabulary *vocabulary, struct option_list *list,
			struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = vocabulary->canonical(str_from(list->values[i]));

		if (!name)
			return unknown_name(vocabulary, list->values[i], err);
		free(list->values[i]);
		list->values[i] = mem_copy(str_from(name));
	}
	return 0;
}

struct named {
	struct named_number *all;
	size_t count;
};

static const char *syscall_at(size_t i, const void *context)
{
	const struct named *named = context;

	return i < named->count ? named->all[i].name : NULL;
}

/* Whether a call of any arch could have that name. */
static bool is_syscall(const char *name)
{
	const uint32_t *tokens = arch_all();
	int64_t nr;

	if (strpbrk(name, "*?[") || strncmp(name, "syscall_", strlen("syscall_")) == 0)
		return true;
	for (size_t i = 0; tokens[i]; i++)
		if (syscall_number(tokens[i], name, &nr))
			return true;
	return false;
}

/* A name that no call has selects nothing, which reads as if nothing had been called. */
static int check_syscalls(const struct option_list *list, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct named named = {0};

		if (is_syscall(list->values[i]))
			continue;
		named.count = numbers_named(arch_native(), &named.all);
		const char *near = nearest_find(str_from(list->values[i]), syscall_at, &named);

		err_set(err, EINVAL, "--syscall: unknown syscall '%s'%s%s%s", list->values[i],
			near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
		free(named.all);
		return -EINVAL;
	}
	return 0;
}

/* An empty value is a shell variable that was not set, rather than a wish for nothing. */
static int set_choice(const char *option, const struct option_list *list, struct choice *ret_choice,
		      struct err *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (!*list->values[i])
			return err_set(err, EINVAL,
				       "--%s: the name is empty; give one, or "
				       "remove the option",
				       option);
	ret_choice->values = (const char *const *)list->values;
	ret_choice->count = list->count;
	return 0;
}

static int parse_time(const char *option, const char *text, int64_t now_ms,
		      struct clock_span *ret_span, struct err *err)
{
	int r = clock_parse(str_from(text), now_ms, ret_span);

	if (r == -ERANGE)
		return err_set(err, EINVAL, "--%s: '%s' is out of range", option, text);
	if (r < 0)
		return err_set(err, EINVAL, "--%s: '%s' is not a valid time (forms: %s)", option,
			       text, clock_forms);
	return 0;
}

static int parse_window(const struct selection_options *options, struct selection *selection,
			struct err *err)
{
	struct clock_span span;
	int64_t now_ms;
	int r = clock_now_ms(&now_ms, err);

	if (r == 0 && options->since) {
		r = parse_time("since", options->since, now_ms, &span, err);
		selection->has_since = true;
		selection->since_ms = span.first_ms;
	}
	if (r == 0 && options->until) {
		r = parse_time("until", options->until, now_ms, &span, err);
		selection->has_until = true;
		selection->until_ms = span.last_ms;
	}
	if (r < 0)
		return r;
	if (selection->has_since && selection->has_until &&
	    selection->since_ms > selection->until_ms)
		return err_set(err, EINVAL, "--since %s is later than --until %s", options->since,
			       options->until);
	return 0;
}

/* Where the values of an option are, and where the selection has them. */
static const struct choice_row {
	const char *option;
	size_t list, choice; /* offsets */
} choices[] = {
#define CHOICE_ROW(name)                                                                          \
	{                                                                                         \
#name, offsetof(struct selection_options, name), offsetof(struct selection, name) \
	}
	CHOICE_ROW(container), CHOICE_ROW(image), CHOICE_ROW(pod),    CHOICE_ROW(namespace),
	CHOICE_ROW(workload),  CHOICE_ROW(node),  CHOICE_ROW(comm),   CHOICE_ROW(exe),
	CHOICE_ROW(syscall),   CHOICE_ROW(arch),  CHOICE_ROW(action),
};

static const struct option_list *list_of(const struct selection_options *options, size_t i)
{
	return (const void *)((const char *)options + choices[i].list);
}

bool selection_is_given(const struct selection_options *options)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++)
		if (list_of(options, i)->count)
			return true;
	return options->host || options->unattributed || options->since || options->until;
}

int selection_parse(struct selection_options *options, struct selection *ret_selection,
		    struct err *err)
{
	struct selection *selection = ret_selection;
	int r;

	*selection = (struct selection){
		.host = options->host,
		.unattributed = options->unattributed,
	};
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct choice *choice = (void *)((char *)selection + choices[i].choice);

		r = set_choice(choices[i].option, list_of(options, i), choice, err);
		if (r < 0)
			return r;
	}
	r = check_syscalls(&options->syscall, err);
	if (r == 0)
		r = canonicalize(&arches, &options->arch, err);
	if (r == 0)
		r = canonicalize(&action_names, &options->action, err);
	return r < 0 ? r : parse_window(options, selection, err);
}

void selection_help(struct buf *buf)
{
	BUF_AUTO line = {0};

	buf_format(&line, "TIME is one of: %s. Durations count back from now.", clock_forms);
	buf_put_char(buf, '\n');
	text_wrap(buf, buf_str(&line), 0, HELP_COLUMNS);
	option_put_names(buf, "ARCH", arch_at);
	option_put_names(buf, "ACTION", action_at);
}
