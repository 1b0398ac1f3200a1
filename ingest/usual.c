#include "ingest/usual.h"

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

/* The first blank or control byte from there on; the line's newline is one. */
static inline const char *blank_after(const char *p)
{
#ifdef __SSE2__
	const __m128i blank = _mm_set1_epi8(' ');

	for (;; p += 16) {
		__m128i bytes = _mm_loadu_si128((const void *)p);
		int low = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, blank), bytes));

		if (low)
			return p + __builtin_ctz((unsigned)low);
	}
#else
	while ((unsigned char)*p > ' ')
		p++;
	return p;
#endif
}

/*
 * The same for what is mostly as long as before. Each field begins where the one before ended, so that
 * the processor would wait for each search in turn; it goes on from a guess at once, while the search
 * only confirms it. The compiler must not see that both are the same then.
 */
static inline const char *blank_near(const char *from, uint32_t *length)
{
	const char *end = blank_after(from), *guess = from + *length;

	if (guess != end) {
		*length = (uint32_t)(end - from);
		guess = end;
		__asm__("" : "+r"(guess));
	}
	return guess;
}

/* Steps over a field: its name with the blank before it, and its value. */
#define FIELD(p, name) (IS(p, name) && ((p) = blank_after((p) + sizeof(name) - 1), true))
#define FIELD_NEAR(p, name, length) \
	(IS(p, name) && ((p) = blank_near((p) + sizeof(name) - 1, length), true))

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

static inline bool read_pid(const char **p, struct usual_before *before, struct usual *usual)
{
	uint64_t pid = 0;
	const char *from = *p + 5, *end = blank_near(from, &before->pid);

	if (!IS(*p, " pid=") || scan_decimal(from, from + 16, 9, &pid) != end || from == end)
		return false;
	usual->pid = (uint32_t)pid;
	*p = end;
	return true;
}

/* "comm=" to "compat=", that is, to ip=. */
static inline bool read_what(const char **p, struct usual_before *before, struct usual *usual)
{
	const char *at = *p;

	if (!FIELD(at, " comm=") || !FIELD(at, " exe=") || !FIELD_NEAR(at, " sig=", &before->sig) ||
	    !FIELD_NEAR(at, " arch=", &before->arch) || !IS(at, " syscall") || at[8] != '=')
		return false;
	at = blank_after(at + 9);
	if (!FIELD_NEAR(at, " compat=", &before->compat) || at - usual->line > LINE_USUAL)
		return false;
	usual->what_at = (uint16_t)(*p + 1 - usual->line);
	usual->what_n = (uint16_t)(at - *p - 1);
	*p = at;
	return true;
}

static inline bool read_ip(const char **p, struct usual_before *before, struct usual *usual)
{
	uint64_t high = 0, low;
	const char *from = *p + 6, *end = blank_near(from, &before->ip);
	size_t n = (size_t)(end - from);

	if (!IS(*p, " ip=0x") || n - 1 > 15 || !scan_hex_before(end, n < 8 ? n : 8, &low) ||
	    (n > 8 && !scan_hex_before(end - 8, n - 8, &high)))
		return false;
	usual->ip = high << 32 | low;
	*p = end;
	return true;
}

static inline bool read_code(const char **p, struct usual_before *before, struct usual *usual)
{
	uint64_t code;
	const char *from = *p + 8, *end = blank_near(from, &before->code);
	size_t n = (size_t)(end - from);

	if (!IS(*p, " code=0x") || n - 1 > 7 || !scan_hex_before(end, n, &code))
		return false;
	usual->code = (uint32_t)code;
	*p = end;
	return true;
}

/* A bit for each of 64 bytes that is a newline. */
static inline uint64_t newlines_at(const char *p)
{
	uint64_t found = 0;
#ifdef __SSE2__
	const __m128i newline = _mm_set1_epi8('\n');

	for (int i = 0; i < 4; i++) {
		__m128i bytes = _mm_loadu_si128((const void *)(p + 16 * i));
		int is = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline));

		found |= (uint64_t)(unsigned)is << 16 * i;
	}
#else
	for (int i = 0; i < 64; i++)
		found |= (uint64_t)(p[i] == '\n') << i;
#endif
	return found;
}

/* The line's end, if it comes behind nothing but auditd's tail, which is shorter than 128 bytes: behind
 * more, another record may have been joined to the line. How long that is cannot be foreseen:
 * all of it is looked at, without a branch. */
static inline bool read_end(const char *p, const char **ret_newline)
{
	uint64_t low = newlines_at(p), high = newlines_at(p + 64);
	uint64_t first = low ? low : high;

	*ret_newline = p + (low ? 0 : 64) + (first ? __builtin_ctzll(first) : 0);
	return (*p == '\n' || *p == ENRICHED_MARK) && first;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
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

/* As stamp_kernel(). Returns what follows, or NULL. */
static inline const char *read_stamp(const char *p, const char *end, struct usual_before *before,
				     struct usual *usual)
{
	const char *same = read_same_second(p, before, usual);
	struct str rest = str_of(p, (size_t)(end - p));

	if (same)
		return same;
	if (!stamp_kernel(&rest, &usual->ms, &usual->serial))
		return NULL;
	if (p[10] == '.') {
		before->second[0] = load(p);
		before->second[1] = load(p + 3);
		before->second_ms = usual->ms / 1000 * 1000;
	}
	return rest.p;
}

static inline bool read_record_stamp(const char **p, const char *end, struct usual_before *before,
				     struct usual *usual)
{
	const char *blank = blank_near(*p, &before->stamp);

	if (read_stamp(*p, end, before, usual) != blank + 1)
		return false;
	usual->fields_at = (uint16_t)(blank + 1 - usual->line);
	*p = blank;
	return true;
}

/* What the kernel always writes in this order. No field goes past the line: each name but the first
 * is looked for at a byte that may be its newline, and begins with none. */
static inline bool read_record(const char *end, struct usual_before *before, struct usual *usual,
			       const char **ret_newline)
{
	const char *p = usual->line + 23;

	usual->subj_at = usual->subj_n = 0;
	return IS(p - 11, " msg=aud") && IS(p - 3, "it(") &&
	       read_record_stamp(&p, end, before, usual) &&
	       FIELD_NEAR(p, " auid=", &before->auid) && FIELD_NEAR(p, " uid=", &before->uid) &&
	       FIELD_NEAR(p, " gid=", &before->gid) && FIELD_NEAR(p, " ses=", &before->ses) &&
	       (!IS(p, " subj=") || read_subj(&p, usual)) && read_pid(&p, before, usual) &&
	       read_what(&p, before, usual) && read_ip(&p, before, usual) &&
	       read_code(&p, before, usual) && read_end(p, ret_newline);
}

/* A line of another type: its blanks need not be known. */
static enum usual_kind read_other(struct usual_before *before, struct usual *usual)
{
	const char *p = usual->line, *end = p + usual->line_n;

	if (usual->line_n < 40 || usual->line_n > OTHER_USUAL || !IS(p, "type="))
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

void usual_read(const char *p, const char *end, struct usual_before *before, struct usual *usual)
{
	const char *newline;

	usual->line = p;
	usual->ended = true;
	usual->cut = false;
	if (IS(p, "type=SEC") && IS(p + 8, "COMP ") && end - p > 64 &&
	    read_record(end, before, usual, &newline)) {
		usual->line_n = (uint32_t)(newline - p);
		usual->kind = USUAL_RECORD;
		return;
	}
	newline = memchr(p, '\n', (size_t)(end - p));
	usual->line_n = (uint32_t)(newline - p);
	usual->kind = (uint8_t)read_other(before, usual);
}
