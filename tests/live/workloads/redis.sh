#!/bin/sh
# Commands, four clients at once, a script, both kinds of files written by children of the server; a
# second server that reads them. Exits 4.
# shellcheck disable=SC2034,SC2317 # counters of loops; functions called by until_
exec 2>&1

cli() {
	redis-cli "$@"
}

# until CONDITION: sleeps first, so that each run has slept.
until_() {
	for try in $(seq 600); do
		sleep 0.1
		"$@" && return
	done
	echo "never: $*" "$(tail -n 5 /tmp/redis.log)"
}

answers() {
	[ "$(cli ping 2>/dev/null)" = PONG ]
}

connects() {
	grep -q 'connect for SYNC fired' /tmp/redis.log
}

is_written() {
	[ "$(cli info persistence | grep -Ec '^(rdb_bgsave|aof_rewrite)_in_progress:0')" = 2 ]
}

commands() {
	cli <<-END
	SET greeting hello
	GET greeting
	APPEND greeting " world"
	GETRANGE greeting 0 4
	EXPIRE greeting 1000
	RPUSH list c a b
	SORT list ALPHA
	HSET hash field 1 other 2
	HGETALL hash
	ZADD scores 3 three 1 one 2 two
	ZRANGE scores 0 -1
	SETBIT bits 7 1
	BITCOUNT bits
	MULTI
	INCR multi
	INCR multi
	EXEC
	EVAL "local n = 0 for i = 1, 1000 do n = n + i end return n" 0
	GET no-such-key
	NO-SUCH-COMMAND
	END
}

clients() {
	for client in 1 2 3 4; do
		cli -r 100 INCR counter >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	cli GET counter
}

stop() {
	cli SHUTDOWN "$1"
	wait "$server"
	echo "server $?"
}

redis-server /etc/redis.conf &
server=$!
until_ answers
# redis-cli asks getsockopt(SO_ERROR) only if it has to wait for its connection; a replica always does
cli REPLICAOF 127.0.0.1 6379 >/dev/null
until_ connects
cli REPLICAOF NO ONE >/dev/null
commands
clients
seq 20000 | sed 's/.*/SET key& value&/' | cli --pipe | tail -n 1
cli BGSAVE
until_ is_written
cli BGREWRITEAOF
until_ is_written
cli UNLINK greeting
stop SAVE
redis-server /etc/redis.conf &
server=$!
until_ answers
cli DBSIZE
cli FLUSHALL ASYNC
stop NOSAVE
exit 4
