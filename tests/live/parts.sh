# shellcheck shell=sh
# shellcheck disable=SC2034 # what the functions set is for the test
# parts.sh: real parts for the live tests. To be sourced first, it brings tests/tap.sh along:
#
#	. "${srcdir:-.}/tests/live/parts.sh"
#	need_auditd
#	start_auditd
#	start_watch "$TMP/sclog.db" --source audit
#	storm --rate 5000 20000
#	wait_records "$TMP/sclog.db" storm 20000
#	stop_watch
#	done_testing
#
# A test that sources it runs as root in a mount namespace of its own, in which /run, /var/lib and
# /var/log are empty folders of the test: every daemon has its usual paths, and meets none of this
# machine's. What cannot be private (the audit settings, kernel.pid_max) is put back at the end,
# after a failure or a signal too, and one such test runs at a time (a lock). Whatever was started
# is ended by its process id. A part that cannot run here skips the test, with the reason.
#
#	LIVE_PROGRAMS		folder of the programs storm and drain, default tests/live of the
#				build folder
#	SCLOG_LIVE_ROUNDS	how often a test repeats what it does (default 1)
#	SCLOG_LIVE_FULL=1	three rounds and the full sizes: takes long
#	SCLOG_LIVE_LOCK		the lock's file
#
# What is expected comes from storm, which knows how many calls it made, and from drain, which
# reads what the kernel sent; never from sclog.

live_refuse() {
	# shellcheck source=tests/tap.sh
	. "${srcdir:-.}/tests/tap.sh"
	skip_all "$1"
}

