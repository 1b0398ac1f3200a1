#include "profile/filter/filter.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/filter/refusals.h"
#include "profile/filter/stub.h"
#include "profile/filter/value.h"
#include "profile/document/spelling.h"

#include <byteswap.h>
#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* libseccomp 2.5.4 builds this many conditional rules for one syscall in a fraction of a second,
 * whatever they compare. 450 rules with GT or LT on 64 bits take 8 seconds, 1,200 more than 15. */
#define REHEARSED_RULES 128

/*
 * CPU seconds for a rehearsal. Runtimes build their filters in milliseconds. The time is counted in
 * slices: a virtual machine that its host holds up is charged for the pause, but in one slice.
 */
#ifdef __SANITIZE_ADDRESS__ /* libseccomp allocates much, which is slow there */
#define REHEARSAL_SECONDS 16
#else
#define REHEARSAL_SECONDS 1
#endif
#define REHEARSAL_SLICES 20

/* libseccomp's API level. */
#define API_WITH_NOTIFY 5

struct builder {
	const struct rules *rules;
	const struct profile_options *options;
	struct filter *filter;
	struct lints *lints;
	struct err *err;
	scmp_filter_ctx context;
};

const struct filter_arch *filter_arch(const struct filter *filter, uint32_t token)
{
	for (size_t i = 0; i < filter->arch_count; i++) {
		if (filter->arches[i].token == token)
			return &filter->arches[i];
	}
	return NULL;
}

/*
 * 0 if the runtime or libseccomp does not know the name. runc has its own table: upper case only, without
 * arches that it does not run on. crun accepts the name without a prefix. SCMP_ARCH_NATIVE is 0 too, and
 * neither runtime accepts it.
 */
static uint32_t token_of(const struct builder *builder, const char *name)
{
	bool runc = builder->options->runtime == RUNTIME_RUNC;

	if (runc && str_is_one_of(str_from(name),
				  "SCMP_ARCH_NATIVE|SCMP_ARCH_PARISC|SCMP_ARCH_PARISC64|"
				  "SCMP_ARCH_M68K|SCMP_ARCH_SH|SCMP_ARCH_SHEB",
				  false))
		return 0;
	for (const char *p = name; runc && *p; p++)
		if (islower((unsigned char)*p))
			return 0;
	return spelling_read_arch(name, !runc);
}

static int add_arch(struct builder *builder, size_t i)
{
	const char *name = builder->rules->arches.all[i];
	struct filter *filter = builder->filter;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	uint32_t token = token_of(builder, name);

	if (builder->rules->from_arch_map)
		snprintf(place, PLACE_SIZE, "%sarchMap", builder->rules->document->prefix);
	else
		snprintf(place, PLACE_SIZE, "%sarchitectures[%zu]",
			 builder->rules->document->prefix, i);
	if (token == 0)
		return err_set(builder->err, EINVAL,
			       "%s: %s or this libseccomp does not know the architecture %s", place,
			       runtime_name(builder->options->runtime), text_quote(name, quoted));
	if (filter_arch(filter, token))
		return 0;
	int r = seccomp_arch_add(builder->context, token);

	if (r == -EDOM)
		return err_set(builder->err, EDOM,
			       "%s: libseccomp refuses %s together with %s, the host's "
			       "architecture: their byte orders differ",
			       place, text_quote(name, quoted), arch_name(builder->options->arch));
	if (r < 0)
		return err_errno(builder->err, -r,
				 "%s: libseccomp refuses %s together with the host's architecture",
				 place, text_quote(name, quoted));
	if (filter->arch_count == FILTER_MAX_ARCHES)
		return err_set(builder->err, E2BIG, "%s: too many architectures", place);
	filter->arches[filter->arch_count++].token = token;
	return 0;
}

int filter_set_arch(scmp_filter_ctx context, uint32_t token)
{
	int r = token == seccomp_arch_native() ? 0 : seccomp_arch_remove(context, SCMP_ARCH_NATIVE);

	return r < 0 || token == seccomp_arch_native() ? r : seccomp_arch_add(context, token);
}

static int add_host_arch(struct builder *builder)
{
	uint32_t host = builder->options->arch;
	int r = filter_set_arch(builder->context, host);

	if (r < 0)
		return err_errno(builder->err, -r, "libseccomp cannot build for this architecture");
	builder->filter->arches[builder->filter->arch_count++].token = host;
	builder->filter->big_endian = !(arch_audit(host) & __AUDIT_ARCH_LE);
	return 0;
}

