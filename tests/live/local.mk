# The live tests: real daemons and container runtimes, as root, one at a time. They are no part of
# `make check`: `make check-live`, or ./bootstrap check --live, which installs what they need.
live_tests = \
	tests/live/follow.test \
	tests/live/bad-input.test \
	tests/live/output.test \
	tests/live/identity.test \
	tests/live/attribution-four.test \
	tests/live/attribution-exec.test \
	tests/live/attribution-short.test \
	tests/live/attribution-pids.test \
	tests/live/attribution-metadata.test \
	tests/live/kubernetes.test \
	tests/live/readme.test \
	tests/live/systemd.test \
	tests/live/package.test \
	tests/live/logmode.test \
	tests/live/status.test \
	tests/live/verdicts.test \
	tests/live/forms.test \
	tests/live/profile-loop.test \
	tests/live/sources.test \
	tests/live/syslogs.test \
	tests/live/kill.test \
	tests/live/fleet.test \
	tests/live/plugin.test \
	tests/live/strace.test \
	tests/live/storm-audit.test \
	tests/live/storm-netlink.test \
	tests/live/doctor.test \
	tests/live/hidden.test \
	tests/live/boot.test \
	tests/live/losses.test \
	tests/live/printk.test \
	tests/live/page.test \
	tests/live/prometheus.test \
	tests/live/cost.test
# Where records get lost, and the test that provokes it on the real kernel (or, without "live", that reads
# what the kernel wrote):
#
#	backlog limit, rate limit		live/losses.test
#	retry queue overflow			live/losses.test; the hold queue's words: unit/test_framing.c
#	no auditd: printk's limit		live/printk.test; shell/newcomer.test
#	auditd stopped, or its disk full	live/losses.test
#	netlink overrun				live/losses.test, live/storm-netlink.test; unit/test_multicast.c
#	exclude rule, actions_logged		live/hidden.test, live/doctor.test
#	rotated away before it was read		live/storm-audit.test, live/follow.test
#	nobody watches: killed, started again	live/kill.test
#	the store is full or read-only		unit/test_watch_store.c
#	audit=0 at boot				live/boot.test
#	nothing at all				live/boot.test, shell/clean.test
live_programs = tests/live/storm tests/live/drain tests/live/filters tests/live/forge tests/live/hand
live_sources = tests/live/storm.c tests/live/drain.c tests/live/filters.c tests/live/forge.c tests/live/hand.c

# What runs in the containers of profile-loop.test.
live_workloads = \
	tests/live/workloads/nginx.sh \
	tests/live/workloads/nginx.conf \
	tests/live/workloads/redis.sh \
	tests/live/workloads/redis.conf \
	tests/live/workloads/python.sh \
	tests/live/workloads/server.py \
	tests/live/workloads/client.py \
	tests/live/workloads/shell.sh

EXTRA_DIST += $(live_tests) $(live_sources) $(live_workloads) tests/live/parts.sh tests/live/cri.sh tests/live/systemd.sh tests/live/workloads.sh \
	tests/live/measure-setup tests/live/cri tests/own-filter tests/sclog.rules.test.yml
CLEANFILES += $(live_programs)

# storm is alone in an image, so it is static; neither has a library, nor a sanitizer.
tests/live/storm: tests/live/storm.c
	$(AM_V_at)$(MKDIR_P) tests/live
	$(AM_V_CC)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN_CFLAGS) $(CFLAGS) -static -o $@ \
		$(srcdir)/tests/live/storm.c
tests/live/drain: tests/live/drain.c
	$(AM_V_at)$(MKDIR_P) tests/live
	$(AM_V_CC)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN_CFLAGS) $(CFLAGS) -o $@ \
		$(srcdir)/tests/live/drain.c
tests/live/forge: tests/live/forge.c
	$(AM_V_at)$(MKDIR_P) tests/live
	$(AM_V_CC)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN_CFLAGS) $(CFLAGS) -o $@ \
		$(srcdir)/tests/live/forge.c
tests/live/filters: tests/live/filters.c tests/bpf.h
	$(AM_V_at)$(MKDIR_P) tests/live
	$(AM_V_CC)$(CC) -std=gnu11 -D_GNU_SOURCE -I$(srcdir) $(WARN_CFLAGS) $(CFLAGS) -o $@ \
		$(srcdir)/tests/live/filters.c

check-live-programs: $(live_programs)

# What is measured must not be disturbed by another test: one at a time.
check-live: sclog $(live_programs)
	$(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(live_tests)'

# What profile/defaults/always.c has of runc and crun, measured anew: make measure-setup STARTS=1000
STARTS = 300
measure-setup: sclog $(live_programs)
	SCLOG=./sclog srcdir='$(srcdir)' $(srcdir)/tests/live/measure-setup --starts $(STARTS)

# What sclog's own sandbox allows, recorded anew.
own-filter: sclog
	SCLOG=./sclog srcdir='$(srcdir)' $(srcdir)/tests/own-filter

.PHONY: check-live check-live-programs measure-setup own-filter
