# shellcheck shell=sh
# postgres.sh: a PostgreSQL server of the test's own, in $TMP/server. To be sourced behind tap.sh; it
# skips the test where there is none.
#
#	postgres_start		makes and starts it; it is stopped when the test ends
#	start, stop		starts it again; stops it as a crash would
#	url ROLE		its address for a role; the owner is called `owner`
#	ask SQL [ROLE]		what a statement gives
#
# Nothing asks for a password, so that a role is who it says.

[ "$(id -u)" -eq 0 ] || skip_all 'needs root, to become another user'
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || skip_all 'needs PostgreSQL'
command -v psql >/dev/null || skip_all 'needs psql'
command -v openssl >/dev/null || skip_all 'needs openssl'
id postgres >/dev/null 2>&1 || skip_all 'needs the user postgres'
"$SCLOG" containers --db postgresql:///none?host=/nonexistent 2>&1 | grep -q 'built without' &&
	skip_all 'this sclog was built without PostgreSQL'
cd "$TMP" || exit 99
chmod 755 "$TMP"

as_postgres() {
	setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}
start() {
	as_postgres "$bin/pg_ctl" -D "$TMP/server/data" -l "$TMP/server/log" -w -t 60 start >/dev/null
}
stop() {
	as_postgres "$bin/pg_ctl" -D "$TMP/server/data" -m immediate -w stop >/dev/null 2>&1
}
postgres_start() {
	mkdir server
	chown postgres server
	as_postgres "$bin/initdb" -D "$TMP/server/data" -A trust -U owner --no-sync >/dev/null || bail_out 'initdb failed'
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other.example -keyout server/data/server.key \
		-out server/data/server.crt 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout /dev/null -out wrong.crt 2>/dev/null
	chown postgres server/data/server.key server/data/server.crt
	chmod 600 server/data/server.key
	cat >>server/data/postgresql.conf <<-END
		listen_addresses = '127.0.0.1'
		ssl = on
		fsync = off
		unix_socket_directories = '$TMP/server'
	END
	at_exit stop
	# below the ports that the kernel gives away; another test may have the first
	for try in 0 1 2 3 4 5; do
		port=$((20000 + ($$ + try * 1009) % 12000))
		sed -i '/^port = /d' server/data/postgresql.conf
		echo "port = $port" >>server/data/postgresql.conf
		start && return
	done
	bail_out "the server did not start: $(tail -n 3 server/log)"
}
url() {
	printf 'postgresql:///postgres?host=%s&port=%s&user=%s' "$TMP/server" "$port" "$1"
}
ask() {
	psql -h "$TMP/server" -p "$port" -U "${2:-owner}" -d postgres -Atqc "$1"
}
