#include "report/traits.h"

#include "ingest/action.h"
#include "ingest/arch.h"
#include "report/json.h"

#include <inttypes.h>

static bool is_io_uring(uint32_t arch, int64_t nr)
{
	char name[SYSCALL_NAME_SIZE];

	return syscall_name(arch, nr, name) &&
	       (strcmp(name, "io_uring_setup") == 0 || strcmp(name, "io_uring_enter") == 0);
}

void traits_add(struct traits *traits, const struct observation *observation)
{
	if (action_refuses(observation->code))
		traits->refused += observation->count;
	else if (!traits->io_uring && observation->has_arch)
		traits->io_uring = is_io_uring(observation->arch, observation->nr);
}

void traits_put_json(const struct traits *traits, json_t *object)
{
	json_object_set_new(object, "refused", json_from_count(traits->refused));
	json_object_set_new(object, "io_uring", json_boolean(traits->io_uring));
}

bool traits_put_refused(const struct traits *traits, struct buf *line)
{
	if (traits->refused)
		buf_format(line, "%" PRIu64 " call%s refused by the active profile",
			   traits->refused, traits->refused == 1 ? " was" : "s were");
	return traits->refused > 0;
}

/* No filter sees what a ring asks for (io_uring_enter(2)). */
bool traits_put_io_uring(const struct traits *traits, struct buf *line)
{
	if (traits->io_uring)
		buf_put_str(line, STR("uses io_uring: its file and socket operations appear in no "
				      "record, and no profile can refuse them"));
	return traits->io_uring;
}