if [ -z "${SCLOG_LIVE_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] || live_refuse 'needs root'
	command -v flock >/dev/null || live_refuse 'needs flock (Debian package util-linux)'
	unshare -m true 2>/dev/null || live_refuse 'needs a mount namespace of its own'
	SCLOG_LIVE_LOCK=${SCLOG_LIVE_LOCK:-/run/sclog-live.lock}
	SCLOG_LIVE_INSIDE=1
	export SCLOG_LIVE_INSIDE
	exec flock -o "$SCLOG_LIVE_LOCK" unshare -m sh "$0" "$@"
fi
unset SCLOG_LIVE_INSIDE

# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

# --- sizes

full=${SCLOG_LIVE_FULL:-}
rounds=${SCLOG_LIVE_ROUNDS:-1}
[ -z "$full" ] || rounds=${SCLOG_LIVE_ROUNDS:-3}

# size USUAL FULL: prints the one that this run takes.
size() {
	if [ -n "$full" ]; then echo "$2"; else echo "$1"; fi
}

# --- what is needed

# need COMMAND PACKAGE
need() {
	command -v "$1" >/dev/null || skip_all "needs $1 (Debian package $2)"
}

need jq jq
need auditctl auditd
[ -x "$SCLOG" ] || bail_out "$SCLOG is not built"
LIVE_PROGRAMS=${LIVE_PROGRAMS:-$PWD/tests/live}
for live_program in storm drain; do
	[ -x "$LIVE_PROGRAMS/$live_program" ] ||
		bail_out "$LIVE_PROGRAMS/$live_program is not built: make check-live-programs"
done

# --- time

now_ns() {
	date +%s%N
}
ms_since() {
	echo $((($(now_ns) - $1) / 1000000))
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails after SECONDS.
wait_until() {
	wait_end=$(($(now_ns) + $1 * 1000000000))
	shift
	until "$@" 2>/dev/null; do
		[ "$(now_ns)" -lt "$wait_end" ] || return 1
		sleep 0.05
	done
}

# How long other work of this machine kept a process's threads off the processors so far, in ms.
kept_off_ms() {
	cat "/proc/$1"/task/*/schedstat 2>/dev/null | awk '{ ns += $2 } END { printf "%d\n", ns / 1e6 }'
}

# random LOW HIGH: a whole number.
random() {
	random_bits=$(od -An -N4 -tu4 /dev/urandom)
	echo $(($1 + random_bits % ($2 - $1 + 1)))
}

# --- processes

# end PID [SECONDS]: SIGTERM, and SIGKILL if that does not help; prints nothing. The status is the
# process's.
end() {
	kill "$1" 2>/dev/null || :
	wait_until "${2:-20}" process_is_gone "$1" || kill -9 "$1" 2>/dev/null
	end_status=0
	wait "$1" 2>/dev/null || end_status=$?
	return "$end_status"
}

process_is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# Clock ticks of user and system time of a process that runs.
cpu_ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# --- the machine's settings

setting() {
	auditctl -s | awk -v name="$1" '$1 == name { print $2 }'
}

audit_enabled=$(setting enabled)
audit_backlog=$(setting backlog_limit)
audit_rate=$(setting rate_limit)
audit_pid=$(setting pid)
audit_lost=$(setting lost)
pid_max=$(sysctl -n kernel.pid_max)
printk_ratelimit=$(sysctl -n kernel.printk_ratelimit)
rmem_default=$(sysctl -n net.core.rmem_default 2>/dev/null) # the first network namespace has it
[ -n "$audit_enabled" ] || skip_all 'needs the audit of the kernel (auditctl -s fails)'
[ "$audit_enabled" != 2 ] || skip_all 'the audit settings of this machine are locked'

restore_settings() {
	auditctl -e "$audit_enabled" >/dev/null
	auditctl -b "$audit_backlog" >/dev/null
	auditctl -r "$audit_rate" >/dev/null
	sysctl -q -w "kernel.pid_max=$pid_max" "kernel.printk_ratelimit=$printk_ratelimit"
	[ -z "$rmem_default" ] || sysctl -q -w "net.core.rmem_default=$rmem_default"
}
at_exit restore_settings

# backlog LIMIT: of the kernel's audit queue.
backlog() {
	auditctl -b "$1" >/dev/null
}

# The kernel has given out all that was logged, but for what its thread has in its hands.
kernel_has_no_more() {
	[ "$(setting backlog)" = 0 ]
}

# --- folders of the test in place of the machine's

unmount_folders() {
	cd /
	for folder in /var/log /var/lib /run; do
		umount -l -R "$folder" 2>/dev/null
	done
}
at_exit unmount_folders
mkdir -p "$TMP/run" "$TMP/lib" "$TMP/log/audit"
chmod 755 "$TMP"
mount -t tmpfs -o mode=755 tmpfs /run || skip_all 'cannot mount a tmpfs'
mkdir -p /run/lock
mount --bind "$TMP/lib" /var/lib || skip_all 'cannot mount in a namespace of its own'
mount --bind "$TMP/log" /var/log
cd "$TMP" || exit 99

# --- storm, under names of its own

mkdir "$TMP/bin"
# program NAME: a copy of storm; comm says the name, so the name has to be at most 15 bytes.
program() {
	cp "$LIVE_PROGRAMS/storm" "$TMP/bin/$1"
}
program storm

# storm ARG...: its line goes to $TMP/storm.out, and storm_wall and storm_cpu (ms) are set.
storm_program=storm
storm() {
	"$TMP/bin/$storm_program" "$@" >"$TMP/storm.out" || bail_out "storm $* failed"
	storm_wall=$(sed -n 's/.* wall_ms=\([0-9]*\).*/\1/p' "$TMP/storm.out")
	storm_cpu=$(sed -n 's/.* cpu_ms=\([0-9]*\).*/\1/p' "$TMP/storm.out")
}

# --- what else this machine does

kauditd=$(pgrep -x kauditd)

# cpu_ms PID...: of all that run, in ms; 0 for one that is gone.
cpu_ms() {
	cpu_sum=0
	for cpu_pid; do
		cpu_ticks=$(cpu_ticks "$cpu_pid" 2>/dev/null)
		cpu_sum=$((cpu_sum + ${cpu_ticks:-0}))
	done
	echo $((cpu_sum * 1000 / $(getconf CLK_TCK)))
}

# All processors' time that was not idle, in ms, the hypervisor's share of it too.
busy_ms() {
	awk -v tick="$(getconf CLK_TCK)" \
		'/^cpu / { printf "%d\n", ($2 + $3 + $4 + $7 + $8 + $9) * 1000 / tick }' /proc/stat
}

# storm_beside ARG...: storm, and what others took of the processors' time meanwhile, in percent:
# whoever is neither storm, nor watch, nor auditd, nor the kernel's own thread. Sets others, and
# kept_off: for how long watch was kept off the processors meanwhile, in ms.
storm_beside() {
	# shellcheck disable=SC2086 # may be empty
	busy_before=$(($(busy_ms) - $(cpu_ms $watch_pid $auditd_pid $kauditd)))
	kept_off=$(kept_off_ms "$watch_pid")
	storm "$@"
	kept_off=$(($(kept_off_ms "$watch_pid") - kept_off))
	# shellcheck disable=SC2086
	others=$(($(busy_ms) - $(cpu_ms $watch_pid $auditd_pid $kauditd) - busy_before - storm_cpu))
	others=$((others * 100 / (storm_wall * $(nproc) + 1)))
}

# may_repeat TIME: whether a storm that outran watch, and was said to, is made again: once in any
# case, after that where other work is seen to have kept watch from its own.
may_repeat() {
	[ "$1" -le 1 ] || [ "$others" -ge 20 ] || [ "$kept_off" -ge 300 ]
}

# --- drain, the reference reader

drain_pid=
# start_drain [FILE]: records go to FILE, or nowhere. It runs before others, as watch and auditd do.
start_drain() {
	: >"$TMP/drain.err"
	wait_until 60 kernel_has_no_more
	nice -n -4 "$LIVE_PROGRAMS/drain" ${1:+--write "$1"} >"$TMP/drain.out" 2>"$TMP/drain.err" &
	drain_pid=$!
	wait_until 60 grep -q '^drain: listening' "$TMP/drain.err" ||
		skip_all "no audit multicast group: $(cat "$TMP/drain.err")"
}

# stop_drain: when it has all that was logged before; sets drain_records (SECCOMP ones),
# drain_overruns, drain_cpu (ms).
stop_drain() {
	[ -n "$drain_pid" ] || return 0
	wait_until 60 kernel_has_no_more
	end "$drain_pid" 60
	drain_pid=
	drain_records=$(sed -n 's/.* seccomp=\([0-9]*\).*/\1/p' "$TMP/drain.out")
	drain_overruns=$(sed -n 's/.* overruns=\([0-9]*\).*/\1/p' "$TMP/drain.out")
	drain_cpu=$(sed -n 's/.* cpu_ms=\([0-9]*\).*/\1/p' "$TMP/drain.out")
}
at_exit stop_drain

# --- sclog

watch_pid=
watch_by= # a program that runs it
watch_is_bound() {
	grep -q '^sclog: watching ' "$TMP/watch.err" || process_is_gone "$watch_pid"
}

# start_watch_unbound DB ARG...: does not wait. stdout is $TMP/watch.out, stderr $TMP/watch.err.
start_watch_unbound() {
	watch_db=$1
	shift
	: >"$TMP/watch.err"
	${watch_by:+"$watch_by"} "$SCLOG" --db "$watch_db" watch "$@" >"$TMP/watch.out" 2>"$TMP/watch.err" </dev/null &
	watch_pid=$!
}

# start_watch DB ARG...: until it says that its sources are bound.
start_watch() {
	start_watch_unbound "$@"
	wait_until 60 watch_is_bound
	grep -q '^sclog: watching ' "$TMP/watch.err" && return 0
	sed 's/^/# watch: /' "$TMP/watch.err"
	bail_out "sclog watch $*: no 'sclog: watching ' within 60 s"
}

# stop_watch: SIGTERM; the status is that of watch, watch_ticks what it cost, watch_hwm (kB) its
# largest memory.
stop_watch() {
	[ -n "$watch_pid" ] || return 0
	watch_ticks=$(cpu_ticks "$watch_pid" 2>/dev/null)
	watch_hwm=$(awk '/^VmHWM/ { print $2 }' "/proc/$watch_pid/status" 2>/dev/null)
	: "${watch_ticks:=999999999}" "${watch_hwm:=999999999}" # it is gone already
	end "$watch_pid" 60
	watch_status=$?
	watch_pid=
	[ "$watch_status" -eq 0 ] || sed 's/^/# watch: /' "$TMP/watch.err"
	return "$watch_status"
}
at_exit stop_watch

kill_watch() {
	kill -9 "$watch_pid"
	wait "$watch_pid" 2>/dev/null
	watch_pid=
}

# events DB ARG...: what sclog knows, one object a line.
events() {
	events_db=$1
	shift
	"$SCLOG" --db "$events_db" events --format json "$@"
}

# records DB COMM: how many records of this program the store holds, 0 if there is no store.
records() {
	events "$1" --comm "$2" 2>/dev/null | jq -s 'map(.count) | add // 0'
}

# What a watch that is gone has not stored will not come.
has_records() {
	[ -n "$watch_pid" ] && process_is_gone "$watch_pid" && return 0
	[ "$(records "$1" "$2")" -ge "$3" ]
}

# wait_records DB COMM WANT [SECONDS]: until the store holds at least so many.
wait_records() {
	wait_until "${4:-60}" has_records "$1" "$2" "$3"
}

# is_accounted_for DB COMM WANT: so many are in the store, or said to be lost.
is_accounted_for() {
	accounted_lost=$(evidence "$1" '.lost // 0')
	[ $(($(records "$1" "$2") + ${accounted_lost:-0})) -ge "$3" ]
}

# wait_all DB [SECONDS]: until it holds as many records as drain, stopped, has seen.
store_holds_all() {
	[ "$(events "$1" | jq -s 'map(.count) | add // 0')" -ge "$drain_records" ]
}
wait_all() {
	wait_until "${2:-60}" store_holds_all "$1"
}

# evidence DB FILTER: a part of the evidence that diff gives.
evidence() {
	"$SCLOG" --db "$1" diff --profile "$srcdir/share/runtime-default.json" --format json \
		2>/dev/null | jq -cr ".evidence | $2"
}

# --- audit.log without auditd, for what a kernel's own cannot show

# lines FIRST LAST [COMM]: records with these serials, stamped now, as auditd writes them. Each call
# takes a stamp of its own; serials are unique, so the count of them is the count of the events.
lines() {
	awk -v first="$1" -v last="$2" -v comm="${3:-gen}" -v now="$(date +%s.%3N)" 'BEGIN {
		for (serial = first; serial <= last; serial++)
			printf "type=SECCOMP msg=audit(%s:%d): auid=4294967295 uid=0 gid=0 " \
				"ses=4294967295 pid=4194000 comm=\"%s\" exe=\"/bin/%s\" sig=0 " \
				"arch=c000003e syscall=110 compat=0 ip=0x4339a9 code=0x7ffc0000" \
				"\035AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=x86_64 " \
				"SYSCALL=unknown-syscall(-1)\n", now, serial, comm, comm
	}'
}

# --- auditd

need_auditd() {
	need auditd auditd
	[ "$audit_pid" = 0 ] || skip_all "another audit daemon runs (pid $audit_pid)"
}

auditd_pid=
# How many records auditd keeps for a plugin that is slow, before it drops them.
auditd_queue=2000
# What it does when the disk is full.
audit_full=IGNORE
# start_auditd: Debian's defaults (8 MB, 5 files), log in /var/log/audit. `auditd -c FOLDER` reads
# FOLDER/auditd.conf.
start_auditd() {
	mkdir -p "$TMP/auditd/plugins.d" /var/log/audit
	sed -e '/^ *#/d' -e "s|@PLUGINS@|$TMP/auditd/plugins.d|" -e "s|@QUEUE@|$auditd_queue|" -e "s|@FULL@|$audit_full|" \
		>"$TMP/auditd/auditd.conf" <<-END
	local_events = yes
	write_logs = yes
	log_file = /var/log/audit/audit.log
	log_group = root
	log_format = ENRICHED
	flush = INCREMENTAL_ASYNC
	freq = 50
	max_log_file = 8
	num_logs = 5
	priority_boost = 4
	name_format = NONE
	max_log_file_action = ROTATE
	space_left = 75
	space_left_action = IGNORE
	admin_space_left = 50
	admin_space_left_action = IGNORE
	disk_full_action = @FULL@
	disk_error_action = @FULL@
	use_libwrap = no
	distribute_network = no
	q_depth = @QUEUE@
	overflow_action = SYSLOG
	max_restarts = 10
	plugin_dir = @PLUGINS@
	end_of_event_timeout = 2
	END
	auditd -c "$TMP/auditd" -n >"$TMP/auditd.out" 2>&1 &
	auditd_pid=$!
	wait_until 60 auditd_is_connected && return 0
	sed 's/^/# auditd: /' "$TMP/auditd.out"
	skip_all 'auditd does not start here'
}

auditd_is_connected() {
	[ "$(setting pid)" = "$auditd_pid" ] && [ -e /var/log/audit/audit.log ]
}

# auditd leaves audit enabled.
stop_auditd() {
	[ -n "$auditd_pid" ] || return 0
	end "$auditd_pid"
	auditd_pid=
	auditctl -e "$audit_enabled" >/dev/null
}
at_exit stop_auditd

# rotate_auditd: one file more. (auditd rotates at SIGUSR1.)
rotate_auditd() {
	kill -USR1 "$auditd_pid"
}

# --- rsyslogd, which reads the kernel's log

rsyslogd_pid=
start_rsyslogd() {
	need rsyslogd rsyslog
	mkdir -p "$TMP/rsyslog"
	cat >"$TMP/rsyslog/conf" <<-END
	module(load="imkmsg")
	global(workDirectory="$TMP/rsyslog")
	module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
	*.* /var/log/syslog
	END
	rsyslogd -n -f "$TMP/rsyslog/conf" -i "$TMP/rsyslog/pid" >"$TMP/rsyslog/out" 2>&1 &
	rsyslogd_pid=$!
	wait_until 60 test -s /var/log/syslog && return 0
	sed 's/^/# rsyslogd: /' "$TMP/rsyslog/out"
	skip_all 'rsyslogd does not read the kernel log here'
}

stop_rsyslogd() {
	[ -z "$rsyslogd_pid" ] || end "$rsyslogd_pid"
	rsyslogd_pid=
}
at_exit stop_rsyslogd

# --- systemd-journald, its journal in /run/log/journal

journald_pid=
journald=/lib/systemd/systemd-journald
journal_is_there() {
	journalctl -q -n 1 --file '/run/log/journal/*/system.journal' >/dev/null
}

start_journald() {
	need journalctl systemd
	[ -x "$journald" ] || skip_all 'needs systemd-journald (Debian package systemd)'
	[ -s /etc/machine-id ] || skip_all 'systemd-journald needs /etc/machine-id'
	mkdir -p "$TMP/systemd" /run/systemd/journal /run/log/journal
	cat >"$TMP/systemd/journald.conf" <<-END
	[Journal]
	Storage=volatile
	RateLimitBurst=0
	RateLimitIntervalSec=0
	Audit=yes
	RuntimeMaxUse=500M
	RuntimeKeepFree=1M
	END
	mount --bind "$TMP/systemd" /etc/systemd || skip_all 'journald cannot have its own settings'
	# Its audit socket has the usual buffer: on a busy machine, a moment's records.
	sysctl -q -w net.core.rmem_default=33554432
	"$journald" >"$TMP/journald.out" 2>&1 &
	journald_pid=$!
	wait_until 60 journal_is_there
	journal_status=$?
	sysctl -q -w "net.core.rmem_default=$rmem_default"
	[ $journal_status -ne 0 ] || return 0
	sed 's/^/# journald: /' "$TMP/journald.out"
	skip_all 'systemd-journald does not start here'
}

# journald leaves audit enabled.
stop_journald() {
	[ -n "$journald_pid" ] || return 0
	end "$journald_pid"
	journald_pid=
	umount /etc/systemd
	auditctl -e "$audit_enabled" >/dev/null
}
at_exit stop_journald

# --- containers

# Logs every system call; the set-up of the container from the filter's loading on as well.
echo '{"defaultAction":"SCMP_ACT_LOG","syscalls":[]}' >"$TMP/log.json"
image=sclog-live:1

# make_image NAME...: image.tar with busybox and a copy of storm under each name.
make_image() {
	need busybox busybox-static
	mkdir -p "$TMP/image/bin" "$TMP/image/etc" "$TMP/image/tmp" "$TMP/image/proc" \
		"$TMP/image/dev" "$TMP/image/sys"
	cp "$(command -v busybox)" "$TMP/image/bin/busybox"
	"$TMP/image/bin/busybox" true 2>/dev/null
	for applet in sh true sleep; do
		ln -sf busybox "$TMP/image/bin/$applet"
	done
	for name in "$@"; do
		cp "$LIVE_PROGRAMS/storm" "$TMP/image/bin/$name"
	done
	echo 'root:x:0:0:root:/:/bin/sh' >"$TMP/image/etc/passwd"
	tar -C "$TMP/image" -cf "$TMP/image.tar" .
}

dockerd_pid=
# start_docker: after make_image. `docker` then speaks to it.
start_docker() {
	need dockerd docker.io
	need runc runc
	dockerd --iptables=false --ip6tables=false --bridge=none >"$TMP/dockerd.log" 2>&1 &
	dockerd_pid=$!
	unset DOCKER_HOST
	if wait_until 60 docker_answers &&
		docker import "$TMP/image.tar" "$image" >"$TMP/docker.out" 2>&1; then
		return 0
	fi
	tail -n 5 "$TMP/dockerd.log" | sed 's/^/# dockerd: /'
	skip_all 'dockerd does not run here'
}

docker_answers() {
	docker version >"$TMP/docker.out" 2>&1
}

stop_docker() {
	[ -n "$dockerd_pid" ] || return 0
	docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
	end "$dockerd_pid" 30
	dockerd_pid=
}
at_exit stop_docker

# sleeps PID: until the process, a storm --sleep, has begun to: it logs nothing from then on.
sleeps() {
	wait_until 60 grep -Eq '^(35|230) ' "/proc/$1/syscall" # nanosleep, clock_nanosleep
}

# docker_run NAME ARG...: of a container whose every call is logged.
docker_run() {
	docker_name=$1
	shift
	docker run --network none --security-opt "seccomp=$TMP/log.json" --name "$docker_name" "$@"
}

# The runtime that podman_run takes.
podman_runtime=runc
podman_started=
start_podman() {
	need podman podman
	need conmon conmon
	need runc runc
	podman_started=1
	PODMAN_IGNORE_CGROUPSV1_WARNING=1
	export PODMAN_IGNORE_CGROUPSV1_WARNING
	podman_ import "$TMP/image.tar" "$image" >"$TMP/podman.out" 2>&1 && return 0
	tail -n 5 "$TMP/podman.out" | sed 's/^/# podman: /'
	skip_all 'podman does not run here'
}

podman_() {
	podman --cgroup-manager=cgroupfs --runtime "$podman_runtime" "$@"
}

stop_podman() {
	[ -z "$podman_started" ] || podman_ rm -f -a -t 0 >/dev/null 2>&1
	podman_started=
}
at_exit stop_podman

# podman_run NAME ARG...
podman_run() {
	podman_name=$1
	shift
	podman_ run --network=none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
		--security-opt "seccomp=$TMP/log.json" --name "$podman_name" "$@"
}

# without_v2 COMMAND...: crun cannot stand a hybrid hierarchy: without its v2 part it is v1, to that
# command alone.
without_v2() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh "$@"
}

