#include "ingest/envelope/envelope_private.h"

#include "base/scan.h"

#include <strings.h>

/*
 * Parts of a mail (RFC 2045, 6.7 and 6.8): lines are read as they were before the mail was encoded.
 */

static bool starts_name(struct str line, struct str name, struct str *ret_value)
{
	if (line.n < name.n || strncasecmp(line.p, name.p, name.n) != 0)
		return false;
	*ret_value = str_strip(str_skip(line, name.n));
	return true;
}

static bool is_word(struct str text, struct str word)
{
	return text.n == word.n && strncasecmp(text.p, word.p, word.n) == 0;
}

/* A header's line, or one between the parts. */
static bool read_head(struct mail *mail, struct str line, bool may_begin)
{
	struct str value;

	if (starts_name(line, STR("Content-Transfer-Encoding:"), &value) &&
	    (may_begin || mail->is_one)) {
		mail->coming = is_word(value, STR("quoted-printable")) ? MAIL_QUOTED
			       : is_word(value, STR("base64"))         ? MAIL_BASE64
								       : MAIL_PLAIN;
		mail->is_one = true;
		return true;
	}
	mail->is_one |= may_begin && (starts_name(line, STR("Content-Type:"), &value) ||
				      starts_name(line, STR("MIME-Version:"), &value));
	if (!line.n && mail->coming) {
		mail->encoding = mail->coming;
		mail->coming = MAIL_PLAIN;
	}
	if (mail->encoding && str_starts(line, STR("--"))) {
		mail->encoding = MAIL_PLAIN;
		return true;
	}
	return false;
}

static void put_quoted(struct mail *mail, struct str line)
{
	bool goes_on = line.n && line.p[line.n - 1] == '=';

	line.n -= goes_on;
	for (size_t i = 0; i < line.n; i++) {
		bool is_code = line.p[i] == '=' && i + 2 < line.n;
		int high = is_code ? scan_hex_digit((char)(line.p[i + 1] | 0x20)) : -1;
		int low = is_code ? scan_hex_digit((char)(line.p[i + 2] | 0x20)) : -1;

		if (high >= 0 && low >= 0) {
			buf_put_char(&mail->text, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_put_char(&mail->text, line.p[i]);
		}
	}
	if (!goes_on)
		buf_put_char(&mail->text, '\n');
}

static void put_base64(struct mail *mail, struct str line)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < line.n && line.p[i] != '='; i++) {
		const char *at = line.p[i] ? strchr(digits, line.p[i]) : NULL;

		if (!at)
			continue;
		mail->bits = mail->bits << 6 | (unsigned)(at - digits);
		mail->bit_count += 6;
		if (mail->bit_count >= 8) {
			mail->bit_count -= 8;
			buf_put_char(&mail->text, (char)(mail->bits >> mail->bit_count));
		}
	}
}

bool mail_take(struct mail *mail, struct str line, bool may_begin)
{
	if (read_head(mail, line, may_begin)) {
		buf_put_char(&mail->text, '\n'); /* of the part before it */
		return mail->text.n > 1;
	}
	/* a body alone, of a record whose "type=" was encoded */
	if (may_begin && str_find(line, STR("type=3D")) < line.n) {
		mail->encoding = MAIL_QUOTED;
		mail->is_one = true;
	}
	if (!mail->encoding)
		return false;
	if (mail->encoding == MAIL_QUOTED)
		put_quoted(mail, line);
	else
		put_base64(mail, line);
	return true;
}

bool mail_next(struct mail *mail, struct str *ret_line)
{
	struct str left = str_skip(buf_str(&mail->text), mail->taken);
	size_t n = str_chr(left, '\n');

	if (n == left.n && left.n <= MAIL_LINE_MAX) { /* it goes on */
		BUF_AUTO rest = {0};

		if (!mail->taken)
			return false;
		buf_put_str(&rest, left);
		buf_clear(&mail->text);
		buf_put_str(&mail->text, buf_str(&rest));
		mail->taken = 0;
		return false;
	}
	*ret_line = str_of(left.p, n);
	while (ret_line->n && ret_line->p[ret_line->n - 1] == '\r')
		ret_line->n--;
	mail->taken += n + (n < left.n);
	return true;
}

void mail_begin(struct mail *mail)
{
	struct buf text = mail->text;

	buf_clear(&text);
	*mail = (struct mail){.text = text};
}
