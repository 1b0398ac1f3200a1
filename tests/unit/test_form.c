/*
 * Forms: what is written is read again, by the reader of that form, and does the same.
 *
 * What a profile does is asked of libseccomp, which builds the document's filter and the written
 * one's, and both are compared for every number and over all values of the arguments. Facts about
 * the forms come from those who read them: the runtime spec's config-linux.md, moby's
 * setupSeccomp(), the CRD of security-profiles-operator 1.0.0, systemd.exec(5), minijail0(5) and
 * its syscall_filter.c.
 * With SCLOG_MINIJAIL_PARSER, a program of minijail's that is not in Debian, policies are compiled
 * by minijail itself.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ingest/arch.h"
#include "profile/write/form.h"
#include "profile/filter/filter.h"
#include "profile/document/sections.h"
#include "profile/filter/unit.h"
#include "profile/source.h"
#include "tests/filters.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* last: it redefines things of the headers above */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Higher than any number of these architectures (asm/unistd.h, 6.18: 470). */
#define NUMBERS 700

static const char plain[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
	"\"syscalls\":[{\"names\":[\"write\",\"read\",\"execve\",\"exit_group\",\"read\",\"openat\","
	"\"futex_waitv\",\"socket\",\"connect\",\"mmap2\",\"chown32\"],"
	"\"action\":\"SCMP_ACT_ALLOW\"}]}";

/* The default of Docker and a clone3 of its own; comes with a rule that says nothing new. */
static const char eperm[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"execve\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
	"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1},"
	"{\"names\":[\"mount\",\"getpid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13},"
	"{\"names\":[\"kexec_load\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
	"{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_LOG\"}]}";

static const char kill_all[] = "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\","
			       "\"syscalls\":[{\"names\":[\"read\",\"execve\"],\"action\":"
			       "\"SCMP_ACT_ALLOW\"},{\"names\":[\"write\"],\"action\":"
			       "\"SCMP_ACT_ERRNO\",\"errnoRet\":9}]}";

static const char deny[] =
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\","
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
	"\"syscalls\":[{\"names\":[\"chroot\",\"mount\"],\"action\":\"SCMP_ACT_ERRNO\","
	"\"errnoRet\":13},{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_LOG\"},"
	"{\"names\":[\"reboot\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}";

static const char logs[] =
	"{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}";

static const char every_action[] =
	"{\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":7,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"],"
	"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
	"\"listenerPath\":\"/var/run/security-profiles-operator/agent.sock\","
	"\"listenerMetadata\":\"a \\\"b\\\"\","
	"\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"write\"],\"action\":\"SCMP_ACT_LOG\"},"
	"{\"names\":[\"open\"],\"action\":\"SCMP_ACT_TRAP\"},"
	"{\"names\":[\"close\"],\"action\":\"SCMP_ACT_KILL\"},"
	"{\"names\":[\"stat\"],\"action\":\"SCMP_ACT_KILL_THREAD\"},"
	"{\"names\":[\"fstat\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
	"{\"names\":[\"lstat\"],\"action\":\"SCMP_ACT_NOTIFY\"},"
	"{\"names\":[\"poll\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":9},"
	"{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ERRNO\"},"
	"{\"names\":[\"mmap\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4094}]}";

/* AND, OR, masks, one of which nothing meets, values that only a uint64 holds, rules that
 * contradict each other and that a plain one beats. */
static const char conditions[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"syscalls\":["
	"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	"\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	"{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	"\"value\":65535,\"valueTwo\":21505,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
	"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_LE\"}]},"
	"{\"names\":[\"fcntl\",\"fcntl64\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	"{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":2,\"op\":"
	"\"SCMP_CMP_EQ\"},{\"index\":2,\"value\":8,\"op\":\"SCMP_CMP_GT\"}]},"
	"{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	"\"value\":4294967298,\"op\":\"SCMP_CMP_GT\"},{\"index\":2,\"value\":2,\"op\":"
	"\"SCMP_CMP_LT\"}]},"
	"{\"names\":[\"umask\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	"\"value\":511,\"op\":\"SCMP_CMP_NE\"}]},"
	"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	"\"value\":15,\"op\":\"SCMP_CMP_GE\"}]},"
	"{\"names\":[\"access\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	"\"value\":6,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	"{\"names\":[\"dup\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,\"args\":"
	"[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}";

/* More alternatives than crun and the operator take of one rule: crun cuts them off. */
static const char alternatives[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"syscalls\":["
	"{\"names\":[\"fcntl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	"{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":2,\"op\":"
	"\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":3,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,"
	"\"value\":4,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"},"
	"{\"index\":1,\"value\":6,\"op\":\"SCMP_CMP_EQ\"},{\"index\":2,\"value\":8,\"op\":"
	"\"SCMP_CMP_GT\"}]}]}";

static const char huge[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":["
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	"\"value\":18446744073709551615,\"op\":\"SCMP_CMP_NE\"}]},"
	"{\"names\":[\"ftruncate\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	"\"value\":9223372036854775808,\"op\":\"SCMP_CMP_LT\"}]}]}";

static const char many_arches[] =
	"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"architectures\":[\"SCMP_ARCH_X86_64\","
	"\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\",\"SCMP_ARCH_X86_64\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"openat\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";

static const char only_x86[] =
	"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"architectures\":[\"SCMP_ARCH_X86\"],"
	"\"syscalls\":[{\"names\":[\"read\",\"socketcall\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";

static const struct {
	const char *name, *text;
} documents[] = {
	{"plain", plain},
	{"eperm", eperm},
	{"kill", kill_all},
	{"deny", deny},
	{"log", logs},
	{"actions", every_action},
	{"conditions", conditions},
	{"huge", huge},
	{"arches", many_arches},
	{"x86", only_x86},
};

/* --- writing */

static json_t *evidence_of(void)
{
	return json_pack("{s:i, s:s, s:[s,s], s:b, s:[]}", "records", 1234, "since",
			 "2026-11-21T23:01:34.454Z", "containers", "web (268887c643f8)", "db",
			 "complete", 1, "reasons");
}

struct written {
	struct buf text;
	struct lints notes;
	struct err err;
	int r;
};

static void written_release(struct written *written)
{
	buf_release(&written->text);
	lint_release(&written->notes);
}

#define WRITTEN_AUTO __attribute__((cleanup(written_release))) struct written

static struct written write_with(enum form form, const char *text,
				 const struct form_heading *heading, bool widen)
{
	struct written written = {.err = ERR_INIT};
	struct document document;
	struct lints ignored = {0};
	int r = document_parse(str_from(text), NULL, &document, &ignored, &written.err);

	if (r < 0)
		fail_msg("%s", written.err.message);
	written.r = form_write(form, &document, heading, widen, &written.text, &written.notes,
			       &written.err);
	document_release(&document);
	lint_release(&ignored);
	return written;
}

static struct written write_form(enum form form, const char *text, bool widen)
{
	json_t *evidence = evidence_of();
	const struct form_heading heading = {.name = "web", .evidence = evidence};
	struct written written = write_with(form, text, &heading, widen);

	json_decref(evidence);
	return written;
}

static bool has_note(const struct written *written, const char *words)
{
	for (size_t i = 0; i < written->notes.count; i++)
		if (strstr(written->notes.all[i].message, words))
			return true;
	return false;
}

/* --- reading again */

static struct profile *load(const char *text, enum loader loader, enum runtime runtime,
			    unsigned systemd)
{
	struct profile_source *source = profile_source_from_text("it", str_from(text));
	struct profile_options options = profile_options_default();
	struct profile *profile;
	struct err err = ERR_INIT;

	options.loader = loader;
	options.runtime = runtime;
	options.arch = SCMP_ARCH_X86_64;
	options.kernel_major = 6;
	if (sections_recognise(buf_str(&source->text))) {
		source->kind = PROFILE_SOURCE_UNIT;
		source->groups.systemd_version = systemd;
		/* a few of both, as systemd 252 has them; the profile's own list is to decide */
		buf_put_str(&source->groups.text,
			    STR("@default\n    # Always\n    brk\n    execve\n"
				"    getpid\n    futex_waitv\n\n"
				"@known\n    # All\n    read\n    mount\n"
				"    getpid\n    clone3\n"));
	}
	if (profile_load(source, &options, &profile, &err) < 0)
		fail_msg("%s\n%s", err.message, text);
	profile_source_free(source);
	return profile;
}

static void assert_same_call(struct comparing *comparing, uint32_t arch, int64_t nr,
			     const char *what)
{
	if (!comparing_same(comparing, arch, nr))
		fail_msg("%s: arch %x, number %lld differs", what, arch, (long long)nr);
}

/* `local`: on the arches that this kernel runs programs of. */
static void assert_same(struct profile *a, struct profile *b, bool local, const char *what)
{
	static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					  AUDIT_ARCH_ARM, AUDIT_ARCH_S390X};
	struct comparing comparing;

	comparing_init(&comparing, profile_filter(a), profile_filter(b));
	for (size_t i = 0; i < (local ? 2 : COUNT(arches)); i++)
		for (int64_t nr = -1; nr < NUMBERS; nr++) {
			struct verdict x = profile_judge(a, arches[i], nr);
			struct verdict y = profile_judge(b, arches[i], nr);

			/* told by the value alone: who decided may have another name */
			assert_int_equal(x.reachable_count, y.reachable_count);
			assert_same_call(&comparing, arches[i], nr, what);
		}
	for (int64_t nr = 0; nr < NUMBERS; nr++)
		assert_same_call(&comparing, AUDIT_ARCH_X86_64, ARCH_X32_BIT | nr, what);
	comparing_release(&comparing);
}

static void round_trip(enum form form, enum loader loader, size_t document)
{
	static const enum runtime runtimes[] = {RUNTIME_RUNC, RUNTIME_CRUN};
	WRITTEN_AUTO written = write_form(form, documents[document].text, false);

	if (written.r < 0)
		fail_msg("%s: %s", documents[document].name, written.err.message);
	for (size_t i = 0; i < COUNT(runtimes); i++) {
		struct profile *a = load(documents[document].text, LOADER_OCI, runtimes[i], 0);
		struct profile *b = load(written.text.p, loader, runtimes[i], 0);

		assert_same(a, b, false, documents[document].name);
		profile_free(a);
		profile_free(b);
	}
}

static void test_oci_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++)
		round_trip(FORM_OCI, LOADER_OCI, i);
}

static void test_docker_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		round_trip(FORM_DOCKER, LOADER_DOCKER, i);
		round_trip(FORM_DOCKER, LOADER_PODMAN, i);
	}
}

/* The operator writes its spec to the node as JSON, without a zero and without defaultErrnoRet. */
static void test_spo_again(void **state)
{
	static const char *const same[] = {"eperm",  "kill", "deny",      "log",
					   "arches", "x86",  "conditions"};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++)
		for (size_t k = 0; k < COUNT(documents); k++)
			if (strcmp(documents[k].name, same[i]) == 0)
				round_trip(FORM_SPO, LOADER_AUTO, k);
}

