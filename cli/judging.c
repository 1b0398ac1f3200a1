#include "cli/judging.h"

#include "base/nearest.h"
#include "profile/document/releases.h"

#include <errno.h>
#include <stdio.h>

/* "5.10", and what uname(1) says: "5.10.0-28-amd64". */
static int parse_kernel(const char *text, struct profile_options *options, struct err *err)
{
	char rest;
	int n = sscanf(text, "%4u.%4u%c", &options->kernel_major, &options->kernel_minor, &rest);

	if (n == 2 || (n == 3 && rest == '.'))
		return 0;
	return err_set(err, EINVAL, "'%s' is not a version; give one such as 5.10", text);
}

/* "docker", "runc@1.1.5". */
static int parse_release(const char *text, struct str *ret_word, struct version *ret_version,
			 struct err *err)
{
	struct str all = str_from(text);
	char program[16];

	*ret_word = str_of(all.p, str_chr(all, '@'));
	if (ret_word->n == all.n)
		return 0;
	snprintf(program, sizeof(program), "%.*s", (int)ret_word->n, ret_word->p);
	return release_parse(program, str_skip(all, ret_word->n + 1), ret_version, err);
}

static int parse_loader(const char *text, struct profile_options *options, struct err *err)
{
	struct str word;

	if (parse_release(text, &word, &options->loader_version, err) < 0)
		return -EINVAL;
	if (loader_from_name(word, &options->loader) && options->loader <= LOADER_OCI)
		return 0;
	return nearest_refuse(err, text, "auto|docker|podman|oci|crio|containerd");
}

static int parse_runtime(const char *text, struct profile_options *options, struct err *err)
{
	struct str word;

	if (parse_release(text, &word, &options->runtime_version, err) < 0)
		return -EINVAL;
	if (!runtime_from_name(word, &options->runtime) || options->runtime > RUNTIME_CRUN)
		return nearest_refuse(err, text, "runc|crun");
	return 0;
}

static int parse_libseccomp(const char *text, struct profile_options *options, struct err *err)
{
	return release_parse("libseccomp", str_from(text), &options->libseccomp, err);
}

int judging_check_loader(const char *text, struct err *err)
{
	return parse_loader(text, &(struct profile_options){0}, err);
}

int judging_check_runtime(const char *text, struct err *err)
{
	return parse_runtime(text, &(struct profile_options){0}, err);
}

int judging_check_libseccomp(const char *text, struct err *err)
{
	return parse_libseccomp(text, &(struct profile_options){0}, err);
}

int judging_check_kernel(const char *text, struct err *err)
{
	return parse_kernel(text, &(struct profile_options){0}, err);
}

int judging_check_caps(const char *text, struct err *err)
{
	caps ignored;

	return caps_parse(text, &ignored, err);
}

static int parse_caps_list(const struct option_list *lists, caps *ret_caps, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < lists->count && r == 0; i++) {
		caps some = 0;

		r = caps_parse(lists->values[i], &some, err);
		*ret_caps |= some;
	}
	return r;
}

int judges_init(struct judges *judges, const struct profile_options_given *given, struct err *err)
{
	struct profile_options *options = &judges->options;
	int r = 0;

	*judges = (struct judges){.name = given->profile};
	*options = profile_options_default();
	options->select = given->select;
	judges->has_caps = given->caps != NULL;
	if (given->loader)
		r = parse_loader(given->loader, options, err);
	if (r == 0 && given->runtime)
		r = parse_runtime(given->runtime, options, err);
	if (r == 0 && given->libseccomp)
		r = parse_libseccomp(given->libseccomp, options, err);
	if (r == 0 && given->kernel)
		r = parse_kernel(given->kernel, options, err);
	if (r == 0 && given->caps)
		r = caps_parse(given->caps, &options->caps, err);
	if (r == 0)
		r = parse_caps_list(&given->cap_add, &options->cap_add, err);
	if (r == 0)
		r = parse_caps_list(&given->cap_drop, &options->cap_drop, err);
	return r;
}
