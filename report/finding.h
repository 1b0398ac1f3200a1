/*
 * A finding: one line of a diff. Observed on one side, judged on the other.
 */
#ifndef SCLOG_REPORT_FINDING_H
#define SCLOG_REPORT_FINDING_H

#include "base/buf.h"
#include "profile/profile.h"
#include "store/query.h"

#include <jansson.h>

enum finding_kind {
	FINDING_MISSING,     /* the profile refuses it */
	FINDING_LOGGED,      /* the profile lets it through only to log it */
	FINDING_FALLBACK,    /* refused with ENOSYS on purpose, so that programs fall back */
	FINDING_CONDITIONAL, /* allowed for some arguments; a record carries none */
	FINDING_KIND_COUNT,
};

/* "missing", "logged", "fallback", "conditional": the lists of a diff in JSON and CSV. */
const char *finding_kind_name(enum finding_kind kind);

/* For people: "refused", "logged", "falls back", "conditional". */
const char *finding_kind_word(enum finding_kind kind);

/* Programs named in one finding; a container can run any number, and what is over is not kept. */
#define FINDING_PROGRAMS_MAX 64

struct finding {
	enum finding_kind kind;
	uint32_t arch;          /* AUDIT_ARCH_* */
	int32_t nr;             /* as logged */
	struct verdict verdict; /* borrows from the profile */
	uint64_t count;
	bool count_exact; /* else a minute that the window cuts was counted whole */
	int64_t first_ms, last_ms;
	struct str *programs; /* sorted, each once; owned */
	size_t program_count;
	bool programs_cut; /* there were more */
};

/* The list that a verdict belongs to; false for what is allowed. */
bool finding_kind_of(const struct verdict *verdict, enum finding_kind *ret_kind);

/* For people: finding_kind_word(), or "allowed". */
const char *finding_verdict_word(const struct verdict *verdict);

/* For people: "LOG", "ERRNO EPERM", "KILL_PROCESS, architecture not in the filter". */
void finding_put_action(struct buf *buf, const struct verdict *verdict);

/* A finding for the observation, with nothing counted yet. */
struct finding *finding_new(enum finding_kind kind, const struct verdict *verdict,
			    const struct observation *observation);
void finding_free(struct finding *finding);

/* Counts the observation. */
void finding_add(struct finding *finding, const struct observation *observation);

/* Whether two findings belong in one line: kind, arch, number, and what the call would get. */
int finding_compare_key(const struct finding *a, const struct finding *b);

/* The order of lines: kind, syscall's name, arch, number. */
int finding_compare(const struct finding *a, const struct finding *b);

/* Sets "verdict", "action" and "errno" in an object. */
void finding_put_verdict(json_t *object, const struct verdict *verdict);

/* A list of strings; empty where only one value is reachable. */
json_t *finding_conditions(const struct verdict *verdict);

#endif
