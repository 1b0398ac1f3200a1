#include "profile/write/form_private.h"

#include "base/mem.h"
#include "ingest/arch.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

/*
 * minijail0(5), and what minijail's own reader makes of it (syscall_filter.c, bpf.c):
 *
 * - A filter is for one arch; a call by any other ends the thread.
 * - One line a call: `name: 1`, `name: return ERRNO`, or a condition in disjunctive normal form,
 *   with `; return ERRNO` for the calls that do not meet it. A second line for a call is an error,
 *   and so is a name that the arch does not have.
 * - What has no line is killed, and no line changes that.
 * - `arg & mask` is true if any bit of the mask is set, `arg in mask` if none outside of it is.
 *   Comparisons are unsigned, of 64 bits on a 64-bit arch, else of 32.
 *
 * Its dialects:
 *
 * - Before linux-v7 the operators are ==, !=, & and in, and a line has fewer than 1024 bytes
 *   (MAX_POLICY_LINE_LENGTH of linux-v6's syscall_filter.h).
 * - tools/parser.py, of compile_seccomp_policy, has every action, `@default ACTION` for what has no
 *   line, and takes `; ACTION` for the calls that meet a condition: `{ CONDITION; allow, ACTION }`
 *   says what the others get.
 */

/* The line without its name, of linux-v6. */
#define V6_LINE_MAX 1023

struct policy {
	const struct form_writer *writer;
	struct form_calls calls;
	uint32_t token;
	uint64_t bits; /* those that an argument has */
};

/* --- conditions */

static const char *const operators[] = {
	[SCMP_CMP_NE] = "!=", [SCMP_CMP_LT] = "<",  [SCMP_CMP_LE] = "<=",
	[SCMP_CMP_EQ] = "==", [SCMP_CMP_GE] = ">=", [SCMP_CMP_GT] = ">",
};

static void put_atom(struct buf *to, unsigned index, const char *op, uint64_t value)
{
	buf_format(to, "%sarg%u %s 0x%" PRIx64, to->n ? " && " : "", index, op, value);
}

/* (arg & mask) == value, bit by bit: all of the value's are set, none of the mask's others. False
 * where that can never be. */
static bool put_masked(struct buf *to, const struct document_arg *arg, uint64_t bits)
{
	const uint64_t mask = arg->value & bits, value = arg->value_two & bits;

	if (value & ~mask)
		return false;
	if (mask == bits) {
		put_atom(to, arg->index, "==", value);
		return true;
	}
	for (unsigned i = 0; i < 64; i++)
		if (value >> i & 1)
			put_atom(to, arg->index, "&", UINT64_C(1) << i);
	if (mask & ~value)
		put_atom(to, arg->index, "in", ~(mask & ~value) & bits);
	return true;
}

/* Appends the conjunction; nothing where every call meets it. False where none can. */
static bool put_condition(struct buf *to, const struct cover_rule *condition, uint64_t bits)
{
	BUF_AUTO all = {0};

	for (size_t i = 0; i < condition->arg_count; i++) {
		const struct document_arg *arg = &condition->args[i];

		if (arg->op != SCMP_CMP_MASKED_EQ)
			put_atom(&all, arg->index, operators[arg->op], arg->value & bits);
		else if (!put_masked(&all, arg, bits))
			return false;
	}
	buf_put_str(to, buf_str(&all));
	return true;
}

/* " || "-joined; false where one of them holds always, so that there is no condition. */
static bool put_conditions(struct buf *to, const struct form_call *call, uint64_t bits)
{
	for (size_t i = 0; i < call->conditions.count; i++) {
		BUF_AUTO one = {0};

		if (!put_condition(&one, &call->conditions.all[i], bits))
			continue;
		if (one.n == 0)
			return false;
		buf_put_str(to, to->n ? STR(" || ") : STR(""));
		buf_put_str(to, buf_str(&one));
	}
	return true;
}

/* --- what can be said */

static bool is_mixed(const void *context, const struct form_call *call)
{
	(void)context;
	for (size_t i = 0; i < call->conditions.count; i++)
		if (call->conditions.all[i].value != SCMP_ACT_ALLOW)
			return true;
	return false;
}