static void test_alternatives(void **state)
{
	static const enum form all[] = {FORM_OCI, FORM_DOCKER, FORM_SPO};
	struct profile *a = load(alternatives, LOADER_OCI, RUNTIME_RUNC, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		WRITTEN_AUTO written = write_form(all[i], alternatives, false);
		struct profile *b = load(written.text.p, LOADER_AUTO, RUNTIME_CRUN, 0);
		struct comparing comparing;

		comparing_init(&comparing, profile_filter(a), profile_filter(b));
		assert_same_call(&comparing, AUDIT_ARCH_X86_64, 72, "fcntl");
		assert_int_equal(profile_judge(b, AUDIT_ARCH_X86_64, 72).kind, VERDICT_CONDITIONAL);
		comparing_release(&comparing);
		profile_free(b);
	}
	profile_free(a);
}

/* systemd knows no ENOSYS stub: what crun builds is the measure. */
static void round_trip_unit(const char *text, unsigned systemd)
{
	WRITTEN_AUTO written = write_form(FORM_SYSTEMD, text, false);

	if (written.r < 0)
		fail_msg("%s", written.err.message);
	struct profile *a = load(text, LOADER_OCI, RUNTIME_CRUN, 0);
	struct profile *b = load(written.text.p, LOADER_AUTO, RUNTIME_CRUN, systemd);
	size_t count;

	const struct lint *lints = profile_lint(b, &count);

	/* what systemd would say of a line; the rest is advice */
	for (size_t i = 0; i < count; i++)
		if (strncmp(lints[i].where, "line ", 5) == 0)
			fail_msg("%s: %s", lints[i].where, lints[i].message);
	assert_same(a, b, true, text);
	profile_free(a);
	profile_free(b);
}

