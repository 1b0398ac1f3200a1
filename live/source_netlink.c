#include "live/source_type.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "report/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Under this name the store keeps "BOOT_ID MS": until when it was listened to, in which boot. */
#define NAME "netlink"

struct netlink {
	struct multicast *multicast;
	struct listener *listener;
	char boot_id[64]; /* this boot's; serials begin anew with each */
	bool is_quiet;    /* nothing came since the place was kept */
};

/* A buffer smaller than asked for is what can be had, and is said. */
static void check_buffer(const struct multicast *multicast)
{
	size_t granted = multicast_granted(multicast);

	if (granted < MULTICAST_BUFFER)
		message_warning(
			"audit multicast: the receive buffer is only %zu KiB instead of %u MiB:"
			" bursts of more than about %zu records will be lost and counted as lost"
			" (CAP_NET_ADMIN or a higher net.core.rmem_max avoids it)",
			granted >> 10, MULTICAST_BUFFER >> 20, granted / MULTICAST_RECORD);
}

/* Of this boot. sclog.service sees no /proc/sys but the one below the host's /proc. */
static void read_boot_id(const char *proc_root, char *id, size_t size)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s/sys/kernel/random/boot_id", proc_root ? proc_root : "/proc");
	file_read_text(path.p, id, size);
	id[strcspn(id, "\n")] = '\0';
}

static int open_netlink(struct source *source, struct err *err)
{
	struct netlink *netlink = source->own = mem_new(1, sizeof(*netlink));

	if (source->options.once)
		return err_set(err, EINVAL,
			       "--once: netlink has no earlier records; use another source");
	int result = multicast_open(&netlink->multicast, err);

	if (result < 0)
		return result;
	check_buffer(netlink->multicast);
	read_boot_id(source->options.proc_root, netlink->boot_id, sizeof(netlink->boot_id));
	netlink->is_quiet = true;
	return 0;
}

static void close_netlink(struct source *source)
{
	struct netlink *netlink = source->own;

	multicast_close(netlink->multicast);
	free(netlink);
}

struct multicast *source_multicast(const struct source *source)
{
	const struct netlink *netlink = source->type == &source_netlink ? source->own : NULL;

	return netlink ? netlink->multicast : NULL;
}

/* What came since the last run, if this boot's serials cannot tell. */
static int note_unobserved(const struct source *source, const char *boot_id, struct err *err)
{
	BUF_AUTO place = {0}, text = {0};
	char before[64], stamp[CLOCK_TEXT_SIZE];
	long long ms;
	int result = store_cursor(source->store, NAME, &place, err);

	if (result < 0 || !place.p || sscanf(place.p, "%63s %lld", before, &ms) != 2 ||
	    strcmp(before, boot_id) == 0)
		return result;
	buf_format(&text, "since %s, in an earlier boot", clock_format_rfc3339_ms(ms, stamp));
	struct loss_note note =
		source_loss(source, LOSS_UNOBSERVED, clock_ms(CLOCK_REALTIME), text.p);

	note.text = buf_str(&place);
	return store_put_loss(source->store, &note, err);
}

int source_listen(struct source *source, struct listener *listener, bool is_first, struct err *err)
{
	struct netlink *netlink = source->own;

	netlink->listener = listener;
	return is_first ? note_unobserved(source, netlink->boot_id, err) : 0;
}

static int next_of_netlink(struct source *source, struct source_entry *ret_entry, struct err *err)
{
	struct netlink *netlink = source->own;
	struct heard_record heard;

	(void)err;
	if (!listener_record(netlink->listener, &heard))
		return SOURCE_NOTHING;
	if (heard.lost)
		return SOURCE_OVERRUN;
	netlink->is_quiet = false;
	ret_entry->line.text = heard.text;
	multicast_frame(heard.type, heard.text, &ret_entry->framed);
	return SOURCE_FRAMED;
}

static int mark_netlink(struct source *source, struct err *err)
{
	struct netlink *netlink = source->own;
	char place[128];

	if (netlink->is_quiet)
		return 0;
	netlink->is_quiet = true;
	snprintf(place, sizeof(place), "%s %lld", netlink->boot_id,
		 (long long)clock_ms(CLOCK_REALTIME));
	return store_put_cursor(source->store, NAME, str_from(place), err);
}

const struct source_type source_netlink = {
	.name = NAME,
	.label = NAME " (the kernel's audit multicast group)",
	.is_heard = true,
	.open = open_netlink,
	.close = close_netlink,
	.next = next_of_netlink,
	.mark = mark_netlink,
};
