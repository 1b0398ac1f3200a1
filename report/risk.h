/*
 * Calls that few containers need and that attacks on the host go through, each with the reason.
 *
 * That a workload makes one is no proof of anything; it is what a person looks at first. The list is
 * short on purpose: what Docker's profile keeps for a capability that opens the host, and the ways in
 * of kernel exploits that made it into such profiles.
 */
#ifndef SCLOG_REPORT_RISK_H
#define SCLOG_REPORT_RISK_H

/* Why the call is one of them: "loads code into the kernel"; NULL for all others. */
const char *risk_of(const char *syscall);

#endif
