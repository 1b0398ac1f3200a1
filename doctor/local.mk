libsclog_a_SOURCES += \
	doctor/checks.c doctor/checks.h \
	doctor/distribution.c doctor/distribution.h \
	doctor/hiding.c doctor/hiding.h \
	doctor/host.c doctor/host.h \
	doctor/probe.c doctor/probe.h