static void test_systemd_again(void **state)
{
	(void)state;
	round_trip_unit(plain, 252);
	round_trip_unit(plain, 255);
	round_trip_unit(eperm, 252);
	round_trip_unit(kill_all, 252);
	round_trip_unit(deny, 252);
	round_trip_unit(deny, 255);
	round_trip_unit(logs, 252);
	round_trip_unit(only_x86, 252);
}

/* --- JSON */

static void test_json_text(void **state)
{
	static const char expected[] = "{\n"
				       "\t\"x-sclog\": {\n"
				       "\t\t\"records\": 1234,\n"
				       "\t\t\"since\": \"2026-11-21T23:01:34.454Z\",\n"
				       "\t\t\"containers\": [\n"
				       "\t\t\t\"web (268887c643f8)\",\n"
				       "\t\t\t\"db\"\n"
				       "\t\t],\n"
				       "\t\t\"complete\": true,\n"
				       "\t\t\"reasons\": []\n"
				       "\t},\n"
				       "\t\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\",\n"
				       "\t\"syscalls\": [\n"
				       "\t\t{\n"
				       "\t\t\t\"names\": [\n"
				       "\t\t\t\t\"execve\",\n"
				       "\t\t\t\t\"read\"\n"
				       "\t\t\t],\n"
				       "\t\t\t\"action\": \"SCMP_ACT_ALLOW\"\n"
				       "\t\t},\n"
				       "\t\t{\n"
				       "\t\t\t\"names\": [\n"
				       "\t\t\t\t\"write\"\n"
				       "\t\t\t],\n"
				       "\t\t\t\"action\": \"SCMP_ACT_ERRNO\",\n"
				       "\t\t\t\"errnoRet\": 9\n"
				       "\t\t}\n"
				       "\t]\n"
				       "}\n";
	WRITTEN_AUTO written = write_form(FORM_OCI, kill_all, false);

	(void)state;
	assert_int_equal(written.r, 0);
	assert_string_equal(written.text.p, expected);
}

/* What is ours is no member that a reader would have to be warned of. */
static void test_evidence_unlinted(void **state)
{
	WRITTEN_AUTO written = write_form(FORM_OCI, kill_all, false);
	struct profile *profile = load(written.text.p, LOADER_OCI, RUNTIME_RUNC, 0);
	size_t count;
	const struct lint *lints = profile_lint(profile, &count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		assert_null(strstr(lints[i].where, "x-sclog"));
	profile_free(profile);
}

/* moby: the entry of its host's arch, or `architectures` as they are; never both. */
static void test_arch_map(void **state)
{
	static const struct {
		const char *document;
		bool map;
		const char *has;
	} table[] = {
		{plain, true, "\"architecture\": \"SCMP_ARCH_X86_64\""},
		{eperm, true, "\"subArchitectures\": []"},
		{kill_all, false, "{"},
		{many_arches, false, "\"SCMP_ARCH_AARCH64\""},
		{only_x86, false, "\"SCMP_ARCH_X86\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		WRITTEN_AUTO written = write_form(FORM_DOCKER, table[i].document, false);

		assert_int_equal(written.r, 0);
		assert_int_equal(strstr(written.text.p, "archMap") != NULL, table[i].map);
		assert_false(table[i].map && strstr(written.text.p, "architectures\""));
		assert_non_null(strstr(written.text.p, table[i].has));
	}
}

/* --- spo: the CRD, deploy/base-crds/crds/seccompprofile.yaml of 1.0.0 */

static const char *const crd_spec[] = {"architectures", "baseProfileName",  "defaultAction",
				       "flags",         "listenerMetadata", "listenerPath",
				       "state",         "syscalls"};
static const char *const crd_rule[] = {"action", "args", "errnoRet", "names"};
static const char *const crd_arg[] = {"index", "op", "value", "valueTwo"};
static const char *const crd_actions[] = {
	"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY"};
static const char *const crd_operators[] = {"SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
					    "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
					    "SCMP_CMP_MASKED_EQ"};
static const char *const crd_arches[] = {
	"SCMP_ARCH_NATIVE",    "SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",
	"SCMP_ARCH_ARM",       "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC",       "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",     "SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64"};
static const char *const crd_flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

static void assert_among(const char *word, const char *const *all, size_t count)
{
	assert_non_null(word);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i], word) == 0)
			return;
	fail_msg("%s is not in the CRD", word);
}

static void assert_members(json_t *object, const char *const *all, size_t count)
{
	const char *key;
	json_t *value;

	assert_true(json_is_object(object));
	json_object_foreach(object, key, value)
		assert_among(key, all, count);
}

