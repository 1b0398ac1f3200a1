libsclog_a_SOURCES += \
	report/amended.c report/amended.h \
	report/active.c report/active.h \
	report/argument_names.c \
	report/arguments.c report/arguments.h \
	report/blind.c report/blind.h \
	report/change.c report/change.h \
	report/containers.c report/containers.h \
	report/csv.c report/csv.h \
	report/diff.c report/diff.h report/diff_private.h \
	report/diff_calls.c \
	report/diff_csv.c \
	report/diff_json.c \
	report/diff_status.c \
	report/diff_text.c \
	report/diff_unused.c \
	report/digest/digest.c report/digest/digest.h \
	report/digest/drift.c report/digest/drift.h \
	report/digest/html.c \
	report/digest/junit.c \
	report/digest/markdown.c \
	report/digest/metrics.c report/digest/metrics.h \
	report/digest/model.c report/digest/model.h \
	report/digest/sarif.c \
	report/digest/text.c \
	report/digest/timeline.c report/digest/timeline.h \
	report/digest/timeline_html.c \
	report/digest/write.c report/digest/write.h report/digest/write_private.h \
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
	report/otel.c report/otel.h \
	report/recorded_join.c \
	report/recording.c report/recording.h \
	report/risk.c report/risk.h \
	report/sentences.c report/sentences.h \
	report/spread.c report/spread.h \
	report/runs.c report/runs.h \
	report/ran.c report/ran.h \
	report/summary.c report/summary.h \
	report/table.c report/table.h \
	report/text.c report/text.h \
	report/traits.c report/traits.h \
	report/unused.c report/unused.h

# The page's style and script, as C strings.
nodist_libsclog_a_SOURCES += report/digest/page.h
BUILT_SOURCES += report/digest/page.h
CLEANFILES += report/digest/page.h
EXTRA_DIST += report/digest/page.css report/digest/page.js

report/digest/html.$(OBJEXT): report/digest/page.h
report/digest/page.h: $(srcdir)/report/digest/page.css $(srcdir)/report/digest/page.js
	$(AM_V_GEN)$(MKDIR_P) report/digest && \
	for part in css js; do \
		echo "static const char page_$$part[] =" && \
		sed -e 's/[\\"]/\\&/g' -e 's/^/\t"/' -e 's/$$/\\n"/' "$(srcdir)/report/digest/page.$$part" && \
		echo "	;" || exit 1; \
	done >$@.tmp && mv $@.tmp $@
