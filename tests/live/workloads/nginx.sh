#!/bin/sh
# Two workers: files, compressed, in part, through the server's own proxy, one that is missing, four
# clients at once; a reload, after which new workers answer. Exits 3.
# shellcheck disable=SC2034 # counters of loops
exec 2>&1
url=http://127.0.0.1:8080

get() {
	wget -q -O - "$@"
}

# until_version N: sleeps first, so that each run has slept.
until_version() {
	for try in $(seq 600); do
		sleep 0.1
		[ "$(get "$url/version" 2>/dev/null)" = "$1" ] && return
	done
	echo "no version $1" "$(cat /tmp/error.log)"
}

version() {
	echo "location = /version { return 200 '$1'; }" >/tmp/version.conf
}

clients() {
	for client in 1 2 3 4; do
		for request in $(seq 10); do
			get "$url/small"
		done >"/tmp/client$client" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	cat /tmp/client? | sha256sum
}

version 1
nginx -e /tmp/error.log -c /etc/nginx.conf &
server=$!
until_version 1
for path in small big proxy/small proxy/big; do
	echo "$path $(get "$url/$path" | sha256sum)"
done
echo "compressed $(get --header 'Accept-Encoding: gzip' "$url/big" | zcat | sha256sum)"
head -c 1000 /www/big >/tmp/part
get -c -O /tmp/part "$url/big"
echo "in part $(sha256sum </tmp/part)"
get "$url/missing"
echo "clients $(clients)"
version 2
kill -HUP "$server"
until_version 2
echo "reloaded $(get "$url/big" | sha256sum)"
kill -QUIT "$server"
wait "$server"
echo "server $?"
exit 3