/* x-kubernetes-list-type: set, of words */
static void assert_set(json_t *list, const char *const *all, size_t count)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		assert_non_null(word);
		if (all)
			assert_among(word, all, count);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(json_string_value(json_array_get(list, k)), word);
	}
}

static void assert_number(json_t *object, const char *name, bool required, json_int_t most)
{
	json_t *value = json_object_get(object, name);

	if (!value && !required)
		return;
	assert_true(json_is_integer(value));
	assert_true(json_integer_value(value) >= 0 && json_integer_value(value) <= most);
}

static void assert_crd_rule(json_t *rule)
{
	json_t *args = json_object_get(rule, "args"), *names = json_object_get(rule, "names");

	assert_members(rule, crd_rule, COUNT(crd_rule));
	assert_among(json_string_value(json_object_get(rule, "action")), crd_actions,
		     COUNT(crd_actions));
	assert_true(json_array_size(names) >= 1);
	assert_set(names, NULL, 0);
	assert_number(rule, "errnoRet", false, INT32_MAX);
	assert_true(json_array_size(args) <= 6);
	for (size_t i = 0; i < json_array_size(args); i++) {
		json_t *arg = json_array_get(args, i);

		assert_members(arg, crd_arg, COUNT(crd_arg));
		assert_number(arg, "index", true, INT32_MAX);
		assert_number(arg, "value", false, INT64_MAX);
		assert_number(arg, "valueTwo", false, INT64_MAX);
		assert_among(json_string_value(json_object_get(arg, "op")), crd_operators,
			     COUNT(crd_operators));
	}
}

static bool is_subdomain(const char *name)
{
	const size_t n = strlen(name);

	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i + 1 == n || name[i - 1] == '.' || name[i + 1] == '.';
		bool letter =
			(name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');

		if (!letter && (edge || (name[i] != '-' && name[i] != '.')))
			return false;
	}
	return true;
}

/* k8s.io/apimachinery: ValidateAnnotations(), IsQualifiedName() */
static void assert_annotations(json_t *annotations)
{
	size_t bytes = 0;
	const char *key;
	json_t *value;

	json_object_foreach(annotations, key, value) {
		const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;
		size_t n = strlen(name);

		assert_true(json_is_string(value));
		assert_true(n >= 1 && n <= 63);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-_."),
				 n);
		assert_null(strchr("-_.", name[0]));
		assert_null(strchr("-_.", name[n - 1]));
		bytes += strlen(key) + json_string_length(value);
	}
	assert_true(bytes <= 256 << 10);
}

static void assert_crd(const char *text)
{
	struct tree tree;
	struct err err = ERR_INIT;
	BUF_AUTO json = {0};

	if (tree_read(&tree, str_from(text), &err) < 0)
		fail_msg("%s\n%s", err.message, text);
	assert_int_equal(tree.document_count, 1);
	node_write_json(tree.documents[0], true, &json);
	tree_release(&tree);
	json_t *root = json_loadb(json.p, json.n, 0, NULL), *spec = json_object_get(root, "spec");
	json_t *metadata = json_object_get(root, "metadata");
	json_t *rules = json_object_get(spec, "syscalls");

	assert_string_equal(json_string_value(json_object_get(root, "apiVersion")),
			    "security-profiles-operator.x-k8s.io/v1");
	assert_string_equal(json_string_value(json_object_get(root, "kind")), "SeccompProfile");
	assert_int_equal(json_object_size(root), 4);
	assert_true(is_subdomain(json_string_value(json_object_get(metadata, "name"))));
	assert_annotations(json_object_get(metadata, "annotations"));
	/* scope: Cluster */
	assert_null(json_object_get(metadata, "namespace"));
	assert_members(spec, crd_spec, COUNT(crd_spec));
	assert_true(json_is_string(json_object_get(spec, "baseProfileName")));
	assert_among(json_string_value(json_object_get(spec, "defaultAction")), crd_actions,
		     COUNT(crd_actions));
	assert_set(json_object_get(spec, "architectures"), crd_arches, COUNT(crd_arches));
	assert_set(json_object_get(spec, "flags"), crd_flags, COUNT(crd_flags));
	for (size_t i = 0; i < json_array_size(rules); i++)
		assert_crd_rule(json_array_get(rules, i));
	json_decref(root);
}

static void test_spo_crd(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		WRITTEN_AUTO written = write_form(FORM_SPO, documents[i].text, true);

		if (written.r < 0)
			fail_msg("%s: %s", documents[i].name, written.err.message);
		assert_crd(written.text.p);
	}
}

static void test_spo_errno(void **state)
{
	WRITTEN_AUTO enosys = write_form(FORM_SPO, plain, false);
	struct profile *profile = load(enosys.text.p, LOADER_AUTO, RUNTIME_CRUN, 0);

	(void)state;
	assert_true(has_note(&enosys, "EPERM instead of ENOSYS"));
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 165).error, EPERM);
	profile_free(profile);
	WRITTEN_AUTO same = write_form(FORM_SPO, eperm, false);

	assert_false(has_note(&same, "EPERM"));
}

static void test_spo_values(void **state)
{
	WRITTEN_AUTO refused = write_form(FORM_SPO, huge, false);
	WRITTEN_AUTO widened = write_form(FORM_SPO, huge, true);

	(void)state;
	assert_int_equal(refused.r, -EINVAL);
	assert_non_null(strstr(refused.err.message, "ftruncate, prctl"));
	assert_int_equal(widened.r, 0);
	assert_true(has_note(&widened, "ftruncate, prctl"));
	struct profile *profile = load(widened.text.p, LOADER_AUTO, RUNTIME_CRUN, 0);

	/* asm/unistd_64.h: prctl 157, ftruncate 77, read 0, mount 165 */
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 157).kind, VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 77).kind, VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 0).kind, VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 165).kind, VERDICT_DENIED);
	profile_free(profile);
}

