#include "profile/twin/logmode_private.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"

#include <stdlib.h>
#include <string.h>

struct visits {
	const struct document *document;
	const struct profile_options *users;
	situation_visit *visit;
	void *context;
};

static int visit(const struct visits *visits, const struct profile_options *situation)
{
	return visits->visit(visits->context, situation, false);
}

/* A syscall, and the capabilities that decide over a rule for it. */
struct decided {
	const char *name;
	caps caps;
};

static caps caps_of(const struct document_rule *rule)
{
	const struct strings *lists[] = {&rule->includes.caps, &rule->excludes.caps};
	caps all = 0, one;

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < lists[i]->count; k++)
			if (caps_from_name(str_from(lists[i]->all[k]), &one))
				all |= one;
	return all;
}

/* For each capability those that cannot be turned round together with it. Returns all named. */
static caps find_conflicts(const struct document *document, caps conflicts[64])
{
	MEM_AUTO struct decided *all = mem_new(DOCUMENT_MAX_NAMES, sizeof(*all));
	caps named = 0;
	size_t count = 0;
	uint32_t call;

	for (size_t i = 0; i < document->rule_count; i++) {
		const struct document_rule *rule = &document->rules[i];
		caps its = caps_of(rule);

		for (size_t k = 0; its && k < document_name_count(rule); k++)
			all[count++] = (struct decided){document_name(rule, k), its};
		named |= its;
	}
	qsort(all, count, sizeof(*all), sorted_by_name);
	for (size_t i = 0, end; i < count; i = end) {
		caps together = 0;

		for (end = i; end < count && strcmp(all[end].name, all[i].name) == 0; end++)
			together |= all[end].caps;
		bool shared = syscall_multiplexer(SCMP_ARCH_X86, all[i].name, &call);

		for (unsigned bit = 0; bit < 64; bit++)
			if (shared || together >> bit & 1)
				conflicts[bit] |= shared && together >> bit & 1 ? named : together;
	}
	return named;
}

static int each_caps(const struct visits *visits)
{
	struct profile_options options = *visits->users;
	caps conflicts[64] = {0};
	const caps named = find_conflicts(visits->document, conflicts);
	int r = 0;

	for (caps left = named, turned; r == 0 && left; left &= ~turned) {
		turned = 0;
		for (unsigned bit = 0; bit < 64; bit++)
			if (left >> bit & 1 && !(conflicts[bit] & turned))
				turned |= UINT64_C(1) << bit;
		options.caps = visits->users->caps ^ turned;
		r = visit(visits, &options);
	}
	for (unsigned i = 0; r == 0 && named && i < 2; i++) {
		options.caps = i ? ~UINT64_C(0) : 0;
		r = visit(visits, &options);
	}
	return r;
}

static int each_kernel(const struct visits *visits, const struct document_filter *filter)
{
	struct profile_options options = *visits->users;

	if (!filter->has_min_kernel)
		return 0;
	options.kernel_major = filter->kernel;
	options.kernel_minor = filter->major;
	int r = visit(visits, &options);

	if (options.kernel_minor == 0)
		options.kernel_major--;
	options.kernel_minor = options.kernel_minor ? options.kernel_minor - 1 : 99;
	return r < 0 ? r : visit(visits, &options);
}

static int each_host(const struct visits *visits)
{
	struct profile_options options = *visits->users;
	int r = 0;

	for (size_t i = 0; r == 0 && i < visits->document->arch_map_count; i++) {
		options.arch = arch_from_name(str_from(visits->document->arch_map[i].architecture));
		if (options.arch && options.arch != visits->users->arch)
			r = visit(visits, &options);
	}
	return r;
}

int situations_each(const struct document *document, const struct profile_options *users,
		    situation_visit *visitor, void *context)
{
	const struct visits visits = {document, users, visitor, context};
	struct profile_options other = *users;
	int r = visitor(context, users, true);

	other.runtime = other.runtime == RUNTIME_RUNC ? RUNTIME_CRUN : RUNTIME_RUNC;
	if (r == 0)
		r = visit(&visits, &other);
	if (r == 0)
		r = each_caps(&visits);
	for (size_t i = 0; r == 0 && i < document->rule_count; i++) {
		r = each_kernel(&visits, &document->rules[i].includes);
		if (r == 0)
			r = each_kernel(&visits, &document->rules[i].excludes);
	}
	return r < 0 ? r : each_host(&visits);
}
