libsclog_a_SOURCES += \
	cli/cmd_containers.c \
	cli/cmd_diff.c \
	cli/cmd_events.c \
	cli/cmd_explain.c \
	cli/cmd_ingest.c \
	cli/cmd_logmode.c \
	cli/cmd_profile.c \
	cli/cmd_watch.c \
	cli/command.h \
	cli/config.c cli/config.h \
	cli/exit.h \
	cli/feed.c cli/feed.h \
	cli/intake.c cli/intake.h \
	cli/listener.c cli/listener.h \
	cli/in_force.c cli/in_force.h \
	cli/judges.c cli/judges.h \
	cli/message.c cli/message.h \
	cli/nearest.c cli/nearest.h \
	cli/option.c cli/option.h \
	cli/output.c cli/output.h \
	cli/printer.c cli/printer.h \
	cli/privileges.c cli/privileges.h \
	cli/profile_bases.c \
	cli/profile_files.c \
	cli/profile_make.c cli/profile_private.h \
	cli/progress.c cli/progress.h \
	cli/reading.c cli/reading.h \
	cli/sandbox.c cli/sandbox.h \
	cli/selection.c cli/selection.h \
	cli/service.c cli/service.h \
	cli/source.c cli/source.h \
	cli/syscalls.c cli/syscalls.h \
	cli/trace.c cli/trace.h \
	cli/version.c cli/version.h \
	cli/watch.c cli/watch.h cli/watch_private.h \
	cli/watch_open.c \
	cli/watch_take.c \
	cli/watch_tick.c

sclog_SOURCES = cli/main.c
