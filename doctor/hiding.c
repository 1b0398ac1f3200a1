#include "doctor/hiding.h"

#include "base/file.h"
#include "ingest/rules.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool hiding_has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

bool hiding_is_off(const char *cmdline)
{
	for (const char *at = cmdline; *at;) {
		size_t n = strcspn(at, " ");

		if (n == 2 && strncmp(at, "--", n) == 0)
			return false;
		if ((n == 7 && strncmp(at, "audit=0", n) == 0) ||
		    (n == 9 && strncmp(at, "audit=", 6) == 0 && strncasecmp(at + 6, "off", 3) == 0))
			return true;
		at += n + strspn(at + n, " ");
	}
	return false;
}

static bool read_line(int proc, const char *name, char *text, size_t size)
{
	ssize_t n = file_read_at(proc, name, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n >= 0;
}

static void add(struct hiding *hiding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct hiding *hiding, const char *format, ...)
{
	va_list args;

	if (hiding->count == HIDING_MAX)
		return;
	va_start(args, format);
	vsnprintf(hiding->causes[hiding->count++], sizeof(hiding->causes[0]), format, args);
	va_end(args);
}

int hiding_read(int proc, struct hiding *ret_hiding, struct err *err)
{
	struct hiding_rules rules;
	char text[4096];

	*ret_hiding = (struct hiding){0};
	bool off = read_line(proc, "cmdline", text, sizeof(text)) && hiding_is_off(text);

	if (off)
		add(ret_hiding, "the kernel command line turns audit off (audit=0)");
	if (read_line(proc, "sys/kernel/seccomp/actions_logged", text, sizeof(text)) &&
	    !hiding_has_word(text, "log"))
		add(ret_hiding, "kernel.seccomp.actions_logged lacks \"log\"");
	int r = hiding_rules_get(&rules, err);

	for (size_t i = 0; i < rules.count; i++)
		add(ret_hiding, "audit rule `-a %s` hides %s seccomp records", rules.all[i].text.p,
		    rules.all[i].some ? "some" : "all");
	hiding_rules_release(&rules);
	if (r != -EPROTONOSUPPORT)
		return r;
	/* without audit there are no rules, and there is no record */
	err_clear(err);
	if (!off)
		add(ret_hiding, "the kernel was built without audit");
	return 0;
}
