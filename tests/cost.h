/*
 * What a piece of work costs, in a unit that is the same on a slow machine, on one whose host
 * takes its processors away (which a virtual machine bills to the process), and under valgrind: the
 * processor time of a fixed loop that runs right after the work. On a desktop processor of 2020
 * the loop takes a millisecond.
 */
#ifndef SCLOG_TESTS_COST_H
#define SCLOG_TESTS_COST_H

#include <stdint.h>
#include <time.h>

/* Processor time of this process, in seconds. */
static inline double cost_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How many of these loops the work since `begin` (of cost_now()) is worth. */
static inline double cost_since(double begin)
{
	static uint8_t bytes[4096];
	static volatile uint32_t sum;
	const int loops = 20;
	double seconds = cost_now() - begin, loop_begin = cost_now();

	for (int loop = 0; loop < loops; loop++) {
		uint32_t hash = sum;

		for (int pass = 0; pass < 256; pass++)
			for (size_t i = 0; i < sizeof(bytes); i++)
				hash = (hash ^ bytes[i]) * 16777619;
		sum = hash;
	}
	return seconds / ((cost_now() - loop_begin) / loops);
}

#endif
