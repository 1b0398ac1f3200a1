/*
 * What the parts of an export share: export.c makes rules of answers, export_proof.c compares what
 * they build with the filter.
 */
#ifndef SCLOG_PROFILE_WRITE_EXPORT_PRIVATE_H
#define SCLOG_PROFILE_WRITE_EXPORT_PRIVATE_H

#include "profile/answers/answers.h"
#include "profile/answers/verdict.h"
#include "profile/write/cover.h"
#include "profile/write/export.h"
#include "profile/filter/filter.h"
#include "profile/filter/value.h"

/* What one name gets for one value of the filter. */
struct export_rule {
	uint32_t value;
	struct cover cover; /* no rule in it: without args */
};

struct export_name {
	const char *name;
	enum cover_manner
		manner; /* COVER_NONE: on i386 libseccomp makes rules for socketcall and ipc */
	bool pinned;    /* named so that the stub begins where it did, whatever its rule */
	bool conditional;
	bool inexpressible;
	uint32_t token; /* whose answer decides: the host's if it has the syscall */
	uint32_t nr;    /* as the kernel shows it to a filter there */
	struct export_rule *rules;
	size_t rule_count;
};

struct exporter {
	struct filter filter; /* borrowed, but for its arches */
	struct survey survey;
	uint32_t host;
	uint32_t default_action; /* that a profile can have */
	struct regions regions;
	struct answers answers;    /* the filter's */
	struct export_name *names; /* sorted */
	size_t name_count;
	struct export *export;
};

/* Whether libseccomp gives a syscall's arguments only their low 32 bits on that arch. */
bool export_is_narrow(uint32_t token);

/* The profile of some of the names. document_release() is due. */
struct document export_document(const struct exporter *exporter, const struct export_name *names,
				size_t count);

/* Where filter and profile part: numbers in a row, all with the same name or without one. */
struct difference {
	uint32_t token; /* 0: arches that the filter does not know */
	uint32_t first, last;
	char *name; /* NULL: none */
	char *filter_says, *profile_says;
};

struct differences {
	struct difference *all;
	size_t count;
};

/* A change of diagrams: value_effect(). */
uint32_t export_effect(uint32_t value, const void *context);

/* Builds the document from its text. */
int export_build(const struct exporter *exporter, const struct document *document,
		 struct built *ret_built, struct err *err);

/* Compares, over all numbers and arguments. differences_release() is due in any case. */
int export_prove(struct exporter *exporter, const struct document *document,
		 struct differences *ret_differences, struct err *err);
void differences_release(struct differences *differences);

/* Tells them: those of an arch that part in the same way together. */
void differences_tell(const struct differences *differences, struct lints *lints);

#endif