static void test_spo_names(void **state)
{
	static const struct {
		const char *wanted, *name;
	} table[] = {
		{"web", "web"},
		{"a.b-c", "a.b-c"},
		{"My Web_App:1.2", "my-web-app-1.2"},
		{"-.x.-", "x"},
		{"a-.-b..c", "a.b.c"},
		{"", "sclog"},
		{"\xc3\xa4", "sclog"},
		{"registry/nginx@sha256", "registry-nginx-sha256"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct form_heading heading = {.name = table[i].wanted, .namespace = "shop"};
		WRITTEN_AUTO written = write_with(FORM_SPO, kill_all, &heading, false);
		BUF_AUTO line = {0};
		bool plain_word = strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
				  strlen(table[i].name);
		const char *quote = plain_word ? "" : "\"";

		assert_crd(written.text.p);
		buf_format(&line, "  name: %s%s%s\n", quote, table[i].name, quote);
		if (!strstr(written.text.p, line.p))
			fail_msg("%s not in\n%s", line.p, written.text.p);
		assert_int_equal(has_note(&written, "RFC 1123"),
				 strcmp(table[i].wanted, table[i].name) != 0);
		assert_true(has_note(&written, "cluster-wide"));
	}
	char *name = mem_new(400, 1);
	const struct form_heading heading = {.name = memset(name, 'a', 399)};
	WRITTEN_AUTO written = write_with(FORM_SPO, kill_all, &heading, false);

	assert_crd(written.text.p);
	free(name);
}

static void test_spo_refused(void **state)
{
	static const struct {
		const char *document, *words;
	} table[] = {
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
		 "[\"SCMP_ARCH_LOONGARCH64\"],\"syscalls\":[]}",
		 "LOONGARCH64"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_NEW\"],"
		 "\"syscalls\":[]}",
		 "SECCOMP_NEW"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/a\","
		 "\"syscalls\":[]}",
		 "/run/a"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":"
		 "\"/var/run/security-profiles-operator/../a\",\"syscalls\":[]}",
		 "listenerPath"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		WRITTEN_AUTO written = write_form(FORM_SPO, table[i].document, true);

		assert_int_equal(written.r, -EINVAL);
		assert_non_null(strstr(written.err.message, table[i].words));
	}
}

/* --- systemd and minijail: what they cannot say */

static const struct refused {
	enum form form;
	const char *document, *words;
	bool widens;
} refusals[] = {
	{FORM_SYSTEMD, conditions, "access, clone, fcntl, fcntl64, ioctl, kill, lseek, umask",
	 true},
	{FORM_SYSTEMD, every_action, "SCMP_ACT_TRACE", false},
	{FORM_SYSTEMD,
	 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"],"
	 "\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	 "mount", false},
	{FORM_SYSTEMD,
	 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":0,\"syscalls\":[]}", "errno 0",
	 false},
	{FORM_MINIJAIL, deny, "SCMP_ACT_ALLOW", false},
	{FORM_MINIJAIL, logs, "minijail0 -L", false},
	{FORM_MINIJAIL, eperm, "SCMP_ACT_LOG: swapon", false},
	{FORM_MINIJAIL,
	 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"dup\"],\"action\":"
	 "\"SCMP_ACT_ERRNO\",\"errnoRet\":9,\"args\":[{\"index\":0,\"value\":1,\"op\":"
	 "\"SCMP_CMP_EQ\"}]}]}",
	 "dup", true},
	{FORM_OCI, "{}", "no filter", false},
	{FORM_OCI,
	 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"],\"action\":"
	 "\"SCMP_ACT_ERRNO\",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}",
	 "docker", false},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		WRITTEN_AUTO written = write_form(refusals[i].form, refusals[i].document, false);
		WRITTEN_AUTO widened = write_form(refusals[i].form, refusals[i].document, true);

		assert_int_equal(written.r, -EINVAL);
		if (!strstr(written.err.message, refusals[i].words))
			fail_msg("%zu: %s", i, written.err.message);
		assert_int_equal(widened.r, refusals[i].widens ? 0 : -EINVAL);
		if (refusals[i].widens)
			assert_true(has_note(&widened, refusals[i].words));
	}
}

static void test_systemd_widened(void **state)
{
	/* asm/unistd_64.h: clone 56, fcntl 72, ioctl 16, kill 62, lseek 8, umask 95; mount 165 */
	static const int open[] = {56, 72, 16, 62, 8, 95};
	WRITTEN_AUTO written = write_form(FORM_SYSTEMD, conditions, true);
	struct profile *profile = load(written.text.p, LOADER_AUTO, RUNTIME_CRUN, 252);

	(void)state;
	for (size_t i = 0; i < COUNT(open); i++)
		assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, open[i]).kind,
				 VERDICT_ALLOWED);
	assert_int_equal(profile_judge(profile, AUDIT_ARCH_X86_64, 165).kind, VERDICT_DENIED);
	profile_free(profile);
}

/* A message names a dozen. */
static void test_listing(void **state)
{
	static const char names[] =
		"accept bind brk chdir chmod chown clone close connect creat dup "
		"dup2 dup3 execve exit";
	BUF_AUTO text = {0};
	struct str rest = str_from(names);

	(void)state;
	buf_put_str(&text, STR("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["));
	for (size_t n; rest.n; rest = str_skip(rest, n < rest.n ? n + 1 : n)) {
		n = str_chr(rest, ' ');
		buf_format(&text,
			   "%s{\"names\": [\"%.*s\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
			   "[{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}",
			   rest.p == names ? "" : ", ", (int)n, rest.p);
	}
	buf_put_str(&text, STR("]}"));
	WRITTEN_AUTO refused = write_form(FORM_SYSTEMD, text.p, false);

	assert_non_null(strstr(refused.err.message, ": accept, bind, brk,"));
	assert_non_null(strstr(refused.err.message, ", dup, dup2 and 3 more;"));
}