/* The earlier rule that this one contradicts, preferably one with the same args. */
static const struct rule *find_opponent(const struct rules *rules, const struct rule *rule)
{
	const struct rule *likely = NULL;

	for (const struct rule *other = rules->all; other < rule; other++) {
		size_t same = 0;

		if (strcmp(other->name, rule->name) != 0 || other->action == rule->action ||
		    other->action == rules->default_action)
			continue;
		for (size_t i = 0; i < other->arg_count; i++)
			for (size_t k = 0; k < rule->arg_count; k++)
				if (memcmp(&other->args[i], &rule->args[k],
					   sizeof(rule->args[k])) == 0) {
					same++;
					break;
				}
		if (other->arg_count == rule->arg_count && same == rule->arg_count)
			return other;
		likely = other;
	}
	return likely;
}

/* If the errno is too large: libseccomp accepts only those below the kernel's VALUE_ERRNO_MAX
 * (src/system.c). Resolving has already cut them to 16 bits. */
static int refuse_errno(struct builder *builder, uint32_t action, const char *place,
			const char *what)
{
	if (!value_is(action, SECCOMP_RET_ERRNO) || (action & SECCOMP_RET_DATA) < VALUE_ERRNO_MAX)
		return 0;
	return err_set(builder->err, EINVAL,
		       "%s: libseccomp refuses %s: the largest errno is %d, not %u", place, what,
		       VALUE_ERRNO_MAX - 1, action & SECCOMP_RET_DATA);
}

static int refuse_default(struct builder *builder)
{
	uint32_t action = builder->rules->default_action;
	char place[PLACE_SIZE];

	snprintf(place, sizeof(place), "%sdefaultErrnoRet", builder->rules->document->prefix);
	int r = refuse_errno(builder, action, place, "the default action");

	return r < 0 ? r
		     : err_set(builder->err, EINVAL, "libseccomp refuses the default action 0x%x",
			       action);
}

static int refuse_rule(struct builder *builder, const struct rule *rule, int code)
{
	const struct document *document = builder->rules->document;
	char place[PLACE_SIZE], other_place[PLACE_SIZE], quoted[QUOTED_SIZE];
	char what[QUOTED_SIZE + 16];
	const struct rule *other = find_opponent(builder->rules, rule);

	document_name_place(document, rule->document_rule, rule->document_name, place);
	snprintf(what, sizeof(what), "the rule for %s", text_quote(rule->name, quoted));
	int r = refuse_errno(builder, rule->action, place, what);

	if (r < 0)
		return r;
	if (code != EEXIST || !other)
		return err_errno(builder->err, code, "%s: libseccomp refuses %s", place, what);
	document_name_place(document, other->document_rule, other->document_name, other_place);
	return err_set(builder->err, EEXIST,
		       "%s and %s give %s different actions under the same conditions: libseccomp "
		       "refuses that, and the container would not start",
		       other_place, place, quoted);
}

/*
 * libseccomp expects this machine's numbers (pseudo numbers if it has none) and translates them for
 * each arch of the filter, so names are resolved for this machine even if the host is another. A
 * rule that repeats the default action is left out, since libseccomp rejects it.
 */
static int add_rule(struct builder *builder, const struct rule *rule)
{
	int nr = seccomp_syscall_resolve_name(rule->name);
	struct scmp_arg_cmp compares[6];

	if (rule->action == builder->rules->default_action || nr == __NR_SCMP_ERROR)
		return 0;
	for (size_t i = 0; i < rule->arg_count; i++)
		compares[i] = (struct scmp_arg_cmp){.arg = rule->args[i].index,
						    .op = rule->args[i].op,
						    .datum_a = rule->args[i].value,
						    .datum_b = rule->args[i].value_two};
	int r = seccomp_rule_add_array(builder->context, rule->action, nr,
				       (unsigned)rule->arg_count, compares);

	return r < 0 ? refuse_rule(builder, rule, -r) : 0;
}

