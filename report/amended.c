#include "report/amended.h"

#include "report/summary.h"

int amended_write(const struct amend_counts *counts, const char *done, bool dry_run,
		  enum format format, FILE *out)
{
	char label[64];
	const struct summary_row all[] = {
		{.path = "records", .label = label, .count = counts->records},
		{.path = "series", .label = "different calls of programs", .count = counts->series},
		{.path = "kept",
		 .label = "kept: pruned hours that reach beyond the time span",
		 .count = counts->kept,
		 .if_nonzero = true},
	};

	snprintf(label, sizeof(label), "records %s%s", dry_run ? "that would be " : "", done);
	return summary_write(all, sizeof(all) / sizeof(all[0]), format, out);
}
