libsclog_a_SOURCES += \
	fleet/bundle.c fleet/bundle.h \
	fleet/fleet.h \
	fleet/schema.c

if HAVE_LIBPQ
libsclog_a_SOURCES += \
	fleet/connection.c fleet/connection.h \
	fleet/owner.c \
	fleet/push.c \
	fleet/read.c
else
libsclog_a_SOURCES += fleet/none.c
endif
EXTRA_DIST += fleet/connection.c fleet/connection.h fleet/owner.c fleet/push.c fleet/read.c fleet/none.c
