#include "cli/stated.h"

#include "correlate/metadata.h"
#include "profile/write/export.h"
#include "report/judges.h"
#include "report/message.h"

static int write_resolved(struct stated *stated, const struct profile *profile, struct err *err)
{
	struct lints notes = {0};
	bool exact = true;
	int r = profile_filter(profile) ? oci_write(profile, &stated->json, &notes, &exact, err)
					: 0;

	if (r == 0 && !exact)
		message_warning("--in-force %s: not all of this profile can be stored; some of "
				"its records may be judged wrongly",
				stated->source);
	lint_release(&notes);
	return r;
}

int stated_load(struct stated *stated, const char *source, const char *db, struct err *err)
{
	struct judges judges = {.name = source, .options = profile_options_default(), .db = db};
	struct profile *profile;
	int r = judges_acquire(&judges, err);

	*stated = (struct stated){.source = source};
	if (r == 0)
		r = judges_find(&judges, NULL, &profile, err);
	if (r == 0)
		r = write_resolved(stated, profile, err);
	if (r == 0)
		stated->coverage = metadata_coverage(buf_str(&stated->json));
	else
		err_prefix(err, "--in-force");
	judges_release(&judges);
	return r;
}

void stated_release(struct stated *stated)
{
	buf_release(&stated->json);
	*stated = (struct stated){0};
}
