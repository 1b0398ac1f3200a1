#include "ingest/usual.h"

#include "ingest/header.h"
#include "ingest/stamp.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* auditd puts this byte before the names that it adds (audit-userspace, ENRICHED format). */
#define ENRICHED_MARK 0x1d

/* A record's line is no longer than this. */
#define LINE_USUAL 1024

/* A longer line of another type may be one that LINE_MAX_BYTES cuts. */
#define OTHER_USUAL 16384

/* A word of at most eight bytes as the number that loading it gives. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SHIFT(i) (8 * (i))
#else
#define SHIFT(i) (56 - 8 * (i))
#endif
#define BYTE(word, i)                                                                       \
	((uint64_t)(unsigned char)((i) < sizeof(word) - 1 ? (word)[(i) % sizeof(word)] : 0) \
	 << SHIFT(i))
#define MASK(word, i) ((uint64_t)((i) < sizeof(word) - 1 ? 0xff : 0) << SHIFT(i))
#define EACH(what, word)                                                                 \
	(what(word, 0) | what(word, 1) | what(word, 2) | what(word, 3) | what(word, 4) | \
	 what(word, 5) | what(word, 6) | what(word, 7))

static inline uint64_t load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* One comparison, where memcmp() would build the short word on the stack first. */
#define IS(p, word) ((load(p) & EACH(MASK, word)) == EACH(BYTE, word))

/* A bit for each of 16 bytes that is at most so large. */
static inline unsigned at_most_16(const char *p, char most)
{
#ifdef __SSE2__
	const __m128i bytes = _mm_loadu_si128((const void *)p);

	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes));
#else
	unsigned found = 0;

	for (unsigned i = 0; i < 16; i++)
		found |= (unsigned)((unsigned char)p[i] <= (unsigned char)most) << i;
	return found;
#endif
}

/* The same of 64. */
static inline uint64_t at_most(const char *p, char most)
{
	const uint64_t low = at_most_16(p, most) | at_most_16(p + 16, most) << 16;
	const uint64_t high = at_most_16(p + 32, most) | at_most_16(p + 48, most) << 16;

	return low | high << 32;
}

static inline bool is_same_16(const char *p, const char *q)
{
#ifdef __SSE2__
	const __m128i a = _mm_loadu_si128((const void *)p), b = _mm_loadu_si128((const void *)q);

	return _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) == 0xffff;
#else
	return load(p) == load(q) && load(p + 8) == load(q + 8);
#endif
}

/* Sixteen bytes or more that are the same in both. */
static inline bool is_same(const char *p, const char *q, size_t n)
{
	const char *end = p + n - 16;
	bool same = is_same_16(end, q + n - 16);

	for (; p < end && same; p += 16, q += 16)
		same = is_same_16(p, q);
	return same;
}

/* Is any of 64 bytes at most so large? */
static inline bool any_at_most(const char *p, char most)
{
#ifdef __SSE2__
	const __m128i *at = (const void *)p;
	const __m128i low = _mm_min_epu8(_mm_loadu_si128(at), _mm_loadu_si128(at + 1));
	const __m128i high = _mm_min_epu8(_mm_loadu_si128(at + 2), _mm_loadu_si128(at + 3));
	const __m128i all = _mm_min_epu8(low, high);

	return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(all, _mm_set1_epi8(most)), all));
#else
	return at_most(p, most);
#endif
}

/* Where the first bit's byte is; the last byte if none is set. */
static inline const char *blank_at(const char *p, uint64_t blanks)
{
	return p + __builtin_ctzll(blanks | (uint64_t)1 << 63);
}

/* The first blank or control byte from there on; the line's newline is one. */
static inline const char *blank_after(const char *p)
{
	unsigned found;

	while (!(found = at_most_16(p, ' ')))
		p += 16;
	return p + __builtin_ctz(found);
}

/* Steps over a field: its name with the blank before it, and its value. */
#define FIELD(p, name) (IS(p, name) && ((p) = blank_after((p) + sizeof(name) - 1), true))

