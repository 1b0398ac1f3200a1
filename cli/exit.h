/*
 * Exit codes, the same for every command; sclog(1) lists them.
 */
#ifndef SCLOG_CLI_EXIT_H
#define SCLOG_CLI_EXIT_H

enum exit_code {
	EXIT_FINE = 0,        /* nothing is missing */
	EXIT_DIFFERENCES = 1, /* the profile refuses or only logs what was observed */
	EXIT_TROUBLE = 2,     /* bad usage, unreadable input, damaged store, output that fails */
	EXIT_INCOMPLETE = 3,  /* --require-complete, and the evidence is not; before 0 and 1 */
};

#endif