static int check_default(const struct policy *policy)
{
	const struct form_writer *writer = policy->writer;
	const uint32_t action = writer->rules.default_action;
	char text[16];

	if (value_pass(action) != PASS_REFUSED)
		return err_set(writer->err, EINVAL,
			       "minijail kills unlisted calls (minijail0 -L logs them), but the "
			       "profile's default is %s",
			       spelling_of_action(action));
	if (value_is(action, SECCOMP_RET_ERRNO))
		lint_add(writer->notes, 0, "defaultAction",
			 "minijail kills unlisted calls: they end the program instead of "
			 "returning %s",
			 form_errno_text(value_data(action), text));
	if (value_is(action, SECCOMP_RET_TRAP) && writer->form != FORM_MINIJAILC)
		lint_note(writer->notes, 0, "defaultAction",
			  "minijail kills unlisted calls, and the program cannot handle SIGSYS");
	return 0;
}

/* What linux-v6 does not read. */
static bool is_beyond_v6(const void *context, const struct form_call *call)
{
	const struct policy *policy = context;
	BUF_AUTO conditions = {0};

	for (size_t i = 0; i < call->conditions.count; i++)
		for (size_t k = 0; k < call->conditions.all[i].arg_count; k++) {
			enum scmp_compare op = call->conditions.all[i].args[k].op;

			if (op != SCMP_CMP_EQ && op != SCMP_CMP_NE && op != SCMP_CMP_MASKED_EQ)
				return true;
		}
	return put_conditions(&conditions, call, policy->bits) &&
	       conditions.n + strlen(" ; return 4095") > V6_LINE_MAX;
}

/* What no line is for. */
static int check_actions(const struct policy *policy)
{
	LISTING_AUTO unknown = {0};
	uint32_t action = 0;

	for (size_t i = 0; policy->writer->form != FORM_MINIJAILC && i < policy->calls.count; i++) {
		const struct form_call *call = &policy->calls.all[i];

		if (!call->plain || call->action == SCMP_ACT_ALLOW ||
		    value_pass(call->action) == PASS_REFUSED)
			continue;
		action = call->action;
		listing_add_safe(&unknown, call->name);
	}
	return unknown.count ? err_set(policy->writer->err, EINVAL, "minijail has no %s: %s",
				       spelling_of_action(action), listing_text(&unknown))
			     : 0;
}

static int check_calls(const struct policy *policy)
{
	int r = check_actions(policy);

	if (r == 0)
		r = form_widen(
			policy->writer, &policy->calls, is_mixed, NULL,
			"minijail's conditions can only allow, but these have other actions");
	if (r == 0 && policy->writer->form == FORM_MINIJAIL6)
		r = form_widen(policy->writer, &policy->calls, is_beyond_v6, policy,
			       "minijail before linux-v7 does not support <, <=, > and >=, and "
			       "reads only 1,023 bytes of a line");
	return r;
}

/* --- lines */

