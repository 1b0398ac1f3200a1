#include "base/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on every arch. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE       445
#define NR_RESTRICT_SELF  446

/* Newer than the headers may be; by the version of the ABI that knows them. */
#define ACCESS_REFER     (1ULL << 13) /* 2 */
#define ACCESS_TRUNCATE  (1ULL << 14) /* 3 */
#define ACCESS_IOCTL_DEV (1ULL << 15) /* 5 */

#define WRITING                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |  \
	 LANDLOCK_ACCESS_FS_MAKE_REG)
#define NEVER                                                          \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int add_folder(int rules, int folder, uint64_t access)
{
	const struct landlock_path_beneath_attr beneath = {.allowed_access = access,
							   .parent_fd = folder};

	return syscall(NR_ADD_RULE, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 ? -errno
											: 0;
}

int landlock_enter(const int *folders, size_t count)
{
	long version = syscall(NR_CREATE_RULESET, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1)
		return 0;
	/* A rename between folders is refused by version 1 whatever the rules say. */
	uint64_t writing =
		WRITING | (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0);
	const struct landlock_ruleset_attr handled = {
		.handled_access_fs = writing | NEVER | (version >= 5 ? ACCESS_IOCTL_DEV : 0)};
	int rules = (int)syscall(NR_CREATE_RULESET, &handled, sizeof(handled), 0);
	int result = rules < 0 ? -errno : 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = add_folder(rules, folders[i], writing);
	if (result == 0 && syscall(NR_RESTRICT_SELF, rules, 0) < 0)
		result = -errno;
	if (rules >= 0)
		close(rules);
	return result < 0 ? result : 1;
}
