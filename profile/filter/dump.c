#include "profile/filter/dump.h"

#include "base/file.h"
#include "base/mem.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BYTES (BPF_MAXINSNS * sizeof(struct sock_filter))

#define ALL_SLOTS ((1U << BPF_MEMWORDS) - 1)

/*
 * The kernel's algorithm: a slot is valid at an instruction if it is written on every path to it. One pass suffices, since jumps only go forward. Code behind a jump that is
 * no jump's target is unreachable and counts as having all slots written.
 */
static int check_slots(const struct sock_filter *program, size_t count, struct err *err)
{
	MEM_AUTO uint16_t *valid = mem_new(count, sizeof(*valid));
	uint16_t written = 0;
	int r = 0;

	memset(valid, 0xff, count * sizeof(*valid));
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct sock_filter *insn = &program[i];

		written &= valid[i];
		if ((insn->code == (BPF_LD | BPF_MEM) || insn->code == (BPF_LDX | BPF_MEM)) &&
		    !(written & 1U << insn->k))
			r = err_set(
				err, EINVAL,
				"instruction %zu reads memory slot %u before anything is written "
				"there, which the kernel refuses",
				i, insn->k);
		if (BPF_CLASS(insn->code) == BPF_ST || BPF_CLASS(insn->code) == BPF_STX)
			written |= (uint16_t)(1U << insn->k);
		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		if (BPF_OP(insn->code) == BPF_JA) {
			valid[i + 1 + insn->k] &= written;
		} else {
			valid[i + 1 + insn->jt] &= written;
			valid[i + 1 + insn->jf] &= written;
		}
		written = ALL_SLOTS;
	}
	return r;
}

int dump_check(const struct sock_filter *program, size_t count, struct err *err)
{
	int r = filter_check(program, count, err);

	return r < 0 ? r : check_slots(program, count, err);
}

/* Whether the dump is a valid filter in the other byte order. */
static bool is_foreign(const struct sock_filter *program, size_t count)
{
	struct err ignored = ERR_INIT;
	MEM_AUTO struct sock_filter *swapped = mem_new(count, sizeof(*swapped));

	for (size_t i = 0; i < count; i++)
		swapped[i] = (struct sock_filter){.code = bswap_16(program[i].code),
						  .jt = program[i].jt,
						  .jf = program[i].jf,
						  .k = bswap_32(program[i].k)};
	return dump_check(swapped, count, &ignored) == 0;
}

int dump_parse(const void *bytes, size_t n, struct filter *ret_stack, struct err *err)
{
	const size_t each = sizeof(struct sock_filter);
	struct err why = ERR_INIT;

	*ret_stack = (struct filter){0};
	if (n == 0)
		return err_set(err, EINVAL, "empty: not a filter");
	if (n > MAX_BYTES)
		return err_set(err, EFBIG,
			       "larger than %zu bytes: the kernel accepts at most %d instructions",
			       MAX_BYTES, BPF_MAXINSNS);
	if (n % each)
		return err_set(err, EINVAL,
			       "%zu bytes is not a multiple of %zu, the size of a BPF "
			       "instruction: not a filter, or a truncated one",
			       n, each);
	struct sock_filter *program = mem_new(n / each, each);

	memcpy(program, bytes, n);
	if (dump_check(program, n / each, &why) == 0) {
		filter_push(ret_stack, program, n / each);
		return 0;
	}
	bool foreign = is_foreign(program, n / each);

	free(program);
	if (foreign)
		return err_set(err, EINVAL,
			       "a filter in the other byte order: it was dumped on another kind of "
			       "machine");
	return err_set(err, why.code, "%s", why.message);
}

int dump_read(const char *path, struct filter *ret_stack, struct err *err)
{
	MEM_AUTO char *bytes = mem_new(1, MAX_BYTES + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	*ret_stack = (struct filter){0};
	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	/* one byte more than allowed, to detect a file that is too large */
	ssize_t n = file_read(fd, bytes, MAX_BYTES + 1);
	int r = n < 0 ? err_errno(err, (int)-n, "cannot read")
		      : dump_parse(bytes, (size_t)n, ret_stack, err);

	close(fd);
	if (r < 0)
		err_prefix(err, "%s", path);
	return r;
}
