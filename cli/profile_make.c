#include "cli/profile_private.h"

#include "base/mem.h"
#include "report/message.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "profile/compose/compose.h"
#include "profile/document/resolve.h"
#include "profile/document/spelling.h"
#include "report/format.h"
#include "report/json.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>

/* Syscalls without a name that messages tell of. */
#define UNNAMED_TOLD 10

/* One profile on its way: what is needed, the document, its heading, the text. */
struct make {
	struct making *making;
	struct recorded_group *group; /* NULL: the bases alone */
	struct profile *bases[BASES_MAX];
	struct needs nothing; /* what is needed without a group */
	struct composed composed;
	struct document document;
	json_t *heading;
	struct lints notes; /* of the form */
	struct err *err;
};

/* --- options */

static int parse_phases(struct making *making, const struct option_list *phases, struct err *err)
{
	making->phases = phases->count ? 0 : RECORDING_ALL_PHASES;
	for (size_t i = 0; i < phases->count; i++) {
		unsigned phase = 0;

		while (phase <= PHASE_EXEC &&
		       strcmp(phase_name((enum phase)phase), phases->values[i]) != 0)
			phase++;
		if (phase > PHASE_EXEC) {
			nearest_refuse(err, phases->values[i], "application|setup|exec");
			return err_prefix(err, "--phase");
		}
		making->phases |= 1U << phase;
	}
	return 0;
}

static bool takes_errno(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

static int parse_default(struct making *making, const struct profile_given *given, struct err *err)
{
	uint32_t action = SECCOMP_RET_ERRNO;
	uint64_t number = ENOSYS;

	making->has_default = given->default_action || given->errno_ret;
	if (given->default_action && (!action_from_name(str_from(given->default_action), &action) ||
				      action == SECCOMP_RET_USER_NOTIF)) {
		nearest_refuse(err, given->default_action,
			       "ERRNO|KILL_PROCESS|KILL_THREAD|TRAP|TRACE|LOG|ALLOW");
		return err_prefix(err, "--default-action");
	}
	if (given->errno_ret && !takes_errno(action))
		return err_set(err, EINVAL,
			       "--errno applies only with --default-action "
			       "ERRNO or TRACE");
	if (given->errno_ret && (!spelling_read_errno(given->errno_ret, &number) || number > 4095))
		return err_set(err, EINVAL,
			       "--errno: unknown errno '%s': give a name such as EPERM or "
			       "ENOSYS, or a number up to 4095",
			       given->errno_ret);
	making->default_action = action | (takes_errno(action) ? (uint32_t)number : 0);
	return 0;
}

int making_init(struct making *making, const struct profile_given *given, struct err *err)
{
	int r = parse_phases(making, &given->phases, err);

	making->given = given;
	making->form = form_from_name(given->global.format);
	return r < 0 ? r : parse_default(making, given, err);
}

void making_release(struct making *making)
{
	lint_release(&making->told);
}

/* --- what is needed */

void making_complete(const struct making *making, struct recorded_group *group)
{
	const struct profile_given *given = making->given;
	struct needs *needs = &group->needs;

	if (given->sub_arches)
		needs_add_sub_arches(needs);
	if (given->no_always)
		return;
	needs_add_always(needs, ALWAYS_PROGRAM);
	if (making->phases & (1U << PHASE_SETUP))
		needs_add_always(needs, ALWAYS_SETUP);
}

/* What cannot be in a profile, whatever it is. A container can call any number, so that of many a
 * few are told here; the heading has them. */
static void warn_of_unnamed(const struct needs *needs, const char *subject)
{
	char arch[FORMAT_NAME_SIZE];
	size_t told = needs->unnamed_count < UNNAMED_TOLD ? needs->unnamed_count : UNNAMED_TOLD;
	size_t more = needs->unnamed_count - told;

	for (size_t i = 0; i < told; i++) {
		const struct unnamed *unnamed = &needs->unnamed[i];

		message_warning("%s: syscall %" PRId32 " of %s was observed but has no name "
				"here: no profile can allow it",
				subject, unnamed->nr,
				format_arch(unnamed->audit_arch, unnamed->nr, arch));
	}
	if (more)
		message_warning("%s: %zu more syscalls have no name", subject, more);
	if (needs->unnamed_unlisted)
		message_warning("%s: %zu observations of other syscalls without a name", subject,
				needs->unnamed_unlisted);
}

/* --- what became of it */

static const struct kind {
	const char *key;     /* in the heading */
	const char *message; /* NULL: not worth a line */
	bool warns;
} kinds[] = {
	[COMPOSED_ADDED] = {"added", "added to what the base allows", false},
	[COMPOSED_WIDENED] = {"widened",
			      "widened: now allowed for all arguments, although the base "
			      "refuses them for some arguments or answers ENOSYS",
			      true},
	[COMPOSED_CONDITIONAL] =
		{"conditional",
		 "kept conditional: the base allows them for some arguments, and records "
		 "have no arguments (--widen allows them always)",
		 true},
	[COMPOSED_FALLBACK] = {"fallback",
			       "kept as fallback: the base answers ENOSYS, and programs then "
			       "use something else (--widen allows them)",
			       true},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void tell_kind(const struct composed *composed, enum composed_kind kind, const char *subject)
{
	BUF_AUTO names = {0};

	for (size_t i = 0; i < composed->name_count; i++)
		if (composed->names[i].kind == kind)
			buf_format(&names, "%s%s", names.n ? ", " : "", composed->names[i].name);
	if (names.n == 0)
		return;
	if (kinds[kind].warns)
		message_warning("%s: %s: %s", subject, kinds[kind].message, names.p);
	else
		message_note("%s: %s: %s", subject, kinds[kind].message, names.p);
}

static bool was_told(struct making *making, const struct lint *note)
{
	for (size_t i = 0; i < making->told.count; i++)
		if (strcmp(making->told.all[i].message, note->message) == 0)
			return true;
	lint_add(&making->told, making->told.count, "", "%s", note->message);
	return false;
}

static void tell_notes(struct making *making, const struct lints *notes, const char *subject)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct lint *note = &notes->all[i];
		bool placed = note->where && note->where[0];

		if (was_told(making, note))
			continue;
		message_warning("%s: %s%s%s", subject, placed ? note->where : "",
				placed ? ": " : "", note->message);
	}
}

