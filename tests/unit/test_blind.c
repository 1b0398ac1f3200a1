/*
 * What the log of one filter can tell of another: 500 random pairs, some of which ask only about a
 * change from a third filter; each filter run number by number by the interpreter of tests/bpf.h,
 * over arguments around every constant that the profiles have. Which calls are blind follows from
 * the answers by seccomp(2) and kernel/seccomp.c, seccomp_log(), written down here a second time.
 */
#include "base/buf.h"
#include "ingest/arch.h"
#include "profile/filter/filter.h"
#include "profile/source.h"
#include "profile/twin/logmode.h"
#include "report/blind.h"
#include "tests/filters.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PAIRS 500

/* Numbers that a pair is tried with: every one that has a name on some arch, and some above. */
#define NUMBERS 1100

static struct profile_options test_options(enum runtime runtime)
{
	struct profile_options options = profile_options_default();

	options.arch = SCMP_ARCH_X86_64;
	options.kernel_major = 5;
	options.kernel_minor = 10;
	options.loader = LOADER_OCI;
	options.runtime = runtime;
	options.any_listener = true;
	return options;
}

static struct profile *load(struct str text, enum runtime runtime)
{
	struct profile_source *source = profile_source_from_text("test", text);
	struct profile_options options = test_options(runtime);
	struct profile *profile = NULL;
	struct err err = ERR_INIT;

	if (profile_load(source, &options, &profile, &err) < 0)
		fail_msg("%s\n%.*s", err.message, (int)text.n, text.p);
	profile_source_free(source);
	return profile;
}

/* --- a second opinion */

enum { ANSWERED, PASSES, ALREADY, BLIND };

static bool log_has(uint32_t value, bool flag, unsigned logged)
{
	switch (value & 0xffff0000) {
	case SECCOMP_RET_ALLOW:
		return false;
	case SECCOMP_RET_LOG:
		return logged & LOGGED_LOG;
	case SECCOMP_RET_KILL_THREAD:
		return logged & LOGGED_KILL_THREAD;
	case SECCOMP_RET_ERRNO:
		return flag && logged & LOGGED_ERRNO;
	case SECCOMP_RET_TRAP:
		return flag && logged & LOGGED_TRAP;
	case SECCOMP_RET_TRACE:
		return flag && logged & LOGGED_TRACE;
	case SECCOMP_RET_USER_NOTIF:
		return flag && logged & LOGGED_USER_NOTIF;
	default:
		return logged & LOGGED_KILL_PROCESS;
	}
}

static bool lets_through(uint32_t value)
{
	return value == SECCOMP_RET_ALLOW || (value & 0xffff0000) == SECCOMP_RET_LOG;
}

static int kind_of(uint32_t asked, uint32_t was, bool flag, unsigned logged)
{
	if (log_has(was, flag, logged))
		return ANSWERED;
	if (lets_through(asked))
		return lets_through(was) ? PASSES : ANSWERED;
	return asked == was ? ALREADY : BLIND;
}

/* --- random profiles */

static const char *const names[] = {
	"read",   "mount",  "kcmp",   "prctl",       "socket", "clone",   "chroot",      "keyctl",
	"bpf",    "ptrace", "reboot", "personality", "swapon", "swapoff", "setns",       "unshare",
	"openat", "clone3", "fchmod", "semctl",      "acct",   "waitid",  "userfaultfd", "statx",
};

/* What rules compare arguments with, and arguments on every side of that under every mask. */
static const uint64_t constants[] = {1, 2, 3, 4, 6, 0xfffffffe, 0x100000000};
static const uint64_t values[] = {0,           1,           2,           3,           4,
				  5,           6,           7,           8,           9,
				  10,          11,          12,          14,          0xfffffffe,
				  0xffffffff,  0x100000000, 0x100000001, 0x100000002, 0x100000003,
				  0x100000004, 0x100000006};

static const char *draw(const char *const *from, size_t count, uint64_t *seed)
{
	return from[bpf_random(seed) % count];
}
#define DRAW(from) draw(from, COUNT(from), seed)

