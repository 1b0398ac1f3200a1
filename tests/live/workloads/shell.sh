#!/bin/sh
# Forks, pipes, jobs, traps; mounts nothing. Exits 7.
# shellcheck disable=SC2003,SC2012,SC2086 # the programs are called for their calls
exec 2>&1

echo "pipe $(seq 1000 | sort -r | head -n 3 | tr '\n' ' ')"
echo "files $(ls /www | sort | tr '\n' ' ')"
mkdir /tmp/made
cp /www/small /tmp/made/copy
mv /tmp/made/copy /tmp/made/moved
wc -l <<END
$(cat /tmp/made/moved)
END
rm -r /tmp/made

for job in 1 2 3 4; do
	(
		sleep 0.1
		for n in $(seq 20); do
			echo "$job $n $(expr $n \* $n)"
		done
	) >"/tmp/job$job" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid"
done
echo "jobs $(cat /tmp/job? | awk '{ n += $3 } END { print n }')"

trap 'echo trapped' USR1
sleep 0.3 &
sh -c "kill -USR1 $$"
wait
sh -c 'exit 9'
echo "status $?"
sleep 5 &
# dash says that a job was killed, unless it has noticed before it waits
{
	kill -TERM $!
	wait $!
	status=$?
} 2>/dev/null
echo "killed $status"
trap 'echo bye' EXIT
exit 7
