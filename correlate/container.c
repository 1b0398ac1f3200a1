#include "correlate/container.h"

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
