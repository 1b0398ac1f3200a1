libsclog_a_SOURCES += \
	fleet/bundle.c fleet/bundle.h
