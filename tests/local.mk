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
	tests/test_assign \
	tests/test_attribute \
	tests/test_blind \
	tests/test_cgroup \
	tests/test_clock \
	tests/test_compose \
	tests/test_config \
	tests/test_connector \
	tests/test_doctor \
	tests/test_explain \
	tests/test_export \
	tests/test_follow \
	tests/test_form \
	tests/test_framing \
	tests/test_hold \
	tests/test_in_force \
	tests/test_journal \
	tests/test_kmsg \
	tests/test_live \
	tests/test_live_filter \
	tests/test_logmode \
	tests/test_match \
	tests/test_metadata \
	tests/test_mark \
	tests/test_minutes \
	tests/test_multicast \
	tests/test_needs \
	tests/test_novelty \
	tests/test_option \
	tests/test_printer \
	tests/test_registry \
	tests/test_ring \
	tests/test_process \
	tests/test_procfs \
	tests/test_profile \
	tests/test_profile_forms \
	tests/test_record \
	tests/test_recording \
	tests/test_report \
	tests/test_rotation \
	tests/test_sandbox \
	tests/test_scan \
	tests/test_sdjournal \
	tests/test_seen \
	tests/test_selection \
	tests/test_choice \
	tests/test_helper \
	tests/test_setup \
	tests/test_stamp \
	tests/test_store \
	tests/test_strace \
	tests/test_stream \
	tests/test_usual \
	tests/test_utf8 \
	tests/test_watch \
	tests/test_watch_store
endif
check_PROGRAMS += $(unit_tests)

unit_flags = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -DTESTS_DIR='"$(abs_top_srcdir)/tests"'
unit_libs = libsclog.a $(CMOCKA_LIBS)

