#include "report/judges.h"

#include "profile/defaults/defaults.h"
#include "report/in_force.h"
#include "report/message.h"

#include <errno.h>

void judges_release(struct judges *judges)
{
	for (size_t i = 0; i < judges->count; i++)
		profile_free(judges->all[i].profile);
	profile_source_free(judges->source);
}

int judges_acquire(struct judges *judges, struct err *err)
{
	if (profile_source_interrupts(judges->name))
		message_warning("%s: reading the filters interrupts the process briefly; a "
				"blocking call may return EINTR",
				judges->name);
	return profile_source_container(judges->name)
		       ? 0
		       : profile_source_acquire(judges->name, &judges->source, err);
}

bool judges_look_at_processes(const struct judges *judges)
{
	return judges->name && profile_source_container(judges->name);
}

int judges_look_up(struct judges *judges, struct err *err)
{
	const char *container = profile_source_container(judges->name);

	return container && !judges->source
		       ? in_force_acquire(judges->name, container, judges->db, &judges->source, err)
		       : 0;
}

static int load(struct judges *judges, caps wanted, bool known, struct profile **ret_profile,
		struct err *err)
{
	struct profile_options options = judges->options;

	if (judges->count == JUDGES_MAX)
		return err_set(err, E2BIG,
			       "the containers have more than %d different sets of capabilities: "
			       "select fewer containers, or set --caps",
			       JUDGES_MAX);
	options.caps = wanted;
	options.has_caps = known;
	int r = judges_look_up(judges, err);

	if (r == 0)
		r = profile_load(judges->source, &options, ret_profile, err);

	if (r == 0)
		judges->all[judges->count++] = (struct judge){wanted, known, *ret_profile};
	return r;
}

int judges_find(struct judges *judges, const struct container *container,
		struct profile **ret_profile, struct err *err)
{
	bool own = container && container->has_caps && !judges->has_caps;
	caps wanted = own ? container->caps : judges->options.caps;
	/* else those that a document brings count, or the loader's default */
	bool known = own || judges->has_caps;

	for (size_t i = 0; i < judges->count; i++) {
		if (judges->all[i].caps == wanted && judges->all[i].known == known) {
			*ret_profile = judges->all[i].profile;
			return 0;
		}
	}
	return load(judges, wanted, known, ret_profile, err);
}

void judges_warn_of_lint(const struct judges *judges)
{
	const struct profile *profile = judges->all[0].profile;
	const char *given = profile_info(profile).source;
	const char *source = profile_source_label(given);
	size_t count;
	const struct lint *lint = profile_lint(profile, &count);

	if (default_is_name(str_from(source)))
		return;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO place = {0};

		lint_put_place(&lint[i], &place);
		if (lint[i].level == LINT_WARNING)
			message_warning("%s: %s%s", source, place.n ? place.p : "",
					lint[i].message);
	}
}
