#include "correlate/container.h"

#include "base/mem.h"

#include <stdlib.h>

static const char *const coverage_names[] = {
	[COVERAGE_UNKNOWN] = "unknown",
	[COVERAGE_NONE] = "none",
	[COVERAGE_PARTIAL] = "partial",
	[COVERAGE_FULL] = "full",
};

const char *coverage_name(enum coverage coverage)
{
	return coverage_names[coverage];
}

bool coverage_from_name(struct str name, enum coverage *ret_coverage)
{
	for (size_t i = 0; i < sizeof(coverage_names) / sizeof(coverage_names[0]); i++) {
		if (str_eq(name, str_from(coverage_names[i]))) {
			*ret_coverage = (enum coverage)i;
			return true;
		}
	}
	return false;
}

bool container_is_service(const struct container *container)
{
	return str_eq(container->runtime, STR(RUNTIME_SERVICE));
}

static struct str copy_into(char **to, struct str s)
{
	struct str copy = str_of(*to, s.n);

	if (s.n)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return copy;
}

void container_put_id(struct buf *id, struct str namespace, struct str pod, struct str name)
{
	const struct str parts[] = {namespace, pod, name};

	for (size_t i = 0; i < 3; i++) {
		if (i)
			buf_put_char(id, '/');
		buf_put_str(id, parts[i]);
	}
}

struct container *container_copy(const struct container *container)
{
	size_t n = container->profile.n;

	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		n += container->texts[i].n;
	struct container *copy = mem_new(1, sizeof(*copy) + n);
	char *to = (char *)(copy + 1);

	*copy = *container;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		copy->texts[i] = copy_into(&to, container->texts[i]);
	copy->profile = copy_into(&to, container->profile);
	return copy;
}

void container_free(struct container *container)
{
	free(container);
}
