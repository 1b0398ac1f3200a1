#include "ingest/usual.h"

#include "ingest/stamp.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* auditd puts this byte before the names that it adds (audit-userspace, ENRICHED format). */
#define ENRICHED_MARK 0x1d

/* auditd's tail is shorter; behind more, another record may have been joined to the line. */
#define TAIL_USUAL 128

/* A record's line is looked at for so many bytes, in which so many blanks are noted. */
#define LINE_USUAL 1024
#define BLANKS_MAX 64

/* A longer line of another type may be one that LINE_MAX_BYTES cuts. */
#define OTHER_USUAL 16384

#define STARTS(p, literal) (memcmp((p), (literal), sizeof(literal) - 1) == 0)

/* What is known of 64 bytes: a bit for each. */
struct look {
	uint64_t blanks; /* blanks, and control bytes with the newline */
	uint64_t newlines;
};

static inline struct look look_at(const char *p)
{
	struct look look = {0, 0};
#ifdef __SSE2__
	const __m128i blank = _mm_set1_epi8(' '), newline = _mm_set1_epi8('\n');

	for (int i = 0; i < 4; i++) {
		__m128i bytes = _mm_loadu_si128((const void *)(p + 16 * i));
		__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, blank), bytes);
		__m128i ends = _mm_cmpeq_epi8(bytes, newline);

		look.blanks |= (uint64_t)(uint32_t)_mm_movemask_epi8(low) << 16 * i;
		look.newlines |= (uint64_t)(uint32_t)_mm_movemask_epi8(ends) << 16 * i;
	}
#else
	for (int i = 0; i < 64; i++) {
		look.blanks |= (uint64_t)((unsigned char)p[i] <= ' ') << i;
		look.newlines |= (uint64_t)(p[i] == '\n') << i;
	}
#endif
	return look;
}

static inline unsigned count_bits(uint64_t bits)
{
	bits -= bits >> 1 & SCAN_EACH(0x55);
	bits = (bits & SCAN_EACH(0x33)) + (bits >> 2 & SCAN_EACH(0x33));
	return (unsigned)(((bits + (bits >> 4)) & SCAN_EACH(0x0f)) * SCAN_EACH(0x01) >> 56);
}

/* The line's blanks, and its newline as the last of them. */
struct blanks {
	const char *at[BLANKS_MAX + 64];
	const char *newline;
};

/* Eight places are noted for each 64 bytes, whether there are so many or not: how many there are
 * cannot be foreseen, and a branch on it would go wrong half of the time. */
static inline void note_blanks(const char *p, uint64_t bits, unsigned count, const char **to)
{
	for (int i = 0; i < 8; i++) {
		to[i] = p + __builtin_ctzll(bits | (uint64_t)1 << 63);
		bits &= bits - 1;
	}
	for (unsigned i = 8; i < count; i++) {
		to[i] = p + __builtin_ctzll(bits);
		bits &= bits - 1;
	}
}

/* False if the line is longer than usual. */
static inline bool find_blanks(const char *p, const char *end, struct blanks *blanks)
{
	const char *last = end - p > LINE_USUAL ? p + LINE_USUAL : end;
	unsigned count = 0;

	for (; p < last && count < BLANKS_MAX; p += 64) {
		struct look look = look_at(p);
		unsigned found = count_bits(look.blanks);

		note_blanks(p, look.blanks, found, blanks->at + count);
		count += found;
		if (look.newlines) {
			blanks->newline = p + __builtin_ctzll(look.newlines);
			return true;
		}
	}
	return false;
}

/* From the blank before comm= on: what the kernel always writes in this order. */
static inline bool read_tail(const char *const *at, const char *newline, struct usual *usual)
{
	uint64_t ip, code;

	if (!STARTS(at[0], " comm=") || !STARTS(at[1], " exe=") || !STARTS(at[2], " sig=") ||
	    !STARTS(at[3], " arch=") || !STARTS(at[4], " syscall=") || !STARTS(at[5], " compat=") ||
	    !STARTS(at[6], " ip=0x") || !STARTS(at[7], " code=0x"))
		return false;
	const char *ip_at = at[6] + 6, *code_at = at[7] + 8, *stop = at[8];

	if (at[7] - ip_at > 16 || scan_hex(ip_at, at[7], &ip) != at[7] || ip_at == at[7] ||
	    stop > newline || stop - code_at > 8 || scan_hex(code_at, stop, &code) != stop ||
	    code_at == stop)
		return false;
	if (stop != newline && (*stop != ENRICHED_MARK || newline - stop > TAIL_USUAL))
		return false;
	usual->ip = ip;
	usual->code = (uint32_t)code;
	usual->what_at = (uint16_t)(at[0] + 1 - usual->line);
	usual->what_n = (uint16_t)(at[6] - at[0] - 1);
	return true;
}