static void warn_of_default(const struct make *make, const char *subject)
{
	const struct making *making = make->making;

	if (making->has_default && making->default_action == SECCOMP_RET_ALLOW)
		message_warning("%s: the default action is ALLOW: the profile refuses only "
				"the syscalls that it names",
				subject);
	if (making->has_default && making->default_action == SECCOMP_RET_ERRNO)
		message_warning("%s: errno 0 means success: programs will believe that a "
				"refused call (setuid, for example) succeeded",
				subject);
}

static bool resolves_for_common_caps(const struct make *make)
{
	return make->group && make->group->caps_differ && make->making->bases->count &&
	       !make->making->given->judging.caps;
}

static void tell_traits(const struct make *make, const char *subject)
{
	BUF_AUTO refused = {0}, io_uring = {0};

	if (make->group && traits_put_refused(&make->group->traits, &refused))
		message_note("%s: %.*s", subject, (int)refused.n, refused.p);
	if (make->group && traits_put_io_uring(&make->group->traits, &io_uring))
		message_warning("%s: %.*s", subject, (int)io_uring.n, io_uring.p);
}

static void tell(const struct make *make, const char *subject)
{
	if (make->making->given->global.quiet)
		return;
	for (size_t kind = 0; kind < KINDS; kind++)
		tell_kind(&make->composed, (enum composed_kind)kind, subject);
	tell_notes(make->making, &make->composed.notes, subject);
	tell_notes(make->making, &make->notes, subject);
	tell_traits(make, subject);
	warn_of_default(make, subject);
	if (make->group)
		warn_of_unnamed(&make->group->needs, subject);
	if (resolves_for_common_caps(make))
		message_warning("%s: its containers have different capabilities: the base is "
				"resolved with those that they share (set others with --caps)",
				subject);
}

/* --- the heading */

static json_t *list_of_needs(const struct needs *needs, unsigned origin, unsigned without)
{
	json_t *list = json_array();

	for (size_t i = 0; i < needs->count; i++)
		if ((needs->all[i].origins & origin) && !(needs->all[i].origins & without))
			json_array_append_new(list, json_string(needs->all[i].name));
	return list;
}

static json_t *list_of_kind(const struct composed *composed, enum composed_kind kind)
{
	json_t *list = json_array();

	for (size_t i = 0; i < composed->name_count; i++)
		if (composed->names[i].kind == kind)
			json_array_append_new(list, json_string(composed->names[i].name));
	return list;
}

static json_t *list_of_unnamed(const struct needs *needs)
{
	char arch[FORMAT_NAME_SIZE];
	json_t *list = json_array();

	for (size_t i = 0; i < needs->unnamed_count; i++)
		json_array_append_new(list, json_sprintf("%s:%" PRId32,
							 format_arch(needs->unnamed[i].audit_arch,
								     needs->unnamed[i].nr, arch),
							 needs->unnamed[i].nr));
	if (needs->unnamed_unlisted)
		json_array_append_new(list, json_sprintf("and %zu observations of others",
							 needs->unnamed_unlisted));
	return list;
}

static void put_list(json_t *heading, const char *key, json_t *list)
{
	if (json_array_size(list))
		json_object_set(heading, key, list);
	json_decref(list);
}

static json_t *list_of_phases(unsigned phases)
{
	json_t *list = json_array();

	for (unsigned phase = 0; phases != RECORDING_ALL_PHASES && phase <= PHASE_EXEC; phase++)
		if (phases & (1U << phase))
			json_array_append_new(list, json_string(phase_name((enum phase)phase)));
	return list;
}

static void put_bases(const struct making *making, json_t *heading)
{
	json_t *merged = json_array();

	for (size_t i = 0; i < making->bases->count; i++) {
		const char *name = profile_source_label(making->bases->all[i].name);

		if (i == 0 && making->bases->has_base)
			json_object_set_new(heading, "base", json_from_str(str_from(name)));
		else
			json_array_append_new(merged, json_from_str(str_from(name)));
	}
	put_list(heading, "merged", merged);
}

