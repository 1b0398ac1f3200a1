/*
 * Fuzz target (libFuzzer): any bytes as a systemd unit, or another file of sections, to its filters
 * and its log-mode twin. What is behind a NUL is what systemd says of its groups. The first byte
 * says which systemd and which host it is.
 */
#include "profile/answers/answers.h"
#include "profile/document/sections.h"
#include "profile/filter/unit.h"
#include "profile/twin/logmode.h"

#include <seccomp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libseccomp 2.5.4 loses memory of its own on some rules that overlap. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

static void build(const struct profile_source *source, const struct profile_options *options)
{
	struct filter stack = {0};
	struct lints lints = {0};
	struct err err = ERR_INIT;
	struct unit unit;
	uint32_t action;
	int r = unit_parse(buf_str(&source->text), &source->groups, &unit, &lints, &err);

	if (r == 0)
		r = unit_build(&unit, options, &stack, &action, &err);
	for (size_t i = 0; r == 0 && i < stack.part_count; i++)
		if (filter_check(stack.parts[i].program, stack.parts[i].count, &err) < 0)
			abort();
	if ((r < 0) != (err.code != 0))
		abort();
	filter_release(&stack);
	unit_release(&unit);
	lint_finish(&lints);
	lint_release(&lints);
}

static void make_twin(const struct profile_source *source, const struct profile_options *options)
{
	struct err err = ERR_INIT;
	struct twin twin;

	if (twin_make(&twin, source, options, false, &err) < 0 && !err.code)
		abort();
	twin_release(&twin);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const uint32_t hosts[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_S390X};
	struct profile_options options = profile_options_default();
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	struct str whole = str_of((const char *)data + 1, size - 1);
	struct str text = str_of(whole.p, str_chr(whole, '\0'));

	options.kernel_major = 5;
	options.arch = hosts[data[0] / 16 % 3];
	if (!sections_recognise(text))
		return 0;
	if (sections_check_unit(text, &err) < 0) {
		if (!err.code)
			abort();
		return 0;
	}
	struct profile_source *source = profile_source_from_text("fuzz.service", text);

	source->kind = PROFILE_SOURCE_UNIT;
	buf_put_str(&source->groups.text, str_skip(whole, text.n < whole.n ? text.n + 1 : text.n));
	source->groups.systemd_version = 245 + data[0] % 16;
	build(source, &options);
	make_twin(source, &options);
	profile_source_free(source);
	return 0;
}