static void put_args(struct buf *text, uint64_t *seed)
{
	static const char *const ops[] = {"EQ", "NE", "GT", "GE", "LT", "LE", "MASKED_EQ"};
	unsigned args = bpf_random(seed) % 2 ? 1 + bpf_random(seed) % 2 : 0;

	for (unsigned i = 0; i < args; i++) {
		uint64_t value = constants[bpf_random(seed) % COUNT(constants)];

		buf_format(text,
			   "%s{\"index\": %u, \"value\": %llu, \"valueTwo\": %llu, \"op\": "
			   "\"SCMP_CMP_%s\"}",
			   i ? ", " : ", \"args\": [", i, (unsigned long long)value,
			   (unsigned long long)(value & 2), DRAW(ops));
	}
	buf_put_str(text, args ? STR("]") : STR(""));
}

static const char *const actions[] = {
	"ALLOW\"",
	"ALLOW\"",
	"LOG\"",
	"KILL\"",
	"KILL_PROCESS\"",
	"TRAP\"",
	"TRACE\"",
	"TRACE\", \"errnoRet\": 5",
	"NOTIFY\"",
	"NOTIFY\"",
	"ERRNO\", \"errnoRet\": 1",
	"ERRNO\", \"errnoRet\": 38",
};

static void put_profile(struct buf *text, bool flag, uint64_t *seed)
{
	static const char *const defaults[] = {"ALLOW", "LOG", "ERRNO", "ERRNO", "KILL", "TRAP"};
	static const char *const arches[] = {
		"", "\"architectures\": [\"SCMP_ARCH_X86_64\"], ",
		"\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"], "};
	unsigned rules = bpf_random(seed) % 10;

	buf_format(text, "{\"defaultAction\": \"SCMP_ACT_%s\", %s%s\"syscalls\": [", DRAW(defaults),
		   DRAW(arches), flag ? "\"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"], " : "");
	for (unsigned i = 0; i < rules; i++) {
		buf_format(text, "%s{\"names\": [\"%s\", \"%s\"], \"action\": \"SCMP_ACT_%s",
			   i ? ", " : "", DRAW(names), DRAW(names), DRAW(actions));
		put_args(text, seed);
		buf_put_char(text, '}');
	}
	buf_put_str(text, STR("]}"));
}

/* One of eight is no filter. Rules that contradict each other start no container: then another is
 * drawn. */
static struct profile *draw_profile(bool may_be_none, bool *ret_flag, uint64_t *seed)
{
	enum runtime runtime = bpf_random(seed) % 2 ? RUNTIME_RUNC : RUNTIME_CRUN;

	for (;;) {
		struct profile_options options = test_options(runtime);
		struct profile *profile = NULL;
		struct err err = ERR_INIT;
		BUF_AUTO text = {0};

		bool none = may_be_none && bpf_random(seed) % 8 == 0;

		*ret_flag = !none && bpf_random(seed) % 2 == 0;
		if (none)
			buf_put_str(&text, STR("{\"linux\": {}}"));
		else
			put_profile(&text, *ret_flag, seed);
		struct profile_source *source = profile_source_from_text("drawn", buf_str(&text));
		int r = profile_load(source, &options, &profile, &err);

		profile_source_free(source);
		if (r == 0)
			return profile;
		if (r != -EEXIST && r != -ETIME)
			fail_msg("%s", err.message);
	}
}

/* --- pairs */

struct pair {
	struct profile *asked, *was, *before; /* before: NULL where all is asked about */
	bool flag;
	unsigned logged;
	struct texts kinds[4], arches; /* by the second opinion */
};

static bool is_in_rules(const char *name)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0;
}

static uint32_t run(const struct profile *profile, const struct seccomp_data *data)
{
	const struct filter *filter = profile_filter(profile);

	return filter ? filter_run(filter, data) : SECCOMP_RET_ALLOW;
}

static int try_call(const struct pair *pair, const struct seccomp_data *data)
{
	int kind = kind_of(run(pair->asked, data), run(pair->was, data), pair->flag, pair->logged);
	bool kept = !pair->before || lets_through(run(pair->before, data));

	return kind == BLIND && !kept ? ANSWERED : kind;
}

static unsigned try_arguments(const struct pair *pair, const char *name, struct seccomp_data *data)
{
	size_t count = is_in_rules(name) ? COUNT(values) : 2;
	unsigned kinds = 0;

	for (size_t i = 0; i < count * count; i++) {
		data->args[0] = values[i / count];
		data->args[1] = values[i % count];
		if (data->arch == AUDIT_ARCH_I386 && (data->args[0] | data->args[1]) >> 32)
			continue;
		kinds |= 1U << try_call(pair, data);
	}
	return kinds;
}

