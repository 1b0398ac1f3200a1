libsclog_a_SOURCES += \
	correlate/assign.c correlate/assign.h \
	correlate/container.c correlate/container.h \
	correlate/event.c correlate/event.h
