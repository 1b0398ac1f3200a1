#include "report/message.h"

#include "base/mem.h"
#include "report/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* One write a line, so that lines of several processes into one log do not mix. */
static void write_line(const char *prefix, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void write_line(const char *prefix, const char *format, va_list args)
{
	BUF_AUTO line = {0};
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		mem_fail("a message");
	buf_put_str(&line, str_from(prefix));
	text_put_sentence(&line, str_from(text));
	buf_put_char(&line, '\n');
	free(text);
	fwrite(line.p, 1, line.n, stderr);
}

void message_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("sclog: ", format, args);
	va_end(args);
}

void message_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("sclog: ", format, args);
	va_end(args);
}

void message_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("sclog: warning: ", format, args);
	va_end(args);
}