static void test_systemd_text(void **state)
{
	static const char expected[] =
		"# A drop-in for a service: it takes the place of the unit's own filters.\n"
		"# records: 1234\n"
		"# since: 2026-11-21T23:01:34.454Z\n"
		"# containers:\n"
		"#   web (268887c643f8)\n"
		"#   db\n"
		"# complete: yes\n"
		"# reasons: none\n"
		"[Service]\n"
		"SystemCallArchitectures=\n"
		"SystemCallArchitectures=x86-64\n"
		"SystemCallFilter=\n"
		"# systemd begins a list to allow with @default; here only what the profile has "
		"counts.\n"
		"SystemCallFilter=@default\n"
		"SystemCallFilter=~@default\n"
		"SystemCallFilter=execve read swapon\n"
		"SystemCallFilter=~clone3:ENOSYS getpid:EACCES kexec_load:kill mount:EACCES\n"
		"SystemCallErrorNumber=EPERM\n"
		"SystemCallLog=\n"
		"SystemCallLog=swapon\n";
	WRITTEN_AUTO written = write_form(FORM_SYSTEMD, eperm, false);

	(void)state;
	assert_int_equal(written.r, 0);
	assert_string_equal(written.text.p, expected);
	assert_true(has_note(&written, "clone3"));
	WRITTEN_AUTO traps = write_form(
		FORM_SYSTEMD,
		"{\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":[{\"names\":[\"mount\"],"
		"\"action\":\"SCMP_ACT_TRAP\"},{\"names\":[\"no_such_call\",\"read\"],\"action\":"
		"\"SCMP_ACT_ALLOW\"}]}",
		false);

	assert_true(has_note(&traps, "the whole process: mount"));
	assert_true(has_note(&traps, "no_such_call"));
	assert_true(has_note(&traps, "execve"));
	assert_null(strstr(traps.text.p, "no_such_call"));
}

/* --- minijail */

static void test_minijail_text(void **state)
{
	static const char *const lines[] = {
		"\ndup: 1\n",
		/* every bit but those of the mask, which is 0x7e020000 */
		"\nclone: arg0 in 0xffffffff81fdffff; return 1\n",
		/* 21505 is 0x5401: bits 0, 10, 12 and 14 of the lower sixteen */
		"\nioctl: arg1 & 0x1 && arg1 & 0x400 && arg1 & 0x1000 && arg1 & 0x4000 && "
		"arg1 in 0xffffffffffff5401 && arg0 <= 0x2; return 1\n",
		"\nlseek: arg1 > 0x100000002 && arg2 < 0x2; return 1\n",
		"\nkill: arg1 >= 0xf; return 1\n",
		"\numask: arg0 != 0x1ff; return 1\n",
		"\nfcntl: arg1 == 0x1 || arg1 == 0x2 || arg2 > 0x8; return 1\n",
		/* i386's */
		"\n# not on x86_64: fcntl64\n",
	};
	WRITTEN_AUTO written = write_form(FORM_MINIJAIL, conditions, false);

	(void)state;
	assert_int_equal(written.r, 0);
	for (size_t i = 0; i < COUNT(lines); i++)
		if (!strstr(written.text.p, lines[i]))
			fail_msg("not there: %s\n%s", lines[i], written.text.p);
	assert_null(strstr(written.text.p, "access"));
	assert_true(has_note(&written, "instead of returning EPERM"));
	assert_true(has_note(&written, "SCMP_ARCH_X86"));
}

/* The grammar at the top of the functions of minijail's tools/parser.py. */
static void test_minijail_compiler(void **state)
{
	static const char *const lines[] = {
		"\n@default kill-process\n",
		"\ndup: allow\n",
		"\nclone: { arg0 in 0xffffffff81fdffff; allow, return 1 }\n",
		"\nfcntl: { arg1 == 0x1 || arg1 == 0x2 || arg2 > 0x8; allow, return 1 }\n",
	};
	static const char actions[] =
		"{\"defaultAction\": \"SCMP_ACT_TRAP\", \"syscalls\": ["
		"{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"},"
		"{\"names\": [\"acct\"], \"action\": \"SCMP_ACT_LOG\"},"
		"{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 13}]}";
	WRITTEN_AUTO written = write_form(FORM_MINIJAILC, conditions, false);
	WRITTEN_AUTO other = write_form(FORM_MINIJAILC, actions, false);

	(void)state;
	assert_int_equal(written.r, 0);
	for (size_t i = 0; i < COUNT(lines); i++)
		if (!strstr(written.text.p, lines[i]))
			fail_msg("not there: %s\n%s", lines[i], written.text.p);
	assert_true(has_note(&written, "instead of returning EPERM"));
	assert_int_equal(other.r, 0);
	if (!strstr(other.text.p,
		    "\n@default trap\nacct: log\nbpf: kill-process\nmount: return 13\nread: allow\n"))
		fail_msg("%s", other.text.p);
}

/* minijail linux-v6: str_to_op() of syscall_filter.c knows ==, !=, & and in. */
static void test_minijail_v6(void **state)
{
	WRITTEN_AUTO refused = write_form(FORM_MINIJAIL6, conditions, false);
	WRITTEN_AUTO widened = write_form(FORM_MINIJAIL6, conditions, true);

	(void)state;
	assert_int_equal(refused.r, -EINVAL);
	assert_non_null(strstr(refused.err.message, "fcntl, fcntl64, ioctl, kill, lseek"));
	assert_null(strstr(refused.err.message, "umask"));
	assert_int_equal(widened.r, 0);
	assert_non_null(strstr(widened.text.p, "\nkill: 1\n"));
	assert_non_null(strstr(widened.text.p, "\numask: arg0 != 0x1ff; return 1\n"));
	assert_non_null(strstr(widened.text.p, "\nclone: arg0 in 0xffffffff81fdffff; return 1\n"));
}

/* One line for a call, a comment or nothing. */
static void assert_policy(const char *text)
{
	BUF_AUTO seen = {0};

	buf_put_char(&seen, '\n');
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t n = strcspn(line, "\n"), name = strcspn(line, ":");
		BUF_AUTO key = {0};

		assert_int_equal(line[n], '\n');
		if (n)
			assert_int_not_equal(line[n - 1], '\\');
		if (n == 0 || line[0] == '#')
			continue;
		assert_int_equal(strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_"), name);
		buf_format(&key, "\n%.*s\n", (int)name, line);
		assert_null(strstr(seen.p, key.p));
		buf_put(&seen, key.p + 1, key.n - 1);
	}
}

/* What minijail's own compiler makes of the policy, on x86-64 alone. */
static void compile_policy(const char *parser, const char *document)
{
	WRITTEN_AUTO written = write_form(FORM_MINIJAIL, document, false);
	char policy[] = "/tmp/sclog-policy-XXXXXX";
	struct profile_source *source;
	struct profile_options options = profile_options_default();
	struct profile *compiled;
	struct err err = ERR_INIT;
	BUF_AUTO command = {0}, dump = {0};
	int fd = mkstemp(policy);
	struct comparing comparing;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, written.text.p, written.text.n), written.text.n);
	close(fd);
	buf_format(&command, "'%s' --dump=%s.bpf %s", parser, policy, policy);
	assert_int_equal(system(command.p), 0); /* NOLINT: the developer's own words */
	buf_format(&dump, "bpf:%s.bpf", policy);
	if (profile_source_acquire(dump.p, &source, &err) < 0 ||
	    profile_load(source, &options, &compiled, &err) < 0)
		fail_msg("%s", err.message);
	struct profile *own = load(document, LOADER_OCI, RUNTIME_RUNC, 0);

	comparing_init(&comparing, profile_filter(own), profile_filter(compiled));
	for (int64_t nr = 0; nr < NUMBERS; nr++) {
		char name[SYSCALL_NAME_SIZE];
		BUF_AUTO line = {0};

		syscall_name(AUDIT_ARCH_X86_64, nr, name);
		buf_format(&line, "\n%s: ", name);
		if (strstr(written.text.p, line.p))
			assert_same_call(&comparing, AUDIT_ARCH_X86_64, nr, name);
		else /* bpf.c: SECCOMP_RET_KILL */
			assert_int_equal(profile_judge(compiled, AUDIT_ARCH_X86_64, nr).action,
					 SECCOMP_RET_KILL_THREAD);
	}
	comparing_release(&comparing);
	profile_free(own);
	profile_free(compiled);
	profile_source_free(source);
	unlink(policy);
	unlink(dump.p + strlen("bpf:"));
}

