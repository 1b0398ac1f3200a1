/*
 * Amending what was counted: forgetting it, or moving it to another container. What is common to
 * both: the series of a selection, and which minutes of their hours are meant. Internal to store/.
 */
#ifndef SCLOG_STORE_AMEND_H
#define SCLOG_STORE_AMEND_H

#include "store/hour.h"
#include "store/query.h"

struct amended {
	int64_t series, node,
		container; /* series: 0 of a container without records; container: 0 for none */
};

struct amend {
	struct sql *sql;
	const struct selection *selection;
	int64_t since_minute, until_minute; /* those that the window touches, both inclusive */
	struct amended *all;
	size_t count;
};

/* Lists the series of the selection that have records in its window, and of one of containers alone
 * those that have no records at all. */
int amend_list(struct amend *amend, struct sql *sql, const struct selection *selection,
	       struct err *err);
void amend_add(struct amend *amend, const struct amended *one);
void amend_release(struct amend *amend);

/* Bit N: minute N of that hour is in the window. */
uint64_t amend_minutes(const struct amend *amend, int64_t hour);

/* True if all of the row's events are in the window: then it can be taken as it is, with minutes or
 * without. */
bool amend_holds(const struct amend *amend, const struct hour *hour);

/* Calls each for the hours of a series that the window touches. */
typedef int amend_hour_fn(void *context, int64_t number, const struct hour *hour, struct err *err);
int amend_hours(const struct amend *amend, int64_t series, amend_hour_fn *each, void *context,
		struct err *err);

/* After rows were taken away: series, programs and containers that have none any more go, of the
 * containers only those in the list. Returns how many in ret_series and ret_containers. */
int amend_drop_empty(struct amend *amend, uint64_t *ret_series, uint64_t *ret_containers,
		     struct err *err);

#endif
