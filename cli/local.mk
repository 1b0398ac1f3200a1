libsclog_a_SOURCES += \
	cli/cmd_containers.c \
	cli/cmd_diff.c \
	cli/cmd_doctor.c \
	cli/cmd_events.c \
	cli/cmd_explain.c \
	cli/cmd_fleet.c \
	cli/cmd_forget.c \
	cli/forget_input.c cli/forget_input.h \
	cli/cmd_ingest.c \
	cli/cmd_logmode.c \
	cli/cmd_profile.c \
	cli/cmd_prune.c \
	cli/cmd_report.c \
	cli/cmd_push.c \
	cli/cmd_relabel.c \
	cli/cmd_watch.c \
	cli/command.c cli/command.h \
	cli/config.c cli/config.h \
	cli/exit.h \
	cli/feed.c cli/feed.h cli/feed_private.h cli/feed_log.c cli/feed_again.c \
	cli/judging.c cli/judging.h \
	cli/option.c cli/option.h \
	cli/output.c cli/output.h \
	cli/profile_bases.c \
	cli/profile_files.c \
	cli/profile_make.c cli/profile_private.h \
	cli/profile_shared.c \
	cli/progress.c cli/progress.h \
	cli/retention.c cli/retention.h \
	cli/sending.c cli/sending.h \
	cli/reading.c cli/reading.h \
	cli/selection.c cli/selection.h \
	cli/known_names.c \
	cli/stated.c cli/stated.h \
	cli/syscalls.c cli/syscalls.h \
	cli/trace.c cli/trace.h \
	cli/version.c cli/version.h

sclog_SOURCES = cli/main.c
