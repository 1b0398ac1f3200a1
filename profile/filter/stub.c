#include "profile/filter/stub.h"

#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/document/releases.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

/* The largest number that the profile names for the arch, also by rules equal to the default. */
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

#define STUB_MAX 12 /* instructions per arch */

struct stub {
	struct sock_filter program[STUB_MAX * FILTER_MAX_ARCHES];
	size_t count;
};

static void stub_add(struct stub *stub, uint16_t code, size_t jt, size_t jf, uint32_t k)
{
	stub->program[stub->count++] =
		(struct sock_filter){.code = code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
}

/* Numbers above `last` jump ahead by `enosys` instructions, others by `go_on`. */
static void stub_limit(struct stub *stub, const struct filter_arch *arch, size_t enosys,
		       size_t go_on)
{
	if (arch && arch->has_last)
		stub_add(stub, BPF_JMP | BPF_JGT | BPF_K, enosys, go_on, arch->last);
	else
		stub_add(stub, BPF_JMP | BPF_JA, 0, 0, (uint32_t)go_on);
}

/*
 * ld arch; jeq; ld nr; then the tests: number 0 and the limit (s390), bit 30 and a limit for each
 * ABI (x86_64), or the limit alone; then the return. Other arches jump behind it.
 */
static void stub_arch(struct stub *stub, const struct filter *filter,
		      const struct filter_arch *arch, bool with_zero)
{
	const uint32_t arch_at = offsetof(struct seccomp_data, arch);
	const uint32_t nr_at = offsetof(struct seccomp_data, nr);
	bool x86_64 = arch_audit(arch->token) == AUDIT_ARCH_X86_64;
	bool s390 = with_zero && (arch->token == SCMP_ARCH_S390 || arch->token == SCMP_ARCH_S390X);
	size_t tests = x86_64 ? 3 : s390 ? 2 : 1;

	stub_add(stub, BPF_LD | BPF_W | BPF_ABS, 0, 0, arch_at);
	stub_add(stub, BPF_JMP | BPF_JEQ | BPF_K, 0, tests + 2, arch_audit(arch->token));
	stub_add(stub, BPF_LD | BPF_W | BPF_ABS, 0, 0, nr_at);
	if (s390)
		stub_add(stub, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	if (x86_64) {
		stub_add(stub, BPF_JMP | BPF_JSET | BPF_K, 1, 0, ARCH_X32_BIT);
		stub_limit(stub, filter_arch(filter, SCMP_ARCH_X86_64), 1, 2);
		stub_limit(stub, filter_arch(filter, SCMP_ARCH_X32), 0, 1);
	} else {
		stub_limit(stub, arch, 0, 1);
	}
	stub_add(stub, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
}

/* x32 is handled in x86_64's part. */
static bool has_part(const struct filter *filter, const struct filter_arch *arch)
{
	const struct filter_arch *x32 = filter_arch(filter, SCMP_ARCH_X32);
	const struct filter_arch *x86_64 = filter_arch(filter, SCMP_ARCH_X86_64);

	if (arch == x32)
		return arch->has_last && !x86_64;
	return arch->has_last || (arch == x86_64 && x32 && x32->has_last);
}

void stub_prepend(struct filter *filter, const struct rules *rules,
		  const struct profile_options *options, bool host_is_listed, struct lints *lints)
{
	const struct version *version = &options->runtime_version;
	bool with_zero = !release_fact_holds(RUNC_S390_STUB_WITHOUT_ZERO, version);
	struct stub stub = {.count = 0};
	char place[PLACE_SIZE];

	for (size_t i = 0; i < filter->arch_count; i++)
		find_last(rules, &filter->arches[i]);
	if (release_fact_holds(RUNC_STUB_LISTED_ONLY, version) && !host_is_listed)
		filter->arches[0].has_last = false;
	for (size_t i = 0; i < filter->arch_count; i++) {
		if (has_part(filter, &filter->arches[i]))
			stub_arch(&stub, filter, &filter->arches[i], with_zero);
	}
	size_t count = filter->count + stub.count;

	filter->program = mem_resize(filter->program, (count + 1) * sizeof(*filter->program));
	memmove(filter->program + stub.count, filter->program,
		filter->count * sizeof(*filter->program));
	memcpy(filter->program, stub.program, stub.count * sizeof(*filter->program));
	filter->count = count;
	filter->stub_count = stub.count;
	if (!filter->arches[0].has_last || version->count || host_is_listed)
		return;
	snprintf(place, sizeof(place), "%sarchitectures", rules->document->prefix);
	lint_report(lints, LINT_STUB_BY_RELEASE, 0, place,
		    "the host's architecture is not listed: for syscalls newer than the profile, "
		    "runc before 1.1.15 uses the default action, later ones (as here) ENOSYS");
}
