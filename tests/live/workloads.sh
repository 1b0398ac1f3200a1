# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the functions set is for the test; srcdir is parts.sh's
# workloads.sh: programs at work in containers, for the live tests. To be sourced after parts.sh:
#
#	. "${srcdir:-.}/tests/live/workloads.sh"
#	need_workload nginx
#	make_workload nginx	# $TMP/nginx.tar is its image, $TMP/nginx.want what it prints
#	workload_status nginx	# prints what it exits with
#
#	nginx	two workers: files, compressed, in part, through its own proxy, none; a reload
#	redis	commands by four clients, a script, files written by children and read again
#	python	an HTTP server with a thread for each request, and a client with four
#	shell	forks, pipes, jobs, traps
#
# The image's /bin/workload starts the server, makes the requests over 127.0.0.1, prints the answers
# and ends the server: the same bytes and the same status, each time. It is made of this machine's
# programs, so no registry is needed. What it has to print is worked out here, without it.
#
# Whatever a workload does it does in each run, since nothing can be learned from a recording of a
# run that does less. So whoever waits for something sleeps first, whether it is there or not. What
# is left to chance is what the C library, the interpreter and the kernel make of it.

workload_names='nginx redis python shell'

workload_status() {
	case $1 in
	nginx) echo 3 ;;
	redis) echo 4 ;;
	python) echo 5 ;;
	shell) echo 7 ;;
	esac
}

need_workload() {
	need busybox busybox-static
	need dash dash
	case $1 in
	nginx) need nginx nginx ;;
	redis)
		# What Debian's redis-server is a link to; by its name it knows what to be.
		need redis-check-rdb redis-tools
		need redis-cli redis-tools
		;;
	python) need /usr/bin/python3 python3 ;;
	esac
}

# put ROOT FILE...: files of this machine, programs with the libraries that they load.
put() {
	put_root=$1
	shift
	for put_file; do
		echo "$put_file"
		ldd "$put_file" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p'
	done | sort -u | while read -r put_file; do
		mkdir -p "$put_root${put_file%/*}"
		cp -L "$put_file" "$put_root$put_file"
	done
}

root_nginx() {
	cp "$workloads/nginx.conf" "$root/etc"
	put "$root" "$(command -v nginx)"
}

root_redis() {
	cp "$workloads/redis.conf" "$root/etc"
	put "$root" "$(command -v redis-check-rdb)" "$(command -v redis-cli)"
	mv "$root$(command -v redis-check-rdb)" "$root/bin/redis-server"
}

# The interpreter with its library, but for the parts that are large and not asked for.
root_python() {
	cp "$workloads/server.py" "$workloads/client.py" "$root"
	python=$(readlink -f /usr/bin/python3)
	library=$("$python" -c 'import os; print(os.path.dirname(os.__file__))')
	# shellcheck disable=SC2046 # names of modules have no blanks
	put "$root" "$python" $(find "$library/lib-dynload" -name '*.so')
	ln -sf "$python" "$root/bin/python3"
	tar -C / -cf - --exclude=test --exclude=idlelib --exclude=ensurepip --exclude=lib2to3 \
		--exclude=pydoc_data --exclude='config-*' --exclude=dist-packages "${library#/}" |
		tar -C "$root" -xf -
}

root_shell() {
	:
}

want_nginx() {
	small=$(sha256sum <"$root/www/small") big=$(sha256sum <"$root/www/big")
	cat <<-END
	small $small
	big $big
	proxy/small $small
	proxy/big $big
	compressed $big
	in part $big
	wget: server returned error: HTTP/1.1 404 Not Found
	clients $(for request in $(seq 40); do cat "$root/www/small"; done | sha256sum)
	reloaded $big
	server 0
	END
}

# As Redis's manual of each command has the answer.
want_redis() {
	printf '%s\n' OK hello 11 hello 1 3 a b c 2 field 1 other 2 3 one two three 0 1 \
		OK QUEUED QUEUED 1 2 500500 '' \
		"ERR unknown command 'NO-SUCH-COMMAND', with args beginning with: " '' \
		400 'errors: 0, replies: 20000' 'Background saving started' \
		'Background append only file rewriting started' 1 'server 0' 20006 OK 'server 0'
}

want_python() {
	for path in small big; do
		eval "$path=$(sha256sum <"$root/www/$path" | cut -d ' ' -f 1)"
	done
	body=$(head -c 100000 /dev/zero | tr '\0' x | sha256sum | cut -d ' ' -f 1)
	answer=$(printf %s "$body" | sha256sum | cut -d ' ' -f 1)
	cat <<-END
	20 / 200 2 files
	20 /big 200 $big
	20 /missing 404
	20 /small 200 $small
	20 /sum 200 $answer
	server ends
	server 0
	END
}

want_shell() {
	cat <<-END
	pipe 999 998 997 
	files big small 
	20
	jobs 11480
	trapped
	status 9
	killed 143
	bye
	END
}

workloads=$srcdir/tests/live/workloads

# make_workload NAME
make_workload() {
	root=$TMP/roots/$1
	mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/proc" "$root/dev" "$root/sys" \
		"$root/www"
	chmod 1777 "$root/tmp"
	put "$root" /bin/dash
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s dash "$root/bin/sh"
	for applet in awk cat sha256sum cp expr grep head ls mkdir mv rm sed seq sleep sort tail tr \
		wc wget zcat; do
		ln -s busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' \
		>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	seq 20 >"$root/www/small"
	seq 200000 >"$root/www/big"
	cp "$workloads/$1.sh" "$root/bin/workload"
	chmod 755 "$root/bin/workload"
	"root_$1"
	"want_$1" >"$TMP/$1.want"
	tar -C "$root" -cf "$TMP/$1.tar" .
}
