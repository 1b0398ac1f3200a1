libsclog_a_SOURCES += \
	profile/condition.c profile/condition.h \
	profile/document.c profile/document.h \
	profile/filter.c profile/filter.h \
	profile/lint.c profile/lint.h \
	profile/names.c \
	profile/profile.c profile/profile.h \
	profile/resolve.c profile/resolve.h \
	profile/spans.c profile/spans.h \
	profile/term.c profile/term.h \
	profile/verdict.c profile/verdict.h \
	profile/walk.c profile/walk.h
