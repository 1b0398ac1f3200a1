include tests/bench/local.mk
include tests/live/local.mk

# Unit tests speak TAP through cmocka, shell tests through tests/tap.sh.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' CMOCKA_MESSAGE_OUTPUT=TAP $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
TEST_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(SHELL) $(srcdir)/tests/cmocka.sh
TEST_EXTENSIONS = .test
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; SCLOG='$(abs_builddir)/sclog'; export srcdir SCLOG; UNIT_TESTS='$(unit_tests)'; \
	export UNIT_TESTS;

unit_tests =
if HAVE_CMOCKA
unit_tests += \
	tests/unit/test_arguments \
	tests/unit/test_assign \
	tests/unit/test_attribute \
	tests/unit/test_blind \
	tests/unit/test_cgroup \
	tests/unit/test_clock \
	tests/unit/test_compose \
	tests/unit/test_config \
	tests/unit/test_connector \
	tests/unit/test_doctor \
	tests/unit/test_explain \
	tests/unit/test_export \
	tests/unit/test_file \
	tests/unit/test_follow \
	tests/unit/test_form \
	tests/unit/test_framing \
	tests/unit/test_hold \
	tests/unit/test_in_force \
	tests/unit/test_journal \
	tests/unit/test_kmsg \
	tests/unit/test_live \
	tests/unit/test_live_filter \
	tests/unit/test_logmode \
	tests/unit/test_match \
	tests/unit/test_metadata \
	tests/unit/test_mark \
	tests/unit/test_minutes \
	tests/unit/test_multicast \
	tests/unit/test_needs \
	tests/unit/test_novelty \
	tests/unit/test_option \
	tests/unit/test_partition \
	tests/unit/test_printer \
	tests/unit/test_registry \
	tests/unit/test_revision \
	tests/unit/test_ring \
	tests/unit/test_process \
	tests/unit/test_procfs \
	tests/unit/test_profile \
	tests/unit/test_profile_forms \
	tests/unit/test_reader \
	tests/unit/test_record \
	tests/unit/test_recording \
	tests/unit/test_report \
	tests/unit/test_rotation \
	tests/unit/test_runs \
	tests/unit/test_sandbox \
	tests/unit/test_scan \
	tests/unit/test_shapes \
	tests/unit/test_sdjournal \
	tests/unit/test_seen \
	tests/unit/test_selection \
	tests/unit/test_choice \
	tests/unit/test_describers \
	tests/unit/test_helper \
	tests/unit/test_setup \
	tests/unit/test_stamp \
	tests/unit/test_store \
	tests/unit/test_strace \
	tests/unit/test_ran \
	tests/unit/test_stream \
	tests/unit/test_top \
	tests/unit/test_usual \
	tests/unit/test_utf8 \
	tests/unit/test_watch \
	tests/unit/test_watch_store
endif
check_PROGRAMS += $(unit_tests)

# What has no libraries of its own is a unit test.
AM_CPPFLAGS += $(CMOCKA_CFLAGS) -DTESTS_DIR='"$(abs_top_srcdir)/tests"'
LDADD = libsclog.a $(CMOCKA_LIBS)

tests_unit_test_compose_SOURCES = tests/unit/test_compose.c tests/bpf.h
tests_unit_test_export_SOURCES = tests/unit/test_export.c tests/bpf.h
tests_unit_test_live_filter_SOURCES = tests/unit/test_live_filter.c tests/bpf.h
tests_unit_test_revision_SOURCES = tests/unit/test_revision.c tests/stores.h
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/stores.h
tests_unit_test_sdjournal_SOURCES = tests/unit/test_sdjournal.c tests/idle.h
tests_unit_test_watch_SOURCES = tests/unit/test_watch.c tests/idle.h tests/stores.h
tests_unit_test_watch_store_SOURCES = tests/unit/test_watch_store.c tests/stores.h

# They look at the sources, or start the program hundreds of times for its help: a sanitizer finds nothing more.
plain_tests = \
	tests/check-bootstrap \
	tests/check-format \
	tests/check-layers \
	tests/shell/completion.test \
	tests/shell/help.test

shell_tests = \
	tests/check-docs \
	tests/shell/archive.test \
	tests/shell/foreign.test \
	tests/shell/no-log.test \
	tests/shell/formats.test \
	tests/shell/bad-input.test \
	tests/shell/budget.test \
	tests/shell/blind.test \
	tests/shell/clean.test \
	tests/shell/newcomer.test \
	tests/shell/bundle.test \
	tests/shell/fleet.test \
	tests/shell/fleet-read.test \
	tests/shell/fleet-readme.test \
	tests/shell/fleet-trust.test \
	tests/shell/otel.test \
	tests/shell/shared.test \
	tests/shell/documents.test \
	tests/shell/diff-text.test \
	tests/shell/doctor.test \
	tests/shell/drift.test \
	tests/shell/json.test \
	tests/shell/lists.test \
	tests/shell/loss-time.test \
	tests/shell/max-size.test \
	tests/shell/merge.test \
	tests/shell/hostile-store.test \
	tests/shell/cannot-tell.test \
	tests/shell/kubernetes.test \
	tests/shell/enforce.test \
	tests/shell/explain.test \
	tests/shell/fail-nth.test \
	tests/shell/output-safe.test \
	tests/shell/profile.test \
	tests/shell/mutated.test \
	tests/shell/packages.test \
	tests/shell/pairs.test \
	tests/shell/replay.test \
	tests/shell/prune.test \
	tests/shell/replaced.test \
	tests/shell/scarce.test \
	tests/shell/sarif.test \
	tests/shell/report.test \
	tests/shell/rsyslog.test \
	tests/shell/syslog-ng.test \
	tests/shell/runs.test \
	tests/shell/forget.test \
	tests/shell/framings.test \
	tests/shell/labels.test \
	tests/live-cron \
	tests/shell/store.test \
	tests/shell/strace.test \
	tests/shell/instructions.test \
	tests/shell/top.test \
	tests/shell/tools.test \
	tests/shell/two-ways.test \
	tests/shell/untaken.test \
	tests/shell/unused.test \
	tests/shell/versions.test \
	tests/shell/watch.test
