libsclog_a_SOURCES += \
	live/describer.c live/describer.h \
	live/describers.c live/describers.h \
	live/evidence.c live/evidence.h \
	live/hidden.c live/hidden.h \
	live/helper.c live/helper.h \
	live/intake.c live/intake.h \
	live/kinds.c live/kinds.h \
	live/listener.c live/listener.h \
	live/packet.c live/packet.h \
	live/pairs.c live/pairs.h \
	live/printer.c live/printer.h \
	live/service.c live/service.h \
	live/source.c live/source.h live/source_type.h \
	live/source_file.c \
	live/source_journal.c \
	live/source_kmsg.c \
	live/source_netlink.c \
	live/source_stdin.c \
	live/status_line.c live/status_line.h \
	live/top.c live/top.h \
	live/watch.c live/watch.h live/watch_private.h \
	live/watch_ended.c \
	live/watch_open.c \
	live/watch_take.c \
	live/watch_tick.c
