#include "profile/lints/advice.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"

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
	size_t count;
};

struct adviser {
	const struct advised *in;
	struct lints *lints;
	struct heap *heaps;
	size_t heap_count;
};

/* The first rule for the name with that action, or any. */
static const struct rule *rule_of(const struct adviser *adviser, const char *name, uint32_t action)
{
	const struct rules *rules = adviser->in->rules;
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

static void put(struct adviser *adviser, const char *name, uint32_t action)
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
		if (strcmp(heap->names[i], name) == 0)
			return;
	}
	heap->names = mem_resize(heap->names, (heap->count + 1) * sizeof(*heap->names));
	heap->names[heap->count++] = name;
}

static void say_heap(struct adviser *adviser, const struct heap *heap, const char *before,
		     const char *after)
{
	const struct document *document = adviser->in->rules->document;
	char place[PLACE_SIZE];
	BUF_AUTO names = {0};

	for (size_t i = 0; i < heap->count && i < NAMES_SHOWN; i++)
		buf_format(&names, "%s%s", i ? ", " : "", heap->names[i]);
	if (heap->count > NAMES_SHOWN)
		buf_format(&names, " and %zu more", heap->count - NAMES_SHOWN);
	snprintf(place, sizeof(place), "%s%s", document ? document->prefix : "",
		 adviser->in->whole);
	if (heap->rule && document && heap->count == 1)
		document_name_place(document, heap->rule->document_rule, heap->rule->document_name,
				    place);
	else if (heap->rule && document)
		document_rule_place(document, heap->rule->document_rule, place);
	lint_add(adviser->lints, heap->rule && document ? heap->rule->document_rule + 1 : 0, place,
		 "%s%s%s", before, names.p, after);
}

static void say(struct adviser *adviser, const char *before, const char *after)
{
	for (size_t i = 0; i < adviser->heap_count; i++) {
		say_heap(adviser, &adviser->heaps[i], before, after);
		free(adviser->heaps[i].names);
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
	return judge_ask(adviser->in->judge, arch_audit(token), nr);
}

static void find_allowed(struct adviser *adviser, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool known;
		struct verdict verdict = ask(adviser, adviser->in->options->arch, names[i], &known);

		if (known && verdict.kind == VERDICT_ALLOWED)
			put(adviser, names[i], SECCOMP_RET_ALLOW);
	}
}

static void advise_of_risk(struct adviser *adviser)
{
	const struct profile_options *options = adviser->in->options;

	find_allowed(adviser, risky, COUNT(risky));
	if (options->kernel_major < 4 || (options->kernel_major == 4 && options->kernel_minor < 8))
		find_allowed(adviser, risky_before_4_8, COUNT(risky_before_4_8));
	say(adviser, "allows ",
	    ": high-risk, today's Docker default refuses them or asks for a capability");
}

static void advise_of_errno(struct adviser *adviser)
{
	for (size_t i = 0; i < adviser->in->filter->arch_count; i++) {
		uint32_t token = adviser->in->filter->arches[i].token;

		for (size_t j = 0; j < COUNT(tried_first); j++) {
			bool known;
			struct verdict verdict = ask(adviser, token, tried_first[j], &known);

			if (known && verdict.kind == VERDICT_DENIED && verdict.has_errno &&
			    verdict.error != ENOSYS)
				put(adviser, tried_first[j], verdict.action);
		}
	}
	say(adviser, "refuses ",
	    " with an errno that is not ENOSYS (38): programs try these first, and only ENOSYS "
	    "makes them fall back");
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
	const struct rules *rules = adviser->in->rules;
	char place[PLACE_SIZE];

	for (size_t i = 0; i < COUNT(subs); i++) {
		if (subs[i].host != adviser->in->options->arch)
			continue;
		/* getpid by any number: no arch is judged by what is called */
		struct verdict verdict = judge_ask(adviser->in->judge, arch_audit(subs[i].sub), 20);
		char text[VERDICT_VALUE_SIZE];

		if (verdict.kind != VERDICT_BAD_ARCH)
			continue;
		snprintf(place, sizeof(place), "%s%s",
			 rules->document ? rules->document->prefix : "",
			 rules->from_arch_map ? "archMap" : "architectures");
		lint_add(adviser->lints, 0, rules->document ? place : adviser->in->whole,
			 "%s is not in the filter: its programs get %s at their first syscall",
			 subs[i].what, verdict_value_text(verdict.action, text));
	}
}

void advise(const struct advised *advised, struct lints *lints)
{
	struct adviser adviser = {.in = advised, .lints = lints};

	advise_of_arch(&adviser);
	advise_of_errno(&adviser);
	advise_of_risk(&adviser);
}
