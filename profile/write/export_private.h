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
	bool differs;   /* the proof has found it wanting */
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

/* A change of diagrams: value_effect(). */
uint32_t export_effect(uint32_t value, const void *context);

/* Builds the document from its text. */
int export_build(const struct exporter *exporter, const struct document *document,
		 struct built *ret_built, struct err *err);

/* Builds the export's document and compares it with the filter, over all numbers and arguments:
 * fills export->differences, and marks the names that differ. */
int export_prove(struct exporter *exporter, struct err *err);
void export_name_differs(struct exporter *exporter, const char *name);

#endif