TESTS += $(unit_tests) $(shell_tests)
if !ENABLE_SANITIZERS
TESTS += $(plain_tests)
endif

EXTRA_DIST += $(plain_tests) $(shell_tests) tests/fuzz/seeds tests/fuzz/run tests/cmocka.sh tests/tap.sh tests/displays.awk tests/postgres.sh tests/valgrind.h tests/valgrind.sh tests/valgrind.supp tests/captures tests/locale-months tests/documents tests/metadata tests/profiles

# The unit tests once more, each memory access watched; as many at a time as there are processors.
check-valgrind: $(unit_tests) sclog$(EXEEXT)
	printf '%s\n' $(unit_tests) | SCLOG='$(abs_builddir)/sclog' srcdir='$(srcdir)' \
		xargs -P "$$(getconf _NPROCESSORS_ONLN)" -n 1 $(srcdir)/tests/valgrind.sh

# Fuzz targets. ../configure CC=clang --enable-fuzz && make fuzz FUZZ_SECONDS=600 fuzzes each that
# long. With any compiler each runs once over the files that it is given (tests/shell/replay.test).
fuzz_targets = \
	tests/fuzz/archive \
	tests/fuzz/bpf \
	tests/fuzz/bundle \
	tests/fuzz/config \
	tests/fuzz/describer \
	tests/fuzz/envelope \
	tests/fuzz/line \
	tests/fuzz/metadata \
	tests/fuzz/netlink \
	tests/fuzz/pack \
	tests/fuzz/profile \
	tests/fuzz/runtime \
	tests/fuzz/store \
	tests/fuzz/strace \
	tests/fuzz/time \
	tests/fuzz/unit
check_PROGRAMS += $(fuzz_targets)
EXTRA_DIST += tests/bpf.h tests/child.h tests/cost.h tests/filters.h tests/fuzz/crashes
if ENABLE_FUZZ
FUZZ_LIBS = libsclog.a $(FUZZER)
else
FUZZ_LIBS = libreplay.a libsclog.a
check_LIBRARIES = libreplay.a
libreplay_a_SOURCES = tests/fuzz/replay.c
endif
tests_fuzz_archive_LDADD = $(FUZZ_LIBS)
tests_fuzz_bpf_LDADD = $(FUZZ_LIBS)
tests_fuzz_bundle_LDADD = $(FUZZ_LIBS)
tests_fuzz_config_LDADD = $(FUZZ_LIBS)
tests_fuzz_describer_LDADD = $(FUZZ_LIBS)
tests_fuzz_envelope_LDADD = $(FUZZ_LIBS)
tests_fuzz_line_LDADD = $(FUZZ_LIBS)
tests_fuzz_metadata_LDADD = $(FUZZ_LIBS)
tests_fuzz_netlink_LDADD = $(FUZZ_LIBS)
tests_fuzz_pack_LDADD = $(FUZZ_LIBS)
tests_fuzz_profile_LDADD = $(FUZZ_LIBS)
tests_fuzz_runtime_LDADD = $(FUZZ_LIBS)
tests_fuzz_store_LDADD = $(FUZZ_LIBS)
tests_fuzz_strace_LDADD = $(FUZZ_LIBS)
tests_fuzz_time_LDADD = $(FUZZ_LIBS)
tests_fuzz_unit_LDADD = $(FUZZ_LIBS)

# A library that makes one call of a program fail: tests/shell/fail-nth.test.
check_PROGRAMS += tests/fail_nth.so
tests_fail_nth_so_SOURCES = tests/fail_nth.c
tests_fail_nth_so_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -fPIC
tests_fail_nth_so_LDFLAGS = -shared -Wl,--as-needed
tests_fail_nth_so_LDADD =

FUZZ_SECONDS = 60
if ENABLE_FUZZ
fuzz: $(fuzz_targets) sclog
	srcdir='$(srcdir)' SCLOG='$(abs_builddir)/sclog' $(srcdir)/tests/fuzz/run $(FUZZ_SECONDS) $(fuzz_targets)
	srcdir='$(srcdir)' SCLOG='$(abs_builddir)/sclog' SCLOG_MUTATIONS=1000 $(srcdir)/tests/shell/mutated.test
else
fuzz:
	@echo "make fuzz: configure with CC=clang --enable-fuzz first" >&2
	@exit 1
endif

check-layers check-format:
	srcdir='$(srcdir)' $(srcdir)/tests/$@

.PHONY: check-layers check-format check-valgrind fuzz
