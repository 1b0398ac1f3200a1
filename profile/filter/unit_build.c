#include "profile/filter/unit.h"

#include "ingest/arch.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

struct builder {
	const struct unit *unit;
	uint32_t host;
	uint32_t arches[8]; /* local arches that are not blocked, the native one last */
	size_t arch_count;
	struct filter *stack;
	struct err *err;
};

/* seccomp_local_archs of systemd. The last of a row is the native one. */
static const struct {
	uint32_t arches[4];
	size_t count;
} locals[] = {
	{{SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_X86_64}, 3},
	{{SCMP_ARCH_ARM, SCMP_ARCH_AARCH64}, 2},
	{{SCMP_ARCH_PPC, SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64}, 3},
	{{SCMP_ARCH_PPC, SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE}, 3},
	{{SCMP_ARCH_S390, SCMP_ARCH_S390X}, 2},
};

static void find_locals(struct builder *builder)
{
	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
		if (locals[i].arches[locals[i].count - 1] != builder->host)
			continue;
		builder->arch_count = locals[i].count;
		memcpy(builder->arches, locals[i].arches, sizeof(locals[i].arches));
		return;
	}
	builder->arches[builder->arch_count++] = builder->host;
}

static int refused(struct builder *builder, int code, const char *what)
{
	return err_errno(builder->err, -code, "libseccomp refuses %s", what);
}

/* Takes ownership of the context. */
static int install(struct builder *builder, scmp_filter_ctx context)
{
	struct filter built = {0};
	int r = filter_export(context, &built);

	seccomp_release(context);
	if (r < 0)
		return refused(builder, r, "to export the filter");
	filter_push(builder->stack, built.program, built.count);
	return 0;
}

/* seccomp_init_for_arch(): filters one arch and allows all others. */
static int context_for(struct builder *builder, uint32_t arch, uint32_t action,
		       scmp_filter_ctx *ret_context)
{
	scmp_filter_ctx context = seccomp_init(action);
	int r = context ? filter_set_arch(context, arch) : -EINVAL;

	if (r == 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	*ret_context = context;
	return r < 0 ? refused(builder, r, "the architecture") : 0;
}

/* seccomp_rule_add_exact(). Like systemd, skips a call that the arch does not have (-EDOM). */
static int add_rule(struct builder *builder, scmp_filter_ctx context, uint32_t action,
		    const struct unit_call *call)
{
	int nr = seccomp_syscall_resolve_name(call->name);
	int r = nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_exact(context, action, nr, 0);

	if (r == 0 || r == -EDOM)
		return 0;
	if (r == -EACCES)
		return err_set(builder->err, EINVAL,
			       "%u:1: %s has the same action as unlisted calls: libseccomp "
			       "refuses that, and the unit would fail to start (228/SECCOMP)",
			       call->line, call->name);
	return err_errno(builder->err, -r, "%u:1: libseccomp refuses the rule for %s", call->line,
			 call->name);
}

static uint32_t negative_action(const struct unit *unit)
{
	return unit->has_errno ? SCMP_ACT_ERRNO(unit->error) : SCMP_ACT_KILL_PROCESS;
}

/* The filter's default action: that of calls in no list. */
static uint32_t filter_default(const struct unit *unit)
{
	if (!unit->filter.allows)
		return SCMP_ACT_ALLOW;
	return unit->known.present ? SCMP_ACT_ERRNO(ENOSYS) : negative_action(unit);
}

static int add_known(struct builder *builder, scmp_filter_ctx context)
{
	const struct unit *unit = builder->unit;
	uint32_t action = negative_action(unit);
	int r = 0;

	if (!unit->known.present || action == SCMP_ACT_ERRNO(ENOSYS))
		return 0;
	for (size_t i = 0; r == 0 && i < unit->known.count; i++) {
		const struct unit_call *call = &unit->known.all[i];

		/* systemd skips calls without a number on the native arch */
		if (seccomp_syscall_resolve_name_arch(builder->host, call->name) < 0 ||
		    unit_list_find(&unit->filter, call->name))
			continue;
		r = add_rule(builder, context, action, call);
	}
	return r;
}

/* seccomp_load_syscall_filter_set_raw(): one filter per local arch. */
static int add_list(struct builder *builder, const struct unit_list *list, uint32_t otherwise,
		    uint32_t plain)
{
	int r = 0;

	if (!list->count && otherwise == SCMP_ACT_ALLOW)
		return 0;
	for (size_t i = 0; r == 0 && i < builder->arch_count; i++) {
		scmp_filter_ctx context;

		r = context_for(builder, builder->arches[i], otherwise, &context);
		for (size_t k = 0; r == 0 && k < list->count; k++) {
			const struct unit_call *call = &list->all[k];

			r = add_rule(builder, context,
				     call->how == UNIT_CALL_KILL    ? SCMP_ACT_KILL_PROCESS
				     : call->how == UNIT_CALL_ERRNO ? SCMP_ACT_ERRNO(call->error)
								    : plain,
				     call);
		}
		if (r == 0 && list == &builder->unit->filter)
			r = add_known(builder, context);
		if (r == 0)
			r = install(builder, context);
		else
			seccomp_release(context);
	}
	return r;
}

/* seccomp_restrict_archs(): blocked arches get no other filter. */
static int restrict_arches(struct builder *builder)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	size_t count = 0;
	int r = context ? filter_set_arch(context, builder->host) : -EINVAL;

	for (size_t i = 0; r == 0 && i < builder->arch_count; i++) {
		uint32_t token = builder->arches[i];
		bool listed = token == builder->host;

		for (size_t k = 0; !listed && k < builder->unit->arch_count; k++)
			listed = builder->unit->arches[k] == token;
		if (!listed)
			continue;
		builder->arches[count++] = token;
		if (token != builder->host)
			r = seccomp_arch_add(context, token);
	}
	bool blocked = count < builder->arch_count;

	builder->arch_count = count;
	if (r == 0 && blocked)
		return install(builder, context);
	seccomp_release(context);
	return r < 0 ? refused(builder, r, "the architectures") : 0;
}