crun_() {
	without_v2 crun "$@"
}

crun_podman_() {
	without_v2 podman --cgroup-manager=cgroupfs --runtime crun "$@"
}

crun_podman_run() {
	crun_name=$1
	shift
	crun_podman_ run --network=none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
		--security-opt "seccomp=$TMP/log.json" --name "$crun_name" "$@"
}

# --- load

busy_pids=
start_busy_loops() {
	for loop in $(seq "$1"); do
		sh -c 'while :; do :; done' "busy$loop" &
		busy_pids="$busy_pids $!"
	done
}

stop_busy_loops() {
	for pid in $busy_pids; do
		end "$pid"
	done
	busy_pids=
}
at_exit stop_busy_loops

# --- the truth about containers

# The kernel's records are the whole machine's: a program that is neither in a container nor one of
# the test's may have its own. Whatever could be a container's counts, and whoever takes that for
# the host's is wrong. (A runtime that runs as a copy of itself is a memfd.)
runtimes='runc|crun|conmon|podman|docker.*|containerd.*'
ours="^(/|/(bin|proc)/.*|/memfd:.*|/usr/s?bin/($runtimes)|$TMP/.*|\(null\)|[0-9A-F]*)\$"

# truth FILE MAP: counts by container, from what drain wrote. MAP has a line `COMM CONTAINER` for
# each program, which is in one container only. A set-up record (comm of the runtime) belongs to
# the container of the program that the same process becomes: the next record of its pid. Prints
# lines `CONTAINER COMM NR COUNT`, sorted.
truth() {
	grep '^type=1326 ' "$1" | tac | ours=$ours awk -v map="$2" '
		BEGIN {
			while ((getline line < map) > 0) {
				split(line, word, " ")
				owner[word[1]] = word[2]
			}
		}
		function field(name) {
			if (!match($0, " " name "=[^ ]*"))
				return ""
			return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
		}
		{
			comm = field("comm")
			gsub(/"/, "", comm)
			pid = field("pid")
			exe = field("exe")
			gsub(/"/, "", exe)
			if (!(comm in owner) && exe !~ ENVIRON["ours"])
				next
			if (comm in owner)
				container[pid] = owner[comm]
			else if (!(pid in container))
				container[pid] = "?"
			count[container[pid] " " comm " " field("syscall")]++
		}
		END {
			for (key in count)
				print key, count[key]
		}' | LC_ALL=C sort
}

# told DB MAP: the same, as sclog has it; its containers are named by MAP's lines `ID NAME`.
told() {
	events "$1" | jq -r --arg ours "$ours" '
		select(.container or (.exe // "/" | test($ours))) |
		[.container.id // .attribution, .comm, .nr, .count] | join(" ")' |
		awk -v map="$2" '
		BEGIN {
			while ((getline line < map) > 0) {
				split(line, word, " ")
				name[word[1]] = word[2]
			}
		}
		{
			count[($1 in name ? name[$1] : $1) " " $2 " " $3] += $4
		}
		END {
			for (key in count)
				print key, count[key]
		}' | LC_ALL=C sort
}

# same_table GOT WANT NAME: of two files; the first differences are shown.
same_table() {
	diff "$1" "$2" >"$TMP/table.diff"
	ok $? "$3" && return 0
	diag "lines with < are what sclog says, > what is true (CONTAINER COMM NR COUNT):"
	head -n 20 "$TMP/table.diff" | sed 's/^/#   /'
	return 1
}
