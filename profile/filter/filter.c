#include "profile/filter/filter.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/filter/rehearsal.h"
#include "profile/filter/value.h"
#include "profile/document/releases.h"
#include "profile/document/spelling.h"

#include <byteswap.h>
#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As many conditional rules for one syscall libseccomp 2.5.4 builds in a fraction of a second,
 * whatever they compare; 450 that compare 64 bits for more or less take it 8 seconds, and 1,200
 * more than 15. */
#define REHEARSED_RULES 128

/* Names that one remark about unknown ones shows. */
#define UNKNOWN_SHOWN 8

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

static void arch_place(const struct builder *builder, size_t i, char place[PLACE_SIZE])
{
	if (builder->rules->from_arch_map)
		snprintf(place, PLACE_SIZE, "%sarchMap", builder->rules->document->prefix);
	else
		snprintf(place, PLACE_SIZE, "%sarchitectures[%zu]",
			 builder->rules->document->prefix, i);
}

/* runc has a table of its own: upper case, and without what it does not run on. */
static bool runc_knows(const char *name)
{
	static const char *const unknown[] = {
		"SCMP_ARCH_NATIVE", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
		"SCMP_ARCH_M68K",   "SCMP_ARCH_SH",     "SCMP_ARCH_SHEB",
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (strcmp(unknown[i], name) == 0)
			return false;
	}
	for (const char *p = name; *p; p++) {
		if (islower((unsigned char)*p))
			return false;
	}
	return true;
}

/*
 * 0 where the runtime or libseccomp does not know it; crun's prefix is optional. SCMP_ARCH_NATIVE
 * is 0 itself, and neither runtime takes it.
 */
static uint32_t token_of(const struct builder *builder, const char *name)
{
	bool runc = builder->options->runtime == RUNTIME_RUNC;

	if (runc && !runc_knows(name))
		return 0;
	return spelling_read_arch(name, !runc);
}