/* The LSM's context may hold blanks; it ends before pid=. */
static inline bool read_subj(const char **p, struct usual *usual)
{
	const char *from = *p + 6, *at = blank_after(from);

	while (*at == ' ' && !IS(at, " pid="))
		at = blank_after(at + 1);
	usual->subj_at = (uint16_t)(from - usual->line);
	usual->subj_n = (uint16_t)(at - from);
	*p = at;
	return *at == ' ' && at - usual->line < LINE_USUAL;
}

/* By whom: "auid=" to "pid=". Returns where the number begins, or NULL. */
static const char *learn_who(const char *p, struct usual_before *before, struct usual *usual)
{
	const char *at = p - 1;

	before->who_n = 0;
	if (!FIELD(at, " auid=") || !FIELD(at, " uid=") || !FIELD(at, " gid=") ||
	    !FIELD(at, " ses=") || (IS(at, " subj=") && !read_subj(&at, usual)) || !IS(at, " pid="))
		return NULL;
	at += 5;
	if (at - p > (ptrdiff_t)sizeof(before->who))
		return at;
	memcpy(before->who, p, (size_t)(at - p));
	before->who_n = (uint8_t)(at - p);
	before->subj_n = usual->subj_n;
	return at;
}

static inline const char *read_who(const char *p, struct usual_before *before, struct usual *usual)
{
	if (!before->who_n || !is_same(p, before->who, before->who_n))
		return learn_who(p, before, usual);
	p += before->who_n;
	usual->subj_n = before->subj_n;
	usual->subj_at = (uint16_t)(p - 5 - usual->subj_n - usual->line);
	return p;
}

/* " sig=" to " syscall=". Returns where the number begins, or NULL. */
static const char *learn_how(const char *p, struct usual_before *before)
{
	const char *at = p;

	before->how_n = 0;
	if (!FIELD(at, " sig=") || !FIELD(at, " arch=") || !IS(at, " syscall") || at[8] != '=')
		return NULL;
	at += 9;
	if (at - p > (ptrdiff_t)sizeof(before->how))
		return at;
	memcpy(before->how, p, (size_t)(at - p));
	before->how_n = (uint8_t)(at - p);
	return at;
}

static inline const char *read_how(const char *p, struct usual_before *before)
{
	return before->how_n && is_same(p, before->how, before->how_n) ? p + before->how_n
								       : learn_how(p, before);
}

/* The number of " pid=", and " comm=" and " exe=". All blanks are looked for at once: if they were by
 * turns, the processor would wait for each. Returns what follows, or NULL. */
static inline const char *read_program(const char *p, struct usual *usual)
{
	const uint64_t pid_end = at_most(p, ' '), comm_end = pid_end & (pid_end - 1);
	const uint64_t exe_end = comm_end & (comm_end - 1);
	const char *at = blank_at(p, pid_end);
	uint64_t pid = 0;

	if (!comm_end || at == p || scan_digits8(load(p), &pid) != (size_t)(at - p) ||
	    !IS(at, " comm="))
		return NULL;
	usual->pid = (uint32_t)pid;
	usual->what_at = (uint16_t)(at + 1 - usual->line);
	at = blank_at(p, comm_end);
	if (!IS(at, " exe="))
		return NULL;
	return exe_end ? blank_at(p, exe_end) : blank_after(p + 64);
}

static bool learn_code(const char *p, const char *end, struct usual_before *before,
		       struct usual *usual)
{
	uint64_t code;
	size_t n = (size_t)(end - p - 8);

	if (!IS(p, " code=0x") || n > 8 || !scan_hex_before(end, n, &code))
		return false;
	usual->code = (uint32_t)code;
	if (n == 8)
		memcpy(before->code_text, p, 16);
	before->code = n == 8 ? usual->code : before->code;
	return true;
}

static inline bool read_code(const char *p, const char *end, struct usual_before *before,
			     struct usual *usual)
{
	usual->code = before->code;
	return (end == p + 16 && is_same_16(p, before->code_text)) ||
	       learn_code(p, end, before, usual);
}

