libsclog_a_SOURCES += \
	cli/cmd_containers.c \
	cli/cmd_diff.c \
	cli/cmd_events.c \
	cli/cmd_ingest.c \
	cli/command.h \
	cli/exit.h \
	cli/feed.c cli/feed.h \
	cli/message.c cli/message.h \
	cli/nearest.c cli/nearest.h \
	cli/option.c cli/option.h \
	cli/progress.c cli/progress.h \
	cli/reading.c cli/reading.h \
	cli/sandbox.c cli/sandbox.h \
	cli/selection.c cli/selection.h \
	cli/version.c cli/version.h

sclog_SOURCES = cli/main.c
