#include "cli/judging.h"

#include <errno.h>
#include <stdio.h>

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
	options->select = given->select;
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
