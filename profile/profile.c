#include "profile/profile.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ingest/arch.h"
#include "profile/condition.h"
#include "profile/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * Answers kept by (arch, number). A container may call any number it likes, so past this many
 * an answer is found again each time; its text is still kept once.
 */
#define MEMO_MAX (1U << 16)

/* One answer: which verdict of profile.verdicts. */
struct memo {
	bool used;
	uint32_t audit_arch;
	int64_t nr;
	size_t verdict;
};

struct profile {
	char *source;
	struct profile_options options;
	struct document document;
	struct rules rules;
	struct filter filter;
	struct lints lints;
	const char **names; /* that rules have, sorted */
	size_t name_count;
	struct walk walk;
	struct memo *memo; /* hash by (arch, nr), memo_size a power of two */
	size_t memo_count, memo_size;
	struct verdict *verdicts; /* each differs from all others */
	size_t verdict_count, verdict_size;
};

static void verdict_release(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->condition_count; i++)
		free((void *)(uintptr_t)verdict->conditions[i]);
	free((void *)(uintptr_t)verdict->conditions);
	free((void *)(uintptr_t)verdict->reachable);
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->verdict_count; i++)
		verdict_release(&profile->verdicts[i]);
	free(profile->verdicts);
	free(profile->memo);
	walk_release(&profile->walk);
	free(profile->names);
	filter_release(&profile->filter);
	rules_release(&profile->rules);
	document_release(&profile->document);
	lint_release(&profile->lints);
	free(profile->source);
	free(profile);
}

static int read_all(int fd, struct buf *bytes, struct err *err)
{
	for (;;) {
		char *to = buf_reserve(bytes, 1U << 16);
		ssize_t n = read(fd, to, 1U << 16);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read");
		if (n == 0)
			return 0;
		bytes->n += (size_t)n;
		if (bytes->n > DOCUMENT_MAX_BYTES)
			return err_set(err, EFBIG, "larger than %u MiB: no seccomp profile",
				       DOCUMENT_MAX_BYTES >> 20);
	}
}

