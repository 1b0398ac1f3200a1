#include "profile/defaults/always.h"

static const struct always_call program_calls[] = {
#define PROGRAM(name, why) {name, why},
#define SETUP(name, why)
#include "profile/defaults/always.def"
};

static const struct always_call setup_calls[] = {
#undef PROGRAM
#undef SETUP
#define PROGRAM(name, why)
#define SETUP(name, why) {name, why},
#include "profile/defaults/always.def"
};

const struct always_call *always_calls(enum always set, size_t *ret_count)
{
	*ret_count = set == ALWAYS_PROGRAM ? sizeof(program_calls) / sizeof(program_calls[0])
					   : sizeof(setup_calls) / sizeof(setup_calls[0]);
	return set == ALWAYS_PROGRAM ? program_calls : setup_calls;
}