/* The number of " syscall=", and " compat=", " ip=" and " code=". Returns what follows, or NULL. */
static inline const char *read_call(const char *p, struct usual_before *before, struct usual *usual)
{
	const uint64_t nr_end = at_most(p, ' '), compat_end = nr_end & (nr_end - 1);
	const uint64_t ip_end = compat_end & (compat_end - 1), code_end = ip_end & (ip_end - 1);
	const char *at = blank_at(p, nr_end) + 9; /* the kernel writes one digit */

	if (!code_end || blank_at(p, compat_end) != at || !IS(at - 9, " compat=") ||
	    !IS(at, " ip=0x") || at - usual->line > LINE_USUAL)
		return NULL;
	usual->what_n = (uint16_t)(at - usual->line - usual->what_at);
	const char *end = blank_at(p, ip_end), *code = end;

	if (!scan_hex_before(end, (size_t)(end - at - 6), &usual->ip))
		return NULL;
	end = blank_at(p, code_end);
	return read_code(code, end, before, usual) ? end : NULL;
}

/* The line's end, if it comes behind nothing but auditd's tail, which is shorter than 128 bytes: behind
 * more, another record may have been joined to the line. The tail is of plain text. */
static inline bool read_end(const char *p, const char **ret_newline)
{
	uint64_t found;

	*ret_newline = p;
	if (*p != ENRICHED_MARK)
		return *p == '\n';
	if (!any_at_most(++p, 0x1f))
		p += 64;
	found = at_most(p, 0x1f);
	*ret_newline = blank_at(p, found);
	return **ret_newline == '\n';
}

/* Of the second before: "1795302294.062:148553): ", and no further blank. Returns what follows, or
 * NULL. */
static inline const char *read_same_second(const char *p, const struct usual_before *before,
					   struct usual *usual)
{
	uint64_t serial;

	if (load(p) != before->second[0] || load(p + 3) != before->second[1] ||
	    !before->second_ms || !is_digit(p[11]) || !is_digit(p[12]) || !is_digit(p[13]) ||
	    p[14] != ':')
		return NULL;
	const char *end = scan_decimal(p + 15, p + 31, 10, &serial);

	if (end == p + 15 || serial > UINT32_MAX || !IS(end, "): ") || end[3] == ' ' ||
	    end[3] == ':')
		return NULL;
	usual->ms = before->second_ms + (p[11] - '0') * 100 + (p[12] - '0') * 10 + p[13] - '0';
	usual->serial = (uint32_t)serial;
	return end + 3;
}

static const char *learn_stamp(const char *p, const char *end, struct usual_before *before,
			       struct usual *usual)
{
	struct str rest = str_of(p, (size_t)(end - p));

	if (!stamp_kernel(&rest, &usual->ms, &usual->serial))
		return NULL;
	if (p[10] == '.') {
		before->second[0] = load(p);
		before->second[1] = load(p + 3);
		before->second_ms = usual->ms / 1000 * 1000;
	}
	return rest.p;
}

/* As stamp_kernel(). Returns what follows, or NULL. */
static inline const char *read_stamp(const char *p, const char *end, struct usual_before *before,
				     struct usual *usual)
{
	const char *same = read_same_second(p, before, usual);

	return same ? same : learn_stamp(p, end, before, usual);
}

/* What the kernel always writes in this order, from the stamp on. No field goes past the line: each
 * name is looked for at a byte that may be its newline, and begins with none. */
static inline bool read_fields(const char *p, const char *end, struct usual_before *before,
			       struct usual *usual, const char **ret_newline)
{
	p = read_stamp(p, end, before, usual);
	if (!p || p[-1] != ' ' || p[-2] != ':')
		return false;
	usual->subj_at = usual->subj_n = 0;
	usual->fields_at = (uint16_t)(p - usual->line);
	return (p = read_who(p, before, usual)) && (p = read_program(p, usual)) &&
	       (p = read_how(p, before)) && (p = read_call(p, before, usual)) &&
	       read_end(p, ret_newline);
}

static inline bool read_record(const char *end, struct usual_before *before, struct usual *usual,
			       const char **ret_newline)
{
	const char *p = usual->line;

	usual->host_at = usual->host_n = 0;
	return IS(p, "type=SEC") && IS(p + 8, "COMP msg") && IS(p + 15, "g=audit(") &&
	       end - p > 64 && read_fields(p + 23, end, before, usual, ret_newline);
}

