/*
 * Fuzz target (libFuzzer): any bytes as a filter, as a suspect's process can be under one. What
 * the kernel would take is surveyed, and its diagrams are compared with what the instructions do,
 * one call after the other (tests/bpf.h).
 */
#include "tests/bpf.h"

#include "profile/answers/answers.h"
#include "profile/answers/survey.h"
#include "profile/filter/dump.h"
#include "profile/filter/value.h"

#include <linux/audit.h>
#include <seccomp.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What the kernel makes of it. A returned register that can hold many values has no data. */
static uint32_t comparable(const struct filter *filter, uint32_t value)
{
	value = value_effect(value);
	for (size_t i = 0; i < filter->count; i++)
		if (filter->program[i].code == (BPF_RET | BPF_A))
			return value & SECCOMP_RET_ACTION_FULL;
	return value;
}

static void make_call(const struct bpf_constants *constants, uint64_t *seed,
		      struct seccomp_data *ret_call)
{
	static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};

	ret_call->arch =
		bpf_random(seed) % 4 ? arches[bpf_random(seed) % 3] : bpf_word(constants, seed);
	ret_call->nr = (int)bpf_word(constants, seed);
	ret_call->instruction_pointer =
		(uint64_t)bpf_word(constants, seed) << 32 | bpf_word(constants, seed);
	for (size_t i = 0; i < 6; i++)
		ret_call->args[i] =
			(uint64_t)bpf_word(constants, seed) << 32 | bpf_word(constants, seed);
}

static void compare(struct answers *answers, const struct filter *filter, uint64_t seed)
{
	struct bpf_constants constants = {0};

	bpf_constants_add(&constants, filter->program, filter->count);
	for (int i = 0; i < 32; i++) {
		struct seccomp_data call = {0};

		make_call(&constants, &seed, &call);
		diagram any = answers_any_arch(answers);
		uint64_t subjects[SUBJECTS] = {(uint64_t)call.arch << 32 | (uint32_t)call.nr};

		memcpy(&subjects[SUBJECT_ARGUMENTS], call.args, sizeof(call.args));
		subjects[SUBJECT_POINTER] = call.instruction_pointer;
		if (any == DIAGRAM_UNKNOWN)
			break;
		uint32_t got = diagram_answer(answers->regions, any, subjects);

		if (comparable(filter, got) != comparable(filter, bpf_run(filter->program, &call)))
			abort();
	}
	free(constants.all);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct filter stack = {0};
	struct regions regions;
	struct answers answers;
	struct err err = ERR_INIT;

	if (dump_parse(data, size, &stack, &err) == 0) {
		regions_init(&regions);
		answers_init(&answers, &regions, &stack);
		compare(&answers, &stack.parts[0], size + data[2] + 1);
		survey_filter(&stack, &answers, SCMP_ARCH_X86_64);
		answers_release(&answers);
		regions_release(&regions);
		if (stack.arch_count > FILTER_MAX_ARCHES)
			abort();
	} else if (!err.code) {
		abort();
	}
	filter_release(&stack);
	return 0;
}
