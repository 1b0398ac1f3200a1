#include "live/service.h"

#include "base/buf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A datagram to the socket that the manager named; a name that begins with '@' is an abstract one. */
static void notify(const char *message)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = name ? strlen(name) : 0;

	if (!n || n >= sizeof(address.sun_path) || !strchr("/@", name[0]))
		return;
	memcpy(address.sun_path, name, n);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

static void notify_status(const char *before, const char *status)
{
	BUF_AUTO message = {0};

	buf_format(&message, "%sSTATUS=%s", before, status);
	notify(message.p);
}

void service_ready(const char *status)
{
	notify_status("READY=1\n", status);
}

void service_status(const char *status)
{
	notify_status("", status);
}

void service_alive(void)
{
	notify("WATCHDOG=1");
}

void service_stopping(void)
{
	notify("STOPPING=1");
}
