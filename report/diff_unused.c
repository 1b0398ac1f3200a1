#include "report/diff_private.h"

#include <stdlib.h>

bool diff_shows_unused(const struct diff *diff, const struct diff_writing *writing)
{
	return diff->asks_unused && !writing->only_differences;
}

/* Calls that were made and are not among the group's observations. */
static bool leaves_out(const struct selection *selection)
{
	return selection->comm.count || selection->exe.count || selection->arch.count ||
	       selection->action.count || selection->syscall.count;
}

/* Whether one of the unused calls could have been made without a record. */
static bool may_use(const struct diff *diff, const struct diff_group *group)
{
	const char **names;
	size_t count = unused_names(&diff->unused, group->judged_by, &group->used, &names);
	bool may = false;

	for (size_t i = 0; i < count && !may; i++)
		for (size_t k = 0; k < group->view_count && !may; k++)
			may = texts_has(blind_calls(group->views[k].blind, BLIND_PASSES), names[i]);
	free(names);
	return may;
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

	if (group->unseen)
		return coverages[group->coverage];
	if (may_use(diff, group))
		return "the active profile allowed some of them without logging";
	if (group->key.attribution != ATTRIBUTION_CONTAINER)
		return "these records belong to no container: its other records are not known";
	if (leaves_out(selection))
		return "the selection has only part of its calls";
	if (group->records == 0)
		return "nothing was observed";
	if (group->killed)
		return "a program was killed: its next calls are not known";
	if (group->without_arch)
		return "some of its records have no architecture";
	return diff_group_is_flawed(diff, group) ? "records may be missing; see the evidence"
						 : NULL;
}
