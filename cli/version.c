#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "cli/version.h"

#include "base/pattern.h"
#include "ingest/gzip.h"
#include "ingest/input.h"
#include "report/json.h"
#include "store/store.h"

#include <seccomp.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(unknown version)"
#endif

/* libaudit cannot be asked at run time: what it was built against. */
#ifndef LIBAUDIT_VERSION
#define LIBAUDIT_VERSION "(unknown version)"
#endif

void version_put(struct buf *buf)
{
	const struct scmp_version *seccomp = seccomp_version();
	char pcre2[64];

	buf_format(buf, "sclog %s\n", PACKAGE_VERSION);
	buf_format(buf, "libaudit %s (when built)\n", LIBAUDIT_VERSION);
	buf_format(buf, "libseccomp %u.%u.%u\n", seccomp->major, seccomp->minor, seccomp->micro);
	buf_format(buf, "pcre2 %s\n", pattern_library_version(pcre2, sizeof(pcre2)));
	buf_format(buf, "sqlite %s\n", store_library_version());
	buf_format(buf, "jansson %s\n", json_library_version());
	buf_format(buf, "zlib %s\n", gzip_library_version());
	buf_format(buf, "%s\n", input_library_version());
}
