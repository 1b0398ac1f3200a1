/*
 * A cover: OCI rules for one name that together say what a region says.
 *
 * An OCI rule compares an argument with a constant (config-linux.md: SCMP_CMP_NE, LT, LE, EQ, GE,
 * GT, MASKED_EQ), and holds if all its comparisons do, provided that no two of them are of the
 * same argument; several rules with one action are alternatives. So any set of arguments that
 * comparisons and masks describe has a cover: at worst, every range is cut at powers of two, and
 * every masked inequality is written bit by bit.
 */
#ifndef SCLOG_PROFILE_WRITE_COVER_H
#define SCLOG_PROFILE_WRITE_COVER_H

#include "profile/document/document.h"
#include "profile/answers/region.h"

/* How the rules of a cover are made; if a proof finds a difference, the next one is tried. */
enum cover_manner {
	COVER_SHORT, /* few rules, which may overlap */
	COVER_PLAIN, /* rules that do not overlap */
	COVER_NONE,  /* no rules: none can be made, or other rules imply them */
};

struct cover_rule {
	uint32_t value;                             /* SECCOMP_RET_* with its data */
	struct document_arg args[REGION_ARGUMENTS]; /* in the order of their indexes */
	size_t arg_count;                           /* 0: the rule holds for every call */
};

/* Zeroed is valid and empty. */
struct cover {
	struct cover_rule *all;
	size_t count;
};

/* Adds one rule; at most REGION_ARGUMENTS args. */
void cover_put(struct cover *cover, uint32_t value, const struct document_arg *args,
	       size_t arg_count);

/*
 * Rules for one syscall. libseccomp 2.5.4 cannot build many rules of several args with inequalities:
 * it puts each into every branch of those before it, and does not finish five such rules of three
 * args in any useful time.
 */
#define COVER_MAX         128
#define COVER_MAX_TANGLED 3

/*
 * Adds rules that give a value to a region, which is neither empty nor everything. `narrow`:
 * arguments have 32 bits, so what the rules say of larger values does not matter, and the region does
 * not depend on the high halves. False, perhaps with some of the rules, if it takes more than
 * COVER_MAX, or for COVER_NONE.
 */
bool cover_make(struct regions *regions, region wanted, uint32_t value, bool narrow,
		enum cover_manner manner, struct cover *cover);
void cover_release(struct cover *cover);

/* True if libseccomp compares only the low 32 bits of arguments on that arch. */
bool cover_is_narrow(uint32_t token);

/* How many of its rules have several args, one of them an inequality. */
size_t cover_tangled(const struct cover *cover);

#endif
