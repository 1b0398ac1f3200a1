# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the functions set is for the test
# systemd.sh: systemd as PID 1 of a Podman container, for the live tests. To be sourced after parts.sh:
#
#	. "${srcdir:-.}/tests/live/systemd.sh"
#	make_root "$TMP/root"		# this machine's programs, an /etc and a /var of its own
#	boot_root "$TMP/root"		# waits until systemd is up
#	inside systemctl start sclog.service
#	storm_stored "a$unique" 500 'it stores what the kernel logs'

[ -x /lib/systemd/systemd ] || skip_all 'needs systemd (Debian package systemd)'

# make_root ROOT: what is written to its /usr stays in the test.
make_root() {
	root=$1
	units=$root/etc/systemd/system
	root_db=$root/var/lib/sclog/sclog.db
	mkdir -p "$TMP/usr/bin" "$TMP/work" "$root/usr" "$units" "$root/etc/sclog" "$root/var/lib" \
		"$root/var/log" "$root/run" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/root"
	mount -t overlay overlay -o "lowerdir=/usr,upperdir=$TMP/usr,workdir=$TMP/work" "$root/usr" 2>"$TMP/err" ||
		skip_all 'cannot mount an overlay here'
	at_exit umount_root
	for folder in bin sbin lib lib64; do
		ln -s "usr/$folder" "$root/$folder"
	done
	for file in passwd group nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives; do
		[ ! -e "/etc/$file" ] || cp -a "/etc/$file" "$root/etc/"
	done
	: >"$root/etc/machine-id"
	# What would change this machine's settings or devices.
	for unit in systemd-sysctl.service systemd-udevd.service systemd-udev-trigger.service \
		systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-modules-load.service \
		dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
		sys-fs-fuse-connections.mount systemd-logind.service dbus.service systemd-remount-fs.service \
		systemd-journald-audit.socket; do
		ln -s /dev/null "$units/$unit"
	done
	# Soon instead of after the service's own times; but a program can log before a restart.
	mkdir "$units/sclog.service.d"
	printf '[Service]\nRestartSec=3\nWatchdogSec=20\n' >"$units/sclog.service.d/test.conf"
}
# shellcheck disable=SC2317 # called by name
umount_root() {
	cd / && umount -l "$root/usr"
}

boot_root() {
	mkdir "$TMP/image"
	tar -C "$TMP/image" -cf "$TMP/image.tar" .
	start_podman
	podman_ run -d --name systemd --systemd=always --privileged --network host --log-driver k8s-file \
		--ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --rootfs "$1" \
		/lib/systemd/systemd --unit=multi-user.target >"$TMP/out" 2>"$TMP/err" ||
		skip_all "Podman cannot run systemd here: $(tail -n 1 "$TMP/err")"
	wait_until 60 systemd_is_up || skip_all 'systemd does not come up in a container here'
}

inside() {
	podman_ exec systemd "$@"
}

# property UNIT NAME
property() {
	inside systemctl show --value -p "$2" "$1"
}

# has UNIT NAME VALUE
# shellcheck disable=SC2317 # called by name
has() {
	[ "$(property "$1" "$2")" = "$3" ]
}

# shellcheck disable=SC2317 # called by name
systemd_is_up() {
	case $(inside systemctl is-system-running) in
	running | degraded) ;;
	*) return 1 ;;
	esac
}

# stored COMM: its records
stored() {
	records "$root_db" "$1"
}

# The journal has what the kernel's ring buffer kept of earlier runs, too.
unique=$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
# storm_stored NAME CALLS WHAT: made by a program of that name, and stored
storm_stored() {
	program "$1"
	storm_program=$1
	storm "$2"
	# shellcheck disable=SC2317 # called by name
	all_stored() {
		[ "$(stored "$storm_program")" -ge "$storm_calls" ]
	}
	storm_calls=$2
	wait_until 60 all_stored
	is "$(stored "$1")" "$2" "$3" || events "$root_db" --comm "$1" | jq -c . | sed 's/^/# /'
}

why() {
	inside journalctl -u "$1" --no-pager -n 20 | sed 's/^/# /'
}
