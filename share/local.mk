# Installed beside the program: a profile to compare with, and a log to try it on.
dist_pkgdata_DATA += share/runtime-default.json

sampledir = $(pkgdatadir)/sample
dist_sample_DATA = \
	share/sample/README.md \
	share/sample/docker-builder.audit.log.gz
