libsclog_a_SOURCES += \
	base/buf.c base/buf.h \
	base/clock.c base/clock.h \
	base/err.c base/err.h \
	base/file.c base/file.h \
	base/hash.h \
	base/mem.c base/mem.h \
	base/pattern.c base/pattern.h \
	base/privileges.c base/privileges.h \
	base/ring.c base/ring.h \
	base/sandbox.c base/sandbox.h \
	base/scan.h \
	base/str.h \
	base/utf8.c base/utf8.h
