#include "store/internal.h"

#include <errno.h>

int store_merge(struct store *store, const char *path, struct merge_result *ret_result,
		struct err *err)
{
	(void)store;
	*ret_result = (struct merge_result){0};
	return err_set(err, ENOSYS, "store '%s': not merged yet", path);
}
