#!/bin/sh
# cmocka.sh PROGRAM...: runs a test. cmocka writes a test that it skipped as "not ok N # SKIP", which
# TAP readers count as a failure; in TAP a skipped test is "ok".
exec 4>&1
status=$({ { "$@" 3>&- 4>&-; echo $? >&3; } | sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' >&4; } 3>&1)
exit "$status"
