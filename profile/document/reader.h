/*
 * One kind of text that holds a profile, or is taken for one, and what its reader works with.
 *
 * A reader recognises its kind by the members that only this kind has. Then it lists what is inside, or
 * reads the profile, or refuses, where the text names a profile at most. readers.c has the table; each
 * other readers_NAME.c has the kinds of one family.
 */
#ifndef SCLOG_PROFILE_DOCUMENT_READER_H
#define SCLOG_PROFILE_DOCUMENT_READER_H

#include "profile/document/document.h"

struct reader;

/* One profile of those that a text holds. */
struct candidate {
	const struct reader *reader;
	struct node *node;
	const char *name;  /* NULL: it has none */
	const char *space; /* namespace, or the object that holds it; NULL: none */
	const char *text;  /* of a file within the text: what is in it; else NULL */
};

/* Looks for profiles in a text. The two errors count where no profile is found at all. */
struct finder {
	struct document *document;
	struct lints *lints;
	struct err *err;
	struct candidate *all;
	size_t count;
	struct err refused; /* of the first text that reader_refuse() refused */
	struct err nothing; /* of the first that reader_pass() passed over */
};

/* It has `list`, `read` or `refuse`. */
struct reader {
	bool (*recognise)(const struct node *node);
	void (*list)(struct finder *finder, struct node *node);
	int (*read)(struct finder *finder, const struct candidate *candidate);
	void (*name)(struct candidate *candidate);
	void (*refuse)(struct finder *finder, const struct node *node);
	enum shape shape;
};

extern const struct reader reader_bundle, reader_crictl, reader_ctr, reader_features, reader_state,
	reader_cri;
extern const struct reader reader_docker, reader_host_config, reader_options, reader_daemon,
	reader_compose;
extern const struct reader reader_list, reader_spo, reader_kubescape, reader_object;
extern const struct reader reader_config_map, reader_files;
extern const struct reader reader_bare;

/* Adds one, and returns it until the next is added. */
struct candidate *finder_add(struct finder *finder, const struct reader *reader, struct node *node,
			     const char *name);
/* What an object holds, from that one on, has its name in front: two may hold the same names. */
void finder_set_space(struct finder *finder, size_t first, const struct node *object);
/* Adds what the node holds, if its kind is known. */
void finder_search(struct finder *finder, struct node *node);

/* Sets "PLACE: WHAT" and returns -EINVAL. */
int reader_wrong(struct finder *finder, const char *place, const char *what);
/* The map of that name, NULL if there is none; `place` is its whole place. */
int reader_map(struct finder *finder, const struct node *in, const char *name, const char *place,
	       struct node **ret_map);
/*
 * Says what the node is, and what to give instead: the first text that is refused so is the error
 * where no profile is found. One that is passed names no profile, and counts only after those.
 */
void reader_refuse(struct finder *finder, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reader_pass(struct finder *finder, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A profile as the string of `holder`, from `text` on. */
int reader_string(struct finder *finder, const struct node *holder, const char *text,
		  const char *place);
/* Says that the container has no filter. */
void reader_no_filter(struct finder *finder, const char *place, const char *why);
/* A list of capabilities. Names that are none are the runtime's to refuse; here they add nothing. */
caps reader_caps(const struct node *names);
/* Whether it has members of a profile, or none at all: that turns seccomp off. */
bool reader_is_bare(const struct node *node);

/* Whether the member is that string. */
bool node_text_is(const struct node *map, const char *name, const char *text);

#endif
