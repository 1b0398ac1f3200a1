/*
 * Bases: the profiles that a composition builds on, and the host and arches that it is for.
 *
 * Each base is read as OCI, as its loader left it, and built for all arches of the composition.
 */
#ifndef SCLOG_PROFILE_COMPOSE_BASES_H
#define SCLOG_PROFILE_COMPOSE_BASES_H

#include "profile/compose/compose.h"
#include "profile/document/write.h"
#include "profile/filter/filter.h"

struct base {
	struct profile *profile;
	const char *label;        /* the profile's name for messages */
	struct document document; /* borrows from the profile */
	struct rules rules;       /* of that document, with all arches of the composition */
	bool extended;            /* its own filter lacks an arch of the composition */
	uint32_t default_action;  /* its own, or the requested one */
	struct filter filter;     /* with its own default action */
	struct filter rebuilt;    /* with the requested one; empty if none was requested */
};

struct base_set {
	const struct composing *composing;
	struct base *all; /* as many as composing has */
	size_t count;
	struct profile_options options; /* composing's, as OCI; options.arch is the host's */
	struct needs arches;            /* of the composition; no names */
	struct strings arch_names;      /* the same as OCI spells them */
};

/*
 * Reads and builds all. -EINVAL if a base is no filter, if OCI cannot express it, and if it is
 * milder by default than the requested default action. Call base_set_release() in any case.
 */
int base_set_open(struct base_set *bases, const struct composing *composing, struct err *err);
void base_set_release(struct base_set *bases);

/* The program without runc's stub that answers as the base does, on all arches of the composition;
 * borrowed. */
struct filter base_body(const struct base *base);

/* A filter without runc's stub: the program that libseccomp made; borrowed. */
struct filter filter_body(const struct filter *filter);

/* True if the call stands for many (socketcall, ipc), or is one of these on some arch of the
 * composition: then a rule that refuses it may take away from other names. */
bool base_set_is_shared(const struct base_set *bases, const char *name);

/* Notes what no name is about: arches, defaults, flags. */
void base_set_note(const struct base_set *bases, struct lints *notes);

#endif
