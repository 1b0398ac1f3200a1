libsclog_a_SOURCES += \
	report/containers.c report/containers.h \
	report/csv.c report/csv.h \
	report/diff.c report/diff.h report/diff_private.h \
	report/diff_csv.c \
	report/diff_json.c \
	report/diff_text.c \
	report/diff_unused.c \
	report/events.c report/events.h \
	report/evidence.c report/evidence.h \
	report/explain.c report/explain.h report/explain_private.h \
	report/explain_blocked.c \
	report/explain_compare.c \
	report/finding.c report/finding.h \
	report/format.c report/format.h \
	report/health.c report/health.h \
	report/group.c report/group.h \
	report/in_force.c report/in_force.h \
	report/json.c report/json.h \
	report/judges.c report/judges.h \
	report/kept.c report/kept.h \
	report/live.c report/live.h \
	report/message.c report/message.h \
	report/novelty.c report/novelty.h \
	report/recording.c report/recording.h \
	report/summary.c report/summary.h \
	report/table.c report/table.h \
	report/text.c report/text.h \
	report/unused.c report/unused.h
