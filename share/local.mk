# Installed beside the program: a profile to compare with, and a log to try it on.
dist_pkgdata_DATA += share/runtime-default.json

sampledir = $(pkgdatadir)/sample
dist_sample_DATA = \
	share/sample/README.md \
	share/sample/docker-builder.audit.log.gz

# The default profiles of each release, as files: what sclog itself writes for their names.
# Where the program cannot run, because it is built for another machine, they are left out.
profilesdir = $(pkgdatadir)/profiles

share/profiles/stamp: sclog$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) share/profiles && \
	if test "$(build)" = "$(host)"; then \
		for name in `./sclog$(EXEEXT) explain --list-profiles | cut -f 1 | grep @`; do \
			./sclog$(EXEEXT) explain --quiet --format source "$$name" \
				>"share/profiles/`echo $$name | tr @ -`.json" || exit 1; \
		done; \
	fi && touch $@

all-local: share/profiles/stamp

install-data-hook: share/profiles/stamp
	$(MKDIR_P) "$(DESTDIR)$(profilesdir)"
	for file in share/profiles/*.json; do \
		test ! -e "$$file" || $(INSTALL_DATA) "$$file" "$(DESTDIR)$(profilesdir)/" || exit 1; \
	done

uninstall-hook:
	rm -rf "$(DESTDIR)$(profilesdir)"

clean-local:
	rm -rf share/profiles
