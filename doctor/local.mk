libsclog_a_SOURCES += \
	doctor/checks.c doctor/checks.h \
	doctor/host.c doctor/host.h \
	doctor/probe.c doctor/probe.h