static void try_numbers(struct pair *pair, uint32_t token, uint32_t arch, uint32_t first)
{
	const struct filter *asked = profile_filter(pair->asked);
	bool known = !asked || filter_arch(asked, token);
	char name[SYSCALL_NAME_SIZE];

	for (uint32_t i = 0; i < NUMBERS; i++) {
		struct seccomp_data data = {.nr = (int)(first + i), .arch = arch};

		if (!syscall_name(arch, data.nr, name))
			continue;
		unsigned kinds = try_arguments(pair, name, &data);

		for (int kind = PASSES; kind <= BLIND; kind++)
			if (kinds & 1U << kind && known)
				texts_add(&pair->kinds[kind], str_from(name));
		if (kinds & 1U << BLIND && !known)
			texts_add(&pair->arches, str_from(arch_name(token)));
	}
}

static void assert_names(const struct texts *got, const struct texts *want, const char *what,
			 size_t pair)
{
	for (size_t i = 0; i < want->count; i++)
		if (!texts_has(got, want->all[i]))
			fail_msg("pair %zu: %s is %s", pair, want->all[i], what);
	for (size_t i = 0; i < got->count; i++)
		if (!texts_has(want, got->all[i]))
			fail_msg("pair %zu: %s is not %s", pair, got->all[i], what);
}

/* Returns whether something was blind. */
static bool check(struct pair *pair, size_t at)
{
	struct blind *blind = blind_new(pair->asked, pair->before, pair->was, pair->logged);

	try_numbers(pair, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0);
	try_numbers(pair, SCMP_ARCH_X32, AUDIT_ARCH_X86_64, 0x40000000);
	try_numbers(pair, SCMP_ARCH_X86, AUDIT_ARCH_I386, 0);
	assert_false(blind_is_guess(blind));
	for (size_t i = 0; i < COUNT(pair->kinds); i++)
		texts_sort(&pair->kinds[i]);
	texts_remove(&pair->kinds[ALREADY], &pair->kinds[BLIND]);
	assert_names(blind_calls(blind, BLIND_CALL), &pair->kinds[BLIND], "blind", at);
	assert_names(blind_calls(blind, BLIND_ALREADY), &pair->kinds[ALREADY], "refused already",
		     at);
	texts_sort(&pair->arches);
	assert_names(blind_arches(blind), &pair->arches, "an arch let through", at);
	texts_release(&pair->arches);
	assert_names(blind_calls(blind, BLIND_PASSES), &pair->kinds[PASSES], "unseen", at);
	bool any = pair->kinds[BLIND].count > 0;

	blind_free(blind);
	for (size_t i = 0; i < COUNT(pair->kinds); i++)
		texts_release(&pair->kinds[i]);
	return any;
}

static void test_random_pairs(void **state)
{
	uint64_t seed = 0x0b11bd;
	size_t blind = 0;

	(void)state;
	for (size_t i = 0; i < PAIRS; i++) {
		bool ignored;
		struct pair pair = {.logged = bpf_random(&seed) % 3
						      ? LOGGED_ALL
						      : bpf_random(&seed) & LOGGED_ALL};

		pair.asked = draw_profile(true, &ignored, &seed);
		pair.was = draw_profile(profile_filter(pair.asked) != NULL, &pair.flag, &seed);
		if (bpf_random(&seed) % 4 == 0)
			pair.before = draw_profile(true, &ignored, &seed);
		blind += check(&pair, i);
		profile_free(pair.before);
		profile_free(pair.asked);
		profile_free(pair.was);
	}
	assert_in_range(blind, PAIRS / 4, PAIRS - 20);
}

/* Under a profile's own twin, under itself and under a log of everything nothing is blind. */
static void test_nothing_blind(void **state)
{
	static const char everything[] =
		"{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_X86_64\"]}";
	uint64_t seed = 0x7e1;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		bool flag;
		BUF_AUTO text = {0};
		struct twin twin;
		struct err err = ERR_INIT;
		struct profile_options options = test_options(RUNTIME_CRUN);

		put_profile(&text, false, &seed);
		struct profile_source *source = profile_source_from_text("drawn", buf_str(&text));
		struct profile *asked = NULL;

		if (profile_load(source, &options, &asked, &err) < 0) {
			profile_source_free(source);
			continue;
		}
		/* what answers TRACE is no log's to say: it stays in the twin */
		flag = str_find(buf_str(&text), STR("TRACE")) < text.n;
		assert_int_equal(twin_make(&twin, source, &options, false, &err), 0);
		struct profile *others[] = {load(buf_str(&twin.text), RUNTIME_CRUN),
					    load(buf_str(&text), RUNTIME_CRUN),
					    load(STR(everything), RUNTIME_CRUN)};

		for (size_t k = 0; k < COUNT(others); k++) {
			struct blind *blind = blind_new(asked, NULL, others[k], LOGGED_ALL);

			if (k > 0 || !flag)
				assert_int_equal(blind_calls(blind, BLIND_CALL)->count, 0);
			blind_free(blind);
			profile_free(others[k]);
		}
		twin_release(&twin);
		profile_free(asked);
		profile_source_free(source);
	}
}

