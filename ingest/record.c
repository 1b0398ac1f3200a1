#include "ingest/record.h"

#include "base/scan.h"
#include "ingest/action.h"
#include "ingest/arch.h"

#include <libaudit.h>
#include <stdlib.h>

/* auditd puts this byte before the names that it adds (audit-userspace, ENRICHED format). */
#define ENRICHED_MARK 0x1d

/* The longest comm (TASK_COMM_LEN without its NUL). */
#define COMM_MAX 15

struct reason {
	const char *name;
	const char *text;
};

static const struct reason reasons[MALFORMED_COUNT] = {
	[MALFORMED_NONE] = {"none", "well-formed"},
	[MALFORMED_STAMP] = {"stamp", "no audit(SECONDS.MS:SERIAL) stamp and no other time"},
	[MALFORMED_FIELD] = {"missing-field", "pid=, syscall= or code= is missing: was the line "
					      "wrapped or cut off?"},
	[MALFORMED_NUMBER] = {"number", "a number is malformed or too large"},
	[MALFORMED_STRING] = {"string", "comm= or exe= is neither quoted nor hex: did a pager cut "
					"the line off?"},
	[MALFORMED_DUPLICATE] = {"duplicate-field", "a field appears twice"},
	[MALFORMED_AMBIGUOUS] = {"ambiguous", "interpreted text that can be read in two ways"},
	[MALFORMED_ACTION] =
		{"ambiguous-action",
		 "its code=kill can be KILL_THREAD or KILL_PROCESS; read the records of "
		 "`ausearch --raw`"},
	[MALFORMED_DATE] = {"ambiguous-date", "its date can be several days, or none in the order "
					      "given; give --date-order dmy, mdy or ymd"},
	[MALFORMED_PARTIAL] = {"partial", "the last line is incomplete"},
	[MALFORMED_WRAPPED] = {"wrapped",
			       "the line was wrapped: its action is cut off; copy it without "
			       "line breaks"},
	[MALFORMED_LONG] = {"too-long", "the line is longer than any record"},
	[MALFORMED_JSON] = {"json", "JSON that is cut off or longer than 1 MiB"},
	[MALFORMED_CALL] = {"unknown-call", "a traced call that is on no known architecture"},
	[MALFORMED_TRACE] = {"no-trace", "text that strace does not write"},
};

const char *malformed_name(enum malformed reason)
{
	return reasons[reason].name;
}

const char *malformed_text(enum malformed reason)
{
	return reasons[reason].text;
}

/* How a field's value is written. */
enum field_form {
	FORM_SKIP,
	FORM_DECIMAL,
	FORM_HEX, /* without 0x */
	FORM_HEX_0X,
	FORM_STRING, /* quoted or hex, (null) */
	FORM_SUBJ,   /* anything, spaces too, up to " pid=" */
};

enum field_id {
	FIELD_AUID,
	FIELD_UID,
	FIELD_GID,
	FIELD_SES,
	FIELD_SUBJ,
	FIELD_PID,
	FIELD_COMM,
	FIELD_EXE,
	FIELD_SIG,
	FIELD_ARCH,
	FIELD_SYSCALL,
	FIELD_COMPAT,
	FIELD_IP,
	FIELD_CODE,
	FIELD_COUNT,
};

#define FIELD_BIT(id) (1u << (id))

struct field {
	char key[8]; /* with its '=', zero-padded: eight bytes are compared at once */
	unsigned char length;
	enum field_form form;
};

/* In the order of the kernel (kernel/auditsc.c, audit_seccomp and audit_log_task), so that the
 * next row is nearly always the next field; matched by name all the same. */
