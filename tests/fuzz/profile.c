/*
 * Fuzz target (libFuzzer): any bytes as a profile's document in any of its forms, through every
 * loader and runtime to verdicts.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "profile/filter/filter.h"
#include "profile/answers/judge.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
const char *__lsan_default_suppressions(void);

/* libseccomp 2.5.4 loses memory of its own on some rules that overlap. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

static void judge_some(const struct rules *rules, const struct filter *filter,
		       const struct profile_options *options)
{
	static const struct {
		uint32_t audit_arch;
		int64_t nr;
	} calls[] = {
		{AUDIT_ARCH_X86_64, 0},   {AUDIT_ARCH_X86_64, 135},        {AUDIT_ARCH_X86_64, -1},
		{AUDIT_ARCH_X86_64, 999}, {AUDIT_ARCH_X86_64, 0x40000000}, {AUDIT_ARCH_I386, 102},
		{AUDIT_ARCH_S390X, 136},
	};
	struct judge judge = {.rules = rules, .filter = filter, .options = options};

	judge_start(&judge);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct verdict verdict = judge_ask(&judge, calls[i].audit_arch, calls[i].nr);

		if (verdict.reachable_count == 0)
			abort();
	}
	judge_release(&judge);
}

static void resolve_and_build(const struct document *document,
			      const struct profile_options *options, struct lints *lints)
{
	struct err err = ERR_INIT;
	struct rules rules;
	struct filter filter = {.count = 0};
	int r = rules_resolve(document, options, &rules, lints, &err);

	if (r == 0 && !rules.off)
		r = filter_build(&rules, options, &filter, lints, &err);
	if (r == 0 && !rules.off)
		judge_some(&rules, &filter, options);
	if (r < 0 && !err.code)
		abort();
	filter_release(&filter);
	rules_release(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint32_t hosts[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_S390X};
	struct profile_options options = profile_options_default();
	struct document document;
	struct lints lints = {0};
	struct err err = ERR_INIT;
	struct str text = str_of((const char *)bytes, size);

	options.kernel_major = 5;
	if (document_parse(text, NULL, &document, &lints, &err) == 0) {
		for (size_t i = 0; i < 3; i++) {
			options.loader = (enum loader)(LOADER_DOCKER + (int)i);
			options.runtime = i % 2 ? RUNTIME_CRUN : RUNTIME_RUNC;
			options.arch = hosts[(i + size) % 3];
			resolve_and_build(&document, &options, &lints);
		}
	} else if (!err.code) {
		abort();
	}
	lint_finish(&lints);
	document_release(&document);
	lint_release(&lints);
	return 0;
}