/* --- one record */

#define TWIN                                                                               \
	"{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"prctl\"], "   \
	"\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 9, \"op\": " \
	"\"SCMP_CMP_LT\"}]}, {\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}"
#define ENFORCED                                                                           \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"prctl\"], " \
	"\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 9, \"op\": " \
	"\"SCMP_CMP_LT\"}]}, {\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}"

/* prctl is 157, read 0. */
static void test_records(void **state)
{
	struct profile *enforced = load(STR(ENFORCED), RUNTIME_CRUN);
	struct profile *twin = load(STR(TWIN), RUNTIME_CRUN);
	struct profile *everything =
		load(STR("{\"defaultAction\": \"SCMP_ACT_LOG\"}"), RUNTIME_CRUN);
	struct blind *under_twin = blind_new(enforced, NULL, twin, LOGGED_ALL);
	struct blind *under_all = blind_new(enforced, NULL, everything, LOGGED_ALL);
	struct verdict verdict;

	(void)state;
	/* the twin logs it only where the profile refuses it */
	verdict = blind_judge(under_twin, AUDIT_ARCH_X86_64, 157, SECCOMP_RET_LOG);
	assert_int_equal(verdict.kind, VERDICT_DENIED);
	assert_true(verdict.has_errno);
	assert_int_equal(verdict.error, EPERM);
	verdict = blind_judge(under_all, AUDIT_ARCH_X86_64, 157, SECCOMP_RET_LOG);
	assert_int_equal(verdict.kind, VERDICT_CONDITIONAL);
	verdict = blind_judge(under_twin, AUDIT_ARCH_X86_64, 0, SECCOMP_RET_LOG);
	assert_int_equal(verdict.kind, VERDICT_ALLOWED);
	/* the twin never logs read: another profile was in force */
	assert_false(blind_explains(under_twin, AUDIT_ARCH_X86_64, 0, SECCOMP_RET_LOG));
	assert_true(blind_explains(under_twin, AUDIT_ARCH_X86_64, 157, SECCOMP_RET_LOG));
	assert_false(blind_explains(under_twin, AUDIT_ARCH_X86_64, 157, SECCOMP_RET_ERRNO));
	assert_true(blind_explains(under_all, AUDIT_ARCH_X86_64, 0, SECCOMP_RET_LOG));
	blind_free(under_twin);
	blind_free(under_all);
	profile_free(enforced);
	profile_free(twin);
	profile_free(everything);
}

/* uretprobe (335) is shown to no filter since Linux 6.14: nothing refuses it. */
static void test_unfiltered(void **state)
{
	struct profile_options options = test_options(RUNTIME_CRUN);
	struct profile_source *source =
		profile_source_from_text("test", STR("{\"defaultAction\": \"SCMP_ACT_ERRNO\"}"));
	struct profile *profile;
	struct profile *allow = load(STR("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": "
					 "[{\"names\": [\"reboot\"], \"action\": "
					 "\"SCMP_ACT_KILL\"}]}"),
				     RUNTIME_CRUN);
	struct err err = ERR_INIT;

	(void)state;
	for (int newer = 0; newer < 2; newer++) {
		options.kernel_major = newer ? 6 : 5;
		options.kernel_minor = 14;
		assert_int_equal(profile_load(source, &options, &profile, &err), 0);
		struct blind *blind = blind_new(profile, NULL, allow, LOGGED_ALL);
		const struct texts *calls = blind_calls(blind, BLIND_CALL);

		assert_true((texts_has(calls, "uretprobe")) == !newer);
		assert_true(texts_has(calls, "read"));
		blind_free(blind);
		profile_free(profile);
	}
	profile_source_free(source);
	profile_free(allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_pairs),
		cmocka_unit_test(test_nothing_blind),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_unfiltered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
