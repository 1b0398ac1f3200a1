#!/bin/sh
# Python's HTTP server, a thread for each request, and a client with four threads. Exits 5.
exec 2>&1
python3 /server.py &
server=$!
python3 /client.py
kill -TERM "$server"
wait "$server"
echo "server $?"
exit 5
