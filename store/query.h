/*
 * Asking the store: a selection goes in, observations and containers come out.
 *
 * No SQLite is visible here. Rows arrive by callback in a fixed order, so that the same store
 * always gives the same output; their strings live until the callback returns.
 */
#ifndef SCLOG_STORE_QUERY_H
#define SCLOG_STORE_QUERY_H

#include "correlate/event.h"
#include "store/store.h"

/* A list of alternatives, NUL-terminated strings; empty means "any". */
struct choice {
	const char *const *values;
	size_t count;
};

/* A value itself or a glob of it; true for any value where there is no alternative. */
bool choice_matches(const struct choice *choice, struct str value);

/*
 * Which observations. Alternatives within a choice are joined by OR, choices by AND.
 * container: id prefix, name or glob; image, pod, namespace, node, comm, exe: glob or whole.
 */
struct selection {
	struct choice container, image, pod, namespace, node, comm, exe;
	struct choice workload; /* of a container without one: its name */
	struct choice syscall;  /* by name */
	struct choice arch;     /* libseccomp names in lower case */
	struct choice action;   /* names without SCMP_ACT_ */
	bool host; /* with host or unattributed set only those (and named containers) */
	bool unattributed;
	bool has_since, has_until;
	int64_t since_ms, until_ms; /* both inclusive */
};

/* One observation: everything but the time is its key. */
struct observation {
	int64_t series;             /* the store's number for the key */
	int64_t container_row;      /* the store's number for the container, 0 if none */
	struct container container; /* empty without one */
	EVENT_WORDS(EVENT_WORD_FIELD)
	struct str node;
	bool comm_null, exe_null;
	struct str comm, exe; /* the bytes of the record, any bytes */
	bool has_arch;
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint32_t code; /* SECCOMP_RET_* action */
	uint64_t count;
	/*
	 * Within the window. A minute that the window cuts is counted whole, since only its
	 * first and last event are kept: then count_exact is false. first and last are the
	 * earliest and latest events known to lie inside the window; a cut minute may hide others.
	 */
	bool count_exact;
	int64_t first_ms, last_ms;
	uint32_t pid; /* a sample: the latest event's */
	uint64_t ip;
};

/* How much of what it asks about would have been logged. */
static inline enum coverage observation_coverage(const struct observation *observation)
{
	return observation->attribution == ATTRIBUTION_CONTAINER ? observation->container.coverage
								 : observation->coverage;
}

/* True if the store's budget of series was used up in its container and hour: its program is not
 * known, and where it has no arch, its syscall neither. */
static inline bool observation_is_beyond(const struct observation *observation)
{
	return observation->comm_null && !observation->exe_null && observation->exe.n == 0;
}

/* Returns 0 to go on; a negative errno ends the query and is returned by it. */
typedef int query_observation_fn(const struct observation *observation, void *context);

/* Observations of the selection, ordered by node, container, program, arch, number, action. */
int query_observations(struct store *store, const struct selection *selection,
		       query_observation_fn *each, void *context, struct err *err);

/* The same; part_end is called when a part of them is complete: each part of a store whose counts are there
 * in parts (store_set_parts()), else all. Within it, query_hours() knows the series of that part. */
typedef int query_part_end_fn(void *context);
int query_observations_by_part(struct store *store, const struct selection *selection,
			       query_observation_fn *each, query_part_end_fn *part_end,
			       void *context, struct err *err);

/* Calls each for the hours, since the epoch, in which a series of the list has something in the selection's
 * window. What was rolled up to days counts as one hour a day. */
typedef int query_hour_fn(size_t i, int64_t hour, void *context);
int query_hours(struct store *store, const struct selection *selection, const int64_t *series,
		size_t count, query_hour_fn *each, void *context, struct err *err);

/* What the store counts of a series in one hour; of a day that was rolled up, at its beginning. */
struct series_hour {
	int64_t series;
	int64_t hour; /* since the epoch */
	uint64_t count;
	int64_t first_ms, last_ms;
};

typedef int query_every_hour_fn(const struct series_hour *hour, void *context);

/* Hours of all series from the day of the first to the hour of the last, whole; by series and hour. */
int query_every_hour(struct store *store, int64_t since_ms, int64_t until_ms,
		     query_every_hour_fn *each, void *context, struct err *err);

/* One container as the store knows it, with its totals inside the window. */
struct container_summary {
	int64_t container_row;
	struct container container;
	struct str node;
	int64_t ended_ms; /* after its last process; 0: it runs, or its end is not known */
	bool has_records; /* else first_ms and last_ms mean nothing */
	int64_t first_ms, last_ms;
	uint64_t records;
	uint64_t syscalls; /* distinct (arch, number) */
};

typedef int query_container_fn(const struct container_summary *summary, void *context);

/* Containers of the selection, ordered by node, name, id; those without records included, but a service
 * of systemd only if the selection names it. */
int query_containers(struct store *store, const struct selection *selection,
		     query_container_fn *each, void *context, struct err *err);

/* A profile that was in force, and when. */
struct in_force_span {
	int64_t container_row; /* 0: of what of the node is in no container */
	struct str node;
	int64_t profile_row; /* query_profile() has its text */
	struct str source;   /* what it is called, or STORE_IN_FORCE_WATCHED */
	unsigned actions;    /* enum logged_action: what the kernel logged of it */
	int64_t since_ms, until_ms;
};
typedef int query_in_force_fn(const struct in_force_span *span, void *context);

/* All that the store knows, ordered by container, node, time. */
int query_in_force(struct store *store, query_in_force_fn *each, void *context, struct err *err);

/* Appends the text of a profile: linux.seccomp as JSON, nothing where none was in force. */
int query_profile(struct store *store, int64_t profile_row, struct buf *text, struct err *err);

/* The same without totals, as if none had records: for who asks for the observations anyway. */
int query_known_containers(struct store *store, const struct selection *selection,
			   query_container_fn *each, void *context, struct err *err);

/* One reason why the evidence of a window may be incomplete. */
#define LOSS_ID_SIZE 13
struct loss {
	/* The same for the same entry, in whatever window it is asked for: twelve hex digits. */
	char id[LOSS_ID_SIZE];
	struct str reason; /* why a person acknowledged it; empty: nobody did */
	uint64_t count;    /* how many records, valid with known */
	bool known;        /* false: some, or perhaps none; the text says why that cannot be told */
	struct str text;   /* one sentence for a person, with its time and node */
	const char *what;  /* what all losses of its kind have, for query_put_loss(); static */
	struct str node;   /* whose; empty: not known */
	bool has_until;    /* else it may concern any time */
	int64_t until_ms;  /* nothing that was lost is later */
	bool has_since;    /* else it may concern any time before that */
	int64_t since_ms;  /* nothing that was lost is earlier */
};

/* "1 record was dropped by the kernel", "5 records were ...", with 0 "records were ...". Appends. */
void query_put_loss(struct buf *buf, uint64_t count, const char *what);

typedef int query_loss_fn(const struct loss *loss, void *context);

/* What was lost inside the selection's window and node that no source delivered. */
int query_losses(struct store *store, const struct selection *selection, query_loss_fn *each,
		 void *context, struct err *err);

#endif
