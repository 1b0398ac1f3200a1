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
	tests/unit/test_printer \
	tests/unit/test_registry \
	tests/unit/test_revision \
	tests/unit/test_ring \
	tests/unit/test_process \
	tests/unit/test_procfs \
	tests/unit/test_profile \
	tests/unit/test_profile_forms \
	tests/unit/test_record \
	tests/unit/test_recording \
	tests/unit/test_report \
	tests/unit/test_rotation \
	tests/unit/test_sandbox \
	tests/unit/test_scan \
	tests/unit/test_sdjournal \
	tests/unit/test_seen \
	tests/unit/test_selection \
	tests/unit/test_choice \
	tests/unit/test_helper \
	tests/unit/test_setup \
	tests/unit/test_stamp \
	tests/unit/test_store \
	tests/unit/test_strace \
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
tests_unit_test_watch_SOURCES = tests/unit/test_watch.c tests/stores.h
tests_unit_test_watch_store_SOURCES = tests/unit/test_watch_store.c tests/stores.h

shell_tests = \
	tests/check-bootstrap \
	tests/check-docs \
	tests/check-format \
	tests/check-layers \
	tests/shell/formats.test \
	tests/shell/bad-input.test \
	tests/shell/blind.test \
	tests/shell/bundle.test \
	tests/shell/completion.test \
	tests/shell/documents.test \
	tests/shell/diff-text.test \
	tests/shell/doctor.test \
	tests/shell/help.test \
	tests/shell/lists.test \
	tests/shell/merge.test \
	tests/shell/hostile-store.test \
	tests/shell/explain.test \
	tests/shell/output-safe.test \
	tests/shell/profile.test \
	tests/shell/replay.test \
	tests/shell/prune.test \
	tests/shell/replaced.test \
	tests/shell/report.test \
	tests/shell/forget.test \
	tests/shell/framings.test \
	tests/live-cron \
	tests/shell/store.test \
	tests/shell/strace.test \
	tests/shell/instructions.test \
	tests/shell/top.test \
	tests/shell/two-ways.test \
	tests/shell/untaken.test \
	tests/shell/unused.test \
	tests/shell/versions.test \
	tests/shell/watch.test
TESTS += $(unit_tests) $(shell_tests)

EXTRA_DIST += $(shell_tests) tests/fuzz/seeds
EXTRA_DIST += $(shell_tests) tests/cmocka.sh tests/tap.sh tests/valgrind.h tests/valgrind.sh tests/valgrind.supp tests/captures tests/locale-months tests/documents tests/metadata tests/profiles

# The unit tests once more, each memory access watched; as many at a time as there are processors.
check-valgrind: $(unit_tests)
	printf '%s\n' $(unit_tests) | srcdir='$(srcdir)' \
		xargs -P "$$(getconf _NPROCESSORS_ONLN)" -n 1 $(srcdir)/tests/valgrind.sh

# Fuzz targets without a fuzzer: tests/shell/replay.test runs them over files.
check_PROGRAMS += tests/replay_pack tests/replay_store
tests_replay_pack_SOURCES = tests/replay.c tests/fuzz/pack.c
tests_replay_pack_LDADD = libsclog.a
tests_replay_store_SOURCES = tests/replay.c tests/fuzz/store.c
tests_replay_store_LDADD = libsclog.a

# ./configure CC=clang --enable-fuzz && make fuzz FUZZ_SECONDS=600
FUZZ_SECONDS = 60
if ENABLE_FUZZ
fuzz_targets = tests/fuzz/config tests/fuzz/line tests/fuzz/netlink tests/fuzz/profile \
	tests/fuzz/runtime tests/fuzz/strace tests/fuzz/pack tests/fuzz/store
EXTRA_PROGRAMS = $(fuzz_targets)
tests_fuzz_config_SOURCES = tests/fuzz/config.c
tests_fuzz_config_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_config_LDADD = libsclog.a
tests_fuzz_line_SOURCES = tests/fuzz/line.c
tests_fuzz_line_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_line_LDADD = libsclog.a
tests_fuzz_netlink_SOURCES = tests/fuzz/netlink.c
tests_fuzz_netlink_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_netlink_LDADD = libsclog.a
tests_fuzz_profile_SOURCES = tests/fuzz/profile.c
tests_fuzz_profile_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_profile_LDADD = libsclog.a
tests_fuzz_runtime_SOURCES = tests/fuzz/runtime.c
tests_fuzz_runtime_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_runtime_LDADD = libsclog.a
tests_fuzz_strace_SOURCES = tests/fuzz/strace.c
tests_fuzz_strace_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_strace_LDADD = libsclog.a
tests_fuzz_pack_SOURCES = tests/fuzz/pack.c
tests_fuzz_pack_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_pack_LDADD = libsclog.a
tests_fuzz_store_SOURCES = tests/fuzz/store.c
tests_fuzz_store_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_store_LDADD = libsclog.a
CLEANFILES += $(fuzz_targets)

fuzz: $(fuzz_targets) sclog
	srcdir='$(srcdir)' SCLOG='$(abs_builddir)/sclog' $(srcdir)/tests/fuzz/seeds corpus
	for target in $(fuzz_targets); do \
		$$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 -print_final_stats=1 \
			corpus/$${target#tests/fuzz/} || exit 1; \
	done
else
EXTRA_DIST += tests/fuzz/config.c tests/fuzz/line.c tests/fuzz/netlink.c tests/fuzz/profile.c \
	tests/fuzz/runtime.c tests/fuzz/strace.c

fuzz:
	@echo "make fuzz: configure with CC=clang --enable-fuzz first" >&2
	@exit 1
endif

check-layers check-format:
	srcdir='$(srcdir)' $(srcdir)/tests/$@

.PHONY: check-layers check-format check-valgrind fuzz
