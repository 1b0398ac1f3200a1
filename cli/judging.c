#include "cli/judging.h"

#include "cli/nearest.h"
#include "profile/document/releases.h"

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
	return err_set(err, EINVAL, "--kernel: '%s' is not a version; give one such as 5.10", text);
}

/* "docker", "runc@1.1.5". */
static int parse_release(const char *option, const char *text, struct str *ret_word,
			 struct version *ret_version, struct err *err)
{
	struct str all = str_from(text);
	char program[16];

	*ret_word = str_of(all.p, str_chr(all, '@'));
	if (ret_word->n == all.n)
		return 0;
	snprintf(program, sizeof(program), "%.*s", (int)ret_word->n, ret_word->p);
	int r = release_parse(program, str_skip(all, ret_word->n + 1), ret_version, err);

	return r < 0 ? err_prefix(err, "--%s", option) : 0;
}

static int parse_loader(const char *text, struct profile_options *options, struct err *err)
{
	struct str word;

	if (parse_release("loader", text, &word, &options->loader_version, err) < 0)
		return -EINVAL;
	if (loader_from_name(word, &options->loader) && options->loader <= LOADER_OCI)
		return 0;
	BUF_AUTO near = {0};

	nearest_put_choice(&near, word, "auto|docker|podman|oci|crio|containerd");
	return err_set(err, EINVAL,
		       "--loader: '%s' must be one of auto, docker, podman, oci, crio, "
		       "containerd%s",
		       text, near.n ? near.p : "");
}

static int parse_runtime(const char *text, struct profile_options *options, struct err *err)
{
	struct str word;

	if (parse_release("runtime", text, &word, &options->runtime_version, err) < 0)
		return -EINVAL;
	if (!runtime_from_name(word, &options->runtime) || options->runtime > RUNTIME_CRUN)
		return err_set(err, EINVAL, "--runtime: '%s' must be one of runc, crun", text);
	return 0;
}

static int parse_programs(const struct profile_options_given *given,
			  struct profile_options *options, struct err *err)
{
	int r = given->loader ? parse_loader(given->loader, options, err) : 0;

	if (r == 0 && given->runtime)
		r = parse_runtime(given->runtime, options, err);
	if (r == 0 && given->libseccomp &&
	    release_parse("libseccomp", str_from(given->libseccomp), &options->libseccomp, err) < 0)
		r = err_prefix(err, "--libseccomp");
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
	r = parse_programs(given, options, err);
	if (r == 0 && given->caps)
		r = parse_caps("caps", given->caps, &options->caps, err);
	if (r == 0)
		r = parse_caps_list("cap-add", &given->cap_add, &options->cap_add, err);
	if (r == 0)
		r = parse_caps_list("cap-drop", &given->cap_drop, &options->cap_drop, err);
	if (r == 0 && given->kernel)
		r = parse_kernel(given->kernel, options, err);
	return r;
}