static int add_arch(struct builder *builder, size_t i)
{
	const char *name = builder->rules->arches.all[i];
	struct filter *filter = builder->filter;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	uint32_t token = token_of(builder, name);

	arch_place(builder, i, place);
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

static int add_arches(struct builder *builder)
{
	int r = add_host_arch(builder);

	for (size_t i = 0; r == 0 && i < builder->rules->arches.count; i++)
		r = add_arch(builder, i);
	return r;
}

static bool same_args(const struct rule *a, const struct rule *b)
{
	if (a->arg_count != b->arg_count)
		return false;
	for (size_t i = 0; i < a->arg_count; i++) {
		bool found = false;

		for (size_t j = 0; j < b->arg_count && !found; j++)
			found = memcmp(&a->args[i], &b->args[j], sizeof(a->args[i])) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* The earlier rule that libseccomp holds against this one: the same args before any other. */
static const struct rule *find_opponent(const struct rules *rules, const struct rule *rule)
{
	const struct rule *likely = NULL;

	for (const struct rule *other = rules->all; other < rule; other++) {
		if (strcmp(other->name, rule->name) != 0 || other->action == rule->action ||
		    other->action == rules->default_action)
			continue;
		if (same_args(other, rule))
			return other;
		likely = other;
	}
	return likely;
}

/* libseccomp takes errnos below the kernel's VALUE_ERRNO_MAX only (src/system.c), after the cut to 16
 * bits that resolving has done. */
static bool is_errno_too_large(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	       (action & SECCOMP_RET_DATA) >= VALUE_ERRNO_MAX;
}

static int refuse_errno(struct builder *builder, uint32_t action, const char *place,
			const char *what)
{
	return err_set(builder->err, EINVAL,
		       "%s: libseccomp refuses %s: the largest errno is %d, not %u", place, what,
		       VALUE_ERRNO_MAX - 1, action & SECCOMP_RET_DATA);
}

static int refuse_default(struct builder *builder)
{
	uint32_t action = builder->rules->default_action;
	char place[PLACE_SIZE];

	snprintf(place, sizeof(place), "%sdefaultErrnoRet", builder->rules->document->prefix);
	if (is_errno_too_large(action))
		return refuse_errno(builder, action, place, "the default action");
	return err_set(builder->err, EINVAL, "libseccomp refuses the default action 0x%x", action);
}

static int refuse_rule(struct builder *builder, const struct rule *rule, int code)
{
	const struct document *document = builder->rules->document;
	char place[PLACE_SIZE], other_place[PLACE_SIZE], quoted[QUOTED_SIZE];
	char what[QUOTED_SIZE + 16];
	const struct rule *other = find_opponent(builder->rules, rule);

	document_name_place(document, rule->document_rule, rule->document_name, place);
	snprintf(what, sizeof(what), "the rule for %s", text_quote(rule->name, quoted));
	if (is_errno_too_large(rule->action))
		return refuse_errno(builder, rule->action, place, what);
	if (code != EEXIST || !other)
		return err_errno(builder->err, code, "%s: libseccomp refuses %s", place, what);
	document_name_place(document, other->document_rule, other->document_name, other_place);
	return err_set(builder->err, EEXIST,
		       "%s and %s give %s different actions under the same conditions: libseccomp "
		       "refuses that, and the container would not start",
		       other_place, place, quoted);
}

/*
 * What only runc refuses. Its init hands the listener over by write, which must not wait for
 * that listener (libcontainer/seccomp, InitSeccomp).
 */
static int check_runc(struct builder *builder, const struct rule *rule, const char *place)
{
	if (!rule->name[0])
		return err_set(builder->err, EINVAL, "%s: runc refuses an empty name", place);
	if (rule->action != SCMP_ACT_NOTIFY)
		return 0;
	if (strcmp(rule->name, "write") == 0)
		return err_set(builder->err, EINVAL, "%s: runc refuses SCMP_ACT_NOTIFY for write",
			       place);
	if (!builder->rules->document->listener_path && !builder->options->any_listener)
		return err_set(builder->err, EINVAL,
			       "%s: runc refuses SCMP_ACT_NOTIFY without a listenerPath", place);
	return 0;
}

/* crun refuses an errno beside an action that has none (src/libcrun/seccomp.c). */
static int check_crun(struct builder *builder, uint32_t action, bool has_errno, const char *place)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	if (!has_errno || kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE)
		return 0;
	return err_set(builder->err, EINVAL,
		       "%s: crun refuses an errno with an action other than SCMP_ACT_ERRNO and "
		       "SCMP_ACT_TRACE",
		       place);
}

static int check_rule(struct builder *builder, const struct rule *rule)
{
	const struct document *document = builder->rules->document;
	const struct document_rule *from = &document->rules[rule->document_rule];
	bool by_name = from->errno_name && builder->rules->loader == LOADER_PODMAN;
	char place[PLACE_SIZE];

	if (builder->options->runtime == RUNTIME_CRUN) {
		document_rule_place(document, rule->document_rule, place);
		return check_crun(builder, rule->action, from->errno_ret.present || by_name, place);
	}
	document_name_place(document, rule->document_rule, rule->document_name, place);
	return check_runc(builder, rule, place);
}

static int check_default(struct builder *builder)
{
	const struct document *document = builder->rules->document;
	bool by_name = document->default_errno && builder->rules->loader == LOADER_PODMAN;
	char place[PLACE_SIZE];

	if (builder->options->runtime != RUNTIME_CRUN)
		return 0;
	snprintf(place, sizeof(place), "%sdefaultErrnoRet", document->prefix);
	return check_crun(builder, builder->rules->default_action,
			  document->default_errno_ret.present || by_name, place);
}

bool filter_is_any_of(const struct rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (seen & 1U << rule->args[i].index)
			return true;
		seen |= 1U << rule->args[i].index;
	}
	return false;
}

/* crun's array has six places */
size_t filter_arg_count(const struct rule *rule, enum runtime runtime)
{
	return runtime == RUNTIME_CRUN && rule->arg_count > 6 ? 6 : rule->arg_count;
}

static int add_conditional(struct builder *builder, const struct rule *rule, int nr)
{
	struct scmp_arg_cmp compares[6];
	bool any_of = filter_is_any_of(rule);
	size_t count = filter_arg_count(rule, builder->options->runtime);
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct scmp_arg_cmp *compare = &compares[any_of ? 0 : i];

		*compare = (struct scmp_arg_cmp){.arg = rule->args[i].index,
						 .op = rule->args[i].op,
						 .datum_a = rule->args[i].value,
						 .datum_b = rule->args[i].value_two};
		if (any_of)
			r = seccomp_rule_add_array(builder->context, rule->action, nr, 1, compare);
	}
	if (any_of)
		return r;
	return seccomp_rule_add_array(builder->context, rule->action, nr, (unsigned)count,
				      compares);
}

