#include "store/version.h"

#include <sqlite3.h>

const char *store_library_version(void)
{
	return sqlite3_libversion();
}