/* Where the header's time goes on behind its seconds, if it may have a fraction. */
static inline const char *skip_fraction(const char *p)
{
	uint64_t fraction;

	return *p == '.' ? scan_decimal(p + 1, p + 17, 9, &fraction) : p;
}

/* auditd's own mark of a node, which goes before any header. */
static inline bool is_marked(const char *p)
{
	return IS(p, "node=");
}

/* A header that is not known yet: is it of the kernel's own words, and what of it stays the same? */
static bool learn_header(struct str line, struct usual_before *before)
{
	struct header header;

	before->time_n = 0;
	if (line.n < 64 || !header_read(line, &header) || header.form != HEADER_SYSLOG ||
	    header.pri.p || header.facility.n || !header.host.n || header.time.p != line.p ||
	    !str_eq(header.tag, STR("kernel")))
		return false;
	size_t time_n = header.clock == HEADER_ISO ? 19 : 15;

	if (header.time.n < time_n || (header.clock != HEADER_ISO && header.time.n != time_n) ||
	    header.clock == HEADER_UNIX || is_marked(line.p))
		return false;
	const char *from = skip_fraction(line.p + time_n), *to = header.tag.p + header.tag.n;

	if (from > header.host.p || to - from > (ptrdiff_t)sizeof(before->host))
		return false;
	memcpy(before->time, line.p, time_n);
	memcpy(before->host, from, (size_t)(to - from));
	before->time_n = (uint8_t)time_n;
	before->host_n = (uint8_t)(to - from);
	before->name_at = (uint8_t)(header.host.p - from);
	before->name_n = (uint8_t)header.host.n;
	return true;
}

/* "Nov 21 23:01:34 HOST kernel", "2026-11-21T23:01:34.381697+00:00 HOST kernel": returns what follows,
 * NULL if it is another header than the one before. */
static inline const char *same_header(const struct usual_before *before, struct usual *usual)
{
	const char *p = usual->line;
	size_t n = before->time_n;

	if (!n || load(p) != load(before->time) || load(p + n - 8) != load(before->time + n - 8) ||
	    load(p + 7) != load(before->time + 7))
		return NULL;
	p = skip_fraction(p + n);
	if (memcmp(p, before->host, before->host_n) != 0)
		return NULL;
	usual->host_at = (uint8_t)(p + before->name_at - usual->line);
	usual->host_n = before->name_n;
	return p + before->host_n;
}

/* printk's time: "[  711.918371] ". */
static inline const char *skip_printk_time(const char *p)
{
	uint64_t number;
	const char *at = p + 1;

	if (*p != '[')
		return p;
	while (*at == ' ')
		at++;
	if (!is_digit(*at))
		return p;
	at = scan_decimal(at, at + 16, 12, &number);
	if (*at != '.' || scan_decimal(at + 1, at + 9, 6, &number) != at + 7 || at[7] != ']' ||
	    at[8] != ' ')
		return p;
	return at + 9;
}

/* A record that the kernel printed and a syslog daemon wrote. */
static bool read_syslog(const char *end, struct usual_before *before, struct usual *usual,
			const char **ret_newline)
{
	const char *p = same_header(before, usual);

	if (!p) {
		const char *newline = memchr(usual->line, '\n', (size_t)(end - usual->line));

		if (!learn_header(str_of(usual->line, (size_t)(newline - usual->line)), before))
			return false;
		p = same_header(before, usual);
	}
	if (!p || p[0] != ':' || p[1] != ' ')
		return false;
	p = skip_printk_time(p + 2);
	/* without a stamp the header's time counts */
	return IS(p, "audit: t") && IS(p + 8, "ype=1326") && IS(p + 16, " audit(") &&
	       read_fields(p + 23, end, before, usual, ret_newline) && usual->ms;
}

/* A bit for each of 16 bytes that ends a line, is no text's, or is in the middle of "audit" or
 * "SECCOMP". */