/* The LSM's context may hold blanks; it ends before pid=. Returns how many blanks it takes. */
static inline unsigned read_subj(const char *const *at, const char *newline, struct usual *usual)
{
	const char *from = at[0] + 6;
	unsigned n = 1;

	for (; at[n] < newline && *at[n] == ' '; n++) {
		if (!STARTS(at[n], " pid="))
			continue;
		usual->subj_at = (uint16_t)(from - usual->line);
		usual->subj_n = (uint16_t)(at[n] - from);
		return n;
	}
	return 0;
}

static inline bool read_fields(const char *const *at, const char *newline, struct usual *usual)
{
	uint64_t pid;

	if (!STARTS(at[0], " auid=") || !STARTS(at[1], " uid=") || !STARTS(at[2], " gid=") ||
	    !STARTS(at[3], " ses="))
		return false;
	at += 4;
	usual->subj_at = usual->subj_n = 0;
	if (STARTS(at[0], " subj=")) {
		unsigned n = read_subj(at, newline, usual);

		if (!n)
			return false;
		at += n;
	}
	if (!STARTS(at[0], " pid=") || at[1] - at[0] < 6 || at[1] - at[0] > 14)
		return false;
	if (scan_decimal(at[0] + 5, at[1], 9, &pid) != at[1])
		return false;
	usual->pid = (uint32_t)pid;
	return read_tail(at + 1, newline, usual);
}

/* Whole lines have a newline behind the blanks that are asked for: what lies behind it is another
 * line's, and begins with none of the names. */
static inline bool read_record(const struct blanks *blanks, struct usual *usual)
{
	const char *const *at = blanks->at, *newline = blanks->newline;

	if (newline - at[0] < 64 || !STARTS(at[0], " msg=audit("))
		return false;
	struct str rest = str_of(at[0] + 11, (size_t)(newline - at[0] - 11));

	if (!stamp_kernel(&rest, &usual->ms, &usual->serial) || rest.p != at[1] + 1)
		return false;
	usual->fields_at = (uint16_t)(rest.p - usual->line);
	return read_fields(at + 1, newline, usual);
}

/* A line of another type: its blanks need not be known. */
static enum usual_kind read_other(struct usual *usual)
{
	const char *p = usual->line, *end = p + usual->line_n;

	if (usual->line_n < 40 || usual->line_n > OTHER_USUAL || !STARTS(p, "type="))
		return USUAL_NOT;
	if (STARTS(p + 5, "DAEMON_"))
		return USUAL_NOBODY;
	if (STARTS(p + 5, "SECCOMP ") || STARTS(p + 5, "1326 ") || STARTS(p + 5, "UNKNOWN["))
		return USUAL_NOT;
	p = scan_for(p + 5, end, ' ', ' ');
	if (end - p < 24 || !STARTS(p, " msg=audit("))
		return USUAL_NOT;
	struct str rest = str_of(p + 11, (size_t)(end - p - 11));

	return stamp_kernel(&rest, &usual->ms, &usual->serial) ? USUAL_OTHER : USUAL_NOT;
}

void usual_read(const char *p, const char *end, struct usual *usual)
{
	struct blanks blanks;
	bool is_record = end - p > 13 && STARTS(p, "type=SECCOMP ") && find_blanks(p, end, &blanks);
	const char *newline = is_record ? blanks.newline : memchr(p, '\n', (size_t)(end - p));

	usual->line = p;
	usual->line_n = (uint32_t)(newline - p);
	usual->ended = true;
	usual->cut = false;
	if (is_record)
		usual->kind = read_record(&blanks, usual) ? USUAL_RECORD : USUAL_NOT;
	else
		usual->kind = (uint8_t)read_other(usual);
}
