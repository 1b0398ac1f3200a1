libsclog_a_SOURCES += \
	profile/advice.c profile/advice.h \
	profile/always.c profile/always.h \
	profile/compose.c profile/compose.h profile/compose_private.h \
	profile/compose_base.c \
	profile/compose_check.c \
	profile/compose_name.c \
	profile/compose_needs.c \
	profile/compose_note.c \
	profile/compose_rules.c \
	profile/condition.c profile/condition.h \
	profile/cover.c profile/cover.h \
	profile/document.c profile/document.h \
	profile/dump.c profile/dump.h \
	profile/export.c profile/export.h profile/export_private.h \
	profile/export_proof.c profile/export_text.c \
	profile/filter.c profile/filter.h \
	profile/form.c profile/form.h profile/form_private.h \
	profile/form_json.c profile/form_minijail.c profile/form_spo.c \
	profile/form_systemd.c \
	profile/inspect.c profile/inspect.h \
	profile/json.c profile/json.h \
	profile/lint.c profile/lint.h \
	profile/live.c profile/live.h \
	profile/logmode.c profile/logmode.h profile/logmode_private.h \
	profile/logmode_proof.c \
	profile/logmode_restate.c \
	profile/logmode_unit.c \
	profile/misbuilt.c profile/misbuilt.h \
	profile/names.c \
	profile/needs.c profile/needs.h \
	profile/oci.c profile/oci.h \
	profile/pair.c profile/pair.h \
	profile/profile.c profile/profile.h \
	profile/region.c profile/region.h profile/region_map.c \
	profile/rehearsal.c profile/rehearsal.h \
	profile/resolve.c profile/resolve.h \
	profile/source.c profile/source.h \
	profile/spans.c profile/spans.h \
	profile/spelling.c profile/spelling.h \
	profile/stack.c profile/stack.h \
	profile/survey.c profile/survey.h \
	profile/term.c profile/term.h \
	profile/tree.c profile/tree.h \
	profile/tree_yaml.c \
	profile/unit.c profile/unit.h \
	profile/verdict.c profile/verdict.h \
	profile/walk.c profile/walk.h \
	profile/yaml.c profile/yaml.h