/*
 * libseccomp takes this machine's numbers (pseudo numbers where it has none) and translates
 * them for each arch of the filter, so names are resolved for this machine even when the host
 * is another. A rule that says what the default says is left out: libseccomp refuses such.
 */
static int add_rule(struct builder *builder, const struct rule *rule)
{
	int nr, r = check_rule(builder, rule);

	if (r < 0 || rule->action == builder->rules->default_action)
		return r;
	nr = seccomp_syscall_resolve_name(rule->name);
	if (nr == __NR_SCMP_ERROR)
		return 0;
	if (rule->arg_count == 0)
		r = seccomp_rule_add_array(builder->context, rule->action, nr, 0, NULL);
	else
		r = add_conditional(builder, rule, nr);
	return r < 0 ? refuse_rule(builder, rule, -r) : 0;
}

/* Why a name of a rule has no effect. */
enum unknown_kind {
	UNKNOWN_TYPO,  /* a syscall of no arch */
	UNKNOWN_NEWER, /* than the libseccomp that builds the filter */
	UNKNOWN_HERE,  /* --libseccomp has it, the one here does not, and cannot build its rule */
	UNKNOWN_KINDS,
};

/* Names of a rule with one reason, in one remark. */
struct unknown_names {
	struct buf names;
	size_t count;
	size_t first; /* of them */
};

static bool is_name_of_any_arch(const char *name)
{
	int64_t nr;

	for (const uint32_t *token = arch_all(); *token; token++)
		if (syscall_number(*token, name, &nr))
			return true;
	return false;
}

/* UNKNOWN_KINDS for a name that has its effect. */
static enum unknown_kind kind_of_name(const struct builder *builder, const char *name)
{
	const struct version *wanted = &builder->options->libseccomp;

	if (!libseccomp_has(wanted, name))
		return UNKNOWN_NEWER;
	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return UNKNOWN_KINDS;
	if (!is_name_of_any_arch(name))
		return UNKNOWN_TYPO;
	return wanted->count ? UNKNOWN_HERE : UNKNOWN_NEWER;
}

static void find_unknown_name(const struct builder *builder, struct unknown_names *unknown,
			      size_t at, const char *text)
{
	enum unknown_kind kind = kind_of_name(builder, text);
	char quoted[QUOTED_SIZE];

	if (kind == UNKNOWN_KINDS)
		return;
	struct unknown_names *to = &unknown[kind];

	if (to->count++ == 0)
		to->first = at;
	if (to->count <= UNKNOWN_SHOWN)
		buf_format(&to->names, "%s%s", to->count > 1 ? ", " : "", text_quote(text, quoted));
}

/* The libseccomp that the filter is judged for. */
static void put_library(const struct builder *builder, struct buf *text)
{
	const struct version *wanted = &builder->options->libseccomp;
	const struct scmp_version *here = seccomp_version();

	buf_put_str(text, STR("libseccomp "));
	for (unsigned i = 0; i < wanted->count; i++)
		buf_format(text, "%s%u", i ? "." : "", wanted->parts[i]);
	if (!wanted->count)
		buf_format(text, "%u.%u.%u", here->major, here->minor, here->micro);
}

