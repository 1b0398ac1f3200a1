#include "profile/answers/numbers.h"

#include "base/mem.h"

#include <seccomp.h>
#include <stdlib.h>

/* Stop after this many unnamed numbers in a row: aarch64 has a hole from 295 to 423. */
#define HOLE_MAX 256

/* How far to look for the next named number. */
#define NEXT_REACH 1024

/* ARM's private numbers (arch/arm/include/uapi/asm/unistd.h): 0xf0001 to 0xf0006. */
#define ARM_PRIVATE     0x0f0000
#define ARM_PRIVATE_END 0x0f0008

/* x86_64 and x32 share an AUDIT_ARCH: bit 30 says which of them a number belongs to. */
void numbers_range(uint32_t token, uint32_t *ret_first, uint32_t *ret_last)
{
	bool shared = arch_audit(token) == SCMP_ARCH_X86_64;

	*ret_first = token == SCMP_ARCH_X32 ? ARCH_X32_BIT : 0;
	*ret_last = shared ? *ret_first + (ARCH_X32_BIT - 1) : UINT32_MAX - 1;
}

static bool add_named(struct named_number **numbers, size_t count, uint32_t token, uint32_t nr)
{
	struct named_number number = {.nr = nr};

	if (!syscall_name(arch_audit(token), nr, number.name))
		return false;
	*numbers = mem_more(*numbers, count, sizeof(number));
	(*numbers)[count] = number;
	return true;
}

size_t numbers_named(uint32_t token, struct named_number **ret_numbers)
{
	uint32_t first = arch_first_number(token);
	size_t count = 0;

	*ret_numbers = NULL;
	for (uint32_t i = 0, last = 0; i <= last + HOLE_MAX; i++) {
		if (!add_named(ret_numbers, count, token, first + i))
			continue;
		count++;
		last = i;
	}
	for (uint32_t nr = ARM_PRIVATE; token == SCMP_ARCH_ARM && nr < ARM_PRIVATE_END; nr++)
		count += add_named(ret_numbers, count, token, nr);
	return count;
}

bool numbers_next_named(uint32_t token, uint32_t nr, struct named_number *ret_number)
{
	for (uint32_t last = nr + NEXT_REACH; nr < last; nr++) {
		ret_number->nr = nr;
		if (syscall_name(arch_audit(token), nr, ret_number->name) &&
		    seccomp_syscall_resolve_name_arch(token, ret_number->name) == (int)nr)
			return true;
	}
	return false;
}