static inline unsigned telling_bytes(const char *p)
{
	unsigned found = 0;
#ifdef __SSE2__
	__m128i at = _mm_loadu_si128((const void *)p),
		next = _mm_loadu_si128((const void *)(p + 1));
	__m128i ud = _mm_and_si128(_mm_cmpeq_epi8(at, _mm_set1_epi8('u')),
				   _mm_cmpeq_epi8(next, _mm_set1_epi8('d')));
	__m128i cc = _mm_and_si128(_mm_cmpeq_epi8(at, _mm_set1_epi8('C')),
				   _mm_cmpeq_epi8(next, _mm_set1_epi8('C')));
	__m128i ends = _mm_or_si128(_mm_cmpeq_epi8(at, _mm_set1_epi8('\n')),
				    _mm_cmpeq_epi8(at, _mm_set1_epi8('\033')));

	found = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(ud, cc), ends));
#else
	for (unsigned i = 0; i < 16; i++)
		found |= (unsigned)(p[i] == '\n' || p[i] == '\033' ||
				    (p[i] == 'u' && p[i + 1] == 'd') ||
				    (p[i] == 'C' && p[i + 1] == 'C'))
			 << i;
#endif
	return found;
}

/* The newline of a line without "audit", "SECCOMP" and escape sequences; NULL if it has some. */
static const char *text_end(const char *line)
{
	for (const char *p = line;; p += 16) {
		for (unsigned found = telling_bytes(p); found; found &= found - 1) {
			const char *at = p + __builtin_ctz(found);

			if (*at == '\n')
				return at;
			if (*at == '\033' || (at > line && IS(at - 1, "audit")) ||
			    (at > line + 1 && IS(at - 2, "SECCOMP")))
				return NULL;
		}
	}
}

/* Any line of syslog that says nothing of audit. */
static bool read_text(struct usual *usual, const char **ret_newline)
{
	const char *p = usual->line;
	char lower = (char)(*p | 0x20);

	if (!is_digit(*p) && (lower < 'a' || lower > 'z'))
		return false;
	if (is_marked(p) || IS(p, "Log: aui"))
		return false;
	*ret_newline = text_end(p);
	return *ret_newline && *ret_newline - p <= OTHER_USUAL;
}

/* A line of another type: its blanks need not be known. */
static enum usual_kind read_other(struct usual_before *before, struct usual *usual)
{
	const char *p = usual->line, *end = p + usual->line_n;

	if (usual->line_n < USUAL_OTHER_MIN || usual->line_n > OTHER_USUAL || !IS(p, "type="))
		return USUAL_NOT;
	if (IS(p + 5, "DAEMON_"))
		return USUAL_NOBODY;
	if (IS(p + 5, "SECCOMP ") || IS(p + 5, "1326 ") || IS(p + 5, "UNKNOWN["))
		return USUAL_NOT;
	p = blank_after(p + 5);
	if (end - p < 24 || !IS(p, " msg=aud") || !IS(p + 8, "it("))
		return USUAL_NOT;
	return read_stamp(p + 11, end, before, usual) ? USUAL_OTHER : USUAL_NOT;
}

static enum usual_kind read_kind(const char *end, struct usual_before *before, struct usual *usual,
				 const char **ret_newline)
{
	const char *p = usual->line;

	*ret_newline = NULL;
	if (IS(p, "type=")) {
		if (read_record(end, before, usual, ret_newline))
			return USUAL_RECORD;
		*ret_newline = memchr(p, '\n', (size_t)(end - p));
		usual->line_n = (uint32_t)(*ret_newline - p);
		return read_other(before, usual);
	}
	if (read_text(usual, ret_newline))
		return USUAL_TEXT;
	return end - p > 64 && read_syslog(end, before, usual, ret_newline) ? USUAL_SYSLOG
									    : USUAL_NOT;
}

void usual_read(const char *p, const char *end, struct usual_before *before, struct usual *usual)
{
	const char *newline;

	usual->line = p;
	usual->kind = (uint8_t)read_kind(end, before, usual, &newline);
	if (usual->kind == USUAL_NOT)
		newline = memchr(p, '\n', (size_t)(end - p));
	usual->line_n = (uint32_t)(newline - p);
	if (usual_is_record(usual) && usual->line_n < USUAL_RECORD_MIN)
		usual->kind = USUAL_NOT;
}