static void lint_unknown(struct builder *builder, size_t rule, enum unknown_kind kind,
			 const struct unknown_names *unknown)
{
	static const enum lint_kind kinds[UNKNOWN_KINDS] = {
		[UNKNOWN_TYPO] = LINT_UNKNOWN_NAME,
		[UNKNOWN_NEWER] = LINT_NEWER_NAME,
		[UNKNOWN_HERE] = LINT_UNBUILT_NAME,
	};
	const struct scmp_version *here = seccomp_version();
	char place[PLACE_SIZE];
	BUF_AUTO text = {0};

	put_library(builder, &text);
	buf_format(&text, " %s %s", kind == UNKNOWN_HERE ? "knows" : "knows no syscall",
		   unknown->names.p);
	if (unknown->count > UNKNOWN_SHOWN)
		buf_format(&text, " and %zu more", unknown->count - UNKNOWN_SHOWN);
	if (kind == UNKNOWN_HERE)
		buf_format(&text, ", but this one (%u.%u.%u) does not: the rule is ignored here",
			   here->major, here->minor, here->micro);
	else
		buf_format(&text, "%s: the name%s no effect",
			   kind == UNKNOWN_NEWER ? ", which it is older than" : "",
			   unknown->count > 1 ? "s have" : " has");
	if (unknown->count == 1)
		document_name_place(builder->rules->document, rule, unknown->first, place);
	else
		document_rule_place(builder->rules->document, rule, place);
	lint_report(builder->lints, kinds[kind], rule + 1, place, "%s", text.p);
}

/* All names of the document, those of rules that the loader drops too: a typo is a typo. */
static void lint_unknown_names(struct builder *builder)
{
	const struct document *document = builder->rules->document;

	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];
		struct unknown_names unknown[UNKNOWN_KINDS] = {0};

		for (size_t j = 0; j < rule->names.count; j++)
			find_unknown_name(builder, unknown, j, rule->names.all[j]);
		if (rule->name && !rule->names.count)
			find_unknown_name(builder, unknown, 0, rule->name);
		for (size_t k = 0; k < UNKNOWN_KINDS; k++) {
			if (unknown[k].count)
				lint_unknown(builder, i, (enum unknown_kind)k, &unknown[k]);
			buf_release(&unknown[k].names);
		}
	}
}

static bool is_action_of(const struct rules *rules, uint32_t value)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->all[i].action == value)
			return true;
	}
	return value == rules->default_action || value == SCMP_ACT_KILL_THREAD;
}

/*
 * libseccomp 2.5.4 leaves the value of some returns in this machine's order when it exports for
 * the other: a value that is none of the profile's actions once swapped was not swapped.
 */
