#include "profile/lints/lints.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/defaults/always.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that one lint spells out. */
#define NAMES_SHOWN 12

/* clang-format off */
/*
 * "Significant syscalls blocked by the default profile" of Docker's documentation (engine/security/
 * seccomp), without those that it blocks by argument or for old kernels only, and with what its
 * profile has come to block since: the mount API of Linux 5.2, io_uring, syslog.
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
};
/* There they let a process out of its filter before Linux 4.8 (the same page). */
static const char *const risky_before_4_8[] = {
	"process_vm_readv", "process_vm_writev", "ptrace",
};
/*
 * glibc tries these first, and the older call only on ENOSYS: clone3 since 2.34, faccessat2 2.33,
 * fchmodat2 2.39, epoll_pwait2 2.35, close_range in closefrom(); statx and all of the 64-bit time
 * calls on 32-bit machines. openat2 is runc's and systemd's.
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

/* Names under one place. */
struct heap {
	const struct rule *rule; /* NULL: the default */
	const char **names;
	uint32_t *arches; /* beside `names`: bit N for arch N of the filter */
	size_t count;
};

struct adviser {
	struct judge *judge;
	const char *whole;
	struct lints *lints;
	struct heap *heaps;
	size_t heap_count;
};

/* The first rule for the name with that action, or any. */
static const struct rule *rule_of(const struct adviser *adviser, const char *name, uint32_t action)
{
	const struct rules *rules = adviser->judge->rules;
	const struct rule *found = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->all[i];

		if (strcmp(rule->name, name) != 0)
			continue;
		if ((rule->action & SECCOMP_RET_ACTION_FULL) == action)
			return rule;
		found = found ? found : rule;
	}
	return found;
}

static bool same_place(const struct rule *a, const struct rule *b)
{
	return a == b || (a && b && a->document_rule == b->document_rule);
}

/* arch: its bit, 0 where a lint is about the host's own. */
static void put(struct adviser *adviser, const char *name, uint32_t action, uint32_t arch)
{
	const struct rule *rule = rule_of(adviser, name, action);
	struct heap *heap = NULL;

	for (size_t i = 0; !heap && i < adviser->heap_count; i++) {
		if (same_place(adviser->heaps[i].rule, rule))
			heap = &adviser->heaps[i];
	}
	if (!heap) {
		adviser->heaps = mem_resize(adviser->heaps,
					    (adviser->heap_count + 1) * sizeof(*adviser->heaps));
		heap = &adviser->heaps[adviser->heap_count++];
		*heap = (struct heap){.rule = rule};
	}
	for (size_t i = 0; i < heap->count; i++) {
		if (strcmp(heap->names[i], name) != 0)
			continue;
		heap->arches[i] |= arch;
		return;
	}
	heap->names = mem_resize(heap->names, (heap->count + 1) * sizeof(*heap->names));
	heap->arches = mem_resize(heap->arches, (heap->count + 1) * sizeof(*heap->arches));
	heap->arches[heap->count] = arch;
	heap->names[heap->count++] = name;
}

/* Whether --arch leaves it in. */
static bool is_asked(const struct adviser *adviser, uint32_t token)
{
	const struct profile_options *options = adviser->judge->options;

	for (size_t i = 0; i < options->arch_count; i++)
		if (options->arches[i] == token)
			return true;
	return options->arch_count == 0;
}

/* " on x86, x32": the arches of a heap's names together. */
static void put_arches(const struct adviser *adviser, const struct heap *heap, struct buf *text)
{
	const struct filter *filter = adviser->judge->filter;
	uint32_t all = 0;

	for (size_t i = 0; i < heap->count; i++)
		all |= heap->arches[i];
	for (size_t i = 0, n = 0; i < filter->arch_count; i++)
		if (all & UINT32_C(1) << i)
			buf_format(text, "%s%s", n++ ? ", " : " on ",
				   arch_name(filter->arches[i].token));
}

static void say_heap(struct adviser *adviser, const struct heap *heap, enum lint_kind kind,
		     const char *before, const char *after)
{
	const struct document *document = adviser->judge->rules->document;
	char place[PLACE_SIZE];
	BUF_AUTO names = {0};

	for (size_t i = 0; i < heap->count && i < NAMES_SHOWN; i++)
		buf_format(&names, "%s%s", i ? ", " : "", heap->names[i]);
	if (heap->count > NAMES_SHOWN)
		buf_format(&names, " and %zu more", heap->count - NAMES_SHOWN);
	put_arches(adviser, heap, &names);
	snprintf(place, sizeof(place), "%s%s", document ? document->prefix : "", adviser->whole);
	if (heap->rule && document && heap->count == 1)
		document_name_place(document, heap->rule->document_rule, heap->rule->document_name,
				    place);
	else if (heap->rule && document)
		document_rule_place(document, heap->rule->document_rule, place);
	lint_report(adviser->lints, kind,
		    heap->rule && document ? heap->rule->document_rule + 1 : 0, place, "%s%s%s",
		    before, names.p, after);
}

static void say(struct adviser *adviser, enum lint_kind kind, const char *before, const char *after)
{
	for (size_t i = 0; i < adviser->heap_count; i++) {
		say_heap(adviser, &adviser->heaps[i], kind, before, after);
		free(adviser->heaps[i].names);
		free(adviser->heaps[i].arches);
	}
	free(adviser->heaps);
	adviser->heaps = NULL;
	adviser->heap_count = 0;
}