static int build(struct builder *builder)
{
	const struct unit *unit = builder->unit;
	uint32_t log_default = unit->log.allows ? SCMP_ACT_ALLOW : SCMP_ACT_LOG;
	uint32_t log_plain = unit->log.allows ? SCMP_ACT_LOG : SCMP_ACT_ALLOW;
	uint32_t plain = unit->filter.allows ? SCMP_ACT_ALLOW : negative_action(unit);
	int r = 0;

	find_locals(builder);
	if (unit->has_arches)
		r = restrict_arches(builder);
	/* a list that became empty installs no filter */
	if (r == 0 && unit->log.present && (unit->log.allows || unit->log.count))
		r = add_list(builder, &unit->log, log_default, log_plain);
	if (r == 0 && unit->filter.present)
		r = add_list(builder, &unit->filter, filter_default(unit), plain);
	return r;
}

int unit_build(const struct unit *unit, const struct profile_options *options,
	       struct filter *ret_filter, uint32_t *ret_default, struct err *err)
{
	struct builder builder = {
		.unit = unit, .host = options->arch, .stack = ret_filter, .err = err};
	bool little = arch_audit(options->arch) & __AUDIT_ARCH_LE;
	int r;

	*ret_filter = (struct filter){.big_endian = !little};
	if (little != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__))
		return err_set(err, EOPNOTSUPP,
			       "a unit can be checked only for hosts of this machine's byte order");
	r = build(&builder);
	for (size_t i = 0; i < builder.arch_count; i++)
		ret_filter->arches[ret_filter->arch_count++].token = builder.arches[i];
	*ret_default = unit->filter.present ? filter_default(unit) : SCMP_ACT_ALLOW;
	if (*ret_default == SCMP_ACT_ALLOW && unit->log.present && !unit->log.allows &&
	    unit->log.count)
		*ret_default = SCMP_ACT_LOG;
	return r;
}
