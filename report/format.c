#include "report/format.h"

#include "base/clock.h"
#include "ingest/action.h"
#include "ingest/arch.h"
#include "profile/profile.h"
#include "report/text.h"

#include <inttypes.h>

enum format format_from_name(const char *name)
{
#define NAME_ROW(name, word) [FORMAT_##name] = #word,
	static const char *const names[FORMAT_COUNT] = {FORMATS(NAME_ROW)};

	for (size_t i = 0; name && i < FORMAT_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum format)i;
	return FORMAT_TEXT;
}

const char *format_arch(uint32_t audit_arch, int32_t nr, char text[FORMAT_NAME_SIZE])
{
	const char *name = arch_name(arch_token(audit_arch, nr));

	if (name)
		return name;
	snprintf(text, FORMAT_NAME_SIZE, "0x%08" PRIx32, audit_arch);
	return text;
}

void format_put_call(struct buf *buf, uint32_t audit_arch, int32_t nr)
{
	char name[SYSCALL_NAME_SIZE], arch[FORMAT_NAME_SIZE];

	syscall_name(audit_arch, nr, name);
	buf_put_str(buf, str_from(name));
	if (arch_token(audit_arch, nr) != arch_native())
		buf_format(buf, " on %s", format_arch(audit_arch, nr, arch));
}

const char *format_action(uint32_t code, char text[FORMAT_NAME_SIZE])
{
	const char *name = action_name(code);

	if (name)
		return name;
	snprintf(text, FORMAT_NAME_SIZE, "0x%08" PRIx32, code);
	return text;
}

void format_put_profile(struct buf *buf, const struct profile_info *profile)
{
	const char *loader = loader_name(profile->loader);

	text_put_sentence(buf, str_from(profile->source));
	buf_put_str(buf, STR(" ("));
	if (strcmp(profile->format, loader) != 0)
		buf_format(buf, "format %s, ", profile->format);
	buf_format(buf, "loader %s, runtime %s", loader, runtime_name(profile->runtime));
	if (profile->default_action && profile->default_action[0])
		buf_format(buf, ", default %s", profile->default_action);
	buf_put_char(buf, ')');
}

const char *format_time(int64_t ms, char text[FORMAT_NAME_SIZE])
{
	char whole[CLOCK_TEXT_SIZE];
	const char *point = strchr(clock_format_rfc3339_ms(ms, whole), '.');

	snprintf(text, FORMAT_NAME_SIZE, "%.*sZ", (int)(point ? point - whole : 0), whole);
	return text;
}

const char *format_count(uint64_t count, bool exact, char text[FORMAT_NAME_SIZE])
{
	snprintf(text, FORMAT_NAME_SIZE, "%s%" PRIu64, exact ? "" : "<=", count);
	return text;
}

const char *format_errno(uint16_t error, char text[FORMAT_NAME_SIZE])
{
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(text, FORMAT_NAME_SIZE, "errno %u", (unsigned)error);
	return text;
}
