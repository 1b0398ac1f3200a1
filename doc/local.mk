# A page for each command that exists; tests/check-docs holds them to --help.
dist_man_MANS += \
	doc/sclog.1 \
	doc/sclog-containers.1 \
	doc/sclog-diff.1 \
	doc/sclog-doctor.1 \
	doc/sclog-events.1 \
	doc/sclog-explain.1 \
	doc/sclog-fleet.1 \
	doc/sclog-forget.1 \
	doc/sclog-formats.7 \
	doc/sclog-ingest.1 \
	doc/sclog-kubernetes.7 \
	doc/sclog-json.5 \
	doc/sclog-lints.7 \
	doc/sclog-logmode.1 \
	doc/sclog-profile.1 \
	doc/sclog-prune.1 \
	doc/sclog-releases.7 \
	doc/sclog-report.1 \
	doc/sclog-tutorial.7 \
	doc/sclog-push.1 \
	doc/sclog-relabel.1 \
	doc/sclog-watch.1 \
	doc/sclog.conf.5

EXTRA_DIST += doc/report.png doc/screenshot