static void swap_instruction(const struct rules *rules, struct sock_filter *insn)
{
	uint32_t k = bswap_32(insn->k);

	insn->code = bswap_16(insn->code);
	if (insn->code != (BPF_RET | BPF_K) || is_action_of(rules, k))
		insn->k = k;
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

/* libseccomp writes the program in the byte order of the filter's arches. */
static int export_program(struct builder *builder)
{
	struct filter *filter = builder->filter;
	bool foreign = filter->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	int r = filter_export(builder->context, filter);

	if (r < 0)
		return err_errno(builder->err, -r, "libseccomp cannot export the filter");
	for (size_t i = 0; foreign && i < filter->count; i++)
		swap_instruction(builder->rules, &filter->program[i]);
	return 0;
}

static bool wants_stub(const struct builder *builder)
{
	return builder->options->runtime == RUNTIME_RUNC &&
	       value_pass(builder->rules->default_action) < PASS_TRACED;
}

/* The largest number that the profile names for the arch; rules like the default count too. */
static void find_last(const struct rules *rules, struct filter_arch *arch)
{
	int last = 0;

	for (size_t i = 0; i < rules->count; i++) {
		int nr = seccomp_syscall_resolve_name_arch(arch->token, rules->all[i].name);

		if (nr > last)
			last = nr;
	}
	arch->has_last = last > 0;
	arch->last = (uint32_t)last;
}

#define STUB_MAX 12 /* instructions for one arch */

struct stub {
	struct sock_filter program[STUB_MAX * FILTER_MAX_ARCHES];
	size_t count;
};

static void stub_put(struct stub *stub, uint16_t code, size_t jt, size_t jf, uint32_t k)
{
	stub->program[stub->count++] =
		(struct sock_filter){.code = code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
}

/* Numbers above last go to `enosys` instructions further on, the others to `go_on`. */
static void stub_limit(struct stub *stub, const struct filter_arch *arch, size_t enosys,
		       size_t go_on)
{
	if (arch && arch->has_last)
		stub_put(stub, BPF_JMP | BPF_JGT | BPF_K, enosys, go_on, arch->last);
	else
		stub_put(stub, BPF_JMP | BPF_JA, 0, 0, (uint32_t)go_on);
}

/*
 * ld arch; jeq; ld nr; then (s390) nr 0, or bit 30 and a limit for each side of it, or one
 * limit; and last the return. Every arch that is not this one goes on behind it.
 */
static void stub_arch(struct stub *stub, const struct filter *filter,
		      const struct filter_arch *arch, bool with_zero)
{
	const uint32_t arch_at = offsetof(struct seccomp_data, arch);
	const uint32_t nr_at = offsetof(struct seccomp_data, nr);
	bool x86_64 = arch_audit(arch->token) == AUDIT_ARCH_X86_64;
	bool s390 = with_zero && (arch->token == SCMP_ARCH_S390 || arch->token == SCMP_ARCH_S390X);
	size_t tests = x86_64 ? 3 : s390 ? 2 : 1;

	stub_put(stub, BPF_LD | BPF_W | BPF_ABS, 0, 0, arch_at);
	stub_put(stub, BPF_JMP | BPF_JEQ | BPF_K, 0, tests + 2, arch_audit(arch->token));
	stub_put(stub, BPF_LD | BPF_W | BPF_ABS, 0, 0, nr_at);
	if (s390)
		stub_put(stub, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	if (x86_64) {
		stub_put(stub, BPF_JMP | BPF_JSET | BPF_K, 1, 0, ARCH_X32_BIT);
		stub_limit(stub, filter_arch(filter, SCMP_ARCH_X86_64), 1, 2);
		stub_limit(stub, filter_arch(filter, SCMP_ARCH_X32), 0, 1);
	} else {
		stub_limit(stub, arch, 0, 1);
	}
	stub_put(stub, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
}

/* x32 has its part in x86_64's. */
static bool has_part(const struct filter *filter, const struct filter_arch *arch)
{
	const struct filter_arch *x32 = filter_arch(filter, SCMP_ARCH_X32);
	const struct filter_arch *x86_64 = filter_arch(filter, SCMP_ARCH_X86_64);

	if (arch == x32)
		return arch->has_last && !x86_64;
	return arch->has_last || (arch == x86_64 && x32 && x32->has_last);
}

static bool lists_host(const struct builder *builder)
{
	for (size_t i = 0; i < builder->rules->arches.count; i++)
		if (token_of(builder, builder->rules->arches.all[i]) == builder->options->arch)
			return true;
	return false;
}

static void prepend_stub(struct builder *builder)
{
	struct filter *filter = builder->filter;
	struct stub stub = {.count = 0};

	for (size_t i = 0; i < filter->arch_count; i++)
		find_last(builder->rules, &filter->arches[i]);
	if (release_fact_holds(RUNC_STUB_LISTED_ONLY, &builder->options->runtime_version) &&
	    !lists_host(builder))
		filter->arches[0].has_last = false;
	for (size_t i = 0; i < filter->arch_count; i++) {
		if (has_part(filter, &filter->arches[i]))
			stub_arch(&stub, filter, &filter->arches[i],
				  !release_fact_holds(RUNC_S390_STUB_WITHOUT_ZERO,
						      &builder->options->runtime_version));
	}
	size_t count = filter->count + stub.count;

	filter->program = mem_resize(filter->program, (count + 1) * sizeof(*filter->program));
	memmove(filter->program + stub.count, filter->program,
		filter->count * sizeof(*filter->program));
	memcpy(filter->program, stub.program, stub.count * sizeof(*filter->program));
	filter->count = count;
	filter->stub_count = stub.count;
}

/* Only runc 1.1.15 and later add the host's arch to those that have a stub. */
static void lint_stub(struct builder *builder)
{
	char place[PLACE_SIZE];

	if (!builder->filter->arches[0].has_last || builder->options->runtime_version.count ||
	    lists_host(builder))
		return;
	snprintf(place, sizeof(place), "%sarchitectures", builder->rules->document->prefix);
	lint_report(builder->lints, LINT_STUB_BY_RELEASE, 0, place,
		    "the host's architecture is not listed: for syscalls newer than the profile, "
		    "runc before 1.1.15 uses the default action, later ones (as here) ENOSYS");
}

/* Why the runtime of that release refuses the flag, or NULL. */
static const enum release_fact *refusing_fact(const struct builder *builder, const char *flag,
					      const struct version *version)
{
	static const enum release_fact flags = RUNC_NO_FLAGS, runc = RUNC_NO_WAIT_KILLABLE,
				       crun = CRUN_NO_WAIT_KILLABLE;
	bool is_runc = builder->options->runtime == RUNTIME_RUNC;
	const enum release_fact *wait = is_runc ? &runc : &crun;

	if (is_runc && release_fact_holds(flags, version))
		return &flags;
	if (strcmp(flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0 &&
	    release_fact_holds(*wait, version))
		return wait;
	return NULL;
}

static int check_flag(struct builder *builder, const char *flag, const char *place)
{
	static const struct version oldest = {{0}, 1};
	const char *runtime = runtime_name(builder->options->runtime);
	const struct version *version = &builder->options->runtime_version;
	const enum release_fact *fact = refusing_fact(builder, flag, version);

	if (fact)
		return err_set(builder->err, EINVAL,
			       "%s: %s before %s refuses %s, so the container would not start",
			       place, runtime, release_fact_until(*fact), flag);
	fact = version->count ? NULL : refusing_fact(builder, flag, &oldest);
	if (fact && strcmp(flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0 &&
	    builder->options->runtime == RUNTIME_RUNC)
		lint_report(builder->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "runc before %s refuses every flag, and before %s this one",
			    release_fact_until(*fact), release_fact_until(RUNC_NO_WAIT_KILLABLE));
	else if (fact)
		lint_report(builder->lints, LINT_FLAG_BY_RELEASE, 0, place,
			    "%s before %s refuses %s; later ones accept %s", runtime,
			    release_fact_until(*fact),
			    *fact == RUNC_NO_FLAGS ? "every flag" : "this flag", flag);
	return 0;
}

static int check_flags(struct builder *builder)
{
	static const char *const known[] = {
		"SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	};
	const struct strings *flags = &builder->rules->document->flags;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < flags->count; i++) {
		bool found = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			found = found || strcmp(known[j], flags->all[i]) == 0;
		snprintf(place, sizeof(place), "%sflags[%zu]", builder->rules->document->prefix, i);
		if (!found)
			return err_set(builder->err, EINVAL, "%s: unknown flag %s", place,
				       text_quote(flags->all[i], quoted));
		r = check_flag(builder, flags->all[i], place);
	}
	return r;
}

/* What a release of runc refuses of the actions, by their names in the document. */
static int check_action(struct builder *builder, const char *name, const char *place)
{
	enum release_fact fact;

	if (name && strcmp(name, "SCMP_ACT_NOTIFY") == 0)
		fact = RUNC_NO_NOTIFY;
	else if (name && (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0 ||
			  strcmp(name, "SCMP_ACT_KILL_THREAD") == 0))
		fact = RUNC_NO_KILL_VARIANTS;
	else
		return 0;
	if (!release_fact_holds(fact, &builder->options->runtime_version))
		return 0;
	return err_set(builder->err, EINVAL,
		       "%s: runc before %s refuses %s, so the container would not start", place,
		       release_fact_until(fact), name);
}

static int check_actions(struct builder *builder)
{
	const struct document *document = builder->rules->document;
	char rule_place[PLACE_SIZE], place[PLACE_SIZE + 16];
	int r;

	if (builder->options->runtime != RUNTIME_RUNC || !document)
		return 0;
	for (size_t i = 0; i < builder->rules->count; i++) {
		size_t rule = builder->rules->all[i].document_rule;

		document_rule_place(document, rule, rule_place);
		snprintf(place, sizeof(place), "%s.action", rule_place);
		r = check_action(builder, document->rules[rule].action_name, place);
		if (r < 0)
			return r;
	}
	snprintf(place, sizeof(place), "%sdefaultAction", document->prefix);
	return check_action(builder, document->default_action, place);
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

/* In a child: what fails fails again in its parent, which says so. */
static void try_rules(void *context, volatile size_t *step)
{
	struct builder *builder = context;

	if (add_rules(builder, step) == 0)
		export_program(builder);
}

static bool compares_several(const struct rule *rule)
{
	return rule->arg_count > 1 && !filter_is_any_of(rule);
}

/* How many libseccomp gets of a conditional rule (add_conditional()). */
static size_t count_built(const struct builder *builder, const struct rule *rule)
{
	return filter_is_any_of(rule) ? filter_arg_count(rule, builder->options->runtime) : 1;
}

/*
 * Two rules for one syscall that compare several arguments each, or many that compare any:
 * libseccomp looks for each in the tree of those before it, which takes a time that grows with
 * a power of their number, most with operators other than EQ on 64 bits.
 */
static bool may_not_end(const struct builder *builder, const struct rule *rule)
{
	const struct rules *rules = builder->rules;
	size_t built = count_built(builder, rule);

	for (const struct rule *other = rules->all; other < rule; other++) {
		if (other->arg_count == 0 || strcmp(other->name, rule->name) != 0)
			continue;
		if (compares_several(rule) && compares_several(other))
			return true;
		built += count_built(builder, other);
	}
	return built > REHEARSED_RULES;
}

static bool wants_rehearsal(const struct builder *builder)
{
	const struct rules *rules = builder->rules;

	for (size_t i = 0; i < rules->count; i++)
		if (rules->all[i].arg_count && may_not_end(builder, &rules->all[i]))
			return true;
	return false;
}

static int rehearse_rules(struct builder *builder)
{
	const struct rules *rules = builder->rules;
	char place[PLACE_SIZE], quoted[QUOTED_SIZE];
	size_t step;

	if (!wants_rehearsal(builder) || rehearse(try_rules, builder, &step))
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
	size_t step;
	int r = check_flags(builder);

	if (r == 0)
		r = check_actions(builder);
	if (r == 0)
		r = check_default(builder);
	if (r == 0)
		r = add_arches(builder);
	if (r == 0)
		r = rehearse_rules(builder);
	if (r == 0)
		r = add_rules(builder, &step);
	if (r == 0)
		r = export_program(builder);
	if (r < 0)
		return r;
	if (wants_stub(builder)) {
		prepend_stub(builder);
		lint_stub(builder);
	}
	return filter_check(builder->filter->program, builder->filter->count, builder->err);
}

/*
 * libseccomp asks the running kernel which actions it has, and refuses LOG and NOTIFY where it
 * cannot ask (under a filter of our own) or the kernel is old. A verdict is about the host that
 * the profile is for, so the level of those actions is set.
 */
static void raise_api_level(void)
{
	const unsigned with_notify = 5;

	if (seccomp_api_get() < with_notify)
		(void)seccomp_api_set(with_notify);
}

int filter_build(const struct rules *rules, const struct profile_options *options,
		 struct filter *filter, struct lints *lints, struct err *err)
{
	struct builder builder = {
		.rules = rules, .options = options, .filter = filter, .lints = lints, .err = err};

	*filter = (struct filter){0};
	lint_unknown_names(&builder);
	raise_api_level();
	builder.context = seccomp_init(rules->default_action);
	if (!builder.context)
		return refuse_default(&builder);
	int r = build(&builder);

	seccomp_release(builder.context);
	return r;
}
