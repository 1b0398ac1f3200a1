#include "profile/lints/lints.h"

#include "base/listing.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/defaults/always.h"
#include "profile/filter/value.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
/*
 * "Significant syscalls blocked by the default profile" of Docker's documentation (engine/security/
 * seccomp), without those that it blocks only by argument or for old kernels, and with those that its
 * profile blocks since then: the mount API of Linux 5.2, io_uring, syslog.
 */
static const char *const risky[] = {
	"_sysctl", "acct", "add_key", "bpf", "clock_settime", "create_module",
	"delete_module", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
	"io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp",
	"kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr",
	"move_mount", "move_pages", "nfsservctl", "open_by_handle_at", "open_tree",
	"perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "reboot", "request_key",
	"setns", "settimeofday", "stime", "swapoff", "swapon", "sysfs", "syslog", "umount",
	"umount2", "unshare", "uselib", "userfaultfd", "ustat", "vm86", "vm86old",
	/* before Linux 4.8 a process can escape its filter with these (the same page) */
	"process_vm_readv", "process_vm_writev", "ptrace",
};
#define RISKY_BEFORE_4_8 3
/*
 * glibc tries these first, and the older call only on ENOSYS: clone3 since 2.34, faccessat2 2.33,
 * fchmodat2 2.39, epoll_pwait2 2.35, close_range in closefrom(); statx and all 64-bit time calls on
 * 32-bit machines. openat2 is used so by runc and systemd.
 */
static const char *const tried_first[] = {
	"clone3", "close_range", "epoll_pwait2", "faccessat2", "fchmodat2", "openat2", "statx",
	"clock_adjtime64", "clock_getres_time64", "clock_gettime64", "clock_nanosleep_time64",
	"futex_time64", "io_pgetevents_time64", "mq_timedreceive_time64", "mq_timedsend_time64",
	"ppoll_time64", "pselect6_time64", "recvmmsg_time64", "rt_sigtimedwait_time64",
	"sched_rr_get_interval_time64", "semtimedop_time64", "timer_gettime64", "timer_settime64",
	"timerfd_gettime64", "timerfd_settime64", "utimensat_time64",
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Names of one lint: decided by the same rule, or by the default action. */
struct advised {
	const struct rule *rule; /* NULL: the default action */
	struct listing names;
	const char *last; /* name that was added */
	uint32_t arches;  /* bit N for arch N of the filter; 0: only the host's own was checked */
};

struct adviser {
	struct judge *judge;
	const char *whole;
	struct lints *lints;
	struct advised *all;
	size_t count;
};

/* Call for all arches of a name in sequence. */
static void add_name(struct adviser *adviser, const char *name, uint32_t action, uint32_t arch)
{
	const struct rules *rules = adviser->judge->rules;
	const struct rule *rule =
		NULL; /* the first for the name with that action, or else at all */
	size_t at = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *one = &rules->all[i];

		if (strcmp(one->name, name) == 0 &&
		    (!rule || (!value_is(rule->action, action) && value_is(one->action, action))))
			rule = one;
	}
	for (; at < adviser->count; at++) {
		const struct rule *other = adviser->all[at].rule;

		if (rule == other || (rule && other && rule->document_rule == other->document_rule))
			break;
	}
	if (at == adviser->count) {
		adviser->all = mem_more(adviser->all, adviser->count, sizeof(*adviser->all));
		adviser->all[adviser->count++] = (struct advised){.rule = rule};
	}
	struct advised *advised = &adviser->all[at];

	advised->arches |= arch;
	if (advised->last != name)
		listing_add(&advised->names, name);
	advised->last = name;
}

/* Whether --arch includes it. */
static bool is_selected(const struct adviser *adviser, uint32_t token)
{
	const struct profile_options *options = adviser->judge->options;

	for (size_t i = 0; i < options->arch_count; i++)
		if (options->arches[i] == token)
			return true;
	return options->arch_count == 0;
}

static void report(struct adviser *adviser, enum lint_kind kind, const char *before,
		   const char *after)
{
	const struct document *document = adviser->judge->rules->document;
	const struct filter *filter = adviser->judge->filter;

	for (size_t i = 0; i < adviser->count; i++) {
		struct advised *advised = &adviser->all[i];
		const struct rule *rule = document ? advised->rule : NULL;
		LISTING_AUTO arches = {.most = FILTER_MAX_ARCHES};
		char place[PLACE_SIZE];

		for (size_t k = 0; k < filter->arch_count; k++)
			if (advised->arches >> k & 1)
				listing_add(&arches, arch_name(filter->arches[k].token));
		snprintf(place, sizeof(place), "%s%s", document ? document->prefix : "",
			 adviser->whole);
		if (rule && advised->names.count == 1)
			document_name_place(document, rule->document_rule, rule->document_name,
					    place);
		else if (rule)
			document_rule_place(document, rule->document_rule, place);
		lint_report(adviser->lints, kind, rule ? rule->document_rule + 1 : 0, place,
			    "%s%s%s%s%s", before, listing_text(&advised->names),
			    arches.count ? " on " : "", arches.count ? listing_text(&arches) : "",
			    after);
		listing_release(&advised->names);
	}
	free(adviser->all);
	adviser->all = NULL;
	adviser->count = 0;
}

/* The verdict for a syscall; false if the arch does not have it. */
static bool find_verdict(const struct adviser *adviser, uint32_t token, const char *name,
			 struct verdict *ret_verdict)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	if (nr >= 0)
		*ret_verdict = judge_ask(adviser->judge, arch_audit(token), nr);
	return nr >= 0;
}