static void test_minijail_compiled(void **state)
{
	const char *parser = getenv("SCLOG_MINIJAIL_PARSER");

	(void)state;
	if (!parser) {
		print_message("# skip: needs minijail's parse_seccomp_policy, and its path in "
			      "SCLOG_MINIJAIL_PARSER\n");
		skip();
	}
	compile_policy(parser, conditions);
	compile_policy(parser, alternatives);
	compile_policy(parser, huge);
	compile_policy(parser, plain);
	compile_policy(parser, kill_all);
	compile_policy(parser, many_arches);
}

/* --- strings from logs */

static const char *const hostile[] = {
	"a\nSystemCallFilter=~read\nmount: 1",
	"a\r\nmount: 1",
	"*/ \" ' }, \"syscalls\": []",
	"ends in a backslash \\",
	"ends in two \\\\ \\ ",
	"\x1b[2J\x1b]0;x\x07",
	"\xe2\x80\xa8mount: 1\xc2\x85mount: 1\xe2\x80\xae xyz",
	"# a: b\n---\nkind: Secret",
	"- &a !!binary |",
	"\xff\xfe \xc3( \xed\xa0\x80",
	"",
	"\xef\xbb\xbf\t%s%n$(id)`id`",
};

static json_t *hostile_evidence(void)
{
	json_t *evidence = json_object(), *list = json_array();

	for (size_t i = 0; i < COUNT(hostile); i++) {
		BUF_AUTO key = {0};
		const size_t n = strlen(hostile[i]);

		buf_format(&key, "reason%zu", i);
		json_object_set_new(evidence, key.p, json_stringn_nocheck(hostile[i], n));
		json_array_append_new(list, json_stringn_nocheck(hostile[i], n));
	}
	json_array_append_new(list, json_stringn_nocheck("nul\0mount: 1", 12));
	json_object_set_new(evidence, "containers", list);
	json_object_set_new(evidence, "a\nmount: 1", json_true());
	json_object_set_new(evidence, "\xe2\x80\xa8/..", json_integer(-1));
	return evidence;
}

