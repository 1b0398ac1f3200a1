libsclog_a_SOURCES += \
	base/buf.c base/buf.h \
	base/clock.c base/clock.h \
	base/err.c base/err.h \
	base/file.c base/file.h \
	base/hash.h \
	base/landlock.c base/landlock.h \
	base/listing.c base/listing.h \
	base/library.c base/library.h \
	base/mem.c base/mem.h \
	base/nearest.c base/nearest.h \
	base/netlink.c base/netlink.h \
	base/own_filter.h \
	base/pattern.c base/pattern.h \
	base/privileges.c base/privileges.h \
	base/ring.c base/ring.h \
	base/sandbox.c base/sandbox.h \
	base/scan.h \
	base/sorted.c base/sorted.h \
	base/str.h \
	base/texts.c base/texts.h \
	base/utf8.c base/utf8.h

nodist_libsclog_a_SOURCES = base/own_filter.c

# What sclog itself may call in its sandbox, in the order of enum sandbox_kind.
own_filters = \
	$(srcdir)/share/own-filter/write.json \
	$(srcdir)/share/own-filter/read.json \
	$(srcdir)/share/own-filter/fleet.json \
	$(srcdir)/share/own-filter/watch.json \
	$(srcdir)/share/own-filter/helper.json \
	$(srcdir)/share/own-filter/describer.json
base/own_filter.c: base/own_filter.awk $(own_filters)
	$(AM_V_at)$(MKDIR_P) base
	$(AM_V_GEN)LC_ALL=C $(AWK) -f $(srcdir)/base/own_filter.awk $(own_filters) >$@.new && mv $@.new $@
CLEANFILES += base/own_filter.c
EXTRA_DIST += base/own_filter.awk share/own-filter/write.json share/own-filter/read.json \
	share/own-filter/fleet.json share/own-filter/watch.json share/own-filter/helper.json \
	share/own-filter/describer.json share/own-filter/README
