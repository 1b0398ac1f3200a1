/*
 * Processes that a test has started.
 */
#ifndef SCLOG_TESTS_CHILD_H
#define SCLOG_TESTS_CHILD_H

#include <stdio.h>
#include <sys/types.h>

/* The youngest child of a process; 0: none. */
static inline pid_t child_of(pid_t parent)
{
	char path[64];
	int child = 0, next;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *file = fopen(path, "r");

	while (file && fscanf(file, "%d", &next) == 1)
		child = next;
	if (file)
		fclose(file);
	return child;
}

#endif