int filter_export(scmp_filter_ctx context, struct filter *filter)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
	off_t size = r < 0 ? r : lseek(fd, 0, SEEK_END);

	if (r == 0) {
		filter->count = size < 0 ? 0 : (size_t)size / sizeof(*filter->program);
		filter->program = mem_new(filter->count, sizeof(*filter->program));
		if (size < 0 || pread(fd, filter->program, (size_t)size, 0) != size)
			r = -EIO;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/*
 * libseccomp writes the program in the byte order of the filter's arches. When libseccomp 2.5.4 exports for
 * the other byte order, it leaves the values of some returns in this machine's. If a swapped value is not
 * one of the profile's actions, it must not be swapped.
 */
static int export_program(struct builder *builder)
{
	const struct rules *rules = builder->rules;
	struct filter *filter = builder->filter;
	bool foreign = filter->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	int r = filter_export(builder->context, filter);

	if (r < 0)
		return err_errno(builder->err, -r, "libseccomp cannot export the filter");
	for (size_t i = 0; foreign && i < filter->count; i++) {
		struct sock_filter *insn = &filter->program[i];
		uint32_t k = bswap_32(insn->k);

		insn->code = bswap_16(insn->code);
		bool swaps = insn->code != (BPF_RET | BPF_K) || k == rules->default_action ||
			     k == SCMP_ACT_KILL_THREAD;

		for (size_t j = 0; !swaps && j < rules->count; j++)
			swaps = rules->all[j].action == k;
		insn->k = swaps ? k : insn->k;
	}
	return 0;
}

static int add_rules(struct builder *builder, volatile size_t *ret_step)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < builder->rules->count; i++) {
		*ret_step = i;
		r = add_rule(builder, &builder->rules->all[i]);
	}
	return r;
}

/*
 * libseccomp searches the tree of a syscall's earlier conditional rules for each new one. The time
 * grows with a power of their number, fastest with operators other than EQ on 64 bits. Two rules that
 * compare several arguments each exceed REHEARSED_RULES.
 */
static bool wants_rehearsal(const struct builder *builder)
{
	const struct rules *rules = builder->rules;

	for (size_t i = 0; i < rules->count; i++) {
		size_t weight = 0;

		for (size_t j = 0; rules->all[i].arg_count && j <= i; j++) {
			const struct rule *rule = &rules->all[j];

			if (strcmp(rule->name, rules->all[i].name) == 0)
				weight += rule->arg_count > 1 ? REHEARSED_RULES / 2 + 1
							      : rule->arg_count;
		}
		if (weight > REHEARSED_RULES)
			return true;
	}
	return false;
}

enum { REHEARSAL_ENDED, REHEARSAL_OUT_OF_TIME };

/* Ends the child wherever it is, in its last slice. */
static void end_slice(int signal_number)
{
	static volatile sig_atomic_t slices;

	(void)signal_number;
	slices = slices + 1;
	if (slices == REHEARSAL_SLICES)
		_exit(REHEARSAL_OUT_OF_TIME);
}

static void limit_time(void)
{
	const struct timeval slice = {.tv_usec = REHEARSAL_SECONDS * 1000000 / REHEARSAL_SLICES};
	const struct itimerval slices = {.it_value = slice, .it_interval = slice};
	const struct sigaction action = {.sa_handler = end_slice, .sa_flags = SA_RESTART};
	sigset_t only;

	sigaction(SIGPROF, &action, NULL);
	sigemptyset(&only);
	sigaddset(&only, SIGPROF);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	setitimer(ITIMER_PROF, &slices, NULL);
}

/*
 * Builds first in a child with limited CPU time, since libseccomp can only be stopped by ending its
 * process. Errors are ignored here: the parent meets them again. Returns false if the time ran out,
 * with the rule in *ret_step; true otherwise, also if there is no child.
 */
