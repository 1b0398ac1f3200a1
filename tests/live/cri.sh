# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the functions set is for the test; srcdir is parts.sh's
# cri.sh: pods without Kubernetes, for the live tests. To be sourced after parts.sh:
#
#	. "${srcdir:-.}/tests/live/cri.sh"
#	start_containerd "$TMP/image.tar"
#	pod web-1
#	run storm web-1 app 0 "$TMP/log.json" /bin/storm 100	# its id goes to $TMP/storm.id
#	cri wait "$(id storm)"
#
# containerd's CRI is asked as a kubelet asks it (tests/live/cri/cri.py).

need containerd containerd
need runc runc
need protoc protobuf-compiler
cri_folder=$srcdir/tests/live/cri
case $cri_folder in
/*) ;;
*) bail_out 'srcdir is not absolute' ;;
esac
CRI_PB2=$TMP/pb
export CRI_PB2
mkdir "$CRI_PB2"
protoc --proto_path="$cri_folder" --python_out="$CRI_PB2" "$cri_folder/cri.proto" ||
	bail_out 'protoc cannot read cri.proto'
/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null ||
	skip_all 'needs grpc for Python (Debian packages python3-grpcio, python3-protobuf)'

containerd_pid=
# shellcheck disable=SC2317 # called by name
containerd_answers() {
	ctr -n k8s.io version >"$TMP/ctr.out" 2>&1
}

# start_containerd IMAGE.TAR: with that image. The systemd cgroup driver needs systemd as PID 1; these
# are cgroupfs's paths.
start_containerd() {
	cat >"$TMP/containerd.toml" <<-END
	version = 2
	[plugins."io.containerd.grpc.v1.cri"]
	  restrict_oom_score_adj = true
	  sandbox_image = "docker.io/library/pause:3.6"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "$TMP/no-cni"
	    conf_dir = "$TMP/no-cni"
	  [plugins."io.containerd.grpc.v1.cri".containerd]
	    snapshotter = "native"
	END
	containerd -c "$TMP/containerd.toml" >"$TMP/containerd.log" 2>&1 &
	containerd_pid=$!
	if wait_until 60 containerd_answers &&
		/usr/bin/python3 "$cri_folder/image.py" "$1" "$TMP/oci.tar" &&
		ctr -n k8s.io images import --snapshotter native "$TMP/oci.tar" >"$TMP/ctr.out" 2>&1; then
		return 0
	fi
	sed 's/^/# ctr: /' "$TMP/ctr.out"
	tail -n 5 "$TMP/containerd.log" | sed 's/^/# containerd: /'
	skip_all 'containerd does not run here'
}

cri() {
	/usr/bin/python3 "$cri_folder/cri.py" /run/containerd/containerd.sock "$@"
}

stop_containerd() {
	[ -n "$containerd_pid" ] || return 0
	for pod_file in "$TMP"/pods/*; do
		[ ! -f "$pod_file" ] || cri remove "$pod_file" 2>/dev/null
	done
	end "$containerd_pid" 30
	containerd_pid=
}
at_exit stop_containerd

mkdir "$TMP/pods"
# pod NAME [PARENT]
pod() {
	cri pod "$TMP/pods/$1" shop "$1" "/kubepods/burstable/pod$1" >"$TMP/out" 2>"$TMP/err" ||
		bail_out "pod $1: $(tail -n 1 "$TMP/err")"
}

# run ID POD NAME ATTEMPT PROFILE COMMAND...: a container of the pod; id ID prints its id.
run() {
	run_program=$1 run_pod=$2 run_name=$3 run_attempt=$4 run_profile=$5
	shift 5
	cri run "$TMP/pods/$run_pod" "$run_name" "$run_attempt" "$run_profile" "$@" >"$TMP/$run_program.id" 2>"$TMP/err" ||
		bail_out "container $run_name of pod $run_pod: $(grep details "$TMP/err")"
}

# id ID
id() {
	cat "$TMP/$1.id"
}
