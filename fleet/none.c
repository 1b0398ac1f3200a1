#include "fleet/fleet.h"

#include <errno.h>

static int refuse(struct err *err)
{
	return err_set(err, ENOTSUP,
		       "fleet: this sclog was built without PostgreSQL; bundles work (`sclog push"
		       " --to FILE`)");
}

int fleet_open(const char *url, struct fleet **ret_fleet, struct err *err)
{
	(void)url;
	*ret_fleet = NULL;
	return refuse(err);
}

void fleet_close(struct fleet *fleet)
{
	(void)fleet;
}

int fleet_init(struct fleet *fleet, unsigned *keep_days, enum fleet_made *ret_made, struct err *err)
{
	(void)fleet, (void)keep_days, (void)ret_made;
	return refuse(err);
}

int fleet_add_node(struct fleet *fleet, const char *name, enum fleet_made *ret_made,
		   struct err *err)
{
	(void)fleet, (void)name, (void)ret_made;
	return refuse(err);
}

int fleet_forget_node(struct fleet *fleet, const char *name, bool dry_run,
		      struct fleet_forgotten *ret_forgotten, struct err *err)
{
	(void)fleet, (void)name, (void)dry_run, (void)ret_forgotten;
	return refuse(err);
}

const struct fleet_damage *fleet_damage(const struct fleet *fleet)
{
	static const struct fleet_damage none;

	(void)fleet;
	return &none;
}

const char *fleet_sees_only(const struct fleet *fleet)
{
	(void)fleet;
	return "";
}

int fleet_prune(struct fleet *fleet, uint64_t *ret_days, struct err *err)
{
	(void)fleet, (void)ret_days;
	return refuse(err);
}

int fleet_status(struct fleet *fleet, fleet_sender_fn *each, void *context, struct err *err)
{
	(void)fleet, (void)each, (void)context;
	return refuse(err);
}

int fleet_push(struct fleet *fleet, struct store *store, const struct fleet_push *push,
	       struct fleet_pushed *ret_pushed, struct err *err)
{
	(void)fleet, (void)store, (void)push, (void)ret_pushed;
	return refuse(err);
}

int fleet_read(struct fleet *fleet, struct store *store, const struct selection *selection,
	       enum fleet_before before, const struct fleet_progress *progress, struct err *err)
{
	(void)fleet, (void)store, (void)selection, (void)before, (void)progress;
	return refuse(err);
}

int fleet_read_parts(struct fleet *fleet, struct store *store, const struct selection *selection,
		     bool hours, const struct fleet_progress *progress,
		     struct fleet_parts **ret_parts, struct err *err)
{
	(void)fleet, (void)store, (void)selection, (void)hours, (void)progress;
	*ret_parts = NULL;
	return refuse(err);
}

void fleet_parts_free(struct fleet_parts *parts)
{
	(void)parts;
}