static bool rehearse(struct builder *builder, size_t *ret_step)
{
	volatile size_t *step = mmap(NULL, sizeof(*step), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (step == MAP_FAILED)
		return true;
	pid_t child = fork();

	if (child == 0) {
		limit_time();
		if (add_rules(builder, step) == 0)
			export_program(builder);
		_exit(REHEARSAL_ENDED);
	}
	int status = 0;

	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	bool ended = !WIFEXITED(status) || WEXITSTATUS(status) != REHEARSAL_OUT_OF_TIME;

	*ret_step = *step;
	munmap((void *)(size_t)step, sizeof(*step));
	return ended;
}

static int rehearse_rules(struct builder *builder)
{
	const struct rules *rules = builder->rules;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	size_t step;

	if (!wants_rehearsal(builder) || rehearse(builder, &step))
		return 0;
	document_name_place(rules->document, rules->all[step].document_rule,
			    rules->all[step].document_name, place);
	return err_set(
		builder->err, ETIME,
		"%s: libseccomp did not finish building this rule for %s within %d s; neither would "
		"a runtime, so the container would not start",
		place, text_quote(rules->all[step].name, quoted), REHEARSAL_SECONDS);
}

static int build(struct builder *builder)
{
	const struct rules *rules = builder->rules;
	bool lists_host = false;
	size_t step;
	int r = refusals_check(rules, builder->options, builder->lints, builder->err);

	if (r == 0)
		r = add_host_arch(builder);
	for (size_t i = 0; r == 0 && i < rules->arches.count; i++) {
		r = add_arch(builder, i);
		lists_host |= token_of(builder, rules->arches.all[i]) == builder->options->arch;
	}
	if (r == 0)
		r = rehearse_rules(builder);
	if (r == 0)
		r = add_rules(builder, &step);
	if (r == 0)
		r = export_program(builder);
	if (r < 0)
		return r;
	if (builder->options->runtime == RUNTIME_RUNC &&
	    value_pass(rules->default_action) < PASS_TRACED)
		stub_prepend(builder->filter, rules, builder->options, lists_host, builder->lints);
	return filter_check(builder->filter->program, builder->filter->count, builder->err);
}

int filter_build(const struct rules *rules, const struct profile_options *options,
		 struct filter *filter, struct lints *lints, struct err *err)
{
	struct builder builder = {
		.rules = rules, .options = options, .filter = filter, .lints = lints, .err = err};

	*filter = (struct filter){0};
	/*
	 * libseccomp asks the running kernel which actions it has. It rejects LOG and NOTIFY if the
	 * kernel is old or cannot be asked (under our own filter). The profile may be for another
	 * host, so the API level is set to one that has them.
	 */
	if (seccomp_api_get() < API_WITH_NOTIFY)
		(void)seccomp_api_set(API_WITH_NOTIFY);
	builder.context = seccomp_init(rules->default_action);
	if (!builder.context)
		return refuse_default(&builder);
	int r = build(&builder);

	seccomp_release(builder.context);
	return r;
}

int built_resolve(struct built *built, const struct profile_options *options, struct lints *lints,
		  struct err *err)
{
	int r = rules_resolve(&built->document, options, &built->rules, lints, err);

	if (r == 0 && !built->rules.off)
		r = filter_build(&built->rules, options, &built->filter, lints, err);
	return r;
}

int built_make(struct built *built, struct str text, const struct profile_options *options,
	       struct lints *lints, struct err *err)
{
	*built = (struct built){0};
	int r = document_parse(text, options->select, &built->document, lints, err);

	return r < 0 ? r : built_resolve(built, options, lints, err);
}

void built_release(struct built *built)
{
	filter_release(&built->filter);
	rules_release(&built->rules);
	document_release(&built->document);
}

const struct filter *built_filter(const struct built *built)
{
	return built->rules.off ? NULL : &built->filter;
}

/* --- parts */

void filter_release(struct filter *filter)
{
	for (size_t i = 0; i < filter->part_count; i++)
		filter_release(&filter->parts[i]);
	free(filter->parts);
	free(filter->program);
	*filter = (struct filter){0};
}

static void add_part(struct filter *filter, const struct filter *part)
{
	filter->parts = mem_more(filter->parts, filter->part_count, sizeof(*filter->parts));
	filter->parts[filter->part_count++] = *part;
}

void filter_push(struct filter *stack, struct sock_filter *program, size_t count)
{
	stack->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	add_part(stack, &(struct filter){.program = program,
					 .count = count,
					 .big_endian = stack->big_endian});
}

struct filter filter_copy(const struct filter *filter)
{
	struct filter copy = *filter;

	copy.program = NULL;
	copy.parts = NULL;
	copy.part_count = 0;
	if (filter->count) {
		copy.program = mem_new(filter->count, sizeof(*copy.program));
		memcpy(copy.program, filter->program, filter->count * sizeof(*copy.program));
	}
	for (size_t i = 0; i < filter->part_count; i++) {
		const struct filter part = filter_copy(&filter->parts[i]);

		add_part(&copy, &part);
	}
	return copy;
}

void filter_join(struct filter *joint, const struct filter *other)
{
	const struct filter part = filter_copy(other);

	if (joint->program || joint->fold != FILTER_MILDEST) {
		const struct filter first = *joint;

		joint->program = NULL;
		joint->parts = NULL;
		joint->count = joint->stub_count = joint->part_count = 0;
		joint->fold = FILTER_MILDEST;
		add_part(joint, &first);
	}
	add_part(joint, &part);
}

bool filter_same(const struct filter *a, const struct filter *b)
{
	if (a->count != b->count || a->big_endian != b->big_endian || a->fold != b->fold ||
	    a->part_count != b->part_count ||
	    (a->count && memcmp(a->program, b->program, a->count * sizeof(*a->program)) != 0))
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (!filter_same(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}
