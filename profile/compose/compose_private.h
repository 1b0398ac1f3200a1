/*
 * What the parts of a composition share: compose_base.c makes filters of profiles, compose_name.c
 * decides what becomes of each needed name, compose_needs.c makes plain rules for them, compose.c
 * joins all and has it written, compose_rules.c writes what cannot be joined so, compose_check.c
 * asks the document.
 */
#ifndef SCLOG_PROFILE_COMPOSE_COMPOSE_PRIVATE_H
#define SCLOG_PROFILE_COMPOSE_COMPOSE_PRIVATE_H

#include "profile/compose/compose.h"
#include "profile/answers/answers.h"
#include "profile/document/write.h"
#include "profile/filter/value.h"

/* A base or a profile to merge, brought to the arches of the composition. */
struct compose_base {
	struct profile *profile;
	const char *label;        /* the profile's name for messages */
	struct document document; /* OCI, as its loader left it; borrows from the profile */
	struct rules rules;       /* of that document */
	bool extended;            /* its own filter lacks an arch of the composition */
	struct filter filter;     /* as it answers, on all arches of the composition */
	struct filter made_of; /* with the default action that was asked for; else not filled in */
};

/* What a needed name gets. */
enum fate {
	FATE_ALLOWED, /* a rule lets it through */
	FATE_PASSES,  /* the bases let it through already */
	FATE_LEFT,    /* it stays as the bases have it */
};

/* One name and what a plain rule for it says. */
struct compose_entry {
	const char *name;
	uint32_t value;
	bool neutral; /* what the default says: named for runc's stub alone */
};

struct compose_entries {
	struct compose_entry *all; /* sorted by name */
	size_t count;
	struct strings owned; /* names that nobody else keeps */
};

struct composer {
	const struct composing *composing;
	struct composed *composed;
	uint32_t host;
	struct needs arches; /* no names */
	struct strings arch_names;
	struct compose_base *bases;
	struct filter allowed; /* the bases' bodies, joined; refuses all without bases */
	struct regions regions;
	struct answers answers;  /* of `allowed` */
	struct filter wanted;    /* what the result is to answer */
	enum fate *fates;        /* beside needs->all */
	uint32_t default_action; /* of the result */
	struct compose_entries entries;
	struct document document; /* the result; borrows from all above */
};

/*
 * Plain rules for what is needed, and for what they take along. runc's stub begins behind the
 * newest name, so that a new name takes others out of the stub: these keep their ENOSYS by a rule.
 * Names of the bases are neutral entries, since they place the stub too.
 */
void compose_entries_make(const struct composer *composer, struct compose_entries *entries);
void compose_entries_release(struct compose_entries *entries);

/* A profile of them under that default; it borrows their names. document_release() is due. */
struct document compose_entries_document(const struct composer *composer,
					 const struct compose_entries *entries,
					 uint32_t default_action);

/*
 * The bases' own rules side by side with the plain ones: for what an export cannot say again, since
 * a filter has lost which rules it was made of. False where rules of several bases are no mere
 * alternatives. The result has to be checked: libseccomp may make something else of them.
 */
bool compose_restate(const struct composer *composer, struct document *ret_document);

/*
 * Adds the rules for names that this libseccomp does not know, those of the bases and needed ones:
 * a filter cannot carry them, and another libseccomp may know them. Notes each.
 */
void compose_put_newer(struct composer *composer);

/* The default action of a base, or the one that was asked for. */
uint32_t compose_default_of(const struct composer *composer, size_t base);

/* Whether this libseccomp knows the name. */
bool compose_is_known(const char *name);

/* Tells what is no name's matter: arches, defaults, flags. */
void compose_note(const struct composer *composer);

/* A filter without what is runc's: the program that libseccomp made. Borrows. */
struct filter compose_body(const struct filter *filter);

/*
 * Reads a profile as OCI, resolved. -EINVAL where it is no filter and where OCI cannot say what it
 * does. compose_base_release() is due in any case.
 */
int compose_base_open(struct compose_base *base, struct profile *profile,
		      const struct profile_options *options, struct err *err);

/* Builds what an open base is for the composer's arches. */
int compose_base_build(struct compose_base *base, const struct composer *composer, struct err *err);
void compose_base_release(struct compose_base *base);

/* The program, without runc's stub, that answers as the base does on all arches of the composition;
 * borrowed. */
struct filter compose_base_body(const struct compose_base *base);

/* Builds one of the composer's documents. */
int compose_build(const struct composer *composer, const struct document *document,
		  struct filter *ret_filter, struct err *err);

/* Fills composer->fates and composed->names. */
void compose_names(struct composer *composer);

/* Whether it stands for many calls, or one does that stands for many on some arch of the
 * composition: then a refusal by a rule may take from other names. */
bool compose_is_shared(const struct composer *composer, const char *name);

/*
 * Builds the finished document anew and proves it: every needed name passes, and all calls pass as
 * they do under `wanted`. -EPROTO where that does not hold; what could not be decided is noted.
 */
int compose_check(const struct composer *composer, struct err *err);

#endif
