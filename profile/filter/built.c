#include "profile/filter/built.h"

int built_resolve(struct built *built, const struct profile_options *options, struct lints *lints,
		  struct err *err)
{
	int r = rules_resolve(&built->document, options, &built->rules, lints, err);

	if (r == 0 && !built->rules.off)
		r = filter_build(&built->rules, options, &built->filter, lints, err);
	return r;
}

int built_make(struct built *built, struct str text, const struct profile_options *options,
	       struct lints *lints, struct err *err)
{
	*built = (struct built){0};
	int r = document_parse(text, options->select, &built->document, lints, err);

	return r < 0 ? r : built_resolve(built, options, lints, err);
}

void built_release(struct built *built)
{
	filter_release(&built->filter);
	rules_release(&built->rules);
	document_release(&built->document);
}

const struct filter *built_filter(const struct built *built)
{
	return built->rules.off ? NULL : &built->filter;
}
