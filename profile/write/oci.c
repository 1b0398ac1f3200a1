#include "profile/write/oci.h"

#include "ingest/arch.h"
#include "profile/write/differences.h"
#include "profile/write/export.h"

#include <errno.h>

int oci_document(const struct profile *profile, struct document *ret_document, struct lints *notes,
		 bool *ret_exact, struct err *err)
{
	const struct rules *rules = profile_rules(profile);
	const struct filter *filter = profile_filter(profile);
	struct export export = {0};

	*ret_document = (struct document){0};
	*ret_exact = true;
	if (!filter)
		return err_set(err, EINVAL, "there is no filter, so no profile can be written");
	if (rules->document) {
		document_of_rules(rules, ret_document);
		return 0;
	}
	int r = export_filter(filter, NULL, arch_native(), &export, err);

	for (size_t i = 0; r == 0 && i < export.differences.count; i++) {
		struct str message = str_from(export.differences.all[i].message);
		bool other_arch = str_starts(message, STR(DIFFERENCES_OTHER_ARCH));

		/* a unit's filters let other arches through unless it says otherwise
		 * (systemd.exec(5)) */
		lint_add(notes, i, "", "cannot be expressed in OCI: %s%s", message.p,
			 rules->loader == LOADER_SYSTEMD && other_arch
				 ? "; with SystemCallArchitectures=native the unit kills those as "
				   "well"
				 : "");
	}
	for (size_t i = 0; r == 0 && i < export.notes.count; i++)
		lint_note(notes, export.differences.count + i, "", "%s",
			  export.notes.all[i].message);
	*ret_exact = export.differences.count == 0;
	*ret_document = export.document;
	export.document = (struct document){0};
	export_release(&export);
	return r;
}

int oci_write(const struct profile *profile, struct buf *text, struct lints *notes, bool *ret_exact,
	      struct err *err)
{
	struct document document;
	int r = oci_document(profile, &document, notes, ret_exact, err);

	if (r == 0)
		document_write(&document, profile_rules(profile)->document != NULL, text);
	document_release(&document);
	return r;
}