static const struct field fields[FIELD_COUNT] = {
	[FIELD_AUID] = {"auid=", 5, FORM_SKIP},
	[FIELD_UID] = {"uid=", 4, FORM_SKIP},
	[FIELD_GID] = {"gid=", 4, FORM_SKIP},
	[FIELD_SES] = {"ses=", 4, FORM_SKIP},
	[FIELD_SUBJ] = {"subj=", 5, FORM_SUBJ},
	[FIELD_PID] = {"pid=", 4, FORM_DECIMAL},
	[FIELD_COMM] = {"comm=", 5, FORM_STRING},
	[FIELD_EXE] = {"exe=", 4, FORM_STRING},
	[FIELD_SIG] = {"sig=", 4, FORM_SKIP},
	[FIELD_ARCH] = {"arch=", 5, FORM_HEX},
	[FIELD_SYSCALL] = {{'s', 'y', 's', 'c', 'a', 'l', 'l', '='}, 8, FORM_DECIMAL},
	[FIELD_COMPAT] = {"compat=", 7, FORM_SKIP},
	[FIELD_IP] = {"ip=", 3, FORM_HEX_0X},
	[FIELD_CODE] = {"code=", 5, FORM_HEX_0X},
};

/* True if the text from p on begins with the field's key. */
static inline bool field_is(const struct field *field, const char *p, const char *end)
{
	static const unsigned char ones[16] = {255, 255, 255, 255, 255, 255, 255, 255};
	uint64_t have, want, mask;

	if (end - p < (ptrdiff_t)sizeof(have))
		return end - p >= field->length && memcmp(p, field->key, field->length) == 0;
	memcpy(&have, p, sizeof(have));
	memcpy(&want, field->key, sizeof(want));
	memcpy(&mask, ones + 8 - field->length, sizeof(mask));
	return (have & mask) == want;
}

/* A value ends at a blank, at the enriched tail, at an escaped control byte ("#012", "\x1d", "^]" of cat -v, the
 * replacement character U+FFFD) or, where a copy lost the 0x1d, at the tail's first letter. The kernel's own digits
 * are lower case. */
static inline bool value_ends(const char *p, const char *end)
{
	return p == end || *p == ' ' || *p == ENRICHED_MARK || *p == '#' || *p == '\r' ||
	       (*p >= 'A' && *p <= 'Z') || *p == '^' || *p == '\\' || *p == '\xef';
}

/* The readers return where the value ends, or NULL if it is none. */
static inline const char *read_decimal(const char *p, const char *end, int64_t *ret_value)
{
	bool negative = p < end && *p == '-';
	uint64_t value;
	const char *digits = p + negative;

	p = scan_decimal(digits, end, 12, &value);
	if (p == digits || !value_ends(p, end))
		return NULL;
	*ret_value = negative ? -(int64_t)value : (int64_t)value;
	return p;
}

