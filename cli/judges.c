#include "cli/judges.h"

#include "cli/in_force.h"
#include "cli/message.h"

#include <errno.h>
#include <stdio.h>

void judges_release(struct judges *judges)
{
	for (size_t i = 0; i < judges->count; i++)
		profile_free(judges->all[i].profile);
	profile_source_free(judges->source);
}

static int parse_caps(const char *option, const char *list, caps *ret_caps, struct err *err)
{
	int r = caps_parse(list, ret_caps, err);

	if (r < 0)
		err_prefix(err, "--%s", option);
	return r;
}

static int parse_caps_list(const char *option, const struct option_list *lists, caps *ret_caps,
			   struct err *err)
{
	for (size_t i = 0; i < lists->count; i++) {
		caps some;
		int r = parse_caps(option, lists->values[i], &some, err);

		if (r < 0)
			return r;
		*ret_caps |= some;
	}
	return 0;
}

/* "5.10", and what uname(1) says: "5.10.0-28-amd64". */
static int parse_kernel(const char *text, struct profile_options *options, struct err *err)
{
	char rest;
	int n = sscanf(text, "%4u.%4u%c", &options->kernel_major, &options->kernel_minor, &rest);

	if (n == 2 || (n == 3 && rest == '.'))
		return 0;
	return err_set(err, EINVAL, "--kernel: '%s' is no version; write it as 5.10", text);
}

/* The words were checked by the option table. */
int judges_init(struct judges *judges, const struct profile_options_given *given, struct err *err)
{
	struct profile_options *options = &judges->options;
	int r = 0;

	*judges = (struct judges){.name = given->profile};
	*options = profile_options_default();
	if (given->loader && strcmp(given->loader, "auto") != 0)
		loader_from_name(str_from(given->loader), &options->loader);
	if (given->runtime)
		runtime_from_name(str_from(given->runtime), &options->runtime);
	judges->has_caps = given->caps != NULL;
	if (given->caps)
		r = parse_caps("caps", given->caps, &options->caps, err);
	if (r == 0)
		r = parse_caps_list("cap-add", &given->cap_add, &options->cap_add, err);
	if (r == 0)
		r = parse_caps_list("cap-drop", &given->cap_drop, &options->cap_drop, err);
	if (r == 0 && given->kernel)
		r = parse_kernel(given->kernel, options, err);
	return r;
}

int judges_acquire(struct judges *judges, struct err *err)
{
	if (profile_source_interrupts(judges->name))
		message_warning("%s: the process is interrupted for a moment, and a call that it "
				"waits in may return early",
				judges->name);
	const char *container = profile_source_container(judges->name);

	if (container)
		return in_force_acquire(judges->name, container, judges->db, &judges->source, err);
	return profile_source_acquire(judges->name, &judges->source, err);
}

static int load(struct judges *judges, caps wanted, bool known, struct profile **ret_profile,
		struct err *err)
{
	struct profile_options options = judges->options;

	if (judges->count == JUDGES_MAX)
		return err_set(
			err, E2BIG,
			"the containers have more than %d sets of capabilities between them: "
			"select fewer, or say --caps",
			JUDGES_MAX);
	options.caps = wanted;
	options.has_caps = known;
	int r = profile_load(judges->source, &options, ret_profile, err);

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

	for (size_t i = 0; i < count; i++)
		if (lint[i].level == LINT_WARNING)
			message_warning("%s: %s: %s", source, lint[i].where, lint[i].message);
}