tests_test_assign_CPPFLAGS = $(unit_flags)
tests_test_assign_LDADD = $(unit_libs)
tests_test_attribute_CPPFLAGS = $(unit_flags)
tests_test_attribute_LDADD = $(unit_libs)
tests_test_blind_CPPFLAGS = $(unit_flags)
tests_test_blind_LDADD = $(unit_libs)
tests_test_cgroup_CPPFLAGS = $(unit_flags)
tests_test_cgroup_LDADD = $(unit_libs)
tests_test_clock_CPPFLAGS = $(unit_flags)
tests_test_clock_LDADD = $(unit_libs)
tests_test_compose_SOURCES = tests/test_compose.c tests/bpf.h
tests_test_compose_CPPFLAGS = $(unit_flags)
tests_test_compose_LDADD = $(unit_libs)
tests_test_config_CPPFLAGS = $(unit_flags)
tests_test_config_LDADD = $(unit_libs)
tests_test_connector_CPPFLAGS = $(unit_flags)
tests_test_connector_LDADD = $(unit_libs)
tests_test_doctor_CPPFLAGS = $(unit_flags)
tests_test_doctor_LDADD = $(unit_libs)
tests_test_export_SOURCES = tests/test_export.c tests/bpf.h
tests_test_export_CPPFLAGS = $(unit_flags)
tests_test_export_LDADD = $(unit_libs)
tests_test_explain_CPPFLAGS = $(unit_flags)
tests_test_explain_LDADD = $(unit_libs)
tests_test_follow_CPPFLAGS = $(unit_flags)
tests_test_follow_LDADD = $(unit_libs)
tests_test_form_CPPFLAGS = $(unit_flags)
tests_test_form_LDADD = $(unit_libs)
tests_test_framing_CPPFLAGS = $(unit_flags)
tests_test_framing_LDADD = $(unit_libs)
tests_test_hold_CPPFLAGS = $(unit_flags)
tests_test_hold_LDADD = $(unit_libs)
tests_test_journal_CPPFLAGS = $(unit_flags)
tests_test_journal_LDADD = $(unit_libs)
tests_test_kmsg_CPPFLAGS = $(unit_flags)
tests_test_kmsg_LDADD = $(unit_libs)
tests_test_live_filter_SOURCES = tests/test_live_filter.c tests/bpf.h
tests_test_live_filter_CPPFLAGS = $(unit_flags)
tests_test_live_filter_LDADD = $(unit_libs)
tests_test_in_force_CPPFLAGS = $(unit_flags)
tests_test_in_force_LDADD = $(unit_libs)
tests_test_live_CPPFLAGS = $(unit_flags)
tests_test_live_LDADD = $(unit_libs)
tests_test_logmode_CPPFLAGS = $(unit_flags)
tests_test_logmode_LDADD = $(unit_libs)
tests_test_match_CPPFLAGS = $(unit_flags)
tests_test_match_LDADD = $(unit_libs)
tests_test_metadata_CPPFLAGS = $(unit_flags)
tests_test_metadata_LDADD = $(unit_libs)
tests_test_mark_CPPFLAGS = $(unit_flags)
tests_test_mark_LDADD = $(unit_libs)
tests_test_minutes_CPPFLAGS = $(unit_flags)
tests_test_minutes_LDADD = $(unit_libs)
tests_test_multicast_CPPFLAGS = $(unit_flags)
tests_test_multicast_LDADD = $(unit_libs)
tests_test_needs_CPPFLAGS = $(unit_flags)
tests_test_needs_LDADD = $(unit_libs)
tests_test_novelty_CPPFLAGS = $(unit_flags)
tests_test_novelty_LDADD = $(unit_libs)
tests_test_option_CPPFLAGS = $(unit_flags)
tests_test_option_LDADD = $(unit_libs)
tests_test_printer_CPPFLAGS = $(unit_flags)
tests_test_printer_LDADD = $(unit_libs)
tests_test_registry_CPPFLAGS = $(unit_flags)
tests_test_registry_LDADD = $(unit_libs)
tests_test_ring_CPPFLAGS = $(unit_flags)
tests_test_ring_LDADD = $(unit_libs)
tests_test_process_CPPFLAGS = $(unit_flags)
tests_test_process_LDADD = $(unit_libs)
tests_test_procfs_CPPFLAGS = $(unit_flags)
tests_test_procfs_LDADD = $(unit_libs)
tests_test_profile_forms_CPPFLAGS = $(unit_flags)
tests_test_profile_forms_LDADD = $(unit_libs)
tests_test_profile_CPPFLAGS = $(unit_flags)
tests_test_profile_LDADD = $(unit_libs)
tests_test_recording_CPPFLAGS = $(unit_flags)
tests_test_recording_LDADD = $(unit_libs)
tests_test_record_CPPFLAGS = $(unit_flags)
tests_test_record_LDADD = $(unit_libs)
tests_test_report_CPPFLAGS = $(unit_flags)
tests_test_report_LDADD = $(unit_libs)
tests_test_rotation_CPPFLAGS = $(unit_flags)
tests_test_rotation_LDADD = $(unit_libs)
tests_test_sandbox_CPPFLAGS = $(unit_flags)
tests_test_sandbox_LDADD = $(unit_libs)
tests_test_scan_CPPFLAGS = $(unit_flags)
tests_test_scan_LDADD = $(unit_libs)
tests_test_sdjournal_CPPFLAGS = $(unit_flags)
tests_test_sdjournal_LDADD = $(unit_libs)
tests_test_seen_CPPFLAGS = $(unit_flags)
tests_test_seen_LDADD = $(unit_libs)
tests_test_selection_CPPFLAGS = $(unit_flags)
tests_test_selection_LDADD = $(unit_libs)
tests_test_helper_CPPFLAGS = $(unit_flags)
tests_test_helper_LDADD = $(unit_libs)
tests_test_choice_CPPFLAGS = $(unit_flags)
tests_test_choice_LDADD = $(unit_libs)
tests_test_setup_CPPFLAGS = $(unit_flags)
tests_test_setup_LDADD = $(unit_libs)
tests_test_stamp_CPPFLAGS = $(unit_flags)
tests_test_stamp_LDADD = $(unit_libs)
tests_test_store_SOURCES = tests/test_store.c tests/stores.h
tests_test_store_CPPFLAGS = $(unit_flags)
tests_test_store_LDADD = $(unit_libs)
tests_test_strace_CPPFLAGS = $(unit_flags)
tests_test_strace_LDADD = $(unit_libs)
tests_test_stream_CPPFLAGS = $(unit_flags)
tests_test_stream_LDADD = $(unit_libs)
tests_test_usual_CPPFLAGS = $(unit_flags)
tests_test_usual_LDADD = $(unit_libs)
tests_test_utf8_CPPFLAGS = $(unit_flags)
tests_test_utf8_LDADD = $(unit_libs)
tests_test_watch_SOURCES = tests/test_watch.c tests/stores.h
tests_test_watch_CPPFLAGS = $(unit_flags)
tests_test_watch_LDADD = $(unit_libs)
tests_test_watch_store_SOURCES = tests/test_watch_store.c tests/stores.h
tests_test_watch_store_CPPFLAGS = $(unit_flags)
tests_test_watch_store_LDADD = $(unit_libs)

