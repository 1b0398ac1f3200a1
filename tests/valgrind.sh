#!/bin/sh
# valgrind.sh TEST: one unit test, each memory access watched. Says in one line that it passed; what
# the test printed only if it did not.
srcdir=${srcdir:-.}
log=$1.valgrind
if valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
	--suppressions="$srcdir/tests/valgrind.supp" "./$1" >"$log" 2>&1; then
	echo "valgrind: $1: passed"
	rm -f "$log"
	exit 0
fi
sed "s|^|$1: |" "$log"
echo "valgrind: $1: FAILED"
exit 1
