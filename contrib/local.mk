# What goes around the program: cron, shell completion.

cronexampledir = $(docdir)/examples/cron.d
dist_cronexample_DATA = contrib/cron.d/sclog

dist_zshcompletion_DATA = contrib/completion/_sclog
dist_fishcompletion_DATA = contrib/completion/sclog.fish

# bash-completion looks for a file with the command's name, so this one is renamed.
EXTRA_DIST += contrib/completion/sclog.bash

install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/contrib/completion/sclog.bash "$(DESTDIR)$(bashcompletiondir)/sclog"

uninstall-local:
	rm -f "$(DESTDIR)$(bashcompletiondir)/sclog"
