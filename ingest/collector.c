#include "ingest/collector.h"

#include "ingest/action.h"
#include "ingest/arch.h"
#include "ingest/stamp.h"

#include <ctype.h>
#include <stdlib.h>

/* Hosts' arches, the frequent ones first (AUDIT_ARCH_*, linux/audit.h). */
static const uint32_t arches[] = {0xc000003e, 0xc00000b7, 0x80000016, 0xc0000015,
				  0xc00000f3, 0x40000028, 0x40000003};

static bool number(struct str text, int base, int64_t *ret_value)
{
	char copy[32];
	char *end;

	if (text.n == 0 || !str_copy(text, copy, sizeof(copy)))
		return false;
	*ret_value = strtoll(copy, &end, base);
	return *end == '\0';
}

/* "1795302094.454:787". */
static bool whole_stamp(struct str text, struct collected *collected)
{
	char copy[48];
	int64_t ms;

	if (text.n == 0 || text.n > 32)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = ')';
	struct str stamp = str_of(copy, text.n + 1);

	if (!stamp_kernel(&stamp, &ms, &collected->serial))
		return false;
	collected->ms = ms;
	collected->has_serial = true;
	return true;
}

/* Seconds with a fraction perhaps, milliseconds, microseconds or nanoseconds since the epoch: by
 * how many digits they have. */
static bool count_of_time(struct str text, int64_t *ret_ms)
{
	size_t dot = str_chr(text, '.');
	int64_t value;

	if (!number(str_of(text.p, dot), 10, &value) || value < 0)
		return false;
	for (; value > (int64_t)STAMP_SECONDS_MAX; value /= 1000)
		dot = text.n; /* smaller units have no fraction that matters */
	size_t digits = str_chr(text, '.');

	if (digits <= 10) {
		int64_t fraction = 0, weight = 100;

		for (size_t i = dot + 1; i < text.n && weight && isdigit((unsigned char)text.p[i]);
		     i++, weight /= 10)
			fraction += (text.p[i] - '0') * weight;
		*ret_ms = value * 1000 + fraction;
		return true;
	}
	int64_t all;

	if (!number(str_of(text.p, digits), 10, &all))
		return false;
	*ret_ms = digits <= 13 ? all : digits <= 16 ? all / 1000 : all / 1000000;
	return true;
}

static void read_time(const struct envelope_item *item, struct collected *collected)
{
	struct str when = item->values[ENVELOPE_WHEN], serial = item->values[ENVELOPE_SERIAL];
	int64_t value;

	if (whole_stamp(item->values[ENVELOPE_STAMP], collected) || whole_stamp(when, collected))
		return;
	if (!count_of_time(when, &collected->ms) && !stamp_iso(when, &collected->ms))
		collected->ms = 0;
	collected->has_serial =
		collected->ms && number(serial, 10, &value) && value >= 0 && value <= UINT32_MAX;
	if (collected->has_serial)
		collected->serial = (uint32_t)value;
}

/* The kernel's hex without 0x, or a decimal number that is an arch where the hex is none. */
static bool bare_arch(struct str text, uint32_t *ret_arch)
{
	int64_t hex = 0, decimal = 0;
	bool is_hex = text.n <= 8 && number(text, 16, &hex) && hex > 0;

	if (number(text, 10, &decimal) && decimal > 0 && decimal <= UINT32_MAX &&
	    (!is_hex || (!arch_name((uint32_t)hex) && arch_name((uint32_t)decimal))))
		is_hex = (hex = decimal);
	*ret_arch = (uint32_t)hex;
	return is_hex;
}

/* "0xc000003e", "c000003e", "3221225534", "x86_64"; 0 if it is none. */
static uint32_t read_arch(struct str text)
{
	uint32_t arch;
	int64_t value;

	if (str_starts(text, STR("0x")))
		return number(text, 16, &value) && value <= UINT32_MAX ? (uint32_t)value : 0;
	if (bare_arch(text, &arch))
		return arch;
	if (str_eq(text, STR("amd64")) || str_eq(text, STR("x64")))
		text = STR("x86_64");
	if (str_eq(text, STR("arm64")))
		text = STR("aarch64");
	return text.n ? arch_from_name(text) : 0;
}