shell_tests = \
	tests/check-bootstrap \
	tests/check-docs \
	tests/check-format \
	tests/check-layers \
	tests/formats.test \
	tests/bad-input.test \
	tests/blind.test \
	tests/completion.test \
	tests/documents.test \
	tests/doctor.test \
	tests/help.test \
	tests/hostile-store.test \
	tests/explain.test \
	tests/output-safe.test \
	tests/profile.test \
	tests/replay.test \
	tests/prune.test \
	tests/report.test \
	tests/forget.test \
	tests/framings.test \
	tests/live-cron \
	tests/store.test \
	tests/strace.test \
	tests/instructions.test \
	tests/two-ways.test \
	tests/unused.test \
	tests/versions.test \
	tests/watch.test
TESTS += $(unit_tests) $(shell_tests)

EXTRA_DIST += $(shell_tests) tests/fuzz-seeds tests/cmocka.sh tests/tap.sh tests/valgrind.h tests/valgrind.sh tests/valgrind.supp tests/captures tests/documents tests/metadata tests/profiles
EXTRA_DIST += $(shell_tests) tests/cmocka.sh tests/tap.sh tests/valgrind.h tests/valgrind.sh tests/valgrind.supp tests/captures tests/locale-months tests/documents tests/metadata tests/profiles

# The unit tests once more, each memory access watched; as many at a time as there are processors.
check-valgrind: $(unit_tests)
	printf '%s\n' $(unit_tests) | srcdir='$(srcdir)' \
		xargs -P "$$(getconf _NPROCESSORS_ONLN)" -n 1 $(srcdir)/tests/valgrind.sh

# Fuzz targets without a fuzzer: tests/replay.test runs them over files.
check_PROGRAMS += tests/replay_pack tests/replay_store
tests_replay_pack_SOURCES = tests/replay.c tests/fuzz_pack.c
tests_replay_pack_LDADD = libsclog.a
tests_replay_store_SOURCES = tests/replay.c tests/fuzz_store.c
tests_replay_store_LDADD = libsclog.a

# ./configure CC=clang --enable-fuzz && make fuzz FUZZ_SECONDS=600
FUZZ_SECONDS = 60
if ENABLE_FUZZ
fuzz_targets = tests/fuzz_config tests/fuzz_line tests/fuzz_netlink tests/fuzz_profile \
	tests/fuzz_runtime tests/fuzz_strace tests/fuzz_pack tests/fuzz_store
EXTRA_PROGRAMS = $(fuzz_targets)
tests_fuzz_config_SOURCES = tests/fuzz_config.c
tests_fuzz_config_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_config_LDADD = libsclog.a
tests_fuzz_line_SOURCES = tests/fuzz_line.c
tests_fuzz_line_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_line_LDADD = libsclog.a
tests_fuzz_netlink_SOURCES = tests/fuzz_netlink.c
tests_fuzz_netlink_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_netlink_LDADD = libsclog.a
tests_fuzz_profile_SOURCES = tests/fuzz_profile.c
tests_fuzz_profile_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_profile_LDADD = libsclog.a
tests_fuzz_runtime_SOURCES = tests/fuzz_runtime.c
tests_fuzz_runtime_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_runtime_LDADD = libsclog.a
tests_fuzz_strace_SOURCES = tests/fuzz_strace.c
tests_fuzz_strace_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_strace_LDADD = libsclog.a
tests_fuzz_pack_SOURCES = tests/fuzz_pack.c
tests_fuzz_pack_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_pack_LDADD = libsclog.a
tests_fuzz_store_SOURCES = tests/fuzz_store.c
tests_fuzz_store_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_store_LDADD = libsclog.a
CLEANFILES += $(fuzz_targets)

fuzz: $(fuzz_targets) sclog
	srcdir='$(srcdir)' SCLOG='$(abs_builddir)/sclog' $(srcdir)/tests/fuzz-seeds corpus
	for target in $(fuzz_targets); do \
		$$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 -print_final_stats=1 \
			corpus/$${target#tests/fuzz_} || exit 1; \
	done
else
EXTRA_DIST += tests/fuzz_config.c tests/fuzz_line.c tests/fuzz_netlink.c tests/fuzz_profile.c \
	tests/fuzz_runtime.c tests/fuzz_strace.c

fuzz:
	@echo "make fuzz: configure with CC=clang --enable-fuzz first" >&2
	@exit 1
endif

check-layers check-format:
	srcdir='$(srcdir)' $(srcdir)/tests/$@

.PHONY: check-layers check-format check-valgrind fuzz
