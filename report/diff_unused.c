#include "report/diff_private.h"

bool diff_shows_unused(const struct diff *diff, const struct diff_writing *writing)
{
	return diff->asks_unused && !writing->only_differences;
}

/* Calls that were made and are not among the group's observations. */
static bool leaves_out(const struct selection *selection)
{
	return selection->comm.count || selection->exe.count || selection->arch.count ||
	       selection->action.count;
}

const char *diff_unused_doubt(const struct diff *diff, const struct diff_group *group,
			      const struct selection *selection)
{
	static const char *const coverages[] = {
		[COVERAGE_UNKNOWN] = "it is not known whether the active profile logged "
				     "everything: it may have allowed calls without logging them",
		[COVERAGE_NONE] = "an enforcing profile was active: calls that it allowed "
				  "were not logged",
		[COVERAGE_PARTIAL] = "a log-mode profile was active: calls that its base "
				     "allows were not logged",
	};

	if (group->coverage != COVERAGE_FULL)
		return coverages[group->coverage];
	if (group->key.attribution != ATTRIBUTION_CONTAINER)
		return "these records belong to no container: its other records are not known";
	if (leaves_out(selection))
		return "the selection has only part of its calls";
	if (group->records == 0)
		return "nothing was observed";
	if (group->killed)
		return "a program was killed: its next calls are not known";
	if (group->without_arch)
		return "some of its records have no arch";
	return diff->flawed ? "records may be missing; see the evidence" : NULL;
}