static inline const char *read_hex(const char *p, const char *end, uint64_t *ret_value)
{
	const char *first = p;

	p = scan_hex(p, end, ret_value);
	return p != first && value_ends(p, end) ? p : NULL;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Hex of untrusted bytes (kernel/audit.c, audit_log_n_hex): an even number of digits. */
static bool decode_hex(struct str hex, struct record_space *space, struct str *ret_bytes)
{
	char *to = space->bytes + space->n;

	if (hex.n == 0 || hex.n % 2 || space->n + hex.n / 2 > sizeof(space->bytes))
		return false;
	for (size_t i = 0; i < hex.n; i += 2) {
		int high = hex_digit((unsigned char)hex.p[i]);
		int low = hex_digit((unsigned char)hex.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (char)(high << 4 | low);
	}
	*ret_bytes = str_of(to, hex.n / 2);
	space->n += hex.n / 2;
	return true;
}

static const char *read_unquoted(const char *p, const char *end, struct record_space *space,
				 struct str *ret_bytes, bool *ret_null)
{
	const char *stop = scan_for(p, end, ' ', ENRICHED_MARK);
	struct str value = str_of(p, (size_t)(stop - p));

	*ret_null = str_eq(value, STR("(null)"));
	if (*ret_null)
		return stop;
	return decode_hex(value, space, ret_bytes) ? stop : NULL;
}

static inline const char *read_string(const char *p, const char *end, struct record_space *space,
				      struct str *ret_bytes, bool *ret_null)
{
	if (p == end || *p != '"')
		return read_unquoted(p, end, space, ret_bytes, ret_null);
	const char *stop = scan_for(++p, end, '"', '"');

	if (stop == end)
		return NULL;
	*ret_bytes = str_of(p, (size_t)(stop - p));
	*ret_null = false;
	stop++;
	return stop == end || *stop == ' ' || *stop == ENRICHED_MARK ? stop : NULL;
}

/* Keeps what the field says. The caller has checked that it is the field's first time. */
static inline enum malformed keep_number(struct record *record, enum field_id id, int64_t value)
{
	bool fits = id == FIELD_SYSCALL ? value >= INT32_MIN && value <= UINT32_MAX
					: value >= 0 && value <= UINT32_MAX;

	if (!fits)
		return MALFORMED_NUMBER;
	if (id == FIELD_SYSCALL)
		record->nr = (int32_t)value;
	else
		record->pid = (uint32_t)value;
	return MALFORMED_NONE;
}

static inline enum malformed keep_hex(struct record *record, enum field_id id, uint64_t value)
{
	if (id == FIELD_IP) {
		record->ip = value;
		return MALFORMED_NONE;
	}
	if (value > UINT32_MAX)
		return MALFORMED_NUMBER;
	if (id == FIELD_ARCH) {
		record->arch = (uint32_t)value;
		record->has_arch = true;
	} else {
		record->code = (uint32_t)value;
	}
	return MALFORMED_NONE;
}

/* Reads the value at *p and steps behind it. */
static inline enum malformed read_value(const char **p, const char *end, enum field_id id,
					struct record_space *space, struct record *record)
{
	const char *at = *p;
	enum malformed why = MALFORMED_NONE;
	int64_t number;
	uint64_t hex;

	switch (fields[id].form) {
	case FORM_DECIMAL:
		at = read_decimal(at, end, &number);
		why = at ? keep_number(record, id, number) : MALFORMED_NUMBER;
		break;
	case FORM_HEX_0X:
		if (end - at < 2 || at[0] != '0' || at[1] != 'x')
			return MALFORMED_NUMBER;
		at += 2;
		__attribute__((fallthrough));
	case FORM_HEX:
		at = read_hex(at, end, &hex);
		why = at ? keep_hex(record, id, hex) : MALFORMED_NUMBER;
		break;
	case FORM_STRING:
		at = id == FIELD_COMM
			     ? read_string(at, end, space, &record->comm, &record->comm_null)
			     : read_string(at, end, space, &record->exe, &record->exe_null);
		why = at ? MALFORMED_NONE : MALFORMED_STRING;
		break;
	case FORM_SUBJ:
		record->subj = str_of(at, (size_t)(end - at));
		record->subj.n = str_find(record->subj, STR(" pid="));
		at += record->subj.n;
		break;
	case FORM_SKIP:
		at = scan_for(at, end, ' ', ENRICHED_MARK);
		break;
	}
	*p = at;
	return why;
}

/* The row of the field that the text begins with, or FIELD_COUNT; `next` is the likely one. */
static inline unsigned field_at(const char *p, const char *end, unsigned next)
{
	if (field_is(&fields[next], p, end))
		return next;
	for (unsigned id = 0; id < FIELD_COUNT; id++)
		if (field_is(&fields[id], p, end))
			return id;
	return FIELD_COUNT;
}

static inline void record_reset(struct record *record)
{
	record->has_arch = false;
	record->comm_null = record->exe_null = true;
	record->comm = record->exe = record->subj = record->rest = str_of(NULL, 0);
	record->ip = 0;
	record->arch = 0;
}

#define FIELDS_NEEDED (FIELD_BIT(FIELD_PID) | FIELD_BIT(FIELD_SYSCALL) | FIELD_BIT(FIELD_CODE))

/* Fields by name, in any order. */
static enum malformed parse_by_name(struct str text, struct record_space *space,
				    struct record *record)
{
	const char *p = text.p, *end = p + text.n;
	unsigned seen = 0, next = 0;

	record_reset(record);
	for (; p < end && *p != ENRICHED_MARK; p += p < end && *p == ' ') {
		unsigned id = field_at(p, end, next);

		if (id == FIELD_COUNT) { /* a field that does not matter, or part of a value */
			p = scan_for(p, end, ' ', ENRICHED_MARK);
			continue;
		}
		if (seen & FIELD_BIT(id))
			return MALFORMED_DUPLICATE;
		seen |= FIELD_BIT(id);
		p += fields[id].length;
		enum malformed why = read_value(&p, end, (enum field_id)id, space, record);

		if (why)
			return why;
		if (id == FIELD_CODE) {
			/* the kernel's last field: what follows is auditd's */
			record->rest = str_of(p, (size_t)(end - p));
			break;
		}
		/* without an LSM there is no subj */
		next = id + 1 == FIELD_SUBJ ? FIELD_PID : id + 1;
	}
	return (seen & FIELDS_NEEDED) == FIELDS_NEEDED ? MALFORMED_NONE : MALFORMED_FIELD;
}

/* True if the text begins with the literal, which is then skipped. */
#define SKIP_LITERAL(p, end, literal)                     \
	((end) - (p) >= (ptrdiff_t)sizeof(literal) - 1 && \
	 memcmp((p), (literal), sizeof(literal) - 1) == 0 && ((p) += sizeof(literal) - 1))

/* True if a number's text follows, which is then skipped with the blank behind it. */
static inline bool skip_value(const char **p, const char *end)
{
	*p = scan_for(*p, end, ' ', ENRICHED_MARK);
	return *p < end && *(*p)++ == ' ';
}

/* True if a quoted string follows, taken with the blank behind it. */
static inline bool usual_string(const char **p, const char *end, struct str *ret_bytes)
{
	const char *from = *p + 1, *stop;

	if (*p == end || **p != '"')
		return false;
	stop = scan_for(from, end, '"', '"');
	if (end - stop < 2 || stop[1] != ' ')
		return false;
	*ret_bytes = str_of(from, (size_t)(stop - from));
	*p = stop + 2;
	return true;
}

/*
 * The record as a kernel of today writes it for a host without an LSM, names without anything
 * odd in them: nearly every line. The same fields as by name, without looking for any of them.
 * False for whatever differs; nothing is known then.
 */
static inline bool parse_usual(struct str text, struct record *record)
{
	const char *p = text.p, *end = p + text.n, *at;
	uint64_t pid, arch, nr, code;

	if (!SKIP_LITERAL(p, end, "auid=") || !skip_value(&p, end) ||
	    !SKIP_LITERAL(p, end, "uid=") || !skip_value(&p, end) ||
	    !SKIP_LITERAL(p, end, "gid=") || !skip_value(&p, end) ||
	    !SKIP_LITERAL(p, end, "ses=") || !skip_value(&p, end) || !SKIP_LITERAL(p, end, "pid="))
		return false;
	p = scan_decimal(at = p, end, 9, &pid);
	if (p == at || !SKIP_LITERAL(p, end, " comm=") || !usual_string(&p, end, &record->comm) ||
	    !SKIP_LITERAL(p, end, "exe=") || !usual_string(&p, end, &record->exe) ||
	    !SKIP_LITERAL(p, end, "sig=") || !skip_value(&p, end) || !SKIP_LITERAL(p, end, "arch="))
		return false;
	p = scan_hex(at = p, end, &arch);
	if (p - at != 8 || !SKIP_LITERAL(p, end, " syscall="))
		return false;
	p = scan_decimal(at = p, end, 9, &nr);
	if (p == at || !SKIP_LITERAL(p, end, " compat=") || !skip_value(&p, end) ||
	    !SKIP_LITERAL(p, end, "ip=0x"))
		return false;
	p = scan_hex(at = p, end, &record->ip);
	if (p == at || !SKIP_LITERAL(p, end, " code=0x"))
		return false;
	p = scan_hex(at = p, end, &code);
	if (p == at || p - at > 8 || !value_ends(p, end))
		return false;
	record->pid = (uint32_t)pid;
	record->arch = (uint32_t)arch;
	record->has_arch = true;
	record->nr = (int32_t)nr;
	record->code = (uint32_t)code;
	record->comm_null = record->exe_null = false;
	record->rest = str_of(p, (size_t)(end - p));
	return true;
}

enum malformed record_parse(struct str text, struct record_space *space, struct record *record)
{
	record_reset(record);
	space->n = 0;
	if (parse_usual(text, record))
		return MALFORMED_NONE;
	return parse_by_name(text, space, record);
}

/* What stands between a key's last place before `end` and `end`; *ret_at is where the key is. */
static bool value_before(struct str text, struct str key, size_t end, struct str *ret_value,
			 size_t *ret_at)
{
	for (size_t at = end; at-- > 0;) {
		if (end - at < key.n || memcmp(text.p + at, key.p, key.n) != 0)
			continue;
		*ret_value = str_of(text.p + at + key.n, end - at - key.n);
		*ret_at = at;
		return true;
	}
	return false;
}

static bool interpreted_number(struct str text, int64_t *ret_value)
{
	return read_decimal(text.p, text.p + text.n, ret_value) == text.p + text.n;
}

/* "getppid", "1073741887" or libaudit's "unknown-syscall(1073741887)". The names are libaudit's
 * (pread, where libseccomp says pread64), so libaudit turns them back. */
static bool interpreted_syscall(struct str text, uint32_t arch, int64_t *ret_nr)
{
	static const struct str unknown = {"unknown-syscall(", 16};
	char name[SYSCALL_NAME_SIZE];

	if (str_starts(text, unknown) && text.p[text.n - 1] == ')')
		text = str_of(text.p + unknown.n, text.n - unknown.n - 1);
	if (interpreted_number(text, ret_nr))
		return true;
	if (!str_copy(text, name, sizeof(name)))
		return false;
	int machine = audit_elf_to_machine(arch);
	int nr = machine < 0 ? -1 : audit_name_to_syscall(name, machine);

	if (nr >= 0) {
		*ret_nr = nr;
		return true;
	}
	return syscall_number(arch, name, ret_nr);
}

/* `ausearch -i` prints a control byte of an untrusted string as three octal digits (auparse,
 * AUPARSE_ESC_TTY). */
static struct str decode_octal(struct str text, struct record_space *space)
{
	char *to = space->bytes + space->n;
	size_t n = 0;

	if (!memchr(text.p, '\\', text.n) || space->n + text.n > sizeof(space->bytes))
		return text;
	for (size_t i = 0; i < text.n; i++) {
		const char *p = text.p + i;
		int value = text.n - i >= 4 && p[0] == '\\' && p[1] == '0' && p[2] >= '0' &&
					    p[2] <= '3' && p[3] >= '0' && p[3] <= '7'
				    ? (p[2] - '0') << 3 | (p[3] - '0')
				    : -1;

		to[n++] = value < 0 ? *p : (char)value;
		i += value < 0 ? 0 : 3;
	}
	space->n += n;
	return str_of(to, n);
}

/* comm and exe as `ausearch -i` prints them: bare. Only one place may part them. */
static enum malformed interpreted_names(struct str names, struct record_space *space,
					struct record *record)
{
	static const struct str key = {" exe=", 5};
	size_t found = 0;

	/* each of comm's bytes may be written as four */
	for (size_t at = 0; at + key.n <= names.n && at <= 4 * COMM_MAX; at++) {
		if (memcmp(names.p + at, key.p, key.n) != 0)
			continue;
		struct str exe = str_skip(names, at + key.n);

		if (exe.n && exe.p[0] != '/' && exe.p[0] != '(' && exe.p[0] != '<')
			continue;
		record->comm = str_of(names.p, at);
		record->exe = exe;
		if (decode_octal(record->comm, space).n <= COMM_MAX)
			found++;
		space->n = 0;
	}
	/* kernel 3.10 logs none */
	if (!found && str_find(names, key) == names.n && names.n <= 4 * COMM_MAX) {
		record->comm = decode_octal(names, space);
		record->comm_null = str_eq(names, STR("(null)"));
		return record->comm.n <= COMM_MAX ? MALFORMED_NONE : MALFORMED_STRING;
	}
	if (found != 1)
		return found ? MALFORMED_AMBIGUOUS : MALFORMED_STRING;
	record->comm_null = str_eq(record->comm, STR("(null)"));
	record->exe_null = str_eq(record->exe, STR("(null)"));
	record->comm = record->comm_null ? str_of(NULL, 0) : decode_octal(record->comm, space);
	record->exe = record->exe_null ? str_of(NULL, 0) : decode_octal(record->exe, space);
	return MALFORMED_NONE;
}

static struct str trim_end(struct str text)
{
	while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\r'))
		text.n--;
	return text;
}

/* The fields after exe, read from the end: nothing there is the process's choice. */
struct interpreted_tail {
	struct str sig, arch, syscall, compat, ip, code;
};

static bool interpreted_tail(struct str text, struct interpreted_tail *ret_tail, size_t *ret_end)
{
	size_t end = text.n;

	return value_before(text, STR(" code="), end, &ret_tail->code, &end) &&
	       value_before(text, STR(" ip="), end, &ret_tail->ip, &end) &&
	       value_before(text, STR(" compat="), end, &ret_tail->compat, &end) &&
	       value_before(text, STR(" syscall="), end, &ret_tail->syscall, &end) &&
	       (value_before(text, STR(" arch="), end, &ret_tail->arch, &end) || true) &&
	       value_before(text, STR(" sig="), end, &ret_tail->sig, ret_end);
}

enum malformed record_parse_interpreted(struct str text, struct record_space *space,
					struct record *record)
{
	struct interpreted_tail tail = {0};
	size_t end, comm = str_find(text, STR(" comm="));
	int64_t pid, nr;

	record_reset(record);
	space->n = 0;
	text = trim_end(text);
	if (!interpreted_tail(text, &tail, &end) || comm + 6 > end)
		return MALFORMED_FIELD;
	struct str head = str_of(text.p, comm);
	size_t pid_at = str_find(head, STR(" pid="));

	if (pid_at == head.n)
		return MALFORMED_FIELD;
	size_t subj_at = str_find(str_of(head.p, pid_at), STR(" subj="));

	if (subj_at < pid_at)
		record->subj = str_of(head.p + subj_at + 6, pid_at - subj_at - 6);
	if (!interpreted_number(str_skip(head, pid_at + 5), &pid) || pid < 0 || pid > UINT32_MAX)
		return MALFORMED_NUMBER;
	record->pid = (uint32_t)pid;
	record->arch = tail.arch.n ? arch_from_name(tail.arch) : 0;
	record->has_arch = record->arch != 0;
	/* without one a name is taken for this host's, as a number is */
	uint32_t arch = record->has_arch ? record->arch : arch_native();

	if ((tail.arch.p && !record->has_arch) || !interpreted_syscall(tail.syscall, arch, &nr) ||
	    nr < INT32_MIN || nr > INT32_MAX || !action_from_name(tail.code, &record->code))
		return MALFORMED_NUMBER;
	record->nr = (int32_t)nr;
	if (!str_starts(tail.ip, STR("0x")))
		return MALFORMED_NUMBER;
	const char *ip_end = tail.ip.p + tail.ip.n;

	if (read_hex(tail.ip.p + 2, ip_end, &record->ip) != ip_end)
		return MALFORMED_NUMBER;
	struct str names = str_of(text.p + comm + 6, end - comm - 6);
	enum malformed why = interpreted_names(names, space, record);

	/* libaudit has one name for both (audit-userspace, seccomptab.h). exe= is from Linux 3.14 on,
	 * KILL_PROCESS from 4.14 on. */
	if (!why && str_eq(tail.code, STR("kill")) && str_find(names, STR(" exe=")) < names.n)
		return MALFORMED_ACTION;
	return why;
}