static void assert_clean(const char *text)
{
	assert_true(utf8_valid(str_from(text)));
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t');
	assert_null(strstr(text, "\x7f"));
	assert_null(strstr(text, "\xe2\x80\xa8"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_null(strstr(text, "\xc2\x85"));
}

static void assert_unit_lines(const char *text)
{
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t n = strcspn(line, "\n");

		assert_true(line[0] == '#' || strncmp(line, "[Service]\n", 10) == 0 ||
			    strncmp(line, "SystemCall", 10) == 0);
		assert_int_not_equal(line[n - 1], '\\');
	}
}

static void assert_json(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("%d: %s\n%s", error.line, error.text, text);
	assert_string_equal(json_object_iter_key(json_object_iter(root)), "x-sclog");
	assert_int_equal(json_array_size(json_object_get(root, "syscalls")), 2);
	json_decref(root);
}

static void test_hostile(void **state)
{
	static const enum form all[] = {FORM_OCI, FORM_DOCKER, FORM_SPO, FORM_SYSTEMD,
					FORM_MINIJAIL};
	json_t *evidence = hostile_evidence();

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++)
		for (size_t k = 0; k < COUNT(all); k++) {
			const struct form_heading heading = {.name = hostile[i],
							     .namespace = hostile[i],
							     .base_name = "",
							     .evidence = evidence};
			WRITTEN_AUTO written = write_with(all[k], kill_all, &heading, false);
			WRITTEN_AUTO again = write_with(all[k], kill_all, &heading, false);

			assert_int_equal(written.r, 0);
			assert_string_equal(written.text.p, again.text.p);
			assert_clean(written.text.p);
			if (all[k] == FORM_OCI || all[k] == FORM_DOCKER)
				assert_json(written.text.p);
			if (all[k] == FORM_SPO)
				assert_crd(written.text.p);
			if (all[k] == FORM_SYSTEMD)
				assert_unit_lines(written.text.p);
			if (all[k] == FORM_MINIJAIL) {
				assert_policy(written.text.p);
				assert_null(strstr(written.text.p, "\nmount"));
				continue;
			}
			struct profile *a = load(kill_all, LOADER_OCI, RUNTIME_CRUN, 0);
			struct profile *b = load(written.text.p, LOADER_AUTO, RUNTIME_CRUN, 252);

			assert_same(a, b, true, hostile[i]);
			profile_free(a);
			profile_free(b);
		}
	json_decref(evidence);
}

/* A base is a name, whatever it holds; names of calls are the document's. */
static void test_hostile_names(void **state)
{
	static const char document[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"syscalls\":["
		"{\"names\":[\"read\",\"null\",\"1e3\",\"x\\ny: 1\",\"\\\\\",\"~\",\"#\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"write\"],\"action\":"
		"\"SCMP_ACT_ERRNO\",\"errnoRet\":9}]}";
	const struct form_heading heading = {.name = "a"};
	const struct form_heading based = {.name = "a", .base_name = "oci://r/a: b\n #"};
	WRITTEN_AUTO oci = write_with(FORM_OCI, document, &heading, false);
	WRITTEN_AUTO spo = write_with(FORM_SPO, document, &based, false);
	WRITTEN_AUTO unit = write_with(FORM_SYSTEMD, document, &heading, false);
	WRITTEN_AUTO policy = write_with(FORM_MINIJAIL, document, &heading, false);

	(void)state;
	json_t *root = json_loads(oci.text.p, JSON_REJECT_DUPLICATES, NULL);
	json_t *rule = json_array_get(json_object_get(root, "syscalls"), 0);

	assert_int_equal(json_array_size(json_object_get(rule, "names")), 7);
	json_decref(root);
	assert_crd(spo.text.p);
	assert_non_null(strstr(spo.text.p, "- \"null\"\n"));
	assert_clean(unit.text.p);
	assert_unit_lines(unit.text.p);
	assert_clean(policy.text.p);
	assert_policy(policy.text.p);
	assert_null(strstr(policy.text.p, "\ny: 1"));
}

/* Kubernetes' limit, with lists that are cut and say so. */
static void test_annotations_cut(void **state)
{
	json_t *evidence = json_object();

	(void)state;
	for (int i = 0; i < 40; i++) {
		json_t *list = json_array();
		BUF_AUTO key = {0};

		for (int k = 0; k < 2000; k++)
			json_array_append_new(list, json_string("container-with-a-name (0123)"));
		buf_format(&key, "list%d", i);
		json_object_set_new(evidence, key.p, list);
	}
	const struct form_heading heading = {.evidence = evidence};
	WRITTEN_AUTO written = write_with(FORM_SPO, kill_all, &heading, false);

	assert_crd(written.text.p);
	assert_non_null(strstr(written.text.p, " more\"\n"));
	assert_true(written.text.n < 64 << 10);
	json_decref(evidence);
}

static void test_words(void **state)
{
	static const struct {
		const char *name, *suffix;
		enum form form;
	} table[] = {{"oci", ".json", FORM_OCI},
		     {"docker", ".json", FORM_DOCKER},
		     {"spo", ".yaml", FORM_SPO},
		     {"systemd", ".conf", FORM_SYSTEMD},
		     {"minijail", ".policy", FORM_MINIJAIL},
		     {"minijail6", ".policy", FORM_MINIJAIL6},
		     {"minijailc", ".policy", FORM_MINIJAILC}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(form_from_name(table[i].name), table[i].form);
		assert_string_equal(form_suffix(table[i].form), table[i].suffix);
	}
	assert_int_equal(form_from_name(NULL), FORM_OCI);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),           cmocka_unit_test(test_oci_again),
		cmocka_unit_test(test_docker_again),    cmocka_unit_test(test_spo_again),
		cmocka_unit_test(test_alternatives),    cmocka_unit_test(test_systemd_again),
		cmocka_unit_test(test_json_text),       cmocka_unit_test(test_evidence_unlinted),
		cmocka_unit_test(test_arch_map),        cmocka_unit_test(test_spo_crd),
		cmocka_unit_test(test_spo_errno),       cmocka_unit_test(test_spo_values),
		cmocka_unit_test(test_spo_names),       cmocka_unit_test(test_spo_refused),
		cmocka_unit_test(test_refused),         cmocka_unit_test(test_systemd_widened),
		cmocka_unit_test(test_listing),         cmocka_unit_test(test_systemd_text),
		cmocka_unit_test(test_minijail_text),   cmocka_unit_test(test_minijail_compiler),
		cmocka_unit_test(test_minijail_v6),     cmocka_unit_test(test_minijail_compiled),
		cmocka_unit_test(test_hostile),         cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_annotations_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