static struct verdict ask(const struct adviser *adviser, uint32_t token, const char *name,
			  bool *ret_known)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	*ret_known = nr >= 0;
	if (nr < 0)
		return (struct verdict){0};
	return judge_ask(adviser->judge, arch_audit(token), nr);
}

static void find_allowed(struct adviser *adviser, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool known;
		struct verdict verdict =
			ask(adviser, adviser->judge->options->arch, names[i], &known);

		if (known && verdict.kind == VERDICT_ALLOWED)
			put(adviser, names[i], SECCOMP_RET_ALLOW, 0);
	}
}

static void advise_of_risk(struct adviser *adviser)
{
	const struct profile_options *options = adviser->judge->options;

	find_allowed(adviser, risky, COUNT(risky));
	if (options->kernel_major < 4 || (options->kernel_major == 4 && options->kernel_minor < 8))
		find_allowed(adviser, risky_before_4_8, COUNT(risky_before_4_8));
	say(adviser, LINT_HIGH_RISK, "allows ",
	    ": high-risk; Docker's current default refuses them or requires a capability");
}

static void advise_of_errno(struct adviser *adviser)
{
	for (size_t i = 0; i < adviser->judge->filter->arch_count; i++) {
		uint32_t token = adviser->judge->filter->arches[i].token;

		if (!is_asked(adviser, token))
			continue;
		for (size_t j = 0; j < COUNT(tried_first); j++) {
			bool known;
			struct verdict verdict = ask(adviser, token, tried_first[j], &known);

			if (known && verdict.kind == VERDICT_DENIED && verdict.has_errno &&
			    verdict.error != ENOSYS)
				put(adviser, tried_first[j], verdict.action, UINT32_C(1) << i);
		}
	}
	say(adviser, LINT_NO_FALLBACK, "refuses ",
	    " with an errno that is not ENOSYS (38): programs try these first, and only ENOSYS "
	    "makes them fall back");
}

static bool is_refusal(enum verdict_kind kind)
{
	return kind == VERDICT_DENIED || kind == VERDICT_ENOSYS;
}

/* Calls that io_uring has operations for, which the kernel runs past every filter
 * (io_uring_enter(2)).
 */
static const char *const ring_calls[] = {
	"accept4", "bind",      "connect", "listen", "mkdirat", "openat",    "openat2",
	"recvmsg", "renameat2", "sendmsg", "socket", "splice",  "symlinkat", "unlinkat",
};

/* Refusing these has no effect where io_uring is allowed. */
static void advise_of_ring(struct adviser *adviser)
{
	uint32_t host = adviser->judge->options->arch;
	BUF_AUTO refused = {0};
	BUF_AUTO text = {0};
	bool known;

	if (ask(adviser, host, "io_uring_setup", &known).kind != VERDICT_ALLOWED || !known ||
	    ask(adviser, host, "io_uring_enter", &known).kind != VERDICT_ALLOWED || !known)
		return;
	for (size_t i = 0; i < COUNT(ring_calls); i++) {
		struct verdict verdict = ask(adviser, host, ring_calls[i], &known);

		if (known && is_refusal(verdict.kind))
			buf_format(&refused, "%s%s", refused.n ? ", " : "", ring_calls[i]);
	}
	if (!refused.n)
		return;
	buf_format(&text,
		   " and io_uring_enter: no filter sees requests in the ring, which can do what "
		   "these refused calls do: %s",
		   refused.p);
	put(adviser, "io_uring_setup", SECCOMP_RET_ALLOW, 0);
	say(adviser, LINT_IO_URING_BYPASS, "allows ", text.p);
}

/* Refused calls of the runtimes. They fall back from ENOSYS, except for execve. */
static void advise_of_start(struct adviser *adviser)
{
	size_t count;
	const struct always_call *calls = always_calls(ALWAYS_SETUP, &count);

	for (size_t i = 0; i < count; i++) {
		bool known;
		struct verdict verdict =
			ask(adviser, adviser->judge->options->arch, calls[i].name, &known);

		bool falls_back =
			verdict.kind == VERDICT_ENOSYS && strcmp(calls[i].name, "execve") != 0;

		if (known && is_refusal(verdict.kind) && !falls_back)
			put(adviser, calls[i].name, verdict.action, 0);
	}
	say(adviser, LINT_RUNTIME_NEEDS, "refuses ",
	    ", which runc or crun calls after loading the filter: the container may not start");
}

/* Arches whose programs a 64-bit kernel usually runs too. */
static const struct {
	uint32_t host, sub;
	const char *what;
} subs[] = {
	{SCMP_ARCH_X86_64, SCMP_ARCH_X86, "x86 (i386)"},
	{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, "arm (32-bit)"},
};

static void advise_of_arch(struct adviser *adviser)
{
	const struct rules *rules = adviser->judge->rules;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < COUNT(subs); i++) {
		if (subs[i].host != adviser->judge->options->arch ||
		    !is_asked(adviser, subs[i].sub))
			continue;
		/* getpid by any number: no arch is judged by what is called */
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
