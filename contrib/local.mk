# What goes around the program: cron, systemd, auditd, the configuration file, shell completion,
# Prometheus, Kubernetes.

cronexampledir = $(docdir)/examples/cron.d
dist_cronexample_DATA = contrib/cron.d/sclog

# Alerts and a dashboard for the metrics of `sclog report --format prometheus`.
prometheusexampledir = $(docdir)/examples/prometheus
dist_prometheusexample_DATA = contrib/prometheus/sclog.rules.yml contrib/prometheus/dashboard.json

# `sclog watch` on the nodes of Kubernetes: manifests with a kustomization, and a Helm chart.
kubernetesdir = $(docdir)/examples/kubernetes
dist_kubernetes_DATA = contrib/kubernetes/kustomization.yaml contrib/kubernetes/namespace.yaml \
	contrib/kubernetes/daemonset.yaml
kubernetesprofilesdir = $(kubernetesdir)/profiles
dist_kubernetesprofiles_DATA = contrib/kubernetes/profiles/runtime-default.json
kuberneteschartdir = $(kubernetesdir)/chart
dist_kuberneteschart_DATA = contrib/kubernetes/chart/Chart.yaml contrib/kubernetes/chart/values.yaml
kubernetestemplatesdir = $(kuberneteschartdir)/templates
dist_kubernetestemplates_DATA = contrib/kubernetes/chart/templates/namespace.yaml \
	contrib/kubernetes/chart/templates/profiles.yaml contrib/kubernetes/chart/templates/daemonset.yaml

dist_zshcompletion_DATA = contrib/completion/_sclog
dist_fishcompletion_DATA = contrib/completion/sclog.fish

systemdsystemunitdir = $(prefix)/lib/systemd/system
sclogconfdir = $(sysconfdir)/sclog
auditplugindir = $(sysconfdir)/audit/plugins.d

# bash-completion looks for a file with the command's name, so this one is renamed.
EXTRA_DIST += contrib/completion/sclog.bash contrib/systemd/sclog.service \
	contrib/systemd/sclog-report.service contrib/systemd/sclog-report.timer \
	contrib/systemd/sclog-prune.service contrib/systemd/sclog-prune.timer \
	contrib/systemd/sclog-push.service contrib/systemd/sclog-push.timer \
	contrib/audit/sclog.conf contrib/sclog.conf

# Where sclog and its store are, in files that cannot find out themselves.
placed = sed -e 's|/usr/bin/sclog|$(bindir)/sclog|' -e 's|/etc/sclog/|$(sclogconfdir)/|' \
	-e 's|/var/lib/sclog|$(localstatedir)/lib/sclog|'

units = sclog.service sclog-report.service sclog-report.timer sclog-prune.service sclog-prune.timer \
	sclog-push.service sclog-push.timer

# A configuration that is there already is its owner's. auditd wants the plugin's file to be
# writable for root alone.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(systemdsystemunitdir)" \
		"$(DESTDIR)$(sclogconfdir)" "$(DESTDIR)$(auditplugindir)" \
		"$(DESTDIR)$(localstatedir)/lib/sclog"
	$(INSTALL_DATA) $(srcdir)/contrib/completion/sclog.bash "$(DESTDIR)$(bashcompletiondir)/sclog"
	for unit in $(units); do \
		$(placed) "$(srcdir)/contrib/systemd/$$unit" \
			>"$(DESTDIR)$(systemdsystemunitdir)/$$unit" && \
		chmod 644 "$(DESTDIR)$(systemdsystemunitdir)/$$unit" || exit 1; \
	done
	test -e "$(DESTDIR)$(sclogconfdir)/sclog.conf" || \
		$(INSTALL_DATA) $(srcdir)/contrib/sclog.conf "$(DESTDIR)$(sclogconfdir)/sclog.conf"
	test -e "$(DESTDIR)$(auditplugindir)/sclog.conf" || { \
		$(placed) $(srcdir)/contrib/audit/sclog.conf \
			>"$(DESTDIR)$(auditplugindir)/sclog.conf" && \
		chmod 640 "$(DESTDIR)$(auditplugindir)/sclog.conf"; }

# What was changed stays, and so does a store.
uninstall-local:
	rm -f "$(DESTDIR)$(bashcompletiondir)/sclog"
	for unit in $(units); do rm -f "$(DESTDIR)$(systemdsystemunitdir)/$$unit"; done
	! cmp -s $(srcdir)/contrib/sclog.conf "$(DESTDIR)$(sclogconfdir)/sclog.conf" || \
		rm -f "$(DESTDIR)$(sclogconfdir)/sclog.conf"
	! $(placed) $(srcdir)/contrib/audit/sclog.conf | \
		cmp -s - "$(DESTDIR)$(auditplugindir)/sclog.conf" || \
		rm -f "$(DESTDIR)$(auditplugindir)/sclog.conf"
	rmdir "$(DESTDIR)$(localstatedir)/lib/sclog" 2>/dev/null || :

# Recipes for other distributions, and a container image.
EXTRA_DIST += contrib/packages/sclog.spec contrib/packages/sclog.rpmlintrc contrib/packages/PKGBUILD \
	contrib/packages/APKBUILD contrib/packages/Containerfile