static json_t *make_heading(const struct make *make)
{
	json_t *heading = make->group ? recorded_evidence(make->making->recording, make->group)
				      : json_object();

	put_bases(make->making, heading);
	for (size_t kind = 0; kind < KINDS; kind++)
		put_list(heading, kinds[kind].key,
			 list_of_kind(&make->composed, (enum composed_kind)kind));
	if (!make->group)
		return heading;
	const struct needs *needs = &make->group->needs;

	put_list(heading, "phases", list_of_phases(make->making->phases));
	put_list(heading, "always_program", list_of_needs(needs, NEED_PROGRAM, NEED_OBSERVED));
	put_list(heading, "always_setup",
		 list_of_needs(needs, NEED_SETUP, NEED_OBSERVED | NEED_PROGRAM));
	put_list(heading, "unnamed", list_of_unnamed(needs));
	return heading;
}

/* --- the text */

static char *object_name(const struct product *product)
{
	struct str label = str_from(product->label);
	BUF_AUTO name = {0};

	if (product->number < 2)
		return mem_copy(label);
	buf_put_str(&name, str_of(label.p, label.n < LABEL_BYTES ? label.n : LABEL_BYTES));
	buf_format(&name, "-%u", product->number);
	return mem_copy(buf_str(&name));
}

static int write_form(struct make *make, struct product *product)
{
	const struct profile_given *given = make->making->given;
	MEM_AUTO char *name = object_name(product);
	struct form_heading heading = {
		.name = given->name ? given->name : name,
		.evidence = make->heading,
	};

	if (make->group && make->group->namespace_count == 1)
		heading.namespace = make->group->namespaces[0];
	return form_write(make->making->form, &make->document, &heading, given->widen,
			  &product->text, &make->notes, make->err);
}

static int read_document(struct make *make)
{
	struct lints ignored = {0};
	int r = document_parse(buf_str(&make->composed.document), NULL, &make->document, &ignored,
			       make->err);

	lint_release(&ignored);
	return r;
}

static int compose_and_write(struct make *make, struct product *product)
{
	const struct making *making = make->making;
	const struct composing composing = {
		.needs = make->group ? &make->group->needs : &make->nothing,
		.bases = make->bases,
		.base_count = making->bases->count,
		.options = making->bases->count ? making->bases->all[0].options
						: profile_options_default(),
		.has_default = making->has_default,
		.default_action = making->default_action,
		.widen = making->given->widen,
	};
	int r = bases_load(making->bases, make->group, make->bases, make->err);

	if (r == 0)
		r = compose(&composing, &make->composed, make->err);
	if (r == 0)
		r = read_document(make);
	if (r < 0)
		return r;
	make->heading = make_heading(make);
	return write_form(make, product);
}

/* What tells the group from the others, for the name of its file. */
static char *label_of(const struct group_key *key)
{
	bool is_container = key->by == GROUP_BY_CONTAINER || key->by == GROUP_BY_RUNS;
	unsigned parts = key->parts & key->known;
	BUF_AUTO label = {0};

	if (is_container)
		parts &= 1U << GROUP_CONTAINER;
	for (size_t part = 0; part < GROUP_PART_COUNT; part++) {
		if (!(parts & (1U << part)))
			continue;
		buf_put_str(&label, label.n ? STR("_") : STR(""));
		buf_put_str(&label, key->values[part]);
	}
	return mem_copy(label.n ? buf_str(&label) : STR("sclog"));
}

static size_t count_names(const struct document *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->rule_count; i++)
		count += document->rules[i].names.count;
	return count;
}

static char *summarize(const struct make *make)
{
	BUF_AUTO summary = {0};

	buf_format(&summary, "%zu names", count_names(&make->document));
	if (make->group) {
		buf_format(&summary, ", %" PRIu64 " records", make->group->records);
		spread_put(&make->group->spread, &summary);
		buf_format(&summary, ", coverage %s, evidence %s",
			   coverage_name(make->group->coverage),
			   recorded_is_complete(make->making->recording, make->group)
				   ? "complete"
				   : "incomplete");
	}
	return mem_copy(buf_str(&summary));
}

/* What messages call it. */
static void put_subject(struct buf *subject, const struct recorded_group *group)
{
	if (group)
		group_key_put(subject, &group->key);
	else
		buf_put_str(subject, STR("the merged profile"));
}

struct product product_of(struct recorded_group *group)
{
	return (struct product){
		.group = group,
		.label = group ? label_of(&group->key) : mem_copy(STR("sclog")),
	};
}

int product_make(struct making *making, struct product *product, struct err *err)
{
	BUF_AUTO subject = {0};
	struct make make = {.making = making, .group = product->group, .err = err};

	if (make.group)
		making_complete(making, make.group);
	int r = compose_and_write(&make, product);

	if (r == 0) {
		put_subject(&subject, make.group);
		tell(&make, subject.p);
		product->summary = summarize(&make);
	}
	document_release(&make.document);
	composed_release(&make.composed);
	lint_release(&make.notes);
	json_decref(make.heading);
	return r;
}
