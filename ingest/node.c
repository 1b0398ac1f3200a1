#include "ingest/node.h"

#include "ingest/envelope/instance.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

struct str node_label(struct str name, char label[NODE_LABEL_SIZE])
{
	char whole[NODE_LABEL_SIZE];
	struct in6_addr address;
	size_t n = name.n < sizeof(whole) - 1 ? name.n : sizeof(whole) - 1;

	if (n)
		memcpy(whole, name.p, n);
	whole[n] = '\0';
	if (inet_pton(AF_INET, whole, &address) != 1 && inet_pton(AF_INET6, whole, &address) != 1)
		n = strcspn(whole, ".");
	for (size_t i = 0; i < n; i++)
		label[i] = (char)(whole[i] >= 'A' && whole[i] <= 'Z' ? whole[i] | 0x20 : whole[i]);
	return str_of(label, n);
}

static bool is_of_logs(struct str word)
{
	static const char *const words[] = {"audit",   "auditd",   "dmesg",    "docker",  "file",
					    "journal", "journald", "kern",     "kernel",  "linux",
					    "log",     "logs",     "messages", "rsyslog", "secure",
					    "stderr",  "stdin",    "stdout",   "syslog",  "systemd",
					    "tcp",     "udp"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == word.n && strncasecmp(words[i], word.p, word.n) == 0)
			return true;
	return false;
}

struct str node_in(struct str text, bool numbered)
{
	size_t digits = 0, from = 0, n = instance_length(text);

	if (n)
		return str_of(text.p, n);
	for (size_t i = 0; i <= text.n; i++) {
		if (i == text.n || strchr(".-", text.p[i])) {
			if (i == from || is_of_logs(str_of(text.p + from, i - from)))
				return str_of(NULL, 0);
			from = i + 1;
		} else if (!isalnum((unsigned char)text.p[i])) {
			return str_of(NULL, 0);
		}
		digits += i < text.n && is_digit(text.p[i]);
	}
	return digits == text.n || (numbered && !digits) ? str_of(NULL, 0) : text;
}
