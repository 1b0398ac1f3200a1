#include "base/pattern.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Hostile text may make a pattern backtrack: this bounds the work for one line. */
#define PATTERN_MATCH_LIMIT 100000

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	struct str subject;
};

int pattern_new(const char *expression, struct pattern **ret_pattern, struct err *err)
{
	int code = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
					     PCRE2_EXTENDED | PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL,
					     &code, &at, NULL);

	if (!compiled) {
		PCRE2_UCHAR text[160];

		pcre2_get_error_message(code, text, sizeof(text));
		return err_set(err, EINVAL, "pattern '%s': %s at position %zu", expression,
			       (const char *)text, at);
	}
	struct pattern *pattern = mem_new(1, sizeof(*pattern));

	/* Without JIT (a kernel that forbids it) the interpreter serves. */
	(void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
	pattern->code = compiled;
	pattern->match = pcre2_match_data_create_from_pattern(compiled, NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->match || !pattern->limits)
		mem_fail("pcre2");
	pcre2_set_match_limit(pattern->limits, PATTERN_MATCH_LIMIT);
	*ret_pattern = pattern;
	return 0;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_context_free(pattern->limits);
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->code);
	free(pattern);
}

bool pattern_match(struct pattern *pattern, struct str subject)
{
	pattern->subject = subject;
	return pcre2_match(pattern->code, (PCRE2_SPTR)subject.p, subject.n, 0, 0, pattern->match,
			   pattern->limits) > 0;
}

struct str pattern_group(const struct pattern *pattern, const char *name)
{
	int number = pcre2_substring_number_from_name(pattern->code, (PCRE2_SPTR)name);

	if (number <= 0 || (uint32_t)number >= pcre2_get_ovector_count(pattern->match))
		return (struct str){0};
	const PCRE2_SIZE *at = &pcre2_get_ovector_pointer(pattern->match)[2 * number];

	if (at[0] == PCRE2_UNSET || at[0] > at[1])
		return (struct str){0};
	return str_of(pattern->subject.p + at[0], at[1] - at[0]);
}

const char *pattern_library_version(char *buffer, size_t size)
{
	char text[64] = "";

	/* "10.42 2022-12-11": the date is cut off. The call wants at least 64 bytes of room. */
	if (pcre2_config(PCRE2_CONFIG_VERSION, text) > 0)
		text[strcspn(text, " ")] = '\0';
	size_t n = strlen(text) < size ? strlen(text) : size - 1;

	memcpy(buffer, text, n);
	buffer[n] = '\0';
	return buffer;
}
