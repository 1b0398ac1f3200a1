libsclog_a_SOURCES += \
	ingest/action.c ingest/action.h \
	ingest/ahead.c ingest/ahead.h \
	ingest/arch.c ingest/arch.h \
	ingest/collector.c ingest/collector.h \
	ingest/date.c ingest/date.h \
	ingest/months.c ingest/months.h \
	ingest/follow.c ingest/follow.h ingest/follow_private.h \
	ingest/follow_notice.c \
	ingest/follow_rotated.c \
	ingest/follow_slot.c \
	ingest/follow_successor.c \
	ingest/follow_watch.c \
	ingest/envelope/envelope.c ingest/envelope/envelope.h ingest/envelope/envelope_private.h \
	ingest/envelope/block.c \
	ingest/envelope/cells.c \
	ingest/envelope/csv.c \
	ingest/envelope/fields.c \
	ingest/envelope/escape.c \
	ingest/envelope/json_text.c \
	ingest/envelope/json_walk.c \
	ingest/envelope/literal.c \
	ingest/envelope/mail.c \
	ingest/envelope/prefix.c \
	ingest/envelope/role.c \
	ingest/envelope/grid.c ingest/envelope/grid.h ingest/envelope/instance.c ingest/envelope/instance.h \
	ingest/envelope/xml.c \
	ingest/envelope/yaml.c \
	ingest/framing.c ingest/framing.h \
	ingest/gzip.c ingest/gzip.h \
	ingest/header.c ingest/header.h \
	ingest/header_logcat.c ingest/header_logcat.h \
	ingest/input.c ingest/input.h \
	ingest/journal.c ingest/journal.h \
	ingest/kernel_text.c ingest/kernel_text.h \
	ingest/kmsg.c ingest/kmsg.h \
	ingest/line.h \
	ingest/looks.c ingest/looks.h \
	ingest/memo.c ingest/memo.h \
	ingest/multicast.c ingest/multicast.h \
	ingest/node.c ingest/node.h \
	ingest/notice.c ingest/notice.h \
	ingest/reader.c ingest/reader.h \
	ingest/serials.c ingest/serials.h \
	ingest/octets.c ingest/octets.h \
	ingest/packed.c ingest/packed.h \
	ingest/record.c ingest/record.h \
	ingest/rotation.c ingest/rotation.h \
	ingest/sdjournal.c ingest/sdjournal.h \
	ingest/source.c ingest/source.h \
	ingest/skip.c ingest/skip.h \
	ingest/stamp.c ingest/stamp.h \
	ingest/tar.c ingest/tar.h \
	ingest/utf16.c ingest/utf16.h \
	ingest/audit_request.c ingest/audit_request.h \
	ingest/rules.c ingest/rules.h \
	ingest/usual.c ingest/usual.h \
	ingest/status.c ingest/status.h \
	ingest/strace/strace.c ingest/strace/strace.h ingest/strace/strace_private.h \
	ingest/strace/head.c \
	ingest/strace/name.c \
	ingest/strace/process.c \
	ingest/strace/summary.c \
	ingest/strace/text.c