static bool is_allowed(const struct adviser *adviser, const char *name, struct verdict *verdict)
{
	return find_verdict(adviser, adviser->judge->options->arch, name, verdict) &&
	       verdict->kind == VERDICT_ALLOWED;
}

static bool is_refused(const struct adviser *adviser, const char *name, struct verdict *verdict)
{
	return find_verdict(adviser, adviser->judge->options->arch, name, verdict) &&
	       (verdict->kind == VERDICT_DENIED || verdict->kind == VERDICT_ENOSYS);
}

static void advise_of_errno(struct adviser *adviser)
{
	const struct filter *filter = adviser->judge->filter;
	struct verdict verdict;

	for (size_t i = 0; i < COUNT(tried_first); i++)
		for (size_t k = 0; k < filter->arch_count; k++) {
			uint32_t token = filter->arches[k].token;

			if (is_selected(adviser, token) &&
			    find_verdict(adviser, token, tried_first[i], &verdict) &&
			    verdict.kind == VERDICT_DENIED && verdict.has_errno &&
			    verdict.error != ENOSYS)
				add_name(adviser, tried_first[i], verdict.action, UINT32_C(1) << k);
		}
	report(adviser, LINT_NO_FALLBACK, "refuses ",
	       " with an errno that is not ENOSYS (38): programs try these first, and only ENOSYS "
	       "makes them fall back");
}

static void advise_of_risk(struct adviser *adviser)
{
	const struct profile_options *options = adviser->judge->options;
	bool old = options->kernel_major < 4 ||
		   (options->kernel_major == 4 && options->kernel_minor < 8);
	struct verdict verdict;

	for (size_t i = 0; i < COUNT(risky) - (old ? 0 : RISKY_BEFORE_4_8); i++)
		if (is_allowed(adviser, risky[i], &verdict))
			add_name(adviser, risky[i], verdict.action, 0);
	report(adviser, LINT_HIGH_RISK, "allows ",
	       ": high-risk; Docker's current default refuses them or requires a capability");
}

/* If io_uring is allowed, refusing these has no effect: the kernel runs an operation in the ring
 * without any filter (io_uring_enter(2)). */
static void advise_of_ring(struct adviser *adviser)
{
	static const char *const calls[] = {
		"accept4", "bind",      "connect", "listen", "mkdirat", "openat",    "openat2",
		"recvmsg", "renameat2", "sendmsg", "socket", "splice",  "symlinkat", "unlinkat",
	};
	LISTING_AUTO refused = {.most = COUNT(calls)};
	BUF_AUTO text = {0};
	struct verdict verdict;

	if (!is_allowed(adviser, "io_uring_setup", &verdict) ||
	    !is_allowed(adviser, "io_uring_enter", &verdict))
		return;
	for (size_t i = 0; i < COUNT(calls); i++)
		if (is_refused(adviser, calls[i], &verdict))
			listing_add(&refused, calls[i]);
	if (refused.count == 0)
		return;
	buf_format(&text,
		   " and io_uring_enter: no filter sees requests in the ring, which can do what "
		   "these refused calls do: %s",
		   listing_text(&refused));
	add_name(adviser, "io_uring_setup", SECCOMP_RET_ALLOW, 0);
	report(adviser, LINT_IO_URING_BYPASS, "allows ", text.p);
}

/* Runtimes fall back from ENOSYS, except for execve. */
static void advise_of_start(struct adviser *adviser)
{
	size_t count;
	const struct always_call *calls = always_calls(ALWAYS_SETUP, &count);
	struct verdict verdict;

	for (size_t i = 0; i < count; i++)
		if (is_refused(adviser, calls[i].name, &verdict) &&
		    (verdict.kind != VERDICT_ENOSYS || strcmp(calls[i].name, "execve") == 0))
			add_name(adviser, calls[i].name, verdict.action, 0);
	report(adviser, LINT_RUNTIME_NEEDS, "refuses ",
	       ", which runc or crun calls after loading the filter: the container may not start");
}

/* Arches whose programs a 64-bit kernel usually also runs. */
static void advise_of_arch(struct adviser *adviser)
{
	static const struct {
		uint32_t host, sub;
		const char *what;
	} subs[] = {
		{SCMP_ARCH_X86_64, SCMP_ARCH_X86, "x86 (i386)"},
		{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, "arm (32-bit)"},
	};
	const struct rules *rules = adviser->judge->rules;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < COUNT(subs); i++) {
		if (subs[i].host != adviser->judge->options->arch ||
		    !is_selected(adviser, subs[i].sub))
			continue;
		/* the number does not matter: an unknown arch is refused before it is read */
		struct verdict verdict = judge_ask(adviser->judge, arch_audit(subs[i].sub), 20);
		char text[VERDICT_VALUE_SIZE];

		if (verdict.kind != VERDICT_BAD_ARCH)
			continue;
		snprintf(place, sizeof(place), "%s%s",
			 rules->document ? rules->document->prefix : "",
			 rules->from_arch_map ? "archMap" : "architectures");
		lint_report(adviser->lints, LINT_MISSING_ARCH, 0,
			    rules->document ? place : adviser->whole,
			    "%s is not in the filter: its programs get %s at their first syscall",
			    subs[i].what, verdict_value_text(verdict.action, text));
	}
}

void advise(struct judge *judge, const char *whole, struct lints *lints)
{
	struct adviser adviser = {.judge = judge, .whole = whole, .lints = lints};

	advise_of_arch(&adviser);
	advise_of_errno(&adviser);
	advise_of_risk(&adviser);
	advise_of_ring(&adviser);
	if (judge->rules->document)
		advise_of_start(&adviser);
}