/* As tools/parser.py has it. */
static void put_action(struct buf *to, uint32_t action)
{
	static const struct {
		uint32_t kind;
		const char *word;
	} words[] = {
		{SECCOMP_RET_ALLOW, "allow"},
		{SECCOMP_RET_LOG, "log"},
		{SECCOMP_RET_TRACE, "trace"},
		{SECCOMP_RET_USER_NOTIF, "user-notify"},
		{SECCOMP_RET_TRAP, "trap"},
		{SECCOMP_RET_KILL_THREAD, "kill-thread"},
		{SECCOMP_RET_KILL_PROCESS, "kill-process"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (value_is(action, words[i].kind)) {
			buf_put_str(to, str_from(words[i].word));
			return;
		}
	buf_format(to, "return %u", value_data(action));
}

static void put_call(const struct policy *policy, const struct form_call *call)
{
	const uint32_t otherwise = policy->writer->rules.default_action;
	struct buf *to = policy->writer->text;
	BUF_AUTO conditions = {0};
	bool always = call->plain || !put_conditions(&conditions, call, policy->bits);

	if (!always && conditions.n == 0)
		return;
	if (policy->writer->form == FORM_MINIJAILC) {
		buf_format(to, "%s: ", call->name);
		if (!always)
			buf_format(to, "{ %s; allow, ", conditions.p);
		put_action(to, !always ? otherwise : call->plain ? call->action : SCMP_ACT_ALLOW);
		buf_put_str(to, always ? STR("\n") : STR(" }\n"));
	} else if (call->plain && call->action != SCMP_ACT_ALLOW) {
		/* no line kills */
		if (value_is(call->action, SECCOMP_RET_ERRNO))
			buf_format(to, "%s: return %u\n", call->name, value_data(call->action));
	} else if (always) {
		buf_format(to, "%s: 1\n", call->name);
	} else {
		buf_format(to, "%s: %s", call->name, conditions.p);
		if (value_is(otherwise, SECCOMP_RET_ERRNO))
			buf_format(to, "; return %u", value_data(otherwise));
		buf_put_char(to, '\n');
	}
}

/* Those that the arch has, then comments about the others. */
static void put_calls(const struct policy *policy)
{
	BUF_AUTO others = {0};
	int64_t nr;

	for (size_t i = 0; i < policy->calls.count; i++) {
		const struct form_call *call = &policy->calls.all[i];
		BUF_AUTO line = {0};

		if (syscall_number(policy->token, call->name, &nr)) {
			put_call(policy, call);
			continue;
		}
		buf_format(&line, "not on %s: %s", arch_name(policy->token), call->name);
		form_put_comment(&others, "", line.p);
	}
	buf_put_str(policy->writer->text, buf_str(&others));
}

static void note_arches(const struct policy *policy)
{
	const struct strings *arches = &policy->writer->made.architectures;
	LISTING_AUTO others = {0};

	for (size_t i = 1; i < arches->count; i++)
		listing_add_safe(&others, arches->all[i]);
	if (others.count)
		lint_note(policy->writer->notes, 0, "architectures",
			  "a policy has one architecture, here %s: minijail kills programs of "
			  "the others (%s)",
			  arch_name(policy->token), listing_text(&others));
}

static int choose_arch(struct policy *policy)
{
	const struct strings *arches = &policy->writer->made.architectures;
	const char *first = arches->count ? arches->all[0] : "SCMP_ARCH_NATIVE";

	policy->token = arch_from_name(str_from(first));
	if (policy->token == 0 || !arch_name(policy->token))
		return err_quoted(policy->writer->err, "architectures", "unknown", first);
	policy->bits =
		(arch_audit(policy->token) & __AUDIT_ARCH_64BIT) && policy->token != SCMP_ARCH_X32
			? UINT64_MAX
			: UINT32_MAX;
	return 0;
}

static void put_policy(const struct policy *policy)
{
	struct buf *to = policy->writer->text;

	buf_format(to, "# A minijail policy for %s. %s\n", arch_name(policy->token),
		   policy->writer->form == FORM_MINIJAILC
			   ? "For compile_seccomp_policy."
			   : "A call without a line here is killed.");
	form_put_comments(policy->writer);
	buf_put_char(to, '\n');
	if (policy->writer->form == FORM_MINIJAILC) {
		uint32_t action = policy->writer->rules.default_action;

		buf_put_str(to, STR("@default "));
		put_action(to,
			   value_is(action, SECCOMP_RET_ERRNO) ? SCMP_ACT_KILL_PROCESS : action);
		buf_put_char(to, '\n');
	}
	put_calls(policy);
	note_arches(policy);
	if (policy->writer->document->flags.count)
		lint_note(policy->writer->notes, 0, "flags",
			  "minijail policies have none; they are left out");
}

int form_write_minijail(struct form_writer *writer)
{
	struct policy policy = {.writer = writer};
	int r = check_default(&policy);

	if (r == 0)
		r = choose_arch(&policy);
	if (r < 0)
		return r;
	form_calls_init(writer, &policy.calls);
	r = check_calls(&policy);
	if (r == 0)
		put_policy(&policy);
	form_calls_release(&policy.calls);
	return r;
}
