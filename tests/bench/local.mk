noinst_PROGRAMS += tests/bench/genlog tests/bench/measure
tests_bench_genlog_SOURCES = tests/bench/genlog.c
tests_bench_measure_SOURCES = tests/bench/measure.c
EXTRA_DIST += tests/bench/run tests/bench/fleet tests/bench/README.md tests/bench/hours.sql

# Figures, not tests: exits 0 whatever they say, unless BENCH_STRICT=1.
bench: sclog$(EXEEXT) tests/bench/genlog$(EXEEXT) tests/bench/measure$(EXEEXT)
	SCLOG=./sclog$(EXEEXT) GENLOG=tests/bench/genlog$(EXEEXT) \
		MEASURE=tests/bench/measure$(EXEEXT) $(srcdir)/tests/bench/run

# FLEET_NODES: how many
bench-fleet: sclog$(EXEEXT) tests/bench/measure$(EXEEXT)
	srcdir=$(abs_srcdir) SCLOG=$(abs_builddir)/sclog$(EXEEXT) \
		MEASURE=$(abs_builddir)/tests/bench/measure$(EXEEXT) $(srcdir)/tests/bench/fleet

.PHONY: bench bench-fleet