static bool named(uint32_t arch, struct str name, int64_t *ret_nr)
{
	char copy[SYSCALL_NAME_SIZE];

	if (str_starts(name, STR("SYS_"))) /* Inspektor Gadget's are in capitals */
		name = str_skip(name, 4);
	if (name.n == 0 || name.n >= sizeof(copy))
		return false;
	for (size_t i = 0; i < name.n; i++)
		copy[i] = (char)tolower((unsigned char)name.p[i]);
	copy[name.n] = '\0';
	return syscall_number(arch_token(arch, 0), copy, ret_nr);
}

/* The call, and the arch whose call it is where that is not said. */
static bool read_call(const struct envelope_item *item, uint32_t *arch, int64_t *ret_nr)
{
	struct str text = item->values[ENVELOPE_SYSCALL],
		   name = item->values[ENVELOPE_SYSCALL_NAME];
	bool has_number = number(text, 0, ret_nr);
	int64_t nr;

	if (!has_number && text.n)
		name = text;
	if (*arch)
		return has_number || named(*arch, name, ret_nr);
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++) {
		if (!named(arches[i], name, &nr) || (has_number && nr != *ret_nr))
			continue;
		*arch = arches[i];
		*ret_nr = nr;
		return true;
	}
	return has_number;
}

static bool read_code(struct str text, uint32_t *ret_code)
{
	static const struct str prefixes[] = {{"SECCOMP_RET_", 12}, {"SCMP_ACT_", 9}};
	char lower[32];
	int64_t value;

	*ret_code = 0x7ffc0000; /* SECCOMP_RET_LOG */
	if (text.n == 0)
		return true;
	if (number(text, 0, &value)) {
		*ret_code = (uint32_t)value;
		return value >= 0 && value <= UINT32_MAX;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(text, prefixes[i]))
			text = str_skip(text, prefixes[i].n);
	if (text.n >= sizeof(lower))
		return false;
	for (size_t i = 0; i < text.n; i++)
		lower[i] = (char)tolower((unsigned char)text.p[i]);
	return action_from_name(str_of(lower, text.n), ret_code) ||
	       action_from_name(text, ret_code);
}

static unsigned long long read_ip(struct str text)
{
	char copy[32];

	return str_copy(text, copy, sizeof(copy)) ? strtoull(copy, NULL, 0) : 0;
}

static void put_name(struct buf *to, const char *key, struct str value)
{
	if (!value.p)
		return;
	buf_format(to, " %s=%s", key, value.n ? "" : "\"\"");
	for (size_t i = 0; i < value.n; i++)
		buf_format(to, "%02X", (unsigned char)value.p[i]);
}

bool collector_read(const struct envelope_item *item, struct buf *to, struct collected *collected)
{
	uint32_t arch = read_arch(item->values[ENVELOPE_ARCH]), code;
	struct str exe = item->values[ENVELOPE_EXE], comm = item->values[ENVELOPE_COMM];
	int64_t nr = 0, pid = 0;

	*collected = (struct collected){0};
	read_time(item, collected);
	if ((item->values[ENVELOPE_ARCH].n && !arch) || !read_call(item, &arch, &nr) ||
	    !read_code(item->values[ENVELOPE_CODE], &code))
		return false;
	number(item->values[ENVELOPE_PID], 10, &pid);
	const char *slash = exe.n ? memrchr(exe.p, '/', exe.n) : NULL;

	if (!comm.p && slash) { /* the kernel's is cut at 15 bytes, too */
		comm = str_skip(exe, (size_t)(slash + 1 - exe.p));
		comm.n = comm.n < 15 ? comm.n : 15;
	}
	buf_clear(to);
	buf_format(to, "auid=4294967295 pid=%lld", (long long)pid);
	put_name(to, "comm", comm);
	put_name(to, "exe", exe);
	if (arch)
		buf_format(to, " arch=%x", arch);
	buf_format(to, " syscall=%lld compat=0 ip=0x%llx code=0x%x", (long long)nr,
		   read_ip(item->values[ENVELOPE_IP]), code);
	return true;
}