static int read_source(const char *source, struct buf *bytes, struct err *err)
{
	bool standard_input = strcmp(source, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_errno(err, errno, "cannot open");
	int r = read_all(fd, bytes, err);

	if (!standard_input)
		close(fd);
	if (r == 0 && bytes->n == 0)
		r = err_set(err, EINVAL, "empty: no seccomp profile");
	return r;
}

/* Fills what the user has left open with what this host is. */
static int complete_options(struct profile_options *options, struct err *err)
{
	struct utsname name;

	if (options->arch == 0)
		options->arch = arch_native();
	if (!arch_name(options->arch))
		return err_set(err, EINVAL, "unknown host architecture 0x%08x", options->arch);
	if (options->kernel_major || options->kernel_minor)
		return 0;
	if (uname(&name) < 0 ||
	    sscanf(name.release, "%u.%u", &options->kernel_major, &options->kernel_minor) != 2)
		return err_set(err, EINVAL, "cannot tell this host's kernel version");
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(struct profile *profile)
{
	profile->names = mem_new(profile->rules.count, sizeof(*profile->names));
	for (size_t i = 0; i < profile->rules.count; i++)
		profile->names[profile->name_count++] = profile->rules.all[i].name;
	qsort(profile->names, profile->name_count, sizeof(*profile->names), by_name);
}

static int load(struct profile *profile, const char *source, struct err *err)
{
	BUF_AUTO bytes = {0};
	int r = complete_options(&profile->options, err);

	if (r == 0)
		r = read_source(source, &bytes, err);
	if (r == 0)
		r = document_parse(bytes.p, bytes.n, &profile->document, &profile->lints, err);
	if (r == 0)
		r = rules_resolve(&profile->document, &profile->options, &profile->rules,
				  &profile->lints, err);
	if (r == 0 && !profile->rules.off)
		r = filter_build(&profile->rules, &profile->options, &profile->filter,
				 &profile->lints, err);
	return r;
}

/* "FILE:LINE:COLUMN: what" for malformed JSON, "FILE: what" for all else. */
static void prefix_source(struct err *err, const char *source)
{
	const char *name = strcmp(source, "-") == 0 ? "standard input" : source;
	size_t digits = strspn(err->message, "0123456789");
	bool has_line = digits > 0 && err->message[digits] == ':';

	if (!has_line) {
		err_prefix(err, "%s", name);
		return;
	}
	char message[sizeof(err->message)];
	int code = err->code;

	memcpy(message, err->message, sizeof(message));
	err_clear(err);
	err_set(err, code, "%s:%s", name, message);
}

int profile_load(const char *source, const struct profile_options *options,
		 struct profile **ret_profile, struct err *err)
{
	struct profile *profile = mem_new(1, sizeof(*profile));
	int r;

	profile->source = mem_copy(str_from(source));
	profile->options = *options;
	walk_init(&profile->walk);
	r = load(profile, source, err);
	if (r < 0) {
		prefix_source(err, source);
		profile_free(profile);
		return r;
	}
	sort_names(profile);
	lint_finish(&profile->lints);
	*ret_profile = profile;
	return 0;
}

struct profile_info profile_info(const struct profile *profile)
{
	return (struct profile_info){
		.source = profile->source,
		.format = shape_name(profile->document.shape),
		.loader = profile->rules.loader,
		.runtime = profile->options.runtime,
		.default_action =
			profile->document.default_action ? profile->document.default_action : "",
	};
}

const struct lint *profile_lint(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->lints.count;
	return profile->lints.all;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	if (a->kind != b->kind || a->origin != b->origin ||
	    a->reachable_count != b->reachable_count || a->condition_count != b->condition_count)
		return false;
	for (size_t i = 0; i < a->reachable_count; i++) {
		if (a->reachable[i] != b->reachable[i])
			return false;
	}
	for (size_t i = 0; i < a->condition_count; i++) {
		if (strcmp(a->conditions[i], b->conditions[i]) != 0)
			return false;
	}
	return true;
}

/* Takes the verdict over; gives the index of the one that is kept. */
static size_t keep_verdict(struct profile *profile, struct verdict verdict)
{
	for (size_t i = 0; i < profile->verdict_count; i++) {
		if (!same_verdict(&profile->verdicts[i], &verdict))
			continue;
		verdict_release(&verdict);
		return i;
	}
	if (profile->verdict_count == profile->verdict_size) {
		profile->verdict_size = profile->verdict_size ? profile->verdict_size * 2 : 16;
		profile->verdicts =
			mem_resize(profile->verdicts, profile->verdict_size * sizeof(verdict));
	}
	profile->verdicts[profile->verdict_count] = verdict;
	return profile->verdict_count++;
}

static size_t judge(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	const struct judge judge = {
		.rules = &profile->rules,
		.filter = &profile->filter,
		.names = profile->names,
		.name_count = profile->name_count,
	};
	const struct question question = {
		.audit_arch = audit_arch,
		.nr = (uint32_t)nr,
		.big_endian = profile->filter.big_endian,
	};

	if (profile->rules.off)
		return keep_verdict(profile, verdict_unfiltered());
	walk_filter(&profile->walk, profile->filter.program, profile->filter.count, &question);
	return keep_verdict(profile, verdict_of(&judge, &profile->walk, audit_arch, nr));
}

static struct memo *memo_slot(const struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	uint64_t hash = ((uint64_t)nr ^ (uint64_t)audit_arch << 32) * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = hash >> 32;; i++) {
		struct memo *memo = &profile->memo[i & (profile->memo_size - 1)];

		if (!memo->used || (memo->nr == nr && memo->audit_arch == audit_arch))
			return memo;
	}
}

static void memo_grow(struct profile *profile)
{
	struct memo *old = profile->memo;
	size_t size = profile->memo_size;

	profile->memo_size = size ? size * 2 : 1024;
	profile->memo = mem_new(profile->memo_size, sizeof(*profile->memo));
	for (size_t i = 0; i < size; i++) {
		if (old[i].used)
			*memo_slot(profile, old[i].audit_arch, old[i].nr) = old[i];
	}
	free(old);
}

struct verdict profile_judge(struct profile *profile, uint32_t audit_arch, int64_t nr)
{
	if (profile->memo_count * 2 >= profile->memo_size)
		memo_grow(profile);
	struct memo *memo = memo_slot(profile, audit_arch, nr);

	if (memo->used)
		return profile->verdicts[memo->verdict];
	size_t at = judge(profile, audit_arch, nr);

	if (profile->memo_count < MEMO_MAX) {
		*memo = (struct memo){
			.used = true, .audit_arch = audit_arch, .nr = nr, .verdict = at};
		profile->memo_count++;
	}
	return profile->verdicts[at];
}
