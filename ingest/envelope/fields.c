#include "ingest/envelope/envelope_private.h"

static bool is_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* A word, in quotes perhaps; what stands in them is not looked into. */
static bool take_word(struct str *text, struct str *ret_word)
{
	bool quoted = text->n && text->p[0] == '"';
	size_t n = 0;

	if (quoted) {
		*text = str_skip(*text, 1);
		while (n < text->n && text->p[n] != '"')
			n += text->p[n] == '\\' && n + 1 < text->n ? 2 : 1;
	} else {
		while (n < text->n && text->p[n] != ' ' && text->p[n] != '=')
			n++;
	}
	*ret_word = str_of(text->p, n);
	*text = str_skip(*text, n);
	if (!quoted)
		return n > 0;
	if (!text->n)
		return false;
	*text = str_skip(*text, 1);
	return true;
}

static bool is_name(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!is_key(word.p[i]))
			return false;
	return word.n > 0;
}

/* A quoted value without its backslashes. */
static struct str unescape(struct str value, struct buf *spare)
{
	size_t from = spare->n;

	if (str_chr(value, '\\') == value.n)
		return value;
	for (size_t i = 0; i < value.n; i++) {
		i += value.p[i] == '\\' && i + 1 < value.n;
		buf_put_char(spare, value.p[i]);
	}
	return str_of(spare->p + from, spare->n - from);
}

/* The Security Profiles Operator before 0.4 had short names. */
static int role_of_field(struct str key)
{
	static const struct {
		struct str key;
		enum envelope_value value;
	} names[] = {
		{{"ns", 2}, ENVELOPE_NAMESPACE},
		{{"c", 1}, ENVELOPE_CONTAINER},
		{{"scid", 4}, ENVELOPE_SYSCALL},
		{{"scname", 6}, ENVELOPE_SYSCALL_NAME},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(key, names[i].key))
			return names[i].value;
	return role_of(str_of(NULL, 0), key);
}

/* "key"="value" "number"=1, key="value": what klog and logr write. The first of a name counts. */
static void take_pairs(struct str text, struct context *context, struct buf *spare,
		       bool *ret_seccomp, struct str *ret_message)
{
	struct str key, value;

	buf_reserve(spare, text.n + 1); /* it does not move any more */
	while (text.n) {
		if (text.p[0] == ' ') {
			text = str_skip(text, 1);
			continue;
		}
		if (!take_word(&text, &key) && !text.n)
			return;
		if (!text.n || text.p[0] != '=') {
			text = str_skip(text, text.n && text.p[0] != ' ');
			continue;
		}
		text = str_skip(text, 1);
		if (!take_word(&text, &value) || !is_name(key))
			continue;
		int role = role_of_field(key);

		if (role >= 0 && !context->values[role].p)
			context->values[role] = unescape(value, spare);
		if (str_eq(key, STR("msg")) || str_eq(key, STR("message")) ||
		    str_eq(key, STR("MESSAGE")))
			*ret_message = unescape(value, spare);
		*ret_seccomp |= str_eq(key, STR("type")) &&
				(str_eq(value, STR("seccomp")) || str_eq(value, STR("1326")));
	}
}

bool peel_fields(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str message = {0};
	bool seccomp = false;

	bool has_call =
		str_find(text, STR("yscall")) < text.n || str_find(text, STR("scname=")) < text.n;

	if (!has_call ||
	    (str_find(text, STR("seccomp")) == text.n && str_find(text, STR("msg=\"")) == text.n &&
	     str_find(text, STR("message=\"")) == text.n &&
	     str_find(text, STR("MESSAGE=\"")) == text.n))
		return false;
	take_pairs(text, context, spare, &seccomp, &message);
	/* "msg"="audit(...) type=seccomp ..." */
	if (!seccomp && str_starts(message, STR("audit(")) && str_chr(message, '\\') == message.n) {
		BUF_AUTO nothing = {0};

		text = message;
		take_pairs(text, context, &nothing, &seccomp, &message);
	}
	if (str_starts(text, STR("audit(")) && !context->values[ENVELOPE_STAMP].p)
		context->values[ENVELOPE_STAMP] =
			str_of(text.p + 6, str_chr(str_skip(text, 6), ')'));
	/* and nothing before the first pair, which would be whose text it is */
	if (envelope_is_text(message) &&
	    str_chr(text, '=') <
		    str_chr(text, ' ')) { /* time=... level=info msg="audit: type=..." */
		*ret_text = message;
		return true;
	}
	if (!seccomp ||
	    (!context->values[ENVELOPE_SYSCALL].p && !context->values[ENVELOPE_SYSCALL_NAME].p))
		return false;
	context->event = true;
	*ret_text = text;
	return true;
}
