/*
 * sclog profile, for the files that it is made of: cmd_profile.c is the way of the data,
 * profile_bases.c fetches the profiles to build on, profile_make.c makes the text of a group's
 * profile, profile_files.c puts texts where they belong.
 */
#ifndef SCLOG_CLI_PROFILE_PRIVATE_H
#define SCLOG_CLI_PROFILE_PRIVATE_H

#include "cli/judging.h"
#include "cli/reading.h"
#include "profile/compose/partition.h"
#include "profile/write/form.h"
#include "report/recording.h"

struct profile_given {
	struct global_options global;
	struct selection_options selection;
	struct file_options files;
	struct profile_options_given judging;
	const char *default_action, *errno_ret, *base, *by, *name, *output, *shared;
	struct option_list merge; /* "" where --merge stands alone */
	struct option_list phases;
	bool widen, sub_arches, no_always, force, require_complete;
};

/* Profiles that one is built on. */
#define BASES_MAX 64

struct bases {
	struct judges all[BASES_MAX]; /* --base's first, where there is one */
	size_t count;
	bool has_base; /* --base was given: its default action and name count */
	char **logs;   /* the operands that are no profiles; the array is owned, they are not */
	size_t log_count;
};

/*
 * Fetches --base and --merge, and with --merge those operands that are profiles, which without it
 * are an error. To be called before the sandbox is entered. bases_release() is due in any case.
 */
int bases_acquire(struct bases *bases, const struct profile_given *given,
		  const struct invocation *invocation, struct err *err);
void bases_release(struct bases *bases);

/*
 * The bases as a container with such capabilities gets them; NULL: --caps or the usual ones.
 * Profiles are the bases' own.
 */
int bases_load(struct bases *bases, const struct recorded_group *group,
	       struct profile *profiles[BASES_MAX], struct err *err);

/* What is made of one group, or of merged profiles alone. */
struct product {
	struct recorded_group *group; /* borrowed; NULL: of merged profiles alone */
	char *label;                  /* what tells the group from the others, any bytes */
	unsigned number;              /* of several with one name: 2, 3 ... follows the name */
	struct buf text;
	char *summary; /* for people: "84 names, 12345 records, coverage full" */
};

struct product product_of(struct recorded_group *group);
void product_release(struct product *product);

/* Bytes of a label that names are made of: a file's name ends at 255, an object's at 250. */
#define LABEL_BYTES 200

/*
 * Gives each product of several a number, so that no two files, and no two objects of Kubernetes
 * where the form makes those, are called the same. A label that is its file's name gets it, whatever
 * others come to the same: somebody else's container cannot take the file of one's own.
 */
void products_number(struct product *products, size_t count, enum form form);

/* What all profiles of one call have in common. */
struct making {
	const struct profile_given *given;
	enum form form;
	unsigned phases; /* bit N: enum phase N */
	bool has_default;
	uint32_t default_action; /* SECCOMP_RET_* with data */
	struct bases *bases;
	const struct recording *recording;
	struct lints told; /* notes that were told of one product, and need not be of the next */
};

/* Reads --format, --phase, --default-action and --errno. */
int making_init(struct making *making, const struct profile_given *given, struct err *err);
void making_release(struct making *making);

/* Adds to what the group needs what is always needed. */
void making_complete(const struct making *making, struct recorded_group *group);

/*
 * --shared: which groups get one profile (profile/compose/partition.h).
 */
struct sharing {
	struct recorded_group **groups; /* borrowed, as is what they point to */
	size_t group_count;
	size_t *parts; /* of each group: which of `joined` is its profile */
	struct partition partition;
	struct recorded_group *joined;
};

/* Finds at most `count` profiles for groups whose needs are complete. */
int sharing_find(struct sharing *sharing, struct recorded_group **groups, size_t group_count,
		 size_t count, struct err *err);
void sharing_release(struct sharing *sharing);

/* Says who gets which profile, and what that costs: to a person, and as assignment.json beside the
 * profiles in the folder -o, whose names are those of the products. */
void sharing_write_text(const struct sharing *sharing, FILE *out);
int sharing_check_file(const struct profile_given *given, struct err *err);
int sharing_write_file(const struct sharing *sharing, enum form form,
		       const struct profile_given *given, struct err *err);

/*
 * Makes the text of the product's group, whose needs get what is always needed as well, or of the
 * bases alone. Says on standard error (not with --quiet) what its user has to know.
 */
int product_make(struct making *making, struct product *product, struct err *err);

/* Writes the one product to -o or standard output. */
int product_write(const struct product *product, const struct profile_given *given,
		  struct err *err);

/*
 * Writes each product into the folder -o, made if it is missing, under names of their labels, and
 * prints what it wrote. A name that is there already is an error before anything is written,
 * unless --force is given.
 */
int products_write(const struct product *products, size_t count, enum form form,
		   const struct profile_given *given, struct err *err);

#endif
